/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Intents in SQLite
 *
 * Implementation: an intent belongs to the start number of the store object that wrote it; when
 *   nobody holds that number's lock any more, its process is gone and another may take over. What
 *   any process acknowledges while an intent stands is noted with the intent, in the transaction
 *   that makes it durable, so that whoever undoes the intent leaves it alone. A trigger takes the
 *   notes away with their intent
 */
#include "store/sqlite-intent.h"

#include "store/sqlite-apply-private.h"
#include "store/sqlite-data.h"

/* A BLOB that is never NULL, also when it is empty. */
static FerrySqliteValue
bytes_value(GBytes *bytes)
{
	gsize length;
	gconstpointer data = g_bytes_get_data(bytes, &length);

	return BLOB(length > 0 ? data : "", length);
}

static gboolean
replace(FerrySqliteDb *db, FerrySqliteDataQuestion *question, GError **error)
{
	if (!ferry_sqlite_db_run(
		    db, "UPDATE intent SET data = ?3 WHERE id = ?1 AND owner = ?2",
		    ARGS(INT(question->intent), INT(question->owner), bytes_value(question->value)),
		    error))
		return FALSE;
	return sqlite3_changes(db->handle) > 0 ||
	       ferry_sqlite_not_found(error, "intent", question->intent);
}

gboolean
ferry_sqlite_put_intent(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result, GError **error)
{
	FerrySqliteDataQuestion *question = data;

	result->kind = FERRY_SQLITE_RESULT_NUMBER;
	result->number = question->intent;
	if (question->intent != 0)
		return replace(db, question, error);
	if (!ferry_sqlite_check_generation(db, question->account_key, question->generation,
					   error) ||
	    !ferry_sqlite_db_run(db,
				 "INSERT INTO intent (account, owner, data) VALUES (?1, ?2, ?3)",
				 ARGS(INT(question->account_key), INT(question->owner),
				      bytes_value(question->value)),
				 error))
		return FALSE;
	result->number = sqlite3_last_insert_rowid(db->handle);
	return TRUE;
}

static GBytes *
column_bytes(sqlite3_stmt *row, int column)
{
	gconstpointer data = sqlite3_column_blob(row, column);

	return g_bytes_new(data, (gsize)sqlite3_column_bytes(row, column));
}

static gboolean
take_over(FerrySqliteDb *db, FerrySqliteDataQuestion *question, GPtrArray *intents, GError **error)
{
	for (guint i = 0; i < intents->len; i++) {
		FerryStoreIntent *intent = g_ptr_array_index(intents, i);

		if (!ferry_sqlite_db_run(db, "UPDATE intent SET owner = ?2 WHERE id = ?1",
					 ARGS(INT(intent->id), INT(question->owner)), error))
			return FALSE;
	}
	return TRUE;
}

gboolean
ferry_sqlite_claim_intents(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result,
			   GError **error)
{
	FerrySqliteDataQuestion *question = data;
	g_autoptr(GPtrArray) intents =
		g_ptr_array_new_with_free_func((GDestroyNotify)ferry_store_intent_unref);
	GError *failure = NULL;
	sqlite3_stmt *query = ferry_sqlite_db_query(
		db,
		"SELECT id, owner, data FROM intent WHERE account = ?1 AND owner <> ?2 ORDER BY id",
		ARGS(INT(question->account_key), INT(question->owner)), error);

	if (query == NULL)
		return FALSE;
	while (ferry_sqlite_db_step(db, query, &failure)) {
		FerryStoreIntent *intent;

		if (ferry_sqlite_mark_owner_is_alive(question->mark,
						     (guint64)sqlite3_column_int64(query, 1)))
			continue;
		intent = g_atomic_rc_box_new0(FerryStoreIntent);
		intent->id = sqlite3_column_int64(query, 0);
		intent->account_key = question->account_key;
		intent->data = column_bytes(query, 2);
		g_ptr_array_add(intents, intent);
	}
	if (failure != NULL) {
		g_propagate_error(error, failure);
		return FALSE;
	}
	if (!take_over(db, question, intents, error))
		return FALSE;
	ferry_sqlite_answer(result, g_steal_pointer(&intents), (GDestroyNotify)g_ptr_array_unref);
	return TRUE;
}

gboolean
ferry_sqlite_find_abandoned(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result,
			    GError **error)
{
	FerrySqliteDataQuestion *question = data;
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(gint64));
	GError *failure = NULL;
	sqlite3_stmt *query = ferry_sqlite_db_query(
		db, "SELECT DISTINCT account, owner FROM intent WHERE owner <> ?1",
		ARGS(INT(question->owner)), error);

	if (query == NULL)
		return FALSE;
	while (ferry_sqlite_db_step(db, query, &failure)) {
		gint64 key = sqlite3_column_int64(query, 0);

		if (!ferry_sqlite_mark_owner_is_alive(question->mark,
						      (guint64)sqlite3_column_int64(query, 1)))
			g_array_append_val(keys, key);
	}
	if (failure != NULL) {
		g_propagate_error(error, failure);
		return FALSE;
	}
	ferry_sqlite_answer(result, g_steal_pointer(&keys), (GDestroyNotify)g_array_unref);
	return TRUE;
}

/* The Email ids that were noted with an intent; NULL with @error set. */
static char **
read_spared(FerrySqliteDb *db, gint64 intent, GError **error)
{
	g_autoptr(GPtrArray) emails = g_ptr_array_new_with_free_func(g_free);
	GError *failure = NULL;
	sqlite3_stmt *query = ferry_sqlite_db_query(
		db, "SELECT email FROM spared WHERE intent = ?1", ARGS(INT(intent)), error);

	if (query == NULL)
		return NULL;
	while (ferry_sqlite_db_step(db, query, &failure))
		g_ptr_array_add(emails, ferry_sqlite_dup_text(query, 0));
	if (failure != NULL) {
		g_propagate_error(error, failure);
		return NULL;
	}
	g_ptr_array_add(emails, NULL);
	return (char **)g_ptr_array_steal(emails, NULL);
}

gboolean
ferry_sqlite_read_intent(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result,
			 GError **error)
{
	FerrySqliteDataQuestion *question = data;
	g_autoptr(FerryStoreIntent) intent = NULL;
	GError *failure = NULL;
	sqlite3_stmt *query =
		ferry_sqlite_db_query(db, "SELECT account, data FROM intent WHERE id = ?1",
				      ARGS(INT(question->intent)), error);

	if (query == NULL)
		return FALSE;
	if (ferry_sqlite_db_step(db, query, &failure)) {
		intent = g_atomic_rc_box_new0(FerryStoreIntent);
		intent->id = question->intent;
		intent->account_key = sqlite3_column_int64(query, 0);
		intent->data = column_bytes(query, 1);
		sqlite3_reset(query);
		intent->spared = read_spared(db, question->intent, error);
		if (intent->spared == NULL)
			return FALSE;
	}
	if (failure != NULL) {
		g_propagate_error(error, failure);
		return FALSE;
	}
	ferry_sqlite_answer(result, g_steal_pointer(&intent),
			    (GDestroyNotify)ferry_store_intent_unref);
	return TRUE;
}

gboolean
ferry_sqlite_remove_intent(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result,
			   GError **error)
{
	FerrySqliteDataQuestion *question = data;

	return ferry_sqlite_db_run(db, "DELETE FROM intent WHERE id = ?1",
				   ARGS(INT(question->intent)), error);
}

/* What the batch asks UIDs for is acknowledged once it is committed. Mostly no intent stands. */
static gboolean
spare_asked(FerryApply *self, GError **error)
{
	gint64 any;
	gboolean found;

	if (self->batch->asked->len == 0)
		return TRUE;
	if (!ferry_sqlite_db_get_int(self->db, "SELECT 1 FROM intent WHERE account = ?1 LIMIT 1",
				     ARGS(INT(self->account)), &any, &found, error))
		return FALSE;
	for (guint i = 0; found && i < self->batch->asked->len; i++) {
		const FerryBatchPair *asked = &g_array_index(self->batch->asked, FerryBatchPair, i);

		if (!ferry_sqlite_db_run(self->db,
					 "INSERT OR IGNORE INTO spared"
					 " SELECT id, ?2 FROM intent WHERE account = ?1",
					 ARGS(INT(self->account), TEXT(asked->email_id)), error))
			return FALSE;
	}
	return TRUE;
}

gboolean
ferry_apply_intents(FerryApply *self, GError **error)
{
	for (guint i = 0; i < self->batch->intents->len; i++) {
		if (!ferry_sqlite_db_run(self->db,
					 "DELETE FROM intent WHERE id = ?1 AND account = ?2",
					 ARGS(INT(g_array_index(self->batch->intents, gint64, i)),
					      INT(self->account)),
					 error))
			return FALSE;
	}
	return spare_asked(self, error);
}
