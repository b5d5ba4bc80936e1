/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* A file that gets its name when it is complete; until then nobody can take it for a message. All
 * of this blocks. */
typedef struct _FerryRawFile FerryRawFile;

/* @path: what it may be named, in a folder that is there; NULL: it never gets a name, and lies in
 * @dir */
FerryRawFile *ferry_raw_file_new(const char *path, const char *dir, GError **error);
void ferry_raw_file_free(FerryRawFile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryRawFile, ferry_raw_file_free)
int ferry_raw_file_get_fd(FerryRawFile *self);
/* NULL: it never gets a name. */
const char *ferry_raw_file_get_path(FerryRawFile *self);
/* Gives it its name, in place of what has it. */
gboolean ferry_raw_file_keep(FerryRawFile *self, GError **error);

/* Whether a file in the cache is none yet, by its name. */
gboolean ferry_raw_file_is_temporary(const char *name);
/* Removes a temporary file that nobody writes. */
void ferry_raw_file_remove_leftover(const char *path);
