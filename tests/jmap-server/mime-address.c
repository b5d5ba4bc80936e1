/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Address lists
 *
 * Specification: RFC 5322 section 3.4, RFC 8621 sections 4.1.2.3 and 4.1.2.4
 * Implementation: names and groups, quoted strings, routes, comments as names of old-style
 *   addresses; what cannot be read is shown as it stands
 */
#include <string.h>

#include "mime-header.h"

typedef struct {
	const char *s;
	gsize len;
	gsize at;
	GString *phrase;  /* words before "<" or ":" */
	GString *comment; /* the last comment */
	GPtrArray *list;
} JsAddressReader;

static void
js_address_free(JsAddress *address)
{
	g_free(address->name);
	g_free(address->email);
	g_free(address);
}

static void
js_reader_read_quoted(JsAddressReader *self)
{
	for (self->at++; self->at < self->len && self->s[self->at] != '"'; self->at++) {
		if (self->s[self->at] == '\\' && self->at + 1 < self->len)
			self->at++;
		if (self->s[self->at] != '\r' && self->s[self->at] != '\n')
			g_string_append_c(self->phrase, self->s[self->at]);
	}
	self->at++;
}

static void
js_reader_read_comment(JsAddressReader *self)
{
	guint depth = 0;

	g_string_truncate(self->comment, 0);
	for (; self->at < self->len; self->at++) {
		char c = self->s[self->at];

		if (c == '\\' && self->at + 1 < self->len) {
			g_string_append_c(self->comment, self->s[++self->at]);
			continue;
		}
		if (c == '(' && depth++ == 0)
			continue;
		if (c == ')' && --depth == 0)
			break;
		g_string_append_c(self->comment, c);
	}
	self->at++;
}

static void
js_reader_add(JsAddressReader *self, char *name, char *email, gboolean start, gboolean end)
{
	JsAddress *address = g_new0(JsAddress, 1);

	if (name != NULL && *name == '\0')
		g_clear_pointer(&name, g_free);
	address->name = name;
	address->email = email;
	address->group_start = start;
	address->group_end = end;
	g_ptr_array_add(self->list, address);
	g_string_truncate(self->phrase, 0);
	g_string_truncate(self->comment, 0);
}

static char *
js_reader_dup_name(JsAddressReader *self)
{
	return js_mime_decode_text(self->phrase->str, self->phrase->len);
}

/* "<" route addr-spec ">" */
static void
js_reader_read_angle(JsAddressReader *self)
{
	const char *start = self->s + self->at + 1;
	gsize rest = self->len - self->at - 1;
	const char *close = memchr(start, '>', rest);
	gsize len = close != NULL ? (gsize)(close - start) : rest;
	g_autofree char *raw = g_utf8_make_valid(start, (gssize)len);
	char *spec = g_strstrip(raw);
	char *route = spec[0] == '@' ? strchr(spec, ':') : NULL;

	self->at += len + 2;
	js_reader_add(self, js_reader_dup_name(self), g_strdup(route != NULL ? route + 1 : spec),
		      FALSE, FALSE);
	/* what follows until the comma is ignored */
	while (self->at < self->len && strchr(",;", self->s[self->at]) == NULL)
		self->at++;
}

static void
js_reader_finish_bare(JsAddressReader *self)
{
	g_autofree char *spec = g_utf8_make_valid(self->phrase->str, (gssize)self->phrase->len);

	g_strstrip(spec);
	if (*spec != '\0')
		js_reader_add(self, js_mime_decode_text(self->comment->str, self->comment->len),
			      g_steal_pointer(&spec), FALSE, FALSE);
	g_string_truncate(self->phrase, 0);
	g_string_truncate(self->comment, 0);
}

static void
js_reader_step(JsAddressReader *self)
{
	char c = self->s[self->at];

	switch (c) {
	case '"':
		js_reader_read_quoted(self);
		break;
	case '(':
		js_reader_read_comment(self);
		break;
	case '<':
		js_reader_read_angle(self);
		break;
	case ':':
		js_reader_add(self, js_reader_dup_name(self), NULL, TRUE, FALSE);
		self->at++;
		break;
	case ';':
		js_reader_finish_bare(self);
		js_reader_add(self, NULL, NULL, FALSE, TRUE);
		self->at++;
		break;
	case ',':
		js_reader_finish_bare(self);
		self->at++;
		break;
	default:
		if (c != '\r' && c != '\n')
			g_string_append_c(self->phrase, c);
		self->at++;
	}
}

GPtrArray *
js_mime_parse_addresses(const char *value, gsize len)
{
	g_autoptr(GString) phrase = g_string_new(NULL);
	g_autoptr(GString) comment = g_string_new(NULL);
	JsAddressReader reader = {value, len, 0, phrase, comment, NULL};

	reader.list = g_ptr_array_new_with_free_func((GDestroyNotify)js_address_free);
	while (reader.at < len)
		js_reader_step(&reader);
	js_reader_finish_bare(&reader);
	return reader.list;
}
