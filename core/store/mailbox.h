/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

#define FERRY_TYPE_STORE_MAILBOX (ferry_store_mailbox_get_type())
#define FERRY_TYPE_STORE_MAIL_ACCOUNT (ferry_store_mail_account_get_type())
#define FERRY_TYPE_STORE_ACCOUNT (ferry_store_account_get_type())

/**
 * FerryStoreListing:
 * @FERRY_STORE_UNLISTED: nothing is known of its messages; emails put do not make pairs in it
 * @FERRY_STORE_LISTING: its first listing is under way; only listing pages make pairs in it
 * @FERRY_STORE_LISTED: complete up to the email state of its mail account
 *
 * How far the store knows the messages of a mailbox.
 */
typedef enum {
	FERRY_STORE_UNLISTED,
	FERRY_STORE_LISTING,
	FERRY_STORE_LISTED,
} FerryStoreListing;

/**
 * FerryStoreRights:
 *
 * The properties of a JMAP MailboxRights object (RFC 8621 section 2), one bit each, and the right
 * to share the mailbox.
 */
typedef enum {
	FERRY_STORE_RIGHT_READ_ITEMS = 1 << 0,
	FERRY_STORE_RIGHT_ADD_ITEMS = 1 << 1,
	FERRY_STORE_RIGHT_REMOVE_ITEMS = 1 << 2,
	FERRY_STORE_RIGHT_SET_SEEN = 1 << 3,
	FERRY_STORE_RIGHT_SET_KEYWORDS = 1 << 4,
	FERRY_STORE_RIGHT_CREATE_CHILD = 1 << 5,
	FERRY_STORE_RIGHT_RENAME = 1 << 6,
	FERRY_STORE_RIGHT_DELETE = 1 << 7,
	FERRY_STORE_RIGHT_SUBMIT = 1 << 8,
	FERRY_STORE_RIGHT_SHARE = 1 << 9,
	FERRY_STORE_RIGHT_ALL = (1 << 10) - 1,
} FerryStoreRights;

/**
 * FerryStoreMailbox:
 * @key: number of the mailbox in the store, never used again; 0 in one that was not loaded
 * @id: JMAP Mailbox id
 * @name: JMAP name, UTF-8
 * @parent_id: (nullable): JMAP id of the parent
 * @role: (nullable): JMAP role
 * @sort_order: JMAP sortOrder
 * @subscribed: JMAP isSubscribed
 * @rights: #FerryStoreRights
 * @total_emails: JMAP totalEmails at the mailbox state of the account
 * @unread_emails: JMAP unreadEmails at that state
 * @imap_name: (nullable): the IMAP path given to it, UTF-8
 * @uidvalidity: UIDVALIDITY
 * @uidnext: the next UID, 1 to 4294967296
 * @highest_modseq: highest value a change in this mailbox took; at least 1
 * @prune_modseq: tombstones up to this value may be gone
 * @recent: UIDs below this one were announced as \Recent already
 * @listing: how far its messages are known
 * @listing_email_state: (nullable): Email state taken before its listing began
 * @listing_anchor: (nullable): where its listing goes on after a restart
 * @n_messages: pairs in the store
 * @n_unseen: pairs whose Email lacks $seen
 * @n_deleted: pairs with \Deleted
 * @n_octets: sum of the sizes
 * @n_deleted_octets: sum of the sizes of those with \Deleted
 *
 * A mailbox as the store has it. Reference counted; what the store gives out never changes.
 * The fields from @id to @unread_emails are what ferry_store_batch_put_mailbox() takes.
 */
typedef struct {
	gint64 key;
	char *id;
	char *name;
	char *parent_id;
	char *role;
	guint32 sort_order;
	gboolean subscribed;
	guint rights;
	guint64 total_emails;
	guint64 unread_emails;
	char *imap_name;
	guint32 uidvalidity;
	guint64 uidnext;
	guint64 highest_modseq;
	guint64 prune_modseq;
	guint64 recent;
	FerryStoreListing listing;
	char *listing_email_state;
	char *listing_anchor;
	guint64 n_messages;
	guint64 n_unseen;
	guint64 n_deleted;
	guint64 n_octets;
	guint64 n_deleted_octets;
} FerryStoreMailbox;

GType ferry_store_mailbox_get_type(void);
FerryStoreMailbox *ferry_store_mailbox_new(const char *id, const char *name);
FerryStoreMailbox *ferry_store_mailbox_ref(FerryStoreMailbox *self);
void ferry_store_mailbox_unref(FerryStoreMailbox *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryStoreMailbox, ferry_store_mailbox_unref)

/**
 * FerryStoreMailAccount:
 * @key: number of the mail account in the store
 * @account_id: JMAP accountId
 * @email_state: (nullable): Email state that the store stands at; %NULL before the first sync
 * @mailbox_state: (nullable): Mailbox state that the store stands at
 * @generation: the counter that every committed change moves; at least 1
 * @mailboxes: (element-type FerryStoreMailbox): all its mailboxes
 * @subscriptions: (array zero-terminated=1): subscribed IMAP names that need not exist, sorted
 *
 * One JMAP account of a login. Reference counted, immutable.
 */
typedef struct {
	gint64 key;
	char *account_id;
	char *email_state;
	char *mailbox_state;
	guint64 generation;
	GPtrArray *mailboxes;
	char **subscriptions;
} FerryStoreMailAccount;

GType ferry_store_mail_account_get_type(void);
FerryStoreMailAccount *ferry_store_mail_account_new(gint64 key, const char *account_id);
FerryStoreMailAccount *ferry_store_mail_account_ref(FerryStoreMailAccount *self);
void ferry_store_mail_account_unref(FerryStoreMailAccount *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryStoreMailAccount, ferry_store_mail_account_unref)

/**
 * FerryStoreAccount:
 * @key: number of the login in the store
 * @backend: name of the backend in the configuration
 * @username: `username` of the JMAP session
 * @mail_accounts: (element-type FerryStoreMailAccount): its mail accounts
 *
 * A login and everything the store has of it except messages. Reference counted, immutable.
 */
typedef struct {
	gint64 key;
	char *backend;
	char *username;
	GPtrArray *mail_accounts;
} FerryStoreAccount;

GType ferry_store_account_get_type(void);
FerryStoreAccount *ferry_store_account_new(gint64 key, const char *backend, const char *username);
FerryStoreAccount *ferry_store_account_ref(FerryStoreAccount *self);
void ferry_store_account_unref(FerryStoreAccount *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryStoreAccount, ferry_store_account_unref)

G_END_DECLS
