/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Applying a batch: the only writer of mail state
 *
 * Implementation: compare the generation, change, take the next generation if anything did, and
 *   read the difference back from the tables, so that it is what another process would load too.
 * The rooms: mailboxes, emails, UIDs, epochs, and rows in bulk.
 */
#include "store/sqlite-apply-private.h"

void
ferry_sqlite_apply_free(gpointer data)
{
	FerrySqliteApply *self = data;

	ferry_store_batch_unref(self->batch);
	g_free(self);
}

static void
apply_mailbox_free(gpointer data)
{
	FerryApplyMailbox *self = data;

	ferry_store_mailbox_unref(self->mailbox);
	g_free(self);
}

static void
apply_clear(FerryApply *self)
{
	g_hash_table_unref(self->by_key);
	g_hash_table_unref(self->by_id);
	g_hash_table_unref(self->loose);
	g_array_unref(self->epochs);
	g_array_unref(self->pairs);
	g_array_unref(self->forgotten);
	g_array_unref(self->fresh);
	g_array_unref(self->messages);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FerryApply, apply_clear)

static void
apply_init(FerryApply *self, FerrySqliteDb *db, const FerrySqliteApply *job)
{
	*self = (FerryApply){
		.db = db,
		.batch = job->batch,
		.account = job->account_key,
		.generation = job->expected + 1,
		.now = g_get_real_time() / G_USEC_PER_SEC,
		.tombstone_limit = job->tombstone_limit,
		.by_id = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, apply_mailbox_free),
		.by_key = g_hash_table_new(g_int64_hash, g_int64_equal),
		.loose = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL),
		.epochs = g_array_new(FALSE, FALSE, sizeof(gint64)),
		.pairs = g_array_new(FALSE, FALSE, sizeof(FerryApplyPair)),
		.forgotten = g_array_new(FALSE, FALSE, sizeof(gint64)),
		.fresh = g_array_new(FALSE, FALSE, sizeof(FerryApplyEmail)),
		.messages = g_array_new(FALSE, FALSE, sizeof(FerryApplyMessage)),
	};
}

gboolean
ferry_sqlite_check_generation(FerrySqliteDb *db, gint64 account_key, guint64 expected,
			      GError **error)
{
	gint64 generation;
	gboolean found;

	if (!ferry_sqlite_db_get_int(db, "SELECT generation FROM account WHERE key = ?1",
				     ARGS(INT(account_key)), &generation, &found, error))
		return FALSE;
	if (!found)
		return ferry_sqlite_not_found(error, "mail account", account_key);
	if ((guint64)generation == expected)
		return TRUE;
	g_set_error(error, FERRY_ERROR, FERRY_ERROR_CONFLICT,
		    "the mail account is at generation %" G_GINT64_FORMAT
		    ", not at %" G_GUINT64_FORMAT,
		    generation, expected);
	return FALSE;
}

static gboolean
apply_states(FerryApply *self, GError **error)
{
	const int before = sqlite3_total_changes(self->db->handle);

	if (self->batch->email_state != NULL &&
	    !ferry_sqlite_db_run(self->db,
				 "UPDATE account SET email_state = ?2 WHERE key = ?1"
				 " AND email_state IS NOT ?2",
				 ARGS(INT(self->account), TEXT(self->batch->email_state)), error))
		return FALSE;
	if (self->batch->mailbox_state != NULL &&
	    !ferry_sqlite_db_run(self->db,
				 "UPDATE account SET mailbox_state = ?2 WHERE key = ?1"
				 " AND mailbox_state IS NOT ?2",
				 ARGS(INT(self->account), TEXT(self->batch->mailbox_state)), error))
		return FALSE;
	self->changed |= sqlite3_total_changes(self->db->handle) != before;
	return TRUE;
}

static gboolean
apply_subscriptions(FerryApply *self, GError **error)
{
	const int before = sqlite3_total_changes(self->db->handle);

	for (guint i = 0; i < self->batch->subscriptions->len; i++) {
		FerryBatchNumber *name =
			&g_array_index(self->batch->subscriptions, FerryBatchNumber, i);
		const FerrySqliteValue *args = ARGS(INT(self->account), TEXT(name->mailbox_id));

		if (name->flag ? !ferry_sqlite_db_run(self->db,
						      "INSERT OR IGNORE INTO subscription"
						      " VALUES (?1, ?2)",
						      args, error)
			       : !ferry_sqlite_db_run(self->db,
						      "DELETE FROM subscription WHERE account = ?1"
						      " AND name = ?2",
						      args, error))
			return FALSE;
	}
	if (sqlite3_total_changes(self->db->handle) == before)
		return TRUE;
	self->changed = TRUE;
	return ferry_sqlite_db_run(self->db,
				   "UPDATE account SET subscriptions_at = ?2 WHERE key = ?1",
				   ARGS(INT(self->account), INT(self->generation)), error);
}

/* The order that FerryStoreBatch promises. */
static gboolean
apply_all(FerryApply *self, GError **error)
{
	return apply_states(self, error) && apply_subscriptions(self, error) &&
	       ferry_apply_mailboxes(self, error) && ferry_apply_begin_epochs(self, error) &&
	       ferry_apply_removals(self, error) && ferry_apply_deleted(self, error) &&
	       ferry_apply_emails(self, error) && ferry_apply_renewals(self, error) &&
	       ferry_apply_allocate(self, error) && ferry_apply_recents(self, error) &&
	       ferry_apply_sweeps(self, error) && ferry_apply_drop_loose(self, error) &&
	       ferry_apply_intents(self, error) && ferry_apply_flush_mailboxes(self, error);
}

static gboolean
take_generation(FerryApply *self, GError **error)
{
	if (!self->changed)
		return TRUE;
	return ferry_sqlite_db_run(self->db, "UPDATE account SET generation = ?2 WHERE key = ?1",
				   ARGS(INT(self->account), INT(self->generation)), error);
}

gboolean
ferry_sqlite_apply(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result, GError **error)
{
	FerrySqliteApply *job = data;
	g_auto(FerryApply) self = {0};
	g_autoptr(FerryStoreDelta) delta = NULL;

	apply_init(&self, db, job);
	if (!ferry_sqlite_check_generation(db, job->account_key, job->expected, error) ||
	    !apply_all(&self, error) || !take_generation(&self, error))
		return FALSE;
	delta = ferry_sqlite_read_delta(db, job->account_key, job->expected, error);
	if (delta == NULL)
		return FALSE;
	delta->n_uids = self.batch->asked->len;
	delta->uids = ferry_apply_answers(&self, error);
	if (delta->uids == NULL)
		return FALSE;
	result->forgotten = g_array_ref(self.forgotten);
	ferry_sqlite_answer(result, g_steal_pointer(&delta),
			    (GDestroyNotify)ferry_store_delta_unref);
	return TRUE;
}
