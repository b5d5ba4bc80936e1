/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ENABLE
 *
 * Specification: RFC 9051 §6.3.1, RFC 5161
 */
#include "imap/commands/commands-private.h"

static gboolean
enable(FerryImapSession *session, const char *name)
{
	const FerryContribution *contribution = ferry_registry_lookup(
		ferry_imap_session_get_registry(session), FERRY_CONTRIBUTION_ENABLE, name);

	if (contribution == NULL ||
	    !((FerryEnableFunc)contribution->func)(session, contribution->user_data))
		return FALSE;
	ferry_imap_session_enable(session, contribution->name);
	return TRUE;
}

void
ferry_imap_enable(FerryImapCommand *command, gpointer user_data)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);
	FerryImapWriter *writer = ferry_imap_command_get_writer(command);
	g_auto(GStrv) names =
		ferry_imap_value_dup_strv(ferry_imap_command_get_argument(command, 0));

	ferry_imap_writer_begin_untagged(writer, "ENABLED");
	for (guint i = 0; names[i] != NULL; i++)
		if (enable(session, names[i]))
			ferry_imap_writer_write_atom(writer, names[i]);
	ferry_imap_writer_end_line(writer);
	ferry_imap_command_finish(command);
}
