/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Header fields as JSON: the header:* forms
 *
 * Specification: RFC 8621 sections 4.1.2 and 4.1.3
 */
#include <string.h>

#include "email-write.h"
#include "mime-header.h"

static const struct {
	const char *suffix;
	JsHeaderForm form;
} js_header_forms[] = {
	{"asRaw", JS_FORM_RAW},
	{"asText", JS_FORM_TEXT},
	{"asAddresses", JS_FORM_ADDRESSES},
	{"asGroupedAddresses", JS_FORM_GROUPED_ADDRESSES},
	{"asMessageIds", JS_FORM_MESSAGE_IDS},
	{"asDate", JS_FORM_DATE},
	{"asURLs", JS_FORM_URLS},
};

/* Fields that RFC 5322 and RFC 2369 define must be asked for in a form that fits them. */
static gboolean
js_form_fits(const char *field, JsHeaderForm form)
{
	static const struct {
		const char *field;
		guint forms;
	} known[] = {
		{"From", 1 << JS_FORM_ADDRESSES | 1 << JS_FORM_GROUPED_ADDRESSES},
		{"Sender", 1 << JS_FORM_ADDRESSES | 1 << JS_FORM_GROUPED_ADDRESSES},
		{"Reply-To", 1 << JS_FORM_ADDRESSES | 1 << JS_FORM_GROUPED_ADDRESSES},
		{"To", 1 << JS_FORM_ADDRESSES | 1 << JS_FORM_GROUPED_ADDRESSES},
		{"Cc", 1 << JS_FORM_ADDRESSES | 1 << JS_FORM_GROUPED_ADDRESSES},
		{"Bcc", 1 << JS_FORM_ADDRESSES | 1 << JS_FORM_GROUPED_ADDRESSES},
		{"Subject", 1 << JS_FORM_TEXT},
		{"Comments", 1 << JS_FORM_TEXT},
		{"Keywords", 1 << JS_FORM_TEXT},
		{"List-Id", 1 << JS_FORM_TEXT},
		{"Message-ID", 1 << JS_FORM_MESSAGE_IDS},
		{"In-Reply-To", 1 << JS_FORM_MESSAGE_IDS},
		{"References", 1 << JS_FORM_MESSAGE_IDS},
		{"Resent-Message-ID", 1 << JS_FORM_MESSAGE_IDS},
		{"Date", 1 << JS_FORM_DATE},
		{"Resent-Date", 1 << JS_FORM_DATE},
		{"List-Help", 1 << JS_FORM_URLS},
		{"List-Unsubscribe", 1 << JS_FORM_URLS},
		{"List-Subscribe", 1 << JS_FORM_URLS},
		{"List-Post", 1 << JS_FORM_URLS},
		{"List-Owner", 1 << JS_FORM_URLS},
		{"List-Archive", 1 << JS_FORM_URLS},
	};

	for (guint i = 0; i < G_N_ELEMENTS(known); i++)
		if (g_ascii_strcasecmp(known[i].field, field) == 0)
			return form == JS_FORM_RAW || (known[i].forms & 1u << form) != 0;
	return TRUE;
}

gboolean
js_header_wanted_parse(const char *property, JsHeaderWanted *wanted)
{
	g_auto(GStrv) pieces = NULL;
	guint n, at = 2;

	if (!g_str_has_prefix(property, "header:"))
		return FALSE;
	pieces = g_strsplit(property, ":", 5);
	n = g_strv_length(pieces);
	if (n < 2 || n > 4 || *pieces[1] == '\0')
		return FALSE;
	for (const char *p = pieces[1]; *p != '\0'; p++)
		if (*p < 33 || *p > 126)
			return FALSE;
	wanted->form = JS_FORM_RAW;
	wanted->all = FALSE;
	for (guint i = 0; at < n && i < G_N_ELEMENTS(js_header_forms); i++)
		if (strcmp(pieces[at], js_header_forms[i].suffix) == 0) {
			wanted->form = js_header_forms[i].form;
			at++;
			break;
		}
	if (at < n && strcmp(pieces[at], "all") == 0) {
		wanted->all = TRUE;
		at++;
	}
	if (at != n || !js_form_fits(pieces[1], wanted->form))
		return FALSE;
	wanted->property = g_strdup(property);
	wanted->field = g_strdup(pieces[1]);
	return TRUE;
}

static void
js_write_address(JsAddress *address, GString *out)
{
	js_json_open(out, '{');
	js_json_kv_string(out, "name", address->name);
	js_json_kv_string(out, "email", address->email);
	js_json_close(out, '}');
}

static void
js_write_addresses(GPtrArray *list, GString *out)
{
	js_json_open(out, '[');
	for (guint i = 0; i < list->len; i++) {
		JsAddress *address = g_ptr_array_index(list, i);

		if (address->email != NULL)
			js_write_address(address, out);
	}
	js_json_close(out, ']');
}

static void
js_open_group(GString *out, const char *name)
{
	js_json_open(out, '{');
	js_json_kv_string(out, "name", name);
	js_json_key(out, "addresses");
	js_json_open(out, '[');
}

static void
js_write_grouped(GPtrArray *list, GString *out)
{
	gboolean open = FALSE;

	js_json_open(out, '[');
	for (guint i = 0; i < list->len; i++) {
		JsAddress *address = g_ptr_array_index(list, i);

		if (open && address->email == NULL) {
			g_string_append(out, "]}");
			open = FALSE;
		}
		if (address->group_end)
			continue;
		if (!open)
			js_open_group(out, address->group_start ? address->name : NULL);
		open = TRUE;
		if (address->email != NULL)
			js_write_address(address, out);
	}
	if (open)
		g_string_append(out, "]}");
	js_json_close(out, ']');
}

static void
js_write_bracketed(GPtrArray *list, GString *out)
{
	if (list->len == 0) {
		js_json_null(out);
		return;
	}
	js_json_open(out, '[');
	for (guint i = 0; i < list->len; i++)
		js_json_string(out, g_ptr_array_index(list, i));
	js_json_close(out, ']');
}

static void
js_write_date(const char *value, gsize len, GString *out)
{
	gint64 seconds = 0;
	int offset = 0;
	g_autofree char *text = NULL;

	if (js_mime_parse_date(value, len, &seconds, &offset))
		text = js_mime_format_date(seconds, offset);
	js_json_string(out, text);
}

static void
js_write_form(const JsHeader *header, JsHeaderForm form, GString *out)
{
	g_autoptr(GPtrArray) list = NULL;
	g_autofree char *text = NULL;

	switch (form) {
	case JS_FORM_RAW:
		js_json_string_len(out, header->value, header->value_len);
		break;
	case JS_FORM_TEXT:
		text = js_mime_decode_text(header->value, header->value_len);
		js_json_string(out, text);
		break;
	case JS_FORM_ADDRESSES:
	case JS_FORM_GROUPED_ADDRESSES:
		list = js_mime_parse_addresses(header->value, header->value_len);
		if (form == JS_FORM_ADDRESSES)
			js_write_addresses(list, out);
		else
			js_write_grouped(list, out);
		break;
	case JS_FORM_MESSAGE_IDS:
	case JS_FORM_URLS:
		list = js_mime_parse_message_ids(header->value, header->value_len);
		js_write_bracketed(list, out);
		break;
	case JS_FORM_DATE:
		js_write_date(header->value, header->value_len, out);
		break;
	}
}

/* One property: the last field of the name, or all of them in an array. */
void
js_header_write(JsMessage *message, JsPart *part, const JsHeaderWanted *wanted, GString *out)
{
	const JsHeader *last = NULL;

	js_json_key(out, wanted->property);
	if (wanted->all)
		js_json_open(out, '[');
	for (guint i = 0; i < part->n_headers; i++) {
		const JsHeader *header =
			&g_array_index(message->headers, JsHeader, part->first_header + i);

		if (!js_header_is(header, wanted->field))
			continue;
		if (wanted->all)
			js_write_form(header, wanted->form, out);
		last = header;
	}
	if (wanted->all)
		js_json_close(out, ']');
	else if (last != NULL)
		js_write_form(last, wanted->form, out);
	else
		js_json_null(out);
}

void
js_headers_write_all(JsMessage *message, JsPart *part, GString *out)
{
	js_json_key(out, "headers");
	js_json_open(out, '[');
	for (guint i = 0; i < part->n_headers; i++) {
		const JsHeader *header =
			&g_array_index(message->headers, JsHeader, part->first_header + i);

		js_json_open(out, '{');
		js_json_key(out, "name");
		js_json_string_len(out, header->name, header->name_len);
		js_json_key(out, "value");
		js_json_string_len(out, header->value, header->value_len);
		js_json_close(out, '}');
	}
	js_json_close(out, ']');
}
