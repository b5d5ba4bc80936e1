/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An event stream: the first octet says how the rest is cut, which must not show. */
#include "fuzz.h"
#include "jmap/event-source.h"

static void
event_cb(const char *event, const char *data, const char *id, gpointer user_data)
{
	g_assert_true(g_utf8_validate(data, -1, NULL));
	g_string_append_printf(user_data, "<%s|%s|%s>", event, data, id != NULL ? id : "");
}

static char *
read_stream(const char *data, gsize length, gsize chunk)
{
	GString *seen = g_string_new(NULL);
	g_autoptr(FerryJmapEventParser) parser =
		ferry_jmap_event_parser_new(65536, event_cb, seen, NULL);

	while (length > 0) {
		gsize n = MIN(chunk, length);

		if (!ferry_jmap_event_parser_feed(parser, data, n, NULL))
			break;
		data += n;
		length -= n;
	}
	return g_string_free(seen, FALSE);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *whole = NULL;
	g_autofree char *cut = NULL;

	if (size < 1)
		return 0;
	whole = read_stream((const char *)data + 1, size - 1, size);
	cut = read_stream((const char *)data + 1, size - 1, (gsize)data[0] + 1);
	g_assert_cmpstr(whole, ==, cut);
	return 0;
}
