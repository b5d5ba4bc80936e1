/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages on their way to the backend
 *
 * Specification: RFC 8620 §6.1
 * Implementation: large ones are streamed to the upload URL, one after the other. Where the backend
 *   makes blobs in requests, small ones wait for their import and go along with it: there are
 *   backends (Cyrus) where such a blob lives no longer than its request
 */
#include "account/upload-private.h"

#include "jmap/blob.h"
#include "jmap/error.h"

/* octets of a message that is worth a request of its own */
#define SMALL_MESSAGE (256 * 1024)
/* octets in a millisecond */
#define SLOWEST_UPLINK 128

typedef struct {
	FerryAccountSession *session;
	GPtrArray *messages;
	GPtrArray *blobs; /* ids */
	FerryUploadFlags flags;
	gint64 begun_at;
	guint next; /* of messages */
} Upload;

static void upload_next(GTask *task);

static void
upload_free(gpointer data)
{
	Upload *self = data;

	g_object_unref(self->session);
	g_ptr_array_unref(self->messages);
	g_clear_pointer(&self->blobs, g_ptr_array_unref);
	g_free(self);
}

static gboolean
goes_along(Upload *self, FerryMailAccount *account, guint64 size)
{
	guint64 most;

	if ((self->flags & FERRY_UPLOAD_STREAM) != 0 || account->no_blob_creation)
		return FALSE;
	most = ferry_jmap_session_get_max_created_blob(self->session->jmap, account->id);
	return size <= MIN(most, SMALL_MESSAGE);
}

void
ferry_upload_note_refusal(FerryMailAccount *account, const GError *error)
{
	if (g_error_matches(error, FERRY_JMAP_ERROR, FERRY_JMAP_ERROR_UNKNOWN_METHOD) ||
	    g_error_matches(error, FERRY_ERROR, FERRY_ERROR_CANNOT))
		account->no_blob_creation = TRUE;
}

gboolean
ferry_upload_is_away(const GError *error)
{
	return g_error_matches(error, FERRY_ERROR, FERRY_ERROR_UNAVAILABLE) ||
	       g_error_matches(error, FERRY_ERROR, FERRY_ERROR_EXPIRED) ||
	       g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* large ones */

static gint64
move_begun_at(gint64 begun_at, guint64 size)
{
	return MIN(g_get_monotonic_time(),
		   begun_at + (gint64)(size / SLOWEST_UPLINK) * G_TIME_SPAN_MILLISECOND);
}

static void
streamed_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	Upload *self = g_task_get_task_data(task);
	GError *error = NULL;
	g_autoptr(FerryJmapBlob) blob =
		ferry_jmap_session_upload_finish(FERRY_JMAP_SESSION(source), result, &error);

	if (blob == NULL) {
		g_task_return_error(task, error);
		g_object_unref(task);
		return;
	}
	self->blobs->pdata[self->next++] = g_strdup(blob->id);
	/* the time that its octets needed is not the command's */
	self->begun_at = move_begun_at(self->begun_at, blob->size);
	upload_next(task);
}

static void
stream(GTask *task, FerryAppendMessage *message)
{
	FerryMailAccount *account = g_task_get_source_object(task);
	Upload *self = g_task_get_task_data(task);
	g_autoptr(GInputStream) octets = NULL;

	if (message->bytes == NULL) {
		ferry_jmap_session_upload_fd_async(self->session->jmap, account->id, message->fd, 0,
						   message->size, "message/rfc822", self->begun_at,
						   g_task_get_cancellable(task), streamed_cb, task);
		return;
	}
	octets = g_memory_input_stream_new_from_bytes(message->bytes);
	ferry_jmap_session_upload_async(self->session->jmap, account->id, octets, message->size,
					"message/rfc822", self->begun_at,
					g_task_get_cancellable(task), streamed_cb, task);
}

static void
upload_next(GTask *task)
{
	Upload *self = g_task_get_task_data(task);

	for (; self->next < self->messages->len; self->next++) {
		FerryAppendMessage *message = self->messages->pdata[self->next];

		if (!goes_along(self, g_task_get_source_object(task), message->size)) {
			stream(task, message);
			return;
		}
	}
	g_task_return_pointer(task, g_steal_pointer(&self->blobs),
			      (GDestroyNotify)g_ptr_array_unref);
	g_object_unref(task);
}

void
ferry_upload_async(FerryMailAccount *account, FerryAccountSession *session, GPtrArray *messages,
		   FerryUploadFlags flags, gint64 begun_at, GCancellable *cancellable,
		   GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = g_task_new(account, cancellable, callback, user_data);
	Upload *self = g_new0(Upload, 1);

	g_task_set_source_tag(task, ferry_upload_async);
	self->session = g_object_ref(session);
	self->messages = g_ptr_array_ref(messages);
	self->blobs = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_set_size(self->blobs, (gint)messages->len);
	self->flags = flags;
	self->begun_at = begun_at;
	g_task_set_task_data(task, self, upload_free);
	upload_next(task);
}

GPtrArray *
ferry_upload_finish(FerryMailAccount *account, GAsyncResult *result, gint64 *begun_at,
		    GError **error)
{
	if (begun_at != NULL)
		*begun_at = ((Upload *)g_task_get_task_data(G_TASK(result)))->begun_at;
	return g_task_propagate_pointer(G_TASK(result), error);
}
