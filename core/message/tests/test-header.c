/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "message/date.h"
#include "message/header.h"

static const struct {
	const char *block;
	const char *
		fields; /* name=value, one after the other; the name is empty where there is none */
} blocks[] = {
	{"", ""},
	{"\r\nA: b\r\n", ""},
	{"A: b\r\nC : d\r\n\r\nE: f", "[A= b][C= d]"},
	{"A: b\r\n c\r\n\td\r\nE:f", "[A= b\r\n c\r\n\td][E=f]"},
	{"A: b\nC:\n\n", "[A= b][C=]"},
	{"no colon\r\nA b: c\r\n: d\r\nE:\r\n \r\nF: g",
	 "[=no colon][=A b: c][=: d][E=\r\n ][F= g]"},
	{" lead\r\nA: b\r\n\r", "[= lead][A= b]"},
	{"\303\251: b\r\nA: b\rc\r\n", "[=\303\251: b][A= b\rc]"},
};

static void
test_iterate(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(blocks); i++) {
		g_autoptr(GString) seen = g_string_new(NULL);
		FerryMessageHeaderIter iter;
		FerryMessageHeaderField field;

		ferry_message_header_iter_init(&iter, blocks[i].block, strlen(blocks[i].block));
		while (ferry_message_header_iter_next(&iter, &field))
			g_string_append_printf(seen, "[%.*s=%.*s]", (int)field.name_length,
					       field.start, (int)field.value_length, field.value);
		if (strcmp(seen->str, blocks[i].fields) != 0)
			g_error("case %" G_GSIZE_FORMAT ": %s", i, seen->str);
	}
}

static void
test_find(void)
{
	static const char block[] = "AB: 1\r\nA: 2\r\nAX\r\n A: 5\r\na \t: 3\r\n\r\nC: 4\r\n";
	static const char *const values[] = {" 2", " 3"};
	FerryMessageHeaderIter iter;
	FerryMessageHeaderField field;

	g_assert_true(ferry_message_header_find(block, strlen(block), "a", &field));
	g_assert_cmpmem(field.value, field.value_length, " 2", 2);
	g_assert_false(ferry_message_header_find(block, strlen(block), "C", &field));
	g_assert_false(ferry_message_header_find(block, strlen(block), "", &field));
	ferry_message_header_iter_init(&iter, block, strlen(block));
	for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
		g_assert_true(ferry_message_header_iter_find(&iter, "A", &field));
		g_assert_cmpmem(field.value, field.value_length, values[i], strlen(values[i]));
	}
	g_assert_false(ferry_message_header_iter_find(&iter, "A", &field));
}

static const struct {
	const char *value;
	const char *text;
} decoded[] = {
	{" plain", "plain"},
	{" a\r\n b\n\tc", "a b\tc"},
	{"=?utf-8?q?caf=C3=A9_au_lait?=", "caf\303\251 au lait"},
	{"=?UTF-8?B?Y2Fmw6k=?= x", "caf\303\251 x"},
	{"a =?iso-8859-1?Q?=E9?= b", "a \303\251 b"},
	{"=?iso-8859-1?q?a?= \r\n =?utf-8?q?b?=  c", "ab  c"},
	{"=?utf-8?q?=C3?= =?utf-8?q?=A9?=", "\303\251"},
	{"=?utf-8*en?q?a?=", "a"},
	{"=?koi8-r?b?8NLJ18XU?=", "\320\237\321\200\320\270\320\262\320\265\321\202"},
	{"=?iso-2022-jp?b?GyRCRnxLXBsoQg==?=", "\346\227\245\346\234\254"},
	{"x=?utf-8?q?a?=y", "xay"},
	{"=?utf-8?q?a=ZZ=?=", "a=ZZ="},
	{"=?utf-8?q?a=00b?=", "ab"},
	/* broken ones stay */
	{"=?nonsense?q?a?=", "=?nonsense?q?a?="},
	{"=?utf-8?x?a?=", "=?utf-8?x?a?="},
	{"=?utf-8?q?a b?=", "=?utf-8?q?a b?="},
	{"=?utf-8?q?a", "=?utf-8?q?a"},
	{"=?utf-8?q?=FF?= =?utf-8?q?x?= end", "=?utf-8?q?=FF?= =?utf-8?q?x?= end"},
	{"=?=?utf-8?q?a?=", "=?a"},
	{"=?utf-8//IGNORE?q?a?=", "=?utf-8//IGNORE?q?a?="},
	{"=?", "=?"},
	/* raw octets */
	{"\303\251", "\303\251"},
	{"\351", "\357\277\275"},
};

static void
test_decode(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(decoded); i++) {
		g_autofree char *text = ferry_message_header_decode_utf8(decoded[i].value,
									 strlen(decoded[i].value));

		if (strcmp(text, decoded[i].text) != 0)
			g_error("case %" G_GSIZE_FORMAT ": %s", i, text);
	}
}

/* Hostile: the time it takes must not depend on how the text is made. */
static void
test_decode_is_linear(void)
{
	static const char *const pieces[] = {"=?", "=?a?q?", "=?utf-8?b?",
					     "=?a?q?x?= ", "=?utf-8?q?"};

	for (gsize i = 0; i < G_N_ELEMENTS(pieces); i++) {
		g_autoptr(GString) value = g_string_new(NULL);
		g_autofree char *text = NULL;

		while (value->len < 200000)
			g_string_append(value, pieces[i]);
		text = ferry_message_header_decode_utf8(value->str, value->len);
		g_assert_true(g_utf8_validate(text, -1, NULL));
	}
}

static const struct {
	const char *value;
	const char *local; /* NULL: no date */
	gint64 seconds;
	gint32 zone;
} dates[] = {
	{" Mon, 1 Jan 2024 10:20:30 +0100", "2024-01-01", 1704100830, 60},
	{"1 Jan 2024 10:20 -0130", "2024-01-01", 1704109800, -90},
	{"Mon, 1 Jan 2024 00:30:00 +0200 (EET)", "2024-01-01", 1704061800, 120},
	{"Mon,\r\n 1 (the first) Jan 2024\r\n 10:20:30 GMT", "2024-01-01", 1704104430, 0},
	{"Thu, 1 Jan 1970 00:00:00 +0000", "1970-01-01", 0, 0},
	{"Wed, 31 Dec 1969 23:59:59 +0000", "1969-12-31", -1, 0},
	{"29 Feb 2000 12:00:00 EST", "2000-02-29", 951843600, -300},
	{"1 Jan 24 00:00:00 +0000", "2024-01-01", 1704067200, 0},
	{"1 Jan 70 00:00:00 +0000", "1970-01-01", 0, 0},
	{"1 Jan 100 00:00:00 +0000", "2000-01-01", 946684800, 0},
	{"Mon Jan  1 10:20:30 2024", "2024-01-01", 1704104430, 0},
	{"Mon Jan  1 10:20:30 EST 2024", "2024-01-01", 1704122430, -300},
	{"1-Jan-2024 10:20:30 +0000", "2024-01-01", 1704104430, 0},
	{"Monday, 01-January-2024 10:20:30", "2024-01-01", 1704104430, 0},
	{"1 Jan 2024 10:20:30 +01:00", "2024-01-01", 1704100830, 60},
	{"1 Jan 2024 10:20:30 +9999", "2024-01-01", 1704104430, 0},
	{"1 Jan 2024 25:00:00 +0000", "2024-01-01", 1704067200, 0},
	{"1 Jan 2024 10:99 +0000", "2024-01-01", 1704067200, 0},
	{"1 Jan 2024", "2024-01-01", 1704067200, 0},
	{"1 JAN 2024 10:20:30 X", "2024-01-01", 1704104430, 0},
	{"", NULL},
	{"32 Jan 2024 10:20:30", NULL},
	{"0 Jan 2024 10:20:30", NULL},
	{"1 Foo 2024 10:20:30", NULL},
	{"1 Jan", NULL},
	{"99999999999999999999 Jan 2024", NULL},
	{"1 Jan 99999999999999999999", NULL},
	{"(1 Jan 2024", NULL},
};

static void
test_dates(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(dates); i++) {
		FerryMessageDate date;
		gboolean good =
			ferry_message_date_parse(dates[i].value, strlen(dates[i].value), &date);
		int year, month, day;

		if (good != (dates[i].local != NULL))
			g_error("case %" G_GSIZE_FORMAT ": %d", i, good);
		if (!good)
			continue;
		g_assert_cmpint(sscanf(dates[i].local, "%d-%d-%d", &year, &month, &day), ==, 3);
		if (date.seconds != dates[i].seconds || date.zone != dates[i].zone ||
		    date.local_day != ferry_message_date_day_number(year, month, day))
			g_error("case %" G_GSIZE_FORMAT ": %" G_GINT64_FORMAT " %d %d", i,
				date.seconds, date.zone, date.local_day);
	}
}

/* GLib counts days from 1 January of the year 1. */
static void
test_day_numbers(void)
{
	for (gint32 julian = 1; julian < 1500000; julian += 13) {
		GDate date;

		g_date_clear(&date, 1);
		g_date_set_julian(&date, julian);
		g_assert_cmpint(ferry_message_date_day_number(g_date_get_year(&date),
							      g_date_get_month(&date),
							      g_date_get_day(&date)),
				==, julian - 719163);
	}
}

int
main(int argc, char *argv[])
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/message/header/iterate", test_iterate);
	g_test_add_func("/message/header/find", test_find);
	g_test_add_func("/message/header/decode", test_decode);
	g_test_add_func("/message/header/decode-is-linear", test_decode_is_linear);
	g_test_add_func("/message/date/parse", test_dates);
	g_test_add_func("/message/date/day-numbers", test_day_numbers);
	return g_test_run();
}
