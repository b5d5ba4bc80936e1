/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands between a transport and a protocol
 *
 * Specification: none; made for RFC 4978 (COMPRESS)
 * Implementation: the interface; core has no filter of its own
 */
#include "net/stream-filter.h"

G_DEFINE_INTERFACE(FerryStreamFilter, ferry_stream_filter, G_TYPE_OBJECT)

static gboolean
ferry_stream_filter_nothing_pending(FerryStreamFilter *self)
{
	return FALSE;
}

static void
ferry_stream_filter_default_init(FerryStreamFilterInterface *iface)
{
	iface->has_pending = ferry_stream_filter_nothing_pending;
}

/**
 * ferry_stream_filter_decode:
 * @self: a filter
 * @data: (array length=length): bytes from the peer
 * @length: how many; may be 0 to get what is pending
 * @max_output: the most octets to append
 * @consumed: (out): how many octets of @data were used
 * @output: append the result here
 * @error: return location
 *
 * Turns what the peer sent into what the protocol reads.
 *
 * Returns: FALSE when the bytes make no sense; the connection ends
 */
gboolean
ferry_stream_filter_decode(FerryStreamFilter *self, const guint8 *data, gsize length,
			   gsize max_output, gsize *consumed, GByteArray *output, GError **error)
{
	g_return_val_if_fail(FERRY_IS_STREAM_FILTER(self), FALSE);

	return FERRY_STREAM_FILTER_GET_IFACE(self)->decode(self, data, length, max_output, consumed,
							   output, error);
}

/**
 * ferry_stream_filter_encode:
 * @self: a filter
 * @data: (array length=length): bytes from the protocol
 * @length: how many
 * @flush: whether the peer must be able to read all of it now
 * @output: append the result here
 * @error: return location
 *
 * Turns what the protocol wrote into what is sent.
 *
 * Returns: FALSE when that failed; the connection ends
 */
gboolean
ferry_stream_filter_encode(FerryStreamFilter *self, const guint8 *data, gsize length,
			   gboolean flush, GByteArray *output, GError **error)
{
	g_return_val_if_fail(FERRY_IS_STREAM_FILTER(self), FALSE);

	return FERRY_STREAM_FILTER_GET_IFACE(self)->encode(self, data, length, flush, output,
							   error);
}

/**
 * ferry_stream_filter_has_pending:
 * @self: a filter
 *
 * Returns: whether decoding without new input would give something
 */
gboolean
ferry_stream_filter_has_pending(FerryStreamFilter *self)
{
	g_return_val_if_fail(FERRY_IS_STREAM_FILTER(self), FALSE);

	return FERRY_STREAM_FILTER_GET_IFACE(self)->has_pending(self);
}
