/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Which servers (host and port of a URL) take no connections, and since when. */
typedef struct _FerryJmapHealth FerryJmapHealth;

FerryJmapHealth *ferry_jmap_health_new(void);
void ferry_jmap_health_free(FerryJmapHealth *self);

gboolean ferry_jmap_health_is_same_server(const char *a, const char *b);
void ferry_jmap_health_note_unreachable(FerryJmapHealth *self, const char *url);
void ferry_jmap_health_note_answer(FerryJmapHealth *self, const char *url);
gint64 ferry_jmap_health_get_away_since(FerryJmapHealth *self, const char *url);
gboolean ferry_jmap_health_is_resting(FerryJmapHealth *self, const char *url, gboolean alone);
gboolean ferry_jmap_health_take_turn(FerryJmapHealth *self, const char *url, gboolean alone);

G_END_DECLS
