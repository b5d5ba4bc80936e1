/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imap/command.h"
#include "imap/message.h"
#include "imap/uid-set.h"

G_BEGIN_DECLS

#define FERRY_TYPE_IMAP_SEARCH (ferry_imap_search_get_type())

/**
 * FerryImapSearch:
 *
 * One search while it is planned and evaluated; SORT and THREAD use it for their program.
 */
G_DECLARE_FINAL_TYPE(FerryImapSearch, ferry_imap_search, FERRY, IMAP_SEARCH, GObject)

FerryImapSearch *ferry_imap_search_new(FerryImapCommand *command);
FerryImapCommand *ferry_imap_search_get_command(FerryImapSearch *self);
FerryImapSession *ferry_imap_search_get_session(FerryImapSearch *self);

/* For prepare functions of keys. */
void ferry_imap_search_add_need(FerryImapSearch *self, FerryNeeds needs);

/* For contributors to the answer: what it looks like. */
gboolean ferry_imap_search_is_extended(FerryImapSearch *self);
gboolean ferry_imap_search_returns(FerryImapSearch *self, const char *name);

/* Finds the messages: @charset may be NULL, @program is the search-program argument. */
void ferry_imap_search_run_async(FerryImapSearch *self, FerryImapValue *charset,
				 FerryImapValue *program, GCancellable *cancellable,
				 GAsyncReadyCallback callback, gpointer user_data);
gboolean ferry_imap_search_run_finish(FerryImapSearch *self, GAsyncResult *result, GError **error);

/* Once it ran: the matches, ascending, and their numbers. */
const guint32 *ferry_imap_search_get_uids(FerryImapSearch *self, gsize *n_uids);
const guint32 *ferry_imap_search_get_numbers(FerryImapSearch *self, gsize *n_numbers);
/* What the result is told in: UIDs for UID SEARCH, else numbers. */
const guint32 *ferry_imap_search_get_results(FerryImapSearch *self, gsize *n_results);

G_END_DECLS
