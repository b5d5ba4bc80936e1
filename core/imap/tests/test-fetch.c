/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* FETCH: what a command asks for, and how a message answers it. */
#include "base/error.h"
#include "fixture.h"
#include "imap/fetch-private.h"

static const char raw[] = "From: a@example.org\r\n"
			  "Subject: one\r\n"
			  "Subject: two\r\n"
			  "Mime-Version: 1.0\r\n"
			  "Content-Type: multipart/mixed; boundary=b\r\n"
			  "\r\n"
			  "--b\r\n"
			  "\r\n"
			  "plain\r\n"
			  "--b\r\n"
			  "Content-Transfer-Encoding: base64\r\n"
			  "\r\n"
			  "aGVs!bG8A\r\n"
			  "--b\r\n"
			  "Content-Type: message/rfc822\r\n"
			  "\r\n"
			  "Subject: in\r\n"
			  "\r\n"
			  "inner\r\n"
			  "--b\r\n"
			  "Content-Transfer-Encoding: x-none\r\n"
			  "\r\n"
			  "odd\r\n"
			  "--b--\r\n";

static const FerryMessageRow rows[] = {
	{.uid = 7, .received_at = 1000000000, .sent_at = G_MININT64, .size = 400},
	{.uid = 9, .flags = FERRY_MESSAGE_SEEN | FERRY_MESSAGE_DELETED, .size = G_MAXUINT32},
};

/* The response to @line for message @number with the contents @data. */
static char *
answer(Fixture *fixture, const char *line, guint32 number, FerryMessageData *data, GError **error,
       GError **failure)
{
	g_autoptr(FerryImapCommand) command = fixture_parse(fixture, line, error);
	g_autoptr(FerryImapWriter) writer = ferry_imap_writer_new_for_buffer();
	g_autoptr(FerryImapMessage) message = NULL;
	g_autoptr(FerryImapFetch) fetch = NULL;

	if (command == NULL)
		return NULL;
	fetch = ferry_imap_fetch_new(command);
	ferry_imap_command_set_operation(command, G_OBJECT(fetch));
	if (!ferry_imap_fetch_plan(fetch, error))
		return NULL;
	message = ferry_told_get_message(fixture->session->told, number);
	ferry_imap_message_set_data(message, data);
	ferry_imap_fetch_write_message(fetch, message, writer, FALSE);
	if (failure != NULL && ferry_imap_fetch_get_error(fetch) != NULL)
		*failure = g_error_copy(ferry_imap_fetch_get_error(fetch));
	return ferry_imap_writer_dup_output(writer, NULL);
}

static void
test_items(void)
{
	static const struct {
		const char *items;
		const char *expected;
	} cases[] = {
		{"UID", "UID 7"},
		{"(UID UID FLAGS uid)", "UID 7 FLAGS ()"},
		{"RFC822.SIZE", "RFC822.SIZE 400"},
		{"INTERNALDATE", "INTERNALDATE \" 9-Sep-2001 01:46:40 +0000\""},
		{"FAST", "FLAGS () INTERNALDATE \" 9-Sep-2001 01:46:40 +0000\" RFC822.SIZE 400"},
		{"BODY[HEADER.FIELDS (subject)]",
		 "BODY[HEADER.FIELDS (subject)] {30}\r\nSubject: one\r\nSubject: two\r\n\r\n"},
		{"BODY.PEEK[HEADER.FIELDS.NOT (Subject Content-Type Mime-Version)]<2.4>",
		 "BODY[HEADER.FIELDS.NOT (Subject Content-Type Mime-Version)]<2> {4}\r\nom: "},
		{"BODY[HEADER.FIELDS (\"x y\")]", "BODY[HEADER.FIELDS (\"x y\")] {2}\r\n\r\n"},
		{"BODY[]<0.5>", "BODY[]<0> {5}\r\nFrom:"},
		{"BODY[]<1000.5>", "BODY[]<1000> {0}\r\n"},
		{"BODY[]<9223372036854775807.9223372036854775807>",
		 "BODY[]<9223372036854775807> {0}\r\n"},
		{"BODY[1]", "BODY[1] {5}\r\nplain"},
		{"BODY[1]<2.2>", "BODY[1]<2> {2}\r\nai"},
		{"BODY[1.MIME]", "BODY[1.MIME] {2}\r\n\r\n"},
		{"BODY[1.1]", "BODY[1.1] NIL"},
		{"BODY[1.HEADER]", "BODY[1.HEADER] NIL"},
		{"BODY[2]", "BODY[2] {9}\r\naGVs!bG8A"},
		{"BODY[3]", "BODY[3] {20}\r\nSubject: in\r\n\r\ninner"},
		{"BODY[3.HEADER]", "BODY[3.HEADER] {15}\r\nSubject: in\r\n\r\n"},
		{"BODY[3.HEADER.FIELDS (subject)]",
		 "BODY[3.HEADER.FIELDS (subject)] {15}\r\nSubject: in\r\n\r\n"},
		{"BODY[3.TEXT]", "BODY[3.TEXT] {5}\r\ninner"},
		{"BODY[3.1]", "BODY[3.1] {5}\r\ninner"},
		{"BODY[3.1.MIME]", "BODY[3.1.MIME] {15}\r\nSubject: in\r\n\r\n"},
		{"BODY[9]", "BODY[9] NIL"},
		{"BODY[TEXT]<0.3>", "BODY[TEXT]<0> {3}\r\n--b"},
		{"BINARY[1]", "BINARY[1] {5}\r\nplain"},
		{"BINARY.PEEK[2]<1.3>", "BINARY[2]<1> {3}\r\nell"},
		{"BINARY.SIZE[2]", "BINARY.SIZE[2] 6"},
		{"(BINARY.SIZE[2] BINARY[2]<0.2> BINARY[2]<9.2>)",
		 "BINARY.SIZE[2] 6 BINARY[2]<0> {2}\r\nhe BINARY[2]<9> {0}\r\n"},
		{"BINARY[3]", "BINARY[3] {20}\r\nSubject: in\r\n\r\ninner"},
		{"BINARY[9]", "BINARY[9] NIL"},
		{"BINARY.SIZE[9]", "BINARY.SIZE[9] 0"},
	};
	Fixture fixture;
	g_autoptr(FerryMessageData) data = fixture_make_data(7, raw, strlen(raw));

	fixture_init(&fixture);
	fixture_select(&fixture, rows, G_N_ELEMENTS(rows));
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *line = g_strdup_printf("FETCH 1 %s", cases[i].items);
		g_autoptr(GError) error = NULL;
		g_autofree char *output = answer(&fixture, line, 1, data, &error, NULL);
		g_autofree char *expected = NULL;

		g_assert_no_error(error);
		expected = g_strdup_printf("* 1 FETCH (%s)\r\n", cases[i].expected);
		if (g_strcmp0(output, expected) != 0)
			g_test_message("case %u, %s: %s", i, cases[i].items, output), g_test_fail();
	}
	fixture_clear(&fixture);
}

static void
test_malformed(void)
{
	static const char *const lines[] = {
		"FETCH 1 ()",
		"FETCH 3 FLAGS",
		"FETCH 0 FLAGS",
		"FETCH 1 NOTHING",
		"FETCH 1 (ALL)",
		"FETCH 1 (FAST UID)",
		"FETCH 1 BODY.PEEK",
		"FETCH 1 BINARY",
		"FETCH 1 BINARY.SIZE[1]<0.1>",
		"FETCH 1 BINARY[TEXT]",
		"FETCH 1 BINARY[1.MIME]",
		"FETCH 1 BODY[0]",
		"FETCH 1 BODY[MIME]",
		"FETCH 1 BODY[1.]",
		"FETCH 1 BODY[]<1>",
		"FETCH 1 BODY[]<1.0>",
		"FETCH 1 BODY[HEADER.FIELDS ()]",
		"FETCH 1 BODY[HEADER.FIELDS]",
		"FETCH 1 (FLAGS",
	};
	Fixture fixture;

	fixture_init(&fixture);
	fixture_select(&fixture, rows, G_N_ELEMENTS(rows));
	for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *output = answer(&fixture, lines[i], 1, NULL, &error, NULL);

		if (!g_error_matches(error, FERRY_ERROR, FERRY_ERROR_INVALID))
			g_error("case %u, %s: %s", i, lines[i], output);
	}
	fixture_clear(&fixture);
}

/* What must be at hand, and whether \Seen is set. */
static void
test_needs(void)
{
	static const struct {
		const char *line;
		FerryNeeds needs;
		gboolean marks;
	} cases[] = {
		{"FETCH 1 UID", FERRY_NEEDS_NOTHING, FALSE},
		{"FETCH 1 FAST", FERRY_NEEDS_METADATA, FALSE},
		{"FETCH 1 ALL", FERRY_NEEDS_METADATA | FERRY_NEEDS_ENVELOPE, FALSE},
		{"FETCH 1 FULL",
		 FERRY_NEEDS_METADATA | FERRY_NEEDS_ENVELOPE | FERRY_NEEDS_STRUCTURE, FALSE},
		{"FETCH 1 BODY[]", FERRY_NEEDS_RAW, TRUE},
		{"FETCH 1 BODY.PEEK[]", FERRY_NEEDS_RAW, FALSE},
		{"FETCH 1 BODY[HEADER]", FERRY_NEEDS_HEADERS, TRUE},
		{"FETCH 1 (BODY.PEEK[HEADER.FIELDS (TO)] FLAGS)",
		 FERRY_NEEDS_HEADERS | FERRY_NEEDS_METADATA, FALSE},
		{"FETCH 1 BODY[1.MIME]", FERRY_NEEDS_RAW | FERRY_NEEDS_STRUCTURE, TRUE},
		{"FETCH 1 RFC822", FERRY_NEEDS_RAW, TRUE},
		{"FETCH 1 RFC822.HEADER", FERRY_NEEDS_HEADERS, FALSE},
		{"FETCH 1 RFC822.TEXT", FERRY_NEEDS_RAW | FERRY_NEEDS_STRUCTURE, TRUE},
		{"FETCH 1 BINARY[1]", FERRY_NEEDS_RAW | FERRY_NEEDS_STRUCTURE, TRUE},
		{"FETCH 1 BINARY.PEEK[1]", FERRY_NEEDS_RAW | FERRY_NEEDS_STRUCTURE, FALSE},
		{"FETCH 1 BINARY.SIZE[1]", FERRY_NEEDS_RAW | FERRY_NEEDS_STRUCTURE, FALSE},
	};
	Fixture fixture;

	fixture_init(&fixture);
	fixture_select(&fixture, rows, G_N_ELEMENTS(rows));
	for (guint i = 0; i < G_N_ELEMENTS(cases) * 2; i++) {
		guint n = i / 2;
		g_autoptr(FerryImapCommand) command = fixture_parse(&fixture, cases[n].line, NULL);
		g_autoptr(FerryImapFetch) fetch = ferry_imap_fetch_new(command);

		/* in a mailbox that was examined nothing is set */
		fixture.session->read_only = i % 2 == 1;
		g_assert_true(ferry_imap_fetch_plan(fetch, NULL));
		if (ferry_imap_fetch_get_needs(fetch) != cases[n].needs ||
		    ferry_imap_fetch_get_marks_seen(fetch) !=
			    (cases[n].marks && !fixture.session->read_only))
			g_error("case %u: needs %x", n, ferry_imap_fetch_get_needs(fetch));
	}
	fixture_clear(&fixture);
}

static void
test_dates(void)
{
	static const struct {
		gint64 seconds;
		const char *expected;
	} cases[] = {
		{0, " 1-Jan-1970 00:00:00 +0000"},
		{-1, "31-Dec-1969 23:59:59 +0000"},
		{951782400, "29-Feb-2000 00:00:00 +0000"},
		{253402300799, "31-Dec-9999 23:59:59 +0000"},
		{253402300800, " 1-Jan-1970 00:00:00 +0000"},
		{-62167219200, " 1-Jan-0000 00:00:00 +0000"},
		{-62167219201, " 1-Jan-1970 00:00:00 +0000"},
		{G_MAXINT64, " 1-Jan-1970 00:00:00 +0000"},
		{G_MININT64, " 1-Jan-1970 00:00:00 +0000"},
	};
	Fixture fixture;

	fixture_init(&fixture);
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		FerryMessageRow row = {.uid = 1, .received_at = cases[i].seconds};
		g_autoptr(GError) error = NULL;
		g_autofree char *output = NULL;
		g_autofree char *expected =
			g_strdup_printf("* 1 FETCH (INTERNALDATE \"%s\")\r\n", cases[i].expected);

		fixture_select(&fixture, &row, 1);
		output = answer(&fixture, "FETCH 1 INTERNALDATE", 1, NULL, &error, NULL);
		if (g_strcmp0(output, expected) != 0)
			g_error("case %u: %s", i, output);
	}
	fixture_clear(&fixture);
}

/* UIDs, the largest size, encodings that nobody knows. */
static void
test_messages(void)
{
	Fixture fixture;
	g_autoptr(FerryMessageData) data = fixture_make_data(7, raw, strlen(raw));
	g_autoptr(GError) error = NULL;
	g_autoptr(GError) failure = NULL;
	g_autofree char *second = NULL;
	g_autofree char *binary = NULL;
	g_autofree char *none = NULL;

	fixture_init(&fixture);
	fixture_select(&fixture, rows, G_N_ELEMENTS(rows));
	second = answer(&fixture, "UID FETCH 8:* (FLAGS RFC822.SIZE)", 2, NULL, &error, NULL);
	g_assert_no_error(error);
	g_assert_cmpstr(second, ==,
			"* 2 FETCH (UID 9 FLAGS (\\Deleted \\Seen) RFC822.SIZE 4294967295)\r\n");
	binary = answer(&fixture, "FETCH 1 BINARY[4]", 1, data, &error, &failure);
	g_assert_cmpstr(binary, ==, "* 1 FETCH (BINARY[4] NIL)\r\n");
	g_assert_error(failure, FERRY_ERROR, FERRY_ERROR_UNKNOWN_CTE);
	none = answer(&fixture, "UID FETCH 1:6 FLAGS", 1, NULL, &error, NULL);
	g_assert_no_error(error);
	fixture_clear(&fixture);
}

/* That a message is gone must not hide that another could not be had. */
static void
test_errors(void)
{
	Fixture fixture;
	g_autoptr(GError) gone = g_error_new_literal(FERRY_ERROR, FERRY_ERROR_EXPUNGED, "gone");
	g_autoptr(GError) outage = g_error_new_literal(FERRY_ERROR, FERRY_ERROR_UNAVAILABLE, "no");
	g_autoptr(GError) other = g_error_new_literal(FERRY_ERROR, FERRY_ERROR_FAILED, "other");
	g_autoptr(FerryImapCommand) command = NULL;
	g_autoptr(FerryImapFetch) fetch = NULL;

	fixture_init(&fixture);
	command = fixture_parse(&fixture, "FETCH 1 FLAGS", NULL);
	fetch = ferry_imap_fetch_new(command);
	ferry_imap_fetch_set_error(fetch, gone);
	g_assert_error(ferry_imap_fetch_get_error(fetch), FERRY_ERROR, FERRY_ERROR_EXPUNGED);
	ferry_imap_fetch_set_error(fetch, outage);
	ferry_imap_fetch_set_error(fetch, gone);
	ferry_imap_fetch_set_error(fetch, other);
	g_assert_error(ferry_imap_fetch_get_error(fetch), FERRY_ERROR, FERRY_ERROR_UNAVAILABLE);
	g_clear_object(&fetch);
	g_clear_object(&command);
	fixture_clear(&fixture);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/imap/fetch/items", test_items);
	g_test_add_func("/imap/fetch/malformed", test_malformed);
	g_test_add_func("/imap/fetch/needs", test_needs);
	g_test_add_func("/imap/fetch/dates", test_dates);
	g_test_add_func("/imap/fetch/messages", test_messages);
	g_test_add_func("/imap/fetch/errors", test_errors);
	return g_test_run();
}
