/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The message layer: scan in chunks, read every part and section, save, reload, decode, search.
 * The first octet of the input says how the rest is cut. */
#include "fuzz.h"
#include "message/date.h"
#include "message/header.h"
#include "message/scanner.h"
#include "message/section.h"
#include "message/text-search.h"

static FerryMessageStructure *
scan(const char *data, gsize length, gsize chunk)
{
	g_autoptr(FerryMessageScanner) scanner = ferry_message_scanner_new(NULL);

	while (length > 0) {
		gsize n = MIN(chunk, length);

		ferry_message_scanner_feed(scanner, data, n);
		data += n;
		length -= n;
	}
	return ferry_message_scanner_finish(scanner);
}

static void
check_equal(FerryMessageStructure *a, FerryMessageStructure *b)
{
	g_autoptr(GBytes) one = ferry_message_structure_serialize(a);
	g_autoptr(GBytes) two = ferry_message_structure_serialize(b);

	g_assert_true(g_bytes_equal(one, two));
}

static void
check_parts(FerryMessageStructure *structure, gsize length)
{
	FerryMessagePart part;

	g_assert_cmpuint(ferry_message_structure_get_size(structure), ==, length);
	for (guint i = 0; ferry_message_structure_get_part(structure, i, &part); i++) {
		g_assert_cmpuint(part.header_start, <=, part.body_start);
		g_assert_cmpuint(part.body_start, <=, part.body_end);
		g_assert_cmpuint(part.body_end, <=, length);
	}
}

static void
check_reload(FerryMessageStructure *structure)
{
	g_autoptr(GBytes) bytes = ferry_message_structure_serialize(structure);
	g_autoptr(FerryMessageStructure) loaded =
		ferry_message_structure_new_from_bytes(bytes, NULL);

	g_assert_nonnull(loaded);
}

static void
read_sections(FerryMessageStructure *structure, gsize length)
{
	for (guint32 first = 0; first < 4; first++) {
		for (guint32 second = 0; second < 4; second++) {
			const guint32 path[] = {first, second, 1};

			for (gsize n = 0; n <= G_N_ELEMENTS(path); n++) {
				for (guint kind = 0; kind <= FERRY_MESSAGE_SECTION_MIME; kind++) {
					guint64 at, octets;

					if (ferry_message_section_resolve(structure, path, n, kind,
									  &at, &octets))
						g_assert_true(at <= length &&
							      octets <= length - at);
				}
			}
		}
	}
}

static void
read_header(const char *data, gsize length)
{
	static const char *const names[] = {"Subject", "From", NULL};
	g_autoptr(GString) out = g_string_new(NULL);
	FerryMessageHeaderIter iter;
	FerryMessageHeaderField field;
	FerryMessageDate date;

	ferry_message_header_iter_init(&iter, data, length);
	while (ferry_message_header_iter_next(&iter, &field)) {
		g_autofree char *text =
			ferry_message_header_decode_utf8(field.value, field.value_length);

		g_assert_true(g_utf8_validate(text, -1, NULL));
		ferry_message_date_parse(field.value, field.value_length, &date);
	}
	ferry_message_section_filter_header(data, length, names, FALSE, out);
	ferry_message_section_filter_header(data, length, names, TRUE, out);
}

/* What comes out of the decoders must not depend on the cut either. */
static void
decode(const char *data, gsize length, gsize chunk, FerryMessageTransferEncoding encoding)
{
	g_autoptr(FerryMessageTransferDecoder) decoder =
		ferry_message_transfer_decoder_new(encoding, NULL);
	g_autoptr(GByteArray) whole = g_byte_array_new();
	g_autoptr(GByteArray) pieces = g_byte_array_new();

	ferry_message_transfer_decoder_feed(decoder, data, length, whole);
	ferry_message_transfer_decoder_finish(decoder, whole);
	for (gsize done = 0; done < length; done += chunk)
		ferry_message_transfer_decoder_feed(decoder, data + done, MIN(chunk, length - done),
						    pieces);
	ferry_message_transfer_decoder_finish(decoder, pieces);
	g_assert_cmpmem(whole->data, whole->len, pieces->data, pieces->len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	gsize chunk = size > 0 ? input[0] % 61 + 1 : 1;
	const char *data = (const char *)input + (size > 0);
	gsize length = size > 0 ? size - 1 : 0;
	g_autoptr(FerryMessageStructure) structure = ferry_message_scan(data, length);
	g_autoptr(FerryMessageStructure) cut = scan(data, length, chunk);
	g_autoptr(GBytes) bytes = g_bytes_new_static(data, length);
	g_autoptr(FerryMessageStructure) hostile =
		ferry_message_structure_new_from_bytes(bytes, NULL);

	check_equal(structure, cut);
	check_parts(structure, length);
	check_reload(structure);
	read_sections(structure, length);
	read_header(data, length);
	decode(data, length, chunk, FERRY_MESSAGE_ENCODING_BASE64);
	decode(data, length, chunk, FERRY_MESSAGE_ENCODING_QUOTED_PRINTABLE);
	ferry_message_text_matches(structure, data, length, "NEVER IN A SEED",
				   FERRY_MESSAGE_TEXT_ALL);
	if (hostile != NULL)
		read_sections(hostile, ferry_message_structure_get_size(hostile));
	return 0;
}
