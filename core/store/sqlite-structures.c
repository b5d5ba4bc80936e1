/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The structure cache
 *
 * Implementation: a database of its own in the cache directory, never synced, thrown away when it
 *   is damaged, of another version or belongs to another incarnation of the store. Headers and
 *   structures have a table each, so that who wants the one does not read the other. Keys that lie
 *   close together, as those of a mailbox mostly do, are read in one walk along the table instead
 *   of one search each. Above its limit the oldest go.
 */
#include "store/sqlite-structures.h"

#include <glib/gstdio.h>

#include "store/results-private.h"

#define VERSION 2
/* The larger the pages, the fewer reads of a mailbox; the smaller, the less a change writes. */
#define PAGE_SIZE "8192"
/* A walk may pass this many rows for each one that is wanted. */
#define MAX_SPREAD 4

/* The statements about a table; their addresses name them to ferry_sqlite_db_query(). */
typedef struct {
	const char *walk;
	const char *find;
	const char *put;
	const char *shrink;
	const char *forget;
} Table;

#define TABLE(name)                                                                                \
	{                                                                                          \
		"SELECT key, octets FROM " name                                                    \
		" WHERE key BETWEEN ?1 AND ?2 AND account = ?3 ORDER BY key",                      \
			"SELECT key, octets FROM " name " WHERE key = ?1 AND account = ?2",        \
			"INSERT OR REPLACE INTO " name                                             \
			" (key, account, stamp, octets) VALUES (?1, ?2, ?3, ?4)",                  \
			"DELETE FROM " name " WHERE key IN (SELECT key FROM " name                 \
			" ORDER BY stamp LIMIT (SELECT count(*) / 8 + 1 FROM " name "))",          \
			"DELETE FROM " name " WHERE key = ?1"                                      \
	}

static const Table header_table = TABLE("header");
static const Table shape_table = TABLE("shape");

#define CREATE(name)                                                                               \
	"CREATE TABLE IF NOT EXISTS " name " (key INTEGER PRIMARY KEY,"                            \
	" account INTEGER NOT NULL, stamp INTEGER NOT NULL, octets BLOB NOT NULL);"                \
	"CREATE INDEX IF NOT EXISTS " name "_stamp ON " name " (stamp);"

void
ferry_sqlite_structures_question_free(gpointer data)
{
	FerrySqliteStructuresQuestion *self = data;

	g_clear_pointer(&self->keys, g_array_unref);
	g_clear_pointer(&self->structures, ferry_store_structures_unref);
	g_free(self);
}

static void
remove_files(const char *path)
{
	static const char *const endings[] = {"", "-wal", "-shm", "-journal"};

	for (guint i = 0; i < G_N_ELEMENTS(endings); i++) {
		g_autofree char *name = g_strconcat(path, endings[i], NULL);

		g_unlink(name);
	}
}

/* Files of earlier incarnations. */
static void
remove_others(const char *cache_dir, const char *ours)
{
	g_autoptr(GDir) dir = g_dir_open(cache_dir, 0, NULL);
	const char *name;

	while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
		g_autofree char *path = g_build_filename(cache_dir, name, NULL);

		if (g_str_has_prefix(name, "structures-") && !g_str_has_prefix(name, ours))
			g_unlink(path);
	}
}

static gboolean
make_tables(FerrySqliteDb *db, GError **error)
{
	gint64 version;

	if (!ferry_sqlite_db_get_int(db, "PRAGMA user_version", ARGS(), &version, NULL, error))
		return FALSE;
	if (version != 0 && version != VERSION) {
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_FAILED, "%s: another version",
			    db->path);
		return FALSE;
	}
	return ferry_sqlite_db_script(db, CREATE("header") CREATE("shape"), error) &&
	       (version != 0 || ferry_sqlite_db_script(db, "PRAGMA user_version = 2", error));
}

static FerrySqliteDb *
open_file(const char *path, GError **error)
{
	g_autoptr(FerrySqliteDb) db = ferry_sqlite_db_open(path, 10000, error);
	g_autofree char *mode = NULL;

	if (db == NULL || !ferry_sqlite_db_script(db, "PRAGMA page_size = " PAGE_SIZE, error) ||
	    !ferry_sqlite_db_get_text(db, "PRAGMA journal_mode = WAL", ARGS(), &mode, error) ||
	    !ferry_sqlite_db_script(db, "PRAGMA synchronous = OFF", error) ||
	    !make_tables(db, error))
		return NULL;
	return g_steal_pointer(&db);
}

FerrySqliteDb *
ferry_sqlite_structures_open(const char *cache_dir, const char *incarnation, GError **error)
{
	g_autofree char *name = g_strdup_printf("structures-%s.db", incarnation);
	g_autofree char *path = g_build_filename(cache_dir, name, NULL);
	g_autoptr(GError) failure = NULL;
	FerrySqliteDb *db;

	remove_others(cache_dir, name);
	db = open_file(path, &failure);
	if (db != NULL)
		return db;
	g_message("starting a new structure cache: %s", failure->message);
	remove_files(path);
	return open_file(path, error);
}

typedef struct {
	gint64 key;
	guint index; /* among the keys that were asked for */
} Wanted;

static int
compare_wanted(gconstpointer a, gconstpointer b)
{
	gint64 x = ((const Wanted *)a)->key, y = ((const Wanted *)b)->key;

	return x < y ? -1 : x > y;
}

/* The keys in the order of the table. */
static GArray *
sort_keys(GArray *keys)
{
	GArray *wanted = g_array_sized_new(FALSE, FALSE, sizeof(Wanted), keys->len);
	gboolean sorted = TRUE;

	for (guint i = 0; i < keys->len; i++) {
		Wanted entry = {g_array_index(keys, gint64, i), i};

		sorted = sorted && (i == 0 || g_array_index(keys, gint64, i - 1) <= entry.key);
		g_array_append_val(wanted, entry);
	}
	if (!sorted)
		g_array_sort(wanted, compare_wanted);
	return wanted;
}

typedef void (*SetFunc)(FerryStoreStructures *found, guint index, const guint8 *octets,
			gsize length);

/* Reads the rows of a query, in which the keys ascend, into those of @wanted from @next on. */
static gboolean
take_rows(FerrySqliteDb *db, sqlite3_stmt *query, GArray *wanted, guint next,
	  FerryStoreStructures *found, SetFunc set, GError **error)
{
	GError *failure = NULL;

	while (next < wanted->len && ferry_sqlite_db_step(db, query, &failure)) {
		gint64 key = sqlite3_column_int64(query, 0);

		while (next < wanted->len && g_array_index(wanted, Wanted, next).key < key)
			next++;
		for (; next < wanted->len && g_array_index(wanted, Wanted, next).key == key; next++)
			set(found, g_array_index(wanted, Wanted, next).index,
			    sqlite3_column_blob(query, 1), (gsize)sqlite3_column_bytes(query, 1));
	}
	sqlite3_reset(query);
	if (failure == NULL)
		return TRUE;
	g_propagate_error(error, failure);
	return FALSE;
}

static gboolean
read_table(FerrySqliteDb *db, const Table *table, gint64 account, GArray *wanted,
	   FerryStoreStructures *found, SetFunc set, GError **error)
{
	gint64 first = g_array_index(wanted, Wanted, 0).key;
	gint64 last = g_array_index(wanted, Wanted, wanted->len - 1).key;

	if ((guint64)last - (guint64)first < (guint64)wanted->len * MAX_SPREAD) {
		sqlite3_stmt *query = ferry_sqlite_db_query(
			db, table->walk, ARGS(INT(first), INT(last), INT(account)), error);

		return query != NULL && take_rows(db, query, wanted, 0, found, set, error);
	}
	for (guint i = 0; i < wanted->len; i++) {
		gint64 key = g_array_index(wanted, Wanted, i).key;
		sqlite3_stmt *query =
			ferry_sqlite_db_query(db, table->find, ARGS(INT(key), INT(account)), error);

		if (query == NULL || !take_rows(db, query, wanted, i, found, set, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean
read_headers(FerrySqliteDb *db, const FerrySqliteStructuresQuestion *question, GArray *wanted,
	     FerryStoreStructures *found, GError **error)
{
	return wanted->len == 0 || read_table(db, &header_table, question->account_key, wanted,
					      found, ferry_store_structures_set_header, error);
}

/* Those of which no structure was found. */
static GArray *
list_without_shape(GArray *wanted, FerryStoreStructures *found)
{
	GArray *rest = g_array_new(FALSE, FALSE, sizeof(Wanted));
	gsize length;

	for (guint i = 0; i < wanted->len; i++) {
		Wanted entry = g_array_index(wanted, Wanted, i);

		ferry_store_structures_get_structure(found, entry.index, &length);
		if (length == 0)
			g_array_append_val(rest, entry);
	}
	return rest;
}

gboolean
ferry_sqlite_structures_get(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result,
			    GError **error)
{
	FerrySqliteStructuresQuestion *question = data;
	g_autoptr(GArray) wanted = sort_keys(question->keys);
	g_autoptr(GArray) rest = NULL;
	g_autoptr(FerryStoreStructures) found = ferry_store_structures_new_for_keys(
		(const gint64 *)(void *)question->keys->data, question->keys->len);

	if (wanted->len > 0 && (question->parts & FERRY_STORE_STRUCTURE_SHAPE) != 0 &&
	    !read_table(db, &shape_table, question->account_key, wanted, found,
			ferry_store_structures_set_structure, error))
		return FALSE;
	if ((question->parts & FERRY_STORE_STRUCTURE_ELSE_HEADER) != 0)
		rest = list_without_shape(wanted, found);
	else if ((question->parts & FERRY_STORE_STRUCTURE_HEADER) != 0)
		rest = g_array_ref(wanted);
	if (rest != NULL && !read_headers(db, question, rest, found, error))
		return FALSE;
	result->kind = FERRY_SQLITE_RESULT_POINTER;
	result->pointer = g_steal_pointer(&found);
	result->destroy = (GDestroyNotify)ferry_store_structures_unref;
	return TRUE;
}

/* Makes room by an eighth when the file is full; free pages do not count. */
static gboolean
keep_limit(FerrySqliteDb *db, guint64 limit, GError **error)
{
	gint64 pages, unused, size;

	if (!ferry_sqlite_db_get_int(db, "PRAGMA page_count", ARGS(), &pages, NULL, error) ||
	    !ferry_sqlite_db_get_int(db, "PRAGMA freelist_count", ARGS(), &unused, NULL, error) ||
	    !ferry_sqlite_db_get_int(db, "PRAGMA page_size", ARGS(), &size, NULL, error))
		return FALSE;
	if ((guint64)(pages - unused) * size <= limit)
		return TRUE;
	return ferry_sqlite_db_run(db, header_table.shrink, ARGS(), error) &&
	       ferry_sqlite_db_run(db, shape_table.shrink, ARGS(), error);
}

static gboolean
put_octets(FerrySqliteDb *db, const Table *table, const FerrySqliteStructuresQuestion *question,
	   guint index, const guint8 *octets, gsize length, GError **error)
{
	gint64 key = ferry_store_structures_get_key(question->structures, index);

	/* what is not known now may have been before */
	return length == 0 ||
	       ferry_sqlite_db_run(db, table->put,
				   ARGS(INT(key), INT(question->account_key),
					INT(g_get_real_time()), BLOB(octets, length)),
				   error);
}

gboolean
ferry_sqlite_structures_put(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result,
			    GError **error)
{
	FerrySqliteStructuresQuestion *question = data;

	for (guint i = 0; i < ferry_store_structures_get_length(question->structures); i++) {
		gsize header_length, shape_length;
		const guint8 *header =
			ferry_store_structures_get_header(question->structures, i, &header_length);
		const guint8 *shape = ferry_store_structures_get_structure(question->structures, i,
									   &shape_length);

		if (!put_octets(db, &header_table, question, i, header, header_length, error) ||
		    !put_octets(db, &shape_table, question, i, shape, shape_length, error))
			return FALSE;
	}
	return keep_limit(db, question->limit, error);
}

gboolean
ferry_sqlite_structures_forget(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result,
			       GError **error)
{
	GArray *keys = data;

	for (guint i = 0; i < keys->len; i++) {
		gint64 key = g_array_index(keys, gint64, i);

		if (!ferry_sqlite_db_run(db, header_table.forget, ARGS(INT(key)), error) ||
		    !ferry_sqlite_db_run(db, shape_table.forget, ARGS(INT(key)), error))
			return FALSE;
	}
	return TRUE;
}
