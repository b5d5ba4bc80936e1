/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DELETE
 *
 * Specification: RFC 9051 §6.3.5
 */
#include "imap/commands/commands-private.h"

/* Which mailbox is gone, where the client called it otherwise. */
static void
tell_name(FerryImapCommand *command)
{
	FerryImapWriter *writer = ferry_imap_command_get_writer(command);
	const char *name = ferry_imap_command_get_data(command);
	const char *written = ferry_imap_get_other_name(command, 0, name);

	if (written == NULL)
		return;
	ferry_imap_write_missing_list(writer, name, "\\NonExistent");
	ferry_imap_write_oldname(writer, written);
	ferry_imap_writer_end_line(writer);
}

static void
delete_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryImapCommand *command = user_data;
	g_autoptr(GError) error = NULL;

	if (!ferry_account_session_delete_finish(FERRY_ACCOUNT_SESSION(source), result, &error)) {
		ferry_imap_command_fail(command, error);
		return;
	}
	tell_name(command);
	ferry_imap_command_finish(command);
}

void
ferry_imap_delete(FerryImapCommand *command, gpointer user_data)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);

	ferry_imap_command_set_data(command, ferry_imap_dup_real_name(command, 0), g_free);
	ferry_account_session_delete_async(ferry_imap_session_get_account_session(session),
					   ferry_imap_command_get_string(command, 0),
					   ferry_imap_command_get_cancellable(command), delete_cb,
					   command);
}
