/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "base/error.h"
#include "message/transfer-encoding.h"

#define B FERRY_MESSAGE_ENCODING_BASE64
#define Q FERRY_MESSAGE_ENCODING_QUOTED_PRINTABLE

static const struct {
	FerryMessageTransferEncoding encoding;
	const char *encoded;
	const char *decoded;
} cases[] = {
	{FERRY_MESSAGE_ENCODING_7BIT, "a=20 \r\n", "a=20 \r\n"},
	{FERRY_MESSAGE_ENCODING_8BIT, "\303\251\n", "\303\251\n"},
	{FERRY_MESSAGE_ENCODING_BINARY, "a\rb", "a\rb"},
	{B, "", ""},
	{B, "aGVsbG8=", "hello"},
	{B, "aGVs\r\nbG8g\r\ndGhlcmU=\r\n", "hello there"},
	{B, "aGVsbG8", "hello"},
	{B, "aGVsbA==", "hell"},
	{B, "aGVsbA", "hell"},
	{B, "aGVsb", "hel"},
	{B, "a G*V!s-", "hel"},
	{B, "aGVsbA==aGVsbG8=", "hellhello"},
	{B, "====", ""},
	{B, "+/+/", "\373\377\277"},
	{Q, "", ""},
	{Q, "plain", "plain"},
	{Q, "a=20b=3D=c3=A9", "a b=\303\251"},
	{Q, "soft=\r\nbreak", "softbreak"},
	{Q, "soft= \t\r\nbreak", "softbreak"},
	{Q, "soft=\nbreak", "softbreak"},
	{Q, "padding \t \r\nnext \nend  ", "padding\r\nnext\nend"},
	{Q, "in  side", "in  side"},
	{Q, "a=ZZb", "a=ZZb"},
	{Q, "a=4Zb=4", "a=4Zb=4"},
	{Q, "a=4\r\nb", "a=4\r\nb"},
	{Q, "a==41", "a=A"},
	{Q, "a= b", "a= b"},
	{Q, "a =20\r\n", "a  \r\n"},
	{Q, "a\r\rb \r\r\n", "a\r\rb \r\r\n"},
	{Q, "end=", "end"},
	{Q, "end=\r", "end"},
};

static void
test_every_cut(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		gsize length = strlen(cases[i].encoded);

		for (gsize chunk = 1; chunk <= length + 1; chunk++) {
			g_autoptr(FerryMessageTransferDecoder) decoder =
				ferry_message_transfer_decoder_new(cases[i].encoding, NULL);
			g_autoptr(GByteArray) out = g_byte_array_new();

			for (gsize done = 0; done < length; done += chunk)
				ferry_message_transfer_decoder_feed(decoder,
								    cases[i].encoded + done,
								    MIN(chunk, length - done), out);
			ferry_message_transfer_decoder_finish(decoder, out);
			g_byte_array_append(out, (const guint8 *)"", 1);
			if (strcmp((const char *)out->data, cases[i].decoded) != 0)
				g_error("case %" G_GSIZE_FORMAT " in chunks of %" G_GSIZE_FORMAT
					": %s",
					i, chunk, out->data);
		}
	}
}

static void
test_long_blanks(void)
{
	g_autoptr(FerryMessageTransferDecoder) decoder =
		ferry_message_transfer_decoder_new(Q, NULL);
	g_autoptr(GByteArray) out = g_byte_array_new();
	g_autofree char *blanks = g_strnfill(5000, ' ');

	ferry_message_transfer_decoder_feed(decoder, blanks, 5000, out);
	ferry_message_transfer_decoder_feed(decoder, "x", 1, out);
	ferry_message_transfer_decoder_finish(decoder, out);
	g_assert_cmpuint(out->len, ==, 5001);
}

/* What GLib encodes comes back. */
static void
test_round_trip(void)
{
	for (guint n = 0; n < 300; n++) {
		g_autoptr(FerryMessageTransferDecoder) decoder =
			ferry_message_transfer_decoder_new(B, NULL);
		g_autoptr(GByteArray) out = g_byte_array_new();
		g_autofree char *encoded = NULL;
		guint8 octets[300];

		for (guint i = 0; i < n; i++)
			octets[i] = g_test_rand_int();
		encoded = g_base64_encode(octets, n);
		ferry_message_transfer_decoder_feed(decoder, encoded, strlen(encoded), out);
		ferry_message_transfer_decoder_finish(decoder, out);
		g_assert_cmpmem(out->data, out->len, octets, n);
	}
}

static void
test_names(void)
{
	g_autoptr(GError) error = NULL;

	g_assert_cmpint(ferry_message_transfer_encoding_parse("Base64", 6), ==, B);
	g_assert_cmpint(ferry_message_transfer_encoding_parse("QUOTED-PRINTABLE", 16), ==, Q);
	g_assert_cmpint(ferry_message_transfer_encoding_parse("7bit", 4), ==,
			FERRY_MESSAGE_ENCODING_7BIT);
	g_assert_cmpint(ferry_message_transfer_encoding_parse("x-uue", 5), ==,
			FERRY_MESSAGE_ENCODING_UNKNOWN);
	g_assert_null(ferry_message_transfer_decoder_new(FERRY_MESSAGE_ENCODING_UNKNOWN, &error));
	g_assert_error(error, FERRY_ERROR, FERRY_ERROR_UNKNOWN_CTE);
}

int
main(int argc, char *argv[])
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/message/transfer-encoding/every-cut", test_every_cut);
	g_test_add_func("/message/transfer-encoding/long-blanks", test_long_blanks);
	g_test_add_func("/message/transfer-encoding/round-trip", test_round_trip);
	g_test_add_func("/message/transfer-encoding/names", test_names);
	return g_test_run();
}
