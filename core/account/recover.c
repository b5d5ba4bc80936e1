/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Left-over intents
 *
 * Implementation: an intent names a mailbox and what was about to appear in it: Emails that were
 *   elsewhere (copies), or blobs (new messages). What is found there and was made by it goes again
 *   by the removal rule: an Email that is anywhere else only leaves this mailbox
 */
#include "account/recover-private.h"

#include <string.h>

#include "account/op-remove-private.h"
#include "jmap/error.h"
#include "jmap/value.h"

typedef struct {
	FerryMailAccount *account;
	FerryJmapSession *jmap;
} Recovery;

typedef struct {
	gint64 intent;
	FerryJmapValue *value;
} Leftover;

static void
leftover_free(gpointer data)
{
	Leftover *leftover = data;

	ferry_jmap_value_unref(leftover->value);
	g_free(leftover);
}

static void
recovered_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GError) error = NULL;
	FerryOutcome *outcome = g_task_propagate_pointer(G_TASK(result), &error);

	if (outcome == NULL)
		g_warning("account: an interrupted command was not undone yet: %s", error->message);
	else
		ferry_outcome_unref(outcome);
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

static void
add_email(FerryOp *op, const char *id)
{
	FerryItem *item;

	g_array_set_size(op->items, op->items->len + 1);
	item = &g_array_index(op->items, FerryItem, op->items->len - 1);
	item->email_id = g_strdup(id);
	item->keywords = g_strdup("");
}

static gboolean
holds_only(FerryJmapValue *email, const char *mailbox_id)
{
	g_autoptr(FerryJmapValue) places = ferry_jmap_value_get_member(email, "mailboxIds");

	return places != NULL && ferry_jmap_value_get_size(places, NULL) == 1 &&
	       ferry_jmap_value_get_boolean(places, mailbox_id, FALSE);
}

/* New Emails of the blobs that were about to be imported. */
static void
take_imported(FerryOp *op, FerryJmapValue *got)
{
	Leftover *leftover = op->extra;
	g_auto(GStrv) blobs = ferry_jmap_value_dup_strings(leftover->value, "blobs");
	FerryJmapValueIter iter;
	FerryJmapValue *email;

	if (blobs == NULL || !ferry_jmap_value_iter_init(&iter, got, "list"))
		return;
	while (ferry_jmap_value_iter_next(&iter, NULL, &email)) {
		const char *blob = ferry_jmap_value_get_string(email, "blobId");

		if (blob != NULL && g_strv_contains((const char *const *)blobs, blob) &&
		    holds_only(email, op->target_id))
			add_email(op, ferry_jmap_value_get_string(email, "id"));
		ferry_jmap_value_unref(email);
	}
}

static void
imported_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryOp *op = user_data;
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryJmapReply) reply =
		ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &error);
	g_autoptr(FerryJmapValue) got = NULL;

	if (reply == NULL) {
		ferry_op_fail(op, g_steal_pointer(&error));
		return;
	}
	/* where the backend cannot say what is new, nothing is taken away */
	got = ferry_jmap_reply_get_result(reply, op->call_id, &error);
	if (got != NULL)
		take_imported(op, got);
	ferry_op_remove_emails(op, undone);
}

static void
find_imported(FerryOp *op, const char *state)
{
	static const char *const properties[] = {"id", "blobId", "mailboxIds", NULL};
	const char *changes;

	op->request = ferry_jmap_request_new();
	changes = ferry_jmap_request_add_changes(op->request,
						 "Email/changes",
						 op->account->id,
						 state,
						 0);
	op->call_id = ferry_jmap_request_add_get_reference(op->request,
							   "Email/get",
							   op->account->id,
							   changes,
							   "Email/changes",
							   "/created",
							   properties);
	ferry_mail_account_send_async(op->account,
				      op->session->jmap,
				      op->request,
				      FERRY_JMAP_SEND_NONE,
				      NULL,
				      imported_cb,
				      op);
}

static void
begin(FerryOp *op)
{
	Leftover *leftover = op->extra;
	const char *state = ferry_jmap_value_get_string(leftover->value, "state");
	g_auto(GStrv) emails = ferry_jmap_value_dup_strings(leftover->value, "emails");

	op->target_id = g_strdup(ferry_jmap_value_get_string(leftover->value, "mailbox"));
	if (op->target_id == NULL) {
		undone(op);
		return;
	}
	for (guint i = 0; emails != NULL && emails[i] != NULL; i++) {
		add_email(op, emails[i]);
		g_array_index(op->items, FerryItem, op->items->len - 1).copied = TRUE;
	}
	if (state != NULL)
		find_imported(op, state);
	else
		ferry_op_remove_emails(op, undone);
}

static void
undo(Recovery *recovery, FerryStoreIntent *intent)
{
	g_autoptr(FerryAccountSession) session = NULL;
	g_autoptr(FerryJmapValue) value = NULL;
	Leftover *leftover;
	gsize length;
	const char *json = g_bytes_get_data(intent->data, &length);
	FerryOp *op;

	value = ferry_jmap_value_new_from_json(json, (gssize)length, NULL);
	if (value == NULL) {
		g_warning("account: an intent that cannot be read is kept");
		return;
	}
	g_message("account: undoing a command that was interrupted");
	session = ferry_account_session_new(recovery->account->account, recovery->jmap);
	op = ferry_op_new(g_task_new(recovery->account, NULL, recovered_cb, NULL),
			  recovery->account,
			  session);
	leftover = g_new0(Leftover, 1);
	leftover->intent = intent->id;
	leftover->value = g_steal_pointer(&value);
	op->intent = intent->id;
	op->extra = leftover;
	op->extra_free = leftover_free;
	ferry_op_lock(op, begin);
}

static void
claimed_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Recovery *recovery = user_data;
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) intents =
		ferry_store_claim_intents_finish(FERRY_STORE(source), result, &error);

	for (guint i = 0; intents != NULL && i < intents->len; i++) {
		if (recovery->account->account != NULL)
			undo(recovery, intents->pdata[i]);
	}
	g_object_unref(recovery->account);
	g_object_unref(recovery->jmap);
	g_free(recovery);
}

void
ferry_recover_async(FerryMailAccount *account, FerryJmapSession *jmap)
{
	Recovery *recovery = g_new0(Recovery, 1);

	recovery->account = g_object_ref(account);
	recovery->jmap = g_object_ref(jmap);
	ferry_store_claim_intents_async(account->account->store,
					account->key,
					NULL,
					claimed_cb,
					recovery);
}
