/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "uidonly.h"

#include <string.h>

#include "imap/base-module.h"
#include "imap/grammar.h"

static const struct {
	const char *grammar;
	const char *text;
	gboolean numbers;
} cases[] = {
	{"search-program", "ALL", FALSE},
	{"search-program", "1:3", TRUE},
	{"search-program", "*", TRUE},
	{"search-program", "UID 1:3", FALSE},
	{"search-program", "UID *", FALSE},
	{"search-program", "$", FALSE},
	{"search-program", "NOT 1", TRUE},
	{"search-program", "NOT UID 1", FALSE},
	{"search-program", "NOT $", FALSE},
	{"search-program", "OR SEEN 5", TRUE},
	{"search-program", "OR (SEEN UID 5) (NOT (DELETED (FLAGGED 1,5)))", TRUE},
	{"search-program", "OR (SEEN UID 5) (NOT (DELETED (FLAGGED UID 1,5)))", FALSE},
	{"search-program", "LARGER 1 SMALLER 7", FALSE},
	{"sequence-set", "1:3", FALSE},
	{"[(nz-number number64 [sequence-set] [(sequence-set sequence-set)])]", "(1 2 3:4)", FALSE},
	{"[(nz-number number64 [sequence-set] [(sequence-set sequence-set)])]", "(1 2)", FALSE},
	{"[(nz-number number64 [sequence-set] [(sequence-set sequence-set)])]", "(1 2 (1:2 3:4))",
	 TRUE},
	{"[(nz-number number64 [sequence-set] [(sequence-set sequence-set)])]",
	 "(1 2 3:4 (1:2 3:4))", TRUE},
};

static gboolean
has_numbers(const char *grammar, const char *text)
{
	g_autoptr(FerryRegistry) registry = ferry_registry_new();
	const FerryImapGrammarContext context = {registry, FALSE, 64};
	g_autofree char *rest = g_strconcat(" ", text, NULL);
	FerryImapInput input = {rest, strlen(rest), 0, NULL, 0};
	g_autoptr(GPtrArray) arguments = NULL;
	g_autoptr(GError) error = NULL;

	ferry_imap_register_base(registry, &error);
	g_assert_no_error(error);
	arguments = ferry_imap_grammar_parse(grammar, &context, &input, &error);
	g_assert_no_error(error);
	for (guint i = 0; i < arguments->len; i++)
		if (arguments->pdata[i] != NULL && uidonly_has_numbers(arguments->pdata[i]))
			return TRUE;
	return FALSE;
}

static void
test_numbers(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_test_message("%s", cases[i].text);
		g_assert_cmpint(has_numbers(cases[i].grammar, cases[i].text), ==, cases[i].numbers);
	}
}

/* As many keys and as deep as a line takes: no recursion, and the last one is found. */
static void
test_many(void)
{
	g_autoptr(GString) text = g_string_new("ALL");

	for (guint i = 0; i < 5000; i++)
		g_string_append(text, " OR UID 1 SEEN");
	g_assert_false(has_numbers("search-program", text->str));
	g_string_append(text, " 1");
	g_assert_true(has_numbers("search-program", text->str));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/uidonly/numbers", test_numbers);
	g_test_add_func("/uidonly/many", test_many);
	return g_test_run();
}
