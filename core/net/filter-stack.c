/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The filters of one connection
 *
 * Specification: none; made for RFC 4978 (COMPRESS)
 * Implementation: any number of layers, the first one next to the transport; each holds the input
 *   that it has not taken yet
 */
#include "net/filter-stack-private.h"

typedef struct {
	FerryStreamFilter *filter;
	GByteArray *input; /* not decoded yet, from start on; or NULL */
	gsize start;
} FerryFilterLayer;

struct _FerryFilterStack {
	GPtrArray *layers;
	gboolean dirty; /* encoded something since the last flush */
};

static void
ferry_filter_layer_free(gpointer data)
{
	FerryFilterLayer *layer = data;

	g_clear_pointer(&layer->input, g_byte_array_unref);
	g_object_unref(layer->filter);
	g_free(layer);
}

static gsize
ferry_filter_layer_get_held(const FerryFilterLayer *layer)
{
	return layer->input != NULL ? layer->input->len - layer->start : 0;
}

static void
ferry_filter_layer_feed(FerryFilterLayer *layer, const guint8 *data, gsize length)
{
	if (length == 0)
		return;
	if (layer->input == NULL)
		layer->input = g_byte_array_new();
	g_byte_array_append(layer->input, data, (guint)length);
}

FerryFilterStack *
ferry_filter_stack_new(void)
{
	FerryFilterStack *self = g_new0(FerryFilterStack, 1);

	self->layers = g_ptr_array_new_with_free_func(ferry_filter_layer_free);
	return self;
}

void
ferry_filter_stack_free(FerryFilterStack *self)
{
	g_ptr_array_unref(self->layers);
	g_free(self);
}

void
ferry_filter_stack_push(FerryFilterStack *self, FerryStreamFilter *filter)
{
	FerryFilterLayer *layer = g_new0(FerryFilterLayer, 1);

	layer->filter = g_object_ref(filter);
	g_ptr_array_add(self->layers, layer);
}

/* Takes what the transport read. */
void
ferry_filter_stack_feed(FerryFilterStack *self, const guint8 *data, gsize length)
{
	ferry_filter_layer_feed(g_ptr_array_index(self->layers, 0), data, length);
}

/* Takes what came behind the command that switched the newest filter on: the older filters have
 * decoded it already. */
void
ferry_filter_stack_feed_last(FerryFilterStack *self, const guint8 *data, gsize length)
{
	guint last = self->layers->len - 1;

	ferry_filter_layer_feed(g_ptr_array_index(self->layers, last), data, length);
}

/* Appends what waits for the filters: the peer sent it behind what switched them off, so it was
 * not made by its filters. */
void
ferry_filter_stack_take_held(FerryFilterStack *self, GByteArray *output)
{
	/* what a later layer holds came before what an earlier one does */
	for (guint i = self->layers->len; i > 0; i--) {
		FerryFilterLayer *layer = g_ptr_array_index(self->layers, i - 1);

		if (layer->input != NULL)
			g_byte_array_append(output, layer->input->data + layer->start,
					    (guint)ferry_filter_layer_get_held(layer));
		g_clear_pointer(&layer->input, g_byte_array_unref);
		layer->start = 0;
	}
}

/* How many octets wait for the filters to take them. */
gsize
ferry_filter_stack_get_held(FerryFilterStack *self)
{
	gsize held = 0;

	for (guint i = 0; i < self->layers->len; i++) {
		FerryFilterLayer *layer = g_ptr_array_index(self->layers, i);

		held += ferry_filter_layer_get_held(layer);
	}
	return held;
}

/* Moving once per half keeps the cost of many small pieces linear. */
static void
ferry_filter_layer_skip(FerryFilterLayer *layer, gsize consumed)
{
	if (consumed >= ferry_filter_layer_get_held(layer)) {
		g_clear_pointer(&layer->input, g_byte_array_unref);
		layer->start = 0;
		return;
	}
	layer->start += consumed;
	if (layer->start >= layer->input->len / 2) {
		g_byte_array_remove_range(layer->input, 0, (guint)layer->start);
		layer->start = 0;
	}
}

/* @more: it took some of its input and left some */
static gboolean
ferry_filter_layer_decode(FerryFilterLayer *layer, gsize max, GByteArray *output, gboolean *more,
			  GError **error)
{
	gsize length = ferry_filter_layer_get_held(layer);
	const guint8 *data = length > 0 ? layer->input->data + layer->start : (const guint8 *)"";
	gsize consumed = 0;

	if (length == 0 && !ferry_stream_filter_has_pending(layer->filter))
		return TRUE;
	if (!ferry_stream_filter_decode(layer->filter, data, length, max, &consumed, output, error))
		return FALSE;
	ferry_filter_layer_skip(layer, consumed);
	if (consumed > 0 && consumed < length)
		*more = TRUE;
	return TRUE;
}

/* One round: each layer gives at most @max_output. @more: another round could give something
 * without new bytes. */
gboolean
ferry_filter_stack_decode(FerryFilterStack *self, gsize max_output, GByteArray *output,
			  gboolean *more, GError **error)
{
	*more = FALSE;
	for (guint i = 0; i < self->layers->len; i++) {
		FerryFilterLayer *layer = g_ptr_array_index(self->layers, i);
		gboolean last = i + 1 == self->layers->len;
		FerryFilterLayer *above = last ? NULL : g_ptr_array_index(self->layers, i + 1);
		g_autoptr(GByteArray) result = NULL;

		/* a layer that has plenty gets no more: so each holds a bounded amount */
		if (above != NULL && ferry_filter_layer_get_held(above) >= max_output) {
			*more = TRUE;
			continue;
		}
		result = g_byte_array_new();
		if (!ferry_filter_layer_decode(layer, max_output, result, more, error))
			return FALSE;
		if (result->len >= max_output || ferry_stream_filter_has_pending(layer->filter))
			*more = TRUE;
		if (above != NULL)
			ferry_filter_layer_feed(above, result->data, result->len);
		else
			g_byte_array_append(output, result->data, result->len);
	}
	return TRUE;
}

static gboolean
ferry_filter_stack_encode_piece(FerryFilterStack *self, const guint8 *data, gsize length,
				gboolean flush, FerryOutput *wire, GError **error)
{
	g_autoptr(GByteArray) piece = NULL;

	for (guint i = self->layers->len; i > 0; i--) {
		FerryFilterLayer *layer = g_ptr_array_index(self->layers, i - 1);
		g_autoptr(GByteArray) result = g_byte_array_new();

		if (!ferry_stream_filter_encode(layer->filter, data, length, flush, result, error))
			return FALSE;
		g_clear_pointer(&piece, g_byte_array_unref);
		piece = g_steal_pointer(&result);
		data = piece->data;
		length = piece->len;
	}
	ferry_output_append(wire, data, length);
	return TRUE;
}

gboolean
ferry_filter_stack_encode(FerryFilterStack *self, FerryOutput *plain, gboolean flush,
			  FerryOutput *wire, GError **error)
{
	struct iovec piece;

	while (ferry_output_peek(plain, &piece, 1) == 1) {
		gsize length = MIN(piece.iov_len, FERRY_OUTPUT_CHUNK);

		if (!ferry_filter_stack_encode_piece(self, piece.iov_base, length, FALSE, wire,
						     error))
			return FALSE;
		self->dirty = TRUE;
		ferry_output_skip(plain, length);
	}
	if (!flush || !self->dirty)
		return TRUE;
	self->dirty = FALSE;
	return ferry_filter_stack_encode_piece(self, (const guint8 *)"", 0, TRUE, wire, error);
}
