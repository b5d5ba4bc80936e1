/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Uploads and downloads
 *
 * Specification: RFC 8620 §6.1, §6.2
 * Implementation: bodies stream in both directions; uploads are repeated where their stream can
 *   seek, since an upload twice is one blob. A download into a file that is cut begins anew at the
 *   start of the file. Uploads at a time as the session states, whole downloads as many as API
 *   requests
 */
#include <errno.h>
#include <fcntl.h>

#include "jmap/blob-private.h"
#include "jmap/error.h"
#include "jmap/fd-stream-private.h"
#include "jmap/http-private.h"
#include "jmap/reply-private.h"
#include "jmap/session-private.h"

G_DEFINE_BOXED_TYPE(FerryJmapBlob, ferry_jmap_blob, ferry_jmap_blob_copy, ferry_jmap_blob_free)

/**
 * ferry_jmap_blob_copy:
 * @self: a blob
 *
 * Returns: (transfer full): a copy
 */
FerryJmapBlob *
ferry_jmap_blob_copy(const FerryJmapBlob *self)
{
	FerryJmapBlob *copy = g_new(FerryJmapBlob, 1);

	copy->id = g_strdup(self->id);
	copy->type = g_strdup(self->type);
	copy->size = self->size;
	return copy;
}

/**
 * ferry_jmap_blob_free:
 * @self: (transfer full): a blob
 *
 * Frees it.
 */
void
ferry_jmap_blob_free(FerryJmapBlob *self)
{
	g_free(self->id);
	g_free(self->type);
	g_free(self);
}

/* A transfer that waits at a gate and then is one exchange. */
typedef struct {
	FerryJmapHttpRequest *http; /* until it is sent */
	FerryJmapUrl url;
	char **values;       /* of its template */
	FerryJmapGate *gate; /* NULL for none */
	guint64 size;
	GAsyncReadyCallback done;
} Transfer;

static void
transfer_free(gpointer data)
{
	Transfer *transfer = data;

	g_clear_pointer(&transfer->http, ferry_jmap_http_request_unref);
	g_strfreev(transfer->values);
	g_free(transfer);
}

static void
transfer_start(gpointer data)
{
	GTask *task = data;
	Transfer *transfer = g_task_get_task_data(task);
	FerryJmapSession *session = g_task_get_source_object(task);

	ferry_jmap_session_exchange_async(session, g_steal_pointer(&transfer->http), transfer->url,
					  (const char *const *)transfer->values,
					  g_task_get_cancellable(task), transfer->done, task);
}

static void
transfer_run(GTask *task, FerryJmapHttpRequest *http, FerryJmapUrl url, const char *const *values,
	     FerryJmapGate *gate, guint64 size, GAsyncReadyCallback done)
{
	Transfer *transfer = g_new0(Transfer, 1);

	transfer->url = url;
	transfer->values = g_strdupv((char **)values);
	transfer->http = http;
	transfer->gate = gate;
	transfer->size = size;
	transfer->done = done;
	g_task_set_task_data(task, transfer, transfer_free);
	if (gate != NULL)
		ferry_jmap_gate_enter(gate, FALSE, transfer_start, task);
	else
		transfer_start(task);
}

/* The answer where it is a success; else the task is ended. */
static FerryJmapHttpResponse *
transfer_finish(GTask *task, GAsyncResult *result)
{
	FerryJmapSession *session = g_task_get_source_object(task);
	Transfer *transfer = g_task_get_task_data(task);
	GError *error = NULL;
	g_autoptr(FerryJmapHttpResponse) response =
		ferry_jmap_session_exchange_finish(result, &error);

	if (transfer->gate != NULL)
		ferry_jmap_gate_leave(transfer->gate);
	if (response != NULL && response->status >= 200 && response->status <= 299)
		return g_steal_pointer(&response);
	if (response != NULL && response->status == 401)
		error = ferry_jmap_session_saw_rejection(session);
	else if (response != NULL)
		error = ferry_jmap_http_response_to_error(response);
	g_task_return_error(task, error);
	return NULL;
}

static void
uploaded_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	g_autoptr(FerryJmapHttpResponse) response = transfer_finish(task, result);
	Transfer *transfer = g_task_get_task_data(task);
	g_autoptr(FerryJmapValue) value = NULL;
	g_autoptr(FerryJmapBlob) blob = NULL;
	GError *error = NULL;

	if (response == NULL)
		return;
	value = ferry_jmap_parse(response->body, &error);
	if (value == NULL) {
		g_task_return_error(task, error);
		return;
	}
	blob = g_new0(FerryJmapBlob, 1);
	blob->id = g_strdup(ferry_jmap_value_get_string(value, "blobId"));
	blob->type = g_strdup(ferry_jmap_value_get_string(value, "type"));
	blob->size = ferry_jmap_value_get_uint64(value, "size", transfer->size);
	if (blob->id == NULL || blob->size != transfer->size)
		g_task_return_new_error(task, FERRY_ERROR, FERRY_ERROR_BACKEND,
					"the backend did not take the upload as it was sent");
	else
		g_task_return_pointer(task, g_steal_pointer(&blob),
				      (GDestroyNotify)ferry_jmap_blob_free);
}

/**
 * ferry_jmap_session_upload_async:
 * @self: an open session
 * @account_id: the account
 * @stream: what to upload; repeats need one that can seek
 * @size: its octets from here to its end
 * @type: (nullable): its media type, `message/rfc822` where %NULL
 * @begun_at: monotonic microseconds, since when whoever asked waits; 0: since now. Octets that go
 *   out give it more time
 * @cancellable: (nullable): cancels it
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: passed to @callback
 *
 * Uploads a blob. It is not read into memory.
 */
void
ferry_jmap_session_upload_async(FerryJmapSession *self, const char *account_id,
				GInputStream *stream, guint64 size, const char *type,
				gint64 begun_at, GCancellable *cancellable,
				GAsyncReadyCallback callback, gpointer user_data)
{
	g_autoptr(GTask) task = g_task_new(self, cancellable, callback, user_data);
	FerryJmapHttpRequest *http = NULL;
	const char *const values[] = {"accountId", account_id, NULL};

	g_task_set_source_tag(task, ferry_jmap_session_upload_async);
	if (size > ferry_jmap_session_get_limit(self, FERRY_JMAP_LIMIT_SIZE_UPLOAD)) {
		g_task_return_new_error(
			task, FERRY_ERROR, FERRY_ERROR_TOO_BIG,
			"the backend takes no more than %" G_GUINT64_FORMAT " octets",
			ferry_jmap_session_get_limit(self, FERRY_JMAP_LIMIT_SIZE_UPLOAD));
		return;
	}
	http = ferry_jmap_http_request_new("POST", NULL, ferry_jmap_session_get_credential(self));
	http->accept = "application/json";
	http->content_type = g_strdup(type != NULL ? type : "message/rfc822");
	http->body_stream = g_object_ref(stream);
	http->body_size = size;
	http->begun_at = begun_at;
	http->max_reply = 65536;
	transfer_run(g_steal_pointer(&task), http, FERRY_JMAP_URL_UPLOAD, values,
		     ferry_jmap_session_get_upload_gate(self), size, uploaded_cb);
}

/**
 * ferry_jmap_session_upload_fd_async:
 * @self: an open session
 * @account_id: the account
 * @fd: a regular file; it stays the caller's and may be closed at once
 * @offset: where in it the blob begins
 * @size: octets of the blob
 * @type: (nullable): its media type, `message/rfc822` where %NULL
 * @begun_at: monotonic microseconds, since when whoever asked waits; 0: since now. Octets that go
 *   out give it more time
 * @cancellable: (nullable): cancels it
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: passed to @callback
 *
 * Uploads a stretch of a file. Ends with [method@JmapSession.upload_finish].
 */
void
ferry_jmap_session_upload_fd_async(FerryJmapSession *self, const char *account_id, int fd,
				   guint64 offset, guint64 size, const char *type, gint64 begun_at,
				   GCancellable *cancellable, GAsyncReadyCallback callback,
				   gpointer user_data)
{
	GError *error = NULL;
	g_autoptr(GInputStream) stream = ferry_jmap_fd_stream_new(fd, offset, size, &error);

	if (stream == NULL) {
		g_task_report_error(self, callback, user_data, ferry_jmap_session_upload_fd_async,
				    error);
		return;
	}
	ferry_jmap_session_upload_async(self, account_id, stream, size, type, begun_at, cancellable,
					callback, user_data);
}

/**
 * ferry_jmap_session_upload_finish:
 * @self: a session
 * @result: what the callback got
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): the blob, or %NULL with %FERRY_ERROR_TOO_BIG,
 *   %FERRY_ERROR_OVER_QUOTA, %FERRY_ERROR_UNAVAILABLE and the like
 */
FerryJmapBlob *
ferry_jmap_session_upload_finish(FerryJmapSession *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}

static void
run_download(GTask *task, FerryJmapHttpRequest *http, const char *account_id, const char *blob_id,
	     FerryJmapGate *gate, guint64 size, GAsyncReadyCallback done)
{
	const char *const values[] = {"accountId", account_id, "blobId",
				      blob_id,     "type",     "application/octet-stream",
				      "name",      "blob",     NULL};

	transfer_run(task, http, FERRY_JMAP_URL_DOWNLOAD, values, gate, size, done);
}

static void
blob_opened_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	g_autoptr(FerryJmapHttpResponse) response = transfer_finish(task, result);

	if (response == NULL)
		return;
	g_object_set_data_full(G_OBJECT(task), "size",
			       g_memdup2(&response->stream_size, sizeof response->stream_size),
			       g_free);
	g_task_return_pointer(task, g_steal_pointer(&response->stream), g_object_unref);
}

/**
 * ferry_jmap_session_open_blob_async:
 * @self: an open session
 * @account_id: the account
 * @blob_id: the blob
 * @cancellable: (nullable): cancels it
 * @callback: (scope async) (closure user_data): called when its first octets are there
 * @user_data: passed to @callback
 *
 * Downloads a blob as a stream, which the caller reads at its own pace. Who stops reading holds a
 * connection; reads have no time-out but @cancellable.
 */
void
ferry_jmap_session_open_blob_async(FerryJmapSession *self, const char *account_id,
				   const char *blob_id, GCancellable *cancellable,
				   GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = g_task_new(self, cancellable, callback, user_data);
	FerryJmapHttpRequest *http =
		ferry_jmap_http_request_new("GET", NULL, ferry_jmap_session_get_credential(self));

	g_task_set_source_tag(task, ferry_jmap_session_open_blob_async);
	http->want_stream = TRUE;
	run_download(task, http, account_id, blob_id, NULL, 0, blob_opened_cb);
}

/**
 * ferry_jmap_session_open_blob_finish:
 * @self: a session
 * @result: what the callback got
 * @size: (out) (optional): how many octets there will be, -1 where the server does not say
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): the octets, or %NULL with %FERRY_ERROR_NOT_FOUND and the
 *   like. Reading may fail with errors of the network: the octets read until then are good
 */
GInputStream *
ferry_jmap_session_open_blob_finish(FerryJmapSession *self, GAsyncResult *result, goffset *size,
				    GError **error)
{
	goffset *announced = g_object_get_data(G_OBJECT(result), "size");

	if (size != NULL)
		*size = announced != NULL ? *announced : -1;
	return g_task_propagate_pointer(G_TASK(result), error);
}

static void
downloaded_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	g_autoptr(FerryJmapHttpResponse) response = transfer_finish(task, result);

	if (response != NULL)
		g_task_return_pointer(task,
				      g_byte_array_free_to_bytes(g_steal_pointer(&response->body)),
				      (GDestroyNotify)g_bytes_unref);
}

/* Downloads a blob that should have @size octets into memory; 0: that is not known. */
void
ferry_jmap_session_download_sized_async(FerryJmapSession *self, const char *account_id,
					const char *blob_id, guint64 size, guint64 max_size,
					GCancellable *cancellable, GAsyncReadyCallback callback,
					gpointer user_data)
{
	GTask *task = g_task_new(self, cancellable, callback, user_data);
	FerryJmapHttpRequest *http =
		ferry_jmap_http_request_new("GET", NULL, ferry_jmap_session_get_credential(self));

	g_task_set_source_tag(task, ferry_jmap_session_download_async);
	http->expected_size = size;
	/* GByteArray counts with 32 bits */
	http->max_reply = (gsize)MIN(max_size, G_MAXINT32);
	run_download(task, http, account_id, blob_id, ferry_jmap_session_get_download_gate(self),
		     max_size, downloaded_cb);
}

/**
 * ferry_jmap_session_download_async:
 * @self: an open session
 * @account_id: the account
 * @blob_id: the blob
 * @max_size: octets that are too many
 * @cancellable: (nullable): cancels it
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: passed to @callback
 *
 * Downloads a blob into memory.
 */
void
ferry_jmap_session_download_async(FerryJmapSession *self, const char *account_id,
				  const char *blob_id, guint64 max_size, GCancellable *cancellable,
				  GAsyncReadyCallback callback, gpointer user_data)
{
	ferry_jmap_session_download_sized_async(self, account_id, blob_id, 0, max_size, cancellable,
						callback, user_data);
}

/**
 * ferry_jmap_session_download_finish:
 * @self: a session
 * @result: what the callback got
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): the octets, or %NULL with %FERRY_ERROR_NOT_FOUND,
 *   %FERRY_ERROR_TOO_BIG and the like
 */
GBytes *
ferry_jmap_session_download_finish(FerryJmapSession *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}

static void
stored_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	g_autoptr(FerryJmapHttpResponse) response = transfer_finish(task, result);

	if (response != NULL)
		g_task_return_pointer(
			task, g_memdup2(&response->sink_size, sizeof response->sink_size), g_free);
}

/**
 * ferry_jmap_session_download_fd_async:
 * @self: an open session
 * @account_id: the account
 * @blob_id: the blob
 * @fd: a regular file, open for writing; it stays the caller's and may be closed at once
 * @size: octets that the blob should have, 0 where that is not known
 * @max_size: octets that are too many
 * @cancellable: (nullable): cancels it
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: passed to @callback
 *
 * Downloads a blob into a file, from its start, whatever the file held. Memory is that of a piece
 * of it, and the file is written in threads. Until it is done, and when it fails, what is in the
 * file is nothing.
 */
void
ferry_jmap_session_download_fd_async(FerryJmapSession *self, const char *account_id,
				     const char *blob_id, int fd, guint64 size, guint64 max_size,
				     GCancellable *cancellable, GAsyncReadyCallback callback,
				     gpointer user_data)
{
	GTask *task = g_task_new(self, cancellable, callback, user_data);
	FerryJmapHttpRequest *http =
		ferry_jmap_http_request_new("GET", NULL, ferry_jmap_session_get_credential(self));

	g_task_set_source_tag(task, ferry_jmap_session_download_fd_async);
	http->sink = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (http->sink < 0) {
		int code = errno;

		ferry_jmap_http_request_unref(http);
		g_task_return_new_error(task, G_IO_ERROR, g_io_error_from_errno(code),
					"A file for a download: %s", g_strerror(code));
		g_object_unref(task);
		return;
	}
	http->expected_size = size;
	http->max_reply = (gsize)MIN(max_size, G_MAXSIZE / 2);
	run_download(task, http, account_id, blob_id, ferry_jmap_session_get_download_gate(self),
		     max_size, stored_cb);
}

/**
 * ferry_jmap_session_download_fd_finish:
 * @self: a session
 * @result: what the callback got
 * @size: (out) (optional): how many octets the blob has
 * @error: return location for an error
 *
 * Returns: whether the file holds the blob, and nothing else; else %FERRY_ERROR_NOT_FOUND and the
 *   like, or %G_IO_ERROR_NO_SPACE and other %G_IO_ERROR where the file could not be written
 */
gboolean
ferry_jmap_session_download_fd_finish(FerryJmapSession *self, GAsyncResult *result, guint64 *size,
				      GError **error)
{
	g_autofree guint64 *stored = g_task_propagate_pointer(G_TASK(result), error);

	if (stored != NULL && size != NULL)
		*size = *stored;
	return stored != NULL;
}
