/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sort.h"

/* name|mailbox|host are made of a header by ENVELOPE; here they are written as it writes them. */
#define ENVELOPE(subject, from, to, cc)                                                            \
	"(NIL " subject " " from " NIL NIL " to " " cc " NIL NIL NIL)"

static const struct {
	SortKey key;
	const char *envelope;
	const char *text;
} keys[] = {
	{SORT_SUBJECT, ENVELOPE("\"Re: harbour\"", "NIL", "NIL", "NIL"), "HARBOUR"},
	{SORT_SUBJECT, ENVELOPE("NIL", "NIL", "NIL", "NIL"), ""},
	{SORT_SUBJECT, ENVELOPE("\"\"", "NIL", "NIL", "NIL"), ""},
	{SORT_SUBJECT, ENVELOPE("\"=?utf-8?q?Re=3A_h=C3=A4fen?=\"", "NIL", "NIL", "NIL"),
	 "HA\314\210FEN"},
	{SORT_SUBJECT, ENVELOPE("{5}\r\nh\303\244fe", "NIL", "NIL", "NIL"), "HA\314\210FE"},
	{SORT_FROM, ENVELOPE("NIL", "((\"Zoe\" NIL \"ann\" \"x.org\"))", "NIL", "NIL"), "ANN"},
	{SORT_FROM, ENVELOPE("NIL", "NIL", "NIL", "NIL"), ""},
	{SORT_TO, ENVELOPE("NIL", "NIL", "((NIL NIL \"bob\" \"x\")(NIL NIL \"ann\" \"x\"))", "NIL"),
	 "BOB"},
	{SORT_CC, ENVELOPE("NIL", "NIL", "NIL", "((NIL NIL \"group\" NIL)(NIL NIL NIL NIL))"),
	 "GROUP"},
	{SORT_DISPLAYFROM, ENVELOPE("NIL", "((\"Zoe\" NIL \"ann\" \"x.org\"))", "NIL", "NIL"),
	 "ZOE"},
	{SORT_DISPLAYFROM, ENVELOPE("NIL", "((NIL NIL \"ann\" \"x.org\"))", "NIL", "NIL"),
	 "ANN@X.ORG"},
	{SORT_DISPLAYFROM, ENVELOPE("NIL", "((\"\" NIL \"ann\" \"x.org\"))", "NIL", "NIL"),
	 "ANN@X.ORG"},
	{SORT_DISPLAYFROM, ENVELOPE("NIL", "NIL", "NIL", "NIL"), ""},
	{SORT_DISPLAYTO,
	 ENVELOPE("NIL", "NIL", "((\"=?iso-8859-1?q?=C4nne?=\" NIL \"b\" \"x\"))", "NIL"),
	 "A\314\210NNE"},
	{SORT_DISPLAYTO, ENVELOPE("NIL", "NIL", "((NIL NIL \"group\" NIL))", "NIL"), "GROUP"},
};

static void
test_keys(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
		g_autofree char *text =
			sort_key_make_text(keys[i].key, keys[i].envelope, strlen(keys[i].envelope));

		if (strcmp(text, keys[i].text) != 0)
			g_error("case %" G_GSIZE_FORMAT ": %s", i, text);
	}
}

static void
test_numbers(void)
{
	FerryMessageRow row = {.received_at = 10, .sent_at = 20, .size = 30};

	g_assert_cmpint(sort_key_get_number(SORT_ARRIVAL, &row), ==, 10);
	g_assert_cmpint(sort_key_get_number(SORT_DATE, &row), ==, 20);
	g_assert_cmpint(sort_key_get_number(SORT_SIZE, &row), ==, 30);
	row.sent_at = G_MININT64;
	g_assert_cmpint(sort_key_get_number(SORT_DATE, &row), ==, 10);
}

/* Texts in their order, with what a prefix of eight octets cannot tell. */
static const char *const texts[] = {
	"",
	"\001",
	"A",
	"AB",
	"ABCDEFG",
	"ABCDEFGH",
	"ABCDEFGHA",
	"ABCDEFGHAB",
	"ABCDEFGHB",
	"ABCDEFGI",
	"B",
	"Z",
	"\177",
	"\303\200",
	"\303\200A",
	"\303\277\303\277\303\277\303\277",
	"\303\277\303\277\303\277\303\277A",
	"\360\237\230\200",
};

static void
test_texts(void)
{
	SortCriteria criteria = {.list = {{SORT_SUBJECT, FALSE}}, .n = 1};
	g_autoptr(SortTable) table = sort_table_new(&criteria, G_N_ELEMENTS(texts));
	guint32 order[G_N_ELEMENTS(texts)];

	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		/* backwards, so that the index decides nothing */
		GRefString *text = g_ref_string_new(texts[G_N_ELEMENTS(texts) - 1 - i]);

		sort_table_set_text(table, 0, i, text);
		g_ref_string_release(text);
		order[i] = i;
	}
	sort_table_sort(table, order, G_N_ELEMENTS(order));
	for (guint i = 0; i < G_N_ELEMENTS(order); i++)
		g_assert_cmpuint(order[i], ==, G_N_ELEMENTS(texts) - 1 - i);
}

#define N_ROWS 500

/* Against the definition: each neighbour pair is in order, by the criteria and then by itself. */
static void
test_order(void)
{
	SortCriteria criteria = {.list = {{SORT_SIZE, TRUE}, {SORT_FROM, FALSE}, {SORT_DATE, TRUE}},
				 .n = 3};
	g_autoptr(SortTable) table = sort_table_new(&criteria, N_ROWS);
	g_autoptr(GRand) rand = g_rand_new_with_seed(5256);
	gint64 sizes[N_ROWS], dates[N_ROWS];
	guint froms[N_ROWS];
	guint32 order[N_ROWS];

	for (guint32 i = 0; i < N_ROWS; i++) {
		GRefString *text;

		sizes[i] = g_rand_int_range(rand, 0, 3);
		froms[i] = (guint)g_rand_int_range(rand, 0, (gint32)G_N_ELEMENTS(texts));
		dates[i] = g_rand_int_range(rand, -2, 2);
		text = g_ref_string_new(texts[froms[i]]);
		sort_table_set_number(table, 0, i, sizes[i]);
		sort_table_set_text(table, 1, i, text);
		sort_table_set_number(table, 2, i, dates[i]);
		g_ref_string_release(text);
		order[i] = i;
	}
	sort_table_sort(table, order, N_ROWS);
	for (guint i = 1; i < N_ROWS; i++) {
		guint32 a = order[i - 1], b = order[i];

		g_assert_true(sizes[a] > sizes[b] ||
			      (sizes[a] == sizes[b] &&
			       (froms[a] < froms[b] ||
				(froms[a] == froms[b] &&
				 (dates[a] > dates[b] || (dates[a] == dates[b] && a < b))))));
	}
}

#define N_GROWN 500

/* Rows that come later, and rows whose message is another by then, compare as a sort has them. */
static void
check_rows_that_join(guint32 n_first)
{
	static const SortCriteria criteria = {
		.list = {{.key = SORT_SUBJECT, .reverse = TRUE}, {.key = SORT_SIZE}},
		.n = 2,
	};
	g_autoptr(SortTable) table = sort_table_new(&criteria, n_first);
	guint32 order[N_GROWN];

	for (guint32 row = 0; row < N_GROWN; row++) {
		g_autofree char *subject = g_strdup_printf(
			"%s%d", g_test_rand_bit() ? "the same beginning " : "", row % 7);
		GRefString *text = g_ref_string_new(subject);

		if (row >= n_first)
			g_assert_cmpuint(sort_table_add_row(table), ==, row);
		if (row % 5 == 0) {
			sort_table_set_text(table, 0, row, text);
			sort_table_clear_row(table, row);
		}
		sort_table_set_text(table, 0, row, text);
		sort_table_set_number(table, 1, row, g_test_rand_int_range(0, 5));
		g_ref_string_release(text);
		order[row] = row;
	}
	sort_table_sort(table, order, N_GROWN);
	for (guint i = 1; i < N_GROWN; i++) {
		int found = sort_table_compare(table, order[i - 1], order[i]);

		g_assert_cmpint(found, ==, -sort_table_compare(table, order[i], order[i - 1]));
		g_assert_true(found < 0 || (found == 0 && order[i - 1] < order[i]));
	}
}

static void
test_rows_that_join(void)
{
	check_rows_that_join(0);
	check_rows_that_join(3);
}

/* Numbers of every size and sign, some of them twice, upwards and downwards. */
static void
test_wide(void)
{
	for (gint reverse = 0; reverse < 2; reverse++) {
		SortCriteria criteria = {.list = {{SORT_DATE, reverse}}, .n = 1};
		g_autoptr(SortTable) table = sort_table_new(&criteria, N_ROWS);
		g_autoptr(GRand) rand = g_rand_new_with_seed(5256);
		gint64 dates[N_ROWS];
		guint32 order[N_ROWS];

		for (guint32 i = 0; i < N_ROWS; i++) {
			gint64 bits = (gint64)((guint64)g_rand_int(rand) << 32 | g_rand_int(rand));

			dates[i] =
				i % 5 == 4 ? dates[i - 1] : bits >> g_rand_int_range(rand, 0, 64);
			sort_table_set_number(table, 0, i, dates[i]);
			order[i] = i;
		}
		sort_table_sort(table, order, N_ROWS);
		for (guint i = 1; i < N_ROWS; i++) {
			guint32 a = order[i - 1], b = order[i];

			g_assert_true((dates[a] == dates[b] && a < b) ||
				      (reverse ? dates[a] > dates[b] : dates[a] < dates[b]));
		}
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sort/keys", test_keys);
	g_test_add_func("/sort/numbers", test_numbers);
	g_test_add_func("/sort/texts", test_texts);
	g_test_add_func("/sort/order", test_order);
	g_test_add_func("/sort/rows-that-join", test_rows_that_join);
	g_test_add_func("/sort/wide", test_wide);
	return g_test_run();
}
