/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The TLS half of a connection
 *
 * Specification: RFC 8446 (TLS 1.3), RFC 5246 (TLS 1.2), RFC 9266 and RFC 5929 (channel bindings)
 * Implementation: a GnuTLS server session on a non-blocking socket. GnuTLS itself and not GIO's
 *   streams: less than half the memory, and it goes with epoll.
 * Not mapped: renegotiation (ends the connection), early data, session tickets
 */
#include "net/tls-private.h"

#include <gnutls/gnutls.h>
#include <string.h>

#include "base/error.h"
#include "net/tls-credentials-private.h"

/* A peer may send warnings and empty records for ever; reading looks at so many in a row. */
#define MAX_SKIPPED 16

struct _FerryTls {
	gnutls_session_t session;
	FerryTlsCredentials *credentials;
	gboolean established;
	gsize unsent; /* what the last write has taken but the socket has not */
};

static void
ferry_tls_set_error(GError **error, int code)
{
	g_set_error(error, FERRY_ERROR, FERRY_ERROR_FAILED, "TLS: %s (%s)", gnutls_strerror(code),
		    gnutls_strerror_name(code));
}

FerryTls *
ferry_tls_new(FerryTlsCredentials *credentials, int fd, GError **error)
{
	FerryTls *self = g_new0(FerryTls, 1);
	int code = gnutls_init(&self->session, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL |
						       GNUTLS_NO_TICKETS);

	if (code < 0) {
		ferry_tls_set_error(error, code);
		g_free(self);
		return NULL;
	}
	self->credentials = ferry_tls_credentials_ref(credentials);
	if (!ferry_tls_credentials_apply(credentials, self->session, error)) {
		ferry_tls_free(self);
		return NULL;
	}
	/* the connection has a handshake time-out of its own */
	gnutls_handshake_set_timeout(self->session, GNUTLS_INDEFINITE_TIMEOUT);
	gnutls_transport_set_int(self->session, fd);
	return self;
}

void
ferry_tls_free(FerryTls *self)
{
	gnutls_deinit(self->session);
	ferry_tls_credentials_unref(self->credentials);
	g_free(self);
}

/* One step as far as the socket allows. */
gboolean
ferry_tls_handshake(FerryTls *self, gboolean *done, GError **error)
{
	int code = GNUTLS_E_AGAIN;

	*done = FALSE;
	for (guint i = 0; i < MAX_SKIPPED; i++) {
		code = gnutls_handshake(self->session);
		if (code == GNUTLS_E_SUCCESS) {
			*done = self->established = TRUE;
			return TRUE;
		}
		if (code == GNUTLS_E_AGAIN)
			return TRUE;
		if (code != GNUTLS_E_INTERRUPTED && gnutls_error_is_fatal(code))
			break;
	}
	gnutls_alert_send_appropriate(self->session, code);
	ferry_tls_set_error(error, code);
	return FALSE;
}

/* What the last function that said “again” waits for. */
GIOCondition
ferry_tls_get_direction(FerryTls *self)
{
	return gnutls_record_get_direction(self->session) == 1 ? G_IO_OUT : G_IO_IN;
}

/* Returns the count, 0 at the end, or a FerryTlsResult. */
gssize
ferry_tls_read(FerryTls *self, guint8 *data, gsize length, GError **error)
{
	gssize n = GNUTLS_E_AGAIN;

	for (guint i = 0; i < MAX_SKIPPED; i++) {
		n = gnutls_record_recv(self->session, data, length);
		if (n >= 0)
			return n;
		if (n == GNUTLS_E_AGAIN)
			return FERRY_TLS_AGAIN;
		if (n == GNUTLS_E_PREMATURE_TERMINATION)
			return 0; /* IMAP ends in its own words; a missing close_notify cuts nothing
				   */
		if (n == GNUTLS_E_REHANDSHAKE || gnutls_error_is_fatal((int)n))
			break;
	}
	ferry_tls_set_error(error, (int)n);
	return FERRY_TLS_ERROR;
}

/* Returns the count or a FerryTlsResult. After “again” GnuTLS holds a record of its own and must be
 * asked to send that, not a new one. */
gssize
ferry_tls_write(FerryTls *self, const guint8 *data, gsize length, GError **error)
{
	gssize n;

	if (self->unsent > 0)
		n = gnutls_record_send(self->session, NULL, 0);
	else
		n = gnutls_record_send(self->session, data, length);
	if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED) {
		self->unsent = MAX(self->unsent, length);
		return FERRY_TLS_AGAIN;
	}
	self->unsent = 0;
	if (n >= 0)
		return n;
	ferry_tls_set_error(error, (int)n);
	return FERRY_TLS_ERROR;
}

/* Whether reading would give something although the socket is silent. */
gboolean
ferry_tls_has_pending(FerryTls *self)
{
	return self->established && gnutls_record_check_pending(self->session) > 0;
}

void
ferry_tls_bye(FerryTls *self)
{
	if (self->established && self->unsent == 0)
		gnutls_bye(self->session, GNUTLS_SHUT_WR);
}

const char *
ferry_tls_get_version(FerryTls *self)
{
	return gnutls_protocol_get_name(gnutls_protocol_get_version(self->session));
}

char *
ferry_tls_dup_cipher(FerryTls *self)
{
	char *description = gnutls_session_get_desc(self->session);
	char *cipher = g_strdup(description);

	gnutls_free(description);
	return cipher;
}

static gboolean
ferry_tls_find_binding(FerryTls *self, const char *type, gnutls_channel_binding_t *binding)
{
	gnutls_protocol_t version = gnutls_protocol_get_version(self->session);
	unsigned int flags = gnutls_session_get_flags(self->session);

	/* without the extended master secret neither is safe before TLS 1.3 (RFC 9266 section 4.2)
	 */
	if (version < GNUTLS_TLS1_3 && (flags & GNUTLS_SFLAGS_EXT_MASTER_SECRET) == 0)
		return FALSE;
	if (strcmp(type, "tls-exporter") == 0) {
		*binding = GNUTLS_CB_TLS_EXPORTER;
		return TRUE;
	}
	*binding = GNUTLS_CB_TLS_UNIQUE;
	return strcmp(type, "tls-unique") == 0 && version < GNUTLS_TLS1_3;
}

GBytes *
ferry_tls_dup_channel_binding(FerryTls *self, const char *type, GError **error)
{
	gnutls_channel_binding_t binding;
	gnutls_datum_t data = {0};
	GBytes *bytes;
	int code;

	if (!self->established || !ferry_tls_find_binding(self, type, &binding)) {
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_CANNOT, "no channel binding “%s” here",
			    type);
		return NULL;
	}
	code = gnutls_session_channel_binding(self->session, binding, &data);
	if (code < 0) {
		ferry_tls_set_error(error, code);
		return NULL;
	}
	bytes = g_bytes_new(data.data, data.size);
	gnutls_free(data.data);
	return bytes;
}
