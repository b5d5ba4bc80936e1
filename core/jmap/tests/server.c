/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The server of test-client.c */
#include <string.h>

#include "jmap/value.h"
#include "jmap/builder.h"
#include "server.h"

static void
reply_json(SoupServerMessage *message, guint status, const char *json)
{
	soup_server_message_set_status(message, status, NULL);
	soup_server_message_set_response(message, "application/json", SOUP_MEMORY_COPY, json,
					 strlen(json));
}

static gboolean
is_authorized(Server *self, SoupServerMessage *message)
{
	const char *header = soup_message_headers_get_one(
		soup_server_message_get_request_headers(message), "Authorization");
	g_autofree char *pair = g_strconcat("alice:", self->password, NULL);
	g_autofree char *encoded = g_base64_encode((const guchar *)pair, strlen(pair));
	g_autofree char *expected = g_strconcat("Basic ", encoded, NULL);

	if (g_strcmp0(header, expected) == 0)
		return TRUE;
	soup_server_message_set_status(message, 401, NULL);
	return FALSE;
}

static void
session_cb(SoupServer *soup, SoupServerMessage *message, const char *path, GHashTable *query,
	   gpointer user_data)
{
	Server *self = user_data;
	g_autofree char *json = NULL;

	if (!is_authorized(self, message))
		return;
	self->n_sessions++;
	json = g_strdup_printf(
		"{\"username\":\"alice\",\"state\":\"s%u\",\"apiUrl\":\"%s\","
		"\"downloadUrl\":\"/down/{accountId}/{blobId}?accept={type}\","
		"\"uploadUrl\":\"up/{accountId}/\",\"eventSourceUrl\":\"/"
		"events?types={types}&ping={ping}\","
		"\"capabilities\":{\"urn:ietf:params:jmap:core\":%s,\"urn:ietf:params:jmap:mail\":{"
		"},"
		"\"urn:ietf:params:jmap:blob\":{}},"
		"\"accounts\":{\"A1\":{\"name\":\"alice\",\"isPersonal\":true,\"isReadOnly\":false,"
		"\"accountCapabilities\":%s}},"
		"\"primaryAccounts\":{\"urn:ietf:params:jmap:mail\":\"A1\"}}",
		self->n_sessions, self->api_url, self->core, self->account_caps);
	reply_json(message, 200, json);
}

static void
well_known_cb(SoupServer *soup, SoupServerMessage *message, const char *path, GHashTable *query,
	      gpointer user_data)
{
	soup_server_message_set_redirect(message, 301, "/jmap/session");
}

static FerryJmapValue *
find_blob(Server *self, const char *id)
{
	GBytes *bytes = g_hash_table_lookup(self->blobs, id);
	g_autoptr(FerryJmapBuilder) builder = ferry_jmap_builder_new();
	g_autofree char *json = NULL;
	gsize size = 0;
	const char *data = bytes != NULL ? g_bytes_get_data(bytes, &size) : NULL;

	if (data == NULL)
		return NULL;
	ferry_jmap_builder_begin_object(builder);
	ferry_jmap_builder_set_string(builder, "id", id);
	ferry_jmap_builder_set_uint(builder, "size", size);
	if (g_utf8_validate(data, (gssize)size, NULL)) {
		g_autofree char *text = g_strndup(data, size);

		ferry_jmap_builder_set_string(builder, "data:asText", text);
	} else {
		g_autofree char *text = g_base64_encode((const guchar *)data, size);

		/* one of them lies, and must be fetched by itself */
		ferry_jmap_builder_set_bool(builder, "isEncodingProblem", id[0] == 'x');
		ferry_jmap_builder_set_string(builder, "data:asBase64", text);
	}
	ferry_jmap_builder_end_object(builder);
	json = ferry_jmap_builder_to_json(builder);
	return ferry_jmap_value_new_from_json(json, -1, NULL);
}

static void
write_blobs(Server *self, FerryJmapBuilder *out, FerryJmapValue *args)
{
	g_auto(GStrv) ids = ferry_jmap_value_dup_strings(args, "ids");

	ferry_jmap_builder_begin_object(out);
	ferry_jmap_builder_name(out, "list");
	ferry_jmap_builder_begin_array(out);
	for (guint i = 0; ids[i] != NULL; i++) {
		g_autoptr(FerryJmapValue) blob = find_blob(self, ids[i]);

		if (blob != NULL)
			ferry_jmap_builder_value(out, blob);
	}
	ferry_jmap_builder_end_array(out);
	ferry_jmap_builder_end_object(out);
}

static void
answer_ok(Server *self, SoupServerMessage *message, FerryJmapValue *request, const char *state)
{
	g_autoptr(FerryJmapBuilder) out = ferry_jmap_builder_new();
	g_autofree char *json = NULL;
	FerryJmapValueIter iter;
	FerryJmapValue *call = NULL;

	ferry_jmap_builder_begin_object(out);
	ferry_jmap_builder_set_string(out, "sessionState", state);
	ferry_jmap_builder_name(out, "methodResponses");
	ferry_jmap_builder_begin_array(out);
	ferry_jmap_value_iter_init(&iter, request, "methodCalls");
	while (ferry_jmap_value_iter_next(&iter, NULL, &call)) {
		g_autoptr(FerryJmapValue) args = ferry_jmap_value_get(call, "1");
		const char *name = ferry_jmap_value_get_string(call, "0");

		ferry_jmap_builder_begin_array(out);
		ferry_jmap_builder_string(out, name);
		if (g_str_equal(name, "Blob/get"))
			write_blobs(self, out, args);
		else
			ferry_jmap_builder_value(out, args);
		ferry_jmap_builder_string(out, ferry_jmap_value_get_string(call, "2"));
		ferry_jmap_builder_end_array(out);
		ferry_jmap_value_unref(call);
	}
	ferry_jmap_builder_end_array(out);
	ferry_jmap_builder_end_object(out);
	json = ferry_jmap_builder_to_json(out);
	reply_json(message, 200, json);
}

static void
answer_status(SoupServerMessage *message, const char *word)
{
	const char *slash = strchr(word, '/');

	soup_server_message_set_status(message, (guint)strtoul(word, NULL, 10), NULL);
	if (slash != NULL)
		soup_message_headers_replace(soup_server_message_get_response_headers(message),
					     "Retry-After", slash + 1);
}

static void
cut(SoupServerMessage *message)
{
	g_autoptr(GIOStream) stream = soup_server_message_steal_connection(message);

	g_io_stream_close(stream, NULL, NULL);
}

static void
finished_cb(SoupServerMessage *message, gpointer user_data)
{
	Server *self = user_data;

	self->running--;
}

static gboolean
unpause_cb(gpointer user_data)
{
	soup_server_message_unpause(user_data);
	return G_SOURCE_REMOVE;
}

static void
answer_lie(Server *self, SoupServerMessage *message, FerryJmapValue *request)
{
	const char *id = ferry_jmap_value_get_string(request, "methodCalls/0/2");
	g_auto(GStrv) parts = g_strsplit(self->lie, "%s", -1);
	g_autofree char *responses = g_strjoinv(id, parts);
	g_autofree char *json = g_strdup_printf("{\"sessionState\":\"s%u\",\"methodResponses\":%s}",
						self->n_sessions, responses);

	reply_json(message, 200, json);
}

typedef struct {
	SoupServerMessage *message;
	guint timer;
} Drip;

static gboolean
drip_cb(gpointer user_data)
{
	Drip *drip = user_data;

	soup_message_body_append(soup_server_message_get_response_body(drip->message),
				 SOUP_MEMORY_STATIC, " ", 1);
	soup_server_message_unpause(drip->message);
	return G_SOURCE_CONTINUE;
}

static void
drip_ended_cb(SoupServerMessage *message, gpointer user_data)
{
	Drip *drip = user_data;

	g_signal_handlers_disconnect_by_data(message, drip);
	g_source_remove(drip->timer);
	g_object_unref(drip->message);
	g_free(drip);
}

static void
answer_drip(SoupServerMessage *message)
{
	Drip *drip = g_new0(Drip, 1);

	soup_server_message_set_status(message, 200, NULL);
	soup_message_headers_set_encoding(soup_server_message_get_response_headers(message),
					  SOUP_ENCODING_CHUNKED);
	drip->message = g_object_ref(message);
	drip->timer = g_timeout_add(100, drip_cb, drip);
	g_signal_connect(message, "finished", G_CALLBACK(drip_ended_cb), drip);
	g_signal_connect(message, "disconnected", G_CALLBACK(drip_ended_cb), drip);
}

static void
follow_script(Server *self, SoupServerMessage *message, FerryJmapValue *request, const char *word)
{
	g_autofree char *state = g_strdup_printf("s%u", self->n_sessions);
	static const char limit[] =
		"{\"type\":\"urn:ietf:params:jmap:error:limit\",\"limit\":\"x\"}";

	if (g_ascii_isdigit(word[0])) {
		answer_status(message, word);
	} else if (g_str_equal(word, "limit") ||
		   (g_str_equal(word, "limit-many") &&
		    ferry_jmap_value_get_size(request, "methodCalls") > 1)) {
		reply_json(message, 400, limit);
	} else if (g_str_equal(word, "cut")) {
		cut(message);
	} else if (g_str_equal(word, "hang")) {
		soup_server_message_pause(message);
		g_ptr_array_add(self->kept, g_object_ref(message));
	} else if (g_str_equal(word, "lie")) {
		answer_lie(self, message, request);
	} else if (g_str_equal(word, "drip")) {
		answer_drip(message);
	} else if (g_str_equal(word, "html")) {
		soup_server_message_set_status(message, 200, NULL);
		soup_server_message_set_response(message, "text/html", SOUP_MEMORY_STATIC, "<html>",
						 6);
	} else if (g_str_equal(word, "foreign")) {
		soup_server_message_set_redirect(message, 307, "https://evil.example/api");
	} else {
		if (g_str_has_prefix(word, "state:")) {
			g_free(state);
			state = g_strdup(word + 6);
		}
		answer_ok(self, message, request, state);
	}
	if (g_str_equal(word, "slow")) {
		soup_server_message_pause(message);
		g_timeout_add(50, unpause_cb, message);
	}
}

static void
api_cb(SoupServer *soup, SoupServerMessage *message, const char *path, GHashTable *query,
       gpointer user_data)
{
	Server *self = user_data;
	SoupMessageBody *body = soup_server_message_get_request_body(message);
	g_autoptr(FerryJmapValue) request =
		ferry_jmap_value_new_from_json(body->data, body->length, NULL);
	g_autofree char *word = NULL;

	if (!is_authorized(self, message))
		return;
	g_assert_nonnull(request);
	self->n_api++;
	self->n_calls += ferry_jmap_value_get_size(request, "methodCalls");
	self->running++;
	self->max_running = MAX(self->max_running, self->running);
	g_signal_connect(message, "finished", G_CALLBACK(finished_cb), self);
	word = self->script->len > 0 ? g_ptr_array_steal_index(self->script, 0) : g_strdup("ok");
	follow_script(self, message, request, word);
}

static void
upload_cb(SoupServer *soup, SoupServerMessage *message, const char *path, GHashTable *query,
	  gpointer user_data)
{
	Server *self = user_data;
	SoupMessageBody *body = soup_server_message_get_request_body(message);
	g_autofree char *json = NULL;
	g_autofree char *word = NULL;

	word = self->script->len > 0 ? g_ptr_array_steal_index(self->script, 0) : g_strdup("ok");
	if (g_str_equal(word, "cut")) {
		cut(message);
		return;
	}
	g_clear_pointer(&self->uploaded, g_bytes_unref);
	self->uploaded = g_bytes_new(body->data, (gsize)body->length);
	json = g_strdup_printf("{\"accountId\":\"A1\",\"blobId\":\"B%" G_GINT64_FORMAT
			       "\",\"type\":\"message/rfc822\",\"size\":%" G_GINT64_FORMAT "}",
			       (gint64)body->length, (gint64)body->length);
	reply_json(message, 201, json);
}

static void
wrote_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GIOStream) stream = user_data;

	/* nobody may be there any more */
	g_output_stream_write_all_finish(G_OUTPUT_STREAM(source), result, NULL, NULL);
	g_io_stream_close(stream, NULL, NULL);
}

static void
free_octets(gpointer data, GObject *object)
{
	g_bytes_unref(data);
}

/* an answer that ends with the connection after half of the blob, whatever was announced */
static void
answer_half(SoupServerMessage *message, GBytes *bytes, const char *word)
{
	GIOStream *stream = soup_server_message_steal_connection(message);
	g_autoptr(GString) text = g_string_new("HTTP/1.1 200 OK\r\nConnection: close\r\n");
	gsize size = 0;
	const char *data = g_bytes_get_data(bytes, &size);
	GBytes *octets;

	if (g_str_equal(word, "half-chunked"))
		g_string_append_printf(text, "Transfer-Encoding: chunked\r\n\r\n%zx", size / 2);
	else if (g_str_equal(word, "half"))
		g_string_append_printf(text, "Content-Length: %" G_GSIZE_FORMAT "\r\n", size);
	g_string_append(text, "\r\n");
	g_string_append_len(text, data, (gssize)size / 2);
	if (g_str_equal(word, "half-chunked"))
		g_string_append(text, "\r\n");
	octets = g_string_free_to_bytes(g_steal_pointer(&text));
	g_object_weak_ref(G_OBJECT(stream), free_octets, octets);
	g_output_stream_write_all_async(g_io_stream_get_output_stream(stream),
					g_bytes_get_data(octets, NULL), g_bytes_get_size(octets),
					G_PRIORITY_DEFAULT, NULL, wrote_cb, stream);
}

/* the blob twice, without saying before how long that is */
static void
answer_twice(SoupServerMessage *message, GBytes *bytes)
{
	SoupMessageBody *body = soup_server_message_get_response_body(message);

	soup_server_message_set_status(message, 200, NULL);
	soup_message_headers_set_encoding(soup_server_message_get_response_headers(message),
					  SOUP_ENCODING_CHUNKED);
	soup_message_body_append_bytes(body, bytes);
	soup_message_body_append_bytes(body, bytes);
	soup_message_body_complete(body);
}

static void
answer_blob(SoupServerMessage *message, GBytes *bytes)
{
	soup_server_message_set_status(message, 200, NULL);
	soup_server_message_set_response(message, "application/octet-stream", SOUP_MEMORY_COPY,
					 g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}

static void
download_cb(SoupServer *soup, SoupServerMessage *message, const char *path, GHashTable *query,
	    gpointer user_data)
{
	Server *self = user_data;
	GBytes *bytes = g_hash_table_lookup(self->blobs, strrchr(path, '/') + 1);
	g_autofree char *word = NULL;

	self->n_downloads++;
	word = self->script->len > 0 ? g_ptr_array_steal_index(self->script, 0) : g_strdup("ok");
	if (bytes == NULL)
		soup_server_message_set_status(message, 404, NULL);
	else if (g_ascii_isdigit(word[0]))
		answer_status(message, word);
	else if (g_str_equal(word, "cut"))
		cut(message);
	else if (g_str_has_prefix(word, "half"))
		answer_half(message, bytes, word);
	else if (g_str_equal(word, "twice"))
		answer_twice(message, bytes);
	else if (g_str_equal(word, "drip"))
		answer_drip(message);
	else
		answer_blob(message, bytes);
}

static void
events_cb(SoupServer *soup, SoupServerMessage *message, const char *path, GHashTable *query,
	  gpointer user_data)
{
	Server *self = user_data;
	SoupMessageBody *body = soup_server_message_get_response_body(message);
	SoupMessageHeaders *headers = soup_server_message_get_response_headers(message);
	g_autofree char *text = NULL;

	self->n_streams++;
	g_free(self->last_event_id);
	self->last_event_id = g_strdup(soup_message_headers_get_one(
		soup_server_message_get_request_headers(message), "Last-Event-ID"));
	text = self->events->len > 0 ? g_ptr_array_steal_index(self->events, 0) : g_strdup("204");
	if (g_str_equal(text, "204")) {
		soup_server_message_set_status(message, 204, NULL);
		return;
	}
	soup_server_message_set_status(message, 200, NULL);
	soup_message_headers_replace(headers, "Content-Type", "text/event-stream");
	soup_message_headers_set_encoding(headers, SOUP_ENCODING_CHUNKED);
	soup_message_body_append(body, SOUP_MEMORY_COPY, text, strcspn(text, "|"));
	if (strchr(text, '|') == NULL)
		soup_message_body_complete(body);
}

void
server_start(Server *self, GTlsCertificate *certificate)
{
	SoupServerListenOptions options = SOUP_SERVER_LISTEN_IPV4_ONLY;
	g_autoslist(GUri) uris = NULL;
	g_autoptr(GError) error = NULL;

	if (certificate != NULL) {
		soup_server_set_tls_certificate(self->soup, certificate);
		options |= SOUP_SERVER_LISTEN_HTTPS;
	}
	soup_server_listen_local(self->soup, self->port, options, &error);
	g_assert_no_error(error);
	uris = soup_server_get_uris(self->soup);
	self->port = (guint)g_uri_get_port(uris->data);
}

void
server_stop(Server *self)
{
	soup_server_disconnect(self->soup);
}

Server *
server_new_unstarted(void)
{
	Server *self = g_new0(Server, 1);

	self->soup = soup_server_new(NULL, NULL);
	self->script = g_ptr_array_new_with_free_func(g_free);
	self->events = g_ptr_array_new_with_free_func(g_free);
	self->kept = g_ptr_array_new_with_free_func(g_object_unref);
	self->core = g_strdup("{\"maxCallsInRequest\":4,\"maxSizeRequest\":4000,"
			      "\"maxConcurrentRequests\":2,\"maxObjectsInGet\":10}");
	self->api_url = g_strdup("api/");
	self->account_caps = g_strdup("{\"urn:ietf:params:jmap:blob\":{}}");
	self->password = g_strdup("secret");
	self->blobs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					    (GDestroyNotify)g_bytes_unref);
	soup_server_add_handler(self->soup, "/.well-known/jmap", well_known_cb, self, NULL);
	soup_server_add_handler(self->soup, "/jmap/session", session_cb, self, NULL);
	soup_server_add_handler(self->soup, "/jmap/api", api_cb, self, NULL);
	soup_server_add_handler(self->soup, "/jmap/up", upload_cb, self, NULL);
	soup_server_add_handler(self->soup, "/down", download_cb, self, NULL);
	soup_server_add_handler(self->soup, "/events", events_cb, self, NULL);
	return self;
}

Server *
server_new(void)
{
	Server *self = server_new_unstarted();

	server_start(self, NULL);
	self->base = g_strdup_printf("http://127.0.0.1:%u", self->port);
	return self;
}

void
server_free(Server *self)
{
	soup_server_disconnect(self->soup);
	g_object_unref(self->soup);
	g_ptr_array_unref(self->script);
	g_ptr_array_unref(self->events);
	g_ptr_array_unref(self->kept);
	g_hash_table_unref(self->blobs);
	g_clear_pointer(&self->uploaded, g_bytes_unref);
	g_free(self->base);
	g_free(self->core);
	g_free(self->api_url);
	g_free(self->account_caps);
	g_free(self->password);
	g_free(self->last_event_id);
	g_free(self);
}

void
server_script(Server *self, const char *words)
{
	g_auto(GStrv) list = g_strsplit(words, " ", -1);

	g_ptr_array_set_size(self->script, 0);
	for (guint i = 0; list[i] != NULL; i++)
		if (*list[i] != '\0')
			g_ptr_array_add(self->script, g_strdup(list[i]));
}
