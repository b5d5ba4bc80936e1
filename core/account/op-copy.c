/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* COPY and MOVE within a JMAP account
 *
 * Specification: RFC 9051 §6.4.7, §6.4.8; RFC 8621 §4.6, §4.8
 * Implementation: a copy is one more mailbox of the Email, or a new Email where it is there
 *   already; a move is one patch. Where no second Email can be made the pair in the target gets a
 *   new UID
 */
#include <string.h>

#include "account/listing-private.h"
#include "account/op-copy-private.h"
#include "account/recover-private.h"
#include "account/rights-private.h"

typedef struct {
	FerryAccountSession *session;
	GArray *uids;
	char *target_name;
	gboolean move;
	gboolean strict;
} Copy;

static void
copy_free(gpointer data)
{
	Copy *copy = data;

	g_object_unref(copy->session);
	g_array_unref(copy->uids);
	g_free(copy->target_name);
	g_free(copy);
}

static void
write_copy(FerryOp *op, const FerryItem *item, FerryJmapBuilder *patch)
{
	/* also where it is, as far as is known here: whoever took it from there meanwhile would
	 * make the patch of a move take it from its last mailbox */
	ferry_jmap_builder_set_patch(patch, "mailboxIds", op->target_id, TRUE);
	if (op->move)
		ferry_jmap_builder_set_patch(patch, "mailboxIds", op->mailbox->id, FALSE);
}

static void
fill_copy(FerryStoreBatch *batch, FerryOp *op, gboolean fast)
{
	const char *source = op->mailbox->id;
	gboolean leaves = op->move && strcmp(source, op->target_id) != 0;

	for (guint i = 0; i < op->items->len; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		if (item->state != FERRY_ITEM_DONE)
			continue;
		if (leaves)
			ferry_store_batch_remove_uid(batch, source, item->uid);
		if (fast && (leaves || !item->in_target))
			ferry_op_put_item(op, batch, item, op->target_id, leaves ? source : NULL);
	}
	ferry_op_fill_targets(batch, op);
}

static void
copy_committed(FerryOp *op)
{
	for (guint i = 0; i < op->items->len; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		if (item->state == FERRY_ITEM_TODO)
			item->state = FERRY_ITEM_REFUSED;
	}
	ferry_op_explain(op, &op->error);
	if (op->error != NULL && ferry_op_count(op, FERRY_ITEM_DONE) == 0) {
		ferry_op_fail(op, g_steal_pointer(&op->error));
		return;
	}
	ferry_op_tell_targets(op, TRUE);
	ferry_op_tell_items(op);
	ferry_op_done(op);
}

static void
copy_patched(FerryOp *op)
{
	op->fill = fill_copy;
	ferry_op_note_gone(op);
	/* COPY is all or none, MOVE is each message for itself */
	if (op->error != NULL && !op->move) {
		ferry_op_undo(op);
		return;
	}
	/* what a refusal means is seen once the account is up to date */
	if (op->error != NULL)
		op->chained = FALSE;
	ferry_op_commit(op, copy_committed);
}

static void
copy_imported(FerryOp *op)
{
	if (op->error != NULL) {
		ferry_op_undo(op);
		return;
	}
	for (guint i = 0; i < op->items->len; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		/* one Email per content: the pair that is there gets a new UID */
		if (!item->existing)
			continue;
		g_clear_pointer(&item->new_id, g_free);
		item->state = item->in_target ? FERRY_ITEM_DONE : FERRY_ITEM_REFUSED;
		if (!item->in_target && op->error == NULL)
			g_set_error_literal(&op->error, FERRY_ERROR, FERRY_ERROR_LIMIT,
					    "the message is in as many mailboxes as it can be");
	}
	if (op->error != NULL) {
		ferry_op_undo(op);
		return;
	}
	if (ferry_op_count(op, FERRY_ITEM_TODO) > 0)
		g_clear_pointer(&op->sync, ferry_sync_free);
	op->write_patch = write_copy;
	ferry_op_send_patches(op, copy_patched);
}

static void
copy_intended(FerryOp *op)
{
	ferry_op_import(op, copy_imported);
}

static void copy_locked(FerryOp *op);

static gboolean
is_in(const FerryItem *item, const char *mailbox_id)
{
	for (guint i = 0; i < item->mailboxes->len; i++) {
		if (strcmp(item->mailboxes->pdata[i], mailbox_id) == 0)
			return TRUE;
	}
	return FALSE;
}

/* maxMailboxesPerEmail: an Email that is in so many gets a second one for the copy. */
static guint64
get_most_mailboxes(FerryOp *op)
{
	const FerryJmapAccountInfo *info =
		ferry_jmap_session_find_account(op->session->jmap, op->account->id);
	g_autoptr(FerryJmapValue) mail = NULL;

	if (info != NULL && info->capabilities != NULL)
		mail = ferry_jmap_value_get_member(info->capabilities, FERRY_JMAP_CAPABILITY_MAIL);
	if (mail == NULL)
		return G_MAXUINT64;
	return ferry_jmap_value_get_uint64(mail, "maxMailboxesPerEmail", G_MAXUINT64);
}

static void
copy_found(FerryOp *op)
{
	gboolean onto_itself = strcmp(op->mailbox->id, op->target_id) == 0;

	guint64 most = get_most_mailboxes(op);

	for (guint i = 0; i < op->items->len; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		item->in_target = is_in(item, op->target_id);
		item->import = !op->move && (item->in_target || item->mailboxes->len >= most);
		if (op->move && onto_itself)
			item->state = FERRY_ITEM_DONE;
	}
	op->write_patch = write_copy;
	if (op->move)
		ferry_op_send_patches(op, copy_patched);
	else
		ferry_op_intend(op, copy_intended, copy_locked);
}

static void
copy_locked(FerryOp *op)
{
	GArray *uids = ((Copy *)g_task_get_task_data(op->task))->uids;

	if (ferry_mail_account_find(op->account, op->target_id) == NULL) {
		ferry_op_fail(op, g_error_new_literal(FERRY_ERROR, FERRY_ERROR_TRY_CREATE,
						      "the mailbox does not exist"));
		return;
	}
	/* anew, where another process changed the account meanwhile */
	g_array_set_size(op->items, 0);
	g_array_set_size(op->outcome->missing, 0);
	ferry_op_add_uids(op, (const guint32 *)(gconstpointer)uids->data, uids->len);
	if (ferry_op_fail_if_gone(op))
		return;
	if (op->items->len == 0) {
		ferry_op_done(op);
		return;
	}
	ferry_op_find_mailboxes(op, copy_found);
}

static void
target_listed_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	FerryMailbox *self = g_task_get_source_object(task);
	Copy *copy = g_task_get_task_data(task);
	FerryMailboxSlot *slot = NULL;
	GError *error = NULL;
	FerryOp *op;

	if (ferry_listing_wait_finish(FERRY_MAIL_ACCOUNT(source), result, &error))
		slot = ferry_account_session_find_slot(copy->session, copy->target_name, TRUE,
						       &error);
	if (slot == NULL) {
		ferry_op_explain_target(&error);
		g_task_return_error(task, error);
		g_object_unref(task);
		return;
	}
	if (slot->owner != self->owner) {
		ferry_op_copy_across(task, self, copy->session, slot, copy->uids, copy->move,
				     copy->strict);
		return;
	}
	op = ferry_op_new(task, self->owner, copy->session);
	ferry_op_set_mailbox(op, self);
	op->target_id = g_strdup(slot->stored->id);
	op->move = copy->move;
	op->strict = copy->strict;
	ferry_recover_again(self->owner, copy->session->jmap);
	ferry_op_lock(op, copy_locked);
}

static gboolean
check_rights(FerryMailbox *self, FerryMailboxSlot *target, gboolean move, GError **error)
{
	FerryMailboxRights source = ferry_mailbox_get_rights(self);

	if (!ferry_rights_check_virtual(target, error) ||
	    (move && self->slot != NULL && !ferry_rights_check_virtual(self->slot, error)))
		return FALSE;
	if ((ferry_slot_get_rights(target) & FERRY_RIGHT_ADD_ITEMS) != 0 &&
	    (!move || (source & FERRY_RIGHT_REMOVE_ITEMS) != 0))
		return TRUE;
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_NO_PERMISSION,
			    "messages may not be put there, or not be taken from here");
	return FALSE;
}

static void
find_target(GTask *task)
{
	FerryMailbox *self = g_task_get_source_object(task);
	Copy *copy = g_task_get_task_data(task);
	GError *error = NULL;
	FerryMailboxSlot *slot =
		ferry_account_session_find_slot(copy->session, copy->target_name, TRUE, &error);

	if (slot == NULL || !check_rights(self, slot, copy->move, &error)) {
		g_task_return_error(task, error);
		g_object_unref(task);
		return;
	}
	ferry_listing_wait_async(slot, copy->session->account->settings->select_timeout_s, NULL,
				 NULL, NULL, g_task_get_cancellable(task), target_listed_cb, task);
}

static void
names_known_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	GError *error = NULL;
	g_autoptr(FerryMailboxList) list =
		ferry_account_session_list_finish(FERRY_ACCOUNT_SESSION(source), result, &error);

	if (list != NULL) {
		find_target(task);
		return;
	}
	g_task_return_error(task, error);
	g_object_unref(task);
}

static void
begin_copy(FerryMailbox *self, FerryAccountSession *session, const guint32 *uids, gsize n_uids,
	   const char *target_name, gboolean move, gboolean strict, GTask *task)
{
	Copy *copy = g_new0(Copy, 1);

	copy->session = g_object_ref(session);
	copy->uids = g_array_new(FALSE, FALSE, sizeof(guint32));
	copy->target_name = g_strdup(target_name);
	copy->move = move;
	copy->strict = strict;
	g_array_append_vals(copy->uids, uids, (guint)n_uids);
	g_task_set_task_data(task, copy, copy_free);
	if (ferry_account_session_find_slot(session, target_name, TRUE, NULL) != NULL)
		find_target(task);
	else
		ferry_account_session_list_anew_async(session, g_task_get_cancellable(task),
						      names_known_cb, task);
}

/**
 * ferry_mailbox_copy_async:
 * @self: a mailbox
 * @session: who asks
 * @uids: (array length=n_uids): which messages, ascending
 * @n_uids: how many
 * @target_name: IMAP name of the target
 * @strict: whether a message that is gone is an error (%FERRY_ERROR_EXPUNGED); else it is skipped
 * @cancellable: (nullable): to stop waiting; what was begun is done
 * @callback: called when the backend acknowledged and the store is durable
 * @user_data: for @callback
 *
 * Copies messages (RFC 9051 §6.4.7): all or none, but for those that are skipped.
 */
void
ferry_mailbox_copy_async(FerryMailbox *self, FerryAccountSession *session, const guint32 *uids,
			 gsize n_uids, const char *target_name, gboolean strict,
			 GCancellable *cancellable, GAsyncReadyCallback callback,
			 gpointer user_data)
{
	GTask *task = g_task_new(self, cancellable, callback, user_data);

	g_task_set_source_tag(task, ferry_mailbox_copy_async);
	begin_copy(self, session, uids, n_uids, target_name, FALSE, strict, task);
}

/**
 * ferry_mailbox_copy_finish:
 * @self: a mailbox
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: (transfer full): source and target UIDs in the source's order (COPYUID);
 *   %FERRY_ERROR_TRY_CREATE where there is no such target
 */
FerryOutcome *
ferry_mailbox_copy_finish(FerryMailbox *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}

/**
 * ferry_mailbox_move_async:
 * @self: a mailbox
 * @session: who asks
 * @uids: (array length=n_uids): which messages, ascending
 * @n_uids: how many
 * @target_name: IMAP name of the target
 * @strict: whether a message that is gone is an error (%FERRY_ERROR_EXPUNGED); else it is skipped
 * @cancellable: (nullable): to stop waiting; what was begun is done
 * @callback: called when the backend acknowledged and the store is durable
 * @user_data: for @callback
 *
 * Moves messages (RFC 9051 §6.4.8), each for itself.
 */
void
ferry_mailbox_move_async(FerryMailbox *self, FerryAccountSession *session, const guint32 *uids,
			 gsize n_uids, const char *target_name, gboolean strict,
			 GCancellable *cancellable, GAsyncReadyCallback callback,
			 gpointer user_data)
{
	GTask *task = g_task_new(self, cancellable, callback, user_data);

	g_task_set_source_tag(task, ferry_mailbox_move_async);
	begin_copy(self, session, uids, n_uids, target_name, TRUE, strict, task);
}

/**
 * ferry_mailbox_move_finish:
 * @self: a mailbox
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: (transfer full): source and target UIDs (COPYUID), missing and refused UIDs
 */
FerryOutcome *
ferry_mailbox_move_finish(FerryMailbox *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}
