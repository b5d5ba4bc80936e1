/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "jmap/scheduler-private.h"
#include "jmap/session-object-private.h"

G_BEGIN_DECLS

/* A session, for the files that it is made of. */
struct _FerryJmapSession {
	GObject parent;
	FerryJmapBackend *backend;
	FerryJmapCredential *credential;
	FerryJmapScheduler *scheduler;
	FerryJmapGate uploads;
	FerryJmapGate downloads;

	FerryJmapSessionObject *object; /* NULL until open */
	char *refreshed_for;            /* the foreign state that the last refresh was for */
	GCancellable *refresh;          /* of the refresh that runs */
	GPtrArray *movers;              /* GTask: those who wait for it */
	gboolean suspect;               /* the backend was away */
	gboolean rejected;
};

/* session.c */
void ferry_jmap_session_emit_changed(FerryJmapSession *self);

G_END_DECLS
