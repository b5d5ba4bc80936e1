/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NAMESPACE
 *
 * Specification: RFC 9051 §6.3.10, §7.3.3
 * Implementation: personal mailboxes have no prefix; other accounts of the session are other users'
 */
#include "imap/commands/commands-private.h"

static void
list_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryImapCommand *command = user_data;
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryMailboxList) list =
		ferry_account_session_list_finish(FERRY_ACCOUNT_SESSION(source), result, &error);

	if (list == NULL) {
		ferry_imap_command_fail(command, error);
		return;
	}
	ferry_imap_session_write_namespace(ferry_imap_command_get_session(command), list);
	ferry_imap_command_finish(command);
}

void
ferry_imap_namespace(FerryImapCommand *command, gpointer user_data)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);

	ferry_account_session_list_async(ferry_imap_session_get_account_session(session),
					 ferry_imap_command_get_cancellable(command), list_cb,
					 command);
}
