/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "net/connection.h"
#include "net/connection-limits.h"

G_BEGIN_DECLS

#define FERRY_TYPE_LISTENER (ferry_listener_get_type())

/**
 * FerryListener:
 *
 * Accepts clients on any number of addresses of one protocol and makes a [class@Connection] of
 * each.
 */
G_DECLARE_FINAL_TYPE(FerryListener, ferry_listener, FERRY, LISTENER, GObject)

/**
 * FerryListenerTls:
 * @FERRY_LISTENER_TLS_NONE: clear text only
 * @FERRY_LISTENER_TLS_STARTTLS: clear text at first; the protocol offers STARTTLS
 * @FERRY_LISTENER_TLS_IMPLICIT: TLS from the first byte (RFC 8314)
 *
 * How a listener uses TLS.
 */
typedef enum {
	FERRY_LISTENER_TLS_NONE,
	FERRY_LISTENER_TLS_STARTTLS,
	FERRY_LISTENER_TLS_IMPLICIT,
} FerryListenerTls;

/**
 * FerryListenerFunc:
 * @listener: the listener
 * @connection: a new client, with implicit TLS after its handshake
 * @user_data: (closure): as given to [method@Listener.set_handler]
 *
 * Takes a new client: set handlers, write the greeting. A connection without a closed handler and
 * without any other reference still lives until the peer leaves.
 */
typedef void (*FerryListenerFunc)(FerryListener *listener, FerryConnection *connection,
				  gpointer user_data);

FerryListener *ferry_listener_new(FerryPoller *poller);
void ferry_listener_set_handler(FerryListener *self, FerryListenerFunc func, gpointer user_data,
				GDestroyNotify destroy);
void ferry_listener_set_limits(FerryListener *self, FerryConnectionLimits *limits);
void ferry_listener_set_refusal(FerryListener *self, const char *text);
void ferry_listener_set_tls(FerryListener *self, FerryListenerTls mode,
			    FerryTlsCredentials *credentials);
FerryListenerTls ferry_listener_get_tls_mode(FerryListener *self);
FerryTlsCredentials *ferry_listener_get_tls_credentials(FerryListener *self);
gboolean ferry_listener_add_address(FerryListener *self, const char *address, guint16 port,
				    GError **error);
gboolean ferry_listener_add_fd(FerryListener *self, int fd, GError **error);
guint ferry_listener_add_handed_over(FerryListener *self, const char *name, GError **error);
guint16 ferry_listener_get_port(FerryListener *self);
guint ferry_listener_get_n_sockets(FerryListener *self);
gboolean ferry_listener_start(FerryListener *self, GError **error);
void ferry_listener_stop(FerryListener *self);

G_END_DECLS
