/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Looks for a substring in text that comes in chunks, in some charset. Memory stays flat. */
typedef struct _FerryMessageTextStream FerryMessageTextStream;

FerryMessageTextStream *ferry_message_text_stream_new(const char *charset, const char *needle);
void ferry_message_text_stream_free(FerryMessageTextStream *self);
gboolean ferry_message_text_stream_feed(FerryMessageTextStream *self, const char *data,
					gsize length);
gboolean ferry_message_text_stream_finish(FerryMessageTextStream *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryMessageTextStream, ferry_message_text_stream_free)

G_END_DECLS
