/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "jmap/blob.h"

G_BEGIN_DECLS

/* The capability whose Blob methods the server has for an account; NULL for none. */
const char *ferry_jmap_choose_blob_capability(FerryJmapSession *session, const char *account_id);
void ferry_jmap_session_download_sized_async(FerryJmapSession *self, const char *account_id,
					     const char *blob_id, guint64 size, guint64 max_size,
					     GCancellable *cancellable,
					     GAsyncReadyCallback callback, gpointer user_data);

G_END_DECLS
