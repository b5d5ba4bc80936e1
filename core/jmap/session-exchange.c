/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One exchange with whichever server of the backend the session is with
 *
 * Implementation: where that server takes no connection the session moves to the next, and what was
 *   not sent is sent there; once, and with patience then
 */
#include "jmap/backend-private.h"
#include "jmap/error.h"
#include "jmap/http-private.h"
#include "jmap/session-private.h"

typedef struct {
	FerryJmapHttpRequest *http;
	FerryJmapUrl url;
	char **values;
	GError *error; /* of the first server */
} Sending;

static void
sending_free(gpointer data)
{
	Sending *sending = data;

	ferry_jmap_http_request_unref(sending->http);
	g_strfreev(sending->values);
	g_clear_error(&sending->error);
	g_free(sending);
}

static void send_there(GTask *task);

static void
moved_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	Sending *sending = g_task_get_task_data(task);
	g_autoptr(GError) error = NULL;

	if (!ferry_jmap_session_move_finish(FERRY_JMAP_SESSION(source), result, &error)) {
		gboolean cancelled = g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ||
				     g_error_matches(error, FERRY_ERROR, FERRY_ERROR_EXPIRED);

		g_task_return_error(task, cancelled ? g_steal_pointer(&error)
						    : g_steal_pointer(&sending->error));
		g_object_unref(task);
		return;
	}
	sending->http->stays = TRUE;
	send_there(task);
}

static void
sent_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	FerryJmapSession *self = g_task_get_source_object(task);
	Sending *sending = g_task_get_task_data(task);
	GError *error = NULL;
	FerryJmapHttpResponse *response = ferry_jmap_http_send_finish(result, &error);

	if (response != NULL) {
		g_task_return_pointer(task, response,
				      (GDestroyNotify)ferry_jmap_http_response_free);
		g_object_unref(task);
		return;
	}
	if (g_error_matches(error, FERRY_ERROR, FERRY_ERROR_UNAVAILABLE)) {
		ferry_jmap_session_saw_outage(self);
		if (!sending->http->stays &&
		    ferry_jmap_session_can_move(self, sending->http->url)) {
			sending->error = error;
			ferry_jmap_session_move_async(self, g_task_get_cancellable(task), moved_cb,
						      task);
			return;
		}
	}
	g_task_return_error(task, error);
	g_object_unref(task);
}

static void
send_there(GTask *task)
{
	FerryJmapSession *self = g_task_get_source_object(task);
	Sending *sending = g_task_get_task_data(task);
	const char *const *values = (const char *const *)sending->values;

	g_free(sending->http->url);
	sending->http->url = ferry_jmap_session_make_url(self, sending->url, values);
	ferry_jmap_http_send_async(ferry_jmap_session_get_backend(self),
				   ferry_jmap_http_request_ref(sending->http),
				   g_task_get_cancellable(task), sent_cb, task);
}

/* private: sends @http (transfer full), whose URL is made here, from @values: name and value in
 * turns */
void
ferry_jmap_session_exchange_async(FerryJmapSession *self, FerryJmapHttpRequest *http,
				  FerryJmapUrl url, const char *const *values,
				  GCancellable *cancellable, GAsyncReadyCallback callback,
				  gpointer user_data)
{
	GTask *task = g_task_new(self, cancellable, callback, user_data);
	Sending *sending = g_new0(Sending, 1);

	g_task_set_source_tag(task, ferry_jmap_session_exchange_async);
	/* an answer that came is handed out, whoever cancels then */
	g_task_set_check_cancellable(task, FALSE);
	sending->http = http;
	sending->url = url;
	sending->values = g_strdupv((char **)values);
	g_task_set_task_data(task, sending, sending_free);
	send_there(task);
}

/* private: the answer, or what ferry_jmap_http_send_finish() fails with */
FerryJmapHttpResponse *
ferry_jmap_session_exchange_finish(GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}
