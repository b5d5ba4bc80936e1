/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JMAPACCESS: where the same mail is to be had by JMAP
 *
 * Specification: RFC 9698
 * Implementation: the URL of the backend's session object, where the client can use it: Ferry
 *   passes sign-ins through, so name and password are the same; the ids are those of OBJECTID. A
 *   URL without TLS is told to clients on this machine only, for whom "localhost" is the same too.
 */
#include "jmapaccess.h"

#include <ferry-protocol.h>
#include <string.h>

/* @url: (nullable): the backend's
 * @loopback: whether the client is on this machine
 *
 * Returns: (nullable): @url, where it may be told */
const char *
jmapaccess_choose_url(const char *url, gboolean loopback)
{
	return url != NULL && (loopback || g_str_has_prefix(url, "https:")) ? url : NULL;
}

void
jmapaccess_write(FerryImapWriter *writer, const char *url)
{
	ferry_imap_writer_begin_untagged(writer, "JMAPACCESS");
	ferry_imap_writer_write_string(writer, url, strlen(url));
	ferry_imap_writer_end_line(writer);
}

static const char *
get_url(FerryImapSession *session)
{
	FerryAccountSession *account = ferry_imap_session_get_account_session(session);

	if (account == NULL)
		return NULL;
	return jmapaccess_choose_url(
		ferry_jmap_session_get_url(ferry_account_session_get_jmap(account)),
		ferry_connection_is_loopback(ferry_imap_session_get_connection(session)));
}

char *
jmapaccess_make_capability(FerryImapSession *session, gpointer user_data)
{
	return get_url(session) != NULL ? g_strdup("JMAPACCESS") : NULL;
}

void
jmapaccess_run(FerryImapCommand *command, gpointer user_data)
{
	const char *url = get_url(ferry_imap_command_get_session(command));

	if (url == NULL) {
		/* BAD (RFC 9698 §4) */
		ferry_imap_command_fail_new(command, FERRY_ERROR_INVALID,
					    "JMAP cannot be used from there");
		return;
	}
	jmapaccess_write(ferry_imap_command_get_writer(command), url);
	ferry_imap_command_finish(command);
}
