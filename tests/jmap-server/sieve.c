/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SieveScript/get, /set, /query, /validate
 *
 * Specification: RFC 9661
 * Implementation: scripts are kept and checked, never run
 */
#include <string.h>

#include "methods.h"
#include "sieve-check.h"

static JsScript *
js_sieve_at(JsCall *call, guint32 number)
{
	GPtrArray *scripts = call->account->scripts;

	return number < scripts->len ? g_ptr_array_index(scripts, number) : NULL;
}

static JsScript *
js_sieve_find(JsCall *call, const char *id)
{
	guint32 number = 0;

	id = js_call_resolve_id(call, id);
	return id != NULL && js_id_parse(id, 'S', &number) ? js_sieve_at(call, number) : NULL;
}

static JsScript *
js_sieve_find_name(JsCall *call, const char *name)
{
	for (guint32 i = 1; i < call->account->scripts->len; i++) {
		JsScript *script = js_sieve_at(call, i);

		if (script != NULL && strcmp(script->name, name) == 0)
			return script;
	}
	return NULL;
}

static void
js_sieve_write(JsCall *call, GHashTable *wanted, JsScript *script)
{
	char blob_id[2 * JS_DIGEST_SIZE + 2];
	char buffer[16];

	js_blob_format_id(script->blob, blob_id);
	js_json_open(call->out, '{');
	js_json_kv_string(call->out, "id", js_id_format('S', script->number, buffer));
	if (js_wants(wanted, "name"))
		js_json_kv_string(call->out, "name", script->name);
	if (js_wants(wanted, "blobId"))
		js_json_kv_string(call->out, "blobId", blob_id);
	if (js_wants(wanted, "isActive"))
		js_json_kv_bool(call->out, "isActive", script->active);
	js_json_close(call->out, '}');
}

gboolean
js_sieve_get(JsCall *call)
{
	static const char *const known[] = {"id", "name", "blobId", "isActive", NULL};
	g_autoptr(GHashTable) wanted = NULL;
	g_autoptr(GString) missing = g_string_new("[");
	JsonArray *ids;

	if (!js_call_get_ids(call, "ids", &ids) ||
	    !js_call_get_properties(call, "properties", known, &wanted))
		return FALSE;
	js_json_open(call->out, '{');
	js_write_account(call);
	js_write_state(call, "state", JS_TYPE_SIEVE);
	js_json_key(call->out, "list");
	js_json_open(call->out, '[');
	for (guint32 i = 1; ids == NULL && i < call->account->scripts->len; i++)
		if (js_sieve_at(call, i) != NULL)
			js_sieve_write(call, wanted, js_sieve_at(call, i));
	for (guint i = 0; ids != NULL && i < json_array_get_length(ids); i++) {
		const char *id = json_array_get_string_element(ids, i);
		JsScript *script = js_sieve_find(call, id);

		if (script != NULL)
			js_sieve_write(call, wanted, script);
		else
			js_json_string(missing, id);
	}
	js_json_close(call->out, ']');
	js_json_key(call->out, "notFound");
	js_json_raw(call->out, missing->str, -1);
	js_json_close(call->out, ']');
	js_json_close(call->out, '}');
	return TRUE;
}

static gboolean
js_sieve_name_is_valid(JsCall *call, const char *name)
{
	if (*name == '\0' ||
	    (gint64)strlen(name) > call->server->limits[JS_LIMIT_SCRIPT_NAME].value)
		return FALSE;
	for (const char *p = name; *p != '\0'; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		if (g_unichar_iscntrl(c) || c == 0x2028 || c == 0x2029)
			return FALSE;
	}
	return TRUE;
}

/* Reads name and blobId of a create or update; FALSE with the SetError written to @out. */
static gboolean
js_sieve_read(JsCall *call, JsonObject *object, const char *key, JsScript *script, GString *out,
	      const char **name, GBytes **content)
{
	const char *blob_id = js_call_resolve_id(call, js_object_string(object, "blobId"));
	g_autofree char *problem = NULL;
	JsScript *other;
	gsize len = 0;
	const char *data;

	*name = js_object_string(object, "name");
	if (*name != NULL && !js_sieve_name_is_valid(call, *name)) {
		js_set_error_properties(out, key, "name", NULL);
		return FALSE;
	}
	other = *name != NULL ? js_sieve_find_name(call, *name) : NULL;
	if (other != NULL && other != script) {
		char buffer[16];

		js_json_key(out, key);
		js_json_open(out, '{');
		js_json_kv_string(out, "type", "alreadyExists");
		js_json_kv_string(out, "existingId", js_id_format('S', other->number, buffer));
		js_json_close(out, '}');
		return FALSE;
	}
	if (script != NULL && !json_object_has_member(object, "blobId"))
		return TRUE;
	*content = blob_id != NULL ? js_account_ref_blob(call->account, blob_id, call->slot) : NULL;
	if (*content == NULL) {
		js_set_error(out, key, "blobNotFound", NULL);
		return FALSE;
	}
	data = g_bytes_get_data(*content, &len);
	if ((gint64)len > call->server->limits[JS_LIMIT_SCRIPT].value) {
		js_set_error(out, key, "tooLarge", NULL);
		return FALSE;
	}
	problem = js_sieve_check(data != NULL ? data : "", len);
	if (problem != NULL) {
		js_set_error(out, key, "invalidSieve", "%s", problem);
		return FALSE;
	}
	return TRUE;
}

static gboolean
js_sieve_check_members(JsonObject *object, const char *key, GString *out)
{
	static const char *const known[] = {"name", "blobId", NULL};
	JsonObjectIter iter;
	const char *member;

	if (object == NULL) {
		js_set_error_properties(out, key, "", "not an object");
		return FALSE;
	}
	json_object_iter_init_ordered(&iter, object);
	while (json_object_iter_next_ordered(&iter, &member, NULL))
		if (!g_strv_contains(known, member)) {
			js_set_error_properties(out, key, member, NULL);
			return FALSE;
		}
	return TRUE;
}

/* How many scripts an account has, and their octets. */
guint
js_sieve_measure(JsAccount *account, guint64 *octets)
{
	guint n = 0;

	*octets = 0;
	for (guint32 i = 1; i < account->scripts->len; i++) {
		JsScript *script = g_ptr_array_index(account->scripts, i);

		if (script == NULL)
			continue;
		n++;
		*octets += script->blob->size;
	}
	return n;
}

/* Whether @content may be stored in place of @script, or as one more where that is NULL. */
static gboolean
js_sieve_has_room(JsCall *call, JsScript *script, GBytes *content)
{
	const JsLimit *limits = call->server->limits;
	gint64 max_octets = limits[JS_LIMIT_QUOTA_SCRIPT_OCTETS].value;
	gint64 max_count = limits[JS_LIMIT_QUOTA_SCRIPT_COUNT].value;
	guint64 octets;
	gint64 count = js_sieve_measure(call->account, &octets);

	if (script == NULL &&
	    (count >= limits[JS_LIMIT_SCRIPTS].value || (max_count > 0 && count >= max_count)))
		return FALSE;
	if (content == NULL || max_octets == 0)
		return TRUE;
	octets += g_bytes_get_size(content) - (script != NULL ? script->blob->size : 0);
	return (gint64)octets <= max_octets;
}

static void
js_sieve_create_one(JsCall *call, const char *key, JsonObject *object, JsSetAnswer *answer)
{
	g_autoptr(GBytes) content = NULL;
	const char *name = NULL;
	char blob_id[2 * JS_DIGEST_SIZE + 2];
	char buffer[16];
	JsScript *script;
	const char *id;

	if (!js_sieve_check_members(object, key, answer->not_created) ||
	    !js_sieve_read(call, object, key, NULL, answer->not_created, &name, &content))
		return;
	if (!js_sieve_has_room(call, NULL, content)) {
		js_set_error(answer->not_created, key, "overQuota", NULL);
		return;
	}
	script = g_new0(JsScript, 1);
	script->number = call->account->scripts->len;
	id = js_id_format('S', script->number, buffer);
	script->name = g_strdup(name != NULL ? name : id);
	script->blob = js_account_take_blob(call->account, content);
	js_account_use_blob(call->account, script->blob);
	g_ptr_array_add(call->account->scripts, script);
	js_account_log(call->account, JS_TYPE_SIEVE, script->number, 0, 1, FALSE);
	g_hash_table_replace(call->request->created, g_strdup(key), g_strdup(id));
	js_blob_format_id(script->blob, blob_id);
	js_json_key(answer->created, key);
	js_json_open(answer->created, '{');
	js_json_kv_string(answer->created, "id", id);
	js_json_kv_string(answer->created, "name", script->name);
	js_json_kv_string(answer->created, "blobId", blob_id);
	js_json_kv_bool(answer->created, "isActive", FALSE);
	js_json_close(answer->created, '}');
}

static void
js_sieve_update_one(JsCall *call, const char *id, JsonObject *object, JsSetAnswer *answer)
{
	JsScript *script = js_sieve_find(call, id);
	g_autoptr(GBytes) content = NULL;
	const char *name = NULL;

	if (script == NULL) {
		js_set_error(answer->not_updated, id, "notFound", NULL);
		return;
	}
	if (!js_sieve_check_members(object, id, answer->not_updated) ||
	    !js_sieve_read(call, object, id, script, answer->not_updated, &name, &content))
		return;
	if (!js_sieve_has_room(call, script, content)) {
		js_set_error(answer->not_updated, id, "overQuota", NULL);
		return;
	}
	if (name != NULL) {
		g_free(script->name);
		script->name = g_strdup(name);
	}
	if (content != NULL) {
		JsBlob *blob = js_account_take_blob(call->account, content);

		js_account_use_blob(call->account, blob);
		js_account_drop_blob(call->account, script->blob);
		script->blob = blob;
	}
	js_account_log(call->account, JS_TYPE_SIEVE, script->number, 1, 1, FALSE);
	js_json_key(answer->updated, js_call_resolve_id(call, id));
	js_json_null(answer->updated);
}

static void
js_sieve_destroy_one(JsCall *call, const char *id, JsSetAnswer *answer)
{
	JsScript *script = js_sieve_find(call, id);

	if (script == NULL || script->active) {
		js_set_error(answer->not_destroyed, id,
			     script == NULL ? "notFound" : "sieveIsActive", NULL);
		return;
	}
	js_account_log(call->account, JS_TYPE_SIEVE, script->number, 1, 0, FALSE);
	g_ptr_array_index(call->account->scripts, script->number) = NULL;
	js_account_drop_blob(call->account, script->blob);
	g_free(script->name);
	g_free(script);
	js_json_string(answer->destroyed, js_call_resolve_id(call, id));
}

/* Makes @chosen the active script (NULL: none); what that changes is told as updated. */
static void
js_sieve_activate(JsCall *call, JsScript *chosen, JsSetAnswer *answer)
{
	for (guint32 i = 1; i < call->account->scripts->len; i++) {
		JsScript *script = js_sieve_at(call, i);
		char buffer[16];

		if (script == NULL || script->active == (script == chosen))
			continue;
		script->active = script == chosen;
		js_account_log(call->account, JS_TYPE_SIEVE, i, 1, 1, FALSE);
		js_json_key(answer->updated, js_id_format('S', i, buffer));
		js_json_open(answer->updated, '{');
		js_json_kv_bool(answer->updated, "isActive", script->active);
		js_json_close(answer->updated, '}');
	}
}

static gboolean
js_sieve_succeeded(JsSetAnswer *answer)
{
	return answer->not_created->len == 1 && answer->not_updated->len == 1 &&
	       answer->not_destroyed->len == 1;
}

static void
js_sieve_run_activation(JsCall *call, JsSetAnswer *answer)
{
	const char *id = js_object_string(call->args, "onSuccessActivateScript");
	JsScript *script = id != NULL ? js_sieve_find(call, id) : NULL;

	if (!js_sieve_succeeded(answer))
		return;
	if (script != NULL)
		js_sieve_activate(call, script, answer);
	else if (js_object_bool(call->args, "onSuccessDeactivateScript", FALSE))
		js_sieve_activate(call, NULL, answer);
}

static void
js_sieve_set_each(JsCall *call, const char *member, GString *refused,
		  void (*run)(JsCall *, const char *, JsonObject *, JsSetAnswer *),
		  JsSetAnswer *answer)
{
	JsonObject *objects = js_object_object(call->args, member);
	JsonObjectIter iter;
	const char *key;
	JsonNode *node;

	if (objects == NULL)
		return;
	json_object_iter_init_ordered(&iter, objects);
	while (json_object_iter_next_ordered(&iter, &key, &node))
		if (!js_call_fault_object(call, refused, key))
			run(call, key, js_node_object(node), answer);
}

gboolean
js_sieve_set(JsCall *call)
{
	g_auto(JsSetAnswer) answer = {0};
	JsonArray *destroy = js_object_array(call->args, "destroy");

	if (!js_call_check_set_limit(call) || !js_call_check_state(call, JS_TYPE_SIEVE))
		return FALSE;
	js_set_answer_init(&answer);
	js_json_open(call->out, '{');
	js_write_account(call);
	js_write_state(call, "oldState", JS_TYPE_SIEVE);
	js_sieve_set_each(call, "create", answer.not_created, js_sieve_create_one, &answer);
	js_sieve_set_each(call, "update", answer.not_updated, js_sieve_update_one, &answer);
	for (guint i = 0; destroy != NULL && i < json_array_get_length(destroy); i++) {
		JsonNode *node = json_array_get_element(destroy, i);
		const char *id = js_node_is_string(node) ? json_node_get_string(node) : "";

		if (!js_call_fault_object(call, answer.not_destroyed, id))
			js_sieve_destroy_one(call, id, &answer);
	}
	js_sieve_run_activation(call, &answer);
	js_write_state(call, "newState", JS_TYPE_SIEVE);
	js_set_answer_write(&answer, call->out, NULL);
	js_json_close(call->out, '}');
	return TRUE;
}

static gint
js_sieve_compare(gconstpointer a, gconstpointer b, gpointer data)
{
	JsCall *call = data;
	JsonArray *sort = js_object_array(call->args, "sort");
	JsScript *x = js_sieve_at(call, *(const guint32 *)a);
	JsScript *y = js_sieve_at(call, *(const guint32 *)b);

	for (guint i = 0; sort != NULL && i < json_array_get_length(sort); i++) {
		JsonObject *by = js_node_object(json_array_get_element(sort, i));
		gboolean name = g_strcmp0(js_object_string(by, "property"), "name") == 0;
		gint order = name ? strcmp(x->name, y->name) : x->active - y->active;

		if (order != 0)
			return js_object_bool(by, "isAscending", TRUE) ? order : -order;
	}
	return (x->number > y->number) - (x->number < y->number);
}

static gboolean
js_sieve_check_sort(JsCall *call)
{
	JsonArray *sort = js_object_array(call->args, "sort");

	for (guint i = 0; sort != NULL && i < json_array_get_length(sort); i++) {
		const char *property = js_object_string(
			js_node_object(json_array_get_element(sort, i)), "property");

		if (g_strcmp0(property, "name") != 0 && g_strcmp0(property, "isActive") != 0)
			return js_call_fail(call, "unsupportedSort", NULL);
	}
	return TRUE;
}

gboolean
js_sieve_query(JsCall *call)
{
	JsonObject *filter = js_object_object(call->args, "filter");
	const char *name = js_object_string(filter, "name");
	g_autoptr(GArray) result = g_array_new(FALSE, FALSE, sizeof(guint32));
	g_autofree char *state = js_account_dup_state(call->account, JS_TYPE_SIEVE);
	JsWindow window;

	if (!js_sieve_check_sort(call))
		return FALSE;
	if (filter != NULL && json_object_has_member(filter, "operator"))
		return js_call_fail(call, "unsupportedFilter", "operators");
	for (guint32 i = 1; i < call->account->scripts->len; i++) {
		JsScript *script = js_sieve_at(call, i);

		if (script == NULL || (name != NULL && strstr(script->name, name) == NULL) ||
		    js_object_bool(filter, "isActive", script->active) != script->active)
			continue;
		g_array_append_val(result, i);
	}
	g_array_sort_with_data(result, js_sieve_compare, call);
	return js_call_get_window(call, &window) &&
	       js_write_window(call, &window, result, 'S', state, FALSE);
}

gboolean
js_sieve_validate(JsCall *call)
{
	const char *id = js_call_resolve_id(call, js_object_string(call->args, "blobId"));
	g_autoptr(GBytes) bytes =
		id != NULL ? js_account_ref_blob(call->account, id, call->slot) : NULL;
	g_autofree char *problem = NULL;
	gsize len = 0;
	const char *data;

	if (bytes == NULL)
		return js_call_fail(call, "blobNotFound", NULL);
	data = g_bytes_get_data(bytes, &len);
	problem = js_sieve_check(data != NULL ? data : "", len);
	js_json_open(call->out, '{');
	js_write_account(call);
	if (problem != NULL) {
		js_set_error(call->out, "error", "invalidSieve", "%s", problem);
	} else {
		js_json_key(call->out, "error");
		js_json_null(call->out);
	}
	js_json_close(call->out, '}');
	return TRUE;
}
