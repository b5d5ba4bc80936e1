/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What somebody signs in with
 *
 * Specification: none; RFC 4422 names the two identities
 * Implementation: passwords and bearer tokens, wiped when freed
 */
#include "auth/credential.h"

#include <string.h>

struct _FerryCredential {
	gatomicrefcount references;
	FerryCredentialKind kind;
	char *authcid;
	char *authzid;
	char *secret;
};

G_DEFINE_BOXED_TYPE(FerryCredential, ferry_credential, ferry_credential_ref, ferry_credential_unref)

static FerryCredential *
ferry_credential_new(FerryCredentialKind kind, const char *authcid, const char *authzid,
		     const char *secret)
{
	FerryCredential *self = g_new0(FerryCredential, 1);

	g_atomic_ref_count_init(&self->references);
	self->kind = kind;
	self->authcid = g_strdup(authcid);
	self->authzid = authzid != NULL && *authzid != '\0' ? g_strdup(authzid) : NULL;
	self->secret = g_strdup(secret);
	return self;
}

/**
 * ferry_credential_new_password:
 * @authcid: the user name
 * @authzid: (nullable): whom to act as; NULL or empty for the user itself
 * @password: the password
 *
 * Makes a credential from a user name and a password.
 *
 * Returns: (transfer full): the credential
 */
FerryCredential *
ferry_credential_new_password(const char *authcid, const char *authzid, const char *password)
{
	g_return_val_if_fail(authcid != NULL && password != NULL, NULL);
	return ferry_credential_new(FERRY_CREDENTIAL_PASSWORD, authcid, authzid, password);
}

/**
 * ferry_credential_new_bearer:
 * @authcid: (nullable): the user name, where the client gave one
 * @authzid: (nullable): whom to act as; NULL or empty for the user itself
 * @token: the token
 *
 * Makes a credential from an OAuth 2.0 bearer token (RFC 6750).
 *
 * Returns: (transfer full): the credential
 */
FerryCredential *
ferry_credential_new_bearer(const char *authcid, const char *authzid, const char *token)
{
	g_return_val_if_fail(token != NULL, NULL);
	return ferry_credential_new(FERRY_CREDENTIAL_BEARER, authcid, authzid, token);
}

/**
 * ferry_credential_ref:
 * @self: a credential
 *
 * Returns: (transfer full): the same with one reference more
 */
FerryCredential *
ferry_credential_ref(FerryCredential *self)
{
	g_atomic_ref_count_inc(&self->references);
	return self;
}

/**
 * ferry_credential_unref:
 * @self: (transfer full): a credential
 *
 * Drops a reference; the last one wipes the secret.
 */
void
ferry_credential_unref(FerryCredential *self)
{
	if (!g_atomic_ref_count_dec(&self->references))
		return;
	explicit_bzero(self->secret, strlen(self->secret));
	g_free(self->secret);
	g_free(self->authcid);
	g_free(self->authzid);
	g_free(self);
}

/**
 * ferry_credential_get_kind:
 * @self: a credential
 *
 * Returns: what the secret is
 */
FerryCredentialKind
ferry_credential_get_kind(FerryCredential *self)
{
	return self->kind;
}

/**
 * ferry_credential_get_authcid:
 * @self: a credential
 *
 * Returns: (nullable): the authentication identity: whose secret it is
 */
const char *
ferry_credential_get_authcid(FerryCredential *self)
{
	return self->authcid;
}

/**
 * ferry_credential_get_authzid:
 * @self: a credential
 *
 * Returns: (nullable): the authorization identity: whom to act as, NULL for the same
 */
const char *
ferry_credential_get_authzid(FerryCredential *self)
{
	return self->authzid;
}

/**
 * ferry_credential_get_secret:
 * @self: a credential
 *
 * Gets the password or the token. It must not get into a log or an error message.
 *
 * Returns: the secret
 */
const char *
ferry_credential_get_secret(FerryCredential *self)
{
	return self->secret;
}

/* As long for a difference in the first octet as in the last. */
static gboolean
ferry_credential_equal_secret(const char *a, const char *b)
{
	gsize length = strlen(a);
	guint8 difference = 0;

	if (strlen(b) != length)
		return FALSE;
	for (gsize i = 0; i < length; i++)
		difference |= (guint8)(a[i] ^ b[i]);
	return difference == 0;
}

/**
 * ferry_credential_equal:
 * @a: a credential
 * @b: another
 *
 * Returns: whether both say the same
 */
gboolean
ferry_credential_equal(FerryCredential *a, FerryCredential *b)
{
	return a->kind == b->kind && g_strcmp0(a->authcid, b->authcid) == 0 &&
	       g_strcmp0(a->authzid, b->authzid) == 0 &&
	       ferry_credential_equal_secret(a->secret, b->secret);
}
