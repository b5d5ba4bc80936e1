/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scan.h"

#define PLAIN(size, lines)                                                                         \
	"(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"us-ascii\") NIL NIL \"7BIT\" " size " " lines          \
	" NIL NIL NIL NIL)"
#define MIXED " \"MIXED\" (\"BOUNDARY\" \"bb\") NIL NIL NIL)"
#define MP "Content-Type: multipart/mixed; boundary=bb\r\n\r\n"
#define INNER "--bb\r\nContent-Type: multipart/alternative; boundary=cc\r\n\r\n--cc\r\n\r\nA\r\n"
#define ALTERNATIVE " \"ALTERNATIVE\" (\"BOUNDARY\" \"cc\") NIL NIL NIL)"
#define NO_ENVELOPE "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"

static const struct {
	const char *message;
	const char *bodystructure;
} cases[] = {
	/* no parts */
	{"", PLAIN("0", "0")},
	{"\r\n", PLAIN("0", "0")},
	{"Subject: x\r\n", PLAIN("0", "0")},
	{"Subject: x", PLAIN("0", "0")},
	{"Subject: x\r\n\r\nhello\r\n", PLAIN("7", "1")},
	{"Subject: x\r\n\r\nhello\r\nabc", PLAIN("10", "1")},
	{"Subject: x\n\nhello\nabc\n", PLAIN("10", "2")},
	{"Subject: x\r\n\nhello\nabc\r\n", PLAIN("11", "2")},
	{"Subject: x\r\n \r\n\r\nhello", PLAIN("5", "0")},
	{"Subject: x\r\n\rhello\r\n\r\nabc", PLAIN("3", "0")},
	{"\r\r\n\r\nabc", PLAIN("3", "0")},
	/* multiparts */
	{"Content-Type: multipart/mixed\r\n\r\n--x\r\n\r\na\r\n--x--\r\n", PLAIN("17", "4")},
	{MP "hello\r\nthere\r\n", PLAIN("14", "2")},
	{MP "--bb--\r\n", PLAIN("8", "1")},
	{MP "--bb", "(" PLAIN("0", "0") MIXED},
	{MP "--bb\r\n\r\n--bb--\r\n", "(" PLAIN("0", "0") MIXED},
	{MP "--bb  \r\n\r\na\r\n--bb-- \r\nepilogue\r\n", "(" PLAIN("1", "0") MIXED},
	{MP "pre\r\n--bb\r\n\r\na\r\n\r\n--bb--", "(" PLAIN("3", "1") MIXED},
	{MP "--bb\n\na\n--bb\n\nb\n\n--bb--\n", "(" PLAIN("1", "0") PLAIN("2", "1") MIXED},
	{MP "--bb\r\n\r\na\r\n--bbX\r\n\r\nc\r\n--bb--\r\n", "(" PLAIN("13", "3") MIXED},
	{MP "--bb\r\n\r\nA\r\n--bb-\r\n\r\nB\r\n--bb\t\r\n\r\nC\r\n",
	 "(" PLAIN("13", "3") PLAIN("3", "1") MIXED},
	{MP "--bb\r\n\r\nA\r\n--bb--X\r\n\r\nB\r\n", "(" PLAIN("1", "0") MIXED},
	{MP "--bb\r\n\r\na\r\n--bb\r\n\r\nb\r\n", "(" PLAIN("1", "0") PLAIN("3", "1") MIXED},
	{MP "--bb\r\nX: y\r\n--bb\r\nContent-Type: text/html\r\n\r\nC\r\n--bb--\r\n",
	 "(" PLAIN("0", "0") "(\"TEXT\" \"HTML\" NIL NIL NIL \"7BIT\" 1 0 NIL NIL NIL NIL)" MIXED},
	{"Content-Type: multipart/mixed; boundary=\"bb \"\r\n\r\n--bb\r\n\r\na\r\n--bb--\r\n",
	 "(" PLAIN("1", "0") " \"MIXED\" (\"BOUNDARY\" \"bb \") NIL NIL NIL)"},
	/* multiparts in multiparts */
	{MP INNER "--bb\r\n\r\nC\r\n--bb--",
	 "((" PLAIN("1", "0") ALTERNATIVE PLAIN("1", "0") MIXED},
	{MP INNER "--bb--\r\n--cc\r\n\r\nx", "((" PLAIN("1", "0") ALTERNATIVE MIXED},
	{MP INNER "--cc--\r\n--cc\r\n\r\nx\r\n--bb--", "((" PLAIN("1", "0") ALTERNATIVE MIXED},
	{MP "--bb\r\nContent-Type: multipart/alternative; boundary=bbc\r\n\r\n--bbc\r\n\r\nA\r\n"
	    "--bbc--\r\n--bb\r\n\r\nC\r\n--bb--\r\n",
	 "((" PLAIN("1", "0") " \"ALTERNATIVE\" (\"BOUNDARY\" \"bbc\") NIL NIL NIL)" PLAIN("1", "0")
		 MIXED},
	{MP "--bb\r\nContent-Type: multipart/alternative; boundary=bb\r\n\r\n--bb\r\n\r\nA\r\n"
	    "--bb--\r\n--bb\r\n\r\nC\r\n--bb--\r\n",
	 "((" PLAIN("1", "0") " \"ALTERNATIVE\" (\"BOUNDARY\" \"bb\") NIL NIL NIL)" PLAIN("1", "0")
		 MIXED},
	/* messages */
	{"Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nbody\r\n",
	 "(\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 21 (NIL \"in\" NIL NIL NIL NIL NIL NIL NIL "
	 "NIL) " PLAIN("6", "1") " 3 NIL NIL NIL NIL)"},
	{"Content-Type: message/global\r\n\r\n",
	 "(\"MESSAGE\" \"GLOBAL\" NIL NIL NIL \"7BIT\" 0 " NO_ENVELOPE " " PLAIN("0", "0") " 0 NIL "
											   "NIL NIL"
											   " NIL)"},
	{MP "--bb\r\nContent-Type: message/rfc822\r\n\r\n--bb\r\nContent-Type: message/rfc822\r\n"
	    "\r\nX: y\r\n--bb--",
	 "((\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 0 " NO_ENVELOPE
	 " " PLAIN("0", "0") " 0 NIL NIL NIL NIL)(\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" "
			     "4 " NO_ENVELOPE " " PLAIN("0", "0") " 0 NIL NIL NIL NIL)" MIXED},
	/* the line end after a closing boundary is counted with its multipart */
	{MP "--bb\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: multipart/mixed; "
	    "boundary=cc\r\n\r\n--cc\r\n\r\nA\r\n--cc--\r\n--bb--",
	 "((\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 65 " NO_ENVELOPE
	 " (" PLAIN("1",
		    "0") " \"MIXED\" (\"BOUNDARY\" \"cc\") NIL NIL NIL) 6 NIL NIL NIL NIL)" MIXED},
	{"Content-Type: multipart/digest; boundary=bb\r\n\r\n--bb\r\n\r\nX: y\r\n\r\nb\r\n--bb\r\n"
	 "Content-Type: text/plain\r\n\r\nb\r\n--bb--",
	 "((\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 9 " NO_ENVELOPE " " PLAIN(
		 "1",
		 "0") " 2 NIL NIL NIL NIL)(\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 1 0 NIL NIL NIL "
		      "NIL) \"DIGEST\" (\"BOUNDARY\" \"bb\") NIL NIL NIL)"},
	/* fields */
	{"Content-Type: image/png; name=\"a b.png\"; foo*0*=utf-8''x; foo*1=y\r\n"
	 "Content-Transfer-Encoding: Base64 (x)\r\n"
	 "Content-Disposition: attachment; filename=\"q\\\"x.png\"; size=3\r\n"
	 "Content-ID: <a@b>\r\nContent-Description: some\r\n  thing\r\nContent-MD5: abc==\r\n"
	 "Content-Language: en, de\r\nContent-Location: http://x/\r\n y\r\n\r\nAAAA\r\n",
	 "(\"IMAGE\" \"PNG\" (\"NAME\" \"a b.png\" \"FOO*\" \"utf-8''xy\") "
	 "\"<a@b>\" \"some  thing\" \"BASE64\" 6 \"abc==\" (\"ATTACHMENT\" (\"FILENAME\" "
	 "\"q\\\"x.png\" \"SIZE\" \"3\")) (\"EN\" \"DE\") \"http://x/ y\")"},
	/* continued parameters: out of order, with a gap, twice, without a beginning, with zeros */
	{"Content-Type: image/png; a*1=y; a*0=x; a*3=z; b*0=1; b*0=2; c*1=o; d*00=p; d*=q; *0=r; "
	 "e*0=\"1 %\"; e*1*=%41; e*2=\"\"\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n",
	 "(\"IMAGE\" \"PNG\" (\"A\" \"xy\" \"A*3\" \"z\" \"B\" \"1\" \"B*0\" \"2\" \"C*1\" \"o\" "
	 "\"D*00\" \"p\" \"D*\" \"q\" \"*0\" \"r\" \"E*\" \"1%20%25%41\") NIL NIL \"BASE64\" 6 NIL "
	 "NIL NIL NIL)"},
	{"Content-Type: multipart/mixed; boundary=bb; type=x\r\nContent-Disposition: inline; "
	 "a=b\r\n"
	 "Content-Language: en\r\nContent-Location: l\r\nContent-ID: <i>\r\n\r\n--bb\r\n\r\na",
	 "(" PLAIN("1", "0") " \"MIXED\" (\"BOUNDARY\" \"bb\" \"TYPE\" \"x\") (\"INLINE\" (\"A\" "
			     "\"b\")) (\"EN\") \"l\")"},
	{"Content-Type: text\r\n\r\na\r\n", PLAIN("3", "1")},
	{"Content-Type: text/\r\n\r\na\r\n", PLAIN("3", "1")},
	{"Content-Type: text/plain charset=utf-8\r\nContent-Transfer-Encoding: 8bit foo\r\n"
	 "Content-Disposition: inline foo\r\n\r\na\r\n",
	 PLAIN("3", "1")},
	{"Content-Type: (c) text (d) / (e) html (f) ; (g) charset=(h)\"utf-8\"(i)\r\n\r\na\r\n",
	 "(\"TEXT\" \"HTML\" (\"CHARSET\" \"utf-8\") NIL NIL \"7BIT\" 3 1 NIL NIL NIL NIL)"},
	{"Content-Type: text/html;;; charset = utf-8 ; bad; format=flowed; x=\"un\r\n\r\na",
	 "(\"TEXT\" \"HTML\" (\"CHARSET\" \"utf-8\" \"FORMAT\" \"flowed\") NIL NIL \"7BIT\" 1 0 "
	 "NIL "
	 "NIL NIL NIL)"},
	{"Content-Type: text/plain; charset=utf 8; x=a/b; y=; name=r(1).txt (c)\r\n"
	 "Content-Transfer-Encoding: x-foo\r\n\r\na",
	 "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"utf 8\" \"X\" \"a/b\" \"NAME\" \"r(1).txt\") NIL NIL "
	 "\"X-FOO\" 1 0 NIL NIL NIL NIL)"},
	{"Content-Type: text/html\r\nContent-Type: image/png\r\nContent-ID: <1>\r\n"
	 "Content-ID: <2>\r\n\r\na",
	 "(\"TEXT\" \"HTML\" NIL \"<1>\" NIL \"7BIT\" 1 0 NIL NIL NIL NIL)"},
	{"Content-Type: text/plain; name=\"\303\251\"\r\nContent-Description: \303\251\r\n\r\na",
	 "(\"TEXT\" \"PLAIN\" (\"NAME\" {2}\r\n\303\251) NIL {2}\r\n\303\251 \"7BIT\" 1 0 NIL NIL "
	 "NIL NIL)"},
};

static void
test_bodystructure(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		gsize length = strlen(cases[i].message);

		for (gsize chunk = 0; chunk <= length; chunk++) {
			g_autoptr(FerryMessageStructure) structure =
				test_scan(NULL, cases[i].message, length, chunk);
			g_autofree char *text = test_dup_bodystructure(structure);

			if (strcmp(text, cases[i].bodystructure) != 0)
				g_error("case %" G_GSIZE_FORMAT " in chunks of %" G_GSIZE_FORMAT
					":\n%s\n%s",
					i, chunk, text, cases[i].bodystructure);
		}
	}
}

static void
test_body_is_bodystructure_without_extension(void)
{
	static const char message[] = MP "--bb\r\n\r\na\r\n--bb--";
	g_autoptr(FerryMessageStructure) structure = ferry_message_scan(message, strlen(message));
	gsize length;
	const char *text = ferry_message_structure_get_body(structure, &length);
	g_autofree char *body = g_strndup(text, length);

	g_assert_cmpstr(body, ==,
			"((\"TEXT\" \"PLAIN\" (\"CHARSET\" \"us-ascii\") NIL NIL \"7BIT\" 1 0) "
			"\"MIXED\")");
}

static void
test_offsets(void)
{
	static const char message[] =
		MP "pre\r\n--bb\r\nA: b\r\n\r\nxy\r\n--bb\r\nC: d\r\n--bb--\r\nepi";
	static const struct {
		guint64 header_start, body_start, body_end;
		guint32 lines, parent, next;
	} rows[] = {
		{0, 46, sizeof message - 1, 8, FERRY_MESSAGE_NO_PART, 3},
		{57, 65, 67, 0, 0, 2},
		{75, 79, 79, 0, 0, 3},
	};
	g_autoptr(FerryMessageStructure) structure = ferry_message_scan(message, strlen(message));
	FerryMessagePart part;

	g_assert_cmpuint(ferry_message_structure_get_n_parts(structure), ==, G_N_ELEMENTS(rows));
	for (guint i = 0; ferry_message_structure_get_part(structure, i, &part); i++) {
		g_assert_cmpuint(part.header_start, ==, rows[i].header_start);
		g_assert_cmpuint(part.body_start, ==, rows[i].body_start);
		g_assert_cmpuint(part.body_end, ==, rows[i].body_end);
		g_assert_cmpuint(part.lines, ==, rows[i].lines);
		g_assert_cmpuint(part.parent, ==, rows[i].parent);
		g_assert_cmpuint(part.next, ==, rows[i].next);
	}
}

static void
test_part_limit(void)
{
	FerryMessageLimits limits = {.max_parts = 3};
	static const char message[] =
		MP "--bb\r\n\r\na\r\n--bb\r\n\r\nb\r\n--bb\r\n\r\nc\r\n--bb--\r\n";
	g_autoptr(FerryMessageStructure) structure =
		test_scan(&limits, message, strlen(message), 0);
	FerryMessagePart part;

	g_assert_cmpuint(ferry_message_structure_get_n_parts(structure), ==, 3);
	g_assert_true(ferry_message_structure_get_part(structure, 2, &part));
	g_assert_cmpuint(part.body_end - part.body_start, ==, 1);
}

/* Messages in messages, far beyond the limit: the deepest one that is known is a leaf. */
static void
test_depth_limit(void)
{
	g_autoptr(GString) message = g_string_new(NULL);
	g_autoptr(FerryMessageStructure) structure = NULL;
	g_autofree char *text = NULL;
	FerryMessagePart part;

	for (guint i = 0; i < 100000; i++)
		g_string_append(message, "Content-Type: message/rfc822\r\n\r\n");
	structure = test_scan(NULL, message->str, message->len, 0);
	g_assert_cmpuint(ferry_message_structure_get_n_parts(structure), ==, 33);
	g_assert_true(ferry_message_structure_get_part(structure, 32, &part));
	g_assert_cmpint(part.kind, ==, FERRY_MESSAGE_PART_LEAF);
	text = test_dup_bodystructure(structure);
	g_assert_nonnull(strstr(text, "\"APPLICATION\" \"OCTET-STREAM\""));
}

/* A header beyond the limit is not looked at, but its octets still count. */
static void
test_header_limit(void)
{
	FerryMessageLimits limits = {.max_header = 64};
	g_autoptr(GString) message = g_string_new("Subject: a\r\nX: ");
	g_autofree char *filler = g_strnfill(1000, 'x');
	FerryMessagePart part;

	g_string_append_printf(message, "%s\r\nContent-Type: text/html\r\n\r\nbody", filler);
	for (gsize chunk = 0; chunk < 70; chunk++) {
		g_autoptr(FerryMessageStructure) structure =
			test_scan(&limits, message->str, message->len, chunk);

		g_assert_true(ferry_message_structure_get_part(structure, 0, &part));
		g_assert_cmpuint(part.body_end - part.body_start, ==, 4);
		g_assert_cmpstr(part.media_type, ==, "text/plain");
	}
}

int
main(int argc, char *argv[])
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/message/scanner/bodystructure", test_bodystructure);
	g_test_add_func("/message/scanner/body", test_body_is_bodystructure_without_extension);
	g_test_add_func("/message/scanner/offsets", test_offsets);
	g_test_add_func("/message/scanner/part-limit", test_part_limit);
	g_test_add_func("/message/scanner/depth-limit", test_depth_limit);
	g_test_add_func("/message/scanner/header-limit", test_header_limit);
	return g_test_run();
}
