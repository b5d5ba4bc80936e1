/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/account-private.h"
#include "jmap/email.h"
#include "jmap/reply.h"
#include "jmap/request.h"

/* One run of changes, from the state the store stands at to the backend's newest, as one batch.
 * The lock is held all the time. What an operation of ours did goes into the same batch: @fill is
 * called for each try, since a batch is the store's once it was applied. */
typedef struct _FerrySync FerrySync;
typedef void (*FerrySyncFill)(FerryStoreBatch *batch, gpointer user_data);

FerrySync *ferry_sync_new(FerryMailAccount *account, FerryJmapSession *jmap);
void ferry_sync_free(FerrySync *self);
void ferry_sync_set_origin(FerrySync *self, FerryAccountSession *origin);
void ferry_sync_set_fill(FerrySync *self, FerrySyncFill fill, gpointer user_data);
/* Begins from another, older Email state: the one before a listing. */
void ferry_sync_set_since(FerrySync *self, const char *email_state);
/* Reads every mailbox: there are backends whose Mailbox state does not tell of subscriptions. */
void ferry_sync_set_all_mailboxes(FerrySync *self);
/* Leaves the mailboxes and their counts, which are dear (Cyrus), to the next sync: for what an
 * operation did itself. It does not make what is known fresh. */
void ferry_sync_set_emails_only(FerrySync *self);
/* Only what changed among the mailboxes, at the end of a request that changes Emails: their counts
 * move with them. The sync is not run afterwards: @batch takes what it read. */
void ferry_sync_add_mailbox_news(FerrySync *self, FerryJmapRequest *request);
void ferry_sync_fill_mailbox_news(FerrySync *self, FerryStoreBatch *batch);
/* The run's first calls at the end of a request that does something else first. */
void ferry_sync_add_calls(FerrySync *self, FerryJmapRequest *request);
void ferry_sync_take_reply(FerrySync *self, FerryJmapReply *reply);
/* Goes on to the end and commits; takes the sync. */
void ferry_sync_run_async(FerrySync *self, GAsyncReadyCallback callback, gpointer user_data);
FerryStoreDelta *ferry_sync_run_finish(FerryMailAccount *account, GAsyncResult *result,
				       GError **error);

void ferry_sync_put_email(FerryMailAccount *account, FerryStoreBatch *batch,
			  const FerryJmapEmail *email);
