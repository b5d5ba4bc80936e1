/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The structure cache
 *
 * Implementation: a database of its own in the cache directory, never synced, thrown away when it
 * is damaged or belongs to another incarnation of the store. Above its limit the oldest go.
 */
#include "store/sqlite-structures.h"

#include <glib/gstdio.h>

#include "store/results-private.h"

#define VERSION 1

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

static FerrySqliteDb *
open_file(const char *path, GError **error)
{
	g_autoptr(FerrySqliteDb) db = ferry_sqlite_db_open(path, 10000, error);
	g_autofree char *mode = NULL;
	gint64 version;

	if (db == NULL ||
	    !ferry_sqlite_db_get_text(db, "PRAGMA journal_mode = WAL", ARGS(), &mode, error) ||
	    !ferry_sqlite_db_script(db, "PRAGMA synchronous = OFF", error) ||
	    !ferry_sqlite_db_script(db,
				    "CREATE TABLE IF NOT EXISTS structure (key INTEGER PRIMARY KEY,"
				    " account INTEGER NOT NULL, stamp INTEGER NOT NULL,"
				    " header BLOB NOT NULL, structure BLOB NOT NULL);"
				    "CREATE INDEX IF NOT EXISTS structure_stamp"
				    " ON structure (stamp);",
				    error) ||
	    !ferry_sqlite_db_get_int(db, "PRAGMA user_version", ARGS(), &version, NULL, error))
		return NULL;
	if (version == 0 && !ferry_sqlite_db_script(db, "PRAGMA user_version = 1", error))
		return NULL;
	if (version > VERSION) {
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_FAILED, "%s: unknown version", path);
		return NULL;
	}
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

gboolean
ferry_sqlite_structures_get(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result,
			    GError **error)
{
	FerrySqliteStructuresQuestion *question = data;
	g_autoptr(FerryStoreStructures) found = ferry_store_structures_new();

	for (guint i = 0; i < question->keys->len; i++) {
		const gint64 key = g_array_index(question->keys, gint64, i);
		GError *failure = NULL;
		sqlite3_stmt *query =
			ferry_sqlite_db_query(db,
					      "SELECT header, structure FROM structure"
					      " WHERE key = ?1 AND account = ?2",
					      ARGS(INT(key), INT(question->account_key)), error);

		if (query == NULL)
			return FALSE;
		if (ferry_sqlite_db_step(db, query, &failure))
			ferry_store_structures_add(found, key, sqlite3_column_blob(query, 0),
						   sqlite3_column_bytes(query, 0),
						   sqlite3_column_blob(query, 1),
						   sqlite3_column_bytes(query, 1));
		else
			ferry_store_structures_add_missing(found, key);
		sqlite3_reset(query);
		if (failure != NULL) {
			g_propagate_error(error, failure);
			return FALSE;
		}
	}
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
	return ferry_sqlite_db_run(db,
				   "DELETE FROM structure WHERE key IN (SELECT key FROM structure"
				   " ORDER BY stamp LIMIT (SELECT count(*) / 8 + 1"
				   " FROM structure))",
				   ARGS(), error);
}

gboolean
ferry_sqlite_structures_put(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result,
			    GError **error)
{
	FerrySqliteStructuresQuestion *question = data;
	const gint64 stamp = g_get_real_time();

	for (guint i = 0; i < ferry_store_structures_get_length(question->structures); i++) {
		gsize header_length, structure_length;
		const guint8 *header =
			ferry_store_structures_get_header(question->structures, i, &header_length);
		const guint8 *structure = ferry_store_structures_get_structure(
			question->structures, i, &structure_length);

		if (header == NULL)
			continue;
		if (!ferry_sqlite_db_run(
			    db,
			    "INSERT OR REPLACE INTO structure (key, account, stamp, header,"
			    " structure) VALUES (?1, ?2, ?3, ?4, ?5)",
			    ARGS(INT(ferry_store_structures_get_key(question->structures, i)),
				 INT(question->account_key), INT(stamp),
				 BLOB(header, header_length), BLOB(structure, structure_length)),
			    error))
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
		if (!ferry_sqlite_db_run(db, "DELETE FROM structure WHERE key = ?1",
					 ARGS(INT(g_array_index(keys, gint64, i))), error))
			return FALSE;
	}
	return TRUE;
}
