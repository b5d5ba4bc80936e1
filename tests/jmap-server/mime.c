/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages: header fields and the tree of parts
 *
 * Specification: RFC 5322, RFC 2045, RFC 2046
 * Implementation: offsets into the raw octets; nothing is copied but parameters. message/rfc822 is
 *   a leaf, as JMAP wants it. Nesting beyond 32 multiparts is taken as text.
 */
#include <string.h>

#include "mime-header.h"
#include "mime.h"

#define JS_MIME_MAX_DEPTH 32
#define JS_MIME_MAX_PARTS 10000

static gsize
js_mime_line_end(const char *data, gsize start, gsize end)
{
	const char *newline = memchr(data + start, '\n', end - start);

	return newline != NULL ? (gsize)(newline - data) + 1 : end;
}

static gboolean
js_mime_is_blank(const char *data, gsize start, gsize line_end)
{
	return data[start] == '\n' || (line_end - start == 2 && data[start] == '\r');
}

static gsize
js_mime_trim_eol(const char *data, gsize start, gsize end)
{
	if (end > start && data[end - 1] == '\n')
		end--;
	if (end > start && data[end - 1] == '\r')
		end--;
	return end;
}

static void
js_message_add_header(JsMessage *self, gsize start, gsize end)
{
	const char *line = self->data + start;
	gsize len = js_mime_trim_eol(self->data, start, end) - start;
	const char *colon = memchr(line, ':', len);
	JsHeader header;

	if (colon == NULL || colon == line)
		return;
	header.name = line;
	header.name_len = (gsize)(colon - line);
	while (header.name_len > 0 && g_ascii_isspace(line[header.name_len - 1]))
		header.name_len--;
	header.value = colon + 1;
	header.value_len = len - (gsize)(colon + 1 - line);
	g_array_append_val(self->headers, header);
}

/* Reads the header block at @start; returns where the body begins. */
static gsize
js_message_scan_headers(JsMessage *self, JsPart *part, gsize start, gsize end)
{
	gsize field = start, at = start;

	part->header_start = start;
	part->first_header = self->headers->len;
	while (at < end) {
		gsize next = js_mime_line_end(self->data, at, end);

		if (js_mime_is_blank(self->data, at, next)) {
			if (at > field)
				js_message_add_header(self, field, at);
			field = at = next;
			break;
		}
		if (at > field && self->data[at] != ' ' && self->data[at] != '\t') {
			js_message_add_header(self, field, at);
			field = at;
		}
		at = next;
	}
	if (at > field)
		js_message_add_header(self, field, at);
	part->n_headers = self->headers->len - part->first_header;
	return at;
}

gboolean
js_header_is(const JsHeader *header, const char *name)
{
	return strlen(name) == header->name_len &&
	       g_ascii_strncasecmp(header->name, name, header->name_len) == 0;
}

const JsHeader *
js_message_find_header(JsMessage *self, JsPart *part, const char *name, guint nth)
{
	for (guint i = 0; i < part->n_headers; i++) {
		const JsHeader *header =
			&g_array_index(self->headers, JsHeader, part->first_header + i);

		if (js_header_is(header, name) && nth-- == 0)
			return header;
	}
	return NULL;
}

static char *
js_part_dup_id_field(JsMessage *self, JsPart *part, const char *name, gboolean brackets)
{
	const JsHeader *header = js_message_find_header(self, part, name, 0);
	char *text;

	if (header == NULL)
		return NULL;
	text = g_strstrip(g_strndup(header->value, header->value_len));
	if (brackets && text[0] == '<' && g_str_has_suffix(text, ">")) {
		memmove(text, text + 1, strlen(text));
		text[strlen(text) - 1] = '\0';
	}
	return text;
}

static void
js_part_read_fields(JsMessage *self, JsPart *part)
{
	const JsHeader *header;

	header = js_message_find_header(self, part, "Content-Type", 0);
	if (header != NULL) {
		part->type = js_mime_header_dup_value(header);
		part->charset = js_mime_header_dup_param(header, "charset");
		part->boundary = js_mime_header_dup_param(header, "boundary");
		part->name = js_mime_header_dup_param(header, "name");
	}
	if (part->type == NULL || strchr(part->type, '/') == NULL) {
		gboolean digest = part->parent != NULL &&
				  g_strcmp0(part->parent->type, "multipart/digest") == 0;

		g_free(part->type);
		part->type = g_strdup(digest ? "message/rfc822" : "text/plain");
	}
	header = js_message_find_header(self, part, "Content-Disposition", 0);
	if (header != NULL) {
		g_autofree char *name = js_mime_header_dup_param(header, "filename");

		part->disposition = js_mime_header_dup_value(header);
		if (name != NULL) {
			g_free(part->name);
			part->name = g_steal_pointer(&name);
		}
	}
	header = js_message_find_header(self, part, "Content-Transfer-Encoding", 0);
	part->encoding = header != NULL ? js_mime_header_dup_value(header) : NULL;
	part->cid = js_part_dup_id_field(self, part, "Content-ID", TRUE);
	part->location = js_part_dup_id_field(self, part, "Content-Location", FALSE);
	part->language = js_part_dup_id_field(self, part, "Content-Language", FALSE);
}

static void
js_part_free(JsPart *part)
{
	g_clear_pointer(&part->children, g_ptr_array_unref);
	g_free(part->part_id);
	g_free(part->type);
	g_free(part->charset);
	g_free(part->boundary);
	g_free(part->disposition);
	g_free(part->name);
	g_free(part->cid);
	g_free(part->location);
	g_free(part->language);
	g_free(part->encoding);
	g_free(part);
}

static JsPart *
js_message_add_part(JsMessage *self, JsPart *parent)
{
	JsPart *part = g_new0(JsPart, 1);

	part->parent = parent;
	part->number = self->parts->len;
	g_ptr_array_add(self->parts, part);
	if (parent != NULL)
		g_ptr_array_add(parent->children, part);
	return part;
}

/* 0: no delimiter, 1: the next part begins, 2: the last part ended */
static guint
js_mime_match_boundary(const char *line, gsize len, const char *boundary, gsize boundary_len)
{
	if (len < boundary_len + 2 || line[0] != '-' || line[1] != '-' ||
	    memcmp(line + 2, boundary, boundary_len) != 0)
		return 0;
	line += boundary_len + 2;
	len -= boundary_len + 2;
	if (len >= 2 && line[0] == '-' && line[1] == '-')
		return 2;
	for (gsize i = 0; i < len; i++)
		if (!g_ascii_isspace(line[i]))
			return 0;
	return 1;
}

static void js_message_scan_part(JsMessage *self, JsPart *part, gsize start, gsize end,
				 guint depth);

static void
js_message_scan_children(JsMessage *self, JsPart *part, guint depth)
{
	gsize boundary_len = strlen(part->boundary);
	gsize at = part->body_start, child_start = 0;
	gboolean in_child = FALSE;
	guint match = 0;

	part->children = g_ptr_array_new();
	while (at < part->body_end && match != 2 && self->parts->len < JS_MIME_MAX_PARTS) {
		gsize next = js_mime_line_end(self->data, at, part->body_end);

		match = js_mime_match_boundary(self->data + at, next - at, part->boundary,
					       boundary_len);
		if (match != 0 && in_child)
			js_message_scan_part(self, js_message_add_part(self, part), child_start,
					     js_mime_trim_eol(self->data, child_start, at),
					     depth + 1);
		if (match == 1) {
			in_child = TRUE;
			child_start = next;
		}
		at = next;
	}
	if (in_child && match != 2)
		js_message_scan_part(self, js_message_add_part(self, part), child_start,
				     part->body_end, depth + 1);
}

/* The recursion is bounded by JS_MIME_MAX_DEPTH. */
static void
js_message_scan_part(JsMessage *self, JsPart *part, gsize start, gsize end, guint depth)
{
	part->body_start = js_message_scan_headers(self, part, start, end);
	part->body_end = end;
	js_part_read_fields(self, part);
	if (g_str_has_prefix(part->type, "multipart/")) {
		if (part->boundary != NULL && *part->boundary != '\0' && depth < JS_MIME_MAX_DEPTH)
			js_message_scan_children(self, part, depth);
		/* without parts it is shown as the text it is */
		if (part->children == NULL || part->children->len == 0) {
			g_clear_pointer(&part->children, g_ptr_array_unref);
			g_free(part->type);
			part->type = g_strdup("text/plain");
		}
	}
}

static void
js_message_number_leaves(JsMessage *self)
{
	guint next = 1;

	for (guint i = 0; i < self->parts->len; i++) {
		JsPart *part = g_ptr_array_index(self->parts, i);

		if (part->children == NULL)
			part->part_id = g_strdup_printf("%u", next++);
	}
}

JsMessage *
js_message_parse(const char *data, gsize len, gboolean structure)
{
	JsMessage *self = g_new0(JsMessage, 1);
	JsPart *root;

	self->data = data;
	self->len = len;
	self->headers = g_array_sized_new(FALSE, FALSE, sizeof(JsHeader), 24);
	self->parts = g_ptr_array_new_with_free_func((GDestroyNotify)js_part_free);
	root = js_message_add_part(self, NULL);
	if (!structure) {
		root->body_start = js_message_scan_headers(self, root, 0, len);
		root->body_end = len;
		return self;
	}
	js_message_scan_part(self, root, 0, len, 0);
	js_message_number_leaves(self);
	return self;
}

void
js_message_free(JsMessage *self)
{
	g_array_unref(self->headers);
	g_ptr_array_unref(self->parts);
	g_free(self);
}

JsPart *
js_message_get_root(JsMessage *self)
{
	return g_ptr_array_index(self->parts, 0);
}
