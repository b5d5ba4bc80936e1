/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The event stream of a session, kept alive
 *
 * Specification: RFC 8620 §7.1 (StateChange), §7.3 (event source)
 * Implementation: reconnects with growing pauses and Last-Event-ID; a stream on which two pings are
 *   missed is dead. A server without event streams (204, 404, …) is asked again seldom
 * Not mapped: WebSocket (RFC 8887)
 */
#include <string.h>

#include "jmap/error.h"
#include "jmap/event-source.h"
#include "jmap/http-private.h"
#include "jmap/push.h"
#include "jmap/session-private.h"

#define READ_SIZE 8192
#define MAX_EVENT_SIZE (1024 * 1024)
#define UNSUPPORTED_PAUSE_MS (15 * 60 * 1000)

struct _FerryJmapPush {
	GObject parent;
	FerryJmapSession *session;
	char *types;
	guint ping;
	guint min_backoff;
	guint max_backoff;

	FerryJmapPushStatus status;
	GMainContext *context;
	GCancellable *cancellable; /* of the connection that is tried or up */
	GInputStream *stream;
	FerryJmapEventParser *parser;
	char *last_id;
	guint n_failures;
	gint64 ping_interval; /* seconds, as the server has it */
	GSource *timer;       /* the reconnect or the supervision */
	char buffer[READ_SIZE];
};

enum {
	SIGNAL_STATE_CHANGE,
	SIGNAL_STATUS,
	SIGNAL_CONNECTED,
	N_SIGNALS,
};
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE(FerryJmapPush, ferry_jmap_push, G_TYPE_OBJECT)

static void push_connect(FerryJmapPush *self);
static void push_read(FerryJmapPush *self);

static void
clear_timer(FerryJmapPush *self)
{
	if (self->timer == NULL)
		return;
	g_source_destroy(self->timer);
	g_clear_pointer(&self->timer, g_source_unref);
}

static void
set_timer(FerryJmapPush *self, guint milliseconds, GSourceFunc func)
{
	clear_timer(self);
	self->timer = g_timeout_source_new(milliseconds);
	g_source_set_callback(self->timer, func, self, NULL);
	g_source_attach(self->timer, self->context);
}

/* drops the connection; what still comes from it finds another cancellable */
static void
drop_connection(FerryJmapPush *self)
{
	clear_timer(self);
	if (self->cancellable != NULL)
		g_cancellable_cancel(self->cancellable);
	g_clear_object(&self->cancellable);
	g_clear_object(&self->stream);
	if (self->parser != NULL && ferry_jmap_event_parser_get_last_id(self->parser) != NULL) {
		g_free(self->last_id);
		self->last_id = g_strdup(ferry_jmap_event_parser_get_last_id(self->parser));
	}
	g_clear_pointer(&self->parser, ferry_jmap_event_parser_unref);
}

static void
ferry_jmap_push_dispose(GObject *object)
{
	FerryJmapPush *self = FERRY_JMAP_PUSH(object);

	drop_connection(self);
	g_clear_object(&self->session);
	G_OBJECT_CLASS(ferry_jmap_push_parent_class)->dispose(object);
}

static void
ferry_jmap_push_finalize(GObject *object)
{
	FerryJmapPush *self = FERRY_JMAP_PUSH(object);

	g_free(self->types);
	g_free(self->last_id);
	g_clear_pointer(&self->context, g_main_context_unref);
	G_OBJECT_CLASS(ferry_jmap_push_parent_class)->finalize(object);
}

static void
ferry_jmap_push_class_init(FerryJmapPushClass *klass)
{
	GType type = FERRY_TYPE_JMAP_PUSH;

	G_OBJECT_CLASS(klass)->dispose = ferry_jmap_push_dispose;
	G_OBJECT_CLASS(klass)->finalize = ferry_jmap_push_finalize;
	/**
	 * FerryJmapPush::state-change:
	 * @self: the push
	 * @account_id: the account
	 * @type_name: the data type, such as `Email`
	 * @state: its new state
	 *
	 * Something changed.
	 */
	signals[SIGNAL_STATE_CHANGE] =
		g_signal_new("state-change", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
			     G_TYPE_NONE, 3, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING);
	/**
	 * FerryJmapPush::status:
	 * @self: the push
	 * @status: a #FerryJmapPushStatus
	 *
	 * The connection came up or went down.
	 */
	signals[SIGNAL_STATUS] = g_signal_new("status", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
					      NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
	/**
	 * FerryJmapPush::connected:
	 * @self: the push
	 *
	 * The stream is up: read once what changed until now.
	 */
	signals[SIGNAL_CONNECTED] = g_signal_new("connected", type, G_SIGNAL_RUN_LAST, 0, NULL,
						 NULL, NULL, G_TYPE_NONE, 0);
}

static void
ferry_jmap_push_init(FerryJmapPush *self)
{
	self->ping = 30;
	self->min_backoff = 500;
	self->max_backoff = 60000;
}

/**
 * ferry_jmap_push_new:
 * @session: an open session
 * @types: (array zero-terminated=1) (nullable): data types to hear of, %NULL for all
 *
 * Returns: (transfer full): a push that is not started
 */
FerryJmapPush *
ferry_jmap_push_new(FerryJmapSession *session, const char *const *types)
{
	FerryJmapPush *self = g_object_new(FERRY_TYPE_JMAP_PUSH, NULL);

	self->session = g_object_ref(session);
	self->types = types != NULL ? g_strjoinv(",", (char **)types) : g_strdup("*");
	return self;
}

/**
 * ferry_jmap_push_set_ping:
 * @self: a push
 * @seconds: how often the server shall give a sign of life
 *
 * Changes that from its default of 30 s. A stream that misses two is dead.
 */
void
ferry_jmap_push_set_ping(FerryJmapPush *self, guint seconds)
{
	self->ping = MAX(seconds, 1);
}

/**
 * ferry_jmap_push_set_timing:
 * @self: a push
 * @ping_seconds: how often the server shall give a sign of life
 * @min_backoff_ms: pause before the first reconnect, in milliseconds
 * @max_backoff_ms: longest pause, in milliseconds
 *
 * Changes the timing from its default of 30 s, 500 ms, 60 s.
 */
void
ferry_jmap_push_set_timing(FerryJmapPush *self, guint ping_seconds, guint min_backoff_ms,
			   guint max_backoff_ms)
{
	self->ping = MAX(ping_seconds, 1);
	self->min_backoff = MAX(min_backoff_ms, 1);
	self->max_backoff = MAX(max_backoff_ms, self->min_backoff);
}

/**
 * ferry_jmap_push_get_status:
 * @self: a push
 *
 * Returns: whether silence means that nothing changed
 */
FerryJmapPushStatus
ferry_jmap_push_get_status(FerryJmapPush *self)
{
	return self->status;
}

static void
set_status(FerryJmapPush *self, FerryJmapPushStatus status)
{
	if (self->status == status)
		return;
	self->status = status;
	g_signal_emit(self, signals[SIGNAL_STATUS], 0, (guint)status);
}

static gboolean
reconnect_cb(gpointer user_data)
{
	FerryJmapPush *self = user_data;

	clear_timer(self);
	push_connect(self);
	return G_SOURCE_REMOVE;
}

static void
reconnect_later(FerryJmapPush *self)
{
	guint64 pause = (guint64)self->min_backoff << MIN(self->n_failures, 16);
	guint retry = 0;

	if (self->parser != NULL)
		retry = ferry_jmap_event_parser_get_retry(self->parser);
	self->n_failures++;
	pause = MIN(MAX(pause, retry), self->max_backoff);
	pause += (guint64)g_random_int_range(0, (gint32)pause / 4 + 1);
	drop_connection(self);
	set_timer(self, (guint)pause, reconnect_cb);
	set_status(self, FERRY_JMAP_PUSH_DOWN);
}

static gboolean
silence_cb(gpointer user_data)
{
	reconnect_later(user_data);
	return G_SOURCE_REMOVE;
}

/* two pings and a little for the way */
static void
expect_life(FerryJmapPush *self)
{
	set_timer(self, (guint)(self->ping_interval * 2000 + 500), silence_cb);
}

static void
take_state_change(FerryJmapPush *self, FerryJmapValue *event)
{
	GCancellable *connection = self->cancellable;
	FerryJmapValueIter accounts;
	const char *account_id = NULL;
	FerryJmapValue *changed = NULL;

	ferry_jmap_value_iter_init(&accounts, event, "changed");
	while (accounts.is_object && ferry_jmap_value_iter_next(&accounts, &account_id, &changed)) {
		g_autoptr(FerryJmapValue) types = changed;
		FerryJmapValueIter iter;
		const char *type = NULL;
		const char *state = NULL;

		ferry_jmap_value_iter_init(&iter, types, NULL);
		/* a handler may have stopped us */
		while (iter.is_object && self->cancellable == connection &&
		       ferry_jmap_value_iter_next_string(&iter, &type, &state))
			if (state != NULL)
				g_signal_emit(self, signals[SIGNAL_STATE_CHANGE], 0, account_id,
					      type, state);
	}
}

static void
event_cb(const char *name, const char *data, const char *id, gpointer user_data)
{
	FerryJmapPush *self = user_data;
	g_autoptr(FerryJmapValue) event = ferry_jmap_value_new_from_json(data, -1, NULL);

	if (event == NULL || self->cancellable == NULL)
		return;
	self->n_failures = 0;
	if (g_str_equal(name, "ping"))
		/* the server may keep to an interval of its own */
		self->ping_interval =
			CLAMP(ferry_jmap_value_get_int64(event, "interval", self->ping), 1, 600);
	else if (g_strcmp0(ferry_jmap_value_get_string(event, "@type"), "StateChange") == 0 ||
		 g_str_equal(name, "state"))
		take_state_change(self, event);
}

typedef struct {
	FerryJmapPush *push;
	GCancellable *cancellable;
} Connection;

static Connection *
connection_new(FerryJmapPush *self)
{
	Connection *connection = g_new(Connection, 1);

	connection->push = g_object_ref(self);
	connection->cancellable = g_object_ref(self->cancellable);
	return connection;
}

static void
connection_free(Connection *connection)
{
	g_object_unref(connection->push);
	g_object_unref(connection->cancellable);
	g_free(connection);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Connection, connection_free)

static void
read_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(Connection) connection = user_data;
	FerryJmapPush *self = connection->push;
	gssize n = g_input_stream_read_finish(G_INPUT_STREAM(source), result, NULL);
	g_autoptr(FerryJmapEventParser) parser = NULL;

	if (connection->cancellable != self->cancellable)
		return;
	if (n <= 0) {
		reconnect_later(self);
		return;
	}
	expect_life(self);
	parser = ferry_jmap_event_parser_ref(self->parser);
	if (!ferry_jmap_event_parser_feed(parser, self->buffer, (gsize)n, NULL)) {
		if (connection->cancellable == self->cancellable)
			reconnect_later(self);
		return;
	}
	if (connection->cancellable == self->cancellable)
		push_read(self);
}

static void
push_read(FerryJmapPush *self)
{
	g_input_stream_read_async(self->stream, self->buffer, READ_SIZE, G_PRIORITY_DEFAULT,
				  self->cancellable, read_cb, connection_new(self));
}

static void
stream_up(FerryJmapPush *self, FerryJmapHttpResponse *response)
{
	GCancellable *connection = self->cancellable;

	self->stream = g_steal_pointer(&response->stream);
	self->parser = ferry_jmap_event_parser_new(MAX_EVENT_SIZE, event_cb, self, NULL);
	self->ping_interval = self->ping;
	expect_life(self);
	set_status(self, FERRY_JMAP_PUSH_LIVE);
	if (self->cancellable == connection)
		g_signal_emit(self, signals[SIGNAL_CONNECTED], 0);
	if (self->cancellable == connection)
		push_read(self);
}

static gboolean
status_means_unsupported(guint status)
{
	return status == 204 || status == 404 || status == 405 || status == 406 || status == 410 ||
	       status == 501;
}

static void
unsupported(FerryJmapPush *self)
{
	drop_connection(self);
	set_timer(self, UNSUPPORTED_PAUSE_MS, reconnect_cb);
	set_status(self, FERRY_JMAP_PUSH_UNSUPPORTED);
}

static void
connected_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(Connection) connection = user_data;
	FerryJmapPush *self = connection->push;
	g_autoptr(FerryJmapHttpResponse) response =
		ferry_jmap_session_exchange_finish(result, NULL);

	if (connection->cancellable != self->cancellable)
		return;
	if (response == NULL) {
		reconnect_later(self);
	} else if (response->status == 200 && response->content_type != NULL &&
		   g_str_has_prefix(response->content_type, "text/event-stream")) {
		stream_up(self, response);
	} else if (status_means_unsupported(response->status)) {
		unsupported(self);
	} else if (response->status == 401) {
		g_autoptr(GError) error = ferry_jmap_session_saw_rejection(self->session);

		ferry_jmap_push_stop(self);
	} else {
		reconnect_later(self);
	}
}

static void
push_connect(FerryJmapPush *self)
{
	g_autofree char *ping = g_strdup_printf("%u", self->ping);
	const char *const values[] = {"types", self->types, "closeafter", "no", "ping", ping, NULL};
	g_autofree char *url =
		ferry_jmap_session_make_url(self->session, FERRY_JMAP_URL_EVENT_SOURCE, values);
	FerryJmapHttpRequest *http = NULL;

	if (*url == '\0') {
		unsupported(self);
		return;
	}
	http = ferry_jmap_http_request_new("GET", NULL,
					   ferry_jmap_session_get_credential(self->session));
	http->accept = "text/event-stream";
	http->last_event_id = g_strdup(self->last_id);
	http->want_stream = TRUE;
	http->endless = TRUE;
	http->no_retry = TRUE;
	self->cancellable = g_cancellable_new();
	ferry_jmap_session_exchange_async(self->session, http, FERRY_JMAP_URL_EVENT_SOURCE, values,
					  self->cancellable, connected_cb, connection_new(self));
}

/**
 * ferry_jmap_push_start:
 * @self: a push
 *
 * Connects, in the thread-default context of this thread, and stays connected until
 * [method@JmapPush.stop].
 */
void
ferry_jmap_push_start(FerryJmapPush *self)
{
	if (self->cancellable != NULL || self->timer != NULL)
		return;
	g_clear_pointer(&self->context, g_main_context_unref);
	self->context = g_main_context_ref_thread_default();
	push_connect(self);
}

/**
 * ferry_jmap_push_stop:
 * @self: a push
 *
 * Disconnects. No `state-change` comes afterwards.
 */
void
ferry_jmap_push_stop(FerryJmapPush *self)
{
	drop_connection(self);
	set_status(self, FERRY_JMAP_PUSH_DOWN);
}
