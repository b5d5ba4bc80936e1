/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/account-private.h"
#include "message/structure.h"

/* octets of a message that is worth a file; what is smaller stays in memory */
#define FERRY_DOWNLOAD_FROM (256 * 1024)

/* A message in a file. */
typedef struct {
	GBytes *raw; /* mapped */
	FerryMessageStructure *structure;
} FerryDownloaded;

void ferry_downloaded_free(FerryDownloaded *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryDownloaded, ferry_downloaded_free)

/* Whether a message of @size octets (0: not known) is got by a download of its own. */
gboolean ferry_download_is_for(guint64 size);
/* Downloads a message into a file; those who ask for the same one share it. @keep: it may go into
 * the raw cache. */
void ferry_download_async(FerryMailAccount *account, FerryJmapSession *jmap, const char *email_id,
			  const char *blob_id, guint64 size, gboolean keep,
			  GCancellable *cancellable, GAsyncReadyCallback callback,
			  gpointer user_data);
FerryDownloaded *ferry_download_finish(FerryMailAccount *account, GAsyncResult *result,
				       GError **error);
