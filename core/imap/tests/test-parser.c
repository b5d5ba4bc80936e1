/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands in, arguments out: every case whole and cut at every byte. */
#include "base/error.h"
#include "imap/parser.h"

static FerryRegistry *registry;

static void
build_registry(void)
{
	static const struct {
		const char *name;
		const char *grammar;
	} items[] = {{"FLAGS", NULL},         {"UID", NULL},
		     {"ENVELOPE", NULL},      {"RFC822.SIZE", NULL},
		     {"BODY", "[section]"},   {"BODY.PEEK", "section"},
		     {"BODYSTRUCTURE", NULL}, {"PREVIEW", "[(\"LAZY\")]"}},
	  keys[] = {{"ALL", NULL},
		    {"SEEN", NULL},
		    {"FROM", "astring"},
		    {"SINCE", "date"},
		    {"HEADER", "astring astring"},
		    {"UID", "sequence-set"},
		    {"LARGER", "number64"},
		    {"KEYWORD", "flag"}};

	registry = ferry_registry_new();
	for (guint i = 0; i < G_N_ELEMENTS(items); i++)
		ferry_registry_add_fetch_item(registry, items[i].name, items[i].grammar, 0, NULL,
					      (FerryFetchWriteFunc)(gpointer)build_registry, NULL,
					      NULL, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
		ferry_registry_add_search_key(registry, keys[i].name, keys[i].grammar, 0, NULL,
					      (FerrySearchMatchFunc)(gpointer)build_registry, NULL,
					      NULL, NULL);
	ferry_registry_add_append_data(registry, "JOIN", "({[\"TEXT\" literal] [\"URL\" astring]})",
				       (FerryAppendDataFunc)(gpointer)build_registry, NULL, NULL,
				       NULL);
	ferry_registry_add_fetch_modifier(registry, "CHANGEDSINCE", "number64",
					  (FerryModifierFunc)(gpointer)build_registry, NULL, NULL,
					  NULL);
	ferry_registry_add_list_selection(
		registry, "SUBSCRIBED", (FerryListFunc)(gpointer)build_registry, NULL, NULL, NULL);
	ferry_registry_add_list_return(registry, "STATUS", "status-items",
				       (FerryListFunc)(gpointer)build_registry, NULL, NULL, NULL);
	ferry_registry_add_status_item(registry, "MESSAGES", 0,
				       (FerryStatusFunc)(gpointer)build_registry, NULL, NULL, NULL);
	ferry_registry_seal(registry);
}

static void
dump_set(FerryImapSet *set, GString *out)
{
	g_autoptr(FerryUidSet) uids = NULL;

	if (ferry_imap_set_is_saved_result(set)) {
		g_string_append(out, "$");
		return;
	}
	uids = ferry_imap_set_resolve(set, 1000);
	ferry_uid_set_append_to(uids, out);
}

static void
dump_section(const FerryImapSection *section, GString *out)
{
	g_string_append_printf(out, "[%s]", section->text);
	if (section->has_partial)
		g_string_append_printf(out, "<%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT ">",
				       section->offset, section->length);
}

static void
dump(FerryImapValue *value, GString *out)
{
	g_autoptr(GBytes) bytes = NULL;
	gint32 zone;

	if (value == NULL) {
		g_string_append_c(out, '-');
		return;
	}
	switch (ferry_imap_value_get_kind(value)) {
	case FERRY_IMAP_VALUE_NIL:
		g_string_append(out, "NIL");
		break;
	case FERRY_IMAP_VALUE_ATOM:
		g_string_append(out, ferry_imap_value_get_text(value));
		break;
	case FERRY_IMAP_VALUE_STRING:
		g_string_append_printf(out, "'%s'", ferry_imap_value_get_text(value));
		break;
	case FERRY_IMAP_VALUE_NUMBER:
		g_string_append_printf(out, "%" G_GUINT64_FORMAT,
				       ferry_imap_value_get_number(value));
		break;
	case FERRY_IMAP_VALUE_SET:
		dump_set(ferry_imap_value_get_set(value), out);
		break;
	case FERRY_IMAP_VALUE_DATE:
		g_string_append_printf(out, "day%d", ferry_imap_value_get_day(value));
		break;
	case FERRY_IMAP_VALUE_DATE_TIME:
		g_string_append_printf(out, "@%" G_GINT64_FORMAT,
				       ferry_imap_value_get_time(value, &zone));
		g_string_append_printf(out, "%+d", zone);
		break;
	case FERRY_IMAP_VALUE_SECTION:
		dump_section(ferry_imap_value_get_section(value), out);
		break;
	case FERRY_IMAP_VALUE_DATA:
		bytes = ferry_imap_value_dup_bytes(value, NULL);
		g_string_append_printf(out, "<%.*s>", (int)g_bytes_get_size(bytes),
				       (const char *)g_bytes_get_data(bytes, NULL));
		break;
	case FERRY_IMAP_VALUE_ITEM:
		g_string_append(out, ferry_imap_value_get_text(value));
		if (ferry_imap_value_get_n_children(value) == 0)
			break;
		G_GNUC_FALLTHROUGH;
	case FERRY_IMAP_VALUE_LIST:
		g_string_append_c(out, '(');
		for (guint i = 0; i < ferry_imap_value_get_n_children(value); i++) {
			if (i > 0)
				g_string_append_c(out, ' ');
			dump(ferry_imap_value_get_child(value, i), out);
		}
		g_string_append_c(out, ')');
		break;
	}
}

/* @data: the grammar */
static FerryImapLiteralUse
literal_func(FerryImapParser *parser, guint64 size, gpointer data, GError **error)
{
	if (!ferry_imap_parser_announces_data(parser, registry, data))
		return FERRY_IMAP_LITERAL_STRING;
	if (g_strcmp0(ferry_imap_parser_get_name(parser), "MENDED") == 0)
		return FERRY_IMAP_LITERAL_MENDED;
	if (size <= 1000000)
		return FERRY_IMAP_LITERAL_DATA;
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_TOO_BIG, "Message too big");
	return FERRY_IMAP_LITERAL_REFUSED;
}

static FerryLimits limits = FERRY_LIMITS_DEFAULT;

/* What a stream of input comes to, in pieces of @first and then @rest octets, as one text. */
static char *
run(const char *input, gsize length, gsize first, gsize rest, const char *grammar, gboolean utf8)
{
	FerryImapGrammarContext context = {.registry = registry, .utf8 = utf8, .nesting = 8};
	g_autoptr(FerryImapParser) parser = ferry_imap_parser_new(&limits);
	GString *out = g_string_new(NULL);
	gsize position = 0, piece_end = MIN(first, length);

	ferry_imap_parser_set_literal_func(parser, literal_func, (gpointer)grammar);
	while (position < length) {
		g_autoptr(GError) error = NULL;
		g_autoptr(GPtrArray) slots = NULL;
		FerryImapParseResult result;
		/* a copy, so that a sanitizer sees reads behind the end */
		g_autofree guint8 *piece = g_memdup2(input + position, piece_end - position);

		position += ferry_imap_parser_feed(parser, piece, piece_end - position, &result,
						   &error);
		if (position == piece_end)
			piece_end = MIN(length, piece_end + rest);
		if (result == FERRY_IMAP_PARSE_CONTINUE)
			g_string_append(out, "+ ");
		if (result == FERRY_IMAP_PARSE_FATAL) {
			g_string_append(out, "BYE");
			break;
		}
		if (result == FERRY_IMAP_PARSE_MALFORMED)
			g_string_append_printf(out, "%s BAD;", ferry_imap_parser_get_tag(parser));
		if (result != FERRY_IMAP_PARSE_DONE)
			continue;
		if (ferry_imap_parser_get_name(parser) != NULL)
			slots = ferry_imap_parser_parse_arguments(parser, grammar, &context,
								  &error);
		g_string_append_printf(out, "%s %s", ferry_imap_parser_get_tag(parser),
				       ferry_imap_parser_get_name(parser));
		if (slots == NULL)
			g_string_append(out, " BAD");
		for (guint i = 0; slots != NULL && i < slots->len; i++) {
			g_string_append_c(out, ' ');
			dump(slots->pdata[i], out);
		}
		g_string_append_c(out, ';');
	}
	return g_string_free(out, FALSE);
}

#define FETCH "sequence-set fetch-items [fetch-modifiers]"
#define SEARCH "[\"RETURN\" search-returns] [\"CHARSET\" astring] search-program"
#define LIST "[list-selections] reference patterns [\"RETURN\" list-returns]"
#define APPEND "mailbox append-messages"
#define REPLACE "seq-number mailbox append-message"

static const struct {
	const char *input;
	const char *grammar;
	const char *expected;
	gboolean utf8;
} cases[] = {
	{"a NOOP\r\n", NULL, "a NOOP;"},
	{"a noop\n", NULL, "a NOOP;"},
	{"\r\na NOOP\r\nb NOOP\r\n", NULL, "a NOOP;b NOOP;"},
	{"a NOOP \r\n", NULL, "a NOOP BAD;"},
	{"a\r\n", NULL, "a (null) BAD;"},
	{"+ NOOP\r\n", NULL, "(null) (null) BAD;"},
	{"a+b NOOP\r\n", NULL, "(null) (null) BAD;"},
	{"a LOGIN joe \"a\\\"b\\\\c\"\r\n", "astring astring", "a LOGIN 'joe' 'a\"b\\c';"},
	{"a LOGIN {3}\r\njoe {5+}\r\na\r\nbc\r\n", "astring astring", "+ a LOGIN 'joe' 'a\r\nbc';"},
	{"a LOGIN {0}\r\n \"\"\r\n", "astring astring", "+ a LOGIN '' '';"},
	{"a LOGIN joe \"x\\n\"\r\n", "astring astring", "a LOGIN BAD;"},
	{"a LOGIN joe \"x {3}\r\nb NOOP\r\n", "astring astring", "a LOGIN BAD;b NOOP BAD;"},
	{"a LOGIN joe  x\r\n", "astring astring", "a LOGIN BAD;"},
	{"a LOGIN joe\r\n", "astring astring", "a LOGIN BAD;"},
	{"a LOGIN joe x{3}\r\n", "astring astring", "a LOGIN BAD;"},
	{"a LOGIN joe {3}x\r\n", "astring astring", "a LOGIN BAD;"},
	{"a LOGIN joe \"\xff\"\r\n", "astring astring", "a LOGIN BAD;"},
	{"a LOGIN joe \"\xc3\xa9\"\r\n", "astring astring", "a LOGIN 'joe' '\xc3\xa9';", TRUE},
	{"a SELECT inbox\r\n", "mailbox", "a SELECT 'INBOX';"},
	{"a SELECT inBox/x\r\n", "mailbox", "a SELECT 'INBOX/x';"},
	{"a SELECT &AOQ-\r\n", "mailbox", "a SELECT '\xc3\xa4';"},
	{"a SELECT \"&AOQ\"\r\n", "mailbox", "a SELECT BAD;"},
	{"a SELECT \"&AOQ-\"\r\n", "mailbox", "a SELECT '&AOQ-';", TRUE},
	{"a UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (To \"a b\")]<0.5>)\r\n", FETCH,
	 "a UID FETCH 1:1000 (FLAGS BODY.PEEK([HEADER.FIELDS (To \"a b\")]<0.5>)) -;"},
	{"a FETCH 5,3:4,2000,7 ALL\r\n", FETCH, "a FETCH 3:5,7,2000 (ALL) -;"},
	{"a FETCH $ body[1.2.mime]\r\n", FETCH, "a FETCH $ (BODY([1.2.MIME])) -;"},
	{"a FETCH 1 BODY (CHANGEDSINCE 5)\r\n", FETCH, "a FETCH 1 (BODY(-)) (CHANGEDSINCE(5));"},
	{"a FETCH 1 (PREVIEW (LAZY) UID)\r\n", FETCH, "a FETCH 1 (PREVIEW(()) UID) -;"},
	{"a FETCH 1 PREVIEW (CHANGEDSINCE 5)\r\n", FETCH,
	 "a FETCH 1 (PREVIEW(-)) (CHANGEDSINCE(5));"},
	{"a FETCH 0 UID\r\n", FETCH, "a FETCH BAD;"},
	{"a FETCH 4294967296 UID\r\n", FETCH, "a FETCH BAD;"},
	{"a FETCH 4294967295 UID\r\n", FETCH, "a FETCH 4294967295 (UID) -;"},
	{"a FETCH 01 UID\r\n", FETCH, "a FETCH BAD;"},
	{"a FETCH 1, UID\r\n", FETCH, "a FETCH BAD;"},
	{"a FETCH 1:2:3 UID\r\n", FETCH, "a FETCH BAD;"},
	{"a FETCH 1 ()\r\n", FETCH, "a FETCH BAD;"},
	{"a FETCH 1 (UID\r\n", FETCH, "a FETCH BAD;"},
	{"a FETCH 1 (ALL UID)\r\n", FETCH, "a FETCH BAD;"},
	{"a FETCH 1 BODY[0]\r\n", FETCH, "a FETCH BAD;"},
	{"a FETCH 1 BODY[1.]\r\n", FETCH, "a FETCH BAD;"},
	{"a FETCH 1 BODY[MIME]\r\n", FETCH, "a FETCH BAD;"},
	{"a FETCH 1 BODY[]<5.0>\r\n", FETCH, "a FETCH BAD;"},
	{"a FETCH 1 BODY[]<5>\r\n", FETCH, "a FETCH BAD;"},
	{"a FETCH 1 XYZ\r\n", FETCH, "a FETCH BAD;"},
	{"a SEARCH OR FROM a OR SEEN NOT 1:3 SINCE 1-Feb-1970\r\n", SEARCH,
	 "a SEARCH - - AND(OR(FROM('a') SEEN NOT(SET(1:3))) SINCE(day31));"},
	{"a SEARCH CHARSET utf-8 (SEEN (ALL FROM {2+}\r\nhi))\r\n", SEARCH,
	 "a SEARCH - 'utf-8' AND(SEEN AND(ALL FROM('hi')));"},
	{"a SEARCH ((((((((SEEN))))))))\r\n", SEARCH, "a SEARCH BAD;"},
	{"a SEARCH NOT\r\n", SEARCH, "a SEARCH BAD;"},
	{"a SEARCH SINCE 31-Feb-2020\r\n", SEARCH, "a SEARCH BAD;"},
	{"a SEARCH LARGER 9223372036854775808\r\n", SEARCH, "a SEARCH BAD;"},
	{"a LIST \"\" *\r\n", LIST, "a LIST - '' ('*') -;"},
	{"a LIST (SUBSCRIBED) x (% \"b c\") RETURN (STATUS (MESSAGES))\r\n", LIST,
	 "a LIST (SUBSCRIBED) 'x' ('%' 'b c') (STATUS((MESSAGES)));"},
	{"a LIST () x y RETURN ()\r\n", LIST, "a LIST () 'x' ('y') ();"},
	{"a STORE 1 +FLAGS (\\Seen x)\r\n", "sequence-set atom flag-list",
	 "a STORE 1 +FLAGS (\\Seen x);"},
	{"a STORE 1 FLAGS \\Seen x\r\n", "sequence-set atom flag-list",
	 "a STORE 1 FLAGS (\\Seen x);"},
	{"a STORE 1 FLAGS ()\r\n", "sequence-set atom flag-list", "a STORE 1 FLAGS ();"},
	{"a APPEND x {4}\r\nb\r\nc\r\n", APPEND, "+ a APPEND 'x' ((- - <b\r\nc>));"},
	{"a APPEND {1}\r\nx (\\Seen) \"01-Jan-1970 01:00:00 +0100\" {5+}\r\nhello {2+}\r\nyo\r\n",
	 APPEND, "+ a APPEND 'x' (((\\Seen) @0+60 <hello>) (- - <yo>));"},
	/* bare LF, where it is mended: at the beginning, behind LF, not behind CR, not in literal8
	 */
	{"a MENDED x {9+}\r\n\na\n\nb\r\nc\r {2+}\r\n\nx ~{3+}\r\n\ny\n\r\n", APPEND,
	 "a MENDED 'x' ((- - <\r\na\r\n\r\nb\r\nc\r>) (- - <\r\nx>) (- - <\ny\n>));"},
	{"a APPEND x {2000000}\r\nb NOOP\r\n", APPEND, "a BAD;b NOOP BAD;"},
	{"a APPEND x\r\n", APPEND, "a APPEND BAD;"},
	/* one message, and which one it is about */
	{"a REPLACE 4 {1+}\r\nx {3}\r\nabc\r\n", REPLACE, "+ a REPLACE 4 'x' (- - <abc>);"},
	{"a REPLACE * \"x \\\" y\" () {3+}\r\nabc\r\n", REPLACE,
	 "a REPLACE 1000 'x \" y' (() - <abc>);"},
	{"a REPLACE 4 x {1+}\r\na {1+}\r\nb\r\n", REPLACE, "a REPLACE BAD;"},
	{"a REPLACE 4:5 x {1+}\r\na\r\n", REPLACE, "a REPLACE BAD;"},
	{"a REPLACE 4,5 x {1+}\r\na\r\n", REPLACE, "a REPLACE BAD;"},
	{"a REPLACE $ x {1+}\r\na\r\n", REPLACE, "a REPLACE BAD;"},
	{"a REPLACE 0 x {1+}\r\na\r\n", REPLACE, "a REPLACE BAD;"},
	{"a REPLACE 4294967296 x {1+}\r\na\r\n", REPLACE, "a REPLACE BAD;"},
	{"a REPLACE 4 x\r\n", REPLACE, "a REPLACE BAD;"},
	/* append data elements: which of their literals are message data */
	{"a APPEND x JOIN (TEXT {1+}\r\na URL {1+}\r\nb url c TEXT {2+}\r\nde)\r\n", APPEND,
	 "a APPEND 'x' ((- - JOIN((((<a> 'b') (- 'c') (<de> -))))));"},
	{"a APPEND x (\\Seen) join (URL y) {1+}\r\na JOIN (TEXT {0+}\r\n)\r\n", APPEND,
	 "a APPEND 'x' (((\\Seen) - JOIN((((- 'y'))))) (- - <a>) (- - JOIN((((<> -))))));"},
	{"a APPEND TEXT {1+}\r\na\r\n", APPEND, "a APPEND 'TEXT' ((- - <a>));"},
	{"a APPEND x JOIN ()\r\n", APPEND, "a APPEND BAD;"},
	{"a APPEND x JOIN (TEXT)\r\n", APPEND, "a APPEND BAD;"},
	{"a APPEND x JOIN (TEXT {1+}\r\na\r\n", APPEND, "a APPEND BAD;"},
	{"a APPEND x JOIN (URL y OTHER z)\r\n", APPEND, "a APPEND BAD;"},
	{"a APPEND x JOIN (OTHER {1+}\r\na)\r\n", APPEND, "a APPEND BAD;"},
	{"a APPEND x JOIN {1+}\r\na\r\n", APPEND, "a APPEND BAD;"},
	{"a APPEND x JOIN (TEXT {1+}\r\na) URL y\r\n", APPEND, "a APPEND BAD;"},
	{"a APPEND x JOIN (TEXT {2000000}\r\nb NOOP\r\n", APPEND, "a BAD;b NOOP BAD;"},
	{"a X {2000000}\r\nb NOOP\r\n", NULL, "a BAD;b NOOP;"},
	{"a X (y (z \"q\") {1+}\r\nw)\r\n", "list", "a X (y (z 'q') 'w');"},
	{"a X ((((((((((\r\n", "list", "a X BAD;"},
	{"a ENABLE b c\r\n", "atom*", "a ENABLE (b c);"},
	{"a ENABLE b \r\n", "atom*", "a ENABLE BAD;"},
	{"a ID NIL\r\n", "nstring", "a ID NIL;"},
	{"a X inbox\r\n", "mailboxes", "a X ('INBOX');"},
	{"a X (inbox \"b c\" {1}\r\nd)\r\n", "mailboxes", "+ a X ('INBOX' 'b c' 'd');"},
	{"a X ()\r\n", "mailboxes", "a X BAD;"},
	{"a X (b\r\n", "mailboxes", "a X BAD;"},
	{"a X (UID FLAGS)\r\n", "fetch-list", "a X (UID FLAGS);"},
	{"a X UID\r\n", "fetch-list", "a X BAD;"},
	{"a X (b) (c (1)) d\r\n", "{(atom [(number)])} [atom]", "a X (((b -)) ((c (1)))) d;"},
	{"a X (b (c 1 d 2))\r\n", "{(atom ({atom number}))}", "a X (((b (((c 1) (d 2))))));"},
	{"a X\r\n", "[{(atom)}]", "a X -;"},
	{"a X (b)(c)\r\n", "{(atom)}", "a X BAD;"},
	{"a X (b) (c\r\n", "{(atom)}", "a X BAD;"},
	{"a X (b 1 c)\r\n", "({atom number})", "a X BAD;"},
};

static void
test_cases(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		gsize length = strlen(cases[i].input);
		g_autofree char *whole = NULL;

		whole = run(cases[i].input, length, length, 1, cases[i].grammar, cases[i].utf8);
		if (g_strcmp0(whole, cases[i].expected) != 0)
			g_test_message("case %u: %s", i, cases[i].input);
		g_assert_cmpstr(whole, ==, cases[i].expected);
		for (gsize cut = 1; cut < length; cut++) {
			g_autofree char *split = run(cases[i].input, length, cut, length,
						     cases[i].grammar, cases[i].utf8);
			g_autofree char *single = NULL;

			g_assert_cmpstr(split, ==, whole);
			if (cut > 1)
				continue;
			single = run(cases[i].input, length, 1, 1, cases[i].grammar, cases[i].utf8);
			g_assert_cmpstr(single, ==, whole);
		}
	}
}

static void
test_limits(void)
{
	g_autofree char *long_line = g_strnfill(limits.line + 10, 'x');
	g_autoptr(GString) input = g_string_new("a LOGIN x ");
	g_autofree char *bye = NULL, *good = NULL, *refused = NULL;

	g_string_append(input, long_line);
	bye = run(input->str, input->len, 1000, 1000, "astring astring", FALSE);
	g_assert_cmpstr(bye, ==, "BYE");

	/* a refused literal that comes without waiting is dropped, with those behind it */
	g_string_assign(input, "a X {2000000+}\r\n");
	for (guint i = 0; i < 2000000 / 10; i++)
		g_string_append(input, "b NOOP\r\n  ");
	g_string_append(input, " {3+}\r\nxyz\r\nc NOOP\r\n");
	refused = run(input->str, input->len, 5000, 5000, NULL, FALSE);
	g_assert_cmpstr(refused, ==, "a BAD;c NOOP;");

	/* many small literals count together */
	g_string_assign(input, "a X ");
	for (guint i = 0; i < 12; i++) {
		g_autofree char *literal = g_strnfill(100000, 'y');

		g_string_append_printf(input, "{100000+}\r\n%s ", literal);
	}
	g_string_append(input, "z\r\nc NOOP\r\n");
	good = run(input->str, input->len, 5000, 5000, NULL, FALSE);
	g_assert_cmpstr(good, ==, "a BAD;c NOOP;");
}

/* A message too long for memory, of nothing but bare LF. */
static void
test_mended_file(void)
{
	const gsize size = 100000;
	FerryImapGrammarContext context = {.registry = registry, .nesting = 8};
	g_autoptr(FerryImapParser) parser = ferry_imap_parser_new(&limits);
	g_autoptr(GString) input = g_string_new("a MENDED x {100000+}\r\n");
	FerryImapParseResult result = FERRY_IMAP_PARSE_MORE;

	for (gsize i = 0; i < size; i++)
		g_string_append_c(input, '\n');
	g_string_append(input, "\r\n");
	ferry_imap_parser_set_literal_func(parser, literal_func, (gpointer)APPEND);
	for (gsize i = 0; i < input->len; i += 7777)
		ferry_imap_parser_feed(parser, (const guint8 *)input->str + i,
				       MIN(7777, input->len - i), &result, NULL);
	g_assert_cmpint(result, ==, FERRY_IMAP_PARSE_DONE);
	g_autoptr(GPtrArray) slots =
		ferry_imap_parser_parse_arguments(parser, APPEND, &context, NULL);
	FerryImapValue *message = ferry_imap_value_get_child(slots->pdata[1], 0);
	FerryImapValue *data = ferry_imap_value_get_child(message, 2);
	g_autoptr(GBytes) bytes = ferry_imap_value_dup_bytes(data, NULL);
	const char *octets = g_bytes_get_data(bytes, NULL);

	g_assert_cmpint(ferry_imap_value_get_fd(data), >=, 0);
	g_assert_cmpuint(ferry_imap_value_get_size(data), ==, 2 * size);
	g_assert_cmpuint(g_bytes_get_size(bytes), ==, 2 * size);
	for (gsize i = 0; i < 2 * size; i += 2)
		g_assert_cmpint(memcmp(octets + i, "\r\n", 2), ==, 0);
}

/* Where nothing can be spooled the message is read to its end, and the session goes on. */
static void
test_no_spool(void)
{
	g_autoptr(FerryImapParser) parser = ferry_imap_parser_new(&limits);
	g_autoptr(GString) input = g_string_new("a APPEND x {100000}\r\n");
	g_autofree char *text = g_strnfill(100000, 'x');
	g_autoptr(GError) error = NULL;
	FerryImapParseResult result;
	gsize taken;

	ferry_imap_parser_set_literal_func(parser, literal_func, (gpointer)APPEND);
	ferry_imap_parser_set_spool_dir(parser, "/nonexistent");
	taken = ferry_imap_parser_feed(parser, (const guint8 *)input->str, input->len, &result,
				       &error);
	g_assert_cmpint(result, ==, FERRY_IMAP_PARSE_CONTINUE);
	g_assert_cmpuint(taken, ==, input->len);
	g_string_printf(input, "%s\r\nb NOOP\r\n", text);
	taken = ferry_imap_parser_feed(parser, (const guint8 *)input->str, input->len, &result,
				       &error);
	g_assert_cmpint(result, ==, FERRY_IMAP_PARSE_MALFORMED);
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
	g_assert_cmpstr(ferry_imap_parser_get_tag(parser), ==, "a");
	ferry_imap_parser_feed(parser, (const guint8 *)input->str + taken, input->len - taken,
			       &result, NULL);
	g_assert_cmpint(result, ==, FERRY_IMAP_PARSE_DONE);
	g_assert_cmpstr(ferry_imap_parser_get_tag(parser), ==, "b");
}

static void
test_line_mode(void)
{
	g_autoptr(FerryImapParser) parser = ferry_imap_parser_new(&limits);
	FerryImapParseResult result;

	ferry_imap_parser_set_line_mode(parser, TRUE);
	g_assert_cmpuint(
		ferry_imap_parser_feed(parser, (const guint8 *)"DONE\r\na X", 9, &result, NULL), ==,
		6);
	g_assert_cmpint(result, ==, FERRY_IMAP_PARSE_DONE);
	g_assert_cmpstr(ferry_imap_parser_get_line(parser), ==, "DONE");
}

int
main(int argc, char **argv)
{
	int result;

	g_test_init(&argc, &argv, NULL);
	build_registry();
	g_test_add_func("/imap/parser/cases", test_cases);
	g_test_add_func("/imap/parser/limits", test_limits);
	g_test_add_func("/imap/parser/mended-file", test_mended_file);
	g_test_add_func("/imap/parser/no-spool", test_no_spool);
	g_test_add_func("/imap/parser/line-mode", test_line_mode);
	result = g_test_run();
	g_object_unref(registry);
	return result;
}
