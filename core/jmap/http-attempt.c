/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The message of one HTTP attempt
 *
 * Implementation: headers and body, and what libsoup tells on the way
 * Traps of libsoup 3.2: without IDEMPOTENT each POST opens a connection; the flag allows libsoup to
 *   resend by itself (3.2.3 was not seen to, for POST over HTTP/1.1), so "restarted" stops it where
 *   that could do harm
 */
#include "jmap/backend-private.h"
#include "jmap/body-stream-private.h"
#include "jmap/credential-private.h"
#include "jmap/error.h"
#include "jmap/http-exchange-private.h"

static void
starting_cb(SoupMessage *message, gpointer user_data)
{
	FerryJmapHttpExchange *self = user_data;

	self->started = TRUE;
}

/* where the way of a message ends that needs a connection of its own */
static void
network_event_cb(SoupMessage *message, GSocketClientEvent event, GIOStream *connection,
		 gpointer user_data)
{
	FerryJmapHttpExchange *self = user_data;

	if (event == G_SOCKET_CLIENT_RESOLVING || event == G_SOCKET_CLIENT_CONNECTING)
		self->connecting = TRUE;
	else if (event == G_SOCKET_CLIENT_CONNECTED)
		self->connecting = FALSE;
}

static gboolean
accept_certificate_cb(SoupMessage *message, GTlsCertificate *certificate,
		      GTlsCertificateFlags errors, gpointer user_data)
{
	FerryJmapHttpExchange *self = user_data;

	self->certificate = errors != 0 ? errors : G_TLS_CERTIFICATE_GENERIC_ERROR;
	return FALSE;
}

/* libsoup is about to send it a second time on its own. Over HTTP/2 it would do so without the
 * body, which it has read to its end; and what is not repeatable it must not. Then we do it, or do
 * not */
static void
restarted_cb(SoupMessage *message, gpointer user_data)
{
	FerryJmapHttpExchange *self = user_data;

	if (self->request->repeatable && self->request->body == NULL &&
	    self->request->body_stream == NULL)
		return;
	g_cancellable_cancel(self->cancellable);
}

/* libsoup closes what it has read, but the next attempt needs the stream open */
static void
set_body_stream(FerryJmapHttpExchange *self)
{
	FerryJmapHttpRequest *request = self->request;
	g_autoptr(GInputStream) once = ferry_jmap_body_stream_new(request->body_stream);

	soup_message_set_request_body(self->message, request->content_type, once,
				      (gssize)request->body_size);
}

static void
set_headers(FerryJmapHttpExchange *self)
{
	FerryJmapHttpRequest *request = self->request;
	SoupMessageHeaders *headers = soup_message_get_request_headers(self->message);

	soup_message_headers_replace(headers, "Authorization",
				     ferry_jmap_credential_peek_header(request->credential));
	if (request->accept != NULL)
		soup_message_headers_replace(headers, "Accept", request->accept);
	if (request->last_event_id != NULL)
		soup_message_headers_replace(headers, "Last-Event-ID", request->last_event_id);
	if (request->body != NULL)
		soup_message_set_request_body_from_bytes(self->message, request->content_type,
							 request->body);
	else if (request->body_stream != NULL)
		set_body_stream(self);
	/* packing costs more than a loopback saves */
	if (g_str_has_prefix(self->url, "http:"))
		soup_message_disable_feature(self->message, SOUP_TYPE_CONTENT_DECODER);
}

gboolean
ferry_jmap_http_exchange_prepare(FerryJmapHttpExchange *self, GError **error)
{
	FerryJmapHttpRequest *request = self->request;

	if (!ferry_jmap_backend_check_url(self->backend, self->url, error))
		return FALSE;
	if (request->body_stream != NULL && self->n_attempts > 0 &&
	    !g_seekable_seek(G_SEEKABLE(request->body_stream), request->body_offset, G_SEEK_SET,
			     NULL, error))
		return FALSE;
	self->message = soup_message_new(request->method, self->url);
	if (self->message == NULL) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_BACKEND, "a malformed URL");
		return FALSE;
	}
	soup_message_add_flags(self->message, SOUP_MESSAGE_NO_REDIRECT | SOUP_MESSAGE_IDEMPOTENT);
	set_headers(self);
	g_signal_connect(self->message, "network-event", G_CALLBACK(network_event_cb), self);
	g_signal_connect(self->message, "starting", G_CALLBACK(starting_cb), self);
	g_signal_connect(self->message, "accept-certificate", G_CALLBACK(accept_certificate_cb),
			 self);
	g_signal_connect(self->message, "restarted", G_CALLBACK(restarted_cb), self);
	return TRUE;
}
