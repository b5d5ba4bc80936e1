/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net-fixture.h"

#include <errno.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <gnutls/x509.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE (20 * G_USEC_PER_SEC)

gint64
fixture_deadline(void)
{
	return g_get_monotonic_time() + PATIENCE;
}

static void
on_closed(FerryConnection *connection, FerryConnectionCloseReason reason, gpointer user_data)
{
	Pair *pair = user_data;

	pair->n_closed++;
	pair->reason = reason;
}

Pair *
pair_new(void)
{
	Pair *pair = g_new0(Pair, 1);
	g_autoptr(FerryAddress) address = ferry_address_new_unix();
	g_autoptr(GError) error = NULL;
	int fds[2];

	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
	pair->poller = ferry_poller_new(NULL);
	pair->connection = ferry_connection_new(pair->poller, fds[0], address, &error);
	g_assert_no_error(error);
	pair->fd = fds[1];
	pair->received = g_string_new(NULL);
	ferry_connection_set_closed_handler(pair->connection, on_closed, pair, NULL);
	return pair;
}

void
pair_free(Pair *pair)
{
	gpointer weak = pair->connection;

	g_object_add_weak_pointer(G_OBJECT(pair->connection), &weak);
	if (pair->n_closed == 0)
		ferry_connection_abort(pair->connection);
	while (g_main_context_iteration(NULL, FALSE))
		continue;
	g_assert_cmpuint(pair->n_closed, ==, 1);
	g_object_unref(pair->connection);
	g_assert_null(weak);
	if (pair->session != NULL)
		gnutls_deinit(pair->session);
	if (pair->trust != NULL)
		gnutls_certificate_free_credentials(pair->trust);
	close(pair->fd);
	g_string_free(pair->received, TRUE);
	ferry_poller_unref(pair->poller);
	g_free(pair);
}

void
pair_read(Pair *pair)
{
	char buffer[16384];
	gssize n;

	if (pair->eof)
		return;
	if (pair->session != NULL)
		n = gnutls_record_recv(pair->session, buffer, sizeof buffer);
	else
		n = recv(pair->fd, buffer, sizeof buffer, MSG_DONTWAIT);
	if (n > 0)
		g_string_append_len(pair->received, buffer, n);
	else if (n == 0 || (pair->session != NULL && gnutls_error_is_fatal((int)n)) ||
		 (pair->session == NULL && errno != EAGAIN))
		pair->eof = TRUE;
}

void
pair_turn(Pair *pair)
{
	g_main_context_iteration(NULL, FALSE);
	pair_read(pair);
}

/* Until nothing is left to do, without the client reading. */
void
pair_settle(Pair *pair)
{
	for (guint quiet = 0; quiet < 3;)
		quiet = g_main_context_iteration(NULL, FALSE) ? 0 : quiet + 1;
}

gssize
pair_try_send(Pair *pair, const char *data, gsize length)
{
	if (pair->session != NULL)
		return gnutls_record_send(pair->session, data, length);
	return send(pair->fd, data, length, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void
pair_send(Pair *pair, const char *data, gssize length)
{
	gint64 deadline = fixture_deadline();
	gsize left = length < 0 ? strlen(data) : (gsize)length;

	while (left > 0) {
		gssize n = pair_try_send(pair, data, left);

		g_assert_cmpint(g_get_monotonic_time(), <, deadline);
		if (n > 0) {
			data += n;
			left -= (gsize)n;
		} else {
			pair_turn(pair);
		}
	}
}

void
pair_wait_received(Pair *pair, gsize length)
{
	gint64 deadline = fixture_deadline();

	while (pair->received->len < length) {
		g_assert_cmpint(g_get_monotonic_time(), <, deadline);
		g_assert_false(pair->eof);
		pair_turn(pair);
	}
}

void
pair_wait_closed(Pair *pair)
{
	gint64 deadline = fixture_deadline();

	while (pair->n_closed == 0) {
		g_assert_cmpint(g_get_monotonic_time(), <, deadline);
		pair_turn(pair);
	}
}

void
pair_begin_client_tls(Pair *pair, const char *priority)
{
	gnutls_certificate_allocate_credentials(&pair->trust);
	gnutls_init(&pair->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
	g_assert_cmpint(gnutls_priority_set_direct(pair->session, priority, NULL), ==, 0);
	gnutls_credentials_set(pair->session, GNUTLS_CRD_CERTIFICATE, pair->trust);
	/* the client's end may block otherwise */
	g_assert_true(g_unix_set_fd_nonblocking(pair->fd, TRUE, NULL));
	gnutls_transport_set_int(pair->session, pair->fd);
}

gboolean
pair_client_handshake(Pair *pair)
{
	gint64 deadline = fixture_deadline();

	for (;;) {
		int code = gnutls_handshake(pair->session);

		g_assert_cmpint(g_get_monotonic_time(), <, deadline);
		if (code == 0)
			return TRUE;
		if (gnutls_error_is_fatal(code))
			return FALSE;
		g_main_context_iteration(NULL, FALSE);
	}
}

static void
on_tls(GObject *source, GAsyncResult *result, gpointer user_data)
{
	gboolean *done = user_data;
	g_autoptr(GError) error = NULL;

	ferry_connection_start_tls_finish(FERRY_CONNECTION(source), result, &error);
	g_assert_no_error(error);
	*done = TRUE;
}

void
pair_start_tls(Pair *pair, const char *priority)
{
	gboolean done = FALSE;

	ferry_connection_start_tls_async(pair->connection, fixture_get_credentials(), NULL, on_tls,
					 &done);
	pair_begin_client_tls(pair, priority);
	g_assert_true(pair_client_handshake(pair));
	while (!done)
		g_main_context_iteration(NULL, FALSE);
}

gsize
fixture_echo_lines(FerryConnection *connection, const guint8 *data, gsize length,
		   gpointer user_data)
{
	Pair *pair = user_data;
	const guint8 *end = memchr(data, '\n', length);

	if (end == NULL)
		return 0;
	ferry_connection_write(connection, data, (gsize)(end + 1 - data));
	if (pair != NULL)
		pair->n_lines++;
	return (gsize)(end + 1 - data);
}

static void
write_pem(const char *file, const gnutls_datum_t *pem)
{
	g_autoptr(GError) error = NULL;

	g_file_set_contents(file, (const char *)pem->data, pem->size, &error);
	g_assert_no_error(error);
}

/* A self-signed certificate, made anew so that no private key lies in the source. */
char *
fixture_write_certificate(const char *folder, char **key)
{
	g_autofree char *file = g_build_filename(folder, "certificate.pem", NULL);
	gnutls_x509_crt_t crt;
	gnutls_x509_privkey_t privkey;
	gnutls_datum_t pem;

	*key = g_build_filename(folder, "key.pem", NULL);
	gnutls_x509_privkey_init(&privkey);
	gnutls_x509_privkey_generate(privkey, GNUTLS_PK_ECDSA,
				     GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
	gnutls_x509_crt_init(&crt);
	gnutls_x509_crt_set_version(crt, 3);
	gnutls_x509_crt_set_serial(crt, "\x01", 1);
	gnutls_x509_crt_set_activation_time(crt, time(NULL) - 60);
	gnutls_x509_crt_set_expiration_time(crt, time(NULL) + 3600);
	gnutls_x509_crt_set_dn(crt, "CN=localhost", NULL);
	gnutls_x509_crt_set_key(crt, privkey);
	g_assert_cmpint(gnutls_x509_crt_sign2(crt, crt, privkey, GNUTLS_DIG_SHA256, 0), ==, 0);
	gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem);
	write_pem(file, &pem);
	gnutls_free(pem.data);
	gnutls_x509_privkey_export2(privkey, GNUTLS_X509_FMT_PEM, &pem);
	write_pem(*key, &pem);
	gnutls_free(pem.data);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(privkey);
	return g_steal_pointer(&file);
}

FerryTlsCredentials *
fixture_get_credentials(void)
{
	static FerryTlsCredentials *credentials;
	g_autofree char *folder = NULL;
	g_autofree char *certificate = NULL;
	g_autofree char *key = NULL;
	g_autoptr(GError) error = NULL;

	if (credentials != NULL)
		return credentials;
	folder = g_dir_make_tmp("ferry-net-XXXXXX", &error);
	g_assert_no_error(error);
	certificate = fixture_write_certificate(folder, &key);
	credentials = ferry_tls_credentials_new_from_files(certificate, key, &error);
	g_assert_no_error(error);
	g_unlink(certificate);
	g_unlink(key);
	g_rmdir(folder);
	return credentials;
}
