/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JMAPACCESS: where the same mail is to be had by JMAP
 *
 * Specification: RFC 9698
 * Implementation: the URL of the backend's session object, where the client can use it: Ferry
 * passes sign-ins through, so name and password are the same; the ids are those of OBJECTID. A URL
 *   without TLS is told to clients on this machine only, for whom "localhost" is the same too.
 */
#include "jmapaccess.h"

#include <ferry-protocol.h>

static const char *
get_url(FerryImapSession *session)
{
	FerryAccountSession *account = ferry_imap_session_get_account_session(session);
	const char *url = NULL;

	if (account != NULL)
		url = ferry_jmap_session_get_url(ferry_account_session_get_jmap(account));
	if (url == NULL || g_str_has_prefix(url, "https:") ||
	    ferry_connection_is_loopback(ferry_imap_session_get_connection(session)))
		return url;
	return NULL;
}

char *
jmapaccess_make_capability(FerryImapSession *session, gpointer user_data)
{
	return get_url(session) != NULL ? g_strdup("JMAPACCESS") : NULL;
}

void
jmapaccess_run(FerryImapCommand *command, gpointer user_data)
{
	FerryImapWriter *writer = ferry_imap_command_get_writer(command);
	const char *url = get_url(ferry_imap_command_get_session(command));

	if (url == NULL) {
		ferry_imap_command_fail_new(command, FERRY_ERROR_CANNOT,
					    "JMAP cannot be used from there");
		return;
	}
	ferry_imap_writer_begin_untagged(writer, "JMAPACCESS");
	ferry_imap_writer_write_string(writer, url, strlen(url));
	ferry_imap_writer_end_line(writer);
	ferry_imap_command_finish(command);
}
