/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Putting a message in the place of another
 *
 * Specification: RFC 8508 §3.4; RFC 8621 §4.6, §4.8
 * Implementation: the new message is made first, as APPEND makes it; only then the old one leaves
 *   its mailbox, by the removal rule. Both become known in one commit where they are of one
 *   account. The intent says which message is to be replaced: what was interrupted is undone only
 *   while that one is still there, so that at no time neither of them is.
 * Not mapped: quota for the difference only, since the old message cannot go before the new is safe
 */
#include <string.h>

#include "account/op-append-private.h"
#include "account/op-remove-private.h"
#include "account/recover-private.h"
#include "account/rights-private.h"

/* Held by the operation on the target (its `extra`), by the one on the source, and by the task. */
typedef struct {
	guint32 uid;
	FerryOp *op;      /* NULL once it ended */
	FerryOp *removal; /* of the old message; has a lock of its own in another account */
	gint64 begun_at;
	gboolean committed;
} Replace;

static void
replace_unref(gpointer replace)
{
	g_rc_box_release(replace);
}

static Replace *
get_replace(FerryOp *op)
{
	return op->extra;
}

/* The operation on the target ends, the other with it. */
static void
replace_end(gpointer data)
{
	Replace *replace = data;
	FerryOp *removal = g_steal_pointer(&replace->removal);

	replace->op = NULL;
	if (removal != NULL)
		ferry_op_done(removal);
	replace_unref(replace);
}

static void
removal_ended_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Replace *replace = user_data;
	g_autoptr(GError) error = NULL;
	FerryOutcome *outcome = g_task_propagate_pointer(G_TASK(result), &error);
	FerryOp *op = replace->op;

	g_clear_pointer(&outcome, ferry_outcome_unref);
	if (op != NULL) {
		replace->removal = NULL;
		/* what left the source there is told by the next sync, where it was not now */
		if (replace->committed)
			ferry_op_done(op);
		else
			ferry_op_fail(op, g_steal_pointer(&error));
	}
	replace_unref(replace);
}

static const FerryItem *
get_old(Replace *replace)
{
	return &g_array_index(replace->removal->items, FerryItem, 0);
}

static gboolean
is_one_account(Replace *replace)
{
	return replace->removal->account == replace->op->account;
}

/* A backend with one Email per content that was given what it has already: the pair gets a new UID,
 * and nothing is to be removed. */
static gboolean
is_same_pair(Replace *replace)
{
	const FerryItem *made = &g_array_index(replace->op->items, FerryItem, 0);

	return is_one_account(replace) &&
	       strcmp(replace->op->target_id, replace->removal->target_id) == 0 &&
	       g_strcmp0(ferry_item_get_target_email(made), get_old(replace)->email_id) == 0;
}

static void
write_condition(FerryOp *op, FerryJmapBuilder *intent)
{
	Replace *replace = get_replace(op);

	ferry_jmap_builder_name(intent, "while");
	ferry_jmap_builder_begin_object(intent);
	ferry_jmap_builder_set_string(intent, "account", replace->removal->account->id);
	ferry_jmap_builder_set_string(intent, "mailbox", replace->removal->target_id);
	ferry_jmap_builder_set_string(intent, "email", get_old(replace)->email_id);
	ferry_jmap_builder_end_object(intent);
}

static void
fill_replace(FerryStoreBatch *batch, FerryOp *op, gboolean fast)
{
	Replace *replace = get_replace(op);

	if (is_one_account(replace) && !is_same_pair(replace))
		ferry_op_fill_removals(batch, replace->removal, fast);
	ferry_op_fill_targets(batch, op);
}

/* The new message is known; the old one is gone, in another account. */
static void
replace_committed(FerryOp *op)
{
	Replace *replace = get_replace(op);
	FerryOp *removal = replace->removal;

	g_array_append_val(op->outcome->done, replace->uid);
	replace->committed = TRUE;
	if (is_one_account(replace)) {
		ferry_op_done(op);
		return;
	}
	removal->fill = ferry_op_fill_removals;
	removal->chained = FALSE;
	ferry_op_commit(removal, ferry_op_done);
}

static void
commit(FerryOp *op)
{
	ferry_op_commit_append(op, fill_replace, replace_committed);
}

static GError *
take_error(FerryOp *removal)
{
	if (removal->error != NULL)
		return g_steal_pointer(&removal->error);
	return g_error_new_literal(FERRY_ERROR, FERRY_ERROR_BACKEND,
				   "the message to be replaced could not be removed");
}

/* Nobody knows whether the old message is still there: whoever undoes the intent looks. */
static void
leave_to_recovery(FerryOp *op)
{
	g_autoptr(FerryMailAccount) account = g_object_ref(op->account);
	g_autoptr(FerryJmapSession) jmap = g_object_ref(op->session->jmap);

	ferry_op_fail(op, take_error(get_replace(op)->removal));
	ferry_recover_again(account, jmap);
}

static void
replace_removed(FerryOp *removal)
{
	Replace *replace = removal->extra;
	FerryOp *op = replace->op;

	switch (get_old(replace)->state) {
	case FERRY_ITEM_DONE:
		commit(op);
		break;
	case FERRY_ITEM_REFUSED:
		op->error = take_error(removal);
		ferry_op_undo(op);
		break;
	default:
		leave_to_recovery(op);
		break;
	}
}

static void
replace_adopted(FerryOp *op)
{
	Replace *replace = get_replace(op);

	if (op->error != NULL) {
		ferry_op_undo(op);
		return;
	}
	if (is_same_pair(replace)) {
		commit(op);
		return;
	}
	/* what came along with the import knows nothing of the removal */
	g_clear_pointer(&op->sync, ferry_sync_free);
	ferry_op_remove_emails(replace->removal, replace_removed);
}

static void
replace_imported(FerryOp *op)
{
	if (op->error != NULL)
		ferry_op_undo(op);
	else
		ferry_op_adopt(op, replace_adopted);
}

static void
replace_intended(FerryOp *op)
{
	ferry_op_import(op, replace_imported);
}

static gboolean
find_old(FerryOp *removal, guint32 uid, GError **error)
{
	if (removal->mailbox->slot == NULL) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND,
				    "the mailbox is gone");
		return FALSE;
	}
	/* anew, where another process changed the account meanwhile */
	g_array_set_size(removal->items, 0);
	ferry_op_add_uids(removal, &uid, 1);
	if (removal->items->len == 1)
		return TRUE;
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_EXPUNGED,
			    "the message to be replaced is gone");
	return FALSE;
}

static void
replace_locked(FerryOp *op)
{
	Replace *replace = get_replace(op);
	FerryMailboxSlot *slot = ferry_mail_account_find(op->account, op->target_id);
	GError *error = NULL;

	if (slot == NULL) {
		ferry_op_fail(op, g_error_new_literal(FERRY_ERROR, FERRY_ERROR_TRY_CREATE,
						      "the mailbox does not exist"));
		return;
	}
	if (!find_old(replace->removal, replace->uid, &error)) {
		ferry_op_fail(op, error);
		return;
	}
	ferry_rights_limit_items(slot, op->items);
	ferry_op_intend(op, replace_intended, replace_locked);
}

/* Two accounts: their locks are taken in one order, whichever replaces in the other. */

static void
source_locked_first(FerryOp *removal)
{
	Replace *replace = removal->extra;

	ferry_op_lock_since(replace->op, replace->begun_at, replace_locked);
}

static void
source_locked_last(FerryOp *removal)
{
	Replace *replace = removal->extra;

	replace_locked(replace->op);
}

static void
target_locked_first(FerryOp *op)
{
	ferry_op_lock(get_replace(op)->removal, source_locked_last);
}

static void
take_locks(Replace *replace)
{
	FerryOp *op = replace->op;

	if (is_one_account(replace))
		ferry_op_lock_since(op, replace->begun_at, replace_locked);
	else if (replace->removal->account->key < op->account->key)
		ferry_op_lock(replace->removal, source_locked_first);
	else
		ferry_op_lock_since(op, replace->begun_at, target_locked_first);
}

static void
replace_made(FerryOp *op, gint64 begun_at, gpointer data)
{
	Replace *replace = data;
	FerryMailbox *source = g_task_get_source_object(op->task);
	GTask *task = g_task_new(source, NULL, removal_ended_cb, g_rc_box_acquire(replace));

	replace->op = op;
	replace->begun_at = begun_at;
	replace->removal = ferry_op_new(task, source->owner, op->session);
	replace->removal->extra = replace;
	replace->removal->target_id = g_strdup(source->id);
	ferry_op_set_mailbox(replace->removal, source);
	op->extra = g_rc_box_acquire(replace);
	op->extra_free = replace_end;
	op->write_condition = write_condition;
	take_locks(replace);
}

static gboolean
check(FerryMailbox *self, guint32 uid, GError **error)
{
	if (self->slot != NULL && !ferry_rights_check_virtual(self->slot, error))
		return FALSE;
	if ((ferry_mailbox_get_rights(self) & FERRY_RIGHT_REMOVE_ITEMS) == 0) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_NO_PERMISSION,
				    "messages may not be removed here");
		return FALSE;
	}
	if (!ferry_view_find_uid(self->view, uid, NULL)) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_EXPUNGED,
				    "the message to be replaced is gone");
		return FALSE;
	}
	return TRUE;
}

/**
 * ferry_mailbox_replace_async:
 * @self: a mailbox
 * @session: who asks
 * @uid: the message that goes
 * @target_name: IMAP name of the mailbox that @message is put into; may be this one
 * @message: the message that comes
 * @cancellable: (nullable): to stop waiting; what was begun is done
 * @callback: called when the backend acknowledged and the store is durable
 * @user_data: for @callback
 *
 * Puts a message in the place of another (RFC 8508 §3.4), whether that has \Deleted or not. The
 * old one goes once the new one is safe; a failure leaves the old one and nothing new.
 */
void
ferry_mailbox_replace_async(FerryMailbox *self, FerryAccountSession *session, guint32 uid,
			    const char *target_name, FerryAppendMessage *message,
			    GCancellable *cancellable, GAsyncReadyCallback callback,
			    gpointer user_data)
{
	GTask *task = g_task_new(self, cancellable, callback, user_data);
	g_autoptr(GPtrArray) messages =
		g_ptr_array_new_with_free_func((GDestroyNotify)ferry_append_message_unref);
	GError *error = NULL;
	Replace *replace;

	g_task_set_source_tag(task, ferry_mailbox_replace_async);
	if (!check(self, uid, &error)) {
		g_task_return_error(task, error);
		g_object_unref(task);
		return;
	}
	replace = g_rc_box_new0(Replace);
	replace->uid = uid;
	g_ptr_array_add(messages, ferry_append_message_ref(message));
	ferry_op_begin_append(task, session, target_name, messages, replace_made, replace,
			      replace_unref);
}

/**
 * ferry_mailbox_replace_finish:
 * @self: a mailbox
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: (transfer full): UIDVALIDITY and UID of the new message (APPENDUID) as target, the old
 *   UID as done; %FERRY_ERROR_EXPUNGED where there is no old message (any more),
 *   %FERRY_ERROR_TRY_CREATE where there is no such target
 */
FerryOutcome *
ferry_mailbox_replace_finish(FerryMailbox *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}
