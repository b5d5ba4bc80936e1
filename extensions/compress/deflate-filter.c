/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Raw deflate, both ways
 *
 * Specification: RFC 1951; RFC 4978 §4
 * Implementation: zlib, with small windows for what is sent: a connection that waits in IDLE costs
 *   some 44 KiB that way, where zlib's usual ones are 256 KiB. What a client sends may use the
 *   whole 32 KiB window, which zlib takes when the first octets arrive.
 */
#include "deflate-filter.h"

#include <zlib.h>

#define WINDOW_BITS 12 /* of what is sent: 4 KiB */
#define MEMORY_LEVEL 5
#define MAX_WINDOW_BITS 15
#define CHUNK 16384

struct _CompressDeflateFilter {
	GObject parent_instance;

	z_stream in;
	z_stream out;
	gboolean pending; /* there was no room for all that the input gives */
	gboolean ended;   /* the peer said that no more comes */
	gsize in_block;   /* octets that the block being read has given */
};

static void compress_deflate_filter_iface_init(FerryStreamFilterInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE(CompressDeflateFilter, compress_deflate_filter, G_TYPE_OBJECT,
			      G_IMPLEMENT_INTERFACE(FERRY_TYPE_STREAM_FILTER,
						    compress_deflate_filter_iface_init))

/* An empty block that ends with an octet is what flushes: there the peer may have stopped (RFC 8437
 * section 4.1), and what follows may be for somebody else. */
static gboolean
is_flush_point(CompressDeflateFilter *self)
{
	gboolean boundary = (self->in.data_type & 128) != 0;
	gboolean empty = self->in_block == 0;

	if (boundary)
		self->in_block = 0;
	return boundary && empty && (self->in.data_type & 7) == 0;
}

/* Up to the next flush, or as far as input and room go. */
static int
inflate_piece(CompressDeflateFilter *self)
{
	int status;

	do {
		guint room = self->in.avail_out;

		status = inflate(&self->in, Z_BLOCK);
		self->in_block += room - self->in.avail_out;
	} while (status == Z_OK && !is_flush_point(self) && self->in.avail_in > 0 &&
		 self->in.avail_out > 0);
	return status;
}

static gboolean
decode(FerryStreamFilter *filter, const guint8 *data, gsize length, gsize max_output,
       gsize *consumed, GByteArray *output, GError **error)
{
	CompressDeflateFilter *self = COMPRESS_DEFLATE_FILTER(filter);
	guint room = (guint)MIN(max_output, CHUNK);
	guint offered = (guint)MIN(length, CHUNK);
	guint before = output->len;
	int status;

	if (self->ended && length > 0) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID,
				    "compressed input goes on behind its end");
		return FALSE;
	}
	g_byte_array_set_size(output, before + room);
	self->in.next_in = (guint8 *)data;
	self->in.avail_in = offered;
	self->in.next_out = output->data + before;
	self->in.avail_out = room;
	status = inflate_piece(self);
	g_byte_array_set_size(output, before + room - self->in.avail_out);
	*consumed = offered - self->in.avail_in;
	self->ended = status == Z_STREAM_END;
	self->pending = self->in.avail_out == 0 && !self->ended;
	/* Z_BUF_ERROR: no room, or nothing left to decode */
	if (status == Z_OK || status == Z_BUF_ERROR || status == Z_STREAM_END)
		return TRUE;
	g_set_error(error, FERRY_ERROR, FERRY_ERROR_INVALID, "compressed input is broken: %s",
		    self->in.msg != NULL ? self->in.msg : "zlib failed");
	return FALSE;
}

static gboolean
encode(FerryStreamFilter *filter, const guint8 *data, gsize length, gboolean flush,
       GByteArray *output, GError **error)
{
	CompressDeflateFilter *self = COMPRESS_DEFLATE_FILTER(filter);

	do {
		guint offered = (guint)MIN(length, CHUNK);
		gboolean last = offered == length;
		guint before = output->len;
		int status;

		g_byte_array_set_size(output, before + CHUNK);
		self->out.next_in = (guint8 *)data;
		self->out.avail_in = offered;
		self->out.next_out = output->data + before;
		self->out.avail_out = CHUNK;
		status = deflate(&self->out, last && flush ? Z_SYNC_FLUSH : Z_NO_FLUSH);
		g_byte_array_set_size(output, before + CHUNK - self->out.avail_out);
		if (status != Z_OK && status != Z_BUF_ERROR) {
			g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_FAILED,
					    "compressing failed");
			return FALSE;
		}
		data += offered - self->out.avail_in;
		length -= offered - self->out.avail_in;
	} while (length > 0 || self->out.avail_out == 0);
	return TRUE;
}

static gboolean
has_pending(FerryStreamFilter *filter)
{
	return COMPRESS_DEFLATE_FILTER(filter)->pending;
}

static void
compress_deflate_filter_iface_init(FerryStreamFilterInterface *iface)
{
	iface->decode = decode;
	iface->encode = encode;
	iface->has_pending = has_pending;
}

static void
compress_deflate_filter_finalize(GObject *object)
{
	CompressDeflateFilter *self = COMPRESS_DEFLATE_FILTER(object);

	inflateEnd(&self->in);
	deflateEnd(&self->out);
	G_OBJECT_CLASS(compress_deflate_filter_parent_class)->finalize(object);
}

static void
compress_deflate_filter_class_init(CompressDeflateFilterClass *klass)
{
	G_OBJECT_CLASS(klass)->finalize = compress_deflate_filter_finalize;
}

static void
compress_deflate_filter_init(CompressDeflateFilter *self)
{
	/* they fail for want of memory only, which ends the process everywhere else too */
	if (inflateInit2(&self->in, -MAX_WINDOW_BITS) != Z_OK ||
	    deflateInit2(&self->out, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -WINDOW_BITS, MEMORY_LEVEL,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		g_error("zlib: no memory");
}

FerryStreamFilter *
compress_deflate_filter_new(void)
{
	return g_object_new(COMPRESS_TYPE_DEFLATE_FILTER, NULL);
}
