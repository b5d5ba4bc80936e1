/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ranges of languages (RFC 4647 §2.1, §3.4), and texts in the catalogue */
#include "language.h"

static const char *const tags[] = {"i-default", "en", "de", "zh-Hant", NULL};

static void
test_ranges(void)
{
	static const struct {
		const char *range;
		gboolean valid;
	} cases[] = {
		{"*", TRUE},
		{"de", TRUE},
		{"DE-1996", TRUE},
		{"default", TRUE},
		{"i-default", TRUE},
		{"abcdefgh-12345678", TRUE},
		{"", FALSE},
		{"-", FALSE},
		{"de-", FALSE},
		{"-de", FALSE},
		{"de--at", FALSE},
		{"abcdefghi", FALSE},
		{"de-123456789", FALSE},
		{"1de", FALSE},
		{"d1", FALSE},
		{"de_AT", FALSE},
		{"de-*", FALSE},
		{"**", FALSE},
		{"de at", FALSE},
		{"d\xc3\xa9", FALSE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
		if (language_is_range(cases[i].range) != cases[i].valid)
			g_error("%s: valid or not", cases[i].range);
}

static void
test_find(void)
{
	static const struct {
		const char *ranges[4];
		const char *tag;
	} cases[] = {
		{{"de"}, "de"},
		{{"DE"}, "de"},
		{{"de-AT"}, "de"},
		{{"de-CH-x-bern-1996"}, "de"},
		{{"fr-CA", "en-CA"}, "en"},
		{{"de-AT", "en"}, "de"},
		{{"fr"}, NULL},
		{{"d"}, NULL},
		{{"deu"}, NULL},
		/* ranges are shortened, tags are not (RFC 4647 §3.4) */
		{{"zh"}, NULL},
		{{"zh-hant-TW"}, "zh-Hant"},
		{{"zh-Hant-x-foo"}, "zh-Hant"},
		{{"i-default"}, "i-default"},
		{{"i-klingon"}, NULL},
		{{"Default"}, "i-default"},
		{{"fr", "default"}, "i-default"},
		{{"*"}, "i-default"},
		{{"fr", "*"}, "i-default"},
		{{"*", "de"}, "de"},
		{{"*", "fr"}, NULL},
		{{NULL}, NULL},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
		g_assert_cmpstr(language_find(cases[i].ranges, tags), ==, cases[i].tag);
}

static void
test_long_range(void)
{
	GString *range = g_string_new("fr");
	const char *ranges[] = {NULL, NULL};

	for (guint i = 0; i < 5000; i++)
		g_string_append(range, i % 2 ? "-x" : "-abcdefgh");
	ranges[0] = range->str;
	g_assert_true(language_is_range(range->str));
	g_assert_null(language_find(ranges, tags));
	range->str[0] = 'd';
	range->str[1] = 'e';
	g_assert_cmpstr(language_find(ranges, tags), ==, "de");
	g_string_free(range, TRUE);
}

static void
assert_german(const char *text, const char *german)
{
	g_autofree char *translation = language_translate(language_de, language_de_size, text);

	g_assert_cmpstr(translation, ==, german);
}

static void
test_translate(void)
{
	assert_german("Signed in", "Angemeldet");
	assert_german("UID FETCH completed", "UID FETCH abgeschlossen");
	assert_german("SELECT: No mailbox is selected", "SELECT: Es ist kein Postfach gewählt");
	assert_german("Autologout: idle for too long", "Abgemeldet: zu lange untätig");
	/* what a client could have written is no name of a command, and no pattern */
	assert_german("%s completed", "%s abgeschlossen");
	assert_german("%n completed", NULL);
	assert_german("it is completed", NULL);
	assert_german(" completed", NULL);
	assert_german("A  completed", NULL);
	assert_german("a mailbox: Signed in", NULL);
	assert_german(": Signed in", NULL);
	assert_german("A: B: Signed in", NULL);
	assert_german("Signed", NULL);
	assert_german("", NULL);
}

/* Texts with something in their places. */
static void
test_patterns(void)
{
	static const LanguageEntry entries[] = {
		{"%s may stand once", "nur ein %s"},
		{"between %s and %s", "von %s bis %s"},
		{"between %s and %s octets", "%s bis %s Oktette"},
		{"more than %s keys", "mehr als %s Angaben"},
		{"no %n here", "nicht %n"},
		{"no such item %s", "%s gibt es nicht"},
	};
	static const struct {
		const char *text, *translation;
	} cases[] = {
		{"CHANGEDSINCE may stand once", "nur ein CHANGEDSINCE"},
		{"what you say may stand once", NULL},
		{" may stand once", NULL},
		{"FETCH: PARTIAL may stand once", "FETCH: nur ein PARTIAL"},
		{"more than 100 keys", "mehr als 100 Angaben"},
		{"SEARCH: more than 100 keys", "SEARCH: mehr als 100 Angaben"},
		{"more than  keys", NULL},
		{"more than keys", NULL},
		{"more than 100 keys of mine", NULL},
		{"and more than 100 keys", NULL},
		{"between 1 and 2", "von 1 bis 2"},
		/* what says most */
		{"between 1 and 2 octets", "1 bis 2 Oktette"},
		{"between 1 and 2 and 3", "von 1 bis 2 and 3"},
		{"between and ", NULL},
		{"no such item X%sY%n", "X%sY%n gibt es nicht"},
		{"no such item ", NULL},
		{"no such item", NULL},
		{"no 1 here", NULL},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *translation =
			language_translate(entries, G_N_ELEMENTS(entries), cases[i].text);

		g_assert_cmpstr(translation, ==, cases[i].translation);
	}
}

/* Each is found, so the table is sorted; and each can stand in a line (RFC 5255 §3.5). */
static void
test_catalogue(void)
{
	g_assert_cmpuint(language_de_size, >=, 50);
	for (gsize i = 0; i < language_de_size; i++) {
		assert_german(language_de[i].text, language_de[i].translation);
		g_assert_true(g_utf8_validate(language_de[i].translation, -1, NULL));
		g_assert_false(g_str_has_prefix(language_de[i].translation, "["));
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/language/ranges", test_ranges);
	g_test_add_func("/language/find", test_find);
	g_test_add_func("/language/long-range", test_long_range);
	g_test_add_func("/language/translate", test_translate);
	g_test_add_func("/language/patterns", test_patterns);
	g_test_add_func("/language/catalogue", test_catalogue);
	return g_test_run();
}
