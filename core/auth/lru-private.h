/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A table that forgets what was not asked for longest. */
typedef struct _FerryLru FerryLru;

FerryLru *ferry_lru_new(guint max, GDestroyNotify destroy);
void ferry_lru_free(FerryLru *self);
gpointer ferry_lru_lookup(FerryLru *self, const char *key);
void ferry_lru_insert(FerryLru *self, const char *key, gpointer value);
void ferry_lru_remove(FerryLru *self, const char *key);
void ferry_lru_remove_all(FerryLru *self);
guint ferry_lru_get_size(FerryLru *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryLru, ferry_lru_free)

G_END_DECLS
