/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The SQLite store: the suite, and what only a file can suffer */
#include <glib/gstdio.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store-suite.h"
#include "store/sqlite-db.h"
#include "store/sqlite-private.h"

static FerryStore *
open_plain(const char *dir)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *state = g_build_filename(dir, "state", NULL);
	g_autofree char *cache = g_build_filename(dir, "cache", NULL);
	FerryStoreSqlite *store = ferry_store_sqlite_new(state, cache, &error);

	g_assert_no_error(error);
	return FERRY_STORE(store);
}

static FerryStore *
open_slow(const char *dir)
{
	FerryStore *store = open_plain(dir);

	ferry_store_sqlite_set_delay(FERRY_STORE_SQLITE(store), 5);
	return store;
}

static FerryStore *
try_open(const char *dir, GError **error)
{
	g_autofree char *state = g_build_filename(dir, "state", NULL);
	g_autofree char *cache = g_build_filename(dir, "cache", NULL);

	return (FerryStore *)ferry_store_sqlite_new(state, cache, error);
}

static guint64
apply(FerryStore *store, gint64 key, guint64 generation, const char *text)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryStoreBatch) batch = store_suite_batch(text);
	g_autoptr(FerryStoreDelta) delta = store_suite_apply(store, key, generation, batch, &error);

	g_assert_no_error(error);
	return delta->generation;
}

static gint64
account_key(FerryStore *store)
{
	g_autoptr(FerryStoreAccount) login = store_suite_load(store, "user");

	return store_suite_mail_account(login)->key;
}

static guint32
uidvalidity(FerryStore *store, const char *id)
{
	g_autoptr(FerryStoreMailbox) mailbox = store_suite_mailbox(store, "user", id);

	return mailbox->uidvalidity;
}

/* SQL on the file of a store that is closed */
static char *
sql(const char *dir, const char *text)
{
	g_autofree char *path = g_build_filename(dir, "state", "store.db", NULL);
	sqlite3 *db = NULL;
	sqlite3_stmt *statement = NULL;
	char *value = NULL;

	g_assert_cmpint(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), ==, SQLITE_OK);
	g_assert_cmpint(sqlite3_prepare_v2(db, text, -1, &statement, NULL), ==, SQLITE_OK);
	if (sqlite3_step(statement) == SQLITE_ROW)
		value = g_strdup((const char *)sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return value;
}

static void
copy_file(const char *dir, const char *from, const char *to)
{
	g_autofree char *source = g_build_filename(dir, from, NULL);
	g_autofree char *target = g_build_filename(dir, to, NULL);
	g_autofree char *bytes = NULL;
	gsize length;

	g_assert_true(g_file_get_contents(source, &bytes, &length, NULL));
	g_assert_true(g_file_set_contents(target, bytes, length, NULL));
}

static void
test_restored(void)
{
	char *dir = store_suite_make_dir();
	g_autoptr(FerryStore) store = open_plain(dir);
	gint64 key = account_key(store);
	guint32 first, second, third;

	apply(store, key, 1, "box A;list A 2;put e1 A 1;put e2 A 2;rm A 1");
	first = uidvalidity(store, "A");
	g_clear_object(&store);
	copy_file(dir, "state/store.db", "backup.db");

	store = open_plain(dir);
	g_assert_cmpuint(uidvalidity(store, "A"), ==, first);
	apply(store, key, 2, "put e9 A 9");
	g_clear_object(&store);
	copy_file(dir, "backup.db", "state/store.db");

	g_test_expect_message("ferry", G_LOG_LEVEL_WARNING, "*put back from a backup*");
	store = open_plain(dir);
	g_test_assert_expected_messages();
	second = uidvalidity(store, "A");
	g_assert_cmpuint(second, >, first);
	g_autoptr(FerryStoreDelta) delta = store_suite_delta(store, key, 2);
	g_assert_true(delta->mailboxes[0].reload);
	/* not again, and the history goes on */
	g_clear_object(&store);
	store = open_plain(dir);
	g_assert_cmpuint(uidvalidity(store, "A"), ==, second);
	apply(store, key, delta->generation, "put e3 A 9");
	g_clear_object(&store);

	g_autofree char *state = g_build_filename(dir, "state", NULL);
	g_assert_true(ferry_store_sqlite_mark_restored(state, NULL));
	store = open_plain(dir);
	third = uidvalidity(store, "A");
	g_assert_cmpuint(third, >, second);
	g_clear_object(&store);
	store_suite_remove_dir(dir);
}

static void
test_refused(void)
{
	static const struct {
		const char *sql;
		const char *file;
		gsize length;
		const char *message;
	} cases[] = {
		{"PRAGMA user_version = 99", NULL, 0, "newer Ferry"},
		{"PRAGMA application_id = 1", NULL, 0, "not a Ferry store"},
		{NULL,
		 "this is a text of some length and surely no data base file at all........."
		 "..............................................................",
		 100, "damaged"},
		{NULL, "", 0, "empty"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		char *dir = store_suite_make_dir();
		g_autofree char *path = g_build_filename(dir, "state", "store.db", NULL);
		g_autoptr(FerryStore) store = open_plain(dir);
		g_autoptr(GError) error = NULL;
		g_autofree char *before = NULL;
		g_autofree char *after = NULL;
		gsize length, length_after;

		g_clear_object(&store);
		if (cases[i].sql != NULL)
			g_free(sql(dir, cases[i].sql));
		else
			g_assert_true(
				g_file_set_contents(path, cases[i].file, cases[i].length, NULL));
		g_assert_true(g_file_get_contents(path, &before, &length, NULL));
		g_assert_null(try_open(dir, &error));
		if (error == NULL || strstr(error->message, cases[i].message) == NULL)
			g_error("case %u: %s", i, error != NULL ? error->message : "opened");
		g_assert_true(g_file_get_contents(path, &after, &length_after, NULL));
		if (cases[i].sql == NULL)
			g_assert_cmpmem(before, length, after, length_after);
		store_suite_remove_dir(dir);
	}
}

static void
test_modes(void)
{
	char *dir = store_suite_make_dir();
	g_autoptr(FerryStore) store = open_plain(dir);
	static const char *const names[] = {"state", "cache"};

	account_key(store);
	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = g_build_filename(dir, names[i], NULL);
		g_autoptr(GDir) opened = g_dir_open(path, 0, NULL);
		GStatBuf status;
		const char *name;

		g_assert_cmpint(g_stat(path, &status), ==, 0);
		g_assert_cmpuint(status.st_mode & 0777, ==, 0700);
		while ((name = g_dir_read_name(opened)) != NULL) {
			g_autofree char *file = g_build_filename(path, name, NULL);

			g_assert_cmpint(g_stat(file, &status), ==, 0);
			g_assert_cmpuint(status.st_mode & 0777, ==, 0600);
		}
	}
	g_clear_object(&store);
	store_suite_remove_dir(dir);
}

static void
test_uids_used_up(void)
{
	char *dir = store_suite_make_dir();
	g_autoptr(FerryStore) store = open_plain(dir);
	gint64 key = account_key(store);
	guint32 before;

	apply(store, key, 1, "box A;list A 2;put e1 A 1;put e2 A 2;put e3 A 3");
	apply(store, key, 2, "rm A 2");
	before = uidvalidity(store, "A");
	g_clear_object(&store);
	g_free(sql(dir, "UPDATE mailbox SET uidnext = 4294967295"));
	store = open_plain(dir);
	apply(store, key, 3, "put e4 A 4");
	g_assert_cmpuint(uidvalidity(store, "A"), ==, before);
	g_test_expect_message("ferry", G_LOG_LEVEL_WARNING, "*no UID left*");
	apply(store, key, 4, "put e5 A 5");
	g_test_assert_expected_messages();
	g_assert_cmpuint(uidvalidity(store, "A"), >, before);
	g_autoptr(FerryStoreMailbox) a = store_suite_mailbox(store, "user", "A");
	g_autoptr(FerryStoreRows) rows = store_suite_rows(store, a->key);
	g_autoptr(FerryStoreDelta) delta = store_suite_delta(store, key, 4);
	g_assert_cmpuint(ferry_store_rows_get_length(rows), ==, 4);
	g_assert_cmpuint(ferry_store_rows_get_uid(rows, 3), ==, 4);
	g_assert_cmpstr(ferry_store_rows_get_email_id(rows, 3), ==, "e5");
	g_assert_true(delta->mailboxes[0].reload);
	g_clear_object(&store);
	store_suite_remove_dir(dir);
}

static void
test_prune(void)
{
	char *dir = store_suite_make_dir();
	g_autoptr(FerryStore) store = open_plain(dir);
	gint64 key = account_key(store);
	guint64 generation = apply(store, key, 1, "box A;list A 2");

	ferry_store_sqlite_set_tombstone_limit(FERRY_STORE_SQLITE(store), 8);
	for (guint i = 1; i <= 20; i++) {
		g_autofree char *put = g_strdup_printf("put e%u A %u", i, i);
		g_autofree char *kill = g_strdup_printf("kill e%u", i);

		generation = apply(store, key, generation, put);
		generation = apply(store, key, generation, kill);
	}
	g_autoptr(FerryStoreMailbox) a = store_suite_mailbox(store, "user", "A");
	g_autoptr(FerryStoreDelta) old = store_suite_delta(store, key, a->prune_modseq - 1);
	g_autoptr(FerryStoreDelta) recent = store_suite_delta(store, key, a->prune_modseq);
	g_assert_cmpuint(a->prune_modseq, >, 2);
	g_assert_true(old->mailboxes[0].reload);
	g_assert_false(recent->mailboxes[0].reload);
	g_assert_cmpuint(recent->mailboxes[0].n_expunged, >=, 8);
	g_assert_cmpuint(recent->mailboxes[0].n_expunged, <=, 10);
	g_clear_object(&store);
	store_suite_remove_dir(dir);
}

static void
count_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_assert_true(ferry_store_put_data_finish(FERRY_STORE(source), result, NULL));
	++*(guint *)user_data;
}

static void
test_group_commit(void)
{
	char *dir = store_suite_make_dir();
	g_autoptr(FerryStore) store = open_plain(dir);
	g_autoptr(GBytes) value = g_bytes_new_static("v", 1);
	gint64 key = account_key(store);
	const FerryStoreDataPlace place = {"m", key, 0, FALSE, TRUE};
	guint before = ferry_store_sqlite_get_groups(FERRY_STORE_SQLITE(store));
	guint done = 0;

	for (guint i = 0; i < 200; i++) {
		g_autofree char *name = g_strdup_printf("%u", i);
		g_autoptr(GPtrArray) data =
			g_ptr_array_new_with_free_func((GDestroyNotify)ferry_store_datum_unref);

		g_ptr_array_add(data, ferry_store_datum_new(FALSE, name, value));
		ferry_store_put_data_async(store, &place, data, 0, NULL, count_cb, &done);
	}
	while (done < 200)
		g_main_context_iteration(NULL, TRUE);
	/* many share a sync; how many depends on the disk */
	g_assert_cmpuint(ferry_store_sqlite_get_groups(FERRY_STORE_SQLITE(store)) - before, <, 150);
	g_clear_object(&store);
	store_suite_remove_dir(dir);
}

/* Puts Emails without end, writing each UID it was given to a pipe: what a client was told. */
static void
write_forever(const char *dir, const char *prefix, int fd, guint limit)
{
	g_autoptr(FerryStore) store = open_plain(dir);
	g_autoptr(FerryStoreAccount) login = store_suite_load(store, "user");
	FerryStoreMailAccount *account = store_suite_mail_account(login);
	guint64 generation = account->generation;

	for (guint i = 0; i < limit;) {
		g_autofree char *text =
			g_strdup_printf("put %s%u A %u;ask A %s%u", prefix, i, i, prefix, i);
		g_autoptr(FerryStoreBatch) batch = store_suite_batch(text);
		g_autoptr(GError) error = NULL;
		g_autoptr(FerryStoreDelta) delta =
			store_suite_apply(store, account->key, generation, batch, &error);

		if (delta == NULL) {
			g_assert_error(error, FERRY_ERROR, FERRY_ERROR_CONFLICT);
			g_clear_pointer(&delta, ferry_store_delta_unref);
			delta = store_suite_delta(store, account->key, generation);
			generation = delta->generation;
			continue;
		}
		generation = delta->generation;
		dprintf(fd, "%u %s%u\n", delta->uids[0], prefix, i);
		i++;
	}
}

static GPid
spawn_writer(const char *dir, const char *prefix, guint limit, int *out)
{
	g_autofree char *count = g_strdup_printf("%u", limit);
	char *argv[] = {(char *)"/proc/self/exe",
			(char *)"--write",
			(char *)dir,
			(char *)prefix,
			count,
			NULL};
	g_autoptr(GError) error = NULL;
	GPid pid;

	g_spawn_async_with_pipes(NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid,
				 NULL, out, NULL, &error);
	g_assert_no_error(error);
	return pid;
}

/* Notes what a writer was told: a UID of one Email only, ever. */
static guint
read_told(int fd, GHashTable *told)
{
	g_autoptr(GIOChannel) channel = g_io_channel_unix_new(fd);
	char *line;
	gsize end;
	guint n = 0;

	while (g_io_channel_read_line(channel, &line, NULL, &end, NULL) == G_IO_STATUS_NORMAL) {
		g_auto(GStrv) words = NULL;

		line[end] = '\0';
		words = g_strsplit(line, " ", 2);
		g_free(line);
		/* the last line of one that was killed may be half */
		if (words[1] == NULL)
			continue;
		if (g_hash_table_contains(told, words[0]))
			g_error("UID %s was given to %s and to %s", words[0],
				(char *)g_hash_table_lookup(told, words[0]), words[1]);
		g_hash_table_insert(told, g_strdup(words[0]), g_strdup(words[1]));
		n++;
	}
	close(fd);
	return n;
}

static void
check_told(const char *dir, GHashTable *told)
{
	g_autoptr(FerryStore) store = open_plain(dir);
	g_autoptr(FerryStoreMailbox) a = store_suite_mailbox(store, "user", "A");
	g_autoptr(FerryStoreRows) rows = store_suite_rows(store, a->key);
	GHashTableIter iter;
	gpointer uid, email;

	g_hash_table_iter_init(&iter, told);
	while (g_hash_table_iter_next(&iter, &uid, &email)) {
		guint index;

		g_assert_true(ferry_store_rows_find_uid(rows, atoi(uid), &index));
		g_assert_cmpstr(ferry_store_rows_get_email_id(rows, index), ==, email);
	}
	g_assert_cmpuint(a->n_messages, ==, ferry_store_rows_get_length(rows));
}

static void
prepare_mailbox(const char *dir)
{
	g_autoptr(FerryStore) store = open_plain(dir);

	apply(store, account_key(store), 1, "box A;list A 2");
}

static void
test_two_processes(void)
{
	char *dir = store_suite_make_dir();
	g_autoptr(GHashTable) told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	int out[2];
	GPid pids[2];

	prepare_mailbox(dir);
	pids[0] = spawn_writer(dir, "a", 100, &out[0]);
	pids[1] = spawn_writer(dir, "b", 100, &out[1]);
	g_assert_cmpuint(read_told(out[0], told), ==, 100);
	g_assert_cmpuint(read_told(out[1], told), ==, 100);
	for (guint i = 0; i < 2; i++) {
		int status;

		waitpid(pids[i], &status, 0);
		g_assert_cmpint(status, ==, 0);
	}
	check_told(dir, told);
	store_suite_remove_dir(dir);
}

static void
test_killed(void)
{
	char *dir = store_suite_make_dir();
	g_autoptr(GHashTable) told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	guint n = 0;

	prepare_mailbox(dir);
	for (guint round = 0; round < 25; round++) {
		g_autofree char *prefix = g_strdup_printf("r%u-", round);
		g_autofree char *sane = NULL;
		int out;
		GPid pid = spawn_writer(dir, prefix, 100000, &out);

		g_usleep(g_test_rand_int_range(10000, 120000));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		n += read_told(out, told);
		sane = sql(dir, "PRAGMA integrity_check");
		g_assert_cmpstr(sane, ==, "ok");
	}
	g_test_message("%u messages were told of by writers that were killed", n);
	g_assert_cmpuint(n, >, 0);
	check_told(dir, told);
	store_suite_remove_dir(dir);
}

static void
put_many(FerryStoreBatch *batch, guint first, guint n)
{
	static const char *const boxes[] = {"A", NULL};
	static const char *const seen[] = {"$seen", NULL}, *const none[] = {NULL};

	for (guint i = first; i < first + n; i++) {
		char id[32], blob[48], thread[32];
		FerryStoreEmail email = {
			id,   blob,           thread, 4000 + i % 999, 1600000000 + i,
			TRUE, 1600000000 + i, 60,     boxes,          i % 3 ? seen : none};

		g_snprintf(id, sizeof id, "M%024x", i);
		g_snprintf(blob, sizeof blob, "G%040x", i);
		g_snprintf(thread, sizeof thread, "T%016x", i / 3);
		ferry_store_batch_put_email(batch, &email);
	}
}

static gint64
report(const char *what, gint64 since)
{
	gint64 now = g_get_monotonic_time();

	g_test_message("%s: %.1f ms", what, (now - since) / 1000.0);
	return g_get_monotonic_time();
}

static void
measure_structures(FerryStore *store, gint64 key, FerryStoreRows *rows, guint n)
{
	g_autoptr(FerryStoreStructures) given = ferry_store_structures_new();
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(gint64));
	guint8 bytes[2600] = {0};
	GAsyncResult *pending = NULL;
	gint64 time;
	gsize length;

	for (guint i = 0; i < n; i++) {
		gint64 email = ferry_store_rows_get_email_key(rows, i);

		g_array_append_val(keys, email);
		ferry_store_structures_add(given, email, bytes, 2000 + i % 400, bytes, 200);
	}
	time = g_get_monotonic_time();
	ferry_store_put_structures_async(store, key, given, NULL, store_suite_done_cb, &pending);
	g_object_unref(store_suite_wait(&pending));
	time = report("structures put", time);
	ferry_store_get_structures_async(store, key, (gint64 *)(void *)keys->data, n,
					 FERRY_STORE_STRUCTURE_HEADER, NULL, store_suite_done_cb,
					 &pending);
	g_autoptr(GAsyncResult) result = store_suite_wait(&pending);
	report("structures got", time);
	g_autoptr(FerryStoreStructures) found =
		ferry_store_get_structures_finish(store, result, NULL);
	for (guint i = 0; i < n; i++) {
		g_assert_nonnull(ferry_store_structures_get_header(found, i, &length));
		g_assert_cmpuint(length, ==, 2000 + i % 400);
	}
}

static void
measure(guint total, guint page)
{
	char *dir = store_suite_make_dir();
	g_autoptr(FerryStore) store = open_plain(dir);
	gint64 key = account_key(store);
	guint64 generation = apply(store, key, 1, "box A;list A 1");
	gint64 time = g_get_monotonic_time();

	for (guint i = 0; i < total; i += page) {
		g_autoptr(FerryStoreBatch) batch = store_suite_batch("page A");
		g_autoptr(FerryStoreDelta) delta = NULL;

		put_many(batch, i, page);
		delta = store_suite_apply(store, key, generation, batch, NULL);
		generation = delta->generation;
	}
	time = report("inserted", time);
	g_autoptr(FerryStoreMailbox) a = store_suite_mailbox(store, "user", "A");
	time = g_get_monotonic_time();
	g_autoptr(FerryStoreRows) rows = store_suite_rows(store, a->key);
	time = report("loaded", time);
	g_assert_cmpuint(ferry_store_rows_get_length(rows), ==, total);
	generation = apply(store, key, generation, "list A 2");
	time = g_get_monotonic_time();
	for (guint i = 0; i < 20; i++)
		generation = apply(store, key, generation, i % 2 ? "undel A 500" : "del A 500");
	report("20 changes of one pair", time);
	measure_structures(store, key, rows, MIN(total, 20000));
	g_clear_object(&store);
	store_suite_remove_dir(dir);
}

static void
test_many(void)
{
	measure(100000, 5000);
}

static void
test_a_million(void)
{
	if (g_test_perf())
		measure(1000000, 5000);
	else
		g_test_skip("only with -m perf");
}

/* Opens the structure cache of a store that is not running. */
static FerrySqliteDb *
open_cache(const char *dir)
{
	g_autofree char *folder = g_build_filename(dir, "cache", NULL);
	g_autoptr(GDir) opened = g_dir_open(folder, 0, NULL);
	const char *name;

	while ((name = g_dir_read_name(opened)) != NULL) {
		g_autofree char *path = g_build_filename(folder, name, NULL);

		if (g_str_has_prefix(name, "structures-") && g_str_has_suffix(name, ".db"))
			return ferry_sqlite_db_open(path, 1000, NULL);
	}
	g_assert_not_reached();
}

static gboolean
has_header(FerryStore *store, gint64 key)
{
	GAsyncResult *pending = NULL;
	gsize length;

	ferry_store_get_structures_async(store, 1, &key, 1, FERRY_STORE_STRUCTURE_HEADER, NULL,
					 store_suite_done_cb, &pending);
	g_autoptr(GAsyncResult) result = store_suite_wait(&pending);
	g_autoptr(FerryStoreStructures) found =
		ferry_store_get_structures_finish(store, result, NULL);
	return ferry_store_structures_get_header(found, 0, &length) != NULL;
}

static void
put_header(FerryStore *store, gint64 key)
{
	g_autoptr(FerryStoreStructures) given = ferry_store_structures_new();
	GAsyncResult *pending = NULL;

	ferry_store_structures_add(given, key, (const guint8 *)"H", 1, NULL, 0);
	ferry_store_put_structures_async(store, 1, given, NULL, store_suite_done_cb, &pending);
	g_object_unref(store_suite_wait(&pending));
}

#define NO_SHARED_DATA                                                                             \
	"DROP TRIGGER account_ends; DROP TRIGGER mailbox_ends; DROP INDEX account_id;"             \
	" DROP TABLE shared_data;"

/* A store of the first version has no table of what intents spare, and does not know how much is
 * \Deleted; one of the third has no place for what modules share. */
static void
test_upgrade(void)
{
	static const char *const back[] = {
		NO_SHARED_DATA
		"DROP TRIGGER intent_ends; DROP TABLE spared;"
		" ALTER TABLE mailbox DROP COLUMN deleted_octets; PRAGMA user_version = 1;"
		"INSERT OR REPLACE INTO mailbox (key, account, id, name, sort_order, subscribed,"
		" rights, total, unread, uidvalidity, highest_modseq, deleted, created_at,"
		" changed_at) VALUES (7, 1, 'M', 'M', 0, 0, 0, 0, 0, 1, 1, 2, 1, 1);"
		"INSERT OR REPLACE INTO email (key, account, email_id, blob_id, size, received_at,"
		" keywords) VALUES (1, 1, 'a', 'a', 5, 0, ''), (2, 1, 'b', 'b', 70, 0, ''),"
		" (3, 1, 'c', 'c', 900, 0, '');"
		"INSERT OR REPLACE INTO message VALUES (7, 1, 1, 1, 1, 1, 0), (7, 2, 2, 1, 1, 0, "
		"0),"
		" (7, 3, 3, 1, 1, 1, 0);",
		NO_SHARED_DATA "PRAGMA user_version = 3",
	};
	char *dir = store_suite_make_dir();
	g_autofree char *path = g_build_filename(dir, "state", "store.db", NULL);
	g_autoptr(FerryStore) store = open_plain(dir);

	g_clear_object(&store);
	for (guint i = 0; i <= G_N_ELEMENTS(back); i++) {
		FerrySqliteDb *db = ferry_sqlite_db_open(path, 1000, NULL);
		gint64 version = 0, tables = 0, octets = 0;

		g_assert_nonnull(db);
		g_assert_true(ferry_sqlite_db_get_int(db, "PRAGMA user_version", ARGS(), &version,
						      NULL, NULL));
		g_assert_true(ferry_sqlite_db_get_int(
			db,
			"SELECT count(*) FROM sqlite_schema WHERE name IN ('spared',"
			" 'intent_ends', 'shared_data', 'account_id', 'mailbox_ends',"
			" 'account_ends')",
			ARGS(), &tables, NULL, NULL));
		g_assert_true(ferry_sqlite_db_get_int(db, "SELECT sum(deleted_octets) FROM mailbox",
						      ARGS(), &octets, NULL, NULL));
		g_assert_cmpint(version, ==, 4);
		g_assert_cmpint(tables, ==, 6);
		g_assert_cmpint(octets, ==, i == 0 ? 0 : 905);
		if (i < G_N_ELEMENTS(back))
			g_assert_true(ferry_sqlite_db_script(db, back[i], NULL));
		ferry_sqlite_db_close(db);
		store = open_plain(dir);
		g_assert_nonnull(store);
		g_clear_object(&store);
	}
	store_suite_remove_dir(dir);
}

/* A cache of another version is not read, and not a reason to stop. */
static void
test_cache_version(void)
{
	static const char *const versions[] = {"PRAGMA user_version = 1",
					       "PRAGMA user_version = 99"};

	for (guint i = 0; i < G_N_ELEMENTS(versions); i++) {
		char *dir = store_suite_make_dir();
		g_autoptr(FerryStore) store = open_plain(dir);
		FerrySqliteDb *db;

		put_header(store, 5);
		g_assert_true(has_header(store, 5));
		g_clear_object(&store);
		store = open_plain(dir);
		g_assert_true(has_header(store, 5));
		g_clear_object(&store);
		db = open_cache(dir);
		g_assert_true(ferry_sqlite_db_script(db, versions[i], NULL));
		ferry_sqlite_db_close(db);
		store = open_plain(dir);
		g_assert_false(has_header(store, 5));
		put_header(store, 5);
		g_assert_true(has_header(store, 5));
		g_clear_object(&store);
		store_suite_remove_dir(dir);
	}
}

static void
test_cache_limit(void)
{
	char *dir = store_suite_make_dir();
	g_autoptr(FerryStore) store = open_plain(dir);
	g_autofree guint8 *bytes = g_malloc0(10000);
	gsize length;
	guint kept = 0;

	ferry_store_sqlite_set_cache_limit(FERRY_STORE_SQLITE(store), 1000000);
	for (gint64 i = 1; i <= 300; i++) {
		g_autoptr(FerryStoreStructures) given = ferry_store_structures_new();
		GAsyncResult *pending = NULL;

		ferry_store_structures_add(given, i, bytes, 10000, bytes, 1);
		ferry_store_put_structures_async(store, 1, given, NULL, store_suite_done_cb,
						 &pending);
		g_object_unref(store_suite_wait(&pending));
	}
	for (gint64 i = 1; i <= 300; i++) {
		GAsyncResult *pending = NULL;

		ferry_store_get_structures_async(store, 1, &i, 1, FERRY_STORE_STRUCTURE_HEADER,
						 NULL, store_suite_done_cb, &pending);
		g_autoptr(GAsyncResult) result = store_suite_wait(&pending);
		g_autoptr(FerryStoreStructures) found =
			ferry_store_get_structures_finish(store, result, NULL);
		gboolean here = ferry_store_structures_get_header(found, 0, &length) != NULL;

		kept += here;
		if (i > 290)
			g_assert_true(here);
	}
	g_assert_cmpuint(kept, >, 50);
	g_assert_cmpuint(kept, <, 110);
	g_clear_object(&store);
	store_suite_remove_dir(dir);
}

int
main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "--write") == 0) {
		write_forever(argv[2], argv[3], STDOUT_FILENO, atoi(argv[4]));
		return 0;
	}
	g_test_init(&argc, &argv, NULL);
	store_suite_add("sqlite", open_plain);
	store_suite_add("sqlite-slow", open_slow);
	g_test_add_func("/file/restored", test_restored);
	g_test_add_func("/file/refused", test_refused);
	g_test_add_func("/file/modes", test_modes);
	g_test_add_func("/file/uids-used-up", test_uids_used_up);
	g_test_add_func("/file/prune", test_prune);
	g_test_add_func("/file/group-commit", test_group_commit);
	g_test_add_func("/file/cache-limit", test_cache_limit);
	g_test_add_func("/file/upgrade", test_upgrade);
	g_test_add_func("/file/cache-version", test_cache_version);
	g_test_add_func("/file/two-processes", test_two_processes);
	g_test_add_func("/file/killed", test_killed);
	g_test_add_func("/file/many", test_many);
	g_test_add_func("/file/a-million", test_a_million);
	return g_test_run();
}
