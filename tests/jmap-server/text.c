/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text search: substrings of decoded header fields and text parts, without regard to case
 *
 * Specification: RFC 8621 section 4.4.1
 */
#include <string.h>

#include "filter.h"
#include "mime-header.h"

char *
js_text_dup_folded(const char *text, gssize len)
{
	gsize n = len < 0 ? strlen(text) : (gsize)len;

	/* most mail is ASCII, for which casefold is slow */
	for (gsize i = 0; i < n; i++)
		if ((guchar)text[i] >= 0x80)
			return g_utf8_casefold(text, (gssize)n);
	return g_ascii_strdown(text, (gssize)n);
}

void
js_text_cache_clear(JsTextCache *self)
{
	g_clear_pointer(&self->header, js_message_free);
	g_clear_pointer(&self->message, js_message_free);
	g_clear_pointer(&self->bytes, g_bytes_unref);
	if (self->body != NULL)
		g_string_free(g_steal_pointer(&self->body), TRUE);
	self->email = NULL;
}

void
js_text_cache_load(JsTextCache *self, JsEmail *email)
{
	const char *data;
	gsize len = 0;

	if (self->email == email)
		return;
	js_text_cache_clear(self);
	self->email = email;
	self->bytes = js_blob_ref_bytes(email->blob);
	data = g_bytes_get_data(self->bytes, &len);
	self->header = js_message_parse(data != NULL ? data : "", len, FALSE);
}

gboolean
js_text_cache_has_field(JsTextCache *self, const char *field)
{
	return js_message_find_header(self->header, js_message_get_root(self->header), field, 0) !=
	       NULL;
}

gboolean
js_text_cache_field_contains(JsTextCache *self, const char *field, const char *needle)
{
	JsPart *root = js_message_get_root(self->header);

	for (guint i = 0; i < root->n_headers; i++) {
		const JsHeader *header =
			&g_array_index(self->header->headers, JsHeader, root->first_header + i);
		g_autofree char *text = NULL;
		g_autofree char *folded = NULL;

		if (!js_header_is(header, field))
			continue;
		text = js_mime_decode_text(header->value, header->value_len);
		folded = js_text_dup_folded(text, -1);
		if (strstr(folded, needle) != NULL)
			return TRUE;
	}
	return FALSE;
}

static void
js_text_cache_make_body(JsTextCache *self)
{
	gsize len = 0;
	const char *data = g_bytes_get_data(self->bytes, &len);

	self->body = g_string_new(NULL);
	self->message = js_message_parse(data != NULL ? data : "", len, TRUE);
	for (guint i = 0; i < self->message->parts->len; i++) {
		JsPart *part = g_ptr_array_index(self->message->parts, i);
		g_autofree char *text = NULL;
		g_autofree char *folded = NULL;
		gboolean problem = FALSE;

		if (part->children != NULL || !g_str_has_prefix(part->type, "text/"))
			continue;
		text = js_part_decode_text(self->message, part, &problem);
		folded = js_text_dup_folded(text, -1);
		g_string_append(self->body, folded);
		g_string_append_c(self->body, '\n');
	}
}

gboolean
js_text_cache_body_contains(JsTextCache *self, const char *needle)
{
	if (self->body == NULL)
		js_text_cache_make_body(self);
	return strstr(self->body->str, needle) != NULL;
}
