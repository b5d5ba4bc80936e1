/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Quota/get, /changes, /query
 *
 * Specification: RFC 9425
 * Implementation: two quotas an account: octets and number of Emails; both are enforced on creation
 */
#include <string.h>

#include "methods.h"

static const struct {
	const char *id, *resource, *name;
	JsLimitKind limit;
} js_quotas[] = {
	{"Q000001", "octets", "Storage", JS_LIMIT_QUOTA_OCTETS},
	{"Q000002", "count", "Messages", JS_LIMIT_QUOTA_COUNT},
};

static void
js_quota_write_types(GString *out)
{
	js_json_key(out, "types");
	js_json_raw(out, "[\"Email\"]", -1);
}

static void
js_quota_write(JsCall *call, GHashTable *wanted, guint i)
{
	gint64 hard = call->server->limits[js_quotas[i].limit].value;
	gint64 used = i == 0 ? (gint64)call->account->octets : (gint64)call->account->n_emails;

	js_json_open(call->out, '{');
	js_json_kv_string(call->out, "id", js_quotas[i].id);
	if (js_wants(wanted, "resourceType"))
		js_json_kv_string(call->out, "resourceType", js_quotas[i].resource);
	if (js_wants(wanted, "used"))
		js_json_kv_int(call->out, "used", used);
	if (js_wants(wanted, "hardLimit"))
		js_json_kv_int(call->out, "hardLimit", hard);
	if (js_wants(wanted, "warnLimit"))
		js_json_kv_int(call->out, "warnLimit", hard / 10 * 8);
	if (js_wants(wanted, "softLimit"))
		js_json_kv_int(call->out, "softLimit", hard / 10 * 9);
	if (js_wants(wanted, "scope"))
		js_json_kv_string(call->out, "scope", "account");
	if (js_wants(wanted, "name"))
		js_json_kv_string(call->out, "name", js_quotas[i].name);
	if (js_wants(wanted, "description"))
		js_json_kv_string(call->out, "description", NULL);
	if (js_wants(wanted, "types"))
		js_quota_write_types(call->out);
	js_json_close(call->out, '}');
}

/* Only the types whose capability the client uses may be named; without any there is no quota. */
static gboolean
js_quota_is_known(JsCall *call)
{
	return g_hash_table_contains(call->request->using, "urn:ietf:params:jmap:mail");
}

gboolean
js_quota_get(JsCall *call)
{
	static const char *const known[] = {"id",        "resourceType", "used",  "hardLimit",
					    "warnLimit", "softLimit",    "scope", "name",
					    "types",     "description",  NULL};
	g_autoptr(GHashTable) wanted = NULL;
	g_autoptr(GString) missing = g_string_new("[");
	JsonArray *ids;

	if (!js_call_get_ids(call, "ids", &ids) ||
	    !js_call_get_properties(call, "properties", known, &wanted))
		return FALSE;
	js_json_open(call->out, '{');
	js_write_account(call);
	js_write_state(call, "state", JS_TYPE_QUOTA);
	js_json_key(call->out, "list");
	js_json_open(call->out, '[');
	for (guint i = 0; ids == NULL && js_quota_is_known(call) && i < G_N_ELEMENTS(js_quotas);
	     i++)
		js_quota_write(call, wanted, i);
	for (guint i = 0; ids != NULL && i < json_array_get_length(ids); i++) {
		const char *id = json_array_get_string_element(ids, i);
		guint found = 0;

		while (found < G_N_ELEMENTS(js_quotas) && strcmp(js_quotas[found].id, id) != 0)
			found++;
		if (found < G_N_ELEMENTS(js_quotas) && js_quota_is_known(call))
			js_quota_write(call, wanted, found);
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

static void
js_quota_write_updated(JsCall *call, const JsChanges *changes)
{
	js_json_key(call->out, "updatedProperties");
	js_json_raw(call->out, changes->updated->len > 0 ? "[\"used\"]" : "null", -1);
}

gboolean
js_quota_changes(JsCall *call)
{
	return js_run_changes(call, JS_TYPE_QUOTA, 'Q', js_quota_write_updated);
}

static gboolean
js_quota_matches(JsonObject *filter, guint i)
{
	const char *name = js_object_string(filter, "name");
	const char *scope = js_object_string(filter, "scope");
	const char *resource = js_object_string(filter, "resourceType");
	const char *type = js_object_string(filter, "type");

	return (name == NULL || strstr(js_quotas[i].name, name) != NULL) &&
	       (scope == NULL || strcmp(scope, "account") == 0) &&
	       (resource == NULL || strcmp(resource, js_quotas[i].resource) == 0) &&
	       (type == NULL || strcmp(type, "Email") == 0);
}

/* Sorting by name and by used gives the same order or its reverse: there are two. */
gboolean
js_quota_query(JsCall *call)
{
	g_autoptr(GArray) result = g_array_new(FALSE, FALSE, sizeof(guint32));
	g_autofree char *state = js_account_dup_state(call->account, JS_TYPE_QUOTA);
	JsonArray *sort = js_object_array(call->args, "sort");
	JsonObject *by = sort != NULL && json_array_get_length(sort) > 0
				 ? js_node_object(json_array_get_element(sort, 0))
				 : NULL;
	const char *property = js_object_string(by, "property");
	gboolean swap = FALSE;
	JsWindow window;

	if (by != NULL && g_strcmp0(property, "name") != 0 && g_strcmp0(property, "used") != 0)
		return js_call_fail(call, "unsupportedSort", NULL);
	/* "Messages" comes before "Storage", and a message has at least one octet */
	if (by != NULL)
		swap = js_object_bool(by, "isAscending", TRUE);
	for (guint i = 0; i < G_N_ELEMENTS(js_quotas); i++) {
		guint at = swap ? G_N_ELEMENTS(js_quotas) - 1 - i : i;
		guint32 number = at + 1;

		if (js_quota_matches(js_object_object(call->args, "filter"), at))
			g_array_append_val(result, number);
	}
	return js_call_get_window(call, &window) &&
	       js_write_window(call, &window, result, 'Q', state, FALSE);
}
