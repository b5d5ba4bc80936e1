/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CLOSE, UNSELECT
 *
 * Specification: RFC 9051 §6.4.1, §6.4.2
 */
#include "imap/commands/commands-private.h"

static void
expunge_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryImapCommand *command = user_data;
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryOutcome) outcome =
		ferry_mailbox_expunge_finish(FERRY_MAILBOX(source), result, &error);

	/* nothing is told of what went: the mailbox is left either way (RFC 9051 §6.4.1) */
	ferry_imap_session_unselect(ferry_imap_command_get_session(command));
	if (outcome == NULL)
		ferry_imap_command_fail(command, error);
	else if (ferry_outcome_get_error(outcome) != NULL)
		ferry_imap_command_fail(command, ferry_outcome_get_error(outcome));
	else
		ferry_imap_command_finish(command);
}

void
ferry_imap_close(FerryImapCommand *command, gpointer user_data)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);

	/* RFC 4314 §4: where nothing may be removed the mailbox is just left */
	if (ferry_imap_session_is_read_only(session) ||
	    (ferry_mailbox_get_rights(ferry_imap_session_get_mailbox(session)) &
	     FERRY_RIGHT_REMOVE_ITEMS) == 0) {
		ferry_imap_unselect(command, user_data);
		return;
	}
	ferry_mailbox_expunge_async(ferry_imap_session_get_mailbox(session),
				    ferry_imap_session_get_account_session(session), NULL, 0,
				    ferry_imap_command_get_cancellable(command), expunge_cb,
				    command);
}

void
ferry_imap_unselect(FerryImapCommand *command, gpointer user_data)
{
	ferry_imap_session_unselect(ferry_imap_command_get_session(command));
	ferry_imap_command_finish(command);
}
