/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/outcome.h"
#include "imap/assembly.h"
#include "imap/command.h"

G_BEGIN_DECLS

/* What APPEND and the commands like it have in common: from arguments of the grammar terms
 * append-message and append-messages to messages, and what is answered. */

void ferry_imap_append_make_async(FerryImapCommand *command, FerryImapValue *messages,
				  GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *ferry_imap_append_make_finish(FerryImapCommand *command, GAsyncResult *result,
					 GError **error);
char *ferry_imap_append_make_code(FerryOutcome *outcome);
void ferry_imap_append_tell_name(FerryImapCommand *command, guint index);
void ferry_imap_append_fail(FerryImapCommand *command, FerryImapValue *messages,
			    const GError *error);

G_END_DECLS
