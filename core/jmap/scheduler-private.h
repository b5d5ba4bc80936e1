/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "jmap/session.h"

G_BEGIN_DECLS

typedef struct _FerryJmapScheduler FerryJmapScheduler;

/* Lives inside of @session, which it does not hold; requests under way do. */
FerryJmapScheduler *ferry_jmap_scheduler_new(FerryJmapSession *session);
void ferry_jmap_scheduler_free(FerryJmapScheduler *self);
void ferry_jmap_scheduler_send(FerryJmapScheduler *self, FerryJmapRequest *request,
			       FerryJmapSendFlags flags, GTask *task);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryJmapScheduler, ferry_jmap_scheduler_free)

G_END_DECLS
