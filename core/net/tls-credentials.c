/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Certificate, key and what TLS may be spoken
 *
 * Specification: RFC 8446 (TLS 1.3), RFC 5246 (TLS 1.2), RFC 9325 (recommendations)
 * Implementation: PEM files read with GnuTLS; one certificate chain per listener
 * Not mapped: client certificates, OCSP stapling, session tickets, encrypted keys
 */
#include "net/tls-credentials-private.h"

#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <string.h>

#include "base/error.h"

/* TLS 1.2 only with forward secrecy; the server chooses the cipher. */
#define PRIORITY "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-DHE-RSA:%SERVER_PRECEDENCE"

struct _FerryTlsCredentials {
	gatomicrefcount references;
	gnutls_certificate_credentials_t certificate;
	gnutls_priority_t priority;
};

G_DEFINE_BOXED_TYPE(FerryTlsCredentials, ferry_tls_credentials, ferry_tls_credentials_ref,
		    ferry_tls_credentials_unref)

static void
ferry_tls_set_error(GError **error, const char *file, int code)
{
	g_set_error(error, FERRY_ERROR, FERRY_ERROR_CONFIGURATION, "%s: %s", file,
		    gnutls_strerror(code));
}

/* GnuTLS says of any trouble with any of its two files that it could not read one: so each is read
 * and looked at by itself, and the message names it. */
static gboolean
ferry_tls_load_file(const char *file, gnutls_datum_t *datum, GError **error)
{
	g_autofree char *contents = NULL;
	gsize length = 0;

	if (!g_file_get_contents(file, &contents, &length, error)) {
		if (error != NULL) {
			(*error)->domain = FERRY_ERROR;
			(*error)->code = FERRY_ERROR_CONFIGURATION;
		}
		return FALSE;
	}
	datum->data = (guint8 *)g_steal_pointer(&contents);
	datum->size = (unsigned int)length;
	return TRUE;
}

static gboolean
ferry_tls_check_key(const char *file, const gnutls_datum_t *datum, GError **error)
{
	gnutls_privkey_t key = NULL;
	int code = gnutls_privkey_init(&key);

	if (code >= 0)
		code = gnutls_privkey_import_x509_raw(key, datum, GNUTLS_X509_FMT_PEM, NULL, 0);
	gnutls_privkey_deinit(key);
	if (code < 0)
		ferry_tls_set_error(error, file, code);
	return code >= 0;
}

static gboolean
ferry_tls_check_certificate(const char *file, const gnutls_datum_t *datum, GError **error)
{
	gnutls_x509_crt_t *list = NULL;
	unsigned int n = 0;
	int code = gnutls_x509_crt_list_import2(&list, &n, datum, GNUTLS_X509_FMT_PEM, 0);

	if (code < 0) {
		ferry_tls_set_error(error, file, code);
		return FALSE;
	}
	for (unsigned int i = 0; i < n; i++)
		gnutls_x509_crt_deinit(list[i]);
	gnutls_free(list);
	return TRUE;
}

static gboolean
ferry_tls_credentials_set(FerryTlsCredentials *self, const char *certificate,
			  const gnutls_datum_t *chain, const char *private_key,
			  const gnutls_datum_t *key, GError **error)
{
	int code;

	if (!ferry_tls_check_certificate(certificate, chain, error) ||
	    !ferry_tls_check_key(private_key, key, error))
		return FALSE;
	code = gnutls_certificate_set_x509_key_mem(self->certificate, chain, key,
						   GNUTLS_X509_FMT_PEM);
	if (code < 0) {
		ferry_tls_set_error(error, private_key, code);
		g_prefix_error(error, "%s does not go with it: ", certificate);
		return FALSE;
	}
	return TRUE;
}

/**
 * ferry_tls_credentials_new_from_files:
 * @certificate: a PEM file with the certificate and those between it and the root
 * @private_key: a PEM file with its private key
 * @error: return location
 *
 * Loads what a server shows its clients.
 *
 * Returns: (transfer full): the credentials, or NULL with %FERRY_ERROR_CONFIGURATION and a message
 *   that names the file
 */
FerryTlsCredentials *
ferry_tls_credentials_new_from_files(const char *certificate, const char *private_key,
				     GError **error)
{
	g_autoptr(FerryTlsCredentials) self = g_new0(FerryTlsCredentials, 1);
	gnutls_datum_t chain = {0};
	gnutls_datum_t key = {0};
	gboolean loaded;

	g_atomic_ref_count_init(&self->references);
	if (gnutls_certificate_allocate_credentials(&self->certificate) < 0 ||
	    gnutls_priority_init(&self->priority, PRIORITY, NULL) < 0) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_FAILED,
				    "GnuTLS cannot be set up");
		return NULL;
	}
	loaded = ferry_tls_load_file(certificate, &chain, error) &&
		 ferry_tls_load_file(private_key, &key, error) &&
		 ferry_tls_credentials_set(self, certificate, &chain, private_key, &key, error);
	g_free(chain.data);
	if (key.data != NULL)
		explicit_bzero(key.data, key.size);
	g_free(key.data);
	return loaded ? g_steal_pointer(&self) : NULL;
}

/**
 * ferry_tls_credentials_ref:
 * @self: credentials
 *
 * Returns: (transfer full): the same with one reference more
 */
FerryTlsCredentials *
ferry_tls_credentials_ref(FerryTlsCredentials *self)
{
	g_atomic_ref_count_inc(&self->references);
	return self;
}

/**
 * ferry_tls_credentials_unref:
 * @self: (transfer full): credentials
 *
 * Drops a reference.
 */
void
ferry_tls_credentials_unref(FerryTlsCredentials *self)
{
	if (!g_atomic_ref_count_dec(&self->references))
		return;
	if (self->certificate != NULL)
		gnutls_certificate_free_credentials(self->certificate);
	if (self->priority != NULL)
		gnutls_priority_deinit(self->priority);
	g_free(self);
}

/* The session borrows both: whoever makes it keeps a reference of @self as long. */
gboolean
ferry_tls_credentials_apply(FerryTlsCredentials *self, gnutls_session_t session, GError **error)
{
	int code = gnutls_priority_set(session, self->priority);

	if (code >= 0)
		code = gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, self->certificate);
	if (code < 0) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_FAILED, gnutls_strerror(code));
		return FALSE;
	}
	gnutls_certificate_server_set_request(session, GNUTLS_CERT_IGNORE);
	return TRUE;
}
