/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define FERRY_TYPE_JMAP_FD_STREAM (ferry_jmap_fd_stream_get_type())
G_DECLARE_FINAL_TYPE(FerryJmapFdStream, ferry_jmap_fd_stream, FERRY, JMAP_FD_STREAM, GInputStream)

/* A stretch of a regular file; @fd stays the caller's and is duplicated. */
GInputStream *ferry_jmap_fd_stream_new(int fd, guint64 offset, guint64 size, GError **error);

G_END_DECLS
