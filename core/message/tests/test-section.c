/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "message/section.h"
#include "scan.h"

#define HEAD "Subject: x\r\n"
#define MULTIPART                                                                                  \
	HEAD "Content-Type: multipart/mixed; boundary=bb\r\n\r\n"                                  \
	     "pre\r\n--bb\r\nX-A: 1\r\n\r\nA\r\n"                                                  \
	     "--bb\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nbody\r\n"          \
	     "--bb\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner2\r\n"                     \
	     "Content-Type: multipart/mixed; boundary=cc\r\n\r\n"                                  \
	     "--cc\r\nY: 1\r\n\r\nC1\r\n--cc--\r\n--bb\r\nX: nobody\r\n--bb--\r\nepi\r\n"

static const char *const messages[] = {
	"Subject: x\r\n\r\nhello\r\n",
	"Subject: x\r\n",
	MULTIPART,
	HEAD "Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nbody\r\n",
};

static const struct {
	guint message;
	const char *path;
	FerryMessageSectionKind kind;
	const char *octets; /* NULL: NIL */
} cases[] = {
	{0, "", FERRY_MESSAGE_SECTION_ALL, "Subject: x\r\n\r\nhello\r\n"},
	{0, "", FERRY_MESSAGE_SECTION_HEADER, "Subject: x\r\n\r\n"},
	{0, "", FERRY_MESSAGE_SECTION_TEXT, "hello\r\n"},
	{0, "", FERRY_MESSAGE_SECTION_MIME, NULL},
	{0, "1", FERRY_MESSAGE_SECTION_ALL, "hello\r\n"},
	{0, "1", FERRY_MESSAGE_SECTION_MIME, "Subject: x\r\n\r\n"},
	{0, "1", FERRY_MESSAGE_SECTION_HEADER, NULL},
	{0, "1", FERRY_MESSAGE_SECTION_TEXT, NULL},
	{0, "1.1", FERRY_MESSAGE_SECTION_ALL, NULL},
	{0, "2", FERRY_MESSAGE_SECTION_ALL, NULL},
	{0, "0", FERRY_MESSAGE_SECTION_ALL, NULL},
	{1, "", FERRY_MESSAGE_SECTION_HEADER, "Subject: x\r\n"},
	{1, "", FERRY_MESSAGE_SECTION_TEXT, ""},
	{1, "1", FERRY_MESSAGE_SECTION_ALL, ""},
	{2, "1", FERRY_MESSAGE_SECTION_ALL, "A"},
	{2, "1", FERRY_MESSAGE_SECTION_MIME, "X-A: 1\r\n\r\n"},
	{2, "1", FERRY_MESSAGE_SECTION_HEADER, NULL},
	{2, "1.1", FERRY_MESSAGE_SECTION_ALL, NULL},
	{2, "2", FERRY_MESSAGE_SECTION_ALL, "Subject: inner\r\n\r\nbody"},
	{2, "2", FERRY_MESSAGE_SECTION_MIME, "Content-Type: message/rfc822\r\n\r\n"},
	{2, "2", FERRY_MESSAGE_SECTION_HEADER, "Subject: inner\r\n\r\n"},
	{2, "2", FERRY_MESSAGE_SECTION_TEXT, "body"},
	{2, "2.1", FERRY_MESSAGE_SECTION_ALL, "body"},
	{2, "2.1", FERRY_MESSAGE_SECTION_MIME, "Subject: inner\r\n\r\n"},
	{2, "2.1", FERRY_MESSAGE_SECTION_HEADER, NULL},
	{2, "2.1.1", FERRY_MESSAGE_SECTION_ALL, NULL},
	{2, "2.2", FERRY_MESSAGE_SECTION_ALL, NULL},
	{2, "3", FERRY_MESSAGE_SECTION_TEXT, "--cc\r\nY: 1\r\n\r\nC1\r\n--cc--\r\n"},
	{2, "3.1", FERRY_MESSAGE_SECTION_ALL, "C1"},
	{2, "3.1", FERRY_MESSAGE_SECTION_MIME, "Y: 1\r\n\r\n"},
	{2, "3.2", FERRY_MESSAGE_SECTION_ALL, NULL},
	{2, "4", FERRY_MESSAGE_SECTION_ALL, ""},
	{2, "4", FERRY_MESSAGE_SECTION_MIME, "X: nobody"},
	{2, "5", FERRY_MESSAGE_SECTION_ALL, NULL},
	{2, "4294967295", FERRY_MESSAGE_SECTION_ALL, NULL},
	{3, "1", FERRY_MESSAGE_SECTION_ALL, "Subject: in\r\n\r\nbody\r\n"},
	{3, "1", FERRY_MESSAGE_SECTION_HEADER, "Subject: in\r\n\r\n"},
	{3, "1", FERRY_MESSAGE_SECTION_TEXT, "body\r\n"},
	{3, "1.1", FERRY_MESSAGE_SECTION_ALL, "body\r\n"},
	{3, "1.1", FERRY_MESSAGE_SECTION_MIME, "Subject: in\r\n\r\n"},
	{3, "1.1.1", FERRY_MESSAGE_SECTION_ALL, NULL},
};

static gsize
read_path(const char *text, guint32 *path)
{
	gsize n = 0;

	while (*text != '\0') {
		char *end;

		path[n++] = strtoul(text, &end, 10);
		text = *end == '.' ? end + 1 : end;
	}
	return n;
}

static void
test_resolve(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		const char *message = messages[cases[i].message];
		g_autoptr(FerryMessageStructure) structure =
			ferry_message_scan(message, strlen(message));
		g_autofree char *octets = NULL;
		guint64 offset, length;
		guint32 path[4];
		gsize n = read_path(cases[i].path, path);

		if (ferry_message_section_resolve(structure, path, n, cases[i].kind, &offset,
						  &length))
			octets = g_strndup(message + offset, length);
		if (g_strcmp0(octets, cases[i].octets) != 0)
			g_error("case %" G_GSIZE_FORMAT ": %s", i, octets);
	}
}

static void
test_find_part(void)
{
	static const char message[] =
		"Content-Type: message/rfc822\r\n\r\nContent-Transfer-Encoding: base64\r\n\r\nAA==";
	g_autoptr(FerryMessageStructure) structure = ferry_message_scan(message, strlen(message));
	const guint32 path[] = {1, 1};
	FerryMessagePart part;

	g_assert_true(ferry_message_section_find_part(structure, path, 2, &part));
	g_assert_cmpint(part.encoding, ==, FERRY_MESSAGE_ENCODING_BASE64);
	g_assert_true(ferry_message_section_find_part(structure, path, 1, &part));
	g_assert_cmpint(part.kind, ==, FERRY_MESSAGE_PART_MESSAGE);
}

static const struct {
	const char *block;
	const char *names[3];
	gboolean exclude;
	const char *result;
} filters[] = {
	{"A: 1\r\nB: 2\r\na: 3\r\n\r\n", {"A"}, FALSE, "A: 1\r\na: 3\r\n\r\n"},
	{"A: 1\r\nB: 2\r\na: 3\r\n\r\n", {"A"}, TRUE, "B: 2\r\n\r\n"},
	{"A: 1\r\n x\r\n\ty\r\nB: 2\r\n\r\nA: body\r\n",
	 {"a", "c"},
	 FALSE,
	 "A: 1\r\n x\r\n\ty\r\n\r\n"},
	{"A : 1\nB: 2\n\n", {"A"}, FALSE, "A : 1\n\r\n"},
	{"A: 1\r\nno field\r\n more\r\n\r\n", {"no field"}, FALSE, "\r\n"},
	{"A: 1\r\nno field\r\n more\r\n\r\n", {"A"}, TRUE, "no field\r\n more\r\n\r\n"},
	{" lead\r\nA: 1", {"A"}, FALSE, "A: 1\r\n\r\n"},
	{"AB: 1\r\nA: 2\r\n", {"A"}, FALSE, "A: 2\r\n\r\n"},
	{"A: 1\r\n", {"B"}, FALSE, "\r\n"},
	{"", {"B"}, TRUE, "\r\n"},
};

static void
test_filter(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(filters); i++) {
		g_autoptr(GString) out = g_string_new(NULL);

		ferry_message_section_filter_header(filters[i].block, strlen(filters[i].block),
						    filters[i].names, filters[i].exclude, out);
		if (strcmp(out->str, filters[i].result) != 0)
			g_error("case %" G_GSIZE_FORMAT ": %s", i, out->str);
	}
}

int
main(int argc, char *argv[])
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/message/section/resolve", test_resolve);
	g_test_add_func("/message/section/find-part", test_find_part);
	g_test_add_func("/message/section/filter", test_filter);
	return g_test_run();
}
