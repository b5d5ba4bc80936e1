/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* EXPUNGE, UID EXPUNGE
 *
 * Specification: RFC 9051 §6.4.3, §6.4.9; RFC 4315
 * Implementation: what went is told as every expunge is, before the tagged answer
 */
#include "imap/commands/commands-private.h"

static void
expunge_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryImapCommand *command = user_data;
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryOutcome) outcome =
		ferry_mailbox_expunge_finish(FERRY_MAILBOX(source), result, &error);

	if (outcome == NULL)
		ferry_imap_command_fail(command, error);
	else if (ferry_outcome_get_error(outcome) != NULL)
		ferry_imap_command_fail(command, ferry_outcome_get_error(outcome));
	else
		ferry_imap_command_finish(command);
}

void
ferry_imap_expunge(FerryImapCommand *command, gpointer user_data)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);
	g_autoptr(GArray) uids = NULL;
	g_autoptr(GError) error = NULL;

	if (!ferry_imap_check_writable(command))
		return;
	if (ferry_imap_command_is_uid(command)) {
		uids = ferry_imap_command_resolve_set(command, 0, &error);
		if (uids == NULL) {
			ferry_imap_command_fail(command, error);
			return;
		}
		/* an empty array must not be taken for "all" */
		if (uids->len == 0) {
			ferry_imap_command_finish(command);
			return;
		}
	}
	ferry_mailbox_expunge_async(
		ferry_imap_session_get_mailbox(session),
		ferry_imap_session_get_account_session(session),
		uids != NULL ? (guint32 *)(gpointer)uids->data : NULL, uids != NULL ? uids->len : 0,
		ferry_imap_command_get_cancellable(command), expunge_cb, command);
}
