/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Quota/get, /changes, /query
 *
 * Specification: RFC 9425
 * Implementation: two quotas an account: octets and number of Emails; and the same of Sieve scripts
 *   where the server was started with such limits. All are enforced
 */
#include <string.h>

#include "methods.h"

#define JS_MAIL "urn:ietf:params:jmap:mail"
#define JS_SIEVE "urn:ietf:params:jmap:sieve"

static const struct {
	const char *id, *resource, *name, *type, *capability;
	JsLimitKind limit;
} js_quotas[] = {
	{"Q000001", "octets", "Storage", "Email", JS_MAIL, JS_LIMIT_QUOTA_OCTETS},
	{"Q000002", "count", "Messages", "Email", JS_MAIL, JS_LIMIT_QUOTA_COUNT},
	{"Q000003", "octets", "Script storage", "SieveScript", JS_SIEVE,
	 JS_LIMIT_QUOTA_SCRIPT_OCTETS},
	{"Q000004", "count", "Scripts", "SieveScript", JS_SIEVE, JS_LIMIT_QUOTA_SCRIPT_COUNT},
};

static void
js_quota_write_types(GString *out, const char *type)
{
	js_json_key(out, "types");
	js_json_open(out, '[');
	js_json_string(out, type);
	js_json_close(out, ']');
}

static gint64
js_quota_get_used(JsCall *call, guint i)
{
	guint64 octets;
	guint count = js_sieve_measure(call->account, &octets);

	switch (js_quotas[i].limit) {
	case JS_LIMIT_QUOTA_OCTETS:
		return (gint64)call->account->octets;
	case JS_LIMIT_QUOTA_COUNT:
		return (gint64)call->account->n_emails;
	case JS_LIMIT_QUOTA_SCRIPT_OCTETS:
		return (gint64)octets;
	default:
		return count;
	}
}

static void
js_quota_write(JsCall *call, GHashTable *wanted, guint i)
{
	gint64 hard = call->server->limits[js_quotas[i].limit].value;

	js_json_open(call->out, '{');
	js_json_kv_string(call->out, "id", js_quotas[i].id);
	if (js_wants(wanted, "resourceType"))
		js_json_kv_string(call->out, "resourceType", js_quotas[i].resource);
	if (js_wants(wanted, "used"))
		js_json_kv_int(call->out, "used", js_quota_get_used(call, i));
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
		js_quota_write_types(call->out, js_quotas[i].type);
	js_json_close(call->out, '}');
}

/* Only the types whose capability the client uses may be named; without any there is no quota. */
static gboolean
js_quota_is_known(JsCall *call, guint i)
{
	return g_hash_table_contains(call->request->using, js_quotas[i].capability) &&
	       call->server->limits[js_quotas[i].limit].value > 0;
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
	for (guint i = 0; ids == NULL && i < G_N_ELEMENTS(js_quotas); i++)
		if (js_quota_is_known(call, i))
			js_quota_write(call, wanted, i);
	for (guint i = 0; ids != NULL && i < json_array_get_length(ids); i++) {
		const char *id = json_array_get_string_element(ids, i);
		guint found = 0;

		while (found < G_N_ELEMENTS(js_quotas) && strcmp(js_quotas[found].id, id) != 0)
			found++;
		if (found < G_N_ELEMENTS(js_quotas) && js_quota_is_known(call, found))
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
	       (type == NULL || strcmp(type, js_quotas[i].type) == 0);
}

typedef struct {
	JsCall *call;
	gboolean by_name, ascending;
} JsQuotaOrder;

static gint
js_quota_compare(gconstpointer a, gconstpointer b, gpointer data)
{
	JsQuotaOrder *order = data;
	guint x = *(const guint32 *)a - 1, y = *(const guint32 *)b - 1;
	gint64 used = js_quota_get_used(order->call, x) - js_quota_get_used(order->call, y);
	gint result = order->by_name ? strcmp(js_quotas[x].name, js_quotas[y].name)
				     : (used > 0) - (used < 0);

	return order->ascending ? result : -result;
}

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
	JsQuotaOrder order = {call, g_strcmp0(property, "name") == 0, TRUE};
	JsWindow window;

	if (by != NULL && !order.by_name && g_strcmp0(property, "used") != 0)
		return js_call_fail(call, "unsupportedSort", NULL);
	for (guint32 i = 1; i <= G_N_ELEMENTS(js_quotas); i++)
		if (js_quota_is_known(call, i - 1) &&
		    js_quota_matches(js_object_object(call->args, "filter"), i - 1))
			g_array_append_val(result, i);
	order.ascending = js_object_bool(by, "isAscending", TRUE);
	if (by != NULL)
		g_array_sort_with_data(result, js_quota_compare, &order);
	return js_call_get_window(call, &window) &&
	       js_write_window(call, &window, result, 'Q', state, FALSE);
}
