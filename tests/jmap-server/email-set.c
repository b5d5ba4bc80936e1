/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Email/set
 *
 * Specification: RFC 8621 section 4.6
 * Implementation: a patch is read as a whole before the Email changes, so one that is refused
 *   leaves no trace
 */
#include <string.h>

#include "methods.h"

typedef struct {
	GArray *boxes;       /* guint32 */
	GPtrArray *keywords; /* lower case, with $seen */
	const char *error, *property, *detail;
} JsEmailWish;

static void
js_email_wish_clear(JsEmailWish *wish)
{
	g_clear_pointer(&wish->boxes, g_array_unref);
	g_clear_pointer(&wish->keywords, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(JsEmailWish, js_email_wish_clear)

gboolean
js_email_keyword_is_valid(const char *keyword)
{
	gsize len = strlen(keyword);

	if (len == 0 || len > 255)
		return FALSE;
	for (const char *p = keyword; *p != '\0'; p++)
		if (*p < 0x21 || *p > 0x7e || strchr("()]{%*\"\\", *p) != NULL)
			return FALSE;
	return TRUE;
}

/* Rights on the mailboxes the user sees the Email in: those in all of them, or in any. */
guint16
js_call_email_rights(JsCall *call, JsEmail *email, gboolean any)
{
	guint16 all = JS_MAY_ALL, some = 0;

	for (guint i = 0; i < email->n_boxes; i++) {
		JsMailbox *mailbox = js_account_get_mailbox(call->account, email->boxes[i]);

		if (!js_mailbox_is_visible(mailbox, call->slot))
			continue;
		all &= mailbox->rights[call->slot];
		some |= mailbox->rights[call->slot];
	}
	return any ? some : all;
}

static gboolean
js_wish_refuse(JsEmailWish *wish, const char *error, const char *property, const char *detail)
{
	wish->error = error;
	wish->property = property;
	wish->detail = detail;
	return FALSE;
}

static void
js_wish_set_box(JsEmailWish *wish, guint32 number, gboolean value)
{
	for (guint i = 0; i < wish->boxes->len; i++) {
		if (g_array_index(wish->boxes, guint32, i) != number)
			continue;
		if (!value)
			g_array_remove_index(wish->boxes, i);
		return;
	}
	if (value)
		g_array_append_val(wish->boxes, number);
}

static gboolean
js_wish_patch_mailbox(JsCall *call, JsEmailWish *wish, const char *id, JsonNode *value)
{
	gboolean add = js_node_is_bool(value) && json_node_get_boolean(value);
	JsMailbox *mailbox;

	if (!add && !js_node_is_null(value))
		return js_wish_refuse(wish, "invalidPatch", NULL, "true or null");
	mailbox = js_call_find_mailbox(call, id);
	if (mailbox == NULL)
		return js_wish_refuse(wish, "invalidProperties", "mailboxIds", "no such mailbox");
	js_wish_set_box(wish, mailbox->number, add);
	return TRUE;
}

static gboolean
js_wish_set_keyword(JsEmailWish *wish, const char *keyword, gboolean value)
{
	g_autofree char *lower = g_ascii_strdown(keyword, -1);
	guint index = 0;
	gboolean found =
		g_ptr_array_find_with_equal_func(wish->keywords, lower, g_str_equal, &index);

	if (!js_email_keyword_is_valid(keyword))
		return FALSE;
	if (value && !found)
		g_ptr_array_add(wish->keywords, g_steal_pointer(&lower));
	else if (!value && found)
		g_ptr_array_remove_index(wish->keywords, index);
	return TRUE;
}

static gboolean
js_wish_patch_keyword(JsEmailWish *wish, const char *keyword, JsonNode *value)
{
	gboolean add = js_node_is_bool(value) && json_node_get_boolean(value);

	if (!add && !js_node_is_null(value))
		return js_wish_refuse(wish, "invalidPatch", NULL, "true or null");
	if (!js_wish_set_keyword(wish, keyword, add))
		return js_wish_refuse(wish, "invalidProperties", "keywords", "not a keyword");
	return TRUE;
}

static gboolean
js_wish_replace(JsCall *call, JsEmailWish *wish, const char *key, JsonNode *node)
{
	gboolean boxes = strcmp(key, "mailboxIds") == 0;
	JsonObject *object = js_node_object(node);
	JsonObjectIter iter;
	const char *name;
	JsonNode *value;

	if (object == NULL)
		return js_wish_refuse(wish, "invalidProperties", key, "not an object");
	if (boxes) {
		/* mailboxes out of the user's sight stay as they are */
		for (guint i = wish->boxes->len; i > 0; i--) {
			guint32 number = g_array_index(wish->boxes, guint32, i - 1);

			if (js_mailbox_is_visible(js_account_get_mailbox(call->account, number),
						  call->slot))
				g_array_remove_index(wish->boxes, i - 1);
		}
	} else {
		g_ptr_array_set_size(wish->keywords, 0);
	}
	json_object_iter_init_ordered(&iter, object);
	while (json_object_iter_next_ordered(&iter, &name, &value)) {
		if (!js_node_is_bool(value) || !json_node_get_boolean(value))
			return js_wish_refuse(wish, "invalidProperties", key, "true only");
		if (!(boxes ? js_wish_patch_mailbox(call, wish, name, value)
			    : js_wish_patch_keyword(wish, name, value)))
			return FALSE;
	}
	return TRUE;
}

static gboolean
js_wish_patch(JsCall *call, JsEmailWish *wish, const char *key, JsonNode *node)
{
	g_autofree char *name = NULL;
	const char *slash = strchr(key, '/');
	GString *unescaped;

	if (strcmp(key, "mailboxIds") == 0 || strcmp(key, "keywords") == 0)
		return js_wish_replace(call, wish, key, node);
	if (slash == NULL)
		return js_wish_refuse(wish, "invalidProperties", key, "cannot be changed");
	if (strchr(slash + 1, '/') != NULL)
		return js_wish_refuse(wish, "invalidPatch", NULL, "no such path");
	unescaped = g_string_new(slash + 1);
	g_string_replace(unescaped, "~1", "/", 0);
	g_string_replace(unescaped, "~0", "~", 0);
	name = g_string_free(unescaped, FALSE);
	if (g_str_has_prefix(key, "mailboxIds/"))
		return js_wish_patch_mailbox(call, wish, name, node);
	if (g_str_has_prefix(key, "keywords/"))
		return js_wish_patch_keyword(wish, name, node);
	return js_wish_refuse(wish, "invalidPatch", NULL, "no such path");
}

static gboolean
js_wish_check_boxes(JsCall *call, JsEmailWish *wish, JsEmail *email)
{
	gint64 max = call->server->limits[JS_LIMIT_MAILBOXES_PER_EMAIL].value;

	if (wish->boxes->len == 0)
		return js_wish_refuse(wish, "invalidProperties", "mailboxIds",
				      "an Email is in at least one mailbox");
	if (max > 0 && wish->boxes->len > max)
		return js_wish_refuse(wish, "tooManyMailboxes", NULL, NULL);
	for (guint i = 0; i < wish->boxes->len; i++) {
		guint32 number = g_array_index(wish->boxes, guint32, i);
		JsMailbox *mailbox = js_account_get_mailbox(call->account, number);

		if (!js_email_is_in(email, number) &&
		    (mailbox->rights[call->slot] & JS_MAY_ADD_ITEMS) == 0)
			return js_wish_refuse(wish, "forbidden", NULL, "mayAddItems");
	}
	for (guint i = 0; i < email->n_boxes; i++) {
		JsMailbox *mailbox = js_account_get_mailbox(call->account, email->boxes[i]);
		gboolean stays = FALSE;

		for (guint k = 0; k < wish->boxes->len; k++)
			stays = stays || g_array_index(wish->boxes, guint32, k) == email->boxes[i];
		if (!stays && (mailbox->rights[call->slot] & JS_MAY_REMOVE_ITEMS) == 0)
			return js_wish_refuse(wish, "forbidden", NULL, "mayRemoveItems");
	}
	return TRUE;
}

static gboolean
js_wish_has_keyword(JsEmailWish *wish, const char *keyword)
{
	return g_ptr_array_find_with_equal_func(wish->keywords, keyword, g_str_equal, NULL);
}

static gboolean
js_wish_check_keywords(JsCall *call, JsEmailWish *wish, JsEmail *email)
{
	guint16 rights = js_call_email_rights(call, email, FALSE);
	gboolean changed =
		wish->keywords->len - js_wish_has_keyword(wish, "$seen") != email->n_keywords;

	if (js_wish_has_keyword(wish, "$seen") !=
		    js_email_has_keyword(email, "$seen", call->slot) &&
	    (rights & JS_MAY_SET_SEEN) == 0)
		return js_wish_refuse(wish, "forbidden", NULL, "maySetSeen");
	for (guint i = 0; i < email->n_keywords; i++)
		changed = changed || !js_wish_has_keyword(wish, email->keywords[i]);
	if (changed && (rights & JS_MAY_SET_KEYWORDS) == 0)
		return js_wish_refuse(wish, "forbidden", NULL, "maySetKeywords");
	return TRUE;
}

static void
js_wish_init(JsCall *call, JsEmailWish *wish, JsEmail *email)
{
	memset(wish, 0, sizeof *wish);
	wish->boxes = g_array_new(FALSE, FALSE, sizeof(guint32));
	g_array_append_vals(wish->boxes, email->boxes, email->n_boxes);
	wish->keywords = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < email->n_keywords; i++)
		g_ptr_array_add(wish->keywords, g_strdup(email->keywords[i]));
	if (js_email_has_keyword(email, "$seen", call->slot))
		g_ptr_array_add(wish->keywords, g_strdup("$seen"));
}

static void
js_wish_apply(JsCall *call, JsEmailWish *wish, JsEmail *email)
{
	guint64 before = js_account_begin_change(call->account, email);

	while (email->n_boxes > 0)
		js_email_remove_box(email, email->boxes[0]);
	for (guint i = 0; i < wish->boxes->len; i++)
		js_email_add_box(email, g_array_index(wish->boxes, guint32, i));
	while (email->n_keywords > 0)
		js_account_set_keyword(call->account, email, email->keywords[0], call->slot, FALSE);
	js_account_set_keyword(call->account, email, "$seen", call->slot, FALSE);
	for (guint i = 0; i < wish->keywords->len; i++)
		js_account_set_keyword(call->account, email, g_ptr_array_index(wish->keywords, i),
				       call->slot, TRUE);
	js_account_end_change(call->account, email, before);
}

static void
js_email_update_one(JsCall *call, const char *id, JsonObject *patch, JsSetAnswer *answer)
{
	JsEmail *email = js_call_find_email(call, id);
	g_auto(JsEmailWish) wish = {0};
	JsonObjectIter iter;
	const char *key;
	JsonNode *node;
	gboolean fits = TRUE;

	if (email == NULL) {
		js_set_error(answer->not_updated, id, "notFound", NULL);
		return;
	}
	js_wish_init(call, &wish, email);
	if (patch == NULL)
		fits = js_wish_refuse(&wish, "invalidPatch", NULL, "not an object");
	else
		json_object_iter_init_ordered(&iter, patch);
	while (fits && json_object_iter_next_ordered(&iter, &key, &node))
		fits = js_wish_patch(call, &wish, key, node);
	if (!fits || !js_wish_check_boxes(call, &wish, email) ||
	    !js_wish_check_keywords(call, &wish, email)) {
		if (wish.property != NULL)
			js_set_error_properties(answer->not_updated, id, wish.property,
						wish.detail);
		else
			js_set_error(answer->not_updated, id, wish.error, "%s",
				     wish.detail != NULL ? wish.detail : wish.error);
		return;
	}
	js_wish_apply(call, &wish, email);
	js_json_key(answer->updated, js_call_resolve_id(call, id));
	js_json_null(answer->updated);
}

static void
js_email_destroy_one(JsCall *call, const char *id, JsSetAnswer *answer)
{
	JsEmail *email = js_call_find_email(call, id);
	gboolean hidden = FALSE;

	if (email == NULL) {
		js_set_error(answer->not_destroyed, id, "notFound", NULL);
		return;
	}
	for (guint i = 0; i < email->n_boxes; i++)
		hidden = hidden || !js_mailbox_is_visible(
					   js_account_get_mailbox(call->account, email->boxes[i]),
					   call->slot);
	if (hidden || (js_call_email_rights(call, email, FALSE) & JS_MAY_REMOVE_ITEMS) == 0) {
		js_set_error(answer->not_destroyed, id, "forbidden", "mayRemoveItems");
		return;
	}
	js_account_remove_email(call->account, email);
	js_json_string(answer->destroyed, js_call_resolve_id(call, id));
}

static void
js_email_create_all(JsCall *call, JsSetAnswer *answer)
{
	JsonObject *create = js_object_object(call->args, "create");
	JsonObjectIter iter;
	const char *key;
	JsonNode *node;

	if (create == NULL)
		return;
	json_object_iter_init_ordered(&iter, create);
	while (json_object_iter_next_ordered(&iter, &key, &node)) {
		if (js_call_fault_object(call, answer->not_created, key))
			continue;
		js_email_create(call, js_node_object(node), key, answer);
	}
}

gboolean
js_email_set(JsCall *call)
{
	g_auto(JsSetAnswer) answer = {0};
	JsonObject *update = js_object_object(call->args, "update");
	JsonArray *destroy = js_object_array(call->args, "destroy");
	JsonObjectIter iter;
	const char *key;
	JsonNode *node;

	if (!js_call_check_set_limit(call) || !js_call_check_state(call, JS_TYPE_EMAIL))
		return FALSE;
	js_set_answer_init(&answer);
	js_json_open(call->out, '{');
	js_write_account(call);
	js_write_state(call, "oldState", JS_TYPE_EMAIL);
	js_email_create_all(call, &answer);
	if (update != NULL) {
		json_object_iter_init_ordered(&iter, update);
		while (json_object_iter_next_ordered(&iter, &key, &node))
			if (!js_call_fault_object(call, answer.not_updated, key))
				js_email_update_one(call, key, js_node_object(node), &answer);
	}
	for (guint i = 0; destroy != NULL && i < json_array_get_length(destroy); i++) {
		const char *id = js_node_is_string(json_array_get_element(destroy, i))
					 ? json_array_get_string_element(destroy, i)
					 : "";

		if (!js_call_fault_object(call, answer.not_destroyed, id))
			js_email_destroy_one(call, id, &answer);
	}
	js_account_commit(call->account);
	js_write_state(call, "newState", JS_TYPE_EMAIL);
	js_set_answer_write(&answer, call->out, NULL);
	js_json_close(call->out, '}');
	return TRUE;
}
