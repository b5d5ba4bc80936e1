/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading a login from SQLite, and making what it lacks
 *
 * Implementation: a reader looks first, so that signing in takes no write lock; only what is
 *   missing goes to the writer.
 */
#include "store/sqlite-read.h"

static gboolean
read_mailboxes(FerrySqliteDb *db, FerryStoreMailAccount *account, GError **error)
{
	GError *failure = NULL;
	sqlite3_stmt *query = ferry_sqlite_db_query(db,
						    "SELECT " FERRY_SQLITE_MAILBOX_COLUMNS
						    " FROM mailbox WHERE account = ?1 ORDER BY key",
						    ARGS(INT(account->key)), error);

	if (query == NULL)
		return FALSE;
	while (ferry_sqlite_db_step(db, query, &failure))
		g_ptr_array_add(account->mailboxes, ferry_sqlite_read_mailbox(query));
	if (failure == NULL) {
		account->subscriptions = ferry_sqlite_read_subscriptions(db, account->key, error);
		return account->subscriptions != NULL;
	}
	g_propagate_error(error, failure);
	return FALSE;
}

static gboolean
read_mail_accounts(FerrySqliteDb *db, FerryStoreAccount *login, char **ids, GError **error)
{
	GError *failure = NULL;
	sqlite3_stmt *query =
		ferry_sqlite_db_query(db,
				      "SELECT key, account_id, generation, email_state,"
				      " mailbox_state FROM account WHERE login = ?1 ORDER BY key",
				      ARGS(INT(login->key)), error);

	if (query == NULL)
		return FALSE;
	while (ferry_sqlite_db_step(db, query, &failure)) {
		const char *id = ferry_sqlite_peek_text(query, 1);
		FerryStoreMailAccount *account;

		if (ids != NULL && !g_strv_contains((const char *const *)ids, id))
			continue;
		account = ferry_store_mail_account_new(sqlite3_column_int64(query, 0), id);
		account->generation = sqlite3_column_int64(query, 2);
		account->email_state = ferry_sqlite_dup_text(query, 3);
		account->mailbox_state = ferry_sqlite_dup_text(query, 4);
		g_ptr_array_add(login->mail_accounts, account);
	}
	if (failure != NULL) {
		g_propagate_error(error, failure);
		return FALSE;
	}
	for (guint i = 0; i < login->mail_accounts->len; i++) {
		if (!read_mailboxes(db, g_ptr_array_index(login->mail_accounts, i), error))
			return FALSE;
	}
	return TRUE;
}

/* What a login lacks is made when this runs in the writer. */
static gboolean
make_account(FerrySqliteDb *db, FerrySqliteQuestion *question, GError **error)
{
	if (!ferry_sqlite_db_run(db,
				 "INSERT OR IGNORE INTO login (backend, username) VALUES (?1, ?2)",
				 ARGS(TEXT(question->backend), TEXT(question->username)), error))
		return FALSE;
	for (guint i = 0; question->ids != NULL && question->ids[i] != NULL; i++) {
		if (!ferry_sqlite_db_run(
			    db,
			    "INSERT OR IGNORE INTO account (login, account_id) SELECT key, ?3"
			    " FROM login WHERE backend = ?1 AND username = ?2",
			    ARGS(TEXT(question->backend), TEXT(question->username),
				 TEXT(question->ids[i])),
			    error))
			return FALSE;
	}
	return TRUE;
}

gboolean
ferry_sqlite_load_account(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result,
			  GError **error)
{
	FerrySqliteQuestion *question = data;
	g_autoptr(FerryStoreAccount) login = NULL;
	const gboolean writing = sqlite3_txn_state(db->handle, "main") == SQLITE_TXN_WRITE;
	const guint wanted = question->ids != NULL ? g_strv_length(question->ids) : 0;
	gboolean found;
	gint64 key;

	if (writing && !make_account(db, question, error))
		return FALSE;
	if (!ferry_sqlite_db_get_int(
		    db, "SELECT key FROM login WHERE backend = ?1 AND username = ?2",
		    ARGS(TEXT(question->backend), TEXT(question->username)), &key, &found, error))
		return FALSE;
	login = ferry_store_account_new(key, question->backend, question->username);
	if (found && !read_mail_accounts(db, login, question->ids, error))
		return FALSE;
	if (!writing && (!found || login->mail_accounts->len < wanted)) {
		result->kind = FERRY_SQLITE_RESULT_WRITE_FIRST;
		return TRUE;
	}
	ferry_sqlite_answer(result, g_steal_pointer(&login),
			    (GDestroyNotify)ferry_store_account_unref);
	return TRUE;
}
