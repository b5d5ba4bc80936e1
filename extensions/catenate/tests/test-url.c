/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "url.h"

/* What a URL comes to: `host:port user mailbox validity uid [section] offset.length`; NULL: it is
 * refused. */
static const struct {
	const char *text;
	const char *expected;
} urls[] = {
	{"/INBOX/;UID=1", "-:0 - INBOX 0 1 - -"},
	{"/inbox/;uid=1", "-:0 - INBOX 0 1 - -"},
	{"/Inbox/Sub/;UID=1", "-:0 - INBOX/Sub 0 1 - -"},
	{";UID=20", "-:0 - - 0 20 - -"},
	{";UID=20/;SECTION=1.2", "-:0 - - 0 20 [1.2] -"},
	/* RFC 4469, appendix A */
	{"/Drafts;UIDVALIDITY=385759045/;UID=20/;section=HEADER",
	 "-:0 - Drafts 385759045 20 [HEADER] -"},
	{"/Drafts;UIDVALIDITY=385759045/;UID=20/;section=1.MIME",
	 "-:0 - Drafts 385759045 20 [1.MIME] -"},
	{"/INBOX;UIDVALIDITY=785799047/;UID=11467", "-:0 - INBOX 785799047 11467 - -"},
	/* RFC 8508 §4.2 */
	{"/Drafts/;UID=3002", "-:0 - Drafts 0 3002 - -"},
	/* RFC 5092 */
	{"imap://minbari.example.org/gray-council;UIDVALIDITY=385759045/;UID=20/;PARTIAL=0.1024",
	 "minbari.example.org:0 - gray-council 385759045 20 - 0.1024"},
	{"imap://psicorp.example.org/~peter/%E6%97%A5%E6%9C%AC%E8%AA%9E/;UID=7",
	 "psicorp.example.org:0 - ~peter/\346\227\245\346\234\254\350\252\236 0 7 - -"},
	{"imap://;AUTH=GSSAPI@minbari.example.org/gray-council/;uid=20/;section=1.2", NULL},
	{"imap://michael;AUTH=*@minbari.example.org/gray%20council;UIDVALIDITY=385759045/;UID=20",
	 "minbari.example.org:0 michael gray council 385759045 20 - -"},
	{"IMAP://j%40x@[::1]:1143/a/;UID=1/;SECTION=HEADER.FIELDS%20(To%20Cc)/;PARTIAL=5",
	 "::1:1143 j@x a 0 1 [HEADER.FIELDS (To Cc)] 5.18446744073709551615"},
	{"//u@h/a/;UID=1", "h:0 u a 0 1 - -"},
	{"imap://u@h:/a/;UID=1", "h:0 u a 0 1 - -"},
	/* numbers at their limits */
	{"/a;UIDVALIDITY=4294967295/;UID=4294967295/;PARTIAL=9223372036854775807.1",
	 "-:0 - a 4294967295 4294967295 - 9223372036854775807.1"},
	{"/a;UIDVALIDITY=4294967296/;UID=1", NULL},
	{"/a;UIDVALIDITY=0/;UID=1", NULL},
	{"/a/;UID=0", NULL},
	{"/a/;UID=4294967296", NULL},
	{"/a/;UID=99999999999999999999999999", NULL},
	{"/a/;UID=-1", NULL},
	{"/a/;UID=+1", NULL},
	{"/a/;UID=1x", NULL},
	{"/a/;UID=", NULL},
	{"/a/;UID=1:2", NULL},
	{"/a/;UID=*", NULL},
	{"/a/;UID=1/;PARTIAL=9223372036854775808.1", NULL},
	{"/a/;UID=1/;PARTIAL=0.0", NULL},
	{"/a/;UID=1/;PARTIAL=.1", NULL},
	{"/a/;UID=1/;PARTIAL=1.", NULL},
	{"/a/;UID=1/;PARTIAL=1.2.3", NULL},
	{"/a/;UID=1/;PARTIAL=", NULL},
	{"imap://u@h:0/a/;UID=1", NULL},
	{"imap://u@h:65536/a/;UID=1", NULL},
	{"imap://u@h:x/a/;UID=1", NULL},
	/* no message */
	{"", NULL},
	{"/", NULL},
	{"//", NULL},
	{"/a", NULL},
	{"/a/", NULL},
	{"/a;UIDVALIDITY=1", NULL},
	{"/a/;SECTION=1", NULL},
	{"/a?SUBJECT%20x", NULL},
	{"/a/;UID=1?x", NULL},
	{"/;UID=1", NULL},
	{"//;UID=1", NULL},
	{"imap://u@h//x/;UID=1", NULL},
	{"///x/;UID=1", NULL},
	{"imap://u@h/;UID=1", NULL},
	{"imap://u@h;UID=1", NULL},
	{"imap:///a/;UID=1", NULL},
	{";", NULL},
	{";;", NULL},
	{";UID=1;UID=2", NULL},
	/* parameters twice, unknown, in another order, without their slash */
	{"/a/;UID=1/;UID=2", NULL},
	{"/a/;UID=1/;SECTION=1/;SECTION=2", NULL},
	{"/a/;UID=1/;PARTIAL=0.1/;SECTION=2", NULL},
	{"/a/;SECTION=1/;UID=2", NULL},
	{"/a;UID=1", NULL},
	{"/a/;UID=1;SECTION=1", NULL},
	{"/a/;UID=1/", NULL},
	{"/a/;UID=1/;SECTION=", NULL},
	{"/a/;UID=1;EXPIRE=2027-01-01T00:00:00Z;URLAUTH=anonymous", NULL},
	{"/a/;UID=1/;URLAUTH=user+x:INTERNAL:0123456789abcdef0123456789abcdef", NULL},
	{"/a/;UID=1/;X=1", NULL},
	/* other schemes, relative paths (RFC 5092 §7.2) */
	{"http://h/a/;UID=1", NULL},
	{"imaps://u@h/a/;UID=1", NULL},
	{"file:///etc/passwd", NULL},
	{"imap:/a/;UID=1", NULL},
	{"imap:a/;UID=1", NULL},
	{"a/;UID=1", NULL},
	{"../a/;UID=1", NULL},
	{"/../a/;UID=1", NULL},
	{"/a/./b/;UID=1", NULL},
	{"/a/../b/;UID=1", NULL},
	{"/%2e%2E/;UID=1", "-:0 - .. 0 1 - -"},
	/* characters */
	{"/a b/;UID=1", NULL},
	{"/a\tb/;UID=1", NULL},
	{"/a\r\nb/;UID=1", NULL},
	{"/\303\244/;UID=1", NULL},
	{"/%C3%A4/;UID=1", "-:0 - \303\244 0 1 - -"},
	{"/%C3/;UID=1", NULL},
	{"/%C0%80/;UID=1", NULL},
	{"/%ED%A0%80/;UID=1", NULL},
	{"/a%00b/;UID=1", NULL},
	{"/a%0D%0Ab/;UID=1", NULL},
	{"/a%7Fb/;UID=1", NULL},
	{"/a%/;UID=1", NULL},
	{"/a%4/;UID=1", NULL},
	{"/a%4g/;UID=1", NULL},
	{"/a%", NULL},
	{"/a[b]/;UID=1", NULL},
	{"/a#b/;UID=1", NULL},
	{"/a\"b/;UID=1", NULL},
	{"/a\\b/;UID=1", NULL},
	{"/a{b}/;UID=1", NULL},
	{"/a%5Bb%5D%3B%3F/;UID=1", "-:0 - a[b];? 0 1 - -"},
	{"imap://u@[::1/a/;UID=1", NULL},
	{"imap://u@[::1]x/a/;UID=1", NULL},
	{"imap://u@::1]/a/;UID=1", NULL},
	{"imap://u;AUTH=@h/a/;UID=1", NULL},
	{"imap://u;X=1@h/a/;UID=1", NULL},
	{"imap://u;AUTH=*;AUTH=*@h/a/;UID=1", NULL},
	{"imap://u%00@h/a/;UID=1", NULL},
	/* sections */
	{"/a/;UID=1/;SECTION=TEXT", "-:0 - a 0 1 [TEXT] -"},
	{"/a/;UID=1/;SECTION=1.2.3.HEADER.FIELDS.NOT%20(X)",
	 "-:0 - a 0 1 [1.2.3.HEADER.FIELDS.NOT (X)] -"},
	{"/a/;UID=1/;SECTION=0", NULL},
	{"/a/;UID=1/;SECTION=1.", NULL},
	{"/a/;UID=1/;SECTION=.1", NULL},
	{"/a/;UID=1/;SECTION=MIME", NULL},
	{"/a/;UID=1/;SECTION=4294967296", NULL},
	{"/a/;UID=1/;SECTION=HEADER%5D%3C0.1%3E", NULL},
	{"/a/;UID=1/;SECTION=1%5D%20BODY%5B2", NULL},
	{"/a/;UID=1/;SECTION=HEADER.FIELDS", NULL},
	{"/a/;UID=1/;SECTION=HEADER.FIELDS%20()", NULL},
	{"/a/;UID=1/;SECTION=HEADER.FIELDS%20(%7B5%7D", NULL},
	{"/a/;UID=1/;SECTION=SOURCE", NULL},
};

static char *
describe(const char *text)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(CatenateUrl) url = catenate_url_parse(text, &error);
	GString *out;

	if (url == NULL) {
		g_assert_error(error, FERRY_ERROR, FERRY_ERROR_CANNOT);
		return NULL;
	}
	out = g_string_new(NULL);
	g_string_printf(out, "%s:%u %s %s %u %u ", url->host != NULL ? url->host : "-", url->port,
			url->user != NULL ? url->user : "-",
			url->mailbox != NULL ? url->mailbox : "-", url->uidvalidity, url->uid);
	if (url->section != NULL)
		g_string_append_printf(out, "[%s] ",
				       ferry_imap_value_get_section(url->section)->text);
	else
		g_string_append(out, "- ");
	if (url->has_partial)
		g_string_append_printf(out, "%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT, url->offset,
				       url->length);
	else
		g_string_append(out, "-");
	return g_string_free(out, FALSE);
}

static void
test_urls(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(urls); i++) {
		/* a copy, so that a sanitizer sees reads behind the end */
		g_autofree char *copy = g_strdup(urls[i].text);
		g_autofree char *got = describe(copy);

		if (g_strcmp0(got, urls[i].expected) != 0)
			g_test_message("url %u: %s", i, urls[i].text);
		g_assert_cmpstr(got, ==, urls[i].expected);
	}
}

/* Every beginning of every URL is taken or refused, and nothing worse. */
static void
test_beginnings(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(urls); i++) {
		for (gsize length = 0; length < strlen(urls[i].text); length++) {
			g_autofree char *copy = g_strndup(urls[i].text, length);

			g_free(describe(copy));
		}
	}
}

static void
test_too_long(void)
{
	g_autofree char *name = g_strnfill(9000, 'a');
	g_autofree char *url = g_strdup_printf("/%s/;UID=1", name);
	g_autofree char *got = describe(url);
	g_autofree char *told = catenate_url_escape(url);

	g_assert_null(got);
	g_assert_cmpuint(strlen(told), <=, 1000);
}

/* 8,192 octets are not too long. */
static void
test_longest(void)
{
	for (gsize more = 0; more < 2; more++) {
		g_autofree char *name = g_strnfill(8192 - strlen("//;UID=1") + more, 'a');
		g_autofree char *url = g_strdup_printf("/%s/;UID=1", name);
		g_autofree char *got = describe(url);

		g_assert_cmpuint(strlen(url), ==, 8192 + more);
		g_assert_cmpint(got != NULL, ==, more == 0);
	}
}

/* Whose URL, and of which server. */
static void
test_servers(void)
{
	static const char *const names[] = {"imap.example", "mail.example.net", NULL};
	static const struct {
		const char *url;
		guint port;
		gboolean loopback;
		gboolean here;
	} cases[] = {
		{"imap://ann@mail.example/a/;UID=1", 143, FALSE, TRUE},
		{"imap://ann@mail.example/a/;UID=1", 993, FALSE, TRUE},
		{"imap://ann@mail.example/a/;UID=1", 1143, FALSE, FALSE},
		{"imap://ann@mail.example:143/a/;UID=1", 143, FALSE, TRUE},
		{"imap://ann@mail.example:993/a/;UID=1", 143, FALSE, FALSE},
		{"imap://ann@mail.example:1143/a/;UID=1", 1143, FALSE, TRUE},
		{"imap://ann@MAIL.example/a/;UID=1", 143, FALSE, TRUE},
		{"imap://ann@192.0.2.1/a/;UID=1", 143, FALSE, TRUE},
		{"imap://ann@192.0.2.10/a/;UID=1", 143, FALSE, FALSE},
		{"imap://ann@mail/a/;UID=1", 143, FALSE, FALSE},
		{"imap://ann@localhost/a/;UID=1", 143, FALSE, FALSE},
		{"imap://ann@localhost/a/;UID=1", 143, TRUE, TRUE},
		{"imap://ann@LOCALHOST:1143/a/;UID=1", 1143, TRUE, TRUE},
		{"imap://bob@mail.example/a/;UID=1", 143, TRUE, FALSE},
		{"imap://Ann@mail.example/a/;UID=1", 143, TRUE, FALSE},
		{"imap://mail.example/a/;UID=1", 143, TRUE, FALSE},
		{"imap://an%6E@mail.example/a/;UID=1", 143, TRUE, TRUE},
		{"imap://ann@imap.example/a/;UID=1", 1143, FALSE, TRUE},
		{"imap://ann@IMAP.example:993/a/;UID=1", 1143, FALSE, TRUE},
		{"imap://ann@imap.example:1143/a/;UID=1", 1143, FALSE, TRUE},
		{"imap://ann@imap.example:2143/a/;UID=1", 1143, FALSE, FALSE},
		{"imap://ann@mail.example.net/a/;UID=1", 1143, FALSE, TRUE},
		{"imap://bob@imap.example/a/;UID=1", 143, FALSE, FALSE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(CatenateUrl) url = catenate_url_parse(cases[i].url, NULL);
		const CatenateServer server = {"ann", "mail.example", "192.0.2.1",
					       names, cases[i].port,  cases[i].loopback};

		g_test_message("case %u: %s", i, cases[i].url);
		g_assert_cmpint(catenate_url_is_at(url, &server), ==, cases[i].here);
	}
}

static void
test_blame(void)
{
	static const struct {
		FerryError code;
		gboolean url;
	} cases[] = {
		{FERRY_ERROR_EXPUNGED, TRUE},      {FERRY_ERROR_NOT_FOUND, TRUE},
		{FERRY_ERROR_NO_PERMISSION, TRUE}, {FERRY_ERROR_UNAVAILABLE, FALSE},
		{FERRY_ERROR_BACKEND, FALSE},      {FERRY_ERROR_LIMIT, FALSE},
		{FERRY_ERROR_TOO_BIG, FALSE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error =
			g_error_new_literal(FERRY_ERROR, (int)cases[i].code, "no");

		g_assert_cmpint(catenate_url_is_to_blame(error), ==, cases[i].url);
	}
}

static void
test_escape(void)
{
	g_autofree char *told = catenate_url_escape("/a]b [c\r\n\303\244\177;UID=1");

	g_assert_cmpstr(told, ==, "/a%5Db%20%5Bc%0D%0A%C3%A4%7F;UID=1");
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/catenate/url/table", test_urls);
	g_test_add_func("/catenate/url/beginnings", test_beginnings);
	g_test_add_func("/catenate/url/too-long", test_too_long);
	g_test_add_func("/catenate/url/longest", test_longest);
	g_test_add_func("/catenate/url/servers", test_servers);
	g_test_add_func("/catenate/url/blame", test_blame);
	g_test_add_func("/catenate/url/escape", test_escape);
	return g_test_run();
}
