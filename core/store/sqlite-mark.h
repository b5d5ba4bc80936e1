/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A small file of counters that all processes on a store share through mmap. */
typedef struct _FerrySqliteMark FerrySqliteMark;

typedef enum {
	FERRY_SQLITE_MARK_COMMITS = 1, /* highest value seen in the store */
	FERRY_SQLITE_MARK_STARTS,
	FERRY_SQLITE_MARK_UIDVALIDITY,
	FERRY_SQLITE_MARK_TICKET, /* moves with every commit */
} FerrySqliteMarkField;

FerrySqliteMark *ferry_sqlite_mark_open(const char *path, GError **error);
void ferry_sqlite_mark_close(FerrySqliteMark *self);
guint64 ferry_sqlite_mark_get(FerrySqliteMark *self, FerrySqliteMarkField field);
void ferry_sqlite_mark_raise(FerrySqliteMark *self, FerrySqliteMarkField field, guint64 value);
void ferry_sqlite_mark_increment(FerrySqliteMark *self, FerrySqliteMarkField field);
/* a start number is alive while the file that locked it is open */
gboolean ferry_sqlite_mark_lock_owner(FerrySqliteMark *self, guint64 owner, GError **error);
gboolean ferry_sqlite_mark_owner_is_alive(FerrySqliteMark *self, guint64 owner);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerrySqliteMark, ferry_sqlite_mark_close)

G_END_DECLS
