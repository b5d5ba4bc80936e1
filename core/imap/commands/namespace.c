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
	FerryImapWriter *writer = ferry_imap_command_get_writer(command);
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryMailboxList) list =
		ferry_account_session_list_finish(FERRY_ACCOUNT_SESSION(source), result, &error);
	const char *prefix;

	if (list == NULL) {
		ferry_imap_command_fail(command, error);
		return;
	}
	prefix = ferry_mailbox_list_get_shared_prefix(list);
	ferry_imap_writer_write_text(writer, "* NAMESPACE ((\"\" \"/\")) ");
	if (prefix != NULL) {
		g_autofree char *name = g_str_has_suffix(prefix, "/")
						? g_strdup(prefix)
						: g_strconcat(prefix, "/", NULL);

		ferry_imap_writer_write_text(writer, "((");
		ferry_imap_writer_write_mailbox(writer, name);
		ferry_imap_writer_write_text(writer, " \"/\"))");
	} else {
		ferry_imap_writer_write_text(writer, "NIL");
	}
	ferry_imap_writer_write_text(writer, " NIL\r\n");
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
