/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net-fixture.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"

static const char script[] = "a login\r\nb\r\n\r\nc a longer line than those\r\n";

static void
test_splits(void)
{
	gsize length = strlen(script);

	for (gsize first = 0; first <= length; first++) {
		g_autoptr(Pair) pair = pair_new();

		ferry_connection_set_input_handler(pair->connection, fixture_echo_lines, pair,
						   NULL);
		pair_send(pair, script, (gssize)first);
		pair_settle(pair);
		pair_send(pair, script + first, (gssize)(length - first));
		pair_wait_received(pair, length);
		g_assert_cmpstr(pair->received->str, ==, script);
		g_assert_cmpuint(pair->n_lines, ==, 4);
	}
}

static void
test_single_bytes(void)
{
	g_autoptr(Pair) pair = pair_new();

	ferry_connection_set_input_handler(pair->connection, fixture_echo_lines, pair, NULL);
	for (gsize i = 0; script[i] != '\0'; i++) {
		pair_send(pair, script + i, 1);
		pair_settle(pair);
	}
	pair_wait_received(pair, strlen(script));
	g_assert_cmpstr(pair->received->str, ==, script);
}

static gboolean
resume_cb(gpointer user_data)
{
	ferry_connection_resume_input(FERRY_CONNECTION(user_data));
	return G_SOURCE_REMOVE;
}

/* A command that takes a while. */
static gsize
pausing_handler(FerryConnection *connection, const guint8 *data, gsize length, gpointer user_data)
{
	gsize used = fixture_echo_lines(connection, data, length, user_data);

	if (used > 0) {
		g_assert_false(ferry_connection_is_input_paused(connection));
		ferry_connection_pause_input(connection);
		g_idle_add(resume_cb, connection);
	}
	return used;
}

static void
test_pause(void)
{
	g_autoptr(Pair) pair = pair_new();

	ferry_connection_set_input_handler(pair->connection, pausing_handler, pair, NULL);
	pair_send(pair, script, -1);
	pair_wait_received(pair, strlen(script));
	g_assert_cmpstr(pair->received->str, ==, script);
	g_assert_cmpuint(pair->n_lines, ==, 4);
}

/* What comes while input is paused stays in the kernel, and the peer has to wait. */
static void
test_paused_flood(void)
{
	g_autoptr(Pair) pair = pair_new();
	char block[4096];
	gsize sent = 0;
	gssize n;

	memset(block, 'x', sizeof block);
	ferry_connection_set_input_handler(pair->connection, fixture_echo_lines, pair, NULL);
	ferry_connection_pause_input(pair->connection);
	for (guint i = 0; i < 4096; i++) {
		pair_settle(pair);
		n = pair_try_send(pair, block, sizeof block);
		sent += n > 0 ? (gsize)n : 0;
	}
	g_assert_cmpuint(sent, <, 2 * 1024 * 1024);
	g_assert_cmpuint(pair->n_closed, ==, 0);
}

static void
test_input_limit(void)
{
	g_autoptr(Pair) pair = pair_new();
	char block[2048];

	memset(block, 'x', sizeof block);
	ferry_connection_set_input_limit(pair->connection, 5000);
	ferry_connection_set_input_handler(pair->connection, fixture_echo_lines, pair, NULL);
	for (guint i = 0; i < 8 && pair->n_closed == 0; i++) {
		pair_try_send(pair, block, sizeof block);
		pair_settle(pair);
	}
	pair_wait_closed(pair);
	g_assert_cmpint(pair->reason, ==, FERRY_CONNECTION_CLOSED_LIMIT);
	g_assert_error(ferry_connection_get_error(pair->connection), FERRY_ERROR,
		       FERRY_ERROR_LIMIT);
}

typedef struct {
	Pair *pair;
	guint next;
	gsize most;
} Writer;

#define N_NUMBERS 1000000

/* Writes as FETCH 1:* does. */
static void
write_some(FerryConnection *connection, gpointer user_data)
{
	Writer *writer = user_data;

	writer->pair->n_drained++;
	while (writer->next < N_NUMBERS && ferry_connection_get_pending_output(connection) <= 65536)
		ferry_connection_writef(connection, "%u\n", writer->next++);
	writer->most = MAX(writer->most, ferry_connection_get_pending_output(connection));
}

static void
test_slow_reader(void)
{
	g_autoptr(Pair) pair = pair_new();
	Writer writer = {.pair = pair};
	g_autoptr(GString) expected = g_string_new(NULL);

	for (guint i = 0; i < N_NUMBERS; i++)
		g_string_append_printf(expected, "%u\n", i);
	ferry_connection_set_drained_handler(pair->connection, 65536, write_some, &writer, NULL);
	write_some(pair->connection, &writer);
	pair_settle(pair);
	/* the client has not read: writing stands still */
	g_assert_cmpuint(writer.next, <, N_NUMBERS);
	pair_wait_received(pair, expected->len);
	g_assert_true(g_string_equal(pair->received, expected));
	g_assert_cmpuint(writer.most, <, 70000);
	g_assert_cmpuint(ferry_connection_get_pending_output(pair->connection), ==, 0);
}

static gsize
amplifier(FerryConnection *connection, const guint8 *data, gsize length, gpointer user_data)
{
	static const char answer[10000] = "x";

	ferry_connection_write(connection, answer, sizeof answer);
	return 1;
}

/* A client that sends commands and reads no answers is not served beyond a bound. */
static void
test_deaf_client(void)
{
	g_autoptr(Pair) pair = pair_new();
	char block[4096] = {0};

	ferry_connection_set_input_handler(pair->connection, amplifier, NULL, NULL);
	for (guint i = 0; i < 500; i++) {
		pair_try_send(pair, block, sizeof block);
		pair_settle(pair);
	}
	g_assert_cmpuint(ferry_connection_get_pending_output(pair->connection), <, 300000);
	/* it goes on where it stopped when the client reads */
	pair_wait_received(pair, 20 * 1000 * 1000);
}

static void
test_large_bytes(void)
{
	g_autoptr(Pair) pair = pair_new();
	gsize length = 3 * 1024 * 1024;
	guint8 *data = g_malloc(length);
	g_autoptr(GBytes) bytes = NULL;

	for (gsize i = 0; i < length; i++)
		data[i] = (guint8)(i * 7 + i / 256);
	bytes = g_bytes_new_take(data, length);
	ferry_connection_write_string(pair->connection, "* 1 FETCH (BODY[] {3145728}\r\n");
	ferry_connection_write_bytes(pair->connection, bytes);
	ferry_connection_writef(pair->connection, "%s%c\r\n", "", ')');
	pair_wait_received(pair, 29 + length + 3);
	g_assert_cmpmem(pair->received->str + 29, length, data, length);
	g_assert_cmpstr(pair->received->str + 29 + length, ==, ")\r\n");
}

static gsize
bye_handler(FerryConnection *connection, const guint8 *data, gsize length, gpointer user_data)
{
	ferry_connection_write_string(connection, "* BYE line too long\r\n");
	ferry_connection_close(connection);
	return 0;
}

/* The last words reach a client that is still sending. */
static void
test_close_while_peer_sends(void)
{
	g_autoptr(Pair) pair = pair_new();
	char block[30000];

	memset(block, 'x', sizeof block);
	ferry_connection_set_input_handler(pair->connection, bye_handler, NULL, NULL);
	pair_try_send(pair, block, sizeof block);
	pair_settle(pair);
	pair_try_send(pair, block, sizeof block);
	pair_wait_received(pair, 21);
	g_assert_cmpstr(pair->received->str, ==, "* BYE line too long\r\n");
	shutdown(pair->fd, SHUT_WR);
	pair_wait_closed(pair);
	g_assert_cmpint(pair->reason, ==, FERRY_CONNECTION_CLOSED_LOCALLY);
}

static void
test_half_close(void)
{
	g_autoptr(Pair) pair = pair_new();

	ferry_connection_set_input_handler(pair->connection, pausing_handler, pair, NULL);
	pair_send(pair, script, -1);
	pair_send(pair, "no end of line", -1);
	shutdown(pair->fd, SHUT_WR);
	pair_wait_closed(pair);
	pair_read(pair);
	g_assert_cmpint(pair->reason, ==, FERRY_CONNECTION_CLOSED_BY_PEER);
	g_assert_cmpstr(pair->received->str, ==, script);
}

static void
test_peer_gone(void)
{
	g_autoptr(Pair) pair = pair_new();

	ferry_connection_set_input_handler(pair->connection, fixture_echo_lines, NULL, NULL);
	ferry_connection_pause_input(pair->connection);
	pair_settle(pair);
	shutdown(pair->fd, SHUT_RDWR);
	pair_wait_closed(pair);
	g_assert_cmpint(pair->reason, ==, FERRY_CONNECTION_CLOSED_BY_PEER);
	/* nothing happens to who writes then */
	ferry_connection_writef(pair->connection, "* OK %d\r\n", 1);
	ferry_connection_close(pair->connection);
	ferry_connection_resume_input(pair->connection);
}

/* a client that vanished without a word is noticed, in at most ten minutes */
static void
test_keepalive(void)
{
	g_autoptr(GSocketListener) listener = g_socket_listener_new();
	guint16 port = g_socket_listener_add_any_inet_port(listener, NULL, NULL);
	g_autoptr(GSocketClient) client = g_socket_client_new();
	g_autoptr(GSocketConnection) near =
		g_socket_client_connect_to_host(client, "127.0.0.1", port, NULL, NULL);
	g_autoptr(GSocketConnection) far = g_socket_listener_accept(listener, NULL, NULL, NULL);
	int fd = dup(g_socket_get_fd(g_socket_connection_get_socket(far)));
	g_autoptr(FerryAddress) address = ferry_address_new_from_string("127.0.0.1", port, NULL);
	g_autoptr(FerryPoller) poller = ferry_poller_new(NULL);
	g_autoptr(FerryConnection) connection = ferry_connection_new(poller, fd, address, NULL);
	static const struct {
		int level, name, least, most;
	} options[] = {
		{SOL_SOCKET, SO_KEEPALIVE, 1, 1},           {IPPROTO_TCP, TCP_KEEPIDLE, 1, 300},
		{IPPROTO_TCP, TCP_KEEPINTVL, 1, 60},        {IPPROTO_TCP, TCP_KEEPCNT, 1, 5},
		{IPPROTO_TCP, TCP_USER_TIMEOUT, 1, 180000}, {IPPROTO_TCP, TCP_NODELAY, 1, 1},
	};

	g_assert_nonnull(near);
	g_assert_nonnull(connection);
	for (gsize i = 0; i < G_N_ELEMENTS(options); i++) {
		int value = -1;
		socklen_t length = sizeof value;

		g_test_message("%" G_GSIZE_FORMAT, i);
		g_assert_cmpint(getsockopt(fd, options[i].level, options[i].name, &value, &length),
				==, 0);
		g_assert_cmpint(value, >=, options[i].least);
		g_assert_cmpint(value, <=, options[i].most);
	}
	ferry_connection_close(connection);
}

static void
count_timeout(FerryConnection *connection, gpointer user_data)
{
	((Pair *)user_data)->n_timeouts++;
	ferry_connection_write_string(connection, "* BYE too late\r\n");
	ferry_connection_close(connection);
}

static void
test_timeouts(void)
{
	for (guint i = 0; i < 4; i++) {
		g_autoptr(Pair) pair = pair_new();
		char block[65536] = {0};

		ferry_connection_set_input_handler(pair->connection, fixture_echo_lines, pair,
						   NULL);
		if (i == 0)
			ferry_connection_set_timeout(pair->connection, 1, NULL, NULL, NULL);
		else if (i == 1)
			ferry_connection_set_timeout(pair->connection, 1, count_timeout, pair,
						     NULL);
		else if (i == 2)
			ferry_connection_set_deadline(pair->connection, 1);
		else
			ferry_connection_set_write_timeout(pair->connection, 1);
		for (guint n = 0; i == 3 && n < 20; n++)
			ferry_connection_write(pair->connection, block, sizeof block);
		while (pair->n_closed == 0) {
			g_main_context_iteration(NULL, TRUE);
			if (pair->n_timeouts > 0)
				shutdown(pair->fd, SHUT_WR);
		}
		g_assert_cmpuint(pair->n_timeouts, ==, i == 1);
		g_assert_cmpint(pair->reason, ==,
				i == 1 ? FERRY_CONNECTION_CLOSED_LOCALLY
				       : FERRY_CONNECTION_CLOSED_TIMEOUT);
	}
}

/* Two are ready at once, and the handler of either ends the other. */
static gsize
murder(FerryConnection *connection, const guint8 *data, gsize length, gpointer user_data)
{
	ferry_connection_abort(FERRY_CONNECTION(user_data));
	return length;
}

static void
test_removal_during_dispatch(void)
{
	g_autoptr(FerryPoller) poller = ferry_poller_new(NULL);
	g_autoptr(FerryAddress) address = ferry_address_new_unix();
	FerryConnection *both[2];
	int clients[2];

	for (guint i = 0; i < 2; i++) {
		int fds[2];

		g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
		both[i] = ferry_connection_new(poller, fds[0], address, NULL);
		clients[i] = fds[1];
		g_assert_cmpint(write(fds[1], "x", 1), ==, 1);
	}
	for (guint i = 0; i < 2; i++)
		ferry_connection_set_input_handler(both[i], murder, both[1 - i], NULL);
	while (g_main_context_iteration(NULL, FALSE))
		continue;
	g_assert_true(ferry_connection_is_closed(both[0]) != ferry_connection_is_closed(both[1]));
	for (guint i = 0; i < 2; i++)
		ferry_connection_abort(both[i]);
	while (g_main_context_iteration(NULL, FALSE))
		continue;
	for (guint i = 0; i < 2; i++) {
		g_object_unref(both[i]);
		close(clients[i]);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/net/connection/splits", test_splits);
	g_test_add_func("/net/connection/single-bytes", test_single_bytes);
	g_test_add_func("/net/connection/pause", test_pause);
	g_test_add_func("/net/connection/paused-flood", test_paused_flood);
	g_test_add_func("/net/connection/input-limit", test_input_limit);
	g_test_add_func("/net/connection/slow-reader", test_slow_reader);
	g_test_add_func("/net/connection/deaf-client", test_deaf_client);
	g_test_add_func("/net/connection/large-bytes", test_large_bytes);
	g_test_add_func("/net/connection/close-while-peer-sends", test_close_while_peer_sends);
	g_test_add_func("/net/connection/half-close", test_half_close);
	g_test_add_func("/net/connection/peer-gone", test_peer_gone);
	g_test_add_func("/net/connection/timeouts", test_timeouts);
	g_test_add_func("/net/connection/keepalive", test_keepalive);
	g_test_add_func("/net/connection/removal-during-dispatch", test_removal_during_dispatch);
	return g_test_run();
}
