/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an ENVELOPE says
 *
 * Specification: RFC 9051 §7.5.2
 * Implementation: reads single places of the text that envelope.c writes, for those who compare
 *   messages by them; text that is cut short has nothing in the places that are missing
 */
#include <string.h>

#include "message/envelope-reader.h"

typedef struct {
	const char *p;
	const char *end;
} Cursor;

static void
skip_spaces(Cursor *cursor)
{
	while (cursor->p < cursor->end && *cursor->p == ' ')
		cursor->p++;
}

/* Behind `{n}CRLF`; FALSE where the octets are not all there. */
static gboolean
enter_literal(Cursor *cursor, gsize *length)
{
	*length = 0;
	for (cursor->p++; cursor->p < cursor->end && g_ascii_isdigit(*cursor->p); cursor->p++) {
		*length = *length * 10 + (gsize)(*cursor->p - '0');
		if (*length > (gsize)(cursor->end - cursor->p))
			return FALSE;
	}
	if (cursor->end - cursor->p < 3 || memcmp(cursor->p, "}\r\n", 3) != 0)
		return FALSE;
	cursor->p += 3;
	return *length <= (gsize)(cursor->end - cursor->p);
}

static gboolean
take_quoted(Cursor *cursor, GString *out)
{
	for (cursor->p++; cursor->p < cursor->end && *cursor->p != '"'; cursor->p++) {
		if (*cursor->p == '\\' && ++cursor->p == cursor->end)
			return FALSE;
		if (out != NULL)
			g_string_append_c(out, *cursor->p);
	}
	if (cursor->p == cursor->end)
		return FALSE;
	cursor->p++;
	return TRUE;
}

/* Passes an nstring, appending what it says to @out where that is given. FALSE: there is none. */
static gboolean
take_nstring(Cursor *cursor, GString *out, gboolean *is_nil)
{
	gsize length;

	skip_spaces(cursor);
	*is_nil = FALSE;
	if (cursor->p == cursor->end)
		return FALSE;
	if (*cursor->p == '"')
		return take_quoted(cursor, out);
	if (*cursor->p == '{') {
		if (!enter_literal(cursor, &length))
			return FALSE;
		if (out != NULL)
			g_string_append_len(out, cursor->p, (gssize)length);
		cursor->p += length;
		return TRUE;
	}
	if (cursor->end - cursor->p < 3 || memcmp(cursor->p, "NIL", 3) != 0)
		return FALSE;
	cursor->p += 3;
	*is_nil = TRUE;
	return TRUE;
}

/* Passes one place: an nstring, or a list of addresses with its parentheses. */
static gboolean
skip_place(Cursor *cursor)
{
	guint depth = 0;
	gboolean is_nil;

	do {
		skip_spaces(cursor);
		if (cursor->p == cursor->end) {
			return FALSE;
		} else if (*cursor->p == '(') {
			depth++;
			cursor->p++;
		} else if (*cursor->p == ')') {
			if (depth == 0)
				return FALSE;
			depth--;
			cursor->p++;
		} else if (!take_nstring(cursor, NULL, &is_nil)) {
			return FALSE;
		}
	} while (depth > 0);
	return TRUE;
}

static gboolean
find_place(Cursor *cursor, FerryMessageEnvelopeField field)
{
	if (cursor->p == cursor->end || *cursor->p != '(')
		return FALSE;
	cursor->p++;
	for (guint i = 0; i < (guint)field; i++) {
		if (!skip_place(cursor))
			return FALSE;
	}
	skip_spaces(cursor);
	return cursor->p < cursor->end;
}

static gboolean
dup_nstring(Cursor *cursor, char **text)
{
	g_autoptr(GString) out = g_string_new(NULL);
	gboolean is_nil;

	*text = NULL;
	if (!take_nstring(cursor, out, &is_nil))
		return FALSE;
	if (!is_nil)
		*text = g_string_free(g_steal_pointer(&out), FALSE);
	return TRUE;
}

/**
 * ferry_message_envelope_dup_text:
 * @envelope: (array length=length): what ferry_message_data_get_envelope() gives
 * @length: its octets
 * @field: a place that holds a string: date, subject, in-reply-to, message-id
 *
 * Returns: (transfer full) (nullable): the field's value, unfolded and raw otherwise; %NULL for NIL
 */
char *
ferry_message_envelope_dup_text(const char *envelope, gsize length, FerryMessageEnvelopeField field)
{
	Cursor cursor = {envelope, envelope + length};
	char *text = NULL;

	if (find_place(&cursor, field))
		dup_nstring(&cursor, &text);
	return text;
}

/**
 * ferry_message_envelope_get_first_address:
 * @envelope: (array length=length): what ferry_message_data_get_envelope() gives
 * @length: its octets
 * @field: a place that holds addresses
 * @name: (out) (nullable) (transfer full) (optional): addr-name, raw
 * @mailbox: (out) (nullable) (transfer full) (optional): addr-mailbox
 * @host: (out) (nullable) (transfer full) (optional): addr-host
 *
 * Takes the first address structure of a field, which may be the begin of a group.
 *
 * Returns: %FALSE, and %NULL in all of them, where the field is NIL
 */
gboolean
ferry_message_envelope_get_first_address(const char *envelope, gsize length,
					 FerryMessageEnvelopeField field, char **name,
					 char **mailbox, char **host)
{
	Cursor cursor = {envelope, envelope + length};
	char *parts[4] = {NULL, NULL, NULL, NULL};
	gboolean good = find_place(&cursor, field) && cursor.end - cursor.p > 2 &&
			cursor.p[0] == '(' && cursor.p[1] == '(';

	cursor.p += good ? 2 : 0;
	for (guint i = 0; good && i < G_N_ELEMENTS(parts); i++)
		good = dup_nstring(&cursor, &parts[i]);
	if (name != NULL)
		*name = g_steal_pointer(&parts[0]);
	if (mailbox != NULL)
		*mailbox = g_steal_pointer(&parts[2]);
	if (host != NULL)
		*host = g_steal_pointer(&parts[3]);
	for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
		g_clear_pointer(&parts[i], g_free);
	return good;
}
