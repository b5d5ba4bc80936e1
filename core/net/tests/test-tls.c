/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net-fixture.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"

static const char script[] = "a login\r\nb\r\n\r\nc a longer line than those\r\n";

static void
test_echo(void)
{
	static const struct {
		const char *priority;
		const char *version;
		const char *binding;
		const char *no_binding;
	} cases[] = {
		{"NORMAL:-VERS-ALL:+VERS-TLS1.3", "TLS1.3", "tls-exporter", "tls-unique"},
		{"NORMAL:-VERS-ALL:+VERS-TLS1.2", "TLS1.2", "tls-unique", "tls-server-end-point"},
		{"NORMAL:-VERS-ALL:+VERS-TLS1.2", "TLS1.2", "tls-exporter", ""},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(Pair) pair = pair_new();
		g_autoptr(GBytes) ours = NULL;
		g_autoptr(GError) error = NULL;
		g_autofree char *cipher = NULL;
		gnutls_datum_t theirs = {0};

		g_assert_false(ferry_connection_is_secure(pair->connection));
		pair_start_tls(pair, cases[i].priority);
		g_assert_true(ferry_connection_is_secure(pair->connection));
		g_assert_cmpstr(ferry_connection_get_tls_version(pair->connection), ==,
				cases[i].version);
		cipher = ferry_connection_dup_tls_cipher(pair->connection);
		g_assert_nonnull(cipher);
		ours = ferry_connection_dup_channel_binding(pair->connection, cases[i].binding,
							    &error);
		g_assert_no_error(error);
		gnutls_session_channel_binding(pair->session,
					       strcmp(cases[i].binding, "tls-unique") == 0
						       ? GNUTLS_CB_TLS_UNIQUE
						       : GNUTLS_CB_TLS_EXPORTER,
					       &theirs);
		g_assert_cmpmem(g_bytes_get_data(ours, NULL), g_bytes_get_size(ours), theirs.data,
				theirs.size);
		gnutls_free(theirs.data);
		g_assert_null(ferry_connection_dup_channel_binding(pair->connection,
								   cases[i].no_binding, &error));
		g_assert_error(error, FERRY_ERROR, FERRY_ERROR_CANNOT);
		ferry_connection_set_input_handler(pair->connection, fixture_echo_lines, pair,
						   NULL);
		pair_send(pair, script, -1);
		pair_wait_received(pair, strlen(script));
		g_assert_cmpstr(pair->received->str, ==, script);
	}
}

static void
test_splits(void)
{
	g_autoptr(Pair) pair = pair_new();
	gsize length = strlen(script);

	pair_start_tls(pair, "NORMAL");
	ferry_connection_set_input_handler(pair->connection, fixture_echo_lines, pair, NULL);
	for (gsize first = 1; first < length; first++) {
		pair_send(pair, script, (gssize)first);
		pair_settle(pair);
		pair_send(pair, script + first, (gssize)(length - first));
		pair_wait_received(pair, first * length);
		g_assert_cmpstr(pair->received->str + (first - 1) * length, ==, script);
	}
}

/* Far more than a record and than the kernel takes, both ways. */
static void
test_bulk(void)
{
	g_autoptr(Pair) pair = pair_new();
	gsize length = 2 * 1024 * 1024;
	g_autoptr(GString) text = g_string_sized_new(length);

	for (guint i = 0; text->len < length; i++)
		g_string_append_printf(text, "line %u of many\n", i);
	pair_start_tls(pair, "NORMAL");
	ferry_connection_set_input_handler(pair->connection, fixture_echo_lines, pair, NULL);
	pair_send(pair, text->str, (gssize)text->len);
	pair_wait_received(pair, text->len);
	g_assert_true(g_string_equal(pair->received, text));
	gnutls_bye(pair->session, GNUTLS_SHUT_WR);
	pair_wait_closed(pair);
	g_assert_cmpint(pair->reason, ==, FERRY_CONNECTION_CLOSED_BY_PEER);
}

static void
count_result(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GError) error = NULL;

	if (ferry_connection_start_tls_finish(FERRY_CONNECTION(source), result, &error))
		g_string_append(user_data, "done ");
	else
		g_string_append(user_data, "failed ");
}

static gsize
starttls_handler(FerryConnection *connection, const guint8 *data, gsize length, gpointer user_data)
{
	const char *end = memchr(data, '\n', length);

	if (end == NULL)
		return 0;
	if (memcmp(data, "a STARTTLS\r\n", MIN(length, 12)) != 0) {
		ferry_connection_writef(connection, "%.*s", (int)(end + 1 - (const char *)data),
					data);
		return (gsize)(end + 1 - (const char *)data);
	}
	ferry_connection_write_string(connection, "a OK begin\r\n");
	ferry_connection_start_tls_async(connection, fixture_get_credentials(), NULL, count_result,
					 user_data);
	return 12;
}

/* Commands behind STARTTLS in clear are never run (CVE-2011-0411 and its many relatives). */
static void
test_injection(void)
{
	static const char attack[] = "a STARTTLS\r\nb INJECTED\r\nc part";
	gsize length = strlen(attack);

	for (gsize first = 1; first <= 12; first++) {
		g_autoptr(Pair) pair = pair_new();
		g_autoptr(GString) log = g_string_new(NULL);

		ferry_connection_set_input_handler(pair->connection, starttls_handler, log, NULL);
		/* up to the end of the command in one piece, all the rest with its end */
		pair_send(pair, attack, (gssize)(first - 1));
		pair_settle(pair);
		pair_send(pair, attack + first - 1, (gssize)(length - first + 1));
		pair_wait_received(pair, 12);
		g_assert_cmpstr(pair->received->str, ==, "a OK begin\r\n");
		pair_begin_client_tls(pair, "NORMAL");
		g_assert_true(pair_client_handshake(pair));
		pair_send(pair, "d first\r\n", -1);
		pair_wait_received(pair, 21);
		g_assert_cmpstr(pair->received->str, ==, "a OK begin\r\nd first\r\n");
		g_assert_cmpstr(log->str, ==, "done ");
	}
}

/* What is not TLS ends the connection, whatever it is and wherever it is cut. */
static void
test_garbage(void)
{
	static const struct {
		const char *data;
		gsize length;
	} cases[] = {
		{"a LOGIN fred secret\r\n", 21},
		{"\x16\x03\x01\xff\xff\x01\xff\xff\xff\x03\x03", 11},
		{"\x16\x03\x01\x00\x04\x01\x00\x00\x00", 9},
		{"\x15\x03\x03\x00\x02\x02\x28", 7},
		{"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10", 11},
		{"\x00\x00\x00\x00\x00\x00\x00\x00", 8},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(Pair) pair = pair_new();
		g_autoptr(GString) log = g_string_new(NULL);

		ferry_connection_set_input_handler(pair->connection, starttls_handler, log, NULL);
		ferry_connection_start_tls_async(pair->connection, fixture_get_credentials(), NULL,
						 count_result, log);
		pair_settle(pair);
		for (gsize n = 0; n < cases[i].length && pair->n_closed == 0; n++) {
			pair_try_send(pair, cases[i].data + n, 1);
			pair_settle(pair);
		}
		shutdown(pair->fd, SHUT_WR);
		pair_wait_closed(pair);
		g_assert_cmpint(pair->reason, ==, FERRY_CONNECTION_CLOSED_TLS);
		g_assert_cmpstr(log->str, ==, "failed ");
	}
}

/* A broken record after the handshake. */
static void
test_corrupt_record(void)
{
	g_autoptr(Pair) pair = pair_new();

	pair_start_tls(pair, "NORMAL");
	ferry_connection_set_input_handler(pair->connection, fixture_echo_lines, pair, NULL);
	g_assert_cmpint(send(pair->fd, "\x17\x03\x03\x00\x05hello", 10, 0), ==, 10);
	pair_wait_closed(pair);
	g_assert_cmpint(pair->reason, ==, FERRY_CONNECTION_CLOSED_TLS);
	g_assert_cmpuint(pair->n_lines, ==, 0);
}

static void
test_refused(void)
{
	g_autoptr(Pair) pair = pair_new();
	g_autoptr(GString) log = g_string_new(NULL);

	pair_start_tls(pair, "NORMAL");
	ferry_connection_start_tls_async(pair->connection, fixture_get_credentials(), NULL,
					 count_result, log);
	pair_settle(pair);
	g_assert_cmpstr(log->str, ==, "failed ");
	g_assert_cmpuint(pair->n_closed, ==, 0);
}

static void
test_credentials_errors(void)
{
	g_autofree char *folder = g_dir_make_tmp("ferry-net-XXXXXX", NULL);
	g_autofree char *other = g_dir_make_tmp("ferry-net-XXXXXX", NULL);
	g_autofree char *key = NULL;
	g_autofree char *other_key = NULL;
	g_autofree char *certificate = fixture_write_certificate(folder, &key);
	g_autofree char *other_certificate = fixture_write_certificate(other, &other_key);
	const struct {
		const char *certificate;
		const char *key;
		const char *blamed;
	} cases[] = {
		{"/nonexistent/c.pem", key, "/nonexistent/c.pem"},
		{certificate, "/nonexistent/k.pem", "/nonexistent/k.pem"},
		{key, key, key},
		{certificate, certificate, certificate},
		{certificate, other_key, other_key},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;

		g_assert_null(ferry_tls_credentials_new_from_files(cases[i].certificate,
								   cases[i].key, &error));
		g_assert_error(error, FERRY_ERROR, FERRY_ERROR_CONFIGURATION);
		g_assert_nonnull(strstr(error->message, cases[i].blamed));
	}
	g_unlink(certificate);
	g_unlink(key);
	g_unlink(other_certificate);
	g_unlink(other_key);
	g_rmdir(folder);
	g_rmdir(other);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/net/tls/echo", test_echo);
	g_test_add_func("/net/tls/splits", test_splits);
	g_test_add_func("/net/tls/bulk", test_bulk);
	g_test_add_func("/net/tls/injection", test_injection);
	g_test_add_func("/net/tls/garbage", test_garbage);
	g_test_add_func("/net/tls/corrupt-record", test_corrupt_record);
	g_test_add_func("/net/tls/refused", test_refused);
	g_test_add_func("/net/tls/credentials-errors", test_credentials_errors);
	return g_test_run();
}
