/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PARTIAL: a page of the results of SEARCH or SORT, or of the messages of FETCH
 *
 * Specification: RFC 9394 §3.1 to §3.3, RFC 5267 §4.4
 * Implementation: the range becomes the window of the search or FETCH. What SAVE keeps and whose
 *   MODSEQ is told follow the window. With CHANGEDSINCE the page is counted in all messages of the
 *   set, and those of it that changed are answered; FETCH by number takes the modifier too.
 */
#include "partial.h"

static gboolean
invalid(GError **error, const char *text)
{
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID, text);
	return FALSE;
}

/* nz-number: digits, no leading zero, 32 bits */
static gboolean
take_number(const char **text, gint64 *number)
{
	*number = 0;
	if (**text < '1' || **text > '9')
		return FALSE;
	for (; g_ascii_isdigit(**text); (*text)++) {
		*number = *number * 10 + (**text - '0');
		if (*number > G_MAXUINT32)
			return FALSE;
	}
	return TRUE;
}

/* `1:500` or `-1:-100` (RFC 9394 §4); both ends have the same sign. */
gboolean
partial_parse(const char *text, gint64 *first, gint64 *last)
{
	gboolean backwards = *text == '-';

	text += backwards;
	if (!take_number(&text, first) || *text != ':')
		return FALSE;
	text++;
	if ((*text == '-') != backwards)
		return FALSE;
	text += backwards;
	if (!take_number(&text, last) || *text != '\0')
		return FALSE;
	if (backwards) {
		*first = -*first;
		*last = -*last;
	}
	return TRUE;
}

static gboolean
parse_argument(FerryImapValue *arguments, gint64 *first, gint64 *last, GError **error)
{
	const char *text = ferry_imap_value_get_text(ferry_imap_value_get_child(arguments, 0));

	return partial_parse(text, first, last) ||
	       invalid(error, "PARTIAL: Expected a range like 1:100 or -1:-100");
}

/* RFC 9394 §3.1: one PARTIAL, or one ALL, or neither. */
gboolean
partial_prepare(FerryImapSearch *search, FerryImapValue *arguments, gpointer user_data,
		GError **error)
{
	gint64 first, last;

	if (!parse_argument(arguments, &first, &last, error))
		return FALSE;
	if (ferry_imap_search_has_window(search))
		return invalid(error, "PARTIAL may stand once");
	if (ferry_imap_search_returns(search, "ALL"))
		return invalid(error, "PARTIAL and ALL exclude each other");
	ferry_imap_search_set_window(search, first, last);
	return TRUE;
}

void
partial_write(FerryImapSearch *search, FerryImapValue *arguments, FerryImapWriter *writer,
	      gpointer user_data)
{
	gsize n_results;
	const guint32 *results = ferry_imap_search_get_window(search, &n_results);
	g_autofree char *set = n_results > 0 ? ferry_uid_array_to_string(results, n_results) : NULL;

	ferry_imap_writer_writef(
		writer, " PARTIAL (%s ",
		ferry_imap_value_get_text(ferry_imap_value_get_child(arguments, 0)));
	ferry_imap_writer_write_text(writer, set != NULL ? set : "NIL");
	ferry_imap_writer_write_text(writer, ")");
}

gboolean
partial_fetch(FerryImapCommand *command, FerryImapValue *arguments, gpointer user_data,
	      GError **error)
{
	FerryImapFetch *fetch = ferry_imap_fetch_of(command);
	gint64 first, last;

	if (fetch == NULL || !parse_argument(arguments, &first, &last, error))
		return FALSE;
	if (ferry_imap_command_get_named_data(command, "PARTIAL") != NULL)
		return invalid(error, "PARTIAL may stand once");
	ferry_imap_command_set_named_data(command, "PARTIAL", command, NULL);
	ferry_imap_fetch_set_window(fetch, first, last);
	return TRUE;
}
