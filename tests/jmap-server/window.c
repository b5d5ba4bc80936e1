/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The window of a query's result, and what changed in it
 *
 * Specification: RFC 8620 sections 5.5 and 5.6
 * Implementation: queryChanges names every object that was touched since as removed and gives those
 *   that match now as added, which the section allows and which is right for any filter and sort.
 */
#include <string.h>

#include "call.h"

gboolean
js_call_get_window(JsCall *call, JsWindow *window)
{
	JsonNode *limit = js_object_node(call->args, "limit");
	gint64 cap = call->server->limits[JS_LIMIT_QUERY].value;

	window->anchor = js_object_string(call->args, "anchor");
	window->position = js_object_int(call->args, "position", 0);
	window->anchor_offset = js_object_int(call->args, "anchorOffset", 0);
	window->calculate_total = js_object_bool(call->args, "calculateTotal", FALSE);
	window->limit = -1;
	window->limited = FALSE;
	if (!js_node_is_null(limit)) {
		if (!js_node_is_int(limit) || json_node_get_int(limit) < 0)
			return js_call_invalid(call, "limit");
		window->limit = json_node_get_int(limit);
	}
	if (cap > 0 && (window->limit < 0 || window->limit > cap)) {
		window->limit = cap;
		window->limited = TRUE;
	}
	return TRUE;
}

static gboolean
js_window_find_start(JsCall *call, const JsWindow *window, GArray *numbers, char letter,
		     gint64 *start)
{
	guint32 anchor = 0;

	*start = window->position;
	if (window->anchor == NULL) {
		if (*start < 0)
			*start = MAX(0, (gint64)numbers->len + *start);
		return TRUE;
	}
	if (js_id_parse(window->anchor, letter, &anchor)) {
		for (guint i = 0; i < numbers->len; i++) {
			if (g_array_index(numbers, guint32, i) != anchor)
				continue;
			*start = MAX(0,
				     (gint64)i + CLAMP(window->anchor_offset, -G_MAXINT, G_MAXINT));
			return TRUE;
		}
	}
	return js_call_fail(call, "anchorNotFound", NULL);
}

/* Writes the members of a /query response after accountId. */
gboolean
js_write_window(JsCall *call, const JsWindow *window, GArray *numbers, char letter,
		const char *state, gboolean can_calculate)
{
	gint64 start = 0, end = numbers->len;
	char buffer[16];

	if (!js_window_find_start(call, window, numbers, letter, &start))
		return FALSE;
	start = MIN(start, end);
	if (window->limit >= 0)
		end = MIN(end, start + window->limit);
	js_json_open(call->out, '{');
	js_write_account(call);
	js_json_kv_string(call->out, "queryState", state);
	js_json_kv_bool(call->out, "canCalculateChanges", can_calculate);
	js_json_kv_int(call->out, "position", start);
	if (window->calculate_total)
		js_json_kv_int(call->out, "total", numbers->len);
	if (window->limited)
		js_json_kv_int(call->out, "limit", window->limit);
	js_json_key(call->out, "ids");
	js_json_open(call->out, '[');
	for (gint64 i = start; i < end; i++)
		js_json_string(call->out,
			       js_id_format(letter, g_array_index(numbers, guint32, i), buffer));
	js_json_close(call->out, ']');
	js_json_close(call->out, '}');
	return TRUE;
}

static void
js_write_added(GString *out, GArray *result, GHashTable *touched, char letter)
{
	char buffer[16];

	js_json_key(out, "added");
	js_json_open(out, '[');
	for (guint i = 0; i < result->len; i++) {
		guint32 number = g_array_index(result, guint32, i);

		if (!g_hash_table_contains(touched, GUINT_TO_POINTER(number)))
			continue;
		js_json_open(out, '{');
		js_json_kv_string(out, "id", js_id_format(letter, number, buffer));
		js_json_kv_int(out, "index", i);
		js_json_close(out, '}');
	}
	js_json_close(out, ']');
}

/* @touched: everything that changed, moved or went since the state */
gboolean
js_write_query_changes(JsCall *call, JsType type, char letter, GArray *result, GArray *touched,
		       guint64 since)
{
	g_autoptr(GHashTable) set = g_hash_table_new(NULL, NULL);
	guint max = 0;

	if (!js_call_max_changes(call, &max))
		return FALSE;
	if (max > 0 && touched->len > max)
		return js_call_fail(call, "tooManyChanges", NULL);
	for (guint i = 0; i < touched->len; i++)
		g_hash_table_add(set, GUINT_TO_POINTER(g_array_index(touched, guint32, i)));
	js_json_open(call->out, '{');
	js_write_account(call);
	js_json_kv_string(call->out, "oldQueryState",
			  js_object_string(call->args, "sinceQueryState"));
	js_write_state(call, "newQueryState", type);
	if (js_object_bool(call->args, "calculateTotal", FALSE))
		js_json_kv_int(call->out, "total", result->len);
	js_write_id_array(call->out, "removed", touched, letter);
	js_write_added(call->out, result, set, letter);
	js_json_close(call->out, '}');
	return TRUE;
}
