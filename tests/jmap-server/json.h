/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

/* Nesting that a request may have; json-glib itself overflows the stack on hostile depth. */
#define JS_JSON_MAX_DEPTH 64

void js_json_open(GString *out, char bracket);
void js_json_close(GString *out, char bracket);
void js_json_key(GString *out, const char *key);
void js_json_key_len(GString *out, const char *key, gsize len);
void js_json_string(GString *out, const char *value);
void js_json_string_len(GString *out, const char *value, gsize len);
void js_json_int(GString *out, gint64 value);
void js_json_bool(GString *out, gboolean value);
void js_json_null(GString *out);
void js_json_raw(GString *out, const char *text, gssize len);
void js_json_node(GString *out, JsonNode *node);

void js_json_kv_string(GString *out, const char *key, const char *value);
void js_json_kv_int(GString *out, const char *key, gint64 value);
void js_json_kv_bool(GString *out, const char *key, gboolean value);

JsonNode *js_json_parse(const char *text, gsize len, GError **error);

gboolean js_node_is_string(JsonNode *node);
gboolean js_node_is_bool(JsonNode *node);
gboolean js_node_is_int(JsonNode *node);
gboolean js_node_is_null(JsonNode *node);
JsonObject *js_node_object(JsonNode *node);
JsonArray *js_node_array(JsonNode *node);

JsonNode *js_object_node(JsonObject *object, const char *key);
const char *js_object_string(JsonObject *object, const char *key);
gint64 js_object_int(JsonObject *object, const char *key, gint64 fallback);
gboolean js_object_bool(JsonObject *object, const char *key, gboolean fallback);
JsonObject *js_object_object(JsonObject *object, const char *key);
JsonArray *js_object_array(JsonObject *object, const char *key);
