/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "jmap/builder.h"
#include "jmap/date.h"
#include "jmap/email.h"
#include "jmap/error.h"
#include "jmap/event-source.h"
#include "jmap/reply-private.h"

static void
test_paths(void)
{
	static const struct {
		const char *path;
		const char *string;
		gint64 number;
	} cases[] = {
		{"list/0/id", "a", -7},
		{"list/1/id", NULL, 12},
		{"list/2", NULL, -7},
		{"list/-1", NULL, -7},
		{"list/00000000000", NULL, -7},
		{"x~1y", "slash", -7},
		{"x~0y", "tilde", -7},
		{"", NULL, -7},
		{"list/0/id/more", NULL, -7},
		{"half", NULL, -7},
		{"exp", NULL, 1000},
		{"huge", NULL, 999999999999999999},
		{"exact", NULL, 9007199254740993},
	};
	g_autoptr(FerryJmapValue) value = ferry_jmap_value_new_from_json(
		"{\"list\":[{\"id\":\"a\"},{\"id\":12}],\"x/y\":\"slash\",\"x~y\":\"tilde\","
		"\"half\":1.5,\"exp\":1e3,\"huge\":18446744073709551615,"
		"\"exact\":9007199254740993,\"no\":null,\"t\":true}",
		-1, NULL);

	g_assert_nonnull(value);
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_test_message("%" G_GSIZE_FORMAT " %s", i, cases[i].path);
		g_assert_cmpstr(ferry_jmap_value_get_string(value, cases[i].path), ==,
				cases[i].string);
		g_assert_cmpint(ferry_jmap_value_get_int64(value, cases[i].path, -7), ==,
				cases[i].number);
	}
	g_assert_true(ferry_jmap_value_has(value, "no"));
	g_assert_true(ferry_jmap_value_is_null(value, "no"));
	g_assert_true(ferry_jmap_value_is_null(value, "nowhere"));
	g_assert_true(ferry_jmap_value_get_boolean(value, "t", FALSE));
	g_assert_cmpuint(ferry_jmap_value_get_size(value, "list"), ==, 2);
	g_assert_cmpfloat(ferry_jmap_value_get_double(value, "half", 0), ==, 1.5);
}

/* what is read, written and read again is the same text */
static void
test_round_trip(void)
{
	static const char *const cases[] = {
		"{}",
		"[]",
		"null",
		"\"\"",
		"{\"a\":[1,-2,true,false,null,\"x\\\"\\\\\\u0001\"],\"b\":{\"c\":{}}}",
		"[[[[1]]],\"Grüße\",0.5]",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(FerryJmapValue) value =
			ferry_jmap_value_new_from_json(cases[i], -1, &error);
		g_autofree char *json = NULL;

		g_assert_no_error(error);
		json = ferry_jmap_value_to_json(value);
		g_assert_cmpstr(json, ==, cases[i]);
	}
}

static void
test_guard(void)
{
	static const struct {
		const char *json;
		const char *string; /* of the only item; NULL where it is refused */
	} cases[] = {
		{"[\"a\\ud83db\"]", "a\xef\xbf\xbd"
				    "b"},
		{"[\"\\ude00\"]", "\xef\xbf\xbd"},
		{"[\"\\ud83d\\ude00\"]", "\xf0\x9f\x98\x80"},
		{"[\"\\ud83d\\ud83d\\ude00\"]", "\xef\xbf\xbd\xf0\x9f\x98\x80"},
		{"[\"\\ud83d\\u0041\"]", "\xef\xbf\xbd"
					 "A"},
		{"[\"\\\\ud83d\"]", "\\ud83d"},
		{"[\"a\\u0000b\"]", "a\xef\xbf\xbd"
				    "b"},
		{"[\"a\xff\"]", "a\xef\xbf\xbd"},
		{"[\"\\ud83", NULL},
		{"[\"\\", NULL},
		{"[\"a", NULL},
		{"[", NULL},
		{"", NULL},
		{" ", NULL},
		{"// c\n[\"a\"]", NULL},
		{"/* c */[\"a\"]", NULL},
		{"var x = [\"a\"]", NULL},
		{"<html>", NULL},
		{"[\"a\"]x", NULL},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(FerryJmapValue) value =
			ferry_jmap_value_new_from_json(cases[i].json, -1, &error);

		g_test_message("%" G_GSIZE_FORMAT, i);
		if (cases[i].string != NULL) {
			g_assert_no_error(error);
			g_assert_cmpstr(ferry_jmap_value_get_string(value, "0"), ==,
					cases[i].string);
		} else {
			g_assert_error(error, FERRY_ERROR, FERRY_ERROR_BACKEND);
		}
	}
}

static void
test_nesting(void)
{
	static const guint depths[] = {1, 64, 65, 100000};

	for (gsize i = 0; i < G_N_ELEMENTS(depths); i++) {
		g_autoptr(GString) json = g_string_new(NULL);
		g_autoptr(GError) error = NULL;
		g_autoptr(FerryJmapValue) value = NULL;

		for (guint j = 0; j < depths[i]; j++)
			g_string_append_c(json, '[');
		for (guint j = 0; j < depths[i]; j++)
			g_string_append_c(json, ']');
		value = ferry_jmap_value_new_from_json(json->str, -1, &error);
		g_assert_true((value != NULL) == (depths[i] <= FERRY_JMAP_MAX_NESTING));
	}
}

static void
test_builder(void)
{
	static const char *const ids[] = {"a", "b\"", NULL};
	g_autoptr(FerryJmapBuilder) builder = ferry_jmap_builder_new();
	g_autofree char *json = NULL;

	ferry_jmap_builder_begin_object(builder);
	ferry_jmap_builder_set_strings(builder, "ids", ids, -1);
	ferry_jmap_builder_set_patch(builder, "keywords", "a/b~c", TRUE);
	ferry_jmap_builder_set_patch(builder, "mailboxIds", "M", FALSE);
	ferry_jmap_builder_set_reference(builder, "x", "c1", "Email/changes", "/created");
	ferry_jmap_builder_set_int(builder, "n", G_MININT64);
	ferry_jmap_builder_set_string(builder, "s", "\xff\x01");
	ferry_jmap_builder_end_object(builder);
	json = ferry_jmap_builder_to_json(builder);
	g_assert_cmpstr(json, ==,
			"{\"ids\":[\"a\",\"b\\\"\"],\"keywords/a~1b~0c\":true,"
			"\"mailboxIds/M\":null,\"#x\":{\"resultOf\":\"c1\","
			"\"name\":\"Email/changes\",\"path\":\"/created\"},"
			"\"n\":-9223372036854775808,\"s\":\"\xef\xbf\xbd\\u0001\"}");
}

static void
test_dates(void)
{
	static const struct {
		const char *text;
		gboolean ok;
		gint64 time;
		int offset;
	} cases[] = {
		{"1970-01-01T00:00:00Z", TRUE, 0, 0},
		{"2014-10-30T14:12:00+08:00", TRUE, 1414649520, 480},
		{"2014-10-30T06:12:00.123456789Z", TRUE, 1414649520, 0},
		{"1969-12-31T23:59:59-00:30", TRUE, 1799, -30},
		{"2000-02-29t12:00:00z", TRUE, 951825600, 0},
		{"0000-03-01T00:00:00Z", TRUE, -62162035200, 0},
		{"9999-12-31T23:59:59Z", TRUE, 253402300799, 0},
		{"1998-12-31T23:59:60Z", TRUE, 915148800, 0},
		{"1900-02-29T00:00:00Z", FALSE, 0, 0},
		{"2014-13-01T00:00:00Z", FALSE, 0, 0},
		{"2014-10-30T24:00:00Z", FALSE, 0, 0},
		{"2014-10-30T06:12:00", FALSE, 0, 0},
		{"2014-10-30T06:12:00.Z", FALSE, 0, 0},
		{"2014-10-30T06:12:00+8:00", FALSE, 0, 0},
		{"2014-10-30T06:12:00Zx", FALSE, 0, 0},
		{"", FALSE, 0, 0},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		gint64 time = 0;
		int offset = 0;

		g_test_message("%s", cases[i].text);
		g_assert_cmpint(ferry_jmap_date_parse(cases[i].text, &time, &offset), ==,
				cases[i].ok);
		g_assert_cmpint(time, ==, cases[i].time);
		g_assert_cmpint(offset, ==, cases[i].offset);
	}
	for (gint64 time = -62135596800; time < 253402300800; time += 86399 * 997) {
		g_autofree char *text = ferry_jmap_date_format(time, (int)(time % 840));
		g_autoptr(GDateTime) peer = g_date_time_new_from_unix_utc(time);
		g_autofree char *utc = ferry_jmap_date_format_utc(time);
		g_autofree char *peer_text = g_date_time_format(peer, "%Y-%m-%dT%H:%M:%SZ");
		gint64 again = 0;

		g_assert_true(ferry_jmap_date_parse(text, &again, NULL));
		if (time > -62135510400) {
			g_assert_cmpint(again, ==, time);
			g_assert_true(g_str_has_suffix(utc, peer_text));
		}
	}
}

static void
event_cb(const char *event, const char *data, const char *id, gpointer user_data)
{
	g_string_append_printf(user_data, "<%s|%s|%s>", event, data, id != NULL ? id : "-");
}

static void
test_event_stream(void)
{
	static const struct {
		const char *stream;
		const char *events;
	} cases[] = {
		{"data: a\n\n", "<message|a|->"},
		{"\xef\xbb\xbf"
		 "data:a\r\n\r\n",
		 "<message|a|->"},
		{"\xef\xbb"
		 "data:a\n\ndata:b\n\n",
		 "<message|b|->"},
		{"event: state\ndata: {\ndata: }\nid: 7\n\n", "<state|{\n}|7>"},
		{"id: 1\r\rdata\r\rdata:  b\r\r", "<message||1><message| b|1>"},
		{": comment\n\nevent: ping\n\ndata: x\n\n", "<message|x|->"},
		{"data: not ended\n", ""},
		{"data: a\n\r\ndata: b\n\n", "<message|a|-><message|b|->"},
		{"retry: 1500\ndata: \xff\n\n", "<message|\xef\xbf\xbd|->"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		gsize length = strlen(cases[i].stream);

		for (gsize split = 0; split <= length; split++) {
			g_autoptr(GString) seen = g_string_new(NULL);
			g_autoptr(FerryJmapEventParser) parser =
				ferry_jmap_event_parser_new(1000, event_cb, seen, NULL);
			const char *stream = cases[i].stream;

			g_test_message("%" G_GSIZE_FORMAT " at %" G_GSIZE_FORMAT, i, split);
			g_assert_true(ferry_jmap_event_parser_feed(parser, stream, split, NULL));
			g_assert_true(ferry_jmap_event_parser_feed(parser, stream + split,
								   length - split, NULL));
			g_assert_cmpstr(seen->str, ==, cases[i].events);
		}
	}
}

static void
test_event_limit(void)
{
	g_autoptr(GString) seen = g_string_new(NULL);
	g_autoptr(FerryJmapEventParser) parser =
		ferry_jmap_event_parser_new(100, event_cb, seen, NULL);
	g_autoptr(GError) error = NULL;
	gboolean ok = TRUE;

	for (guint i = 0; i < 100 && ok; i++)
		ok = ferry_jmap_event_parser_feed(parser, "data: x\n", 8, &error);
	g_assert_error(error, FERRY_ERROR, FERRY_ERROR_BACKEND);
}

static FerryJmapReply *
make_reply(const char *json)
{
	g_autoptr(FerryJmapValue) document = ferry_jmap_value_new_from_json(json, -1, NULL);
	FerryJmapReply *reply = ferry_jmap_reply_new();

	g_assert_nonnull(document);
	g_assert_true(ferry_jmap_reply_add_document(reply, document, NULL));
	return reply;
}

static void
test_emails(void)
{
	g_autoptr(FerryJmapReply) reply = make_reply(
		"{\"methodResponses\":[[\"Email/get\",{\"state\":\"s1\",\"notFound\":[\"x\"],"
		"\"list\":[{\"id\":\"e1\",\"blobId\":\"b1\",\"threadId\":\"t1\",\"size\":99,"
		"\"mailboxIds\":{\"m1\":true,\"m2\":true,\"m3\":false},\"keywords\":{},"
		"\"receivedAt\":\"2014-10-30T06:12:00Z\",\"sentAt\":\"2014-10-30T14:12:00+08:00\"},"
		"{\"blobId\":\"no id\"},17,{\"id\":\"e2\",\"sentAt\":null}]},\"c1\"],"
		"[\"error\",{\"type\":\"cannotCalculateChanges\"},\"c2\"]]}");
	g_autoptr(FerryJmapEmailList) list = ferry_jmap_reply_parse_emails(reply, "c1", NULL);
	g_autoptr(GError) error = NULL;
	const FerryJmapEmail *email = NULL;

	g_assert_cmpuint(ferry_jmap_email_list_get_length(list), ==, 2);
	g_assert_cmpstr(ferry_jmap_email_list_get_state(list), ==, "s1");
	g_assert_cmpstr(ferry_jmap_email_list_get_not_found(list)[0], ==, "x");
	email = ferry_jmap_email_list_get(list, 0);
	g_assert_cmpstr(email->blob_id, ==, "b1");
	g_assert_cmpstr(email->mailbox_ids[1], ==, "m2");
	g_assert_null(email->mailbox_ids[2]);
	g_assert_true(email->has_keywords);
	g_assert_null(email->keywords[0]);
	g_assert_cmpint(email->received_at, ==, 1414649520);
	g_assert_cmpint(email->sent_offset, ==, 480);
	email = ferry_jmap_email_list_get(list, 1);
	g_assert_false(email->has_sent_at || email->has_mailbox_ids);
	g_assert_null(email->mailbox_ids[0]);
	g_assert_null(ferry_jmap_reply_parse_changes(reply, "c2", &error));
	g_assert_error(error, FERRY_JMAP_ERROR, FERRY_JMAP_ERROR_CANNOT_CALCULATE_CHANGES);
}

static void
test_set_result(void)
{
	g_autoptr(FerryJmapReply) reply = make_reply(
		"{\"methodResponses\":[[\"Email/set\",{\"oldState\":\"1\",\"newState\":\"2\","
		"\"created\":{\"a\":{\"id\":\"A\"}},\"updated\":{\"u\":null},\"destroyed\":[\"d\"],"
		"\"notCreated\":{\"b\":{\"type\":\"alreadyExists\",\"existingId\":\"B\"}},"
		"\"notUpdated\":{\"v\":{\"type\":\"overQuota\"}},\"notDestroyed\":null},\"c1\"]]}");
	g_autoptr(FerryJmapSetResult) result = ferry_jmap_reply_parse_set(reply, "c1", NULL);
	g_autoptr(GError) exists = NULL;
	g_autoptr(GError) quota = NULL;
	g_autoptr(GError) silent = NULL;

	g_assert_cmpstr(ferry_jmap_set_result_get_created_id(result, "a", NULL), ==, "A");
	g_assert_true(ferry_jmap_set_result_was_updated(result, "u", NULL));
	g_assert_true(ferry_jmap_set_result_was_destroyed(result, "d", NULL));
	g_assert_null(ferry_jmap_set_result_get_created_id(result, "b", &exists));
	g_assert_error(exists, FERRY_JMAP_ERROR, FERRY_JMAP_ERROR_ALREADY_EXISTS);
	g_assert_cmpstr(ferry_jmap_error_get_existing_id(exists), ==, "B");
	g_assert_false(ferry_jmap_set_result_was_updated(result, "v", &quota));
	g_assert_error(quota, FERRY_ERROR, FERRY_ERROR_OVER_QUOTA);
	g_assert_false(ferry_jmap_set_result_was_destroyed(result, "unheard", &silent));
	g_assert_error(silent, FERRY_ERROR, FERRY_ERROR_BACKEND);
	g_assert_cmpuint(ferry_jmap_set_result_get_n_failed(result), ==, 2);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/jmap/value/paths", test_paths);
	g_test_add_func("/jmap/value/round-trip", test_round_trip);
	g_test_add_func("/jmap/value/guard", test_guard);
	g_test_add_func("/jmap/value/nesting", test_nesting);
	g_test_add_func("/jmap/value/builder", test_builder);
	g_test_add_func("/jmap/value/dates", test_dates);
	g_test_add_func("/jmap/value/event-stream", test_event_stream);
	g_test_add_func("/jmap/value/event-limit", test_event_limit);
	g_test_add_func("/jmap/value/emails", test_emails);
	g_test_add_func("/jmap/value/set-result", test_set_result);
	return g_test_run();
}
