/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* HTTP: answers, credentials, connections that break
 *
 * Specification: RFC 7807 (problem reports), RFC 7617 (Basic), RFC 6750 (Bearer)
 */
#include <string.h>

#include "server.h"

void
js_http_answer(SoupServerMessage *message, guint status, const char *type, const char *text,
	       gssize len)
{
	soup_server_message_set_status(message, status, NULL);
	soup_server_message_set_response(message, type, SOUP_MEMORY_COPY, text,
					 len < 0 ? strlen(text) : (gsize)len);
}

void
js_http_take_answer(SoupServerMessage *message, guint status, const char *type, GString *text)
{
	gsize len = text->len;

	soup_server_message_set_status(message, status, NULL);
	soup_server_message_set_response(message, type, SOUP_MEMORY_TAKE,
					 g_string_free(text, FALSE), len);
}

void
js_http_problem(SoupServerMessage *message, guint status, const char *type, const char *detail,
		const char *limit)
{
	GString *out = g_string_new(NULL);

	js_json_open(out, '{');
	js_json_kv_string(out, "type", type);
	js_json_kv_int(out, "status", status);
	js_json_kv_string(out, "detail", detail);
	if (limit != NULL)
		js_json_kv_string(out, "limit", limit);
	js_json_close(out, '}');
	js_http_take_answer(message, status, "application/problem+json", out);
}

void
js_http_refuse_credentials(SoupServerMessage *message)
{
	SoupMessageHeaders *headers = soup_server_message_get_response_headers(message);

	soup_message_headers_replace(headers, "WWW-Authenticate",
				     "Basic realm=\"ferry-jmap-server\", charset=\"UTF-8\"");
	soup_message_headers_append(headers, "WWW-Authenticate",
				    "Bearer realm=\"ferry-jmap-server\"");
	js_http_problem(message, SOUP_STATUS_UNAUTHORIZED, "about:blank",
			"sign in with Basic or Bearer credentials", NULL);
}

/* Takes the time of a whole comparison whatever differs. */
static gboolean
js_secret_equal(const char *a, const char *b)
{
	gsize len = strlen(a);
	guchar difference = strlen(b) != len;

	for (gsize i = 0; i < len && difference == 0; i++)
		difference |= (guchar)(a[i] ^ b[i]);
	return difference == 0;
}

static JsUser *
js_http_check_basic(JsServer *self, const char *encoded)
{
	gsize len = 0;
	g_autofree guchar *decoded = g_base64_decode(encoded, &len);
	g_autofree char *text = g_strndup((const char *)decoded, len);
	char *colon = strchr(text, ':');
	JsUser *user;

	if (colon == NULL)
		return NULL;
	*colon = '\0';
	user = js_server_find_user(self, text);
	if (user == NULL || user->secret == NULL || !js_secret_equal(user->secret, colon + 1))
		return NULL;
	return user;
}

JsUser *
js_http_authenticate(JsServer *self, SoupServerMessage *message)
{
	const char *header = soup_message_headers_get_one(
		soup_server_message_get_request_headers(message), "Authorization");

	if (header == NULL)
		return NULL;
	if (g_ascii_strncasecmp(header, "Basic ", 6) == 0)
		return js_http_check_basic(self, header + 6);
	if (g_ascii_strncasecmp(header, "Bearer ", 7) != 0)
		return NULL;
	for (guint i = 0; i < self->users->len; i++) {
		JsUser *user = g_ptr_array_index(self->users, i);

		if (user->token != NULL && *user->token != '\0' &&
		    js_secret_equal(user->token, header + 7))
			return user;
	}
	return NULL;
}

/* A message without its connection never says that it is over; who counts those under way must
 * know. */
static GIOStream *
steal_connection(SoupServerMessage *message)
{
	GIOStream *stream = soup_server_message_steal_connection(message);

	g_signal_emit_by_name(message, "finished");
	return stream;
}

/* Ends the connection without an answer. */
void
js_http_cut(SoupServerMessage *message)
{
	g_autoptr(GIOStream) stream = steal_connection(message);

	if (stream != NULL)
		g_io_stream_close(stream, NULL, NULL);
}

/* Announces the whole answer, sends half of it, ends the connection. */
void
js_http_cut_middle(SoupServerMessage *message, const char *type, const char *data, gsize len)
{
	g_autoptr(GIOStream) stream = steal_connection(message);
	g_autofree char *head = NULL;
	GOutputStream *output;

	if (stream == NULL)
		return;
	head = g_strdup_printf(
		"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %" G_GSIZE_FORMAT
		"\r\n\r\n",
		type, len);
	output = g_io_stream_get_output_stream(stream);
	/* half of a small answer fits the socket's buffer, more is cut shorter */
	if (g_output_stream_write_all(output, head, strlen(head), NULL, NULL, NULL))
		g_output_stream_write(output, data, len / 2, NULL, NULL);
	g_io_stream_close(stream, NULL, NULL);
}

static gboolean
js_delay_over_cb(gpointer data)
{
	soup_server_message_unpause(data);
	return G_SOURCE_REMOVE;
}

/* Holds the answer back; what was asked for is done already. */
void
js_http_delay(SoupServerMessage *message, guint milliseconds)
{
	soup_server_message_pause(message);
	g_timeout_add_full(G_PRIORITY_DEFAULT, milliseconds, js_delay_over_cb,
			   g_object_ref(message), g_object_unref);
}
