/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

#define FERRY_TYPE_STREAM_FILTER (ferry_stream_filter_get_type())

/**
 * FerryStreamFilter:
 *
 * Changes the bytes of a [class@Connection] between the transport (TLS or the socket) and the
 * protocol, both ways; COMPRESS (RFC 4978) is one.
 */
G_DECLARE_INTERFACE(FerryStreamFilter, ferry_stream_filter, FERRY, STREAM_FILTER, GObject)

/**
 * FerryStreamFilterInterface:
 * @decode: what the peer sent is turned into what the protocol reads
 * @encode: what the protocol wrote is turned into what is sent
 * @has_pending: whether @decode could give more without new input
 *
 * What a filter implements. An error from @decode or @encode ends the connection.
 */
struct _FerryStreamFilterInterface {
	GTypeInterface parent_iface;

	/**
	 * FerryStreamFilterInterface::decode:
	 * @self: the filter
	 * @data: (array length=length): bytes from the peer
	 * @length: how many, may be 0 when @has_pending said yes
	 * @max_output: append at most so many octets (so that a small input cannot fill memory)
	 * @consumed: (out): how many octets of @data were used; the rest is offered again
	 * @output: append the result here
	 * @error: return location
	 */
	gboolean (*decode)(FerryStreamFilter *self, const guint8 *data, gsize length,
			   gsize max_output, gsize *consumed, GByteArray *output, GError **error);
	/**
	 * FerryStreamFilterInterface::encode:
	 * @self: the filter
	 * @data: (array length=length): bytes to the peer
	 * @length: how many
	 * @flush: TRUE at the end of a loop turn: the peer must be able to read all of it now
	 * @output: append the result here
	 * @error: return location
	 */
	gboolean (*encode)(FerryStreamFilter *self, const guint8 *data, gsize length,
			   gboolean flush, GByteArray *output, GError **error);
	gboolean (*has_pending)(FerryStreamFilter *self);
};

gboolean ferry_stream_filter_decode(FerryStreamFilter *self, const guint8 *data, gsize length,
				    gsize max_output, gsize *consumed, GByteArray *output,
				    GError **error);
gboolean ferry_stream_filter_encode(FerryStreamFilter *self, const guint8 *data, gsize length,
				    gboolean flush, GByteArray *output, GError **error);
gboolean ferry_stream_filter_has_pending(FerryStreamFilter *self);

G_END_DECLS
