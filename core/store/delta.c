/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What changed in a mail account between two generations */
#include "store/delta.h"

G_DEFINE_BOXED_TYPE(FerryStoreDelta, ferry_store_delta, ferry_store_delta_ref,
		    ferry_store_delta_unref)

/**
 * ferry_store_delta_new:
 * @account_key: the mail account
 * @since: generation that it leads from
 *
 * For stores.
 *
 * Returns: (transfer full): a delta that changes nothing
 */
FerryStoreDelta *
ferry_store_delta_new(gint64 account_key, guint64 since)
{
	FerryStoreDelta *self = g_atomic_rc_box_new0(FerryStoreDelta);

	self->account_key = account_key;
	self->since = since;
	self->generation = since;
	return self;
}

/**
 * ferry_store_delta_ref:
 * @self: a delta
 *
 * Returns: (transfer full): @self
 */
FerryStoreDelta *
ferry_store_delta_ref(FerryStoreDelta *self)
{
	return g_atomic_rc_box_acquire(self);
}

static void
delta_clear(gpointer data)
{
	FerryStoreDelta *self = data;

	for (guint i = 0; i < self->n_mailboxes; i++) {
		FerryStoreMailboxDelta *mailbox = &self->mailboxes[i];

		g_clear_pointer(&mailbox->mailbox, ferry_store_mailbox_unref);
		g_clear_pointer(&mailbox->arrived, ferry_store_rows_unref);
		g_clear_pointer(&mailbox->changed, ferry_store_rows_unref);
		g_free(mailbox->expunged);
	}
	g_free(self->mailboxes);
	g_free(self->removed);
	g_free(self->uids);
	g_free(self->email_state);
	g_free(self->mailbox_state);
	g_strfreev(self->subscriptions);
}

/**
 * ferry_store_delta_unref:
 * @self: (transfer full): a delta
 *
 * Drops a reference; the last one frees it.
 */
void
ferry_store_delta_unref(FerryStoreDelta *self)
{
	g_atomic_rc_box_release_full(self, delta_clear);
}

/**
 * ferry_store_delta_find:
 * @self: a delta
 * @mailbox_key: a mailbox
 *
 * Returns: (transfer none) (nullable): what changed in that mailbox, if anything
 */
const FerryStoreMailboxDelta *
ferry_store_delta_find(const FerryStoreDelta *self, gint64 mailbox_key)
{
	for (guint i = 0; i < self->n_mailboxes; i++) {
		if (self->mailboxes[i].mailbox->key == mailbox_key)
			return &self->mailboxes[i];
	}
	return NULL;
}
