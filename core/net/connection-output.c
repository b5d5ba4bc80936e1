/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One client: what it is sent
 *
 * Specification: none
 * Implementation: output is collected and sent when 64 KiB are there or the loop turn ends; what
 *   the kernel does not take waits in the queue, and who writes much waits for the drained handler.
 */
#include "net/connection-private.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* A peer as fast as we are must not keep the others waiting. */
#define MAX_SENT_AT_ONCE (1024 * 1024)
#define MAX_PIECES 16
#define SEND_AGAIN (-2)

/* A count, SEND_AGAIN, or -1 with @error. */
static gssize
ferry_connection_send_transport(FerryConnection *self, GError **error)
{
	struct iovec pieces[MAX_PIECES];
	struct msghdr message = {.msg_iov = pieces};
	gssize n;

	message.msg_iovlen = ferry_output_peek(&self->wire, pieces, MAX_PIECES);
	if (self->tls != NULL) {
		n = ferry_tls_write(self->tls, pieces[0].iov_base, pieces[0].iov_len, error);
		return n == FERRY_TLS_AGAIN ? SEND_AGAIN : n;
	}
	n = sendmsg(self->fd, &message, MSG_NOSIGNAL);
	if (n >= 0)
		return n;
	if (errno == EAGAIN || errno == EINTR)
		return SEND_AGAIN;
	g_set_error_literal(error, G_IO_ERROR, g_io_error_from_errno(errno), g_strerror(errno));
	return -1;
}

static void
ferry_connection_fail_send(FerryConnection *self, GError *error)
{
	/* the usual way to learn that a peer is gone */
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE) ||
	    g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED)) {
		g_error_free(error);
		ferry_connection_finish(self, FERRY_CONNECTION_CLOSED_BY_PEER, NULL);
		return;
	}
	ferry_connection_finish(
		self, self->tls ? FERRY_CONNECTION_CLOSED_TLS : FERRY_CONNECTION_CLOSED_ERROR,
		error);
}

/* FALSE where the connection ended. */
static gboolean
ferry_connection_send_wire(FerryConnection *self)
{
	GError *error = NULL;
	gsize sent = 0;

	while (self->wire.length > 0) {
		gssize n = sent < MAX_SENT_AT_ONCE ? ferry_connection_send_transport(self, &error)
						   : SEND_AGAIN;

		if (n == SEND_AGAIN) {
			self->want_write = TRUE;
			break;
		}
		if (n < 0) {
			ferry_connection_fail_send(self, error);
			return FALSE;
		}
		sent += (gsize)n;
		ferry_output_skip(&self->wire, (gsize)n);
	}
	if (sent > 0 && self->want_write)
		self->last_output = g_get_monotonic_time();
	return TRUE;
}

static void
ferry_connection_after_send(FerryConnection *self, gsize before)
{
	gsize pending = ferry_connection_get_pending_output(self);

	if (self->want_write) {
		ferry_connection_schedule(self);
		ferry_connection_arm(self);
	}
	if (self->above_low_water && pending <= self->low_water) {
		self->above_low_water = FALSE;
		ferry_connection_queue(self, FERRY_WORK_DRAINED);
	}
	if (before > FERRY_CONNECTION_HIGH_WATER && pending <= FERRY_CONNECTION_HIGH_WATER)
		ferry_connection_queue(self, FERRY_WORK_INPUT);
	if (pending > 0)
		return;
	if (self->state == FERRY_CONNECTION_DRAINING)
		ferry_connection_linger(self);
	else if (self->handshake != NULL)
		ferry_connection_queue(self, FERRY_WORK_TLS);
}

/* Sends what the kernel takes. @turn_ends: what filters hold back goes out too. */
void
ferry_connection_send(FerryConnection *self, gboolean turn_ends)
{
	gsize before = ferry_connection_get_pending_output(self);
	GError *error = NULL;

	if (self->state >= FERRY_CONNECTION_LINGERING || self->poller == NULL)
		return;
	if (self->tls != NULL && self->handshake != NULL)
		return;
	if (self->filters != NULL && !ferry_filter_stack_encode(self->filters, &self->plain,
								turn_ends, &self->wire, &error)) {
		ferry_connection_finish(self, FERRY_CONNECTION_CLOSED_ERROR, error);
		return;
	}
	if (self->want_write || ferry_connection_send_wire(self))
		ferry_connection_after_send(self, before);
}

static FerryOutput *
ferry_connection_get_output(FerryConnection *self)
{
	if (self->state != FERRY_CONNECTION_OPEN)
		return NULL;
	return self->filters != NULL ? &self->plain : &self->wire;
}

static void
ferry_connection_written(FerryConnection *self, gsize before)
{
	gsize pending = ferry_connection_get_pending_output(self);

	/* the time of a peer that takes nothing runs from the first byte that waits */
	if (before == 0)
		self->last_output = g_get_monotonic_time();
	if (pending > self->low_water)
		self->above_low_water = TRUE;
	if (pending >= FERRY_OUTPUT_CHUNK && !self->want_write)
		ferry_connection_send(self, FALSE);
	if (self->state == FERRY_CONNECTION_OPEN)
		ferry_connection_queue(self, FERRY_WORK_FLUSH);
}

/**
 * ferry_connection_write:
 * @self: a connection
 * @data: (array length=length) (element-type guint8): bytes, copied
 * @length: how many octets
 *
 * Writes. The bytes leave at the end of the loop turn, or when 64 KiB have come together. It never
 * fails and never waits; see [method@Connection.get_pending_output] for how much is under way. Of a
 * closed connection it does nothing.
 */
void
ferry_connection_write(FerryConnection *self, const void *data, gsize length)
{
	FerryOutput *output;
	gsize before;

	g_return_if_fail(FERRY_IS_CONNECTION(self));

	before = ferry_connection_get_pending_output(self);
	output = ferry_connection_get_output(self);
	if (output == NULL || length == 0)
		return;
	ferry_output_append(output, data, length);
	ferry_connection_written(self, before);
}

/**
 * ferry_connection_write_string:
 * @self: a connection
 * @text: a string
 *
 * Writes a string without its final NUL; see [method@Connection.write].
 */
void
ferry_connection_write_string(FerryConnection *self, const char *text)
{
	ferry_connection_write(self, text, strlen(text));
}

/**
 * ferry_connection_write_bytes:
 * @self: a connection
 * @bytes: bytes, which are referenced and not copied where they are many
 *
 * Writes; see [method@Connection.write].
 */
void
ferry_connection_write_bytes(FerryConnection *self, GBytes *bytes)
{
	FerryOutput *output;
	gsize before;

	g_return_if_fail(FERRY_IS_CONNECTION(self));

	before = ferry_connection_get_pending_output(self);
	output = ferry_connection_get_output(self);
	if (output == NULL)
		return;
	ferry_output_append_bytes(output, bytes);
	ferry_connection_written(self, before);
}

/**
 * ferry_connection_writef: (skip)
 * @self: a connection
 * @format: as for printf()
 * @...: its arguments
 *
 * Writes formatted text; see [method@Connection.write].
 */
void
ferry_connection_writef(FerryConnection *self, const char *format, ...)
{
	FerryOutput *output;
	va_list arguments;
	gsize before;

	g_return_if_fail(FERRY_IS_CONNECTION(self));

	before = ferry_connection_get_pending_output(self);
	output = ferry_connection_get_output(self);
	if (output == NULL)
		return;
	va_start(arguments, format);
	ferry_output_append_vprintf(output, format, arguments);
	va_end(arguments);
	ferry_connection_written(self, before);
}

/**
 * ferry_connection_flush:
 * @self: a connection
 *
 * Sends now what would leave at the end of the loop turn, as far as the kernel takes it.
 */
void
ferry_connection_flush(FerryConnection *self)
{
	g_return_if_fail(FERRY_IS_CONNECTION(self));

	if (!self->want_write)
		ferry_connection_send(self, TRUE);
}

/**
 * ferry_connection_get_pending_output:
 * @self: a connection
 *
 * Returns: how many octets were written and are not yet with the kernel
 */
gsize
ferry_connection_get_pending_output(FerryConnection *self)
{
	g_return_val_if_fail(FERRY_IS_CONNECTION(self), 0);
	return self->plain.length + self->wire.length;
}

/**
 * ferry_connection_set_drained_handler:
 * @self: a connection
 * @low_water: octets
 * @func: (nullable) (scope notified) (closure user_data) (destroy destroy): what to call
 * @user_data: for @func
 * @destroy: (nullable): frees @user_data
 *
 * Sets what is called each time when pending output was above @low_water and is so no more. Who has
 * much to write stops when [method@Connection.get_pending_output] says more than @low_water, and
 * goes on then.
 */
void
ferry_connection_set_drained_handler(FerryConnection *self, gsize low_water,
				     FerryConnectionFunc func, gpointer user_data,
				     GDestroyNotify destroy)
{
	g_return_if_fail(FERRY_IS_CONNECTION(self));

	ferry_handler_set(&self->on_drained, G_CALLBACK(func), user_data, destroy);
	self->low_water = low_water;
	self->above_low_water = ferry_connection_get_pending_output(self) > low_water;
}
