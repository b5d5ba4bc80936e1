/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Header field values: parameters, encoded words, dates, message ids
 *
 * Specification: RFC 2045 section 5, RFC 2047, RFC 2231, RFC 5322 section 3.3
 * Implementation: RFC 2231 continuations and charsets for parameters; obsolete date forms
 */
#include <stdlib.h>
#include <string.h>

#include "mime-header.h"

#define JS_MIME_MAX_CONTINUATIONS 100

/* Skips white space and nested comments. */
static gsize
js_skip_cfws(const char *s, gsize len, gsize at)
{
	guint depth = 0;

	for (; at < len; at++) {
		if (s[at] == '\\' && depth > 0)
			at++;
		else if (s[at] == '(')
			depth++;
		else if (s[at] == ')' && depth > 0)
			depth--;
		else if (depth == 0 && !g_ascii_isspace(s[at]))
			break;
	}
	return MIN(at, len);
}

char *
js_mime_header_dup_value(const JsHeader *header)
{
	gsize start = js_skip_cfws(header->value, header->value_len, 0);
	gsize end = start;

	while (end < header->value_len && header->value[end] != ';' && header->value[end] != '(' &&
	       !g_ascii_isspace(header->value[end]))
		end++;
	if (end == start)
		return NULL;
	return g_ascii_strdown(header->value + start, (gssize)(end - start));
}

static gsize
js_read_param_value(const char *s, gsize len, gsize at, GString *out)
{
	if (at < len && s[at] == '"') {
		for (at++; at < len && s[at] != '"'; at++) {
			if (s[at] == '\\' && at + 1 < len)
				at++;
			if (s[at] != '\r' && s[at] != '\n')
				g_string_append_c(out, s[at]);
		}
		return at < len ? at + 1 : len;
	}
	while (at < len && s[at] != ';' && !g_ascii_isspace(s[at]))
		g_string_append_c(out, s[at++]);
	return at;
}

/* Finds the parameter called exactly @name; FALSE when there is none. */
static gboolean
js_find_param(const JsHeader *header, const char *name, GString *out)
{
	const char *s = header->value;
	gsize len = header->value_len, name_len = strlen(name);
	const char *semicolon = memchr(s, ';', len);
	gsize at = semicolon != NULL ? (gsize)(semicolon - s) : len;

	while (at < len) {
		gsize start = js_skip_cfws(s, len, at + 1), end = start;

		while (end < len && s[end] != '=' && s[end] != ';')
			end++;
		if (end >= len)
			return FALSE;
		if (s[end] == ';') {
			at = end;
			continue;
		}
		at = js_skip_cfws(s, len, end + 1);
		while (end > start && g_ascii_isspace(s[end - 1]))
			end--;
		g_string_truncate(out, 0);
		at = js_read_param_value(s, len, at, out);
		if (end - start == name_len && g_ascii_strncasecmp(s + start, name, name_len) == 0)
			return TRUE;
		while (at < len && s[at] != ';')
			at++;
	}
	return FALSE;
}

static char *
js_decode_extended(const char *text)
{
	g_auto(GStrv) pieces = g_strsplit(text, "'", 3);
	g_autofree char *bytes = NULL;
	gsize len = 0;
	gboolean problem = FALSE;
	const char *value;

	if (g_strv_length(pieces) < 3)
		return g_strdup(text);
	value = pieces[2];
	bytes = g_malloc(strlen(value) + 1);
	while (*value != '\0') {
		if (value[0] == '%' && g_ascii_isxdigit(value[1]) && g_ascii_isxdigit(value[2])) {
			bytes[len++] = (char)(g_ascii_xdigit_value(value[1]) * 16 +
					      g_ascii_xdigit_value(value[2]));
			value += 3;
		} else {
			bytes[len++] = *value++;
		}
	}
	return js_mime_to_utf8(bytes, len, pieces[0], &problem);
}

static char *
js_dup_continued_param(const JsHeader *header, const char *name)
{
	g_autoptr(GString) all = g_string_new(NULL);
	g_autoptr(GString) piece = g_string_new(NULL);
	gboolean extended = FALSE;
	guint n;

	for (n = 0; n < JS_MIME_MAX_CONTINUATIONS; n++) {
		g_autofree char *plain = g_strdup_printf("%s*%u", name, n);
		g_autofree char *starred = g_strdup_printf("%s*%u*", name, n);

		if (js_find_param(header, starred, piece))
			extended = extended || n == 0;
		else if (!js_find_param(header, plain, piece))
			break;
		g_string_append(all, piece->str);
	}
	if (n == 0)
		return NULL;
	return extended ? js_decode_extended(all->str) : g_strdup(all->str);
}

char *
js_mime_header_dup_param(const JsHeader *header, const char *name)
{
	g_autoptr(GString) value = g_string_new(NULL);
	g_autofree char *starred = g_strconcat(name, "*", NULL);

	if (js_find_param(header, starred, value))
		return js_decode_extended(value->str);
	if (js_find_param(header, name, value))
		return js_mime_decode_text(value->str, value->len);
	return memchr(header->value, '*', header->value_len) != NULL
		       ? js_dup_continued_param(header, name)
		       : NULL;
}

char *
js_mime_to_utf8(const char *data, gsize len, const char *charset, gboolean *problem)
{
	g_autofree char *converted = NULL;
	gsize written = 0;

	if (g_ascii_strcasecmp(charset, "utf-8") != 0 &&
	    g_ascii_strcasecmp(charset, "us-ascii") != 0) {
		converted = g_convert(data, (gssize)len, "UTF-8", charset, NULL, &written, NULL);
		if (converted != NULL && g_utf8_validate_len(converted, written, NULL))
			return g_steal_pointer(&converted);
		*problem = TRUE;
	} else if (g_utf8_validate_len(data, len, NULL)) {
		return g_strndup(data, len);
	} else {
		*problem = TRUE;
	}
	return g_utf8_make_valid(data, (gssize)len);
}

char *
js_mime_decode_base64(const char *data, gsize len, gsize *out_len)
{
	char *out = g_malloc(len / 4 * 3 + 8);
	int state = 0;
	guint save = 0;

	*out_len = g_base64_decode_step(data, len, (guchar *)out, &state, &save);
	return out;
}

char *
js_mime_decode_qp(const char *data, gsize len, gboolean header, gsize *out_len)
{
	char *out = g_malloc(len + 1);
	gsize n = 0;

	for (gsize i = 0; i < len; i++) {
		if (header && data[i] == '_') {
			out[n++] = ' ';
		} else if (data[i] != '=') {
			out[n++] = data[i];
		} else if (i + 2 < len && g_ascii_isxdigit(data[i + 1]) &&
			   g_ascii_isxdigit(data[i + 2])) {
			out[n++] = (char)(g_ascii_xdigit_value(data[i + 1]) * 16 +
					  g_ascii_xdigit_value(data[i + 2]));
			i += 2;
		} else if (i + 2 < len && data[i + 1] == '\r' && data[i + 2] == '\n') {
			i += 2;
		} else if (i + 1 < len && data[i + 1] == '\n') {
			i += 1;
		} else {
			out[n++] = data[i];
		}
	}
	*out_len = n;
	return out;
}

/* Decodes the encoded word at @s; returns its length, or 0 when it is none. */
static gsize
js_decode_word(const char *s, gsize len, GString *out)
{
	const char *encoding, *text, *end;
	g_autofree char *charset = NULL;
	g_autofree char *bytes = NULL;
	g_autofree char *utf8 = NULL;
	gsize bytes_len = 0;
	gboolean problem = FALSE;
	char *language;

	if (len < 8 || s[0] != '=' || s[1] != '?')
		return 0;
	encoding = memchr(s + 2, '?', len - 2);
	if (encoding == NULL || encoding + 3 >= s + len || encoding[2] != '?')
		return 0;
	text = encoding + 3;
	end = memmem(text, len - (gsize)(text - s), "?=", 2);
	if (end == NULL || memchr(text, ' ', (gsize)(end - text)) != NULL)
		return 0;
	charset = g_strndup(s + 2, (gsize)(encoding - s - 2));
	language = strchr(charset, '*');
	if (language != NULL)
		*language = '\0';
	if (g_ascii_toupper(encoding[1]) == 'B')
		bytes = js_mime_decode_base64(text, (gsize)(end - text), &bytes_len);
	else if (g_ascii_toupper(encoding[1]) == 'Q')
		bytes = js_mime_decode_qp(text, (gsize)(end - text), TRUE, &bytes_len);
	else
		return 0;
	utf8 = js_mime_to_utf8(bytes, bytes_len, charset, &problem);
	g_string_append(out, utf8);
	return (gsize)(end + 2 - s);
}

/* RFC 8621 asText: unfolded, encoded words decoded, white space trimmed, normalised to NFC. */
char *
js_mime_decode_text(const char *value, gsize len)
{
	g_autoptr(GString) out = g_string_sized_new(len + 1);
	g_autofree char *valid = NULL;
	gsize word_end = 0; /* length of @out after the last encoded word, 0: none */

	for (gsize i = 0; i < len;) {
		gsize used = 0;

		if (value[i] == '=') {
			gsize kept = out->len;

			used = js_decode_word(value + i, len - i, out);
			/* white space between two encoded words is not shown */
			if (used > 0 && word_end > 0) {
				gboolean blank = TRUE;

				for (gsize k = word_end; k < kept; k++)
					blank = blank && g_ascii_isspace(out->str[k]);
				if (blank)
					g_string_erase(out, (gssize)word_end,
						       (gssize)(kept - word_end));
			}
			if (used > 0)
				word_end = out->len;
		}
		if (used == 0) {
			if (value[i] != '\r' && value[i] != '\n')
				g_string_append_c(out, value[i]);
			used = 1;
		}
		i += used;
	}
	valid = g_utf8_make_valid(out->str, (gssize)out->len);
	g_strstrip(valid);
	for (const char *p = valid; *p != '\0'; p++)
		if ((guchar)*p >= 0x80)
			return g_utf8_normalize(valid, -1, G_NORMALIZE_NFC);
	return g_steal_pointer(&valid);
}
