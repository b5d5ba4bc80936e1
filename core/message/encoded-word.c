/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Encoded words in header fields
 *
 * Specification: RFC 2047, RFC 2231 §5 (language tags)
 * Implementation: both encodings, every charset iconv knows; words of one charset that follow each
 *   other are joined before conversion, since many writers split characters between them
 * Not mapped: words with a charset or octets that cannot be converted stay as they stand
 */
#include <string.h>

#include "message/header.h"
#include "message/quote-private.h"
#include "message/transfer-encoding.h"

#define CHARSET_MAX 64

typedef struct {
	const char *charset; /* not terminated */
	gsize charset_length;
	char encoding; /* 'b' or 'q' */
	const char *text;
	gsize text_length;
	const char *end; /* after the word */
} Word;

/* the words that were met and not written yet */
typedef struct {
	GString *out;
	GByteArray *octets;
	char charset[CHARSET_MAX + 1];
	const char *start; /* of the first of them; NULL: there are none */
	const char *end;
} Pending;

static gboolean
is_charset_char(char c)
{
	return g_ascii_isalnum(c) || (c != '\0' && strchr("-_.:+()", c) != NULL);
}

/* Reads a word that starts at p with "=?". No text is looked at twice: a "?" ends each piece. */
static gboolean
parse_word(const char *p, const char *end, Word *word)
{
	const char *q = p + 2;

	word->charset = q;
	while (q < end && is_charset_char(*q))
		q++;
	word->charset_length = q - word->charset;
	if (q < end && *q == '*') {
		while (q < end && (g_ascii_isalnum(*q) || *q == '-' || *q == '*'))
			q++;
	}
	if (word->charset_length == 0 || word->charset_length > CHARSET_MAX || end - q < 5 ||
	    q[0] != '?' || q[2] != '?')
		return FALSE;
	word->encoding = g_ascii_tolower(q[1]);
	if (word->encoding != 'b' && word->encoding != 'q')
		return FALSE;
	word->text = q += 3;
	while (q < end && *q != '?' && *q != ' ' && *q != '\t')
		q++;
	if (end - q < 2 || q[0] != '?' || q[1] != '=')
		return FALSE;
	word->text_length = q - word->text;
	word->end = q + 2;
	return TRUE;
}

static void
decode_q(const Word *word, GByteArray *octets)
{
	for (gsize i = 0; i < word->text_length; i++) {
		guint8 c = word->text[i];

		if (c == '_') {
			c = ' ';
		} else if (c == '=' && i + 2 < word->text_length &&
			   g_ascii_isxdigit(word->text[i + 1]) &&
			   g_ascii_isxdigit(word->text[i + 2])) {
			c = g_ascii_xdigit_value(word->text[i + 1]) << 4 |
			    g_ascii_xdigit_value(word->text[i + 2]);
			i += 2;
		}
		g_byte_array_append(octets, &c, 1);
	}
}

static void
decode_b(const Word *word, GByteArray *octets)
{
	g_autoptr(FerryMessageTransferDecoder) decoder =
		ferry_message_transfer_decoder_new(FERRY_MESSAGE_ENCODING_BASE64, NULL);

	ferry_message_transfer_decoder_feed(decoder, word->text, word->text_length, octets);
	ferry_message_transfer_decoder_finish(decoder, octets);
}

static void
append_without_nul(GString *out, const char *text, gsize length)
{
	for (const char *end = text + length; text < end; text++) {
		if (*text != '\0')
			g_string_append_c(out, *text);
	}
}

static void
append_raw(GString *out, const char *text, gsize length)
{
	g_autofree char *valid = g_utf8_make_valid(text, length);

	g_string_append(out, valid);
}

static void
flush_words(Pending *pending)
{
	g_autofree char *text = NULL;
	gsize length = 0;

	if (pending->start == NULL)
		return;
	text = g_convert((const char *)pending->octets->data, pending->octets->len, "UTF-8",
			 pending->charset, NULL, &length, NULL);
	if (text != NULL && g_utf8_validate(text, length, NULL))
		append_without_nul(pending->out, text, length);
	else if (text != NULL && memchr(text, '\0', length) != NULL)
		append_without_nul(pending->out, text, length);
	else
		append_raw(pending->out, pending->start, pending->end - pending->start);
	g_byte_array_set_size(pending->octets, 0);
	pending->start = NULL;
}

static void
add_word(Pending *pending, const char *start, const Word *word)
{
	if (pending->start != NULL &&
	    (strlen(pending->charset) != word->charset_length ||
	     g_ascii_strncasecmp(pending->charset, word->charset, word->charset_length) != 0))
		flush_words(pending);
	if (pending->start == NULL) {
		pending->start = start;
		memcpy(pending->charset, word->charset, word->charset_length);
		pending->charset[word->charset_length] = '\0';
	}
	if (word->encoding == 'q')
		decode_q(word, pending->octets);
	else
		decode_b(word, pending->octets);
	pending->end = word->end;
}

/* White space between two words is not text (RFC 2047 §6.2). */
static gboolean
is_between_words(const Pending *pending, const char *text, const char *word)
{
	if (pending->start == NULL)
		return FALSE;
	while (text < word && (*text == ' ' || *text == '\t'))
		text++;
	return text == word;
}

static void
decode_text(Pending *pending, const char *text, const char *end)
{
	const char *p = text;
	Word word;

	while (p < end) {
		p = memchr(p, '=', end - p);
		if (p == NULL)
			break;
		if (end - p < 2 || p[1] != '?' || !parse_word(p, end, &word)) {
			p++;
			continue;
		}
		if (!is_between_words(pending, text, p)) {
			flush_words(pending);
			append_raw(pending->out, text, p - text);
		}
		add_word(pending, p, &word);
		text = p = word.end;
	}
	flush_words(pending);
	append_raw(pending->out, text, end - text);
}

/**
 * ferry_message_header_decode_utf8:
 * @value: (array length=length): a raw header value
 * @length: its octets
 *
 * Unfolds a value and decodes its encoded words (RFC 2047). Words that cannot be decoded stay as
 * they stand, octets that are no UTF-8 become U+FFFD, NUL is left out.
 *
 * Returns: (transfer full): the text, always valid UTF-8
 */
char *
ferry_message_header_decode_utf8(const char *value, gsize length)
{
	g_autofree char *text = ferry_message_header_unfold(value, length);
	g_autoptr(GByteArray) octets = NULL;
	Pending pending = {0};
	gsize text_length = strlen(text);

	if (strstr(text, "=?") == NULL)
		return g_utf8_make_valid(text, text_length);
	octets = g_byte_array_new();
	pending.out = g_string_sized_new(text_length + 1);
	pending.octets = octets;
	decode_text(&pending, text, text + text_length);
	return g_string_free(pending.out, FALSE);
}
