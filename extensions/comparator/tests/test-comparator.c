/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names and patterns of comparators (RFC 4790 §3.1, §3.2) */
#include "comparator.h"

static void
test_orders(void)
{
	static const struct {
		const char *order;
		gboolean valid;
		gboolean matches;
	} cases[] = {
		{"i;unicode-casemap", TRUE, TRUE},
		{"I;Unicode-CaseMap", TRUE, TRUE},
		{"+i;unicode-casemap", TRUE, TRUE},
		{"-i;unicode-casemap", TRUE, FALSE},
		{"*", TRUE, TRUE},
		{"i;*", TRUE, TRUE},
		{"*casemap", TRUE, TRUE},
		{"i;*-*map", TRUE, TRUE},
		{"default", TRUE, TRUE},
		{"i;octet", TRUE, FALSE},
		{"i;ascii-casemap", TRUE, FALSE},
		{"cz;*", TRUE, FALSE},
		{"i;basic;uca=3.1.1;uv=3.2", TRUE, FALSE},
		{"", FALSE, FALSE},
		{"+", FALSE, FALSE},
		{";i", FALSE, FALSE},
		{"1i", FALSE, FALSE},
		{"**", FALSE, FALSE},
		{"i?", FALSE, FALSE},
		{"i octet", FALSE, FALSE},
		{"http://example.org/x", FALSE, FALSE},
	};
	g_autofree char *longest = g_strnfill(254, 'a');
	g_autofree char *longer = g_strnfill(255, 'a');

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		if (comparator_is_order(cases[i].order) != cases[i].valid)
			g_error("case %u: valid or not", i);
		if (cases[i].valid && comparator_matches(cases[i].order) != cases[i].matches)
			g_error("case %u: matches or not", i);
	}
	g_assert_true(comparator_is_order(longest));
	g_assert_false(comparator_is_order(longer));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/comparator/orders", test_orders);
	return g_test_run();
}
