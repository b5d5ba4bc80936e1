/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

int ferry_mapped_open_unlinked(const char *dir, GError **error);
GBytes *ferry_mapped_new(int fd, GError **error);
void ferry_mapped_forget(gconstpointer data, gsize length);

G_END_DECLS
