/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The patches that a changing operation sends
 *
 * Specification: RFC 8620 §5.3 (/set), RFC 8621 §4.6 (Email/set)
 * Implementation: in calls of maxObjectsInSet; the states that they answer tell whether anybody
 *   else changed something
 */
#include "account/op-private.h"

static void send_next_patches(FerryOp *op);

const char *
ferry_op_keep_call(FerryOp *op, const char *call_id)
{
	g_free(op->kept_call);
	op->kept_call = g_strdup(call_id);
	return op->kept_call;
}

/* Keeps track whether only our own calls moved the state. */
void
ferry_op_note_set(FerryOp *op, FerryJmapSetResult *set)
{
	const char *old_state = ferry_jmap_set_result_get_old_state(set);
	const char *new_state = ferry_jmap_set_result_get_new_state(set);

	if (old_state == NULL || new_state == NULL || g_strcmp0(old_state, op->state) != 0)
		op->chained = FALSE;
	g_free(op->state);
	op->state = g_strdup(new_state);
}

void
ferry_op_add_counts(FerryOp *op)
{
	g_clear_pointer(&op->counts, ferry_sync_free);
	if (op->account->account == NULL || !op->account->account->push_live)
		return;
	op->counts = ferry_sync_new(op->account, op->session->jmap);
	ferry_sync_add_mailbox_news(op->counts, op->request);
}

void
ferry_op_take_counts(FerryOp *op, FerryJmapReply *reply)
{
	if (op->counts != NULL)
		ferry_sync_take_reply(op->counts, reply);
}

static void
read_patch_result(FerryOp *op, FerryItem *item, FerryJmapSetResult *set)
{
	g_autoptr(GError) error = NULL;

	if (ferry_jmap_set_result_was_updated(set, item->email_id, &error)) {
		item->state = FERRY_ITEM_DONE;
		return;
	}
	item->state = g_error_matches(error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND)
			      ? FERRY_ITEM_MISSING
			      : FERRY_ITEM_REFUSED;
	/* serverFail: Cyrus says so too of what it did, behind one that it refused */
	item->lost = item->state == FERRY_ITEM_REFUSED &&
		     g_error_matches(error, FERRY_ERROR, FERRY_ERROR_BACKEND);
	if (item->state == FERRY_ITEM_REFUSED && op->error == NULL)
		op->error = g_steal_pointer(&error);
}

/* The call had no answer that could be read: what it was about may be done. */
static void
lose_patches(FerryOp *op)
{
	for (gsize i = op->from; i < op->to; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		item->lost = item->state == FERRY_ITEM_TODO;
	}
}

static void
patched_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryOp *op = user_data;
	GError *error = NULL;
	g_autoptr(FerryJmapReply) reply =
		ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &error);
	g_autoptr(FerryJmapSetResult) set = NULL;

	if (reply != NULL)
		set = ferry_jmap_reply_parse_set(reply, op->call_id, &error);
	if (set == NULL) {
		op->conflict = g_error_matches(error, FERRY_ERROR, FERRY_ERROR_CONFLICT);
		op->chained = FALSE;
		if (!op->conflict)
			lose_patches(op);
		/* what earlier calls did is done, and must be told to the store */
		if (op->error == NULL)
			op->error = error;
		else
			g_error_free(error);
		op->next(op);
		return;
	}
	ferry_op_note_set(op, set);
	ferry_op_take_counts(op, reply);
	for (gsize i = op->from; i < op->to; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		if (item->state == FERRY_ITEM_TODO)
			read_patch_result(op, item, set);
	}
	op->from = op->to;
	send_next_patches(op);
}

static void
write_updates(FerryOp *op, FerryJmapBuilder *args)
{
	guint limit = ferry_op_get_set_limit(op);
	guint n = 0;

	ferry_jmap_builder_name(args, "update");
	ferry_jmap_builder_begin_object(args);
	for (op->to = op->from; op->to < op->items->len && n < limit; op->to++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, op->to);

		if (item->state != FERRY_ITEM_TODO)
			continue;
		n++;
		ferry_jmap_builder_name(args, item->email_id);
		ferry_jmap_builder_begin_object(args);
		op->write_patch(op, item, args);
		ferry_jmap_builder_end_object(args);
	}
	ferry_jmap_builder_end_object(args);
}

static void
send_next_patches(FerryOp *op)
{
	g_autoptr(FerryJmapBuilder) args = NULL;

	while (op->from < op->items->len &&
	       g_array_index(op->items, FerryItem, op->from).state != FERRY_ITEM_TODO)
		op->from++;
	if (op->from >= op->items->len) {
		op->next(op);
		return;
	}
	args = ferry_jmap_builder_new();
	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "accountId", op->account->id);
	if (op->conditional)
		ferry_jmap_builder_set_string(args, "ifInState", op->state);
	write_updates(op, args);
	ferry_jmap_builder_end_object(args);
	g_clear_object(&op->request);
	op->request = ferry_jmap_request_new();
	op->call_id = ferry_jmap_request_add_call(op->request, "Email/set", args);
	if (op->to == op->items->len)
		ferry_op_add_counts(op);
	ferry_jmap_request_set_repeatable(op->request, !op->conditional);
	ferry_mail_account_send_async(op->account, op->session->jmap, op->request,
				      op->conditional ? FERRY_JMAP_SEND_ALONE
						      : FERRY_JMAP_SEND_NONE,
				      NULL, patched_cb, op);
}

void
ferry_op_send_patches(FerryOp *op, FerryOpFunc next)
{
	op->next = next;
	op->from = 0;
	op->conflict = FALSE;
	send_next_patches(op);
}
