/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The body of an answer: into memory, or into a file
 *
 * Specification: RFC 9112 §8 (incomplete messages)
 * Implementation: what goes to a file is collected to a piece, which a thread writes while nothing
 *   is read, so that memory is that of a piece and the peer waits for the disk. Each attempt begins
 *   at the start of the file, and cuts it where the body ends. A body that is shorter than was
 *   announced was cut; where nothing was announced, one that is shorter than it should be
 * Traps of libsoup 3.2: a connection that ends within a body of HTTP/1.1 is taken for its end
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "jmap/backend-private.h"
#include "jmap/error.h"
#include "jmap/http-exchange-private.h"

#define READ_SIZE 65536
/* what is written at once: a hand-over to a thread for each read would cost more than the write */
#define PIECE_SIZE (256 * 1024)
#define MAX_ERROR_BODY 65536
/* of what a server says that it will send */
#define MAX_BEFOREHAND (16 * 1024 * 1024)

/* A piece on its way to the sink; the exchange waits for it. */
typedef struct {
	int fd;
	const guint8 *data;
	gsize length;
	guint64 offset;
	gboolean last;
} Piece;

static void read_on(GTask *task);

static gboolean
is_success(FerryJmapHttpExchange *self)
{
	return SOUP_STATUS_IS_SUCCESSFUL(soup_message_get_status(self->message));
}

static gboolean
uses_sink(FerryJmapHttpExchange *self)
{
	return self->request->sink >= 0 && is_success(self);
}

static int
write_piece(const Piece *piece)
{
	gsize done = 0;

	while (done < piece->length) {
		ssize_t n = pwrite(piece->fd, piece->data + done, piece->length - done,
				   (off_t)(piece->offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? errno : ENOSPC;
		done += (gsize)n;
	}
	/* an earlier attempt may have come further */
	if (piece->last && ftruncate(piece->fd, (off_t)(piece->offset + piece->length)) != 0)
		return errno;
	return 0;
}

static void
write_piece_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
	int code = write_piece(task_data);
	/* a quota or a limit on files is a disk that is full, for this file */
	gboolean full = code == ENOSPC || code == EDQUOT || code == EFBIG;

	if (code == 0)
		g_task_return_boolean(task, TRUE);
	else
		g_task_return_new_error(task, G_IO_ERROR,
					full ? G_IO_ERROR_NO_SPACE : G_IO_ERROR_FAILED,
					"Writing what the backend sends: %s", g_strerror(code));
}

static void
piece_written_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	FerryJmapHttpExchange *self = g_task_get_task_data(task);
	const Piece *piece = g_task_get_task_data(G_TASK(result));
	GError *error = NULL;

	if (!g_task_propagate_boolean(G_TASK(result), &error)) {
		ferry_jmap_http_exchange_fail(task, error);
		return;
	}
	self->n_stored += piece->length;
	g_byte_array_set_size(self->body, 0);
	if (piece->last)
		ferry_jmap_http_exchange_attempt_answered(task);
	else
		read_on(task);
}

static void
store(GTask *task, gboolean last)
{
	FerryJmapHttpExchange *self = g_task_get_task_data(task);
	g_autoptr(GTask) writing = g_task_new(NULL, NULL, piece_written_cb, task);
	Piece *piece = g_new0(Piece, 1);

	piece->fd = self->request->sink;
	piece->data = self->body->data;
	piece->length = self->body->len;
	piece->offset = self->n_stored;
	piece->last = last;
	g_task_set_source_tag(writing, store);
	g_task_set_task_data(writing, piece, g_free);
	g_task_run_in_thread(writing, write_piece_thread);
}

/* Whether the connection ended within the body. */
static gboolean
is_cut(FerryJmapHttpExchange *self)
{
	guint64 size = self->n_stored + self->body->len;
	goffset announced = ferry_jmap_http_get_announced_size(self->message);

	if (soup_message_get_http_version(self->message) >= SOUP_HTTP_2_0)
		return FALSE;
	if (announced >= 0)
		return size < (guint64)announced;
	return is_success(self) && size < self->request->expected_size;
}

static void
end_body(GTask *task)
{
	FerryJmapHttpExchange *self = g_task_get_task_data(task);

	if (is_cut(self))
		ferry_jmap_http_exchange_attempt_failed(
			task, g_error_new_literal(G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT,
						  "the connection ended within an answer"));
	else if (uses_sink(self))
		store(task, TRUE);
	else
		ferry_jmap_http_exchange_attempt_answered(task);
}

static void
fail_too_long(GTask *task, gsize limit)
{
	FerryJmapHttpExchange *self = g_task_get_task_data(task);

	if (!is_success(self)) {
		g_byte_array_set_size(self->body, 0);
		ferry_jmap_http_exchange_attempt_answered(task);
	} else if (!self->request->repeatable) {
		ferry_jmap_http_exchange_fail(task,
					      ferry_jmap_http_make_lost_answer("it is too long"));
	} else {
		ferry_jmap_http_exchange_fail(
			task, g_error_new(FERRY_ERROR, FERRY_ERROR_BACKEND,
					  "backend %s: an answer over %" G_GSIZE_FORMAT " octets",
					  ferry_jmap_backend_get_name(self->backend), limit));
	}
}

static void
note_progress(FerryJmapHttpExchange *self, gsize n)
{
	self->n_read += n;
	if (n < self->until_progress) {
		self->until_progress -= n;
		return;
	}
	self->until_progress = FERRY_JMAP_HTTP_PROGRESS;
	ferry_jmap_http_exchange_go_on(self);
}

static void
read_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	FerryJmapHttpExchange *self = g_task_get_task_data(task);
	GError *error = NULL;
	gssize n = g_input_stream_read_finish(G_INPUT_STREAM(source), result, &error);
	gsize limit = is_success(self) ? self->request->max_reply : MAX_ERROR_BODY;

	if (n < 0) {
		ferry_jmap_http_exchange_attempt_failed(task, error);
		return;
	}
	g_byte_array_set_size(self->body, self->body->len - READ_SIZE + (guint)n);
	if (n == 0) {
		end_body(task);
		return;
	}
	if (self->n_stored + self->body->len > limit) {
		fail_too_long(task, limit);
		return;
	}
	note_progress(self, (gsize)n);
	if (uses_sink(self) && self->body->len > PIECE_SIZE - READ_SIZE)
		store(task, FALSE);
	else
		read_on(task);
}

static void
read_on(GTask *task)
{
	FerryJmapHttpExchange *self = g_task_get_task_data(task);
	guint length = self->body->len;

	g_byte_array_set_size(self->body, length + READ_SIZE);
	g_input_stream_read_async(self->stream, self->body->data + length, READ_SIZE,
				  G_PRIORITY_DEFAULT, self->cancellable, read_cb, task);
}

void
ferry_jmap_http_exchange_read_body(GTask *task)
{
	FerryJmapHttpExchange *self = g_task_get_task_data(task);
	goffset expected = soup_message_headers_get_content_length(
		soup_message_get_response_headers(self->message));
	gsize most = uses_sink(self) ? PIECE_SIZE - READ_SIZE
				     : MIN(self->request->max_reply, MAX_BEFOREHAND);

	self->body =
		g_byte_array_sized_new((guint)CLAMP(expected, 0, (goffset)most) + READ_SIZE + 1);
	self->until_progress = FERRY_JMAP_HTTP_PROGRESS;
	read_on(task);
}
