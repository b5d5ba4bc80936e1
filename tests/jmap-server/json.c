/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON in and out
 *
 * Specification: RFC 8259, RFC 7493 (I-JSON)
 * Implementation: a writer that appends to a GString, because building JsonNode trees for
 * thousands of Emails costs more than everything else; typed getters over json-glib for reading
 */
#include <string.h>

#include "json.h"

/* A value needs a comma before it unless it is the first of its container or follows a key. */
static void
js_json_separate(GString *out)
{
	if (out->len == 0 || strchr("{[:,", out->str[out->len - 1]) != NULL)
		return;
	g_string_append_c(out, ',');
}

void
js_json_open(GString *out, char bracket)
{
	js_json_separate(out);
	g_string_append_c(out, bracket);
}

void
js_json_close(GString *out, char bracket)
{
	g_string_append_c(out, bracket);
}

static void
js_json_append_escape(GString *out, guchar c)
{
	switch (c) {
	case '"':
		g_string_append_len(out, "\\\"", 2);
		break;
	case '\\':
		g_string_append_len(out, "\\\\", 2);
		break;
	case '\n':
		g_string_append_len(out, "\\n", 2);
		break;
	case '\r':
		g_string_append_len(out, "\\r", 2);
		break;
	case '\t':
		g_string_append_len(out, "\\t", 2);
		break;
	default:
		g_string_append_printf(out, "\\u%04x", c);
	}
}

static void
js_json_append_escaped(GString *out, const char *text, gsize len)
{
	gsize start = 0;

	for (gsize i = 0; i < len; i++) {
		guchar c = (guchar)text[i];

		if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
			continue;
		g_string_append_len(out, text + start, (gssize)(i - start));
		js_json_append_escape(out, c);
		start = i + 1;
	}
	g_string_append_len(out, text + start, (gssize)(len - start));
}

void
js_json_string_len(GString *out, const char *value, gsize len)
{
	js_json_separate(out);
	g_string_append_c(out, '"');
	while (len > 0) {
		const char *end = value;

		if (g_utf8_validate_len(value, len, &end)) {
			js_json_append_escaped(out, value, len);
			break;
		}
		js_json_append_escaped(out, value, (gsize)(end - value));
		len -= (gsize)(end - value);
		/* g_utf8_validate refuses NUL, which JSON can say */
		if (*end == '\0')
			g_string_append(out, "\\u0000");
		else
			g_string_append(out, "\xef\xbf\xbd");
		value = end + 1;
		len--;
	}
	g_string_append_c(out, '"');
}

void
js_json_string(GString *out, const char *value)
{
	if (value == NULL)
		js_json_null(out);
	else
		js_json_string_len(out, value, strlen(value));
}

void
js_json_key_len(GString *out, const char *key, gsize len)
{
	js_json_string_len(out, key, len);
	g_string_append_c(out, ':');
}

void
js_json_key(GString *out, const char *key)
{
	js_json_key_len(out, key, strlen(key));
}

void
js_json_int(GString *out, gint64 value)
{
	char digits[24];
	char *p = digits + sizeof digits;
	guint64 rest = value < 0 ? -(guint64)value : (guint64)value;

	js_json_separate(out);
	do {
		*--p = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (value < 0)
		*--p = '-';
	g_string_append_len(out, p, digits + sizeof digits - p);
}

void
js_json_bool(GString *out, gboolean value)
{
	js_json_separate(out);
	g_string_append(out, value ? "true" : "false");
}

void
js_json_null(GString *out)
{
	js_json_separate(out);
	g_string_append(out, "null");
}

void
js_json_raw(GString *out, const char *text, gssize len)
{
	js_json_separate(out);
	g_string_append_len(out, text, len);
}

void
js_json_node(GString *out, JsonNode *node)
{
	g_autofree char *text = json_to_string(node, FALSE);

	js_json_raw(out, text, -1);
}

void
js_json_kv_string(GString *out, const char *key, const char *value)
{
	js_json_key(out, key);
	js_json_string(out, value);
}

void
js_json_kv_int(GString *out, const char *key, gint64 value)
{
	js_json_key(out, key);
	js_json_int(out, value);
}

void
js_json_kv_bool(GString *out, const char *key, gboolean value)
{
	js_json_key(out, key);
	js_json_bool(out, value);
}

static gboolean
js_json_check_depth(const char *text, gsize len)
{
	guint depth = 0;
	gboolean quoted = FALSE;

	for (gsize i = 0; i < len; i++) {
		char c = text[i];

		if (quoted) {
			if (c == '\\')
				i++;
			else if (c == '"')
				quoted = FALSE;
		} else if (c == '"') {
			quoted = TRUE;
		} else if (c == '{' || c == '[') {
			if (++depth > JS_JSON_MAX_DEPTH)
				return FALSE;
		} else if ((c == '}' || c == ']') && depth > 0) {
			depth--;
		}
	}
	return TRUE;
}

JsonNode *
js_json_parse(const char *text, gsize len, GError **error)
{
	g_autoptr(JsonParser) parser = json_parser_new_immutable();

	if (!g_utf8_validate_len(text, len, NULL)) {
		g_set_error_literal(error, JSON_PARSER_ERROR, JSON_PARSER_ERROR_INVALID_DATA,
				    "not UTF-8, or a NUL octet");
		return NULL;
	}
	if (!js_json_check_depth(text, len)) {
		g_set_error_literal(error, JSON_PARSER_ERROR, JSON_PARSER_ERROR_PARSE,
				    "nested too deeply");
		return NULL;
	}
	if (!json_parser_load_from_data(parser, text, (gssize)len, error))
		return NULL;
	if (json_parser_get_root(parser) == NULL) {
		g_set_error_literal(error, JSON_PARSER_ERROR, JSON_PARSER_ERROR_PARSE, "empty");
		return NULL;
	}
	return json_parser_steal_root(parser);
}

gboolean
js_node_is_string(JsonNode *node)
{
	return node != NULL && JSON_NODE_HOLDS_VALUE(node) &&
	       json_node_get_value_type(node) == G_TYPE_STRING;
}

gboolean
js_node_is_bool(JsonNode *node)
{
	return node != NULL && JSON_NODE_HOLDS_VALUE(node) &&
	       json_node_get_value_type(node) == G_TYPE_BOOLEAN;
}

gboolean
js_node_is_int(JsonNode *node)
{
	return node != NULL && JSON_NODE_HOLDS_VALUE(node) &&
	       json_node_get_value_type(node) == G_TYPE_INT64;
}

gboolean
js_node_is_null(JsonNode *node)
{
	return node == NULL || JSON_NODE_HOLDS_NULL(node);
}

JsonObject *
js_node_object(JsonNode *node)
{
	return node != NULL && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

JsonArray *
js_node_array(JsonNode *node)
{
	return node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

JsonNode *
js_object_node(JsonObject *object, const char *key)
{
	return object != NULL ? json_object_get_member(object, key) : NULL;
}

const char *
js_object_string(JsonObject *object, const char *key)
{
	JsonNode *node = js_object_node(object, key);

	return js_node_is_string(node) ? json_node_get_string(node) : NULL;
}

gint64
js_object_int(JsonObject *object, const char *key, gint64 fallback)
{
	JsonNode *node = js_object_node(object, key);

	return js_node_is_int(node) ? json_node_get_int(node) : fallback;
}

gboolean
js_object_bool(JsonObject *object, const char *key, gboolean fallback)
{
	JsonNode *node = js_object_node(object, key);

	return js_node_is_bool(node) ? json_node_get_boolean(node) : fallback;
}

JsonObject *
js_object_object(JsonObject *object, const char *key)
{
	return js_node_object(js_object_node(object, key));
}

JsonArray *
js_object_array(JsonObject *object, const char *key)
{
	return js_node_array(js_object_node(object, key));
}
