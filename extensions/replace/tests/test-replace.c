/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which message is replaced, and why none is. */
#include "replace.h"

#include "imap/tests/fixture.h"

extern const FerryPlugin ferry_plugin;

static const FerryMessageRow rows[] = {{.uid = 7}, {.uid = 9}, {.uid = 12}, {.uid = 4000000000}};

/* Messages 7, 9, 12 and 4000000000, of which 9 and the last are gone without the client knowing. */
static void
select_some(Fixture *fixture)
{
	static const FerryMessageRow left[] = {{.uid = 7}, {.uid = 12}};
	static const guint32 gone[] = {9, 4000000000};
	g_autoptr(FerryView) view = NULL;

	fixture_select(fixture, rows, G_N_ELEMENTS(rows));
	view = fixture_make_view(fixture, left, G_N_ELEMENTS(left), 4000000001);
	ferry_told_apply_changes(fixture->session->told, view, NULL, 0, gone, G_N_ELEMENTS(gone));
}

static guint32
choose(Fixture *fixture, const char *which, GError **error)
{
	g_autofree char *line = g_strdup_printf("%s Drafts {1+}\r\nx", which);
	g_autoptr(FerryImapCommand) command = fixture_parse(fixture, line, error);

	return command != NULL ? replace_choose(command, error) : 0;
}

static void
assert_chosen(Fixture *fixture, const char *which, guint32 uid, FerryError code)
{
	g_autoptr(GError) error = NULL;
	guint32 chosen = choose(fixture, which, &error);

	g_test_message("%s: %u, %s", which, chosen, error != NULL ? error->message : "");
	g_assert_cmpuint(chosen, ==, uid);
	if (uid != 0)
		g_assert_no_error(error);
	else
		g_assert_error(error, FERRY_ERROR, (int)code);
}

static void
test_choose(void)
{
	static const struct {
		const char *which;
		guint32 uid;
		FerryError code; /* where there is none */
	} cases[] = {
		{"REPLACE 1", 7, 0},
		{"REPLACE 3", 12, 0},
		{"UID REPLACE 7", 7, 0},
		{"UID REPLACE 12", 12, 0},
		/* by number what is gone is still there; the account finds that out */
		{"REPLACE 2", 9, 0},
		{"REPLACE 4", 4000000000, 0},
		{"REPLACE *", 4000000000, 0},
		{"UID REPLACE *", 0, FERRY_ERROR_EXPUNGED},
		{"UID REPLACE 9", 0, FERRY_ERROR_EXPUNGED},
		{"UID REPLACE 4000000000", 0, FERRY_ERROR_EXPUNGED},
		{"UID REPLACE 1", 0, FERRY_ERROR_NOT_FOUND},
		{"UID REPLACE 8", 0, FERRY_ERROR_NOT_FOUND},
		{"UID REPLACE 4000000001", 0, FERRY_ERROR_NOT_FOUND},
		{"UID REPLACE 4294967295", 0, FERRY_ERROR_NOT_FOUND},
		{"REPLACE 5", 0, FERRY_ERROR_INVALID},
		{"REPLACE 4294967295", 0, FERRY_ERROR_INVALID},
		{"REPLACE 0", 0, FERRY_ERROR_INVALID},
		{"UID REPLACE 0", 0, FERRY_ERROR_INVALID},
		{"UID REPLACE 4294967296", 0, FERRY_ERROR_INVALID},
		{"UID REPLACE 18446744073709551623", 0, FERRY_ERROR_INVALID},
		{"REPLACE 1:1", 0, FERRY_ERROR_INVALID},
		{"REPLACE 1,1", 0, FERRY_ERROR_INVALID},
		{"REPLACE 1:*", 0, FERRY_ERROR_INVALID},
		{"REPLACE $", 0, FERRY_ERROR_INVALID},
		{"REPLACE -1", 0, FERRY_ERROR_INVALID},
		{"REPLACE \"1\"", 0, FERRY_ERROR_INVALID},
		{"REPLACE (1)", 0, FERRY_ERROR_INVALID},
	};
	Fixture fixture;

	fixture_init_with(&fixture, &ferry_plugin);
	select_some(&fixture);
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
		assert_chosen(&fixture, cases[i].which, cases[i].uid, cases[i].code);
	fixture_clear(&fixture);
}

/* `*` is the last message there is, by number and by UID; in an empty mailbox there is none. */
static void
test_last(void)
{
	Fixture fixture;

	fixture_init_with(&fixture, &ferry_plugin);
	fixture_select(&fixture, rows, G_N_ELEMENTS(rows));
	assert_chosen(&fixture, "REPLACE *", 4000000000, 0);
	assert_chosen(&fixture, "UID REPLACE *", 4000000000, 0);
	fixture_select(&fixture, rows, 0);
	assert_chosen(&fixture, "REPLACE *", 0, FERRY_ERROR_INVALID);
	assert_chosen(&fixture, "REPLACE 1", 0, FERRY_ERROR_INVALID);
	assert_chosen(&fixture, "UID REPLACE *", 0, FERRY_ERROR_NOT_FOUND);
	fixture_clear(&fixture);
}

/* Rights come first: what may not be changed tells nothing of what is in it. */
static void
test_read_only(void)
{
	Fixture fixture;

	fixture_init_with(&fixture, &ferry_plugin);
	select_some(&fixture);
	fixture.session->read_only = TRUE;
	assert_chosen(&fixture, "REPLACE 1", 0, FERRY_ERROR_NO_PERMISSION);
	assert_chosen(&fixture, "REPLACE 5", 0, FERRY_ERROR_NO_PERMISSION);
	assert_chosen(&fixture, "UID REPLACE 9", 0, FERRY_ERROR_NO_PERMISSION);
	fixture_clear(&fixture);
}

/* Its mailbox went between the command's arrival and its turn. */
static void
test_unselected(void)
{
	Fixture fixture;

	fixture_init_with(&fixture, &ferry_plugin);
	assert_chosen(&fixture, "REPLACE 1", 0, FERRY_ERROR_INVALID);
	assert_chosen(&fixture, "UID REPLACE 1", 0, FERRY_ERROR_INVALID);
	fixture_clear(&fixture);
}

/* The rest of the command: one message, which may be put together of parts. */
static void
test_grammar(void)
{
	static const struct {
		const char *line;
		gboolean good;
	} cases[] = {
		{"REPLACE 1 Drafts {1+}\r\nx", TRUE},
		{"REPLACE 1 Drafts (\\Seen $Label) {1+}\r\nx", TRUE},
		{"REPLACE 1 Drafts () \"01-Jan-2024 00:00:00 +0000\" {1+}\r\nx", TRUE},
		{"REPLACE 1 Drafts ~{1+}\r\nx", TRUE},
		{"REPLACE 1 Drafts {0+}\r\n", TRUE},
		{"REPLACE 1 Drafts", FALSE},
		{"REPLACE 1 {1+}\r\nx", FALSE},
		{"REPLACE Drafts {1+}\r\nx", FALSE},
		{"REPLACE 1 Drafts \"x\"", FALSE},
		{"REPLACE 1 Drafts {1+}\r\nx {1+}\r\nx", FALSE},
		{"REPLACE 1 Drafts {1+}\r\nx (\\Seen) {1+}\r\nx", FALSE},
		{"REPLACE 1 Drafts \"01-Jan-2024 00:00:00 +0000\" () {1+}\r\nx", FALSE},
		{"REPLACE 1 2 Drafts {1+}\r\nx", FALSE},
	};
	Fixture fixture;

	fixture_init_with(&fixture, &ferry_plugin);
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(FerryImapCommand) command =
			fixture_parse(&fixture, cases[i].line, &error);

		g_test_message("case %u: %s", i, cases[i].line);
		g_assert_cmpint(command != NULL, ==, cases[i].good);
		if (command == NULL)
			g_assert_error(error, FERRY_ERROR, FERRY_ERROR_INVALID);
	}
	fixture_clear(&fixture);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/replace/choose", test_choose);
	g_test_add_func("/replace/last", test_last);
	g_test_add_func("/replace/read-only", test_read_only);
	g_test_add_func("/replace/unselected", test_unselected);
	g_test_add_func("/replace/grammar", test_grammar);
	return g_test_run();
}
