/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* LOGOUT
 *
 * Specification: RFC 9051 §6.1.3
 */
#include "imap/commands/commands-private.h"

void
ferry_imap_logout(FerryImapCommand *command, gpointer user_data)
{
	ferry_imap_session_log_out(ferry_imap_command_get_session(command));
	ferry_imap_command_finish(command);
}
