/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net-fixture.h"

#include <string.h>

#define TEST_TYPE_FILTER (test_filter_get_type())
G_DECLARE_FINAL_TYPE(TestFilter, test_filter, TEST, FILTER, GObject)

/* A tiny compression: a count from 1 to 9 and an octet; “0” is an error. It keeps what does not
 * fit, stops behind each line, and holds back output until it is flushed, as deflate does. */
struct _TestFilter {
	GObject parent_instance;
	char pending;
	guint n_pending;
	GByteArray *held;
	gboolean takes_nothing;
};

static gboolean
test_filter_decode(FerryStreamFilter *filter, const guint8 *data, gsize length, gsize max_output,
		   gsize *consumed, GByteArray *output, GError **error)
{
	TestFilter *self = TEST_FILTER(filter);
	gsize used = 0;
	gsize room = max_output;

	while (room > 0) {
		if (self->n_pending == 0 && used > 0 && self->pending == '\n') {
			break;
		} else if (self->n_pending > 0) {
			g_byte_array_append(output, (guint8 *)&self->pending, 1);
			self->n_pending--;
			room--;
		} else if (length - used >= 2 && !self->takes_nothing) {
			if (data[used] == '0') {
				g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
						    "a count of zero");
				return FALSE;
			}
			self->n_pending = (guint)(data[used] - '0') & 0xff;
			/* capitals are bombs */
			if (g_ascii_isupper(data[used]))
				self->n_pending = 10 * 1000 * 1000;
			self->pending = (char)data[used + 1];
			used += 2;
		} else {
			break;
		}
	}
	*consumed = used;
	return TRUE;
}

static gboolean
test_filter_encode(FerryStreamFilter *filter, const guint8 *data, gsize length, gboolean flush,
		   GByteArray *output, GError **error)
{
	TestFilter *self = TEST_FILTER(filter);

	g_byte_array_append(self->held, data, (guint)length);
	if (!flush)
		return TRUE;
	for (guint i = 0; i < self->held->len; i++) {
		g_byte_array_append(output, (const guint8 *)"1", 1);
		g_byte_array_append(output, self->held->data + i, 1);
	}
	g_byte_array_set_size(self->held, 0);
	return TRUE;
}

static gboolean
test_filter_has_pending(FerryStreamFilter *filter)
{
	return TEST_FILTER(filter)->n_pending > 0;
}

static void
test_filter_iface_init(FerryStreamFilterInterface *iface)
{
	iface->decode = test_filter_decode;
	iface->encode = test_filter_encode;
	iface->has_pending = test_filter_has_pending;
}

G_DEFINE_TYPE_WITH_CODE(TestFilter, test_filter, G_TYPE_OBJECT,
			G_IMPLEMENT_INTERFACE(FERRY_TYPE_STREAM_FILTER, test_filter_iface_init))

static void
test_filter_finalize(GObject *object)
{
	g_byte_array_unref(TEST_FILTER(object)->held);
	G_OBJECT_CLASS(test_filter_parent_class)->finalize(object);
}

static void
test_filter_class_init(TestFilterClass *klass)
{
	G_OBJECT_CLASS(klass)->finalize = test_filter_finalize;
}

static void
test_filter_init(TestFilter *self)
{
	self->held = g_byte_array_new();
}

static void
push(FerryConnection *connection)
{
	g_autoptr(FerryStreamFilter) filter = g_object_new(TEST_TYPE_FILTER, NULL);

	ferry_connection_push_filter(connection, filter);
}

static gsize
compress_handler(FerryConnection *connection, const guint8 *data, gsize length, gpointer user_data)
{
	gsize used = fixture_echo_lines(connection, data, length, user_data);

	if (used == 3 && memcmp(data, "z\r\n", 3) == 0)
		push(connection);
	if (used == 3 && memcmp(data, "y\r\n", 3) == 0)
		ferry_connection_drop_filters(connection);
	return used;
}

static void
run_splits(const char *script, const char *expected)
{
	gsize length = strlen(script);

	for (gsize first = 0; first <= length; first++) {
		g_autoptr(Pair) pair = pair_new();

		ferry_connection_set_input_handler(pair->connection, compress_handler, pair, NULL);
		pair_send(pair, script, (gssize)first);
		pair_settle(pair);
		pair_send(pair, script + first, (gssize)(length - first));
		pair_wait_received(pair, strlen(expected));
		g_assert_cmpstr(pair->received->str, ==, expected);
	}
}

/* In clear before the command, through the filter right behind it. */
static void
test_switch(void)
{
	run_splits("a\r\nz\r\n3b1\r1\n1c1\r1\n", "a\r\nz\r\n1b1b1b1\r1\n1c1\r1\n");
}

/* The second one gets what the first one has decoded. */
static void
test_two(void)
{
	run_splits("z\r\n1z1\r1\n"
		   "121b111\r111\n",
		   "z\r\n1z1\r1\n"
		   "111b111b111\r111\n");
}

/* Through the filters up to the command, in clear right behind it. */
static void
test_drop(void)
{
	run_splits("z\r\n1b1\r1\n1y1\r1\nc\r\nd\r\n", "z\r\n1b1\r1\n1y1\r1\nc\r\nd\r\n");
	run_splits("z\r\n1z1\r1\n"
		   "111y111\r111\n"
		   "c\r\nz\r\n1d1\r1\n",
		   "z\r\n1z1\r1\n"
		   "111y111\r111\n"
		   "c\r\nz\r\n1d1\r1\n");
}

/* A command that took its time drops them: what it was paused on is not decoded before. */
static void
test_drop_later(void)
{
	g_autoptr(Pair) pair = pair_new();

	push(pair->connection);
	ferry_connection_set_input_handler(pair->connection, fixture_echo_lines, pair, NULL);
	pair_send(pair, "1a1\r1\n", -1);
	pair_wait_received(pair, 6);
	ferry_connection_pause_input(pair->connection);
	pair_send(pair, "b\r\n", -1);
	pair_settle(pair);
	ferry_connection_write_string(pair->connection, "OK\r\n");
	ferry_connection_drop_filters(pair->connection);
	g_assert_false(ferry_connection_has_filters(pair->connection));
	ferry_connection_drop_filters(pair->connection);
	ferry_connection_resume_input(pair->connection);
	pair_wait_received(pair, 17);
	g_assert_cmpstr(pair->received->str, ==, "1a1\r1\n1O1K1\r1\nb\r\n");
}

static void
test_later(void)
{
	g_autoptr(Pair) pair = pair_new();

	/* not from the handler: the command took its time */
	ferry_connection_set_input_handler(pair->connection, fixture_echo_lines, pair, NULL);
	ferry_connection_pause_input(pair->connection);
	pair_send(pair, "2a1\r1\n", -1);
	pair_settle(pair);
	ferry_connection_write_string(pair->connection, "OK\r\n");
	push(pair->connection);
	ferry_connection_resume_input(pair->connection);
	pair_wait_received(pair, 12);
	g_assert_cmpstr(pair->received->str, ==, "OK\r\n1a1a1\r1\n");
}

static gsize most;

static gsize
measuring_handler(FerryConnection *connection, const guint8 *data, gsize length, gpointer user_data)
{
	most = MAX(most, length);
	*(gsize *)user_data += length;
	return length;
}

/* Two octets become ten millions, but never at once. */
static void
test_bomb(void)
{
	g_autoptr(Pair) pair = pair_new();
	gsize got = 0;
	gint64 deadline = fixture_deadline();

	push(pair->connection);
	ferry_connection_set_input_handler(pair->connection, measuring_handler, &got, NULL);
	pair_send(pair, "Bx", 2);
	while (got < 10 * 1000 * 1000) {
		g_assert_cmpint(g_get_monotonic_time(), <, deadline);
		pair_turn(pair);
	}
	g_assert_cmpuint(most, <=, 65536);
}

/* And a line that never ends hits the limit. */
static void
test_bomb_line(void)
{
	g_autoptr(Pair) pair = pair_new();

	push(pair->connection);
	ferry_connection_set_input_handler(pair->connection, fixture_echo_lines, pair, NULL);
	pair_send(pair, "Bx", 2);
	pair_wait_closed(pair);
	g_assert_cmpint(pair->reason, ==, FERRY_CONNECTION_CLOSED_LIMIT);
}

static void
test_error(void)
{
	g_autoptr(Pair) pair = pair_new();

	push(pair->connection);
	ferry_connection_set_input_handler(pair->connection, fixture_echo_lines, pair, NULL);
	pair_send(pair, "0x", 2);
	pair_wait_closed(pair);
	g_assert_cmpint(pair->reason, ==, FERRY_CONNECTION_CLOSED_ERROR);
}

static void
test_takes_nothing(void)
{
	g_autoptr(Pair) pair = pair_new();
	g_autoptr(TestFilter) filter = g_object_new(TEST_TYPE_FILTER, NULL);
	char block[16384] = {0};

	filter->takes_nothing = TRUE;
	ferry_connection_push_filter(pair->connection, FERRY_STREAM_FILTER(filter));
	ferry_connection_set_input_handler(pair->connection, fixture_echo_lines, pair, NULL);
	for (guint i = 0; i < 100 && pair->n_closed == 0; i++) {
		pair_try_send(pair, block, sizeof block);
		pair_settle(pair);
	}
	pair_wait_closed(pair);
	g_assert_cmpint(pair->reason, ==, FERRY_CONNECTION_CLOSED_LIMIT);
}

static gsize
drain_handler(FerryConnection *connection, const guint8 *data, gsize length, gpointer user_data)
{
	for (guint i = 0; i < 100000; i++)
		ferry_connection_writef(connection, "%05u", i);
	ferry_connection_close(connection);
	return length;
}

/* Everything written before closing goes out, through TLS too. */
static void
test_close(void)
{
	for (guint tls = 0; tls < 2; tls++) {
		g_autoptr(Pair) pair = pair_new();

		if (tls)
			pair_start_tls(pair, "NORMAL");
		push(pair->connection);
		ferry_connection_set_input_handler(pair->connection, drain_handler, NULL, NULL);
		pair_send(pair, "1x", 2);
		pair_wait_received(pair, 1000000);
		g_assert_cmpstr(pair->received->str + 999990, ==, "1919191919");
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/net/filter/switch", test_switch);
	g_test_add_func("/net/filter/two", test_two);
	g_test_add_func("/net/filter/later", test_later);
	g_test_add_func("/net/filter/drop", test_drop);
	g_test_add_func("/net/filter/drop-later", test_drop_later);
	g_test_add_func("/net/filter/bomb", test_bomb);
	g_test_add_func("/net/filter/bomb-line", test_bomb_line);
	g_test_add_func("/net/filter/error", test_error);
	g_test_add_func("/net/filter/takes-nothing", test_takes_nothing);
	g_test_add_func("/net/filter/close", test_close);
	return g_test_run();
}
