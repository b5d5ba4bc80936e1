/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A substring search in streamed text of any charset
 *
 * Specification: RFC 9051 §6.4.4 (strings match as substrings), RFC 5051
 * Implementation: charset conversion by iconv; text of an unknown charset is read as UTF-8, which
 *   finds at least what is US-ASCII in it
 */
#include <errno.h>
#include <string.h>

#include "message/casemap-private.h"
#include "message/text-stream-private.h"

/* an incomplete character at the end of a chunk is never longer, in any charset iconv knows */
#define CARRY_MAX 16

struct _FerryMessageTextStream {
	const char *needle; /* casemapped */
	gsize needle_length;
	GIConv converter; /* (GIConv)-1: the text is UTF-8 */
	GString *input;   /* of the converter: what it left over, then the chunk */
	GString *text;    /* UTF-8 */
	GString *mapped;  /* casemapped; its end is kept, the needle may begin there */
	gboolean found;
};

static gboolean
is_utf8(const char *charset)
{
	static const char *const names[] = {"", "utf-8", "utf8", "us-ascii", "ascii"};

	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		if (g_ascii_strcasecmp(charset, names[i]) == 0)
			return TRUE;
	}
	/* iconv takes suffixes that change what it does */
	return strchr(charset, '/') != NULL;
}

/* @needle is borrowed and casemapped. */
FerryMessageTextStream *
ferry_message_text_stream_new(const char *charset, const char *needle)
{
	FerryMessageTextStream *self = g_new0(FerryMessageTextStream, 1);

	self->needle = needle;
	self->needle_length = strlen(needle);
	self->converter = is_utf8(charset) ? (GIConv)-1 : g_iconv_open("UTF-8", charset);
	self->input = g_string_new(NULL);
	self->text = g_string_new(NULL);
	self->mapped = g_string_new(NULL);
	return self;
}

void
ferry_message_text_stream_free(FerryMessageTextStream *self)
{
	if (self->converter != (GIConv)-1)
		g_iconv_close(self->converter);
	g_string_free(self->input, TRUE);
	g_string_free(self->text, TRUE);
	g_string_free(self->mapped, TRUE);
	g_free(self);
}

static void
search_text(FerryMessageTextStream *self, gboolean more)
{
	gsize used =
		ferry_message_casemap_append(self->mapped, self->text->str, self->text->len, more);
	gsize keep = self->needle_length > 0 ? self->needle_length - 1 : 0;

	g_string_erase(self->text, 0, used);
	self->found = self->found || memmem(self->mapped->str, self->mapped->len, self->needle,
					    self->needle_length) != NULL;
	if (self->mapped->len > keep)
		g_string_erase(self->mapped, 0, self->mapped->len - keep);
}

/* Converts what is in input. Octets that make no character become U+FFFD. */
static void
convert_input(FerryMessageTextStream *self)
{
	char *from = self->input->str;
	gsize left = self->input->len;
	char buffer[4096];

	while (left > 0) {
		char *to = buffer;
		gsize room = sizeof buffer;
		gsize result = g_iconv(self->converter, &from, &left, &to, &room);
		int reason = errno;

		g_string_append_len(self->text, buffer, to - buffer);
		if (result != (gsize)-1 || reason == E2BIG)
			continue;
		if (reason == EINVAL && left < CARRY_MAX)
			break;
		g_string_append(self->text, "\357\277\275");
		from++;
		left--;
	}
	g_string_erase(self->input, 0, self->input->len - left);
}

/* Takes the next octets of the text; says whether the needle was met so far. */
gboolean
ferry_message_text_stream_feed(FerryMessageTextStream *self, const char *data, gsize length)
{
	if (self->converter != (GIConv)-1) {
		g_string_append_len(self->input, data, length);
		convert_input(self);
	} else {
		g_string_append_len(self->text, data, length);
	}
	search_text(self, TRUE);
	return self->found;
}

/* Says that there is no more text; says whether the needle was met at all. */
gboolean
ferry_message_text_stream_finish(FerryMessageTextStream *self)
{
	search_text(self, FALSE);
	return self->found;
}
