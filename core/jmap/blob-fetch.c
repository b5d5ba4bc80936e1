/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many blobs at once
 *
 * Specification: RFC 9404 §4.2 (Blob/get); its draft as Cyrus has it, where text and base64 are
 *   asked for by name
 * Implementation: small blobs go in chunks of Blob/get, where the server has it; large ones, and
 *   those that JSON cannot carry, as downloads of their own. Octets are exact: text counts only
 *   where its length is the blob's size, else base64, else a download
 */
#include <string.h>

#include "jmap/blob-private.h"
#include "jmap/error.h"
#include "jmap/session-private.h"
#include "jmap/value-private.h"

#define CHUNK_SIZE (2 * 1024 * 1024)
#define CHUNK_BLOBS 256
#define LARGE_BLOB (512 * 1024)
#define UNKNOWN_SIZE (16 * 1024)
#define MAX_BLOB (512 * 1024 * 1024)
/* a backend may be wrong about a size, within reason */
#define SLACK (1024 * 1024)

typedef enum {
	HOW_TEXT,
	HOW_BASE64,
	HOW_DOWNLOAD,
	N_HOWS,
} How;

typedef struct {
	FerryJmapSession *session;
	char *account_id;
	char **ids;
	guint64 *sizes;
	guint n_blobs;
	FerryJmapSendFlags flags;
	FerryJmapBlobFunc func;
	gpointer func_data;
	GDestroyNotify func_destroy;
	const char *capability; /* NULL where there is no Blob/get */
	GQueue waiting[N_HOWS]; /* indices */
	guint in_flight;
	GError *error; /* the first that concerns the backend, not a blob */
} Fetch;

typedef struct {
	GTask *task;
	GArray *indices; /* guint */
	How how;
	char *call_id;
} Chunk;

static void pump(GTask *task);

static void
fetch_free(gpointer data)
{
	Fetch *self = data;

	for (guint i = 0; i < N_HOWS; i++)
		g_queue_clear(&self->waiting[i]);
	if (self->func_destroy != NULL)
		self->func_destroy(self->func_data);
	g_clear_error(&self->error);
	g_free(self->account_id);
	g_strfreev(self->ids);
	g_free(self->sizes);
	g_free(self);
}

static void
chunk_free(Chunk *chunk)
{
	g_object_unref(chunk->task);
	g_array_unref(chunk->indices);
	g_free(chunk->call_id);
	g_free(chunk);
}

static void
tell(Fetch *self, guint index, GBytes *bytes, const GError *error)
{
	self->func(self->session, index, bytes, error, self->func_data);
}

static gboolean
concerns_all(const GError *error)
{
	return g_error_matches(error, FERRY_ERROR, FERRY_ERROR_UNAVAILABLE) ||
	       g_error_matches(error, FERRY_ERROR, FERRY_ERROR_EXPIRED) ||
	       g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* the backend is away: the rest is not tried, but told */
static void
give_up(Fetch *self, const GError *error)
{
	if (self->error == NULL)
		self->error = g_error_copy(error);
	for (guint how = 0; how < N_HOWS; how++)
		while (!g_queue_is_empty(&self->waiting[how]))
			tell(self, GPOINTER_TO_UINT(g_queue_pop_head(&self->waiting[how])), NULL,
			     error);
}

static void
later(Fetch *self, How how, guint index)
{
	g_queue_push_tail(&self->waiting[how], GUINT_TO_POINTER(index));
}

/* how to try what @how could not carry: the standard's Blob/get has chosen base64 itself */
static How
next_how(Fetch *self, How how)
{
	if (how == HOW_TEXT && g_str_equal(self->capability, FERRY_JMAP_CAPABILITY_CYRUS_BLOB))
		return HOW_BASE64;
	return HOW_DOWNLOAD;
}

/* the octets that an answer holds, NULL where they are not exactly the blob's */
static GBytes *
read_blob(FerryJmapValue *value, guint64 expected)
{
	const char *text = ferry_jmap_value_get_string(value, "data:asText");
	const char *base64 = ferry_jmap_value_get_string(value, "data:asBase64");
	guint64 size = ferry_jmap_value_get_uint64(value, "size", expected);
	g_autoptr(GBytes) bytes = NULL;

	if (ferry_jmap_value_get_boolean(value, "isEncodingProblem", FALSE) ||
	    ferry_jmap_value_get_boolean(value, "isTruncated", FALSE))
		return NULL;
	if (text != NULL) {
		bytes = g_bytes_new(text, strlen(text));
	} else if (base64 != NULL) {
		gsize length = 0;
		guchar *data = g_base64_decode(base64, &length);

		bytes = g_bytes_new_take(data, length);
	}
	if (bytes == NULL || g_bytes_get_size(bytes) != size)
		return NULL;
	return g_steal_pointer(&bytes);
}

static void
take_answer(Fetch *self, Chunk *chunk, FerryJmapValue *answer)
{
	g_autoptr(GHashTable) found = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
							    (GDestroyNotify)ferry_jmap_value_unref);
	FerryJmapValueIter iter;
	FerryJmapValue *item = NULL;

	ferry_jmap_value_iter_init(&iter, answer, "list");
	while (ferry_jmap_value_iter_next(&iter, NULL, &item)) {
		const char *id = ferry_jmap_value_get_string(item, "id");

		if (id != NULL)
			g_hash_table_insert(found, (gpointer)id, item);
		else
			ferry_jmap_value_unref(item);
	}
	for (guint i = 0; i < chunk->indices->len; i++) {
		guint index = g_array_index(chunk->indices, guint, i);
		FerryJmapValue *value = g_hash_table_lookup(found, self->ids[index]);
		g_autoptr(GBytes) bytes =
			value != NULL ? read_blob(value, self->sizes[index]) : NULL;

		if (bytes != NULL)
			tell(self, index, bytes, NULL);
		else /* also where it was not found: a download gives the reason */
			later(self, next_how(self, chunk->how), index);
	}
}

static void
chunk_failed(Fetch *self, Chunk *chunk, const GError *error)
{
	for (guint i = 0; i < chunk->indices->len; i++) {
		guint index = g_array_index(chunk->indices, guint, i);

		if (concerns_all(error))
			tell(self, index, NULL, error);
		else
			later(self, HOW_DOWNLOAD, index);
	}
	if (concerns_all(error))
		give_up(self, error);
}

static void
chunk_answered_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Chunk *chunk = user_data;
	g_autoptr(GTask) task = g_object_ref(chunk->task);
	Fetch *self = g_task_get_task_data(task);
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryJmapReply) reply =
		ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &error);
	g_autoptr(FerryJmapValue) answer = NULL;

	self->in_flight--;
	if (reply != NULL)
		answer = ferry_jmap_reply_get_result(reply, chunk->call_id, &error);
	if (answer != NULL)
		take_answer(self, chunk, answer);
	else
		chunk_failed(self, chunk, error);
	chunk_free(chunk);
	pump(task);
}

/* takes as many as make a chunk */
static GArray *
take_chunk(Fetch *self, How how)
{
	GArray *indices = g_array_new(FALSE, FALSE, sizeof(guint));
	guint64 max =
		MIN(ferry_jmap_session_get_limit(self->session, FERRY_JMAP_LIMIT_OBJECTS_IN_GET),
		    CHUNK_BLOBS);
	guint64 total = 0;

	while (indices->len < max && total < CHUNK_SIZE && !g_queue_is_empty(&self->waiting[how])) {
		guint index = GPOINTER_TO_UINT(g_queue_pop_head(&self->waiting[how]));

		total += self->sizes[index] > 0 ? self->sizes[index] : UNKNOWN_SIZE;
		g_array_append_val(indices, index);
	}
	return indices;
}

static FerryJmapBuilder *
build_get(Fetch *self, Chunk *chunk)
{
	static const char *const standard[] = {"data", "size", NULL};
	static const char *const draft_text[] = {"data:asText", "size", NULL};
	static const char *const draft_base64[] = {"data:asBase64", "size", NULL};
	FerryJmapBuilder *args = ferry_jmap_builder_new();
	gboolean draft = g_str_equal(self->capability, FERRY_JMAP_CAPABILITY_CYRUS_BLOB);

	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "accountId", self->account_id);
	ferry_jmap_builder_name(args, "ids");
	ferry_jmap_builder_begin_array(args);
	for (guint i = 0; i < chunk->indices->len; i++)
		ferry_jmap_builder_string(args, self->ids[g_array_index(chunk->indices, guint, i)]);
	ferry_jmap_builder_end_array(args);
	ferry_jmap_builder_set_strings(args, "properties",
				       !draft                   ? standard
				       : chunk->how == HOW_TEXT ? draft_text
								: draft_base64,
				       -1);
	ferry_jmap_builder_end_object(args);
	return args;
}

static void
send_chunk(GTask *task, How how)
{
	Fetch *self = g_task_get_task_data(task);
	g_autoptr(FerryJmapRequest) request = ferry_jmap_request_new();
	g_autoptr(FerryJmapBuilder) args = NULL;
	Chunk *chunk = g_new0(Chunk, 1);

	chunk->task = g_object_ref(task);
	chunk->how = how;
	chunk->indices = take_chunk(self, how);
	args = build_get(self, chunk);
	ferry_jmap_request_use(request, self->capability);
	chunk->call_id = g_strdup(ferry_jmap_request_add_call(request, "Blob/get", args));
	self->in_flight++;
	/* joined, the chunks would be one huge reply again */
	ferry_jmap_session_send_async(self->session, request, self->flags | FERRY_JMAP_SEND_ALONE,
				      g_task_get_cancellable(task), chunk_answered_cb, chunk);
}

static void
blob_downloaded_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Chunk *chunk = user_data;
	g_autoptr(GTask) task = g_object_ref(chunk->task);
	Fetch *self = g_task_get_task_data(task);
	guint index = g_array_index(chunk->indices, guint, 0);
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) bytes =
		ferry_jmap_session_download_finish(FERRY_JMAP_SESSION(source), result, &error);

	self->in_flight--;
	tell(self, index, bytes, error);
	if (error != NULL && concerns_all(error))
		give_up(self, error);
	chunk_free(chunk);
	pump(task);
}

/* Octets that are too many for a blob in memory that should have @size. */
static guint64
get_most(guint64 size)
{
	return size > 0 ? MIN(size, MAX_BLOB / 2) * 2 + SLACK : MAX_BLOB;
}

static void
start_download(GTask *task)
{
	Fetch *self = g_task_get_task_data(task);
	guint index = GPOINTER_TO_UINT(g_queue_pop_head(&self->waiting[HOW_DOWNLOAD]));
	Chunk *chunk = g_new0(Chunk, 1);

	chunk->task = g_object_ref(task);
	chunk->indices = g_array_new(FALSE, FALSE, sizeof(guint));
	g_array_append_val(chunk->indices, index);
	self->in_flight++;
	ferry_jmap_session_download_sized_async(self->session, self->account_id, self->ids[index],
						self->sizes[index], get_most(self->sizes[index]),
						g_task_get_cancellable(task), blob_downloaded_cb,
						chunk);
}

/* Two chunks at a time: while one is read the backend makes the next. Downloads wait for
 * round trips only, so more of them. */
static void
pump(GTask *task)
{
	Fetch *self = g_task_get_task_data(task);

	while (self->in_flight < 2 && !g_queue_is_empty(&self->waiting[HOW_TEXT]))
		send_chunk(task, HOW_TEXT);
	while (self->in_flight < 2 && !g_queue_is_empty(&self->waiting[HOW_BASE64]))
		send_chunk(task, HOW_BASE64);
	while (self->in_flight < 6 && !g_queue_is_empty(&self->waiting[HOW_DOWNLOAD]))
		start_download(task);
	if (self->in_flight > 0 || g_task_get_completed(task))
		return;
	if (self->error != NULL)
		g_task_return_error(task, g_steal_pointer(&self->error));
	else
		g_task_return_boolean(task, TRUE);
	/* the one taken in fetch_blobs_async */
	g_object_unref(task);
}

static gboolean
fetch_begin_cb(gpointer user_data)
{
	pump(user_data);
	return G_SOURCE_REMOVE;
}

/**
 * ferry_jmap_session_fetch_blobs_async:
 * @self: an open session
 * @account_id: the account
 * @blob_ids: (array length=n_blobs): the blobs
 * @sizes: (array length=n_blobs) (nullable): their octets as far as known, 0 where not
 * @n_blobs: how many
 * @flags: how urgent
 * @func: (scope notified) (closure func_data) (destroy func_destroy): called once for each blob
 * @func_data: passed to @func
 * @func_destroy: (nullable): frees @func_data
 * @cancellable: (nullable): cancels it
 * @callback: (scope async) (closure user_data): called when @func was called for all
 * @user_data: passed to @callback
 *
 * Fetches the octets of many blobs in few requests. Each is held in memory whole: for large ones
 * use [method@JmapSession.download_fd_async].
 */
void
ferry_jmap_session_fetch_blobs_async(FerryJmapSession *self, const char *account_id,
				     const char *const *blob_ids, const guint64 *sizes,
				     guint n_blobs, FerryJmapSendFlags flags,
				     FerryJmapBlobFunc func, gpointer func_data,
				     GDestroyNotify func_destroy, GCancellable *cancellable,
				     GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = g_task_new(self, cancellable, callback, user_data);
	Fetch *fetch = g_new0(Fetch, 1);
	g_autoptr(GSource) source = g_idle_source_new();

	g_task_set_source_tag(task, ferry_jmap_session_fetch_blobs_async);
	g_task_set_check_cancellable(task, FALSE);
	g_task_set_task_data(task, fetch, fetch_free);
	fetch->session = self;
	fetch->account_id = g_strdup(account_id);
	fetch->ids = g_new0(char *, n_blobs + 1);
	fetch->sizes = g_new0(guint64, n_blobs + 1);
	fetch->n_blobs = n_blobs;
	fetch->flags = flags;
	fetch->func = func;
	fetch->func_data = func_data;
	fetch->func_destroy = func_destroy;
	fetch->capability = ferry_jmap_choose_blob_capability(self, account_id);
	for (guint i = 0; i < n_blobs; i++) {
		gboolean small = sizes == NULL || sizes[i] <= LARGE_BLOB;

		fetch->ids[i] = g_strdup(blob_ids[i]);
		fetch->sizes[i] = sizes != NULL ? sizes[i] : 0;
		later(fetch, small && fetch->capability != NULL ? HOW_TEXT : HOW_DOWNLOAD, i);
	}
	g_source_set_priority(source, G_PRIORITY_DEFAULT);
	g_source_set_callback(source, fetch_begin_cb, task, NULL);
	g_source_attach(source, g_main_context_get_thread_default());
}

/**
 * ferry_jmap_session_fetch_blobs_finish:
 * @self: a session
 * @result: what the callback got
 * @error: return location for an error
 *
 * Returns: whether the backend answered for all of them, be it that one was not found; else
 *   %FERRY_ERROR_UNAVAILABLE, %FERRY_ERROR_EXPIRED or %G_IO_ERROR_CANCELLED
 */
gboolean
ferry_jmap_session_fetch_blobs_finish(FerryJmapSession *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_boolean(G_TASK(result), error);
}
