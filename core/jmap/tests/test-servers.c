/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Several servers of one backend: health, moving from one to the other, SRV records */
#include <glib/gstdio.h>
#include <gnutls/x509.h>
#include <string.h>

#include "jmap/backend-private.h"
#include "jmap/blob.h"
#include "jmap/discovery-private.h"
#include "jmap/error.h"
#include "jmap/push.h"
#include "server.h"

typedef struct {
	guint n_done;
	guint n_ok;
	GError *error; /* the last one */
} Wait;

static void
wait_clear(Wait *wait)
{
	g_clear_error(&wait->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Wait, wait_clear)

static void
wait_for(Wait *wait, guint n_done)
{
	gint64 end = g_get_monotonic_time() + 30 * G_USEC_PER_SEC;

	while (wait->n_done < n_done) {
		g_main_context_iteration(NULL, TRUE);
		g_assert_cmpint(g_get_monotonic_time(), <, end);
	}
}

static gboolean
woken_cb(gpointer user_data)
{
	*(gboolean *)user_data = TRUE;
	return G_SOURCE_REMOVE;
}

static void
run_for(guint milliseconds)
{
	gboolean woken = FALSE;

	g_timeout_add(milliseconds, woken_cb, &woken);
	while (!woken)
		g_main_context_iteration(NULL, TRUE);
}

static void
opened_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Wait *wait = user_data;

	g_clear_error(&wait->error);
	wait->n_ok +=
		ferry_jmap_session_open_finish(FERRY_JMAP_SESSION(source), result, &wait->error);
	wait->n_done++;
}

static void
sent_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Wait *wait = user_data;
	g_autoptr(FerryJmapReply) reply = NULL;

	g_clear_error(&wait->error);
	reply = ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &wait->error);
	wait->n_ok += reply != NULL;
	wait->n_done++;
}

static void
uploaded_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Wait *wait = user_data;
	g_autoptr(FerryJmapBlob) blob = NULL;

	g_clear_error(&wait->error);
	blob = ferry_jmap_session_upload_finish(FERRY_JMAP_SESSION(source), result, &wait->error);
	wait->n_ok += blob != NULL;
	wait->n_done++;
}

static FerryJmapSession *
make_session(FerryJmapBackend *backend)
{
	g_autoptr(FerryJmapCredential) credential =
		ferry_jmap_credential_new_basic("alice", "secret");

	return ferry_jmap_session_new(backend, credential);
}

static void
open_session(FerryJmapSession *session)
{
	g_auto(Wait) wait = {0};

	ferry_jmap_session_open_async(session, NULL, opened_cb, &wait);
	wait_for(&wait, 1);
	g_assert_no_error(wait.error);
}

/* milliseconds until @method was answered */
static gint64
send_one(FerryJmapSession *session, const char *method, Wait *wait)
{
	g_autoptr(FerryJmapRequest) request = ferry_jmap_request_new();
	gint64 begun = g_get_monotonic_time();

	ferry_jmap_request_add_call_json(request, method, "{\"x\":1}", NULL);
	ferry_jmap_session_send_async(session, request, 0, NULL, sent_cb, wait);
	wait_for(wait, wait->n_done + 1);
	return (g_get_monotonic_time() - begun) / 1000;
}

/* seconds that a request waits for a server */
#define PATIENCE_S 2

/* until the server is away for so long that nobody waits for it any more */
static void
run_until_known(FerryJmapBackend *backend, const char *api)
{
	FerryJmapHealth *health = ferry_jmap_backend_get_health(backend);
	gint64 since = ferry_jmap_health_get_away_since(health, api);

	g_assert_cmpint(since, >, 0);
	while (g_get_monotonic_time() <= since + PATIENCE_S * G_USEC_PER_SEC)
		run_for(10);
}

/* Sends; whether that ended without anything to wait for, be it a timer or a peer. */
static gboolean
fails_at_once(FerryJmapSession *session, const char *method)
{
	g_autoptr(FerryJmapRequest) request = ferry_jmap_request_new();
	g_auto(Wait) wait = {0};
	gboolean at_once = FALSE;

	ferry_jmap_request_add_call_json(request, method, "{\"x\":1}", NULL);
	ferry_jmap_session_send_async(session, request, 0, NULL, sent_cb, &wait);
	for (guint i = 0; i < 100 && wait.n_done == 0; i++)
		g_main_context_iteration(NULL, FALSE);
	at_once = wait.n_done == 1;
	wait_for(&wait, 1);
	g_assert_error(wait.error, FERRY_ERROR, FERRY_ERROR_UNAVAILABLE);
	return at_once;
}

/* One asks for all, at most once a second; the others wait for nothing. */
static void
check_nobody_waits(FerryJmapBackend *backend, FerryJmapSession *session)
{
	guint64 first = ferry_jmap_backend_get_n_requests(backend);
	gint64 began = g_get_monotonic_time();
	guint n_at_once = 0;
	gint64 seconds = 0;

	for (guint i = 0; i < 20; i++) {
		guint64 before = ferry_jmap_backend_get_n_requests(backend);
		gboolean at_once =
			fails_at_once(session, i % 2 == 0 ? "Email/get" : "Email/import");

		g_assert_true(at_once || ferry_jmap_backend_get_n_requests(backend) > before);
		n_at_once += at_once;
	}
	seconds = (g_get_monotonic_time() - began) / G_USEC_PER_SEC;
	g_test_message("%u of 20 at once, %" G_GUINT64_FORMAT " requests in %" G_GINT64_FORMAT " s",
		       n_at_once, ferry_jmap_backend_get_n_requests(backend) - first, seconds);
	g_assert_cmpuint(ferry_jmap_backend_get_n_requests(backend) - first, <=,
			 (guint64)(1 + seconds));
}

/* an outage is waited for once, and its end is seen */
static void
test_outage(void)
{
	Server *server = server_new();
	const char *urls[] = {server->base, NULL};
	g_autoptr(FerryJmapBackend) backend = ferry_jmap_backend_new("main", urls);
	g_autoptr(FerryJmapSession) session = make_session(backend);
	g_auto(Wait) wait = {0};
	g_autofree char *api = g_strconcat(server->base, "/jmap/api/", NULL);
	gint64 end = 0;

	ferry_jmap_backend_set_timeouts(backend, 2, PATIENCE_S, 1);
	open_session(session);
	server_stop(server);
	g_assert_cmpint(send_one(session, "Email/get", &wait), >=, 500);
	g_assert_error(wait.error, FERRY_ERROR, FERRY_ERROR_UNAVAILABLE);
	run_until_known(backend, api);
	check_nobody_waits(backend, session);
	server_start(server, NULL);
	end = g_get_monotonic_time() + 30 * G_USEC_PER_SEC;
	while (wait.n_ok == 0 && g_get_monotonic_time() < end) {
		send_one(session, "Email/get", &wait);
		run_for(100);
	}
	g_assert_cmpuint(wait.n_ok, ==, 1);
	/* and then all is as before: a short outage is waited for */
	send_one(session, "Email/import", &wait);
	g_assert_cmpuint(wait.n_ok, ==, 2);
	server_free(server);
}

/* slow servers, cut connections and errors are no outage */
static void
test_no_outage(void)
{
	static const char *const scripts[] = {
		"hang hang", "cut cut cut cut cut cut", "503/100", "500 500", "429/100", "html"};

	for (gsize i = 0; i < G_N_ELEMENTS(scripts); i++) {
		Server *server = server_new();
		const char *urls[] = {server->base, NULL};
		g_autoptr(FerryJmapBackend) backend = ferry_jmap_backend_new("main", urls);
		g_autoptr(FerryJmapSession) session = make_session(backend);
		g_autofree char *api = g_strconcat(server->base, "/jmap/api/", NULL);
		g_auto(Wait) wait = {0};

		g_test_message("%s", scripts[i]);
		ferry_jmap_backend_set_timeouts(backend, 1, 1, 1);
		open_session(session);
		server_script(server, scripts[i]);
		send_one(session, "Email/get", &wait);
		g_assert_nonnull(wait.error);
		g_assert_cmpint(ferry_jmap_health_get_away_since(
					ferry_jmap_backend_get_health(backend), api),
				==, 0);
		server_script(server, "");
		send_one(session, "Email/get", &wait);
		g_assert_no_error(wait.error);
		server_free(server);
	}
}

static void
check_all_kinds(FerryJmapSession *session)
{
	static const char *const methods[] = {"Email/get", "Email/import", "Email/set"};
	g_autoptr(GInputStream) stream = g_memory_input_stream_new_from_data("Hello", 5, NULL);
	g_auto(Wait) wait = {0};

	for (gsize i = 0; i < G_N_ELEMENTS(methods); i++) {
		g_assert_cmpint(send_one(session, methods[i], &wait), <, 1500);
		g_assert_no_error(wait.error);
	}
	ferry_jmap_session_upload_async(session, "A1", stream, 5, NULL, 0, NULL, uploaded_cb,
					&wait);
	wait_for(&wait, 4);
	g_assert_no_error(wait.error);
}

/* an open session goes on with another server, and back, whatever it sends first */
static void
test_moves(void)
{
	static const char *const methods[] = {"Email/get", "Email/import", "upload"};

	for (gsize i = 0; i < G_N_ELEMENTS(methods); i++) {
		Server *servers[2] = {server_new(), server_new()};
		const char *urls[] = {servers[0]->base, servers[1]->base, NULL};
		g_autoptr(FerryJmapBackend) backend = ferry_jmap_backend_new("main", urls);
		g_autoptr(FerryJmapSession) session = make_session(backend);
		g_autoptr(FerryJmapSession) second = make_session(backend);
		g_autoptr(GInputStream) stream =
			g_memory_input_stream_new_from_data("Hello", 5, NULL);
		g_auto(Wait) wait = {0};

		g_test_message("%s", methods[i]);
		ferry_jmap_backend_set_timeouts(backend, 4, 10, 1);
		open_session(session);
		g_assert_cmpuint(servers[1]->n_sessions, ==, 0);
		server_stop(servers[0]);
		if (i < 2)
			send_one(session, methods[i], &wait);
		else
			ferry_jmap_session_upload_async(session, "A1", stream, 5, NULL, 0, NULL,
							uploaded_cb, &wait);
		wait_for(&wait, 1);
		g_assert_no_error(wait.error);
		g_assert_cmpuint(servers[1]->n_sessions, ==, 1);
		check_all_kinds(session);
		/* who comes new begins with the healthy one */
		open_session(second);
		g_assert_cmpuint(servers[1]->n_sessions, ==, 2);
		/* the first one is back, the other one goes */
		server_start(servers[0], NULL);
		server_stop(servers[1]);
		for (guint j = 0; j < 40 && servers[0]->n_sessions < 2; j++) {
			send_one(session, "Email/get", &wait);
			run_for(100);
		}
		check_all_kinds(session);
		server_free(servers[0]);
		server_free(servers[1]);
	}
}

static void
connected_cb(FerryJmapPush *push, gpointer user_data)
{
	(*(guint *)user_data)++;
}

/* so does push, of an account that sends nothing */
static void
test_push_moves(void)
{
	Server *servers[2] = {server_new(), server_new()};
	const char *urls[] = {servers[0]->base, servers[1]->base, NULL};
	g_autoptr(FerryJmapBackend) backend = ferry_jmap_backend_new("main", urls);
	g_autoptr(FerryJmapSession) session = make_session(backend);
	g_autoptr(FerryJmapPush) push = NULL;
	gint64 end = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;
	guint n_connected = 0;

	open_session(session);
	push = ferry_jmap_push_new(session, NULL);
	for (guint i = 0; i < 2; i++)
		g_ptr_array_add(servers[i]->events, g_strdup("event: ping\ndata: {}\n\n|"));
	ferry_jmap_push_set_timing(push, 5, 10, 100);
	g_signal_connect(push, "connected", G_CALLBACK(connected_cb), &n_connected);
	ferry_jmap_push_start(push);
	while (n_connected < 2) {
		if (n_connected == 1 && servers[0]->port != 0 && servers[1]->n_streams == 0)
			server_stop(servers[0]);
		g_main_context_iteration(NULL, TRUE);
		g_assert_cmpint(g_get_monotonic_time(), <, end);
	}
	g_assert_cmpuint(servers[1]->n_streams, ==, 1);
	ferry_jmap_push_stop(push);
	server_free(servers[0]);
	server_free(servers[1]);
}

/* a resolver that knows what it is told */

typedef struct {
	GResolver parent;
	GList *records; /* GSrvTarget */
	int error;      /* GResolverError, -1 for none */
	guint n_asked;
} FakeResolver;
typedef GResolverClass FakeResolverClass;

GType fake_resolver_get_type(void);
G_DEFINE_TYPE(FakeResolver, fake_resolver, G_TYPE_RESOLVER)

static void
fake_look_up_service_async(GResolver *resolver, const char *name, GCancellable *cancellable,
			   GAsyncReadyCallback callback, gpointer user_data)
{
	FakeResolver *self = (FakeResolver *)resolver;
	g_autoptr(GTask) task = g_task_new(resolver, cancellable, callback, user_data);
	GList *records = NULL;

	self->n_asked++;
	g_assert_cmpstr(name, ==, "_jmap._tcp.example.test");
	if (self->error == G_RESOLVER_ERROR_INTERNAL)
		return; /* no answer at all: the caller's patience has to end */
	if (self->error >= 0) {
		g_task_return_new_error(task, G_RESOLVER_ERROR, self->error, "as told");
		return;
	}
	for (GList *link = self->records; link != NULL; link = link->next)
		records = g_list_append(records, g_srv_target_copy(link->data));
	g_task_return_pointer(task, records, (GDestroyNotify)g_resolver_free_targets);
}

static GList *
fake_look_up_service_finish(GResolver *resolver, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}

/* every name is this machine */
static void
fake_look_up_name_async(GResolver *resolver, const char *name, GResolverNameLookupFlags flags,
			GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
	g_autoptr(GTask) task = g_task_new(resolver, cancellable, callback, user_data);

	if (flags & G_RESOLVER_NAME_LOOKUP_FLAGS_IPV6_ONLY)
		g_task_return_new_error(task, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND,
					"no IPv6");
	else
		g_task_return_pointer(
			task,
			g_list_append(NULL, g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4)),
			(GDestroyNotify)g_resolver_free_addresses);
}

static void
fake_look_up_plain_name_async(GResolver *resolver, const char *name, GCancellable *cancellable,
			      GAsyncReadyCallback callback, gpointer user_data)
{
	fake_look_up_name_async(resolver, name, G_RESOLVER_NAME_LOOKUP_FLAGS_DEFAULT, cancellable,
				callback, user_data);
}

static void
fake_resolver_class_init(FakeResolverClass *klass)
{
	klass->lookup_service_async = fake_look_up_service_async;
	klass->lookup_service_finish = fake_look_up_service_finish;
	klass->lookup_by_name_with_flags_async = fake_look_up_name_async;
	klass->lookup_by_name_with_flags_finish = fake_look_up_service_finish;
	klass->lookup_by_name_async = fake_look_up_plain_name_async;
	klass->lookup_by_name_finish = fake_look_up_service_finish;
}

static void
fake_resolver_init(FakeResolver *self)
{
	self->error = -1;
}

static FakeResolver *
get_resolver(void)
{
	static FakeResolver *resolver;

	if (resolver == NULL) {
		resolver = g_object_new(fake_resolver_get_type(), NULL);
		g_resolver_set_default(G_RESOLVER(resolver));
	}
	return resolver;
}

/* @records: "host:port host:port" */
static void
set_records(const char *records, int error)
{
	FakeResolver *self = get_resolver();
	g_auto(GStrv) parts = g_strsplit(records, " ", -1);

	g_resolver_free_targets(self->records);
	self->records = NULL;
	self->error = error;
	self->n_asked = 0;
	for (guint i = 0; parts[i] != NULL && *parts[i] != '\0'; i++) {
		g_auto(GStrv) pair = g_strsplit(parts[i], ":", 2);

		self->records = g_list_append(
			self->records,
			g_srv_target_new(pair[0], (guint16)strtoul(pair[1], NULL, 10), 0, 0));
	}
}

static void
discovered_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Wait *wait = user_data;

	g_clear_error(&wait->error);
	wait->n_ok += ferry_jmap_discover_finish(result, &wait->error);
	wait->n_done++;
}

/* where a domain leads */
static void
test_srv(void)
{
	static const struct {
		const char *url;
		const char *records;
		int error;
		const char *servers; /* NULL: none that may be used */
		guint n_asked;
	} cases[] = {
		{"example.test", "jmap.example.test:443", -1, "https://jmap.example.test", 1},
		{"example.test", "jmap.example.test.:443", -1, "https://jmap.example.test", 1},
		{"example.test", "a.example.test:8443 EXAMPLE.test:443", -1,
		 "https://a.example.test:8443 https://EXAMPLE.test", 1},
		/* what is not of the domain needs the owner's word */
		{"example.test", "trusted.test:443", -1, "https://trusted.test", 1},
		{"example.test", "evil.test:443 jmap.example.test:443", -1,
		 "https://jmap.example.test", 1},
		{"example.test", "evil.test:443", -1, NULL, 1},
		{"example.test", "evilexample.test:443", -1, NULL, 1},
		{"example.test", "example.test.evil.test:443", -1, NULL, 1},
		{"example.test", "x@evil.test:443", -1, NULL, 1},
		{"example.test", "evil.test/.example.test:443", -1, NULL, 1},
		{"example.test", "jmap.example.test:0", -1, NULL, 1},
		{"example.test", ".:0", -1, NULL, 1},
		/* without records the domain is a host */
		{"example.test", "", G_RESOLVER_ERROR_NOT_FOUND, "https://example.test", 1},
		{"example.test", "", G_RESOLVER_ERROR_TEMPORARY_FAILURE, "https://example.test", 1},
		/* these are no domains */
		{"https://example.test", "a.example.test:443", -1, "https://example.test", 0},
		{"example.test:8080", "a.example.test:443", -1, "https://example.test:8080", 0},
		{"192.0.2.1", "a.example.test:443", -1, "https://192.0.2.1", 0},
		{"localhost", "a.example.test:443", -1, "https://localhost", 0},
	};
	GLogLevelFlags fatal = g_log_set_always_fatal((GLogLevelFlags)G_LOG_FATAL_MASK);

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		const char *urls[] = {cases[i].url, NULL};
		const char *trusted[] = {"trusted.test", NULL};
		g_autoptr(FerryJmapBackend) backend = ferry_jmap_backend_new("main", urls);
		g_autofree char *servers = NULL;
		g_auto(Wait) wait = {0};

		g_test_message("%" G_GSIZE_FORMAT, i);
		set_records(cases[i].records, cases[i].error);
		ferry_jmap_backend_set_trusted_hosts(backend, trusted);
		ferry_jmap_discover_async(backend, NULL, discovered_cb, &wait);
		wait_for(&wait, 1);
		g_assert_cmpuint(get_resolver()->n_asked, ==, cases[i].n_asked);
		if (cases[i].servers == NULL) {
			g_assert_error(wait.error, FERRY_ERROR, FERRY_ERROR_BACKEND);
			continue;
		}
		g_assert_no_error(wait.error);
		servers = g_strjoinv(" ", (char **)ferry_jmap_backend_get_servers(backend));
		g_assert_cmpstr(servers, ==, cases[i].servers);
		/* what was found is not asked for again at once */
		ferry_jmap_discover_async(backend, NULL, discovered_cb, &wait);
		wait_for(&wait, 2);
		g_assert_cmpuint(get_resolver()->n_asked, ==, cases[i].n_asked);
	}
	g_log_set_always_fatal(fatal);
}

/* signed by itself, for one name */
static GTlsCertificate *
make_certificate(const char *name, const char *file)
{
	gnutls_x509_crt_t crt;
	gnutls_x509_privkey_t key;
	gnutls_datum_t pem;
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	GTlsCertificate *certificate = NULL;

	gnutls_x509_privkey_init(&key);
	gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
				     GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
	gnutls_x509_crt_init(&crt);
	gnutls_x509_crt_set_version(crt, 3);
	gnutls_x509_crt_set_serial(crt, "\x01", 1);
	gnutls_x509_crt_set_activation_time(crt, time(NULL) - 60);
	gnutls_x509_crt_set_expiration_time(crt, time(NULL) + 3600);
	gnutls_x509_crt_set_dn(crt, "CN=a test", NULL);
	gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, name, (guint)strlen(name),
					     GNUTLS_FSAN_SET);
	gnutls_x509_crt_set_key(crt, key);
	g_assert_cmpint(gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0), ==, 0);
	gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem);
	g_string_append_len(text, (const char *)pem.data, pem.size);
	g_file_set_contents(file, text->str, -1, &error);
	g_assert_no_error(error);
	gnutls_free(pem.data);
	gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &pem);
	g_string_append_len(text, (const char *)pem.data, pem.size);
	gnutls_free(pem.data);
	certificate = g_tls_certificate_new_from_pem(text->str, -1, &error);
	g_assert_no_error(error);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
	return certificate;
}

/* the certificate has to be for the host that the record names, not for the domain */
static void
test_srv_certificate(void)
{
	static const struct {
		const char *certificate_name;
		gboolean good;
	} cases[] = {{"jmap.example.test", TRUE}, {"example.test", FALSE}, {"evil.test", FALSE}};
	g_autofree char *folder = g_dir_make_tmp("ferry-test-XXXXXX", NULL);
	g_autofree char *file = g_build_filename(folder, "ca.pem", NULL);
	GLogLevelFlags fatal = g_log_set_always_fatal((GLogLevelFlags)G_LOG_FATAL_MASK);

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		Server *server = server_new_unstarted();
		g_autoptr(GTlsCertificate) certificate =
			make_certificate(cases[i].certificate_name, file);
		const char *urls[] = {"example.test", NULL};
		g_autoptr(FerryJmapBackend) backend = ferry_jmap_backend_new("main", urls);
		g_autoptr(FerryJmapSession) session = make_session(backend);
		g_autofree char *record = NULL;
		g_auto(Wait) wait = {0};

		g_test_message("%s", cases[i].certificate_name);
		server_start(server, certificate);
		record = g_strdup_printf("jmap.example.test:%u", server->port);
		set_records(record, -1);
		ferry_jmap_backend_set_ca_file(backend, file);
		ferry_jmap_backend_set_timeouts(backend, 2, 2, 1);
		ferry_jmap_session_open_async(session, NULL, opened_cb, &wait);
		wait_for(&wait, 1);
		if (cases[i].good) {
			g_assert_no_error(wait.error);
			send_one(session, "Email/get", &wait);
			g_assert_no_error(wait.error);
			g_assert_cmpuint(server->n_api, ==, 1);
		} else {
			g_assert_error(wait.error, FERRY_ERROR, FERRY_ERROR_UNAVAILABLE);
			g_assert_nonnull(strstr(wait.error->message, "another name"));
			g_assert_cmpuint(server->n_sessions, ==, 0);
		}
		server_free(server);
	}
	g_log_set_always_fatal(fatal);
	g_unlink(file);
	g_rmdir(folder);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/jmap/servers/outage", test_outage);
	g_test_add_func("/jmap/servers/no-outage", test_no_outage);
	g_test_add_func("/jmap/servers/moves", test_moves);
	g_test_add_func("/jmap/servers/push-moves", test_push_moves);
	g_test_add_func("/jmap/servers/srv", test_srv);
	g_test_add_func("/jmap/servers/srv-certificate", test_srv_certificate);
	return g_test_run();
}
