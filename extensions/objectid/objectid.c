/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OBJECTID: the identifiers of JMAP, in IMAP
 *
 * Specification: RFC 8474; RFC 8621 §1.6 (the ids should be the same)
 * Implementation: fetch items and search keys EMAILID and THREADID, status item MAILBOXID, response
 *   code MAILBOXID of SELECT, EXAMINE and CREATE
 */
#include "objectid.h"

/* RFC 8474 §7 and RFC 8620 §1.2 agree on what an id looks like */
#define MAX_ID 255

static void
write_id(FerryImapWriter *writer, const char *name, const char *id)
{
	ferry_imap_writer_write_atom(writer, name);
	if (id == NULL || *id == '\0') {
		ferry_imap_writer_write_nil(writer);
		return;
	}
	ferry_imap_writer_begin_list(writer);
	ferry_imap_writer_write_atom(writer, id);
	ferry_imap_writer_end_list(writer);
}

void
objectid_write_email(FerryImapFetch *fetch, FerryImapMessage *message, FerryImapValue *arguments,
		     FerryImapWriter *writer, gpointer user_data)
{
	write_id(writer, "EMAILID", ferry_imap_message_get_email_id(message));
}

void
objectid_write_thread(FerryImapFetch *fetch, FerryImapMessage *message, FerryImapValue *arguments,
		      FerryImapWriter *writer, gpointer user_data)
{
	write_id(writer, "THREADID", ferry_imap_message_get_thread_id(message));
}

static const char *
get_wanted(FerryImapValue *arguments)
{
	return ferry_imap_value_get_text(ferry_imap_value_get_child(arguments, 0));
}

gboolean
objectid_prepare_search(FerryImapSearch *search, FerryImapValue *arguments, gpointer user_data,
			GError **error)
{
	const char *id = get_wanted(arguments);

	for (const char *c = id; *c != '\0'; c++) {
		if (g_ascii_isalnum(*c) || *c == '-' || *c == '_')
			continue;
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID,
				    "an object id has letters, digits, - and _ only");
		return FALSE;
	}
	if (*id != '\0' && strlen(id) <= MAX_ID)
		return TRUE;
	g_set_error(error, FERRY_ERROR, FERRY_ERROR_INVALID, "an object id has 1 to %d characters",
		    MAX_ID);
	return FALSE;
}

gboolean
objectid_match_email(FerryImapSearch *search, FerryImapMessage *message, FerryImapValue *arguments,
		     gpointer user_data)
{
	return g_strcmp0(ferry_imap_message_get_email_id(message), get_wanted(arguments)) == 0;
}

gboolean
objectid_match_thread(FerryImapSearch *search, FerryImapMessage *message, FerryImapValue *arguments,
		      gpointer user_data)
{
	return g_strcmp0(ferry_imap_message_get_thread_id(message), get_wanted(arguments)) == 0;
}

/* What is not a JMAP id (of a mailbox that the backend does not have) becomes one, as RFC 8474 §7
 * wants it: "~all" is "_7Eall". */
char *
objectid_make_mailbox_id(const char *id)
{
	GString *made = g_string_new(NULL);

	for (const char *c = id; *c != '\0'; c++) {
		if (g_ascii_isalnum(*c) || *c == '-' || *c == '_')
			g_string_append_c(made, *c);
		else
			g_string_append_printf(made, "_%02X", (guchar)*c);
	}
	return g_string_free(made, FALSE);
}

void
objectid_write_status(FerryImapStatus *status, FerryImapWriter *writer, gpointer user_data)
{
	FerryMailboxInfo *info = ferry_imap_status_get_info(status);
	const char *id = info != NULL ? ferry_mailbox_info_get_id(info) : NULL;
	g_autofree char *made = id != NULL ? objectid_make_mailbox_id(id) : NULL;

	write_id(writer, "MAILBOXID", made);
}

char *
objectid_make_select_code(FerryImapCommand *command, gpointer user_data)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);
	FerryMailbox *mailbox = ferry_imap_session_get_mailbox(session);
	g_autofree char *made = NULL;

	if (mailbox == NULL)
		return NULL;
	made = objectid_make_mailbox_id(ferry_mailbox_get_id(mailbox));
	return g_strdup_printf("MAILBOXID (%s)", made);
}

char *
objectid_make_create_code(FerryImapCommand *command, gpointer user_data)
{
	const char *id = ferry_imap_command_get_named_data(command, "mailbox-id");

	return id != NULL ? g_strdup_printf("MAILBOXID (%s)", id) : NULL;
}
