/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/account-private.h"
#include "account/outcome-private.h"

typedef enum {
	FERRY_UPLOAD_NONE = 0,
	FERRY_UPLOAD_STREAM = 1 << 0, /* each by the upload URL, nothing inside of requests */
} FerryUploadFlags;

/* Makes blobs of messages (FerryAppendMessage). @begun_at: since when whoever asked waits. */
void ferry_upload_async(FerryMailAccount *account, FerryAccountSession *session,
			GPtrArray *messages, FerryUploadFlags flags, gint64 begun_at,
			GCancellable *cancellable, GAsyncReadyCallback callback,
			gpointer user_data);
/* Ids by message; NULL for those that are to be made in the request that imports them.
 * @begun_at: (out) (nullable): from when on the time of the command runs now */
GPtrArray *ferry_upload_finish(FerryMailAccount *account, GAsyncResult *result, gint64 *begun_at,
			       GError **error);
/* A call that makes blobs failed: one that this server does not know is not tried again. */
void ferry_upload_note_refusal(FerryMailAccount *account, const GError *error);
/* Whether another way to the same backend would fail too. */
gboolean ferry_upload_is_away(const GError *error);
