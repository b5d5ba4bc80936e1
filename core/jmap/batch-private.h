/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "jmap/request-private.h"
#include "jmap/scheduler-private.h"

G_BEGIN_DECLS

typedef struct _FerryJmapBatch FerryJmapBatch;

typedef struct {
	gatomicrefcount refs;
	FerryJmapScheduler *scheduler;
	FerryJmapBatch *batch; /* while it is on its way */
	GTask *task;           /* NULL when answered */
	FerryJmapRequest *request;
	FerryJmapSendFlags flags;
	GArray *units;
	guint next_unit;
	gboolean by_itself; /* one unit to an HTTP request, joined with nothing */
	FerryJmapReply *reply;
	GSource *cancel_source;
} FerryJmapJob;

typedef struct {
	FerryJmapJob *job;
	guint n_units;
} FerryJmapBatchEntry;

struct _FerryJmapBatch {
	FerryJmapSession *session;
	GArray *entries;
	GCancellable *cancellable;
	char *other; /* the account that it is about, where that is not the user's own */
	guint n_calls;
	gsize size;
	gboolean background;
};

FerryJmapJob *ferry_jmap_job_new(FerryJmapScheduler *scheduler, FerryJmapRequest *request,
				 FerryJmapSendFlags flags, GTask *task);
void ferry_jmap_job_unref(gpointer data);
/* With its reply, or with @error (transfer full). */
void ferry_jmap_job_end(FerryJmapJob *job, GError *error);

FerryJmapBatch *ferry_jmap_batch_new(FerryJmapSession *session, gboolean background);
void ferry_jmap_batch_free(FerryJmapBatch *batch);
guint ferry_jmap_batch_add(FerryJmapBatch *batch, FerryJmapJob *job);
void ferry_jmap_batch_fill(FerryJmapBatch *batch, GQueue *waiting);
GBytes *ferry_jmap_batch_to_bytes(FerryJmapBatch *batch);
gint64 ferry_jmap_batch_get_begun_at(FerryJmapBatch *batch);
gboolean ferry_jmap_batch_entry_is_answered(const FerryJmapBatchEntry *entry);

G_END_DECLS
