/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Removing messages from a mailbox: EXPUNGE, and the second half of a move between accounts
 *
 * Specification: RFC 9051 §6.4.3, §6.4.9; RFC 8621 §4.6
 * Implementation: never a destroy on an assumption. Where the Emails are is read first; one that is
 *   in this mailbox only is destroyed in a set whose ifInState is the state it was read at, from
 *   any other the mailbox is taken away. On stateMismatch it is read and decided again
 */
#include <string.h>

#include "account/all-mail-private.h"
#include "account/op-private.h"
#include "account/op-remove-private.h"
#include "jmap/error.h"

#define MAX_TRIES 10

static void read_places(FerryOp *op);

static void
decide(FerryOp *op, FerryItem *item, FerryJmapValue *mailboxes)
{
	FerryJmapValueIter iter;
	FerryJmapValue *value;
	const char *id;
	gboolean here = FALSE, elsewhere = FALSE;

	if (mailboxes != NULL && ferry_jmap_value_iter_init(&iter, mailboxes, NULL)) {
		while (ferry_jmap_value_iter_next(&iter, &id, &value)) {
			if (strcmp(id, op->target_id) == 0)
				here = TRUE;
			else
				elsewhere = TRUE;
			ferry_jmap_value_unref(value);
		}
	}
	item->destroy = here && !elsewhere;
	/* its source is gone since: this is the only place that is left */
	if (item->destroy && item->copied)
		item->state = FERRY_ITEM_REFUSED;
	/* somebody took it out already: what is left is to say so */
	if (!here)
		item->state = FERRY_ITEM_DONE;
}

static void
mark_gone(FerryOp *op, gsize from, gsize to)
{
	for (gsize i = from; i < to; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		if (item->state == FERRY_ITEM_TODO && !item->found)
			item->state = FERRY_ITEM_DONE;
	}
}

/* Whether an item of the call is to be done that way. */
static gboolean
has_item(FerryOp *op, gboolean destroy)
{
	for (gsize i = op->from; i < op->to; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		if (item->state == FERRY_ITEM_TODO && item->destroy == destroy)
			return TRUE;
	}
	return FALSE;
}

static void
write_updates(FerryOp *op, FerryJmapBuilder *args)
{
	ferry_jmap_builder_name(args, "update");
	ferry_jmap_builder_begin_object(args);
	for (gsize i = op->from; i < op->to; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		if (item->state != FERRY_ITEM_TODO || item->destroy)
			continue;
		ferry_jmap_builder_name(args, item->email_id);
		ferry_jmap_builder_begin_object(args);
		ferry_jmap_builder_set_patch(args, "mailboxIds", op->target_id, FALSE);
		ferry_jmap_builder_end_object(args);
	}
	ferry_jmap_builder_end_object(args);
}

static void
write_destroys(FerryOp *op, FerryJmapBuilder *args)
{
	ferry_jmap_builder_name(args, "destroy");
	ferry_jmap_builder_begin_array(args);
	for (gsize i = op->from; i < op->to; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		if (item->state == FERRY_ITEM_TODO && item->destroy)
			ferry_jmap_builder_string(args, item->email_id);
	}
	ferry_jmap_builder_end_array(args);
}

static void
read_removal(FerryOp *op, FerryItem *item, FerryJmapSetResult *set)
{
	g_autoptr(GError) error = NULL;
	gboolean done = item->destroy
				? ferry_jmap_set_result_was_destroyed(set, item->email_id, &error)
				: ferry_jmap_set_result_was_updated(set, item->email_id, &error);

	if (done || g_error_matches(error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND)) {
		item->state = FERRY_ITEM_DONE;
		return;
	}
	item->state = FERRY_ITEM_REFUSED;
	if (op->error == NULL)
		op->error = g_steal_pointer(&error);
}

static void
removed_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryOp *op = user_data;
	GError *error = NULL;
	g_autoptr(FerryJmapReply) reply =
		ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &error);
	g_autoptr(FerryJmapSetResult) set = NULL;

	if (reply != NULL)
		set = ferry_jmap_reply_parse_set(reply, op->call_id, &error);
	if (set == NULL) {
		op->chained = FALSE;
		if (g_error_matches(error, FERRY_ERROR, FERRY_ERROR_CONFLICT) &&
		    op->tries++ < MAX_TRIES) {
			g_error_free(error);
			read_places(op);
			return;
		}
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
			read_removal(op, item, set);
	}
	op->from = op->to;
	op->tries = 0;
	read_places(op);
}

static void
send_removals(FerryOp *op, const char *state)
{
	g_autoptr(FerryJmapBuilder) args = ferry_jmap_builder_new();

	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "accountId", op->account->id);
	ferry_jmap_builder_set_string(args, "ifInState", state);
	if (has_item(op, FALSE))
		write_updates(op, args);
	if (has_item(op, TRUE))
		write_destroys(op, args);
	ferry_jmap_builder_end_object(args);
	g_clear_object(&op->request);
	op->request = ferry_jmap_request_new();
	op->call_id = ferry_jmap_request_add_call(op->request, "Email/set", args);
	if (op->to == op->items->len)
		ferry_op_add_counts(op);
	ferry_mail_account_send_async(op->account, op->session->jmap, op->request,
				      FERRY_JMAP_SEND_ALONE, NULL, removed_cb, op);
}

static void
take_places(FerryOp *op, FerryJmapValue *got)
{
	g_autoptr(GHashTable) by_id = g_hash_table_new(g_str_hash, g_str_equal);
	FerryJmapValueIter iter;
	FerryJmapValue *email;

	for (gsize i = op->from; i < op->to; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		item->found = FALSE;
		if (item->state == FERRY_ITEM_TODO)
			g_hash_table_insert(by_id, item->email_id, item);
	}
	if (!ferry_jmap_value_iter_init(&iter, got, "list"))
		return;
	while (ferry_jmap_value_iter_next(&iter, NULL, &email)) {
		const char *id = ferry_jmap_value_get_string(email, "id");
		FerryItem *item = id != NULL ? g_hash_table_lookup(by_id, id) : NULL;
		g_autoptr(FerryJmapValue) places = ferry_jmap_value_get_member(email, "mailboxIds");

		if (item != NULL && item->state == FERRY_ITEM_TODO) {
			item->found = TRUE;
			decide(op, item, places);
		}
		ferry_jmap_value_unref(email);
	}
}

static void
places_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryOp *op = user_data;
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryJmapReply) reply =
		ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &error);
	g_autoptr(FerryJmapValue) got = NULL;
	const char *state = NULL;

	if (reply != NULL)
		got = ferry_jmap_reply_get_result(reply, op->call_id, &error);
	if (got != NULL)
		state = ferry_jmap_value_get_string(got, "state");
	if (state == NULL) {
		op->chained = FALSE;
		if (op->error == NULL && error != NULL)
			op->error = g_steal_pointer(&error);
		op->next(op);
		return;
	}
	take_places(op, got);
	/* an Email that is not there at all is gone from this mailbox too */
	mark_gone(op, op->from, op->to);
	for (gsize i = op->from; i < op->to; i++) {
		if (g_array_index(op->items, FerryItem, i).state == FERRY_ITEM_TODO) {
			send_removals(op, state);
			return;
		}
	}
	op->from = op->to;
	read_places(op);
}

/* Reads where the next items are. */
static void
read_places(FerryOp *op)
{
	static const char *const properties[] = {"id", "mailboxIds", NULL};
	guint limit = MIN(ferry_op_get_set_limit(op), ferry_op_get_get_limit(op));
	g_autoptr(GPtrArray) ids = g_ptr_array_new();
	g_auto(GStrv) calls = NULL;

	for (op->to = op->from; op->to < op->items->len && ids->len < limit; op->to++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, op->to);

		if (item->state == FERRY_ITEM_TODO)
			g_ptr_array_add(ids, item->email_id);
	}
	if (ids->len == 0) {
		op->next(op);
		return;
	}
	g_clear_object(&op->request);
	op->request = ferry_jmap_request_new();
	calls = ferry_jmap_request_add_get(op->request, "Email/get", op->account->id,
					   (const char *const *)ids->pdata, ids->len, properties,
					   ids->len);
	op->call_id = ferry_op_keep_call(op, calls[0]);
	ferry_mail_account_send_async(op->account, op->session->jmap, op->request,
				      FERRY_JMAP_SEND_NONE, NULL, places_cb, op);
}

void
ferry_op_remove_emails(FerryOp *op, FerryOpFunc next)
{
	op->next = next;
	op->from = 0;
	op->tries = 0;
	read_places(op);
}

/* EXPUNGE */

void
ferry_op_fill_removals(FerryStoreBatch *batch, FerryOp *op, gboolean fast)
{
	for (guint i = 0; i < op->items->len; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		if (item->state != FERRY_ITEM_DONE)
			continue;
		ferry_store_batch_remove_uid(batch, op->target_id, item->uid);
		if (fast && item->destroy)
			ferry_store_batch_destroy_email(batch, item->email_id);
	}
	if (op->intent != 0)
		ferry_store_batch_remove_intent(batch, op->intent);
}

static void
expunge_committed(FerryOp *op)
{
	if (op->error != NULL && ferry_op_count(op, FERRY_ITEM_DONE) == 0 && op->items->len > 0) {
		ferry_op_fail(op, g_steal_pointer(&op->error));
		return;
	}
	for (guint i = 0; i < op->items->len; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		if (item->state == FERRY_ITEM_TODO)
			item->state = FERRY_ITEM_REFUSED;
	}
	ferry_op_tell_items(op);
	ferry_op_done(op);
}

static void
expunge_removed(FerryOp *op)
{
	op->fill = ferry_op_fill_removals;
	ferry_op_commit(op, expunge_committed);
}

static gboolean
is_named(GArray *uids, guint32 uid)
{
	guint low = 0, high = uids->len;

	while (low < high) {
		guint middle = low + (high - low) / 2;

		if (g_array_index(uids, guint32, middle) < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < uids->len && g_array_index(uids, guint32, low) == uid;
}

static void
begin_expunge(FerryOp *op)
{
	FerryView *view = op->mailbox->view;
	guint32 count = ferry_view_get_count(view);

	for (guint32 i = 0; i < count; i++) {
		const FerryMessageRow *row = ferry_view_get_row(view, i);

		if ((row->flags & FERRY_MESSAGE_DELETED) == 0 ||
		    (op->extra != NULL && !is_named(op->extra, row->uid)))
			continue;
		ferry_op_add_item(op, view, i);
	}
	if (op->items->len == 0) {
		ferry_op_done(op);
		return;
	}
	ferry_op_remove_emails(op, expunge_removed);
}

static int
compare_uids(gconstpointer a, gconstpointer b)
{
	guint32 first = *(const guint32 *)a;
	guint32 second = *(const guint32 *)b;

	return first < second ? -1 : first > second;
}

/**
 * ferry_mailbox_expunge_async:
 * @self: a mailbox
 * @session: who asks
 * @uids: (array length=n_uids) (nullable): only these; NULL for all
 * @n_uids: how many
 * @cancellable: (nullable): to stop waiting; what was begun is done
 * @callback: called when the backend acknowledged and the store is durable
 * @user_data: for @callback
 *
 * Removes the messages with \Deleted (RFC 9051 §6.4.3, §6.4.9). An Email that is in other mailboxes
 * stays there.
 */
void
ferry_mailbox_expunge_async(FerryMailbox *self, FerryAccountSession *session, const guint32 *uids,
			    gsize n_uids, GCancellable *cancellable, GAsyncReadyCallback callback,
			    gpointer user_data)
{
	GTask *task = g_task_new(self, cancellable, callback, user_data);
	FerryOp *op = ferry_op_new(task, self->owner, session);

	g_task_set_source_tag(task, ferry_mailbox_expunge_async);
	ferry_op_set_mailbox(op, self);
	op->target_id = g_strdup(self->id);
	if (uids != NULL) {
		GArray *copy = g_array_new(FALSE, FALSE, sizeof(guint32));

		g_array_append_vals(copy, uids, (guint)n_uids);
		g_array_sort(copy, compare_uids);
		op->extra = copy;
		op->extra_free = (GDestroyNotify)(void (*)(void))g_array_unref;
	}
	/* there is no \Deleted to go by */
	if (ferry_all_mail_is_id(self->id))
		ferry_op_done(op);
	else if ((ferry_mailbox_get_rights(self) & FERRY_RIGHT_REMOVE_ITEMS) == 0)
		ferry_op_fail(op, g_error_new_literal(FERRY_ERROR, FERRY_ERROR_NO_PERMISSION,
						      "messages may not be removed here"));
	else
		ferry_op_lock(op, begin_expunge);
}

/**
 * ferry_mailbox_expunge_finish:
 * @self: a mailbox
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: (transfer full): done and refused UIDs; the view does not have the former any more
 */
FerryOutcome *
ferry_mailbox_expunge_finish(FerryMailbox *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}
