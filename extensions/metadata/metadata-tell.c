/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* METADATA: what others changed
 *
 * Specification: RFC 5464 §4.4.2
 * Implementation: a client that enabled METADATA or METADATA-SERVER is told the names of what other
 *   sessions changed, at once where nothing of its own runs.
 * Not mapped: what sessions of another process on the same store changed, and /private/specialuse
 */
#include "metadata.h"

#include <string.h>

#define SESSION_DATA "METADATA"
/* a client that does not take what it is told is not told everything */
#define MAX_PENDING 1000

typedef struct {
	char *account_id;
	char *mailbox_id; /* NULL: the server */
	GPtrArray *keys;
} Change;

typedef struct {
	FerryAccountSession *account;
	FerryImapSession *session; /* borrowed: it has this */
	gulong handler;
	GPtrArray *changes; /* Change */
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

	g_clear_signal_handler(&self->handler, self->account);
	g_object_unref(self->account);
	g_ptr_array_unref(self->changes);
	g_free(self);
}

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
	if (self->changes->len == MAX_PENDING)
		return NULL;
	change = g_new0(Change, 1);
	change->account_id = g_strdup(account_id);
	change->mailbox_id = g_strdup(mailbox_id);
	change->keys = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(self->changes, change);
	return change;
}

static void
data_changed_cb(FerryAccountSession *account, const char *module, const char *account_id,
		const char *mailbox_id, gboolean shared, char **keys, gpointer user_data)
{
	Told *self = user_data;
	Change *change;

	if (strcmp(module, METADATA_MODULE) != 0)
		return;
	change = find_change(self, account_id, mailbox_id);
	for (; change != NULL && *keys != NULL && change->keys->len < MAX_PENDING; keys++)
		if (!g_ptr_array_find_with_equal_func(change->keys, *keys, g_str_equal, NULL))
			g_ptr_array_add(change->keys, g_strdup(*keys));
	ferry_imap_session_want_turn(self->session);
}

/* ENABLE METADATA, ENABLE METADATA-SERVER */
gboolean
metadata_enable(FerryImapSession *session, gpointer user_data)
{
	FerryAccountSession *account = ferry_imap_session_get_account_session(session);
	Told *self;

	if (account == NULL)
		return FALSE;
	if (ferry_imap_session_get_data(session, SESSION_DATA) != NULL)
		return TRUE;
	self = g_new0(Told, 1);
	self->account = g_object_ref(account);
	self->session = session;
	self->changes = g_ptr_array_new_with_free_func(change_free);
	self->handler =
		g_signal_connect(account, "data-changed", G_CALLBACK(data_changed_cb), self);
	ferry_imap_session_set_data(session, SESSION_DATA, self, told_free);
	return TRUE;
}

void
metadata_forget(FerryImapSession *session, gpointer user_data)
{
	ferry_imap_session_set_data(session, SESSION_DATA, NULL, NULL);
}

static void
write_change(Told *self, Change *change)
{
	FerryImapWriter *writer = ferry_imap_session_get_writer(self->session);
	FerryMailboxList *list = ferry_account_session_get_list(self->account);
	FerryMailboxInfo *info = NULL;

	if (change->mailbox_id != NULL && list != NULL)
		info = ferry_mailbox_list_find_id(list, change->account_id, change->mailbox_id);
	if (change->mailbox_id != NULL && (info == NULL || !metadata_may_read(info)))
		return;
	ferry_imap_writer_begin_untagged(writer, "METADATA");
	ferry_imap_writer_write_mailbox(writer,
					info != NULL ? ferry_mailbox_info_get_name(info) : "");
	for (guint i = 0; i < change->keys->len; i++)
		ferry_imap_writer_write_astring(writer, change->keys->pdata[i]);
	ferry_imap_writer_end_line(writer);
}

void
metadata_hear(FerryImapSession *session, FerryImapEvent *event, gpointer user_data)
{
	Told *self = ferry_imap_session_get_data(session, SESSION_DATA);

	if (self == NULL || ferry_imap_event_get_kind(event) != FERRY_IMAP_EVENT_TURN)
		return;
	for (guint i = 0; i < self->changes->len; i++)
		write_change(self, self->changes->pdata[i]);
	g_ptr_array_set_size(self->changes, 0);
}
