/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The steps that all changing operations are made of
 *
 * Implementation: an operation's life, the account's lock, its items and where their Emails are.
 *   What it sends is in op-patch.c, how it gets into the store in op-commit.c.
 */
#include "account/op-private.h"

#include "account/all-mail-private.h"
#include "account/flags-private.h"
#include "account/leftovers-private.h"

static void
clear_item(gpointer data)
{
	FerryItem *item = data;

	g_free(item->email_id);
	g_free(item->blob_id);
	g_free(item->digest);
	g_free(item->keywords);
	g_free(item->new_id);
	g_clear_pointer(&item->mailboxes, g_ptr_array_unref);
	g_clear_pointer(&item->dropped, g_ptr_array_unref);
}

/* Takes the task. */
FerryOp *
ferry_op_new(GTask *task, FerryMailAccount *account, FerryAccountSession *session)
{
	FerryOp *op = g_new0(FerryOp, 1);

	op->task = task;
	op->account = g_object_ref(account);
	op->session = g_object_ref(session);
	op->outcome = ferry_outcome_new();
	op->items = g_array_new(FALSE, TRUE, sizeof(FerryItem));
	op->unchanged_since = -1;
	g_array_set_clear_func(op->items, clear_item);
	return op;
}

void
ferry_op_set_mailbox(FerryOp *op, FerryMailbox *mailbox)
{
	g_set_object(&op->mailbox, mailbox);
}

static void
op_free(FerryOp *op)
{
	ferry_op_unlock(op);
	if (op->extra_free != NULL)
		op->extra_free(op->extra);
	g_clear_pointer(&op->sync, ferry_sync_free);
	g_clear_pointer(&op->counts, ferry_sync_free);
	g_clear_pointer(&op->delta, ferry_store_delta_unref);
	g_clear_pointer(&op->outcome, ferry_outcome_unref);
	g_clear_object(&op->request);
	g_clear_object(&op->mailbox);
	g_clear_object(&op->target_account);
	g_array_unref(op->items);
	g_clear_error(&op->error);
	g_clear_error(&op->undo_error);
	g_strfreev(op->keywords);
	g_clear_pointer(&op->known, ferry_view_unref);
	g_clear_pointer(&op->intent_data, g_bytes_unref);
	g_clear_pointer(&op->intent_draft, g_bytes_unref);
	g_free(op->intent_state);
	g_free(op->target_id);
	g_free(op->kept_call);
	g_free(op->state);
	g_object_unref(op->account);
	g_object_unref(op->session);
	g_object_unref(op->task);
	g_free(op);
}

/* 401 for a credential that worked: its sessions end. */
void
ferry_op_note_error(FerryAccountSession *session, const GError *error)
{
	if (g_error_matches(error, FERRY_ERROR, FERRY_ERROR_EXPIRED) ||
	    g_error_matches(error, FERRY_ERROR, FERRY_ERROR_AUTHENTICATION))
		ferry_account_session_expire(session);
}

void
ferry_op_fail(FerryOp *op, GError *error)
{
	ferry_op_unlock(op);
	ferry_op_note_error(op->session, error);
	g_task_return_error(op->task, error);
	op_free(op);
}

void
ferry_op_done(FerryOp *op)
{
	ferry_op_unlock(op);
	g_task_return_pointer(op->task, g_steal_pointer(&op->outcome),
			      (GDestroyNotify)(void (*)(void))ferry_outcome_unref);
	op_free(op);
}

static void
locked_cb(FerryMailAccount *account, gpointer user_data)
{
	FerryOp *op = user_data;
	GError *error = NULL;

	op->locked = TRUE;
	if (account->account == NULL || account->account->closed) {
		ferry_op_fail(op, g_error_new_literal(FERRY_ERROR, FERRY_ERROR_UNAVAILABLE,
						      "the account is being closed"));
		return;
	}
	if (ferry_mail_account_is_late(account, op->session->jmap, &error)) {
		ferry_op_fail(op, error);
		return;
	}
	if (op->mailbox != NULL && op->mailbox->slot == NULL) {
		ferry_op_fail(op, g_error_new_literal(FERRY_ERROR, FERRY_ERROR_NOT_FOUND,
						      "the mailbox is gone"));
		return;
	}
	g_free(op->state);
	op->state = g_strdup(account->email_state);
	op->chained = TRUE;
	op->generation = account->generation;
	op->next(op);
}

void
ferry_op_lock(FerryOp *op, FerryOpFunc next)
{
	op->next = next;
	ferry_mail_account_lock(op->account, locked_cb, op);
}

void
ferry_op_lock_since(FerryOp *op, gint64 begun_at, FerryOpFunc next)
{
	op->next = next;
	ferry_mail_account_lock_since(op->account, begun_at, locked_cb, op);
}

gboolean
ferry_op_has_time(FerryOp *op)
{
	FerryJmapBackend *backend = ferry_jmap_session_get_backend(op->session->jmap);

	return g_get_monotonic_time() - op->account->lock_asked_at <
	       (gint64)ferry_jmap_backend_get_retry_time(backend) * G_USEC_PER_SEC;
}

void
ferry_op_lock_next(FerryOp *op, FerryOpFunc next)
{
	op->next = next;
	ferry_mail_account_lock_next(op->account, locked_cb, op);
}

void
ferry_op_unlock(FerryOp *op)
{
	if (!op->locked)
		return;
	op->locked = FALSE;
	/* not undone, or not told to the store: whoever has the lock next must know of it */
	if (op->intent != 0 && op->intent_data != NULL)
		ferry_leftovers_keep(op->session->account->store, op->account->key, op->intent,
				     op->intent_data);
	op->intent = 0;
	ferry_mail_account_unlock(op->account);
}

FerryJmapSession *
ferry_op_get_jmap(FerryOp *op)
{
	return op->session->jmap;
}

static guint
get_limit(FerryOp *op, FerryJmapLimit limit)
{
	return (guint)CLAMP(ferry_jmap_session_get_limit(op->session->jmap, limit), 1, 4096);
}

guint
ferry_op_get_set_limit(FerryOp *op)
{
	return get_limit(op, FERRY_JMAP_LIMIT_OBJECTS_IN_SET);
}

guint
ferry_op_get_get_limit(FerryOp *op)
{
	return get_limit(op, FERRY_JMAP_LIMIT_OBJECTS_IN_GET);
}

/* items */

static char *
join_keywords(FerryView *view, const FerryMessageRow *row)
{
	GString *joined = g_string_new(NULL);
	const char *const *keywords = ferry_view_get_keyword_set(view, row->keyword_set);

	for (guint flag = 1; flag < FERRY_MESSAGE_DELETED; flag <<= 1) {
		if ((row->flags & flag) != 0)
			g_string_append_printf(joined, "%s ",
					       ferry_flags_get_keyword((FerryMessageFlags)flag));
	}
	for (; *keywords != NULL; keywords++)
		g_string_append_printf(joined, "%s ", *keywords);
	if (joined->len > 0)
		g_string_truncate(joined, joined->len - 1);
	return g_string_free(joined, FALSE);
}

FerryItem *
ferry_op_add_item(FerryOp *op, FerryView *view, guint32 index)
{
	const FerryMessageRow *row = ferry_view_get_row(view, index);
	FerryItem *item;

	g_array_set_size(op->items, op->items->len + 1);
	item = &g_array_index(op->items, FerryItem, op->items->len - 1);
	item->uid = row->uid;
	item->email_id = g_strdup(ferry_view_get_email_id(view, index));
	item->blob_id = ferry_view_dup_blob_id(view, index);
	item->keywords = join_keywords(view, row);
	item->received_at = row->received_at;
	item->deleted = (row->flags & FERRY_MESSAGE_DELETED) != 0;
	return item;
}

void
ferry_op_add_uids(FerryOp *op, const guint32 *uids, gsize n_uids)
{
	FerryView *view = op->mailbox->view;

	for (gsize i = 0; i < n_uids; i++) {
		guint32 index;

		if (ferry_view_find_uid(view, uids[i], &index))
			ferry_op_add_item(op, view, index);
		else
			g_array_append_val(op->outcome->missing, uids[i]);
	}
}

guint
ferry_op_count(FerryOp *op, FerryItemState state)
{
	guint n = 0;

	for (guint i = 0; i < op->items->len; i++)
		n += g_array_index(op->items, FerryItem, i).state == state;
	return n;
}

/* Puts the items into the outcome. */
void
ferry_op_tell_items(FerryOp *op)
{
	for (guint i = 0; i < op->items->len; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		if (item->state == FERRY_ITEM_DONE)
			g_array_append_val(op->outcome->done, item->uid);
		else if (item->state == FERRY_ITEM_MISSING)
			g_array_append_val(op->outcome->missing, item->uid);
		else if (item->state == FERRY_ITEM_REFUSED)
			g_array_append_val(op->outcome->refused, item->uid);
	}
	if (op->error != NULL)
		ferry_outcome_take_error(op->outcome, g_steal_pointer(&op->error));
}

/* where the Emails are */

static void
pairs_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryOp *op = user_data;
	GError *error = NULL;
	g_autoptr(FerryStorePairs) pairs =
		ferry_store_find_pairs_finish(FERRY_STORE(source), result, &error);

	if (pairs == NULL) {
		ferry_op_fail(op, error);
		return;
	}
	for (guint i = 0; i < pairs->n; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, pairs->pairs[i].asked);
		FerryMailboxSlot *slot =
			ferry_mail_account_find_key(op->account, pairs->pairs[i].mailbox_key);

		if (slot != NULL && !ferry_all_mail_is_id(slot->stored->id))
			g_ptr_array_add(item->mailboxes, g_strdup(slot->stored->id));
	}
	op->next(op);
}

void
ferry_op_find_mailboxes(FerryOp *op, FerryOpFunc next)
{
	g_autofree const char **ids = g_new0(const char *, op->items->len + 1);

	for (guint i = 0; i < op->items->len; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		ids[i] = item->email_id;
		g_clear_pointer(&item->mailboxes, g_ptr_array_unref);
		item->mailboxes = g_ptr_array_new_with_free_func(g_free);
	}
	op->next = next;
	ferry_store_find_pairs_async(op->account->account->store, op->account->key, ids, NULL,
				     pairs_cb, op);
}

/* What the store is to know of an Email that was patched. */
void
ferry_op_put_item(FerryOp *op, FerryStoreBatch *batch, const FerryItem *item, const char *added,
		  const char *removed)
{
	g_autofree const char **ids = NULL;
	g_auto(GStrv) keywords = g_strsplit(item->keywords, " ", -1);
	g_autoptr(GPtrArray) mailboxes = g_ptr_array_new();
	FerryStoreEmail email = {.email_id = item->email_id};

	for (guint i = 0; item->mailboxes != NULL && i < item->mailboxes->len; i++) {
		const char *id = item->mailboxes->pdata[i];

		if (g_strcmp0(id, added) != 0 && g_strcmp0(id, removed) != 0)
			g_ptr_array_add(mailboxes, (gpointer)id);
	}
	if (added != NULL)
		g_ptr_array_add(mailboxes, (gpointer)added);
	g_ptr_array_add(mailboxes, NULL);
	email.mailbox_ids =
		ferry_all_mail_add_id(op->account, (const char *const *)mailboxes->pdata, &ids);
	email.keywords = (const char *const *)(*item->keywords != '\0' ? keywords : NULL);
	ferry_store_batch_put_email(batch, &email);
}
