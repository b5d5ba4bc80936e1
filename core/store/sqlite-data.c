/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Modules' data in SQLite, and the end of an account
 *
 * Implementation: what belongs to a login is in the table "data", what all logins that see a JMAP
 *   account have in common in "shared_data". Both go with their mailbox, the latter by a trigger.
 */
#include "store/sqlite-data.h"

#include <string.h>

#include "store/sqlite-read.h"

void
ferry_sqlite_data_question_free(gpointer data)
{
	FerrySqliteDataQuestion *self = data;

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

static gboolean
check_mailbox(FerrySqliteDb *db, const FerryStoreDataPlace *place, GError **error)
{
	gint64 value;
	gboolean found;

	if (place->mailbox_key == 0)
		return TRUE;
	if (!ferry_sqlite_db_get_int(db, "SELECT 1 FROM mailbox WHERE key = ?1 AND account = ?2",
				     ARGS(INT(place->mailbox_key), INT(place->account_key)), &value,
				     &found, error))
		return FALSE;
	return found || ferry_sqlite_not_found(error, "mailbox", place->mailbox_key);
}

FerrySqliteModuleQuestion *
ferry_sqlite_module_question_new(const FerryStoreDataPlace *place)
{
	FerrySqliteModuleQuestion *self = g_new0(FerrySqliteModuleQuestion, 1);

	self->module = g_strdup(place->module);
	self->place = *place;
	self->place.module = self->module;
	return self;
}

void
ferry_sqlite_module_question_free(gpointer data)
{
	FerrySqliteModuleQuestion *self = data;

	g_free(self->module);
	g_free(self->key);
	g_clear_pointer(&self->data, g_ptr_array_unref);
	g_strfreev(self->prefixes);
	g_free(self);
}

/* reading */

#define OWN_PLACE "account = ?1 AND module = ?2 AND mailbox = ?3"

/* As a login sees it whose own account ?1 is, or not: ?4. */
#define SHARED_PLACE                                                                               \
	"(SELECT s.login AS login, s.key AS key, s.value AS value FROM account a"                  \
	" JOIN login l ON l.key = a.login"                                                         \
	" JOIN shared_data s ON s.backend = l.backend AND s.account_id = a.account_id"             \
	" WHERE a.key = ?1 AND s.module = ?2 AND s.mailbox_id ="                                   \
	" coalesce((SELECT id FROM mailbox WHERE key = ?3 AND account = ?1), '')"                  \
	" AND (s.login IN (0, l.key) OR NOT ?4))"

#define OWN_ARGS(place) INT((place)->account_key), TEXT((place)->module), INT((place)->mailbox_key)
#define SHARED_ARGS(place) OWN_ARGS(place), INT((place)->personal)

static sqlite3_stmt *
query_value(FerrySqliteDb *db, FerrySqliteModuleQuestion *question, GError **error)
{
	const FerryStoreDataPlace *place = &question->place;

	if (question->shared)
		return ferry_sqlite_db_query(db,
					     "SELECT value FROM " SHARED_PLACE
					     " WHERE key = ?5 ORDER BY login LIMIT 1",
					     ARGS(SHARED_ARGS(place), TEXT(question->key)), error);
	return ferry_sqlite_db_query(db, "SELECT value FROM data WHERE " OWN_PLACE " AND key = ?4",
				     ARGS(OWN_ARGS(place), TEXT(question->key)), error);
}

gboolean
ferry_sqlite_get_data(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result, GError **error)
{
	FerrySqliteModuleQuestion *question = data;
	GError *failure = NULL;
	sqlite3_stmt *query;

	if (!check_mailbox(db, &question->place, error))
		return FALSE;
	query = query_value(db, question, error);
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

static gboolean
is_wanted(char **prefixes, const char *key)
{
	if (prefixes == NULL)
		return TRUE;
	for (; *prefixes != NULL; prefixes++)
		if (g_str_has_prefix(key, *prefixes))
			return TRUE;
	return FALSE;
}

/* Takes rows of mailbox, key, value; the first of those with one name. */
static gboolean
take_rows(FerrySqliteDb *db, sqlite3_stmt *query, char **prefixes, gboolean shared, GPtrArray *list,
	  GError **error)
{
	GError *failure = NULL;

	while (ferry_sqlite_db_step(db, query, &failure)) {
		const char *key = ferry_sqlite_peek_text(query, 1);
		const gint64 mailbox = sqlite3_column_int64(query, 0);
		FerryStoreDatum *last = list->len > 0 ? list->pdata[list->len - 1] : NULL;
		g_autoptr(GBytes) value = NULL;

		if (!is_wanted(prefixes, key) ||
		    (last != NULL && last->shared == shared && last->mailbox_key == mailbox &&
		     strcmp(last->key, key) == 0))
			continue;
		value = column_bytes(query, 2);
		g_ptr_array_add(list, ferry_store_datum_new(shared, key, value));
		((FerryStoreDatum *)list->pdata[list->len - 1])->mailbox_key = mailbox;
	}
	if (failure != NULL)
		g_propagate_error(error, failure);
	return failure == NULL;
}

static int
compare_data(gconstpointer a, gconstpointer b)
{
	const FerryStoreDatum *first = *(const FerryStoreDatum *const *)a;
	const FerryStoreDatum *second = *(const FerryStoreDatum *const *)b;

	if (first->mailbox_key != second->mailbox_key)
		return first->mailbox_key < second->mailbox_key ? -1 : 1;
	if (first->shared != second->shared)
		return first->shared ? 1 : -1;
	return strcmp(first->key, second->key);
}

gboolean
ferry_sqlite_list_data(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result, GError **error)
{
	static const char own[] = "SELECT mailbox, key, value FROM data WHERE account = ?1"
				  " AND module = ?2 AND (?3 OR mailbox = ?4)";
	static const char shared[] =
		"SELECT coalesce(m.key, 0), s.key, s.value FROM account a"
		" JOIN login l ON l.key = a.login"
		" JOIN shared_data s ON s.backend = l.backend AND s.account_id = a.account_id"
		" LEFT JOIN mailbox m ON m.account = a.key AND m.id = s.mailbox_id"
		" WHERE a.key = ?1 AND s.module = ?2 AND (m.key IS NOT NULL OR s.mailbox_id = '')"
		" AND (?3 OR coalesce(m.key, 0) = ?4)"
		" AND (s.login IN (0, l.key) OR NOT ?5) ORDER BY 1, 2, s.login";
	FerrySqliteModuleQuestion *question = data;
	const FerryStoreDataPlace *place = &question->place;
	g_autoptr(GPtrArray) list =
		g_ptr_array_new_with_free_func((GDestroyNotify)ferry_store_datum_unref);
	sqlite3_stmt *query =
		ferry_sqlite_db_query(db, own,
				      ARGS(INT(place->account_key), TEXT(place->module),
					   INT(place->all_mailboxes), INT(place->mailbox_key)),
				      error);

	if (query == NULL || !take_rows(db, query, question->prefixes, FALSE, list, error))
		return FALSE;
	query = ferry_sqlite_db_query(db, shared,
				      ARGS(INT(place->account_key), TEXT(place->module),
					   INT(place->all_mailboxes), INT(place->mailbox_key),
					   INT(place->personal)),
				      error);
	if (query == NULL || !take_rows(db, query, question->prefixes, TRUE, list, error))
		return FALSE;
	g_ptr_array_sort(list, compare_data);
	ferry_sqlite_answer(result, g_steal_pointer(&list), (GDestroyNotify)g_ptr_array_unref);
	return TRUE;
}

/* writing */

static gboolean
write_own(FerrySqliteDb *db, const FerryStoreDataPlace *place, FerryStoreDatum *datum,
	  GError **error)
{
	if (datum->value == NULL)
		return ferry_sqlite_db_run(db, "DELETE FROM data WHERE " OWN_PLACE " AND key = ?4",
					   ARGS(OWN_ARGS(place), TEXT(datum->key)), error);
	return ferry_sqlite_db_run(
		db,
		"INSERT OR REPLACE INTO data (account, module, mailbox, key, value)"
		" VALUES (?1, ?2, ?3, ?4, ?5)",
		ARGS(OWN_ARGS(place), TEXT(datum->key), bytes_value(datum->value)), error);
}

#define MAILBOX_ID "coalesce((SELECT id FROM mailbox WHERE key = ?3 AND account = ?1), '')"

/* A value that is there is replaced, whosever it is; a new one is the login's own where the account
 * is. */
static gboolean
write_shared(FerrySqliteDb *db, const FerryStoreDataPlace *place, FerryStoreDatum *datum,
	     GError **error)
{
	gint64 login;
	gboolean found;

	if (!ferry_sqlite_db_get_int(
		    db, "SELECT login FROM " SHARED_PLACE " WHERE key = ?5 ORDER BY login LIMIT 1",
		    ARGS(SHARED_ARGS(place), TEXT(datum->key)), &login, &found, error))
		return FALSE;
	if (datum->value == NULL)
		return !found ||
		       ferry_sqlite_db_run(
			       db,
			       "DELETE FROM shared_data WHERE (backend, account_id, mailbox_id,"
			       " module, key, login) = (SELECT l.backend, a.account_id, " MAILBOX_ID
			       ", ?2, ?4, ?5 FROM account a JOIN login l ON l.key = a.login"
			       " WHERE a.key = ?1)",
			       ARGS(OWN_ARGS(place), TEXT(datum->key), INT(login)), error);
	if (!found && place->personal &&
	    !ferry_sqlite_db_get_int(db, "SELECT login FROM account WHERE key = ?1",
				     ARGS(INT(place->account_key)), &login, NULL, error))
		return FALSE;
	return ferry_sqlite_db_run(
		db,
		"INSERT OR REPLACE INTO shared_data SELECT l.backend,"
		" a.account_id, " MAILBOX_ID ", ?2, ?4, ?5, ?6 FROM account a"
		" JOIN login l ON l.key = a.login WHERE a.key = ?1",
		ARGS(OWN_ARGS(place), TEXT(datum->key), INT(login), bytes_value(datum->value)),
		error);
}

static gboolean
count_keys(FerrySqliteDb *db, const FerryStoreDataPlace *place, gint64 counts[2], GError **error)
{
	return ferry_sqlite_db_get_int(db, "SELECT count(*) FROM data WHERE " OWN_PLACE,
				       ARGS(OWN_ARGS(place)), &counts[0], NULL, error) &&
	       ferry_sqlite_db_get_int(db, "SELECT count(DISTINCT key) FROM " SHARED_PLACE,
				       ARGS(SHARED_ARGS(place)), &counts[1], NULL, error);
}

/* The quota counts keys too, or empty values would be free. */
static gboolean
check_quota(FerrySqliteDb *db, const FerryStoreDataPlace *place, GError **error)
{
	static const char *const sums[] = {
		"SELECT coalesce(sum(length(value) + length(CAST(key AS BLOB))), 0) FROM data"
		" WHERE account = ?1 AND module = ?2",
		"SELECT coalesce(sum(length(s.value) + length(CAST(s.key AS BLOB))), 0)"
		" FROM account a JOIN login l ON l.key = a.login"
		" JOIN shared_data s ON s.backend = l.backend AND s.account_id = a.account_id"
		" WHERE a.key = ?1 AND s.module = ?2",
	};

	for (guint i = 0; i < G_N_ELEMENTS(sums); i++) {
		gint64 used;

		if (!ferry_sqlite_db_get_int(db, sums[i],
					     ARGS(INT(place->account_key), TEXT(place->module)),
					     &used, NULL, error))
			return FALSE;
		if (used > FERRY_STORE_DATA_QUOTA) {
			g_set_error(error, FERRY_ERROR, FERRY_ERROR_OVER_QUOTA,
				    "module %s keeps too much for this mail account",
				    place->module);
			return FALSE;
		}
	}
	return TRUE;
}

static gboolean
write_data(FerrySqliteDb *db, FerrySqliteModuleQuestion *question, gboolean *grows, GError **error)
{
	*grows = FALSE;
	for (guint i = 0; i < question->data->len; i++) {
		FerryStoreDatum *datum = question->data->pdata[i];

		*grows |= datum->value != NULL;
		if (datum->value != NULL &&
		    g_bytes_get_size(datum->value) > FERRY_STORE_DATA_VALUE_MAX) {
			g_set_error(error, FERRY_ERROR, FERRY_ERROR_OVER_QUOTA,
				    "a value of module %s is too large", question->module);
			return FALSE;
		}
		if (!(datum->shared ? write_shared : write_own)(db, &question->place, datum, error))
			return FALSE;
	}
	return TRUE;
}

gboolean
ferry_sqlite_put_data(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result, GError **error)
{
	FerrySqliteModuleQuestion *question = data;
	const FerryStoreDataPlace *place = &question->place;
	gint64 before[2], after[2];
	gboolean grows;

	if (!check_account(db, place->account_key, error) || !check_mailbox(db, place, error) ||
	    !count_keys(db, place, before, error) || !write_data(db, question, &grows, error) ||
	    !count_keys(db, place, after, error) || (grows && !check_quota(db, place, error)))
		return FALSE;
	for (guint i = 0; i < 2 && question->max_keys > 0; i++) {
		if (after[i] > question->max_keys && after[i] > before[i]) {
			g_set_error(error, FERRY_ERROR, FERRY_ERROR_LIMIT,
				    "module %s keeps %u values here at most", question->module,
				    question->max_keys);
			return FALSE;
		}
	}
	return TRUE;
}
