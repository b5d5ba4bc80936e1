/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* RENAME
 *
 * Specification: RFC 9051 §6.3.6
 */
#include "imap/commands/commands-private.h"
#include "imap/names.h"

static void
rename_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryImapCommand *command = user_data;
	g_autoptr(GError) error = NULL;

	if (ferry_account_session_rename_finish(FERRY_ACCOUNT_SESSION(source), result, &error))
		ferry_imap_command_finish(command);
	else
		ferry_imap_command_fail(command, error);
}

void
ferry_imap_rename(FerryImapCommand *command, gpointer user_data)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);
	g_autoptr(GError) error = NULL;
	g_autofree char *name =
		ferry_imap_name_for_create(ferry_imap_command_get_string(command, 1), &error);

	if (name == NULL) {
		ferry_imap_command_fail(command, error);
		return;
	}
	ferry_account_session_rename_async(ferry_imap_session_get_account_session(session),
					   ferry_imap_command_get_string(command, 0), name,
					   ferry_imap_command_get_cancellable(command), rename_cb,
					   command);
}
