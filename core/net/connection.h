/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "net/address.h"
#include "net/poller.h"
#include "net/stream-filter.h"
#include "net/tls-credentials.h"

G_BEGIN_DECLS

#define FERRY_TYPE_CONNECTION (ferry_connection_get_type())

/**
 * FerryConnection:
 *
 * One client: a descriptor, optionally TLS and filters, and buffers that exist only while there is
 * something in them. It belongs to one [struct@Poller] and so to one thread at a time;
 * [method@Connection.move] takes it to another. While it is open its poller keeps a reference.
 *
 * No callback is ever called from inside a function of this class: all come from the main loop.
 */
G_DECLARE_FINAL_TYPE(FerryConnection, ferry_connection, FERRY, CONNECTION, GObject)

/**
 * FerryConnectionCloseReason:
 * @FERRY_CONNECTION_CLOSED_LOCALLY: [method@Connection.close] or [method@Connection.abort]
 * @FERRY_CONNECTION_CLOSED_BY_PEER: end of input, or TLS close_notify
 * @FERRY_CONNECTION_CLOSED_ERROR: the socket or a filter failed
 * @FERRY_CONNECTION_CLOSED_TLS: the TLS handshake or a TLS record failed
 * @FERRY_CONNECTION_CLOSED_TIMEOUT: idle time-out, deadline, or the peer took nothing for too long
 * @FERRY_CONNECTION_CLOSED_LIMIT: the input limit was reached and the handler consumed nothing
 *
 * Why a connection is no more.
 */
typedef enum {
	FERRY_CONNECTION_CLOSED_LOCALLY,
	FERRY_CONNECTION_CLOSED_BY_PEER,
	FERRY_CONNECTION_CLOSED_ERROR,
	FERRY_CONNECTION_CLOSED_TLS,
	FERRY_CONNECTION_CLOSED_TIMEOUT,
	FERRY_CONNECTION_CLOSED_LIMIT,
} FerryConnectionCloseReason;

/**
 * FerryConnectionInputFunc:
 * @connection: the connection
 * @data: (array length=length): all bytes not yet consumed
 * @length: how many
 * @user_data: (closure): as given to [method@Connection.set_input_handler]
 *
 * Takes input. It is called again at once while it consumes something, something is left and input
 * is not paused; after consuming nothing it is called when more has come, with the old bytes in
 * front.
 * @data is gone when it returns.
 *
 * Returns: how many bytes were consumed
 */
typedef gsize (*FerryConnectionInputFunc)(FerryConnection *connection, const guint8 *data,
					  gsize length, gpointer user_data);

/**
 * FerryConnectionFunc:
 * @connection: the connection
 * @user_data: (closure): as given with the function
 *
 * Tells of something that happened to a connection.
 */
typedef void (*FerryConnectionFunc)(FerryConnection *connection, gpointer user_data);

/**
 * FerryConnectionClosedFunc:
 * @connection: the connection
 * @reason: why
 * @user_data: (closure): as given to [method@Connection.set_closed_handler]
 *
 * Tells, exactly once and as the last callback, that a connection is closed.
 * [method@Connection.get_error] knows more.
 */
typedef void (*FerryConnectionClosedFunc)(FerryConnection *connection,
					  FerryConnectionCloseReason reason, gpointer user_data);

FerryConnection *ferry_connection_new(FerryPoller *poller, int fd, const FerryAddress *peer,
				      GError **error);

/* Input. */
void ferry_connection_set_input_handler(FerryConnection *self, FerryConnectionInputFunc func,
					gpointer user_data, GDestroyNotify destroy);
void ferry_connection_set_input_limit(FerryConnection *self, gsize octets);
void ferry_connection_pause_input(FerryConnection *self);
void ferry_connection_resume_input(FerryConnection *self);
gboolean ferry_connection_is_input_paused(FerryConnection *self);

/* Output. */
void ferry_connection_write(FerryConnection *self, const void *data, gsize length);
void ferry_connection_write_string(FerryConnection *self, const char *text);
void ferry_connection_write_bytes(FerryConnection *self, GBytes *bytes);
void ferry_connection_writef(FerryConnection *self, const char *format, ...) G_GNUC_PRINTF(2, 3);
void ferry_connection_flush(FerryConnection *self);
gsize ferry_connection_get_pending_output(FerryConnection *self);
void ferry_connection_set_drained_handler(FerryConnection *self, gsize low_water,
					  FerryConnectionFunc func, gpointer user_data,
					  GDestroyNotify destroy);

/* Time. */
void ferry_connection_set_timeout(FerryConnection *self, guint seconds, FerryConnectionFunc func,
				  gpointer user_data, GDestroyNotify destroy);
void ferry_connection_set_deadline(FerryConnection *self, guint seconds);
void ferry_connection_set_write_timeout(FerryConnection *self, guint seconds);

/* TLS and filters. */
void ferry_connection_start_tls_async(FerryConnection *self, FerryTlsCredentials *credentials,
				      GCancellable *cancellable, GAsyncReadyCallback callback,
				      gpointer user_data);
gboolean ferry_connection_start_tls_finish(FerryConnection *self, GAsyncResult *result,
					   GError **error);
gboolean ferry_connection_is_secure(FerryConnection *self);
const char *ferry_connection_get_tls_version(FerryConnection *self);
char *ferry_connection_dup_tls_cipher(FerryConnection *self);
GBytes *ferry_connection_dup_channel_binding(FerryConnection *self, const char *type,
					     GError **error);
void ferry_connection_push_filter(FerryConnection *self, FerryStreamFilter *filter);
void ferry_connection_drop_filters(FerryConnection *self);
gboolean ferry_connection_has_filters(FerryConnection *self);

/* The peer. */
FerryAddress *ferry_connection_dup_local(FerryConnection *self);
const FerryAddress *ferry_connection_get_peer(FerryConnection *self);
gboolean ferry_connection_is_loopback(FerryConnection *self);
void ferry_connection_set_authenticated(FerryConnection *self);
void ferry_connection_reset_authenticated(FerryConnection *self);

/* Life. */
FerryPoller *ferry_connection_get_poller(FerryConnection *self);
void ferry_connection_move(FerryConnection *self, FerryPoller *target, FerryConnectionFunc arrived,
			   gpointer user_data, GDestroyNotify destroy);
void ferry_connection_close(FerryConnection *self);
void ferry_connection_abort(FerryConnection *self);
gboolean ferry_connection_is_closed(FerryConnection *self);
const GError *ferry_connection_get_error(FerryConnection *self);
void ferry_connection_set_closed_handler(FerryConnection *self, FerryConnectionClosedFunc func,
					 gpointer user_data, GDestroyNotify destroy);

G_END_DECLS
