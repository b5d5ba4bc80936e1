/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <gnutls/gnutls.h>

#include "net/connection.h"

/* A client and a connection on the two ends of a socket pair, in one thread. */
typedef struct {
	FerryPoller *poller;
	FerryConnection *connection;
	int fd;                   /* the client's end */
	gnutls_session_t session; /* the client's, or NULL */
	gnutls_certificate_credentials_t trust;
	GString *received; /* what the client got */
	gboolean eof;

	guint n_closed;
	FerryConnectionCloseReason reason;
	guint n_drained;
	guint n_timeouts;
	guint n_lines;
} Pair;

Pair *pair_new(void);
void pair_free(Pair *pair);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pair, pair_free)

/* One turn of the loop and of the client; FALSE when nothing happened. */
void pair_turn(Pair *pair);
void pair_settle(Pair *pair);
gssize pair_try_send(Pair *pair, const char *data, gsize length);
void pair_send(Pair *pair, const char *data, gssize length);
void pair_read(Pair *pair);
void pair_wait_received(Pair *pair, gsize length);
void pair_wait_closed(Pair *pair);
void pair_begin_client_tls(Pair *pair, const char *priority);
gboolean pair_client_handshake(Pair *pair);
void pair_start_tls(Pair *pair, const char *priority);

/* Answers each line with itself; consumes whole lines only. */
gsize fixture_echo_lines(FerryConnection *connection, const guint8 *data, gsize length,
			 gpointer pair);

FerryTlsCredentials *fixture_get_credentials(void);
char *fixture_write_certificate(const char *folder, char **key);
gint64 fixture_deadline(void);
