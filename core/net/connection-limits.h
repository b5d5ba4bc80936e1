/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "net/address.h"

G_BEGIN_DECLS

#define FERRY_TYPE_CONNECTION_LIMITS (ferry_connection_limits_get_type())

/**
 * FerryConnectionLimits:
 *
 * How many connections may exist: in all, from one address, and not signed in. All listeners of a
 * process share one; usable from every thread.
 */
typedef struct _FerryConnectionLimits FerryConnectionLimits;

GType ferry_connection_limits_get_type(void);
FerryConnectionLimits *ferry_connection_limits_new(guint connections, guint per_address,
						   guint unauthenticated, gboolean limit_loopback);
FerryConnectionLimits *ferry_connection_limits_ref(FerryConnectionLimits *self);
void ferry_connection_limits_unref(FerryConnectionLimits *self);
gboolean ferry_connection_limits_acquire(FerryConnectionLimits *self, const FerryAddress *peer,
					 GError **error);
void ferry_connection_limits_set_authenticated(FerryConnectionLimits *self);
void ferry_connection_limits_reset_authenticated(FerryConnectionLimits *self);
void ferry_connection_limits_release(FerryConnectionLimits *self, const FerryAddress *peer,
				     gboolean authenticated);
guint ferry_connection_limits_get_count(FerryConnectionLimits *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryConnectionLimits, ferry_connection_limits_unref)

G_END_DECLS
