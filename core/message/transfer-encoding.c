/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Content transfer encodings
 *
 * Specification: RFC 2045 §6, RFC 3516 (BINARY, what this is for)
 * Implementation: base64 and quoted-printable, streaming, lenient: what is no encoding is skipped
 *   (base64) or taken as it stands (quoted-printable)
 * Not mapped: uuencode and other x-tokens, which are FERRY_ERROR_UNKNOWN_CTE
 */
#include <string.h>

#include "base/error.h"
#include "message/transfer-encoding.h"

/* a run of blanks longer than this is text, not padding of a line: it need not be kept back */
#define HELD_MAX 1024

struct _FerryMessageTransferDecoder {
	gatomicrefcount refs;
	FerryMessageTransferEncoding encoding;
	guint32 bits; /* base64: sextets of the quantum so far */
	guint n_sextets;
	guint n_held; /* quoted-printable: octets whose meaning is open yet */
	char held[HELD_MAX];
};

G_DEFINE_BOXED_TYPE(FerryMessageTransferDecoder, ferry_message_transfer_decoder,
		    ferry_message_transfer_decoder_ref, ferry_message_transfer_decoder_unref)

/**
 * ferry_message_transfer_decoder_new:
 * @encoding: what is to be undone
 * @error: return location
 *
 * Makes a decoder. Fails with %FERRY_ERROR_UNKNOWN_CTE for %FERRY_MESSAGE_ENCODING_UNKNOWN.
 *
 * Returns: (transfer full): a decoder, %NULL on error
 */
FerryMessageTransferDecoder *
ferry_message_transfer_decoder_new(FerryMessageTransferEncoding encoding, GError **error)
{
	FerryMessageTransferDecoder *self;

	if (encoding >= FERRY_MESSAGE_ENCODING_UNKNOWN) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_UNKNOWN_CTE,
				    "the content transfer encoding is not known");
		return NULL;
	}
	self = g_new0(FerryMessageTransferDecoder, 1);
	g_atomic_ref_count_init(&self->refs);
	self->encoding = encoding;
	return self;
}

/**
 * ferry_message_transfer_decoder_ref:
 * @self: a decoder
 *
 * Returns: (transfer full): @self
 */
FerryMessageTransferDecoder *
ferry_message_transfer_decoder_ref(FerryMessageTransferDecoder *self)
{
	g_atomic_ref_count_inc(&self->refs);
	return self;
}

/**
 * ferry_message_transfer_decoder_unref:
 * @self: (transfer full): a decoder
 *
 * Gives a reference back.
 */
void
ferry_message_transfer_decoder_unref(FerryMessageTransferDecoder *self)
{
	if (g_atomic_ref_count_dec(&self->refs))
		g_free(self);
}

static int
sextet(guchar c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* writes the whole octets of an unfinished quantum, forgets it and says where it stopped */
static guint8 *
end_quantum(FerryMessageTransferDecoder *self, guint8 *to)
{
	guint32 bits = self->bits << (6 * (4 - self->n_sextets));

	if (self->n_sextets > 1)
		*to++ = bits >> 16;
	if (self->n_sextets > 2)
		*to++ = bits >> 8;
	self->bits = 0;
	self->n_sextets = 0;
	return to;
}

static void
feed_base64(FerryMessageTransferDecoder *self, const char *data, gsize length, GByteArray *out)
{
	gsize start = out->len;
	guint8 *to;

	/* room for the most it can be, cut back below */
	g_byte_array_set_size(out, start + length / 4 * 3 + 6);
	to = out->data + start;
	for (gsize i = 0; i < length; i++) {
		int value = sextet(data[i]);

		if (value >= 0) {
			self->bits = self->bits << 6 | value;
			if (++self->n_sextets < 4)
				continue;
			*to++ = self->bits >> 16;
			*to++ = self->bits >> 8;
			*to++ = self->bits;
			self->bits = 0;
			self->n_sextets = 0;
		} else if (data[i] == '=' && self->n_sextets > 0) {
			/* padding; encoded pieces may have been strung together */
			to = end_quantum(self, to);
		}
	}
	g_byte_array_set_size(out, to - out->data);
}

static void
release_held(FerryMessageTransferDecoder *self, GByteArray *out)
{
	g_byte_array_append(out, (const guint8 *)self->held, self->n_held);
	self->n_held = 0;
}

/* At a line end the blanks before it are padding, and a "=" before them joins the lines. */
static void
end_printable_line(FerryMessageTransferDecoder *self, GByteArray *out)
{
	gboolean soft = self->n_held > 0 && self->held[0] == '=';
	gboolean carriage = self->n_held > 0 && self->held[self->n_held - 1] == '\r';

	self->n_held = 0;
	if (!soft)
		g_byte_array_append(out, (const guint8 *)(carriage ? "\r\n" : "\n"),
				    carriage ? 2 : 1);
}

/* Takes the second octet after "=". */
static gboolean
take_hex(FerryMessageTransferDecoder *self, char c, GByteArray *out)
{
	guint8 octet;

	if (self->n_held != 2 || self->held[0] != '=' || !g_ascii_isxdigit(self->held[1]))
		return FALSE;
	if (!g_ascii_isxdigit(c))
		return FALSE;
	octet = g_ascii_xdigit_value(self->held[1]) << 4 | g_ascii_xdigit_value(c);
	g_byte_array_append(out, &octet, 1);
	self->n_held = 0;
	return TRUE;
}

/* Whether c belongs to what is held: blanks, then perhaps CR, all of them perhaps after "=". */
static gboolean
can_hold(FerryMessageTransferDecoder *self, char c)
{
	char last = self->n_held > 0 ? self->held[self->n_held - 1] : ' ';

	if (self->n_held == HELD_MAX)
		return FALSE;
	if (c == ' ' || c == '\t' || c == '\r')
		return last == ' ' || last == '\t' || last == '=';
	if (g_ascii_isxdigit(c))
		return self->n_held == 1 && last == '=';
	return FALSE;
}

static void
take_printable(FerryMessageTransferDecoder *self, char c, GByteArray *out)
{
	if (c == '\n' && !(self->n_held == 2 && g_ascii_isxdigit(self->held[1]))) {
		end_printable_line(self, out);
		return;
	}
	if (take_hex(self, c, out))
		return;
	if (can_hold(self, c)) {
		self->held[self->n_held++] = c;
		return;
	}
	release_held(self, out);
	if (c == '=' || c == ' ' || c == '\t' || c == '\r')
		self->held[self->n_held++] = c;
	else
		g_byte_array_append(out, (const guint8 *)&c, 1);
}

static void
feed_printable(FerryMessageTransferDecoder *self, const char *data, gsize length, GByteArray *out)
{
	const char *end = data + length;

	while (data < end) {
		const char *stop = data;

		if (self->n_held == 0) {
			while (stop < end && *stop != '=' && *stop != '\r' && *stop != '\n' &&
			       *stop != ' ' && *stop != '\t')
				stop++;
			g_byte_array_append(out, (const guint8 *)data, stop - data);
			data = stop;
		}
		if (data < end)
			take_printable(self, *data++, out);
	}
}

/**
 * ferry_message_transfer_decoder_feed:
 * @self: a decoder
 * @data: (array length=length): the next octets of the encoded text
 * @length: how many
 * @out: where decoded octets are appended
 *
 * Decodes a chunk of any size.
 */
void
ferry_message_transfer_decoder_feed(FerryMessageTransferDecoder *self, const char *data,
				    gsize length, GByteArray *out)
{
	if (self->encoding == FERRY_MESSAGE_ENCODING_BASE64)
		feed_base64(self, data, length, out);
	else if (self->encoding == FERRY_MESSAGE_ENCODING_QUOTED_PRINTABLE)
		feed_printable(self, data, length, out);
	else
		g_byte_array_append(out, (const guint8 *)data, length);
}

/**
 * ferry_message_transfer_decoder_finish:
 * @self: a decoder
 * @out: where decoded octets are appended
 *
 * Writes what the decoder kept back. It may be fed anew then.
 */
void
ferry_message_transfer_decoder_finish(FerryMessageTransferDecoder *self, GByteArray *out)
{
	gboolean hex = self->n_held == 2 && g_ascii_isxdigit(self->held[1]);
	guint8 octets[3] = {0};

	if (self->n_sextets > 0)
		g_byte_array_append(out, octets, end_quantum(self, octets) - octets);
	/* blanks, or "=" and blanks, at the end are padding; "=4" is broken text */
	if (hex)
		release_held(self, out);
	self->n_held = 0;
}

/**
 * ferry_message_transfer_encoding_parse:
 * @value: (array length=length): a token, without comments
 * @length: its octets
 *
 * Returns: the encoding that @value names, in any case
 */
FerryMessageTransferEncoding
ferry_message_transfer_encoding_parse(const char *value, gsize length)
{
	static const char *const names[] = {"7bit", "8bit", "binary", "quoted-printable", "base64"};

	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		if (strlen(names[i]) == length && g_ascii_strncasecmp(names[i], value, length) == 0)
			return (FerryMessageTransferEncoding)i;
	}
	return FERRY_MESSAGE_ENCODING_UNKNOWN;
}
