/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mailbox/set
 *
 * Specification: RFC 8621 section 2.5; shareWith as RFC 9670 section 4 frames it
 * Implementation: destroys run last and repeat, so that a parent and its children can go in one
 *   call
 */
#include <string.h>

#include "methods.h"

/* What a create or update asks for; read before anything is changed. */
typedef struct {
	const char *name, *role;
	gboolean set_role;
	guint32 parent;
	gint64 sort_order;
	gboolean subscribed;
	gint16 rights[JS_MAX_SLOTS]; /* -1: as it is */
	const char *bad;             /* the property that is wrong */
	const char *why;
} JsMailboxWish;

static gboolean
js_wish_refuse(JsMailboxWish *wish, const char *property, const char *why)
{
	wish->bad = property;
	wish->why = why;
	return FALSE;
}

static gboolean
js_wish_read_rights(JsonObject *object, gint16 *rights)
{
	JsonObjectIter iter;
	const char *key;
	JsonNode *node;

	*rights = 0;
	json_object_iter_init_ordered(&iter, object);
	while (json_object_iter_next_ordered(&iter, &key, &node)) {
		guint bit = 0;

		while (js_rights_get_name(bit) != NULL && strcmp(js_rights_get_name(bit), key) != 0)
			bit++;
		if (js_rights_get_name(bit) == NULL || !js_node_is_bool(node))
			return FALSE;
		if (json_node_get_boolean(node))
			*rights = (gint16)(*rights | 1 << bit);
	}
	return TRUE;
}

/* @principal and the rights for it: an object, or null to take them away */
static gboolean
js_wish_share(JsCall *call, JsMailboxWish *wish, const char *principal, JsonNode *value)
{
	g_autofree char *account_id = g_strconcat("A-", principal + 2, NULL);
	JsAccount *account = g_str_has_prefix(principal, "P-")
				     ? js_server_find_account(call->server, account_id)
				     : NULL;
	gint16 rights = 0;
	gint slot;

	if (account == NULL || account == call->account)
		return FALSE;
	if (!js_node_is_null(value) &&
	    (js_node_object(value) == NULL || !js_wish_read_rights(js_node_object(value), &rights)))
		return FALSE;
	slot = js_account_ensure_slot(call->account, account->owner);
	if (slot < 0)
		return FALSE;
	wish->rights[slot] = rights;
	return TRUE;
}

static gboolean
js_wish_read_share_with(JsCall *call, JsMailboxWish *wish, JsonNode *value)
{
	JsonObjectIter iter;
	const char *key;
	JsonNode *node;

	for (guint i = 1; i < JS_MAX_SLOTS; i++)
		wish->rights[i] = 0;
	if (js_node_is_null(value))
		return TRUE;
	if (js_node_object(value) == NULL)
		return FALSE;
	json_object_iter_init_ordered(&iter, js_node_object(value));
	while (json_object_iter_next_ordered(&iter, &key, &node))
		if (!js_wish_share(call, wish, key, node))
			return FALSE;
	return TRUE;
}

/* shareWith/P-bob replaces what bob has, shareWith/P-bob/mayRename one right of it */
static gboolean
js_wish_patch_share(JsCall *call, JsMailboxWish *wish, JsMailbox *mailbox, const char *path,
		    JsonNode *value)
{
	g_auto(GStrv) steps = g_strsplit(path, "/", 3);
	guint bit = 0;
	gint slot;
	gint16 rights;

	if (steps[0] == NULL)
		return FALSE;
	if (steps[1] == NULL)
		return js_wish_share(call, wish, steps[0], value);
	while (js_rights_get_name(bit) != NULL && strcmp(js_rights_get_name(bit), steps[1]) != 0)
		bit++;
	if (js_rights_get_name(bit) == NULL || steps[2] != NULL || mailbox == NULL)
		return FALSE;
	if (!js_wish_share(call, wish, steps[0], NULL))
		return FALSE;
	{
		JsAccount *other;
		g_autofree char *id = g_strconcat("A-", steps[0] + 2, NULL);

		other = js_server_find_account(call->server, id);
		slot = js_account_find_slot(call->account, other->owner);
	}
	rights = (gint16)mailbox->rights[slot];
	rights = js_node_is_bool(value) && json_node_get_boolean(value)
			 ? (gint16)(rights | 1 << bit)
			 : (gint16)(rights & ~(1 << bit));
	wish->rights[slot] = rights;
	return TRUE;
}

static gboolean
js_wish_read_parent(JsCall *call, JsMailboxWish *wish, JsonNode *value)
{
	JsMailbox *parent;

	wish->parent = 0;
	if (js_node_is_null(value))
		return TRUE;
	if (!js_node_is_string(value))
		return js_wish_refuse(wish, "parentId", NULL);
	parent = js_call_find_mailbox(call, json_node_get_string(value));
	if (parent == NULL)
		return js_wish_refuse(wish, "parentId", "no such mailbox");
	wish->parent = parent->number;
	return TRUE;
}

static gboolean
js_wish_read_one(JsCall *call, JsMailboxWish *wish, JsMailbox *mailbox, const char *key,
		 JsonNode *value)
{
	gboolean sharing = !call->server->options.no_sharing;

	if (strcmp(key, "name") == 0 && js_node_is_string(value)) {
		wish->name = json_node_get_string(value);
	} else if (strcmp(key, "parentId") == 0) {
		return js_wish_read_parent(call, wish, value);
	} else if (strcmp(key, "role") == 0 &&
		   (js_node_is_null(value) || js_node_is_string(value))) {
		wish->set_role = TRUE;
		wish->role = js_node_is_null(value) ? NULL : json_node_get_string(value);
	} else if (strcmp(key, "sortOrder") == 0 && js_node_is_int(value) &&
		   json_node_get_int(value) >= 0 && json_node_get_int(value) <= G_MAXINT32) {
		wish->sort_order = json_node_get_int(value);
	} else if (strcmp(key, "isSubscribed") == 0 && js_node_is_bool(value)) {
		wish->subscribed = json_node_get_boolean(value);
	} else if (sharing && strcmp(key, "shareWith") == 0) {
		return js_wish_read_share_with(call, wish, value) ||
		       js_wish_refuse(wish, "shareWith", NULL);
	} else if (sharing && g_str_has_prefix(key, "shareWith/")) {
		return js_wish_patch_share(call, wish, mailbox, key + 10, value) ||
		       js_wish_refuse(wish, "shareWith", NULL);
	} else {
		return js_wish_refuse(wish, key, NULL);
	}
	return TRUE;
}

static gboolean
js_name_is_valid(const char *name, gint64 max)
{
	gsize len = strlen(name);

	if (len == 0 || (gint64)len > max)
		return FALSE;
	for (const char *p = name; *p != '\0'; p = g_utf8_next_char(p))
		if (g_unichar_iscntrl(g_utf8_get_char(p)))
			return FALSE;
	return TRUE;
}

static gboolean
js_wish_check_depth(JsCall *call, JsMailboxWish *wish, JsMailbox *mailbox)
{
	guint32 above = wish->parent;
	gint64 depth = 1;

	for (; above != 0; depth++) {
		JsMailbox *parent = js_account_get_mailbox(call->account, above);

		if (mailbox != NULL && above == mailbox->number)
			return js_wish_refuse(wish, "parentId", "a mailbox cannot be below itself");
		above = parent->parent;
	}
	if (depth > call->server->limits[JS_LIMIT_MAILBOX_DEPTH].value)
		return js_wish_refuse(wish, "parentId", "too deep");
	return TRUE;
}

static gboolean
js_wish_check_role(JsCall *call, JsMailboxWish *wish, JsMailbox *mailbox)
{
	static const char *const roles[] = {
		"all",  "archive",    "drafts", "flagged", "important", "inbox",   "junk",
		"sent", "subscribed", "trash",  "memos",   "scheduled", "snoozed", NULL};
	JsMailbox *holder;

	if (wish->role == NULL)
		return TRUE;
	if (!g_strv_contains(roles, wish->role))
		return js_wish_refuse(wish, "role", "not a registered role");
	holder = js_account_find_role(call->account, wish->role);
	if (holder != NULL && holder != mailbox)
		return js_wish_refuse(wish, "role", "another mailbox has it");
	return TRUE;
}

static gboolean
js_wish_check(JsCall *call, JsMailboxWish *wish, JsMailbox *mailbox)
{
	JsMailbox *sibling;

	if (wish->name == NULL ||
	    !js_name_is_valid(wish->name, call->server->limits[JS_LIMIT_MAILBOX_NAME].value))
		return js_wish_refuse(wish, "name", "empty, too long or with control characters");
	if (!js_wish_check_depth(call, wish, mailbox) || !js_wish_check_role(call, wish, mailbox))
		return FALSE;
	sibling = js_account_find_child(call->account, wish->parent, wish->name);
	if (sibling != NULL && sibling != mailbox)
		return js_wish_refuse(wish, "name", "a sibling has this name");
	return TRUE;
}

/* NULL when allowed, else what is missing. */
static const char *
js_wish_find_missing_right(JsCall *call, JsMailboxWish *wish, JsMailbox *mailbox)
{
	JsMailbox *parent = js_account_get_mailbox(call->account, wish->parent);
	gboolean moves = mailbox == NULL || mailbox->parent != wish->parent;

	if (moves && parent == NULL && call->slot != 0)
		return "mayCreateTopLevelMailbox";
	if (moves && parent != NULL && (parent->rights[call->slot] & JS_MAY_CREATE_CHILD) == 0)
		return "mayCreateChild";
	if (mailbox == NULL)
		return NULL;
	if ((moves || strcmp(mailbox->name, wish->name) != 0) &&
	    (mailbox->rights[call->slot] & JS_MAY_RENAME) == 0)
		return "mayRename";
	if (g_strcmp0(mailbox->role, wish->role) != 0 &&
	    (mailbox->rights[call->slot] & JS_MAY_RENAME) == 0)
		return "mayRename";
	for (guint i = 0; i < JS_MAX_SLOTS; i++)
		if (wish->rights[i] >= 0 && wish->rights[i] != mailbox->rights[i] &&
		    (mailbox->rights[call->slot] & JS_MAY_SHARE) == 0)
			return "mayShare";
	return NULL;
}

static gboolean
js_wish_read(JsCall *call, JsMailboxWish *wish, JsMailbox *mailbox, JsonObject *object)
{
	JsonObjectIter iter;
	const char *key;
	JsonNode *node;

	memset(wish, 0, sizeof *wish);
	memset(wish->rights, -1, sizeof wish->rights);
	wish->subscribed = FALSE;
	if (mailbox != NULL) {
		wish->name = mailbox->name;
		wish->role = mailbox->role;
		wish->parent = mailbox->parent;
		wish->sort_order = mailbox->sort_order;
		wish->subscribed = (mailbox->subscribed_by >> call->slot & 1) != 0;
	}
	json_object_iter_init_ordered(&iter, object);
	while (json_object_iter_next_ordered(&iter, &key, &node))
		if (!js_wish_read_one(call, wish, mailbox, key, node))
			return FALSE;
	return js_wish_check(call, wish, mailbox);
}

static void
js_wish_apply_rights(JsCall *call, JsMailboxWish *wish, JsMailbox *mailbox)
{
	for (guint i = 1; i < JS_MAX_SLOTS; i++) {
		if (wish->rights[i] < 0 || wish->rights[i] == mailbox->rights[i])
			continue;
		js_account_set_rights(call->account, mailbox, i, (guint16)wish->rights[i]);
		call->server->session_generation++;
	}
}

static void
js_mailbox_create_one(JsCall *call, const char *key, JsonObject *object, JsSetAnswer *answer)
{
	JsMailboxWish wish;
	JsMailbox *mailbox;
	const char *missing;
	char buffer[16];
	const char *id;

	if (!js_wish_read(call, &wish, NULL, object)) {
		js_set_error_properties(answer->not_created, key, wish.bad, wish.why);
		return;
	}
	missing = js_wish_find_missing_right(call, &wish, NULL);
	if (missing != NULL) {
		js_set_error(answer->not_created, key, "forbidden", "%s", missing);
		return;
	}
	mailbox = js_account_add_mailbox(call->account, wish.name, wish.parent, wish.role);
	mailbox->sort_order = wish.sort_order;
	mailbox->subscribed_by = wish.subscribed ? (guint64)1 << call->slot : 0;
	js_wish_apply_rights(call, &wish, mailbox);
	id = js_id_format('B', mailbox->number, buffer);
	g_hash_table_replace(call->request->created, g_strdup(key), g_strdup(id));
	js_json_key(answer->created, key);
	js_json_open(answer->created, '{');
	js_json_kv_string(answer->created, "id", id);
	js_json_kv_int(answer->created, "totalEmails", 0);
	js_json_kv_int(answer->created, "unreadEmails", 0);
	js_json_kv_int(answer->created, "totalThreads", 0);
	js_json_kv_int(answer->created, "unreadThreads", 0);
	if (!json_object_has_member(object, "sortOrder"))
		js_json_kv_int(answer->created, "sortOrder", 0);
	if (!json_object_has_member(object, "isSubscribed"))
		js_json_kv_bool(answer->created, "isSubscribed", FALSE);
	js_json_key(answer->created, "myRights");
	js_json_open(answer->created, '{');
	for (guint i = 0; js_rights_get_name(i) != NULL; i++)
		if (!call->server->options.no_sharing || 1 << i != JS_MAY_SHARE)
			js_json_kv_bool(answer->created, js_rights_get_name(i),
					(mailbox->rights[call->slot] & 1 << i) != 0);
	js_json_close(answer->created, '}');
	js_json_close(answer->created, '}');
}

static void
js_mailbox_update_one(JsCall *call, const char *id, JsonObject *object, JsSetAnswer *answer)
{
	JsMailbox *mailbox = js_call_find_mailbox(call, id);
	JsMailboxWish wish;
	const char *missing;
	guint64 bit = (guint64)1 << call->slot;

	if (mailbox == NULL) {
		js_set_error(answer->not_updated, id, "notFound", NULL);
		return;
	}
	if (object == NULL || !js_wish_read(call, &wish, mailbox, object)) {
		js_set_error_properties(answer->not_updated, id, object != NULL ? wish.bad : "",
					object != NULL ? wish.why : "not an object");
		return;
	}
	missing = js_wish_find_missing_right(call, &wish, mailbox);
	if (missing != NULL) {
		js_set_error(answer->not_updated, id, "forbidden", "%s", missing);
		return;
	}
	if (wish.name != mailbox->name) {
		g_free(mailbox->name);
		mailbox->name = g_strdup(wish.name);
	}
	if (wish.role != mailbox->role) {
		g_free(mailbox->role);
		mailbox->role = g_strdup(wish.role);
	}
	mailbox->parent = wish.parent;
	mailbox->sort_order = wish.sort_order;
	mailbox->subscribed_by =
		wish.subscribed ? mailbox->subscribed_by | bit : mailbox->subscribed_by & ~bit;
	js_wish_apply_rights(call, &wish, mailbox);
	if (!call->server->options.silent_subscriptions || json_object_get_size(object) > 1 ||
	    !json_object_has_member(object, "isSubscribed"))
		js_account_mailbox_changed(call->account, mailbox, js_mailbox_get_readers(mailbox));
	js_json_key(answer->updated, id);
	js_json_null(answer->updated);
}

static gboolean
js_mailbox_has_email(JsCall *call, guint32 number)
{
	for (guint i = 1; i < call->account->emails->len; i++) {
		JsEmail *email = js_account_get_email(call->account, i);

		if (email != NULL && js_email_is_in(email, number))
			return TRUE;
	}
	return FALSE;
}

static void
js_mailbox_empty(JsCall *call, guint32 number)
{
	for (guint i = 1; i < call->account->emails->len; i++) {
		JsEmail *email = js_account_get_email(call->account, i);
		guint64 before;

		if (email == NULL || !js_email_is_in(email, number))
			continue;
		if (email->n_boxes == 1) {
			js_account_remove_email(call->account, email);
			continue;
		}
		before = js_account_begin_change(call->account, email);
		js_email_remove_box(email, number);
		js_account_end_change(call->account, email, before);
	}
}

/* Returns the type of the error, or NULL when the mailbox is gone. */
static const char *
js_mailbox_destroy_one(JsCall *call, const char *id)
{
	JsMailbox *mailbox = js_call_find_mailbox(call, id);
	guint64 readers;

	if (mailbox == NULL)
		return "notFound";
	if ((mailbox->rights[call->slot] & JS_MAY_DELETE) == 0)
		return "forbidden";
	if (js_account_has_child(call->account, mailbox->number))
		return "mailboxHasChild";
	if (!js_object_bool(call->args, "onDestroyRemoveEmails", FALSE) &&
	    js_mailbox_has_email(call, mailbox->number))
		return "mailboxHasEmail";
	js_mailbox_empty(call, mailbox->number);
	readers = js_mailbox_get_readers(mailbox);
	js_account_remove_mailbox(call->account, mailbox);
	if (readers != 1)
		call->server->session_generation++;
	return NULL;
}

static void
js_mailbox_destroy_all(JsCall *call, JsSetAnswer *answer)
{
	JsonArray *ids = js_object_array(call->args, "destroy");
	g_autoptr(GPtrArray) left = g_ptr_array_new();
	guint before;

	for (guint i = 0; ids != NULL && i < json_array_get_length(ids); i++) {
		JsonNode *node = json_array_get_element(ids, i);
		const char *id = js_node_is_string(node) ? json_node_get_string(node) : "";

		if (!js_call_fault_object(call, answer->not_destroyed, id))
			g_ptr_array_add(left, (gpointer)id);
	}
	do {
		before = left->len;
		for (guint i = left->len; i > 0; i--) {
			const char *id = g_ptr_array_index(left, i - 1);

			if (js_mailbox_destroy_one(call, id) != NULL)
				continue;
			js_json_string(answer->destroyed, js_call_resolve_id(call, id));
			g_ptr_array_remove_index(left, i - 1);
		}
	} while (left->len < before);
	for (guint i = 0; i < left->len; i++) {
		const char *id = g_ptr_array_index(left, i);

		js_set_error(answer->not_destroyed, id, js_mailbox_destroy_one(call, id), NULL);
	}
}

/* A creation may name another of the same call as its parent, in any order. */
static gboolean
js_mailbox_waits_for_parent(JsCall *call, JsonObject *create, JsonObject *object)
{
	const char *parent = js_object_string(object, "parentId");

	return parent != NULL && parent[0] == '#' && js_call_resolve_id(call, parent) == NULL &&
	       json_object_has_member(create, parent + 1);
}

static void
js_mailbox_create_all(JsCall *call, JsSetAnswer *answer)
{
	JsonObject *create = js_object_object(call->args, "create");
	g_autoptr(GList) keys = create != NULL ? json_object_get_members(create) : NULL;
	gboolean progress = TRUE, last = FALSE;

	while (keys != NULL && (progress || !last)) {
		last = !progress;
		progress = FALSE;
		for (GList *l = keys, *next; l != NULL; l = next) {
			JsonObject *object = js_object_object(create, l->data);

			next = l->next;
			if (!last && object != NULL &&
			    js_mailbox_waits_for_parent(call, create, object))
				continue;
			if (!js_call_fault_object(call, answer->not_created, l->data)) {
				if (object != NULL)
					js_mailbox_create_one(call, l->data, object, answer);
				else
					js_set_error_properties(answer->not_created, l->data, "",
								"not an object");
			}
			keys = g_list_delete_link(keys, l);
			progress = TRUE;
		}
	}
}

gboolean
js_mailbox_set(JsCall *call)
{
	g_auto(JsSetAnswer) answer = {0};
	JsonObject *update = js_object_object(call->args, "update");
	JsonObjectIter iter;
	const char *key;
	JsonNode *node;

	if (!js_call_check_set_limit(call) || !js_call_check_state(call, JS_TYPE_MAILBOX))
		return FALSE;
	js_set_answer_init(&answer);
	js_json_open(call->out, '{');
	js_write_account(call);
	js_write_state(call, "oldState", JS_TYPE_MAILBOX);
	js_mailbox_create_all(call, &answer);
	if (update != NULL) {
		json_object_iter_init_ordered(&iter, update);
		while (json_object_iter_next_ordered(&iter, &key, &node))
			if (!js_call_fault_object(call, answer.not_updated, key))
				js_mailbox_update_one(call, key, js_node_object(node), &answer);
	}
	js_mailbox_destroy_all(call, &answer);
	js_account_commit(call->account);
	js_write_state(call, "newState", JS_TYPE_MAILBOX);
	js_set_answer_write(&answer, call->out, NULL);
	js_json_close(call->out, '}');
	return TRUE;
}
