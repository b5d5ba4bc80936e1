/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Uploads and downloads
 *
 * Specification: RFC 8620 sections 6.1 and 6.2, RFC 7233 (one range)
 * Implementation: the blobId of a part is that of its message, "-" and the number of the part
 */
#include <string.h>

#include "methods.h"
#include "stats.h"

gboolean
js_account_may_see_blob(JsAccount *account, JsBlob *blob, guint slot)
{
	if (slot == 0 || blob->users == 0)
		return TRUE;
	for (guint i = 1; i < account->emails->len; i++) {
		JsEmail *email = js_account_get_email(account, i);

		if (email != NULL && email->blob == blob &&
		    (js_account_get_viewers(account, email) >> slot & 1) != 0)
			return TRUE;
	}
	return FALSE;
}

/* The octets of a blob or of a decoded part, for the user of @slot; NULL when there are none. */
GBytes *
js_account_ref_blob(JsAccount *account, const char *id, guint slot)
{
	JsBlob *blob = js_account_find_blob(account, id);
	const char *suffix = id + 1 + 2 * JS_DIGEST_SIZE;
	g_autoptr(GBytes) bytes = NULL;
	g_autoptr(JsMessage) message = NULL;
	guint64 number = 0;
	const char *data;
	char *decoded;
	gsize len = 0;

	if (blob == NULL || !js_account_may_see_blob(account, blob, slot))
		return NULL;
	bytes = js_blob_ref_bytes(blob);
	if (*suffix == '\0')
		return g_steal_pointer(&bytes);
	if (*suffix != '-' ||
	    !g_ascii_string_to_unsigned(suffix + 1, 10, 0, G_MAXUINT32, &number, NULL))
		return NULL;
	data = g_bytes_get_data(bytes, &len);
	message = js_message_parse(data != NULL ? data : "", len, TRUE);
	if (number >= message->parts->len)
		return NULL;
	decoded = js_part_decode(message, g_ptr_array_index(message->parts, number), &len);
	return g_bytes_new_take(decoded, len);
}

void
js_upload_handle(JsServer *self, SoupServerMessage *message, JsUser *user, const char *path)
{
	g_autofree char *id = g_strndup(path, strcspn(path, "/"));
	guint slot = 0;
	JsAccount *account = js_server_get_account_for(self, user, id, &slot);
	g_autoptr(GBytes) bytes =
		soup_message_body_flatten(soup_server_message_get_request_body(message));
	const char *type = soup_message_headers_get_one(
		soup_server_message_get_request_headers(message), "Content-Type");
	char blob_id[2 * JS_DIGEST_SIZE + 2];
	GString *out;
	JsBlob *blob;

	js_stats_count_for(self->stats, "uploads", user->name);
	js_stats_count_bytes(self->stats, "uploadedBytes", g_bytes_get_size(bytes));
	if (account == NULL) {
		js_http_problem(message, SOUP_STATUS_NOT_FOUND, "about:blank", "no such account",
				NULL);
		return;
	}
	if ((gint64)g_bytes_get_size(bytes) > self->limits[JS_LIMIT_SIZE_UPLOAD].value) {
		js_http_problem(message, SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE,
				"urn:ietf:params:jmap:error:limit", "the upload is too large",
				self->limits[JS_LIMIT_SIZE_UPLOAD].name);
		return;
	}
	blob = js_account_upload(account, bytes);
	js_blob_format_id(blob, blob_id);
	out = g_string_new(NULL);
	js_json_open(out, '{');
	js_json_kv_string(out, "accountId", account->id);
	js_json_kv_string(out, "blobId", blob_id);
	js_json_kv_string(out, "type", type != NULL ? type : "application/octet-stream");
	js_json_kv_int(out, "size", (gint64)blob->size);
	js_json_close(out, '}');
	js_http_take_answer(message, SOUP_STATUS_CREATED, "application/json", out);
}

static gboolean
js_type_is_plain(const char *type)
{
	for (const char *p = type; *p != '\0'; p++)
		if (*p < 32 || *p > 126)
			return FALSE;
	return strchr(type, '/') != NULL;
}

static void
js_download_answer(SoupServerMessage *message, GBytes *bytes, const char *type)
{
	SoupMessageHeaders *headers = soup_server_message_get_response_headers(message);

	soup_server_message_set_status(message, SOUP_STATUS_OK, NULL);
	soup_message_headers_set_content_type(headers, type, NULL);
	soup_message_headers_replace(headers, "Cache-Control",
				     "private, immutable, max-age=31536000");
	soup_message_headers_replace(headers, "Accept-Ranges", "bytes");
	soup_message_headers_replace(headers, "Content-Disposition", "attachment");
	/* libsoup cuts the body down to the range that was asked for */
	soup_message_body_append_bytes(soup_server_message_get_response_body(message), bytes);
}

void
js_download_handle(JsServer *self, SoupServerMessage *message, JsUser *user, const char *path,
		   GHashTable *query)
{
	g_auto(GStrv) steps = g_strsplit(path, "/", 3);
	const char *type = query != NULL ? g_hash_table_lookup(query, "type") : NULL;
	g_autoptr(GBytes) bytes = NULL;
	JsAccount *account = NULL;
	guint slot = 0;

	js_stats_count_for(self->stats, "downloads", user->name);
	if (steps[0] != NULL && steps[1] != NULL)
		account = js_server_get_account_for(self, user, steps[0], &slot);
	if (account != NULL)
		bytes = js_account_ref_blob(account, steps[1], slot);
	if (bytes == NULL) {
		js_http_problem(message, SOUP_STATUS_NOT_FOUND, "about:blank", "no such blob",
				NULL);
		return;
	}
	js_stats_count_bytes(self->stats, "downloadedBytes", g_bytes_get_size(bytes));
	js_download_answer(message, bytes,
			   type != NULL && js_type_is_plain(type) ? type
								  : "application/octet-stream");
}
