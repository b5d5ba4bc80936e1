/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Session, scheduler, retries, blobs and push against a server in the same loop */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "jmap/blob.h"
#include "jmap/error.h"
#include "jmap/push.h"
#include "server.h"

typedef struct {
	Server *server;
	FerryJmapBackend *backend;
	FerryJmapSession *session;
} Fixture;

typedef struct {
	guint n_done;
	guint n_ok;
	GError *error; /* the last one */
	FerryJmapReply *reply;
	GMainLoop *loop;
} Wait;

static void
wait_clear(Wait *wait)
{
	g_clear_error(&wait->error);
	g_clear_object(&wait->reply);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Wait, wait_clear)

static void
wait_for(Wait *wait, guint n_done)
{
	gint64 end = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;

	while (wait->n_done < n_done) {
		g_main_context_iteration(NULL, TRUE);
		g_assert_cmpint(g_get_monotonic_time(), <, end);
	}
}

static void
opened_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Wait *wait = user_data;

	g_clear_error(&wait->error);
	if (ferry_jmap_session_open_finish(FERRY_JMAP_SESSION(source), result, &wait->error))
		wait->n_ok++;
	wait->n_done++;
}

static void
sent_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Wait *wait = user_data;

	g_clear_error(&wait->error);
	g_clear_object(&wait->reply);
	wait->reply =
		ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &wait->error);
	if (wait->reply != NULL)
		wait->n_ok++;
	wait->n_done++;
}

static void
fixture_open(Fixture *fixture)
{
	g_autoptr(FerryJmapCredential) credential =
		ferry_jmap_credential_new_basic("alice", "secret");
	const char *urls[] = {fixture->server->base, NULL};
	g_auto(Wait) wait = {0};

	fixture->backend = ferry_jmap_backend_new("main", urls);
	ferry_jmap_backend_set_timeouts(fixture->backend, 2, 4, 2);
	fixture->session = ferry_jmap_session_new(fixture->backend, credential);
	ferry_jmap_session_open_async(fixture->session, NULL, opened_cb, &wait);
	wait_for(&wait, 1);
	g_assert_no_error(wait.error);
}

static void
fixture_set_up(Fixture *fixture, gconstpointer data)
{
	fixture->server = server_new();
	fixture_open(fixture);
}

static void
fixture_tear_down(Fixture *fixture, gconstpointer data)
{
	g_clear_object(&fixture->session);
	g_clear_object(&fixture->backend);
	server_free(fixture->server);
	while (g_main_context_iteration(NULL, FALSE))
		;
}

static FerryJmapRequest *
make_request(const char *method, guint n_calls)
{
	FerryJmapRequest *request = ferry_jmap_request_new();

	for (guint i = 0; i < n_calls; i++)
		ferry_jmap_request_add_call_json(request, method, "{\"x\":1}", NULL);
	return request;
}

static void
send_one(Fixture *fixture, const char *method, guint n_calls, FerryJmapSendFlags flags, Wait *wait)
{
	g_autoptr(FerryJmapRequest) request = make_request(method, n_calls);

	ferry_jmap_session_send_async(fixture->session, request, flags, NULL, sent_cb, wait);
}

static void
test_open(Fixture *fixture, gconstpointer data)
{
	const FerryJmapAccountInfo *info = ferry_jmap_session_find_account(fixture->session, "A1");

	g_assert_cmpstr(ferry_jmap_session_get_username(fixture->session), ==, "alice");
	g_assert_cmpstr(info->name, ==, "alice");
	g_assert_true(info->is_personal);
	g_assert_cmpstr(ferry_jmap_session_get_primary_account(fixture->session,
							       FERRY_JMAP_CAPABILITY_MAIL),
			==, "A1");
	g_assert_cmpuint(
		ferry_jmap_session_get_limit(fixture->session, FERRY_JMAP_LIMIT_CALLS_IN_REQUEST),
		==, 4);
	g_assert_cmpuint(
		ferry_jmap_session_get_limit(fixture->session, FERRY_JMAP_LIMIT_OBJECTS_IN_SET), ==,
		500);
}

static void
test_refused_opening(void)
{
	static const struct {
		const char *url; /* NULL: the server's */
		const char *api_url;
		const char *password;
		FerryError code;
		const char *message;
	} cases[] = {
		{NULL, "api/", "wrong", FERRY_ERROR_AUTHENTICATION, "*401*"},
		{NULL, "https://evil.example/api", "secret", FERRY_ERROR_BACKEND, "*evil.example*"},
		{NULL, "http://10.1.2.3/api", "secret", FERRY_ERROR_BACKEND, "*10.1.2.3*"},
		{NULL, "ftp://127.0.0.1/api", "secret", FERRY_ERROR_BACKEND, "*ftp*"},
		{"http://10.1.2.3", "api/", "secret", FERRY_ERROR_BACKEND, "*allow-plaintext*"},
		{"http://127.0.0.1:1", "api/", "secret", FERRY_ERROR_UNAVAILABLE, "*"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		Server *server = server_new();
		const char *urls[] = {cases[i].url != NULL ? cases[i].url : server->base, NULL};
		g_autoptr(FerryJmapBackend) backend = ferry_jmap_backend_new("main", urls);
		g_autoptr(FerryJmapCredential) credential =
			ferry_jmap_credential_new_basic("alice", cases[i].password);
		g_autoptr(FerryJmapSession) session = ferry_jmap_session_new(backend, credential);
		g_auto(Wait) wait = {0};

		g_test_message("%" G_GSIZE_FORMAT, i);
		g_free(server->api_url);
		server->api_url = g_strdup(cases[i].api_url);
		ferry_jmap_backend_set_timeouts(backend, 1, 1, 1);
		ferry_jmap_session_open_async(session, NULL, opened_cb, &wait);
		wait_for(&wait, 1);
		g_assert_error(wait.error, FERRY_ERROR, (gint)cases[i].code);
		g_assert_true(g_pattern_match_simple(cases[i].message, wait.error->message));
		server_free(server);
	}
}

static void
test_fail_over(void)
{
	Server *server = server_new();
	const char *urls[] = {"http://127.0.0.1:1", server->base, NULL};
	g_autoptr(FerryJmapBackend) backend = ferry_jmap_backend_new("main", urls);
	g_autoptr(FerryJmapCredential) credential =
		ferry_jmap_credential_new_basic("alice", "secret");
	g_autoptr(FerryJmapSession) session = ferry_jmap_session_new(backend, credential);
	g_auto(Wait) wait = {0};

	ferry_jmap_session_open_async(session, NULL, opened_cb, &wait);
	wait_for(&wait, 1);
	g_assert_no_error(wait.error);
	server_free(server);
}

/* four requests of a turn are one HTTP request; what does not fit goes in the next */
static void
test_batching(Fixture *fixture, gconstpointer data)
{
	static const struct {
		guint n_requests;
		guint n_calls;
		FerryJmapSendFlags flags;
		guint n_http;
	} cases[] = {
		{1, 1, 0, 1},
		{4, 1, 0, 1},
		{5, 1, 0, 2},
		{1, 9, 0, 3}, /* one request larger than a batch */
		{3, 1, FERRY_JMAP_SEND_ALONE, 3},
		{2, 3, FERRY_JMAP_SEND_BACKGROUND, 2},
		{40, 1, 0, 10},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_auto(Wait) wait = {0};

		g_test_message("%" G_GSIZE_FORMAT, i);
		fixture->server->n_api = 0;
		fixture->server->n_calls = 0;
		for (guint j = 0; j < cases[i].n_requests; j++)
			send_one(fixture, "Core/echo", cases[i].n_calls, cases[i].flags, &wait);
		wait_for(&wait, cases[i].n_requests);
		g_assert_cmpuint(wait.n_ok, ==, cases[i].n_requests);
		g_assert_cmpuint(fixture->server->n_calls, ==,
				 cases[i].n_requests * cases[i].n_calls);
		g_assert_cmpuint(fixture->server->n_api, <=, cases[i].n_http + 1);
		g_assert_cmpuint(fixture->server->n_api, >=, cases[i].n_http);
	}
	g_assert_cmpuint(fixture->server->max_running, <=, 2);
}

/* calls that refer to each other stay together, or the request is too large */
static void
test_references(Fixture *fixture, gconstpointer data)
{
	static const guint n_calls[] = {4, 5};

	for (gsize i = 0; i < G_N_ELEMENTS(n_calls); i++) {
		g_autoptr(FerryJmapRequest) request = make_request("Core/echo", n_calls[i] - 1);
		g_auto(Wait) wait = {0};

		ferry_jmap_request_add_call_json(request, "Email/get",
						 "{\"#ids\":{\"resultOf\":\"c1\"}}", NULL);
		fixture->server->n_api = 0;
		ferry_jmap_session_send_async(fixture->session, request, 0, NULL, sent_cb, &wait);
		wait_for(&wait, 1);
		if (n_calls[i] <= 4) {
			g_assert_no_error(wait.error);
			g_assert_cmpuint(fixture->server->n_api, ==, 1);
		} else {
			g_assert_error(wait.error, FERRY_JMAP_ERROR,
				       FERRY_JMAP_ERROR_REQUEST_TOO_LARGE);
		}
	}
}

static void
test_size_limit(Fixture *fixture, gconstpointer data)
{
	g_autofree char *padding = g_strnfill(1500, 'x');
	g_autofree char *args = g_strdup_printf("{\"x\":\"%s\"}", padding);
	g_auto(Wait) wait = {0};

	for (guint i = 0; i < 4; i++) {
		g_autoptr(FerryJmapRequest) request = ferry_jmap_request_new();

		ferry_jmap_request_add_call_json(request, "Core/echo", args, NULL);
		ferry_jmap_session_send_async(fixture->session, request, 0, NULL, sent_cb, &wait);
	}
	wait_for(&wait, 4);
	g_assert_cmpuint(wait.n_ok, ==, 4);
	g_assert_cmpuint(fixture->server->n_api, ==, 2);
}

/* what each answer leads to, for a request that may be repeated and for one that may not */
static void
test_retries(Fixture *fixture, gconstpointer data)
{
	static const struct {
		const char *script;
		const char *method;
		GQuark (*domain)(void); /* NULL for success */
		int code;
		guint n_http;
	} cases[] = {
		{"ok", "Email/get", NULL, 0, 1},
		{"503 ok", "Email/get", NULL, 0, 2},
		{"503/1 ok", "Email/get", NULL, 0, 2},
		{"503/100", "Email/get", ferry_error_quark, FERRY_ERROR_UNAVAILABLE, 1},
		{"502 504 ok", "Email/get", NULL, 0, 3},
		{"500 ok", "Email/get", NULL, 0, 2},
		{"500 500 ok", "Email/get", ferry_error_quark, FERRY_ERROR_UNAVAILABLE, 2},
		{"429 ok", "Email/get", NULL, 0, 2},
		{"429/100", "Email/get", ferry_error_quark, FERRY_ERROR_IN_USE, 1},
		{"cut cut ok", "Email/get", NULL, 0, 3},
		{"hang ok", "Email/get", NULL, 0, 2},
		{"html", "Email/get", ferry_error_quark, FERRY_ERROR_BACKEND, 1},
		{"foreign", "Email/get", ferry_error_quark, FERRY_ERROR_BACKEND, 1},
		{"limit", "Email/get", ferry_error_quark, FERRY_ERROR_LIMIT, 1},
		{"403", "Email/get", ferry_error_quark, FERRY_ERROR_NO_PERMISSION, 1},
		{"ok", "Email/import", NULL, 0, 1},
		{"429 ok", "Email/import", NULL, 0, 2},
		{"cut ok", "Email/import", ferry_jmap_error_quark, FERRY_JMAP_ERROR_LOST_ANSWER, 1},
		{"503 ok", "Email/import", ferry_jmap_error_quark, FERRY_JMAP_ERROR_LOST_ANSWER, 1},
		{"hang ok", "Email/import", ferry_jmap_error_quark, FERRY_JMAP_ERROR_LOST_ANSWER,
		 1},
		{"ok cut ok", "Email/import", ferry_jmap_error_quark, FERRY_JMAP_ERROR_LOST_ANSWER,
		 2},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_auto(Wait) wait = {0};
		guint n = g_str_has_prefix(cases[i].script, "ok cut") ? 2 : 1;

		g_test_message("%" G_GSIZE_FORMAT " %s %s", i, cases[i].script, cases[i].method);
		server_script(fixture->server, cases[i].script);
		fixture->server->n_api = 0;
		for (guint j = 0; j < n; j++) {
			send_one(fixture, cases[i].method, 1, 0, &wait);
			wait_for(&wait, j + 1);
		}
		if (cases[i].domain == NULL)
			g_assert_no_error(wait.error);
		else
			g_assert_error(wait.error, cases[i].domain(), cases[i].code);
		g_assert_cmpuint(fixture->server->n_api, ==, cases[i].n_http);
	}
}

/* what is no answer to the call is none; a call that must not be made twice has lost its own */
static void
test_lies(Fixture *fixture, gconstpointer data)
{
	static const struct {
		const char *responses; /* %s: the call's id */
		gboolean is_error;     /* already of the whole request */
		gboolean is_none;      /* for Email/get */
	} cases[] = {
		{"[]", FALSE, TRUE},
		{"[[]]", FALSE, TRUE},
		{"[[\"Email/set\",{\"list\":[]},\"%s\"]]", FALSE, TRUE},
		{"[[\"Email/get\",{\"list\":[]},\"c0\"]]", FALSE, TRUE},
		{"[[\"Email/get\",{\"list\":[]},7]]", FALSE, TRUE},
		{"[[7,{\"list\":[]},\"%s\"]]", FALSE, TRUE},
		{"[null,1,\"x\",[\"Email/get\"],{}]", FALSE, TRUE},
		{"[[\"error\",{\"type\":7},\"%s\"]]", FALSE, TRUE},
		{"[[\"error\",null,\"%s\"]]", FALSE, TRUE},
		{"[[\"Email/get\",{\"list\":[]},\"%s\"]]", FALSE, FALSE},
		{"[[\"Email/get\",{\"list\":[]},\"%s\"],[\"error\",{},\"%s\"]]", FALSE, FALSE},
		{"{}", TRUE, TRUE},
		{"null", TRUE, TRUE},
		{"7", TRUE, TRUE},
		{"[", TRUE, TRUE},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		static const char *const methods[] = {"Email/get", "Email/import"};

		for (guint j = 0; j < 2; j++) {
			g_autoptr(FerryJmapRequest) request = ferry_jmap_request_new();
			g_autoptr(FerryJmapValue) value = NULL;
			g_autoptr(GError) error = NULL;
			g_auto(Wait) wait = {0};
			const char *id =
				ferry_jmap_request_add_call_json(request, methods[j], "{}", NULL);

			g_test_message("%" G_GSIZE_FORMAT " %s", i, methods[j]);
			server_script(fixture->server, "lie");
			fixture->server->lie = cases[i].responses;
			ferry_jmap_session_send_async(fixture->session, request, 0, NULL, sent_cb,
						      &wait);
			wait_for(&wait, 1);
			if (j == 1 && !g_strrstr(cases[i].responses, "\"error\",")) {
				g_assert_error(wait.error, FERRY_JMAP_ERROR,
					       FERRY_JMAP_ERROR_LOST_ANSWER);
			} else if (j == 0 && cases[i].is_error) {
				g_assert_error(wait.error, FERRY_ERROR, FERRY_ERROR_BACKEND);
			} else if (j == 0) {
				g_assert_no_error(wait.error);
				value = ferry_jmap_reply_get_result(wait.reply, id, &error);
				g_assert_true((value == NULL) == cases[i].is_none);
				g_assert_true((error != NULL) == cases[i].is_none);
			}
		}
	}
}

/* octets that drip in do not hold a request for ever */
static void
test_drip(Fixture *fixture, gconstpointer data)
{
	g_auto(Wait) wait = {0};
	gint64 started = g_get_monotonic_time();

	server_script(fixture->server, "drip drip drip drip drip drip");
	send_one(fixture, "Email/get", 1, 0, &wait);
	wait_for(&wait, 1);
	g_assert_error(wait.error, FERRY_ERROR, FERRY_ERROR_UNAVAILABLE);
	g_assert_cmpint(g_get_monotonic_time() - started, <, 16 * G_USEC_PER_SEC);
}

/* a joint request that is refused is parted once */
static void
test_split(Fixture *fixture, gconstpointer data)
{
	g_auto(Wait) wait = {0};

	server_script(fixture->server, "limit-many limit-many limit-many limit-many");
	for (guint i = 0; i < 3; i++)
		send_one(fixture, "Core/echo", 1, 0, &wait);
	wait_for(&wait, 3);
	g_assert_cmpuint(wait.n_ok, ==, 3);
	g_assert_cmpuint(fixture->server->n_api, ==, 4);
}

static void
count_cb(FerryJmapSession *session, gpointer user_data)
{
	(*(guint *)user_data)++;
}

static void
test_session_changes(Fixture *fixture, gconstpointer data)
{
	g_auto(Wait) wait = {0};
	guint n_changed = 0;
	guint n_expired = 0;

	g_signal_connect(fixture->session, "session-changed", G_CALLBACK(count_cb), &n_changed);
	g_signal_connect(fixture->session, "expired", G_CALLBACK(count_cb), &n_expired);
	server_script(fixture->server, "state:other");
	send_one(fixture, "Core/echo", 1, 0, &wait);
	wait_for(&wait, 1);
	while (n_changed == 0)
		g_main_context_iteration(NULL, TRUE);
	g_assert_cmpuint(fixture->server->n_sessions, ==, 2);

	g_free(fixture->server->password);
	fixture->server->password = g_strdup("changed");
	for (guint i = 0; i < 2; i++) {
		send_one(fixture, "Core/echo", 1, 0, &wait);
		wait_for(&wait, 2 + i);
		g_assert_error(wait.error, FERRY_ERROR, FERRY_ERROR_EXPIRED);
	}
	g_assert_cmpuint(n_expired, ==, 1);
}

static void
test_cancel(Fixture *fixture, gconstpointer data)
{
	g_autoptr(GCancellable) cancellable = g_cancellable_new();
	g_autoptr(FerryJmapRequest) request = make_request("Core/echo", 1);
	g_auto(Wait) wait = {0};
	g_auto(Wait) other = {0};

	server_script(fixture->server, "slow ok");
	ferry_jmap_session_send_async(fixture->session, request, 0, cancellable, sent_cb, &wait);
	send_one(fixture, "Core/echo", 1, 0, &other);
	while (fixture->server->n_api == 0)
		g_main_context_iteration(NULL, TRUE);
	g_cancellable_cancel(cancellable);
	wait_for(&wait, 1);
	g_assert_error(wait.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
	g_assert_cmpuint(other.n_done, ==, 0);
	wait_for(&other, 1);
	g_assert_no_error(other.error);
}

static void
uploaded_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Wait *wait = user_data;
	g_autoptr(FerryJmapBlob) blob = NULL;

	g_clear_error(&wait->error);
	blob = ferry_jmap_session_upload_finish(FERRY_JMAP_SESSION(source), result, &wait->error);
	wait->n_done++;
	if (blob != NULL) {
		wait->n_ok++;
		g_assert_cmpuint(blob->size, ==, 300000);
	}
}

static void
test_upload(Fixture *fixture, gconstpointer data)
{
	g_autofree char *path = NULL;
	g_autofree char *octets = g_malloc(300100);
	int fd = g_file_open_tmp("ferry-test-XXXXXX", &path, NULL);
	g_auto(Wait) wait = {0};

	for (guint i = 0; i < 300100; i++)
		octets[i] = (char)(i * 7);
	g_assert_cmpint(write(fd, octets, 300100), ==, 300100);
	g_unlink(path);
	/* the first attempt is cut, the second starts over */
	server_script(fixture->server, "cut ok");
	ferry_jmap_session_upload_fd_async(fixture->session, "A1", fd, 100, 300000, NULL, 0, NULL,
					   uploaded_cb, &wait);
	close(fd);
	wait_for(&wait, 1);
	g_assert_no_error(wait.error);
	g_assert_cmpmem(g_bytes_get_data(fixture->server->uploaded, NULL),
			g_bytes_get_size(fixture->server->uploaded), octets + 100, 300000);
}

typedef struct {
	GBytes *got[64];
	guint n_errors;
	guint n_told;
	Wait wait;
} Fetched;

static void
blob_cb(FerryJmapSession *session, guint index, GBytes *bytes, const GError *error,
	gpointer user_data)
{
	Fetched *fetched = user_data;

	g_assert_true((bytes == NULL) != (error == NULL));
	g_assert_null(fetched->got[index]);
	fetched->n_told++;
	if (bytes != NULL)
		fetched->got[index] = g_bytes_ref(bytes);
	else
		fetched->n_errors++;
}

static void
fetched_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Wait *wait = user_data;

	if (ferry_jmap_session_fetch_blobs_finish(FERRY_JMAP_SESSION(source), result, &wait->error))
		wait->n_ok++;
	wait->n_done++;
}

static void
fill_blobs(Server *server, char **ids, guint64 *sizes, guint n)
{
	for (guint i = 0; i < n; i++) {
		gsize size = i == 7 ? 600000 : 100 + i;
		guchar *data = g_malloc(size);

		/* text, Latin-1, with NUL, empty-handed */
		memset(data, 'a' + (int)(i % 20), size);
		if (i % 5 == 1)
			data[50] = 0xe9;
		if (i % 5 == 2)
			data[50] = 0;
		ids[i] = g_strdup_printf("%s%u", i == 6 ? "x" : "b", i);
		sizes[i] = size;
		if (i != 9)
			g_hash_table_insert(server->blobs, g_strdup(ids[i]),
					    g_bytes_new_take(data, size));
		else
			g_free(data);
	}
}

static void
test_fetch_blobs(Fixture *fixture, gconstpointer data)
{
	char *ids[41] = {NULL};
	guint64 sizes[40];
	Fetched fetched = {0};

	fill_blobs(fixture->server, ids, sizes, 40);
	ferry_jmap_session_fetch_blobs_async(fixture->session, "A1", (const char *const *)ids,
					     sizes, 40, 0, blob_cb, &fetched, NULL, NULL,
					     fetched_cb, &fetched.wait);
	wait_for(&fetched.wait, 1);
	g_assert_no_error(fetched.wait.error);
	g_assert_cmpuint(fetched.n_told, ==, 40);
	g_assert_cmpuint(fetched.n_errors, ==, 1);
	for (guint i = 0; i < 40; i++) {
		GBytes *expected = g_hash_table_lookup(fixture->server->blobs, ids[i]);

		if (expected != NULL)
			g_assert_true(g_bytes_equal(expected, fetched.got[i]));
		g_clear_pointer(&fetched.got[i], g_bytes_unref);
		g_free(ids[i]);
	}
	/* 10 to a call; alone: the large one, the missing one, the one with an encoding problem */
	g_assert_cmpuint(fixture->server->n_api, ==, 4);
	g_assert_cmpuint(fixture->server->n_downloads, ==, 3);
	wait_clear(&fetched.wait);
}

/* whatever the connection does, half a blob is none */
static void
test_half_blobs(Fixture *fixture, gconstpointer data)
{
	static const char *const scripts[] = {"half ok", "half-unsaid ok", "half-chunked ok"};
	const char *ids[] = {"big", NULL};
	guint64 size = 800000;

	g_hash_table_insert(fixture->server->blobs, g_strdup("big"),
			    g_bytes_new_take(g_strnfill(size, 'x'), size));
	for (guint i = 0; i < G_N_ELEMENTS(scripts); i++) {
		Fetched fetched = {0};

		server_script(fixture->server, scripts[i]);
		fixture->server->n_downloads = 0;
		ferry_jmap_session_fetch_blobs_async(fixture->session, "A1", ids, &size, 1, 0,
						     blob_cb, &fetched, NULL, NULL, fetched_cb,
						     &fetched.wait);
		wait_for(&fetched.wait, 1);
		g_assert_no_error(fetched.wait.error);
		g_assert_cmpuint(fixture->server->n_downloads, ==, 2);
		g_assert_cmpuint(g_bytes_get_size(fetched.got[0]), ==, size);
		g_clear_pointer(&fetched.got[0], g_bytes_unref);
	}
}

#define STORED_SIZE 1500000

static void
stored_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Wait *wait = user_data;
	guint64 size = 0;

	g_clear_error(&wait->error);
	if (ferry_jmap_session_download_fd_finish(FERRY_JMAP_SESSION(source), result, &size,
						  &wait->error))
		wait->n_ok++;
	wait->n_done++;
	g_assert_cmpuint(size, ==, wait->error == NULL ? STORED_SIZE : 0);
}

static GBytes *
make_stored_blob(Server *server)
{
	char *octets = g_malloc(STORED_SIZE);
	GBytes *bytes;

	for (guint i = 0; i < STORED_SIZE; i++)
		octets[i] = (char)(i * 7 + i / 1000);
	bytes = g_bytes_new_take(octets, STORED_SIZE);
	g_hash_table_insert(server->blobs, g_strdup("big"), g_bytes_ref(bytes));
	return bytes;
}

static void
assert_holds(int fd, GBytes *bytes)
{
	g_autofree char *octets = g_malloc(STORED_SIZE + 1);

	g_assert_cmpint(pread(fd, octets, STORED_SIZE + 1, 0), ==, STORED_SIZE);
	g_assert_cmpmem(octets, STORED_SIZE, g_bytes_get_data(bytes, NULL), STORED_SIZE);
}

/* what the server does, until the file holds the blob; or never */
static const struct {
	const char *script;
	guint n_downloads;
	guint64 size;
	guint64 max_size;
	int error; /* FERRY_ERROR_…; 0: none */
} stored[] = {
	{"", 1, STORED_SIZE, 4000000, 0},
	{"", 1, 0, 4000000, 0},
	{"", 1, STORED_SIZE, STORED_SIZE, 0},
	{"cut half 503 ok", 4, STORED_SIZE, 4000000, 0},
	{"500 half ok", 3, STORED_SIZE, 4000000, 0},
	{"half-unsaid ok", 2, STORED_SIZE, 4000000, 0},
	{"half-chunked ok", 2, STORED_SIZE, 4000000, 0},
	{"", 1, STORED_SIZE, STORED_SIZE - 1, FERRY_ERROR_BACKEND},
	{"twice", 1, STORED_SIZE, 2 * STORED_SIZE - 1, FERRY_ERROR_BACKEND},
	{"404", 1, STORED_SIZE, 4000000, FERRY_ERROR_NOT_FOUND},
	{"half half half half half half half half half half half half", 0, STORED_SIZE, 4000000,
	 FERRY_ERROR_UNAVAILABLE},
};

static void
test_download_fd(Fixture *fixture, gconstpointer data)
{
	g_autoptr(GBytes) bytes = make_stored_blob(fixture->server);
	g_autofree char *path = NULL;
	int fd = g_file_open_tmp("ferry-test-XXXXXX", &path, NULL);

	g_unlink(path);
	/* what was in the file is gone, also where it was longer */
	g_assert_cmpint(pwrite(fd, "garbage", 7, STORED_SIZE + 100), ==, 7);
	for (guint i = 0; i < G_N_ELEMENTS(stored); i++) {
		g_auto(Wait) wait = {0};

		g_test_message("download %u: %s", i, stored[i].script);
		fixture->server->n_downloads = 0;
		server_script(fixture->server, stored[i].script);
		ferry_jmap_session_download_fd_async(fixture->session, "A1", "big", fd,
						     stored[i].size, stored[i].max_size, NULL,
						     stored_cb, &wait);
		wait_for(&wait, 1);
		if (stored[i].n_downloads != 0)
			g_assert_cmpuint(fixture->server->n_downloads, ==, stored[i].n_downloads);
		if (stored[i].error != 0) {
			g_assert_error(wait.error, FERRY_ERROR, stored[i].error);
			continue;
		}
		g_assert_no_error(wait.error);
		assert_holds(fd, bytes);
	}
	close(fd);
}

/* a server that drips, somebody who gives up, a disk that is full, a file that cannot be written */
static void
test_download_fd_ends(Fixture *fixture, gconstpointer data)
{
	g_autoptr(GBytes) bytes = make_stored_blob(fixture->server);
	g_autoptr(GCancellable) cancellable = g_cancellable_new();
	g_autofree char *path = NULL;
	int fd = g_file_open_tmp("ferry-test-XXXXXX", &path, NULL);
	int full = open("/dev/full", O_RDWR | O_CLOEXEC);
	int unwritable = open(path, O_RDONLY | O_CLOEXEC);
	g_auto(Wait) wait = {0};

	g_unlink(path);
	server_script(fixture->server, "drip");
	ferry_jmap_session_download_fd_async(fixture->session, "A1", "big", fd, STORED_SIZE,
					     4000000, cancellable, stored_cb, &wait);
	while (fixture->server->n_downloads == 0)
		g_main_context_iteration(NULL, TRUE);
	g_cancellable_cancel(cancellable);
	wait_for(&wait, 1);
	g_assert_error(wait.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
	ferry_jmap_backend_set_timeouts(fixture->backend, 1, 1, 1);
	server_script(fixture->server, "drip drip drip");
	ferry_jmap_session_download_fd_async(fixture->session, "A1", "big", fd, STORED_SIZE,
					     4000000, NULL, stored_cb, &wait);
	wait_for(&wait, 2);
	g_assert_error(wait.error, FERRY_ERROR, FERRY_ERROR_UNAVAILABLE);
	server_script(fixture->server, "");
	ferry_jmap_session_download_fd_async(fixture->session, "A1", "big", full, STORED_SIZE,
					     4000000, NULL, stored_cb, &wait);
	wait_for(&wait, 3);
	g_assert_error(wait.error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
	ferry_jmap_session_download_fd_async(fixture->session, "A1", "big", unwritable, STORED_SIZE,
					     4000000, NULL, stored_cb, &wait);
	wait_for(&wait, 4);
	g_assert_error(wait.error, G_IO_ERROR, G_IO_ERROR_FAILED);
	ferry_jmap_session_download_fd_async(fixture->session, "A1", "big", -1, STORED_SIZE,
					     4000000, NULL, stored_cb, &wait);
	wait_for(&wait, 5);
	g_assert_nonnull(wait.error);
	/* and the session is none the worse for it */
	ferry_jmap_session_download_fd_async(fixture->session, "A1", "big", fd, STORED_SIZE,
					     4000000, NULL, stored_cb, &wait);
	wait_for(&wait, 6);
	g_assert_no_error(wait.error);
	assert_holds(fd, bytes);
	close(fd);
	close(full);
	close(unwritable);
}

typedef struct {
	GString *log;
	guint n_connected;
	guint status;
} Pushed;

static void
connected_cb(FerryJmapPush *push, gpointer user_data)
{
	Pushed *pushed = user_data;

	pushed->n_connected++;
}

static void
status_cb(FerryJmapPush *push, guint status, gpointer user_data)
{
	Pushed *pushed = user_data;

	pushed->status = status;
}

static void
state_change_cb(FerryJmapPush *push, const char *account, const char *type, const char *state,
		gpointer user_data)
{
	Pushed *pushed = user_data;

	g_string_append_printf(pushed->log, "%s/%s=%s ", account, type, state);
}

/* ends, breaks, falls silent: each time it comes back, with the last id */
static void
test_push(Fixture *fixture, gconstpointer data)
{
	static const char *const events[] = {
		"event: state\nid: 5\ndata: "
		"{\"@type\":\"StateChange\",\"changed\":{\"A1\":{\"Email\":\"1\"}}}\n\n",
		"event: state\ndata: {\"changed\":{\"A1\":{\"Email\":\"2\",\"Mailbox\":\"3\"}}}\n\n"
		"data: nonsense\n\ndata: {\"changed\":7}\n\n",
		"event: ping\ndata: {\"interval\":1}\n\n|", /* then silence */
		"event: state\ndata: "
		"{\"@type\":\"StateChange\",\"changed\":{\"A1\":{\"Email\":\"4\"}}}\n\n|",
	};
	g_autoptr(FerryJmapPush) push = ferry_jmap_push_new(fixture->session, NULL);
	Pushed pushed = {g_string_new(NULL), 0, 0};
	gint64 end = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;

	for (gsize i = 0; i < G_N_ELEMENTS(events); i++)
		g_ptr_array_add(fixture->server->events, g_strdup(events[i]));
	ferry_jmap_push_set_timing(push, 1, 10, 100);
	g_signal_connect(push, "connected", G_CALLBACK(connected_cb), &pushed);
	g_signal_connect(push, "status", G_CALLBACK(status_cb), &pushed);
	g_signal_connect(push, "state-change", G_CALLBACK(state_change_cb), &pushed);
	ferry_jmap_push_start(push);
	while (strstr(pushed.log->str, "Email=4") == NULL) {
		g_main_context_iteration(NULL, TRUE);
		g_assert_cmpint(g_get_monotonic_time(), <, end);
	}
	g_assert_cmpstr(pushed.log->str, ==, "A1/Email=1 A1/Email=2 A1/Mailbox=3 A1/Email=4 ");
	g_assert_cmpuint(pushed.n_connected, ==, 4);
	g_assert_cmpuint(pushed.status, ==, FERRY_JMAP_PUSH_LIVE);
	g_assert_cmpstr(fixture->server->last_event_id, ==, "5");
	ferry_jmap_push_stop(push);
	g_assert_cmpuint(pushed.status, ==, FERRY_JMAP_PUSH_DOWN);
	/* and a server without any */
	ferry_jmap_push_start(push);
	while (pushed.status != FERRY_JMAP_PUSH_UNSUPPORTED)
		g_main_context_iteration(NULL, TRUE);
	ferry_jmap_push_stop(push);
	g_string_free(pushed.log, TRUE);
}

#define ADD(path, func)                                                                            \
	g_test_add("/jmap/client/" path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("open", test_open);
	g_test_add_func("/jmap/client/refused-opening", test_refused_opening);
	g_test_add_func("/jmap/client/fail-over", test_fail_over);
	ADD("batching", test_batching);
	ADD("references", test_references);
	ADD("size-limit", test_size_limit);
	ADD("retries", test_retries);
	ADD("lies", test_lies);
	ADD("drip", test_drip);
	ADD("split", test_split);
	ADD("session-changes", test_session_changes);
	ADD("cancel", test_cancel);
	ADD("upload", test_upload);
	ADD("fetch-blobs", test_fetch_blobs);
	ADD("half-blobs", test_half_blobs);
	ADD("download-fd", test_download_fd);
	ADD("download-fd-ends", test_download_fd_ends);
	ADD("push", test_push);
	return g_test_run();
}
