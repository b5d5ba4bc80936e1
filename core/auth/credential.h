/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

#define FERRY_TYPE_CREDENTIAL (ferry_credential_get_type())

/**
 * FerryCredential:
 *
 * What somebody signs in with. Immutable; the secret is wiped when the last reference goes, and
 * nothing here makes text of it for a log.
 */
typedef struct _FerryCredential FerryCredential;

/**
 * FerryCredentialKind:
 * @FERRY_CREDENTIAL_PASSWORD: a user name and a password (PLAIN, LOGIN)
 * @FERRY_CREDENTIAL_BEARER: an OAuth 2.0 bearer token (RFC 6750)
 *
 * What the secret of a credential is.
 */
typedef enum {
	FERRY_CREDENTIAL_PASSWORD,
	FERRY_CREDENTIAL_BEARER,
} FerryCredentialKind;

GType ferry_credential_get_type(void);
FerryCredential *ferry_credential_new_password(const char *authcid, const char *authzid,
					       const char *password);
FerryCredential *ferry_credential_new_bearer(const char *authcid, const char *authzid,
					     const char *token);
FerryCredential *ferry_credential_ref(FerryCredential *self);
void ferry_credential_unref(FerryCredential *self);
FerryCredentialKind ferry_credential_get_kind(FerryCredential *self);
const char *ferry_credential_get_authcid(FerryCredential *self);
const char *ferry_credential_get_authzid(FerryCredential *self);
const char *ferry_credential_get_secret(FerryCredential *self);
gboolean ferry_credential_equal(FerryCredential *a, FerryCredential *b);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryCredential, ferry_credential_unref)

G_END_DECLS
