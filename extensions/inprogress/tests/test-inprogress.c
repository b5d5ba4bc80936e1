/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inprogress.h"

static void
test_due(void)
{
	static const struct {
		double running, told;
		gboolean due;
	} cases[] = {
		{0, 0, FALSE},  {2.9, 0, FALSE},     {3, 0, TRUE},
		{4.5, 0, TRUE}, {5, 4, FALSE},       {13, 3, TRUE},
		{13, 4, FALSE}, {3600, 3591, FALSE}, {3600, 3590, TRUE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_test_message("%u", i);
		g_assert_cmpint(inprogress_is_due((gint64)(cases[i].running * G_USEC_PER_SEC),
						  (gint64)(cases[i].told * G_USEC_PER_SEC)),
				==, cases[i].due);
	}
}

static void
test_code(void)
{
	static const struct {
		gboolean known;
		guint64 done, total;
		const char *code, *tag;
	} cases[] = {
		{FALSE, 0, 0, "INPROGRESS (\"a1\" NIL NIL)"},
		{FALSE, 5, 7, "INPROGRESS (\"a1\" NIL NIL)"},
		{TRUE, 0, 0, "INPROGRESS (\"a1\" 0 NIL)"},
		{TRUE, 0, 7, "INPROGRESS (\"a1\" 0 7)"},
		{TRUE, 454, 1000, "INPROGRESS (\"a1\" 454 1000)"},
		/* the second number is the greater one: what is done is done */
		{TRUE, 7, 7, "INPROGRESS (\"a1\" 7 NIL)"},
		/* tags with "]" are not told */
		{TRUE, 6, 7, "INPROGRESS (NIL 6 7)", "x]"},
		{FALSE, 0, 0, "INPROGRESS (NIL NIL NIL)", "]"},
		/* more came than was known of */
		{TRUE, 8, 7, "INPROGRESS (\"a1\" 8 NIL)"},
		{TRUE, 8, G_MAXUINT32, "INPROGRESS (\"a1\" 8 4294967295)"},
		{TRUE, 8, (guint64)G_MAXUINT32 + 1, "INPROGRESS (\"a1\" 8 NIL)"},
		{TRUE, G_MAXUINT64, G_MAXUINT64, "INPROGRESS (\"a1\" NIL NIL)"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		const char *tag = cases[i].tag != NULL ? cases[i].tag : "a1";
		g_autofree char *code =
			inprogress_make_code(tag, cases[i].known, cases[i].done, cases[i].total);

		g_assert_cmpstr(code, ==, cases[i].code);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/inprogress/due", test_due);
	g_test_add_func("/inprogress/code", test_code);
	return g_test_run();
}
