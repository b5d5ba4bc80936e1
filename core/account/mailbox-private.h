/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/account-private.h"
#include "account/mailbox.h"
#include "account/view-private.h"
#include "store/delta.h"

struct _FerryMailbox {
	GObject parent_instance;

	FerryMailAccount *owner;
	FerryAccount *account;
	FerryMailboxSlot *slot; /* NULL once gone */
	char *id;
	FerryView *view;
	FerryMailboxInfo *info;
	guint32 recent;
	gboolean recent_dirty;
};

void ferry_mailbox_load_async(FerryMailboxSlot *slot, GAsyncReadyCallback callback,
			      gpointer user_data);
FerryMailbox *ferry_mailbox_load_finish(GAsyncResult *result, GError **error);
/* @before: (nullable): the mailbox as it was */
void ferry_mailbox_take_delta(FerryMailbox *self, const FerryStoreMailboxDelta *delta,
			      FerryStoreMailbox *before, FerryAccountSession *origin);
/* The rights may be others now. */
void ferry_mailbox_note_rights(FerryMailbox *self);
void ferry_mailbox_set_gone(FerryMailbox *self, FerryGoneReason reason);
FerryMailboxDelta *ferry_mailbox_delta_new(GArray *arrived, GArray *changed, GArray *expunged,
					   FerryAccountSession *origin);
/* Of a mailbox that nobody has open. */
FerryMailboxDelta *ferry_mailbox_delta_new_stored(const FerryStoreMailboxDelta *stored,
						  FerryAccountSession *origin);
/* Before anybody else sees it. */
void ferry_mailbox_delta_set_numbers(FerryMailboxDelta *self, FerryStoreMailbox *before,
				     FerryStoreMailbox *after);
