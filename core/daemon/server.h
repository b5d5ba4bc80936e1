/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/settings.h"
#include "registry/modules.h"

G_BEGIN_DECLS

/**
 * FerryServer:
 *
 * Everything that runs in ferryd: registry, store, accounts, listeners.
 *
 * Signal: `stopped ()`: every session has ended and everything is written.
 */
#define FERRY_TYPE_SERVER (ferry_server_get_type())
G_DECLARE_FINAL_TYPE(FerryServer, ferry_server, FERRY, SERVER, GObject)

FerryServer *ferry_server_new(FerrySettings *settings);
gboolean ferry_server_bind(FerryServer *self, GError **error);
gboolean ferry_server_start(FerryServer *self, GError **error);
gboolean ferry_server_reload(FerryServer *self, FerrySettings *settings, GError **error);
void ferry_server_stop(FerryServer *self);
GVariant *ferry_server_make_status(FerryServer *self);

G_END_DECLS
