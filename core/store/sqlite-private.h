/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "store/sqlite.h"

G_BEGIN_DECLS

/* for tests */
void ferry_store_sqlite_set_delay(FerryStoreSqlite *self, guint milliseconds);
void ferry_store_sqlite_set_tombstone_limit(FerryStoreSqlite *self, guint limit);
guint ferry_store_sqlite_get_groups(FerryStoreSqlite *self);

G_END_DECLS
