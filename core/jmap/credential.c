/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who asks
 *
 * Specification: RFC 7617 (Basic, UTF-8), RFC 6750 (Bearer)
 * Implementation: the header line is made once and kept, since it goes with every request. libsoup
 *   copies it for each message and does not wipe those copies
 */
#include <string.h>

#include "jmap/credential-private.h"

struct _FerryJmapCredential {
	gatomicrefcount refs;
	char *user;
	char *header;
};

G_DEFINE_BOXED_TYPE(FerryJmapCredential, ferry_jmap_credential, ferry_jmap_credential_ref,
		    ferry_jmap_credential_unref)

static void
wipe(char *secret)
{
	if (secret == NULL)
		return;
	explicit_bzero(secret, strlen(secret));
	g_free(secret);
}

static FerryJmapCredential *
credential_new(const char *user, char *header)
{
	FerryJmapCredential *self = g_new0(FerryJmapCredential, 1);

	g_atomic_ref_count_init(&self->refs);
	self->user = g_strdup(user);
	self->header = header;
	return self;
}

/**
 * ferry_jmap_credential_new_basic:
 * @user: the user name
 * @password: the password
 *
 * Returns: (transfer full): a credential for HTTP Basic
 */
FerryJmapCredential *
ferry_jmap_credential_new_basic(const char *user, const char *password)
{
	gsize length = strlen(user) + 1 + strlen(password);
	char *pair = g_strconcat(user, ":", password, NULL);
	char *encoded = g_base64_encode((const guchar *)pair, length);
	FerryJmapCredential *self = credential_new(user, g_strconcat("Basic ", encoded, NULL));

	wipe(pair);
	wipe(encoded);
	return self;
}

/**
 * ferry_jmap_credential_new_bearer:
 * @user: (nullable): whom the token is for, as far as known
 * @token: the token
 *
 * Returns: (transfer full): a credential for HTTP Bearer
 */
FerryJmapCredential *
ferry_jmap_credential_new_bearer(const char *user, const char *token)
{
	char *header = g_strconcat("Bearer ", token, NULL);

	/* what came from a client must not begin another header line */
	for (char *p = header + strlen("Bearer "); *p != '\0'; p++)
		if (!g_ascii_isgraph(*p))
			*p = '?';
	return credential_new(user, header);
}

/**
 * ferry_jmap_credential_ref:
 * @self: a credential
 *
 * Returns: (transfer full): @self
 */
FerryJmapCredential *
ferry_jmap_credential_ref(FerryJmapCredential *self)
{
	g_atomic_ref_count_inc(&self->refs);
	return self;
}

/**
 * ferry_jmap_credential_unref:
 * @self: (transfer full): a credential
 *
 * Drops a reference; the last one wipes the secret.
 */
void
ferry_jmap_credential_unref(FerryJmapCredential *self)
{
	if (!g_atomic_ref_count_dec(&self->refs))
		return;
	wipe(self->header);
	g_free(self->user);
	g_free(self);
}

/**
 * ferry_jmap_credential_get_user:
 * @self: a credential
 *
 * Returns: (nullable): the user name
 */
const char *
ferry_jmap_credential_get_user(FerryJmapCredential *self)
{
	return self->user;
}

/* private: the value of the Authorization field */
const char *
ferry_jmap_credential_peek_header(FerryJmapCredential *self)
{
	return self->header;
}

/**
 * ferry_jmap_credential_equal:
 * @self: a credential
 * @other: another
 *
 * Compares in a time that depends on the lengths only.
 *
 * Returns: whether both are the same kind, user and secret
 */
gboolean
ferry_jmap_credential_equal(FerryJmapCredential *self, FerryJmapCredential *other)
{
	gsize length = strlen(self->header);
	volatile guchar difference = 0;

	if (length != strlen(other->header) || g_strcmp0(self->user, other->user) != 0)
		return FALSE;
	for (gsize i = 0; i < length; i++)
		difference |= (guchar)(self->header[i] ^ other->header[i]);
	return difference == 0;
}
