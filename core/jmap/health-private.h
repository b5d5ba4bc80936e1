/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How the servers of a backend, named by their URLs, have answered of late. */
typedef struct _FerryJmapHealth FerryJmapHealth;

FerryJmapHealth *ferry_jmap_health_new(void);
void ferry_jmap_health_free(FerryJmapHealth *self);
gboolean ferry_jmap_health_ask(FerryJmapHealth *self, const char *url, guint *patience_ms);
void ferry_jmap_health_note_failure(FerryJmapHealth *self, const char *url);
void ferry_jmap_health_note_answer(FerryJmapHealth *self, const char *url);

G_END_DECLS
