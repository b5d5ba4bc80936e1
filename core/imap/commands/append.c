/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* APPEND
 *
 * Specification: RFC 9051 §6.3.12, RFC 3502 (MULTIAPPEND), RFC 4315 (APPENDUID), RFC 3516
 *   (literal8)
 * Implementation: messages are spooled while they arrive and handed on as they were spooled; all
 *   are appended or none
 */
#include "imap/append.h"
#include "imap/commands/commands-private.h"

static void
append_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryImapCommand *command = user_data;
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryOutcome) outcome =
		ferry_account_session_append_finish(FERRY_ACCOUNT_SESSION(source), result, &error);
	g_autofree char *code = NULL;

	if (outcome == NULL) {
		ferry_imap_append_fail(command, ferry_imap_command_get_argument(command, 1), error);
		return;
	}
	ferry_imap_append_tell_name(command, 0);
	ferry_imap_session_note_own(ferry_imap_command_get_session(command), outcome);
	code = ferry_imap_append_make_code(outcome);
	if (code != NULL)
		ferry_imap_command_set_response_code(command, code);
	ferry_imap_command_finish(command);
}

static void
made_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryImapCommand *command = FERRY_IMAP_COMMAND(source);
	FerryImapSession *session = ferry_imap_command_get_session(command);
	FerryAccountSession *account = ferry_imap_session_get_account_session(session);
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) messages = ferry_imap_append_make_finish(command, result, &error);

	if (messages == NULL)
		ferry_imap_append_fail(command, ferry_imap_command_get_argument(command, 1), error);
	else if (account == NULL)
		ferry_imap_command_fail_new(command, FERRY_ERROR_UNAVAILABLE, "Connection closed");
	else
		ferry_account_session_append_async(
			account, ferry_imap_command_get_string(command, 0), messages,
			ferry_imap_command_get_cancellable(command), append_cb, command);
}

void
ferry_imap_append(FerryImapCommand *command, gpointer user_data)
{
	ferry_imap_append_make_async(command, ferry_imap_command_get_argument(command, 1), made_cb,
				     NULL);
}
