/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* MODSEQ in FETCH, STORE, SEARCH and STATUS
 *
 * Specification: RFC 7162 §3.1.3 to §3.1.7, §3.1.10; RFC 4731 §3.2 (MODSEQ of MIN and MAX)
 * Implementation: a view row has the mod-sequence. The entry of SEARCH MODSEQ is checked and has no
 *   effect, as §3.1.5 asks of servers with one mod-sequence for a message.
 */
#include "condstore.h"

/* Each modifier may stand once in a command. */
gboolean
condstore_once(FerryImapCommand *command, const char *name, GError **error)
{
	if (ferry_imap_command_get_named_data(command, name) == NULL) {
		ferry_imap_command_set_named_data(command, name, command, NULL);
		return TRUE;
	}
	g_set_error(error, FERRY_ERROR, FERRY_ERROR_INVALID, "%s may stand once", name);
	return FALSE;
}

void
condstore_write_modseq(FerryImapSession *session, FerryImapMessage *message,
		       FerryImapWriter *writer, gpointer user_data)
{
	CondstoreSession *self = condstore_get_session(session);

	if (self != NULL)
		self->told_modseq = TRUE;
	ferry_imap_writer_write_atom(writer, "MODSEQ");
	ferry_imap_writer_begin_list(writer);
	ferry_imap_writer_write_number(writer, ferry_imap_message_get_row(message)->modseq);
	ferry_imap_writer_end_list(writer);
}

gboolean
condstore_prepare_item(FerryImapFetch *fetch, FerryImapValue *arguments, gpointer user_data,
		       GError **error)
{
	condstore_make_aware(ferry_imap_fetch_get_session(fetch), TRUE);
	return TRUE;
}

void
condstore_write_item(FerryImapFetch *fetch, FerryImapMessage *message, FerryImapValue *arguments,
		     FerryImapWriter *writer, gpointer user_data)
{
	condstore_write_modseq(ferry_imap_fetch_get_session(fetch), message, writer, NULL);
}

static guint64
get_number(FerryImapValue *arguments, guint index)
{
	return ferry_imap_value_get_number(ferry_imap_value_get_child(arguments, index));
}

/* FETCH (CHANGEDSINCE …) adds MODSEQ. */
gboolean
condstore_changed_since(FerryImapCommand *command, FerryImapValue *arguments, gpointer user_data,
			GError **error)
{
	FerryImapFetch *fetch = ferry_imap_fetch_of(command);

	if (fetch == NULL || !condstore_once(command, "CHANGEDSINCE", error) ||
	    !ferry_imap_fetch_add_item(fetch, "MODSEQ", error))
		return FALSE;
	ferry_imap_fetch_set_changed_since(fetch, get_number(arguments, 0));
	return TRUE;
}

gboolean
condstore_unchanged_since(FerryImapCommand *command, FerryImapValue *arguments, gpointer user_data,
			  GError **error)
{
	if (!condstore_once(command, "UNCHANGEDSINCE", error))
		return FALSE;
	condstore_make_aware(ferry_imap_command_get_session(command), TRUE);
	ferry_imap_store_set_unchanged_since(command, get_number(arguments, 0));
	return TRUE;
}

/* `"/flags/\\draft" all`; RFC 7162 §7 */
static gboolean
check_entry(FerryImapValue *entry, FerryImapValue *type, GError **error)
{
	const char *name = ferry_imap_value_get_text(entry);

	if (g_ascii_strncasecmp(name, "/flags/", 7) != 0 || name[7] == '\0') {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID,
				    "MODSEQ: Expected an entry \"/flags/…\"");
		return FALSE;
	}
	if (ferry_imap_value_is(type, "ALL") || ferry_imap_value_is(type, "PRIV") ||
	    ferry_imap_value_is(type, "SHARED"))
		return TRUE;
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID,
			    "MODSEQ: Expected all, priv or shared");
	return FALSE;
}

gboolean
condstore_prepare_search(FerryImapSearch *search, FerryImapValue *arguments, gpointer user_data,
			 GError **error)
{
	FerryImapCommand *command = ferry_imap_search_get_command(search);
	FerryImapValue *entry = ferry_imap_value_get_child(arguments, 0);

	if (entry != NULL && !check_entry(entry, ferry_imap_value_get_child(arguments, 1), error))
		return FALSE;
	condstore_make_aware(ferry_imap_command_get_session(command), TRUE);
	ferry_imap_command_set_named_data(command, "MODSEQ", command, NULL);
	return TRUE;
}

gboolean
condstore_match_search(FerryImapSearch *search, FerryImapMessage *message,
		       FerryImapValue *arguments, gpointer user_data)
{
	return ferry_imap_message_get_row(message)->modseq >= get_number(arguments, 2);
}

/* The mod-sequence is that of what the answer names (RFC 4731 §3.2). */
static guint64
get_highest(FerryImapSearch *search, GArray *uids)
{
	FerryTold *told = ferry_imap_search_get_told(search);
	guint64 highest = 0;

	for (guint i = 0; told != NULL && i < uids->len; i++) {
		const FerryMessageRow *row =
			ferry_told_get_row(told, g_array_index(uids, guint32, i));

		highest = row != NULL ? MAX(highest, row->modseq) : highest;
	}
	return highest;
}

void
condstore_write_search(FerryImapSearch *search, FerryImapValue *arguments, FerryImapWriter *writer,
		       gpointer user_data)
{
	FerryImapCommand *command = ferry_imap_search_get_command(search);
	g_autoptr(GArray) named = NULL;

	if (ferry_imap_command_get_named_data(command, "MODSEQ") == NULL)
		return;
	named = ferry_imap_search_list_named(search);
	if (named->len == 0)
		return;
	ferry_imap_writer_writef(writer,
				 ferry_imap_search_is_extended(search)
					 ? " MODSEQ %" G_GUINT64_FORMAT
					 : " (MODSEQ %" G_GUINT64_FORMAT ")",
				 get_highest(search, named));
}

void
condstore_write_status(FerryImapStatus *status, FerryImapWriter *writer, gpointer user_data)
{
	guint64 modseq = ferry_imap_status_get_numbers(status)->highest_modseq;

	ferry_imap_writer_write_atom(writer, "HIGHESTMODSEQ");
	ferry_imap_writer_write_number(writer, MAX(modseq, 1));
}
