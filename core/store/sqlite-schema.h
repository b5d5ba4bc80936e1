/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "store/sqlite-db.h"
#include "store/sqlite-mark.h"

G_BEGIN_DECLS

/* What is learned when a store is opened. */
typedef struct {
	char *uuid;
	char *incarnation; /* changes when keys of Emails may mean other Emails */
	guint64 start;     /* number of this opening */
	guint64 commits;
} FerrySqliteInfo;

void ferry_sqlite_info_clear(FerrySqliteInfo *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FerrySqliteInfo, ferry_sqlite_info_clear)

/* makes the tables or brings them up to date */
gboolean ferry_sqlite_schema_prepare(FerrySqliteDb *db, GError **error);
/* counts the start; renews every UIDVALIDITY when the store is behind its mark in the cache */
gboolean ferry_sqlite_schema_start(FerrySqliteDb *db, const char *cache_dir,
				   FerrySqliteMark **cache_mark, FerrySqliteInfo *info,
				   GError **error);
/* inside a transaction */
gboolean ferry_sqlite_schema_renew(FerrySqliteDb *db, guint64 floor, GError **error);
gboolean ferry_sqlite_schema_next_uidvalidity(FerrySqliteDb *db, guint32 *value, GError **error);
gboolean ferry_sqlite_schema_count_commit(FerrySqliteDb *db, guint64 *commits, guint64 *uidvalidity,
					  GError **error);

G_END_DECLS
