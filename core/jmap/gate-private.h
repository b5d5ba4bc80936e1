/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Lets so many at a time through; the others wait in their order, the background ones longest. */
typedef struct {
	guint limit;
	guint in_use;
	GQueue waiting[2];
} FerryJmapGate;

typedef void (*FerryJmapGateFunc)(gpointer data);

void ferry_jmap_gate_init(FerryJmapGate *self, guint limit);
void ferry_jmap_gate_clear(FerryJmapGate *self);
void ferry_jmap_gate_enter(FerryJmapGate *self, gboolean background, FerryJmapGateFunc func,
			   gpointer data);
void ferry_jmap_gate_leave(FerryJmapGate *self);

G_END_DECLS
