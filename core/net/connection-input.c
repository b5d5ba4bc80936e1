/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One client: what it sends
 *
 * Specification: none
 * Implementation: bytes are read into room shared by all connections of a worker and given to the
 *   handler from there; only what it leaves is kept. While input is paused, or the peer does not
 *   take its answers, nothing is read: the bytes stay in the kernel, and the peer waits.
 */
#include "net/connection-private.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/error.h"

#define READ_AGAIN (-2)
/* What filters may leave untaken; one that takes nothing is broken or lied to. */
#define MAX_HELD (2 * 65536)

static gsize
ferry_connection_get_buffered(FerryConnection *self)
{
	return self->input != NULL ? self->input->len - self->input_start : 0;
}

static gboolean
ferry_connection_can_deliver(FerryConnection *self)
{
	return self->state == FERRY_CONNECTION_OPEN && !self->paused && self->handshake == NULL &&
	       self->move == NULL && !self->filter_pushed && self->on_input.func != NULL &&
	       ferry_connection_get_pending_output(self) <= FERRY_CONNECTION_HIGH_WATER;
}

gboolean
ferry_connection_can_read(FerryConnection *self)
{
	return !self->eof && !self->decode_more &&
	       ferry_connection_get_buffered(self) < self->input_limit &&
	       ferry_connection_can_deliver(self);
}

/* Calls the handler while it makes progress; returns how much it consumed in all. */
static gsize
ferry_connection_deliver(FerryConnection *self, const guint8 *data, gsize length)
{
	gsize used = 0;

	self->inside = TRUE;
	self->starved = FALSE;
	while (used < length && !self->starved && ferry_connection_can_deliver(self)) {
		FerryConnectionInputFunc func = (FerryConnectionInputFunc)self->on_input.func;
		gsize n = func(self, data + used, length - used, self->on_input.user_data);

		self->starved = n == 0;
		used += MIN(n, length - used);
	}
	self->inside = FALSE;
	return used;
}

/* Whether input that the handler has left is wanted at all. */
static gboolean
ferry_connection_keeps_input(FerryConnection *self)
{
	/* what came in clear before the handshake must not be taken for what comes after it
	 * (RFC 9051 section 6.2.1) */
	return self->state == FERRY_CONNECTION_OPEN && self->handshake == NULL;
}

static void
ferry_connection_keep(FerryConnection *self, const guint8 *data, gsize length)
{
	if (length == 0 || !ferry_connection_keeps_input(self))
		return;
	if (self->filter_pushed) {
		ferry_filter_stack_feed_last(self->filters, data, length);
		return;
	}
	if (self->input == NULL)
		self->input = g_byte_array_new();
	g_byte_array_append(self->input, data, (guint)length);
}

static void
ferry_connection_append_input(FerryConnection *self, const guint8 *data, gsize length)
{
	/* moving once per half keeps the cost of many small commands in one buffer linear */
	if (self->input_start > 0 && self->input_start >= self->input->len / 2) {
		g_byte_array_remove_range(self->input, 0, (guint)self->input_start);
		self->input_start = 0;
	}
	ferry_connection_keep(self, data, length);
}

/* The handler dropped the filters: what they had not taken follows what the handler has left. */
static void
ferry_connection_take_undecoded(FerryConnection *self)
{
	g_autoptr(GByteArray) undecoded = g_steal_pointer(&self->undecoded);

	if (undecoded != NULL)
		ferry_connection_keep(self, undecoded->data, undecoded->len);
}

static void
ferry_connection_deliver_buffered(FerryConnection *self)
{
	/* the handler may close the connection: the buffer must outlast that */
	g_autoptr(GByteArray) input = g_steal_pointer(&self->input);
	gsize start = self->input_start;

	self->input_start = 0;
	if (input == NULL)
		return;
	start += ferry_connection_deliver(self, input->data + start, input->len - start);
	if (start < input->len && self->filter_pushed) {
		ferry_connection_keep(self, input->data + start, input->len - start);
	} else if (start < input->len && ferry_connection_keeps_input(self)) {
		self->input = g_steal_pointer(&input);
		self->input_start = start;
	}
	ferry_connection_take_undecoded(self);
}

static void
ferry_connection_decode(FerryConnection *self)
{
	gsize room = self->input_limit - ferry_connection_get_buffered(self);
	gsize max = MIN(room, FERRY_POLLER_SCRATCH_SIZE);
	g_autoptr(GByteArray) output = NULL;
	gboolean more = FALSE;
	GError *error = NULL;

	if (self->filters == NULL || max == 0)
		return;
	output = g_byte_array_new();
	if (!ferry_filter_stack_decode(self->filters, max, output, &more, &error)) {
		ferry_connection_finish(self, FERRY_CONNECTION_CLOSED_ERROR, error);
		return;
	}
	self->decode_more = more;
	ferry_connection_append_input(self, output->data, output->len);
}

static void
ferry_connection_fail_limit(FerryConnection *self, const char *message)
{
	ferry_connection_finish(self, FERRY_CONNECTION_CLOSED_LIMIT,
				g_error_new_literal(FERRY_ERROR, FERRY_ERROR_LIMIT, message));
}

/* What input has brought about besides the handler's doings. */
static void
ferry_connection_after_input(FerryConnection *self)
{
	if (self->filter_pushed) {
		self->filter_pushed = FALSE;
		self->decode_more = TRUE;
	}
	if (!ferry_connection_can_deliver(self))
		return;
	if (self->starved && ferry_connection_get_buffered(self) >= self->input_limit)
		ferry_connection_fail_limit(self, "the peer sent more than may be buffered");
	else if (self->filters != NULL && ferry_filter_stack_get_held(self->filters) > MAX_HELD &&
		 !self->decode_more)
		ferry_connection_fail_limit(self, "a filter takes no input");
	else if (self->decode_more || (self->tls != NULL && ferry_tls_has_pending(self->tls)))
		ferry_connection_queue(self, FERRY_WORK_INPUT);
	else if (self->eof)
		ferry_connection_close(self);
}

/* A count, 0 at the end, READ_AGAIN, or -1 with the connection ended. */
static gssize
ferry_connection_read_transport(FerryConnection *self, guint8 *data, gsize length)
{
	GError *error = NULL;
	gssize n;

	if (self->tls != NULL) {
		n = ferry_tls_read(self->tls, data, length, &error);
		if (n == FERRY_TLS_ERROR)
			ferry_connection_finish(self, FERRY_CONNECTION_CLOSED_TLS, error);
		return n == FERRY_TLS_AGAIN ? READ_AGAIN : n;
	}
	n = recv(self->fd, data, length, 0);
	if (n >= 0)
		return n;
	if (errno == EAGAIN || errno == EINTR)
		return READ_AGAIN;
	if (errno == ECONNRESET)
		ferry_connection_finish(self, FERRY_CONNECTION_CLOSED_BY_PEER, NULL);
	else
		ferry_connection_finish(self, FERRY_CONNECTION_CLOSED_ERROR,
					g_error_new_literal(G_IO_ERROR,
							    g_io_error_from_errno(errno),
							    g_strerror(errno)));
	return -1;
}

static void
ferry_connection_take(FerryConnection *self, const guint8 *data, gsize length)
{
	gsize used;

	self->last_input = g_get_monotonic_time();
	if (self->filters != NULL) {
		ferry_filter_stack_feed(self->filters, data, length);
		ferry_connection_decode(self);
		if (ferry_connection_can_deliver(self))
			ferry_connection_deliver_buffered(self);
	} else if (self->input != NULL) {
		ferry_connection_append_input(self, data, length);
		ferry_connection_deliver_buffered(self);
	} else {
		used = ferry_connection_deliver(self, data, length);
		ferry_connection_keep(self, data + used, length - used);
	}
}

/* One read: so that no client keeps the others from their turn. */
void
ferry_connection_read(FerryConnection *self)
{
	gsize room = self->input_limit - ferry_connection_get_buffered(self);
	guint8 *scratch = ferry_poller_get_scratch(self->poller);
	gssize n = ferry_connection_read_transport(self, scratch,
						   MIN(room, FERRY_POLLER_SCRATCH_SIZE));

	if (n == READ_AGAIN || self->state == FERRY_CONNECTION_CLOSED)
		return;
	if (n == 0)
		self->eof = TRUE;
	else
		ferry_connection_take(self, scratch, (gsize)n);
	ferry_connection_after_input(self);
}

/* Input that waited: for the handler, for a place in the output, for its worker. */
void
ferry_connection_process_input(FerryConnection *self)
{
	if (!ferry_connection_can_deliver(self))
		return;
	/* first what is decoded: it may switch the filters off */
	ferry_connection_deliver_buffered(self);
	if (self->decode_more && ferry_connection_can_deliver(self) &&
	    (self->input == NULL || self->starved)) {
		ferry_connection_decode(self);
		ferry_connection_deliver_buffered(self);
	}
	if (self->tls != NULL && ferry_connection_can_read(self) &&
	    ferry_tls_has_pending(self->tls))
		ferry_connection_read(self);
	else
		ferry_connection_after_input(self);
}

/* Closing: what still comes is of no interest. */
void
ferry_connection_discard(FerryConnection *self)
{
	guint8 *scratch = ferry_poller_get_scratch(self->poller);
	gssize n = recv(self->fd, scratch, FERRY_POLLER_SCRATCH_SIZE, 0);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		ferry_connection_finish(self, self->reason, NULL);
}

/**
 * ferry_connection_set_input_handler:
 * @self: a connection
 * @func: (nullable) (scope notified) (closure user_data) (destroy destroy): what takes input
 * @user_data: for @func
 * @destroy: (nullable): frees @user_data
 *
 * Sets what takes input. Until there is one, nothing is read; a new one gets what the old one left.
 */
void
ferry_connection_set_input_handler(FerryConnection *self, FerryConnectionInputFunc func,
				   gpointer user_data, GDestroyNotify destroy)
{
	g_return_if_fail(FERRY_IS_CONNECTION(self));

	ferry_handler_set(&self->on_input, G_CALLBACK(func), user_data, destroy);
	ferry_connection_queue(self, FERRY_WORK_INPUT);
}

/**
 * ferry_connection_set_input_limit:
 * @self: a connection
 * @octets: how much may be buffered; 128 KiB at first
 *
 * Limits what is kept of input that the handler does not consume. When so much is there and the
 * handler consumes nothing, the connection ends with %FERRY_CONNECTION_CLOSED_LIMIT; a protocol
 * that wants to say why looks at the length itself, with a smaller limit of its own.
 */
void
ferry_connection_set_input_limit(FerryConnection *self, gsize octets)
{
	g_return_if_fail(FERRY_IS_CONNECTION(self));
	g_return_if_fail(octets > 0 && octets < G_MAXUINT / 2);

	/* the room is limit minus buffered: it must not become negative */
	self->input_limit = MAX(octets, ferry_connection_get_buffered(self));
}

/**
 * ferry_connection_pause_input:
 * @self: a connection
 *
 * Stops input: the handler is not called, and nothing is read, until
 * [method@Connection.resume_input]. Pausing does not nest.
 */
void
ferry_connection_pause_input(FerryConnection *self)
{
	g_return_if_fail(FERRY_IS_CONNECTION(self));

	/* the poller learns of it when bytes come: most commands are over before */
	self->paused = TRUE;
}

/**
 * ferry_connection_resume_input:
 * @self: a connection
 *
 * Starts input again; the handler gets what is buffered at the end of the loop turn.
 */
void
ferry_connection_resume_input(FerryConnection *self)
{
	g_return_if_fail(FERRY_IS_CONNECTION(self));

	if (!self->paused)
		return;
	self->paused = FALSE;
	self->last_input = g_get_monotonic_time();
	ferry_connection_schedule(self);
	ferry_connection_queue(self, FERRY_WORK_INPUT);
}

/**
 * ferry_connection_is_input_paused:
 * @self: a connection
 *
 * Returns: whether input is paused
 */
gboolean
ferry_connection_is_input_paused(FerryConnection *self)
{
	g_return_val_if_fail(FERRY_IS_CONNECTION(self), FALSE);
	return self->paused;
}

/**
 * ferry_connection_push_filter:
 * @self: a connection
 * @filter: what changes the bytes
 *
 * Puts a filter between the transport and the protocol, next to the protocol. What was written
 * before goes out without it; input that the handler has not consumed yet goes through it.
 */
void
ferry_connection_push_filter(FerryConnection *self, FerryStreamFilter *filter)
{
	GError *error = NULL;

	g_return_if_fail(FERRY_IS_CONNECTION(self) && FERRY_IS_STREAM_FILTER(filter));

	if (self->state != FERRY_CONNECTION_OPEN)
		return;
	if (self->filters == NULL)
		self->filters = ferry_filter_stack_new();
	else if (!ferry_filter_stack_encode(self->filters, &self->plain, TRUE, &self->wire,
					    &error)) {
		ferry_connection_finish(self, FERRY_CONNECTION_CLOSED_ERROR, error);
		return;
	}
	ferry_filter_stack_push(self->filters, filter);
	self->decode_more = TRUE;
	/* inside the handler the rest is known when it returns */
	self->filter_pushed = self->inside;
	if (self->input != NULL)
		ferry_filter_stack_feed_last(self->filters, self->input->data + self->input_start,
					     ferry_connection_get_buffered(self));
	g_clear_pointer(&self->input, g_byte_array_unref);
	self->input_start = 0;
	ferry_connection_queue(self, FERRY_WORK_INPUT);
}

/**
 * ferry_connection_drop_filters:
 * @self: a connection
 *
 * Takes all filters away. What was written before goes out through them; input that they have not
 * taken, and all that comes, does without. A filter that stops taking input where the peer could
 * have stopped making it lets the peer send more right behind the command that led here.
 */
void
ferry_connection_drop_filters(FerryConnection *self)
{
	g_autoptr(GByteArray) held = NULL;
	GError *error = NULL;

	g_return_if_fail(FERRY_IS_CONNECTION(self));

	if (self->filters == NULL || self->state != FERRY_CONNECTION_OPEN)
		return;
	if (!ferry_filter_stack_encode(self->filters, &self->plain, TRUE, &self->wire, &error)) {
		ferry_connection_finish(self, FERRY_CONNECTION_CLOSED_ERROR, error);
		return;
	}
	held = g_byte_array_new();
	ferry_filter_stack_take_held(self->filters, held);
	g_clear_pointer(&self->filters, ferry_filter_stack_free);
	self->decode_more = FALSE;
	/* inside the handler what comes before it is known when that returns */
	if (self->inside)
		self->undecoded = g_steal_pointer(&held);
	else
		ferry_connection_keep(self, held->data, held->len);
	ferry_connection_queue(self, FERRY_WORK_INPUT);
}

/**
 * ferry_connection_has_filters:
 * @self: a connection
 *
 * Returns: whether there is a filter
 */
gboolean
ferry_connection_has_filters(FerryConnection *self)
{
	g_return_val_if_fail(FERRY_IS_CONNECTION(self), FALSE);
	return self->filters != NULL;
}
