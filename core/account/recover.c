/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Left-over intents
 *
 * Implementation: an intent names a mailbox and what was about to appear in it: Emails that were
 *   elsewhere (copies), or blobs (new messages). What is found there and was made by it goes again
 *   by the removal rule: an Email that is anywhere else only leaves this mailbox. One that was to
 *   replace a message stays where that one is gone (recover-condition.c). What was acknowledged to
 *   anybody since, by whatever process, stays. What could not be undone is tried again, later and
 *   later, and before the next APPEND or COPY
 */
#include "account/recover-private.h"

#include <string.h>

#include "account/candidates-private.h"
#include "account/leftovers-private.h"
#include "account/op-remove-private.h"
#include "jmap/error.h"
#include "jmap/value.h"

/* 2^9 seconds */
#define MAX_BACKOFF 9

typedef struct {
	FerryMailAccount *account;
	FerryJmapSession *jmap;
} Recovery;

/* Whose undoing a task is. */
typedef struct {
	FerryStore *store;
	gint64 account_key;
	gint64 intent;
} Attempt;

static void
attempt_free(gpointer data)
{
	Attempt *attempt = data;

	g_object_unref(attempt->store);
	g_free(attempt);
}

static void
recovered_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Attempt *attempt = g_task_get_task_data(G_TASK(result));
	FerryLeftover *leftover =
		ferry_leftovers_find(attempt->store, attempt->account_key, attempt->intent);
	g_autoptr(GError) error = NULL;
	FerryOutcome *outcome = g_task_propagate_pointer(G_TASK(result), &error);

	if (outcome == NULL)
		g_warning("account: an interrupted command was not undone yet: %s", error->message);
	else
		ferry_outcome_unref(outcome);
	if (leftover == NULL)
		return;
	leftover->busy = FALSE;
	leftover->retry_at = g_get_monotonic_time() +
			     ((gint64)G_USEC_PER_SEC << MIN(leftover->tries, MAX_BACKOFF));
	leftover->tries++;
}

static void
finished(FerryOp *op)
{
	ferry_op_done(op);
}

static void
fill_recovered(FerryStoreBatch *batch, FerryOp *op, gboolean fast)
{
	ferry_store_batch_remove_intent(batch, op->intent);
}

static void
undone(FerryOp *op)
{
	if (op->error != NULL) {
		ferry_op_fail(op, g_steal_pointer(&op->error));
		return;
	}
	op->fill = fill_recovered;
	op->chained = FALSE;
	ferry_op_commit(op, finished);
}

/* What an operation undoes. */
typedef struct {
	FerryJmapValue *value;
	char **spared;
} Undoing;

static void
undoing_free(gpointer data)
{
	Undoing *undoing = data;

	ferry_jmap_value_unref(undoing->value);
	g_strfreev(undoing->spared);
	g_free(undoing);
}

static void
add_email(FerryOp *op, const char *id)
{
	const Undoing *undoing = op->extra;
	FerryItem *item;

	if (g_strv_contains((const char *const *)undoing->spared, id))
		return;
	g_array_set_size(op->items, op->items->len + 1);
	item = &g_array_index(op->items, FerryItem, op->items->len - 1);
	item->email_id = g_strdup(id);
	item->keywords = g_strdup("");
}

/* What was about to be imported, and what may have come of it. */
typedef struct {
	FerryOp *op;
	char **blobs;
	char **digests;
	GArray *candidates;
	gboolean unread;
} Imported;

static void
imported_free(Imported *imported)
{
	g_clear_pointer(&imported->candidates, g_array_unref);
	g_strfreev(imported->blobs);
	g_strfreev(imported->digests);
	g_free(imported);
}

static void
read_sizes(Imported *imported, guint64 *min_size, guint64 *max_size)
{
	*min_size = G_MAXUINT64;
	*max_size = 0;
	for (guint i = 0; imported->digests != NULL && imported->digests[i] != NULL; i++) {
		guint64 size = g_ascii_strtoull(imported->digests[i], NULL, 10);

		*min_size = MIN(*min_size, size);
		*max_size = MAX(*max_size, size);
	}
	if (imported->blobs == NULL || imported->blobs[0] == NULL)
		return;
	*min_size = 0;
	*max_size = G_MAXUINT64;
}

static gboolean
has_size(Imported *imported, guint64 size)
{
	for (guint i = 0; imported->digests != NULL && imported->digests[i] != NULL; i++) {
		if (g_ascii_strtoull(imported->digests[i], NULL, 10) == size)
			return TRUE;
	}
	return FALSE;
}

static void
compare_cb(FerryCandidate *candidate, GBytes *bytes, gpointer user_data)
{
	Imported *imported = user_data;
	g_autofree char *digest = bytes != NULL ? ferry_op_make_digest(bytes) : NULL;

	imported->unread |= bytes == NULL;
	if (digest != NULL && g_strv_contains((const char *const *)imported->digests, digest))
		add_email(imported->op, candidate->id);
}

static void
compared_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Imported *imported = user_data;
	FerryOp *op = imported->op;
	gboolean unread = imported->unread;

	ferry_read_candidates_finish(FERRY_MAIL_ACCOUNT(source), result);
	imported_free(imported);
	if (unread)
		ferry_op_fail(op, g_error_new_literal(FERRY_ERROR, FERRY_ERROR_UNAVAILABLE,
						      "a message cannot be read"));
	else
		ferry_op_remove_emails(op, undone);
}

/* New Emails of the messages that were about to be imported. */
static void
found_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Imported *imported = user_data;
	FerryOp *op = imported->op;
	GError *error = NULL;

	imported->candidates =
		ferry_find_candidates_finish(FERRY_MAIL_ACCOUNT(source), result, &error);
	if (imported->candidates == NULL) {
		imported_free(imported);
		ferry_op_fail(op, error);
		return;
	}
	for (guint i = 0; i < imported->candidates->len; i++) {
		FerryCandidate *candidate = &g_array_index(imported->candidates, FerryCandidate, i);

		if (!candidate->only)
			continue;
		if (imported->blobs != NULL &&
		    g_strv_contains((const char *const *)imported->blobs, candidate->blob_id))
			add_email(op, candidate->id);
		else
			candidate->wanted = has_size(imported, candidate->size);
	}
	ferry_read_candidates_async(op->account, op->session, imported->candidates, compare_cb,
				    imported, compared_cb, imported);
}

static void
find_imported(FerryOp *op, const char *state)
{
	FerryJmapValue *value = ((Undoing *)op->extra)->value;
	Imported *imported = g_new0(Imported, 1);
	guint64 min_size, max_size;

	imported->op = op;
	imported->blobs = ferry_jmap_value_dup_strings(value, "blobs");
	imported->digests = ferry_jmap_value_dup_strings(value, "digests");
	read_sizes(imported, &min_size, &max_size);
	ferry_find_candidates_async(op->account, op->session, op->target_id, state,
				    ferry_jmap_value_get_uint64(value, "uidnext", G_MAXUINT64),
				    min_size, max_size, found_cb, imported);
}

static void
undo_named(FerryOp *op)
{
	FerryJmapValue *value = ((Undoing *)op->extra)->value;
	const char *state = ferry_jmap_value_get_string(value, "state");
	g_auto(GStrv) emails = ferry_jmap_value_dup_strings(value, "emails");

	op->target_id = g_strdup(ferry_jmap_value_get_string(value, "mailbox"));
	if (op->target_id == NULL) {
		undone(op);
		return;
	}
	for (guint i = 0; emails != NULL && emails[i] != NULL; i++)
		add_email(op, emails[i]);
	for (guint i = 0; i < op->items->len; i++)
		g_array_index(op->items, FerryItem, i).copied = TRUE;
	if (state != NULL)
		find_imported(op, state);
	else
		ferry_op_remove_emails(op, undone);
}

static void
read_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryOp *op = user_data;
	GError *error = NULL;
	g_autoptr(FerryStoreIntent) intent =
		ferry_store_read_intent_finish(FERRY_STORE(source), result, &error);
	FerryLeftover *leftover =
		ferry_leftovers_find(FERRY_STORE(source), op->account->key, op->intent);
	Undoing *undoing;

	if (error != NULL) {
		ferry_op_fail(op, error);
		return;
	}
	if (intent == NULL || leftover == NULL) {
		ferry_leftovers_forget(FERRY_STORE(source), op->account->key, op->intent);
		op->intent = 0;
		ferry_op_done(op);
		return;
	}
	undoing = g_new0(Undoing, 1);
	undoing->value = ferry_jmap_value_ref(leftover->value);
	undoing->spared = g_steal_pointer(&intent->spared);
	op->extra = undoing;
	op->extra_free = undoing_free;
	ferry_recover_decide(op, undoing->value, undo_named, undone);
}

static void
begin(FerryOp *op)
{
	ferry_store_read_intent_async(op->session->account->store, op->intent, NULL, read_cb, op);
}

/* Before whoever waits for the lock: an APPEND that repeats the command is to find it undone. */
static void
undo(FerryMailAccount *account, FerryJmapSession *jmap, gint64 intent)
{
	g_autoptr(FerryAccountSession) session = ferry_account_session_new(account->account, jmap);
	GTask *task = g_task_new(account, NULL, recovered_cb, NULL);
	Attempt *attempt = g_new0(Attempt, 1);
	FerryOp *op = ferry_op_new(task, account, session);

	g_message("account: undoing a command that was interrupted");
	attempt->store = g_object_ref(account->account->store);
	attempt->account_key = account->key;
	attempt->intent = intent;
	g_task_set_task_data(task, attempt, attempt_free);
	op->intent = intent;
	ferry_op_lock_next(op, begin);
}

void
ferry_recover_again(FerryMailAccount *account, FerryJmapSession *jmap)
{
	gint64 now = g_get_monotonic_time();
	g_autoptr(GArray) due = g_array_new(FALSE, FALSE, sizeof(gint64));
	GPtrArray *list;

	/* where nobody is signed in any more, this is not what keeps the account loaded */
	if (account->account == NULL || account->account->closed ||
	    account->account->sessions->len == 0)
		return;
	list = ferry_leftovers_list(account->account->store, account->key);
	for (guint i = 0; list != NULL && i < list->len; i++) {
		FerryLeftover *leftover = list->pdata[i];

		if (leftover->busy || leftover->retry_at > now)
			continue;
		leftover->busy = TRUE;
		g_array_append_val(due, leftover->intent);
	}
	for (guint i = 0; i < due->len; i++)
		undo(account, jmap, g_array_index(due, gint64, i));
}

static void
undo_claimed(Recovery *recovery, gint64 intent)
{
	FerryMailAccount *account = recovery->account;
	FerryLeftover *leftover;

	/* closed meanwhile: it is kept for whoever loads the account next */
	if (account->account == NULL)
		return;
	leftover = ferry_leftovers_find(account->account->store, account->key, intent);
	if (leftover == NULL)
		return;
	leftover->busy = TRUE;
	undo(account, recovery->jmap, intent);
}

static void
recovery_end(Recovery *recovery)
{
	recovery->account->recovering = FALSE;
	ferry_mail_account_unlock(recovery->account);
	g_object_unref(recovery->account);
	g_object_unref(recovery->jmap);
	g_free(recovery);
}

static void
claimed_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Recovery *recovery = user_data;
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) intents =
		ferry_store_claim_intents_finish(FERRY_STORE(source), result, &error);

	for (guint i = 0; intents != NULL && i < intents->len; i++) {
		FerryStoreIntent *intent = intents->pdata[i];

		ferry_leftovers_keep(FERRY_STORE(source), recovery->account->key, intent->id,
				     intent->data);
		undo_claimed(recovery, intent->id);
	}
	recovery_end(recovery);
}

static void
claim_locked(FerryMailAccount *account, gpointer user_data)
{
	/* closed meanwhile: they are for whoever loads the account next */
	if (account->account == NULL) {
		recovery_end(user_data);
		return;
	}
	ferry_store_claim_intents_async(account->account->store, account->key, NULL, claimed_cb,
					user_data);
}

/* Comes before everything else on a freshly loaded account, and keeps the lock until it is through:
 * what is to be undone must not be given a UID first, as if it were there to stay. On one that is
 * in use it may have one already, which then gets a tombstone. */
void
ferry_recover_async(FerryMailAccount *account, FerryJmapSession *jmap)
{
	Recovery *recovery;

	if (account->recovering)
		return;
	account->recovering = TRUE;
	recovery = g_new0(Recovery, 1);
	recovery->account = g_object_ref(account);
	recovery->jmap = g_object_ref(jmap);
	ferry_mail_account_lock(account, claim_locked, recovery);
}
