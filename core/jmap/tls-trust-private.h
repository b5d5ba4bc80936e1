/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Whom to trust, made so that a new connection costs 2 ms instead of 30. */
#define FERRY_TYPE_TLS_TRUST (ferry_tls_trust_get_type())
G_DECLARE_FINAL_TYPE(FerryTlsTrust, ferry_tls_trust, FERRY, TLS_TRUST, GTlsDatabase)

GTlsDatabase *ferry_tls_trust_new_for_file(const char *path, GError **error);
void ferry_tls_trust_wrap_default(void);
char *ferry_tls_trust_describe(GTlsCertificateFlags flags);

G_END_DECLS
