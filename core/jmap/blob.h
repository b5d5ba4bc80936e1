/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "jmap/method.h"
#include "jmap/session.h"

G_BEGIN_DECLS

/**
 * FerryJmapBlob:
 * @id: the blobId
 * @type: the media type that the server recorded
 * @size: octets
 *
 * An uploaded blob (RFC 8620 §6.1).
 */
typedef struct {
	char *id;
	char *type;
	guint64 size;
} FerryJmapBlob;

#define FERRY_TYPE_JMAP_BLOB (ferry_jmap_blob_get_type())
GType ferry_jmap_blob_get_type(void);
FerryJmapBlob *ferry_jmap_blob_copy(const FerryJmapBlob *self);
void ferry_jmap_blob_free(FerryJmapBlob *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryJmapBlob, ferry_jmap_blob_free)

/**
 * FerryJmapBlobFunc:
 * @session: the session
 * @index: which of the blobs asked for
 * @bytes: (nullable): its octets
 * @error: (nullable): why there are none
 * @user_data: what was given
 *
 * Called once for each blob, in any order, before the whole operation ends.
 */
typedef void (*FerryJmapBlobFunc)(FerryJmapSession *session, guint index, GBytes *bytes,
				  const GError *error, gpointer user_data);

void ferry_jmap_session_upload_async(FerryJmapSession *self, const char *account_id,
				     GInputStream *stream, guint64 size, const char *type,
				     gint64 begun_at, GCancellable *cancellable,
				     GAsyncReadyCallback callback, gpointer user_data);
void ferry_jmap_session_upload_fd_async(FerryJmapSession *self, const char *account_id, int fd,
					guint64 offset, guint64 size, const char *type,
					gint64 begun_at, GCancellable *cancellable,
					GAsyncReadyCallback callback, gpointer user_data);
FerryJmapBlob *ferry_jmap_session_upload_finish(FerryJmapSession *self, GAsyncResult *result,
						GError **error);

void ferry_jmap_session_open_blob_async(FerryJmapSession *self, const char *account_id,
					const char *blob_id, GCancellable *cancellable,
					GAsyncReadyCallback callback, gpointer user_data);
GInputStream *ferry_jmap_session_open_blob_finish(FerryJmapSession *self, GAsyncResult *result,
						  goffset *size, GError **error);

void ferry_jmap_session_download_async(FerryJmapSession *self, const char *account_id,
				       const char *blob_id, guint64 max_size,
				       GCancellable *cancellable, GAsyncReadyCallback callback,
				       gpointer user_data);
GBytes *ferry_jmap_session_download_finish(FerryJmapSession *self, GAsyncResult *result,
					   GError **error);

void ferry_jmap_session_download_fd_async(FerryJmapSession *self, const char *account_id,
					  const char *blob_id, int fd, guint64 size,
					  guint64 max_size, GCancellable *cancellable,
					  GAsyncReadyCallback callback, gpointer user_data);
gboolean ferry_jmap_session_download_fd_finish(FerryJmapSession *self, GAsyncResult *result,
					       guint64 *size, GError **error);

void ferry_jmap_session_fetch_blobs_async(FerryJmapSession *self, const char *account_id,
					  const char *const *blob_ids, const guint64 *sizes,
					  guint n_blobs, FerryJmapSendFlags flags,
					  FerryJmapBlobFunc func, gpointer func_data,
					  GDestroyNotify func_destroy, GCancellable *cancellable,
					  GAsyncReadyCallback callback, gpointer user_data);
gboolean ferry_jmap_session_fetch_blobs_finish(FerryJmapSession *self, GAsyncResult *result,
					       GError **error);

guint64 ferry_jmap_session_get_max_created_blob(FerryJmapSession *self, const char *account_id);
guint64 ferry_jmap_blob_get_encoded_size(guint64 size);
const char *ferry_jmap_request_add_blob_creations(FerryJmapRequest *request,
						  FerryJmapSession *session, const char *account_id,
						  const char *const *names, GPtrArray *blobs);
char *ferry_jmap_set_result_dup_created_blob(FerryJmapSetResult *self, const char *name,
					     guint64 size, GError **error);

G_END_DECLS
