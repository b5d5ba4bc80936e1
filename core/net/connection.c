/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One client: life and events
 *
 * Specification: none
 * Implementation: what holds a connection together. Input, output, TLS and moving have a file each.
 *   Everything that calls back or ends the connection happens at the end of a loop turn, in
 *   ferry_connection_run_work(): so no function of the class can surprise its caller.
 */
#include "net/connection-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"

/* The longest line (64 KiB) and what may be pipelined behind it. */
#define DEFAULT_INPUT_LIMIT (2 * 65536)
#define DEFAULT_LOW_WATER 65536
/* How long a peer may take nothing of what waits for it. */
#define DEFAULT_WRITE_TIMEOUT 180
/* How long input is thrown away after the last byte was sent: closing at once would send a reset,
 * and that can overtake the BYE which says why. */
#define LINGER_USEC (2 * G_USEC_PER_SEC)

/* A peer that vanished is noticed after about ten minutes of silence, or when it does not
 * acknowledge for three. */
#define KEEPALIVE_IDLE 300
#define KEEPALIVE_INTERVAL 60
#define KEEPALIVE_COUNT 5
#define USER_TIMEOUT_MSEC 180000

G_DEFINE_TYPE(FerryConnection, ferry_connection, G_TYPE_OBJECT)

void
ferry_handler_clear(FerryHandler *self)
{
	FerryHandler old = *self;

	*self = (FerryHandler){0};
	if (old.destroy != NULL)
		old.destroy(old.user_data);
}

void
ferry_handler_set(FerryHandler *self, GCallback func, gpointer data, GDestroyNotify destroy)
{
	ferry_handler_clear(self);
	*self = (FerryHandler){func, data, destroy};
}

void
ferry_connection_queue(FerryConnection *self, FerryWork work)
{
	self->work |= work;
	if (self->poller != NULL)
		ferry_poller_queue_job(self->poller, &self->job);
}

static GIOCondition
ferry_connection_get_wanted(FerryConnection *self)
{
	GIOCondition wanted = 0;

	if (self->state == FERRY_CONNECTION_LINGERING)
		return G_IO_IN;
	if (self->tls != NULL && self->handshake != NULL)
		return ferry_tls_get_direction(self->tls);
	if (self->want_write)
		wanted |= G_IO_OUT;
	if (ferry_connection_can_read(self))
		wanted |= G_IO_IN;
	return wanted;
}

void
ferry_connection_arm(FerryConnection *self)
{
	GIOCondition wanted;

	if (self->watch == NULL)
		return;
	wanted = ferry_connection_get_wanted(self);
	if (wanted == self->armed)
		return;
	self->armed = wanted;
	ferry_poller_modify(self->poller, self->watch, wanted);
}

/* A socket that failed says so even where neither reading nor writing is wanted now. */
static void
ferry_connection_on_hangup(FerryConnection *self)
{
	int code = 0;
	socklen_t size = sizeof code;

	getsockopt(self->fd, SOL_SOCKET, SO_ERROR, &code, &size);
	if (code == 0 || code == EPIPE || code == ECONNRESET)
		ferry_connection_finish(self, FERRY_CONNECTION_CLOSED_BY_PEER, NULL);
	else
		ferry_connection_finish(self, FERRY_CONNECTION_CLOSED_ERROR,
					g_error_new_literal(G_IO_ERROR, g_io_error_from_errno(code),
							    g_strerror(code)));
}

static void
ferry_connection_on_event(GIOCondition condition, gpointer user_data)
{
	g_autoptr(FerryConnection) self = g_object_ref(FERRY_CONNECTION(user_data));
	gboolean failed = (condition & (G_IO_HUP | G_IO_ERR)) != 0;

	if (self->state == FERRY_CONNECTION_LINGERING) {
		ferry_connection_discard(self);
	} else if (self->tls != NULL && self->handshake != NULL) {
		ferry_connection_continue_handshake(self);
	} else {
		if (condition & G_IO_OUT) {
			self->want_write = FALSE;
			ferry_connection_send(self, TRUE);
		}
		/* what arrived before a hang-up is still read where reading is possible */
		if ((condition & G_IO_IN || failed) && ferry_connection_can_read(self))
			ferry_connection_read(self);
		else if (failed && self->state != FERRY_CONNECTION_CLOSED)
			ferry_connection_on_hangup(self);
	}
	ferry_connection_arm(self);
}

static void
ferry_connection_tell_closed(FerryConnection *self)
{
	FerryConnectionClosedFunc func = (FerryConnectionClosedFunc)self->on_closed.func;

	ferry_connection_end_handshake(self);
	if (func != NULL)
		func(self, self->reason, self->on_closed.user_data);
	ferry_handler_clear(&self->on_input);
	ferry_handler_clear(&self->on_drained);
	ferry_handler_clear(&self->on_timeout);
	ferry_handler_clear(&self->on_closed);
	/* the reference that ferry_connection_new() gave the poller */
	g_object_unref(self);
}

static void
ferry_connection_tell_drained(FerryConnection *self)
{
	FerryConnectionFunc func = (FerryConnectionFunc)self->on_drained.func;

	if (func != NULL && self->state == FERRY_CONNECTION_OPEN)
		func(self, self->on_drained.user_data);
}

static gboolean
ferry_connection_take_work(FerryConnection *self, FerryWork work)
{
	gboolean queued = (self->work & work) != 0;

	self->work &= (guint8)~work;
	return queued;
}

static void
ferry_connection_run_work(gpointer owner)
{
	g_autoptr(FerryConnection) self = g_object_ref(FERRY_CONNECTION(owner));

	if (ferry_connection_take_work(self, FERRY_WORK_INPUT))
		ferry_connection_process_input(self);
	if (ferry_connection_take_work(self, FERRY_WORK_DRAINED))
		ferry_connection_tell_drained(self);
	if (ferry_connection_take_work(self, FERRY_WORK_FLUSH))
		ferry_connection_send(self, TRUE);
	if (ferry_connection_take_work(self, FERRY_WORK_TLS))
		ferry_connection_begin_handshake(self);
	ferry_connection_arm(self);
	if (self->state == FERRY_CONNECTION_CLOSED) {
		if (ferry_connection_take_work(self, FERRY_WORK_CLOSED))
			ferry_connection_tell_closed(self);
		return;
	}
	/* last: from here on the connection is another thread's */
	if (ferry_connection_take_work(self, FERRY_WORK_MOVE))
		ferry_connection_begin_move(self);
}

/* Puts the connection into a poller, with what it waits for. */
gboolean
ferry_connection_attach(FerryConnection *self, FerryPoller *poller, GError **error)
{
	self->poller = ferry_poller_ref(poller);
	self->armed = ferry_connection_get_wanted(self);
	self->watch = ferry_poller_add(poller, self->fd, self->armed, ferry_connection_on_event,
				       self, error);
	ferry_connection_schedule(self);
	return self->watch != NULL;
}

void
ferry_connection_detach(FerryConnection *self)
{
	if (self->watch != NULL)
		ferry_poller_remove(self->poller, g_steal_pointer(&self->watch));
	ferry_poller_cancel_timer(&self->timer);
}

static void
ferry_connection_release_limits(FerryConnection *self)
{
	if (self->limits == NULL)
		return;
	ferry_connection_limits_release(self->limits, self->peer, self->authenticated);
	g_clear_pointer(&self->limits, ferry_connection_limits_unref);
}

static void
ferry_connection_free_buffers(FerryConnection *self)
{
	g_clear_pointer(&self->input, g_byte_array_unref);
	g_clear_pointer(&self->undecoded, g_byte_array_unref);
	ferry_output_clear(&self->plain);
	ferry_output_clear(&self->wire);
	g_clear_pointer(&self->filters, ferry_filter_stack_free);
	g_clear_pointer(&self->tls, ferry_tls_free);
}

/* Ends the connection now; the closed handler hears of it at the end of the turn. */
void
ferry_connection_finish(FerryConnection *self, FerryConnectionCloseReason reason, GError *error)
{
	if (self->state == FERRY_CONNECTION_CLOSED) {
		g_clear_error(&error);
		return;
	}
	self->state = FERRY_CONNECTION_CLOSED;
	self->reason = reason;
	self->error = error;
	self->want_write = FALSE;
	ferry_connection_detach(self);
	ferry_connection_drop_move(self);
	ferry_connection_free_buffers(self);
	close(self->fd);
	self->fd = -1;
	ferry_connection_release_limits(self);
	ferry_connection_queue(self, FERRY_WORK_CLOSED);
}

static void
ferry_connection_dispose(GObject *object)
{
	FerryConnection *self = FERRY_CONNECTION(object);

	/* only a connection whose worker went away before it arrived is still open here */
	if (self->fd >= 0)
		close(self->fd);
	self->fd = -1;
	ferry_connection_release_limits(self);
	ferry_connection_free_buffers(self);
	ferry_handler_clear(&self->on_input);
	ferry_handler_clear(&self->on_drained);
	ferry_handler_clear(&self->on_timeout);
	ferry_handler_clear(&self->on_closed);
	ferry_connection_drop_move(self);
	ferry_poller_cancel_job(&self->job);
	ferry_poller_cancel_timer(&self->timer);
	g_clear_pointer(&self->poller, ferry_poller_unref);
	G_OBJECT_CLASS(ferry_connection_parent_class)->dispose(object);
}

static void
ferry_connection_finalize(GObject *object)
{
	FerryConnection *self = FERRY_CONNECTION(object);

	g_clear_pointer(&self->peer, ferry_address_free);
	g_clear_error(&self->error);
	G_OBJECT_CLASS(ferry_connection_parent_class)->finalize(object);
}

static void
ferry_connection_class_init(FerryConnectionClass *klass)
{
	G_OBJECT_CLASS(klass)->dispose = ferry_connection_dispose;
	G_OBJECT_CLASS(klass)->finalize = ferry_connection_finalize;
}

static void
ferry_connection_init(FerryConnection *self)
{
	self->fd = -1;
	self->job.func = ferry_connection_run_work;
	self->job.owner = self;
	self->timer.func = ferry_connection_on_timer;
	self->timer.owner = self;
	self->input_limit = DEFAULT_INPUT_LIMIT;
	self->low_water = DEFAULT_LOW_WATER;
	self->write_timeout = DEFAULT_WRITE_TIMEOUT;
}

static void
ferry_connection_set_option(int fd, int level, int name, int value)
{
	/* a kernel without the option does without it */
	(void)setsockopt(fd, level, name, &value, sizeof value);
}

static void
ferry_connection_set_tcp_options(int fd)
{
	ferry_connection_set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	ferry_connection_set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	ferry_connection_set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE);
	ferry_connection_set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL);
	ferry_connection_set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT);
	ferry_connection_set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MSEC);
}

/**
 * ferry_connection_new:
 * @poller: the poller of the thread that calls
 * @fd: a connected stream socket, taken over; closed also when this fails
 * @peer: who is at the other end
 * @error: return location
 *
 * Makes a connection. Input waits until there is a handler for it.
 *
 * Returns: (transfer full): the connection, or NULL with a #GIOErrorEnum
 */
FerryConnection *
ferry_connection_new(FerryPoller *poller, int fd, const FerryAddress *peer, GError **error)
{
	g_autoptr(FerryConnection) self = NULL;

	g_return_val_if_fail(poller != NULL && fd >= 0 && peer != NULL, NULL);
	self = g_object_new(FERRY_TYPE_CONNECTION, NULL);
	self->fd = fd;
	self->peer = ferry_address_copy(peer);
	self->last_input = self->last_output = g_get_monotonic_time();
	if (!g_unix_set_fd_nonblocking(fd, TRUE, error))
		return NULL;
	if (!ferry_address_is_unix(peer))
		ferry_connection_set_tcp_options(fd);
	if (!ferry_connection_attach(self, poller, error))
		return NULL;
	/* the poller's reference, given back by ferry_connection_tell_closed() */
	g_object_ref(self);
	return g_steal_pointer(&self);
}

/* Counts the connection, which ferry_connection_limits_acquire() has let in, until it ends. */
void
ferry_connection_set_limits(FerryConnection *self, FerryConnectionLimits *limits)
{
	g_return_if_fail(self->limits == NULL);
	self->limits = ferry_connection_limits_ref(limits);
}

/**
 * ferry_connection_set_authenticated:
 * @self: a connection
 *
 * Says that its user has signed in: it no longer counts among those that have not.
 */
void
ferry_connection_set_authenticated(FerryConnection *self)
{
	g_return_if_fail(FERRY_IS_CONNECTION(self));

	if (self->limits != NULL && !self->authenticated)
		ferry_connection_limits_set_authenticated(self->limits);
	self->authenticated = TRUE;
}

/**
 * ferry_connection_reset_authenticated:
 * @self: a connection
 *
 * Says that its user has signed out, and that another one may sign in: it counts among those that
 * have not signed in again, also where these are more than the limit lets in.
 */
void
ferry_connection_reset_authenticated(FerryConnection *self)
{
	g_return_if_fail(FERRY_IS_CONNECTION(self));

	if (self->limits != NULL && self->authenticated)
		ferry_connection_limits_reset_authenticated(self->limits);
	self->authenticated = FALSE;
}

/**
 * ferry_connection_dup_local:
 * @self: a connection
 *
 * Returns: (transfer full) (nullable): the address that the client connected to, as this machine
 *   sees it; %NULL where the connection is closed
 */
FerryAddress *
ferry_connection_dup_local(FerryConnection *self)
{
	struct sockaddr_storage native;
	socklen_t length = sizeof native;

	g_return_val_if_fail(FERRY_IS_CONNECTION(self), NULL);
	if (self->fd < 0 || getsockname(self->fd, (struct sockaddr *)&native, &length) < 0)
		return NULL;
	return ferry_address_new_from_native((struct sockaddr *)&native, length);
}

/**
 * ferry_connection_get_peer:
 * @self: a connection
 *
 * Returns: (transfer none): who is at the other end
 */
const FerryAddress *
ferry_connection_get_peer(FerryConnection *self)
{
	g_return_val_if_fail(FERRY_IS_CONNECTION(self), NULL);
	return self->peer;
}

/**
 * ferry_connection_is_loopback:
 * @self: a connection
 *
 * Returns: whether the peer is on this machine
 */
gboolean
ferry_connection_is_loopback(FerryConnection *self)
{
	g_return_val_if_fail(FERRY_IS_CONNECTION(self), FALSE);
	return ferry_address_is_loopback(self->peer);
}

/**
 * ferry_connection_get_poller:
 * @self: a connection
 *
 * Returns: (transfer none) (nullable): the poller that it belongs to, NULL on the way to another
 */
FerryPoller *
ferry_connection_get_poller(FerryConnection *self)
{
	g_return_val_if_fail(FERRY_IS_CONNECTION(self), NULL);
	return self->poller;
}

/* The last byte is with the kernel: say that no more comes, and wait a little for the peer. */
void
ferry_connection_linger(FerryConnection *self)
{
	self->state = FERRY_CONNECTION_LINGERING;
	if (self->tls != NULL)
		ferry_tls_bye(self->tls);
	if (self->eof || shutdown(self->fd, SHUT_WR) < 0) {
		ferry_connection_finish(self, self->reason, NULL);
		return;
	}
	self->deadline = g_get_monotonic_time() + LINGER_USEC;
	ferry_connection_schedule(self);
	ferry_connection_arm(self);
}

/**
 * ferry_connection_close:
 * @self: a connection
 *
 * Ends the connection when all pending output is sent. No input is handed over any more.
 */
void
ferry_connection_close(FerryConnection *self)
{
	g_return_if_fail(FERRY_IS_CONNECTION(self));

	if (self->state != FERRY_CONNECTION_OPEN)
		return;
	if (self->tls != NULL && self->handshake != NULL) {
		ferry_connection_abort(self);
		return;
	}
	self->state = FERRY_CONNECTION_DRAINING;
	self->reason =
		self->eof ? FERRY_CONNECTION_CLOSED_BY_PEER : FERRY_CONNECTION_CLOSED_LOCALLY;
	g_clear_pointer(&self->input, g_byte_array_unref);
	self->input_start = 0;
	ferry_connection_drop_move(self);
	ferry_connection_queue(self, FERRY_WORK_FLUSH);
}

/**
 * ferry_connection_abort:
 * @self: a connection
 *
 * Ends the connection at once; pending output is lost.
 */
void
ferry_connection_abort(FerryConnection *self)
{
	g_return_if_fail(FERRY_IS_CONNECTION(self));

	ferry_connection_finish(self, FERRY_CONNECTION_CLOSED_LOCALLY, NULL);
}

/**
 * ferry_connection_is_closed:
 * @self: a connection
 *
 * Returns: whether it is closed or closing: what is written now goes nowhere
 */
gboolean
ferry_connection_is_closed(FerryConnection *self)
{
	g_return_val_if_fail(FERRY_IS_CONNECTION(self), TRUE);
	return self->state != FERRY_CONNECTION_OPEN;
}

/**
 * ferry_connection_get_error:
 * @self: a connection
 *
 * Returns: (transfer none) (nullable): why it ended, where that was an error
 */
const GError *
ferry_connection_get_error(FerryConnection *self)
{
	g_return_val_if_fail(FERRY_IS_CONNECTION(self), NULL);
	return self->error;
}

/**
 * ferry_connection_set_closed_handler:
 * @self: a connection
 * @func: (nullable) (scope notified) (closure user_data) (destroy destroy): what to call
 * @user_data: for @func
 * @destroy: (nullable): frees @user_data, after @func was called
 *
 * Sets what hears that the connection is closed.
 */
void
ferry_connection_set_closed_handler(FerryConnection *self, FerryConnectionClosedFunc func,
				    gpointer user_data, GDestroyNotify destroy)
{
	g_return_if_fail(FERRY_IS_CONNECTION(self));

	ferry_handler_set(&self->on_closed, G_CALLBACK(func), user_data, destroy);
}
