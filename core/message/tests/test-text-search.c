/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "message/header.h"
#include "message/text-search.h"
#include "scan.h"

static const char message[] =
	"Subject: Outersubj =?utf-8?q?enc=C3=A9d?=\r\n"
	"Content-Type: multipart/mixed; boundary=bb\r\n\r\npreambleword\r\n"
	"--bb\r\nContent-Description: mimeheadword\r\n\r\nTextword spl=\r\nit\r\n"
	"--bb\r\nContent-Type: text/plain; charset=iso-8859-1\r\n"
	"Content-Transfer-Encoding: quoted-printable\r\n\r\nlatin =E9t=E9 qpspl=\r\nit\r\n"
	"--bb\r\nContent-Type: text/html; charset=utf-16be\r\n"
	"Content-Transfer-Encoding: base64\r\n\r\nAHcAaQBkAGUAdwBvAHIAZA==\r\n"
	"--bb\r\nContent-Type: application/octet-stream; name=attname\r\n\r\nappword\r\n"
	"--bb\r\nContent-Type: text/plain; charset=unknown-8bit\r\n"
	"Content-Transfer-Encoding: x-odd\r\n\r\nodd\377word\r\n"
	"--bb\r\nContent-Type: message/rfc822\r\n\r\n"
	"Subject: innersubj\r\n\r\ninnerbody stra\303\237e \316\243\317\202\r\n"
	"--bb--\r\nepilogueword\r\n";

static const struct {
	const char *needle;
	gboolean in_body;
	gboolean in_text;
} cases[] = {
	{"", TRUE, TRUE},
	{"outerSUBJ", FALSE, TRUE},
	{"enc\303\251d", FALSE, TRUE},
	{"ENC\303\211D", FALSE, TRUE},
	{"subject: outersubj", FALSE, TRUE},
	{"preambleword", FALSE, FALSE},
	{"mimeheadword", FALSE, TRUE},
	{"textword", TRUE, TRUE},
	{"textword split", FALSE, FALSE},
	{"spl=\r\nit", TRUE, TRUE},
	{"qpsplit", TRUE, TRUE},
	{"\303\211T\303\211", TRUE, TRUE},
	{"LATIN \303\251t\303\251 Q", TRUE, TRUE},
	{"wideword", TRUE, TRUE},
	{"appword", FALSE, FALSE},
	{"attname", FALSE, TRUE},
	{"odd", TRUE, TRUE},
	{"word", TRUE, TRUE},
	{"innersubj", TRUE, TRUE},
	{"innerbody", TRUE, TRUE},
	{"\317\203\317\203", TRUE, TRUE},
	{"epilogueword", FALSE, FALSE},
	{"nowhere to be found", FALSE, FALSE},
};

static void
test_matches(void)
{
	g_autoptr(FerryMessageStructure) structure = ferry_message_scan(message, strlen(message));

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *needle = ferry_message_casemap(cases[i].needle, -1);
		gboolean body = ferry_message_text_matches(structure, message, strlen(message),
							   needle, FERRY_MESSAGE_TEXT_BODY);
		gboolean text = ferry_message_text_matches(structure, message, strlen(message),
							   needle, FERRY_MESSAGE_TEXT_ALL);

		if (body != cases[i].in_body || text != cases[i].in_text)
			g_error("case %" G_GSIZE_FORMAT ": %d %d", i, body, text);
	}
}

/* The needle lies anywhere, also across the chunks in which the text is read. */
static void
test_across_chunks(void)
{
	g_autofree char *needle = ferry_message_casemap("n\303\251\303\251dle", -1);

	for (gsize before = 32768 - 12; before < 32768 + 4; before++) {
		g_autofree char *filler = g_strnfill(before, 'n');
		g_autofree char *raw = g_strdup_printf(
			"Content-Type: text/plain; charset=utf-8\r\n\r\n%sN\303\211\303\251dle",
			filler);
		g_autofree char *latin = g_strdup_printf(
			"Content-Type: text/plain; charset=latin1\r\n\r\n%sN\311\351dle", filler);
		g_autoptr(FerryMessageStructure) one = ferry_message_scan(raw, strlen(raw));
		g_autoptr(FerryMessageStructure) two = ferry_message_scan(latin, strlen(latin));

		g_assert_true(ferry_message_text_matches(one, raw, strlen(raw), needle,
							 FERRY_MESSAGE_TEXT_BODY));
		g_assert_true(ferry_message_text_matches(two, latin, strlen(latin), needle,
							 FERRY_MESSAGE_TEXT_BODY));
	}
}

static void
test_casemap(void)
{
	static const struct {
		const char *text;
		const char *form;
	} forms[] = {
		{"abc XYZ", "ABC XYZ"},
		{"\303\251", "E\314\201"},
		/* the title case of U+01C6 is U+01C5, which is D, z and a caron */
		{"\307\206", "Dz\314\214"},
		{"\377x", "\357\277\275X"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(forms); i++) {
		g_autofree char *form = ferry_message_casemap(forms[i].text, -1);

		g_assert_cmpstr(form, ==, forms[i].form);
	}
}

static void
test_header_value(void)
{
	static const char value[] = " =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n aus";
	g_autofree char *needle = ferry_message_casemap("GR\303\234\303\237E AUS", -1);

	g_assert_true(ferry_message_header_matches(value, strlen(value), needle));
	g_assert_false(ferry_message_header_matches(value, strlen(value), "XX"));
	g_assert_true(ferry_message_header_matches(value, strlen(value), ""));
}

/* Simple values are compared as they stand: that has to be the answer of the long way. */
static void
test_simple_values(void)
{
	static const char *const values[] = {
		" Hello there", "hello there  ", " \t a",     "",      " ",     "=",
		"a=",           "=x=? no",       "tab\there", "{~|`@", "aAaAb", "\001z",
		"a\r\n b",      "caf\303\251",
	};
	static const char *const needles[] = {"",    "HELLO", " HELLO", "THERE  ",   "A",
					      " ",   "=",     "?",      "TAB\tHERE", "{~|`@",
					      "AAB", "Z",     "B",      "hello"};

	for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
		gsize length = strlen(values[i]);
		g_autofree char *text = ferry_message_header_decode_utf8(values[i], length);
		g_autofree char *mapped = ferry_message_casemap(text, -1);

		for (gsize j = 0; j < G_N_ELEMENTS(needles); j++) {
			gboolean found = strstr(mapped, needles[j]) != NULL;

			if (ferry_message_header_matches(values[i], length, needles[j]) != found)
				g_error("'%s' in '%s'", needles[j], values[i]);
		}
	}
}

int
main(int argc, char *argv[])
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/message/text-search/matches", test_matches);
	g_test_add_func("/message/text-search/across-chunks", test_across_chunks);
	g_test_add_func("/message/text-search/casemap", test_casemap);
	g_test_add_func("/message/text-search/header-value", test_header_value);
	g_test_add_func("/message/text-search/simple-values", test_simple_values);
	return g_test_run();
}
