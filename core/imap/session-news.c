/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When a client is told what
 *
 * Specification: RFC 9051 §5.2, §5.3, §7 (unsolicited data), §7.5.1 (no EXPUNGE with numbers)
 * Implementation: the base tells before tagged lines and while the client idles; announcement
 *   policies of modules decide otherwise, and account listeners write what they have to say when
 *   nothing else is being written. What cannot be told yet is kept in the told list. A client that
 *   does not read is told nothing until it does.
 */
#include "imap/announce.h"
#include "imap/event-private.h"
#include "imap/session-private.h"
#include "imap/told-private.h"

/* What one command added to one mailbox. */
typedef struct {
	guint32 uidvalidity;
	FerryUidSet *uids;
} Own;

/* events */

static void
emit(FerryImapSession *self, FerryImapEvent *event)
{
	GPtrArray *list = ferry_registry_list(self->registry, FERRY_CONTRIBUTION_ACCOUNT_LISTENER);

	for (guint i = 0; i < list->len && !self->ended && !self->leaving; i++) {
		const FerryContribution *contribution = list->pdata[i];

		((FerryAccountListenerFunc)contribution->func)(self, event,
							       contribution->user_data);
	}
}

static gboolean
has_listeners(FerryImapSession *self)
{
	return ferry_registry_list(self->registry, FERRY_CONTRIBUTION_ACCOUNT_LISTENER)->len > 0;
}

static void
messages_changed_cb(FerryAccount *account, const char *account_id, const char *mailbox_id,
		    FerryMailboxDelta *delta, gpointer user_data)
{
	g_autoptr(FerryImapSession) self = g_object_ref(user_data);
	g_autoptr(FerryImapEvent) event =
		ferry_imap_event_new_messages(account_id, mailbox_id, delta);

	emit(self, event);
}

static void
mailboxes_changed_cb(FerryAccountSession *account_session, FerryMailboxList *old_list,
		     FerryMailboxList *new_list, gpointer user_data)
{
	g_autoptr(FerryImapSession) self = g_object_ref(user_data);
	g_autoptr(FerryImapEvent) event = ferry_imap_event_new_mailboxes(old_list, new_list);

	emit(self, event);
}

static void
data_changed_cb(FerryAccountSession *account_session, const char *module, const char *account_id,
		const char *mailbox_id, gboolean shared, char **keys, gpointer user_data)
{
	g_autoptr(FerryImapSession) self = g_object_ref(user_data);
	g_autoptr(FerryImapEvent) event = ferry_imap_event_new_data(
		module, account_id, mailbox_id, shared, (const char *const *)keys);

	emit(self, event);
}

/* Signed in: listeners hear of the account from now on. */
void
ferry_imap_session_follow_account(FerryImapSession *self)
{
	if (!has_listeners(self))
		return;
	g_signal_connect(ferry_account_session_get_account(self->account_session),
			 "messages-changed", G_CALLBACK(messages_changed_cb), self);
	g_signal_connect(self->account_session, "mailboxes-changed",
			 G_CALLBACK(mailboxes_changed_cb), self);
	g_signal_connect(self->account_session, "data-changed", G_CALLBACK(data_changed_cb), self);
}

void
ferry_imap_session_leave_account(FerryImapSession *self)
{
	if (self->turn != NULL)
		g_source_destroy(self->turn);
	g_clear_pointer(&self->turn, g_source_unref);
	if (self->drain != NULL)
		g_cancellable_cancel(self->drain);
	g_clear_object(&self->drain);
	self->wants_turn = FALSE;
	ferry_imap_session_forget_own(self);
	if (self->account_session != NULL && has_listeners(self)) {
		g_signal_handlers_disconnect_by_data(
			ferry_account_session_get_account(self->account_session), self);
		g_signal_handlers_disconnect_by_func(
			self->account_session, (gpointer)(GCallback)mailboxes_changed_cb, self);
		g_signal_handlers_disconnect_by_func(self->account_session,
						     (gpointer)(GCallback)data_changed_cb, self);
	}
}

void
ferry_imap_session_note_told(FerryImapSession *self, FerryImapUpdate *update)
{
	g_autoptr(FerryImapEvent) event = NULL;

	if (!has_listeners(self))
		return;
	event = ferry_imap_event_new_told(update);
	emit(self, event);
}

/**
 * ferry_imap_session_wants_event:
 * @event: the name of an event: see ferry_registry_add_event_name()
 * @info: (nullable): the mailbox in which it happened; %NULL: it concerns the login as a whole
 * @by_default: whether the client is told of it where no policy says otherwise
 *
 * For modules with something to tell beside the news of the selected mailbox. Whether the client
 * may read the mailbox at all is the module's to decide.
 *
 * Returns: whether the client is to be told of it
 */
gboolean
ferry_imap_session_wants_event(FerryImapSession *self, const char *event, FerryMailboxInfo *info,
			       gboolean by_default)
{
	GPtrArray *list = ferry_registry_list(self->registry, FERRY_CONTRIBUTION_EVENT_POLICY);
	gboolean wanted = by_default;

	for (guint i = 0; i < list->len; i++) {
		const FerryContribution *contribution = list->pdata[i];

		wanted = ((FerryEventPolicyFunc)contribution->func)(self, event, info, wanted,
								    contribution->user_data);
	}
	return wanted;
}

/**
 * ferry_imap_session_lose_events:
 *
 * For modules that cannot keep all that the client is to be told of until it reads. Listeners hear
 * of it (%FERRY_IMAP_EVENT_OVERFLOW), so that the one that promised it can take that back.
 */
void
ferry_imap_session_lose_events(FerryImapSession *self)
{
	g_autoptr(FerryImapEvent) event = ferry_imap_event_new(FERRY_IMAP_EVENT_OVERFLOW);

	emit(self, event);
}

/* news of the selected mailbox */

/* What policies leave of @news, or add to it. */
FerryNews
ferry_imap_session_choose_news(FerryImapSession *self, FerryMoment moment, FerryNews news)
{
	GPtrArray *list =
		ferry_registry_list(self->registry, FERRY_CONTRIBUTION_ANNOUNCEMENT_POLICY);
	gboolean may_expunge = moment != FERRY_MOMENT_COMMAND || (news & FERRY_NEWS_EXPUNGES);

	for (guint i = 0; i < list->len; i++) {
		const FerryContribution *contribution = list->pdata[i];

		news = ((FerryAnnouncementFunc)contribution->func)(self, moment, news,
								   contribution->user_data);
	}
	return may_expunge ? news : news & ~(guint)FERRY_NEWS_EXPUNGES;
}

/* Whether something may be written that belongs to no command. While one runs all waits for it, but
 * for IDLE. */
static gboolean
find_moment(FerryImapSession *self, FerryMoment *moment)
{
	*moment = self->idling ? FERRY_MOMENT_IDLE : FERRY_MOMENT_BETWEEN;
	return !self->ended && !self->leaving && self->phase != FERRY_PHASE_BEFORE_LOGIN &&
	       self->running->len == (self->idling ? 1 : 0);
}

static void schedule_turn(FerryImapSession *self);

static void
tell_news(FerryImapSession *self, FerryMoment moment)
{
	FerryNews news = moment == FERRY_MOMENT_IDLE ? FERRY_NEWS_ALL : FERRY_NEWS_NONE;

	news = ferry_imap_session_choose_news(self, moment, news);
	if (!ferry_told_has_some_news(self->told, news) && moment != FERRY_MOMENT_IDLE)
		return;
	ferry_imap_session_tell_news(self, news, FALSE);
	ferry_imap_writer_flush(self->writer);
}

void
ferry_imap_session_tell_now(FerryImapSession *self)
{
	FerryMoment moment;

	if (!find_moment(self, &moment))
		return;
	if (ferry_imap_writer_is_full(self->writer))
		self->wants_turn = TRUE;
	else if (self->told != NULL)
		tell_news(self, moment);
	schedule_turn(self);
}

/* turns */

static void
take_turn(FerryImapSession *self)
{
	g_autoptr(FerryImapEvent) event = ferry_imap_event_new(FERRY_IMAP_EVENT_TURN);

	self->wants_turn = FALSE;
	emit(self, event);
}

void
ferry_imap_session_give_turn(FerryImapSession *self)
{
	if (self->wants_turn && !self->leaving && !ferry_imap_writer_is_full(self->writer))
		take_turn(self);
}

static gboolean
turn_cb(gpointer user_data)
{
	g_autoptr(FerryImapSession) self = g_object_ref(user_data);
	FerryMoment moment;

	g_clear_pointer(&self->turn, g_source_unref);
	/* a command came meanwhile: its end is the turn */
	if (!find_moment(self, &moment))
		return G_SOURCE_REMOVE;
	ferry_imap_session_give_turn(self);
	ferry_imap_session_tell_now(self);
	ferry_imap_writer_flush(self->writer);
	return G_SOURCE_REMOVE;
}

static void
drained_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(FerryImapSession) self = user_data;

	ferry_imap_writer_wait_finish(FERRY_IMAP_WRITER(source), result, NULL);
	g_clear_object(&self->drain);
	ferry_imap_session_tell_now(self);
}

/* Not at once: what comes together is told together, and nobody writes while another does. */
static void
schedule_turn(FerryImapSession *self)
{
	FerryMoment moment;

	if (!self->wants_turn || self->turn != NULL || self->drain != NULL ||
	    !find_moment(self, &moment))
		return;
	if (ferry_imap_writer_is_full(self->writer)) {
		self->drain = g_cancellable_new();
		ferry_imap_writer_wait_async(self->writer, self->drain, drained_cb,
					     g_object_ref(self));
		return;
	}
	self->turn = g_idle_source_new();
	g_source_set_priority(self->turn, G_PRIORITY_DEFAULT);
	g_source_set_callback(self->turn, turn_cb, self, NULL);
	g_source_attach(self->turn, g_main_context_get_thread_default());
}

/**
 * ferry_imap_session_want_turn:
 *
 * For account listeners with something to write: %FERRY_IMAP_EVENT_TURN comes before the tagged
 * line of the command that runs, or soon where none runs or the client idles, and once it has read
 * most of what was written before. Calls before that are one.
 */
void
ferry_imap_session_want_turn(FerryImapSession *self)
{
	self->wants_turn = TRUE;
	schedule_turn(self);
}

/* what the session's own command did */

static void
clear_own(gpointer data)
{
	Own *own = data;

	ferry_uid_set_unref(own->uids);
}

void
ferry_imap_session_forget_own(FerryImapSession *self)
{
	g_clear_pointer(&self->own, g_array_unref);
}

/**
 * ferry_imap_session_note_own:
 * @outcome: (transfer none): of an operation that added messages to a mailbox
 *
 * For commands that add messages: their client knows them, and need not be told of them
 * (RFC 5465 §5.2). Forgotten when the command has its tagged line.
 */
void
ferry_imap_session_note_own(FerryImapSession *self, FerryOutcome *outcome)
{
	gsize n_uids;
	const guint32 *uids = ferry_outcome_get_target_uids(outcome, &n_uids);
	Own own = {.uidvalidity = ferry_outcome_get_uidvalidity(outcome)};

	if (n_uids == 0 || !has_listeners(self))
		return;
	if (self->own == NULL) {
		self->own = g_array_new(FALSE, FALSE, sizeof(Own));
		g_array_set_clear_func(self->own, clear_own);
	}
	own.uids = ferry_uid_set_new();
	for (gsize i = 0; i < n_uids; i++)
		ferry_uid_set_add(own.uids, uids[i]);
	g_array_append_val(self->own, own);
}

/**
 * ferry_imap_session_is_own:
 * @uidvalidity: of a mailbox
 * @uid: of a message in it
 *
 * Returns: whether the command that is about to get its tagged line added the message
 */
gboolean
ferry_imap_session_is_own(FerryImapSession *self, guint32 uidvalidity, guint32 uid)
{
	for (guint i = 0; self->own != NULL && i < self->own->len; i++) {
		const Own *own = &g_array_index(self->own, Own, i);

		if (own->uidvalidity == uidvalidity && ferry_uid_set_contains(own->uids, uid))
			return TRUE;
	}
	return FALSE;
}
