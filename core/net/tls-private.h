/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "net/tls-credentials.h"

G_BEGIN_DECLS

typedef struct _FerryTls FerryTls;

/* What the non-blocking functions return besides a count. */
typedef enum {
	FERRY_TLS_ERROR = -1,
	FERRY_TLS_AGAIN = -2,
} FerryTlsResult;

FerryTls *ferry_tls_new(FerryTlsCredentials *credentials, int fd, GError **error);
void ferry_tls_free(FerryTls *self);
gboolean ferry_tls_handshake(FerryTls *self, gboolean *done, GError **error);
GIOCondition ferry_tls_get_direction(FerryTls *self);
gssize ferry_tls_read(FerryTls *self, guint8 *data, gsize length, GError **error);
gssize ferry_tls_write(FerryTls *self, const guint8 *data, gsize length, GError **error);
gboolean ferry_tls_has_pending(FerryTls *self);
void ferry_tls_bye(FerryTls *self);
const char *ferry_tls_get_version(FerryTls *self);
char *ferry_tls_dup_cipher(FerryTls *self);
GBytes *ferry_tls_dup_channel_binding(FerryTls *self, const char *type, GError **error);

G_END_DECLS
