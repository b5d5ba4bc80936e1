/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Modules' data in SQLite, and the end of an account */
#include "store/sqlite-data.h"

#include <string.h>

#include "store/sqlite-read.h"

void
ferry_sqlite_data_question_free(gpointer data)
{
	FerrySqliteDataQuestion *self = data;

	g_free(self->module);
	g_free(self->key);
	g_free(self->backend);
	g_free(self->username);
	g_clear_pointer(&self->value, g_bytes_unref);
	g_free(self);
}

gboolean
ferry_sqlite_remove_account(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result,
			    GError **error)
{
#define ACCOUNTS                                                                                   \
	"(SELECT a.key FROM account a JOIN login l ON l.key = a.login"                             \
	" WHERE l.backend = ?1 AND l.username = ?2)"
	static const char *const statements[] = {
		"DELETE FROM message WHERE mailbox IN"
		" (SELECT key FROM mailbox WHERE account IN " ACCOUNTS ")",
		"DELETE FROM tombstone WHERE mailbox IN"
		" (SELECT key FROM mailbox WHERE account IN " ACCOUNTS ")",
		"DELETE FROM email WHERE account IN " ACCOUNTS,
		"DELETE FROM mailbox WHERE account IN " ACCOUNTS,
		"DELETE FROM gone_mailbox WHERE account IN " ACCOUNTS,
		"DELETE FROM subscription WHERE account IN " ACCOUNTS,
		"DELETE FROM intent WHERE account IN " ACCOUNTS,
		"DELETE FROM data WHERE account IN " ACCOUNTS,
		"DELETE FROM epoch WHERE account IN " ACCOUNTS,
		"DELETE FROM seen WHERE account IN " ACCOUNTS,
		"DELETE FROM account WHERE key IN " ACCOUNTS,
		"DELETE FROM login WHERE backend = ?1 AND username = ?2",
	};
#undef ACCOUNTS
	FerrySqliteDataQuestion *question = data;

	for (guint i = 0; i < G_N_ELEMENTS(statements); i++) {
		if (!ferry_sqlite_db_run(db, statements[i],
					 ARGS(TEXT(question->backend), TEXT(question->username)),
					 error))
			return FALSE;
	}
	return TRUE;
}

/* A BLOB that is never NULL, also when it is empty. */
static FerrySqliteValue
bytes_value(GBytes *bytes)
{
	gsize length;
	gconstpointer data = g_bytes_get_data(bytes, &length);

	return BLOB(length > 0 ? data : "", length);
}

static GBytes *
column_bytes(sqlite3_stmt *row, int column)
{
	gconstpointer data = sqlite3_column_blob(row, column);

	return g_bytes_new(data, sqlite3_column_bytes(row, column));
}

static gboolean
check_account(FerrySqliteDb *db, gint64 account_key, GError **error)
{
	gint64 value;
	gboolean found;

	if (!ferry_sqlite_db_get_int(db, "SELECT 1 FROM account WHERE key = ?1",
				     ARGS(INT(account_key)), &value, &found, error))
		return FALSE;
	return found || ferry_sqlite_not_found(error, "mail account", account_key);
}

gboolean
ferry_sqlite_get_data(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result, GError **error)
{
	FerrySqliteDataQuestion *question = data;
	GError *failure = NULL;
	sqlite3_stmt *query =
		ferry_sqlite_db_query(db,
				      "SELECT value FROM data WHERE account = ?1 AND module = ?2"
				      " AND mailbox = ?3 AND key = ?4",
				      ARGS(INT(question->account_key), TEXT(question->module),
					   INT(question->mailbox_key), TEXT(question->key)),
				      error);

	if (query == NULL)
		return FALSE;
	if (ferry_sqlite_db_step(db, query, &failure)) {
		ferry_sqlite_answer(result, column_bytes(query, 0), (GDestroyNotify)g_bytes_unref);
		sqlite3_reset(query);
		return TRUE;
	}
	if (failure == NULL)
		g_set_error(&failure, FERRY_ERROR, FERRY_ERROR_NOT_FOUND,
			    "module %s has no value \"%s\" here", question->module, question->key);
	g_propagate_error(error, failure);
	return FALSE;
}

/* The quota counts keys too, or empty values would be free. */
static gboolean
check_quota(FerrySqliteDb *db, FerrySqliteDataQuestion *question, GError **error)
{
	const gsize size = g_bytes_get_size(question->value);
	gint64 used;

	if (!ferry_sqlite_db_get_int(
		    db,
		    "SELECT coalesce(sum(length(value) + length(CAST(key AS BLOB))), 0) FROM data"
		    " WHERE account = ?1 AND module = ?2 AND NOT (mailbox = ?3 AND key = ?4)",
		    ARGS(INT(question->account_key), TEXT(question->module),
			 INT(question->mailbox_key), TEXT(question->key)),
		    &used, NULL, error))
		return FALSE;
	if (size <= FERRY_STORE_DATA_VALUE_MAX &&
	    used + size + strlen(question->key) <= FERRY_STORE_DATA_QUOTA)
		return TRUE;
	g_set_error(error, FERRY_ERROR, FERRY_ERROR_OVER_QUOTA,
		    "module %s keeps too much for this mail account", question->module);
	return FALSE;
}

static gboolean
check_mailbox(FerrySqliteDb *db, FerrySqliteDataQuestion *question, GError **error)
{
	gint64 value;
	gboolean found;

	if (question->mailbox_key == 0)
		return TRUE;
	if (!ferry_sqlite_db_get_int(db, "SELECT 1 FROM mailbox WHERE key = ?1 AND account = ?2",
				     ARGS(INT(question->mailbox_key), INT(question->account_key)),
				     &value, &found, error))
		return FALSE;
	return found || ferry_sqlite_not_found(error, "mailbox", question->mailbox_key);
}

gboolean
ferry_sqlite_put_data(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result, GError **error)
{
	FerrySqliteDataQuestion *question = data;

	if (question->value == NULL)
		return ferry_sqlite_db_run(db,
					   "DELETE FROM data WHERE account = ?1 AND module = ?2"
					   " AND mailbox = ?3 AND key = ?4",
					   ARGS(INT(question->account_key), TEXT(question->module),
						INT(question->mailbox_key), TEXT(question->key)),
					   error);
	return check_account(db, question->account_key, error) &&
	       check_mailbox(db, question, error) && check_quota(db, question, error) &&
	       ferry_sqlite_db_run(db,
				   "INSERT OR REPLACE INTO data (account, module, mailbox, key,"
				   " value) VALUES (?1, ?2, ?3, ?4, ?5)",
				   ARGS(INT(question->account_key), TEXT(question->module),
					INT(question->mailbox_key), TEXT(question->key),
					bytes_value(question->value)),
				   error);
}

gboolean
ferry_sqlite_list_data(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result, GError **error)
{
	FerrySqliteDataQuestion *question = data;
	g_autoptr(GStrvBuilder) keys = g_strv_builder_new();
	GError *failure = NULL;
	sqlite3_stmt *query = ferry_sqlite_db_query(
		db,
		"SELECT key FROM data WHERE account = ?1 AND module = ?2 AND mailbox = ?3"
		" AND substr(CAST(key AS BLOB), 1, length(CAST(?4 AS BLOB))) = CAST(?4 AS BLOB)"
		" ORDER BY key",
		ARGS(INT(question->account_key), TEXT(question->module), INT(question->mailbox_key),
		     TEXT(question->key != NULL ? question->key : "")),
		error);

	if (query == NULL)
		return FALSE;
	while (ferry_sqlite_db_step(db, query, &failure))
		g_strv_builder_add(keys, ferry_sqlite_peek_text(query, 0));
	if (failure != NULL) {
		g_propagate_error(error, failure);
		return FALSE;
	}
	ferry_sqlite_answer(result, g_strv_builder_end(keys), (GDestroyNotify)g_strfreev);
	return TRUE;
}
