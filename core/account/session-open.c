/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SELECT and EXAMINE
 *
 * Specification: RFC 9051 §6.3.2
 * Implementation: brings the account up to date, waits for the first listing, reads the mailbox; in
 *   an outage what is cached is still served
 */
#include "account/account-private.h"
#include "account/listing-private.h"
#include "account/mailbox-private.h"

/* A mailbox that everybody closed is kept for who comes back, as clients do. */
#define KEEP_SECONDS 60

typedef struct {
	char *name;
	FerryProgressFunc progress;
	gpointer progress_data;
	GDestroyNotify progress_destroy;
	gboolean stale;
} Open;

static void
open_free(gpointer data)
{
	Open *open = data;

	if (open->progress_destroy != NULL)
		open->progress_destroy(open->progress_data);
	g_free(open->name);
	g_free(open);
}

static void
open_loaded_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	FerryAccountSession *self = g_task_get_source_object(task);
	Open *open = g_task_get_task_data(task);
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryMailbox) mailbox = ferry_mailbox_load_finish(result, &error);
	FerryMailboxList *list = ferry_account_session_get_list(self);
	FerryMailboxInfo *info = list != NULL ? ferry_mailbox_list_find(list, open->name) : NULL;

	if (mailbox == NULL) {
		g_task_return_error(task, g_steal_pointer(&error));
		return;
	}
	if (info != NULL) {
		g_clear_pointer(&mailbox->info, ferry_mailbox_info_unref);
		mailbox->info = ferry_mailbox_info_ref(info);
	}
	if (mailbox->slot != NULL) {
		g_set_object(&mailbox->slot->kept, mailbox);
		mailbox->slot->kept_until =
			g_get_monotonic_time() + KEEP_SECONDS * (gint64)G_USEC_PER_SEC;
	}
	g_task_return_pointer(task, g_steal_pointer(&mailbox), g_object_unref);
}

static void
open_listed_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	FerryAccountSession *self = g_task_get_source_object(task);
	Open *open = g_task_get_task_data(task);
	g_autoptr(GError) error = NULL;
	FerryMailboxSlot *slot = NULL;

	if (ferry_listing_wait_finish(FERRY_MAIL_ACCOUNT(source), result, &error))
		slot = ferry_account_session_find_slot(self, open->name, FALSE, &error);
	if (slot == NULL) {
		g_task_return_error(task, g_steal_pointer(&error));
		return;
	}
	ferry_mailbox_load_async(slot, open_loaded_cb, g_steal_pointer(&task));
}

static void
open_found(GTask *task)
{
	FerryAccountSession *self = g_task_get_source_object(task);
	Open *open = g_task_get_task_data(task);
	g_autoptr(GError) error = NULL;
	FerryMailboxSlot *slot = ferry_account_session_find_slot(self, open->name, FALSE, &error);

	if (slot != NULL && (slot->stored->rights & FERRY_STORE_RIGHT_READ_ITEMS) == 0)
		g_set_error_literal(&error, FERRY_ERROR, FERRY_ERROR_NO_PERMISSION,
				    "the mailbox may not be read");
	if (error != NULL) {
		g_task_return_error(task, g_steal_pointer(&error));
		g_object_unref(task);
		return;
	}
	ferry_listing_wait_async(slot, self->account->settings->select_timeout_s, open->progress,
				 open->progress_data, NULL, g_task_get_cancellable(task),
				 open_listed_cb, task);
}

static void
open_refreshed_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	g_autoptr(GError) error = NULL;

	/* what is cached is still served in an outage */
	if (!ferry_mail_account_refresh_finish(FERRY_MAIL_ACCOUNT(source), result, &error) &&
	    !g_error_matches(error, FERRY_ERROR, FERRY_ERROR_UNAVAILABLE)) {
		g_task_return_error(task, g_steal_pointer(&error));
		g_object_unref(task);
		return;
	}
	open_found(task);
}

static void
open_list_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryMailboxList) list =
		ferry_account_session_list_finish(FERRY_ACCOUNT_SESSION(source), result, &error);

	if (list == NULL) {
		g_task_return_error(task, g_steal_pointer(&error));
		g_object_unref(task);
		return;
	}
	open_found(task);
}

/**
 * ferry_account_session_open_async:
 * @self: a session
 * @name: an IMAP name, UTF-8
 * @progress: (nullable) (scope notified) (closure progress_data) (destroy progress_destroy): told
 *   how far a first listing is
 * @progress_data: for @progress
 * @progress_destroy: (nullable): frees @progress_data
 * @cancellable: (nullable): to give up
 * @callback: called with the mailbox
 * @user_data: for @callback
 *
 * SELECT and EXAMINE: refreshes, waits for the first listing (not longer than `select-timeout`),
 * reads the mailbox.
 */
void
ferry_account_session_open_async(FerryAccountSession *self, const char *name,
				 FerryProgressFunc progress, gpointer progress_data,
				 GDestroyNotify progress_destroy, GCancellable *cancellable,
				 GAsyncReadyCallback callback, gpointer user_data)
{
	g_autoptr(GTask) task = g_task_new(self, cancellable, callback, user_data);
	Open *open = g_new0(Open, 1);
	FerryMailboxSlot *slot;

	g_task_set_source_tag(task, ferry_account_session_open_async);
	g_task_set_task_data(task, open, open_free);
	open->name = g_strdup(name);
	open->progress = progress;
	open->progress_data = progress_data;
	open->progress_destroy = progress_destroy;
	slot = ferry_account_session_find_slot(self, name, FALSE, NULL);
	if (slot == NULL)
		ferry_account_session_list_anew_async(self, cancellable, open_list_cb,
						      g_steal_pointer(&task));
	else
		ferry_mail_account_refresh_async(slot->owner, self, FERRY_REFRESH_IF_OLD,
						 open_refreshed_cb, g_steal_pointer(&task));
}

/**
 * ferry_account_session_open_finish:
 * @self: a session
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: (transfer full): the mailbox
 */
FerryMailbox *
ferry_account_session_open_finish(FerryAccountSession *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}
