/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Responses: what values look like
 *
 * Specification: RFC 9051 §4 (data formats), §9; RFC 3501 §5.1.3 (names of rev1 sessions)
 * Implementation: printf is too slow for a million FETCH lines, so numbers are written by hand. The
 *   buffers are in writer-buffer.c.
 */
#include "imap/writer-private.h"

#include "imap/input-private.h"
#include "imap/names.h"

/* ranges of a set in one response, which then has 22 KB at most */
#define MAX_RANGES 1000

/**
 * ferry_imap_writer_set_utf8:
 * @utf8: whether strings and mailbox names go out in UTF-8
 *
 * Sessions that enabled IMAP4rev2 or UTF8=ACCEPT.
 */
void
ferry_imap_writer_set_utf8(FerryImapWriter *self, gboolean utf8)
{
	self->utf8 = utf8;
}

/**
 * ferry_imap_writer_get_utf8:
 *
 * Returns: whether strings and mailbox names go out in UTF-8
 */
gboolean
ferry_imap_writer_get_utf8(FerryImapWriter *self)
{
	return self->utf8;
}

/* The space before a value. */
static inline void
put_space(FerryImapWriter *self)
{
	if (self->need_space)
		*ferry_imap_writer_reserve(self, 1) = ' ';
	self->need_space = TRUE;
}

/**
 * ferry_imap_writer_write_raw:
 * @data: (array length=length) (element-type guint8): octets
 * @length: how many
 *
 * Writes octets as they stand, with no space before them and none due behind.
 */
void
ferry_imap_writer_write_raw(FerryImapWriter *self, const char *data, gsize length)
{
	if (ferry_imap_writer_goes_around(self, length)) {
		ferry_imap_writer_flush(self);
		ferry_connection_write(self->connection, data, length);
	} else {
		ferry_imap_writer_put(self, data, length);
	}
	self->need_space = FALSE;
}

/**
 * ferry_imap_writer_write_formatted:
 * @text: (array length=length) (element-type guint8): a value as it goes out
 * @length: how many octets
 *
 * Writes a value that was formatted before, such as an ENVELOPE.
 */
void
ferry_imap_writer_write_formatted(FerryImapWriter *self, const char *text, gsize length)
{
	put_space(self);
	ferry_imap_writer_write_raw(self, text, length);
	self->need_space = TRUE;
}

/**
 * ferry_imap_writer_write_text:
 * @text: text
 *
 * Writes text as it stands; it is the caller's that it is good protocol.
 */
void
ferry_imap_writer_write_text(FerryImapWriter *self, const char *text)
{
	ferry_imap_writer_write_raw(self, text, strlen(text));
}

/**
 * ferry_imap_writer_writef: (skip)
 * @format: as for printf
 *
 * Writes formatted text as it stands.
 */
void
ferry_imap_writer_writef(FerryImapWriter *self, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	ferry_imap_writer_write_text(self, text);
}

/**
 * ferry_imap_writer_end_line:
 *
 * Ends a response.
 */
void
ferry_imap_writer_end_line(FerryImapWriter *self)
{
	ferry_imap_writer_put(self, "\r\n", 2);
	self->need_space = FALSE;
}

/**
 * ferry_imap_writer_begin_untagged:
 * @name: the response's name
 *
 * Begins `* NAME`; values follow with their spaces.
 */
void
ferry_imap_writer_begin_untagged(FerryImapWriter *self, const char *name)
{
	ferry_imap_writer_put(self, "* ", 2);
	ferry_imap_writer_put(self, name, strlen(name));
	self->need_space = TRUE;
}

static gsize
format_number(char *end, guint64 number)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324"
				    "25262728293031323334353637383940414243444546474849"
				    "50515253545556575859606162636465666768697071727374"
				    "75767778798081828384858687888990919293949596979899";
	char *p = end;

	for (; number >= 100; number /= 100)
		p = memcpy(p - 2, &pairs[number % 100 * 2], 2);
	if (number >= 10)
		p = memcpy(p - 2, &pairs[number * 2], 2);
	else
		*--p = (char)('0' + number);
	return (gsize)(end - p);
}

/**
 * ferry_imap_writer_begin_numbered:
 * @number: of a message
 * @name: the response's name
 *
 * Begins `* 12 NAME`; values follow with their spaces.
 */
void
ferry_imap_writer_begin_numbered(FerryImapWriter *self, guint32 number, const char *name)
{
	char digits[10];
	gsize n = format_number(digits + sizeof(digits), number);
	gsize name_length = strlen(name);
	char *place = ferry_imap_writer_reserve(self, n + name_length + 3);

	place[0] = '*';
	place[1] = ' ';
	memcpy(place + 2, digits + sizeof(digits) - n, n);
	place[2 + n] = ' ';
	memcpy(place + 3 + n, name, name_length);
	self->need_space = TRUE;
}

/**
 * ferry_imap_writer_begin_list:
 *
 * Opens a parenthesized list.
 */
void
ferry_imap_writer_begin_list(FerryImapWriter *self)
{
	put_space(self);
	*ferry_imap_writer_reserve(self, 1) = '(';
	self->need_space = FALSE;
}

/**
 * ferry_imap_writer_end_list:
 *
 * Closes a parenthesized list.
 */
void
ferry_imap_writer_end_list(FerryImapWriter *self)
{
	*ferry_imap_writer_reserve(self, 1) = ')';
	self->need_space = TRUE;
}

/**
 * ferry_imap_writer_write_atom:
 * @atom: an atom, a flag, an item's name
 *
 * Writes a word as it stands, as a value.
 */
void
ferry_imap_writer_write_atom(FerryImapWriter *self, const char *atom)
{
	gsize length = strlen(atom);
	char *place = ferry_imap_writer_reserve(self, length + self->need_space);

	if (self->need_space)
		*place++ = ' ';
	memcpy(place, atom, length);
	self->need_space = TRUE;
}

/**
 * ferry_imap_writer_write_number:
 * @number: a number
 *
 * Writes a number as a value.
 */
void
ferry_imap_writer_write_number(FerryImapWriter *self, guint64 number)
{
	char digits[20];
	gsize n = format_number(digits + sizeof(digits), number);

	put_space(self);
	ferry_imap_writer_put(self, digits + sizeof(digits) - n, n);
}

/* numbers that are put into the buffer at once */
#define SOME_NUMBERS 256

/**
 * ferry_imap_writer_write_numbers:
 * @numbers: (array length=n_numbers): numbers
 * @n_numbers: how many
 *
 * Writes numbers, each as a value.
 */
void
ferry_imap_writer_write_numbers(FerryImapWriter *self, const guint32 *numbers, gsize n_numbers)
{
	while (n_numbers > 0) {
		gsize n = MIN(n_numbers, SOME_NUMBERS);
		char *start = ferry_imap_writer_reserve(self, n * 11);
		char *p = start;

		for (gsize i = 0; i < n; i++) {
			char digits[10];
			gsize length = format_number(digits + sizeof(digits), numbers[i]);

			if (self->need_space)
				*p++ = ' ';
			self->need_space = TRUE;
			memcpy(p, digits + sizeof(digits) - length, length);
			p += length;
		}
		self->length -= (gsize)(start + n * 11 - p);
		numbers += n;
		n_numbers -= n;
	}
}

/**
 * ferry_imap_writer_write_nil:
 *
 * Writes NIL as a value.
 */
void
ferry_imap_writer_write_nil(FerryImapWriter *self)
{
	ferry_imap_writer_write_atom(self, "NIL");
}

static void
put_literal_head(FerryImapWriter *self, const char *open, gsize length)
{
	char digits[20];
	gsize n = format_number(digits + sizeof(digits), length);

	ferry_imap_writer_put(self, open, strlen(open));
	ferry_imap_writer_put(self, digits + sizeof(digits) - n, n);
	ferry_imap_writer_put(self, "}\r\n", 3);
}

/* Whether a quoted string can hold it: short, no line ends, and 8-bit only as UTF-8 where enabled.
 */
static gboolean
can_quote(FerryImapWriter *self, const char *data, gsize length)
{
	gboolean ascii = TRUE;

	if (length > 1024)
		return FALSE;
	for (gsize i = 0; i < length; i++) {
		if (data[i] == '\r' || data[i] == '\n' || data[i] == '\0')
			return FALSE;
		ascii = ascii && (guint8)data[i] < 0x80;
	}
	return ascii || (self->utf8 && g_utf8_validate_len(data, length, NULL));
}

static void
put_quoted(FerryImapWriter *self, const char *data, gsize length)
{
	char *p;
	gsize escapes = 0;

	for (gsize i = 0; i < length; i++)
		escapes += data[i] == '"' || data[i] == '\\';
	p = ferry_imap_writer_reserve(self, length + escapes + 2);
	*p++ = '"';
	for (gsize i = 0; i < length; i++) {
		if (data[i] == '"' || data[i] == '\\')
			*p++ = '\\';
		*p++ = data[i];
	}
	*p = '"';
}

/**
 * ferry_imap_writer_write_string:
 * @data: (array length=length) (element-type guint8): octets
 * @length: how many
 *
 * Writes a string as a value: quoted where that can hold it, else a literal.
 */
void
ferry_imap_writer_write_string(FerryImapWriter *self, const char *data, gsize length)
{
	if (!can_quote(self, data, length)) {
		ferry_imap_writer_write_literal(self, data, length);
		return;
	}
	put_space(self);
	put_quoted(self, data, length);
}

/**
 * ferry_imap_writer_write_nstring:
 * @text: (nullable): text
 *
 * Writes a string, or NIL for %NULL.
 */
void
ferry_imap_writer_write_nstring(FerryImapWriter *self, const char *text)
{
	if (text == NULL)
		ferry_imap_writer_write_nil(self);
	else
		ferry_imap_writer_write_string(self, text, strlen(text));
}

/**
 * ferry_imap_writer_write_astring:
 * @text: text
 *
 * Writes an atom where the text is one (and not NIL), else a string.
 */
void
ferry_imap_writer_write_astring(FerryImapWriter *self, const char *text)
{
	gboolean atom = *text != '\0' && g_ascii_strcasecmp(text, "NIL") != 0;

	for (const char *p = text; *p != '\0' && atom; p++)
		atom = ferry_imap_is_char(FERRY_IMAP_CHARS_ASTRING, (guint8)*p);
	if (atom)
		ferry_imap_writer_write_atom(self, text);
	else
		ferry_imap_writer_write_string(self, text, strlen(text));
}

/**
 * ferry_imap_writer_write_mailbox:
 * @name: a mailbox name in UTF-8
 *
 * Writes a mailbox name as this session reads it: UTF-8, or modified UTF-7.
 */
void
ferry_imap_writer_write_mailbox(FerryImapWriter *self, const char *name)
{
	g_autofree char *encoded = self->utf8 ? NULL : ferry_imap_utf7_encode(name);

	ferry_imap_writer_write_astring(self, encoded != NULL ? encoded : name);
}

/**
 * ferry_imap_writer_write_set:
 * @set: a set that is not empty
 *
 * Writes a sequence-set as a value.
 */
void
ferry_imap_writer_write_set(FerryImapWriter *self, FerryUidSet *set)
{
	g_autofree char *text = ferry_uid_set_to_string(set);

	ferry_imap_writer_write_atom(self, text);
}

/**
 * ferry_imap_writer_write_set_response:
 * @name: the name of the response and what stands before the set
 * @set: numbers or UIDs; nothing is written where there are none
 *
 * Writes an untagged response that ends with a set, or several where the set has so many ranges
 * that a line would become too long for clients.
 */
void
ferry_imap_writer_write_set_response(FerryImapWriter *self, const char *name, FerryUidSet *set)
{
	guint n_ranges;
	const FerryUidRange *ranges = ferry_uid_set_get_ranges(set, &n_ranges);

	for (guint i = 0; i < n_ranges; i += MAX_RANGES) {
		g_autoptr(FerryUidSet) part = ferry_uid_set_new();

		for (guint j = i; j < MIN(n_ranges, i + MAX_RANGES); j++)
			ferry_uid_set_add_range(part, ranges[j].first, ranges[j].last);
		ferry_imap_writer_begin_untagged(self, name);
		ferry_imap_writer_write_set(self, part);
		ferry_imap_writer_end_line(self);
	}
}

/**
 * ferry_imap_writer_write_literal:
 * @data: (array length=length) (element-type guint8): octets
 * @length: how many
 *
 * Writes a literal as a value; the octets are copied.
 */
void
ferry_imap_writer_write_literal(FerryImapWriter *self, const char *data, gsize length)
{
	put_space(self);
	put_literal_head(self, "{", length);
	ferry_imap_writer_write_raw(self, data, length);
	self->need_space = TRUE;
}

static void
write_bytes(FerryImapWriter *self, const char *open, GBytes *bytes)
{
	gsize length;
	const char *data = g_bytes_get_data(bytes, &length);

	put_space(self);
	put_literal_head(self, open, length);
	if (ferry_imap_writer_goes_around(self, length)) {
		ferry_imap_writer_flush(self);
		ferry_connection_write_bytes(self->connection, bytes);
	} else {
		ferry_imap_writer_put(self, data, length);
	}
}

/**
 * ferry_imap_writer_write_literal_bytes:
 * @bytes: octets
 *
 * Writes a literal as a value; big ones are not copied.
 */
void
ferry_imap_writer_write_literal_bytes(FerryImapWriter *self, GBytes *bytes)
{
	write_bytes(self, "{", bytes);
}

/**
 * ferry_imap_writer_write_literal8_bytes:
 * @bytes: octets, NUL included
 *
 * Writes a literal8 (RFC 9051 §4.3.1) as a value; big ones are not copied.
 */
void
ferry_imap_writer_write_literal8_bytes(FerryImapWriter *self, GBytes *bytes)
{
	write_bytes(self, "~{", bytes);
}
