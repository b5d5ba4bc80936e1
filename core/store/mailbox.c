/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a store says of a login, its mail accounts and their mailboxes
 *
 * Implementation: plain reference-counted records; atomic counts, since they cross threads.
 */
#include "store/mailbox.h"

G_DEFINE_BOXED_TYPE(FerryStoreMailbox, ferry_store_mailbox, ferry_store_mailbox_ref,
		    ferry_store_mailbox_unref)
G_DEFINE_BOXED_TYPE(FerryStoreMailAccount, ferry_store_mail_account, ferry_store_mail_account_ref,
		    ferry_store_mail_account_unref)
G_DEFINE_BOXED_TYPE(FerryStoreAccount, ferry_store_account, ferry_store_account_ref,
		    ferry_store_account_unref)

/**
 * ferry_store_mailbox_new:
 * @id: (nullable): JMAP Mailbox id
 * @name: (nullable): JMAP name
 *
 * Makes a record to fill in, e.g. for ferry_store_batch_put_mailbox().
 *
 * Returns: (transfer full): the record, unlisted and with all rights
 */
FerryStoreMailbox *
ferry_store_mailbox_new(const char *id, const char *name)
{
	FerryStoreMailbox *self = g_atomic_rc_box_new0(FerryStoreMailbox);

	self->id = g_strdup(id);
	self->name = g_strdup(name);
	self->rights = FERRY_STORE_RIGHT_ALL;
	return self;
}

/**
 * ferry_store_mailbox_ref:
 * @self: a mailbox
 *
 * Returns: (transfer full): @self
 */
FerryStoreMailbox *
ferry_store_mailbox_ref(FerryStoreMailbox *self)
{
	return g_atomic_rc_box_acquire(self);
}

static void
mailbox_clear(gpointer data)
{
	FerryStoreMailbox *self = data;

	g_free(self->id);
	g_free(self->name);
	g_free(self->parent_id);
	g_free(self->role);
	g_free(self->imap_name);
	g_free(self->listing_email_state);
	g_free(self->listing_anchor);
}

/**
 * ferry_store_mailbox_unref:
 * @self: (transfer full): a mailbox
 *
 * Drops a reference; the last one frees it.
 */
void
ferry_store_mailbox_unref(FerryStoreMailbox *self)
{
	g_atomic_rc_box_release_full(self, mailbox_clear);
}

/**
 * ferry_store_mail_account_new:
 * @key: number in the store
 * @account_id: JMAP accountId
 *
 * For stores.
 *
 * Returns: (transfer full): a mail account without mailboxes
 */
FerryStoreMailAccount *
ferry_store_mail_account_new(gint64 key, const char *account_id)
{
	FerryStoreMailAccount *self = g_atomic_rc_box_new0(FerryStoreMailAccount);

	self->key = key;
	self->account_id = g_strdup(account_id);
	self->mailboxes = g_ptr_array_new_with_free_func((GDestroyNotify)ferry_store_mailbox_unref);
	return self;
}

/**
 * ferry_store_mail_account_ref:
 * @self: a mail account
 *
 * Returns: (transfer full): @self
 */
FerryStoreMailAccount *
ferry_store_mail_account_ref(FerryStoreMailAccount *self)
{
	return g_atomic_rc_box_acquire(self);
}

static void
mail_account_clear(gpointer data)
{
	FerryStoreMailAccount *self = data;

	g_free(self->account_id);
	g_free(self->email_state);
	g_free(self->mailbox_state);
	g_ptr_array_unref(self->mailboxes);
	g_strfreev(self->subscriptions);
}

/**
 * ferry_store_mail_account_unref:
 * @self: (transfer full): a mail account
 *
 * Drops a reference; the last one frees it.
 */
void
ferry_store_mail_account_unref(FerryStoreMailAccount *self)
{
	g_atomic_rc_box_release_full(self, mail_account_clear);
}

/**
 * ferry_store_account_new:
 * @key: number in the store
 * @backend: name of the backend
 * @username: name of the login there
 *
 * For stores.
 *
 * Returns: (transfer full): a login without mail accounts
 */
FerryStoreAccount *
ferry_store_account_new(gint64 key, const char *backend, const char *username)
{
	FerryStoreAccount *self = g_atomic_rc_box_new0(FerryStoreAccount);

	self->key = key;
	self->backend = g_strdup(backend);
	self->username = g_strdup(username);
	self->mail_accounts =
		g_ptr_array_new_with_free_func((GDestroyNotify)ferry_store_mail_account_unref);
	return self;
}

/**
 * ferry_store_account_ref:
 * @self: a login
 *
 * Returns: (transfer full): @self
 */
FerryStoreAccount *
ferry_store_account_ref(FerryStoreAccount *self)
{
	return g_atomic_rc_box_acquire(self);
}

static void
account_clear(gpointer data)
{
	FerryStoreAccount *self = data;

	g_free(self->backend);
	g_free(self->username);
	g_ptr_array_unref(self->mail_accounts);
}

/**
 * ferry_store_account_unref:
 * @self: (transfer full): a login
 *
 * Drops a reference; the last one frees it.
 */
void
ferry_store_account_unref(FerryStoreAccount *self)
{
	g_atomic_rc_box_release_full(self, account_clear);
}
