/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* METADATA: what others changed
 *
 * Specification: RFC 5464 §4.4.2; RFC 5465 §5.6, §5.7 (events that clients ask for by name)
 * Implementation: a client that enabled METADATA or METADATA-SERVER, or that asked for the events
 *   by name where a module lets it, is told the names of what other sessions changed, at once where
 *   nothing of its own runs. What it asked for by name decides over what it enabled. What is noted
 *   is looked at again when it is told: rights, names and wishes are those of that moment.
 * Not mapped: what sessions of another process on the same store changed, and /private/specialuse
 */
#include "metadata.h"

#include <string.h>

#define SESSION_DATA "METADATA"
/* entries that may wait for a client which does not read */
#define MAX_PENDING 1000

typedef struct {
	char *account_id;
	char *mailbox_id; /* NULL: the server */
	GPtrArray *keys;
} Change;

typedef struct {
	gboolean enabled;
	GPtrArray *changes; /* Change */
	guint n_keys;
} Told;

static void
change_free(gpointer data)
{
	Change *self = data;

	g_free(self->account_id);
	g_free(self->mailbox_id);
	g_ptr_array_unref(self->keys);
	g_free(self);
}

static void
told_free(gpointer data)
{
	Told *self = data;

	g_ptr_array_unref(self->changes);
	g_free(self);
}

static Told *
get_told(FerryImapSession *session)
{
	Told *self = ferry_imap_session_get_data(session, SESSION_DATA);

	if (self != NULL)
		return self;
	self = g_new0(Told, 1);
	self->changes = g_ptr_array_new_with_free_func(change_free);
	ferry_imap_session_set_data(session, SESSION_DATA, self, told_free);
	return self;
}

/* ENABLE METADATA, ENABLE METADATA-SERVER */
gboolean
metadata_enable(FerryImapSession *session, gpointer user_data)
{
	if (ferry_imap_session_get_account_session(session) == NULL)
		return FALSE;
	get_told(session)->enabled = TRUE;
	return TRUE;
}

void
metadata_forget(FerryImapSession *session, gpointer user_data)
{
	ferry_imap_session_set_data(session, SESSION_DATA, NULL, NULL);
}

static FerryMailboxInfo *
find_info(FerryMailboxList *list, const char *account_id, const char *mailbox_id)
{
	return list != NULL && mailbox_id != NULL
		       ? ferry_mailbox_list_find_id(list, account_id, mailbox_id)
		       : NULL;
}

/* @info: NULL: of the server */
static gboolean
wants(FerryImapSession *session, FerryMailboxInfo *info)
{
	const Told *self = ferry_imap_session_get_data(session, SESSION_DATA);

	return ferry_imap_session_wants_event(
		session, info != NULL ? METADATA_MAILBOX_EVENT : METADATA_SERVER_EVENT, info,
		self != NULL && self->enabled);
}

/* noting */

static Change *
find_change(Told *self, const char *account_id, const char *mailbox_id)
{
	Change *change;

	for (guint i = 0; i < self->changes->len; i++) {
		change = self->changes->pdata[i];
		if (strcmp(change->account_id, account_id) == 0 &&
		    g_strcmp0(change->mailbox_id, mailbox_id) == 0)
			return change;
	}
	change = g_new0(Change, 1);
	change->account_id = g_strdup(account_id);
	change->mailbox_id = g_strdup(mailbox_id);
	change->keys = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(self->changes, change);
	return change;
}

/* FALSE: that is more than can wait. */
static gboolean
add_keys(Told *self, FerryImapEvent *event)
{
	const char *const *keys = ferry_imap_event_get_keys(event);
	Change *change;

	if (self->n_keys >= MAX_PENDING)
		return FALSE;
	change = find_change(self, ferry_imap_event_get_account_id(event),
			     ferry_imap_event_get_mailbox_id(event));
	for (; *keys != NULL; keys++) {
		if (g_ptr_array_find_with_equal_func(change->keys, *keys, g_str_equal, NULL))
			continue;
		g_ptr_array_add(change->keys, g_strdup(*keys));
		self->n_keys++;
	}
	return TRUE;
}

/* @list: (nullable): the session's mailboxes */
void
metadata_note(FerryImapSession *session, FerryMailboxList *list, FerryImapEvent *event)
{
	const char *mailbox_id = ferry_imap_event_get_mailbox_id(event);
	FerryMailboxInfo *info =
		find_info(list, ferry_imap_event_get_account_id(event), mailbox_id);

	if (strcmp(ferry_imap_event_get_module(event), METADATA_MODULE) != 0 ||
	    (mailbox_id != NULL && info == NULL) || !wants(session, info))
		return;
	if (!add_keys(get_told(session), event))
		ferry_imap_session_lose_events(session);
	ferry_imap_session_want_turn(session);
}

/* telling */

static void
write_change(FerryImapSession *session, FerryMailboxList *list, const Change *change)
{
	FerryImapWriter *writer = ferry_imap_session_get_writer(session);
	FerryMailboxInfo *info = find_info(list, change->account_id, change->mailbox_id);

	if (change->mailbox_id != NULL && (info == NULL || !metadata_may_read(info)))
		return;
	if (!wants(session, info))
		return;
	ferry_imap_writer_begin_untagged(writer, "METADATA");
	ferry_imap_writer_write_mailbox(writer,
					info != NULL ? ferry_mailbox_info_get_name(info) : "");
	for (guint i = 0; i < change->keys->len; i++)
		ferry_imap_writer_write_astring(writer, change->keys->pdata[i]);
	ferry_imap_writer_end_line(writer);
}

/* @list: (nullable): the session's mailboxes */
void
metadata_tell(FerryImapSession *session, FerryMailboxList *list)
{
	Told *self = ferry_imap_session_get_data(session, SESSION_DATA);

	while (self != NULL && self->changes->len > 0) {
		Change *change = self->changes->pdata[0];

		if (ferry_imap_writer_is_full(ferry_imap_session_get_writer(session))) {
			ferry_imap_session_want_turn(session);
			return;
		}
		write_change(session, list, change);
		self->n_keys -= change->keys->len;
		g_ptr_array_remove_index(self->changes, 0);
	}
}

void
metadata_hear(FerryImapSession *session, FerryImapEvent *event, gpointer user_data)
{
	FerryImapEventKind kind = ferry_imap_event_get_kind(event);
	FerryMailboxList *list;

	if (kind != FERRY_IMAP_EVENT_DATA && kind != FERRY_IMAP_EVENT_TURN)
		return;
	list = ferry_account_session_get_list(ferry_imap_session_get_account_session(session));
	if (kind == FERRY_IMAP_EVENT_DATA)
		metadata_note(session, list, event);
	else
		metadata_tell(session, list);
}
