/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A signed-in client
 *
 * Specification: RFC 9051 §6.3 (authenticated state), RFC 8620 §2 (the session object)
 * Implementation: names are looked up in the list of what the session object of this credential
 *   shows; what is shared by all sessions of the login is the account's
 */
#include "account/account-private.h"

#include <string.h>

#include "account/names-private.h"

G_DEFINE_TYPE(FerryAccountSession, ferry_account_session, G_TYPE_OBJECT)

enum {
	SIGNAL_MAILBOXES_CHANGED,
	SIGNAL_EXPIRED,
	SIGNAL_DATA_CHANGED,
	N_SIGNALS
};
static guint signals[N_SIGNALS];

static void
ferry_account_session_dispose(GObject *object)
{
	FerryAccountSession *self = FERRY_ACCOUNT_SESSION(object);

	g_clear_signal_handler(&self->expired_signal, self->jmap);
	g_clear_signal_handler(&self->changed_signal, self->jmap);
	if (self->account != NULL) {
		ferry_account_session_set_idling(self, FALSE);
		ferry_account_remove_session(self->account, self);
	}
	g_clear_object(&self->account);
	g_clear_object(&self->jmap);
	g_clear_pointer(&self->list, ferry_mailbox_list_unref);
	G_OBJECT_CLASS(ferry_account_session_parent_class)->dispose(object);
}

static void
ferry_account_session_class_init(FerryAccountSessionClass *klass)
{
	G_OBJECT_CLASS(klass)->dispose = ferry_account_session_dispose;
	/**
	 * FerryAccountSession::mailboxes-changed:
	 * @self: the session
	 * @old_list: (type FerryMailboxList): what there was
	 * @new_list: (type FerryMailboxList): what there is
	 */
	signals[SIGNAL_MAILBOXES_CHANGED] = g_signal_new(
		"mailboxes-changed", FERRY_TYPE_ACCOUNT_SESSION, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
		NULL, G_TYPE_NONE, 2, FERRY_TYPE_MAILBOX_LIST, FERRY_TYPE_MAILBOX_LIST);
	/**
	 * FerryAccountSession::expired:
	 * @self: the session
	 */
	signals[SIGNAL_EXPIRED] =
		g_signal_new("expired", FERRY_TYPE_ACCOUNT_SESSION, G_SIGNAL_RUN_LAST, 0, NULL,
			     NULL, NULL, G_TYPE_NONE, 0);
	/**
	 * FerryAccountSession::data-changed:
	 * @self: the session
	 * @module: whose data: see ferry_account_session_put_data_async()
	 * @account_id: the JMAP account
	 * @mailbox_id: (nullable): the mailbox; %NULL: the account as a whole
	 * @shared: whether they are shared values
	 * @keys: (array zero-terminated=1): their names
	 *
	 * Another session changed what a module keeps.
	 */
	signals[SIGNAL_DATA_CHANGED] =
		g_signal_new("data-changed", FERRY_TYPE_ACCOUNT_SESSION, G_SIGNAL_RUN_LAST, 0, NULL,
			     NULL, NULL, G_TYPE_NONE, 5, G_TYPE_STRING, G_TYPE_STRING,
			     G_TYPE_STRING, G_TYPE_BOOLEAN, G_TYPE_STRV);
}

static void
ferry_account_session_init(FerryAccountSession *self)
{
}

static void
expired_cb(FerryJmapSession *jmap, gpointer user_data)
{
	ferry_account_session_expire(user_data);
}

static void
reloaded_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(FerryAccountSession) self = user_data;
	g_autoptr(GError) error = NULL;

	if (!ferry_account_load_finish(FERRY_ACCOUNT(source), result, &error))
		g_message("account: new accounts were not read: %s", error->message);
	ferry_account_review(self->account);
}

/* Accounts came or went. */
static void
session_changed_cb(FerryJmapSession *jmap, gpointer user_data)
{
	FerryAccountSession *self = user_data;

	ferry_account_load_async(self->account, jmap, NULL, reloaded_cb, g_object_ref(self));
}

FerryAccountSession *
ferry_account_session_new(FerryAccount *account, FerryJmapSession *jmap)
{
	FerryAccountSession *self = g_object_new(FERRY_TYPE_ACCOUNT_SESSION, NULL);

	self->account = g_object_ref(account);
	self->jmap = g_object_ref(jmap);
	self->signed_in = g_get_monotonic_time();
	self->expired_signal = g_signal_connect(jmap, "expired", G_CALLBACK(expired_cb), self);
	self->changed_signal =
		g_signal_connect(jmap, "session-changed", G_CALLBACK(session_changed_cb), self);
	ferry_account_add_session(account, self);
	return self;
}

void
ferry_account_session_expire(FerryAccountSession *self)
{
	if (self->expired)
		return;
	self->expired = TRUE;
	ferry_account_note_expired(self->account, self->jmap);
	g_signal_emit(self, signals[SIGNAL_EXPIRED], 0);
}

void
ferry_account_session_tell_data(FerryAccountSession *self, const char *module,
				const char *account_id, const char *mailbox_id, gboolean shared,
				const char *const *keys)
{
	g_signal_emit(self, signals[SIGNAL_DATA_CHANGED], 0, module, account_id, mailbox_id, shared,
		      keys);
}

/**
 * ferry_account_session_warm_up:
 * @self: a session
 *
 * Says that this session is about mail: the backend's push stream is opened, and what it has is
 * read in the background. The first command that needs mail does so too; a protocol that always
 * does calls it when its client has signed in, so that the first command finds the account warm. A
 * protocol that needs none of it leaves the account alone.
 */
void
ferry_account_session_warm_up(FerryAccountSession *self)
{
	if (!self->expired)
		ferry_account_want_mail(self->account, self->jmap);
}

/**
 * ferry_account_session_get_account:
 * @self: a session
 *
 * Returns: (transfer none): its account
 */
FerryAccount *
ferry_account_session_get_account(FerryAccountSession *self)
{
	return self->account;
}

/**
 * ferry_account_session_get_jmap:
 * @self: a session
 *
 * Returns: (transfer none): the JMAP session with its credential
 */
FerryJmapSession *
ferry_account_session_get_jmap(FerryAccountSession *self)
{
	return self->jmap;
}

/**
 * ferry_account_session_get_username:
 * @self: a session
 *
 * Returns: the `username` of its JMAP session
 */
const char *
ferry_account_session_get_username(FerryAccountSession *self)
{
	return self->account->username;
}

/**
 * ferry_account_session_get_account_id:
 * @self: a session
 *
 * Returns: (nullable): the accountId of its own mail account
 */
const char *
ferry_account_session_get_account_id(FerryAccountSession *self)
{
	return ferry_jmap_session_get_primary_account(self->jmap, FERRY_JMAP_CAPABILITY_MAIL);
}

/**
 * ferry_account_session_has_capability:
 * @self: a session
 * @urn: a JMAP capability
 *
 * Returns: whether the backend has it
 */
gboolean
ferry_account_session_has_capability(FerryAccountSession *self, const char *urn)
{
	return ferry_jmap_session_has_capability(self->jmap, urn);
}

/**
 * ferry_account_session_get_max_upload:
 * @self: a session
 *
 * Returns: octets that one message may have (APPENDLIMIT)
 */
guint64
ferry_account_session_get_max_upload(FerryAccountSession *self)
{
	return ferry_jmap_session_get_limit(self->jmap, FERRY_JMAP_LIMIT_SIZE_UPLOAD);
}

/**
 * ferry_account_session_set_idling:
 * @self: a session
 * @idling: whether its client waits for news
 *
 * While a client idles its account is kept fresh, even where no mailbox is open.
 */
void
ferry_account_session_set_idling(FerryAccountSession *self, gboolean idling)
{
	if (self->idling == idling)
		return;
	self->idling = idling;
	ferry_account_set_idling(self->account, idling);
}

/* the list */

static gboolean
sees(FerryAccountSession *self, FerryMailAccount *mail_account)
{
	return ferry_jmap_session_find_account(self->jmap, mail_account->id) != NULL;
}

/* "Shared Folders/NAME". Of equal names the account that was known first keeps its own, the others
 * are told apart by their ids. */
static char *
make_namespace(FerryAccountSession *self, FerryMailAccount *mail_account)
{
	const char *prefix = self->account->settings->shared_prefix;
	g_autofree char *name = ferry_names_encode(mail_account->name);

	for (guint i = 0; i < self->account->mail_accounts->len; i++) {
		FerryMailAccount *other = self->account->mail_accounts->pdata[i];

		if (other->key < mail_account->key && !other->own &&
		    strcmp(other->name, mail_account->name) == 0)
			return g_strdup_printf("%s/%s~4%s", prefix, name, mail_account->id);
	}
	return g_strdup_printf("%s/%s", prefix, name);
}

static FerryMailboxList *
make_list(FerryAccountSession *self)
{
	FerryMailboxList *list = ferry_mailbox_list_new(self->account->settings->shared_prefix);

	for (guint i = 0; i < self->account->mail_accounts->len; i++) {
		FerryMailAccount *mail_account = self->account->mail_accounts->pdata[i];
		g_autoptr(GPtrArray) mailboxes = NULL;
		g_autofree char *namespace_name = NULL;

		if (!sees(self, mail_account))
			continue;
		mailboxes = ferry_mail_account_list_stored(mail_account);
		namespace_name =
			mail_account->own ? g_strdup("") : make_namespace(self, mail_account);
		ferry_mailbox_list_add_account(list, mail_account->id, namespace_name, mailboxes,
					       mail_account->read_only,
					       (const char *const *)mail_account->subscriptions);
	}
	ferry_mailbox_list_seal(list);
	return list;
}

/**
 * ferry_account_session_get_list:
 * @self: a session
 *
 * Returns: (transfer none) (nullable): the mailboxes as last seen; NULL before the first sync
 */
FerryMailboxList *
ferry_account_session_get_list(FerryAccountSession *self)
{
	FerryMailAccount *own =
		ferry_account_find(self->account, ferry_account_session_get_account_id(self));

	if (own != NULL && own->mailbox_state == NULL)
		return NULL;
	if (self->list == NULL || self->list_serial != self->account->list_serial) {
		g_clear_pointer(&self->list, ferry_mailbox_list_unref);
		self->list = make_list(self);
		self->list_serial = self->account->list_serial;
	}
	return self->list;
}

void
ferry_account_session_lists_changed(FerryAccountSession *self)
{
	g_autoptr(FerryMailboxList) old =
		self->list != NULL ? ferry_mailbox_list_ref(self->list) : NULL;
	FerryMailboxList *list;

	if (old == NULL)
		return;
	list = ferry_account_session_get_list(self);
	if (list != NULL && list != old)
		g_signal_emit(self, signals[SIGNAL_MAILBOXES_CHANGED], 0, old, list);
}

/* Whether the name is in an account that has not answered yet: to say that there is no such mailbox
 * would make clients drop theirs. */
static gboolean
is_in_the_dark(FerryAccountSession *self, FerryMailboxList *list, const char *name)
{
	const char *account_id, *rest;
	FerryMailAccount *mail_account;

	if (list == NULL ||
	    ferry_mailbox_list_find_namespace(list, name, &account_id, &rest) == NULL)
		return FALSE;
	mail_account = ferry_account_find(self->account, account_id);
	return mail_account != NULL && mail_account->mailbox_state == NULL;
}

FerryMailboxSlot *
ferry_account_session_find_slot(FerryAccountSession *self, const char *name, gboolean for_adding,
				GError **error)
{
	FerryMailboxList *list = ferry_account_session_get_list(self);
	FerryMailboxInfo *info = list != NULL ? ferry_mailbox_list_find(list, name) : NULL;
	FerryMailAccount *mail_account = NULL;
	FerryMailboxSlot *slot = NULL;
	g_auto(GStrv) names = NULL;

	if (info != NULL && ferry_mailbox_info_get_id(info) != NULL)
		mail_account =
			ferry_account_find(self->account, ferry_mailbox_info_get_account_id(info));
	if (mail_account != NULL)
		slot = ferry_mail_account_find(mail_account, ferry_mailbox_info_get_id(info));
	if (slot == NULL && is_in_the_dark(self, list, name))
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_UNAVAILABLE,
				    "the mailboxes of this account are not known yet");
	else if (slot == NULL && for_adding && info == NULL &&
		 (names = ferry_names_split(name, NULL)) != NULL)
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_TRY_CREATE,
				    "the mailbox does not exist");
	else if (slot == NULL)
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND,
				    "the mailbox does not exist");
	return slot;
}

/**
 * ferry_account_session_searches_exactly:
 * @self: a session
 *
 * Returns: whether SEARCH BODY and TEXT must always read the messages (`text-search=exact`)
 */
gboolean
ferry_account_session_searches_exactly(FerryAccountSession *self)
{
	return g_strcmp0(self->account->settings->text_search, "exact") == 0;
}

/**
 * ferry_account_session_mends_line_ends:
 * @self: a session
 *
 * Returns: whether bare LF in an appended message is to become CRLF (`append-bare-lf=mend`)
 */
gboolean
ferry_account_session_mends_line_ends(FerryAccountSession *self)
{
	return self->account->settings->mend_line_ends;
}

/**
 * ferry_account_session_get_text_scan_limit:
 * @self: a session
 *
 * Returns: as many messages are read by SEARCH BODY and TEXT rather than asked for
 */
guint
ferry_account_session_get_text_scan_limit(FerryAccountSession *self)
{
	return self->account->settings->text_scan_limit;
}
