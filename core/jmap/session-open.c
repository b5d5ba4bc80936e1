/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening a session, and opening it again elsewhere
 *
 * Specification: RFC 8620 §2 (session object), §2.2 (discovery)
 * Implementation: the backend's servers in turn, those first that are not known to be away. A
 *   session whose server takes no connections reads its object from the next one; what was not sent
 *   then is sent there. It stays where it is until that server is away too
 */
#include "jmap/session-open-private.h"

#include <string.h>

#include "jmap/backend-private.h"
#include "jmap/discovery-private.h"
#include "jmap/error.h"
#include "jmap/http-private.h"
#include "jmap/reply-private.h"

/* who looks whether a server is back, while another one works, does not look for long */
#define PROBE_MS 3000
#define FIRST_PAUSE_MS 200
#define LONGEST_PAUSE_MS 3200

typedef struct {
	GPtrArray *servers; /* base URLs, in the order of asking */
	guint index;
	guint n_rounds;
	gint64 give_up_at; /* monotonic µs */
} Opening;

static void
opening_free(gpointer data)
{
	Opening *opening = data;

	g_clear_pointer(&opening->servers, g_ptr_array_unref);
	g_free(opening);
}

static gboolean
take_object(FerryJmapSession *self, FerryJmapValue *value, const char *base_url, GError **error)
{
	FerryJmapSessionObject *object =
		ferry_jmap_session_object_new(self->backend, value, base_url, error);

	if (object == NULL)
		return FALSE;
	g_clear_pointer(&self->object, ferry_jmap_session_object_free);
	self->object = object;
	self->suspect = FALSE;
	self->uploads.limit = (guint)object->limits[FERRY_JMAP_LIMIT_CONCURRENT_UPLOAD];
	self->downloads.limit = (guint)MIN(object->limits[FERRY_JMAP_LIMIT_CONCURRENT_REQUESTS], 6);
	return TRUE;
}

static void
opened(GTask *task, FerryJmapValue *object, const char *base_url)
{
	FerryJmapSession *self = g_task_get_source_object(task);
	GError *error = NULL;

	if (take_object(self, object, base_url, &error))
		g_task_return_boolean(task, TRUE);
	else
		g_task_return_error(task, error);
	g_object_unref(task);
}

static void open_at(GTask *task);

static GError *
opening_error(FerryJmapSession *self, FerryJmapHttpResponse *response)
{
	GError *error = ferry_jmap_http_response_to_error(response);

	if (response->status == 404 || response->status == 405 || response->status == 410)
		error->code = FERRY_ERROR_BACKEND;
	g_prefix_error(&error, "backend %s: ", ferry_jmap_backend_get_name(self->backend));
	return error;
}

static gboolean
next_round_cb(gpointer user_data)
{
	open_at(user_data);
	return G_SOURCE_REMOVE;
}

/* With several servers each is tried once, then all of them again after a pause. FALSE where there
 * is nobody left to ask, or no time. */
static gboolean
open_at_next(GTask *task)
{
	Opening *opening = g_task_get_task_data(task);
	guint pause = MIN((guint)FIRST_PAUSE_MS << MIN(opening->n_rounds, 8), LONGEST_PAUSE_MS);
	g_autoptr(GSource) source = NULL;

	if (++opening->index < opening->servers->len) {
		open_at(task);
		return TRUE;
	}
	if (opening->servers->len == 1 ||
	    g_get_monotonic_time() + (gint64)pause * 1000 >= opening->give_up_at)
		return FALSE;
	opening->index = 0;
	opening->n_rounds++;
	source = g_timeout_source_new(pause);
	g_source_set_callback(source, next_round_cb, task, NULL);
	g_source_attach(source, g_main_context_get_thread_default());
	return TRUE;
}

static void
open_answered_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	FerryJmapSession *self = g_task_get_source_object(task);
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryJmapHttpResponse) response = ferry_jmap_http_send_finish(result, &error);
	g_autoptr(FerryJmapValue) object = NULL;

	if (response != NULL && (response->status < 200 || response->status > 299))
		error = opening_error(self, response);
	else if (response != NULL)
		object = ferry_jmap_parse(response->body, &error);
	if (object != NULL) {
		opened(task, object, response->url);
		return;
	}
	/* the next one is asked only where this one is away: who is refused is refused */
	if (!g_error_matches(error, FERRY_ERROR, FERRY_ERROR_UNAVAILABLE) || !open_at_next(task)) {
		g_task_return_error(task, g_steal_pointer(&error));
		g_object_unref(task);
	}
}

static void
open_at(GTask *task)
{
	FerryJmapSession *self = g_task_get_source_object(task);
	Opening *opening = g_task_get_task_data(task);
	FerryJmapHealth *health = ferry_jmap_backend_get_health(self->backend);
	const char *server = opening->servers->pdata[opening->index];
	g_autofree char *url = ferry_jmap_discovery_url(server);
	FerryJmapHttpRequest *http = ferry_jmap_http_request_new("GET", url, self->credential);

	http->accept = "application/json";
	http->max_reply = 4 * 1024 * 1024;
	http->no_retry = opening->servers->len > 1;
	if (http->no_retry && ferry_jmap_health_get_away_since(health, server) != 0)
		http->patience_ms = PROBE_MS;
	ferry_jmap_http_send_async(self->backend, http, g_task_get_cancellable(task),
				   open_answered_cb, task);
}

/* As configured, but those at the end that are away and not to be asked yet. */
static void
order_servers(FerryJmapBackend *backend, Opening *opening)
{
	const char *const *servers = ferry_jmap_backend_get_servers(backend);
	FerryJmapHealth *health = ferry_jmap_backend_get_health(backend);
	g_autoptr(GPtrArray) resting = g_ptr_array_new();

	opening->servers = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; servers[i] != NULL; i++) {
		gboolean alone = !ferry_jmap_backend_has_other(backend, servers[i]);

		if (servers[1] == NULL || ferry_jmap_health_take_turn(health, servers[i], alone))
			g_ptr_array_add(opening->servers, g_strdup(servers[i]));
		else
			g_ptr_array_add(resting, (gpointer)servers[i]);
	}
	for (guint i = 0; i < resting->len; i++)
		g_ptr_array_add(opening->servers, g_strdup(resting->pdata[i]));
}

static void
discovered_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	GError *error = NULL;

	if (!ferry_jmap_discover_finish(result, &error)) {
		g_task_return_error(task, error);
		g_object_unref(task);
		return;
	}
	order_servers(FERRY_JMAP_BACKEND(source), g_task_get_task_data(task));
	open_at(task);
}

/**
 * ferry_jmap_session_open_async:
 * @self: a session
 * @cancellable: (nullable): cancels it
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: passed to @callback
 *
 * Finds and reads the session object. On an open session it is read again.
 */
void
ferry_jmap_session_open_async(FerryJmapSession *self, GCancellable *cancellable,
			      GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = g_task_new(self, cancellable, callback, user_data);
	Opening *opening = g_new0(Opening, 1);

	g_task_set_source_tag(task, ferry_jmap_session_open_async);
	opening->give_up_at =
		g_get_monotonic_time() +
		(gint64)ferry_jmap_backend_get_retry_time(self->backend) * G_USEC_PER_SEC;
	g_task_set_task_data(task, opening, opening_free);
	ferry_jmap_discover_async(self->backend, cancellable, discovered_cb, task);
}

/**
 * ferry_jmap_session_open_finish:
 * @self: a session
 * @result: what the callback got
 * @error: return location for an error
 *
 * Returns: whether the session is open. If not: %FERRY_ERROR_AUTHENTICATION where the credential is
 *   wrong, %FERRY_ERROR_UNAVAILABLE where the backend cannot be reached, %FERRY_ERROR_BACKEND
 *   where there is no JMAP or a URL leads to a host that is not trusted
 */
gboolean
ferry_jmap_session_open_finish(FerryJmapSession *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_boolean(G_TASK(result), error);
}

/* those who wait for the refresh; @error: why it failed, or NULL */
static void
tell_movers(FerryJmapSession *self, const GError *error)
{
	g_autoptr(GPtrArray) movers = g_steal_pointer(&self->movers);

	self->movers = g_ptr_array_new_with_free_func(g_object_unref);
	for (guint i = 0; i < movers->len; i++) {
		if (error != NULL)
			g_task_return_error(movers->pdata[i], g_error_copy(error));
		else
			g_task_return_boolean(movers->pdata[i], TRUE);
	}
}

/* What the session object said before it was read again. */
typedef struct {
	char *state;
	GPtrArray *accounts;
} Refreshed;

static void
refreshed_free(Refreshed *self)
{
	g_ptr_array_unref(self->accounts);
	g_free(self->state);
	g_free(self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Refreshed, refreshed_free)

static const FerryJmapAccountInfo *
find_same_id(GPtrArray *accounts, const FerryJmapAccountInfo *account)
{
	for (guint i = 0; i < accounts->len; i++) {
		const FerryJmapAccountInfo *other = accounts->pdata[i];

		if (strcmp(other->id, account->id) == 0)
			return other;
	}
	return NULL;
}

/* There are servers whose session state never moves. */
static gboolean
has_same_accounts(GPtrArray *old_accounts, GPtrArray *accounts)
{
	if (old_accounts->len != accounts->len)
		return FALSE;
	for (guint i = 0; i < accounts->len; i++) {
		const FerryJmapAccountInfo *account = accounts->pdata[i];
		const FerryJmapAccountInfo *old = find_same_id(old_accounts, account);

		if (old == NULL || g_strcmp0(old->name, account->name) != 0 ||
		    old->is_read_only != account->is_read_only)
			return FALSE;
	}
	return TRUE;
}

static void
refreshed_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryJmapSession *self = FERRY_JMAP_SESSION(source);
	g_autoptr(Refreshed) refreshed = user_data;
	g_autoptr(GError) error = NULL;

	g_clear_object(&self->refresh);
	if (!ferry_jmap_session_open_finish(self, result, &error)) {
		if (g_error_matches(error, FERRY_ERROR, FERRY_ERROR_AUTHENTICATION)) {
			g_clear_error(&error);
			error = ferry_jmap_session_saw_rejection(self);
		}
		tell_movers(self, error);
		return;
	}
	tell_movers(self, NULL);
	if (g_strcmp0(refreshed->state,
		      ferry_jmap_value_get_string(self->object->value, "state")) != 0 ||
	    !has_same_accounts(refreshed->accounts, self->object->accounts))
		ferry_jmap_session_emit_changed(self);
}

/**
 * ferry_jmap_session_refresh:
 * @self: an open session
 *
 * Reads the session object again in the background; `session-changed` tells what is new in it.
 */
void
ferry_jmap_session_refresh(FerryJmapSession *self)
{
	Refreshed *refreshed;

	if (self->refresh != NULL || self->rejected || self->object == NULL)
		return;
	refreshed = g_new0(Refreshed, 1);
	refreshed->state = g_strdup(ferry_jmap_value_get_string(self->object->value, "state"));
	refreshed->accounts = g_ptr_array_ref(self->object->accounts);
	self->refresh = g_cancellable_new();
	ferry_jmap_session_open_async(self, self->refresh, refreshed_cb, refreshed);
}

/* private: whether what @url did not take may be taken by another server of the backend */
gboolean
ferry_jmap_session_can_move(FerryJmapSession *self, const char *url)
{
	FerryJmapHealth *health = ferry_jmap_backend_get_health(self->backend);

	return self->object != NULL && !self->rejected &&
	       ferry_jmap_health_get_away_since(health, url) != 0 &&
	       ferry_jmap_backend_has_other(self->backend, url);
}

/* private: reads the session object from the first server that has it; ends with
 * ferry_jmap_session_move_finish() */
void
ferry_jmap_session_move_async(FerryJmapSession *self, GCancellable *cancellable,
			      GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = g_task_new(self, cancellable, callback, user_data);

	g_task_set_source_tag(task, ferry_jmap_session_move_async);
	g_ptr_array_add(self->movers, task);
	ferry_jmap_session_refresh(self);
}

/* private */
gboolean
ferry_jmap_session_move_finish(FerryJmapSession *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_boolean(G_TASK(result), error);
}
