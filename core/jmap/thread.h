/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "jmap/method.h"

G_BEGIN_DECLS

/**
 * FerryJmapThread:
 * @id: the Thread id
 * @email_ids: (array zero-terminated=1): its Emails, oldest first
 *
 * A Thread (RFC 8621 §3).
 */
typedef struct {
	char *id;
	char **email_ids;
} FerryJmapThread;

#define FERRY_TYPE_JMAP_THREAD (ferry_jmap_thread_get_type())
GType ferry_jmap_thread_get_type(void);
FerryJmapThread *ferry_jmap_thread_copy(const FerryJmapThread *self);
void ferry_jmap_thread_free(FerryJmapThread *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryJmapThread, ferry_jmap_thread_free)

GPtrArray *ferry_jmap_reply_parse_threads(FerryJmapReply *reply, const char *call_id, char **state,
					  GError **error);

G_END_DECLS
