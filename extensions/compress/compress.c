/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* COMPRESS
 *
 * Specification: RFC 4978 §3
 * Implementation: a filter of the connection, put there behind the tagged line. That TLS compresses
 *   as well cannot be: GnuTLS does not offer it.
 */
#include "compress.h"

#include <ferry-protocol.h>

#include "deflate-filter.h"

void
compress_run(FerryImapCommand *command, gpointer user_data)
{
	FerryConnection *connection =
		ferry_imap_session_get_connection(ferry_imap_command_get_session(command));
	g_autoptr(FerryConnection) kept = g_object_ref(connection);
	g_autoptr(FerryStreamFilter) filter = NULL;

	if (g_ascii_strcasecmp(ferry_imap_command_get_string(command, 0), "DEFLATE") != 0) {
		ferry_imap_command_fail_new(command, FERRY_ERROR_INVALID,
					    "only DEFLATE is known here");
		return;
	}
	if (ferry_connection_has_filters(connection)) {
		ferry_imap_command_fail_new(command, FERRY_ERROR_INVALID,
					    "DEFLATE is active already");
		return;
	}
	filter = compress_deflate_filter_new();
	ferry_imap_command_set_text(command, "DEFLATE active");
	ferry_imap_command_finish(command);
	ferry_connection_push_filter(kept, filter);
}
