/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An API request: checks, one call after the other, the response
 *
 * Specification: RFC 8620 sections 3.3 to 3.6
 */
#include <string.h>

#include "request.h"
#include "stats.h"

#define JS_ERROR_PREFIX "urn:ietf:params:jmap:error:"

static void
js_result_free(JsResult *result)
{
	g_free(result->method);
	g_free(result->id);
	g_free(result->text);
	g_clear_pointer(&result->node, json_node_unref);
	g_free(result);
}

gboolean
js_call_fail(JsCall *call, const char *type, const char *format, ...)
{
	va_list ap;

	g_free(call->error);
	g_free(call->error_detail);
	call->error = g_strdup(type);
	va_start(ap, format);
	call->error_detail = format != NULL ? g_strdup_vprintf(format, ap) : NULL;
	va_end(ap);
	return FALSE;
}

gboolean
js_call_invalid(JsCall *call, const char *argument)
{
	return js_call_fail(call, "invalidArguments", "%s", argument);
}

static void
js_request_add_result(JsRequest *request, const char *method, const char *id, GString *text)
{
	JsResult *result = g_new0(JsResult, 1);

	js_json_open(request->responses, '[');
	js_json_string(request->responses, method);
	js_json_raw(request->responses, text->str, (gssize)text->len);
	js_json_string(request->responses, id);
	js_json_close(request->responses, ']');
	result->method = g_strdup(method);
	result->id = g_strdup(id);
	result->text = g_strdup(text->str);
	g_ptr_array_add(request->results, result);
}

static gboolean
js_call_check_arguments(JsCall *call, const JsMethod *method)
{
	g_auto(GStrv) allowed = g_strsplit(method->args != NULL ? method->args : "", " ", -1);
	JsonObjectIter iter;
	const char *key;

	if (method->args == NULL)
		return TRUE;
	json_object_iter_init_ordered(&iter, call->args);
	while (json_object_iter_next_ordered(&iter, &key, NULL))
		if (strcmp(key, "accountId") != 0 &&
		    !g_strv_contains((const char *const *)allowed, key))
			return js_call_fail(call, "invalidArguments", "unknown argument %s", key);
	return TRUE;
}

static gboolean
js_method_writes(const JsMethod *method)
{
	return g_str_has_suffix(method->name, "/set") ||
	       g_str_has_suffix(method->name, "/import") || strcmp(method->name, "Email/copy") == 0;
}

static gboolean
js_call_find_account(JsCall *call, const JsMethod *method)
{
	const char *id = js_object_string(call->args, "accountId");

	if ((method->flags & JS_METHOD_NO_ACCOUNT) != 0)
		return TRUE;
	if (id == NULL)
		return js_call_invalid(call, "accountId");
	call->account = js_server_get_account_for(call->server, call->user, id, &call->slot);
	if (call->account == NULL)
		return js_call_fail(call, "accountNotFound", NULL);
	if ((method->flags & JS_METHOD_OWNER_ONLY) != 0 && call->slot != 0)
		return js_call_fail(call, "accountNotSupportedByMethod", NULL);
	if (call->account->read_only && js_method_writes(method))
		return js_call_fail(call, "accountReadOnly", NULL);
	return TRUE;
}

static gboolean
js_call_run(JsCall *call)
{
	const JsMethod *method = js_method_find(call->method);

	if (method == NULL || !js_capability_is_on(call->server, method->capability) ||
	    !g_hash_table_contains(call->request->using, method->capability))
		return js_call_fail(call, "unknownMethod", NULL);
	js_stats_count_method(call->server->stats, method->name);
	if (call->fault != NULL && call->fault->kind == JS_FAULT_METHOD_ERROR)
		return js_call_fail(
			call, call->fault->type != NULL ? call->fault->type : "serverFail", "%s",
			call->fault->description != NULL ? call->fault->description : "as told");
	if (!js_call_find_account(call, method) || !js_call_check_arguments(call, method))
		return FALSE;
	return method->run(call);
}

static void
js_call_write_error(JsCall *call)
{
	g_string_truncate(call->out, 0);
	js_json_open(call->out, '{');
	js_json_kv_string(call->out, "type", call->error);
	if (call->error_detail != NULL)
		js_json_kv_string(call->out, "description", call->error_detail);
	js_json_close(call->out, '}');
}

static void
js_request_run_call(JsRequest *request, const char *method, const char *id, JsonObject *args,
		    JsFault *fault)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(JsonObject) resolved = NULL;
	JsCall call = {request, request->server, request->user, method, id};
	const char *error = NULL;
	gboolean done = FALSE;

	call.out = out;
	call.fault = fault;
	resolved = js_request_resolve_args(request, args, &error);
	call.args = resolved;
	if (resolved == NULL)
		js_call_fail(&call, error, NULL);
	else
		done = js_call_run(&call);
	if (call.account != NULL)
		js_account_commit(call.account);
	if (!done)
		js_call_write_error(&call);
	js_request_add_result(request, done ? method : "error", id, out);
	g_free(call.error);
	g_free(call.error_detail);
	if (call.follow_method != NULL) {
		js_request_run_call(request, call.follow_method, id, call.follow_args, NULL);
		g_free(call.follow_method);
		json_object_unref(call.follow_args);
	}
}

/* What the calls of one request are, before the first is run. */
typedef struct {
	const char *method, *id;
	JsonObject *args;
	JsFault *fault;
} JsPlanned;

static void
js_planned_clear(gpointer data)
{
	JsPlanned *planned = data;

	g_clear_pointer(&planned->fault, js_fault_unref);
}

static GArray *
js_request_plan(JsonArray *calls)
{
	g_autoptr(GArray) plan = g_array_new(FALSE, FALSE, sizeof(JsPlanned));

	g_array_set_clear_func(plan, js_planned_clear);
	for (guint i = 0; i < json_array_get_length(calls); i++) {
		JsonArray *call = js_node_array(json_array_get_element(calls, i));
		JsPlanned planned = {NULL};

		if (call == NULL || json_array_get_length(call) != 3 ||
		    !js_node_is_string(json_array_get_element(call, 0)) ||
		    !js_node_is_string(json_array_get_element(call, 2)))
			return NULL;
		planned.method = json_array_get_string_element(call, 0);
		planned.args = js_node_object(json_array_get_element(call, 1));
		planned.id = json_array_get_string_element(call, 2);
		if (planned.args == NULL)
			return NULL;
		g_array_append_val(plan, planned);
	}
	return g_steal_pointer(&plan);
}

static gboolean
js_request_read_using(JsRequest *request, JsonArray *using, SoupServerMessage *message)
{
	for (guint i = 0; i < json_array_get_length(using); i++) {
		JsonNode *node = json_array_get_element(using, i);

		if (!js_node_is_string(node)) {
			js_http_problem(message, 400, JS_ERROR_PREFIX "notRequest", "using", NULL);
			return FALSE;
		}
		if (!js_capability_is_on(request->server, json_node_get_string(node))) {
			js_http_problem(message, 400, JS_ERROR_PREFIX "unknownCapability",
					json_node_get_string(node), NULL);
			return FALSE;
		}
		g_hash_table_add(request->using, g_strdup(json_node_get_string(node)));
	}
	return TRUE;
}

static gboolean
js_request_read_created(JsRequest *request, JsonObject *root)
{
	JsonObject *created = js_object_object(root, "createdIds");
	JsonObjectIter iter;
	const char *key;
	JsonNode *node;

	if (js_node_is_null(js_object_node(root, "createdIds")))
		return TRUE;
	if (created == NULL)
		return FALSE;
	request->return_created = TRUE;
	json_object_iter_init_ordered(&iter, created);
	while (json_object_iter_next_ordered(&iter, &key, &node)) {
		if (!js_node_is_string(node))
			return FALSE;
		g_hash_table_replace(request->created, g_strdup(key),
				     g_strdup(json_node_get_string(node)));
	}
	return TRUE;
}

static GString *
js_request_finish(JsRequest *request)
{
	GString *out = g_string_sized_new(request->responses->len + 200);
	g_autofree char *state = js_session_dup_state(request->server);
	GHashTableIter iter;
	gpointer key, value;

	js_json_open(out, '{');
	js_json_key(out, "methodResponses");
	js_json_raw(out, request->responses->str, (gssize)request->responses->len);
	js_json_close(out, ']');
	if (request->return_created) {
		js_json_key(out, "createdIds");
		js_json_open(out, '{');
		g_hash_table_iter_init(&iter, request->created);
		while (g_hash_table_iter_next(&iter, &key, &value))
			js_json_kv_string(out, key, value);
		js_json_close(out, '}');
	}
	js_json_kv_string(out, "sessionState", state);
	js_json_close(out, '}');
	return out;
}

/* Sends the response the way the fault wants it. */
static void
js_request_send(SoupServerMessage *message, GString *out, JsFault *fault)
{
	if (fault != NULL && fault->kind == JS_FAULT_CUT_AFTER) {
		js_http_cut(message);
	} else if (fault != NULL && fault->kind == JS_FAULT_CUT_MIDDLE) {
		js_http_cut_middle(message, "application/json", out->str, out->len);
	} else {
		if (fault != NULL)
			js_fault_spoil(fault, out);
		js_http_take_answer(message, SOUP_STATUS_OK, "application/json", out);
		return;
	}
	g_string_free(out, TRUE);
}

/* TRUE when the fault is the answer and nothing may be executed. */
static gboolean
js_request_fails_before(JsServer *self, SoupServerMessage *message, JsFault *fault)
{
	if (fault == NULL)
		return FALSE;
	if (fault->delay > 0)
		js_http_delay(message, fault->delay);
	if (fault->kind == JS_FAULT_DROP_PUSH)
		js_push_drop_all(self->push);
	if (fault->kind == JS_FAULT_STATUS)
		js_fault_answer_status(fault, message);
	else if (fault->kind == JS_FAULT_CUT_BEFORE)
		js_http_cut(message);
	else
		return FALSE;
	return TRUE;
}

static void
js_request_execute(JsRequest *request, GArray *plan, SoupServerMessage *message)
{
	JsServer *server = request->server;
	g_autoptr(JsFault) whole =
		js_faults_take(server->faults, "api", NULL, request->user->name, NULL);

	for (guint i = 0; i < plan->len; i++) {
		JsPlanned *planned = &g_array_index(plan, JsPlanned, i);

		planned->fault = js_faults_take(server->faults, "method", planned->method,
						request->user->name,
						js_object_string(planned->args, "accountId"));
		if (whole == NULL && planned->fault != NULL &&
		    !js_fault_is_method_level(planned->fault))
			whole = g_steal_pointer(&planned->fault);
	}
	if (js_request_fails_before(server, message, whole))
		return;
	for (guint i = 0; i < plan->len; i++) {
		JsPlanned *planned = &g_array_index(plan, JsPlanned, i);

		if (planned->fault != NULL && planned->fault->delay > 0)
			js_http_delay(message, planned->fault->delay);
		js_request_run_call(request, planned->method, planned->id, planned->args,
				    planned->fault);
	}
	js_request_send(message, js_request_finish(request), whole);
}

static void
js_request_answer(JsServer *self, SoupServerMessage *message, JsUser *user, JsonNode *root)
{
	g_autoptr(GHashTable) using = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GHashTable) created =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_autoptr(GString) responses = g_string_new("[");
	g_autoptr(GPtrArray) results =
		g_ptr_array_new_with_free_func((GDestroyNotify)js_result_free);
	g_autoptr(GArray) plan = NULL;
	JsRequest request = {self, user, using, created, FALSE, responses, results};
	JsonObject *object = js_node_object(root);
	JsonArray *capabilities = js_object_array(object, "using");
	JsonArray *calls = js_object_array(object, "methodCalls");

	if (capabilities != NULL && calls != NULL && js_request_read_created(&request, object))
		plan = js_request_plan(calls);
	if (plan == NULL)
		js_http_problem(message, 400, JS_ERROR_PREFIX "notRequest",
				"not a Request object of RFC 8620 section 3.3", NULL);
	else if (plan->len > self->limits[JS_LIMIT_CALLS].value)
		js_http_problem(message, 400, JS_ERROR_PREFIX "limit", "too many calls",
				self->limits[JS_LIMIT_CALLS].name);
	else if (js_request_read_using(&request, capabilities, message))
		js_request_execute(&request, plan, message);
}

static void
js_api_finished_cb(SoupServerMessage *message, gpointer user_data)
{
	JsUser *user = user_data;

	user->under_way--;
}

void
js_api_handle(JsServer *self, SoupServerMessage *message, JsUser *user)
{
	const char *type = soup_message_headers_get_content_type(
		soup_server_message_get_request_headers(message), NULL);
	g_autoptr(GBytes) body =
		soup_message_body_flatten(soup_server_message_get_request_body(message));
	g_autoptr(JsonNode) root = NULL;
	g_autoptr(GError) error = NULL;
	gsize len = 0;
	const char *text = g_bytes_get_data(body, &len);

	js_stats_count_for(self->stats, "requests", user->name);
	js_stats_log_request(self->stats, text != NULL ? text : "", len);
	user->under_way++;
	g_signal_connect(message, "finished", G_CALLBACK(js_api_finished_cb), user);
	if (user->under_way > self->limits[JS_LIMIT_CONCURRENT_REQUESTS].value) {
		js_http_problem(message, 400, JS_ERROR_PREFIX "limit", "too many at once",
				self->limits[JS_LIMIT_CONCURRENT_REQUESTS].name);
		return;
	}
	if ((gint64)len > self->limits[JS_LIMIT_SIZE_REQUEST].value) {
		js_http_problem(message, 400, JS_ERROR_PREFIX "limit", "the request is too large",
				self->limits[JS_LIMIT_SIZE_REQUEST].name);
		return;
	}
	if (g_strcmp0(type, "application/json") == 0 && text != NULL)
		root = js_json_parse(text, len, &error);
	if (root == NULL)
		js_http_problem(message, 400, JS_ERROR_PREFIX "notJSON",
				error != NULL ? error->message : "not application/json", NULL);
	else
		js_request_answer(self, message, user, root);
}
