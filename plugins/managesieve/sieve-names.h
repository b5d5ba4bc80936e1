/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* octets, where the backend does not say (RFC 5804 §1.6) */
#define SIEVE_MAX_NAME 512

char *sieve_name_check(const guint8 *name, gsize length, guint64 limit, GError **error);
char *sieve_name_make(const char *jmap_name, const char *id, GHashTable *taken);

G_END_DECLS
