/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Principal/get, /query, /changes
 *
 * Specification: RFC 9670 section 2
 * Implementation: every user is a principal and sees all others; they do not change while the
 *   server runs. ShareNotification is not offered.
 */
#include <string.h>

#include "filter.h"
#include "request.h"

static char *
js_principal_dup_id(JsUser *user)
{
	return g_strconcat("P-", user->account->id + 2, NULL);
}

static char *
js_principal_dup_email(JsUser *user)
{
	return strchr(user->name, '@') != NULL ? g_strdup(user->name)
					       : g_strconcat(user->name, "@example.org", NULL);
}

static void
js_principal_write_accounts(JsCall *call, JsUser *user)
{
	guint slot;

	js_json_key(call->out, "accounts");
	if (js_server_get_account_for(call->server, call->user, user->account->id, &slot) == NULL) {
		js_json_null(call->out);
		return;
	}
	js_json_open(call->out, '{');
	js_json_key(call->out, user->account->id);
	js_session_write_account(call->server, call->user, user->account, call->out);
	js_json_close(call->out, '}');
}

static void
js_principal_write(JsCall *call, GHashTable *wanted, JsUser *user)
{
	g_autofree char *id = js_principal_dup_id(user);
	g_autofree char *email = js_principal_dup_email(user);

	js_json_open(call->out, '{');
	js_json_kv_string(call->out, "id", id);
	if (js_wants(wanted, "type"))
		js_json_kv_string(call->out, "type", "individual");
	if (js_wants(wanted, "name"))
		js_json_kv_string(call->out, "name", user->name);
	if (js_wants(wanted, "description"))
		js_json_kv_string(call->out, "description", NULL);
	if (js_wants(wanted, "email"))
		js_json_kv_string(call->out, "email", email);
	if (js_wants(wanted, "timeZone"))
		js_json_kv_string(call->out, "timeZone", NULL);
	if (js_wants(wanted, "capabilities")) {
		js_json_key(call->out, "capabilities");
		js_json_raw(call->out, "{}", 2);
	}
	if (js_wants(wanted, "accounts"))
		js_principal_write_accounts(call, user);
	js_json_close(call->out, '}');
}

static JsUser *
js_principal_find(JsServer *server, const char *wanted)
{
	for (guint i = 0; i < server->users->len; i++) {
		JsUser *user = g_ptr_array_index(server->users, i);
		g_autofree char *id = js_principal_dup_id(user);

		if (strcmp(id, wanted) == 0)
			return user;
	}
	return NULL;
}

gboolean
js_principal_get(JsCall *call)
{
	static const char *const known[] = {"id",           "type",     "name",
					    "description",  "email",    "timeZone",
					    "capabilities", "accounts", NULL};
	g_autoptr(GHashTable) wanted = NULL;
	g_autoptr(GString) missing = g_string_new("[");
	JsonArray *ids;

	if (!js_call_get_ids(call, "ids", &ids) ||
	    !js_call_get_properties(call, "properties", known, &wanted))
		return FALSE;
	js_json_open(call->out, '{');
	js_write_account(call);
	js_json_kv_string(call->out, "state", call->server->load_tag);
	js_json_key(call->out, "list");
	js_json_open(call->out, '[');
	for (guint i = 0; ids == NULL && i < call->server->users->len; i++)
		js_principal_write(call, wanted, g_ptr_array_index(call->server->users, i));
	for (guint i = 0; ids != NULL && i < json_array_get_length(ids); i++) {
		const char *id = json_array_get_string_element(ids, i);
		JsUser *user = js_principal_find(call->server, id);

		if (user != NULL)
			js_principal_write(call, wanted, user);
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
js_contains_folded(const char *text, const char *needle)
{
	g_autofree char *a = js_text_dup_folded(text, -1);
	g_autofree char *b = js_text_dup_folded(needle, -1);

	return strstr(a, b) != NULL;
}

static gboolean
js_principal_matches(JsUser *user, JsonObject *filter)
{
	const char *name = js_object_string(filter, "name");
	const char *email = js_object_string(filter, "email");
	const char *text = js_object_string(filter, "text");
	const char *type = js_object_string(filter, "type");
	JsonArray *accounts = js_object_array(filter, "accountIds");
	g_autofree char *address = js_principal_dup_email(user);
	gboolean listed = accounts == NULL;

	for (guint i = 0; accounts != NULL && i < json_array_get_length(accounts); i++) {
		JsonNode *node = json_array_get_element(accounts, i);

		listed = listed || (js_node_is_string(node) &&
				    strcmp(json_node_get_string(node), user->account->id) == 0);
	}
	return listed && (name == NULL || js_contains_folded(user->name, name)) &&
	       (email == NULL || js_contains_folded(address, email)) &&
	       (text == NULL || js_contains_folded(user->name, text) ||
		js_contains_folded(address, text)) &&
	       (type == NULL || strcmp(type, "individual") == 0) &&
	       (filter == NULL || !json_object_has_member(filter, "timeZone"));
}

gboolean
js_principal_query(JsCall *call)
{
	JsonObject *filter = js_object_object(call->args, "filter");
	JsWindow window;
	gint64 total = 0;

	if (!js_call_get_window(call, &window))
		return FALSE;
	if (window.anchor != NULL)
		return js_call_fail(call, "anchorNotFound", NULL);
	js_json_open(call->out, '{');
	js_write_account(call);
	js_json_kv_string(call->out, "queryState", call->server->load_tag);
	js_json_kv_bool(call->out, "canCalculateChanges", FALSE);
	js_json_kv_int(call->out, "position", MAX(window.position, 0));
	js_json_key(call->out, "ids");
	js_json_open(call->out, '[');
	for (guint i = 0; i < call->server->users->len; i++) {
		JsUser *user = g_ptr_array_index(call->server->users, i);
		g_autofree char *id = js_principal_dup_id(user);

		if (!js_principal_matches(user, filter))
			continue;
		if (total >= window.position &&
		    (window.limit < 0 || total < MAX(window.position, 0) + window.limit))
			js_json_string(call->out, id);
		total++;
	}
	js_json_close(call->out, ']');
	if (window.calculate_total)
		js_json_kv_int(call->out, "total", total);
	js_json_close(call->out, '}');
	return TRUE;
}

/* RFC 9670 section 2.2 lets a server that cannot calculate changes say so. */
gboolean
js_principal_changes(JsCall *call)
{
	return js_call_fail(call, "cannotCalculateChanges", NULL);
}
