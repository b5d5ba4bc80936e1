/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A SQLite connection
 *
 * Implementation: prepared statements are kept by the address of their text; errors become
 *   FERRY_ERROR with the file's name.
 */
#include "store/sqlite-db.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* SQLite would make the file with the umask's mode; its -wal and -shm take ours. One that is there
 * must not be opened here: closing it would drop the locks of this process's other connections. */
static gboolean
create_private(const char *path, GError **error)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 && errno != EEXIST) {
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_FAILED, "cannot open %s: %s", path,
			    g_strerror(errno));
		return FALSE;
	}
	if (fd >= 0)
		close(fd);
	return TRUE;
}

static void
finalize_statement(gpointer statement)
{
	sqlite3_finalize(statement);
}

/* SQLite counts the memory of the whole process under one lock, which all connections would wait
 * for at each allocation. Too late where somebody else in this process uses it already. */
static void
stop_counting_memory(void)
{
	static gsize done;

	if (g_once_init_enter(&done)) {
		sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
		g_once_init_leave(&done, 1);
	}
}

FerrySqliteDb *
ferry_sqlite_db_open(const char *path, int busy_ms, GError **error)
{
	g_autoptr(FerrySqliteDb) self = NULL;
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;

	if (!create_private(path, error))
		return NULL;
	stop_counting_memory();
	self = g_new0(FerrySqliteDb, 1);
	self->path = g_strdup(path);
	self->statements = g_hash_table_new_full(NULL, NULL, NULL, finalize_statement);
	if (sqlite3_open_v2(path, &self->handle, flags, NULL) != SQLITE_OK) {
		ferry_sqlite_db_set_error(self, error);
		return NULL;
	}
	sqlite3_busy_timeout(self->handle, busy_ms);
	sqlite3_db_config(self->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(self->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	/* what a statement or savepoint may have to put back is not worth a file */
	if (!ferry_sqlite_db_script(self, "PRAGMA temp_store = MEMORY", error))
		return NULL;
	return g_steal_pointer(&self);
}

void
ferry_sqlite_db_close(FerrySqliteDb *self)
{
	g_hash_table_unref(self->statements);
	sqlite3_close(self->handle);
	g_free(self->path);
	g_free(self);
}

/* Sets the connection's last error; always FALSE. */
gboolean
ferry_sqlite_db_set_error(FerrySqliteDb *self, GError **error)
{
	int code = self->handle != NULL ? sqlite3_extended_errcode(self->handle) : SQLITE_NOMEM;
	const char *message = self->handle != NULL ? sqlite3_errmsg(self->handle) : "no memory";

	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_IN_USE,
			    "%s: held by another process: %s", self->path, message);
		break;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_FAILED,
			    "%s: the file is damaged (%s); restore it from a backup"
			    " or move it away",
			    self->path, message);
		break;
	default:
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_FAILED, "%s: %s (%d)", self->path,
			    message, code);
	}
	return FALSE;
}

gboolean
ferry_sqlite_db_script(FerrySqliteDb *self, const char *sql, GError **error)
{
	if (sqlite3_exec(self->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
		return ferry_sqlite_db_set_error(self, error);
	return TRUE;
}

static gboolean
bind_values(sqlite3_stmt *statement, const FerrySqliteValue *args)
{
	int status = SQLITE_OK;

	for (int i = 0; args[i].type != 0 && status == SQLITE_OK; i++) {
		const FerrySqliteValue *arg = &args[i];

		if (arg->type == 'i')
			status = sqlite3_bind_int64(statement, i + 1, arg->number);
		else if (arg->data == NULL)
			status = sqlite3_bind_null(statement, i + 1);
		else if (arg->type == 't')
			status = sqlite3_bind_text(statement, i + 1, arg->data, -1, SQLITE_STATIC);
		else
			status = sqlite3_bind_blob64(statement, i + 1, arg->data, arg->length,
						     SQLITE_STATIC);
	}
	return status == SQLITE_OK;
}

sqlite3_stmt *
ferry_sqlite_db_query(FerrySqliteDb *self, const char *sql, const FerrySqliteValue *args,
		      GError **error)
{
	sqlite3_stmt *statement = g_hash_table_lookup(self->statements, sql);

	if (statement == NULL) {
		if (sqlite3_prepare_v3(self->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement,
				       NULL) != SQLITE_OK) {
			ferry_sqlite_db_set_error(self, error);
			return NULL;
		}
		g_hash_table_insert(self->statements, (gpointer)sql, statement);
	}
	sqlite3_reset(statement);
	if (!bind_values(statement, args)) {
		ferry_sqlite_db_set_error(self, error);
		return NULL;
	}
	return statement;
}

gboolean
ferry_sqlite_db_step(FerrySqliteDb *self, sqlite3_stmt *statement, GError **error)
{
	int status = sqlite3_step(statement);

	if (status == SQLITE_ROW)
		return TRUE;
	if (status != SQLITE_DONE)
		ferry_sqlite_db_set_error(self, error);
	sqlite3_reset(statement);
	return FALSE;
}

gboolean
ferry_sqlite_db_run(FerrySqliteDb *self, const char *sql, const FerrySqliteValue *args,
		    GError **error)
{
	sqlite3_stmt *statement = ferry_sqlite_db_query(self, sql, args, error);
	int status;

	if (statement == NULL)
		return FALSE;
	while ((status = sqlite3_step(statement)) == SQLITE_ROW)
		continue;
	if (status != SQLITE_DONE)
		ferry_sqlite_db_set_error(self, error);
	sqlite3_reset(statement);
	return status == SQLITE_DONE;
}

/* Steps to the first row of a query that has at most one that matters. */
static gboolean
first_row(FerrySqliteDb *self, sqlite3_stmt *statement, gboolean *found, GError **error)
{
	int status = sqlite3_step(statement);

	*found = status == SQLITE_ROW;
	if (status == SQLITE_ROW || status == SQLITE_DONE)
		return TRUE;
	ferry_sqlite_db_set_error(self, error);
	sqlite3_reset(statement);
	return FALSE;
}

gboolean
ferry_sqlite_db_get_int(FerrySqliteDb *self, const char *sql, const FerrySqliteValue *args,
			gint64 *value, gboolean *found, GError **error)
{
	sqlite3_stmt *statement = ferry_sqlite_db_query(self, sql, args, error);
	gboolean row;

	*value = 0;
	if (statement == NULL || !first_row(self, statement, &row, error))
		return FALSE;
	if (row)
		*value = sqlite3_column_int64(statement, 0);
	if (found != NULL)
		*found = row;
	sqlite3_reset(statement);
	return TRUE;
}

gboolean
ferry_sqlite_db_get_text(FerrySqliteDb *self, const char *sql, const FerrySqliteValue *args,
			 char **value, GError **error)
{
	sqlite3_stmt *statement = ferry_sqlite_db_query(self, sql, args, error);
	gboolean row;

	*value = NULL;
	if (statement == NULL || !first_row(self, statement, &row, error))
		return FALSE;
	if (row)
		*value = ferry_sqlite_dup_text(statement, 0);
	sqlite3_reset(statement);
	return TRUE;
}

char *
ferry_sqlite_dup_text(sqlite3_stmt *statement, int column)
{
	return g_strdup(ferry_sqlite_peek_text(statement, column));
}

const char *
ferry_sqlite_peek_text(sqlite3_stmt *statement, int column)
{
	return (const char *)sqlite3_column_text(statement, column);
}
