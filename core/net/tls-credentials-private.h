/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gnutls/gnutls.h>

#include "net/tls-credentials.h"

G_BEGIN_DECLS

gboolean ferry_tls_credentials_apply(FerryTlsCredentials *self, gnutls_session_t session,
				     GError **error);

G_END_DECLS
