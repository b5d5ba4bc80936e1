/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mailbox/get, /changes, /query, /queryChanges
 *
 * Specification: RFC 8621 sections 2.1 to 2.4; shareWith as RFC 9670 section 4 frames it
 */
#include <string.h>

#include "methods.h"

static const char *const js_mailbox_properties[] = {"id",
						    "name",
						    "parentId",
						    "role",
						    "sortOrder",
						    "totalEmails",
						    "unreadEmails",
						    "totalThreads",
						    "unreadThreads",
						    "myRights",
						    "isSubscribed",
						    "shareWith",
						    NULL};

static const char *const js_right_names[] = {
	"mayReadItems",   "mayAddItems", "mayRemoveItems", "maySetSeen", "maySetKeywords",
	"mayCreateChild", "mayRename",   "mayDelete",      "maySubmit",  "mayShare"};

const char *
js_rights_get_name(guint bit)
{
	return bit < G_N_ELEMENTS(js_right_names) ? js_right_names[bit] : NULL;
}

gboolean
js_mailbox_is_visible(JsMailbox *mailbox, guint slot)
{
	return mailbox != NULL && (mailbox->rights[slot] & JS_MAY_READ_ITEMS) != 0;
}

JsMailbox *
js_call_find_mailbox(JsCall *call, const char *id)
{
	guint32 number = 0;
	JsMailbox *mailbox = NULL;

	id = js_call_resolve_id(call, id);
	if (id != NULL && js_id_parse(id, 'B', &number))
		mailbox = js_account_get_mailbox(call->account, number);
	return js_mailbox_is_visible(mailbox, call->slot) ? mailbox : NULL;
}

static void
js_write_rights(GString *out, guint16 rights, gboolean sharing)
{
	js_json_open(out, '{');
	for (guint i = 0; i < G_N_ELEMENTS(js_right_names); i++)
		if (sharing || 1 << i != JS_MAY_SHARE)
			js_json_kv_bool(out, js_right_names[i], (rights & 1 << i) != 0);
	js_json_close(out, '}');
}

static void
js_write_share_with(JsCall *call, JsMailbox *mailbox)
{
	guint shares = 0;

	js_json_key(call->out, "shareWith");
	for (guint i = 1; i < JS_MAX_SLOTS; i++)
		shares += mailbox->rights[i] != 0;
	if (shares == 0 || (mailbox->rights[call->slot] & JS_MAY_SHARE) == 0) {
		js_json_null(call->out);
		return;
	}
	js_json_open(call->out, '{');
	for (guint i = 1; i < call->account->slots->len; i++) {
		JsUser *user = js_server_find_user(call->server,
						   g_ptr_array_index(call->account->slots, i));
		g_autofree char *id = NULL;

		if (mailbox->rights[i] == 0 || user == NULL)
			continue;
		id = g_strconcat("P-", user->account->id + 2, NULL);
		js_json_key(call->out, id);
		js_write_rights(call->out, mailbox->rights[i], TRUE);
	}
	js_json_close(call->out, '}');
}

static void
js_write_mailbox_tree(JsCall *call, GHashTable *wanted, JsMailbox *mailbox)
{
	JsMailbox *parent = js_account_get_mailbox(call->account, mailbox->parent);
	char buffer[16];

	js_json_kv_string(call->out, "id", js_id_format('B', mailbox->number, buffer));
	if (js_wants(wanted, "name"))
		js_json_kv_string(call->out, "name", mailbox->name);
	if (js_wants(wanted, "parentId"))
		js_json_kv_string(call->out, "parentId",
				  js_mailbox_is_visible(parent, call->slot)
					  ? js_id_format('B', mailbox->parent, buffer)
					  : NULL);
	if (js_wants(wanted, "role"))
		js_json_kv_string(call->out, "role", mailbox->role);
	if (js_wants(wanted, "sortOrder"))
		js_json_kv_int(call->out, "sortOrder", mailbox->sort_order);
}

static void
js_write_mailbox(JsCall *call, GHashTable *wanted, JsMailbox *mailbox)
{
	gboolean sharing = !call->server->options.no_sharing;

	js_json_open(call->out, '{');
	js_write_mailbox_tree(call, wanted, mailbox);
	if (js_wants(wanted, "totalEmails"))
		js_json_kv_int(call->out, "totalEmails", mailbox->total_emails);
	if (js_wants(wanted, "unreadEmails"))
		js_json_kv_int(call->out, "unreadEmails", mailbox->unread_emails);
	if (js_wants(wanted, "totalThreads"))
		js_json_kv_int(call->out, "totalThreads", mailbox->total_threads);
	if (js_wants(wanted, "unreadThreads"))
		js_json_kv_int(call->out, "unreadThreads", mailbox->unread_threads);
	if (js_wants(wanted, "myRights")) {
		js_json_key(call->out, "myRights");
		js_write_rights(call->out, mailbox->rights[call->slot], sharing);
	}
	if (js_wants(wanted, "isSubscribed"))
		js_json_kv_bool(call->out, "isSubscribed",
				(mailbox->subscribed_by >> call->slot & 1) != 0);
	if (sharing && js_wants(wanted, "shareWith"))
		js_write_share_with(call, mailbox);
	js_json_close(call->out, '}');
}

static gboolean
js_wants_counts(GHashTable *wanted)
{
	return js_wants(wanted, "totalEmails") || js_wants(wanted, "unreadEmails") ||
	       js_wants(wanted, "totalThreads") || js_wants(wanted, "unreadThreads");
}

gboolean
js_mailbox_get(JsCall *call)
{
	g_autoptr(GHashTable) wanted = NULL;
	g_autoptr(GString) missing = g_string_new("[");
	JsonArray *ids;

	if (!js_call_get_ids(call, "ids", &ids) ||
	    !js_call_get_properties(call, "properties", js_mailbox_properties, &wanted))
		return FALSE;
	if (js_wants_counts(wanted))
		js_account_count(call->account, call->slot);
	js_json_open(call->out, '{');
	js_write_account(call);
	js_write_state(call, "state", JS_TYPE_MAILBOX);
	js_json_key(call->out, "list");
	js_json_open(call->out, '[');
	for (guint i = 1; ids == NULL && i < call->account->mailboxes->len; i++) {
		JsMailbox *mailbox = js_account_get_mailbox(call->account, i);

		if (js_mailbox_is_visible(mailbox, call->slot))
			js_write_mailbox(call, wanted, mailbox);
	}
	for (guint i = 0; ids != NULL && i < json_array_get_length(ids); i++) {
		const char *id = json_array_get_string_element(ids, i);
		JsMailbox *mailbox = js_call_find_mailbox(call, id);

		if (mailbox != NULL)
			js_write_mailbox(call, wanted, mailbox);
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
js_write_updated_properties(JsCall *call, const JsChanges *changes)
{
	js_json_key(call->out, "updatedProperties");
	if (changes->updated->len > 0 && changes->all_minor)
		js_json_raw(call->out,
			    "[\"totalEmails\",\"unreadEmails\",\"totalThreads\",\"unreadThreads\"]",
			    -1);
	else
		js_json_null(call->out);
}

gboolean
js_mailbox_changes(JsCall *call)
{
	return js_run_changes(call, JS_TYPE_MAILBOX, 'B', js_write_updated_properties);
}

/* query */

static gboolean
js_mailbox_matches_condition(JsCall *call, JsMailbox *mailbox, JsonObject *filter)
{
	JsonNode *parent = js_object_node(filter, "parentId");
	JsonNode *role = js_object_node(filter, "role");
	const char *name = js_object_string(filter, "name");
	guint32 number = 0;

	if (parent != NULL && js_node_is_string(parent) &&
	    !js_id_parse(json_node_get_string(parent), 'B', &number))
		return FALSE;
	if (parent != NULL && mailbox->parent != number)
		return FALSE;
	if (name != NULL) {
		g_autofree char *a = g_utf8_casefold(mailbox->name, -1);
		g_autofree char *b = g_utf8_casefold(name, -1);

		if (strstr(a, b) == NULL)
			return FALSE;
	}
	if (role != NULL && g_strcmp0(mailbox->role, js_object_string(filter, "role")) != 0)
		return FALSE;
	if (json_object_has_member(filter, "hasAnyRole") &&
	    js_object_bool(filter, "hasAnyRole", TRUE) != (mailbox->role != NULL))
		return FALSE;
	return !json_object_has_member(filter, "isSubscribed") ||
	       js_object_bool(filter, "isSubscribed", TRUE) ==
		       ((mailbox->subscribed_by >> call->slot & 1) != 0);
}

/* The recursion is as deep as the JSON guard lets a request nest. */
static gboolean
js_mailbox_matches(JsCall *call, JsMailbox *mailbox, JsonObject *filter)
{
	const char *operator= js_object_string(filter, "operator");
	JsonArray *conditions = js_object_array(filter, "conditions");
	gboolean any = FALSE, all = TRUE;

	if (filter == NULL)
		return TRUE;
	if (operator== NULL)
		return js_mailbox_matches_condition(call, mailbox, filter);
	for (guint i = 0; conditions != NULL && i < json_array_get_length(conditions); i++) {
		JsonObject *condition = js_node_object(json_array_get_element(conditions, i));
		gboolean match = js_mailbox_matches(call, mailbox, condition);

		any = any || match;
		all = all && match;
	}
	if (strcmp(operator, "AND") == 0)
		return all;
	return strcmp(operator, "OR") == 0 ? any : !any;
}

static gint
js_compare_mailboxes(gconstpointer a, gconstpointer b, gpointer data)
{
	JsCall *call = data;
	JsonArray *sort = js_object_array(call->args, "sort");
	JsMailbox *x = js_account_get_mailbox(call->account, *(const guint32 *)a);
	JsMailbox *y = js_account_get_mailbox(call->account, *(const guint32 *)b);

	for (guint i = 0; sort != NULL && i < json_array_get_length(sort); i++) {
		JsonObject *by = js_node_object(json_array_get_element(sort, i));
		gint order;

		if (g_strcmp0(js_object_string(by, "property"), "name") == 0)
			order = g_utf8_collate(x->name, y->name);
		else
			order = (x->sort_order > y->sort_order) - (x->sort_order < y->sort_order);
		if (order != 0)
			return js_object_bool(by, "isAscending", TRUE) ? order : -order;
	}
	return (x->number > y->number) - (x->number < y->number);
}

static gboolean
js_mailbox_check_sort(JsCall *call)
{
	JsonArray *sort = js_object_array(call->args, "sort");

	for (guint i = 0; sort != NULL && i < json_array_get_length(sort); i++) {
		JsonObject *by = js_node_object(json_array_get_element(sort, i));
		const char *property = js_object_string(by, "property");

		if (g_strcmp0(property, "name") != 0 && g_strcmp0(property, "sortOrder") != 0)
			return js_call_fail(call, "unsupportedSort", "%s",
					    property != NULL ? property : "");
	}
	return TRUE;
}

static void
js_append_tree(JsCall *call, GArray *sorted, guint32 parent, GArray *out, guint depth)
{
	for (guint i = 0; i < sorted->len && depth < 100; i++) {
		guint32 number = g_array_index(sorted, guint32, i);

		if (js_account_get_mailbox(call->account, number)->parent != parent)
			continue;
		g_array_append_val(out, number);
		js_append_tree(call, sorted, number, out, depth + 1);
	}
}

static gboolean
js_mailbox_ancestors_match(JsCall *call, JsMailbox *mailbox, JsonObject *filter)
{
	while (mailbox != NULL && js_mailbox_matches(call, mailbox, filter))
		mailbox = js_account_get_mailbox(call->account, mailbox->parent);
	return mailbox == NULL;
}

static gboolean
js_mailbox_run_query(JsCall *call, GArray *result)
{
	JsonObject *filter = js_object_object(call->args, "filter");
	gboolean as_tree = js_object_bool(call->args, "filterAsTree", FALSE);

	if (!js_mailbox_check_sort(call))
		return FALSE;
	for (guint32 i = 1; i < call->account->mailboxes->len; i++) {
		JsMailbox *mailbox = js_account_get_mailbox(call->account, i);

		if (js_mailbox_is_visible(mailbox, call->slot) &&
		    (as_tree ? js_mailbox_ancestors_match(call, mailbox, filter)
			     : js_mailbox_matches(call, mailbox, filter)))
			g_array_append_val(result, i);
	}
	g_array_sort_with_data(result, js_compare_mailboxes, call);
	if (js_object_bool(call->args, "sortAsTree", FALSE)) {
		g_autoptr(GArray) sorted = g_array_copy(result);

		g_array_set_size(result, 0);
		js_append_tree(call, sorted, 0, result, 0);
	}
	return TRUE;
}

gboolean
js_mailbox_query(JsCall *call)
{
	g_autoptr(GArray) result = g_array_new(FALSE, FALSE, sizeof(guint32));
	g_autofree char *state = js_account_dup_state(call->account, JS_TYPE_MAILBOX);
	JsWindow window;

	return js_call_get_window(call, &window) && js_mailbox_run_query(call, result) &&
	       js_write_window(call, &window, result, 'B', state, TRUE);
}

gboolean
js_mailbox_query_changes(JsCall *call)
{
	g_autoptr(GArray) result = g_array_new(FALSE, FALSE, sizeof(guint32));
	g_auto(JsChanges) changes = {0};
	guint64 since = 0;

	if (!js_call_query_since(call, JS_TYPE_MAILBOX, &since) ||
	    !js_mailbox_run_query(call, result))
		return FALSE;
	if (!js_log_get_changes(&call->account->logs[JS_TYPE_MAILBOX], since, 0, call->slot,
				&changes))
		return js_call_fail(call, "cannotCalculateChanges", NULL);
	g_array_append_vals(changes.updated, changes.created->data, changes.created->len);
	g_array_append_vals(changes.updated, changes.destroyed->data, changes.destroyed->len);
	return js_write_query_changes(call, JS_TYPE_MAILBOX, 'B', result, changes.updated, since);
}
