/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What left a mailbox
 *
 * Implementation: asks the store, which keeps the UIDs of what went up to a limit and remembers
 *   where its memory begins
 */
#include "account/mailbox-private.h"

static void
removed_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	GError *error = NULL;
	FerryStoreTombstones *removed =
		ferry_store_load_tombstones_finish(FERRY_STORE(source), result, &error);

	if (removed == NULL)
		g_task_return_error(task, error);
	else
		g_task_return_pointer(task, removed, (GDestroyNotify)ferry_store_tombstones_unref);
}

/**
 * ferry_mailbox_load_removed_async:
 * @self: a mailbox
 * @since_modseq: a MODSEQ
 * @cancellable: (nullable): to give up
 * @callback: called with what is known
 * @user_data: for @callback
 *
 * Asks the store for the UIDs that left the mailbox with a higher MODSEQ. Where @since_modseq is
 * below the `prune_modseq` of the answer, some may be missing from it.
 */
void
ferry_mailbox_load_removed_async(FerryMailbox *self, guint64 since_modseq,
				 GCancellable *cancellable, GAsyncReadyCallback callback,
				 gpointer user_data)
{
	GTask *task = g_task_new(self, cancellable, callback, user_data);

	g_task_set_source_tag(task, ferry_mailbox_load_removed_async);
	if (self->slot == NULL) {
		g_task_return_new_error(task, FERRY_ERROR, FERRY_ERROR_NOT_FOUND,
					"the mailbox is gone");
		g_object_unref(task);
		return;
	}
	ferry_store_load_tombstones_async(self->account->store, self->slot->stored->key,
					  since_modseq, cancellable, removed_cb, task);
}

/**
 * ferry_mailbox_load_removed_finish:
 * @self: a mailbox
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: (transfer full): what left
 */
FerryStoreTombstones *
ferry_mailbox_load_removed_finish(FerryMailbox *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}
