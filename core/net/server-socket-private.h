/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

int ferry_server_socket_new_unix(const char *path, GError **error);
int ferry_server_socket_new_tcp(const char *address, guint16 port, GError **error);

G_END_DECLS
