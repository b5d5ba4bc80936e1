/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Structured header values: tokens, comments, parameters
 *
 * Specification: RFC 2045 §5.1
 * Implementation: lenient: an unquoted value goes up to the next semicolon, a parameter that has
 * no name or no value is skipped, white space and comments may be anywhere between tokens
 * Not here: the pieces of RFC 2231, which content-parameters.c puts together
 */
#include <string.h>

#include "message/mime-cursor-private.h"

static gboolean
is_white(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static gboolean
is_token_char(char c)
{
	return c > ' ' && c < 0x7f && strchr("()<>@,;:\\\"/[]?=", c) == NULL;
}

static void
skip_comment(FerryMimeCursor *cursor)
{
	guint depth = 0;

	for (; cursor->p < cursor->end; cursor->p++) {
		if (*cursor->p == '\\' && cursor->p + 1 < cursor->end) {
			cursor->p++;
		} else if (*cursor->p == '(') {
			depth++;
		} else if (*cursor->p == ')' && --depth == 0) {
			cursor->p++;
			return;
		}
	}
}

/* Skips white space, folding and comments. */
void
ferry_mime_cursor_skip_blanks(FerryMimeCursor *cursor)
{
	while (cursor->p < cursor->end) {
		if (*cursor->p == '(')
			skip_comment(cursor);
		else if (is_white(*cursor->p))
			cursor->p++;
		else
			return;
	}
}

/* Takes one octet if it comes next, with the blanks before it. */
gboolean
ferry_mime_cursor_take(FerryMimeCursor *cursor, char c)
{
	ferry_mime_cursor_skip_blanks(cursor);
	if (cursor->p == cursor->end || *cursor->p != c)
		return FALSE;
	cursor->p++;
	return TRUE;
}

/* Reads a token into @token; FALSE if there is none. */
gboolean
ferry_mime_cursor_read_token(FerryMimeCursor *cursor, GString *token)
{
	const char *start;

	ferry_mime_cursor_skip_blanks(cursor);
	start = cursor->p;
	while (cursor->p < cursor->end && is_token_char(*cursor->p))
		cursor->p++;
	g_string_truncate(token, 0);
	g_string_append_len(token, start, cursor->p - start);
	return token->len > 0;
}

/* Reads a quoted string from its quote; FALSE if it never ends. */
static gboolean
read_quoted(FerryMimeCursor *cursor, GString *value)
{
	for (cursor->p++; cursor->p < cursor->end; cursor->p++) {
		char c = *cursor->p;

		if (c == '"') {
			cursor->p++;
			return TRUE;
		}
		if (c == '\\' && cursor->p + 1 < cursor->end)
			c = *++cursor->p;
		if (c != '\r' && c != '\n' && c != '\0')
			g_string_append_c(value, c);
	}
	return FALSE;
}

static void
read_unquoted(FerryMimeCursor *cursor, GString *value)
{
	while (cursor->p < cursor->end && *cursor->p != ';') {
		char c = *cursor->p;

		/* name=report(1).pdf is a name, not a name with a comment */
		if (c == '(' && is_white(cursor->p[-1])) {
			skip_comment(cursor);
			continue;
		}
		if (c != '\r' && c != '\n' && c != '\0')
			g_string_append_c(value, c);
		cursor->p++;
	}
	while (value->len > 0 && is_white(value->str[value->len - 1]))
		g_string_truncate(value, value->len - 1);
}

/* Reads the value of a parameter into @value; FALSE if it is empty or broken. */
gboolean
ferry_mime_cursor_read_value(FerryMimeCursor *cursor, GString *value)
{
	g_string_truncate(value, 0);
	ferry_mime_cursor_skip_blanks(cursor);
	if (cursor->p == cursor->end)
		return FALSE;
	if (*cursor->p == '"')
		return read_quoted(cursor, value);
	read_unquoted(cursor, value);
	return value->len > 0;
}

/* Moves to the next semicolon, quoted strings left out. */
static void
skip_to_semicolon(FerryMimeCursor *cursor)
{
	gboolean quoted = FALSE;

	for (; cursor->p < cursor->end; cursor->p++) {
		if (*cursor->p == '"')
			quoted = !quoted;
		else if (*cursor->p == '\\' && quoted && cursor->p + 1 < cursor->end)
			cursor->p++;
		else if (*cursor->p == ';' && !quoted)
			return;
	}
}

/* Reads the next parameter, from its semicolon on; FALSE at the end. Broken ones are skipped. */
gboolean
ferry_mime_cursor_next_parameter(FerryMimeCursor *cursor, GString *name, GString *value)
{
	while (cursor->p < cursor->end) {
		gboolean good;

		skip_to_semicolon(cursor);
		if (!ferry_mime_cursor_take(cursor, ';'))
			return FALSE;
		good = ferry_mime_cursor_read_token(cursor, name) &&
		       ferry_mime_cursor_take(cursor, '=') &&
		       ferry_mime_cursor_read_value(cursor, value);
		if (good)
			return TRUE;
	}
	return FALSE;
}
