/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "store/mailbox.h"

G_BEGIN_DECLS

#define FERRY_TYPE_STORE_BATCH (ferry_store_batch_get_type())

/**
 * FerryStoreEmail: (skip)
 * @email_id: JMAP Email id
 * @blob_id: (nullable): blob id; %NULL says that only @mailbox_ids and @keywords are given, which
 *   is enough for an Email that the store knows
 * @thread_id: (nullable): thread id
 * @size: octets
 * @received_at: Unix seconds
 * @has_sent: whether @sent_at and @sent_offset are known
 * @sent_at: Unix seconds
 * @sent_offset: minutes east of UTC
 * @mailbox_ids: (array zero-terminated=1): ids of *all* mailboxes that hold it
 * @keywords: (array zero-terminated=1) (nullable): all its keywords
 *
 * An Email for ferry_store_batch_put_email(), which copies it.
 */
typedef struct {
	const char *email_id;
	const char *blob_id;
	const char *thread_id;
	guint64 size;
	gint64 received_at;
	gboolean has_sent;
	gint64 sent_at;
	int sent_offset;
	const char *const *mailbox_ids;
	const char *const *keywords;
} FerryStoreEmail;

/**
 * FerryStoreBatch:
 *
 * What one ferry_store_apply_async() changes, all or nothing. Mailboxes are named by JMAP id, so
 * that one which the same batch puts can be named too. Whatever order the calls were made in, they
 * take effect in this one:
 *
 * 1. mailboxes put and removed, IMAP names, listing states, subscriptions, states, epochs begun;
 * 2. own removals (a tombstone each), Emails destroyed, \Deleted;
 * 3. Emails put: pairs that are no longer named go, new ones come, keywords change;
 * 4. renewals, then UIDs: first the new pairs nobody asked for, by receivedAt and id; then those
 *    asked for or renewed, in the order of asking;
 * 5. recent watermarks, sweeps, intents removed; the Emails that UIDs were asked for are noted with
 *    the intents that stay (ferry_store_put_intent_async()).
 *
 * A batch belongs to the store from apply on: do not change it then. Reference counted.
 */
typedef struct _FerryStoreBatch FerryStoreBatch;

GType ferry_store_batch_get_type(void);
FerryStoreBatch *ferry_store_batch_new(void);
FerryStoreBatch *ferry_store_batch_ref(FerryStoreBatch *self);
void ferry_store_batch_unref(FerryStoreBatch *self);
gboolean ferry_store_batch_is_empty(const FerryStoreBatch *self);

void ferry_store_batch_set_email_state(FerryStoreBatch *self, const char *state);
void ferry_store_batch_set_mailbox_state(FerryStoreBatch *self, const char *state);

/* mailboxes */
void ferry_store_batch_put_mailbox(FerryStoreBatch *self, const FerryStoreMailbox *mailbox);
void ferry_store_batch_remove_mailbox(FerryStoreBatch *self, const char *mailbox_id);
void ferry_store_batch_set_imap_name(FerryStoreBatch *self, const char *mailbox_id,
				     const char *imap_name);
void ferry_store_batch_set_listing(FerryStoreBatch *self, const char *mailbox_id,
				   FerryStoreListing listing, const char *email_state,
				   const char *anchor);
void ferry_store_batch_set_page_of(FerryStoreBatch *self, const char *mailbox_id);
void ferry_store_batch_set_recent(FerryStoreBatch *self, const char *mailbox_id, guint64 recent);
void ferry_store_batch_set_subscription(FerryStoreBatch *self, const char *imap_name,
					gboolean subscribed);

/* messages */
void ferry_store_batch_put_email(FerryStoreBatch *self, const FerryStoreEmail *email);
void ferry_store_batch_destroy_email(FerryStoreBatch *self, const char *email_id);
void ferry_store_batch_remove_uid(FerryStoreBatch *self, const char *mailbox_id, guint32 uid);
void ferry_store_batch_remove_pair(FerryStoreBatch *self, const char *mailbox_id,
				   const char *email_id);
void ferry_store_batch_set_deleted(FerryStoreBatch *self, const char *mailbox_id, guint32 uid,
				   gboolean deleted);
guint ferry_store_batch_ask(FerryStoreBatch *self, const char *mailbox_id, const char *email_id);
guint ferry_store_batch_renew(FerryStoreBatch *self, const char *mailbox_id, const char *email_id);

/* relisting: what a complete listing did not name is gone */
void ferry_store_batch_begin_epoch(FerryStoreBatch *self, const char *mailbox_id, guint64 token);
void ferry_store_batch_sweep(FerryStoreBatch *self, const char *mailbox_id, guint64 token);

void ferry_store_batch_remove_intent(FerryStoreBatch *self, gint64 intent);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryStoreBatch, ferry_store_batch_unref)

G_END_DECLS
