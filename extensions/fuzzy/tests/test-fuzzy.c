/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Scores: what fits better weighs more. */
#include "fuzzy.h"

#include <string.h>

#include "imap/search-private.h"
#include "imap/tests/fixture.h"

extern const FerryPlugin ferry_plugin;

#define ANYWHERE (FUZZY_IN_SUBJECT | FUZZY_IN_FROM | FUZZY_IN_TO | FUZZY_IN_CC | FUZZY_IN_BODY)

static const struct {
	FuzzyPlaces places;
	const char *text;
	const char *subject;
	const char *from;
	guint weight;
} weights[] = {
	{ANYWHERE, "red boat", "The Red Boat", "x", 1000},
	{ANYWHERE, "red boat", "A boat, red", "x", 700},
	{ANYWHERE, "red boat", "A boat", "x", 350},
	{ANYWHERE, "red boat", "x", "Red Boat", 800},
	{ANYWHERE, "red boat", "x", "boat of the red", 500},
	{ANYWHERE, "red boat", "x", "x", 200},
	{ANYWHERE, "red boat", NULL, NULL, 200},
	{FUZZY_IN_SUBJECT, "red", "x", "red", 200},
	{FUZZY_IN_FROM, "red", "red", "x", 200},
	{FUZZY_IN_BODY, "red", "red", "red", 200},
	{ANYWHERE, "  \t ", "x", "x", 200},
	{ANYWHERE, "a b c d e f g h i j k l m n o p q r s t", "a", "x", 200},
	/* sixteen words are looked at */
	{FUZZY_IN_SUBJECT, "a b c d e f g h i j k l m n o p", "p o n m l k j i h g f e d c b a", "",
	 700},
	{FUZZY_IN_SUBJECT, "a b c d e f g h i j k l m n o zz", "p o n m l k j i h g f e d c b a",
	 "", 656},
	{FUZZY_IN_SUBJECT, "a b c d e f g h i j k l m n o p zz", "p o n m l k j i h g f e d c b a",
	 "", 700},
	/* the better place counts */
	{ANYWHERE, "red boat", "The Red Boat", "Red Boat", 1000},
	{ANYWHERE, "red boat", "boat, red", "Red Boat", 800},
	{ANYWHERE, "GRÜSSE", "viele grüsse", "x", 1000},
};

static void
test_weigh(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(weights); i++) {
		g_autofree char *subject = weights[i].subject != NULL
						   ? ferry_message_casemap(weights[i].subject, -1)
						   : NULL;
		g_autofree char *from =
			weights[i].from != NULL ? ferry_message_casemap(weights[i].from, -1) : NULL;
		const char *const headers[FUZZY_N_HEADERS] = {subject, from, NULL, NULL};
		FuzzyNeedle *needle = fuzzy_needle_new(weights[i].places, weights[i].text);

		g_test_message("weight %u", i);
		g_assert_cmpuint(fuzzy_needle_weigh(needle, headers), ==, weights[i].weight);
		fuzzy_needle_free(needle);
	}
}

static void
test_headers(void)
{
	static const char envelope[] =
		"(NIL \"=?utf-8?q?Gr=C3=BC=C3=9Fe?=\" ((\"Ann\" NIL \"a\" \"x.example\")) NIL NIL "
		"((NIL NIL \"b\" \"y.example\")) NIL NIL NIL NIL)";
	char *headers[FUZZY_N_HEADERS] = {NULL};
	g_autofree char *subject = ferry_message_casemap("Grüße", -1);
	g_autofree char *from = ferry_message_casemap("Ann a@x.example", -1);
	g_autofree char *to = ferry_message_casemap(" b@y.example", -1);

	fuzzy_read_headers(envelope, strlen(envelope), headers);
	g_assert_cmpstr(headers[0], ==, subject);
	g_assert_cmpstr(headers[1], ==, from);
	g_assert_cmpstr(headers[2], ==, to);
	g_assert_null(headers[3]);
	for (guint i = 0; i < FUZZY_N_HEADERS; i++)
		g_free(headers[i]);
}

static void
test_scores(void)
{
	g_assert_cmpuint(fuzzy_get_score(1000, 1000), ==, 100);
	g_assert_cmpuint(fuzzy_get_score(200, 1000), ==, 20);
	g_assert_cmpuint(fuzzy_get_score(1, 16000), ==, 1);
	g_assert_cmpuint(fuzzy_get_score(0, 0), ==, 100);
}

/* Three messages with the subjects "red boat", "boat" and "green"; the second is from "red". */
static void
select_three(Fixture *fixture, FerryImapMessage *messages[3])
{
	static const FerryMessageRow rows[] = {{.uid = 4}, {.uid = 6}, {.uid = 7}};
	static const char *const texts[] = {
		"From: x@y.example\r\nSubject: red boat\r\n\r\n",
		"From: red@y.example\r\nSubject: boat\r\n\r\n",
		"From: x@y.example\r\nSubject: green\r\n\r\n",
	};

	fixture_select(fixture, rows, G_N_ELEMENTS(rows));
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(FerryMessageData) data =
			fixture_make_data(rows[i].uid, texts[i], strlen(texts[i]));

		messages[i] = ferry_told_get_message(fixture->session->told, i + 1);
		ferry_imap_message_set_data(messages[i], data);
	}
}

/* What RELEVANCY tells of the three, as if all of them matched, and the order they are sorted in.
 */
static char *
score(Fixture *fixture, const char *program, gint64 first, gint64 last, gint64 keys[3])
{
	g_autofree char *line = g_strdup_printf("SEARCH RETURN (RELEVANCY) %s", program);
	g_autoptr(FerryImapCommand) command = fixture_parse(fixture, line, NULL);
	g_autoptr(FerryImapSearch) search = ferry_imap_search_new(command);
	g_autoptr(FerryImapWriter) writer = ferry_imap_writer_new_for_buffer();
	g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(guint32));
	guint n = ferry_imap_command_get_n_arguments(command);
	FerryImapMessage *messages[3];

	select_three(fixture, messages);
	g_assert_true(ferry_imap_search_prepare(search, TRUE,
						ferry_imap_command_get_argument(command, 0), NULL));
	g_assert_true(ferry_imap_search_plan(
		search, NULL, ferry_imap_command_get_argument(command, n - 1), NULL));
	if (first != 0)
		ferry_imap_search_set_window(search, first, last);
	for (guint i = 0; i < G_N_ELEMENTS(messages); i++) {
		guint32 uid = ferry_imap_message_get_uid(messages[i]);

		fuzzy_look(search, messages[i], NULL);
		keys[i] = fuzzy_sort_key(search, messages[i], NULL);
		g_array_append_val(uids, uid);
		ferry_imap_message_unref(messages[i]);
	}
	ferry_imap_search_set_result(search, uids, uids);
	fuzzy_write_relevancy(search, NULL, writer, NULL);
	return ferry_imap_writer_dup_output(writer, NULL);
}

/* Which texts of a program count, and of which results scores are told. */
static void
test_relevancy(void)
{
	static const struct {
		const char *program;
		gint64 first, last;
		const char *scores;
	} cases[] = {
		{"FUZZY SUBJECT boat", 0, 0, " RELEVANCY (100 100 20)"},
		{"FUZZY TEXT red", 0, 0, " RELEVANCY (100 80 20)"},
		{"FUZZY FROM red", 0, 0, " RELEVANCY (25 100 25)"},
		/* each text adds to the weight */
		{"FUZZY SUBJECT boat FUZZY FROM red", 0, 0, " RELEVANCY (66 100 22)"},
		{"FUZZY (OR SUBJECT green SUBJECT red)", 0, 0, " RELEVANCY (100 33 100)"},
		{"FUZZY (SUBJECT red SUBJECT boat)", 0, 0, " RELEVANCY (100 60 20)"},
		{"FUZZY (SUBJECT red FUZZY SUBJECT boat)", 0, 0, " RELEVANCY (100 60 20)"},
		/* what must not be there, what is no text, and what is not fuzzy */
		{"FUZZY (SUBJECT boat NOT SUBJECT red)", 0, 0, " RELEVANCY (100 100 20)"},
		{"FUZZY (SUBJECT boat SEEN)", 0, 0, " RELEVANCY (100 100 20)"},
		{"FUZZY SUBJECT boat SUBJECT red", 0, 0, " RELEVANCY (100 100 20)"},
		{"FUZZY (SUBJECT boat SUBJECT \"\")", 0, 0, " RELEVANCY (100 100 20)"},
		{"FUZZY SEEN", 0, 0, " RELEVANCY (100 100 100)"},
		/* of a page: its own */
		{"FUZZY TEXT red", 1, 1, " RELEVANCY (100)"},
		{"FUZZY TEXT red", 2, 3, " RELEVANCY (80 20)"},
		{"FUZZY TEXT red", -1, -2, " RELEVANCY (80 20)"},
		{"FUZZY TEXT red", 4, 9, " RELEVANCY ()"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		Fixture fixture;
		gint64 keys[3];
		g_autofree char *scores = NULL;

		fixture_init_with(&fixture, &ferry_plugin);
		scores = score(&fixture, cases[i].program, cases[i].first, cases[i].last, keys);
		g_test_message("case %u: %s", i, cases[i].program);
		g_assert_cmpstr(scores, ==, cases[i].scores);
		fixture_clear(&fixture);
	}
}

/* The first sixteen texts count. */
static void
test_many_texts(void)
{
	for (guint n = 15; n <= 17; n++) {
		Fixture fixture;
		g_autoptr(GString) program = g_string_new("FUZZY (");
		g_autofree char *scores = NULL;
		gint64 keys[3];

		for (guint i = 0; i < n; i++)
			g_string_append(program, "SUBJECT green ");
		g_string_append(program, "SUBJECT boat)");
		fixture_init_with(&fixture, &ferry_plugin);
		scores = score(&fixture, program->str, 0, 0, keys);
		g_assert_cmpint(keys[2], ==, n < 16 ? -15200 : -16000);
		g_assert_cmpint(keys[0], ==, n < 16 ? -4000 : -3200);
		fixture_clear(&fixture);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/fuzzy/weigh", test_weigh);
	g_test_add_func("/fuzzy/headers", test_headers);
	g_test_add_func("/fuzzy/scores", test_scores);
	g_test_add_func("/fuzzy/relevancy", test_relevancy);
	g_test_add_func("/fuzzy/many-texts", test_many_texts);
	return g_test_run();
}
