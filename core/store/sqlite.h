/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "store/store.h"

G_BEGIN_DECLS

/**
 * FerryStoreSqlite:
 *
 * The store in two SQLite files: one that must not be lost, and one that can be fetched again.
 * Several processes may share them.
 */
#define FERRY_TYPE_STORE_SQLITE (ferry_store_sqlite_get_type())
G_DECLARE_FINAL_TYPE(FerryStoreSqlite, ferry_store_sqlite, FERRY, STORE_SQLITE, GObject)

FerryStoreSqlite *ferry_store_sqlite_new(const char *state_dir, const char *cache_dir,
					 GError **error);
void ferry_store_sqlite_set_cache_limit(FerryStoreSqlite *self, guint64 bytes);
gboolean ferry_store_sqlite_mark_restored(const char *state_dir, GError **error);

G_END_DECLS
