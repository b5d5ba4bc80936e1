/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "savedate.h"

static void
test_format(void)
{
	static const struct {
		gint64 seconds;
		const char *text;
	} cases[] = {
		{1, "01-Jan-1970 00:00:01 +0000"},
		{1420134653, "01-Jan-2015 17:50:53 +0000"},
		{1709251199, "29-Feb-2024 23:59:59 +0000"},
		{1733011200, "01-Dec-2024 00:00:00 +0000"},
		{G_MAXUINT32, "07-Feb-2106 06:28:15 +0000"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = savedate_format(cases[i].seconds);

		g_assert_cmpstr(text, ==, cases[i].text);
	}
}

static void
test_matches(void)
{
	static const struct {
		gint64 seconds, day;
		gboolean before, on, since;
	} cases[] = {
		{86400, 1, FALSE, TRUE, TRUE},   {86399, 1, TRUE, FALSE, FALSE},
		{172799, 1, FALSE, TRUE, TRUE},  {172800, 1, FALSE, FALSE, TRUE},
		{-1, 0, TRUE, FALSE, FALSE},     {-1, -1, FALSE, TRUE, TRUE},
		{-86400, -1, FALSE, TRUE, TRUE}, {-86401, -1, TRUE, FALSE, FALSE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		gint64 seconds = cases[i].seconds, day = cases[i].day;

		g_test_message("%u", i);
		g_assert_cmpint(savedate_matches(SAVEDATE_BEFORE, seconds, day), ==,
				cases[i].before);
		g_assert_cmpint(savedate_matches(SAVEDATE_ON, seconds, day), ==, cases[i].on);
		g_assert_cmpint(savedate_matches(SAVEDATE_SINCE, seconds, day), ==, cases[i].since);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/savedate/format", test_format);
	g_test_add_func("/savedate/matches", test_matches);
	return g_test_run();
}
