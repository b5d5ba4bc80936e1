/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The event source
 *
 * Specification: RFC 8620 section 7.3
 * Implementation: changes of one main-loop turn are told together, so that a request of many calls
 *   is one event. With --no-push the resource answers 204, as servers without push do.
 */
#include <string.h>

#include "call.h"
#include "stats.h"

struct _JsPush {
	JsServer *server;
	GPtrArray *streams; /* JsStream */
	guint source;
	guint64 event;
};

typedef struct {
	JsPush *push;
	SoupServerMessage *message;
	JsUser *user;
	GHashTable *types; /* NULL: all */
	gboolean close_after_state;
	gboolean muted; /* open, and nothing comes any more */
	guint ping, timer;
	GHashTable *told; /* "account type" → state, as this stream knows it */
} JsStream;

static const char *const js_type_names[JS_N_TYPES] = {
	[JS_TYPE_MAILBOX] = "Mailbox",   [JS_TYPE_EMAIL] = "Email",
	[JS_TYPE_THREAD] = "Thread",     [JS_TYPE_EMAIL_DELIVERY] = "EmailDelivery",
	[JS_TYPE_QUOTA] = "Quota",       [JS_TYPE_SIEVE] = "SieveScript",
	[JS_TYPE_IDENTITY] = "Identity",
};

static void
js_stream_free(JsStream *self)
{
	g_clear_handle_id(&self->timer, g_source_remove);
	g_signal_handlers_disconnect_by_data(self->message, self);
	g_object_unref(self->message);
	g_clear_pointer(&self->types, g_hash_table_unref);
	g_hash_table_unref(self->told);
	g_free(self);
}

JsPush *
js_push_new(JsServer *server)
{
	JsPush *self = g_new0(JsPush, 1);

	self->server = server;
	self->streams = g_ptr_array_new_with_free_func((GDestroyNotify)js_stream_free);
	return self;
}

void
js_push_free(JsPush *self)
{
	g_clear_handle_id(&self->source, g_source_remove);
	g_ptr_array_unref(self->streams);
	g_free(self);
}

guint
js_push_count(JsPush *self)
{
	return self->streams->len;
}

static void
js_stream_write(JsStream *self, GString *text)
{
	SoupMessageBody *body = soup_server_message_get_response_body(self->message);
	gsize len = text->len;

	if (self->muted) {
		g_string_free(text, TRUE);
		return;
	}
	soup_message_body_append_take(body, (guchar *)g_string_free(text, FALSE), len);
	soup_server_message_unpause(self->message);
}

static gboolean
js_stream_ping_cb(gpointer data)
{
	JsStream *self = data;
	GString *text = g_string_new(NULL);

	g_string_printf(text, "event: ping\ndata: {\"interval\":%u}\n\n", self->ping);
	js_stream_write(self, text);
	return G_SOURCE_CONTINUE;
}

static gboolean
js_stream_wants(JsStream *self, guint type)
{
	return self->types == NULL || g_hash_table_contains(self->types, js_type_names[type]);
}

/* Adds what of @account this stream does not know yet; TRUE when there is something. */
static gboolean
js_stream_add_account(JsStream *self, JsAccount *account, guint slot, GString *out,
		      gboolean baseline)
{
	gboolean any = FALSE;

	for (guint i = 0; i < JS_N_TYPES; i++) {
		g_autofree char *state = js_account_dup_state(account, (JsType)i);
		g_autofree char *key = g_strconcat(account->id, " ", js_type_names[i], NULL);

		if (!js_stream_wants(self, i) || (slot != 0 && i >= JS_TYPE_QUOTA) ||
		    g_strcmp0(g_hash_table_lookup(self->told, key), state) == 0)
			continue;
		if (!any && !baseline) {
			js_json_key(out, account->id);
			js_json_open(out, '{');
		}
		any = TRUE;
		if (!baseline)
			js_json_kv_string(out, js_type_names[i], state);
		g_hash_table_replace(self->told, g_steal_pointer(&key), g_steal_pointer(&state));
	}
	if (any && !baseline)
		js_json_close(out, '}');
	return any;
}

static gboolean
js_stream_collect(JsStream *self, GString *out, gboolean baseline)
{
	JsServer *server = self->push->server;
	gboolean any = FALSE;

	for (guint i = 0; i < server->users->len; i++) {
		JsUser *owner = g_ptr_array_index(server->users, i);
		guint slot = 0;

		if (js_server_get_account_for(server, self->user, owner->account->id, &slot) ==
		    NULL)
			continue;
		if (js_stream_add_account(self, owner->account, slot, out, baseline))
			any = TRUE;
	}
	return any;
}

static char *
js_push_dup_event_id(JsPush *self)
{
	return g_strdup_printf("%" G_GUINT64_FORMAT "-%s", self->event, self->server->run_tag);
}

static void
js_stream_tell(JsStream *self)
{
	GString *text = g_string_new("event: state\n");
	g_autofree char *id = js_push_dup_event_id(self->push);
	g_autoptr(GString) changed = g_string_new("{\"@type\":\"StateChange\",\"changed\":{");

	if (!js_stream_collect(self, changed, FALSE)) {
		g_string_free(text, TRUE);
		return;
	}
	g_string_append_printf(text, "id: %s\ndata: %s}}\n\n", id, changed->str);
	js_stream_write(self, text);
	if (self->close_after_state)
		soup_message_body_complete(soup_server_message_get_response_body(self->message));
}

static gboolean
js_push_flush_cb(gpointer data)
{
	JsPush *self = data;

	self->source = 0;
	self->event++;
	for (guint i = 0; i < self->streams->len; i++)
		js_stream_tell(g_ptr_array_index(self->streams, i));
	return G_SOURCE_REMOVE;
}

void
js_push_account_changed(JsPush *self, JsAccount *account)
{
	if (self->source == 0 && self->streams->len > 0)
		self->source = g_idle_add_full(G_PRIORITY_DEFAULT, js_push_flush_cb, self, NULL);
	else if (self->streams->len == 0)
		self->event++;
}

/* Ends every stream without a word; returns how many. */
guint
js_push_drop_all(JsPush *self)
{
	guint n = self->streams->len;

	while (self->streams->len > 0) {
		JsStream *stream = g_ptr_array_index(self->streams, self->streams->len - 1);
		g_autoptr(SoupServerMessage) message = g_object_ref(stream->message);

		g_ptr_array_remove_index(self->streams, self->streams->len - 1);
		js_http_cut(message);
	}
	return n;
}

/* As when a firewall forgets the connections: nothing comes from the streams there are, and they do
 * not end. Returns how many. */
guint
js_push_mute_all(JsPush *self)
{
	for (guint i = 0; i < self->streams->len; i++)
		((JsStream *)g_ptr_array_index(self->streams, i))->muted = TRUE;
	return self->streams->len;
}

/* Tells every stream an event as it stands, true or not. */
void
js_push_say(JsPush *self, const char *name, const char *data)
{
	for (guint i = 0; i < self->streams->len; i++) {
		GString *text = g_string_new(NULL);

		g_string_printf(text, "event: %s\ndata: %s\n\n", name, data);
		js_stream_write(g_ptr_array_index(self->streams, i), text);
	}
}

static void
js_stream_finished_cb(SoupServerMessage *message, gpointer user_data)
{
	JsStream *self = user_data;

	g_ptr_array_remove(self->push->streams, self);
}

static void
js_stream_read_query(JsStream *self, GHashTable *query)
{
	const char *types = query != NULL ? g_hash_table_lookup(query, "types") : NULL;
	const char *close = query != NULL ? g_hash_table_lookup(query, "closeafter") : NULL;
	const char *ping = query != NULL ? g_hash_table_lookup(query, "ping") : NULL;
	guint64 seconds = 0;

	self->close_after_state = g_strcmp0(close, "state") == 0;
	if (ping != NULL)
		g_ascii_string_to_unsigned(ping, 10, 0, 86400, &seconds, NULL);
	self->ping = (guint)seconds;
	if (types != NULL && strcmp(types, "*") != 0) {
		g_auto(GStrv) names = g_strsplit(types, ",", 64);

		self->types = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
		for (guint i = 0; names[i] != NULL; i++)
			g_hash_table_add(self->types, g_strdup(names[i]));
	}
}

static void
js_stream_open(JsStream *self)
{
	SoupMessageHeaders *headers = soup_server_message_get_response_headers(self->message);
	const char *last = soup_message_headers_get_one(
		soup_server_message_get_request_headers(self->message), "Last-Event-ID");
	g_autofree char *now = js_push_dup_event_id(self->push);
	g_autoptr(GString) unused = g_string_new(NULL);

	soup_server_message_set_status(self->message, SOUP_STATUS_OK, NULL);
	soup_message_headers_set_encoding(headers, SOUP_ENCODING_CHUNKED);
	soup_message_headers_set_content_type(headers, "text/event-stream", NULL);
	soup_message_headers_replace(headers, "Cache-Control", "no-cache");
	soup_message_body_set_accumulate(soup_server_message_get_response_body(self->message),
					 FALSE);
	/* a comment, so that the client sees at once that the stream is open */
	js_stream_write(self, g_string_new(": ferry-jmap-server\n\n"));
	if (last != NULL && strcmp(last, now) != 0)
		js_stream_tell(self);
	else
		js_stream_collect(self, unused, TRUE);
	if (self->ping > 0)
		self->timer = g_timeout_add_seconds(self->ping, js_stream_ping_cb, self);
}

void
js_push_handle(JsServer *self, SoupServerMessage *message, JsUser *user, GHashTable *query)
{
	JsStream *stream;

	js_stats_count_for(self->stats, "eventSources", user->name);
	if (self->options.no_push) {
		soup_server_message_set_status(message, SOUP_STATUS_NO_CONTENT, NULL);
		return;
	}
	stream = g_new0(JsStream, 1);
	stream->push = self->push;
	stream->message = g_object_ref(message);
	stream->user = user;
	stream->told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	js_stream_read_query(stream, query);
	g_ptr_array_add(self->push->streams, stream);
	g_signal_connect(message, "finished", G_CALLBACK(js_stream_finished_cb), stream);
	js_stream_open(stream);
}
