/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Exact BODY and TEXT searches
 *
 * Specification: RFC 9051 §6.4.4, RFC 5051
 * Implementation: text is compared decoded: transfer encoding, charset, encoded words. A match
 * lies within one part or one header field
 * Not mapped: parts that are no text (images, archives, documents), and what lies before and after
 *   the parts of a multipart
 */
#include <string.h>

#include "base/mapped.h"
#include "message/header.h"
#include "message/text-search.h"
#include "message/text-stream-private.h"

#define CHUNK 32768
#define FORGET_PIECE (256 * 1024)

/* Whether a value says what it stands for: no folding, no encoded words, nothing beyond ASCII. */
static gboolean
is_simple(const char *value, gsize length)
{
	for (gsize i = 0; i < length; i++) {
		if ((guchar)value[i] >= 0x80 || value[i] == '\0' || value[i] == '\r' ||
		    value[i] == '\n' || (value[i] == '=' && i + 1 < length && value[i + 1] == '?'))
			return FALSE;
	}
	return TRUE;
}

/* g_ascii_toupper() is a call for each octet */
static inline char
to_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* As casemapping the text and strstr() would find it: in ASCII that is capitals. */
static gboolean
simple_contains(const char *text, gsize length, const char *needle)
{
	gsize needle_length = strlen(needle);

	for (gsize i = 0; i + needle_length <= length; i++) {
		gsize n = 0;

		while (n < needle_length && to_upper(text[i + n]) == needle[n])
			n++;
		if (n == needle_length)
			return TRUE;
	}
	return FALSE;
}

/**
 * ferry_message_header_matches: (skip)
 * @value: (array length=length): a raw header value
 * @length: its octets
 * @needle: what to look for, as ferry_message_casemap() gives it
 *
 * Returns: whether the decoded value contains @needle (RFC 9051 §6.4.4, HEADER and its kin)
 */
gboolean
ferry_message_header_matches(const char *value, gsize length, const char *needle)
{
	g_autofree char *text = NULL;
	g_autofree char *mapped = NULL;

	if (is_simple(value, length)) {
		/* the white space before the text is not part of it */
		for (; length > 0 && (*value == ' ' || *value == '\t'); length--)
			value++;
		return simple_contains(value, length, needle);
	}
	text = ferry_message_header_decode_utf8(value, length);
	mapped = ferry_message_casemap(text, -1);
	return strstr(mapped, needle) != NULL;
}

static gboolean
header_block_matches(const char *block, gsize length, const char *needle)
{
	FerryMessageHeaderIter iter;
	FerryMessageHeaderField field;

	/* the field as a whole, so that "Subject: hello" can be found */
	ferry_message_header_iter_init(&iter, block, length);
	while (ferry_message_header_iter_next(&iter, &field)) {
		if (ferry_message_header_matches(field.start, field.length, needle))
			return TRUE;
	}
	return FALSE;
}

static gboolean
is_text(const FerryMessagePart *part)
{
	/* a multipart that is a leaf is shown as the text it is */
	return part->kind == FERRY_MESSAGE_PART_LEAF &&
	       (g_str_has_prefix(part->media_type, "text/") ||
		g_str_has_prefix(part->media_type, "message/") ||
		g_str_has_prefix(part->media_type, "multipart/"));
}

static gboolean
body_matches(const FerryMessagePart *part, const char *raw, const char *needle)
{
	/* what cannot be decoded is searched as it stands */
	FerryMessageTransferEncoding encoding = part->encoding == FERRY_MESSAGE_ENCODING_UNKNOWN
							? FERRY_MESSAGE_ENCODING_BINARY
							: part->encoding;
	g_autoptr(FerryMessageTransferDecoder) decoder =
		ferry_message_transfer_decoder_new(encoding, NULL);
	g_autoptr(FerryMessageTextStream) stream =
		ferry_message_text_stream_new(part->charset, needle);
	g_autoptr(GByteArray) octets = g_byte_array_new();
	const char *p = raw + part->body_start;
	gsize left = part->body_end - part->body_start;
	const char *seen = p; /* up to where pages were let go */

	while (left > 0) {
		gsize n = MIN(left, CHUNK);

		ferry_message_transfer_decoder_feed(decoder, p, n, octets);
		if (ferry_message_text_stream_feed(stream, (const char *)octets->data, octets->len))
			return TRUE;
		g_byte_array_set_size(octets, 0);
		p += n;
		left -= n;
		if (p - seen >= FORGET_PIECE) {
			ferry_mapped_forget(seen, p - seen);
			seen = p;
		}
	}
	ferry_message_transfer_decoder_finish(decoder, octets);
	return ferry_message_text_stream_feed(stream, (const char *)octets->data, octets->len) ||
	       ferry_message_text_stream_finish(stream);
}

/* Whether the header of a part is searched. That of an enclosed message is body of the outer. */
static gboolean
covers_header(FerryMessageStructure *structure, const FerryMessagePart *part,
	      FerryMessageTextScope scope)
{
	FerryMessagePart parent;

	if (scope == FERRY_MESSAGE_TEXT_ALL)
		return TRUE;
	return ferry_message_structure_get_part(structure, part->parent, &parent) &&
	       parent.kind == FERRY_MESSAGE_PART_MESSAGE;
}

/**
 * ferry_message_text_matches: (skip)
 * @structure: the structure of the message
 * @raw: (array length=length): the message
 * @length: its octets
 * @needle: what to look for, as ferry_message_casemap() gives it
 * @scope: where to look
 *
 * Answers the SEARCH keys BODY and TEXT exactly. @raw must be the message that was scanned; a
 * message of another size matches nothing.
 *
 * Returns: whether @needle is in the message
 */
gboolean
ferry_message_text_matches(FerryMessageStructure *structure, const char *raw, gsize length,
			   const char *needle, FerryMessageTextScope scope)
{
	FerryMessagePart part;

	if (ferry_message_structure_get_size(structure) != length)
		return FALSE;
	if (*needle == '\0')
		return TRUE;
	for (guint i = 0; ferry_message_structure_get_part(structure, i, &part); i++) {
		if (covers_header(structure, &part, scope) &&
		    header_block_matches(raw + part.header_start,
					 part.body_start - part.header_start, needle))
			return TRUE;
		if (is_text(&part) && body_matches(&part, raw, needle))
			return TRUE;
	}
	return FALSE;
}
