/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

#include "jmap/backend.h"

G_BEGIN_DECLS

SoupSession *ferry_jmap_backend_get_soup(FerryJmapBackend *self, GError **error);
SoupSession *ferry_jmap_backend_get_stream_soup(FerryJmapBackend *self, GError **error);
const char *const *ferry_jmap_backend_get_urls(FerryJmapBackend *self);
guint ferry_jmap_backend_get_request_timeout(FerryJmapBackend *self);
guint ferry_jmap_backend_get_retry_after_max(FerryJmapBackend *self);
void ferry_jmap_backend_count_request(FerryJmapBackend *self);
void ferry_jmap_backend_note_certificate(FerryJmapBackend *self, const char *problem);

G_END_DECLS
