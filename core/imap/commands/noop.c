/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NOOP, CHECK
 *
 * Specification: RFC 9051 §6.1.2, RFC 3501 §6.4.1
 * Implementation: brings the selected mailbox up to date; news follow as with every command. In an
 *   outage there are none, which is no failure.
 */
#include "imap/commands/commands-private.h"

static void
refresh_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryImapCommand *command = user_data;
	g_autoptr(GError) error = NULL;

	if (!ferry_mailbox_refresh_finish(FERRY_MAILBOX(source), result, &error))
		g_debug("NOOP: %s", error->message);
	ferry_imap_command_finish(command);
}

void
ferry_imap_noop(FerryImapCommand *command, gpointer user_data)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);
	FerryMailbox *mailbox = ferry_imap_session_get_mailbox(session);

	if (mailbox == NULL) {
		ferry_imap_command_finish(command);
		return;
	}
	ferry_mailbox_refresh_async(mailbox, ferry_imap_session_get_account_session(session),
				    ferry_imap_command_get_cancellable(command), refresh_cb,
				    command);
}
