/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Applying a batch: listing again what is known
 *
 * Implementation: while an epoch is under way every Email put is noted as seen, also those that
 *   changes bring; a sweep removes the rest. The token keeps one process from sweeping by the list
 * of another. Notes alone are no change: they take no generation.
 */
#include "store/sqlite-apply-private.h"

/* 0 is the mail account itself; -1 a mailbox that is not there. */
static gboolean
scope_key(FerryApply *self, const char *mailbox_id, gint64 *key, GError **error)
{
	GError *failure = NULL;
	FerryApplyMailbox *mailbox;

	*key = 0;
	if (mailbox_id == NULL)
		return TRUE;
	mailbox = ferry_apply_find_mailbox(self, mailbox_id, &failure);
	*key = mailbox != NULL ? mailbox->mailbox->key : -1;
	if (failure != NULL)
		g_propagate_error(error, failure);
	return failure == NULL;
}

static gboolean
forget_seen(FerryApply *self, gint64 scope, GError **error)
{
	const FerrySqliteValue *args = ARGS(INT(self->account), INT(scope));

	return ferry_sqlite_db_run(self->db, "DELETE FROM seen WHERE account = ?1 AND mailbox = ?2",
				   args, error) &&
	       ferry_sqlite_db_run(self->db,
				   "DELETE FROM epoch WHERE account = ?1 AND mailbox = ?2", args,
				   error);
}

static gboolean
load_epochs(FerryApply *self, GError **error)
{
	GError *failure = NULL;
	sqlite3_stmt *query =
		ferry_sqlite_db_query(self->db, "SELECT mailbox FROM epoch WHERE account = ?1",
				      ARGS(INT(self->account)), error);

	if (query == NULL)
		return FALSE;
	while (ferry_sqlite_db_step(self->db, query, &failure)) {
		gint64 scope = sqlite3_column_int64(query, 0);

		g_array_append_val(self->epochs, scope);
	}
	if (failure != NULL)
		g_propagate_error(error, failure);
	return failure == NULL;
}

gboolean
ferry_apply_begin_epochs(FerryApply *self, GError **error)
{
	for (guint i = 0; i < self->batch->epochs->len; i++) {
		FerryBatchNumber *epoch = &g_array_index(self->batch->epochs, FerryBatchNumber, i);
		gint64 scope;

		if (!scope_key(self, epoch->mailbox_id, &scope, error))
			return FALSE;
		if (scope < 0)
			continue;
		if (!forget_seen(self, scope, error) ||
		    !ferry_sqlite_db_run(self->db, "INSERT INTO epoch VALUES (?1, ?2, ?3)",
					 ARGS(INT(self->account), INT(scope), INT(epoch->number)),
					 error))
			return FALSE;
	}
	return load_epochs(self, error);
}

gboolean
ferry_apply_mark_seen(FerryApply *self, gint64 email, GError **error)
{
	for (guint i = 0; i < self->epochs->len; i++) {
		if (!ferry_sqlite_db_run(self->db, "INSERT OR IGNORE INTO seen VALUES (?1, ?2, ?3)",
					 ARGS(INT(self->account),
					      INT(g_array_index(self->epochs, gint64, i)),
					      INT(email)),
					 error))
			return FALSE;
	}
	return TRUE;
}

/* Emails of the mail account, or UIDs of one mailbox, that were not put since the epoch began. */
static GArray *
find_unseen(FerryApply *self, gint64 scope, GError **error)
{
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(gint64));
	GError *failure = NULL;
	sqlite3_stmt *query = ferry_sqlite_db_query(
		self->db,
		scope == 0 ? "SELECT key FROM email WHERE account = ?1 AND key NOT IN"
			     " (SELECT email FROM seen WHERE account = ?1 AND mailbox = ?2)"
			   : "SELECT uid FROM message WHERE mailbox = ?2 AND email NOT IN"
			     " (SELECT email FROM seen WHERE account = ?1 AND mailbox = ?2)"
			     " ORDER BY uid",
		ARGS(INT(self->account), INT(scope)), error);

	if (query == NULL)
		return NULL;
	while (ferry_sqlite_db_step(self->db, query, &failure)) {
		gint64 key = sqlite3_column_int64(query, 0);

		g_array_append_val(keys, key);
	}
	if (failure == NULL)
		return g_steal_pointer(&keys);
	g_propagate_error(error, failure);
	return NULL;
}

static gboolean
sweep(FerryApply *self, gint64 scope, GError **error)
{
	g_autoptr(GArray) unseen = find_unseen(self, scope, error);
	FerryApplyMailbox *mailbox = NULL;

	if (unseen == NULL)
		return FALSE;
	if (scope != 0) {
		mailbox = ferry_apply_find_key(self, scope, error);
		if (mailbox == NULL)
			return FALSE;
	}
	for (guint i = 0; i < unseen->len; i++) {
		const gint64 key = g_array_index(unseen, gint64, i);

		if (mailbox != NULL ? !ferry_apply_remove_message(self, mailbox, key, error)
				    : !ferry_apply_destroy(self, key, error))
			return FALSE;
	}
	return forget_seen(self, scope, error);
}

gboolean
ferry_apply_sweeps(FerryApply *self, GError **error)
{
	for (guint i = 0; i < self->batch->sweeps->len; i++) {
		FerryBatchNumber *wanted = &g_array_index(self->batch->sweeps, FerryBatchNumber, i);
		gint64 scope, token;
		gboolean found;

		if (!scope_key(self, wanted->mailbox_id, &scope, error))
			return FALSE;
		if (!ferry_sqlite_db_get_int(self->db,
					     "SELECT token FROM epoch WHERE account = ?1"
					     " AND mailbox = ?2",
					     ARGS(INT(self->account), INT(scope)), &token, &found,
					     error))
			return FALSE;
		if (!found || (guint64)token != wanted->number) {
			g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CONFLICT,
					    "another listing began since");
			return FALSE;
		}
		if (!sweep(self, scope, error))
			return FALSE;
	}
	return TRUE;
}
