/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the methods of all data types have in common
 *
 * Specification: RFC 8620 sections 5.1 to 5.3
 */
#include <string.h>

#include "call.h"

/* A faulty state: an old one that is still known, or one nobody ever gave. */
void
js_write_state(JsCall *call, const char *key, JsType type)
{
	g_autofree char *state = NULL;

	if (call->fault != NULL && call->fault->kind == JS_FAULT_STALE_STATE)
		state = js_account_format_state(call->account, call->account->logs[type].floor);
	else if (call->fault != NULL && call->fault->kind == JS_FAULT_GARBAGE_STATE)
		state = g_strdup("garbage");
	else
		state = js_account_dup_state(call->account, type);
	js_json_kv_string(call->out, key, state);
}

void
js_write_account(JsCall *call)
{
	js_json_kv_string(call->out, "accountId", call->account->id);
}

gboolean
js_call_check_state(JsCall *call, JsType type)
{
	const char *wanted = js_object_string(call->args, "ifInState");
	g_autofree char *state = js_account_dup_state(call->account, type);

	if (wanted != NULL && strcmp(wanted, state) != 0)
		return js_call_fail(call, "stateMismatch", NULL);
	if (call->fault != NULL && call->fault->kind == JS_FAULT_STALE_STATE && wanted != NULL)
		return js_call_fail(call, "stateMismatch", "as told");
	return TRUE;
}

/* Reads an Id[]|null argument; too many are requestTooLarge. */
gboolean
js_call_get_ids(JsCall *call, const char *key, JsonArray **ids)
{
	JsonNode *node = js_object_node(call->args, key);

	*ids = NULL;
	if (js_node_is_null(node))
		return TRUE;
	*ids = js_node_array(node);
	if (*ids == NULL)
		return js_call_invalid(call, key);
	for (guint i = 0; i < json_array_get_length(*ids); i++)
		if (!js_node_is_string(json_array_get_element(*ids, i)))
			return js_call_invalid(call, key);
	if (json_array_get_length(*ids) > call->server->limits[JS_LIMIT_GET].value)
		return js_call_fail(call, "requestTooLarge", "%s",
				    call->server->limits[JS_LIMIT_GET].name);
	return TRUE;
}

/* Reads a String[]|null argument of property names; NULL stands for all. */
gboolean
js_call_get_properties(JsCall *call, const char *key, const char *const *known,
		       GHashTable **properties)
{
	JsonNode *node = js_object_node(call->args, key);
	JsonArray *array = js_node_array(node);

	*properties = NULL;
	if (js_node_is_null(node))
		return TRUE;
	if (array == NULL)
		return js_call_invalid(call, key);
	*properties = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (guint i = 0; i < json_array_get_length(array); i++) {
		JsonNode *element = json_array_get_element(array, i);

		if (!js_node_is_string(element) ||
		    (known != NULL && !g_strv_contains(known, json_node_get_string(element)))) {
			g_clear_pointer(properties, g_hash_table_unref);
			return js_call_invalid(call, key);
		}
		g_hash_table_add(*properties, g_strdup(json_node_get_string(element)));
	}
	return TRUE;
}

gboolean
js_wants(GHashTable *properties, const char *name)
{
	return properties == NULL || g_hash_table_contains(properties, name);
}

void
js_write_id_array(GString *out, const char *key, GArray *numbers, char letter)
{
	char buffer[16];

	js_json_key(out, key);
	js_json_open(out, '[');
	for (guint i = 0; i < numbers->len; i++)
		js_json_string(out,
			       js_id_format(letter, g_array_index(numbers, guint32, i), buffer));
	js_json_close(out, ']');
}

gboolean
js_call_max_changes(JsCall *call, guint *max)
{
	JsonNode *node = js_object_node(call->args, "maxChanges");
	gint64 value = js_object_int(call->args, "maxChanges", 0);

	*max = 0;
	if (js_node_is_null(node))
		return TRUE;
	if (!js_node_is_int(node) || value <= 0)
		return js_call_invalid(call, "maxChanges");
	*max = (guint)MIN(value, G_MAXINT);
	return TRUE;
}

static gboolean
js_call_read_since(JsCall *call, const char *key, JsType type, guint64 *since)
{
	const char *text = js_object_string(call->args, key);
	JsLog *log = &call->account->logs[type];

	if (text == NULL)
		return js_call_invalid(call, key);
	if (call->server->options.accept_future_states && g_ascii_isdigit(*text) &&
	    g_ascii_strtoull(text, NULL, 10) > log->state) {
		*since = log->state;
		return TRUE;
	}
	if (!js_account_parse_state(call->account, text, since) || *since > log->state ||
	    *since < log->floor)
		return js_call_fail(call, "cannotCalculateChanges", NULL);
	return TRUE;
}

/* The whole of a standard /changes method; @extra may add members to the response. */
gboolean
js_run_changes(JsCall *call, JsType type, char letter,
	       void (*extra)(JsCall *call, const JsChanges *changes))
{
	g_auto(JsChanges) changes = {0};
	g_autofree char *new_state = NULL;
	guint64 since = 0;
	guint max = 0;

	if (!js_call_max_changes(call, &max) ||
	    !js_call_read_since(call, "sinceState", type, &since))
		return FALSE;
	if (!js_log_get_changes(&call->account->logs[type], since, max, call->slot, &changes))
		return js_call_fail(call, "cannotCalculateChanges", NULL);
	js_json_open(call->out, '{');
	js_write_account(call);
	js_json_kv_string(call->out, "oldState", js_object_string(call->args, "sinceState"));
	if (changes.more) {
		new_state = js_account_format_state(call->account, changes.new_state);
		js_json_kv_string(call->out, "newState", new_state);
	} else {
		js_write_state(call, "newState", type);
	}
	js_json_kv_bool(call->out, "hasMoreChanges", changes.more);
	js_write_id_array(call->out, "created", changes.created, letter);
	js_write_id_array(call->out, "updated", changes.updated, letter);
	js_write_id_array(call->out, "destroyed", changes.destroyed, letter);
	if (extra != NULL)
		extra(call, &changes);
	js_json_close(call->out, '}');
	return TRUE;
}

/* "#creationId" becomes the id of what was created in this request; NULL when there is none. */
const char *
js_call_resolve_id(JsCall *call, const char *id)
{
	return id != NULL && id[0] == '#' ? g_hash_table_lookup(call->request->created, id + 1)
					  : id;
}

void
js_set_answer_init(JsSetAnswer *self)
{
	self->created = g_string_new("{");
	self->updated = g_string_new("{");
	self->destroyed = g_string_new("[");
	self->not_created = g_string_new("{");
	self->not_updated = g_string_new("{");
	self->not_destroyed = g_string_new("{");
}

void
js_set_answer_clear(JsSetAnswer *self)
{
	GString *all[] = {self->created,     self->updated,     self->destroyed,
			  self->not_created, self->not_updated, self->not_destroyed};

	for (guint i = 0; i < G_N_ELEMENTS(all); i++)
		if (all[i] != NULL)
			g_string_free(all[i], TRUE);
}

static void
js_set_answer_write_one(GString *out, const char *key, GString *text, char bracket)
{
	js_json_key(out, key);
	if (text->len == 1) {
		js_json_null(out);
		return;
	}
	js_json_raw(out, text->str, (gssize)text->len);
	js_json_close(out, bracket);
}

/* With a @created_key only what was made is written (import, copy, Blob/upload). */
void
js_set_answer_write(JsSetAnswer *self, GString *out, const char *created_key)
{
	js_set_answer_write_one(out, "created", self->created, '}');
	js_set_answer_write_one(out, "notCreated", self->not_created, '}');
	if (created_key != NULL)
		return;
	js_set_answer_write_one(out, "updated", self->updated, '}');
	js_set_answer_write_one(out, "destroyed", self->destroyed, ']');
	js_set_answer_write_one(out, "notUpdated", self->not_updated, '}');
	js_set_answer_write_one(out, "notDestroyed", self->not_destroyed, '}');
}

void
js_set_error(GString *out, const char *key, const char *type, const char *format, ...)
{
	js_json_key(out, key);
	js_json_open(out, '{');
	js_json_kv_string(out, "type", type);
	if (format != NULL) {
		g_autofree char *text = NULL;
		va_list ap;

		va_start(ap, format);
		text = g_strdup_vprintf(format, ap);
		va_end(ap);
		js_json_kv_string(out, "description", text);
	}
	js_json_close(out, '}');
}

void
js_set_error_properties(GString *out, const char *key, const char *property, const char *detail)
{
	js_json_key(out, key);
	js_json_open(out, '{');
	js_json_kv_string(out, "type", "invalidProperties");
	js_json_key(out, "properties");
	js_json_open(out, '[');
	js_json_string(out, property);
	js_json_close(out, ']');
	if (detail != NULL)
		js_json_kv_string(out, "description", detail);
	js_json_close(out, '}');
}

/* Counts the objects of a set; TRUE when a fault refuses this one. */
gboolean
js_call_fault_object(JsCall *call, GString *out, const char *key)
{
	JsFault *fault = call->fault;

	call->set_objects++;
	if (fault == NULL || fault->kind != JS_FAULT_SET_ERROR ||
	    (fault->object != 0 && fault->object != call->set_objects))
		return FALSE;
	js_set_error(out, key, fault->type != NULL ? fault->type : "forbidden", "%s",
		     fault->description != NULL ? fault->description : "as told");
	return TRUE;
}

static guint
js_count_members(JsonObject *args, const char *key)
{
	JsonObject *object = js_object_object(args, key);
	JsonArray *array = js_object_array(args, key);

	if (object != NULL)
		return json_object_get_size(object);
	return array != NULL ? json_array_get_length(array) : 0;
}

/* Checks the shape of create, update, destroy (or emails) and their number. */
gboolean
js_call_check_set_limit(JsCall *call)
{
	static const char *const keys[] = {"create", "update", "emails", "destroy"};
	guint total = 0;

	for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
		JsonNode *node = js_object_node(call->args, keys[i]);
		gboolean fits = i == 3 ? js_node_array(node) != NULL : js_node_object(node) != NULL;

		if (!js_node_is_null(node) && !fits)
			return js_call_invalid(call, keys[i]);
		total += js_count_members(call->args, keys[i]);
	}
	if (total > call->server->limits[JS_LIMIT_SET].value)
		return js_call_fail(call, "requestTooLarge", "%s",
				    call->server->limits[JS_LIMIT_SET].name);
	return TRUE;
}

gboolean
js_call_query_since(JsCall *call, JsType type, guint64 *since)
{
	return js_call_read_since(call, "sinceQueryState", type, since);
}
