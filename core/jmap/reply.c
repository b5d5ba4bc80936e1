/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the octets of a reply to values
 *
 * Specification: RFC 8620 §3.4 (the Response object), §3.6.2 (method-level errors)
 * Implementation: guard, json-glib, own compact document. json-glib's tree takes eleven times the
 *   octets of the text and is slow to build and to drop; so it lives only here, for replies over 64
 *   KiB in another thread, and what the loop sees is two blocks of memory. An answer to a call that
 *   was not made, or by another method than was called, is no answer
 */
#include <json-glib/json-glib.h>
#include <string.h>

#include "jmap/error.h"
#include "jmap/guard-private.h"
#include "jmap/reply-private.h"

#define PARSE_OFF_LOOP 65536

static void write_node(FerryJmapDocWriter *writer, JsonNode *node);

static void
write_object(FerryJmapDocWriter *writer, JsonObject *object)
{
	guint32 index = ferry_jmap_doc_writer_begin(writer, FERRY_JMAP_TYPE_OBJECT);
	JsonObjectIter iter;
	const char *name = NULL;
	JsonNode *node = NULL;

	json_object_iter_init_ordered(&iter, object);
	while (json_object_iter_next_ordered(&iter, &name, &node)) {
		ferry_jmap_doc_writer_name(writer, name);
		write_node(writer, node);
	}
	ferry_jmap_doc_writer_end(writer, index, json_object_get_size(object));
}

static void
write_array(FerryJmapDocWriter *writer, JsonArray *array)
{
	guint32 index = ferry_jmap_doc_writer_begin(writer, FERRY_JMAP_TYPE_ARRAY);
	guint length = json_array_get_length(array);

	for (guint i = 0; i < length; i++)
		write_node(writer, json_array_get_element(array, i));
	ferry_jmap_doc_writer_end(writer, index, length);
}

static void
write_scalar(FerryJmapDocWriter *writer, JsonNode *node)
{
	switch (json_node_get_value_type(node)) {
	case G_TYPE_STRING:
		ferry_jmap_doc_writer_string(writer, json_node_get_string(node));
		break;
	case G_TYPE_BOOLEAN:
		ferry_jmap_doc_writer_boolean(writer, json_node_get_boolean(node));
		break;
	case G_TYPE_DOUBLE:
		ferry_jmap_doc_writer_double(writer, json_node_get_double(node));
		break;
	default:
		ferry_jmap_doc_writer_integer(writer, json_node_get_int(node));
	}
}

/* recurses as deep as the guard let through */
static void
write_node(FerryJmapDocWriter *writer, JsonNode *node)
{
	switch (json_node_get_node_type(node)) {
	case JSON_NODE_OBJECT:
		write_object(writer, json_node_get_object(node));
		break;
	case JSON_NODE_ARRAY:
		write_array(writer, json_node_get_array(node));
		break;
	case JSON_NODE_VALUE:
		write_scalar(writer, node);
		break;
	default:
		ferry_jmap_doc_writer_null(writer);
	}
}

/* private: parses @json, which is repaired in place, in this thread */
FerryJmapValue *
ferry_jmap_parse(GByteArray *json, GError **error)
{
	g_autoptr(JsonParser) parser = NULL;
	g_autoptr(FerryJmapDocWriter) writer = NULL;
	g_autoptr(GError) local_error = NULL;

	if (!ferry_jmap_guard(json, FERRY_JMAP_MAX_NESTING, error))
		return NULL;
	parser = json_parser_new();
	if (!json_parser_load_from_data(parser, (const char *)json->data, (gssize)json->len,
					&local_error) ||
	    json_parser_get_root(parser) == NULL) {
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_BACKEND, "not JSON: %s",
			    local_error != NULL ? local_error->message : "no value");
		return NULL;
	}
	writer = ferry_jmap_doc_writer_new(json->len);
	write_node(writer, json_parser_get_root(parser));
	return ferry_jmap_doc_writer_finish(writer);
}

/**
 * ferry_jmap_value_new_from_json:
 * @json: JSON text
 * @length: its octets, or -1 where it ends with NUL
 * @error: return location for an error
 *
 * Parses a text. What JSON libraries trip over is repaired: unpaired surrogates, escaped NULs
 * and octets that are no UTF-8 become U+FFFD.
 *
 * Returns: (transfer full) (nullable): the value, or %NULL with %FERRY_ERROR_BACKEND
 */
FerryJmapValue *
ferry_jmap_value_new_from_json(const char *json, gssize length, GError **error)
{
	g_autoptr(GByteArray) copy = g_byte_array_new();

	g_byte_array_append(copy, (const guint8 *)json,
			    (guint)(length < 0 ? strlen(json) : (gsize)length));
	return ferry_jmap_parse(copy, error);
}

static void
parse_in_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
	g_autoptr(GError) error = NULL;
	FerryJmapValue *value = ferry_jmap_parse(task_data, &error);

	if (value != NULL)
		g_task_return_pointer(task, value, (GDestroyNotify)ferry_jmap_value_unref);
	else
		g_task_return_error(task, g_steal_pointer(&error));
}

/* private: parses @json off the loop where it is large; the caller leaves @json alone until then */
void
ferry_jmap_parse_async(GByteArray *json, GCancellable *cancellable, GAsyncReadyCallback callback,
		       gpointer user_data)
{
	g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, user_data);

	g_task_set_source_tag(task, ferry_jmap_parse_async);
	g_task_set_task_data(task, g_byte_array_ref(json), (GDestroyNotify)g_byte_array_unref);
	if (json->len > PARSE_OFF_LOOP)
		g_task_run_in_thread(task, parse_in_thread);
	else
		parse_in_thread(task, NULL, json, cancellable);
}

/* private */
FerryJmapValue *
ferry_jmap_parse_finish(GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}

struct _FerryJmapReply {
	GObject parent;
	GHashTable *expected; /* call id → method; empty where every answer is taken */
	GHashTable *results; /* call id → GPtrArray of the FerryJmapValue [name, arguments, id] */
};

G_DEFINE_FINAL_TYPE(FerryJmapReply, ferry_jmap_reply, G_TYPE_OBJECT)

static void
ferry_jmap_reply_finalize(GObject *object)
{
	FerryJmapReply *self = FERRY_JMAP_REPLY(object);

	g_hash_table_unref(self->expected);
	g_hash_table_unref(self->results);
	G_OBJECT_CLASS(ferry_jmap_reply_parent_class)->finalize(object);
}

static void
ferry_jmap_reply_class_init(FerryJmapReplyClass *klass)
{
	G_OBJECT_CLASS(klass)->finalize = ferry_jmap_reply_finalize;
}

static void
ferry_jmap_reply_init(FerryJmapReply *self)
{
	self->expected = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	self->results = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					      (GDestroyNotify)g_ptr_array_unref);
}

/* private */
FerryJmapReply *
ferry_jmap_reply_new(void)
{
	return g_object_new(FERRY_TYPE_JMAP_REPLY, NULL);
}

/* private: which calls this is the reply to; the first answer to each must be the method's own or
 * an error, others that it implies may follow */
void
ferry_jmap_reply_expect(FerryJmapReply *self, const char *call_id, const char *method)
{
	g_hash_table_insert(self->expected, g_strdup(call_id), g_strdup(method));
}

static gboolean
is_expected(FerryJmapReply *self, const char *call_id, const char *name)
{
	const char *method = NULL;

	if (g_hash_table_size(self->expected) == 0)
		return TRUE;
	method = g_hash_table_lookup(self->expected, call_id);
	if (method == NULL)
		return FALSE;
	return g_strcmp0(name, method) == 0 || g_strcmp0(name, "error") == 0 ||
	       g_hash_table_contains(self->results, call_id);
}

/* private: takes the answers of one Response object in */
gboolean
ferry_jmap_reply_add_document(FerryJmapReply *self, FerryJmapValue *document, GError **error)
{
	FerryJmapValueIter iter;
	FerryJmapValue *invocation = NULL;

	if (!ferry_jmap_value_iter_init(&iter, document, "methodResponses") || iter.is_object) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_BACKEND,
				    "a reply without methodResponses");
		return FALSE;
	}
	while (ferry_jmap_value_iter_next(&iter, NULL, &invocation)) {
		const char *id = ferry_jmap_value_get_string(invocation, "2");
		GPtrArray *results = NULL;

		if (id == NULL ||
		    !is_expected(self, id, ferry_jmap_value_get_string(invocation, "0"))) {
			ferry_jmap_value_unref(invocation);
			continue;
		}
		results = g_hash_table_lookup(self->results, id);
		if (results == NULL) {
			results = g_ptr_array_new_with_free_func(
				(GDestroyNotify)ferry_jmap_value_unref);
			g_hash_table_insert(self->results, g_strdup(id), results);
		}
		g_ptr_array_add(results, invocation);
	}
	return TRUE;
}

/**
 * ferry_jmap_reply_get_n_results:
 * @self: a reply
 * @call_id: a call of the request
 *
 * Returns: how many answers the call got; more than one where a call implies others
 */
guint
ferry_jmap_reply_get_n_results(FerryJmapReply *self, const char *call_id)
{
	GPtrArray *results = g_hash_table_lookup(self->results, call_id);

	return results != NULL ? results->len : 0;
}

/**
 * ferry_jmap_reply_get_nth_result:
 * @self: a reply
 * @call_id: a call of the request
 * @nth: which of its answers, from 0
 * @method: (out) (optional) (transfer none): the method that this is the answer of
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): the arguments of the answer, or %NULL with the method's
 *   error, see ferry_jmap_error_new_for_type(), or %FERRY_ERROR_BACKEND where it was not answered
 */
FerryJmapValue *
ferry_jmap_reply_get_nth_result(FerryJmapReply *self, const char *call_id, guint nth,
				const char **method, GError **error)
{
	GPtrArray *results = g_hash_table_lookup(self->results, call_id);
	FerryJmapValue *invocation = NULL;
	const char *name = NULL;

	if (results == NULL || nth >= results->len) {
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_BACKEND, "no answer to call %s",
			    call_id);
		return NULL;
	}
	invocation = g_ptr_array_index(results, nth);
	name = ferry_jmap_value_get_string(invocation, "0");
	if (g_strcmp0(name, "error") == 0) {
		g_propagate_error(error,
				  ferry_jmap_error_new_for_type(
					  ferry_jmap_value_get_string(invocation, "1/type"),
					  ferry_jmap_value_get_string(invocation, "1/description"),
					  NULL));
		return NULL;
	}
	if (name == NULL || !ferry_jmap_value_has(invocation, "1")) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_BACKEND,
				    "an answer that is no invocation");
		return NULL;
	}
	if (method != NULL)
		*method = name;
	return ferry_jmap_value_get(invocation, "1");
}

/**
 * ferry_jmap_reply_get_result:
 * @self: a reply
 * @call_id: a call of the request
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): the arguments of the (first) answer to the call, or %NULL
 *   with an error as [method@JmapReply.get_nth_result] has it
 */
FerryJmapValue *
ferry_jmap_reply_get_result(FerryJmapReply *self, const char *call_id, GError **error)
{
	return ferry_jmap_reply_get_nth_result(self, call_id, 0, NULL, error);
}
