/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * FerryJmapCredential:
 *
 * What proves who asks: a user name with a password (HTTP Basic, RFC 7617) or a bearer token
 * (RFC 6750). Immutable; the secret is wiped when the last reference goes, and never logged.
 */
typedef struct _FerryJmapCredential FerryJmapCredential;

#define FERRY_TYPE_JMAP_CREDENTIAL (ferry_jmap_credential_get_type())
GType ferry_jmap_credential_get_type(void);

FerryJmapCredential *ferry_jmap_credential_new_basic(const char *user, const char *password);
FerryJmapCredential *ferry_jmap_credential_new_bearer(const char *user, const char *token);
FerryJmapCredential *ferry_jmap_credential_ref(FerryJmapCredential *self);
void ferry_jmap_credential_unref(FerryJmapCredential *self);
const char *ferry_jmap_credential_get_user(FerryJmapCredential *self);
gboolean ferry_jmap_credential_equal(FerryJmapCredential *self, FerryJmapCredential *other);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryJmapCredential, ferry_jmap_credential_unref)

G_END_DECLS
