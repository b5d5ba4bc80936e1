/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Scores: what fits better weighs more. */
#include "fuzzy.h"

#include <string.h>

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

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/fuzzy/weigh", test_weigh);
	g_test_add_func("/fuzzy/headers", test_headers);
	g_test_add_func("/fuzzy/scores", test_scores);
	return g_test_run();
}
