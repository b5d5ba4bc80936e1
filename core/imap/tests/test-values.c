/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sets, names and the writer. */
#include <string.h>

#include "base/error.h"
#include "imap/names.h"
#include "imap/uid-set.h"
#include "imap/writer.h"

static void
test_sets(void)
{
	static const struct {
		const char *text;
		guint32 star;
		const char *expected;
	} cases[] = {
		{"1", 10, "1"},
		{"3:1", 10, "1:3"},
		{"1,2,3", 10, "1:3"},
		{"5,1:2,3", 10, "1:3,5"},
		{"*", 10, "10"},
		{"12:*", 10, "10:12"},
		{"*:4,5:7", 10, "4:10"},
		{"*", 0, ""},
		{"1,*", 0, "1"},
		{"4294967295,4294967294", 10, "4294967294:4294967295"},
		{"1:10,3:4,12", 10, "1:10,12"},
		{"", 1, NULL},
		{"0", 1, NULL},
		{"1:0", 1, NULL},
		{"4294967296", 1, NULL},
		{"99999999999999999999999", 1, NULL},
		{",1", 1, NULL},
		{"1,", 1, NULL},
		{"1:", 1, NULL},
		{":1", 1, NULL},
		{"1:2:3", 1, NULL},
		{"**", 1, NULL},
		{"$,1", 1, NULL},
		{"1 2", 1, NULL},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(FerryImapSet) set =
			ferry_imap_set_parse(cases[i].text, strlen(cases[i].text), &error);
		g_autoptr(FerryUidSet) uids = NULL;
		g_autofree char *text = NULL;

		if (cases[i].expected == NULL) {
			g_assert_error(error, FERRY_ERROR, FERRY_ERROR_INVALID);
			continue;
		}
		g_assert_no_error(error);
		uids = ferry_imap_set_resolve(set, cases[i].star);
		text = ferry_uid_set_to_string(uids);
		g_assert_cmpstr(text, ==, cases[i].expected);
	}
}

/* Random additions against a table of bits. */
static void
test_set_model(void)
{
	for (guint round = 0; round < 200; round++) {
		g_autoptr(FerryUidSet) set = ferry_uid_set_new();
		gboolean model[102] = {FALSE};
		guint64 size = 0;
		guint n_ranges = 0;

		for (guint step = 0; step < 20; step++) {
			guint32 a = (guint32)g_test_rand_int_range(1, 101);
			guint32 b = (guint32)g_test_rand_int_range(1, 101);

			ferry_uid_set_add_range(set, a, b);
			for (guint32 i = MIN(a, b); i <= MAX(a, b); i++)
				model[i] = TRUE;
			if (g_test_rand_bit())
				break;
		}
		for (guint32 i = 1; i <= 100; i++) {
			g_assert_cmpint(ferry_uid_set_contains(set, i), ==, model[i]);
			size += model[i];
			n_ranges += model[i] && !model[i - 1];
		}
		g_assert_cmpuint(ferry_uid_set_get_size(set), ==, size);
		g_assert_cmpuint(ferry_uid_set_get_n_ranges(set), ==, n_ranges);
	}
}

static void
test_arrays(void)
{
	const guint32 numbers[] = {5, 6, 7, 3, 2, 9, 10};
	g_autofree char *text = ferry_uid_array_to_string(numbers, G_N_ELEMENTS(numbers));

	g_assert_cmpstr(text, ==, "5:7,3,2,9:10");
}

static void
test_utf7(void)
{
	static const char *const pairs[][2] = {
		{"INBOX", "INBOX"},
		{"a&b", "a&-b"},
		{"Entw\xc3\xbcrfe", "Entw&APw-rfe"},
		{"~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",
		 "~peter/mail/&U,BTFw-/&ZeVnLIqe-"},
		{"\xf0\x9f\x98\x80", "&2D3eAA-"},
		{"\xc3\xbc&\xc3\xbc", "&APw-&-&APw-"},
		{"", ""},
	};
	static const char *const bad[] = {"&",     "&AO",      "&AOQ",  "&!-",   "&2D0-", "&3gA-",
					  "&AGE-", "\xc3\xbc", "a\x7f", "&AOR-", "&AAA-", "&A-"};

	for (guint i = 0; i < G_N_ELEMENTS(pairs); i++) {
		g_autofree char *encoded = ferry_imap_utf7_encode(pairs[i][0]);
		g_autofree char *decoded = ferry_imap_utf7_decode(pairs[i][1], NULL);

		g_assert_cmpstr(encoded, ==, pairs[i][1]);
		g_assert_cmpstr(decoded, ==, pairs[i][0]);
	}
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;

		g_assert_null(ferry_imap_utf7_decode(bad[i], &error));
		g_assert_error(error, FERRY_ERROR, FERRY_ERROR_CANNOT);
	}
}

static void
test_patterns(void)
{
	static const struct {
		const char *pattern;
		const char *name;
		gboolean matches;
		gboolean contains;
	} cases[] = {
		{"*", "a/b", TRUE, TRUE},     {"%", "a", TRUE, FALSE},
		{"%", "a/b", FALSE, FALSE},   {"%/%", "a", FALSE, TRUE},
		{"a*c", "abbc", TRUE, TRUE},  {"a%c", "ab/c", FALSE, FALSE},
		{"a/%", "a", FALSE, TRUE},    {"a/%", "a/b", TRUE, FALSE},
		{"a", "a", TRUE, FALSE},      {"", "", TRUE, FALSE},
		{"*%*b", "xxab", TRUE, TRUE}, {"%%", "ab", TRUE, FALSE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_test_message("case %u", i);
		g_assert_cmpint(ferry_imap_name_matches(cases[i].pattern, cases[i].name), ==,
				cases[i].matches);
		g_assert_cmpint(ferry_imap_name_could_contain(cases[i].pattern, cases[i].name), ==,
				cases[i].contains);
	}
}

static void
test_create_names(void)
{
	static const char *const cases[][2] = {{"a/b/", "a/b"},        {"e\xcc\x81", "\xc3\xa9"},
					       {"/a", NULL},           {"", NULL},
					       {"a//b", NULL},         {"a\tb", NULL},
					       {"a\xe2\x80\xa8", NULL}};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *name = ferry_imap_name_for_create(cases[i][0], NULL);

		g_assert_cmpstr(name, ==, cases[i][1]);
	}
}

static void
test_writer(void)
{
	g_autoptr(FerryImapWriter) writer = ferry_imap_writer_new_for_buffer();
	g_autoptr(GBytes) bytes = g_bytes_new_static("a\0b", 3);
	g_autofree char *output = NULL;

	ferry_imap_writer_begin_untagged(writer, "X");
	ferry_imap_writer_write_number(writer, G_MAXUINT64);
	ferry_imap_writer_begin_list(writer);
	ferry_imap_writer_write_atom(writer, "A");
	ferry_imap_writer_begin_list(writer);
	ferry_imap_writer_end_list(writer);
	ferry_imap_writer_write_nstring(writer, NULL);
	ferry_imap_writer_write_nstring(writer, "a\"b\\");
	ferry_imap_writer_write_nstring(writer, "a\nb");
	ferry_imap_writer_write_nstring(writer, "\xc3\xbc");
	ferry_imap_writer_end_list(writer);
	ferry_imap_writer_write_astring(writer, "nil");
	ferry_imap_writer_write_astring(writer, "");
	ferry_imap_writer_write_mailbox(writer, "\xc3\xbc");
	ferry_imap_writer_set_utf8(writer, TRUE);
	ferry_imap_writer_write_mailbox(writer, "\xc3\xbc");
	ferry_imap_writer_end_line(writer);
	output = ferry_imap_writer_dup_output(writer, NULL);
	g_assert_cmpstr(output, ==,
			"* X 18446744073709551615 (A () NIL \"a\\\"b\\\\\" {3}\r\na\nb {2}\r\n"
			"\xc3\xbc) \"nil\" \"\" &APw- \"\xc3\xbc\"\r\n");
	ferry_imap_writer_write_literal8_bytes(writer, bytes);
}

/* What an item wrote before it failed is taken back, spaces included. */
/* More numbers than are put at once, of every length, against printf. */
static void
test_writer_numbers(void)
{
	static const guint32 edges[] = {0, 9, 10, 99, 100, 999, 1000, 99999, 100000, G_MAXUINT32};
	g_autoptr(FerryImapWriter) writer = ferry_imap_writer_new_for_buffer();
	g_autoptr(GString) expected = g_string_new("* SEARCH");
	g_autofree char *output = NULL;
	guint32 numbers[1000];

	for (guint i = 0; i < G_N_ELEMENTS(numbers); i++) {
		numbers[i] = i < G_N_ELEMENTS(edges)
				     ? edges[i]
				     : (guint32)g_test_rand_int() >> g_test_rand_int_range(0, 32);
		g_string_append_printf(expected, " %u", numbers[i]);
	}
	ferry_imap_writer_begin_untagged(writer, "SEARCH");
	ferry_imap_writer_write_numbers(writer, numbers, 0);
	ferry_imap_writer_write_numbers(writer, numbers, G_N_ELEMENTS(numbers));
	ferry_imap_writer_write_number(writer, 7);
	ferry_imap_writer_end_line(writer);
	g_string_append(expected, " 7\r\n");
	output = ferry_imap_writer_dup_output(writer, NULL);
	g_assert_cmpstr(output, ==, expected->str);
}

static void
test_writer_hold(void)
{
	g_autoptr(FerryImapWriter) writer = ferry_imap_writer_new_for_buffer();
	g_autofree char *output = NULL;

	ferry_imap_writer_begin_untagged(writer, "X");
	ferry_imap_writer_begin_list(writer);
	ferry_imap_writer_hold(writer);
	ferry_imap_writer_write_atom(writer, "A");
	ferry_imap_writer_begin_list(writer);
	ferry_imap_writer_release(writer, FALSE);
	ferry_imap_writer_hold(writer);
	ferry_imap_writer_write_atom(writer, "B");
	ferry_imap_writer_hold(writer);
	ferry_imap_writer_write_literal(writer, "text", 4);
	ferry_imap_writer_release(writer, FALSE);
	ferry_imap_writer_write_number(writer, 1);
	ferry_imap_writer_release(writer, TRUE);
	ferry_imap_writer_end_list(writer);
	output = ferry_imap_writer_dup_output(writer, NULL);
	g_assert_cmpstr(output, ==, "* X (B 1)");
}

static char *
write_set_response(const char *name, FerryUidSet *set)
{
	g_autoptr(FerryImapWriter) writer = ferry_imap_writer_new_for_buffer();

	ferry_imap_writer_write_set_response(writer, name, set);
	return ferry_imap_writer_dup_output(writer, NULL);
}

/* Very many ranges are told in several lines, none of them too long for a client. */
static void
test_writer_set_response(void)
{
	g_autoptr(FerryUidSet) none = ferry_uid_set_new();
	g_autoptr(FerryUidSet) few = ferry_uid_set_new();
	g_autoptr(FerryUidSet) many = ferry_uid_set_new();
	g_autofree char *nothing = write_set_response("GONE", none);
	g_autofree char *one_line = NULL, *lines = NULL;
	g_auto(GStrv) split = NULL;

	g_assert_cmpstr(nothing, ==, "");
	ferry_uid_set_add(few, 1);
	ferry_uid_set_add_range(few, 3, 5);
	one_line = write_set_response("GONE (X)", few);
	g_assert_cmpstr(one_line, ==, "* GONE (X) 1,3:5\r\n");
	for (guint32 i = 0; i < 9000; i++)
		ferry_uid_set_add(many, 4000000000 + 2 * i);
	lines = write_set_response("GONE (X)", many);
	split = g_strsplit(lines, "\r\n", -1);
	g_assert_cmpuint(g_strv_length(split), ==, 10);
	g_assert_true(g_str_has_prefix(split[8], "* GONE (X) 4000016000,"));
	g_assert_true(g_str_has_suffix(split[8], ",4000017998"));
	for (guint i = 0; i < 9; i++)
		g_assert_cmpuint(strlen(split[i]), <, 12000);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/imap/sets/cases", test_sets);
	g_test_add_func("/imap/sets/model", test_set_model);
	g_test_add_func("/imap/sets/arrays", test_arrays);
	g_test_add_func("/imap/names/utf7", test_utf7);
	g_test_add_func("/imap/names/patterns", test_patterns);
	g_test_add_func("/imap/names/create", test_create_names);
	g_test_add_func("/imap/writer", test_writer);
	g_test_add_func("/imap/writer/numbers", test_writer_numbers);
	g_test_add_func("/imap/writer/hold", test_writer_hold);
	g_test_add_func("/imap/writer/set-response", test_writer_set_response);
	return g_test_run();
}
