/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* FerryStore on SQLite
 *
 * Implementation: one writing thread and three reading ones per process on the store (WAL,
 *   synchronous=FULL), one of each on the structure cache. Several processes may share a store on
 *   one machine.
 * Not mapped: network file systems, whose locks and mappings SQLite cannot trust.
 */
#include "store/sqlite-private.h"

#include <errno.h>
#include <glib/gstdio.h>

#include "store/sqlite-apply-private.h"
#include "store/sqlite-data.h"
#include "store/sqlite-intent.h"
#include "store/sqlite-lane.h"
#include "store/sqlite-mark.h"
#include "store/sqlite-read.h"
#include "store/sqlite-schema.h"
#include "store/sqlite-structures.h"

#define N_READERS 3
#define BUSY_MS 20000
#define CACHE_LIMIT (G_GUINT64_CONSTANT(1) << 30)
#define TOMBSTONE_LIMIT 50000

struct _FerryStoreSqlite {
	GObject parent_instance;

	FerrySqliteMark *ticket;
	FerrySqliteMark *cache_mark;
	FerrySqliteInfo info;
	FerrySqliteLane *writer;
	FerrySqliteLane *readers;
	FerrySqliteLane *cache_writer;
	FerrySqliteLane *cache_reader;
	guint64 cache_limit;
	guint tombstone_limit;
	/* of the transaction that commits; only the writing thread uses them */
	guint64 commits;
	guint64 uidvalidity;
};

static void ferry_store_sqlite_iface_init(FerryStoreInterface *iface);
G_DEFINE_FINAL_TYPE_WITH_CODE(FerryStoreSqlite, ferry_store_sqlite, G_TYPE_OBJECT,
			      G_IMPLEMENT_INTERFACE(FERRY_TYPE_STORE,
						    ferry_store_sqlite_iface_init))

/* What ends the threads; runs elsewhere when one of them dropped the last reference. */
typedef struct {
	FerrySqliteLane *lanes[4];
	FerrySqliteMark *marks[2];
} Remains;

static gpointer
bury(gpointer data)
{
	Remains *remains = data;

	for (guint i = 0; i < G_N_ELEMENTS(remains->lanes); i++)
		g_clear_pointer(&remains->lanes[i], ferry_sqlite_lane_free);
	for (guint i = 0; i < G_N_ELEMENTS(remains->marks); i++)
		g_clear_pointer(&remains->marks[i], ferry_sqlite_mark_close);
	g_free(remains);
	return NULL;
}

static void
ferry_store_sqlite_finalize(GObject *object)
{
	FerryStoreSqlite *self = FERRY_STORE_SQLITE(object);
	Remains *remains = g_new0(Remains, 1);

	*remains = (Remains){{self->readers, self->writer, self->cache_reader, self->cache_writer},
			     {self->ticket, self->cache_mark}};
	ferry_sqlite_info_clear(&self->info);
	if (ferry_sqlite_lane_is_here())
		g_thread_unref(g_thread_new("store-close", bury, remains));
	else
		bury(remains);
	G_OBJECT_CLASS(ferry_store_sqlite_parent_class)->finalize(object);
}

static void
ferry_store_sqlite_class_init(FerryStoreSqliteClass *klass)
{
	G_OBJECT_CLASS(klass)->finalize = ferry_store_sqlite_finalize;
}

static void
ferry_store_sqlite_init(FerryStoreSqlite *self)
{
	self->cache_limit = CACHE_LIMIT;
	self->tombstone_limit = TOMBSTONE_LIMIT;
}

static gboolean
before_commit(FerrySqliteDb *db, gpointer owner, GError **error)
{
	FerryStoreSqlite *self = owner;

	return ferry_sqlite_schema_count_commit(db, &self->commits, &self->uidvalidity, error);
}

/* Before anybody is told of the commit: whoever hears of it sees another ticket. */
static void
after_commit(gpointer owner)
{
	FerryStoreSqlite *self = owner;

	ferry_sqlite_mark_raise(self->cache_mark, FERRY_SQLITE_MARK_COMMITS, self->commits);
	ferry_sqlite_mark_raise(self->cache_mark, FERRY_SQLITE_MARK_UIDVALIDITY, self->uidvalidity);
	ferry_sqlite_mark_increment(self->ticket, FERRY_SQLITE_MARK_TICKET);
}

static void
write_done(gpointer owner, const FerrySqliteResult *result)
{
	FerryStoreSqlite *self = owner;

	if (result->forgotten == NULL || result->forgotten->len == 0)
		return;
	ferry_sqlite_lane_push(self->cache_writer, NULL, ferry_sqlite_structures_forget,
			       g_array_ref(result->forgotten), (GDestroyNotify)g_array_unref);
}

static const FerrySqliteLaneHooks store_hooks = {before_commit, after_commit, write_done};
static const FerrySqliteLaneHooks cache_hooks = {NULL, NULL, NULL};

static gboolean
make_directory(const char *path, GError **error)
{
	if (g_mkdir_with_parents(path, 0700) == 0)
		return TRUE;
	g_set_error(error, FERRY_ERROR, FERRY_ERROR_CONFIGURATION, "cannot make %s: %s", path,
		    g_strerror(errno));
	return FALSE;
}

/* An empty file where a store was is no new store: its UIDs are with the clients. */
static gboolean
check_not_emptied(const char *path, const char *ticket_path, GError **error)
{
	GStatBuf status;

	if (g_stat(path, &status) < 0 || status.st_size > 0 ||
	    !g_file_test(ticket_path, G_FILE_TEST_EXISTS))
		return TRUE;
	g_set_error(error, FERRY_ERROR, FERRY_ERROR_CONFIGURATION,
		    "%s: the file is damaged (it is empty); restore it from a backup"
		    " or move it away",
		    path);
	return FALSE;
}

static FerrySqliteDb *
open_store(const char *state_dir, GError **error)
{
	g_autofree char *path = g_build_filename(state_dir, "store.db", NULL);
	g_autofree char *ticket_path = g_build_filename(state_dir, "store.ticket", NULL);
	g_autoptr(FerrySqliteDb) db = NULL;

	if (!make_directory(state_dir, error) || !check_not_emptied(path, ticket_path, error))
		return NULL;
	db = ferry_sqlite_db_open(path, BUSY_MS, error);
	if (db == NULL || !ferry_sqlite_schema_prepare(db, error))
		return NULL;
	return g_steal_pointer(&db);
}

static gboolean
start_readers(FerryStoreSqlite *self, const char *path, GError **error)
{
	g_autoptr(GPtrArray) connections =
		g_ptr_array_new_with_free_func((GDestroyNotify)ferry_sqlite_db_close);

	for (guint i = 0; i < N_READERS; i++) {
		FerrySqliteDb *db = ferry_sqlite_db_open(path, BUSY_MS, error);

		if (db == NULL)
			return FALSE;
		g_ptr_array_add(connections, db);
	}
	self->readers = ferry_sqlite_lane_new("store-read", connections, NULL, self);
	ferry_sqlite_lane_set_fallback(self->readers, self->writer);
	return TRUE;
}

static FerrySqliteLane *
start_cache_lane(FerryStoreSqlite *self, const char *cache_dir, gboolean writing, GError **error)
{
	g_autoptr(GPtrArray) connections =
		g_ptr_array_new_with_free_func((GDestroyNotify)ferry_sqlite_db_close);
	FerrySqliteDb *db = ferry_sqlite_structures_open(cache_dir, self->info.incarnation, error);

	if (db == NULL)
		return NULL;
	g_ptr_array_add(connections, db);
	return ferry_sqlite_lane_new("store-cache", connections, writing ? &cache_hooks : NULL,
				     self);
}

static gboolean
start_lanes(FerryStoreSqlite *self, FerrySqliteDb *db, const char *cache_dir, GError **error)
{
	g_autoptr(GPtrArray) connections =
		g_ptr_array_new_with_free_func((GDestroyNotify)ferry_sqlite_db_close);

	g_ptr_array_add(connections, db);
	self->cache_writer = start_cache_lane(self, cache_dir, TRUE, error);
	if (self->cache_writer == NULL)
		return FALSE;
	self->cache_reader = start_cache_lane(self, cache_dir, FALSE, error);
	if (self->cache_reader == NULL)
		return FALSE;
	self->writer = ferry_sqlite_lane_new("store-write", connections, &store_hooks, self);
	return start_readers(self, db->path, error);
}

/**
 * ferry_store_sqlite_new:
 * @state_dir: directory of the store; made with mode 0700 if it is not there
 * @cache_dir: directory of what may be lost, on the same machine but not in the same backup
 * @error: return location
 *
 * Opens the store, or makes it where there is none. This blocks: call it while starting. A store
 * put back from a backup is noticed by what the cache directory remembers; then every mailbox
 * gets a new UIDVALIDITY.
 *
 * Returns: (transfer full): the store; %NULL with %FERRY_ERROR_CONFIGURATION where the file is no
 *   store or one of a newer version, and %FERRY_ERROR_FAILED where it is damaged
 */
FerryStoreSqlite *
ferry_store_sqlite_new(const char *state_dir, const char *cache_dir, GError **error)
{
	g_autoptr(FerryStoreSqlite) self = NULL;
	g_autofree char *ticket_path = g_build_filename(state_dir, "store.ticket", NULL);
	g_autoptr(FerrySqliteDb) db = open_store(state_dir, error);

	if (db == NULL || !make_directory(cache_dir, error))
		return NULL;
	self = g_object_new(FERRY_TYPE_STORE_SQLITE, NULL);
	if (!ferry_sqlite_schema_start(db, cache_dir, &self->cache_mark, &self->info, error))
		return NULL;
	self->ticket = ferry_sqlite_mark_open(ticket_path, error);
	if (self->ticket == NULL ||
	    !ferry_sqlite_mark_lock_owner(self->ticket, self->info.start, error))
		return NULL;
	/* never 0, and another one after this start, which may have renewed everything */
	ferry_sqlite_mark_increment(self->ticket, FERRY_SQLITE_MARK_TICKET);
	if (!start_lanes(self, g_steal_pointer(&db), cache_dir, error))
		return NULL;
	return g_steal_pointer(&self);
}

/**
 * ferry_store_sqlite_mark_restored:
 * @state_dir: directory of the store
 * @error: return location
 *
 * Gives every mailbox a new UIDVALIDITY and drops the intents, for a store that was put back from
 * a backup where the cache directory could not tell. This blocks.
 *
 * Returns: whether it was done
 */
gboolean
ferry_store_sqlite_mark_restored(const char *state_dir, GError **error)
{
	g_autoptr(FerrySqliteDb) db = open_store(state_dir, error);
	guint64 commits, uidvalidity;

	if (db == NULL || !ferry_sqlite_db_script(db, "BEGIN IMMEDIATE", error))
		return FALSE;
	if (!ferry_sqlite_schema_renew(db, 0, error) ||
	    !ferry_sqlite_schema_count_commit(db, &commits, &uidvalidity, error) ||
	    !ferry_sqlite_db_script(db, "COMMIT", error))
		return FALSE;
	g_message("%s: every mailbox has a new UIDVALIDITY", db->path);
	return TRUE;
}

/**
 * ferry_store_sqlite_set_cache_limit:
 * @self: a store
 * @bytes: how large the structure cache may get; one gigabyte unless set
 *
 * Limits what can be fetched again.
 */
void
ferry_store_sqlite_set_cache_limit(FerryStoreSqlite *self, guint64 bytes)
{
	self->cache_limit = bytes;
}

void
ferry_store_sqlite_set_delay(FerryStoreSqlite *self, guint milliseconds)
{
	ferry_sqlite_lane_set_delay(self->writer, milliseconds);
	ferry_sqlite_lane_set_delay(self->readers, milliseconds);
	ferry_sqlite_lane_set_delay(self->cache_writer, milliseconds);
	ferry_sqlite_lane_set_delay(self->cache_reader, milliseconds);
}

void
ferry_store_sqlite_set_tombstone_limit(FerryStoreSqlite *self, guint limit)
{
	self->tombstone_limit = limit;
}

guint
ferry_store_sqlite_get_groups(FerryStoreSqlite *self)
{
	return ferry_sqlite_lane_get_groups(self->writer);
}

static guint64
get_ticket(FerryStore *store)
{
	return ferry_sqlite_mark_get(FERRY_STORE_SQLITE(store)->ticket, FERRY_SQLITE_MARK_TICKET);
}

static GArray *
copy_keys(const gint64 *keys, guint n_keys)
{
	GArray *copy = g_array_sized_new(FALSE, FALSE, sizeof(gint64), n_keys);

	return n_keys > 0 ? g_array_append_vals(copy, keys, n_keys) : copy;
}

static void
read_job(FerryStore *store, GTask *task, FerrySqliteFunc func, FerrySqliteQuestion *question)
{
	ferry_sqlite_lane_push(FERRY_STORE_SQLITE(store)->readers, task, func, question,
			       ferry_sqlite_question_free);
}

static void
load_account(FerryStore *store, const char *backend, const char *username,
	     const char *const *account_ids, GTask *task)
{
	FerrySqliteQuestion *question = ferry_sqlite_question_new(0, 0);

	question->backend = g_strdup(backend);
	question->username = g_strdup(username);
	question->ids = g_strdupv((char **)account_ids);
	read_job(store, task, ferry_sqlite_load_account, question);
}

static void
load_mailbox(FerryStore *store, gint64 mailbox_key, FerryStoreFields fields, GTask *task)
{
	FerrySqliteQuestion *question = ferry_sqlite_question_new(0, mailbox_key);

	question->fields = fields;
	read_job(store, task, ferry_sqlite_load_mailbox, question);
}

static void
load_emails(FerryStore *store, gint64 account_key, const gint64 *email_keys, guint n_keys,
	    FerryStoreFields fields, GTask *task)
{
	FerrySqliteQuestion *question = ferry_sqlite_question_new(account_key, 0);

	question->keys = copy_keys(email_keys, n_keys);
	question->fields = fields;
	read_job(store, task, ferry_sqlite_load_emails, question);
}

static void
load_delta(FerryStore *store, gint64 account_key, guint64 since, GTask *task)
{
	FerrySqliteQuestion *question = ferry_sqlite_question_new(account_key, 0);

	question->since = since;
	read_job(store, task, ferry_sqlite_load_delta, question);
}

static void
read_generation(FerryStore *store, gint64 account_key, GTask *task)
{
	read_job(store, task, ferry_sqlite_read_generation,
		 ferry_sqlite_question_new(account_key, 0));
}

static void
count(FerryStore *store, gint64 mailbox_key, GTask *task)
{
	read_job(store, task, ferry_sqlite_count, ferry_sqlite_question_new(0, mailbox_key));
}

static void
find_pairs(FerryStore *store, gint64 account_key, const char *const *email_ids, GTask *task)
{
	FerrySqliteQuestion *question = ferry_sqlite_question_new(account_key, 0);

	question->ids = g_strdupv((char **)email_ids);
	read_job(store, task, ferry_sqlite_find_pairs, question);
}

static void
load_tombstones(FerryStore *store, gint64 mailbox_key, guint64 since_modseq, GTask *task)
{
	FerrySqliteQuestion *question = ferry_sqlite_question_new(0, mailbox_key);

	question->since = since_modseq;
	read_job(store, task, ferry_sqlite_load_tombstones, question);
}

static void
apply(FerryStore *store, gint64 account_key, guint64 expected_generation, FerryStoreBatch *batch,
      GTask *task)
{
	FerryStoreSqlite *self = FERRY_STORE_SQLITE(store);
	FerrySqliteApply *job = g_new0(FerrySqliteApply, 1);

	job->account_key = account_key;
	job->expected = expected_generation;
	job->batch = ferry_store_batch_ref(batch);
	job->tombstone_limit = self->tombstone_limit;
	ferry_sqlite_lane_push(self->writer, task, ferry_sqlite_apply, job,
			       ferry_sqlite_apply_free);
}

static FerrySqliteDataQuestion *
data_question(FerryStoreSqlite *self, gint64 account_key)
{
	FerrySqliteDataQuestion *question = g_new0(FerrySqliteDataQuestion, 1);

	question->account_key = account_key;
	question->owner = self->info.start;
	question->mark = self->ticket;
	return question;
}

static void
data_job(FerrySqliteLane *lane, GTask *task, FerrySqliteFunc func,
	 FerrySqliteDataQuestion *question)
{
	ferry_sqlite_lane_push(lane, task, func, question, ferry_sqlite_data_question_free);
}

static void
remove_account(FerryStore *store, const char *backend, const char *username, GTask *task)
{
	FerryStoreSqlite *self = FERRY_STORE_SQLITE(store);
	FerrySqliteDataQuestion *question = data_question(self, 0);

	question->backend = g_strdup(backend);
	question->username = g_strdup(username);
	data_job(self->writer, task, ferry_sqlite_remove_account, question);
}

static void
put_intent(FerryStore *store, gint64 account_key, guint64 expected_generation, gint64 replaced,
	   GBytes *data, GTask *task)
{
	FerryStoreSqlite *self = FERRY_STORE_SQLITE(store);
	FerrySqliteDataQuestion *question = data_question(self, account_key);

	question->generation = expected_generation;
	question->intent = replaced;
	question->value = g_bytes_ref(data);
	data_job(self->writer, task, ferry_sqlite_put_intent, question);
}

static void
claim_intents(FerryStore *store, gint64 account_key, GTask *task)
{
	FerryStoreSqlite *self = FERRY_STORE_SQLITE(store);

	data_job(self->writer, task, ferry_sqlite_claim_intents, data_question(self, account_key));
}

static void
find_abandoned(FerryStore *store, GTask *task)
{
	FerryStoreSqlite *self = FERRY_STORE_SQLITE(store);

	data_job(self->readers, task, ferry_sqlite_find_abandoned, data_question(self, 0));
}

static void
read_intent(FerryStore *store, gint64 intent, GTask *task)
{
	FerryStoreSqlite *self = FERRY_STORE_SQLITE(store);
	FerrySqliteDataQuestion *question = data_question(self, 0);

	question->intent = intent;
	data_job(self->readers, task, ferry_sqlite_read_intent, question);
}

static void
remove_intent(FerryStore *store, gint64 intent, GTask *task)
{
	FerryStoreSqlite *self = FERRY_STORE_SQLITE(store);
	FerrySqliteDataQuestion *question = data_question(self, 0);

	question->intent = intent;
	data_job(self->writer, task, ferry_sqlite_remove_intent, question);
}

static void
get_data(FerryStore *store, const FerryStoreDataPlace *place, gboolean shared, const char *key,
	 GTask *task)
{
	FerryStoreSqlite *self = FERRY_STORE_SQLITE(store);
	FerrySqliteModuleQuestion *question = ferry_sqlite_module_question_new(place);

	question->shared = shared;
	question->key = g_strdup(key);
	ferry_sqlite_lane_push(self->readers, task, ferry_sqlite_get_data, question,
			       ferry_sqlite_module_question_free);
}

static void
put_data(FerryStore *store, const FerryStoreDataPlace *place, GPtrArray *data, guint max_keys,
	 GTask *task)
{
	FerryStoreSqlite *self = FERRY_STORE_SQLITE(store);
	FerrySqliteModuleQuestion *question = ferry_sqlite_module_question_new(place);

	question->data = g_ptr_array_ref(data);
	question->max_keys = max_keys;
	ferry_sqlite_lane_push(self->writer, task, ferry_sqlite_put_data, question,
			       ferry_sqlite_module_question_free);
}

static void
list_data(FerryStore *store, const FerryStoreDataPlace *place, const char *const *prefixes,
	  GTask *task)
{
	FerryStoreSqlite *self = FERRY_STORE_SQLITE(store);
	FerrySqliteModuleQuestion *question = ferry_sqlite_module_question_new(place);

	question->prefixes = g_strdupv((char **)prefixes);
	ferry_sqlite_lane_push(self->readers, task, ferry_sqlite_list_data, question,
			       ferry_sqlite_module_question_free);
}

static void
get_structures(FerryStore *store, gint64 account_key, const gint64 *email_keys, guint n_keys,
	       FerryStoreStructureParts parts, GTask *task)
{
	FerrySqliteStructuresQuestion *question = g_new0(FerrySqliteStructuresQuestion, 1);

	question->account_key = account_key;
	question->keys = copy_keys(email_keys, n_keys);
	question->parts = parts;
	ferry_sqlite_lane_push(FERRY_STORE_SQLITE(store)->cache_reader, task,
			       ferry_sqlite_structures_get, question,
			       ferry_sqlite_structures_question_free);
}

static void
put_structures(FerryStore *store, gint64 account_key, FerryStoreStructures *structures, GTask *task)
{
	FerryStoreSqlite *self = FERRY_STORE_SQLITE(store);
	FerrySqliteStructuresQuestion *question = g_new0(FerrySqliteStructuresQuestion, 1);

	question->account_key = account_key;
	question->structures = ferry_store_structures_ref(structures);
	question->limit = self->cache_limit;
	ferry_sqlite_lane_push(self->cache_writer, task, ferry_sqlite_structures_put, question,
			       ferry_sqlite_structures_question_free);
}

static void
ferry_store_sqlite_iface_init(FerryStoreInterface *iface)
{
	iface->get_ticket = get_ticket;
	iface->load_account_async = load_account;
	iface->remove_account_async = remove_account;
	iface->load_mailbox_async = load_mailbox;
	iface->load_emails_async = load_emails;
	iface->load_delta_async = load_delta;
	iface->read_generation_async = read_generation;
	iface->count_async = count;
	iface->find_pairs_async = find_pairs;
	iface->load_tombstones_async = load_tombstones;
	iface->apply_async = apply;
	iface->put_intent_async = put_intent;
	iface->claim_intents_async = claim_intents;
	iface->find_abandoned_async = find_abandoned;
	iface->read_intent_async = read_intent;
	iface->remove_intent_async = remove_intent;
	iface->get_data_async = get_data;
	iface->put_data_async = put_data;
	iface->list_data_async = list_data;
	iface->get_structures_async = get_structures;
	iface->put_structures_async = put_structures;
}
