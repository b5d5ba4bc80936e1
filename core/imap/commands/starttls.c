/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* STARTTLS
 *
 * Specification: RFC 9051 §6.2.1
 * Implementation: the connection throws away what came in clear behind the command
 */
#include "imap/commands/commands-private.h"

static void
tls_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(FerryImapSession) session = user_data;
	g_autoptr(GError) error = NULL;

	if (!ferry_connection_start_tls_finish(FERRY_CONNECTION(source), result, &error))
		g_debug("STARTTLS: %s", error->message);
}

void
ferry_imap_starttls(FerryImapCommand *command, gpointer user_data)
{
	g_autoptr(FerryImapSession) session = g_object_ref(ferry_imap_command_get_session(command));

	if (!ferry_imap_session_can_start_tls(session)) {
		ferry_imap_command_fail_new(command, FERRY_ERROR_INVALID,
					    "STARTTLS is not offered here");
		return;
	}
	ferry_imap_command_set_text(command, "Begin TLS now");
	ferry_imap_command_finish(command);
	if (session->ended || session->leaving)
		return;
	ferry_connection_start_tls_async(session->connection,
					 ferry_service_get_tls_credentials(session->service), NULL,
					 tls_cb, g_object_ref(session));
}
