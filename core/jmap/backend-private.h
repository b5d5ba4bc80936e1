/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

#include "jmap/backend.h"
#include "jmap/health-private.h"

G_BEGIN_DECLS

SoupSession *ferry_jmap_backend_get_soup(FerryJmapBackend *self, GError **error);
SoupSession *ferry_jmap_backend_get_stream_soup(FerryJmapBackend *self, GError **error);
const char *ferry_jmap_backend_get_url(FerryJmapBackend *self, guint index, const char **domain);
const char *const *ferry_jmap_backend_get_servers(FerryJmapBackend *self);
gboolean ferry_jmap_backend_knows_servers(FerryJmapBackend *self);
void ferry_jmap_backend_take_servers(FerryJmapBackend *self, char **servers, guint seconds);
gboolean ferry_jmap_backend_trusts_host(FerryJmapBackend *self, const char *host);
FerryJmapHealth *ferry_jmap_backend_get_health(FerryJmapBackend *self);
gboolean ferry_jmap_backend_has_other(FerryJmapBackend *self, const char *url);
guint ferry_jmap_backend_get_request_timeout(FerryJmapBackend *self);
guint ferry_jmap_backend_get_retry_after_max(FerryJmapBackend *self);
void ferry_jmap_backend_count_request(FerryJmapBackend *self);
void ferry_jmap_backend_note_certificate(FerryJmapBackend *self, const char *problem);

G_END_DECLS
