/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages from the create of Email/set
 *
 * Specification: RFC 8621 section 4.6
 * Implementation: the convenience header properties, header:Name:asText and asRaw, one text/plain
 *   or text/html body and attachments by blobId; bodyStructure is not taken
 */
#include <string.h>

#include "methods.h"
#include "mime-header.h"

static void
js_compose_text(GString *out, const char *text)
{
	gboolean plain = TRUE;

	for (const char *p = text; *p != '\0'; p++)
		plain = plain && (guchar)*p >= 32 && (guchar)*p < 127;
	if (plain) {
		g_string_append(out, text);
	} else {
		/* an encoded word holds at most 75 octets: cut at characters, 42 octets each */
		while (*text != '\0') {
			const char *end = text;
			g_autofree char *base64 = NULL;

			while (*end != '\0' && g_utf8_next_char(end) - text <= 42)
				end = g_utf8_next_char(end);
			base64 = g_base64_encode((const guchar *)text, (gsize)(end - text));
			g_string_append_printf(out, "=?utf-8?B?%s?=%s", base64,
					       *end != '\0' ? "\r\n " : "");
			text = end;
		}
	}
}

static gboolean
js_compose_addresses(GString *out, const char *field, JsonNode *node)
{
	JsonArray *list = js_node_array(node);

	if (list == NULL)
		return js_node_is_null(node);
	g_string_append_printf(out, "%s: ", field);
	for (guint i = 0; i < json_array_get_length(list); i++) {
		JsonObject *address = js_node_object(json_array_get_element(list, i));
		const char *email = js_object_string(address, "email");
		const char *name = js_object_string(address, "name");

		if (email == NULL || strpbrk(email, "\r\n<>") != NULL)
			return FALSE;
		if (i > 0)
			g_string_append(out, ",\r\n ");
		if (name != NULL && strpbrk(name, "\",.()<>@;:\\[]") != NULL &&
		    strpbrk(name, "\"\\\r\n") == NULL && g_str_is_ascii(name))
			g_string_append_printf(out, "\"%s\"", name);
		else if (name != NULL)
			js_compose_text(out, name);
		g_string_append_printf(out, name != NULL ? " <%s>" : "<%s>", email);
	}
	g_string_append(out, "\r\n");
	return TRUE;
}

static gboolean
js_compose_ids(GString *out, const char *field, JsonNode *node)
{
	JsonArray *list = js_node_array(node);

	if (list == NULL)
		return js_node_is_null(node);
	g_string_append_printf(out, "%s:", field);
	for (guint i = 0; i < json_array_get_length(list); i++) {
		JsonNode *id = json_array_get_element(list, i);

		if (!js_node_is_string(id) || strpbrk(json_node_get_string(id), "\r\n<>") != NULL)
			return FALSE;
		g_string_append_printf(out, " <%s>", json_node_get_string(id));
	}
	g_string_append(out, "\r\n");
	return TRUE;
}

static gboolean
js_compose_date(GString *out, const char *value)
{
	g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
	g_autoptr(GDateTime) date = g_date_time_new_from_iso8601(value, utc);
	g_autofree char *text = NULL;

	if (date == NULL)
		return FALSE;
	text = g_date_time_format(date, "%d %b %Y %H:%M:%S %z");
	g_string_append_printf(out, "Date: %s\r\n", text);
	return TRUE;
}

static gboolean
js_compose_custom(GString *out, const char *key, JsonNode *node)
{
	g_auto(GStrv) pieces = g_strsplit(key, ":", 3);
	gboolean text = pieces[1] != NULL && g_strcmp0(pieces[2], "asText") == 0;

	if (pieces[1] == NULL || *pieces[1] == '\0' || !js_node_is_string(node) ||
	    (pieces[2] != NULL && !text && strcmp(pieces[2], "asRaw") != 0))
		return FALSE;
	for (const char *p = pieces[1]; *p != '\0'; p++)
		if (*p < 33 || *p > 126)
			return FALSE;
	g_string_append_printf(out, "%s:%s", pieces[1], text ? " " : "");
	if (text)
		js_compose_text(out, json_node_get_string(node));
	else
		g_string_append(out, json_node_get_string(node));
	g_string_append(out, "\r\n");
	return TRUE;
}

static gboolean
js_compose_field(GString *out, const char *key, JsonNode *node)
{
	static const struct {
		const char *property, *field;
		gboolean ids;
	} lists[] = {{"from", "From", FALSE},
		     {"to", "To", FALSE},
		     {"cc", "Cc", FALSE},
		     {"bcc", "Bcc", FALSE},
		     {"sender", "Sender", FALSE},
		     {"replyTo", "Reply-To", FALSE},
		     {"messageId", "Message-ID", TRUE},
		     {"inReplyTo", "In-Reply-To", TRUE},
		     {"references", "References", TRUE}};

	for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
		if (strcmp(lists[i].property, key) == 0)
			return lists[i].ids ? js_compose_ids(out, lists[i].field, node)
					    : js_compose_addresses(out, lists[i].field, node);
	if (strcmp(key, "subject") == 0 && js_node_is_string(node)) {
		g_string_append(out, "Subject: ");
		js_compose_text(out, json_node_get_string(node));
		g_string_append(out, "\r\n");
		return TRUE;
	}
	if (strcmp(key, "sentAt") == 0 && js_node_is_string(node))
		return js_compose_date(out, json_node_get_string(node));
	return g_str_has_prefix(key, "header:") && js_compose_custom(out, key, node);
}

static void
js_compose_base64(GString *out, const void *data, gsize len)
{
	g_autofree char *encoded = g_base64_encode(data, len);
	gsize total = strlen(encoded);

	for (gsize i = 0; i < total; i += 76) {
		g_string_append_len(out, encoded + i, (gssize)MIN(76, total - i));
		g_string_append(out, "\r\n");
	}
}

/* The text of textBody or htmlBody, found in bodyValues by its partId. */
static gboolean
js_compose_text_part(GString *out, JsonObject *object, const char *key, const char *type)
{
	JsonArray *list = js_object_array(object, key);
	JsonObject *part, *value;
	const char *id, *text;

	if (list == NULL || json_array_get_length(list) != 1)
		return list == NULL;
	part = js_node_object(json_array_get_element(list, 0));
	id = js_object_string(part, "partId");
	value = id != NULL ? js_object_object(js_object_object(object, "bodyValues"), id) : NULL;
	text = js_object_string(value, "value");
	if (text == NULL)
		return FALSE;
	g_string_append_printf(out,
			       "Content-Type: %s; charset=utf-8\r\n"
			       "Content-Transfer-Encoding: base64\r\n\r\n",
			       type);
	js_compose_base64(out, text, strlen(text));
	return TRUE;
}

static gboolean
js_compose_attachment(JsCall *call, GString *out, JsonObject *part)
{
	const char *blob_id = js_call_resolve_id(call, js_object_string(part, "blobId"));
	const char *type = js_object_string(part, "type");
	const char *name = js_object_string(part, "name");
	g_autoptr(GBytes) bytes =
		blob_id != NULL ? js_account_ref_blob(call->account, blob_id, call->slot) : NULL;

	if (bytes == NULL || (type != NULL && strpbrk(type, "\r\n") != NULL) ||
	    (name != NULL && strpbrk(name, "\r\n\"\\") != NULL))
		return FALSE;
	g_string_append_printf(out,
			       "Content-Type: %s\r\nContent-Transfer-Encoding: base64\r\n"
			       "Content-Disposition: attachment",
			       type != NULL ? type : "application/octet-stream");
	if (name != NULL) {
		g_autofree char *escaped = g_uri_escape_string(name, NULL, FALSE);

		g_string_append_printf(out, "; filename*=utf-8''%s", escaped);
	}
	g_string_append(out, "\r\n\r\n");
	js_compose_base64(out, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
	return TRUE;
}

static const char *
js_compose_body(JsCall *call, GString *out, JsonObject *object)
{
	JsonArray *attachments = js_object_array(object, "attachments");
	const char *body = json_object_has_member(object, "textBody") ? "textBody" : "htmlBody";
	const char *type = strcmp(body, "textBody") == 0 ? "text/plain" : "text/html";
	static const char boundary[] = "=_ferry-jmap-server";

	if (attachments == NULL || json_array_get_length(attachments) == 0) {
		if (!json_object_has_member(object, body)) {
			g_string_append(out, "\r\n");
			return NULL;
		}
		return js_compose_text_part(out, object, body, type) ? NULL : body;
	}
	g_string_append_printf(out,
			       "Content-Type: multipart/mixed; boundary=\"%s\"\r\n\r\n--%s\r\n",
			       boundary, boundary);
	if (!json_object_has_member(object, body) || !js_compose_text_part(out, object, body, type))
		return body;
	for (guint i = 0; i < json_array_get_length(attachments); i++) {
		g_string_append_printf(out, "\r\n--%s\r\n", boundary);
		if (!js_compose_attachment(call, out,
					   js_node_object(json_array_get_element(attachments, i))))
			return "attachments";
	}
	g_string_append_printf(out, "\r\n--%s--\r\n", boundary);
	return NULL;
}

static gboolean
js_compose_is_other(const char *key)
{
	static const char *const others[] = {"mailboxIds", "keywords", "receivedAt",  "bodyValues",
					     "textBody",   "htmlBody", "attachments", NULL};

	return g_strv_contains(others, key);
}

GBytes *
js_compose(JsCall *call, JsonObject *object, const char **bad_property)
{
	g_autoptr(GString) out = g_string_new(NULL);
	gsize len;
	JsonObjectIter iter;
	const char *key, *bad;
	JsonNode *node;

	json_object_iter_init_ordered(&iter, object);
	while (json_object_iter_next_ordered(&iter, &key, &node)) {
		if (js_compose_is_other(key) || js_compose_field(out, key, node))
			continue;
		*bad_property = key;
		return NULL;
	}
	if (!json_object_has_member(object, "messageId")) {
		g_autofree char *uuid = g_uuid_string_random();

		g_string_append_printf(out, "Message-ID: <%s@sample.invalid>\r\n", uuid);
	}
	if (!json_object_has_member(object, "sentAt")) {
		g_autofree char *now = js_mime_format_utc(g_get_real_time() / G_USEC_PER_SEC);

		js_compose_date(out, now);
	}
	g_string_append(out, "MIME-Version: 1.0\r\n");
	bad = js_compose_body(call, out, object);
	if (bad != NULL) {
		*bad_property = bad;
		return NULL;
	}
	len = out->len;
	return g_bytes_new_take(g_string_free(g_steal_pointer(&out), FALSE), len);
}
