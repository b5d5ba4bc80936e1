/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* New Emails: Email/import, Email/copy, and the create of Email/set
 *
 * Specification: RFC 8621 sections 4.6 to 4.8
 * Implementation: with --one-email-per-content a second Email of the same octets is refused with
 *   alreadyExists; without it every import makes an Email
 */
#include <string.h>

#include "methods.h"

/* Reads mailboxIds into @boxes; on failure the SetError for @key is written to @out. */
gboolean
js_email_read_mailboxes(JsCall *call, JsonObject *object, GArray *boxes, GString *out,
			const char *key)
{
	JsonObject *ids = js_object_object(object, "mailboxIds");
	gint64 max = call->server->limits[JS_LIMIT_MAILBOXES_PER_EMAIL].value;
	JsonObjectIter iter;
	const char *id;
	JsonNode *value;

	if (ids == NULL || json_object_get_size(ids) == 0) {
		js_set_error_properties(out, key, "mailboxIds", "at least one mailbox");
		return FALSE;
	}
	if (max > 0 && json_object_get_size(ids) > max) {
		js_set_error(out, key, "tooManyMailboxes", NULL);
		return FALSE;
	}
	json_object_iter_init_ordered(&iter, ids);
	while (json_object_iter_next_ordered(&iter, &id, &value)) {
		JsMailbox *mailbox = js_call_find_mailbox(call, id);

		if (mailbox == NULL || !js_node_is_bool(value) || !json_node_get_boolean(value)) {
			js_set_error_properties(out, key, "mailboxIds", "no such mailbox");
			return FALSE;
		}
		if ((mailbox->rights[call->slot] & JS_MAY_ADD_ITEMS) == 0) {
			js_set_error(out, key, "forbidden", "mayAddItems");
			return FALSE;
		}
		g_array_append_val(boxes, mailbox->number);
	}
	return TRUE;
}

gboolean
js_email_read_keywords(JsonObject *object, GPtrArray *keywords)
{
	JsonNode *node = js_object_node(object, "keywords");
	JsonObjectIter iter;
	const char *keyword;
	JsonNode *value;

	if (js_node_is_null(node))
		return TRUE;
	if (js_node_object(node) == NULL)
		return FALSE;
	json_object_iter_init_ordered(&iter, js_node_object(node));
	while (json_object_iter_next_ordered(&iter, &keyword, &value)) {
		if (!js_email_keyword_is_valid(keyword) || !js_node_is_bool(value) ||
		    !json_node_get_boolean(value))
			return FALSE;
		g_ptr_array_add(keywords, (gpointer)keyword);
	}
	return TRUE;
}

/* A UTCDate; without one, now. */
gboolean
js_email_read_received_at(JsonObject *object, gint64 *received_at)
{
	JsonNode *node = js_object_node(object, "receivedAt");
	g_autoptr(GDateTime) date = NULL;
	const char *text;

	*received_at = g_get_real_time() / G_USEC_PER_SEC;
	if (js_node_is_null(node))
		return TRUE;
	text = js_node_is_string(node) ? json_node_get_string(node) : "";
	if (!g_str_has_suffix(text, "Z"))
		return FALSE;
	date = g_date_time_new_from_iso8601(text, NULL);
	if (date == NULL)
		return FALSE;
	*received_at = g_date_time_to_unix(date);
	return TRUE;
}

void
js_email_write_created(JsCall *call, GString *out, const char *key, JsEmail *email)
{
	char blob_id[2 * JS_DIGEST_SIZE + 2];
	char buffer[16];

	js_blob_format_id(email->blob, blob_id);
	js_json_key(out, key);
	js_json_open(out, '{');
	js_json_kv_string(out, "id", js_id_format('M', email->number, buffer));
	g_hash_table_replace(call->request->created, g_strdup(key),
			     g_strdup(js_id_format('M', email->number, buffer)));
	js_json_kv_string(out, "blobId", blob_id);
	js_json_kv_string(out, "threadId", js_id_format('T', email->thread, buffer));
	js_json_kv_int(out, "size", (gint64)email->blob->size);
	js_json_close(out, '}');
}

static gboolean
js_email_is_over_quota(JsCall *call, JsBlob *blob)
{
	const JsLimit *limits = call->server->limits;

	return call->account->octets + blob->size > (guint64)limits[JS_LIMIT_QUOTA_OCTETS].value ||
	       (gint64)call->account->n_emails + 1 > limits[JS_LIMIT_QUOTA_COUNT].value;
}

static gboolean
js_email_refuse_double(JsCall *call, JsBlob *blob, const char *key, JsSetAnswer *answer)
{
	JsEmail *existing = call->server->options.one_email_per_content
				    ? js_account_find_content(call->account, blob)
				    : NULL;
	char buffer[16];

	if (existing == NULL)
		return FALSE;
	js_json_key(answer->not_created, key);
	js_json_open(answer->not_created, '{');
	js_json_kv_string(answer->not_created, "type", "alreadyExists");
	js_json_kv_string(answer->not_created, "existingId",
			  js_id_format('M', existing->number, buffer));
	js_json_close(answer->not_created, '}');
	return TRUE;
}

/* Files @blob as the EmailImport (or like) object says and writes the answer for @key. */
void
js_email_store(JsCall *call, JsBlob *blob, JsonObject *object, const char *key, JsSetAnswer *answer)
{
	g_autoptr(GArray) boxes = g_array_new(FALSE, FALSE, sizeof(guint32));
	g_autoptr(GPtrArray) keywords = g_ptr_array_new();
	gint64 received_at = 0;
	JsEmail *email;

	if (!js_email_read_mailboxes(call, object, boxes, answer->not_created, key))
		return;
	if (!js_email_read_keywords(object, keywords)) {
		js_set_error_properties(answer->not_created, key, "keywords", NULL);
		return;
	}
	if (!js_email_read_received_at(object, &received_at)) {
		js_set_error_properties(answer->not_created, key, "receivedAt", "not a UTCDate");
		return;
	}
	if (js_email_refuse_double(call, blob, key, answer))
		return;
	if (js_email_is_over_quota(call, blob)) {
		js_set_error(answer->not_created, key, "overQuota", NULL);
		return;
	}
	email = js_account_add_email(call->account, blob, (const guint32 *)(void *)boxes->data,
				     boxes->len, received_at);
	for (guint i = 0; i < keywords->len; i++)
		js_account_set_keyword(call->account, email, g_ptr_array_index(keywords, i),
				       call->slot, TRUE);
	js_email_write_created(call, answer->created, key, email);
}

/* Something with a header: at least a field name and a colon on the first line. */
static gboolean
js_blob_is_message(GBytes *bytes)
{
	gsize len = 0;
	const char *data = g_bytes_get_data(bytes, &len);
	gsize i = 0;

	while (i < len && data[i] > 32 && data[i] != ':')
		i++;
	return i > 0 && i < len && data[i] == ':' && memchr(data, '\0', len) == NULL;
}

static void
js_email_import_one(JsCall *call, const char *key, JsonObject *object, JsSetAnswer *answer)
{
	const char *blob_id = js_call_resolve_id(call, js_object_string(object, "blobId"));
	g_autoptr(GBytes) bytes = NULL;
	JsBlob *blob = NULL;

	if (js_object_object(object, "mailboxIds") == NULL) {
		js_set_error_properties(answer->not_created, key, "mailboxIds", NULL);
		return;
	}
	if (blob_id != NULL)
		bytes = js_account_ref_blob(call->account, blob_id, call->slot);
	if (bytes == NULL) {
		js_set_error_properties(answer->not_created, key, "blobId", "no such blob");
		return;
	}
	if (!js_blob_is_message(bytes)) {
		js_set_error(answer->not_created, key, "invalidEmail", "no header, or NUL octets");
		return;
	}
	blob = js_account_find_blob(call->account, blob_id);
	/* a part of another message becomes a blob of its own */
	if (strchr(blob_id, '-') != NULL)
		blob = js_account_take_blob(call->account, bytes);
	js_email_store(call, blob, object, key, answer);
}

gboolean
js_email_import(JsCall *call)
{
	g_auto(JsSetAnswer) answer = {0};
	JsonObject *emails = js_object_object(call->args, "emails");
	JsonObjectIter iter;
	const char *key;
	JsonNode *node;

	if (emails == NULL)
		return js_call_invalid(call, "emails");
	if (!js_call_check_set_limit(call) || !js_call_check_state(call, JS_TYPE_EMAIL))
		return FALSE;
	js_set_answer_init(&answer);
	js_json_open(call->out, '{');
	js_write_account(call);
	js_write_state(call, "oldState", JS_TYPE_EMAIL);
	json_object_iter_init_ordered(&iter, emails);
	while (json_object_iter_next_ordered(&iter, &key, &node))
		if (!js_call_fault_object(call, answer.not_created, key))
			js_email_import_one(call, key, js_node_object(node), &answer);
	js_account_commit(call->account);
	js_write_state(call, "newState", JS_TYPE_EMAIL);
	js_set_answer_write(&answer, call->out, "created");
	js_json_close(call->out, '}');
	return TRUE;
}

/* The create of Email/set: the message is composed, then filed like an import. */
gboolean
js_email_create(JsCall *call, JsonObject *object, const char *key, JsSetAnswer *answer)
{
	const char *bad = "";
	g_autoptr(GBytes) bytes = object != NULL ? js_compose(call, object, &bad) : NULL;

	if (bytes == NULL) {
		js_set_error_properties(answer->not_created, key, bad, "cannot be composed here");
		return FALSE;
	}
	js_email_store(call, js_account_take_blob(call->account, bytes), object, key, answer);
	return TRUE;
}

/* Email/copy */

/* The copy has the keywords and date of the original unless the call gives others. */
static JsonObject *
js_copy_complete(JsonObject *object, JsEmail *original, guint from_slot)
{
	JsonObject *complete = json_object_new();
	g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(original->received_at);
	JsonObject *keywords;
	JsonObjectIter iter;
	const char *key;
	JsonNode *node;

	json_object_iter_init_ordered(&iter, object);
	while (json_object_iter_next_ordered(&iter, &key, &node))
		json_object_set_member(complete, key, json_node_ref(node));
	if (!json_object_has_member(complete, "receivedAt")) {
		g_autofree char *text = g_date_time_format(date, "%Y-%m-%dT%H:%M:%SZ");

		json_object_set_string_member(complete, "receivedAt", text);
	}
	if (json_object_has_member(complete, "keywords"))
		return complete;
	keywords = json_object_new();
	for (guint i = 0; i < original->n_keywords; i++)
		json_object_set_boolean_member(keywords, original->keywords[i], TRUE);
	if (js_email_has_keyword(original, "$seen", from_slot))
		json_object_set_boolean_member(keywords, "$seen", TRUE);
	json_object_set_object_member(complete, "keywords", keywords);
	return complete;
}

static void
js_email_copy_one(JsCall *call, JsAccount *from, guint from_slot, const char *key,
		  JsonObject *object, JsSetAnswer *answer)
{
	const char *id = js_call_resolve_id(call, js_object_string(object, "id"));
	g_autoptr(JsonObject) complete = NULL;
	g_autoptr(GBytes) bytes = NULL;
	JsEmail *original = NULL;
	guint32 number = 0;

	if (id != NULL && js_id_parse(id, 'M', &number))
		original = js_account_get_email(from, number);
	if (original == NULL || (js_account_get_viewers(from, original) >> from_slot & 1) == 0) {
		js_set_error(answer->not_created, key, "notFound", NULL);
		return;
	}
	complete = js_copy_complete(object, original, from_slot);
	bytes = js_blob_ref_bytes(original->blob);
	js_email_store(call, js_account_take_blob(call->account, bytes), complete, key, answer);
}

static void
js_copy_plan_destroy(JsCall *call, JsAccount *from)
{
	JsonObject *create = js_object_object(call->args, "create");
	const char *state = js_object_string(call->args, "destroyFromIfInState");
	JsonArray *ids = json_array_new();
	JsonObject *args = json_object_new();
	JsonObjectIter iter;
	const char *key;
	JsonNode *node;

	json_object_iter_init_ordered(&iter, create);
	while (json_object_iter_next_ordered(&iter, &key, &node))
		if (g_hash_table_contains(call->request->created, key))
			json_array_add_string_element(ids,
						      js_object_string(js_node_object(node), "id"));
	json_object_set_string_member(args, "accountId", from->id);
	if (state != NULL)
		json_object_set_string_member(args, "ifInState", state);
	json_object_set_array_member(args, "destroy", ids);
	call->follow_method = g_strdup("Email/set");
	call->follow_args = args;
}

static gboolean
js_copy_find_source(JsCall *call, JsAccount **from, guint *slot)
{
	const char *id = js_object_string(call->args, "fromAccountId");
	const char *wanted = js_object_string(call->args, "ifFromInState");
	g_autofree char *state = NULL;

	if (id == NULL)
		return js_call_invalid(call, "fromAccountId");
	*from = js_server_get_account_for(call->server, call->user, id, slot);
	if (*from == NULL)
		return js_call_fail(call, "fromAccountNotFound", NULL);
	if (*from == call->account)
		return js_call_invalid(call, "fromAccountId");
	state = js_account_dup_state(*from, JS_TYPE_EMAIL);
	if (wanted != NULL && strcmp(wanted, state) != 0)
		return js_call_fail(call, "stateMismatch", NULL);
	return TRUE;
}

gboolean
js_email_copy(JsCall *call)
{
	g_auto(JsSetAnswer) answer = {0};
	JsonObject *create = js_object_object(call->args, "create");
	JsAccount *from = NULL;
	guint from_slot = 0;
	JsonObjectIter iter;
	const char *key;
	JsonNode *node;

	if (create == NULL)
		return js_call_invalid(call, "create");
	if (!js_copy_find_source(call, &from, &from_slot) || !js_call_check_set_limit(call) ||
	    !js_call_check_state(call, JS_TYPE_EMAIL))
		return FALSE;
	js_set_answer_init(&answer);
	js_json_open(call->out, '{');
	js_json_kv_string(call->out, "fromAccountId", from->id);
	js_write_account(call);
	js_write_state(call, "oldState", JS_TYPE_EMAIL);
	json_object_iter_init_ordered(&iter, create);
	while (json_object_iter_next_ordered(&iter, &key, &node)) {
		g_hash_table_remove(call->request->created, key);
		if (js_call_fault_object(call, answer.not_created, key))
			continue;
		js_email_copy_one(call, from, from_slot, key, js_node_object(node), &answer);
	}
	js_account_commit(call->account);
	js_write_state(call, "newState", JS_TYPE_EMAIL);
	js_set_answer_write(&answer, call->out, "created");
	js_json_close(call->out, '}');
	if (js_object_bool(call->args, "onSuccessDestroyOriginal", FALSE))
		js_copy_plan_destroy(call, from);
	return TRUE;
}
