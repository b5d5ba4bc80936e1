/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net-fixture.h"

#include <glib/gstdio.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "net/listener.h"

typedef struct {
	FerryPoller *poller;
	FerryListener *listener;
	GPtrArray *connections;
} Server;

static void
greet(FerryListener *listener, FerryConnection *connection, gpointer user_data)
{
	Server *server = user_data;

	g_ptr_array_add(server->connections, g_object_ref(connection));
	ferry_connection_set_input_handler(connection, fixture_echo_lines, NULL, NULL);
	ferry_connection_write_string(connection, "* OK\r\n");
}

static void
server_init(Server *server)
{
	server->poller = ferry_poller_new(NULL);
	server->listener = ferry_listener_new(server->poller);
	server->connections = g_ptr_array_new_with_free_func(g_object_unref);
	ferry_listener_set_handler(server->listener, greet, server, NULL);
	ferry_listener_set_refusal(server->listener, "* BYE full\r\n");
}

static void
settle(void)
{
	while (g_main_context_iteration(NULL, FALSE))
		continue;
}

static void
server_clear(Server *server)
{
	for (guint i = 0; i < server->connections->len; i++)
		ferry_connection_abort(g_ptr_array_index(server->connections, i));
	settle();
	g_ptr_array_unref(server->connections);
	g_object_unref(server->listener);
	ferry_poller_unref(server->poller);
}

static int
connect_to(const struct sockaddr *address, socklen_t length)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	g_assert_cmpint(fd, >=, 0);
	g_assert_cmpint(connect(fd, address, length), ==, 0);
	return fd;
}

static int
connect_port(guint16 port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	return connect_to((struct sockaddr *)&address, sizeof address);
}

/* What the server says, up to a line's end or the end. */
static char *
read_line(int fd)
{
	GString *line = g_string_new(NULL);
	gint64 deadline = fixture_deadline();
	char c;

	for (;;) {
		gssize n = recv(fd, &c, 1, MSG_DONTWAIT);

		g_assert_cmpint(g_get_monotonic_time(), <, deadline);
		if (n == 0)
			break;
		if (n < 0) {
			g_main_context_iteration(NULL, FALSE);
			continue;
		}
		g_string_append_c(line, c);
		if (c == '\n')
			break;
	}
	return g_string_free(line, FALSE);
}

static void
assert_line(int fd, const char *expected)
{
	g_autofree char *line = read_line(fd);

	g_assert_cmpstr(line, ==, expected);
}

static void
test_addresses(void)
{
	Server server;
	g_autofree char *folder = g_dir_make_tmp("ferry-net-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(folder, "imap", NULL);
	struct sockaddr_un local = {.sun_family = AF_UNIX};
	g_autoptr(GError) error = NULL;
	int fds[2];

	server_init(&server);
	g_assert_true(ferry_listener_add_address(server.listener, "127.0.0.1", 0, &error));
	g_assert_cmpuint(ferry_listener_get_port(server.listener), !=, 0);
	g_assert_true(ferry_listener_add_address(server.listener, path, 0, &error));
	g_assert_no_error(error);
	/* containers without IPv6 exist */
	if (!ferry_listener_add_address(server.listener, "::1", 0, &error))
		g_test_message("%s", error->message);
	g_clear_error(&error);
	g_assert_false(ferry_listener_add_address(server.listener, "localhost", 0, &error));
	g_assert_error(error, FERRY_ERROR, FERRY_ERROR_INVALID);
	g_clear_error(&error);
	g_assert_false(ferry_listener_add_address(
		server.listener, "127.0.0.1", ferry_listener_get_port(server.listener), &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE);
	g_assert_true(ferry_listener_start(server.listener, NULL));
	g_strlcpy(local.sun_path, path, sizeof local.sun_path);
	fds[0] = connect_port(ferry_listener_get_port(server.listener));
	fds[1] = connect_to((struct sockaddr *)&local, sizeof local);
	for (guint i = 0; i < 2; i++) {
		FerryConnection *connection;
		g_autofree char *peer = NULL;

		assert_line(fds[i], "* OK\r\n");
		connection = g_ptr_array_index(server.connections, i);
		peer = ferry_address_to_string(ferry_connection_get_peer(connection));
		g_assert_cmpstr(peer, ==, i == 0 ? "127.0.0.1" : "unix");
		g_assert_true(ferry_connection_is_loopback(connection));
		close(fds[i]);
	}
	server_clear(&server);
	g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
	g_rmdir(folder);
}

/* A socket file that a killed server left is no obstacle; one in use is. */
static void
test_stale_path(void)
{
	Server server;
	g_autofree char *folder = g_dir_make_tmp("ferry-net-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(folder, "imap", NULL);
	struct sockaddr_un local = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	g_strlcpy(local.sun_path, path, sizeof local.sun_path);
	g_assert_cmpint(bind(fd, (struct sockaddr *)&local, sizeof local), ==, 0);
	g_assert_cmpint(listen(fd, 1), ==, 0);
	server_init(&server);
	g_assert_false(ferry_listener_add_address(server.listener, path, 0, NULL));
	close(fd);
	g_assert_true(ferry_listener_add_address(server.listener, path, 0, NULL));
	server_clear(&server);
	g_rmdir(folder);
}

static void
test_limits(void)
{
	static const struct {
		guint connections;
		guint per_address;
		guint unauthenticated;
		gboolean loopback;
		guint served; /* of four */
	} cases[] = {
		{3, 0, 0, FALSE, 3}, {0, 2, 0, TRUE, 2}, {0, 2, 0, FALSE, 4},
		{0, 0, 1, FALSE, 1}, {0, 0, 0, TRUE, 4},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(FerryConnectionLimits) limits =
			ferry_connection_limits_new(cases[i].connections, cases[i].per_address,
						    cases[i].unauthenticated, cases[i].loopback);
		Server server;
		int fds[4];

		server_init(&server);
		ferry_listener_set_limits(server.listener, limits);
		g_assert_true(ferry_listener_add_address(server.listener, "127.0.0.1", 0, NULL));
		g_assert_true(ferry_listener_start(server.listener, NULL));
		for (guint n = 0; n < 4; n++) {
			fds[n] = connect_port(ferry_listener_get_port(server.listener));
			assert_line(fds[n], n < cases[i].served ? "* OK\r\n" : "* BYE full\r\n");
		}
		g_assert_cmpuint(ferry_connection_limits_get_count(limits), ==, cases[i].served);
		/* the first one signs in and leaves: there is room for another */
		ferry_connection_set_authenticated(g_ptr_array_index(server.connections, 0));
		close(fds[0]);
		settle();
		fds[0] = connect_port(ferry_listener_get_port(server.listener));
		assert_line(fds[0], "* OK\r\n");
		for (guint n = 0; n < 4; n++)
			close(fds[n]);
		server_clear(&server);
		g_assert_cmpuint(ferry_connection_limits_get_count(limits), ==, 0);
	}
}

/* Who signs out counts among those that have not signed in again. */
static void
test_signed_out(void)
{
	g_autoptr(FerryConnectionLimits) limits = ferry_connection_limits_new(0, 0, 1, FALSE);
	FerryConnection *connection;
	Server server;
	int fds[3];

	server_init(&server);
	ferry_listener_set_limits(server.listener, limits);
	g_assert_true(ferry_listener_add_address(server.listener, "127.0.0.1", 0, NULL));
	g_assert_true(ferry_listener_start(server.listener, NULL));
	fds[0] = connect_port(ferry_listener_get_port(server.listener));
	assert_line(fds[0], "* OK\r\n");
	connection = g_ptr_array_index(server.connections, 0);
	ferry_connection_reset_authenticated(connection);
	ferry_connection_set_authenticated(connection);
	ferry_connection_reset_authenticated(connection);
	fds[1] = connect_port(ferry_listener_get_port(server.listener));
	assert_line(fds[1], "* BYE full\r\n");
	ferry_connection_set_authenticated(connection);
	fds[2] = connect_port(ferry_listener_get_port(server.listener));
	assert_line(fds[2], "* OK\r\n");
	for (guint i = 0; i < G_N_ELEMENTS(fds); i++)
		close(fds[i]);
	server_clear(&server);
	g_assert_cmpuint(ferry_connection_limits_get_count(limits), ==, 0);
}

static void
test_implicit_tls(void)
{
	Server server;
	g_autoptr(GError) error = NULL;
	Pair client = {.received = g_string_new(NULL)};
	int garbage;

	server_init(&server);
	ferry_listener_set_tls(server.listener, FERRY_LISTENER_TLS_IMPLICIT, NULL);
	g_assert_true(ferry_listener_add_address(server.listener, "127.0.0.1", 0, NULL));
	g_assert_false(ferry_listener_start(server.listener, &error));
	g_assert_error(error, FERRY_ERROR, FERRY_ERROR_CONFIGURATION);
	ferry_listener_set_tls(server.listener, FERRY_LISTENER_TLS_IMPLICIT,
			       fixture_get_credentials());
	g_assert_true(ferry_listener_start(server.listener, NULL));

	garbage = connect_port(ferry_listener_get_port(server.listener));
	g_assert_cmpint(send(garbage, "a LOGIN fred secret\r\n", 21, 0), ==, 21);
	client.fd = connect_port(ferry_listener_get_port(server.listener));
	pair_begin_client_tls(&client, "NORMAL");
	g_assert_true(pair_client_handshake(&client));
	pair_wait_received(&client, 6);
	g_assert_cmpstr(client.received->str, ==, "* OK\r\n");
	g_assert_cmpuint(server.connections->len, ==, 1);
	g_assert_true(ferry_connection_is_secure(g_ptr_array_index(server.connections, 0)));
	close(garbage);
	close(client.fd);
	gnutls_deinit(client.session);
	gnutls_certificate_free_credentials(client.trust);
	g_string_free(client.received, TRUE);
	server_clear(&server);
}

/* Out of descriptors: the client that waits is told so, nothing spins, and later it goes on. */
static void
test_no_descriptors(void)
{
	Server server;
	struct rlimit old;
	struct rlimit tight;
	int client;
	int next;
	guint turns = 0;
	gint64 end;

	server_init(&server);
	g_assert_true(ferry_listener_add_address(server.listener, "127.0.0.1", 0, NULL));
	g_assert_true(ferry_listener_start(server.listener, NULL));
	client = connect_port(ferry_listener_get_port(server.listener));
	next = dup(0);
	close(next);
	g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &old), ==, 0);
	tight = old;
	tight.rlim_cur = (rlim_t)next;
	g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &tight), ==, 0);
	g_test_expect_message("ferry", G_LOG_LEVEL_WARNING, "cannot accept clients*");
	assert_line(client, "* BYE full\r\n");
	g_test_assert_expected_messages();
	close(client);

	setrlimit(RLIMIT_NOFILE, &old);
	client = connect_port(ferry_listener_get_port(server.listener));
	end = g_get_monotonic_time() + 300000;
	while (g_get_monotonic_time() < end) {
		turns += g_main_context_iteration(NULL, FALSE);
		g_usleep(1000);
	}
	g_assert_cmpuint(turns, <, 5);
	assert_line(client, "* OK\r\n");
	close(client);
	server_clear(&server);
}

/* As a service manager starts us: descriptor 3 and the environment. */
static void
test_handed_over(void)
{
	Server server;
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	g_autofree char *pid = g_strdup_printf("%d", (int)getpid());
	g_autoptr(GError) error = NULL;
	int fd;

	if (!g_test_subprocess()) {
		g_test_trap_subprocess(NULL, 20 * G_USEC_PER_SEC, 0);
		g_test_trap_assert_passed();
		return;
	}
	fd = socket(AF_INET, SOCK_STREAM, 0);
	g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
	g_assert_cmpint(listen(fd, 5), ==, 0);
	g_assert_cmpint(dup2(fd, 3), ==, 3);
	g_assert_cmpint(dup2(1, 4), ==, 4);
	g_setenv("LISTEN_PID", "1", TRUE);
	g_setenv("LISTEN_FDS", "2", TRUE);
	g_setenv("LISTEN_FDNAMES", "imap:broken", TRUE);
	server_init(&server);
	/* meant for another process */
	g_assert_cmpuint(ferry_listener_add_handed_over(server.listener, "imap", NULL), ==, 0);
	g_setenv("LISTEN_PID", pid, TRUE);
	g_assert_cmpuint(ferry_listener_add_handed_over(server.listener, "sieve", &error), ==, 0);
	g_assert_no_error(error);
	g_assert_cmpuint(ferry_listener_add_handed_over(server.listener, "broken", &error), ==, 0);
	g_assert_error(error, FERRY_ERROR, FERRY_ERROR_INVALID);
	g_assert_cmpuint(ferry_listener_add_handed_over(server.listener, "imap", NULL), ==, 1);
	g_assert_cmpuint(ferry_listener_add_handed_over(server.listener, "imap", NULL), ==, 0);
	g_assert_true(ferry_listener_start(server.listener, NULL));
	fd = connect_port(ferry_listener_get_port(server.listener));
	assert_line(fd, "* OK\r\n");
	_exit(0);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/net/listener/addresses", test_addresses);
	g_test_add_func("/net/listener/stale-path", test_stale_path);
	g_test_add_func("/net/listener/limits", test_limits);
	g_test_add_func("/net/listener/signed-out", test_signed_out);
	g_test_add_func("/net/listener/implicit-tls", test_implicit_tls);
	g_test_add_func("/net/listener/no-descriptors", test_no_descriptors);
	g_test_add_func("/net/listener/handed-over", test_handed_over);
	return g_test_run();
}
