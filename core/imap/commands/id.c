/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ID
 *
 * Specification: RFC 2971
 * Implementation: tells the server's name; what the client says of itself is not kept
 */
#include "imap/commands/commands-private.h"

void
ferry_imap_id(FerryImapCommand *command, gpointer user_data)
{
	FerryImapWriter *writer = ferry_imap_command_get_writer(command);

	if (ferry_imap_command_get_argument(command, 0) == NULL &&
	    ferry_imap_command_get_argument(command, 1) == NULL) {
		ferry_imap_command_fail_new(command, FERRY_ERROR_INVALID, "ID: Expected NIL or a list");
		return;
	}
	ferry_imap_writer_write_text(writer, "* ID (\"name\" \"Ferry\")\r\n");
	ferry_imap_command_finish(command);
}
