/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CAPABILITY
 *
 * Specification: RFC 9051 §6.1.1
 */
#include "imap/commands/commands-private.h"

void
ferry_imap_capability(FerryImapCommand *command, gpointer user_data)
{
	FerryImapWriter *writer = ferry_imap_command_get_writer(command);
	g_autofree char *capabilities =
		ferry_imap_session_dup_capabilities(ferry_imap_command_get_session(command));

	ferry_imap_writer_begin_untagged(writer, "CAPABILITY");
	ferry_imap_writer_write_atom(writer, capabilities);
	ferry_imap_writer_end_line(writer);
	ferry_imap_command_finish(command);
}
