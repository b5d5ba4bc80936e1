/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "store/mailbox.h"
#include "store/rows.h"

G_BEGIN_DECLS

#define FERRY_TYPE_STORE_DELTA (ferry_store_delta_get_type())

/**
 * FerryStoreMailboxDelta:
 * @mailbox: the mailbox as it is now
 * @added: it was not there before
 * @reload: what was known of its messages is void (UIDVALIDITY changed, tombstones are gone), or
 *   nobody can have looked since it is still being listed: load it again; @arrived, @changed and
 *   @expunged are empty
 * @arrived: pairs that came, in UID order, all fields
 * @changed: pairs whose keywords or \Deleted changed, in UID order, all fields
 * @expunged: UIDs that went, ascending; may name some that came and went since
 * @n_expunged: how many
 *
 * What changed in one mailbox between two generations.
 */
typedef struct {
	FerryStoreMailbox *mailbox;
	gboolean added;
	gboolean reload;
	FerryStoreRows *arrived;
	FerryStoreRows *changed;
	guint32 *expunged;
	guint n_expunged;
} FerryStoreMailboxDelta;

/**
 * FerryStoreDelta:
 * @account_key: the mail account
 * @since: generation that it leads from
 * @generation: generation that it leads to; equal to @since when nothing changed
 * @email_state: (nullable): Email state now
 * @mailbox_state: (nullable): Mailbox state now
 * @subscriptions: (array zero-terminated=1) (nullable): the extra subscriptions now, or %NULL when
 *   they did not change
 * @mailboxes: (array length=n_mailboxes): mailboxes that changed in any way
 * @n_mailboxes: how many
 * @removed: (array length=n_removed): keys of mailboxes that are gone
 * @n_removed: how many
 * @uids: (array length=n_uids): UIDs of the pairs that the batch asked for, in that order; 0 where
 *   the pair does not exist
 * @n_uids: how many
 *
 * What changed in a mail account between two generations. Reference counted, immutable.
 */
typedef struct {
	gint64 account_key;
	guint64 since;
	guint64 generation;
	char *email_state;
	char *mailbox_state;
	char **subscriptions;
	FerryStoreMailboxDelta *mailboxes;
	guint n_mailboxes;
	gint64 *removed;
	guint n_removed;
	guint32 *uids;
	guint n_uids;
} FerryStoreDelta;

GType ferry_store_delta_get_type(void);
FerryStoreDelta *ferry_store_delta_new(gint64 account_key, guint64 since);
FerryStoreDelta *ferry_store_delta_ref(FerryStoreDelta *self);
void ferry_store_delta_unref(FerryStoreDelta *self);
const FerryStoreMailboxDelta *ferry_store_delta_find(const FerryStoreDelta *self,
						     gint64 mailbox_key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryStoreDelta, ferry_store_delta_unref)

G_END_DECLS
