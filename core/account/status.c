/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The numbers of a mailbox that nobody has to open for them
 *
 * Specification: RFC 9051 §6.3.11
 * Implementation: the store keeps counts of every mailbox; of one that is not listed yet, MESSAGES
 *   and UNSEEN may come from the backend's own counts, everything else waits for the listing.
 */
#include "account/account-private.h"
#include "account/all-mail-private.h"
#include "account/listing-private.h"
#include "account/outcome.h"

typedef struct {
	char *name;
	FerryStatusItems items;
} Status;

static void
status_free(gpointer data)
{
	Status *status = data;

	g_free(status->name);
	g_free(status);
}

FerryMailboxStatus *
ferry_stored_get_numbers(const FerryStoreMailbox *stored)
{
	FerryMailboxStatus *numbers = g_new0(FerryMailboxStatus, 1);

	numbers->uidvalidity = stored->uidvalidity;
	numbers->highest_modseq = stored->highest_modseq;
	if (stored->listing != FERRY_STORE_LISTED) {
		numbers->messages = stored->total_emails;
		numbers->unseen = stored->unread_emails;
		return numbers;
	}
	numbers->messages = stored->n_messages;
	numbers->unseen = stored->n_unseen;
	numbers->deleted = stored->n_deleted;
	numbers->size = stored->n_octets;
	numbers->deleted_size = stored->n_deleted_octets;
	numbers->uidnext = (guint32)MIN(stored->uidnext, G_MAXUINT32);
	/* UIDs from the watermark on; some may be gone again, which IMAP lets pass (an estimate) */
	numbers->recent = stored->uidnext > stored->recent
				  ? MIN(stored->uidnext - stored->recent, stored->n_messages)
				  : 0;
	return numbers;
}

static void
answer(GTask *task)
{
	FerryAccountSession *self = g_task_get_source_object(task);
	Status *status = g_task_get_task_data(task);
	GError *error = NULL;
	FerryMailboxSlot *slot = ferry_account_session_find_slot(self, status->name, FALSE, &error);

	if (slot == NULL)
		g_task_return_error(task, error);
	else
		g_task_return_pointer(task, ferry_stored_get_numbers(slot->stored),
				      (GDestroyNotify)(void (*)(void))ferry_mailbox_status_free);
	g_object_unref(task);
}

static void
listed_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	GError *error = NULL;

	if (ferry_listing_wait_finish(FERRY_MAIL_ACCOUNT(source), result, &error)) {
		answer(task);
		return;
	}
	g_task_return_error(task, error);
	g_object_unref(task);
}

static void
found(GTask *task)
{
	FerryAccountSession *self = g_task_get_source_object(task);
	Status *status = g_task_get_task_data(task);
	GError *error = NULL;
	FerryMailboxSlot *slot = ferry_account_session_find_slot(self, status->name, FALSE, &error);

	if (slot == NULL) {
		g_task_return_error(task, error);
		g_object_unref(task);
	} else if (slot->stored->listing != FERRY_STORE_LISTED &&
		   ((status->items & FERRY_STATUS_ALL) || ferry_all_mail_is_id(slot->stored->id))) {
		ferry_listing_wait_async(slot, self->account->settings->select_timeout_s, NULL,
					 NULL, NULL, g_task_get_cancellable(task), listed_cb, task);
	} else {
		answer(task);
	}
}

static void
refreshed_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	g_autoptr(GError) error = NULL;

	/* what is known is still told in an outage */
	if (!ferry_mail_account_refresh_finish(FERRY_MAIL_ACCOUNT(source), result, &error) &&
	    !g_error_matches(error, FERRY_ERROR, FERRY_ERROR_UNAVAILABLE)) {
		g_task_return_error(task, g_steal_pointer(&error));
		g_object_unref(task);
		return;
	}
	found(task);
}

static void
list_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	GError *error = NULL;
	g_autoptr(FerryMailboxList) list =
		ferry_account_session_list_finish(FERRY_ACCOUNT_SESSION(source), result, &error);

	if (list != NULL) {
		found(task);
		return;
	}
	g_task_return_error(task, error);
	g_object_unref(task);
}

/**
 * ferry_account_session_status_async:
 * @self: a session
 * @name: an IMAP name, UTF-8
 * @items: whether the counts are enough
 * @cancellable: (nullable): to give up
 * @callback: called with the numbers
 * @user_data: for @callback
 *
 * STATUS: refreshes by the Freshness rules and reads the counts that the store keeps.
 */
void
ferry_account_session_status_async(FerryAccountSession *self, const char *name,
				   FerryStatusItems items, GCancellable *cancellable,
				   GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = g_task_new(self, cancellable, callback, user_data);
	Status *status = g_new0(Status, 1);
	FerryMailboxSlot *slot = ferry_account_session_find_slot(self, name, FALSE, NULL);

	g_task_set_source_tag(task, ferry_account_session_status_async);
	status->name = g_strdup(name);
	status->items = items;
	g_task_set_task_data(task, status, status_free);
	if (slot == NULL)
		ferry_account_session_list_anew_async(self, cancellable, list_cb, task);
	else
		ferry_mail_account_refresh_async(slot->owner, self, FERRY_REFRESH_IF_OLD,
						 refreshed_cb, task);
}

/**
 * ferry_account_session_status_finish:
 * @self: a session
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: (transfer full): the numbers
 */
FerryMailboxStatus *
ferry_account_session_status_finish(FerryAccountSession *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}

/**
 * ferry_account_session_get_numbers:
 * @self: a session
 * @name: an IMAP name, UTF-8
 *
 * What is known of a mailbox, without asking anybody: for who was told of a change.
 *
 * Returns: (transfer full) (nullable): the numbers; UIDNEXT is 0 where the mailbox is not listed
 *   yet; %NULL where there is none of this name
 */
FerryMailboxStatus *
ferry_account_session_get_numbers(FerryAccountSession *self, const char *name)
{
	FerryMailboxSlot *slot = ferry_account_session_find_slot(self, name, FALSE, NULL);

	return slot != NULL ? ferry_stored_get_numbers(slot->stored) : NULL;
}
