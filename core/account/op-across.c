/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* COPY and MOVE between JMAP accounts
 *
 * Specification: RFC 8621 §4.7 (Email/copy)
 * Implementation: Email/copy under the target's lock, and what it refuses by blobs
 *   (op-across-blobs.c), since Cyrus copies only where the right `n` is given too. For a move then
 *   the removal rule under the source's lock. onSuccessDestroyOriginal would destroy an Email
 *   everywhere and is never used
 */
#include <string.h>

#include "account/op-copy-private.h"
#include "account/op-remove-private.h"
#include "account/recover-private.h"
#include "account/rights-private.h"
#include "jmap/date.h"
#include "jmap/error.h"

#define MAX_TRIES 3

static void send_copies(FerryOp *op);

static void
across_free(gpointer data)
{
	FerryAcross *across = data;

	g_clear_object(&across->reader);
	g_clear_pointer(&across->messages, g_ptr_array_unref);
	g_object_unref(across->source);
	g_free(across);
}

/* the second half of a move */

static void
source_done_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryOp *op = user_data;
	GError *error = NULL;
	FerryOutcome *removed = g_task_propagate_pointer(G_TASK(result), &error);

	/* the copies are there and told; what could not be taken away stays in the source */
	if (removed == NULL)
		ferry_outcome_take_error(op->outcome, error);
	else if (ferry_outcome_get_error(removed) != NULL)
		ferry_outcome_take_error(op->outcome,
					 g_error_copy(ferry_outcome_get_error(removed)));
	g_clear_pointer(&removed, ferry_outcome_unref);
	ferry_op_done(op);
}

static void
source_committed(FerryOp *op)
{
	ferry_op_tell_items(op);
	ferry_op_done(op);
}

static void
source_removed(FerryOp *op)
{
	op->fill = ferry_op_fill_removals;
	ferry_op_commit(op, source_committed);
}

static void
source_locked(FerryOp *op)
{
	GArray *uids = op->extra;

	ferry_op_add_uids(op, (const guint32 *)(gconstpointer)uids->data, uids->len);
	ferry_op_remove_emails(op, source_removed);
}

static void
remove_from_source(FerryOp *op)
{
	FerryAcross *across = op->extra;
	FerryOp *removal;

	ferry_op_unlock(op);
	removal = ferry_op_new(g_task_new(across->source, NULL, source_done_cb, op),
			       across->source->owner, op->session);
	ferry_op_set_mailbox(removal, across->source);
	removal->target_id = g_strdup(across->source->id);
	removal->extra = g_array_copy(op->outcome->source);
	removal->extra_free = (GDestroyNotify)(void (*)(void))g_array_unref;
	ferry_op_lock(removal, source_locked);
}

static void
across_committed(FerryOp *op)
{
	ferry_op_tell_targets(op, TRUE);
	ferry_op_tell_items(op);
	if (op->move)
		remove_from_source(op);
	else
		ferry_op_done(op);
}

static void
fill_across(FerryStoreBatch *batch, FerryOp *op, gboolean fast)
{
	ferry_op_fill_targets(batch, op);
}

static void
across_adopted(FerryOp *op)
{
	if (op->error != NULL) {
		ferry_op_undo(op);
		return;
	}
	op->fill = fill_across;
	op->chained = FALSE;
	ferry_op_commit(op, across_committed);
}

static void
read_copy(FerryOp *op, FerryItem *item, guint index, FerryJmapSetResult *set)
{
	g_autofree char *creation = g_strdup_printf("c%u", index);
	g_autoptr(GError) error = NULL;
	const char *id = ferry_jmap_set_result_get_created_id(set, creation, &error);

	if (id == NULL) {
		id = ferry_jmap_error_get_existing_id(error);
		item->existing = id != NULL;
	} else {
		item->created = TRUE;
		item->state = FERRY_ITEM_DONE;
	}
	if (id != NULL) {
		/* from here on the item is the Email in the target's account */
		g_free(item->email_id);
		item->email_id = g_strdup(id);
		return;
	}
	if (ferry_op_is_refused_copy(error)) {
		item->way = FERRY_WAY_BLOB;
		return;
	}
	item->state = g_error_matches(error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND)
			      ? FERRY_ITEM_MISSING
			      : FERRY_ITEM_REFUSED;
	if (item->state == FERRY_ITEM_REFUSED && op->error == NULL)
		op->error = g_steal_pointer(&error);
}

/* What was looked up and found is as if it had been told. */
static void
take_found(FerryOp *op)
{
	for (guint i = 0; i < op->items->len; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		if (item->state != FERRY_ITEM_DONE || item->new_id == NULL)
			continue;
		g_free(item->email_id);
		item->email_id = g_steal_pointer(&item->new_id);
	}
}

static gboolean
is_waiting(const FerryItem *item)
{
	return item->way == FERRY_WAY_COPY && item->state == FERRY_ITEM_TODO && !item->existing;
}

/* The call was refused, so all others would be. */
static void
go_by_blobs(FerryOp *op)
{
	for (gsize i = op->from; i < op->items->len; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		if (is_waiting(item))
			item->way = FERRY_WAY_BLOB;
	}
	send_copies(op);
}

static gboolean
has_refused_copies(FerryOp *op)
{
	for (guint i = 0; i < op->items->len; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		if (item->way == FERRY_WAY_BLOB && item->state == FERRY_ITEM_TODO)
			return TRUE;
	}
	return FALSE;
}

static void
across_made(FerryOp *op)
{
	take_found(op);
	ferry_op_adopt(op, across_adopted);
}

/* The copies of the last call may be there although nobody told. */
static gboolean
look_up(FerryOp *op, const GError *error)
{
	if (!g_error_matches(error, FERRY_JMAP_ERROR, FERRY_JMAP_ERROR_LOST_ANSWER) ||
	    op->tries++ >= MAX_TRIES || !ferry_op_has_time(op))
		return FALSE;
	for (gsize i = op->from; i < op->to; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		item->lost = is_waiting(item);
	}
	op->next = send_copies;
	ferry_op_look_up(op, send_copies);
	return TRUE;
}

static void
copied_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryOp *op = user_data;
	GError *error = NULL;
	g_autoptr(FerryJmapReply) reply =
		ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &error);
	g_autoptr(FerryJmapSetResult) set = NULL;

	if (reply != NULL)
		set = ferry_jmap_reply_parse_set(reply, op->call_id, &error);
	if (set == NULL) {
		if (look_up(op, error)) {
			g_error_free(error);
			return;
		}
		if (ferry_op_is_refused_copy(error)) {
			g_error_free(error);
			go_by_blobs(op);
			return;
		}
		if (op->error == NULL)
			op->error = error;
		else
			g_error_free(error);
		ferry_op_undo(op);
		return;
	}
	for (gsize i = op->from; i < op->to; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		if (is_waiting(item))
			read_copy(op, item, (guint)i, set);
	}
	op->from = op->to;
	send_copies(op);
}

static void
write_one(FerryOp *op, FerryJmapBuilder *args, const FerryItem *item, gsize index)
{
	g_autofree char *creation = g_strdup_printf("c%u", (guint)index);
	g_autofree char *date = ferry_jmap_date_format_utc(item->received_at);
	g_auto(GStrv) keywords = g_strsplit(item->keywords, " ", -1);

	ferry_jmap_builder_name(args, creation);
	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "id", item->email_id);
	ferry_jmap_builder_name(args, "mailboxIds");
	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_bool(args, op->target_id, TRUE);
	ferry_jmap_builder_end_object(args);
	ferry_jmap_builder_name(args, "keywords");
	ferry_jmap_builder_begin_object(args);
	for (guint i = 0; keywords[i] != NULL; i++) {
		if (*keywords[i] != '\0')
			ferry_jmap_builder_set_bool(args, keywords[i], TRUE);
	}
	ferry_jmap_builder_end_object(args);
	ferry_jmap_builder_set_string(args, "receivedAt", date);
	ferry_jmap_builder_end_object(args);
}

static void
send_copies(FerryOp *op)
{
	FerryAcross *across = op->extra;
	g_autoptr(FerryJmapBuilder) args = NULL;
	guint limit = ferry_op_get_set_limit(op);

	take_found(op);
	while (op->from < op->items->len &&
	       !is_waiting(&g_array_index(op->items, FerryItem, op->from)))
		op->from++;
	ferry_op_note_gone(op);
	if (op->from >= op->items->len || op->error != NULL) {
		if (op->error != NULL)
			ferry_op_undo(op);
		else if (has_refused_copies(op))
			ferry_op_import_across(op, across_made);
		else
			across_made(op);
		return;
	}
	args = ferry_jmap_builder_new();
	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "fromAccountId", across->source->owner->id);
	ferry_jmap_builder_set_string(args, "accountId", op->account->id);
	ferry_jmap_builder_name(args, "create");
	ferry_jmap_builder_begin_object(args);
	for (op->to = op->from; op->to < op->items->len && op->to - op->from < limit; op->to++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, op->to);

		if (is_waiting(item))
			write_one(op, args, item, op->to);
	}
	ferry_jmap_builder_end_object(args);
	ferry_jmap_builder_end_object(args);
	g_clear_object(&op->request);
	op->request = ferry_jmap_request_new();
	op->call_id = ferry_jmap_request_add_call(op->request, "Email/copy", args);
	ferry_jmap_request_set_repeatable(op->request, FALSE);
	ferry_mail_account_send_async(op->account, op->session->jmap, op->request,
				      FERRY_JMAP_SEND_ALONE, NULL, copied_cb, op);
}

static void
across_intended(FerryOp *op)
{
	op->from = 0;
	send_copies(op);
}

static void
across_locked(FerryOp *op)
{
	FerryMailboxSlot *slot = ferry_mail_account_find(op->account, op->target_id);

	if (slot == NULL) {
		ferry_op_fail(op, g_error_new_literal(FERRY_ERROR, FERRY_ERROR_TRY_CREATE,
						      "the mailbox does not exist"));
		return;
	}
	ferry_rights_limit_items(slot, op->items);
	/* the blobs that are about to appear: a copy of an Email has the blob of the original */
	for (guint i = 0; i < op->items->len; i++)
		g_array_index(op->items, FerryItem, i).import = TRUE;
	ferry_op_intend(op, across_intended, across_locked);
}

void
ferry_op_copy_across(GTask *task, FerryMailbox *source, FerryAccountSession *session,
		     FerryMailboxSlot *target, GArray *uids, gboolean move, gboolean strict)
{
	FerryOp *op = ferry_op_new(task, target->owner, session);
	FerryAcross *across = g_new0(FerryAcross, 1);

	across->source = g_object_ref(source);
	op->extra = across;
	op->extra_free = across_free;
	op->target_id = g_strdup(target->stored->id);
	op->move = move;
	op->strict = strict;
	for (guint i = 0; i < uids->len; i++) {
		guint32 uid = g_array_index(uids, guint32, i);
		guint32 index;

		if (ferry_view_find_uid(source->view, uid, &index))
			ferry_op_add_item(op, source->view, index)->size =
				ferry_view_get_row(source->view, index)->size;
		else
			g_array_append_val(op->outcome->missing, uid);
	}
	if (ferry_op_fail_if_gone(op))
		return;
	if (op->items->len == 0) {
		ferry_op_done(op);
		return;
	}
	ferry_recover_again(target->owner, session->jmap);
	ferry_op_lock(op, across_locked);
}
