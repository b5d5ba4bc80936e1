/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* i;unicode-casemap
 *
 * Specification: RFC 5051 (title case, then full compatibility decomposition, per character)
 * Implementation: with GLib's Unicode data, which is newer than the RFC's
 */
#include <string.h>

#include "message/casemap-private.h"
#include "message/text-search.h"

static void
append_character(GString *out, gunichar c)
{
	gunichar parts[G_UNICHAR_MAX_DECOMPOSITION_LENGTH];
	gsize n = g_unichar_fully_decompose(g_unichar_totitle(c), TRUE, parts, G_N_ELEMENTS(parts));

	for (gsize i = 0; i < n; i++)
		g_string_append_unichar(out, parts[i]);
}

/* Appends the casemapped form of @text and says how many octets of it were used: all of them,
 * unless the last character is incomplete and more may follow (@more). */
gsize
ferry_message_casemap_append(GString *out, const char *text, gsize length, gboolean more)
{
	const char *p = text;
	const char *end = text + length;

	while (p < end) {
		gunichar c;

		if ((guchar)*p < 0x80) {
			g_string_append_c(out, g_ascii_toupper(*p++));
			continue;
		}
		c = g_utf8_get_char_validated(p, end - p);
		if (c == (gunichar)-2 && more)
			break;
		if (c == (gunichar)-1 || c == (gunichar)-2) {
			g_string_append_unichar(out, 0xfffd);
			p++;
		} else {
			append_character(out, c);
			p = g_utf8_next_char(p);
		}
	}
	return p - text;
}

/**
 * ferry_message_casemap:
 * @text: text in UTF-8
 * @length: its octets, -1 if it is terminated
 *
 * Prepares text for comparison by i;unicode-casemap (RFC 5051): two texts are equal, or one is
 * part of the other, if that is so of their forms. What is not UTF-8 becomes U+FFFD.
 *
 * Returns: (transfer full): the form to compare
 */
char *
ferry_message_casemap(const char *text, gssize length)
{
	gsize octets = length < 0 ? strlen(text) : (gsize)length;
	GString *out = g_string_sized_new(octets + 1);

	ferry_message_casemap_append(out, text, octets, FALSE);
	return g_string_free(out, FALSE);
}
