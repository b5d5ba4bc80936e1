/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ID
 *
 * Specification: RFC 2971
 * Implementation: tells the server's name; what the client says of itself is not kept
 */
#include "imap/commands/commands-private.h"

/* Fields and values in turn; a field is a string, a value a string or NIL (RFC 2971 §4). */
static gboolean
is_pairs(FerryImapValue *list)
{
	guint n = ferry_imap_value_get_n_children(list);

	for (guint i = 0; i < n; i++) {
		FerryImapValue *child = ferry_imap_value_get_child(list, i);
		FerryImapValueKind kind = ferry_imap_value_get_kind(child);

		if (kind != FERRY_IMAP_VALUE_STRING &&
		    !(i % 2 == 1 && ferry_imap_value_is(child, "NIL")))
			return FALSE;
	}
	return n % 2 == 0;
}

void
ferry_imap_id(FerryImapCommand *command, gpointer user_data)
{
	FerryImapWriter *writer = ferry_imap_command_get_writer(command);
	FerryImapValue *list = ferry_imap_command_get_argument(command, 0);
	FerryImapValue *other = ferry_imap_command_get_argument(command, 1);

	/* a list or NIL, not both and no string */
	if (list != NULL
		    ? other != NULL
		    : other == NULL || ferry_imap_value_get_kind(other) != FERRY_IMAP_VALUE_NIL) {
		ferry_imap_command_fail_new(command, FERRY_ERROR_INVALID,
					    "ID: Expected NIL or a list");
		return;
	}
	if (list != NULL && !is_pairs(list)) {
		ferry_imap_command_fail_new(command, FERRY_ERROR_INVALID,
					    "ID: Expected strings, each with a string or NIL");
		return;
	}
	ferry_imap_writer_write_text(writer, "* ID (\"name\" \"Ferry\")\r\n");
	ferry_imap_command_finish(command);
}
