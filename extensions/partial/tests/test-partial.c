/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ranges of PARTIAL, and which part of a list they are. */
#include "imap/window-private.h"
#include "partial.h"

static const struct {
	const char *text;
	gboolean good;
	gint64 first;
	gint64 last;
} ranges[] = {
	{"1:500", TRUE, 1, 500},
	{"500:400", TRUE, 500, 400},
	{"7:7", TRUE, 7, 7},
	{"-1:-100", TRUE, -1, -100},
	{"-100:-1", TRUE, -100, -1},
	{"1:4294967295", TRUE, 1, G_MAXUINT32},
	{"-4294967295:-4294967295", TRUE, -(gint64)G_MAXUINT32, -(gint64)G_MAXUINT32},
	{"", FALSE, 0, 0},
	{"1", FALSE, 0, 0},
	{":", FALSE, 0, 0},
	{"1:", FALSE, 0, 0},
	{":1", FALSE, 0, 0},
	{"0:1", FALSE, 0, 0},
	{"1:0", FALSE, 0, 0},
	{"-0:-1", FALSE, 0, 0},
	{"01:2", FALSE, 0, 0},
	{"1:-1", FALSE, 0, 0},
	{"-1:1", FALSE, 0, 0},
	{"-1:12", FALSE, 0, 0},
	{"1:-12", FALSE, 0, 0},
	{"-:-1", FALSE, 0, 0},
	{"--1:-2", FALSE, 0, 0},
	{"+1:2", FALSE, 0, 0},
	{"1:2:3", FALSE, 0, 0},
	{"1:2x", FALSE, 0, 0},
	{"1:$", FALSE, 0, 0},
	{"1:4294967296", FALSE, 0, 0},
	{"18446744073709551617:2", FALSE, 0, 0},
	{"99999999999999999999999999999999:1", FALSE, 0, 0},
};

static void
test_parse(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(ranges); i++) {
		gint64 first = 0, last = 0;
		gboolean good = partial_parse(ranges[i].text, &first, &last);

		g_test_message("range %u: %s", i, ranges[i].text);
		g_assert_cmpint(good, ==, ranges[i].good);
		if (good) {
			g_assert_cmpint(first, ==, ranges[i].first);
			g_assert_cmpint(last, ==, ranges[i].last);
		}
	}
}

/* The definition: an element is in the window where its position from that end is. */
static gboolean
is_in(const FerryImapWindow *window, gsize length, gsize index)
{
	gint64 position = window->first > 0 ? (gint64)index + 1 : (gint64)index - (gint64)length;

	return position >= MIN(window->first, window->last) &&
	       position <= MAX(window->first, window->last);
}

static void
test_clip(void)
{
	static const gint64 ends[] = {1, 2, 3, 5, 6, 7, G_MAXUINT32};

	for (guint i = 0; i < 2 * G_N_ELEMENTS(ends) * G_N_ELEMENTS(ends); i++) {
		gint64 sign = i % 2 == 0 ? 1 : -1;
		FerryImapWindow window = {sign * ends[i / 2 % G_N_ELEMENTS(ends)],
					  sign * ends[i / 2 / G_N_ELEMENTS(ends)]};

		for (gsize length = 0; length < 8; length++) {
			gsize start, n;

			ferry_imap_window_clip(&window, length, &start, &n);
			g_test_message("%ld:%ld of %zu", (long)window.first, (long)window.last,
				       length);
			g_assert_cmpuint(start + n, <=, length);
			for (gsize k = 0; k < length; k++)
				g_assert_cmpint(k >= start && k < start + n, ==,
						is_in(&window, length, k));
		}
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/partial/parse", test_parse);
	g_test_add_func("/partial/clip", test_clip);
	return g_test_run();
}
