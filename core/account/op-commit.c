/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a changing operation gets into the store
 *
 * Implementation: where the states show that nobody else changed anything, the store is brought
 *   along without asking; else by the delta. Intents are written before what has to be undone.
 */
#include "account/leftovers-private.h"
#include "account/op-private.h"

/* a process that writes without pause wins most times, but not always */
#define MAX_OVERTAKEN 100

/* The account is up to date again. */
static void
go_on_from_here(FerryOp *op)
{
	if (op->mailbox != NULL && op->mailbox->slot == NULL) {
		ferry_op_fail(op, g_error_new_literal(FERRY_ERROR, FERRY_ERROR_NOT_FOUND,
						      "the mailbox is gone"));
		return;
	}
	g_free(op->state);
	op->state = g_strdup(op->account->email_state);
	op->chained = TRUE;
	op->generation = op->account->generation;
	op->next(op);
}

static void
synced_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryOp *op = user_data;
	GError *error = NULL;
	g_autoptr(FerryStoreDelta) delta = ferry_sync_run_finish(op->account, result, &error);

	if (delta == NULL)
		ferry_op_fail(op, error);
	else
		go_on_from_here(op);
}

void
ferry_op_sync(FerryOp *op, FerryOpFunc next)
{
	op->next = next;
	ferry_sync_run_async(ferry_sync_new(op->account, op->session->jmap), synced_cb, op);
}

/* committing */

/* The intent that the batch removed is no more. */
static void
settle_intent(FerryOp *op)
{
	if (op->intent != 0)
		ferry_leftovers_forget(op->session->account->store, op->account->key, op->intent);
	op->intent = 0;
}

static void
fill_cb(FerryStoreBatch *batch, gpointer user_data)
{
	FerryOp *op = user_data;

	op->fill(batch, op, FALSE);
}

static void
commit_synced_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryOp *op = user_data;
	GError *error = NULL;

	op->delta = ferry_sync_run_finish(op->account, result, &error);
	if (op->delta == NULL) {
		ferry_op_fail(op, error);
		return;
	}
	settle_intent(op);
	op->next(op);
}

static void
commit_by_sync(FerryOp *op)
{
	FerrySync *sync = g_steal_pointer(&op->sync);

	if (sync == NULL)
		sync = ferry_sync_new(op->account, op->session->jmap);
	ferry_sync_set_fill(sync, fill_cb, op);
	ferry_sync_set_origin(sync, op->session);
	ferry_sync_run_async(sync, commit_synced_cb, op);
}

static void
committed_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryOp *op = user_data;
	GError *error = NULL;

	op->delta = ferry_mail_account_apply_finish(op->account, result, &error);
	if (g_error_matches(error, FERRY_ERROR, FERRY_ERROR_CONFLICT)) {
		g_error_free(error);
		commit_by_sync(op);
		return;
	}
	if (op->delta == NULL) {
		ferry_op_fail(op, error);
		return;
	}
	settle_intent(op);
	op->next(op);
}

void
ferry_op_commit(FerryOp *op, FerryOpFunc next)
{
	FerryStoreBatch *batch;

	op->next = next;
	g_clear_pointer(&op->delta, ferry_store_delta_unref);
	/* another process may have moved the store meanwhile */
	if (!op->chained || op->generation != op->account->generation) {
		commit_by_sync(op);
		return;
	}
	batch = ferry_store_batch_new();
	if (op->counts != NULL)
		ferry_sync_fill_mailbox_news(op->counts, batch);
	op->fill(batch, op, TRUE);
	if (g_strcmp0(op->state, op->account->email_state) != 0)
		ferry_store_batch_set_email_state(batch, op->state);
	if (ferry_store_batch_is_empty(batch)) {
		op->delta = ferry_store_delta_new(op->account->key, op->account->generation);
		next(op);
	} else {
		ferry_mail_account_apply_async(op->account, batch, op->session, committed_cb, op);
	}
	ferry_store_batch_unref(batch);
}

/* intents */

static void
caught_up_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryOp *op = user_data;
	GError *error = NULL;

	op->next = op->after;
	if (ferry_mail_account_catch_up_finish(FERRY_MAIL_ACCOUNT(source), result, &error))
		go_on_from_here(op);
	else
		ferry_op_fail(op, error);
}

static void
intent_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryOp *op = user_data;
	GError *error = NULL;
	gint64 intent = ferry_store_put_intent_finish(FERRY_STORE(source), result, &error);
	g_autoptr(GBytes) data = g_steal_pointer(&op->intent_draft);

	if (error == NULL) {
		op->intent = intent;
		g_clear_pointer(&op->intent_data, g_bytes_unref);
		op->intent_data = g_steal_pointer(&data);
		op->next(op);
		return;
	}
	if (!g_error_matches(error, FERRY_ERROR, FERRY_ERROR_CONFLICT)) {
		ferry_op_fail(op, error);
		return;
	}
	g_clear_error(&error);
	if (op->n_overtaken++ < MAX_OVERTAKEN)
		ferry_mail_account_catch_up_async(op->account, caught_up_cb, op);
	else
		ferry_op_fail(op, g_error_new_literal(FERRY_ERROR, FERRY_ERROR_UNAVAILABLE,
						      "another process changes the account"));
}

void
ferry_op_put_intent(FerryOp *op, GBytes *data, FerryOpFunc next, FerryOpFunc again)
{
	op->next = next;
	op->after = again;
	op->intent_draft = g_bytes_ref(data);
	ferry_store_put_intent_async(op->account->account->store, op->account->key,
				     op->account->generation, op->intent, data, NULL, intent_cb,
				     op);
}
