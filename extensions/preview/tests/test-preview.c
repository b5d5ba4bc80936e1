/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How long a preview is, what is remembered, and what FETCH asks for and writes. */
#include "preview.h"

#include "imap/fetch-private.h"
#include "imap/tests/fixture.h"

extern const FerryPlugin ferry_plugin;

static const FerryMessageRow rows[] = {{.uid = 7}, {.uid = 9}};

static void
append_times(GString *text, const char *word, guint times)
{
	for (guint i = 0; i < times; i++)
		g_string_append(text, word);
}

/* 256 characters, be they of one octet or of four (RFC 8970 §3.1). */
static void
test_shorten(void)
{
	static const char *const characters[] = {"a", "\xc3\xbc", "\xe2\x82\xac",
						 "\xf0\x9f\x9b\xb6"};
	static const guint lengths[] = {0, 1, 255, 256, 257, 1024, 100000};

	for (guint i = 0; i < G_N_ELEMENTS(characters) * G_N_ELEMENTS(lengths); i++) {
		const char *character = characters[i % G_N_ELEMENTS(characters)];
		guint length = lengths[i / G_N_ELEMENTS(characters)];
		g_autoptr(GString) text = g_string_new(NULL);
		g_autofree char *preview = NULL;

		append_times(text, character, length);
		preview = preview_shorten(text->str);
		g_test_message("%u of %s", length, character);
		g_assert_cmpuint(strlen(preview), ==, MIN(length, 256) * strlen(character));
		g_assert_true(g_str_has_prefix(text->str, preview));
	}
}

/* The memory of a session begins anew when it is full, and holds the newest text of a message. */
static void
test_remember(void)
{
	Fixture fixture;

	fixture_init_with(&fixture, &ferry_plugin);
	g_assert_null(preview_recall(fixture.session, "E1"));
	preview_remember(fixture.session, "E1", "one");
	preview_remember(fixture.session, "E1", "");
	g_assert_cmpstr(preview_recall(fixture.session, "E1"), ==, "");
	g_assert_null(preview_recall(fixture.session, "E"));
	for (guint i = 2; i <= PREVIEW_MAX_REMEMBERED; i++) {
		g_autofree char *id = g_strdup_printf("E%u", i);

		preview_remember(fixture.session, id, id);
	}
	g_assert_cmpstr(preview_recall(fixture.session, "E1"), ==, "");
	g_assert_cmpstr(preview_recall(fixture.session, "E4096"), ==, "E4096");
	preview_remember(fixture.session, "F", "first of the next");
	g_assert_null(preview_recall(fixture.session, "E1"));
	g_assert_null(preview_recall(fixture.session, "E4096"));
	g_assert_cmpstr(preview_recall(fixture.session, "F"), ==, "first of the next");
	preview_forget(fixture.session, NULL);
	g_assert_null(preview_recall(fixture.session, "F"));
	fixture_clear(&fixture);
}

static void
test_prepare(void)
{
	static const struct {
		const char *items;
		gboolean good, asks;
	} cases[] = {
		{"PREVIEW", TRUE, TRUE},
		{"preview", TRUE, TRUE},
		{"(PREVIEW)", TRUE, TRUE},
		{"(PREVIEW (LAZY))", TRUE, FALSE},
		{"(preview (lazy))", TRUE, FALSE},
		{"(UID PREVIEW (LAZY) FLAGS)", TRUE, FALSE},
		{"(PREVIEW (LAZY LAZY))", TRUE, FALSE},
		{"(PREVIEW (LAZY) PREVIEW)", TRUE, TRUE},
		{"(PREVIEW ())", FALSE, FALSE},
		{"(PREVIEW ((LAZY)))", FALSE, FALSE},
		{"(PREVIEW (LAZY ()))", FALSE, FALSE},
		{"(PREVIEW (LAZ))", FALSE, FALSE},
		{"(PREVIEW (LAZYX))", FALSE, FALSE},
		{"(PREVIEW (LAZY EAGER))", FALSE, FALSE},
		{"(PREVIEW (EAGER LAZY))", FALSE, FALSE},
		{"(PREVIEW LAZY)", FALSE, FALSE},
		{"(PREVIEW(LAZY))", FALSE, FALSE},
		{"PREVIEW[1]", FALSE, FALSE},
	};
	Fixture fixture;

	fixture_init_with(&fixture, &ferry_plugin);
	fixture_select(&fixture, rows, G_N_ELEMENTS(rows));
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *line = g_strdup_printf("FETCH 1 %s", cases[i].items);
		g_autoptr(GError) error = NULL;
		g_autoptr(FerryImapCommand) command = fixture_parse(&fixture, line, &error);
		g_autoptr(FerryImapFetch) fetch = NULL;
		gboolean good, asks = FALSE;

		g_test_message("case %u: %s", i, line);
		if (command != NULL)
			fetch = ferry_imap_fetch_new(command);
		good = fetch != NULL && ferry_imap_fetch_plan(fetch, &error);
		if (good) {
			const char *const *properties = ferry_imap_fetch_get_properties(fetch);

			asks = properties != NULL && g_strv_contains(properties, "preview");
			g_assert_cmpint(ferry_imap_fetch_get_marks_seen(fetch), ==, FALSE);
		} else {
			g_assert_error(error, FERRY_ERROR, FERRY_ERROR_INVALID);
		}
		g_assert_cmpint(good, ==, cases[i].good);
		g_assert_cmpint(asks, ==, cases[i].asks);
	}
	fixture_clear(&fixture);
}

static char *
answer(Fixture *fixture, const char *item, guint32 number, const char *json)
{
	g_autofree char *line = g_strdup_printf("FETCH %u %s", number, item);
	g_autoptr(FerryImapCommand) command = fixture_parse(fixture, line, NULL);
	g_autoptr(FerryImapFetch) fetch = ferry_imap_fetch_new(command);
	g_autoptr(FerryImapWriter) writer = ferry_imap_writer_new_for_buffer();
	g_autoptr(FerryImapMessage) message =
		ferry_told_get_message(fixture->session->told, number);
	g_autoptr(FerryJmapValue) properties = NULL;

	g_assert_true(ferry_imap_fetch_plan(fetch, NULL));
	if (json != NULL)
		properties = ferry_jmap_value_new_from_json(json, -1, NULL);
	ferry_imap_message_set_properties(message, properties);
	ferry_imap_fetch_write_message(fetch, message, writer, FALSE);
	return ferry_imap_writer_dup_output(writer, NULL);
}

/* One session, in this order. */
static void
test_write(void)
{
	static const struct {
		const char *item;
		guint32 number;
		const char *json; /* of Email/get */
		const char *line;
	} cases[] = {
		{"(PREVIEW (LAZY))", 1, NULL, "* 1 FETCH (PREVIEW NIL)\r\n"},
		{"PREVIEW", 1, "{}", "* 1 FETCH (PREVIEW NIL)\r\n"},
		{"PREVIEW", 1, "{\"preview\":null}", "* 1 FETCH (PREVIEW NIL)\r\n"},
		{"PREVIEW", 1, "{\"preview\":7}", "* 1 FETCH (PREVIEW NIL)\r\n"},
		{"PREVIEW", 1, "{\"preview\":[\"x\"]}", "* 1 FETCH (PREVIEW NIL)\r\n"},
		{"PREVIEW", 1, "{\"preview\":\"\"}", "* 1 FETCH (PREVIEW \"\")\r\n"},
		{"(PREVIEW (LAZY))", 1, NULL, "* 1 FETCH (PREVIEW \"\")\r\n"},
		{"PREVIEW", 1, "{\"preview\":\"a\\\"b\"}", "* 1 FETCH (PREVIEW \"a\\\"b\")\r\n"},
		{"PREVIEW", 1, "{\"preview\":\"a\\r\\nb\"}",
		 "* 1 FETCH (PREVIEW {4}\r\na\r\nb)\r\n"},
		{"(PREVIEW (LAZY))", 1, NULL, "* 1 FETCH (PREVIEW {4}\r\na\r\nb)\r\n"},
		{"(PREVIEW (LAZY))", 2, NULL, "* 2 FETCH (PREVIEW NIL)\r\n"},
		/* what cannot be had now was had before */
		{"PREVIEW", 1, NULL, "* 1 FETCH (PREVIEW {4}\r\na\r\nb)\r\n"},
	};
	Fixture fixture;

	fixture_init_with(&fixture, &ferry_plugin);
	fixture_select(&fixture, rows, G_N_ELEMENTS(rows));
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *line =
			answer(&fixture, cases[i].item, cases[i].number, cases[i].json);

		g_test_message("case %u", i);
		g_assert_cmpstr(line, ==, cases[i].line);
	}
	fixture_clear(&fixture);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/preview/shorten", test_shorten);
	g_test_add_func("/preview/remember", test_remember);
	g_test_add_func("/preview/prepare", test_prepare);
	g_test_add_func("/preview/write", test_write);
	return g_test_run();
}
