/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The characters, words and strings of a command
 *
 * Specification: RFC 9051 §9, RFC 7888 (literals), RFC 6855 §3 (UTF-8 in quoted strings)
 * Implementation: reads one thing at a position of a complete command; never reads behind its end
 */
#include "imap/input-private.h"

#include <string.h>

#include "base/error.h"

gboolean
ferry_imap_input_fail(GError **error, const char *what)
{
	g_set_error(error, FERRY_ERROR, FERRY_ERROR_INVALID, "Expected %s", what);
	return FALSE;
}

gboolean
ferry_imap_is_char(FerryImapChars class, guint8 c)
{
	switch (class) {
	case FERRY_IMAP_CHARS_SET:
		return g_ascii_isdigit((char)c) || c == ':' || c == '*' || c == ',' || c == '$';
	case FERRY_IMAP_CHARS_BASE64:
		return g_ascii_isalnum((char)c) || c == '+' || c == '/' || c == '=';
	case FERRY_IMAP_CHARS_ITEM:
		if (c == '[' || c == '<')
			return FALSE;
		break;
	case FERRY_IMAP_CHARS_LIST:
		if (c == '%' || c == '*' || c == ']')
			return TRUE;
		break;
	case FERRY_IMAP_CHARS_ASTRING:
		if (c == ']')
			return TRUE;
		break;
	case FERRY_IMAP_CHARS_ATOM:
		break;
	}
	return c > 0x20 && c < 0x7f && strchr("(){%*\"\\]", c) == NULL;
}

gboolean
ferry_imap_input_at_end(FerryImapInput *self)
{
	return self->position >= self->length;
}

/* The next octet, -1 at the end. */
int
ferry_imap_input_peek(FerryImapInput *self)
{
	return self->position < self->length ? (guint8)self->data[self->position] : -1;
}

gboolean
ferry_imap_input_take(FerryImapInput *self, char c)
{
	if (ferry_imap_input_peek(self) != (guint8)c)
		return FALSE;
	self->position++;
	return TRUE;
}

/* Takes a word in any case, which must not go on behind it. */
gboolean
ferry_imap_input_take_word(FerryImapInput *self, const char *word, gsize length)
{
	gsize end = self->position + length;

	if (end > self->length ||
	    g_ascii_strncasecmp(self->data + self->position, word, length) != 0)
		return FALSE;
	if (end < self->length &&
	    ferry_imap_is_char(FERRY_IMAP_CHARS_ATOM, (guint8)self->data[end]))
		return FALSE;
	self->position = end;
	return TRUE;
}

/* Takes all characters of a class that follow; may be none. */
gsize
ferry_imap_input_run(FerryImapInput *self, FerryImapChars class, const char **text)
{
	gsize start = self->position;

	while (self->position < self->length &&
	       ferry_imap_is_char(class, (guint8)self->data[self->position]))
		self->position++;
	*text = self->data + start;
	return self->position - start;
}

gboolean
ferry_imap_input_take_number(FerryImapInput *self, guint64 max, guint64 *number)
{
	gsize start = self->position;
	guint64 value = 0;

	for (; self->position < self->length; self->position++) {
		guint8 c = (guint8)self->data[self->position];

		if (!g_ascii_isdigit((char)c))
			break;
		if (value > (max - (c - '0')) / 10)
			return FALSE;
		value = value * 10 + (c - '0');
	}
	*number = value;
	return self->position > start;
}

gboolean
ferry_imap_input_at_string(FerryImapInput *self)
{
	int c = ferry_imap_input_peek(self);

	return c == '"' || c == '{' || c == '~';
}

static char *
take_quoted(FerryImapInput *self, GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (self->position++; self->position < self->length; self->position++) {
		char c = self->data[self->position];

		if (c == '"') {
			self->position++;
			/* servers of rev1 take 8-bit too (RFC 9051 does); but it must be text */
			if (g_utf8_validate_len(text->str, text->len, NULL))
				return g_string_free(g_steal_pointer(&text), FALSE);
			ferry_imap_input_fail(error, "UTF-8 in a quoted string");
			return NULL;
		}
		if (c == '\\') {
			c = ++self->position < self->length ? self->data[self->position] : '\0';
			if (c != '"' && c != '\\')
				break;
		}
		if (c == '\r' || c == '\n' || c == '\0')
			break;
		g_string_append_c(text, c);
	}
	ferry_imap_input_fail(error, "a well-formed quoted string");
	return NULL;
}

/* `{n}`, `{n+}` and CRLF; the octets follow. The framing has checked the form. */
static gboolean
take_literal_head(FerryImapInput *self, guint64 *size)
{
	ferry_imap_input_take(self, '~');
	if (!ferry_imap_input_take(self, '{') ||
	    !ferry_imap_input_take_number(self, G_MAXINT64, size))
		return FALSE;
	ferry_imap_input_take(self, '+');
	if (!ferry_imap_input_take(self, '}'))
		return FALSE;
	ferry_imap_input_take(self, '\r');
	return ferry_imap_input_take(self, '\n');
}

static gboolean
at_spooled(FerryImapInput *self)
{
	FerryImapSpool *spool;

	if (self->spooled == NULL || self->n_spooled >= self->spooled->len)
		return FALSE;
	spool = self->spooled->pdata[self->n_spooled];
	return spool->offset == self->position;
}

/* The octets of a literal; NULL with @error set. */
static const char *
take_literal_octets(FerryImapInput *self, guint64 *size, GError **error)
{
	const char *data;

	if (at_spooled(self) || !take_literal_head(self, size) ||
	    *size > self->length - self->position) {
		ferry_imap_input_fail(error, "a string");
		return NULL;
	}
	data = self->data + self->position;
	self->position += *size;
	return data;
}

static char *
take_literal(FerryImapInput *self, GError **error)
{
	gboolean binary = ferry_imap_input_peek(self) == '~';
	guint64 size = 0;
	const char *data = take_literal_octets(self, &size, error);

	if (data == NULL)
		return NULL;
	/* RFC 9051 §9: CHAR8 is any octet but NUL; literal8 is for data, not for strings */
	if (binary || memchr(data, '\0', size) != NULL) {
		ferry_imap_input_fail(error, "a string without NUL");
		return NULL;
	}
	return g_strndup(data, size);
}

char *
ferry_imap_input_take_string(FerryImapInput *self, GError **error)
{
	switch (ferry_imap_input_peek(self)) {
	case '"':
		return take_quoted(self, error);
	case '{':
	case '~':
		return take_literal(self, error);
	default:
		ferry_imap_input_fail(error, "a string");
		return NULL;
	}
}

/* A quoted string, or a literal or literal8 of any octets. */
FerryImapValue *
ferry_imap_input_take_octets(FerryImapInput *self, GError **error)
{
	guint64 size = 0;
	const char *data;
	FerryImapSpool *spool;
	char *text;

	if (ferry_imap_input_peek(self) != '~') {
		text = ferry_imap_input_take_string(self, error);
		return text != NULL ? ferry_imap_value_new_string(text) : NULL;
	}
	data = take_literal_octets(self, &size, error);
	if (data == NULL)
		return NULL;
	/* it is small: the limit of literals held */
	spool = ferry_imap_spool_new(0, size, TRUE, FALSE);
	if (!ferry_imap_spool_write(spool, NULL, (const guint8 *)data, size, error)) {
		ferry_imap_spool_unref(spool);
		return NULL;
	}
	return ferry_imap_value_new_data(spool);
}

/* Message data; its octets are not in the input. */
FerryImapValue *
ferry_imap_input_take_data(FerryImapInput *self, GError **error)
{
	FerryImapSpool *spool;
	guint64 size;

	if (!at_spooled(self)) {
		ferry_imap_input_fail(error, "a literal with a message");
		return NULL;
	}
	spool = self->spooled->pdata[self->n_spooled];
	take_literal_head(self, &size);
	self->n_spooled++;
	return ferry_imap_value_new_data(ferry_imap_spool_ref(spool));
}
