/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

#define FERRY_TYPE_POLLER (ferry_poller_get_type())

/**
 * FerryPoller:
 *
 * One GSource around one epoll descriptor: it watches every client of a worker, so that a wake-up
 * costs what happened and not how many clients there are. All functions but ref, unref and
 * get_context belong to the thread that runs the main context.
 */
typedef struct _FerryPoller FerryPoller;

/**
 * FerryPollerWatch: (skip)
 *
 * One descriptor in a [struct@Poller].
 */
typedef struct _FerryPollerWatch FerryPollerWatch;

/**
 * FerryPollerFunc:
 * @condition: what is true of the descriptor now
 * @user_data: (closure): as given to ferry_poller_add()
 *
 * Tells that a descriptor is ready. Level-triggered: it is called again while the condition lasts.
 */
typedef void (*FerryPollerFunc)(GIOCondition condition, gpointer user_data);

GType ferry_poller_get_type(void);
FerryPoller *ferry_poller_new(GMainContext *context);
FerryPoller *ferry_poller_ref(FerryPoller *self);
void ferry_poller_unref(FerryPoller *self);
GMainContext *ferry_poller_get_context(FerryPoller *self);
FerryPollerWatch *ferry_poller_add(FerryPoller *self, int fd, GIOCondition condition,
				   FerryPollerFunc func, gpointer user_data, GError **error);
void ferry_poller_modify(FerryPoller *self, FerryPollerWatch *watch, GIOCondition condition);
void ferry_poller_remove(FerryPoller *self, FerryPollerWatch *watch);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryPoller, ferry_poller_unref)

G_END_DECLS
