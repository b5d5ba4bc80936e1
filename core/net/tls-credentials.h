/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

#define FERRY_TYPE_TLS_CREDENTIALS (ferry_tls_credentials_get_type())

/**
 * FerryTlsCredentials:
 *
 * A server's certificate chain and private key, with the TLS versions and ciphers allowed.
 * Immutable and usable from every thread; a reload makes new ones, sessions keep theirs.
 */
typedef struct _FerryTlsCredentials FerryTlsCredentials;

GType ferry_tls_credentials_get_type(void);
FerryTlsCredentials *ferry_tls_credentials_new_from_files(const char *certificate,
							  const char *private_key, GError **error);
FerryTlsCredentials *ferry_tls_credentials_ref(FerryTlsCredentials *self);
void ferry_tls_credentials_unref(FerryTlsCredentials *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryTlsCredentials, ferry_tls_credentials_unref)

G_END_DECLS
