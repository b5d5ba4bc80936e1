/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One client: TLS
 *
 * Specification: RFC 8314 (implicit TLS), STARTTLS of RFC 9051 section 6.2.1 and RFC 5804
 * Implementation: the handshake begins when all output in clear is sent; input in clear that was
 *   read before is thrown away, so that nobody can smuggle commands in front of the first encrypted
 *   one
 */
#include "net/connection-private.h"

#include "base/error.h"

#define HANDSHAKE_TIMEOUT 30

/**
 * ferry_connection_start_tls_async:
 * @self: a connection without TLS and filters
 * @credentials: certificate and key
 * @cancellable: (nullable): checked when the handshake is over
 * @callback: (scope async): what to call then
 * @user_data: for @callback
 *
 * Begins TLS as a server, after what was written so far. No input is handed over until it is done,
 * and what was received in clear and not consumed is thrown away. When the handshake fails or takes
 * more than 30 seconds, the connection ends.
 */
void
ferry_connection_start_tls_async(FerryConnection *self, FerryTlsCredentials *credentials,
				 GCancellable *cancellable, GAsyncReadyCallback callback,
				 gpointer user_data)
{
	g_autoptr(GTask) task = NULL;
	gint64 due = g_get_monotonic_time() + HANDSHAKE_TIMEOUT * G_USEC_PER_SEC;

	g_return_if_fail(FERRY_IS_CONNECTION(self) && credentials != NULL);

	task = g_task_new(self, cancellable, callback, user_data);
	g_task_set_source_tag(task, ferry_connection_start_tls_async);
	if (self->state != FERRY_CONNECTION_OPEN || self->tls != NULL || self->filters != NULL ||
	    self->handshake != NULL) {
		g_task_return_new_error(task, FERRY_ERROR, FERRY_ERROR_CANNOT,
					"TLS cannot be started here");
		return;
	}
	self->handshake = g_new0(FerryHandshake, 1);
	self->handshake->task = g_steal_pointer(&task);
	self->handshake->credentials = ferry_tls_credentials_ref(credentials);
	self->handshake->due = due;
	ferry_connection_schedule(self);
	ferry_connection_queue(self, FERRY_WORK_FLUSH | FERRY_WORK_TLS);
}

/**
 * ferry_connection_start_tls_finish:
 * @self: a connection
 * @result: what the callback was given
 * @error: return location
 *
 * Ends the start of TLS.
 *
 * Returns: whether the connection is encrypted now
 */
gboolean
ferry_connection_start_tls_finish(FerryConnection *self, GAsyncResult *result, GError **error)
{
	g_return_val_if_fail(g_task_is_valid(result, self), FALSE);

	return g_task_propagate_boolean(G_TASK(result), error);
}

void
ferry_connection_begin_handshake(FerryConnection *self)
{
	GError *error = NULL;

	if (self->handshake == NULL || self->tls != NULL || self->state != FERRY_CONNECTION_OPEN)
		return;
	/* sending the rest queues this again */
	if (self->wire.length > 0)
		return;
	g_clear_pointer(&self->input, g_byte_array_unref);
	self->input_start = 0;
	self->tls = ferry_tls_new(self->handshake->credentials, self->fd, &error);
	if (self->tls == NULL)
		ferry_connection_finish(self, FERRY_CONNECTION_CLOSED_TLS, error);
	else
		ferry_connection_continue_handshake(self);
}

void
ferry_connection_continue_handshake(FerryConnection *self)
{
	gboolean done = FALSE;
	GError *error = NULL;

	if (!ferry_tls_handshake(self->tls, &done, &error)) {
		ferry_connection_finish(self, FERRY_CONNECTION_CLOSED_TLS, error);
		return;
	}
	if (!done)
		return;
	ferry_connection_queue(self, FERRY_WORK_INPUT | FERRY_WORK_FLUSH);
	if (self->move != NULL)
		ferry_connection_queue(self, FERRY_WORK_MOVE);
	ferry_connection_end_handshake(self);
}

/* Tells how it went: well while the connection is open. */
void
ferry_connection_end_handshake(FerryConnection *self)
{
	g_autofree FerryHandshake *handshake = g_steal_pointer(&self->handshake);

	if (handshake == NULL)
		return;
	if (self->state == FERRY_CONNECTION_OPEN)
		g_task_return_boolean(handshake->task, TRUE);
	else if (self->error != NULL)
		g_task_return_error(handshake->task, g_error_copy(self->error));
	else
		g_task_return_new_error(handshake->task, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED,
					"the connection ended before TLS was ready");
	g_object_unref(handshake->task);
	ferry_tls_credentials_unref(handshake->credentials);
}

/* The session, once it is worth asking. */
static FerryTls *
ferry_connection_get_tls(FerryConnection *self)
{
	return self->handshake == NULL ? self->tls : NULL;
}

/**
 * ferry_connection_is_secure:
 * @self: a connection
 *
 * Returns: whether it is encrypted
 */
gboolean
ferry_connection_is_secure(FerryConnection *self)
{
	g_return_val_if_fail(FERRY_IS_CONNECTION(self), FALSE);
	return ferry_connection_get_tls(self) != NULL;
}

/**
 * ferry_connection_get_tls_version:
 * @self: a connection
 *
 * Returns: (nullable): the protocol, for instance “TLS1.3”, or NULL without TLS
 */
const char *
ferry_connection_get_tls_version(FerryConnection *self)
{
	FerryTls *tls;

	g_return_val_if_fail(FERRY_IS_CONNECTION(self), NULL);
	tls = ferry_connection_get_tls(self);
	return tls != NULL ? ferry_tls_get_version(tls) : NULL;
}

/**
 * ferry_connection_dup_tls_cipher:
 * @self: a connection
 *
 * Returns: (transfer full) (nullable): the cipher suite as GnuTLS describes it, or NULL without TLS
 */
char *
ferry_connection_dup_tls_cipher(FerryConnection *self)
{
	FerryTls *tls;

	g_return_val_if_fail(FERRY_IS_CONNECTION(self), NULL);
	tls = ferry_connection_get_tls(self);
	return tls != NULL ? ferry_tls_dup_cipher(tls) : NULL;
}

/**
 * ferry_connection_dup_channel_binding:
 * @self: a connection
 * @type: “tls-exporter” (RFC 9266) or “tls-unique” (RFC 5929, up to TLS 1.2)
 * @error: return location
 *
 * Gets what binds a SASL exchange to this TLS session.
 *
 * Returns: (transfer full): the binding data, or NULL with %FERRY_ERROR_CANNOT where there is none
 */
GBytes *
ferry_connection_dup_channel_binding(FerryConnection *self, const char *type, GError **error)
{
	FerryTls *tls;

	g_return_val_if_fail(FERRY_IS_CONNECTION(self), NULL);
	tls = ferry_connection_get_tls(self);
	if (tls != NULL)
		return ferry_tls_dup_channel_binding(tls, type, error);
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CANNOT,
			    "no channel binding without TLS");
	return NULL;
}
