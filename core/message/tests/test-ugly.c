/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Generated messages of every ugliness, from the seed of the test run (--seed to repeat one):
 * however they are cut, the answer is the same, and what it says of the octets holds. */
#include "message/section.h"
#include "scan.h"

static const char *const pieces[] = {
	"--a",
	"--a--",
	"--ab",
	"--ab--",
	"--b",
	"--b--",
	"\r\n",
	"\r\n",
	"\r\n",
	"\n",
	"\r",
	"\r\n\r\n",
	"\r\n--a\r\n",
	"\r\n--b\r\n\r\n",
	"\r\n--a--\r\n",
	" ",
	"\t",
	"text",
	"\303\251\377",
	"\"",
	"(",
	";",
	"Content-Type: multipart/mixed; boundary=a\r\n",
	"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n",
	"Content-Type: multipart/digest; boundary=\"b\"\r\n",
	"Content-Type: multipart/mixed; boundary=ab\r\n\r\n",
	"Content-Type: multipart/mixed\r\n",
	"Content-Type: message/rfc822\r\n",
	"Content-Type: message/rfc822\r\n\r\n",
	"Content-Type: text/plain; charset=utf-8; name=\"x\\\"y\"\r\n",
	"Content-Transfer-Encoding: base64\r\n",
	"Content-Disposition: attachment; filename=x\r\n",
	"Content-ID: <x>\r\n",
	"Subject: hello\r\n there\r\n",
	"From: A <a@b>, G: c@d;\r\n",
};

static GString *
generate(void)
{
	GString *message = g_string_new(NULL);
	int n = g_test_rand_int_range(0, 60);

	for (int i = 0; i < n; i++) {
		int which = g_test_rand_int_range(0, G_N_ELEMENTS(pieces) + 1);

		if (which < (int)G_N_ELEMENTS(pieces))
			g_string_append(message, pieces[which]);
		else
			g_string_append_c(message, '\0');
	}
	return message;
}

static void
check_cuts(const GString *message, const FerryMessageLimits *limits, FerryMessageStructure *whole)
{
	g_autoptr(GBytes) expected = ferry_message_structure_serialize(whole);
	static const gsize chunks[] = {1, 2, 3, 5, 7, 64};

	for (gsize i = 0; i < G_N_ELEMENTS(chunks); i++) {
		g_autoptr(FerryMessageStructure) cut =
			test_scan(limits, message->str, message->len, chunks[i]);
		g_autoptr(GBytes) bytes = ferry_message_structure_serialize(cut);

		g_assert_true(g_bytes_equal(bytes, expected));
	}
}

static guint
count_lines(const char *from, const char *to)
{
	guint lines = 0;

	while (from < to)
		lines += *from++ == '\n';
	return lines;
}

static void
check_parts(const GString *message, FerryMessageStructure *structure)
{
	FerryMessagePart part;
	FerryMessagePart parent;
	guint lines;

	g_assert_cmpuint(ferry_message_structure_get_size(structure), ==, message->len);
	for (guint i = 0; ferry_message_structure_get_part(structure, i, &part); i++) {
		lines = count_lines(message->str + part.body_start, message->str + part.body_end);
		/* a boundary line that ends the message is a line without a line feed */
		if (part.lines == lines + 1 && part.body_end == message->len)
			g_assert_cmpint(message->str[message->len - 1], !=, '\n');
		else
			g_assert_cmpuint(part.lines, ==, lines);
		if (i == 0)
			continue;
		g_assert_true(ferry_message_structure_get_part(structure, part.parent, &parent));
		g_assert_cmpuint(part.header_start, >=, parent.body_start);
		g_assert_cmpuint(part.body_end, <=, parent.body_end);
	}
}

/* Brackets that match and lengths that fit make a text that every IMAP parser gets through. */
static void
check_syntax(const char *text, gsize length)
{
	int depth = 0;

	for (gsize i = 0; i < length; i++) {
		if (text[i] == '(') {
			depth++;
		} else if (text[i] == ')') {
			g_assert_cmpint(--depth, >=, 0);
		} else if (text[i] == '"') {
			for (i++; text[i] != '"'; i++) {
				g_assert_true(text[i] > 0 && text[i] != '\r' && text[i] != '\n');
				i += text[i] == '\\';
			}
		} else if (text[i] == '{') {
			char *end;
			guint64 n = g_ascii_strtoull(text + i + 1, &end, 10);

			g_assert_true(g_str_has_prefix(end, "}\r\n"));
			i = end + 3 + n - text - 1;
		}
		g_assert_cmpuint(i, <, length);
	}
	g_assert_cmpint(depth, ==, 0);
}

static void
check_texts(FerryMessageStructure *structure)
{
	gsize length;
	const char *text;

	text = ferry_message_structure_get_envelope(structure, &length);
	check_syntax(text, length);
	text = ferry_message_structure_get_body(structure, &length);
	check_syntax(text, length);
	text = ferry_message_structure_get_bodystructure(structure, &length);
	check_syntax(text, length);
}

static void
test_ugly(void)
{
	for (guint i = 0; i < 3000; i++) {
		g_autoptr(GString) message = generate();
		FerryMessageLimits tight = {.max_parts = 4, .max_depth = 2, .max_header = 50};
		const FerryMessageLimits *limits = i % 3 == 0 ? &tight : NULL;
		g_autoptr(FerryMessageStructure) structure =
			test_scan(limits, message->str, message->len, 0);

		check_cuts(message, limits, structure);
		check_parts(message, structure);
		check_texts(structure);
	}
}

int
main(int argc, char *argv[])
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/message/ugly", test_ugly);
	return g_test_run();
}
