/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An account: what all sessions of one login share
 *
 * Specification: RFC 8620 §7.3 (event source)
 * Implementation: one push stream; without it, polling that slows down while nothing changes; a
 *   look at the store once a second while anybody has a mailbox open, for other processes
 */
#include "account/account-private.h"

#include <string.h>

#include "account/listing-private.h"
#include "account/mailbox-private.h"
#include "account/recover-private.h"
#include "account/timer-private.h"

G_DEFINE_TYPE(FerryAccount, ferry_account, G_TYPE_OBJECT)

enum {
	SIGNAL_MESSAGES_CHANGED,
	N_SIGNALS
};
static guint signals[N_SIGNALS];

static void
ferry_account_finalize(GObject *object)
{
	FerryAccount *self = FERRY_ACCOUNT(object);

	ferry_account_close(self);
	g_ptr_array_unref(self->mail_accounts);
	g_ptr_array_unref(self->sessions);
	g_clear_object(&self->jmap);
	g_clear_object(&self->store);
	g_clear_pointer(&self->raw_cache, ferry_raw_cache_unref);
	g_clear_pointer(&self->settings, ferry_account_settings_free);
	g_free(self->backend);
	g_free(self->username);
	g_free(self->key);
	G_OBJECT_CLASS(ferry_account_parent_class)->finalize(object);
}

static void
ferry_account_class_init(FerryAccountClass *klass)
{
	G_OBJECT_CLASS(klass)->finalize = ferry_account_finalize;
	/**
	 * FerryAccount::messages-changed:
	 * @self: the account
	 * @account_id: the JMAP account
	 * @mailbox_id: the mailbox
	 * @delta: what changed; without UIDs where nobody can have looked, since the mailbox
	 *   is being listed or was renumbered
	 */
	signals[SIGNAL_MESSAGES_CHANGED] = g_signal_new(
		"messages-changed", FERRY_TYPE_ACCOUNT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
		G_TYPE_NONE, 3, G_TYPE_STRING, G_TYPE_STRING, FERRY_TYPE_MAILBOX_DELTA);
}

static void
ferry_account_init(FerryAccount *self)
{
	self->mail_accounts = g_ptr_array_new_with_free_func(g_object_unref);
	self->sessions = g_ptr_array_new();
	self->list_serial = 1;
}

/* The name of a backend has no line break, as the key file that it is from has none in groups: no
 * two pairs are one key. */
char *
ferry_account_make_key(const char *backend, const char *username)
{
	return g_strconcat(backend, "\n", username, NULL);
}

FerryAccount *
ferry_account_new(FerryStore *store, FerryRawCache *raw_cache, const FerryAccountSettings *settings,
		  const char *backend, const char *username)
{
	FerryAccount *self = g_object_new(FERRY_TYPE_ACCOUNT, NULL);

	self->store = g_object_ref(store);
	self->raw_cache = ferry_raw_cache_ref(raw_cache);
	self->settings = ferry_account_settings_copy(settings);
	self->backend = g_strdup(backend);
	self->username = g_strdup(username);
	self->key = ferry_account_make_key(backend, username);
	self->poll_interval = settings->poll_s;
	return self;
}

/**
 * ferry_account_get_backend:
 * @self: an account
 *
 * Returns: the name of its backend in the configuration
 */
const char *
ferry_account_get_backend(FerryAccount *self)
{
	return self->backend;
}

/**
 * ferry_account_get_username:
 * @self: an account
 *
 * Returns: the `username` of its JMAP session
 */
const char *
ferry_account_get_username(FerryAccount *self)
{
	return self->username;
}

/**
 * ferry_account_get_key:
 * @self: an account
 *
 * Returns: what names it among all accounts: backend and user name
 */
const char *
ferry_account_get_key(FerryAccount *self)
{
	return self->key;
}

/**
 * ferry_account_get_n_sessions:
 * @self: an account
 *
 * Returns: how many sessions are signed in
 */
guint
ferry_account_get_n_sessions(FerryAccount *self)
{
	return self->sessions->len;
}

/**
 * ferry_account_is_push_live:
 * @self: an account
 *
 * Returns: whether the backend tells every change by itself
 */
gboolean
ferry_account_is_push_live(FerryAccount *self)
{
	return self->push_live;
}

/**
 * ferry_account_get_n_requests:
 * @self: an account
 *
 * Returns: how many HTTP requests were made to the account's backend, by all its accounts
 */
guint64
ferry_account_get_n_requests(FerryAccount *self)
{
	if (self->jmap == NULL)
		return 0;
	return ferry_jmap_backend_get_n_requests(ferry_jmap_session_get_backend(self->jmap));
}

/**
 * ferry_account_get_progress:
 * @self: an account
 * @done: (out): messages listed
 * @total: (out): messages there are
 *
 * Returns: whether mailboxes are still being listed for the first time
 */
gboolean
ferry_account_get_progress(FerryAccount *self, guint64 *done, guint64 *total)
{
	gboolean listing = FALSE;

	*done = *total = 0;
	for (guint i = 0; i < self->mail_accounts->len; i++) {
		FerryMailAccount *mail_account = self->mail_accounts->pdata[i];
		GHashTableIter iter;
		gpointer value;

		g_hash_table_iter_init(&iter, mail_account->slots);
		while (g_hash_table_iter_next(&iter, NULL, &value)) {
			FerryMailboxSlot *slot = value;
			guint64 slot_done, slot_total;

			listing |= slot->stored->listing != FERRY_STORE_LISTED;
			ferry_listing_get_progress(slot, &slot_done, &slot_total);
			*done += slot_done;
			*total += MAX(slot_done, slot_total);
		}
	}
	return listing;
}

static gboolean
is_busy(FerryMailAccount *mail_account)
{
	return mail_account->locked || mail_account->n_syncing > 0 ||
	       ferry_mail_account_has_news(mail_account) ||
	       !g_queue_is_empty(&mail_account->listings) ||
	       !g_queue_is_empty(&mail_account->list_queue);
}

/**
 * ferry_account_is_busy:
 * @self: an account
 *
 * Returns: whether something is being read, changed or listed, or is known to be due
 */
gboolean
ferry_account_is_busy(FerryAccount *self)
{
	if (self->debounce != NULL || self->list_changed != NULL)
		return TRUE;
	for (guint i = 0; i < self->mail_accounts->len; i++) {
		if (is_busy(self->mail_accounts->pdata[i]))
			return TRUE;
	}
	return FALSE;
}

FerryMailAccount *
ferry_account_find(FerryAccount *self, const char *account_id)
{
	for (guint i = 0; i < self->mail_accounts->len; i++) {
		FerryMailAccount *mail_account = self->mail_accounts->pdata[i];

		if (g_strcmp0(mail_account->id, account_id) == 0)
			return mail_account;
	}
	return NULL;
}

FerryJmapSession *
ferry_account_pick_jmap(FerryAccount *self)
{
	for (guint i = self->sessions->len; i > 0; i--) {
		FerryAccountSession *session = self->sessions->pdata[i - 1];

		if (!session->expired)
			return session->jmap;
	}
	return self->jmap;
}

void
ferry_account_emit_messages_changed(FerryAccount *self, FerryMailAccount *mail_account,
				    const char *mailbox_id, FerryMailboxDelta *delta)
{
	g_signal_emit(self, signals[SIGNAL_MESSAGES_CHANGED], 0, mail_account->id, mailbox_id,
		      delta);
}

static gboolean
tell_lists_cb(gpointer user_data)
{
	FerryAccount *self = user_data;
	g_autoptr(GPtrArray) sessions =
		g_ptr_array_copy(self->sessions, (GCopyFunc)(void (*)(void))g_object_ref, NULL);

	ferry_timer_clear(&self->list_changed);
	g_ptr_array_set_free_func(sessions, g_object_unref);
	for (guint i = 0; i < sessions->len; i++)
		ferry_account_session_lists_changed(sessions->pdata[i]);
	return G_SOURCE_REMOVE;
}

/* A name, right, role or subscription moved. */
void
ferry_account_touch_list(FerryAccount *self)
{
	self->list_serial++;
	if (self->list_changed == NULL && !self->closed)
		self->list_changed = ferry_timer_new(0, tell_lists_cb, self);
}

/* loading */

static int
compare_accounts(gconstpointer a, gconstpointer b)
{
	const FerryMailAccount *first = *(const FerryMailAccount *const *)a;
	const FerryMailAccount *second = *(const FerryMailAccount *const *)b;

	if (first->own != second->own)
		return first->own ? -1 : 1;
	return strcmp(first->id, second->id);
}

static void
add_mail_account(FerryAccount *self, FerryStoreMailAccount *stored, FerryJmapSession *jmap)
{
	const FerryJmapAccountInfo *info =
		ferry_jmap_session_find_account(jmap, stored->account_id);
	const char *primary =
		ferry_jmap_session_get_primary_account(jmap, FERRY_JMAP_CAPABILITY_MAIL);
	FerryMailAccount *mail_account;

	if (info == NULL || ferry_account_find(self, stored->account_id) != NULL)
		return;
	mail_account = ferry_mail_account_new(self, stored);
	ferry_mail_account_take_info(mail_account, info);
	mail_account->own = g_strcmp0(primary, stored->account_id) == 0;
	g_ptr_array_add(self->mail_accounts, mail_account);
	ferry_recover_async(mail_account, jmap);
}

static void
loaded_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	FerryAccount *self = g_task_get_source_object(task);
	FerryJmapSession *jmap = g_task_get_task_data(task);
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryStoreAccount) stored =
		ferry_store_load_account_finish(FERRY_STORE(source), result, &error);

	if (stored == NULL) {
		g_task_return_error(task, g_steal_pointer(&error));
		return;
	}
	for (guint i = 0; i < stored->mail_accounts->len; i++)
		add_mail_account(self, stored->mail_accounts->pdata[i], jmap);
	g_ptr_array_sort(self->mail_accounts, compare_accounts);
	g_set_object(&self->jmap, jmap);
	ferry_account_start_ticking(self);
	if (self->wants_mail)
		ferry_account_start_push(self, jmap);
	ferry_account_touch_list(self);
	g_task_return_boolean(task, TRUE);
}

static const FerryJmapAccountInfo *
find_info(FerryAccount *self, const char *account_id)
{
	for (guint i = self->sessions->len; i > 0; i--) {
		FerryAccountSession *session = self->sessions->pdata[i - 1];
		const FerryJmapAccountInfo *info =
			ferry_jmap_session_find_account(session->jmap, account_id);

		if (info != NULL)
			return info;
	}
	return NULL;
}

/* After a session object changed: what no credential shows any more is let go, with the mailboxes
 * that are open in it; the store keeps what it has, for the case that it comes back. */
void
ferry_account_review(FerryAccount *self)
{
	for (guint i = self->mail_accounts->len; i > 0 && self->sessions->len > 0; i--) {
		g_autoptr(FerryMailAccount) mail_account =
			g_object_ref(self->mail_accounts->pdata[i - 1]);
		const FerryJmapAccountInfo *info = find_info(self, mail_account->id);

		if (info != NULL) {
			ferry_mail_account_take_info(mail_account, info);
		} else if (!mail_account->own) {
			g_ptr_array_remove_index(self->mail_accounts, i - 1);
			ferry_mail_account_close(mail_account);
		}
	}
	ferry_account_touch_list(self);
}

/* The JMAP accounts with mail that a session lists and that are not known here yet. */
static GPtrArray *
list_new_ids(FerryAccount *self, FerryJmapSession *jmap)
{
	GPtrArray *accounts = ferry_jmap_session_get_accounts(jmap);
	GPtrArray *ids = g_ptr_array_new();

	for (guint i = 0; i < accounts->len && ids->len < FERRY_ACCOUNT_MAX_MAIL_ACCOUNTS; i++) {
		FerryJmapAccountInfo *info = accounts->pdata[i];
		g_autoptr(FerryJmapValue) mail =
			info->capabilities != NULL
				? ferry_jmap_value_get_member(info->capabilities,
							      FERRY_JMAP_CAPABILITY_MAIL)
				: NULL;

		if (mail != NULL && ferry_account_find(self, info->id) == NULL)
			g_ptr_array_add(ids, info->id);
	}
	g_ptr_array_add(ids, NULL);
	return ids;
}

/* Reads what the store has of the accounts that @jmap lists. */
void
ferry_account_load_async(FerryAccount *self, FerryJmapSession *jmap, GCancellable *cancellable,
			 GAsyncReadyCallback callback, gpointer user_data)
{
	g_autoptr(GTask) task = g_task_new(self, cancellable, callback, user_data);
	g_autoptr(GPtrArray) ids = list_new_ids(self, jmap);

	g_task_set_source_tag(task, ferry_account_load_async);
	g_task_set_task_data(task, g_object_ref(jmap), g_object_unref);
	if (ids->len == 1) {
		if (self->wants_mail)
			ferry_account_start_push(self, jmap);
		g_task_return_boolean(task, TRUE);
		return;
	}
	ferry_store_load_account_async(self->store, self->backend, self->username,
				       (const char *const *)ids->pdata, cancellable, loaded_cb,
				       g_steal_pointer(&task));
}

gboolean
ferry_account_load_finish(FerryAccount *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_boolean(G_TASK(result), error);
}

void
ferry_account_add_session(FerryAccount *self, FerryAccountSession *session)
{
	g_ptr_array_add(self->sessions, session);
	self->unused_since = 0;
}

void
ferry_account_remove_session(FerryAccount *self, FerryAccountSession *session)
{
	if (!session->expired)
		g_set_object(&self->jmap, session->jmap);
	g_ptr_array_remove(self->sessions, session);
	if (self->sessions->len == 0)
		self->unused_since = g_get_monotonic_time();
}

/* The accounts of its backend in this process, itself among them. */
GPtrArray *
ferry_account_list_peers(FerryAccount *self)
{
	GPtrArray *list;

	if (self->list_peers != NULL)
		return self->list_peers(self, self->manager_data);
	list = g_ptr_array_new_with_free_func(g_object_unref);
	g_ptr_array_add(list, g_object_ref(self));
	return list;
}

void
ferry_account_set_idling(FerryAccount *self, gboolean idling)
{
	if (idling)
		self->n_idling++;
	else if (self->n_idling > 0)
		self->n_idling--;
}

void
ferry_account_close(FerryAccount *self)
{
	if (self->closed)
		return;
	self->closed = TRUE;
	ferry_account_drop_push(self);
	ferry_timer_clear(&self->tick);
	ferry_timer_clear(&self->debounce);
	ferry_timer_clear(&self->list_changed);
	for (guint i = 0; i < self->mail_accounts->len; i++)
		ferry_mail_account_close(self->mail_accounts->pdata[i]);
}
