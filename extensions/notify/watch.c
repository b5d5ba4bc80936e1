/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a session watches: events come in, and what is told of them goes out in turns
 *
 * Specification: RFC 5465 §3.1, §4, §5.1 to §5.3, §5.8, §6.1
 * Implementation: events only note what is to be told, of each mailbox once, and ask for a turn; in
 *   it the newest numbers are told. So a client that does not read costs a bounded table, and when
 *   that is full NOTIFICATIONOVERFLOW ends the watch. News of the selected mailbox are the
 *   session's own: a policy says which, and when.
 */
#include "notify.h"

#define SESSION_DATA "NOTIFY"

NotifyWatch *
notify_get_watch(FerryImapSession *session)
{
	return ferry_imap_session_get_data(session, SESSION_DATA);
}

static void
drop_set(NotifyWatch *self)
{
	g_clear_pointer(&self->set, notify_set_free);
	g_clear_pointer(&self->list, ferry_mailbox_list_unref);
	g_clear_pointer(&self->own_names, g_ptr_array_unref);
	g_hash_table_remove_all(self->pending);
	g_hash_table_remove_all(self->fresh);
	self->names_changed = FALSE;
}

static void
watch_free(gpointer data)
{
	NotifyWatch *self = data;

	drop_set(self);
	g_hash_table_unref(self->pending);
	g_hash_table_unref(self->fresh);
	g_free(self);
}

static NotifyWatch *
watch_new(void)
{
	NotifyWatch *self = g_new0(NotifyWatch, 1);

	self->pending = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, notify_pending_free);
	self->fresh = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return self;
}

/* Replaces what was watched before; takes @set, NULL for NOTIFY NONE. */
NotifyWatch *
notify_start(FerryImapSession *session, NotifySet *set)
{
	FerryAccountSession *account = ferry_imap_session_get_account_session(session);
	FerryMailboxList *list = ferry_account_session_get_list(account);
	const char *prefix = list != NULL ? ferry_mailbox_list_get_shared_prefix(list) : NULL;
	NotifyWatch *self = notify_get_watch(session);

	if (self == NULL) {
		self = watch_new();
		ferry_imap_session_set_data(session, SESSION_DATA, self, watch_free);
	}
	drop_set(self);
	self->overflow = FALSE;
	self->set = set;
	if (set != NULL && list != NULL)
		self->list = ferry_mailbox_list_ref(list);
	ferry_account_session_set_watch(account, set != NULL ? notify_set_get_watch(set, prefix)
							     : FERRY_WATCH_NOTHING);
	return self;
}

/* The session's data goes with it. */
void
notify_forget(FerryImapSession *session, gpointer user_data)
{
	FerryAccountSession *account = ferry_imap_session_get_account_session(session);

	if (account != NULL && notify_get_watch(session) != NULL)
		ferry_account_session_set_watch(account, FERRY_WATCH_NOTHING);
	ferry_imap_session_set_data(session, SESSION_DATA, NULL, NULL);
}

/* The selected mailbox */

/* §6.1: expunges of SELECTED-DELAYED wait for a command or IDLE; the session itself keeps them
 * back while a command with numbers runs. */
FerryNews
notify_choose(FerryImapSession *session, FerryMoment moment, FerryNews news, gpointer user_data)
{
	NotifyWatch *self = notify_get_watch(session);
	NotifyEvents events = NOTIFY_NOTHING;
	FerryNews wanted = FERRY_NEWS_NONE;
	gboolean delayed = FALSE;

	if (self == NULL)
		return news;
	if (self->set != NULL)
		events = notify_set_get_selected(self->set, &delayed);
	if (events & NOTIFY_MESSAGE_NEW)
		wanted |= FERRY_NEWS_ARRIVALS;
	if (events & NOTIFY_FLAG_CHANGE)
		wanted |= FERRY_NEWS_CHANGES;
	if ((events & NOTIFY_MESSAGE_EXPUNGE) && !(delayed && moment == FERRY_MOMENT_BETWEEN))
		wanted |= FERRY_NEWS_EXPUNGES;
	return moment == FERRY_MOMENT_COMMAND ? news & wanted : wanted;
}

/* §5.6, §5.7: once NOTIFY is used, what other modules tell is told as it says; the selected mailbox
 * is one like any other here (§3.1). */
gboolean
notify_choose_event(FerryImapSession *session, const char *event, FerryMailboxInfo *info,
		    gboolean wanted, gpointer user_data)
{
	NotifyWatch *self = notify_get_watch(session);
	NotifyPlace place;

	if (self == NULL)
		return wanted;
	if (self->set == NULL)
		return FALSE;
	if (info == NULL)
		return notify_set_wants(self->set, event, NULL);
	notify_get_place(info, &place);
	return ferry_mailbox_info_is_selectable(info) && notify_set_wants(self->set, event, &place);
}

/* §5.1: changes are told with the UID. */
gboolean
notify_update(FerryImapSession *session, FerryImapUpdate *update, FerryImapWriter *writer,
	      gpointer user_data)
{
	if (notify_get_watch(session) != NULL)
		ferry_imap_update_set_with_uid(update);
	return FALSE;
}

/* §5.2: what the client wants to know of messages that arrived, but for those it made itself. */
static void
tell_arrivals(NotifyWatch *self, FerryImapSession *session, FerryImapUpdate *update)
{
	FerryImapValue *items = notify_set_get_items(self->set);
	FerryView *view = ferry_imap_session_get_view(session);
	g_autoptr(GArray) foreign = NULL;
	gsize n_uids;
	const guint32 *uids = ferry_imap_update_get_told_arrived(update, &n_uids);
	gboolean delayed;

	if (items == NULL || n_uids == 0 || view == NULL ||
	    !(notify_set_get_selected(self->set, &delayed) & NOTIFY_MESSAGE_NEW))
		return;
	foreign = g_array_new(FALSE, FALSE, sizeof(guint32));
	for (gsize i = 0; i < n_uids; i++)
		if (!ferry_imap_session_is_own(session, ferry_view_get_uidvalidity(view), uids[i]))
			g_array_append_val(foreign, uids[i]);
	ferry_imap_session_write_fetch(session, (const guint32 *)(gconstpointer)foreign->data,
				       foreign->len, items);
}

/* Others */

static void
note_mailboxes(NotifyWatch *self, FerryImapSession *session)
{
	self->names_changed = TRUE;
	ferry_imap_session_want_turn(session);
}

static void
overflow(NotifyWatch *self, FerryImapSession *session)
{
	ferry_imap_writer_write_text(ferry_imap_session_get_writer(session),
				     "* OK [NOTIFICATIONOVERFLOW] Too much happens to be told: "
				     "nothing is watched any more\r\n");
	notify_start(session, NULL);
}

static void
take_turn(NotifyWatch *self, FerryImapSession *session)
{
	FerryMailboxList *list =
		ferry_account_session_get_list(ferry_imap_session_get_account_session(session));

	if (self->names_changed && list != NULL) {
		self->names_changed = FALSE;
		if (!notify_write_names(self, session, list))
			self->overflow = TRUE;
		g_clear_pointer(&self->own_names, g_ptr_array_unref);
	}
	if (self->overflow)
		overflow(self, session);
	else if (!notify_write_pending(self, session))
		ferry_imap_session_want_turn(session);
}

void
notify_hear(FerryImapSession *session, FerryImapEvent *event, gpointer user_data)
{
	NotifyWatch *self = notify_get_watch(session);

	if (self == NULL || self->set == NULL)
		return;
	switch (ferry_imap_event_get_kind(event)) {
	case FERRY_IMAP_EVENT_MESSAGES:
		notify_note_messages(self, session, event);
		break;
	case FERRY_IMAP_EVENT_MAILBOXES:
		note_mailboxes(self, session);
		break;
	case FERRY_IMAP_EVENT_TOLD:
		tell_arrivals(self, session, ferry_imap_event_get_update(event));
		break;
	case FERRY_IMAP_EVENT_TURN:
		take_turn(self, session);
		break;
	case FERRY_IMAP_EVENT_OVERFLOW:
		self->overflow = TRUE;
		ferry_imap_session_want_turn(session);
		break;
	case FERRY_IMAP_EVENT_DATA:
		break;
	}
}
