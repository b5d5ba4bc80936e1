/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DELETE
 *
 * Specification: RFC 9051 §6.3.5
 */
#include "imap/commands/commands-private.h"

static void
delete_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryImapCommand *command = user_data;
	g_autoptr(GError) error = NULL;

	if (ferry_account_session_delete_finish(FERRY_ACCOUNT_SESSION(source), result, &error))
		ferry_imap_command_finish(command);
	else
		ferry_imap_command_fail(command, error);
}

void
ferry_imap_delete(FerryImapCommand *command, gpointer user_data)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);

	ferry_account_session_delete_async(ferry_imap_session_get_account_session(session),
					   ferry_imap_command_get_string(command, 0),
					   ferry_imap_command_get_cancellable(command), delete_cb,
					   command);
}
