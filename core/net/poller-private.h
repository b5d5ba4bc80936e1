/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "net/poller.h"

G_BEGIN_DECLS

/* A ring of nodes: one can be taken out without knowing which ring it is in. */
typedef struct _FerryPollerNode FerryPollerNode;
struct _FerryPollerNode {
	FerryPollerNode *previous;
	FerryPollerNode *next;
};

/* Something to do when the events of this loop turn are handled, once. Part of its owner. */
typedef struct {
	FerryPollerNode node;
	void (*func)(gpointer owner);
	gpointer owner;
} FerryPollerJob;

/* Something to do at a time, to the second. Part of its owner. */
typedef struct {
	FerryPollerNode node;
	void (*func)(gpointer owner);
	gpointer owner;
	gint64 due;   /* monotonic second */
	gint64 visit; /* the second whose slot it is in, never after due */
} FerryPollerTimer;

#define FERRY_POLLER_SCRATCH_SIZE 65536

void ferry_poller_queue_job(FerryPoller *self, FerryPollerJob *job);
void ferry_poller_cancel_job(FerryPollerJob *job);
void ferry_poller_set_timer(FerryPoller *self, FerryPollerTimer *timer, gint64 due_usec);
void ferry_poller_cancel_timer(FerryPollerTimer *timer);
guint8 *ferry_poller_get_scratch(FerryPoller *self);

G_END_DECLS
