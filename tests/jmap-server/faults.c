/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Misbehaviour on demand
 *
 * Implementation: a list of faults, each with what it waits for and what it does; the first that
 *   matches is taken and counted. README.md describes the JSON of POST /admin/faults.
 */
#include <string.h>

#include "faults.h"
#include "json.h"
#include "server.h"

#define JS_MAX_FAULTS 1000

struct _JsFaults {
	GPtrArray *list;
};

static const struct {
	const char *name;
	JsFaultKind kind;
} js_fault_kinds[] = {
	{"delay", JS_FAULT_NONE},
	{"status", JS_FAULT_STATUS},
	{"cut-before", JS_FAULT_CUT_BEFORE},
	{"cut-after", JS_FAULT_CUT_AFTER},
	{"cut-middle", JS_FAULT_CUT_MIDDLE},
	{"wrong-json", JS_FAULT_WRONG_JSON},
	{"truncated-json", JS_FAULT_TRUNCATED_JSON},
	{"deep-json", JS_FAULT_DEEP_JSON},
	{"method-error", JS_FAULT_METHOD_ERROR},
	{"set-error", JS_FAULT_SET_ERROR},
	{"stale-state", JS_FAULT_STALE_STATE},
	{"garbage-state", JS_FAULT_GARBAGE_STATE},
	{"drop-push", JS_FAULT_DROP_PUSH},
};

static const char *const js_fault_places[] = {"api",         "method",  "upload", "download",
					      "eventsource", "session", NULL};

void
js_fault_unref(JsFault *fault)
{
	if (--fault->ref_count > 0)
		return;
	g_free(fault->on);
	g_free(fault->method);
	g_free(fault->user);
	g_free(fault->account);
	g_free(fault->type);
	g_free(fault->description);
	g_free(fault->body);
	g_free(fault->content_type);
	g_free(fault);
}

JsFaults *
js_faults_new(void)
{
	JsFaults *self = g_new0(JsFaults, 1);

	self->list = g_ptr_array_new_with_free_func((GDestroyNotify)js_fault_unref);
	return self;
}

void
js_faults_free(JsFaults *self)
{
	g_ptr_array_unref(self->list);
	g_free(self);
}

static JsFault *
js_fault_parse(JsonObject *object, GError **error)
{
	g_autoptr(JsFault) fault = g_new0(JsFault, 1);
	const char *kind = js_object_string(object, "do");
	gboolean known = FALSE;

	fault->ref_count = 1;
	for (guint i = 0; i < G_N_ELEMENTS(js_fault_kinds); i++)
		if (g_strcmp0(kind, js_fault_kinds[i].name) == 0) {
			fault->kind = js_fault_kinds[i].kind;
			known = TRUE;
		}
	fault->on = g_strdup(js_object_string(object, "on"));
	if (!known || fault->on == NULL || !g_strv_contains(js_fault_places, fault->on)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
			    "a fault needs a known \"on\" and \"do\"");
		return NULL;
	}
	fault->method = g_strdup(js_object_string(object, "method"));
	fault->user = g_strdup(js_object_string(object, "user"));
	fault->account = g_strdup(js_object_string(object, "account"));
	fault->skip = (guint)js_object_int(object, "skip", 0);
	fault->times = (guint)js_object_int(object, "times", 1);
	fault->delay = (guint)CLAMP(js_object_int(object, "delay", 0), 0, 3600000);
	fault->status = (guint)CLAMP(js_object_int(object, "status", 503), 200, 599);
	fault->retry_after = (guint)js_object_int(object, "retryAfter", 0);
	fault->type = g_strdup(js_object_string(object, "type"));
	fault->description = g_strdup(js_object_string(object, "description"));
	fault->object = (guint)js_object_int(object, "object", 0);
	fault->body = g_strdup(js_object_string(object, "body"));
	fault->content_type = g_strdup(js_object_string(object, "contentType"));
	return g_steal_pointer(&fault);
}

/* Replaces the whole list by an array of fault objects. */
gboolean
js_faults_set(JsFaults *self, JsonNode *node, GError **error)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)js_fault_unref);
	JsonArray *array = js_node_array(node);

	if (array == NULL || json_array_get_length(array) > JS_MAX_FAULTS) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
			    "expected an array of at most %d faults", JS_MAX_FAULTS);
		return FALSE;
	}
	for (guint i = 0; i < json_array_get_length(array); i++) {
		JsonObject *object = js_node_object(json_array_get_element(array, i));
		JsFault *fault = js_fault_parse(object, error);

		if (fault == NULL)
			return FALSE;
		g_ptr_array_add(list, fault);
	}
	g_ptr_array_unref(self->list);
	self->list = g_steal_pointer(&list);
	return TRUE;
}

void
js_faults_write(JsFaults *self, GString *out)
{
	js_json_open(out, '[');
	for (guint i = 0; i < self->list->len; i++) {
		JsFault *fault = g_ptr_array_index(self->list, i);

		js_json_open(out, '{');
		js_json_kv_string(out, "on", fault->on);
		js_json_kv_string(out, "method", fault->method);
		for (guint k = 0; k < G_N_ELEMENTS(js_fault_kinds); k++)
			if (js_fault_kinds[k].kind == fault->kind)
				js_json_kv_string(out, "do", js_fault_kinds[k].name);
		js_json_kv_int(out, "hits", fault->hits);
		js_json_close(out, '}');
	}
	js_json_close(out, ']');
}

static gboolean
js_fault_matches(JsFault *fault, const char *on, const char *method, const char *user,
		 const char *account)
{
	if (strcmp(fault->on, on) != 0)
		return FALSE;
	if (fault->method != NULL &&
	    (method == NULL || !g_pattern_match_simple(fault->method, method)))
		return FALSE;
	return (fault->user == NULL || g_strcmp0(fault->user, user) == 0) &&
	       (fault->account == NULL || g_strcmp0(fault->account, account) == 0);
}

/* Returns a reference to the fault that now happens, or NULL. */
JsFault *
js_faults_take(JsFaults *self, const char *on, const char *method, const char *user,
	       const char *account)
{
	for (guint i = 0; i < self->list->len; i++) {
		JsFault *fault = g_ptr_array_index(self->list, i);

		if (!js_fault_matches(fault, on, method, user, account))
			continue;
		if (fault->skip > 0) {
			fault->skip--;
			continue;
		}
		if (fault->times > 0 && fault->hits >= fault->times)
			continue;
		fault->hits++;
		fault->ref_count++;
		return fault;
	}
	return NULL;
}

void
js_fault_answer_status(JsFault *fault, SoupServerMessage *message)
{
	SoupMessageHeaders *headers = soup_server_message_get_response_headers(message);

	if (fault->retry_after > 0) {
		g_autofree char *text = g_strdup_printf("%u", fault->retry_after);

		soup_message_headers_replace(headers, "Retry-After", text);
	}
	if (fault->status == SOUP_STATUS_UNAUTHORIZED)
		js_http_refuse_credentials(message);
	else if (fault->body != NULL)
		js_http_answer(message, fault->status,
			       fault->content_type != NULL ? fault->content_type : "text/html",
			       fault->body, -1);
	else
		js_http_problem(message, fault->status,
				fault->type != NULL ? fault->type : "about:blank",
				fault->description != NULL ? fault->description : "as told", NULL);
}

/* Damages an answer that was made in good order. */
void
js_fault_spoil(JsFault *fault, GString *text)
{
	switch (fault->kind) {
	case JS_FAULT_WRONG_JSON:
		g_string_assign(text,
				fault->body != NULL ? fault->body : "{\"methodResponses\": 17, ]");
		break;
	case JS_FAULT_TRUNCATED_JSON:
		g_string_truncate(text, text->len / 2);
		break;
	case JS_FAULT_DEEP_JSON:
		g_string_assign(text, "{\"sessionState\":\"x\",\"methodResponses\":");
		for (guint i = 0; i < 200000; i++)
			g_string_append_c(text, '[');
		for (guint i = 0; i < 200000; i++)
			g_string_append_c(text, ']');
		g_string_append_c(text, '}');
		break;
	default:
		break;
	}
}

/* Such a fault changes one call; the others change the whole HTTP answer. */
gboolean
js_fault_is_method_level(const JsFault *fault)
{
	return fault->kind == JS_FAULT_METHOD_ERROR || fault->kind == JS_FAULT_SET_ERROR ||
	       fault->kind == JS_FAULT_STALE_STATE || fault->kind == JS_FAULT_GARBAGE_STATE;
}
