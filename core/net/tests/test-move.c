/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A connection changes its worker after “a LOGIN”, with “b SELECT” sent right behind it. */
#include "net-fixture.h"

#include <string.h>

#define MOVE "a LOGIN\r\n"
static const char script[] = MOVE "b SELECT\r\nc FETCH 1:*\r\n" MOVE "d LOGOUT\r\n";

typedef struct {
	FerryPoller *home;   /* polled by the main thread */
	FerryPoller *worker; /* polled by a thread of its own */
	GThread *thread;
	GMainContext *context;
	GMainLoop *loop;
} Workers;

static gpointer
run_worker(gpointer data)
{
	Workers *workers = data;

	g_main_context_push_thread_default(workers->context);
	g_main_loop_run(workers->loop);
	g_main_context_pop_thread_default(workers->context);
	return NULL;
}

static void
workers_start(Workers *workers, FerryPoller *home)
{
	workers->home = home;
	workers->context = g_main_context_new();
	workers->worker = ferry_poller_new(workers->context);
	workers->loop = g_main_loop_new(workers->context, FALSE);
	workers->thread = g_thread_new("worker", run_worker, workers);
}

static gboolean
quit_cb(gpointer loop)
{
	g_main_loop_quit(loop);
	return G_SOURCE_REMOVE;
}

static void
workers_stop(Workers *workers)
{
	g_autoptr(GSource) source = g_idle_source_new();

	g_source_set_callback(source, quit_cb, workers->loop, NULL);
	g_source_attach(source, workers->context);
	g_thread_join(workers->thread);
	ferry_poller_unref(workers->worker);
	g_main_loop_unref(workers->loop);
	g_main_context_unref(workers->context);
}

static gsize handle(FerryConnection *connection, const guint8 *data, gsize length,
		    gpointer user_data);

/* The handler was the other thread's until now: each worker sets its own. */
static void
arrived(FerryConnection *connection, gpointer user_data)
{
	Workers *workers = user_data;
	FerryPoller *here = ferry_connection_get_poller(connection);

	g_assert_true(g_main_context_is_owner(ferry_poller_get_context(here)));
	g_assert_true(here == workers->home || here == workers->worker);
	ferry_connection_write_string(connection, here == workers->home ? "H" : "W");
	ferry_connection_set_input_handler(connection, handle, workers, NULL);
}

static gsize
handle(FerryConnection *connection, const guint8 *data, gsize length, gpointer user_data)
{
	Workers *workers = user_data;
	FerryPoller *here = ferry_connection_get_poller(connection);
	gsize used = fixture_echo_lines(connection, data, length, NULL);

	g_assert_true(g_main_context_is_owner(ferry_poller_get_context(here)));
	if (used == strlen(MOVE) && memcmp(data, MOVE, used) == 0)
		ferry_connection_move(connection,
				      here == workers->home ? workers->worker : workers->home,
				      arrived, workers, NULL);
	return used;
}

static const char expected[] = MOVE "Wb SELECT\r\nc FETCH 1:*\r\n" MOVE "Hd LOGOUT\r\n";

static void
run_script(Workers *workers, Pair *pair, gsize first, gsize second)
{
	gsize length = strlen(script);

	g_string_truncate(pair->received, 0);
	pair_send(pair, script, (gssize)first);
	pair_settle(pair);
	pair_send(pair, script + first, (gssize)(second - first));
	pair_settle(pair);
	pair_send(pair, script + second, (gssize)(length - second));
	pair_wait_received(pair, strlen(expected));
	g_assert_cmpstr(pair->received->str, ==, expected);
}

static void
test_splits(gconstpointer data)
{
	g_autoptr(Pair) pair = pair_new();
	Workers workers;
	gsize length = strlen(script);

	if (data != NULL)
		pair_start_tls(pair, data);
	workers_start(&workers, pair->poller);
	ferry_connection_set_input_handler(pair->connection, handle, &workers, NULL);
	for (gsize first = 0; first <= length; first++) {
		run_script(&workers, pair, first, first);
		run_script(&workers, pair, first, MIN(first + 1, length));
	}
	/* the last move in the script was home */
	ferry_connection_abort(pair->connection);
	pair_settle(pair);
	workers_stop(&workers);
}

static gsize
write_and_move(FerryConnection *connection, const guint8 *data, gsize length, gpointer user_data)
{
	Workers *workers = user_data;

	for (guint i = 0; i < 300000; i++)
		ferry_connection_writef(connection, "%06u\n", i);
	ferry_connection_move(connection, workers->worker, arrived, workers, NULL);
	return length;
}

/* What the client has not read yet goes along. */
static void
test_output(gconstpointer data)
{
	g_autoptr(Pair) pair = pair_new();
	Workers workers;

	if (data != NULL)
		pair_start_tls(pair, data);
	workers_start(&workers, pair->poller);
	ferry_connection_set_input_handler(pair->connection, write_and_move, &workers, NULL);
	pair_send(pair, "x", 1);
	pair_wait_received(pair, 300000 * 7 + 1);
	for (guint i = 0; i < 300000; i++) {
		char line[16];

		g_snprintf(line, sizeof line, "%06u\n", i);
		g_assert_cmpmem(pair->received->str + 7 * i, 7, line, 7);
	}
	g_assert_cmpstr(pair->received->str + 300000 * 7, ==, "W");
	g_string_truncate(pair->received, 0);
	pair_send(pair, MOVE, -1);
	pair_wait_received(pair, strlen(MOVE) + 1);
	pair_settle(pair);
	workers_stop(&workers);
}

static void
count(gpointer data)
{
	(*(guint *)data)++;
}

static void
never(FerryConnection *connection, gpointer user_data)
{
	g_assert_not_reached();
}

/* A connection that ends before it leaves, and one whose new worker never runs. */
static void
test_dropped(void)
{
	GMainContext *context = g_main_context_new();
	FerryPoller *target = ferry_poller_new(context);
	g_autoptr(FerryPoller) home = ferry_poller_new(NULL);
	g_autoptr(Pair) pair = pair_new();
	guint n_destroyed = 0;

	ferry_connection_move(pair->connection, target, never, &n_destroyed, count);
	ferry_connection_abort(pair->connection);
	pair_wait_closed(pair);
	g_assert_cmpuint(n_destroyed, ==, 1);
	ferry_connection_move(pair->connection, target, never, &n_destroyed, count);
	g_assert_cmpuint(n_destroyed, ==, 2);
	g_assert_false(g_main_context_iteration(context, FALSE));
	ferry_poller_unref(target);
	g_main_context_unref(context);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_data_func("/net/move/splits/plain", NULL, test_splits);
	g_test_add_data_func("/net/move/splits/tls1.3", "NORMAL", test_splits);
	g_test_add_data_func("/net/move/splits/tls1.2", "NORMAL:-VERS-ALL:+VERS-TLS1.2",
			     test_splits);
	g_test_add_data_func("/net/move/output/plain", NULL, test_output);
	g_test_add_data_func("/net/move/output/tls", "NORMAL", test_output);
	g_test_add_func("/net/move/dropped", test_dropped);
	return g_test_run();
}
