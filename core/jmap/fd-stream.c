/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stretch of a file as a stream that can start over
 *
 * Implementation: pread(), so that several uploads may read one spool file. GUnixInputStream cannot
 *   seek, and an upload that cannot seek cannot be repeated
 */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "jmap/fd-stream-private.h"

struct _FerryJmapFdStream {
	GInputStream parent;
	int fd;
	guint64 offset;
	guint64 size;
	guint64 position;
};

static void fd_stream_seekable_init(GSeekableIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE(FerryJmapFdStream, ferry_jmap_fd_stream, G_TYPE_INPUT_STREAM,
			      G_IMPLEMENT_INTERFACE(G_TYPE_SEEKABLE, fd_stream_seekable_init))

static gssize
fd_stream_read(GInputStream *stream, void *buffer, gsize count, GCancellable *cancellable,
	       GError **error)
{
	FerryJmapFdStream *self = FERRY_JMAP_FD_STREAM(stream);
	gssize n = 0;

	count = MIN(count, self->size - self->position);
	do
		n = pread(self->fd, buffer, count, (off_t)(self->offset + self->position));
	while (n < 0 && errno == EINTR);
	if (n < 0 || (n == 0 && count > 0)) {
		g_set_error(error, G_IO_ERROR,
			    n < 0 ? (gint)g_io_error_from_errno(errno)
				  : (gint)G_IO_ERROR_PARTIAL_INPUT,
			    "reading the spool file: %s",
			    n < 0 ? g_strerror(errno) : "it is too short");
		return -1;
	}
	self->position += (guint64)n;
	return n;
}

static goffset
fd_stream_tell(GSeekable *seekable)
{
	return (goffset)FERRY_JMAP_FD_STREAM(seekable)->position;
}

static gboolean
fd_stream_can_seek(GSeekable *seekable)
{
	return TRUE;
}

static gboolean
fd_stream_seek(GSeekable *seekable, goffset offset, GSeekType type, GCancellable *cancellable,
	       GError **error)
{
	FerryJmapFdStream *self = FERRY_JMAP_FD_STREAM(seekable);

	if (type == G_SEEK_CUR)
		offset += (goffset)self->position;
	else if (type == G_SEEK_END)
		offset += (goffset)self->size;
	if (offset < 0 || (guint64)offset > self->size) {
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
				    "seek out of range");
		return FALSE;
	}
	self->position = (guint64)offset;
	return TRUE;
}

static gboolean
fd_stream_can_truncate(GSeekable *seekable)
{
	return FALSE;
}

static void
fd_stream_seekable_init(GSeekableIface *iface)
{
	iface->tell = fd_stream_tell;
	iface->can_seek = fd_stream_can_seek;
	iface->seek = fd_stream_seek;
	iface->can_truncate = fd_stream_can_truncate;
}

static void
fd_stream_finalize(GObject *object)
{
	FerryJmapFdStream *self = FERRY_JMAP_FD_STREAM(object);

	if (self->fd >= 0)
		close(self->fd);
	G_OBJECT_CLASS(ferry_jmap_fd_stream_parent_class)->finalize(object);
}

static void
ferry_jmap_fd_stream_class_init(FerryJmapFdStreamClass *klass)
{
	G_OBJECT_CLASS(klass)->finalize = fd_stream_finalize;
	G_INPUT_STREAM_CLASS(klass)->read_fn = fd_stream_read;
}

static void
ferry_jmap_fd_stream_init(FerryJmapFdStream *self)
{
	self->fd = -1;
}

GInputStream *
ferry_jmap_fd_stream_new(int fd, guint64 offset, guint64 size, GError **error)
{
	g_autoptr(FerryJmapFdStream) self = g_object_new(FERRY_TYPE_JMAP_FD_STREAM, NULL);

	self->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	self->offset = offset;
	self->size = size;
	if (self->fd < 0) {
		g_set_error(error, G_IO_ERROR, (gint)g_io_error_from_errno(errno),
			    "the spool file: %s", g_strerror(errno));
		return NULL;
	}
	return G_INPUT_STREAM(g_steal_pointer(&self));
}
