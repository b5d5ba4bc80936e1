/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imap/command.h"
#include "imap/message.h"

G_BEGIN_DECLS

#define FERRY_TYPE_IMAP_FETCH (ferry_imap_fetch_get_type())

/**
 * FerryImapFetch:
 *
 * One FETCH while it is planned and run: its items, what they need, which messages. Also the
 * operation of its command, so that fetch modifiers reach it with ferry_imap_fetch_of().
 */
G_DECLARE_FINAL_TYPE(FerryImapFetch, ferry_imap_fetch, FERRY, IMAP_FETCH, GObject)

/**
 * FerryImapFetchFilter:
 * @fetch: the FETCH
 * @message: a message that it names
 *
 * Leaves messages out of the answer of a FETCH.
 *
 * Returns: whether @message is answered at all
 */
typedef gboolean (*FerryImapFetchFilter)(FerryImapFetch *fetch, FerryImapMessage *message,
					 gpointer user_data);

FerryImapFetch *ferry_imap_fetch_of(FerryImapCommand *command);
FerryImapCommand *ferry_imap_fetch_get_command(FerryImapFetch *self);
FerryImapSession *ferry_imap_fetch_get_session(FerryImapFetch *self);

/* For prepare functions and modifiers. */
void ferry_imap_fetch_add_need(FerryImapFetch *self, FerryNeeds needs);
void ferry_imap_fetch_add_property(FerryImapFetch *self, const char *property);
void ferry_imap_fetch_set_marks_seen(FerryImapFetch *self);
gboolean ferry_imap_fetch_add_item(FerryImapFetch *self, const char *name, GError **error);
gboolean ferry_imap_fetch_has_item(FerryImapFetch *self, const char *name);
void ferry_imap_fetch_add_filter(FerryImapFetch *self, FerryImapFetchFilter filter,
				 gpointer user_data, GDestroyNotify destroy);

/* Only messages with a higher MODSEQ are answered. */
void ferry_imap_fetch_set_changed_since(FerryImapFetch *self, guint64 modseq);

/* Of the messages of the set only those from one place to another are answered: 1 is the first, -1
 * the last. */
void ferry_imap_fetch_set_window(FerryImapFetch *self, gint64 first, gint64 last);

/* The set that the command names, once it is planned; UIDs, ascending. */
const guint32 *ferry_imap_fetch_get_uids(FerryImapFetch *self, gsize *n_uids);

G_END_DECLS
