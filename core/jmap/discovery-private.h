/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "jmap/backend.h"

G_BEGIN_DECLS

/* Finds where the backend's URLs lead; ferry_jmap_backend_get_servers() has it then. */
void ferry_jmap_discover_async(FerryJmapBackend *backend, GCancellable *cancellable,
			       GAsyncReadyCallback callback, gpointer user_data);
gboolean ferry_jmap_discover_finish(GAsyncResult *result, GError **error);

/* where the session object of a configured URL is */
char *ferry_jmap_discovery_url(const char *configured);

G_END_DECLS
