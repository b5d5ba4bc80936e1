/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "store/sqlite-lane.h"
#include "store/store.h"

G_BEGIN_DECLS

typedef struct {
	gint64 account_key;
	GArray *keys;
	FerryStoreStructureParts parts; /* what is asked for */
	FerryStoreStructures *structures;
	guint64 limit; /* bytes of the file */
} FerrySqliteStructuresQuestion;

void ferry_sqlite_structures_question_free(gpointer data);

/* one file per incarnation of the store: keys of another mean other Emails */
FerrySqliteDb *ferry_sqlite_structures_open(const char *cache_dir, const char *incarnation,
					    GError **error);
gboolean ferry_sqlite_structures_get(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result,
				     GError **error);
gboolean ferry_sqlite_structures_put(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result,
				     GError **error);
/* data is a GArray of keys */
gboolean ferry_sqlite_structures_forget(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result,
					GError **error);

G_END_DECLS
