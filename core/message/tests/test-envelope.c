/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "message/envelope.h"

static char *
render(const char *block)
{
	FerryMessageEnvelope envelope = {{0}};
	GString *out = g_string_new(NULL);

	ferry_message_envelope_add_block(&envelope, block, strlen(block));
	ferry_message_envelope_write(&envelope, out);
	return g_string_free(out, FALSE);
}

static const struct {
	const char *block;
	const char *envelope;
} envelopes[] = {
	{"", "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"},
	{"From: a@b\r\nSender: s@t\r\nReply-To: r@t\r\nTo: t@u\r\nCc: c@d\r\nBcc: x@y\r\n"
	 "Date: d\r\nSubject: s\r\nIn-Reply-To: <i>\r\nMessage-ID: <m>\r\n\r\nSubject: body\r\n",
	 "(\"d\" \"s\" ((NIL NIL \"a\" \"b\")) ((NIL NIL \"s\" \"t\")) ((NIL NIL \"r\" \"t\")) "
	 "((NIL NIL \"t\" \"u\")) ((NIL NIL \"c\" \"d\")) ((NIL NIL \"x\" \"y\")) \"<i>\" "
	 "\"<m>\")"},
	{"From: a@b\nSender: \nReply-To: ,\n",
	 "(NIL NIL ((NIL NIL \"a\" \"b\")) ((NIL NIL \"a\" \"b\")) ((NIL NIL \"a\" \"b\")) NIL NIL "
	 "NIL NIL NIL)"},
	{"Date:\r\nSubject: \r\nMessage-ID: \r\n", "(\"\" \"\" NIL NIL NIL NIL NIL NIL NIL \"\")"},
	{"SUBJECT : a\r\n b\r\n\tc  \r\nDate:  \r\n Mon,\r\n 1 Jan\r\n",
	 "(\"Mon, 1 Jan\" \"a b\tc  \" NIL NIL NIL NIL NIL NIL NIL NIL)"},
	{"Subject: say \"hi\" \\ %\r\n",
	 "(NIL \"say \\\"hi\\\" \\\\ %\" NIL NIL NIL NIL NIL NIL NIL NIL)"},
	{"Subject: \303\251\r\n", "(NIL {2}\r\n\303\251 NIL NIL NIL NIL NIL NIL NIL NIL)"},
	{"Subject: a\rb\r\n", "(NIL {3}\r\na\rb NIL NIL NIL NIL NIL NIL NIL NIL)"},
	{"Subject: =?utf-8?q?a?=\r\n =?utf-8?q?b?=\r\n",
	 "(NIL \"=?utf-8?q?a?= =?utf-8?q?b?=\" NIL NIL NIL NIL NIL NIL NIL NIL)"},
	{"Subject: one\r\nSubject: two\r\nTo: a@b\r\nTo: c@d\r\n",
	 "(NIL \"one\" NIL NIL NIL ((NIL NIL \"a\" \"b\")) NIL NIL NIL NIL)"},
	{"Bad line\r\nSubject x\r\nSubject: y", "(NIL \"y\" NIL NIL NIL NIL NIL NIL NIL NIL)"},
};

static void
test_envelope(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(envelopes); i++) {
		g_autofree char *text = render(envelopes[i].block);

		if (strcmp(text, envelopes[i].envelope) != 0)
			g_error("case %" G_GSIZE_FORMAT ":\n%s\n%s", i, text,
				envelopes[i].envelope);
	}
}

#define NOBODY "NIL"

/* value of To, what ENVELOPE shows */
static const struct {
	const char *value;
	const char *list;
} addresses[] = {
	{"joe", "((NIL NIL \"joe\" \"MISSING_DOMAIN\"))"},
	{"joe@", "((NIL NIL \"joe\" \"MISSING_DOMAIN\"))"},
	{"@host", "((NIL NIL \"\" \"host\"))"},
	{"a.b@c.d", "((NIL NIL \"a.b\" \"c.d\"))"},
	{"a . b @ c . d", "((NIL NIL \"a.b\" \"c.d\"))"},
	{"\"joe\"@host", "((NIL NIL \"joe\" \"host\"))"},
	{"\"j . e\"@host", "((NIL NIL \"j . e\" \"host\"))"},
	{"\"j\\\"e\"@host", "((NIL NIL \"j\\\"e\" \"host\"))"},
	{"Joe Blow <j@b>", "((\"Joe Blow\" NIL \"j\" \"b\"))"},
	{"Joe (c) \t Blow <j@b> (d)", "((\"Joe Blow\" NIL \"j\" \"b\"))"},
	{"J. B <j@b>", "((\"J. B\" NIL \"j\" \"b\"))"},
	{"\"J. B\"\r\n <j@b>", "((\"J. B\" NIL \"j\" \"b\"))"},
	{"\"fo\r\n ld\" <a@b>", "((\"fo ld\" NIL \"a\" \"b\"))"},
	{"\"x\" \"y\"z <a@b>", "((\"x yz\" NIL \"a\" \"b\"))"},
	{"\"a\\b\" <a@b>", "((\"ab\" NIL \"a\" \"b\"))"},
	{"j@b (Joe \\(x\\) (Y) Blow)", "((\"Joe (x) (Y) Blow\" NIL \"j\" \"b\"))"},
	{"a@b (c) (d)", "((\"d\" NIL \"a\" \"b\"))"},
	{"<j@b>", "((NIL NIL \"j\" \"b\"))"},
	{"<j (x) @ (y) b>", "((NIL NIL \"j\" \"b\"))"},
	{"<@r1, @r2 : j@b>", "((NIL \"@r1,@r2\" \"j\" \"b\"))"},
	{"X <@r1:j@b>", "((\"X\" \"@r1\" \"j\" \"b\"))"},
	{"<@host>", "((NIL NIL \"\" \"host\"))"},
	{"a@[1.2.3.4]", "((NIL NIL \"a\" \"[1.2.3.4]\"))"},
	{"G: a@b, c@d;",
	 "((NIL NIL \"G\" NIL)(NIL NIL \"a\" \"b\")(NIL NIL \"c\" \"d\")(NIL NIL NIL NIL))"},
	{"G:;", "((NIL NIL \"G\" NIL)(NIL NIL NIL NIL))"},
	{"\"G r\" (c) : (d) ; , e@f",
	 "((NIL NIL \"G r\" NIL)(NIL NIL NIL NIL)(NIL NIL \"e\" \"f\"))"},
	{"G: a@b", "((NIL NIL \"G\" NIL)(NIL NIL \"a\" \"b\")(NIL NIL NIL NIL))"},
	{"G: H: a@b;; c@d",
	 "((NIL NIL \"G\" NIL)(NIL NIL \"H: a\" \"b\")(NIL NIL NIL NIL)(NIL NIL \"c\" \"d\"))"},
	{"a@b, , c@d,", "((NIL NIL \"a\" \"b\")(NIL NIL \"c\" \"d\"))"},
	{"a@b; c@d", "((NIL NIL \"a\" \"b\")(NIL NIL \"c\" \"d\"))"},
	{"<>", "((NIL NIL \"\" \"MISSING_DOMAIN\"))"},
	{"a@b <c@d>", "((NIL NIL \"a\" \"b\")(NIL NIL \"c\" \"d\"))"},
	{"\"a@b\" <c@d>", "((\"a@b\" NIL \"c\" \"d\"))"},
	{"Joe <a@b> more", "((\"Joe\" NIL \"a\" \"b\")(NIL NIL \"more\" \"MISSING_DOMAIN\"))"},
	{"Joe <a@b", "((\"Joe\" NIL \"a\" \"b\"))"},
	{"a@b>", "((NIL NIL \"a\" \"b\"))"},
	{"a@b@c", "((NIL NIL \"a\" \"b@c\"))"},
	{"a b@c", "((NIL NIL \"a b\" \"c\"))"},
	{"=?utf-8?q?a=2C_b?= <a@b>", "((\"=?utf-8?q?a=2C_b?=\" NIL \"a\" \"b\"))"},
	{"\"\303\251\" <a@b>", "(({2}\r\n\303\251 NIL \"a\" \"b\"))"},
	{"\"\" <a@b>", "((NIL NIL \"a\" \"b\"))"},
	{"a@b, \"unclosed <c@d>", "((NIL NIL \"a\" \"b\"))"},
	{"a@b (unclosed", NOBODY},
	{"(only)", NOBODY},
	{",;", NOBODY},
	{"", NOBODY},
};

static void
test_addresses(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(addresses); i++) {
		g_autofree char *block = g_strdup_printf("To: %s\r\n", addresses[i].value);
		g_autofree char *text = render(block);
		g_autofree char *expected = g_strdup_printf(
			"(NIL NIL NIL NIL NIL %s NIL NIL NIL NIL)", addresses[i].list);

		if (strcmp(text, expected) != 0)
			g_error("case %" G_GSIZE_FORMAT ": %s\n%s", i, text, expected);
	}
}

/* The same from pairs, as JMAP gives them. */
static void
test_pairs(void)
{
	FerryMessageEnvelope envelope = {{0}};
	g_autoptr(GString) out = g_string_new(NULL);

	ferry_message_envelope_add(&envelope, "X-Other", -1, " x", -1);
	ferry_message_envelope_add(&envelope, "subject", -1, " hello\r\n there", -1);
	ferry_message_envelope_add(&envelope, "Subject", 7, " second", 7);
	ferry_message_envelope_add(&envelope, "From", -1, " A <a@b>", -1);
	ferry_message_envelope_write(&envelope, out);
	g_assert_cmpstr(out->str, ==,
			"(NIL \"hello there\" ((\"A\" NIL \"a\" \"b\")) ((\"A\" NIL \"a\" \"b\")) "
			"((\"A\" NIL \"a\" \"b\")) NIL NIL NIL NIL NIL)");
}

static void
test_long_value(void)
{
	g_autofree char *filler = g_strnfill(1025, 'y');
	g_autofree char *block = g_strdup_printf("Subject: %s\r\n", filler);
	g_autofree char *text = render(block);

	g_assert_true(g_str_has_prefix(text, "(NIL {1025}\r\nyyy"));
}

int
main(int argc, char *argv[])
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/message/envelope/block", test_envelope);
	g_test_add_func("/message/envelope/addresses", test_addresses);
	g_test_add_func("/message/envelope/pairs", test_pairs);
	g_test_add_func("/message/envelope/long-value", test_long_value);
	return g_test_run();
}
