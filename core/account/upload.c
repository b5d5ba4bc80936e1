/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages on their way to the backend
 *
 * Specification: RFC 8620 §6.1, RFC 9404 §4.1
 * Implementation: where the backend makes blobs in requests, small messages go many at a time; if
 *   they all fit into one request they wait for the import, which takes them along. Large ones, and
 *   what a request could not carry, are streamed to the upload URL, one after the other
 */
#include "account/upload-private.h"

#include "jmap/blob.h"
#include "jmap/error.h"

/* octets of a message that is worth a request of its own */
#define SMALL_MESSAGE (256 * 1024)
/* octets in a millisecond */
#define SLOWEST_UPLINK 128
/* octets of blobs in one request, encoded: it is in memory several times over */
#define CHUNK_SIZE (1024 * 1024)

typedef enum {
	WAY_CREATE,
	WAY_ALONG, /* with the import */
	WAY_STREAM,
	WAY_DONE,
} Way;

typedef struct {
	FerryAccountSession *session;
	GPtrArray *messages;
	GPtrArray *blobs; /* ids */
	Way *ways;
	gint64 begun_at;
	GArray *chunk; /* guint: indices of the messages that are on their way */
	char *call_id;
	guint streamed;
} Upload;

static void upload_next(GTask *task);

static void
upload_free(gpointer data)
{
	Upload *self = data;

	g_object_unref(self->session);
	g_ptr_array_unref(self->messages);
	g_clear_pointer(&self->blobs, g_ptr_array_unref);
	g_array_unref(self->chunk);
	g_free(self->ways);
	g_free(self->call_id);
	g_free(self);
}

static guint64
get_size(Upload *self, guint index)
{
	return ((FerryAppendMessage *)self->messages->pdata[index])->size;
}

static void
done(Upload *self, guint index, char *blob_id)
{
	self->ways[index] = WAY_DONE;
	self->blobs->pdata[index] = blob_id;
}

static guint64
get_chunk_size(FerryJmapSession *jmap)
{
	return MIN(CHUNK_SIZE,
		   ferry_jmap_session_get_limit(jmap, FERRY_JMAP_LIMIT_SIZE_REQUEST) / 2);
}

/* The way of each message; what fits into one request goes along with the import. */
static void
choose_ways(Upload *self, FerryMailAccount *account, FerryUploadFlags flags)
{
	FerryJmapSession *jmap = self->session->jmap;
	guint64 most = (flags & FERRY_UPLOAD_STREAM) != 0 || account->no_blob_creation
			       ? 0
			       : ferry_jmap_session_get_max_created_blob(jmap, account->id);
	guint64 total = 0;
	guint n = 0;

	for (guint i = 0; i < self->messages->len; i++) {
		self->ways[i] =
			get_size(self, i) <= MIN(most, SMALL_MESSAGE) ? WAY_CREATE : WAY_STREAM;
		if (self->ways[i] != WAY_CREATE)
			continue;
		total += ferry_jmap_blob_get_encoded_size(get_size(self, i));
		n++;
	}
	if (total > get_chunk_size(jmap) ||
	    n > ferry_jmap_session_get_limit(jmap, FERRY_JMAP_LIMIT_OBJECTS_IN_SET))
		return;
	for (guint i = 0; i < self->messages->len; i++) {
		if (self->ways[i] == WAY_CREATE)
			self->ways[i] = WAY_ALONG;
	}
}

/* many small ones */

static void
take_chunk(Upload *self, FerryMailAccount *account)
{
	FerryJmapSession *jmap = self->session->jmap;
	guint64 limit = get_chunk_size(jmap);
	guint64 n = ferry_jmap_session_get_limit(jmap, FERRY_JMAP_LIMIT_OBJECTS_IN_SET);
	guint64 total = 0;

	g_array_set_size(self->chunk, 0);
	for (guint i = 0; i < self->messages->len && self->chunk->len < n; i++) {
		if (self->ways[i] != WAY_CREATE)
			continue;
		total += ferry_jmap_blob_get_encoded_size(get_size(self, i));
		if (self->chunk->len > 0 && total > limit)
			break;
		g_array_append_val(self->chunk, i);
	}
}

static void
take_created(Upload *self, FerryJmapSetResult *set)
{
	for (guint i = 0; i < self->chunk->len; i++) {
		guint index = g_array_index(self->chunk, guint, i);
		g_autofree char *name = g_strdup_printf("b%u", index);
		char *id = set != NULL ? ferry_jmap_set_result_dup_created_blob(
						 set, name, get_size(self, index), NULL)
				       : NULL;

		/* an upload of its own works, or gives the reason */
		if (id != NULL)
			done(self, index, id);
		else
			self->ways[index] = WAY_STREAM;
	}
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

static void
created_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	FerryMailAccount *account = g_task_get_source_object(task);
	Upload *self = g_task_get_task_data(task);
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryJmapReply) reply =
		ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &error);
	g_autoptr(FerryJmapSetResult) set = NULL;

	if (reply == NULL && ferry_upload_is_away(error)) {
		g_task_return_error(task, g_steal_pointer(&error));
		g_object_unref(task);
		return;
	}
	if (reply != NULL)
		set = ferry_jmap_reply_parse_set(reply, self->call_id, &error);
	if (set == NULL)
		ferry_upload_note_refusal(account, error);
	take_created(self, set);
	upload_next(task);
}

static void
send_chunk(GTask *task)
{
	FerryMailAccount *account = g_task_get_source_object(task);
	Upload *self = g_task_get_task_data(task);
	g_autoptr(FerryJmapRequest) request = ferry_jmap_request_new();
	g_autoptr(GPtrArray) blobs = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	g_auto(GStrv) names = g_new0(char *, self->chunk->len + 1);
	GError *error = NULL;

	for (guint i = 0; i < self->chunk->len; i++) {
		guint index = g_array_index(self->chunk, guint, i);
		GBytes *bytes =
			ferry_append_message_dup_bytes(self->messages->pdata[index], &error);

		if (bytes == NULL) {
			g_task_return_error(task, error);
			g_object_unref(task);
			return;
		}
		names[i] = g_strdup_printf("b%u", index);
		g_ptr_array_add(blobs, bytes);
	}
	g_free(self->call_id);
	self->call_id = g_strdup(ferry_jmap_request_add_blob_creations(
		request, self->session->jmap, account->id, (const char *const *)names, blobs));
	ferry_jmap_request_set_repeatable(request, TRUE);
	ferry_jmap_request_set_begun_at(request, self->begun_at);
	ferry_jmap_session_send_async(self->session->jmap, request, FERRY_JMAP_SEND_ALONE,
				      g_task_get_cancellable(task), created_cb, task);
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
	done(self, self->streamed, g_strdup(blob->id));
	/* the time that its octets needed is not the command's */
	self->begun_at = move_begun_at(self->begun_at, blob->size);
	upload_next(task);
}

static void
stream(GTask *task, guint index)
{
	FerryMailAccount *account = g_task_get_source_object(task);
	Upload *self = g_task_get_task_data(task);
	FerryAppendMessage *message = self->messages->pdata[index];
	g_autoptr(GInputStream) octets = NULL;

	self->streamed = index;
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

	take_chunk(self, g_task_get_source_object(task));
	if (self->chunk->len > 0) {
		send_chunk(task);
		return;
	}
	for (guint i = 0; i < self->messages->len; i++) {
		if (self->ways[i] == WAY_STREAM) {
			stream(task, i);
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
	self->ways = g_new0(Way, messages->len);
	self->begun_at = begun_at;
	self->chunk = g_array_new(FALSE, FALSE, sizeof(guint));
	g_task_set_task_data(task, self, upload_free);
	choose_ways(self, account, flags);
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
