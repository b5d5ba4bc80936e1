/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Identity/get and /changes; SearchSnippet/get
 *
 * Specification: RFC 8621 sections 5 and 6
 * Implementation: one identity a user, which cannot be changed; snippets mark the first place of
 *   each word in subject and text
 */
#include <string.h>

#include "filter.h"
#include "mime-header.h"

gboolean
js_identity_get(JsCall *call)
{
	static const char *const known[] = {"id",  "name",          "email",         "replyTo",
					    "bcc", "textSignature", "htmlSignature", "mayDelete",
					    NULL};
	g_autoptr(GHashTable) wanted = NULL;
	g_autoptr(GString) missing = g_string_new("[");
	g_autofree char *email = NULL;
	JsonArray *ids;
	gboolean found = FALSE;

	if (!js_call_get_ids(call, "ids", &ids) ||
	    !js_call_get_properties(call, "properties", known, &wanted))
		return FALSE;
	for (guint i = 0; ids != NULL && i < json_array_get_length(ids); i++) {
		const char *id = json_array_get_string_element(ids, i);

		if (strcmp(id, "I000001") == 0)
			found = TRUE;
		else
			js_json_string(missing, id);
	}
	email = strchr(call->user->name, '@') != NULL
			? g_strdup(call->user->name)
			: g_strconcat(call->user->name, "@example.org", NULL);
	js_json_open(call->out, '{');
	js_write_account(call);
	js_write_state(call, "state", JS_TYPE_IDENTITY);
	js_json_key(call->out, "list");
	js_json_open(call->out, '[');
	if (found || ids == NULL) {
		js_json_open(call->out, '{');
		js_json_kv_string(call->out, "id", "I000001");
		if (js_wants(wanted, "name"))
			js_json_kv_string(call->out, "name", call->user->name);
		if (js_wants(wanted, "email"))
			js_json_kv_string(call->out, "email", email);
		if (js_wants(wanted, "replyTo"))
			js_json_kv_string(call->out, "replyTo", NULL);
		if (js_wants(wanted, "bcc"))
			js_json_kv_string(call->out, "bcc", NULL);
		if (js_wants(wanted, "textSignature"))
			js_json_kv_string(call->out, "textSignature", "");
		if (js_wants(wanted, "htmlSignature"))
			js_json_kv_string(call->out, "htmlSignature", "");
		if (js_wants(wanted, "mayDelete"))
			js_json_kv_bool(call->out, "mayDelete", FALSE);
		js_json_close(call->out, '}');
	}
	js_json_close(call->out, ']');
	js_json_key(call->out, "notFound");
	js_json_raw(call->out, missing->str, -1);
	js_json_close(call->out, ']');
	js_json_close(call->out, '}');
	return TRUE;
}

gboolean
js_identity_changes(JsCall *call)
{
	return js_run_changes(call, JS_TYPE_IDENTITY, 'I', NULL);
}

static void
js_append_html(GString *out, const char *text, gsize len)
{
	for (gsize i = 0; i < len; i++) {
		switch (text[i]) {
		case '&':
			g_string_append(out, "&amp;");
			break;
		case '<':
			g_string_append(out, "&lt;");
			break;
		case '>':
			g_string_append(out, "&gt;");
			break;
		default:
			g_string_append_c(out, text[i]);
		}
	}
}

/* The text around the first match, with the match marked; NULL without one. Case is folded for
 * ASCII letters only, so that places in the folded and the shown text are the same. */
static char *
js_mark(const char *text, GPtrArray *words)
{
	g_autofree char *lower = g_ascii_strdown(text, -1);

	for (guint i = 0; i < words->len; i++) {
		const char *word = g_ptr_array_index(words, i);
		const char *hit = strstr(lower, word);
		GString *out;
		const char *start, *end, *at;

		if (hit == NULL)
			continue;
		at = text + (hit - lower);
		start = at - text > 60 ? at - 60 : text;
		while (((guchar)*start & 0xc0) == 0x80)
			start++;
		end = at + strlen(word);
		out = g_string_new(NULL);
		js_append_html(out, start, (gsize)(at - start));
		g_string_append(out, "<mark>");
		js_append_html(out, at, strlen(word));
		g_string_append(out, "</mark>");
		at = end;
		while (*end != '\0' && (end - at < 100 || ((guchar)*end & 0xc0) == 0x80))
			end++;
		js_append_html(out, at, (gsize)(end - at));
		return g_string_free(out, FALSE);
	}
	return NULL;
}

static void
js_snippet_write(JsCall *call, JsEmail *email, GPtrArray *words)
{
	g_autoptr(GBytes) bytes = js_blob_ref_bytes(email->blob);
	gsize len = 0;
	const char *data = g_bytes_get_data(bytes, &len);
	g_autoptr(JsMessage) message = js_message_parse(data != NULL ? data : "", len, TRUE);
	const JsHeader *header =
		js_message_find_header(message, js_message_get_root(message), "Subject", 0);
	g_autofree char *subject = NULL;
	g_autofree char *marked = NULL;
	g_autofree char *preview = NULL;
	char buffer[16];

	if (header != NULL) {
		subject = js_mime_decode_text(header->value, header->value_len);
		marked = js_mark(subject, words);
	}
	for (guint i = 0; i < message->parts->len && preview == NULL; i++) {
		JsPart *part = g_ptr_array_index(message->parts, i);
		g_autofree char *text = NULL;
		gboolean problem = FALSE;

		if (part->children != NULL || strcmp(part->type, "text/plain") != 0)
			continue;
		text = js_part_decode_text(message, part, &problem);
		preview = js_mark(text, words);
	}
	js_json_open(call->out, '{');
	js_json_kv_string(call->out, "emailId", js_id_format('M', email->number, buffer));
	js_json_kv_string(call->out, "subject", marked);
	js_json_kv_string(call->out, "preview", preview);
	js_json_close(call->out, '}');
}

gboolean
js_snippet_get(JsCall *call)
{
	g_autoptr(JsFilter) filter = js_filter_compile(call, js_object_node(call->args, "filter"));
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	g_autoptr(GString) missing = g_string_new("[");
	JsonArray *ids;

	if (filter == NULL || !js_call_get_ids(call, "emailIds", &ids))
		return FALSE;
	if (ids == NULL)
		return js_call_invalid(call, "emailIds");
	js_filter_list_words(filter, words);
	js_json_open(call->out, '{');
	js_write_account(call);
	js_json_key(call->out, "list");
	js_json_open(call->out, '[');
	for (guint i = 0; i < json_array_get_length(ids); i++) {
		const char *id = json_array_get_string_element(ids, i);
		JsEmail *email = js_call_find_email(call, id);

		if (email != NULL)
			js_snippet_write(call, email, words);
		else
			js_json_string(missing, id);
	}
	js_json_close(call->out, ']');
	js_json_key(call->out, "notFound");
	if (missing->len == 1) {
		js_json_null(call->out);
	} else {
		js_json_raw(call->out, missing->str, -1);
		js_json_close(call->out, ']');
	}
	js_json_close(call->out, '}');
	return TRUE;
}
