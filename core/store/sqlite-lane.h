/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "store/sqlite-db.h"

G_BEGIN_DECLS

typedef enum {
	FERRY_SQLITE_RESULT_BOOLEAN, /* TRUE */
	FERRY_SQLITE_RESULT_NUMBER,
	FERRY_SQLITE_RESULT_POINTER,
	FERRY_SQLITE_RESULT_WRITE_FIRST, /* only a writer can do it: run it there */
} FerrySqliteResultKind;

typedef struct {
	FerrySqliteResultKind kind;
	gint64 number;
	gpointer pointer;
	GDestroyNotify destroy;
	GArray *forgotten; /* keys of Emails that are gone, for the structure cache */
} FerrySqliteResult;

/* Runs in a lane's thread, inside a transaction; FALSE with error undoes what it did. */
typedef gboolean (*FerrySqliteFunc)(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result,
				    GError **error);

typedef struct {
	GTask *task; /* NULL when nobody waits */
	FerrySqliteFunc func;
	gpointer data;
	GDestroyNotify destroy;
} FerrySqliteJob;

/* Threads that work off one queue, each with a connection of its own. */
typedef struct _FerrySqliteLane FerrySqliteLane;

typedef struct {
	/* before COMMIT, when something was written */
	gboolean (*before_commit)(FerrySqliteDb *db, gpointer owner, GError **error);
	/* after COMMIT, before anybody is told */
	void (*after_commit)(gpointer owner);
	/* a job succeeded for good */
	void (*done)(gpointer owner, const FerrySqliteResult *result);
} FerrySqliteLaneHooks;

FerrySqliteLane *ferry_sqlite_lane_new(const char *name, GPtrArray *connections,
				       const FerrySqliteLaneHooks *write_hooks, gpointer owner);
void ferry_sqlite_lane_set_fallback(FerrySqliteLane *self, FerrySqliteLane *writer);
void ferry_sqlite_lane_set_delay(FerrySqliteLane *self, guint milliseconds);
guint ferry_sqlite_lane_get_groups(FerrySqliteLane *self);
void ferry_sqlite_lane_push(FerrySqliteLane *self, GTask *task, FerrySqliteFunc func, gpointer data,
			    GDestroyNotify destroy);
/* whether the caller runs in a lane, which then cannot free it */
gboolean ferry_sqlite_lane_is_here(void);
/* works off what is queued, then ends the threads */
void ferry_sqlite_lane_free(FerrySqliteLane *self);

G_END_DECLS
