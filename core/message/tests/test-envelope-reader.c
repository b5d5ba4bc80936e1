/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "message/envelope-reader.h"
#include "message/envelope.h"

static const struct {
	const char *block;
	FerryMessageEnvelopeField field;
	const char *text; /* of a string; NULL: NIL */
} texts[] = {
	{"Subject: harbour\r\n", FERRY_MESSAGE_ENVELOPE_SUBJECT, "harbour"},
	{"Subject:\r\n", FERRY_MESSAGE_ENVELOPE_SUBJECT, ""},
	{"To: x@y\r\n", FERRY_MESSAGE_ENVELOPE_SUBJECT, NULL},
	{"Subject: a \"b\" \\c (d) {3}\r\n", FERRY_MESSAGE_ENVELOPE_SUBJECT, "a \"b\" \\c (d) {3}"},
	{"Subject: h\303\244fen\r\n", FERRY_MESSAGE_ENVELOPE_SUBJECT, "h\303\244fen"},
	{"Subject: NIL\r\n", FERRY_MESSAGE_ENVELOPE_SUBJECT, "NIL"},
	{"Date: today\r\nSubject: \303\244\r\n", FERRY_MESSAGE_ENVELOPE_DATE, "today"},
	{"From: \"\303\244 (\" <a@b>, g: c@d;\r\nMessage-ID: <1@x>\r\n",
	 FERRY_MESSAGE_ENVELOPE_MESSAGE_ID, "<1@x>"},
	{"In-Reply-To: <2@x>\r\nMessage-ID: <1@x>\r\n", FERRY_MESSAGE_ENVELOPE_IN_REPLY_TO,
	 "<2@x>"},
};

static const struct {
	const char *block;
	FerryMessageEnvelopeField field;
	const char *address; /* name|mailbox|host; "" for NIL as a whole */
} addresses[] = {
	{"From: Ann <ann@x.org>, Bob <bob@x.org>\r\n", FERRY_MESSAGE_ENVELOPE_FROM,
	 "Ann|ann|x.org"},
	{"From: ann@x.org\r\n", FERRY_MESSAGE_ENVELOPE_FROM, "-|ann|x.org"},
	{"To: \"B \\\" C\" <b@c>\r\n", FERRY_MESSAGE_ENVELOPE_TO, "B \" C|b|c"},
	{"To: \"\303\244\" <b@c>\r\nCc: d@e\r\n", FERRY_MESSAGE_ENVELOPE_CC, "-|d|e"},
	{"To: friends: a@b, c@d;\r\n", FERRY_MESSAGE_ENVELOPE_TO, "-|friends|-"},
	{"To: a@b\r\n", FERRY_MESSAGE_ENVELOPE_CC, ""},
	{"Bcc: z <y@x>\r\n", FERRY_MESSAGE_ENVELOPE_BCC, "z|y|x"},
	{"From: a@b\r\n", FERRY_MESSAGE_ENVELOPE_REPLY_TO, "-|a|b"},
};

static GString *
make_envelope(const char *block)
{
	FerryMessageEnvelope envelope = {0};
	GString *text = g_string_new(NULL);

	ferry_message_envelope_add_block(&envelope, block, strlen(block));
	ferry_message_envelope_write(&envelope, text);
	return text;
}

static void
test_texts(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(GString) envelope = make_envelope(texts[i].block);
		g_autofree char *text = ferry_message_envelope_dup_text(
			envelope->str, envelope->len, texts[i].field);

		if (g_strcmp0(text, texts[i].text) != 0)
			g_error("case %" G_GSIZE_FORMAT ": %s in %s", i, text, envelope->str);
	}
}

static void
test_addresses(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(addresses); i++) {
		g_autoptr(GString) envelope = make_envelope(addresses[i].block);
		g_autofree char *name = NULL, *mailbox = NULL, *host = NULL, *all = NULL;
		gboolean found = ferry_message_envelope_get_first_address(
			envelope->str, envelope->len, addresses[i].field, &name, &mailbox, &host);

		all = g_strdup_printf("%s|%s|%s", name ? name : "-", mailbox ? mailbox : "-",
				      host ? host : "-");
		if (found != (*addresses[i].address != '\0') ||
		    (found && strcmp(all, addresses[i].address) != 0))
			g_error("case %" G_GSIZE_FORMAT ": %s in %s", i, all, envelope->str);
	}
}

/* Cut anywhere, and with any octet in the place of any other, it is read without harm. */
static void
test_broken(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(addresses); i++) {
		g_autoptr(GString) envelope = make_envelope(addresses[i].block);

		for (gsize n = 0; n < 4 * envelope->len; n++) {
			gsize length = n < envelope->len ? n : envelope->len;
			g_autofree char *copy = g_memdup2(envelope->str, MAX(length, 1));
			g_autofree char *text = NULL, *name = NULL, *mailbox = NULL, *host = NULL;

			if (n >= envelope->len)
				copy[n % envelope->len] = "({\"9"[n / envelope->len];
			text = ferry_message_envelope_dup_text(copy, length,
							       FERRY_MESSAGE_ENVELOPE_MESSAGE_ID);
			g_assert_true(text == NULL || strlen(text) <= length);
			ferry_message_envelope_get_first_address(
				copy, length, FERRY_MESSAGE_ENVELOPE_BCC, &name, &mailbox, &host);
		}
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/message/envelope-reader/texts", test_texts);
	g_test_add_func("/message/envelope-reader/addresses", test_addresses);
	g_test_add_func("/message/envelope-reader/broken", test_broken);
	return g_test_run();
}
