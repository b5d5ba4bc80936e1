/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How an account hears of changes
 *
 * Specification: RFC 8620 §7.3 (event source)
 * Implementation: one push stream; without it, polling that slows down while nothing changes; a
 *   look at the store once a second while anybody has a mailbox open, for other processes
 */
#include "account/account-private.h"
#include "account/listing-private.h"
#include "account/recover-private.h"
#include "account/timer-private.h"

/* A burst of changes is one sync, and a change is told within 20 ms. */
#define DEBOUNCE_MS 10
#define MAX_POLL_SECONDS 60
#define RELIST_TICKS 5
#define SESSION_TICKS 60
#define SESSION_TICKS_PUSH 300
#define LOOK_SECONDS 2

void
ferry_account_drop_push(FerryAccount *self)
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
background_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(FerryAccount) self = user_data;
	g_autoptr(GError) error = NULL;

	FERRY_MAIL_ACCOUNT(source)->polling = FALSE;
	if (!ferry_mail_account_refresh_finish(FERRY_MAIL_ACCOUNT(source), result, &error))
		g_debug("account: background sync failed: %s", error->message);
}

/* @again: also where that is under way, since what was told may be newer */
static void
sync_all(FerryAccount *self, gboolean only_told, gboolean again)
{
	FerryWatch watch = ferry_account_get_watch(self);
	FerryRefresh how = only_told                           ? FERRY_REFRESH_IF_OLD
			   : watch & FERRY_WATCH_SUBSCRIPTIONS ? FERRY_REFRESH_SUBSCRIPTIONS
							       : FERRY_REFRESH_ALWAYS;

	for (guint i = 0; i < self->mail_accounts->len; i++) {
		FerryMailAccount *mail_account = self->mail_accounts->pdata[i];

		if ((only_told && !ferry_mail_account_has_news(mail_account)) ||
		    (mail_account->polling && !again))
			continue;
		if (!only_told && !mail_account->own && !(watch & FERRY_WATCH_SHARED) &&
		    !ferry_mail_account_is_watched(mail_account))
			continue;
		mail_account->polling = TRUE;
		ferry_mail_account_refresh_async(mail_account, NULL, how, background_cb,
						 g_object_ref(self));
	}
}

static gboolean
debounce_cb(gpointer user_data)
{
	FerryAccount *self = user_data;

	ferry_timer_clear(&self->debounce);
	sync_all(self, TRUE, TRUE);
	return G_SOURCE_REMOVE;
}

static void
look_for_accounts(FerryAccount *self)
{
	gint64 now = g_get_monotonic_time();

	if (!self->looks || self->push_jmap == NULL || now < self->look_at)
		return;
	self->looks = FALSE;
	self->look_at = now + LOOK_SECONDS * G_USEC_PER_SEC;
	ferry_jmap_session_refresh(self->push_jmap);
}

/* Nobody tells what accounts are taken away, and some backends never change their sessionState: so
 * the session objects are read again now and then. */
static void
look_at_sessions(FerryAccount *self)
{
	guint every = self->push_live ? SESSION_TICKS_PUSH : SESSION_TICKS;

	if (self->n_ticks % every != 0)
		return;
	for (guint i = 0; i < self->sessions->len; i++) {
		FerryAccountSession *session = self->sessions->pdata[i];

		if (!session->expired)
			ferry_jmap_session_refresh(session->jmap);
	}
}

static void
push_change_cb(FerryJmapPush *push, const char *account_id, const char *type, const char *state,
	       gpointer user_data)
{
	FerryAccount *self = user_data;
	FerryMailAccount *mail_account = ferry_account_find(self, account_id);

	if (mail_account == NULL) {
		/* of an account that the session object does not show: there may be a new one */
		self->looks = self->push_jmap != NULL &&
			      ferry_jmap_session_find_account(self->push_jmap, account_id) == NULL;
		look_for_accounts(self);
		return;
	}
	ferry_mail_account_note_told(mail_account, type, state);
	if (ferry_mail_account_has_news(mail_account) && self->debounce == NULL)
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

void
ferry_account_start_push(FerryAccount *self, FerryJmapSession *jmap)
{
	static const char *const types[] = {"Email", "Mailbox", NULL};

	if (self->push != NULL || self->closed)
		return;
	self->push = ferry_jmap_push_new(jmap, types);
	self->push_jmap = jmap;
	ferry_jmap_push_set_ping(self->push, self->settings->ping_s);
	self->push_signals[0] =
		g_signal_connect(self->push, "state-change", G_CALLBACK(push_change_cb), self);
	self->push_signals[1] =
		g_signal_connect(self->push, "connected", G_CALLBACK(push_connected_cb), self);
	self->push_signals[2] =
		g_signal_connect(self->push, "status", G_CALLBACK(push_status_cb), self);
	ferry_jmap_push_start(self->push);
}

/* Mail is asked for: the account is synced in the background from now on. Who signs in for
 * something else costs the backend nothing of it. */
void
ferry_account_want_mail(FerryAccount *self, FerryJmapSession *jmap)
{
	self->wants_mail = TRUE;
	ferry_account_start_push(self, jmap);
}

void
ferry_account_note_expired(FerryAccount *self, FerryJmapSession *jmap)
{
	FerryJmapSession *other;

	if (self->jmap == jmap)
		g_clear_object(&self->jmap);
	if (self->push == NULL || self->push_jmap != jmap)
		return;
	ferry_account_drop_push(self);
	self->push_jmap = NULL;
	other = ferry_account_pick_jmap(self);
	if (other != NULL && other != jmap)
		ferry_account_start_push(self, other);
}

static gboolean
is_watched(FerryAccount *self)
{
	if (self->n_idling > 0 || ferry_account_get_watch(self) != FERRY_WATCH_NOTHING)
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

	if (self->push_live || now < self->poll_at)
		return;
	if (generations != self->polled_generations)
		self->poll_interval = self->settings->poll_s;
	else
		self->poll_interval = MIN(self->poll_interval + self->poll_interval / 4 + 1,
					  MAX(MAX_POLL_SECONDS, self->settings->poll_s));
	self->polled_generations = generations;
	self->poll_at = now + (gint64)self->poll_interval * G_USEC_PER_SEC;
	sync_all(self, FALSE, FALSE);
}

/* What push told and could not be read then. */
static gboolean
has_told_changes(FerryAccount *self)
{
	for (guint i = 0; i < self->mail_accounts->len; i++) {
		if (ferry_mail_account_has_news(self->mail_accounts->pdata[i]))
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
	FerryJmapSession *jmap = ferry_account_pick_jmap(self);

	self->n_ticks++;
	for (guint i = 0; i < self->mail_accounts->len; i++) {
		FerryMailAccount *mail_account = self->mail_accounts->pdata[i];

		drop_kept(mail_account, now);
		if (jmap != NULL)
			ferry_recover_again(mail_account, jmap);
		/* a listing that failed is taken up again */
		if (self->wants_mail && self->n_ticks % RELIST_TICKS == 0)
			ferry_listing_start_all(mail_account);
		if (watched)
			ferry_mail_account_catch_up_async(mail_account, looked_cb,
							  g_object_ref(self));
	}
	if (self->wants_mail)
		look_at_sessions(self);
	look_for_accounts(self);
	if (watched)
		poll_backend(self, now);
	if (watched && self->push_live && has_told_changes(self))
		sync_all(self, TRUE, FALSE);
	if (self->unused_since != 0 &&
	    now - self->unused_since > (gint64)self->settings->idle_unload_s * G_USEC_PER_SEC &&
	    self->unload != NULL) {
		self->unload(self, self->manager_data);
		return G_SOURCE_REMOVE;
	}
	return G_SOURCE_CONTINUE;
}

void
ferry_account_start_ticking(FerryAccount *self)
{
	if (self->tick == NULL)
		self->tick = ferry_timer_new(1000, tick_cb, self);
}
