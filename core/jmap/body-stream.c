/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libsoup is given to read a request's body from
 *
 * Implementation: passes reads on to a stream that stays open for the next attempt, and is one that
 *   can be polled and always has something. From any other libsoup 3.2 reads asynchronously over
 *   HTTP/2, into a buffer that it frees when the message ends early (GOAWAY, reset, cancelled)
 *   while the read is still under way: a backend could crash us. What is uploaded is a spool that
 *   was just written, or memory, so that a read of some kilobytes does not wait for long
 */
#include "jmap/body-stream-private.h"

struct _FerryJmapBodyStream {
	GInputStream parent;
	GInputStream *base;
};

static void pollable_init(GPollableInputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE(FerryJmapBodyStream, ferry_jmap_body_stream, G_TYPE_INPUT_STREAM,
			      G_IMPLEMENT_INTERFACE(G_TYPE_POLLABLE_INPUT_STREAM, pollable_init))

static gssize
ferry_jmap_body_stream_read(GInputStream *stream, void *buffer, gsize count,
			    GCancellable *cancellable, GError **error)
{
	return g_input_stream_read(FERRY_JMAP_BODY_STREAM(stream)->base, buffer, count, cancellable,
				   error);
}

static gssize
ferry_jmap_body_stream_read_nonblocking(GPollableInputStream *stream, void *buffer, gsize count,
					GError **error)
{
	return g_input_stream_read(FERRY_JMAP_BODY_STREAM(stream)->base, buffer, count, NULL,
				   error);
}

static gboolean
ferry_jmap_body_stream_is_readable(GPollableInputStream *stream)
{
	return TRUE;
}

static GSource *
ferry_jmap_body_stream_create_source(GPollableInputStream *stream, GCancellable *cancellable)
{
	g_autoptr(GSource) always = g_timeout_source_new(0);

	return g_pollable_source_new_full(stream, always, cancellable);
}

static void
pollable_init(GPollableInputStreamInterface *iface)
{
	iface->is_readable = ferry_jmap_body_stream_is_readable;
	iface->create_source = ferry_jmap_body_stream_create_source;
	iface->read_nonblocking = ferry_jmap_body_stream_read_nonblocking;
}

static gboolean
ferry_jmap_body_stream_close(GInputStream *stream, GCancellable *cancellable, GError **error)
{
	return TRUE;
}

static void
ferry_jmap_body_stream_dispose(GObject *object)
{
	FerryJmapBodyStream *self = FERRY_JMAP_BODY_STREAM(object);

	g_clear_object(&self->base);
	G_OBJECT_CLASS(ferry_jmap_body_stream_parent_class)->dispose(object);
}

static void
ferry_jmap_body_stream_class_init(FerryJmapBodyStreamClass *klass)
{
	GInputStreamClass *stream_class = G_INPUT_STREAM_CLASS(klass);

	G_OBJECT_CLASS(klass)->dispose = ferry_jmap_body_stream_dispose;
	stream_class->read_fn = ferry_jmap_body_stream_read;
	stream_class->close_fn = ferry_jmap_body_stream_close;
}

static void
ferry_jmap_body_stream_init(FerryJmapBodyStream *self)
{
}

/* private: a stream of what @base has left; closing it leaves @base open */
GInputStream *
ferry_jmap_body_stream_new(GInputStream *base)
{
	FerryJmapBodyStream *self = g_object_new(FERRY_TYPE_JMAP_BODY_STREAM, NULL);

	self->base = g_object_ref(base);
	return G_INPUT_STREAM(self);
}
