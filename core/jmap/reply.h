/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "jmap/value.h"

G_BEGIN_DECLS

/**
 * FerryJmapReply:
 *
 * The answers to the calls of one [class@JmapRequest].
 */
#define FERRY_TYPE_JMAP_REPLY (ferry_jmap_reply_get_type())
G_DECLARE_FINAL_TYPE(FerryJmapReply, ferry_jmap_reply, FERRY, JMAP_REPLY, GObject)

FerryJmapValue *ferry_jmap_reply_get_result(FerryJmapReply *self, const char *call_id,
					    GError **error);
guint ferry_jmap_reply_get_n_results(FerryJmapReply *self, const char *call_id);
FerryJmapValue *ferry_jmap_reply_get_nth_result(FerryJmapReply *self, const char *call_id,
						guint nth, const char **method, GError **error);

G_END_DECLS
