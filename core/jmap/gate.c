/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How many transfers run at a time
 *
 * Specification: maxConcurrentUpload of RFC 8620 §2
 * Implementation: who enters is called at once or when another leaves, and must leave once
 */
#include "jmap/gate-private.h"

typedef struct {
	FerryJmapGateFunc func;
	gpointer data;
} Waiting;

void
ferry_jmap_gate_init(FerryJmapGate *self, guint limit)
{
	self->limit = MAX(limit, 1);
	self->in_use = 0;
	g_queue_init(&self->waiting[0]);
	g_queue_init(&self->waiting[1]);
}

/* only when nobody waits: those who wait hold what the gate is part of */
void
ferry_jmap_gate_clear(FerryJmapGate *self)
{
	g_queue_clear_full(&self->waiting[0], g_free);
	g_queue_clear_full(&self->waiting[1], g_free);
}

static void
let_in(FerryJmapGate *self)
{
	while (self->in_use < self->limit) {
		Waiting *waiting = g_queue_pop_head(&self->waiting[0]);
		Waiting next = {0};

		if (waiting == NULL)
			waiting = g_queue_pop_head(&self->waiting[1]);
		if (waiting == NULL)
			return;
		next = *waiting;
		g_free(waiting);
		self->in_use++;
		next.func(next.data);
	}
}

void
ferry_jmap_gate_enter(FerryJmapGate *self, gboolean background, FerryJmapGateFunc func,
		      gpointer data)
{
	Waiting *waiting = g_new(Waiting, 1);

	waiting->func = func;
	waiting->data = data;
	g_queue_push_tail(&self->waiting[background ? 1 : 0], waiting);
	let_in(self);
}

void
ferry_jmap_gate_leave(FerryJmapGate *self)
{
	g_return_if_fail(self->in_use > 0);
	self->in_use--;
	let_in(self);
}
