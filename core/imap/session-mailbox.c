/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The selected mailbox of a session, and what is told of it
 *
 * Specification: RFC 9051 §5.2, §6.3.2, §7.5.1; RFC 5182 (`$`); RFC 3501 §2.3.2 (\Recent)
 * Implementation: follows the mailbox's changes in the told list; tells through the update writers
 */
#include "account/flags.h"
#include "base/error.h"
#include "imap/fetch.h"
#include "imap/session-private.h"
#include "imap/told-private.h"

/* A client that lets so much wait for it is cut off: it resynchronizes faster than it catches up.
 */
#define MAX_LAG 100000

/* RFC 4314 §5.2: any of these makes a mailbox READ-WRITE */
#define RIGHTS_TO_CHANGE                                                                           \
	(FERRY_RIGHT_ADD_ITEMS | FERRY_RIGHT_REMOVE_ITEMS | FERRY_RIGHT_SET_SEEN |                 \
	 FERRY_RIGHT_SET_KEYWORDS)

static gboolean
may_change(FerryMailbox *mailbox)
{
	return (ferry_mailbox_get_rights(mailbox) & RIGHTS_TO_CHANGE) != 0;
}

void
ferry_imap_write_keywords(FerryImapWriter *writer, FerryView *view)
{
	const char *const *keywords = ferry_view_list_keywords(view);

	for (; keywords != NULL && *keywords != NULL; keywords++)
		if (ferry_keyword_is_valid(*keywords))
			ferry_imap_writer_write_atom(writer, *keywords);
}

void
ferry_imap_session_write_permanent_flags(FerryImapSession *self)
{
	FerryImapWriter *writer = self->writer;
	FerryMailboxRights rights = self->read_only ? 0 : ferry_mailbox_get_rights(self->mailbox);

	ferry_imap_writer_write_text(writer, "* OK [PERMANENTFLAGS ");
	ferry_imap_writer_begin_list(writer);
	if (rights & FERRY_RIGHT_SET_KEYWORDS)
		ferry_imap_writer_write_atom(writer, "\\Answered \\Flagged \\Draft");
	if (rights & FERRY_RIGHT_SET_SEEN)
		ferry_imap_writer_write_atom(writer, "\\Seen");
	if (rights & FERRY_RIGHT_REMOVE_ITEMS)
		ferry_imap_writer_write_atom(writer, "\\Deleted");
	if (rights & FERRY_RIGHT_SET_KEYWORDS) {
		ferry_imap_write_keywords(writer, ferry_imap_session_get_view(self));
		ferry_imap_writer_write_atom(writer, "\\*");
	}
	ferry_imap_writer_end_list(writer);
	ferry_imap_writer_write_text(writer, "] ");
	ferry_imap_session_write_text(self, "Flags that stay");
	ferry_imap_writer_end_line(writer);
}

/* RFC 9051 §7.1: READ-ONLY and READ-WRITE also say that the access changed while selected. */
static void
tell_rights(FerryImapSession *self)
{
	FerryMailboxRights rights = ferry_mailbox_get_rights(self->mailbox);
	gboolean read_only = self->examined || !may_change(self->mailbox);

	if (rights == self->rights)
		return;
	self->rights = rights;
	if (read_only != self->read_only) {
		self->read_only = read_only;
		ferry_imap_session_write_response(
			self, "OK", read_only ? "READ-ONLY" : "READ-WRITE", "Rights were changed");
	}
	if (!self->examined)
		ferry_imap_session_write_permanent_flags(self);
}

static void
tell_or_keep(FerryImapSession *self)
{
	ferry_imap_session_tell_now(self);
	if (self->running->len == 0 && self->told != NULL &&
	    ferry_told_get_lag(self->told) > MAX_LAG)
		ferry_imap_session_bye(self, NULL, "Too many changes since the last command");
}

/* What a STORE .SILENT of this session did is known to its client; what others did is not. */
static void
apply_silently(FerryImapSession *self, FerryView *old, FerryView *view, FerryMailboxDelta *delta)
{
	gsize n_changed, n_expunged;
	const guint32 *changed = ferry_mailbox_delta_get_changed(delta, &n_changed);
	const guint32 *expunged = ferry_mailbox_delta_get_expunged(delta, &n_expunged);
	g_autoptr(GArray) news = g_array_new(FALSE, FALSE, sizeof(guint32));

	for (gsize i = 0; i < n_changed; i++) {
		if (!ferry_imap_silent_covers(self->silent, old, view, changed[i]))
			g_array_append_val(news, changed[i]);
	}
	ferry_told_apply_changes(self->told, view, (const guint32 *)(gpointer)news->data, news->len,
				 expunged, n_expunged);
	for (gsize i = 0; self->detailed && i < n_changed; i++) {
		if (!ferry_told_is_changed(self->told, changed[i]))
			ferry_told_add_quiet(self->told, changed[i]);
	}
}

static void
rights_changed_cb(FerryMailbox *mailbox, gpointer user_data)
{
	tell_or_keep(user_data);
}

/* What a command does is a part of its answer, whatever policies say. */
static void
note_own_news(FerryImapSession *self, FerryMailboxDelta *delta)
{
	gsize n_arrived, n_changed, n_expunged;

	ferry_mailbox_delta_get_arrived(delta, &n_arrived);
	ferry_mailbox_delta_get_changed(delta, &n_changed);
	ferry_mailbox_delta_get_expunged(delta, &n_expunged);
	if (n_arrived > 0)
		self->own_news |= FERRY_NEWS_ARRIVALS;
	if (n_changed > 0)
		self->own_news |= FERRY_NEWS_CHANGES;
	if (n_expunged > 0)
		self->own_news |= FERRY_NEWS_EXPUNGES;
}

static void
changed_cb(FerryMailbox *mailbox, FerryView *old, FerryView *view, FerryMailboxDelta *delta,
	   gpointer user_data)
{
	FerryImapSession *self = user_data;
	gboolean own = ferry_mailbox_delta_get_origin(delta) == self->account_session;

	if (own)
		note_own_news(self, delta);
	if (own && self->silent != NULL)
		apply_silently(self, old, view, delta);
	else
		ferry_told_apply(self->told, view, delta);
	tell_or_keep(self);
}

static void
gone_cb(FerryMailbox *mailbox, FerryGoneReason reason, gpointer user_data)
{
	FerryImapSession *self = user_data;

	for (guint i = 0; i < self->running->len; i++) {
		FerryImapCommand *command = self->running->pdata[i];

		/* whoever deletes the mailbox that it selected knows */
		if (reason == FERRY_GONE_DELETED &&
		    g_strcmp0(ferry_imap_command_get_name(command), "DELETE") == 0) {
			ferry_imap_session_write_response(self, "OK", "CLOSED",
							  "Mailbox was deleted");
			ferry_imap_session_unselect(self);
			return;
		}
	}
	ferry_imap_session_bye(self, NULL,
			       reason == FERRY_GONE_DELETED ? "The selected mailbox is gone"
			       : reason == FERRY_GONE_RENEWED
				       ? "The selected mailbox was renumbered"
				       : "The account is closed");
}

/**
 * ferry_imap_session_select:
 * @mailbox: an open mailbox
 * @name: its name
 * @examine: whether nothing is to be changed, whatever the rights: EXAMINE
 *
 * Selects a mailbox, with all of its newest view as told. Another one must be unselected before.
 */
void
ferry_imap_session_select(FerryImapSession *self, FerryMailbox *mailbox, const char *name,
			  gboolean examine)
{
	g_return_if_fail(self->mailbox == NULL);
	if (self->ended)
		return;
	self->mailbox = g_object_ref(mailbox);
	self->mailbox_name = g_strdup(name);
	self->examined = examine;
	self->read_only = examine || !may_change(mailbox);
	self->rights = ferry_mailbox_get_rights(mailbox);
	self->told = ferry_told_new(ferry_mailbox_get_view(mailbox));
	self->phase = FERRY_PHASE_SELECTED;
	ferry_told_set_fetch_word(self->told, self->fetch_word);
	g_signal_connect(mailbox, "changed", G_CALLBACK(changed_cb), self);
	g_signal_connect(mailbox, "gone", G_CALLBACK(gone_cb), self);
	g_signal_connect(mailbox, "rights-changed", G_CALLBACK(rights_changed_cb), self);
	g_signal_emit_by_name(self, "selected");
}

/**
 * ferry_imap_session_unselect:
 *
 * Leaves the selected mailbox, where there is one, and removes nothing.
 */
void
ferry_imap_session_unselect(FerryImapSession *self)
{
	if (self->mailbox == NULL)
		return;
	g_signal_emit_by_name(self, "unselected");
	g_signal_handlers_disconnect_by_data(self->mailbox, self);
	g_clear_object(&self->told);
	g_clear_object(&self->mailbox);
	g_clear_pointer(&self->mailbox_name, g_free);
	g_clear_pointer(&self->saved_result, ferry_uid_set_unref);
	self->phase = FERRY_PHASE_AUTHENTICATED;
}

/**
 * ferry_imap_session_get_mailbox:
 *
 * Returns: (transfer none) (nullable): the selected mailbox
 */
FerryMailbox *
ferry_imap_session_get_mailbox(FerryImapSession *self)
{
	return self->mailbox;
}

/**
 * ferry_imap_session_get_mailbox_name:
 *
 * Returns: (nullable): the name under which it was selected
 */
const char *
ferry_imap_session_get_mailbox_name(FerryImapSession *self)
{
	return self->mailbox_name;
}

/**
 * ferry_imap_session_is_read_only:
 *
 * Returns: whether nothing in the selected mailbox may be changed
 */
gboolean
ferry_imap_session_is_read_only(FerryImapSession *self)
{
	return self->read_only;
}

/**
 * ferry_imap_session_get_told:
 *
 * Returns: (transfer none) (nullable): what the client was told of the selected mailbox
 */
FerryTold *
ferry_imap_session_get_told(FerryImapSession *self)
{
	return self->told;
}

/**
 * ferry_imap_session_get_view:
 *
 * Returns: (transfer none) (nullable): the newest view of the selected mailbox
 */
FerryView *
ferry_imap_session_get_view(FerryImapSession *self)
{
	return self->told != NULL ? ferry_told_get_view(self->told) : NULL;
}

/**
 * ferry_imap_session_get_saved_result:
 *
 * Returns: (transfer none) (nullable): UIDs that `$` stands for; %NULL: none
 */
FerryUidSet *
ferry_imap_session_get_saved_result(FerryImapSession *self)
{
	return self->saved_result;
}

/**
 * ferry_imap_session_set_saved_result:
 * @uids: (nullable) (transfer none): UIDs
 *
 * Sets what `$` stands for.
 */
void
ferry_imap_session_set_saved_result(FerryImapSession *self, FerryUidSet *uids)
{
	FerryUidSet *old = self->saved_result;

	self->saved_result = uids != NULL ? ferry_uid_set_ref(uids) : NULL;
	if (old != NULL)
		ferry_uid_set_unref(old);
}

/**
 * ferry_imap_session_set_fetch_word:
 * @word: (nullable): what stands in place of FETCH, with the UID before it; %NULL for FETCH
 *
 * Changes how FETCH responses begin, for extensions without message numbers: `* uid WORD`. They
 * have the item UID then only where a client asks for it, and SELECT names no number of the first
 * unseen message. Forgotten when the user signs out.
 */
void
ferry_imap_session_set_fetch_word(FerryImapSession *self, const char *word)
{
	self->fetch_word = g_intern_string(word);
	if (self->told != NULL)
		ferry_told_set_fetch_word(self->told, word);
}

/**
 * ferry_imap_session_get_fetch_word:
 *
 * Returns: (nullable): what was set
 */
const char *
ferry_imap_session_get_fetch_word(FerryImapSession *self)
{
	return self->fetch_word;
}

/**
 * ferry_imap_session_tell_details:
 * @details: whether to
 *
 * From now on every FETCH response that tells of a change has the UID, and what told items say
 * (ferry_registry_add_told_item()); what the session's own STORE .SILENT did is told with these.
 */
void
ferry_imap_session_tell_details(FerryImapSession *self, gboolean details)
{
	self->detailed = details;
}

/**
 * ferry_imap_session_tells_details:
 *
 * Returns: whether changes are told with what told items say
 */
gboolean
ferry_imap_session_tells_details(FerryImapSession *self)
{
	return self->detailed;
}

/* What told items say of @message, in the FETCH response that is being written; @asked: (nullable):
 * the FETCH that it answers. */
void
ferry_imap_session_write_details(FerryImapSession *self, FerryImapMessage *message,
				 FerryImapFetch *asked)
{
	GPtrArray *list = ferry_registry_list(self->registry, FERRY_CONTRIBUTION_TOLD_ITEM);

	for (guint i = 0; i < list->len; i++) {
		const FerryContribution *item = list->pdata[i];

		if (asked == NULL || !ferry_imap_fetch_has_item(asked, item->name))
			((FerryToldItemFunc)item->func)(self, message, self->writer,
							item->user_data);
	}
}

/* rev2 has no \Recent. */
gboolean
ferry_imap_session_shows_recent(FerryImapSession *self)
{
	return !ferry_imap_session_is_enabled(self, "IMAP4REV2");
}

static void
claim_arrivals(FerryImapSession *self)
{
	guint32 first, last;

	if (self->read_only || !ferry_imap_session_shows_recent(self))
		return;
	first = ferry_mailbox_claim_recent(self->mailbox);
	last = ferry_view_get_uidnext(ferry_told_get_view(self->told)) - 1;
	ferry_told_add_recent(self->told, first, last);
}

static void
write_update(FerryImapSession *self, FerryImapUpdate *update)
{
	GPtrArray *writers = ferry_registry_list(self->registry, FERRY_CONTRIBUTION_UPDATE_WRITER);
	gboolean done = FALSE;

	/* what was registered last comes first, so that modules come before what they replace */
	for (guint i = writers->len; i > 0 && !done; i--) {
		const FerryContribution *contribution = writers->pdata[i - 1];

		done = ((FerryUpdateFunc)contribution->func)(self, update, self->writer,
							     contribution->user_data);
	}
	if (!done)
		ferry_imap_update_write(update, self->writer,
					ferry_imap_session_shows_recent(self));
}

/* @news: what may be told now */
void
ferry_imap_session_tell_news(FerryImapSession *self, FerryNews news, gboolean with_uid)
{
	g_autoptr(FerryImapUpdate) update = NULL;

	if (self->told == NULL || self->leaving)
		return;
	if (!ferry_mailbox_is_gone(self->mailbox))
		tell_rights(self);
	/* writers may have to say something of what must still wait */
	if (!ferry_told_has_news(self->told))
		return;
	if ((news & FERRY_NEWS_ARRIVALS) && ferry_told_has_arrivals(self->told))
		claim_arrivals(self);
	/* rev2 has the UID in every FETCH that was not asked for (RFC 9051 §7.5.2) */
	update = ferry_imap_update_new(self->told, news,
				       with_uid || !ferry_imap_session_shows_recent(self));
	if (self->detailed)
		ferry_imap_update_set_detailed(update, self);
	write_update(self, update);
	ferry_imap_session_note_told(self, update);
}

/**
 * ferry_imap_session_tell:
 * @may_expunge: whether numbers may change now (RFC 9051 §7.5.1)
 * @with_uid: whether a UID command is running
 *
 * Writes what happened in the selected mailbox and was not told yet, before the tagged line of a
 * command; announcement policies may keep something back.
 */
void
ferry_imap_session_tell(FerryImapSession *self, gboolean may_expunge, gboolean with_uid)
{
	FerryNews allowed =
		may_expunge ? FERRY_NEWS_ALL : FERRY_NEWS_ALL & ~(guint)FERRY_NEWS_EXPUNGES;

	FerryNews own = self->own_news & allowed;

	self->own_news = FERRY_NEWS_NONE;
	if (self->told != NULL)
		ferry_imap_session_tell_news(
			self,
			ferry_imap_session_choose_news(self, FERRY_MOMENT_COMMAND, allowed) | own,
			with_uid);
}

void
ferry_imap_session_set_silent(FerryImapSession *self, const FerryImapSilent *silent)
{
	self->silent = silent;
}

/* While a client idles it is told of everything at once. */
void
ferry_imap_session_set_idling(FerryImapSession *self, gboolean idling)
{
	self->idling = idling;
	if (self->account_session != NULL)
		ferry_account_session_set_idling(self->account_session, idling);
	if (idling)
		ferry_imap_session_tell_now(self);
}

/* What modules add at a place: the first one that has something. */
char *
ferry_imap_session_dup_response_code(FerryImapSession *self, FerryImapCommand *command,
				     const char *place)
{
	GPtrArray *list = ferry_registry_list(self->registry, FERRY_CONTRIBUTION_RESPONSE_CODE);

	for (guint i = 0; i < list->len; i++) {
		const FerryContribution *contribution = list->pdata[i];
		char *code;

		if (g_strcmp0(contribution->name, place) != 0)
			continue;
		code = ((FerryResponseCodeFunc)contribution->func)(command,
								   contribution->user_data);
		if (code != NULL)
			return code;
	}
	return NULL;
}
