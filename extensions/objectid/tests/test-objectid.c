/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an id may look like, and how ids are told. */
#include "objectid.h"

#include "account/mailbox-private.h"
#include "account/mailbox-list-private.h"
#include "imap/fetch-private.h"
#include "imap/search-private.h"
#include "imap/status-private.h"
#include "imap/tests/fixture.h"

extern const FerryPlugin ferry_plugin;

/* RFC 8474 §7: ids are of these characters; others become an escape, and no two the same. */
static void
test_mailbox_id(void)
{
	static const struct {
		const char *id, *made;
	} cases[] = {
		{"", ""},
		{"P-a_Z09", "P-a_Z09"},
		{"~all", "_7Eall"},
		{"a b", "a_20b"},
		{")", "_29"},
		{"\r\n", "_0D_0A"},
		{"\xc3\xbc\xff", "_C3_BC_FF"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *made = objectid_make_mailbox_id(cases[i].id);

		g_assert_cmpstr(made, ==, cases[i].made);
	}
}

static gboolean
is_taken(Fixture *fixture, const char *key, const char *id)
{
	g_autofree char *line = g_strdup_printf("SEARCH %s %s", key, id);
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryImapCommand) command = fixture_parse(fixture, line, &error);
	g_autoptr(FerryImapSearch) search = NULL;
	guint n;

	if (command != NULL) {
		search = ferry_imap_search_new(command);
		n = ferry_imap_command_get_n_arguments(command);
		if (ferry_imap_search_plan(search, NULL,
					   ferry_imap_command_get_argument(command, n - 1), &error))
			return TRUE;
	}
	g_assert_error(error, FERRY_ERROR, FERRY_ERROR_INVALID);
	return FALSE;
}

static void
test_search_arguments(void)
{
	static const struct {
		const char *id;
		gboolean good;
	} cases[] = {
		{"M1", TRUE},          {"-", TRUE},          {"_", TRUE},        {"NIL", TRUE},
		{"\"M1\"", TRUE},      {"\"\"", FALSE},      {"\"a b\"", FALSE}, {"a.b", FALSE},
		{"a:b", FALSE},        {"a/b", FALSE},       {"a@b", FALSE},     {"a+b", FALSE},
		{"\"a\\\\b\"", FALSE}, {"\"a\\\"\"", FALSE}, {"(a)", FALSE},     {"", FALSE},
		{"a,b", FALSE},        {"a^b", FALSE},       {"a`b", FALSE},     {"a[b", FALSE},
	};
	Fixture fixture;

	fixture_init_with(&fixture, &ferry_plugin);
	fixture_select(&fixture, NULL, 0);
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_test_message("case %u: %s", i, cases[i].id);
		g_assert_cmpint(is_taken(&fixture, "EMAILID", cases[i].id), ==, cases[i].good);
		g_assert_cmpint(is_taken(&fixture, "THREADID", cases[i].id), ==, cases[i].good);
	}
	for (guint length = 254; length <= 257; length++) {
		g_autofree char *id = g_strnfill(length, 'x');

		g_assert_cmpint(is_taken(&fixture, "EMAILID", id), ==, length <= 255);
	}
	fixture_clear(&fixture);
}

/* Emails e, e and none: what the last one's ids are, nobody knows. */
static void
select_three(Fixture *fixture)
{
	static const char *const threads[] = {"T1", "t1", ""};
	static const char *const emails[] = {"M1", "M2", "M12"};
	FerryViewBuilder *builder = ferry_view_builder_new(NULL, fixture->keywords);
	g_autoptr(FerryView) view = NULL;

	for (guint i = 0; i < G_N_ELEMENTS(threads); i++) {
		FerryMessageRow row = {.uid = i + 1};

		ferry_view_builder_set(builder, &row, emails[i], "b", threads[i]);
	}
	ferry_view_builder_set_mailbox(builder, 1, 4, 1, 0);
	view = ferry_view_builder_end(builder);
	fixture->session->told = ferry_told_new(view);
}

/* Ids are compared octet for octet. */
static void
test_match(void)
{
	static const struct {
		const char *program;
		const char *found;
	} cases[] = {
		{"EMAILID M1", "1"},
		{"EMAILID m1", ""},
		{"EMAILID M", ""},
		{"EMAILID M12", "3"},
		{"THREADID T1", "1"},
		{"THREADID t1", "2"},
		{"THREADID M1", ""},
		{"NOT THREADID T1", "23"},
		{"OR EMAILID M2 THREADID T1", "12"},
		{"EMAILID M1 EMAILID M2", ""},
	};
	Fixture fixture;

	fixture_init_with(&fixture, &ferry_plugin);
	select_three(&fixture);
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *line = g_strdup_printf("SEARCH %s", cases[i].program);
		g_autoptr(FerryImapCommand) command = fixture_parse(&fixture, line, NULL);
		g_autoptr(FerryImapSearch) search = ferry_imap_search_new(command);
		g_autoptr(GString) found = g_string_new(NULL);
		guint n = ferry_imap_command_get_n_arguments(command);

		g_assert_true(ferry_imap_search_plan(
			search, NULL, ferry_imap_command_get_argument(command, n - 1), NULL));
		for (guint32 number = 1; number <= 3; number++) {
			g_autoptr(FerryImapMessage) message =
				ferry_told_get_message(fixture.session->told, number);

			if (ferry_imap_search_judge(search, message, FERRY_NEEDS_METADATA) ==
			    SEARCH_TRUE)
				g_string_append_printf(found, "%u", number);
		}
		g_test_message("case %u", i);
		g_assert_cmpstr(found->str, ==, cases[i].found);
	}
	fixture_clear(&fixture);
}

static void
test_fetch(void)
{
	static const struct {
		const char *line;
		guint32 number;
		const char *answer;
	} cases[] = {
		{"FETCH 1 EMAILID", 1, "* 1 FETCH (EMAILID (M1))\r\n"},
		{"FETCH 2 (THREADID EMAILID)", 2, "* 2 FETCH (THREADID (t1) EMAILID (M2))\r\n"},
		{"UID FETCH 3 THREADID", 3, "* 3 FETCH (UID 3 THREADID NIL)\r\n"},
	};
	Fixture fixture;

	fixture_init_with(&fixture, &ferry_plugin);
	select_three(&fixture);
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(FerryImapCommand) command = fixture_parse(&fixture, cases[i].line, NULL);
		g_autoptr(FerryImapFetch) fetch = ferry_imap_fetch_new(command);
		g_autoptr(FerryImapWriter) writer = ferry_imap_writer_new_for_buffer();
		g_autoptr(FerryImapMessage) message =
			ferry_told_get_message(fixture.session->told, cases[i].number);
		g_autofree char *answer = NULL;

		g_assert_true(ferry_imap_fetch_plan(fetch, NULL));
		g_assert_cmpint(ferry_imap_fetch_get_marks_seen(fetch), ==, FALSE);
		ferry_imap_fetch_write_message(fetch, message, writer, FALSE);
		answer = ferry_imap_writer_dup_output(writer, NULL);
		g_assert_cmpstr(answer, ==, cases[i].answer);
	}
	fixture_clear(&fixture);
}

/* STATUS of a mailbox, of one that the backend does not have, of a level that is none. */
static void
test_status(void)
{
	static const struct {
		const char *id, *answer;
	} cases[] = {
		{"P1", "MAILBOXID (P1)"},
		{"~all", "MAILBOXID (_7Eall)"},
		{NULL, "MAILBOXID NIL"},
	};
	Fixture fixture;

	fixture_init_with(&fixture, &ferry_plugin);
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		FerryMailboxStatus numbers = {0};
		g_autoptr(FerryMailboxList) list = ferry_mailbox_list_new("Shared");
		g_autoptr(GPtrArray) mailboxes =
			g_ptr_array_new_with_free_func((GDestroyNotify)ferry_store_mailbox_unref);
		FerryMailboxInfo *info = NULL;
		g_autoptr(FerryImapStatus) status = NULL;
		g_autoptr(FerryImapWriter) writer = ferry_imap_writer_new_for_buffer();
		g_autofree char *answer = NULL;

		if (cases[i].id != NULL) {
			FerryStoreMailbox *mailbox = ferry_store_mailbox_new(cases[i].id, "Work");

			mailbox->imap_name = g_strdup("Work");
			mailbox->rights = FERRY_RIGHTS_ALL;
			g_ptr_array_add(mailboxes, mailbox);
		}
		ferry_mailbox_list_add_account(list, "A", "", mailboxes, FALSE, NULL);
		ferry_mailbox_list_seal(list);
		info = ferry_mailbox_list_find(list, "Work");
		status = ferry_imap_status_new(fixture.session, NULL, "Work", info, &numbers);
		objectid_write_status(status, writer, NULL);
		answer = ferry_imap_writer_dup_output(writer, NULL);
		g_assert_cmpstr(answer, ==, cases[i].answer);
	}
	fixture_clear(&fixture);
}

static void
test_codes(void)
{
	Fixture fixture;
	g_autoptr(FerryImapCommand) command = NULL;
	g_autofree char *selected = NULL;
	g_autofree char *created = NULL;

	fixture_init_with(&fixture, &ferry_plugin);
	command = fixture_parse(&fixture, "CREATE Boats", NULL);
	g_assert_null(objectid_make_select_code(command, NULL));
	g_assert_null(objectid_make_create_code(command, NULL));
	fixture.session->mailbox = g_object_new(FERRY_TYPE_MAILBOX, NULL);
	fixture.session->mailbox->id = g_strdup("~all");
	ferry_imap_command_set_named_data(command, "mailbox-id", g_strdup("P2"), g_free);
	selected = objectid_make_select_code(command, NULL);
	created = objectid_make_create_code(command, NULL);
	g_assert_cmpstr(selected, ==, "MAILBOXID (_7Eall)");
	g_assert_cmpstr(created, ==, "MAILBOXID (P2)");
	fixture_clear(&fixture);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/objectid/mailbox-id", test_mailbox_id);
	g_test_add_func("/objectid/search-arguments", test_search_arguments);
	g_test_add_func("/objectid/match", test_match);
	g_test_add_func("/objectid/fetch", test_fetch);
	g_test_add_func("/objectid/status", test_status);
	g_test_add_func("/objectid/codes", test_codes);
	return g_test_run();
}
