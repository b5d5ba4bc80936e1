/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* STATUS of mailboxes that are not selected
 *
 * Specification: RFC 5465 §5.1, §5.2, §5.3
 * Implementation: what happened in a mailbox is noted once, however often it does, and told with
 *   the numbers of that moment. What a command of this session added itself is not told. UNSEEN
 *   comes where flags are watched and the number is another; HIGHESTMODSEQ in sessions that know
 *   mod-sequences. Listing a mailbox for the first time is no event, but of one that came since.
 */
#include "notify.h"

/* mailboxes that may wait for a client which does not read */
#define MAX_PENDING 1024
/* so many are looked up by walking over the list */
#define FEW 8

char *
notify_make_key(const char *account_id, const char *mailbox_id)
{
	return g_strdup_printf("%s %s", account_id, mailbox_id);
}

void
notify_pending_free(gpointer data)
{
	NotifyPending *self = data;

	g_clear_pointer(&self->arrived, g_array_unref);
	g_free(self->account_id);
	g_free(self->mailbox_id);
	g_free(self);
}

void
notify_get_place(FerryMailboxInfo *info, NotifyPlace *place)
{
	place->name = ferry_mailbox_info_get_name(info);
	place->personal = !ferry_mailbox_info_is_shared(info);
	place->subscribed = ferry_mailbox_info_is_subscribed(info);
}

gboolean
notify_is_selected(FerryImapSession *session, const char *account_id, const char *mailbox_id)
{
	FerryMailbox *mailbox = ferry_imap_session_get_mailbox(session);

	return mailbox != NULL && g_str_equal(ferry_mailbox_get_id(mailbox), mailbox_id) &&
	       g_str_equal(ferry_mailbox_get_account_id(mailbox), account_id);
}

/* noting */

/* What a mailbox that has just been listed is told of: nothing, unless it came while it was
 * watched. */
static NotifyEvents
find_events_of_listing(NotifyWatch *self, const char *key, const FerryMailboxStatus *now)
{
	if (now->uidnext == 0 || !g_hash_table_remove(self->fresh, key))
		return NOTIFY_NOTHING;
	return now->messages > 0 ? NOTIFY_MESSAGE_NEW : NOTIFY_NOTHING;
}

static NotifyEvents
find_events(FerryMailboxDelta *delta, const FerryMailboxStatus *before,
	    const FerryMailboxStatus *now)
{
	NotifyEvents events = NOTIFY_NOTHING;
	gsize n_arrived, n_changed, n_expunged;

	ferry_mailbox_delta_get_arrived(delta, &n_arrived);
	ferry_mailbox_delta_get_changed(delta, &n_changed);
	ferry_mailbox_delta_get_expunged(delta, &n_expunged);
	if (n_arrived > 0 || before->uidnext != now->uidnext)
		events |= NOTIFY_MESSAGE_NEW;
	if (n_expunged > 0 || now->messages < before->messages)
		events |= NOTIFY_MESSAGE_EXPUNGE;
	if (n_changed > 0 || before->unseen != now->unseen ||
	    (events == NOTIFY_NOTHING && before->highest_modseq != now->highest_modseq))
		events |= NOTIFY_FLAG_CHANGE;
	if (before->uidvalidity != now->uidvalidity)
		events |= NOTIFY_MESSAGE_EVENTS;
	return events;
}

static NotifyPending *
get_pending(NotifyWatch *self, const char *account_id, const char *mailbox_id)
{
	g_autofree char *key = notify_make_key(account_id, mailbox_id);
	NotifyPending *pending = g_hash_table_lookup(self->pending, key);

	if (pending != NULL)
		return pending;
	pending = g_new0(NotifyPending, 1);
	pending->account_id = g_strdup(account_id);
	pending->mailbox_id = g_strdup(mailbox_id);
	g_hash_table_insert(self->pending, g_steal_pointer(&key), pending);
	return pending;
}

/* A command of this session may have added these: that is seen when it is over. */
static void
note_arrived(NotifyPending *pending, FerryMailboxDelta *delta)
{
	gsize n_uids;
	const guint32 *uids = ferry_mailbox_delta_get_arrived(delta, &n_uids);

	if (n_uids == 0) {
		pending->foreign = TRUE;
		return;
	}
	if (pending->arrived == NULL)
		pending->arrived = g_array_new(FALSE, FALSE, sizeof(guint32));
	g_array_append_vals(pending->arrived, uids, (guint)n_uids);
}

static void
note(NotifyWatch *self, FerryImapSession *session, FerryImapEvent *event, NotifyEvents events)
{
	FerryMailboxDelta *delta = ferry_imap_event_get_delta(event);
	const FerryMailboxStatus *before = ferry_mailbox_delta_get_old_numbers(delta);
	const FerryMailboxStatus *now = ferry_mailbox_delta_get_new_numbers(delta);
	NotifyPending *pending = get_pending(self, ferry_imap_event_get_account_id(event),
					     ferry_imap_event_get_mailbox_id(event));
	gboolean only_new = (events & ~(guint)NOTIFY_FLAG_CHANGE) == NOTIFY_MESSAGE_NEW;

	pending->events |= events;
	if (before != NULL) {
		pending->unseen |= before->unseen != now->unseen;
		pending->validity |= before->uidvalidity != now->uidvalidity;
	}
	if (only_new && ferry_mailbox_delta_get_origin(delta) ==
				ferry_imap_session_get_account_session(session))
		note_arrived(pending, delta);
	else
		pending->foreign = TRUE;
	if (g_hash_table_size(self->pending) > MAX_PENDING)
		self->overflow = TRUE;
}

/* What is noted is looked at again when it is told; here it is only whether it can matter. */
void
notify_note_messages(NotifyWatch *self, FerryImapSession *session, FerryImapEvent *event)
{
	FerryMailboxDelta *delta = ferry_imap_event_get_delta(event);
	const FerryMailboxStatus *before = ferry_mailbox_delta_get_old_numbers(delta);
	const FerryMailboxStatus *now = ferry_mailbox_delta_get_new_numbers(delta);
	const char *account_id = ferry_imap_event_get_account_id(event);
	const char *mailbox_id = ferry_imap_event_get_mailbox_id(event);
	NotifyEvents events = NOTIFY_NOTHING;

	if (now == NULL || notify_is_selected(session, account_id, mailbox_id) || self->overflow)
		return;
	if (before == NULL || before->uidnext == 0) {
		g_autofree char *key = notify_make_key(account_id, mailbox_id);

		events = find_events_of_listing(self, key, now);
	} else if (now->uidnext != 0) {
		events = find_events(delta, before, now);
	}
	if ((events & notify_set_get_all_events(self->set)) == 0)
		return;
	note(self, session, event, events);
	ferry_imap_session_want_turn(session);
}

/* telling */

static gboolean
is_own(const NotifyPending *pending, FerryImapSession *session, guint32 uidvalidity)
{
	if (pending->foreign || pending->arrived == NULL)
		return FALSE;
	for (guint i = 0; i < pending->arrived->len; i++)
		if (!ferry_imap_session_is_own(session, uidvalidity,
					       g_array_index(pending->arrived, guint32, i)))
			return FALSE;
	return TRUE;
}

/* §5.1: without mod-sequences a client is told of flags only where the number of unseen messages
 * is another. */
static gboolean
is_worth_telling(const NotifyPending *pending, NotifyEvents events, gboolean with_modseq)
{
	if (events & (NOTIFY_MESSAGE_NEW | NOTIFY_MESSAGE_EXPUNGE))
		return TRUE;
	return (events & NOTIFY_FLAG_CHANGE) &&
	       (with_modseq || pending->unseen || pending->validity);
}

static void
write_status(FerryImapSession *session, const char *name, const FerryMailboxStatus *numbers,
	     NotifyEvents events, gboolean unseen, gboolean modseq)
{
	const char *items[6] = {NULL};
	guint n = 0;

	if (events & (NOTIFY_MESSAGE_NEW | NOTIFY_MESSAGE_EXPUNGE)) {
		items[n++] = "MESSAGES";
		items[n++] = "UIDNEXT";
	}
	items[n++] = "UIDVALIDITY";
	if (unseen)
		items[n++] = "UNSEEN";
	if (modseq)
		items[n++] = "HIGHESTMODSEQ";
	ferry_imap_session_write_status(session, name, numbers, items);
}

static void
write_one(NotifyWatch *self, FerryImapSession *session, const NotifyPending *pending,
	  FerryMailboxInfo *info)
{
	FerryAccountSession *account = ferry_imap_session_get_account_session(session);
	gboolean modseq = ferry_imap_session_tells_details(session);
	g_autoptr(FerryMailboxStatus) numbers = NULL;
	NotifyEvents wanted, events;
	NotifyPlace place;

	if (info == NULL || !ferry_mailbox_info_is_selectable(info) ||
	    notify_is_selected(session, pending->account_id, pending->mailbox_id))
		return;
	notify_get_place(info, &place);
	numbers = ferry_account_session_get_numbers(account, place.name);
	wanted = notify_set_get_events(self->set, &place);
	events = pending->events & wanted;
	if (numbers == NULL || numbers->uidnext == 0 ||
	    !is_worth_telling(pending, events, modseq) ||
	    is_own(pending, session, numbers->uidvalidity))
		return;
	write_status(session, place.name, numbers, events,
		     (wanted & NOTIFY_FLAG_CHANGE) && pending->unseen, modseq);
}

static GHashTable *
make_index(FerryMailboxList *list)
{
	GHashTable *index = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; i < ferry_mailbox_list_get_count(list); i++) {
		FerryMailboxInfo *info = ferry_mailbox_list_get_nth(list, i);

		if (ferry_mailbox_info_get_id(info) != NULL)
			g_hash_table_insert(index,
					    notify_make_key(ferry_mailbox_info_get_account_id(info),
							    ferry_mailbox_info_get_id(info)),
					    info);
	}
	return index;
}

/* FALSE: the client does not read, and the rest is still to be told. */
gboolean
notify_write_pending(NotifyWatch *self, FerryImapSession *session)
{
	FerryMailboxList *list =
		ferry_account_session_get_list(ferry_imap_session_get_account_session(session));
	g_autoptr(GHashTable) index = NULL;
	GHashTableIter iter;
	gpointer key, value;

	if (list == NULL || g_hash_table_size(self->pending) == 0)
		return TRUE;
	if (g_hash_table_size(self->pending) > FEW)
		index = make_index(list);
	g_hash_table_iter_init(&iter, self->pending);
	while (g_hash_table_iter_next(&iter, &key, &value)) {
		NotifyPending *pending = value;

		if (ferry_imap_writer_is_full(ferry_imap_session_get_writer(session)))
			return FALSE;
		write_one(self, session, pending,
			  index != NULL ? g_hash_table_lookup(index, key)
					: ferry_mailbox_list_find_id(list, pending->account_id,
								     pending->mailbox_id));
		g_hash_table_iter_remove(&iter);
	}
	return TRUE;
}
