/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Header text as IMAP strings
 *
 * Specification: RFC 3501 §4.3, RFC 5322 §2.2.3
 * Implementation: quoted strings for 7-bit text, literals for the rest
 * Not mapped: NUL, which no IMAP string can hold; it is left out
 */
#include "message/quote-private.h"

/* some clients read quoted strings into small buffers; Cyrus changes to literals here as well */
#define QUOTED_MAX 1024

static gboolean
is_white(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Appends what @value says without its folding: the white space before it goes, the line ends in
 * it go, everything else stays. */
void
ferry_message_unfold_append(GString *out, const char *value, gsize length)
{
	const char *end = value + length;

	while (value < end && is_white(*value))
		value++;
	while (value < end) {
		const char *stop = value;

		while (stop < end && *stop != '\r' && *stop != '\n' && *stop != '\0')
			stop++;
		g_string_append_len(out, value, stop - value);
		if (stop == end)
			break;
		/* a CR that ends no line is text */
		if (*stop == '\r' && (stop + 1 == end || stop[1] != '\n'))
			g_string_append_c(out, '\r');
		value = stop + 1;
	}
}

static gboolean
needs_literal(const char *text, gsize length)
{
	if (length > QUOTED_MAX)
		return TRUE;
	for (gsize i = 0; i < length; i++) {
		if ((guchar)text[i] >= 0x80 || text[i] == '\r' || text[i] == '\n')
			return TRUE;
	}
	return FALSE;
}

/* Appends @text, which holds no NUL, as an IMAP string. */
void
ferry_message_quote_append(GString *out, const char *text, gsize length)
{
	if (needs_literal(text, length)) {
		g_string_append_printf(out, "{%" G_GSIZE_FORMAT "}\r\n", length);
		g_string_append_len(out, text, length);
		return;
	}
	g_string_append_c(out, '"');
	for (gsize i = 0; i < length; i++) {
		if (text[i] == '"' || text[i] == '\\')
			g_string_append_c(out, '\\');
		g_string_append_c(out, text[i]);
	}
	g_string_append_c(out, '"');
}

/* Appends a raw header value, unfolded, as an IMAP string. */
void
ferry_message_quote_value(GString *out, const char *value, gsize length)
{
	g_autoptr(GString) text = g_string_sized_new(length + 1);

	ferry_message_unfold_append(text, value, length);
	ferry_message_quote_append(out, text->str, text->len);
}
