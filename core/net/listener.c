/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Accepting clients
 *
 * Specification: none; sd_listen_fds(3) for sockets handed over
 * Implementation: TCP on IPv4 and IPv6, Unix sockets, implicit TLS before the protocol sees the
 *   client
 * Not mapped: the PROXY header; it would go between ferry_listener_admit() and the handshake, and
 *   replace the peer's address
 */
#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "net/connection-private.h"
#include "net/handed-over-private.h"
#include "net/server-socket-private.h"

/* New clients of one socket taken in one loop turn. */
#define MAX_ACCEPTED 16
/* After running out of descriptors or memory. */
#define PAUSE_USEC G_USEC_PER_SEC

typedef struct {
	FerryListener *listener;
	FerryPollerWatch *watch;
	char *path; /* of a Unix socket that we made, to remove it */
	int fd;
} FerryListenerSocket;

struct _FerryListener {
	GObject parent_instance;

	FerryPoller *poller;
	GPtrArray *sockets;
	FerryHandler on_client;
	FerryConnectionLimits *limits;
	FerryTlsCredentials *credentials;
	FerryListenerTls tls_mode;
	char *refusal;
	FerryPollerTimer pause;
	int reserve; /* given up for a moment when there are no descriptors left */
	gboolean started;
};

G_DEFINE_TYPE(FerryListener, ferry_listener, G_TYPE_OBJECT)

static void
ferry_listener_socket_free(gpointer data)
{
	FerryListenerSocket *socket = data;

	if (socket->watch != NULL)
		ferry_poller_remove(socket->listener->poller, socket->watch);
	close(socket->fd);
	if (socket->path != NULL)
		g_unlink(socket->path);
	g_free(socket->path);
	g_free(socket);
}

static void
ferry_listener_hand_over(FerryListener *self, FerryConnection *connection)
{
	FerryListenerFunc func = (FerryListenerFunc)self->on_client.func;

	if (func != NULL)
		func(self, connection, self->on_client.user_data);
	else
		ferry_connection_abort(connection);
}

static void
ferry_listener_tls_ready_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(FerryListener) self = user_data;
	FerryConnection *connection = FERRY_CONNECTION(source);
	g_autoptr(GError) error = NULL;

	if (ferry_connection_start_tls_finish(connection, result, &error))
		ferry_listener_hand_over(self, connection);
	else
		g_debug("a client's TLS handshake failed: %s", error->message);
}

static void
ferry_listener_welcome(FerryListener *self, int fd, const FerryAddress *peer)
{
	g_autoptr(FerryConnection) connection = NULL;
	g_autoptr(GError) error = NULL;

	connection = ferry_connection_new(self->poller, fd, peer, &error);
	if (connection == NULL) {
		g_warning("cannot take a new client: %s", error->message);
		if (self->limits != NULL)
			ferry_connection_limits_release(self->limits, peer, FALSE);
		return;
	}
	if (self->limits != NULL)
		ferry_connection_set_limits(connection, self->limits);
	if (self->tls_mode == FERRY_LISTENER_TLS_IMPLICIT)
		ferry_connection_start_tls_async(connection, self->credentials, NULL,
						 ferry_listener_tls_ready_cb, g_object_ref(self));
	else
		ferry_listener_hand_over(self, connection);
}

/* Under TLS nothing can be said without a handshake, which is more than a refusal is worth. */
static void
ferry_listener_refuse(FerryListener *self, int fd)
{
	if (self->refusal != NULL && self->tls_mode != FERRY_LISTENER_TLS_IMPLICIT)
		(void)send(fd, self->refusal, strlen(self->refusal), MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
}

/* Takes the client in where the limits allow it. */
static void
ferry_listener_admit(FerryListener *self, int fd, const FerryAddress *peer)
{
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;

	if (self->limits == NULL || ferry_connection_limits_acquire(self->limits, peer, &error)) {
		ferry_listener_welcome(self, fd, peer);
		return;
	}
	text = ferry_address_to_string(peer);
	g_info("refused a client from %s: %s", text, error->message);
	ferry_listener_refuse(self, fd);
}

static void
ferry_listener_arm(FerryListener *self, GIOCondition condition)
{
	for (guint i = 0; i < self->sockets->len; i++) {
		FerryListenerSocket *socket = g_ptr_array_index(self->sockets, i);

		if (socket->watch != NULL)
			ferry_poller_modify(self->poller, socket->watch, condition);
	}
}

static void
ferry_listener_on_pause_over(gpointer owner)
{
	FerryListener *self = owner;

	if (self->reserve < 0)
		self->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ferry_listener_arm(self, G_IO_IN);
}

/* No descriptors are left. The client at the head of the queue would keep the socket ready for
 * ever: the reserve makes room to take and drop it. Then listening rests. */
static void
ferry_listener_on_exhausted(FerryListener *self, int listening, int code)
{
	int fd;

	g_warning("cannot accept clients for now: %s", g_strerror(code));
	if (self->reserve >= 0) {
		close(self->reserve);
		fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0)
			ferry_listener_refuse(self, fd);
		self->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
	}
	ferry_listener_arm(self, 0);
	ferry_poller_set_timer(self->poller, &self->pause, g_get_monotonic_time() + PAUSE_USEC);
}

/* Whether to go on. */
static gboolean
ferry_listener_accept(FerryListener *self, int listening)
{
	struct sockaddr_storage native = {0};
	socklen_t length = sizeof native;
	g_autoptr(FerryAddress) peer = NULL;
	int fd = accept4(listening, (struct sockaddr *)&native, &length,
			 SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0) {
		/* everything else is the fate of one client or of nobody: accept(2) */
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			ferry_listener_on_exhausted(self, listening, errno);
		return errno == ECONNABORTED;
	}
	peer = ferry_address_new_from_native((struct sockaddr *)&native, length);
	ferry_listener_admit(self, fd, peer);
	return TRUE;
}

static void
ferry_listener_on_ready(GIOCondition condition, gpointer user_data)
{
	FerryListenerSocket *socket = user_data;
	g_autoptr(FerryListener) self = g_object_ref(socket->listener);
	int fd = socket->fd;

	for (guint i = 0; i < MAX_ACCEPTED; i++) {
		/* the handler may have stopped us, and then the socket is gone */
		if (!self->started || !ferry_listener_accept(self, fd))
			return;
	}
}

static void
ferry_listener_add_socket(FerryListener *self, int fd, const char *path)
{
	FerryListenerSocket *socket = g_new0(FerryListenerSocket, 1);

	socket->listener = self;
	socket->fd = fd;
	socket->path = g_strdup(path);
	g_ptr_array_add(self->sockets, socket);
}

/**
 * ferry_listener_add_address:
 * @self: a listener
 * @address: an IPv4 or IPv6 address in numbers, or the path of a Unix socket
 * @port: the TCP port, 0 for any
 * @error: return location
 *
 * Binds one more socket. Clients are accepted after [method@Listener.start]; they may connect now.
 *
 * Returns: FALSE with %FERRY_ERROR_INVALID or a #GIOErrorEnum
 */
gboolean
ferry_listener_add_address(FerryListener *self, const char *address, guint16 port, GError **error)
{
	gboolean is_path;
	int fd;

	g_return_val_if_fail(FERRY_IS_LISTENER(self) && address != NULL, FALSE);

	is_path = g_path_is_absolute(address);
	fd = is_path ? ferry_server_socket_new_unix(address, error)
		     : ferry_server_socket_new_tcp(address, port, error);
	if (fd < 0)
		return FALSE;
	ferry_listener_add_socket(self, fd, is_path ? address : NULL);
	return TRUE;
}

/**
 * ferry_listener_add_fd:
 * @self: a listener
 * @fd: a listening stream socket, taken over; closed also when this fails
 * @error: return location
 *
 * Takes a socket that somebody else has bound.
 *
 * Returns: FALSE with %FERRY_ERROR_INVALID where @fd is no listening socket
 */
gboolean
ferry_listener_add_fd(FerryListener *self, int fd, GError **error)
{
	int listening = 0;
	socklen_t size = sizeof listening;

	g_return_val_if_fail(FERRY_IS_LISTENER(self), FALSE);
	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) < 0 || !listening) {
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_INVALID,
			    "descriptor %d is not a listening socket", fd);
		close(fd);
		return FALSE;
	}
	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	ferry_listener_add_socket(self, fd, NULL);
	return TRUE;
}

/**
 * ferry_listener_add_handed_over:
 * @self: a listener
 * @name: FileDescriptorName= of the socket unit
 * @error: return location
 *
 * Takes all sockets of that name which the service manager has opened (sd_listen_fds(3)).
 *
 * Returns: how many; 0 with @error where one cannot be used, 0 without where there is none
 */
guint
ferry_listener_add_handed_over(FerryListener *self, const char *name, GError **error)
{
	g_autoptr(GArray) fds = NULL;

	g_return_val_if_fail(FERRY_IS_LISTENER(self) && name != NULL, 0);
	fds = ferry_handed_over_take(name);
	for (guint i = 0; i < fds->len; i++) {
		if (!ferry_listener_add_fd(self, g_array_index(fds, int, i), error))
			return 0;
	}
	return fds->len;
}

/**
 * ferry_listener_get_port:
 * @self: a listener
 *
 * Returns: the port of the first TCP socket, as chosen by the kernel for port 0; 0 without one
 */
guint16
ferry_listener_get_port(FerryListener *self)
{
	g_return_val_if_fail(FERRY_IS_LISTENER(self), 0);
	for (guint i = 0; i < self->sockets->len; i++) {
		FerryListenerSocket *socket = g_ptr_array_index(self->sockets, i);
		struct sockaddr_storage native = {0};
		socklen_t length = sizeof native;
		g_autoptr(FerryAddress) address = NULL;

		if (getsockname(socket->fd, (struct sockaddr *)&native, &length) < 0)
			continue;
		address = ferry_address_new_from_native((struct sockaddr *)&native, length);
		if (ferry_address_get_port(address) != 0)
			return ferry_address_get_port(address);
	}
	return 0;
}

/**
 * ferry_listener_get_n_sockets:
 * @self: a listener
 *
 * Returns: on how many sockets it listens
 */
guint
ferry_listener_get_n_sockets(FerryListener *self)
{
	g_return_val_if_fail(FERRY_IS_LISTENER(self), 0);
	return self->sockets->len;
}

/**
 * ferry_listener_start:
 * @self: a listener with its handler, and credentials where TLS is implicit
 * @error: return location
 *
 * Begins to accept.
 *
 * Returns: FALSE with %FERRY_ERROR_CONFIGURATION where something is missing
 */
gboolean
ferry_listener_start(FerryListener *self, GError **error)
{
	g_return_val_if_fail(FERRY_IS_LISTENER(self), FALSE);
	if (self->tls_mode != FERRY_LISTENER_TLS_NONE && self->credentials == NULL) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CONFIGURATION,
				    "TLS needs a certificate and its private key");
		return FALSE;
	}
	self->started = TRUE;
	for (guint i = 0; i < self->sockets->len; i++) {
		FerryListenerSocket *socket = g_ptr_array_index(self->sockets, i);

		if (socket->watch != NULL)
			continue;
		socket->watch = ferry_poller_add(self->poller, socket->fd, G_IO_IN,
						 ferry_listener_on_ready, socket, error);
		if (socket->watch == NULL) {
			self->started = FALSE;
			return FALSE;
		}
	}
	return TRUE;
}

/**
 * ferry_listener_stop:
 * @self: a listener
 *
 * Closes the sockets. Clients that were accepted stay.
 */
void
ferry_listener_stop(FerryListener *self)
{
	g_return_if_fail(FERRY_IS_LISTENER(self));

	self->started = FALSE;
	ferry_poller_cancel_timer(&self->pause);
	g_ptr_array_set_size(self->sockets, 0);
}

/**
 * ferry_listener_set_handler:
 * @self: a listener
 * @func: (nullable) (scope notified) (closure user_data) (destroy destroy): what takes new clients
 * @user_data: for @func
 * @destroy: (nullable): frees @user_data
 *
 * Sets what takes new clients, in the thread of the poller.
 */
void
ferry_listener_set_handler(FerryListener *self, FerryListenerFunc func, gpointer user_data,
			   GDestroyNotify destroy)
{
	g_return_if_fail(FERRY_IS_LISTENER(self));
	ferry_handler_set(&self->on_client, G_CALLBACK(func), user_data, destroy);
}

/**
 * ferry_listener_set_limits:
 * @self: a listener
 * @limits: (nullable): how many clients may come; shared with other listeners
 *
 * Sets the limits; clients count while they are connected.
 */
void
ferry_listener_set_limits(FerryListener *self, FerryConnectionLimits *limits)
{
	g_return_if_fail(FERRY_IS_LISTENER(self));
	g_clear_pointer(&self->limits, ferry_connection_limits_unref);
	if (limits != NULL)
		self->limits = ferry_connection_limits_ref(limits);
}

/**
 * ferry_listener_set_refusal:
 * @self: a listener
 * @text: (nullable): the protocol's words, with CRLF
 *
 * Sets what a client is told that comes above a limit.
 */
void
ferry_listener_set_refusal(FerryListener *self, const char *text)
{
	g_return_if_fail(FERRY_IS_LISTENER(self));
	g_free(self->refusal);
	self->refusal = g_strdup(text);
}

/**
 * ferry_listener_set_tls:
 * @self: a listener
 * @mode: how TLS is used
 * @credentials: (nullable): certificate and key
 *
 * Sets TLS. New credentials (a reload) are for clients that come from now on.
 */
void
ferry_listener_set_tls(FerryListener *self, FerryListenerTls mode, FerryTlsCredentials *credentials)
{
	g_return_if_fail(FERRY_IS_LISTENER(self));
	self->tls_mode = mode;
	if (credentials != NULL)
		ferry_tls_credentials_ref(credentials);
	g_clear_pointer(&self->credentials, ferry_tls_credentials_unref);
	self->credentials = credentials;
}

/**
 * ferry_listener_get_tls_mode:
 * @self: a listener
 *
 * Returns: how TLS is used
 */
FerryListenerTls
ferry_listener_get_tls_mode(FerryListener *self)
{
	g_return_val_if_fail(FERRY_IS_LISTENER(self), FERRY_LISTENER_TLS_NONE);
	return self->tls_mode;
}

/**
 * ferry_listener_get_tls_credentials:
 * @self: a listener
 *
 * Returns: (transfer none) (nullable): certificate and key, for STARTTLS
 */
FerryTlsCredentials *
ferry_listener_get_tls_credentials(FerryListener *self)
{
	g_return_val_if_fail(FERRY_IS_LISTENER(self), NULL);
	return self->credentials;
}

static void
ferry_listener_dispose(GObject *object)
{
	FerryListener *self = FERRY_LISTENER(object);

	ferry_listener_stop(self);
	ferry_handler_clear(&self->on_client);
	ferry_listener_set_limits(self, NULL);
	g_clear_pointer(&self->credentials, ferry_tls_credentials_unref);
	g_clear_pointer(&self->refusal, g_free);
	G_OBJECT_CLASS(ferry_listener_parent_class)->dispose(object);
}

static void
ferry_listener_finalize(GObject *object)
{
	FerryListener *self = FERRY_LISTENER(object);

	if (self->reserve >= 0)
		close(self->reserve);
	g_ptr_array_unref(self->sockets);
	ferry_poller_unref(self->poller);
	G_OBJECT_CLASS(ferry_listener_parent_class)->finalize(object);
}

static void
ferry_listener_class_init(FerryListenerClass *klass)
{
	G_OBJECT_CLASS(klass)->dispose = ferry_listener_dispose;
	G_OBJECT_CLASS(klass)->finalize = ferry_listener_finalize;
}

static void
ferry_listener_init(FerryListener *self)
{
	self->sockets = g_ptr_array_new_with_free_func(ferry_listener_socket_free);
	self->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
	self->pause.func = ferry_listener_on_pause_over;
	self->pause.owner = self;
}

/**
 * ferry_listener_new:
 * @poller: the poller of the thread that accepts
 *
 * Makes a listener without sockets. Clients begin in the thread of @poller and may
 * [move](method.Connection.move.html) from there.
 *
 * Returns: (transfer full): the listener
 */
FerryListener *
ferry_listener_new(FerryPoller *poller)
{
	FerryListener *self = g_object_new(FERRY_TYPE_LISTENER, NULL);

	self->poller = ferry_poller_ref(poller);
	return self;
}
