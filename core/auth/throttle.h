/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "net/address.h"

G_BEGIN_DECLS

#define FERRY_TYPE_THROTTLE (ferry_throttle_get_type())

/**
 * FerryThrottle:
 *
 * Slows down who guesses: failures are counted per address (IPv6: per /64) and per user, and
 * answers wait the longer the more there were. Also counts the connections of a user. One per
 * process, usable from every thread; it remembers a bounded number of addresses and users.
 */
G_DECLARE_FINAL_TYPE(FerryThrottle, ferry_throttle, FERRY, THROTTLE, GObject)

FerryThrottle *ferry_throttle_new(guint failures_per_address, guint connections_per_user,
				  gboolean limit_loopback);
void ferry_throttle_wait_async(FerryThrottle *self, const FerryAddress *address, const char *user,
			       GCancellable *cancellable, GAsyncReadyCallback callback,
			       gpointer user_data);
gboolean ferry_throttle_wait_finish(FerryThrottle *self, GAsyncResult *result, GError **error);
void ferry_throttle_add_failure(FerryThrottle *self, const FerryAddress *address, const char *user);
void ferry_throttle_add_success(FerryThrottle *self, const FerryAddress *address, const char *user);
guint ferry_throttle_get_delay(FerryThrottle *self, const FerryAddress *address, const char *user);
gboolean ferry_throttle_acquire_user(FerryThrottle *self, const char *user, GError **error);
void ferry_throttle_release_user(FerryThrottle *self, const char *user);

G_END_DECLS
