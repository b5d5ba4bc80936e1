/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waiting for the first listing of a mailbox
 *
 * Implementation: not longer than `select-timeout`, with progress once a second
 */
#include "account/listing-private.h"
#include "account/timer-private.h"

typedef struct {
	GSource *timeout;
	GSource *ticker;
	gboolean ended;
	FerryProgressFunc progress;
	gpointer progress_data;
	GDestroyNotify progress_destroy;
	char *mailbox_id;
} Wait;

static void
wait_free(gpointer data)
{
	Wait *wait = data;

	ferry_timer_clear(&wait->timeout);
	ferry_timer_clear(&wait->ticker);
	if (wait->progress_destroy != NULL)
		wait->progress_destroy(wait->progress_data);
	g_free(wait->mailbox_id);
	g_free(wait);
}

static gboolean
wait_timeout_cb(gpointer user_data)
{
	GTask *task = user_data;
	Wait *wait = g_task_get_task_data(task);

	ferry_timer_clear(&wait->timeout);
	if (wait->ended)
		return G_SOURCE_REMOVE;
	wait->ended = TRUE;
	g_task_return_new_error(task, FERRY_ERROR, FERRY_ERROR_UNAVAILABLE,
				"the mailbox is still being listed");
	return G_SOURCE_REMOVE;
}

static gboolean
wait_progress_cb(gpointer user_data)
{
	GTask *task = user_data;
	Wait *wait = g_task_get_task_data(task);
	FerryMailAccount *account = g_task_get_source_object(task);
	FerryMailboxSlot *slot = ferry_mail_account_find(account, wait->mailbox_id);
	guint64 done, total;

	if (slot == NULL || wait->ended)
		return G_SOURCE_CONTINUE;
	if (g_cancellable_is_cancelled(g_task_get_cancellable(task))) {
		wait->ended = TRUE;
		g_task_return_error_if_cancelled(task);
		return G_SOURCE_CONTINUE;
	}
	ferry_listing_get_progress(slot, &done, &total);
	if (wait->progress != NULL)
		wait->progress(done, total, wait->progress_data);
	return G_SOURCE_CONTINUE;
}

void
ferry_listing_wait_async(FerryMailboxSlot *slot, guint timeout_s, FerryProgressFunc progress,
			 gpointer progress_data, GDestroyNotify progress_destroy,
			 GCancellable *cancellable, GAsyncReadyCallback callback,
			 gpointer user_data)
{
	g_autoptr(GTask) task = g_task_new(slot->owner, cancellable, callback, user_data);
	Wait *wait = g_new0(Wait, 1);

	g_task_set_source_tag(task, ferry_listing_wait_async);
	g_task_set_task_data(task, wait, wait_free);
	wait->progress = progress;
	wait->progress_data = progress_data;
	wait->progress_destroy = progress_destroy;
	wait->mailbox_id = g_strdup(slot->stored->id);
	if (slot->stored->listing == FERRY_STORE_LISTED) {
		g_task_return_boolean(task, TRUE);
		return;
	}
	wait->timeout = ferry_timer_new(timeout_s * 1000, wait_timeout_cb, task);
	wait->ticker = ferry_timer_new(1000, wait_progress_cb, task);
	ferry_listing_add_waiter(slot, g_steal_pointer(&task));
}

gboolean
ferry_listing_wait_finish(FerryMailAccount *account, GAsyncResult *result, GError **error)
{
	Wait *wait = g_task_get_task_data(G_TASK(result));

	ferry_timer_clear(&wait->timeout);
	ferry_timer_clear(&wait->ticker);
	return g_task_propagate_boolean(G_TASK(result), error);
}

void
ferry_listing_end_wait(GTask *task, const GError *error)
{
	Wait *wait = g_task_get_task_data(task);

	if (wait->ended)
		return;
	wait->ended = TRUE;
	if (error != NULL)
		g_task_return_error(task, g_error_copy(error));
	else
		g_task_return_boolean(task, TRUE);
}
