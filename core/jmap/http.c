/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One HTTP exchange: attempts, redirects, time-outs
 *
 * Specification: RFC 9110 §9.2.2 (idempotent methods), §10.2.3 (Retry-After), §15.4 (redirects)
 * Implementation: libsoup sends, the policy is ours. What is repeatable is repeated within the
 *   backend's retry time, with growing pauses. What is not is repeated only where the backend
 *   cannot have executed it: no connection, or a refusal (429). Else the answer is lost, which the
 *   caller is told as such. A server that takes no connection is waited for as long as one request
 *   may be repeated, once and not by each request anew; where another server of the backend is
 *   there, not at all
 * Traps of libsoup 3.2: HTTP/2 fails one POST at each GOAWAY
 */
#include <string.h>

#include "jmap/backend-private.h"
#include "jmap/error.h"
#include "jmap/http-exchange-private.h"
#include "jmap/quick-ack-private.h"
#include "jmap/tls-trust-private.h"

#define MAX_REDIRECTS 5
#define FIRST_PAUSE_MS 200
#define LONGEST_PAUSE_MS 5000
/* an answer that drips must end that long after the last attempt might have begun, plus what a
 * link of 256 KiB a second takes */
#define DRIP_SECONDS 10
/* octets in a millisecond: what goes out more slowly may run out of time */
#define SLOWEST_UPLINK 128

static void exchange_start(GTask *task);

static void
attempt_clear(GTask *task)
{
	FerryJmapHttpExchange *self = g_task_get_task_data(task);

	if (self->timer != NULL) {
		g_source_destroy(self->timer);
		g_clear_pointer(&self->timer, g_source_unref);
	}
	if (self->outer_handler != 0)
		g_cancellable_disconnect(g_task_get_cancellable(task), self->outer_handler);
	self->outer_handler = 0;
	if (self->message != NULL)
		g_signal_handlers_disconnect_by_data(self->message, self);
	g_clear_object(&self->message);
	g_clear_object(&self->cancellable);
	g_clear_object(&self->stream);
	g_clear_pointer(&self->body, g_byte_array_unref);
}

static void
exchange_free(gpointer data)
{
	FerryJmapHttpExchange *self = data;

	g_object_unref(self->backend);
	ferry_jmap_http_request_unref(self->request);
	g_main_context_unref(self->context);
	g_free(self->url);
	g_free(self);
}

void
ferry_jmap_http_exchange_fail(GTask *task, GError *error)
{
	attempt_clear(task);
	g_task_return_error(task, error);
	g_object_unref(task);
}

static gboolean
timeout_cb(gpointer user_data)
{
	FerryJmapHttpExchange *self = user_data;

	self->timed_out = TRUE;
	g_cancellable_cancel(self->cancellable);
	return G_SOURCE_REMOVE;
}

static void
set_timer(FerryJmapHttpExchange *self, guint milliseconds, GSourceFunc func, gpointer data)
{
	if (self->timer != NULL) {
		g_source_destroy(self->timer);
		g_source_unref(self->timer);
	}
	self->timer = g_timeout_source_new(milliseconds);
	g_source_set_callback(self->timer, func, data, NULL);
	g_source_attach(self->timer, self->context);
}

static gboolean
retry_cb(gpointer user_data)
{
	GTask *task = user_data;

	attempt_clear(task);
	if (g_task_return_error_if_cancelled(task)) {
		g_object_unref(task);
		return G_SOURCE_REMOVE;
	}
	exchange_start(task);
	return G_SOURCE_REMOVE;
}

/* waits, or is cancelled; both end in retry_cb */
static void
pause_then_retry(GTask *task, guint milliseconds)
{
	FerryJmapHttpExchange *self = g_task_get_task_data(task);
	GCancellable *cancellable = g_task_get_cancellable(task);

	attempt_clear(task);
	set_timer(self, milliseconds, retry_cb, task);
	if (cancellable != NULL) {
		g_autoptr(GSource) child = g_cancellable_source_new(cancellable);

		g_source_set_dummy_callback(child);
		g_source_add_child_source(self->timer, child);
	}
}

/* Until when attempts may begin. An outage is waited for once: who begins when the server has been
 * away for long does not wait. */
static gint64
get_last_start(FerryJmapHttpExchange *self)
{
	gint64 since = ferry_jmap_health_get_away_since(
		ferry_jmap_backend_get_health(self->backend), self->url);
	gint64 patience = (gint64)ferry_jmap_backend_get_retry_time(self->backend) * G_USEC_PER_SEC;

	return since == 0 ? self->give_up_at : MIN(self->give_up_at, since + patience);
}

/* Whether to leave a server alone that takes no connection. */
static gboolean
goes_elsewhere(FerryJmapHttpExchange *self)
{
	FerryJmapHealth *health = ferry_jmap_backend_get_health(self->backend);

	return !self->request->stays && ferry_jmap_health_get_away_since(health, self->url) != 0 &&
	       ferry_jmap_backend_has_other(self->backend, self->url);
}

/* Plans another attempt if there is time for one. */
static gboolean
retry_later(GTask *task, int retry_after)
{
	FerryJmapHttpExchange *self = g_task_get_task_data(task);
	gint64 pause = FIRST_PAUSE_MS << MIN(self->n_attempts - 1, 6);
	gboolean rollover = self->n_attempts == 1 && self->started && !self->timed_out &&
			    soup_message_get_status(self->message) == 0;

	if (self->request->no_retry ||
	    retry_after > (int)ferry_jmap_backend_get_retry_after_max(self->backend))
		return FALSE;
	pause = MIN(pause, LONGEST_PAUSE_MS);
	/* apart, so that many do not come back at once */
	pause += g_random_int_range(0, (gint32)pause / 2 + 1);
	if (retry_after >= 0)
		pause = MAX(pause / 4, (gint64)retry_after * 1000);
	/* a kept connection that the backend closes (GOAWAY) loses what is on its way, and is no
	 * sign of trouble: the first repeat goes at once */
	if (rollover)
		pause = 0;
	if (g_get_monotonic_time() + pause * 1000 >= get_last_start(self) || goes_elsewhere(self))
		return FALSE;
	if (self->request->body_stream != NULL &&
	    !(G_IS_SEEKABLE(self->request->body_stream) &&
	      g_seekable_can_seek(G_SEEKABLE(self->request->body_stream))))
		return FALSE;
	pause_then_retry(task, (guint)pause);
	return TRUE;
}

GError *
ferry_jmap_http_make_lost_answer(const char *why)
{
	return g_error_new(FERRY_JMAP_ERROR, FERRY_JMAP_ERROR_LOST_ANSWER,
			   "the answer was lost, the request may have been executed: %s", why);
}

static void
certificate_refused(GTask *task)
{
	FerryJmapHttpExchange *self = g_task_get_task_data(task);
	g_autoptr(GUri) uri = g_uri_parse(self->url, SOUP_HTTP_URI_FLAGS, NULL);
	g_autofree char *reason = ferry_tls_trust_describe(self->certificate);
	g_autofree char *problem = g_strdup_printf("the certificate of %s is refused: %s",
						   g_uri_get_host(uri), reason);

	ferry_jmap_backend_note_certificate(self->backend, problem);
	ferry_jmap_http_exchange_fail(
		task, g_error_new(FERRY_ERROR, FERRY_ERROR_UNAVAILABLE, "backend %s: %s",
				  ferry_jmap_backend_get_name(self->backend), problem));
}

/* the attempt ended without an answer */
void
ferry_jmap_http_exchange_attempt_failed(GTask *task, GError *error)
{
	FerryJmapHttpExchange *self = g_task_get_task_data(task);
	GCancellable *outer = g_task_get_cancellable(task);
	g_autoptr(GError) cause = error;
	const char *why = self->timed_out ? "no answer in time" : cause->message;

	if (outer != NULL && g_cancellable_is_cancelled(outer)) {
		ferry_jmap_http_exchange_fail(
			task, g_error_new_literal(G_IO_ERROR, G_IO_ERROR_CANCELLED, why));
		return;
	}
	if (self->connecting)
		ferry_jmap_health_note_unreachable(ferry_jmap_backend_get_health(self->backend),
						   self->url);
	/* no pause makes it a better one; and nothing was sent */
	if (self->certificate != 0) {
		certificate_refused(task);
		return;
	}
	if (!self->request->repeatable && self->started) {
		ferry_jmap_http_exchange_fail(task, ferry_jmap_http_make_lost_answer(why));
		return;
	}
	if (retry_later(task, -1))
		return;
	ferry_jmap_http_exchange_fail(
		task, g_error_new(FERRY_ERROR, FERRY_ERROR_UNAVAILABLE, "backend %s: %s",
				  ferry_jmap_backend_get_name(self->backend), why));
}

static int
get_retry_after(SoupMessage *message)
{
	const char *value = soup_message_headers_get_one(soup_message_get_response_headers(message),
							 "Retry-After");
	guint64 seconds = 0;
	g_autoptr(GDateTime) date = NULL;
	gint64 distance = 0;

	if (value == NULL)
		return -1;
	if (g_ascii_string_to_unsigned(value, 10, 0, 86400, &seconds, NULL))
		return (int)seconds;
	date = soup_date_time_new_from_http_string(value);
	if (date == NULL)
		return -1;
	distance = g_date_time_to_unix(date) - g_get_real_time() / G_USEC_PER_SEC;
	return (int)CLAMP(distance, 0, 86400);
}

/* whether the status invites another attempt */
static gboolean
status_is_passing(FerryJmapHttpExchange *self, guint status)
{
	switch (status) {
	case 429:
		return TRUE;
	case 408:
	case 502:
	case 503:
	case 504:
		return self->request->repeatable;
	case 500:
		/* more often a fault that stays */
		return self->request->repeatable && self->n_fatal++ == 0;
	default:
		return FALSE;
	}
}

goffset
ferry_jmap_http_get_announced_size(SoupMessage *message)
{
	SoupMessageHeaders *headers = soup_message_get_response_headers(message);

	/* what is compressed has another size */
	if (soup_message_headers_get_encoding(headers) != SOUP_ENCODING_CONTENT_LENGTH ||
	    soup_message_headers_get_one(headers, "Content-Encoding") != NULL)
		return -1;
	return soup_message_headers_get_content_length(headers);
}

void
ferry_jmap_http_exchange_attempt_answered(GTask *task)
{
	FerryJmapHttpExchange *self = g_task_get_task_data(task);
	guint status = soup_message_get_status(self->message);
	SoupMessageHeaders *headers = soup_message_get_response_headers(self->message);
	FerryJmapHttpResponse *response = NULL;

	if (status_is_passing(self, status) && retry_later(task, get_retry_after(self->message)))
		return;
	if (!self->request->repeatable && status >= 500 && status != 501) {
		ferry_jmap_http_exchange_fail(
			task, ferry_jmap_http_make_lost_answer(soup_status_get_phrase(status)));
		return;
	}
	response = g_new0(FerryJmapHttpResponse, 1);
	response->status = status;
	response->reason = g_strdup(soup_message_get_reason_phrase(self->message));
	response->content_type = g_strdup(soup_message_headers_get_one(headers, "Content-Type"));
	response->url = g_strdup(self->url);
	response->body = g_steal_pointer(&self->body);
	response->stream_size = ferry_jmap_http_get_announced_size(self->message);
	response->sink_size = self->n_stored;
	if (response->body == NULL)
		response->stream = g_steal_pointer(&self->stream);
	attempt_clear(task);
	g_task_return_pointer(task, response, (GDestroyNotify)ferry_jmap_http_response_free);
	g_object_unref(task);
}

/* milliseconds that may pass until there is progress again */
static guint
get_patience(FerryJmapHttpExchange *self)
{
	gint64 patience = (gint64)ferry_jmap_backend_get_request_timeout(self->backend) * 1000;
	gint64 left = (self->give_up_at - g_get_monotonic_time()) / 1000 + DRIP_SECONDS * 1000 +
		      (gint64)(self->n_read / 256) + (gint64)(self->n_sent / SLOWEST_UPLINK);

	return (guint)CLAMP(left, 1, patience);
}

/* There was progress: the time for more of it begins. */
void
ferry_jmap_http_exchange_go_on(FerryJmapHttpExchange *self)
{
	set_timer(self, get_patience(self), timeout_cb, self);
}

/* What goes out is progress too: a large message takes its time on a slow line. */
static void
wrote_body_cb(SoupMessage *message, guint size, gpointer user_data)
{
	FerryJmapHttpExchange *self = user_data;

	self->n_sent += size;
	if (size < self->until_progress) {
		self->until_progress -= size;
		return;
	}
	self->until_progress = FERRY_JMAP_HTTP_PROGRESS / 4;
	ferry_jmap_http_exchange_go_on(self);
}

/* follows a redirect; FALSE where it is none */
static gboolean
follow_redirect(GTask *task)
{
	FerryJmapHttpExchange *self = g_task_get_task_data(task);
	guint status = soup_message_get_status(self->message);
	const char *location = soup_message_headers_get_one(
		soup_message_get_response_headers(self->message), "Location");
	gboolean reading = g_str_equal(self->request->method, "GET");
	g_autofree char *target = NULL;

	if (location == NULL || !(status == 307 || status == 308 ||
				  (reading && (status == 301 || status == 302 || status == 303))))
		return FALSE;
	target = g_uri_resolve_relative(self->url, location, SOUP_HTTP_URI_FLAGS, NULL);
	if (target == NULL || ++self->n_redirects > MAX_REDIRECTS ||
	    self->request->body_stream != NULL) {
		ferry_jmap_http_exchange_fail(
			task, g_error_new(FERRY_ERROR, FERRY_ERROR_BACKEND,
					  "backend %s: a redirect that cannot be followed",
					  ferry_jmap_backend_get_name(self->backend)));
		return TRUE;
	}
	g_free(self->url);
	self->url = g_steal_pointer(&target);
	attempt_clear(task);
	exchange_start(task);
	return TRUE;
}

static void
sent_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	FerryJmapHttpExchange *self = g_task_get_task_data(task);
	g_autoptr(GError) error = NULL;
	guint status = 0;

	self->stream = soup_session_send_finish(SOUP_SESSION(source), result, &error);
	if (self->stream == NULL) {
		ferry_jmap_http_exchange_attempt_failed(task, g_steal_pointer(&error));
		return;
	}
	ferry_jmap_health_note_answer(ferry_jmap_backend_get_health(self->backend), self->url);
	if (soup_message_get_tls_peer_certificate(self->message) != NULL)
		ferry_jmap_backend_note_certificate(self->backend, NULL);
	status = soup_message_get_status(self->message);
	if (SOUP_STATUS_IS_REDIRECTION(status) && follow_redirect(task))
		return;
	if (self->request->want_stream && SOUP_STATUS_IS_SUCCESSFUL(status)) {
		ferry_jmap_http_exchange_attempt_answered(task);
		return;
	}
	ferry_jmap_http_exchange_read_body(task);
}

static void
outer_cancelled_cb(GCancellable *outer, gpointer user_data)
{
	g_cancellable_cancel(user_data);
}

/* Whether an exchange that begins would only find what is known: nobody is there. */
static gboolean
is_in_vain(FerryJmapHttpExchange *self)
{
	FerryJmapHealth *health = ferry_jmap_backend_get_health(self->backend);

	/* an event stream has pauses of its own; and who probes has the turn */
	if (self->n_attempts > 0 || self->request->endless || self->request->patience_ms > 0 ||
	    ferry_jmap_health_get_away_since(health, self->url) == 0)
		return FALSE;
	if (g_get_monotonic_time() < get_last_start(self) && !goes_elsewhere(self))
		return FALSE;
	return !ferry_jmap_health_take_turn(
		health, self->url, !ferry_jmap_backend_has_other(self->backend, self->url));
}

static void
exchange_start(GTask *task)
{
	FerryJmapHttpExchange *self = g_task_get_task_data(task);
	GCancellable *outer = g_task_get_cancellable(task);
	GError *error = NULL;
	SoupSession *soup = self->request->endless
				    ? ferry_jmap_backend_get_stream_soup(self->backend, &error)
				    : ferry_jmap_backend_get_soup(self->backend, &error);
	gint64 left = 0;
	gint64 patience = 0;

	if (soup == NULL || !ferry_jmap_http_exchange_prepare(self, &error)) {
		ferry_jmap_http_exchange_fail(task, error);
		return;
	}
	if (is_in_vain(self)) {
		ferry_jmap_http_exchange_fail(
			task, g_error_new(FERRY_ERROR, FERRY_ERROR_UNAVAILABLE,
					  "backend %s: it takes no connections",
					  ferry_jmap_backend_get_name(self->backend)));
		return;
	}
	self->n_sent = 0;
	self->n_stored = 0;
	self->until_progress = FERRY_JMAP_HTTP_PROGRESS / 4;
	if (self->request->body_stream != NULL)
		g_signal_connect(self->message, "wrote-body-data", G_CALLBACK(wrote_body_cb), self);
	self->n_attempts++;
	self->connecting = FALSE;
	self->started = FALSE;
	self->timed_out = FALSE;
	self->certificate = 0;
	self->cancellable = g_cancellable_new();
	if (outer != NULL)
		self->outer_handler =
			g_cancellable_connect(outer, G_CALLBACK(outer_cancelled_cb),
					      g_object_ref(self->cancellable), g_object_unref);
	/* a later attempt has the time that is left, but never so little that it cannot succeed */
	left = (self->give_up_at - g_get_monotonic_time()) / 1000;
	patience = (gint64)ferry_jmap_backend_get_request_timeout(self->backend) * 1000;
	if (self->n_attempts > 1 || self->request->begun_at != 0)
		patience = MIN(patience, MAX(left, 1000));
	if (self->request->patience_ms > 0)
		patience = MIN(patience, (gint64)self->request->patience_ms);
	set_timer(self, (guint)patience, timeout_cb, self);
	ferry_jmap_backend_count_request(self->backend);
	ferry_jmap_quick_ack_watch(soup, self->message);
	soup_session_send_async(soup, self->message, G_PRIORITY_DEFAULT, self->cancellable, sent_cb,
				task);
}

/* What is part of a longer work has the rest of its time, and at least half a time-out. */
static gint64
get_give_up_time(FerryJmapBackend *backend, FerryJmapHttpRequest *request)
{
	gint64 now = g_get_monotonic_time();
	gint64 patience = (gint64)ferry_jmap_backend_get_retry_time(backend) * G_USEC_PER_SEC;
	gint64 least = (gint64)ferry_jmap_backend_get_request_timeout(backend) * G_USEC_PER_SEC / 2;

	if (request->begun_at == 0)
		return now + patience;
	return MIN(MAX(request->begun_at + patience, now + least), now + patience);
}

/* Sends @request (transfer full), as often as the policy has it. */
void
ferry_jmap_http_send_async(FerryJmapBackend *backend, FerryJmapHttpRequest *request,
			   GCancellable *cancellable, GAsyncReadyCallback callback,
			   gpointer user_data)
{
	GTask *task = g_task_new(backend, cancellable, callback, user_data);
	FerryJmapHttpExchange *self = g_new0(FerryJmapHttpExchange, 1);

	g_task_set_source_tag(task, ferry_jmap_http_send_async);
	/* an answer that came is handed out, whoever cancels then */
	g_task_set_check_cancellable(task, FALSE);
	self->backend = g_object_ref(backend);
	self->request = request;
	self->context = g_main_context_ref_thread_default();
	self->url = g_strdup(request->url);
	self->give_up_at = get_give_up_time(backend, request);
	if (request->body_stream != NULL && G_IS_SEEKABLE(request->body_stream))
		request->body_offset = g_seekable_tell(G_SEEKABLE(request->body_stream));
	g_task_set_task_data(task, self, exchange_free);
	exchange_start(task);
}

/* The answer, whatever its status, or FERRY_ERROR_UNAVAILABLE, FERRY_ERROR_BACKEND,
 * FERRY_JMAP_ERROR_LOST_ANSWER, G_IO_ERROR_CANCELLED. */
FerryJmapHttpResponse *
ferry_jmap_http_send_finish(GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}
