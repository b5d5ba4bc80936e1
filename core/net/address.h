/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

struct sockaddr;

G_BEGIN_DECLS

#define FERRY_TYPE_ADDRESS (ferry_address_get_type())

/**
 * FerryAddress:
 *
 * Where a peer is: an IPv4 or IPv6 address and its port, or a Unix socket. Small and immutable.
 */
typedef struct _FerryAddress FerryAddress;

GType ferry_address_get_type(void);
FerryAddress *ferry_address_new_from_string(const char *text, guint16 port, GError **error);
FerryAddress *ferry_address_new_from_native(const struct sockaddr *native, gsize length);
FerryAddress *ferry_address_new_unix(void);
FerryAddress *ferry_address_copy(const FerryAddress *self);
void ferry_address_free(FerryAddress *self);
char *ferry_address_to_string(const FerryAddress *self);
char *ferry_address_to_key(const FerryAddress *self);
guint16 ferry_address_get_port(const FerryAddress *self);
gboolean ferry_address_is_loopback(const FerryAddress *self);
gboolean ferry_address_is_unix(const FerryAddress *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryAddress, ferry_address_free)

G_END_DECLS
