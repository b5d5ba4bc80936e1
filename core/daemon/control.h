/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/server.h"

G_BEGIN_DECLS

#define FERRY_CONTROL_OBJECT "/org/ferry/Control1"
#define FERRY_CONTROL_INTERFACE "org.ferry.Control1"

/**
 * FerryControl:
 *
 * The control socket: GDBus peer-to-peer, for `ferry` and for people with busctl. Only the user who
 * runs the daemon, and root, may speak to it.
 */
#define FERRY_TYPE_CONTROL (ferry_control_get_type())
G_DECLARE_FINAL_TYPE(FerryControl, ferry_control, FERRY, CONTROL, GObject)

FerryControl *ferry_control_new(FerryServer *server, const char *path, GError **error);
GDBusConnection *ferry_control_connect(const char *path, GError **error);

G_END_DECLS
