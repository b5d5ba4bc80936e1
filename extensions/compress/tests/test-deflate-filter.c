/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "deflate-filter.h"

#include <string.h>

#define MANY 300000

static void
encode(FerryStreamFilter *filter, const void *data, gsize length, gboolean flush,
       GByteArray *output)
{
	GError *error = NULL;

	ferry_stream_filter_encode(filter, data, length, flush, output, &error);
	g_assert_no_error(error);
}

/* Decodes all of it, offering @step octets at a time and taking @room. */
static void
decode(FerryStreamFilter *filter, GByteArray *data, gsize step, gsize room, GByteArray *output)
{
	gsize at = 0;

	while (at < data->len || ferry_stream_filter_has_pending(filter)) {
		GError *error = NULL;
		gsize used = 0;
		guint before = output->len;

		ferry_stream_filter_decode(filter, data->data + at, MIN(step, data->len - at), room,
					   &used, output, &error);
		g_assert_no_error(error);
		g_assert_cmpuint(output->len - before, <=, room);
		at += used;
	}
}

static GByteArray *
make_text(void)
{
	GByteArray *text = g_byte_array_new();

	for (guint i = 0; text->len < MANY; i++) {
		g_autofree char *line =
			g_strdup_printf("* %u FETCH (UID %u FLAGS (\\Seen))\r\n", i, i * 7);

		g_byte_array_append(text, (const guint8 *)line, (guint)strlen(line));
	}
	return text;
}

static void
test_both_ways(void)
{
	const gsize steps[] = {1, 7, 4096, G_MAXSIZE};

	for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
		g_autoptr(FerryStreamFilter) filter = compress_deflate_filter_new();
		g_autoptr(GByteArray) text = make_text();
		g_autoptr(GByteArray) packed = g_byte_array_new();
		g_autoptr(GByteArray) again = g_byte_array_new();

		encode(filter, text->data, text->len, TRUE, packed);
		g_assert_cmpuint(packed->len, <, text->len / 4);
		decode(filter, packed, steps[i], 1000, again);
		g_assert_cmpmem(again->data, again->len, text->data, text->len);
	}
}

/* What was written is readable after each flush, be it one octet or none. */
static void
test_flush(void)
{
	g_autoptr(FerryStreamFilter) filter = compress_deflate_filter_new();

	for (guint i = 0; i < 1000; i++) {
		g_autoptr(GByteArray) packed = g_byte_array_new();
		g_autoptr(GByteArray) again = g_byte_array_new();
		guint8 octet = (guint8)i;

		encode(filter, &octet, 1, FALSE, packed);
		encode(filter, NULL, 0, TRUE, packed);
		encode(filter, NULL, 0, TRUE, packed);
		decode(filter, packed, G_MAXSIZE, 10, again);
		g_assert_cmpmem(again->data, again->len, &octet, 1);
	}
}

/* What cannot be compressed goes through as well. */
static void
test_random(void)
{
	g_autoptr(FerryStreamFilter) filter = compress_deflate_filter_new();
	g_autoptr(GByteArray) packed = g_byte_array_new();
	g_autoptr(GByteArray) again = g_byte_array_new();
	g_autoptr(GByteArray) noise = g_byte_array_new();
	g_autoptr(GRand) dice = g_rand_new_with_seed(4978);

	for (guint i = 0; i < MANY; i++) {
		guint8 octet = (guint8)g_rand_int(dice);

		g_byte_array_append(noise, &octet, 1);
	}
	encode(filter, noise->data, noise->len, TRUE, packed);
	decode(filter, packed, 100, 65536, again);
	g_assert_cmpmem(again->data, again->len, noise->data, noise->len);
}

static void
assert_refused(const guint8 *data, gsize length)
{
	g_autoptr(FerryStreamFilter) filter = compress_deflate_filter_new();
	g_autoptr(GByteArray) output = g_byte_array_new();
	GError *error = NULL;
	gsize used = 0;

	g_assert_false(
		ferry_stream_filter_decode(filter, data, length, 1000, &used, output, &error));
	g_assert_error(error, FERRY_ERROR, FERRY_ERROR_INVALID);
	g_clear_error(&error);
}

static void
test_broken(void)
{
	const guint8 no_block[] = {0xff, 0xff, 0xff, 0xff};

	assert_refused(no_block, sizeof no_block);
}

/* After each flush it takes no more for now: what follows may be in clear. */
static void
test_stops(void)
{
	g_autoptr(FerryStreamFilter) filter = compress_deflate_filter_new();
	g_autoptr(GByteArray) packed = g_byte_array_new();
	g_autoptr(GByteArray) again = g_byte_array_new();
	g_autoptr(GByteArray) text = make_text();
	GError *error = NULL;
	gsize used = 0;
	guint first;

	encode(filter, "a NOOP\r\n", 8, TRUE, packed);
	first = packed->len;
	encode(filter, "b NOOP\r\n", 8, TRUE, packed);
	encode(filter, text->data, text->len, TRUE, packed);
	g_byte_array_append(packed, (const guint8 *)"c NOOP\r\n", 8);
	ferry_stream_filter_decode(filter, packed->data, packed->len, 16000, &used, again, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(used, ==, first);
	g_assert_cmpmem(again->data, again->len, "a NOOP\r\n", 8);
	/* whatever the room */
	for (guint at = first; at < packed->len - 8; at += used) {
		ferry_stream_filter_decode(filter, packed->data + at, packed->len - at, 700, &used,
					   again, &error);
		g_assert_no_error(error);
		g_assert_true(used > 0 || ferry_stream_filter_has_pending(filter));
		g_assert_cmpuint(at + used, <=, packed->len - 8);
	}
	g_assert_cmpuint(again->len, ==, 16 + text->len);
}

/* The last block: what comes behind it is no longer for the filter, which says so once it is asked.
 */
static void
test_ended(void)
{
	const guint8 ended[] = {0x03, 0x00, 'b', ' ', 'N'};
	g_autoptr(FerryStreamFilter) filter = compress_deflate_filter_new();
	g_autoptr(GByteArray) output = g_byte_array_new();
	GError *error = NULL;
	gsize used = 0;

	g_assert_true(ferry_stream_filter_decode(filter, ended, sizeof ended, 1000, &used, output,
						 &error));
	g_assert_no_error(error);
	g_assert_cmpuint(used, ==, 2);
	g_assert_cmpuint(output->len, ==, 0);
	g_assert_false(
		ferry_stream_filter_decode(filter, ended + 2, 3, 1000, &used, output, &error));
	g_assert_error(error, FERRY_ERROR, FERRY_ERROR_INVALID);
	g_clear_error(&error);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/compress/both-ways", test_both_ways);
	g_test_add_func("/compress/flush", test_flush);
	g_test_add_func("/compress/random", test_random);
	g_test_add_func("/compress/broken", test_broken);
	g_test_add_func("/compress/stops", test_stops);
	g_test_add_func("/compress/ended", test_ended);
	return g_test_run();
}
