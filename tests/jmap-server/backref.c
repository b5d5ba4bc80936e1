/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* References to results of earlier calls
 *
 * Specification: RFC 8620 section 3.7, RFC 6901
 * Implementation: the path is walked over a list of nodes, so that "*" needs no recursion
 */
#include <string.h>

#include "request.h"

#define JS_MAX_POINTER_NODES 1000000

static JsonNode *
js_pointer_step(JsonNode *node, const char *token)
{
	JsonObject *object = js_node_object(node);
	JsonArray *array = js_node_array(node);
	guint64 index;

	if (object != NULL)
		return json_object_get_member(object, token);
	if (array == NULL || !g_ascii_string_to_unsigned(token, 10, 0, G_MAXUINT, &index, NULL) ||
	    (token[0] == '0' && token[1] != '\0') || index >= json_array_get_length(array))
		return NULL;
	return json_array_get_element(array, (guint)index);
}

static char *
js_pointer_unescape(const char *token)
{
	GString *out = g_string_new(token);

	g_string_replace(out, "~1", "/", 0);
	g_string_replace(out, "~0", "~", 0);
	return g_string_free(out, FALSE);
}

/* Replaces the nodes by what @token finds in each; FALSE when it finds nothing. */
static gboolean
js_pointer_advance(GPtrArray **nodes, const char *token, gboolean *starred)
{
	g_autoptr(GPtrArray) next = g_ptr_array_new();

	for (guint i = 0; i < (*nodes)->len; i++) {
		JsonNode *node = g_ptr_array_index(*nodes, i);
		JsonArray *array = strcmp(token, "*") == 0 ? js_node_array(node) : NULL;
		JsonNode *found;

		if (array != NULL) {
			*starred = TRUE;
			for (guint k = 0; k < json_array_get_length(array); k++)
				g_ptr_array_add(next, json_array_get_element(array, k));
			continue;
		}
		found = js_pointer_step(node, token);
		if (found == NULL)
			return FALSE;
		g_ptr_array_add(next, found);
	}
	g_ptr_array_unref(*nodes);
	*nodes = g_steal_pointer(&next);
	return (*nodes)->len <= JS_MAX_POINTER_NODES;
}

static JsonNode *
js_pointer_collect(GPtrArray *nodes)
{
	JsonArray *all = json_array_new();
	JsonNode *result = json_node_new(JSON_NODE_ARRAY);

	for (guint i = 0; i < nodes->len; i++) {
		JsonArray *inner = js_node_array(g_ptr_array_index(nodes, i));

		if (inner == NULL)
			json_array_add_element(all, json_node_copy(g_ptr_array_index(nodes, i)));
		for (guint k = 0; inner != NULL && k < json_array_get_length(inner); k++)
			json_array_add_element(all,
					       json_node_copy(json_array_get_element(inner, k)));
	}
	json_node_take_array(result, all);
	return result;
}

/* Returns a new node, or NULL when the path leads nowhere. */
JsonNode *
js_pointer_evaluate(JsonNode *root, const char *path)
{
	g_autoptr(GPtrArray) nodes = g_ptr_array_new();
	g_auto(GStrv) tokens = NULL;
	gboolean starred = FALSE;

	g_ptr_array_add(nodes, root);
	if (*path != '\0' && *path != '/')
		return NULL;
	tokens = g_strsplit(*path == '/' ? path + 1 : "", "/", JS_JSON_MAX_DEPTH);
	for (guint i = 0; *path == '/' && tokens[i] != NULL; i++) {
		g_autofree char *token = js_pointer_unescape(tokens[i]);

		if (!js_pointer_advance(&nodes, token, &starred))
			return NULL;
	}
	if (starred)
		return js_pointer_collect(nodes);
	return nodes->len == 1 ? json_node_copy(g_ptr_array_index(nodes, 0)) : NULL;
}

static JsonNode *
js_request_resolve(JsRequest *request, JsonObject *reference)
{
	const char *of = js_object_string(reference, "resultOf");
	const char *name = js_object_string(reference, "name");
	const char *path = js_object_string(reference, "path");
	JsResult *result = NULL;

	if (of == NULL || name == NULL || path == NULL)
		return NULL;
	for (guint i = 0; i < request->results->len && result == NULL; i++) {
		JsResult *candidate = g_ptr_array_index(request->results, i);

		if (strcmp(candidate->id, of) == 0)
			result = candidate;
	}
	if (result == NULL || strcmp(result->method, name) != 0)
		return NULL;
	if (result->node == NULL)
		result->node = js_json_parse(result->text, strlen(result->text), NULL);
	return result->node != NULL ? js_pointer_evaluate(result->node, path) : NULL;
}

/* Returns the arguments with "#name" members resolved, or NULL with the type of the error. */
JsonObject *
js_request_resolve_args(JsRequest *request, JsonObject *args, const char **error)
{
	g_autoptr(JsonObject) resolved = json_object_new();
	JsonObjectIter iter;
	const char *key;
	JsonNode *node;

	json_object_iter_init_ordered(&iter, args);
	while (json_object_iter_next_ordered(&iter, &key, &node)) {
		JsonNode *value;

		if (key[0] != '#') {
			json_object_set_member(resolved, key, json_node_ref(node));
			continue;
		}
		if (json_object_has_member(args, key + 1)) {
			*error = "invalidArguments";
			return NULL;
		}
		value = js_request_resolve(request, js_node_object(node));
		if (value == NULL) {
			*error = "invalidResultReference";
			return NULL;
		}
		json_object_set_member(resolved, key + 1, value);
	}
	return g_steal_pointer(&resolved);
}
