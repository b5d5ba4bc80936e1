/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "uidonly.h"

#include <string.h>

#include "imap/base-module.h"
#include "imap/grammar.h"
#include "imap/tests/fixture.h"

extern const FerryPlugin ferry_plugin;

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
	{"[(sequence-set)]", "(1:2)", FALSE},
	{"[(sequence-set sequence-set sequence-set)]", "(1 2 3)", FALSE},
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

static const FerryMessageRow rows[] = {{.uid = 3}, {.uid = 5}, {.uid = 9}};

/* Commands that have a form with UID, but EXPUNGE, and those with numbers in their arguments; none
 * of them while it is not enabled. */
static void
test_check(void)
{
	static const struct {
		const char *line;
		gboolean good;
	} commands[] = {
		{"FETCH 1 FLAGS", FALSE},    {"UID FETCH 1 FLAGS", TRUE},
		{"STORE 1 FLAGS ()", FALSE}, {"UID STORE * FLAGS ()", TRUE},
		{"COPY 1 x", FALSE},         {"SEARCH ALL", FALSE},
		{"UID SEARCH ALL", TRUE},    {"UID SEARCH UID 1:*", TRUE},
		{"UID SEARCH 1", FALSE},     {"UID SEARCH NOT (SEEN OR 1 SEEN)", FALSE},
		{"UID SEARCH $", TRUE},      {"EXPUNGE", TRUE},
		{"UID EXPUNGE 1:*", TRUE},   {"NOOP", TRUE},
		{"SELECT x", TRUE},          {"STATUS x (MESSAGES)", TRUE},
	};
	Fixture fixture;

	fixture_init_with(&fixture, &ferry_plugin);
	for (guint i = 0; i < 2 * G_N_ELEMENTS(commands); i++) {
		gboolean enabled = i >= G_N_ELEMENTS(commands);
		guint n = i % G_N_ELEMENTS(commands);
		g_autoptr(GError) error = NULL;
		g_autoptr(FerryImapCommand) command =
			fixture_parse(&fixture, commands[n].line, &error);
		gboolean good;

		g_assert_no_error(error);
		if (enabled)
			ferry_imap_session_enable(fixture.session, "UIDONLY");
		good = uidonly_check(command, NULL, &error);
		g_test_message("%s", commands[n].line);
		g_assert_cmpint(good, ==, !enabled || commands[n].good);
		g_assert_cmpstr(ferry_imap_command_get_response_code(command), ==,
				good ? NULL : "UIDREQUIRED");
		if (!good)
			g_assert_error(error, FERRY_ERROR, FERRY_ERROR_INVALID);
	}
	fixture_clear(&fixture);
}

/* What went is told as VANISHED, and not by number too; without ENABLE it is left to others. */
static void
test_update(void)
{
	static const struct {
		gboolean enabled;
		guint32 gone[3];
		gsize n_gone;
		const char *output;
		gsize n_left;
	} updates[] = {
		{FALSE, {3, 5}, 2, "", 2},
		{TRUE, {3, 5}, 2, "* VANISHED 3,5\r\n", 0},
		{TRUE, {9}, 1, "* VANISHED 9\r\n", 0},
		{TRUE, {0}, 0, "", 0},
	};

	for (guint i = 0; i < G_N_ELEMENTS(updates); i++) {
		Fixture fixture;
		FerryMessageRow left[3];
		guint n_rows = 0;
		gsize n_left;
		g_autoptr(FerryView) view = NULL;
		g_autoptr(FerryImapUpdate) update = NULL;
		g_autofree char *output = NULL;

		fixture_init_with(&fixture, &ferry_plugin);
		fixture_select(&fixture, rows, G_N_ELEMENTS(rows));
		for (guint row = 0; row < G_N_ELEMENTS(rows); row++)
			if (rows[row].uid != updates[i].gone[0] &&
			    rows[row].uid != updates[i].gone[1])
				left[n_rows++] = rows[row];
		view = fixture_make_view(&fixture, left, n_rows, 10);
		ferry_told_apply_changes(fixture.session->told, view, NULL, 0, updates[i].gone,
					 updates[i].n_gone);
		if (updates[i].enabled)
			ferry_imap_session_enable(fixture.session, "UIDONLY");
		update = ferry_imap_update_new(fixture.session->told, FERRY_NEWS_ALL, FALSE);
		g_assert_false(
			uidonly_update(fixture.session, update, fixture.session->writer, NULL));
		ferry_imap_update_get_expunged(update, &n_left);
		output = ferry_imap_writer_dup_output(fixture.session->writer, NULL);
		g_test_message("case %u", i);
		g_assert_cmpstr(output, ==, updates[i].output);
		g_assert_cmpuint(n_left, ==, updates[i].n_left);
		fixture_clear(&fixture);
	}
}

/* From ENABLE on the responses begin with UIDs. */
static void
test_enable(void)
{
	Fixture fixture;

	fixture_init_with(&fixture, &ferry_plugin);
	g_assert_null(ferry_imap_session_get_fetch_word(fixture.session));
	g_assert_true(uidonly_enable(fixture.session, NULL));
	g_assert_cmpstr(ferry_imap_session_get_fetch_word(fixture.session), ==, "UIDFETCH");
	fixture_clear(&fixture);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/uidonly/numbers", test_numbers);
	g_test_add_func("/uidonly/many", test_many);
	g_test_add_func("/uidonly/check", test_check);
	g_test_add_func("/uidonly/update", test_update);
	g_test_add_func("/uidonly/enable", test_enable);
	return g_test_run();
}
