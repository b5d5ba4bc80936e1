/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/account-private.h"

/* The first listing of a mailbox. */
void ferry_listing_free(FerryListing *self);
/* Lists it some time; @soon: before the others. */
void ferry_listing_queue(FerryMailboxSlot *slot, gboolean soon);
void ferry_listing_note_listed(FerryMailboxSlot *slot);
void ferry_listing_get_progress(FerryMailboxSlot *slot, guint64 *done, guint64 *total);
void ferry_listing_start_all(FerryMailAccount *account);
void ferry_listing_add_waiter(FerryMailboxSlot *slot, GTask *task);
void ferry_listing_end_wait(GTask *task, const GError *error);
/* Waits until the mailbox is listed. */
void ferry_listing_wait_async(FerryMailboxSlot *slot, guint timeout_s, FerryProgressFunc progress,
			      gpointer progress_data, GDestroyNotify progress_destroy,
			      GCancellable *cancellable, GAsyncReadyCallback callback,
			      gpointer user_data);
gboolean ferry_listing_wait_finish(FerryMailAccount *account, GAsyncResult *result, GError **error);
/* Lists every message of the account again and keeps what is the same (cannotCalculateChanges).
 * The lock is held. @mailbox_id NULL: all mailboxes. */
void ferry_relist_async(FerryMailAccount *account, FerryJmapSession *jmap, const char *mailbox_id,
			GAsyncReadyCallback callback, gpointer user_data);
gboolean ferry_relist_finish(FerryMailAccount *account, GAsyncResult *result, GError **error);
