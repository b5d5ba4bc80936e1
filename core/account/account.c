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

/* A burst of changes is one sync, and a change is told within 20 ms. */
#define DEBOUNCE_MS 10
#define MAX_POLL_SECONDS 60
#define RELIST_TICKS 5

G_DEFINE_TYPE(FerryAccount, ferry_account, G_TYPE_OBJECT)

enum { SIGNAL_MESSAGES_CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

static void
drop_push(FerryAccount *self)
{
	if (self->push == NULL)
		return;
	for (guint i = 0; i < G_N_ELEMENTS(self->push_signals); i++)
		g_clear_signal_handler(&self->push_signals[i], self->push);
	ferry_jmap_push_stop(self->push);
	g_clear_object(&self->push);
	self->push_live = FALSE;
}

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
	 * @delta: what changed; empty for a mailbox that nobody has open
	 */
	signals[SIGNAL_MESSAGES_CHANGED] = g_signal_new("messages-changed",
							FERRY_TYPE_ACCOUNT,
							G_SIGNAL_RUN_LAST,
							0,
							NULL,
							NULL,
							NULL,
							G_TYPE_NONE,
							3,
							G_TYPE_STRING,
							G_TYPE_STRING,
							FERRY_TYPE_MAILBOX_DELTA);
}

static void
ferry_account_init(FerryAccount *self)
{
	self->mail_accounts = g_ptr_array_new_with_free_func(g_object_unref);
	self->sessions = g_ptr_array_new();
	self->list_serial = 1;
}

FerryAccount *
ferry_account_new(FerryStore *store,
		  FerryRawCache *raw_cache,
		  const FerryAccountSettings *settings,
		  const char *backend,
		  const char *username)
{
	FerryAccount *self = g_object_new(FERRY_TYPE_ACCOUNT, NULL);

	self->store = g_object_ref(store);
	self->raw_cache = ferry_raw_cache_ref(raw_cache);
	self->settings = ferry_account_settings_copy(settings);
	self->backend = g_strdup(backend);
	self->username = g_strdup(username);
	self->key = g_strconcat(backend, "/", username, NULL);
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
ferry_account_emit_messages_changed(FerryAccount *self,
				    FerryMailAccount *mail_account,
				    const char *mailbox_id,
				    FerryMailboxDelta *delta)
{
	g_signal_emit(self,
		      signals[SIGNAL_MESSAGES_CHANGED],
		      0,
		      mail_account->id,
		      mailbox_id,
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

/* push and polling */

static void
background_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(FerryAccount) self = user_data;
	g_autoptr(GError) error = NULL;

	self->polling = FALSE;
	if (!ferry_mail_account_refresh_finish(FERRY_MAIL_ACCOUNT(source), result, &error))
		g_debug("account: background sync failed: %s", error->message);
}

static void
sync_all(FerryAccount *self, gboolean only_told)
{
	for (guint i = 0; i < self->mail_accounts->len; i++) {
		FerryMailAccount *mail_account = self->mail_accounts->pdata[i];

		if (only_told && !mail_account->changed_on_backend)
			continue;
		if (!only_told && !mail_account->own &&
		    !ferry_mail_account_is_watched(mail_account))
			continue;
		self->polling = TRUE;
		ferry_mail_account_refresh_async(mail_account,
						 NULL,
						 !only_told,
						 background_cb,
						 g_object_ref(self));
	}
}

static gboolean
debounce_cb(gpointer user_data)
{
	FerryAccount *self = user_data;

	ferry_timer_clear(&self->debounce);
	sync_all(self, TRUE);
	return G_SOURCE_REMOVE;
}

static void
push_change_cb(FerryJmapPush *push,
	       const char *account_id,
	       const char *type,
	       const char *state,
	       gpointer user_data)
{
	FerryAccount *self = user_data;
	FerryMailAccount *mail_account = ferry_account_find(self, account_id);

	if (mail_account == NULL)
		return;
	/* the echo of our own change */
	if ((strcmp(type, "Email") == 0 && g_strcmp0(mail_account->email_state, state) == 0) ||
	    (strcmp(type, "Mailbox") == 0 && g_strcmp0(mail_account->mailbox_state, state) == 0))
		return;
	mail_account->changed_on_backend = TRUE;
	if (self->debounce == NULL)
		self->debounce = ferry_timer_new(DEBOUNCE_MS, debounce_cb, self);
}

static void
push_connected_cb(FerryJmapPush *push, gpointer user_data)
{
	FerryAccount *self = user_data;

	/* what happened before the stream opened was told to nobody */
	for (guint i = 0; i < self->mail_accounts->len; i++)
		((FerryMailAccount *)self->mail_accounts->pdata[i])->changed_on_backend = TRUE;
	if (self->debounce == NULL)
		self->debounce = ferry_timer_new(DEBOUNCE_MS, debounce_cb, self);
}

static void
push_status_cb(FerryJmapPush *push, int status, gpointer user_data)
{
	FerryAccount *self = user_data;

	self->push_live = status == FERRY_JMAP_PUSH_LIVE;
	if (!self->push_live)
		self->poll_at = 0;
}

static void
start_push(FerryAccount *self, FerryJmapSession *jmap)
{
	static const char *const types[] = {"Email", "Mailbox", NULL};

	if (self->push != NULL || self->closed)
		return;
	self->push = ferry_jmap_push_new(jmap, types);
	self->push_jmap = jmap;
	self->push_signals[0] =
		g_signal_connect(self->push, "state-change", G_CALLBACK(push_change_cb), self);
	self->push_signals[1] =
		g_signal_connect(self->push, "connected", G_CALLBACK(push_connected_cb), self);
	self->push_signals[2] =
		g_signal_connect(self->push, "status", G_CALLBACK(push_status_cb), self);
	ferry_jmap_push_start(self->push);
}

void
ferry_account_note_expired(FerryAccount *self, FerryJmapSession *jmap)
{
	FerryJmapSession *other;

	if (self->jmap == jmap)
		g_clear_object(&self->jmap);
	if (self->push == NULL || self->push_jmap != jmap)
		return;
	drop_push(self);
	self->push_jmap = NULL;
	other = ferry_account_pick_jmap(self);
	if (other != NULL && other != jmap)
		start_push(self, other);
}

static gboolean
is_watched(FerryAccount *self)
{
	if (self->n_idling > 0)
		return TRUE;
	for (guint i = 0; i < self->mail_accounts->len; i++) {
		if (ferry_mail_account_is_watched(self->mail_accounts->pdata[i]))
			return TRUE;
	}
	return FALSE;
}

/* Drops mailboxes that were only kept for who comes back soon. */
static void
drop_kept(FerryMailAccount *mail_account, gint64 now)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, mail_account->slots);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		FerryMailboxSlot *slot = value;

		if (slot->kept != NULL && slot->kept_until < now)
			g_clear_object(&slot->kept);
	}
}

static guint64
sum_generations(FerryAccount *self)
{
	guint64 sum = 0;

	for (guint i = 0; i < self->mail_accounts->len; i++)
		sum += ((FerryMailAccount *)self->mail_accounts->pdata[i])->generation;
	return sum;
}

/* Polls where there is no push: at once after a change, slower while there is none. */
static void
poll_backend(FerryAccount *self, gint64 now)
{
	guint64 generations = sum_generations(self);

	if (self->push_live || now < self->poll_at || self->polling)
		return;
	if (generations != self->polled_generations)
		self->poll_interval = self->settings->poll_s;
	else
		self->poll_interval = MIN(self->poll_interval + self->poll_interval / 4 + 1,
					  MAX(MAX_POLL_SECONDS, self->settings->poll_s));
	self->polled_generations = generations;
	self->poll_at = now + (gint64)self->poll_interval * G_USEC_PER_SEC;
	sync_all(self, FALSE);
}

/* What push told and could not be read then. */
static gboolean
has_told_changes(FerryAccount *self)
{
	for (guint i = 0; i < self->mail_accounts->len; i++) {
		if (((FerryMailAccount *)self->mail_accounts->pdata[i])->changed_on_backend)
			return TRUE;
	}
	return FALSE;
}

static void
looked_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(FerryAccount) self = user_data;
	g_autoptr(GError) error = NULL;

	if (!ferry_mail_account_catch_up_finish(FERRY_MAIL_ACCOUNT(source), result, &error))
		g_debug("account: reading the store failed: %s", error->message);
}

static gboolean
tick_cb(gpointer user_data)
{
	g_autoptr(FerryAccount) self = g_object_ref(user_data);
	gint64 now = g_get_monotonic_time();
	gboolean watched = is_watched(self);

	self->n_ticks++;
	for (guint i = 0; i < self->mail_accounts->len; i++) {
		FerryMailAccount *mail_account = self->mail_accounts->pdata[i];

		drop_kept(mail_account, now);
		/* a listing that failed is taken up again */
		if (self->n_ticks % RELIST_TICKS == 0)
			ferry_listing_start_all(mail_account);
		if (watched)
			ferry_mail_account_catch_up_async(mail_account,
							  looked_cb,
							  g_object_ref(self));
	}
	if (watched)
		poll_backend(self, now);
	if (watched && self->push_live && !self->polling && has_told_changes(self))
		sync_all(self, TRUE);
	if (self->unused_since != 0 &&
	    now - self->unused_since > (gint64)self->settings->idle_unload_s * G_USEC_PER_SEC &&
	    self->unload != NULL) {
		self->unload(self, self->unload_data);
		return G_SOURCE_REMOVE;
	}
	return G_SOURCE_CONTINUE;
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
	mail_account->name = g_strdup(info->name != NULL ? info->name : info->id);
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
	if (self->tick == NULL)
		self->tick = ferry_timer_new(1000, tick_cb, self);
	start_push(self, jmap);
	ferry_account_touch_list(self);
	g_task_return_boolean(task, TRUE);
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
ferry_account_load_async(FerryAccount *self,
			 FerryJmapSession *jmap,
			 GCancellable *cancellable,
			 GAsyncReadyCallback callback,
			 gpointer user_data)
{
	g_autoptr(GTask) task = g_task_new(self, cancellable, callback, user_data);
	g_autoptr(GPtrArray) ids = list_new_ids(self, jmap);

	g_task_set_source_tag(task, ferry_account_load_async);
	g_task_set_task_data(task, g_object_ref(jmap), g_object_unref);
	if (ids->len == 1) {
		start_push(self, jmap);
		g_task_return_boolean(task, TRUE);
		return;
	}
	ferry_store_load_account_async(self->store,
				       self->backend,
				       self->username,
				       (const char *const *)ids->pdata,
				       cancellable,
				       loaded_cb,
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
	drop_push(self);
	ferry_timer_clear(&self->tick);
	ferry_timer_clear(&self->debounce);
	ferry_timer_clear(&self->list_changed);
	for (guint i = 0; i < self->mail_accounts->len; i++)
		ferry_mail_account_close(self->mail_accounts->pdata[i]);
}
