/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "net/output-private.h"
#include "net/stream-filter.h"

G_BEGIN_DECLS

typedef struct _FerryFilterStack FerryFilterStack;

FerryFilterStack *ferry_filter_stack_new(void);
void ferry_filter_stack_free(FerryFilterStack *self);
void ferry_filter_stack_push(FerryFilterStack *self, FerryStreamFilter *filter);
void ferry_filter_stack_feed(FerryFilterStack *self, const guint8 *data, gsize length);
void ferry_filter_stack_feed_last(FerryFilterStack *self, const guint8 *data, gsize length);
void ferry_filter_stack_take_held(FerryFilterStack *self, GByteArray *output);
gsize ferry_filter_stack_get_held(FerryFilterStack *self);
gboolean ferry_filter_stack_decode(FerryFilterStack *self, gsize max_output, GByteArray *output,
				   gboolean *more, GError **error);
gboolean ferry_filter_stack_encode(FerryFilterStack *self, FerryOutput *plain, gboolean flush,
				   FerryOutput *wire, GError **error);

G_END_DECLS
