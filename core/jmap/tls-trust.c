/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whom to trust, at a price that a new connection can pay
 *
 * Specification: RFC 5280 (chains), RFC 9525 (names); both are checked by glib-networking
 * Implementation: a database that passes each chain on to another one. glib-networking copies the
 *   whole trust list of a database of its own into each connection, of the process's default one
 *   and then of the one that is set: 30 to 45 ms of processor time with the system's list, 11 ms
 *   with a single authority. What it cannot look into it only asks: 2 ms
 */
#include "jmap/tls-trust-private.h"

struct _FerryTlsTrust {
	GTlsDatabase parent;
	GTlsDatabase *inner;
};

G_DEFINE_FINAL_TYPE(FerryTlsTrust, ferry_tls_trust, G_TYPE_TLS_DATABASE)

static void
ferry_tls_trust_dispose(GObject *object)
{
	FerryTlsTrust *self = FERRY_TLS_TRUST(object);

	g_clear_object(&self->inner);
	G_OBJECT_CLASS(ferry_tls_trust_parent_class)->dispose(object);
}

static GTlsCertificateFlags
ferry_tls_trust_verify_chain(GTlsDatabase *database, GTlsCertificate *chain, const char *purpose,
			     GSocketConnectable *identity, GTlsInteraction *interaction,
			     GTlsDatabaseVerifyFlags flags, GCancellable *cancellable,
			     GError **error)
{
	FerryTlsTrust *self = FERRY_TLS_TRUST(database);

	return g_tls_database_verify_chain(self->inner, chain, purpose, identity, interaction,
					   flags, cancellable, error);
}

static void
ferry_tls_trust_class_init(FerryTlsTrustClass *klass)
{
	G_OBJECT_CLASS(klass)->dispose = ferry_tls_trust_dispose;
	G_TLS_DATABASE_CLASS(klass)->verify_chain = ferry_tls_trust_verify_chain;
}

static void
ferry_tls_trust_init(FerryTlsTrust *self)
{
}

/* takes @inner */
static GTlsDatabase *
wrap(GTlsDatabase *inner)
{
	FerryTlsTrust *self = g_object_new(FERRY_TYPE_TLS_TRUST, NULL);

	self->inner = inner;
	return G_TLS_DATABASE(self);
}

/* private: trusts the authorities of a PEM file and no others */
GTlsDatabase *
ferry_tls_trust_new_for_file(const char *path, GError **error)
{
	GTlsDatabase *inner = g_tls_file_database_new(path, error);

	if (inner == NULL) {
		g_prefix_error(error, "%s: ", path);
		return NULL;
	}
	return wrap(inner);
}

/* private: the process goes on trusting whom the system trusts, but at less cost; each new
 * connection looks at the default, also where it is given a database of its own */
void
ferry_tls_trust_wrap_default(void)
{
	static gsize done = 0;

	if (!g_once_init_enter(&done))
		return;
	if (g_tls_backend_supports_tls(g_tls_backend_get_default())) {
		GTlsBackend *backend = g_tls_backend_get_default();
		GTlsDatabase *inner = g_tls_backend_get_default_database(backend);

		if (inner != NULL) {
			g_autoptr(GTlsDatabase) trust = wrap(inner);

			g_tls_backend_set_default_database(backend, trust);
		}
	}
	g_once_init_leave(&done, 1);
}

/* private: what is wrong with a certificate, for people */
char *
ferry_tls_trust_describe(GTlsCertificateFlags flags)
{
	static const struct {
		GTlsCertificateFlags flag;
		const char *text;
	} table[] = {
		{G_TLS_CERTIFICATE_UNKNOWN_CA, "it is signed by nobody who is trusted"},
		{G_TLS_CERTIFICATE_BAD_IDENTITY, "it is for another name"},
		{G_TLS_CERTIFICATE_NOT_ACTIVATED, "it is not valid yet"},
		{G_TLS_CERTIFICATE_EXPIRED, "it has expired"},
		{G_TLS_CERTIFICATE_REVOKED, "it was revoked"},
		{G_TLS_CERTIFICATE_INSECURE, "its algorithm is not secure"},
	};
	GString *text = g_string_new(NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(table); i++)
		if (flags & table[i].flag)
			g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "",
					       table[i].text);
	if (text->len == 0)
		g_string_append(text, "it cannot be verified");
	return g_string_free(text, FALSE);
}
