/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* UNAUTHENTICATE
 *
 * Specification: RFC 8437
 * Implementation: the session forgets all that it has of its user, and compression ends behind the
 *   tagged line. What modules keep is theirs to forget: their session data is reset. Ferry has no
 *   SASL security layers and asks for no client certificates, so neither can outlive its user.
 * Not done: the answer NO, which §3 forbids; nothing here can fail.
 */
#include "unauthenticate.h"

#include <ferry-protocol.h>

void
unauthenticate_run(FerryImapCommand *command, gpointer user_data)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);
	g_autoptr(FerryConnection) connection =
		g_object_ref(ferry_imap_session_get_connection(session));
	g_autofree char *capabilities = NULL, *code = NULL;

	ferry_imap_session_sign_out(session);
	capabilities = ferry_imap_session_dup_capabilities(session);
	code = g_strconcat("CAPABILITY ", capabilities, NULL);
	ferry_imap_command_set_response_code(command, code);
	ferry_imap_command_set_text(command, "Signed out");
	ferry_imap_command_finish(command);
	ferry_connection_drop_filters(connection);
}
