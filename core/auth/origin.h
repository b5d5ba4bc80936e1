/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "net/connection.h"

G_BEGIN_DECLS

#define FERRY_TYPE_ORIGIN (ferry_origin_get_type())

/**
 * FerryOrigin:
 *
 * Where a sign-in comes from, as a verifier needs it: service, the listener's backend, address,
 * whether the way is private. Immutable; outlives the connection.
 */
typedef struct _FerryOrigin FerryOrigin;

GType ferry_origin_get_type(void);
FerryOrigin *ferry_origin_new(FerryConnection *connection, const char *service,
			      const char *backend);
FerryOrigin *ferry_origin_new_for_address(const FerryAddress *address, gboolean secure,
					  const char *service, const char *backend);
FerryOrigin *ferry_origin_ref(FerryOrigin *self);
void ferry_origin_unref(FerryOrigin *self);
const char *ferry_origin_get_service(FerryOrigin *self);
const char *ferry_origin_get_backend(FerryOrigin *self);
const FerryAddress *ferry_origin_get_address(FerryOrigin *self);
gboolean ferry_origin_is_secure(FerryOrigin *self);
gboolean ferry_origin_is_loopback(FerryOrigin *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryOrigin, ferry_origin_unref)

G_END_DECLS
