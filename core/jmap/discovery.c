/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a domain's JMAP is
 *
 * Specification: RFC 8620 §2.2 (SRV records, /.well-known/jmap), §8.3 (their security); RFC 2782
 * Implementation: a domain (`url=example.org`) is asked for its SRV records, in the order that they
 *   want; without any it is a host itself. Who forges DNS answers can name any host, so a record is
 *   followed only to hosts of the domain and to trusted hosts, and the certificate there has to be
 *   for that very host, as for any URL
 * Not mapped: DNSSEC, of which GResolver says nothing
 */
#include "jmap/discovery-private.h"

#include <libsoup/soup.h>

#include "jmap/backend-private.h"
#include "jmap/error.h"

#define LOOKUP_SECONDS 5
/* GResolver does not tell how long records are good */
#define GOOD_SECONDS 300
#define FAILURE_SECONDS 30
#define MAX_TARGETS 8

typedef struct {
	guint index; /* of the URL that is looked up */
	GPtrArray *servers;
	guint good_seconds;
	GCancellable *cancellable; /* of the look-up: the caller's, or the time is over */
	gulong outer_handler;
	GSource *timer;
} Discovery;

static void look_up_next(GTask *task);

static void
end_look_up(GTask *task)
{
	Discovery *self = g_task_get_task_data(task);

	if (self->timer != NULL) {
		g_source_destroy(self->timer);
		g_clear_pointer(&self->timer, g_source_unref);
	}
	if (self->outer_handler != 0)
		g_cancellable_disconnect(g_task_get_cancellable(task), self->outer_handler);
	self->outer_handler = 0;
	g_clear_object(&self->cancellable);
}

static void
discovery_free(gpointer data)
{
	Discovery *self = data;

	g_ptr_array_unref(self->servers);
	g_free(self);
}

/* private: where the session object of a configured URL is (RFC 8620 §2.2) */
char *
ferry_jmap_discovery_url(const char *configured)
{
	g_autoptr(GUri) uri = g_uri_parse(configured, SOUP_HTTP_URI_FLAGS, NULL);
	const char *path = uri != NULL ? g_uri_get_path(uri) : "";

	if (*path != '\0' && !g_str_equal(path, "/"))
		return g_strdup(configured);
	if (uri == NULL)
		return g_strdup(configured);
	return g_uri_resolve_relative(configured, "/.well-known/jmap", SOUP_HTTP_URI_FLAGS, NULL);
}

/* Whether @host is @domain or beneath it. */
static gboolean
is_within(const char *host, const char *domain)
{
	gsize length = strlen(host);
	gsize suffix = strlen(domain);

	if (length < suffix || g_ascii_strcasecmp(host + length - suffix, domain) != 0)
		return FALSE;
	return length == suffix || host[length - suffix - 1] == '.';
}

static char *
dup_host(GSrvTarget *target)
{
	const char *name = g_srv_target_get_hostname(target);
	gsize length = strlen(name);

	if (length > 0 && name[length - 1] == '.')
		length--;
	return g_strndup(name, length);
}

/* what a name in an https URL may be made of; anything else is no host name */
static gboolean
is_host_name(const char *host)
{
	return *host != '\0' && strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					     "0123456789-._") == strlen(host);
}

static void
take_target(FerryJmapBackend *backend, Discovery *self, const char *domain, GSrvTarget *target)
{
	g_autofree char *host = dup_host(target);
	guint port = g_srv_target_get_port(target);
	const char *name = ferry_jmap_backend_get_name(backend);

	if (!is_host_name(host) || port == 0) {
		g_warning("backend %s: an SRV record of %s names no host", name, domain);
	} else if (!is_within(host, domain) && !ferry_jmap_backend_trusts_host(backend, host)) {
		g_warning("backend %s: %s has its JMAP at %s, which is no host of it "
			  "(trusted-hosts)",
			  name, domain, host);
	} else {
		g_ptr_array_add(self->servers,
				port == 443 ? g_strdup_printf("https://%s", host)
					    : g_strdup_printf("https://%s:%u", host, port));
	}
}

/* Whether the records say that there is no such service (RFC 2782). */
static gboolean
is_refusal(GList *targets)
{
	const char *name = targets != NULL && targets->next == NULL
				   ? g_srv_target_get_hostname(targets->data)
				   : "x";

	return *name == '\0' || g_str_equal(name, ".");
}

static void
looked_up_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	Discovery *self = g_task_get_task_data(task);
	FerryJmapBackend *backend = g_task_get_source_object(task);
	g_autoptr(GError) error = NULL;
	GList *targets = g_resolver_lookup_service_finish(G_RESOLVER(source), result, &error);
	const char *domain = NULL;
	const char *url = ferry_jmap_backend_get_url(backend, self->index, &domain);
	guint before = self->servers->len;

	end_look_up(task);
	if (targets == NULL) {
		/* no records are an answer */
		if (!g_error_matches(error, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND))
			self->good_seconds = FAILURE_SECONDS;
		g_ptr_array_add(self->servers, g_strdup(url));
	} else if (is_refusal(targets)) {
		g_warning("backend %s: %s says that it has no JMAP",
			  ferry_jmap_backend_get_name(backend), domain);
	} else {
		for (GList *link = targets;
		     link != NULL && self->servers->len - before < MAX_TARGETS; link = link->next)
			take_target(backend, self, domain, link->data);
	}
	g_resolver_free_targets(targets);
	self->index++;
	look_up_next(task);
}

static gboolean
too_long_cb(gpointer user_data)
{
	g_cancellable_cancel(user_data);
	return G_SOURCE_REMOVE;
}

static void
outer_cancelled_cb(GCancellable *outer, gpointer user_data)
{
	g_cancellable_cancel(user_data);
}

static void
look_up(GTask *task, const char *domain)
{
	Discovery *self = g_task_get_task_data(task);
	GCancellable *outer = g_task_get_cancellable(task);
	g_autoptr(GResolver) resolver = g_resolver_get_default();
	g_autofree char *ascii = g_hostname_to_ascii(domain);

	self->cancellable = g_cancellable_new();
	if (outer != NULL)
		self->outer_handler =
			g_cancellable_connect(outer, G_CALLBACK(outer_cancelled_cb),
					      g_object_ref(self->cancellable), g_object_unref);
	self->timer = g_timeout_source_new_seconds(LOOKUP_SECONDS);
	g_source_set_callback(self->timer, too_long_cb, self->cancellable, NULL);
	g_source_attach(self->timer, g_main_context_get_thread_default());
	g_resolver_lookup_service_async(resolver, "jmap", "tcp", ascii != NULL ? ascii : domain,
					self->cancellable, looked_up_cb, task);
}

static void
discovered(GTask *task)
{
	Discovery *self = g_task_get_task_data(task);
	FerryJmapBackend *backend = g_task_get_source_object(task);

	if (g_task_return_error_if_cancelled(task)) {
		g_object_unref(task);
		return;
	}
	if (self->servers->len == 0) {
		g_task_return_new_error(task, FERRY_ERROR, FERRY_ERROR_BACKEND,
					"backend %s: its domain names no host that may be used",
					ferry_jmap_backend_get_name(backend));
		g_object_unref(task);
		return;
	}
	g_ptr_array_add(self->servers, NULL);
	ferry_jmap_backend_take_servers(backend, g_strdupv((char **)self->servers->pdata),
					self->good_seconds);
	g_task_return_boolean(task, TRUE);
	g_object_unref(task);
}

static void
look_up_next(GTask *task)
{
	Discovery *self = g_task_get_task_data(task);
	FerryJmapBackend *backend = g_task_get_source_object(task);
	const char *domain = NULL;
	const char *url = NULL;

	while ((url = ferry_jmap_backend_get_url(backend, self->index, &domain)) != NULL) {
		if (domain != NULL) {
			look_up(task, domain);
			return;
		}
		g_ptr_array_add(self->servers, g_strdup(url));
		self->index++;
	}
	discovered(task);
}

void
ferry_jmap_discover_async(FerryJmapBackend *backend, GCancellable *cancellable,
			  GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = g_task_new(backend, cancellable, callback, user_data);
	Discovery *self = g_new0(Discovery, 1);
	const char *domain = NULL;

	g_task_set_source_tag(task, ferry_jmap_discover_async);
	self->servers = g_ptr_array_new_with_free_func(g_free);
	self->good_seconds = GOOD_SECONDS;
	g_task_set_task_data(task, self, discovery_free);
	if (ferry_jmap_backend_get_url(backend, 0, &domain) == NULL) {
		g_task_return_new_error(task, FERRY_ERROR, FERRY_ERROR_CONFIGURATION,
					"backend %s has no URL",
					ferry_jmap_backend_get_name(backend));
		g_object_unref(task);
	} else if (ferry_jmap_backend_knows_servers(backend)) {
		g_task_return_boolean(task, TRUE);
		g_object_unref(task);
	} else {
		look_up_next(task);
	}
}

gboolean
ferry_jmap_discover_finish(GAsyncResult *result, GError **error)
{
	return g_task_propagate_boolean(G_TASK(result), error);
}
