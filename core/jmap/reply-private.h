/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "jmap/reply.h"
#include "jmap/value-private.h"

G_BEGIN_DECLS

FerryJmapValue *ferry_jmap_parse(GByteArray *json, GError **error);
void ferry_jmap_parse_async(GByteArray *json, GCancellable *cancellable,
			    GAsyncReadyCallback callback, gpointer user_data);
FerryJmapValue *ferry_jmap_parse_finish(GAsyncResult *result, GError **error);

FerryJmapReply *ferry_jmap_reply_new(void);
void ferry_jmap_reply_expect(FerryJmapReply *self, const char *call_id, const char *method);
gboolean ferry_jmap_reply_add_document(FerryJmapReply *self, FerryJmapValue *document,
				       GError **error);

G_END_DECLS
