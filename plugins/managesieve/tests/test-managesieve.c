/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What needs no server: the parser, names, warnings, answers. */
#include <string.h>

#include <ferry-protocol.h>

#include "sieve-error.h"
#include "sieve-names.h"
#include "sieve-parser.h"
#include "sieve-warnings.h"

#define LINE_LIMIT 200
#define LITERAL_LIMIT 100

/* The words of a command as text: atoms as they are, strings in <>, numbers behind #. */
static char *
describe(GPtrArray *tokens)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < tokens->len; i++) {
		const SieveToken *token = tokens->pdata[i];
		const char *words = sieve_token_get_text(token);

		if (i > 0)
			g_string_append_c(text, ' ');
		if (token->type == SIEVE_TOKEN_NUMBER)
			g_string_append_printf(text, "#%u", token->number);
		else if (token->type == SIEVE_TOKEN_STRING)
			g_string_append_printf(text, "<%s>", words != NULL ? words : "NUL");
		else
			g_string_append(text, words);
	}
	return g_string_free(text, FALSE);
}

/* Feeds @input in pieces of @step octets and describes every command in it, `!reason` where one is
 * malformed, `FATAL` where nothing more can be read, `...` where one is not complete. */
static char *
parse(const char *input, gsize length, gsize step)
{
	SieveParser *parser = sieve_parser_new(LINE_LIMIT, LITERAL_LIMIT);
	GString *text = g_string_new(NULL);
	SieveParseResult result = SIEVE_PARSE_MORE;

	for (gsize at = 0; at < length && result != SIEVE_PARSE_FATAL;) {
		at += sieve_parser_feed(parser, (const guint8 *)input + at, MIN(step, length - at),
					&result);
		if (result == SIEVE_PARSE_DONE) {
			g_autoptr(GError) error = NULL;
			g_autoptr(GPtrArray) tokens = sieve_parser_take(parser, &error);
			g_autofree char *words = tokens != NULL ? describe(tokens) : NULL;

			g_string_append_printf(text, "%s%s|", tokens != NULL ? "" : "!",
					       tokens != NULL ? words : error->message);
		} else if (result == SIEVE_PARSE_FATAL) {
			g_string_append(text, "FATAL");
		} else if (at == length) {
			g_string_append(text, "...");
		}
	}
	sieve_parser_free(parser);
	return g_string_free(text, FALSE);
}

static const struct {
	const char *input;
	const char *wanted; /* what stands in it */
} commands[] = {
	{"NOOP\r\n", "NOOP|"},
	{"noop\n", "NOOP|"},
	{"\r\n", "|"},
	{"NOOP", "..."},
	{"LISTSCRIPTS\r\nNOOP\r\n", "LISTSCRIPTS|NOOP|"},
	{"HAVESPACE \"a\" 100\r\n", "HAVESPACE <a> #100|"},
	{"HAVESPACE \"a\" 0\r\n", "HAVESPACE <a> #0|"},
	{"HAVESPACE \"a\" 4294967295\r\n", "HAVESPACE <a> #4294967295|"},
	{"HAVESPACE \"a\" 4294967296\r\n", "!A number has 32 bits|"},
	{"HAVESPACE \"a\" 99999999999999999999999\r\n", "!A number has 32 bits|"},
	{"HAVESPACE \"a\" 01\r\n", "!A number has no leading zeros|"},
	{"X \"q\\\"b\\\\s\"\r\n", "X <q\"b\\s>|"},
	{"X \"\"\r\n", "X <>|"},
	{"X \"\xc3\xa4\"\r\n", "X <\xc3\xa4>|"},
	{"X \"open\r\nNOOP\r\n", "!The closing quote is missing|NOOP|"},
	{"X \"\\n\"\r\n", "!A backslash may only stand before \" and \\|"},
	{"X \"a\"\"b\"\r\n", "!A space has to stand between arguments|"},
	{"X  \"a\"\r\n", "!Neither a string, nor a number, nor a word|"},
	{"X \r\n", "!A space stands at the end of the line|"},
	{" X\r\n", "!Neither a string, nor a number, nor a word|"},
	{"X (\r\n", "!Neither a string, nor a number, nor a word|"},
	{"X {3+}\r\nabc\r\n", "X <abc>|"},
	{"X {3}\r\nabc\r\n", "X <abc>|"},
	{"X {0+}\r\n\r\n", "X <>|"},
	{"X {3+}\nabc\n", "X <abc>|"},
	{"PUT {3+}\r\nabc {2+}\r\nde\r\n", "PUT <abc> <de>|"},
	/* what a literal holds is no command */
	{"X {8+}\r\nLOGOUT\r\n\r\nNOOP\r\n", "X <LOGOUT\r\n>|NOOP|"},
	{"X ( {8+}\r\nLOGOUT\r\n\r\nNOOP\r\n", "!Neither a string, nor a number, nor a word|NOOP|"},
	{"X {3+}\r\nabcd\r\n", "!A space has to stand between arguments|"},
	{"X {3+}x\r\n", "!A literal begins with {octets+} at the end of a line|"},
	{"X {+}\r\n", "!A literal begins with {octets+} at the end of a line|"},
	{"X \"{3+}\"\r\nNOOP\r\n", "X <{3+}>|NOOP|"},
	{"X \"{3+}\r\nNOOP\r\n", "!The closing quote is missing|NOOP|"},
	{"X {101+}\r\n"
	 "0123456789012345678901234567890123456789012345678901234567890123456789"
	 "0123456789012345678901234567890\r\nNOOP\r\n",
	 "!Literals of a command may have 100 octets here|NOOP|"},
	{"X {60+}\r\n012345678901234567890123456789012345678901234567890123456789 {60+}\r\n"
	 "012345678901234567890123456789012345678901234567890123456789\r\nNOOP\r\n",
	 "!Literals of a command may have 100 octets here|NOOP|"},
	{"X {999999999999+}\r\nNOOP\r\n", "FATAL"},
	{"X {99999999999999999999999999+}\r\nNOOP\r\n", "FATAL"},
	{"A B C D E F G H I\r\n", "!Too many arguments|"},
	{"\"STRING\"\r\n", "<STRING>|"},
};

static void
test_commands(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
		for (gsize step = 1; step <= 64; step *= 4) {
			g_autofree char *got =
				parse(commands[i].input, strlen(commands[i].input), step);

			g_assert_cmpstr(got, ==, commands[i].wanted);
		}
}

static void
test_limits(void)
{
	g_autofree char *word = g_strnfill(LINE_LIMIT, 'X');
	g_autofree char *fits = g_strconcat(word, "\nNOOP\n", NULL);
	g_autofree char *longer = g_strconcat("X", word, "\nNOOP\n", NULL);
	/* its literal is read all the same */
	g_autofree char *literal = g_strconcat(word, "X {8+}\r\nLOGOUT\r\n\r\nNOOP\r\n", NULL);
	g_autofree char *got = parse(fits, strlen(fits), 7);
	g_autofree char *refused = parse(longer, strlen(longer), 7);
	g_autofree char *skipped = parse(literal, strlen(literal), 7);
	g_autofree char *nul = parse("NO\0OP\r\nX {3+}\r\na\0b\r\n", 20, 1);

	g_assert_true(g_str_has_suffix(got, "X|NOOP|"));
	g_assert_cmpstr(refused, ==, "!The line is too long|NOOP|");
	g_assert_cmpstr(skipped, ==, "!The line is too long|NOOP|");
	g_assert_cmpstr(nul, ==, "!NUL can only be in a literal|X <NUL>|");
}

static void
test_names(void)
{
	static const struct {
		const char *name;
		const char *wanted; /* NULL: refused */
	} cases[] = {
		{"main", "main"},
		{"M\xc3\xa4rz", "M\xc3\xa4rz"},
		{"Ma\xcc\x88rz", "M\xc3\xa4rz"},
		{"a/b", "a/b"},
		{" ", " "},
		{"\xf0\x9f\x93\xac", "\xf0\x9f\x93\xac"},
		{"", NULL},
		{"a\tb", NULL},
		{"a\x7f", NULL},
		{"a\xc2\x85", NULL},
		{"a\xe2\x80\xa8", NULL},
		{"a\xe2\x80\xa9", NULL},
		{"\xff", NULL},
		{"123456789012345678901", NULL},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *got = sieve_name_check((const guint8 *)cases[i].name,
							strlen(cases[i].name), 20, &error);

		g_assert_cmpstr(got, ==, cases[i].wanted);
		g_assert_true((got == NULL) == (error != NULL));
	}
}

static void
test_made_names(void)
{
	static const struct {
		const char *name, *id, *wanted;
	} cases[] = {
		{"one", "a", "one"},
		{"one", "b", "one (b)"},
		{"one (c)", "x", "one (c)"},
		{"one", "c", "one (c 2)"},
		{NULL, "d", "unnamed (d)"},
		{"", "e", "unnamed (e)"},
		{"line\nbreak", "f", "unnamed (f)"},
		{"unnamed (g)", "y", "unnamed (g)"},
		{NULL, "g", "unnamed (g 2)"},
	};
	g_autoptr(GHashTable) taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *got = sieve_name_make(cases[i].name, cases[i].id, taken);

		g_assert_cmpstr(got, ==, cases[i].wanted);
	}
	g_assert_cmpuint(g_hash_table_size(taken), ==, G_N_ELEMENTS(cases));
}

static void
test_warnings(void)
{
	static const struct {
		const char *script;
		const char *wanted; /* how it begins; NULL: none */
	} cases[] = {
		{"keep;", NULL},
		{"redirect \"a@x\";", NULL},
		{"redirect \"a@x\";\r\nredirect \"b@x\";", NULL},
		{"redirect \"a@x\";\r\nredirect \"b@x\";\r\nredirect \"c@x\";", "line 3:"},
		{"Redirect \"a\";REDIRECT \"b\"; redirect \"c\";", "line 1:"},
		{"# redirect redirect redirect\n", NULL},
		{"/* redirect\nredirect */ redirect \"a\"; redirect \"b\";", NULL},
		{"\"redirect \\\" redirect redirect\"", NULL},
		{"text:\r\nredirect\r\nredirect\r\nredirect\r\n.\r\nkeep;", NULL},
		{"my_redirect redirects redirect_2 redirect4", NULL},
		{"redirect \"unclosed redirect redirect", NULL},
		{"/* unclosed redirect redirect redirect", NULL},
		{"text: unclosed\nredirect\nredirect\nredirect", NULL},
		{"", NULL},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *got =
			sieve_warnings_find(cases[i].script, strlen(cases[i].script), 2);

		if (cases[i].wanted == NULL)
			g_assert_null(got);
		else
			g_assert_true(g_str_has_prefix(got, cases[i].wanted));
	}
}

static void
test_answers(void)
{
	static const struct {
		const char *type, *description, *code, *text;
	} cases[] = {
		{"invalidSieve", "line 1: bad\r\nline 2: worse\r\n", NULL,
		 "line 1: bad\r\nline 2: worse"},
		{"invalidScript", "line 1: syntax error\n", NULL, "line 1: syntax error"},
		{"sieveIsActive", NULL, "ACTIVE", NULL},
		{"scriptIsActive", NULL, "ACTIVE", NULL},
		{"alreadyExists", NULL, "ALREADYEXISTS", NULL},
		{"overQuota", NULL, "QUOTA", NULL},
		{"tooLarge", NULL, "QUOTA/MAXSIZE", NULL},
		{"notFound", NULL, "NONEXISTENT", NULL},
		{"stateMismatch", NULL, "TRYLATER", NULL},
		{"serverUnavailable", NULL, "TRYLATER", NULL},
		{"forbidden", NULL, NULL, NULL},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = sieve_error_translate(
			ferry_jmap_error_new_for_type(cases[i].type, cases[i].description, NULL));
		g_autoptr(SieveAnswer) answer = sieve_answer_new(error);

		g_assert_cmpstr(answer->code, ==, cases[i].code);
		if (cases[i].text != NULL)
			g_assert_cmpstr(answer->text, ==, cases[i].text);
		g_assert_cmpuint(strlen(answer->text), >, 0);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/managesieve/parser/commands", test_commands);
	g_test_add_func("/managesieve/parser/limits", test_limits);
	g_test_add_func("/managesieve/names/checked", test_names);
	g_test_add_func("/managesieve/names/made", test_made_names);
	g_test_add_func("/managesieve/warnings", test_warnings);
	g_test_add_func("/managesieve/answers", test_answers);
	return g_test_run();
}
