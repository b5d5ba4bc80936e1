/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bodies: decoded octets, decoded text, and which parts are text, HTML and attachments
 *
 * Specification: RFC 2045 section 6, RFC 8621 section 4.1.4
 */
#include <string.h>

#include "mime-header.h"
#include "mime.h"

#define JS_PREVIEW_BYTES 256

char *
js_part_decode(JsMessage *self, JsPart *part, gsize *len)
{
	const char *body = self->data + part->body_start;
	gsize body_len = part->body_end - part->body_start;

	if (part->encoding != NULL && g_ascii_strcasecmp(part->encoding, "base64") == 0)
		return js_mime_decode_base64(body, body_len, len);
	if (part->encoding != NULL && g_ascii_strcasecmp(part->encoding, "quoted-printable") == 0)
		return js_mime_decode_qp(body, body_len, FALSE, len);
	*len = body_len;
	return g_memdup2(body_len > 0 ? body : "", MAX(body_len, 1));
}

gsize
js_part_get_size(JsMessage *self, JsPart *part)
{
	g_autofree char *data = NULL;
	gsize len = part->body_end - part->body_start;

	if (part->children != NULL)
		return 0;
	if (part->encoding != NULL && (g_ascii_strcasecmp(part->encoding, "base64") == 0 ||
				       g_ascii_strcasecmp(part->encoding, "quoted-printable") == 0))
		data = js_part_decode(self, part, &len);
	return len;
}

static char *
js_text_normalise_lines(char *text)
{
	char *to = text;

	for (const char *from = text; *from != '\0'; from++)
		if (from[0] != '\r' || from[1] != '\n')
			*to++ = *from;
	*to = '\0';
	return text;
}

char *
js_part_decode_text(JsMessage *self, JsPart *part, gboolean *problem)
{
	gsize len = 0;
	g_autofree char *data = js_part_decode(self, part, &len);
	const char *charset = part->charset != NULL ? part->charset : "us-ascii";

	return js_text_normalise_lines(js_mime_to_utf8(data, len, charset, problem));
}

static gboolean
js_part_is_media(JsPart *part)
{
	return g_str_has_prefix(part->type, "image/") || g_str_has_prefix(part->type, "audio/") ||
	       g_str_has_prefix(part->type, "video/");
}

static gboolean
js_part_is_inline(JsPart *part, guint place, const char *multipart_type)
{
	gboolean shown = strcmp(part->type, "text/plain") == 0 ||
			 strcmp(part->type, "text/html") == 0 || js_part_is_media(part);

	if (!shown || g_strcmp0(part->disposition, "attachment") == 0)
		return FALSE;
	return place == 0 || (strcmp(multipart_type, "related") != 0 &&
			      (js_part_is_media(part) || part->name == NULL));
}

typedef struct {
	GPtrArray *text, *html; /* NULL: not wanted below an alternative's other branch */
	GPtrArray *attachments;
} JsLister;

static void
js_lister_add_alternative(JsLister *to, JsPart *part)
{
	if (strcmp(part->type, "text/plain") == 0) {
		if (to->text != NULL)
			g_ptr_array_add(to->text, part);
	} else if (strcmp(part->type, "text/html") == 0) {
		if (to->html != NULL)
			g_ptr_array_add(to->html, part);
	} else {
		g_ptr_array_add(to->attachments, part);
	}
}

static void
js_lister_add_inline(JsLister *to, JsPart *part, gboolean in_alternative)
{
	if (in_alternative && strcmp(part->type, "text/plain") == 0)
		to->html = NULL;
	if (in_alternative && strcmp(part->type, "text/html") == 0)
		to->text = NULL;
	if (to->text != NULL)
		g_ptr_array_add(to->text, part);
	if (to->html != NULL)
		g_ptr_array_add(to->html, part);
	if ((to->text == NULL || to->html == NULL) && js_part_is_media(part))
		g_ptr_array_add(to->attachments, part);
}

static void
js_append_from(GPtrArray *to, GPtrArray *from, guint first)
{
	for (guint i = first; i < from->len; i++)
		g_ptr_array_add(to, g_ptr_array_index(from, i));
}

/* The algorithm that RFC 8621 gives; the recursion is as deep as the parser allows parts to nest.
 */
static void
js_lister_walk(JsLister to, GPtrArray *parts, const char *multipart_type, gboolean in_alternative)
{
	guint text_len = to.text != NULL ? to.text->len : 0;
	guint html_len = to.html != NULL ? to.html->len : 0;
	gboolean alternative = strcmp(multipart_type, "alternative") == 0;

	for (guint i = 0; i < parts->len; i++) {
		JsPart *part = g_ptr_array_index(parts, i);

		if (part->children != NULL) {
			const char *sub = part->type + strlen("multipart/");

			js_lister_walk(to, part->children, sub,
				       in_alternative || strcmp(sub, "alternative") == 0);
		} else if (!js_part_is_inline(part, i, multipart_type)) {
			g_ptr_array_add(to.attachments, part);
		} else if (alternative) {
			js_lister_add_alternative(&to, part);
		} else {
			js_lister_add_inline(&to, part, in_alternative);
		}
	}
	if (alternative && to.text != NULL && to.html != NULL) {
		if (text_len == to.text->len && html_len != to.html->len)
			js_append_from(to.text, to.html, html_len);
		else if (html_len == to.html->len && text_len != to.text->len)
			js_append_from(to.html, to.text, text_len);
	}
}

void
js_message_list_bodies(JsMessage *self, JsBodyLists *lists)
{
	g_autoptr(GPtrArray) top = g_ptr_array_new();
	JsLister lister;

	lists->text = lister.text = g_ptr_array_new();
	lists->html = lister.html = g_ptr_array_new();
	lists->attachments = lister.attachments = g_ptr_array_new();
	g_ptr_array_add(top, js_message_get_root(self));
	js_lister_walk(lister, top, "mixed", FALSE);
}

void
js_body_lists_clear(JsBodyLists *lists)
{
	g_clear_pointer(&lists->text, g_ptr_array_unref);
	g_clear_pointer(&lists->html, g_ptr_array_unref);
	g_clear_pointer(&lists->attachments, g_ptr_array_unref);
}

gboolean
js_message_has_attachment(JsMessage *self)
{
	g_auto(JsBodyLists) lists = {0};

	js_message_list_bodies(self, &lists);
	for (guint i = 0; i < lists.attachments->len; i++) {
		JsPart *part = g_ptr_array_index(lists.attachments, i);

		if (g_strcmp0(part->disposition, "inline") != 0)
			return TRUE;
	}
	return FALSE;
}

static char *
js_strip_tags(char *html)
{
	char *to = html;
	gboolean tag = FALSE;

	for (const char *from = html; *from != '\0'; from++) {
		if (*from == '<')
			tag = TRUE;
		else if (*from == '>' && tag)
			tag = FALSE;
		else if (!tag)
			*to++ = *from;
	}
	*to = '\0';
	return html;
}

/* Runs of white space become one space; cut at a character boundary. */
static char *
js_collapse_text(const char *text)
{
	GString *out = g_string_sized_new(JS_PREVIEW_BYTES + 8);

	for (const char *p = text; *p != '\0' && out->len < JS_PREVIEW_BYTES - 4;
	     p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		if (!g_unichar_isspace(c))
			g_string_append_unichar(out, c);
		else if (out->len > 0 && out->str[out->len - 1] != ' ')
			g_string_append_c(out, ' ');
	}
	return g_strchomp(g_string_free(out, FALSE));
}

char *
js_message_dup_preview(JsMessage *self)
{
	g_auto(JsBodyLists) lists = {0};
	g_autofree char *text = NULL;
	gboolean problem = FALSE;

	js_message_list_bodies(self, &lists);
	for (guint i = 0; i < lists.text->len && text == NULL; i++) {
		JsPart *part = g_ptr_array_index(lists.text, i);

		if (g_str_has_prefix(part->type, "text/"))
			text = js_part_decode_text(self, part, &problem);
		if (text != NULL && strcmp(part->type, "text/html") == 0)
			js_strip_tags(text);
	}
	return js_collapse_text(text != NULL ? text : "");
}
