/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Blob/copy, Blob/get, Blob/upload, Blob/lookup
 *
 * Specification: RFC 8620 section 6.3, RFC 9404
 * Implementation: digests sha and sha-256; lookup for Email, Thread, Mailbox and SieveScript
 */
#include <string.h>

#include "methods.h"

gboolean
js_blob_copy(JsCall *call)
{
	const char *from_id = js_object_string(call->args, "fromAccountId");
	g_autoptr(GString) copied = g_string_new("{");
	g_autoptr(GString) refused = g_string_new("{");
	JsAccount *from = NULL;
	JsonArray *ids;
	guint slot = 0;

	if (from_id != NULL)
		from = js_server_get_account_for(call->server, call->user, from_id, &slot);
	if (from == NULL)
		return js_call_fail(call, "fromAccountNotFound", NULL);
	if (!js_call_get_ids(call, "blobIds", &ids))
		return FALSE;
	for (guint i = 0; ids != NULL && i < json_array_get_length(ids); i++) {
		const char *id = json_array_get_string_element(ids, i);
		g_autoptr(GBytes) bytes = js_account_ref_blob(from, id, slot);
		char new_id[2 * JS_DIGEST_SIZE + 2];

		if (bytes == NULL) {
			js_set_error(refused, id, "blobNotFound", NULL);
			continue;
		}
		js_blob_format_id(js_account_upload(call->account, bytes), new_id);
		js_json_kv_string(copied, id, new_id);
	}
	js_json_open(call->out, '{');
	js_json_kv_string(call->out, "fromAccountId", from->id);
	js_write_account(call);
	js_json_key(call->out, "copied");
	js_json_raw(call->out, copied->len > 1 ? copied->str : "null", -1);
	g_string_append(call->out, copied->len > 1 ? "}" : "");
	js_json_key(call->out, "notCopied");
	js_json_raw(call->out, refused->len > 1 ? refused->str : "null", -1);
	g_string_append(call->out, refused->len > 1 ? "}" : "");
	js_json_close(call->out, '}');
	return TRUE;
}

/* Blob/get */

typedef struct {
	GHashTable *wanted;
	gint64 offset, length; /* length -1: to the end */
} JsBlobRange;

static void
js_blob_write_data(JsCall *call, const JsBlobRange *range, const char *data, gsize len)
{
	gboolean any = g_hash_table_contains(range->wanted, "data");
	gboolean text = any || g_hash_table_contains(range->wanted, "data:asText");
	gboolean base64 = g_hash_table_contains(range->wanted, "data:asBase64");
	gboolean problem = text && !g_utf8_validate_len(data, len, NULL);

	if (text && !problem) {
		js_json_key(call->out, "data:asText");
		js_json_string_len(call->out, data, len);
	} else if (text && !any) {
		js_json_kv_string(call->out, "data:asText", NULL);
	}
	if (base64 || (any && problem)) {
		g_autofree char *encoded = g_base64_encode((const guchar *)data, len);

		js_json_kv_string(call->out, "data:asBase64", encoded);
	}
	if (problem)
		js_json_kv_bool(call->out, "isEncodingProblem", TRUE);
}

static void
js_blob_write_digest(JsCall *call, const JsBlobRange *range, const char *property,
		     GChecksumType type, const char *data, gsize len)
{
	g_autoptr(GChecksum) checksum = NULL;
	g_autofree char *encoded = NULL;
	guint8 digest[64];
	gsize digest_len = sizeof digest;

	if (!g_hash_table_contains(range->wanted, property))
		return;
	checksum = g_checksum_new(type);
	g_checksum_update(checksum, (const guchar *)data, (gssize)len);
	g_checksum_get_digest(checksum, digest, &digest_len);
	encoded = g_base64_encode(digest, digest_len);
	js_json_kv_string(call->out, property, encoded);
}

static void
js_blob_write(JsCall *call, const JsBlobRange *range, const char *id, GBytes *bytes)
{
	gsize size = 0, start, len;
	const char *data = g_bytes_get_data(bytes, &size);
	gboolean truncated;

	start = MIN((gsize)range->offset, size);
	len = size - start;
	if (range->length >= 0)
		len = MIN(len, (gsize)range->length);
	truncated = (gsize)range->offset > size ||
		    (range->length >= 0 && (gsize)range->length > size - start);
	data = size > 0 ? data + start : "";
	js_json_open(call->out, '{');
	js_json_kv_string(call->out, "id", id);
	js_blob_write_data(call, range, data, len);
	js_blob_write_digest(call, range, "digest:sha", G_CHECKSUM_SHA1, data, len);
	js_blob_write_digest(call, range, "digest:sha-256", G_CHECKSUM_SHA256, data, len);
	if (g_hash_table_contains(range->wanted, "size"))
		js_json_kv_int(call->out, "size", (gint64)size);
	if (truncated)
		js_json_kv_bool(call->out, "isTruncated", TRUE);
	js_json_close(call->out, '}');
}

gboolean
js_blob_get(JsCall *call)
{
	static const char *const known[] = {"id",   "data",       "data:asText",    "data:asBase64",
					    "size", "digest:sha", "digest:sha-256", NULL};
	g_autoptr(GHashTable) wanted = NULL;
	g_autoptr(GString) missing = g_string_new("[");
	JsBlobRange range = {NULL, js_object_int(call->args, "offset", 0),
			     js_object_int(call->args, "length", -1)};
	JsonArray *ids;

	if (!js_call_get_ids(call, "ids", &ids) ||
	    !js_call_get_properties(call, "properties", known, &wanted))
		return FALSE;
	if (ids == NULL || range.offset < 0 || range.length < -1)
		return js_call_invalid(call, "ids, offset or length");
	if (wanted == NULL) {
		wanted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
		g_hash_table_add(wanted, g_strdup("data"));
		g_hash_table_add(wanted, g_strdup("size"));
	}
	range.wanted = wanted;
	js_json_open(call->out, '{');
	js_write_account(call);
	js_json_key(call->out, "list");
	js_json_open(call->out, '[');
	for (guint i = 0; i < json_array_get_length(ids); i++) {
		const char *id = json_array_get_string_element(ids, i);
		const char *resolved = js_call_resolve_id(call, id);
		g_autoptr(GBytes) bytes =
			resolved != NULL ? js_account_ref_blob(call->account, resolved, call->slot)
					 : NULL;

		if (bytes != NULL)
			js_blob_write(call, &range, resolved, bytes);
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

/* Blob/upload */

static gboolean
js_source_append_blob(JsCall *call, JsonObject *source, GByteArray *out)
{
	const char *id = js_call_resolve_id(call, js_object_string(source, "blobId"));
	gint64 offset = js_object_int(source, "offset", 0);
	gint64 length = js_object_int(source, "length", -1);
	g_autoptr(GBytes) bytes = NULL;
	const guint8 *data;
	gsize size = 0;

	if (id != NULL)
		bytes = js_account_ref_blob(call->account, id, call->slot);
	if (bytes == NULL || offset < 0)
		return FALSE;
	data = g_bytes_get_data(bytes, &size);
	if ((guint64)offset > size)
		return FALSE;
	if (length < 0)
		length = (gint64)(size - (gsize)offset);
	if ((guint64)length > size - (gsize)offset)
		return FALSE;
	g_byte_array_append(out, data + offset, (guint)length);
	return TRUE;
}

static gboolean
js_source_append(JsCall *call, JsonObject *source, GByteArray *out)
{
	const char *text = js_object_string(source, "data:asText");
	const char *base64 = js_object_string(source, "data:asBase64");
	gsize len = 0;
	g_autofree guchar *data = NULL;

	if (text != NULL) {
		g_byte_array_append(out, (const guint8 *)text, (guint)strlen(text));
		return TRUE;
	}
	if (base64 == NULL)
		return js_source_append_blob(call, source, out);
	data = g_base64_decode(base64, &len);
	g_byte_array_append(out, data, (guint)len);
	return TRUE;
}

static void
js_blob_upload_one(JsCall *call, const char *key, JsonObject *object, JsSetAnswer *answer)
{
	JsonArray *sources = js_object_array(object, "data");
	const JsLimit *limits = call->server->limits;
	g_autoptr(GByteArray) all = g_byte_array_new();
	g_autoptr(GBytes) bytes = NULL;
	char id[2 * JS_DIGEST_SIZE + 2];

	if (sources == NULL || json_array_get_length(sources) == 0 ||
	    json_array_get_length(sources) > limits[JS_LIMIT_DATA_SOURCES].value) {
		js_set_error_properties(answer->not_created, key, "data", NULL);
		return;
	}
	for (guint i = 0; i < json_array_get_length(sources); i++) {
		JsonObject *source = js_node_object(json_array_get_element(sources, i));

		if (!js_source_append(call, source, all)) {
			js_set_error_properties(answer->not_created, key, "data", "no such blob");
			return;
		}
		if (all->len > limits[JS_LIMIT_BLOB_SET].value) {
			js_set_error(answer->not_created, key, "tooLarge", NULL);
			return;
		}
	}
	bytes = g_byte_array_free_to_bytes(g_steal_pointer(&all));
	js_blob_format_id(js_account_upload(call->account, bytes), id);
	g_hash_table_replace(call->request->created, g_strdup(key), g_strdup(id));
	js_json_key(answer->created, key);
	js_json_open(answer->created, '{');
	js_json_kv_string(answer->created, "id", id);
	js_json_kv_string(answer->created, "blobId", id);
	js_json_kv_string(answer->created, "type", js_object_string(object, "type"));
	js_json_kv_int(answer->created, "size", (gint64)g_bytes_get_size(bytes));
	js_json_close(answer->created, '}');
}

gboolean
js_blob_upload(JsCall *call)
{
	g_auto(JsSetAnswer) answer = {0};
	JsonObject *create = js_object_object(call->args, "create");
	JsonObjectIter iter;
	const char *key;
	JsonNode *node;

	if (create == NULL)
		return js_call_invalid(call, "create");
	if (!js_call_check_set_limit(call))
		return FALSE;
	js_set_answer_init(&answer);
	js_json_open(call->out, '{');
	js_write_account(call);
	json_object_iter_init_ordered(&iter, create);
	while (json_object_iter_next_ordered(&iter, &key, &node))
		if (!js_call_fault_object(call, answer.not_created, key))
			js_blob_upload_one(call, key, js_node_object(node), &answer);
	js_set_answer_write(&answer, call->out, "created");
	js_json_close(call->out, '}');
	return TRUE;
}

/* Blob/lookup */

static void
js_lookup_collect(JsCall *call, JsBlob *blob, GHashTable *emails, GHashTable *threads,
		  GHashTable *mailboxes)
{
	for (guint i = 1; blob != NULL && i < call->account->emails->len; i++) {
		JsEmail *email = js_account_get_email(call->account, i);

		if (email == NULL || email->blob != blob ||
		    (js_account_get_viewers(call->account, email) >> call->slot & 1) == 0)
			continue;
		g_hash_table_add(emails, GUINT_TO_POINTER(email->number));
		g_hash_table_add(threads, GUINT_TO_POINTER(email->thread));
		for (guint k = 0; k < email->n_boxes; k++)
			if (js_mailbox_is_visible(
				    js_account_get_mailbox(call->account, email->boxes[k]),
				    call->slot))
				g_hash_table_add(mailboxes, GUINT_TO_POINTER(email->boxes[k]));
	}
}

static void
js_lookup_write(JsCall *call, const char *type, GHashTable *numbers, char letter)
{
	GHashTableIter iter;
	gpointer number;
	char buffer[16];

	js_json_key(call->out, type);
	js_json_open(call->out, '[');
	g_hash_table_iter_init(&iter, numbers);
	while (g_hash_table_iter_next(&iter, &number, NULL))
		js_json_string(call->out, js_id_format(letter, GPOINTER_TO_UINT(number), buffer));
	js_json_close(call->out, ']');
}

static void
js_lookup_one(JsCall *call, JsonArray *types, const char *id, JsBlob *blob)
{
	g_autoptr(GHashTable) emails = g_hash_table_new(NULL, NULL);
	g_autoptr(GHashTable) threads = g_hash_table_new(NULL, NULL);
	g_autoptr(GHashTable) mailboxes = g_hash_table_new(NULL, NULL);
	g_autoptr(GHashTable) scripts = g_hash_table_new(NULL, NULL);
	GHashTable *found[] = {emails, threads, mailboxes, scripts};
	static const char *const names[] = {"Email", "Thread", "Mailbox", "SieveScript"};

	js_lookup_collect(call, blob, emails, threads, mailboxes);
	for (guint i = 1; call->slot == 0 && i < call->account->scripts->len; i++) {
		JsScript *script = g_ptr_array_index(call->account->scripts, i);

		if (script != NULL && script->blob == blob)
			g_hash_table_add(scripts, GUINT_TO_POINTER(i));
	}
	js_json_open(call->out, '{');
	js_json_kv_string(call->out, "id", id);
	js_json_key(call->out, "matchedIds");
	js_json_open(call->out, '{');
	for (guint i = 0; i < json_array_get_length(types); i++)
		for (guint k = 0; k < G_N_ELEMENTS(names); k++)
			if (strcmp(json_array_get_string_element(types, i), names[k]) == 0)
				js_lookup_write(call, names[k], found[k], "MTBS"[k]);
	js_json_close(call->out, '}');
	js_json_close(call->out, '}');
}

gboolean
js_blob_lookup(JsCall *call)
{
	static const char *const known[] = {"Email", "Thread", "Mailbox", "SieveScript", NULL};
	JsonArray *types = js_object_array(call->args, "typeNames");
	g_autoptr(GString) missing = g_string_new("[");
	JsonArray *ids;

	if (!js_call_get_ids(call, "ids", &ids))
		return FALSE;
	if (types == NULL || ids == NULL)
		return js_call_invalid(call, "typeNames or ids");
	for (guint i = 0; i < json_array_get_length(types); i++)
		if (!js_node_is_string(json_array_get_element(types, i)) ||
		    !g_strv_contains(known, json_array_get_string_element(types, i)))
			return js_call_fail(call, "unknownDataType", NULL);
	js_json_open(call->out, '{');
	js_write_account(call);
	js_json_key(call->out, "list");
	js_json_open(call->out, '[');
	for (guint i = 0; i < json_array_get_length(ids); i++) {
		const char *id = json_array_get_string_element(ids, i);
		JsBlob *blob = js_account_find_blob(call->account, id);

		if (blob != NULL && js_account_may_see_blob(call->account, blob, call->slot))
			js_lookup_one(call, types, id, blob);
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
