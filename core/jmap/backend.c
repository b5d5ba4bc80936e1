/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One JMAP service: its addresses, whom to trust, how long to wait
 *
 * Specification: RFC 8620 §1.7, §8 (security); RFC 6761 §6.3 (localhost)
 * Implementation: one SoupSession for requests and one for event streams, made in the thread that
 *   first needs them. Credentials go to https origins only (or where allow-plaintext says so), and
 *   of these only to the configured ones and to trusted hosts, on any port of theirs
 */
#include "jmap/backend-private.h"
#include <string.h>

#include "jmap/error.h"
#include "jmap/tls-trust-private.h"

/* one for each user who is signed in, whom the limits on connections bound already */
#define MAX_STREAMS 65535

struct _FerryJmapBackend {
	GObject parent;
	char *name;
	char **urls;
	GPtrArray *domains;   /* of each URL: the domain that it was configured as, or NULL */
	char **servers;       /* where the URLs lead, by SRV records too; NULL until asked */
	gint64 servers_until; /* monotonic µs: then they are asked for again */
	FerryJmapHealth *health;
	char **trusted_hosts;
	FerryJmapPlaintext allow_plaintext;
	char *ca_file;
	guint request_timeout;
	guint retry_time;
	guint retry_after_max;
	guint64 n_requests;
	char *certificate_problem; /* the last one that was logged */
	SoupSession *soup;
	SoupSession *streams; /* for event streams */
};

G_DEFINE_FINAL_TYPE(FerryJmapBackend, ferry_jmap_backend, G_TYPE_OBJECT)

static void
ferry_jmap_backend_dispose(GObject *object)
{
	FerryJmapBackend *self = FERRY_JMAP_BACKEND(object);

	if (self->soup != NULL)
		soup_session_abort(self->soup);
	g_clear_object(&self->soup);
	if (self->streams != NULL)
		soup_session_abort(self->streams);
	g_clear_object(&self->streams);
	G_OBJECT_CLASS(ferry_jmap_backend_parent_class)->dispose(object);
}

static void
ferry_jmap_backend_finalize(GObject *object)
{
	FerryJmapBackend *self = FERRY_JMAP_BACKEND(object);

	g_free(self->name);
	g_strfreev(self->urls);
	g_ptr_array_unref(self->domains);
	g_strfreev(self->servers);
	ferry_jmap_health_free(self->health);
	g_strfreev(self->trusted_hosts);
	g_free(self->ca_file);
	g_free(self->certificate_problem);
	G_OBJECT_CLASS(ferry_jmap_backend_parent_class)->finalize(object);
}

static void
ferry_jmap_backend_class_init(FerryJmapBackendClass *klass)
{
	G_OBJECT_CLASS(klass)->dispose = ferry_jmap_backend_dispose;
	G_OBJECT_CLASS(klass)->finalize = ferry_jmap_backend_finalize;
}

static void
ferry_jmap_backend_init(FerryJmapBackend *self)
{
	self->allow_plaintext = FERRY_JMAP_PLAINTEXT_LOOPBACK;
	self->domains = g_ptr_array_new_with_free_func(g_free);
	self->health = ferry_jmap_health_new();
	self->request_timeout = 30;
	self->retry_time = 45;
	self->retry_after_max = 30;
}

/* whether it may have SRV records: a name with a dot, and nothing but a name */
static gboolean
is_domain(const char *text)
{
	return strpbrk(text, ":/?#@") == NULL && strchr(text, '.') != NULL &&
	       !g_hostname_is_ip_address(text);
}

/**
 * ferry_jmap_backend_new:
 * @name: what the configuration calls it
 * @urls: (array zero-terminated=1): session URLs, or hosts to discover, tried in turn:
 *   `https://mail.example.org` means `/.well-known/jmap` there, and so does `example.org`, where
 *   that domain has no SRV records that name other hosts (RFC 8620 §2.2)
 *
 * Returns: (transfer full): a backend with the defaults: plaintext to loopback only, 30 s for an
 *   attempt, 45 s for all, Retry-After obeyed up to 30 s
 */
FerryJmapBackend *
ferry_jmap_backend_new(const char *name, const char *const *urls)
{
	FerryJmapBackend *self = g_object_new(FERRY_TYPE_JMAP_BACKEND, NULL);

	self->name = g_strdup(name);
	self->urls = g_strdupv((char **)urls);
	for (guint i = 0; self->urls[i] != NULL; i++) {
		g_ptr_array_add(self->domains,
				is_domain(self->urls[i]) ? g_strdup(self->urls[i]) : NULL);
		if (strstr(self->urls[i], "://") == NULL) {
			g_autofree char *host = self->urls[i];

			self->urls[i] = g_strconcat("https://", host, NULL);
		}
	}
	return self;
}

/**
 * ferry_jmap_backend_get_name:
 * @self: a backend
 *
 * Returns: what the configuration calls it
 */
const char *
ferry_jmap_backend_get_name(FerryJmapBackend *self)
{
	return self->name;
}

/**
 * ferry_jmap_backend_set_trusted_hosts:
 * @self: a backend
 * @hosts: (array zero-terminated=1) (nullable): host names
 *
 * Names hosts beside those of the configured URLs that may see credentials.
 */
void
ferry_jmap_backend_set_trusted_hosts(FerryJmapBackend *self, const char *const *hosts)
{
	g_strfreev(self->trusted_hosts);
	self->trusted_hosts = g_strdupv((char **)hosts);
}

/**
 * ferry_jmap_backend_set_allow_plaintext:
 * @self: a backend
 * @allow: where http will do
 *
 * Says where credentials may travel without TLS.
 */
void
ferry_jmap_backend_set_allow_plaintext(FerryJmapBackend *self, FerryJmapPlaintext allow)
{
	self->allow_plaintext = allow;
}

/**
 * ferry_jmap_backend_set_ca_file:
 * @self: a backend
 * @path: (nullable): PEM certificates to trust instead of the system's
 *
 * Says which authorities certify the backend.
 */
void
ferry_jmap_backend_set_ca_file(FerryJmapBackend *self, const char *path)
{
	g_free(self->ca_file);
	self->ca_file = g_strdup(path);
}

/**
 * ferry_jmap_backend_set_timeouts:
 * @self: a backend
 * @request_timeout: seconds that one attempt may take until its answer begins, and then for each
 *   256 KiB of it
 * @retry_time: seconds within which attempts begin
 * @retry_after_max: longest Retry-After to obey, in seconds; a longer one fails at once
 *
 * Says how long to wait.
 */
void
ferry_jmap_backend_set_timeouts(FerryJmapBackend *self, guint request_timeout, guint retry_time,
				guint retry_after_max)
{
	self->request_timeout = request_timeout;
	self->retry_time = retry_time;
	self->retry_after_max = retry_after_max;
}

/**
 * ferry_jmap_backend_get_n_requests:
 * @self: a backend
 *
 * Returns: how many HTTP requests were sent, repeats included
 */
guint64
ferry_jmap_backend_get_n_requests(FerryJmapBackend *self)
{
	return self->n_requests;
}

static gboolean
is_loopback(const char *host)
{
	g_autoptr(GInetAddress) address = NULL;

	if (g_ascii_strcasecmp(host, "localhost") == 0)
		return TRUE;
	address = g_inet_address_new_from_string(host);
	return address != NULL && g_inet_address_get_is_loopback(address);
}

static gboolean
is_host_of(const char *host, char **urls)
{
	for (guint i = 0; urls != NULL && urls[i] != NULL; i++) {
		g_autoptr(GUri) uri = g_uri_parse(urls[i], SOUP_HTTP_URI_FLAGS, NULL);

		if (uri != NULL && g_uri_get_host(uri) != NULL &&
		    g_ascii_strcasecmp(host, g_uri_get_host(uri)) == 0)
			return TRUE;
	}
	return FALSE;
}

static gboolean
is_configured(FerryJmapBackend *self, const char *host)
{
	if (is_host_of(host, self->urls) || is_host_of(host, self->servers))
		return TRUE;
	for (guint i = 0; self->trusted_hosts != NULL && self->trusted_hosts[i] != NULL; i++)
		if (g_ascii_strcasecmp(host, self->trusted_hosts[i]) == 0)
			return TRUE;
	return FALSE;
}

static gboolean
check_scheme(FerryJmapBackend *self, const char *scheme, const char *host, GError **error)
{
	if (g_strcmp0(scheme, "https") == 0)
		return TRUE;
	if (g_strcmp0(scheme, "http") != 0) {
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_BACKEND,
			    "backend %s: a URL of scheme %s on %s", self->name, scheme, host);
		return FALSE;
	}
	if (self->allow_plaintext == FERRY_JMAP_PLAINTEXT_ALWAYS ||
	    (self->allow_plaintext == FERRY_JMAP_PLAINTEXT_LOOPBACK && is_loopback(host)))
		return TRUE;
	g_set_error(error, FERRY_ERROR, FERRY_ERROR_BACKEND,
		    "backend %s: no credentials to %s without TLS (allow-plaintext)", self->name,
		    host);
	return FALSE;
}

/**
 * ferry_jmap_backend_check_url:
 * @self: a backend
 * @url: an absolute URL, from the configuration, a session object or a redirect
 * @error: return location for an error
 *
 * Decides whether credentials may be sent there.
 *
 * Returns: whether they may; if not, %FERRY_ERROR_BACKEND and a message that names the host
 */
gboolean
ferry_jmap_backend_check_url(FerryJmapBackend *self, const char *url, GError **error)
{
	g_autoptr(GUri) uri = g_uri_parse(url, SOUP_HTTP_URI_FLAGS, NULL);
	const char *host = uri != NULL ? g_uri_get_host(uri) : NULL;

	if (host == NULL || *host == '\0') {
		g_autofree char *escaped = g_strescape(url, NULL);

		g_set_error(error, FERRY_ERROR, FERRY_ERROR_BACKEND,
			    "backend %s: “%.200s” is no absolute URL", self->name, escaped);
		return FALSE;
	}
	if (!check_scheme(self, g_uri_get_scheme(uri), host, error))
		return FALSE;
	if (is_configured(self, host))
		return TRUE;
	g_set_error(error, FERRY_ERROR, FERRY_ERROR_BACKEND,
		    "backend %s: %s is not a host of it (trusted-hosts)", self->name, host);
	return FALSE;
}

static SoupSession *
make_soup(FerryJmapBackend *self, guint max_conns, guint max_conns_per_host, GError **error)
{
	g_autoptr(SoupSession) soup = NULL;

	ferry_tls_trust_wrap_default();
	/* time-outs are our own, since an event stream may be silent and an attempt must not drip
	 * for ever */
	soup = soup_session_new_with_options("max-conns", max_conns, "max-conns-per-host",
					     max_conns_per_host, "timeout", 0, "idle-timeout", 60,
					     "user-agent", "Ferry", NULL);
	soup_session_remove_feature_by_type(soup, SOUP_TYPE_AUTH_MANAGER);
	if (self->ca_file != NULL) {
		g_autoptr(GError) problem = NULL;
		g_autoptr(GTlsDatabase) database =
			ferry_tls_trust_new_for_file(self->ca_file, &problem);

		if (database == NULL) {
			g_set_error(error, FERRY_ERROR, FERRY_ERROR_CONFIGURATION, "backend %s: %s",
				    self->name, problem->message);
			return NULL;
		}
		soup_session_set_tls_database(soup, database);
	}
	return g_steal_pointer(&soup);
}

/* private: the connections; libsoup binds them to the thread's context, so they are made late */
SoupSession *
ferry_jmap_backend_get_soup(FerryJmapBackend *self, GError **error)
{
	/* libsoup's two connections per host let three unread downloads stop everything */
	if (self->soup == NULL)
		self->soup = make_soup(self, 256, 32, error);
	return self->soup;
}

/* private: the connections of event streams. Over HTTP/1.1 each user's stream holds one for ever,
 * so among those of the requests they would leave none. */
SoupSession *
ferry_jmap_backend_get_stream_soup(FerryJmapBackend *self, GError **error)
{
	if (self->streams == NULL)
		self->streams = make_soup(self, MAX_STREAMS, MAX_STREAMS, error);
	return self->streams;
}

/* private: as configured, each a URL; @domain: the domain that one was configured as, or NULL */
const char *
ferry_jmap_backend_get_url(FerryJmapBackend *self, guint index, const char **domain)
{
	if (index >= g_strv_length(self->urls))
		return NULL;
	*domain = self->domains->pdata[index];
	return self->urls[index];
}

/* private: where the URLs lead, as far as that is known */
const char *const *
ferry_jmap_backend_get_servers(FerryJmapBackend *self)
{
	return (const char *const *)(self->servers != NULL ? self->servers : self->urls);
}

/* private: whether nobody has to ask where the URLs lead */
gboolean
ferry_jmap_backend_knows_servers(FerryJmapBackend *self)
{
	return self->servers != NULL && g_get_monotonic_time() < self->servers_until;
}

/* private: takes @servers, base URLs, which are good for that many seconds */
void
ferry_jmap_backend_take_servers(FerryJmapBackend *self, char **servers, guint seconds)
{
	g_strfreev(self->servers);
	self->servers = servers;
	self->servers_until = g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC;
}

/* private: whether @host was named by the owner to be trusted */
gboolean
ferry_jmap_backend_trusts_host(FerryJmapBackend *self, const char *host)
{
	return self->trusted_hosts != NULL &&
	       g_strv_contains((const char *const *)self->trusted_hosts, host);
}

/* private: how its servers have answered */
FerryJmapHealth *
ferry_jmap_backend_get_health(FerryJmapBackend *self)
{
	return self->health;
}

/* private: whether there is another server than that of @url which may be there: it is not known to
 * be away, or the pause is over */
gboolean
ferry_jmap_backend_has_other(FerryJmapBackend *self, const char *url)
{
	const char *const *servers = ferry_jmap_backend_get_servers(self);

	for (guint i = 0; servers[i] != NULL; i++) {
		if (!ferry_jmap_health_is_resting(self->health, servers[i], TRUE) &&
		    !ferry_jmap_health_is_same_server(servers[i], url))
			return servers[1] != NULL;
	}
	return FALSE;
}

guint
ferry_jmap_backend_get_request_timeout(FerryJmapBackend *self)
{
	return self->request_timeout;
}

/**
 * ferry_jmap_backend_get_retry_time:
 * @self: a backend
 *
 * Returns: seconds within which attempts begin
 */
guint
ferry_jmap_backend_get_retry_time(FerryJmapBackend *self)
{
	return self->retry_time;
}

guint
ferry_jmap_backend_get_retry_after_max(FerryJmapBackend *self)
{
	return self->retry_after_max;
}

void
ferry_jmap_backend_count_request(FerryJmapBackend *self)
{
	self->n_requests++;
}

/* private: what is wrong with the backend's certificate, NULL where it is good. It is logged when
 * it is another problem than before, not at each attempt */
void
ferry_jmap_backend_note_certificate(FerryJmapBackend *self, const char *problem)
{
	if (g_strcmp0(problem, self->certificate_problem) == 0)
		return;
	g_free(self->certificate_problem);
	self->certificate_problem = g_strdup(problem);
	if (problem != NULL)
		g_warning("backend %s: %s", self->name, problem);
}
