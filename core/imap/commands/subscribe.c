/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SUBSCRIBE, UNSUBSCRIBE
 *
 * Specification: RFC 9051 §6.3.7, §6.3.8
 */
#include "imap/commands/commands-private.h"

static void
subscribe_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryImapCommand *command = user_data;
	g_autoptr(GError) error = NULL;

	if (ferry_account_session_subscribe_finish(FERRY_ACCOUNT_SESSION(source), result, &error))
		ferry_imap_command_finish(command);
	else
		ferry_imap_command_fail(command, error);
}

void
ferry_imap_subscribe(FerryImapCommand *command, gpointer user_data)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);
	gboolean subscribe = g_strcmp0(ferry_imap_command_get_name(command), "SUBSCRIBE") == 0;

	ferry_account_session_subscribe_async(ferry_imap_session_get_account_session(session),
					      ferry_imap_command_get_string(command, 0), subscribe,
					      ferry_imap_command_get_cancellable(command),
					      subscribe_cb, command);
}
