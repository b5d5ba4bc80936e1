/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Responses: the buffers that they go out in
 *
 * Implementation: text is collected in 64 KiB buffers; big literals go out as the bytes they are,
 *   without a copy. While the writer is held all of it stays, so that it can be taken back.
 */
#include "imap/writer-private.h"

#define BUFFER_SIZE (64 * 1024)
/* the first buffer: most answers are a line */
#define SMALL_BUFFER 1024
/* a literal above this is handed on instead of copied */
#define COPY_LIMIT (16 * 1024)
/* is_full(): so much may wait for a slow client */
#define HIGH_WATER (256 * 1024)
#define LOW_WATER (64 * 1024)

/* where the writer stood when it was held */
typedef struct {
	gsize length;
	gboolean need_space;
} Mark;

G_DEFINE_FINAL_TYPE(FerryImapWriter, ferry_imap_writer, G_TYPE_OBJECT)

static void
ferry_imap_writer_finalize(GObject *object)
{
	FerryImapWriter *self = FERRY_IMAP_WRITER(object);

	g_free(self->buffer);
	g_clear_pointer(&self->waiting, g_ptr_array_unref);
	g_clear_pointer(&self->marks, g_array_unref);
	g_clear_object(&self->connection);
	G_OBJECT_CLASS(ferry_imap_writer_parent_class)->finalize(object);
}

static void
ferry_imap_writer_class_init(FerryImapWriterClass *klass)
{
	G_OBJECT_CLASS(klass)->finalize = ferry_imap_writer_finalize;
}

static void
ferry_imap_writer_init(FerryImapWriter *self)
{
	self->waiting = g_ptr_array_new_with_free_func(g_object_unref);
	self->first_capacity = SMALL_BUFFER;
}

static void
drained_cb(FerryConnection *connection, gpointer user_data)
{
	FerryImapWriter *self = user_data;
	g_autoptr(GPtrArray) waiting = g_steal_pointer(&self->waiting);

	self->waiting = g_ptr_array_new_with_free_func(g_object_unref);
	for (guint i = 0; i < waiting->len; i++)
		if (!g_task_get_completed(waiting->pdata[i]))
			g_task_return_boolean(waiting->pdata[i], TRUE);
}

/**
 * ferry_imap_writer_new:
 * @connection: where the responses go
 *
 * Returns: (transfer full): a writer
 */
FerryImapWriter *
ferry_imap_writer_new(FerryConnection *connection)
{
	FerryImapWriter *self = g_object_new(FERRY_TYPE_IMAP_WRITER, NULL);

	self->connection = g_object_ref(connection);
	ferry_connection_set_drained_handler(connection, LOW_WATER, drained_cb, self, NULL);
	return self;
}

/**
 * ferry_imap_writer_new_for_buffer:
 *
 * Returns: (transfer full): a writer that keeps what is written, for tests
 */
FerryImapWriter *
ferry_imap_writer_new_for_buffer(void)
{
	return g_object_new(FERRY_TYPE_IMAP_WRITER, NULL);
}

/**
 * ferry_imap_writer_dup_output:
 * @length: (out) (optional): octets
 *
 * Returns: (transfer full): what was written and not handed on to a connection
 */
char *
ferry_imap_writer_dup_output(FerryImapWriter *self, gsize *length)
{
	if (length != NULL)
		*length = self->length;
	return g_strndup(self->length > 0 ? self->buffer : "", self->length);
}

static gboolean
is_held(FerryImapWriter *self)
{
	return self->marks != NULL && self->marks->len > 0;
}

/* Whether so many octets go out by themselves, around the buffer. */
gboolean
ferry_imap_writer_goes_around(FerryImapWriter *self, gsize length)
{
	return length > COPY_LIMIT && self->connection != NULL && !is_held(self);
}

/**
 * ferry_imap_writer_hold:
 *
 * Keeps what is written from now on in memory, until ferry_imap_writer_release(). To be used around
 * the writing of one item or response by a function that may fail half-way; holds nest, and never
 * last over a return to the main loop.
 */
void
ferry_imap_writer_hold(FerryImapWriter *self)
{
	Mark mark = {self->length, self->need_space};

	if (self->marks == NULL)
		self->marks = g_array_new(FALSE, FALSE, sizeof(Mark));
	g_array_append_val(self->marks, mark);
}

/**
 * ferry_imap_writer_release:
 * @keep: %FALSE to take back what was written since the hold
 *
 * Ends the last ferry_imap_writer_hold().
 */
void
ferry_imap_writer_release(FerryImapWriter *self, gboolean keep)
{
	Mark mark;

	g_return_if_fail(is_held(self));
	mark = g_array_index(self->marks, Mark, self->marks->len - 1);
	g_array_set_size(self->marks, self->marks->len - 1);
	if (!keep) {
		self->length = mark.length;
		self->need_space = mark.need_space;
	}
	if (self->length == 0) {
		g_clear_pointer(&self->buffer, g_free);
		self->capacity = 0;
	}
	if (self->wants_flush && !is_held(self)) {
		self->wants_flush = FALSE;
		ferry_imap_writer_flush(self);
	}
}

/**
 * ferry_imap_writer_flush:
 *
 * Hands what was written to the connection, which sends it.
 */
void
ferry_imap_writer_flush(FerryImapWriter *self)
{
	char *buffer;

	if (is_held(self)) {
		self->wants_flush = TRUE;
		return;
	}
	buffer = g_steal_pointer(&self->buffer);
	if (self->connection == NULL || buffer == NULL) {
		self->buffer = buffer;
		return;
	}
	if (self->length >= COPY_LIMIT) {
		g_autoptr(GBytes) bytes = g_bytes_new_take(buffer, self->length);

		ferry_connection_write_bytes(self->connection, bytes);
	} else {
		ferry_connection_write(self->connection, buffer, self->length);
		g_free(buffer);
	}
	self->length = self->capacity = 0;
	self->first_capacity = SMALL_BUFFER;
}

/* Room for what the buffer cannot take as it is. */
void
ferry_imap_writer_make_room(FerryImapWriter *self, gsize length)
{
	if (self->connection != NULL && self->length > 0 && self->length + length > BUFFER_SIZE &&
	    !is_held(self)) {
		ferry_imap_writer_flush(self);
		self->first_capacity = BUFFER_SIZE;
	}
	if (self->length + length <= self->capacity)
		return;
	self->capacity = MAX(self->capacity * 2, self->first_capacity);
	if (self->length + length <= BUFFER_SIZE)
		self->capacity = MIN(self->capacity, BUFFER_SIZE);
	self->capacity = MAX(self->capacity, self->length + length);
	self->buffer = g_realloc(self->buffer, self->capacity);
}

/**
 * ferry_imap_writer_is_full:
 *
 * Returns: whether so much waits for the client that a command shall stop writing and
 *   ferry_imap_writer_wait_async()
 */
gboolean
ferry_imap_writer_is_full(FerryImapWriter *self)
{
	return self->connection != NULL &&
	       ferry_connection_get_pending_output(self->connection) > HIGH_WATER;
}

static void
cancelled_cb(GCancellable *cancellable, gpointer user_data)
{
	GTask *task = user_data;

	if (!g_task_get_completed(task))
		g_task_return_error_if_cancelled(task);
}

/**
 * ferry_imap_writer_wait_async:
 * @cancellable: (nullable): the command's cancellable
 * @callback: called when there is room again
 *
 * Waits until the client has taken most of what was written.
 */
void
ferry_imap_writer_wait_async(FerryImapWriter *self, GCancellable *cancellable,
			     GAsyncReadyCallback callback, gpointer user_data)
{
	g_autoptr(GTask) task = g_task_new(self, cancellable, callback, user_data);

	g_task_set_source_tag(task, ferry_imap_writer_wait_async);
	ferry_imap_writer_flush(self);
	if (!ferry_imap_writer_is_full(self)) {
		g_task_return_boolean(task, TRUE);
		return;
	}
	if (cancellable != NULL)
		g_signal_connect_object(cancellable, "cancelled", G_CALLBACK(cancelled_cb), task,
					0);
	g_ptr_array_add(self->waiting, g_steal_pointer(&task));
}

/**
 * ferry_imap_writer_wait_finish:
 * @error: return location
 *
 * Returns: %TRUE when there is room; %FALSE when the wait was cancelled
 */
gboolean
ferry_imap_writer_wait_finish(FerryImapWriter *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_boolean(G_TASK(result), error);
}
