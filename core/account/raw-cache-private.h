/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "account/raw-file-private.h"

/* Raw messages as files: named by a digest of account and blob once they are complete, the least
 * recently used removed when the cap is passed. Reading and writing happen in threads. */
typedef struct _FerryRawCache FerryRawCache;

FerryRawCache *ferry_raw_cache_new(const char *directory, guint64 max_size);
FerryRawCache *ferry_raw_cache_ref(FerryRawCache *self);
void ferry_raw_cache_unref(FerryRawCache *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryRawCache, ferry_raw_cache_unref)

/* Callable from any thread; a few system calls. */
GBytes *ferry_raw_cache_get(FerryRawCache *self, const char *account, const char *blob_id);
gboolean ferry_raw_cache_put(FerryRawCache *self, const char *account, const char *blob_id,
			     GBytes *bytes, GError **error);
/* A file for a message of @size octets (0: not known), which gets a name only by
 * ferry_raw_cache_keep(). @elsewhere: not on the disk of the cache, which is full. */
FerryRawFile *ferry_raw_cache_begin(FerryRawCache *self, const char *account, const char *blob_id,
				    guint64 size, gboolean elsewhere, GError **error);
gboolean ferry_raw_cache_keep(FerryRawCache *self, FerryRawFile *file, GError **error);
/* Counts what is there, in a thread, and removes what processes left that died. */
void ferry_raw_cache_start(FerryRawCache *self);
guint64 ferry_raw_cache_get_size(FerryRawCache *self);
