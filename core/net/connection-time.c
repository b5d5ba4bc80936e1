/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One client: what it has no time for
 *
 * Specification: none; RFC 9051 section 5.4 asks for at least 30 minutes before signing off
 * Implementation: all times of a connection share one timer in the wheel of its poller, so that an
 *   input costs no more than noting when it came
 */
#include "net/connection-private.h"

#include "base/error.h"

/* The earliest of the times at which something is to be done, or 0. */
static gint64
ferry_connection_get_due(FerryConnection *self)
{
	gint64 due = G_MAXINT64;

	if (self->deadline != 0)
		due = self->deadline;
	if (self->handshake != NULL)
		due = MIN(due, self->handshake->due);
	if (self->timeout != 0 && !self->paused && self->state == FERRY_CONNECTION_OPEN)
		due = MIN(due, self->last_input + self->timeout * G_USEC_PER_SEC);
	if (self->want_write && self->write_timeout != 0)
		due = MIN(due, self->last_output + self->write_timeout * G_USEC_PER_SEC);
	return due == G_MAXINT64 ? 0 : due;
}

void
ferry_connection_schedule(FerryConnection *self)
{
	gint64 due;

	if (self->poller == NULL || self->state == FERRY_CONNECTION_CLOSED)
		return;
	due = ferry_connection_get_due(self);
	if (due != 0)
		ferry_poller_set_timer(self->poller, &self->timer, due);
}

static void
ferry_connection_fail_timeout(FerryConnection *self, const char *message)
{
	ferry_connection_finish(self, FERRY_CONNECTION_CLOSED_TIMEOUT,
				g_error_new_literal(G_IO_ERROR, G_IO_ERROR_TIMED_OUT, message));
}

/* The protocol is asked once; without a protocol that listens the connection just ends. */
static void
ferry_connection_tell_timeout(FerryConnection *self, const char *message)
{
	FerryConnectionFunc func = (FerryConnectionFunc)self->on_timeout.func;

	if (func != NULL && self->state == FERRY_CONNECTION_OPEN)
		func(self, self->on_timeout.user_data);
	else
		ferry_connection_fail_timeout(self, message);
}

void
ferry_connection_on_timer(gpointer owner)
{
	g_autoptr(FerryConnection) self = g_object_ref(FERRY_CONNECTION(owner));
	gint64 now = g_get_monotonic_time();

	if (self->state == FERRY_CONNECTION_LINGERING && self->deadline <= now)
		ferry_connection_finish(self, self->reason, NULL);
	else if (self->handshake != NULL && self->handshake->due <= now)
		ferry_connection_fail_timeout(self, "the TLS handshake took too long");
	else if (self->want_write && self->write_timeout != 0 &&
		 self->last_output + self->write_timeout * G_USEC_PER_SEC <= now)
		ferry_connection_fail_timeout(self, "the peer reads no answers");
	else if (self->deadline != 0 && self->deadline <= now) {
		self->deadline = 0;
		ferry_connection_tell_timeout(self, "the deadline has passed");
	} else if (self->timeout != 0 && !self->paused &&
		   self->last_input + self->timeout * G_USEC_PER_SEC <= now) {
		self->timeout = 0;
		ferry_connection_tell_timeout(self, "the peer is silent for too long");
	}
	ferry_connection_schedule(self);
}

/**
 * ferry_connection_set_timeout:
 * @self: a connection
 * @seconds: how long the peer may be silent, 0 for ever
 * @func: (nullable) (scope notified) (closure user_data) (destroy destroy): what to call then, and
 * at the deadline; without it the connection ends
 * @user_data: for @func
 * @destroy: (nullable): frees @user_data
 *
 * Limits the time between two inputs. While input is paused (a command runs) the time does not
 * count. When it has passed, @func is called once; set the time-out again to hear of it again.
 */
void
ferry_connection_set_timeout(FerryConnection *self, guint seconds, FerryConnectionFunc func,
			     gpointer user_data, GDestroyNotify destroy)
{
	g_return_if_fail(FERRY_IS_CONNECTION(self));

	ferry_handler_set(&self->on_timeout, G_CALLBACK(func), user_data, destroy);
	self->timeout = seconds;
	self->last_input = g_get_monotonic_time();
	ferry_connection_schedule(self);
}

/**
 * ferry_connection_set_deadline:
 * @self: a connection
 * @seconds: from now, 0 for none
 *
 * Sets a time at which the function of [method@Connection.set_timeout] is called (or, without one,
 * the connection ends) whatever the peer does until then; for instance the time for signing in.
 */
void
ferry_connection_set_deadline(FerryConnection *self, guint seconds)
{
	g_return_if_fail(FERRY_IS_CONNECTION(self));

	self->deadline =
		seconds == 0 ? 0 : g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC;
	ferry_connection_schedule(self);
}

/**
 * ferry_connection_set_write_timeout:
 * @self: a connection
 * @seconds: 0 for none; 180 at first
 *
 * Limits how long the peer may take nothing while output waits for it; then the connection ends.
 */
void
ferry_connection_set_write_timeout(FerryConnection *self, guint seconds)
{
	g_return_if_fail(FERRY_IS_CONNECTION(self));

	self->write_timeout = seconds;
	ferry_connection_schedule(self);
}
