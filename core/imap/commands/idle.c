/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* IDLE
 *
 * Specification: RFC 9051 §6.3.13
 * Implementation: news go out as they come until DONE; the mailbox is brought up to date first
 */
#include "imap/commands/commands-private.h"

static void
refresh_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(FerryImapCommand) command = user_data;
	g_autoptr(GError) error = NULL;

	/* news are told by the mailbox's signal; an outage is no news */
	if (!ferry_mailbox_refresh_finish(FERRY_MAILBOX(source), result, &error))
		g_debug("IDLE: %s", error->message);
}

static void
done_cb(FerryImapCommand *command, const char *line, gpointer user_data)
{
	ferry_imap_session_set_idling(ferry_imap_command_get_session(command), FALSE);
	if (g_ascii_strcasecmp(line, "DONE") == 0)
		ferry_imap_command_finish(command);
	else
		ferry_imap_command_fail_new(command, FERRY_ERROR_INVALID, "IDLE: Expected DONE");
}

void
ferry_imap_idle(FerryImapCommand *command, gpointer user_data)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);
	FerryMailbox *mailbox = ferry_imap_session_get_mailbox(session);

	ferry_imap_command_read_line(command, "idling", done_cb, NULL);
	ferry_imap_session_set_idling(session, TRUE);
	if (mailbox != NULL)
		ferry_mailbox_refresh_async(mailbox,
					    ferry_imap_session_get_account_session(session),
					    ferry_imap_command_get_cancellable(command), refresh_cb,
					    g_object_ref(command));
}
