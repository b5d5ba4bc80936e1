/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All clients of a worker in one GSource
 *
 * Specification: none; epoll(7)
 * Implementation: level-triggered events, work put off to the end of the loop turn, and a timer
 *   wheel of one-second slots. GLib walks all sources at each wake-up, so there is only this one.
 */
#include "net/poller-private.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Few enough that other sources of the loop get their turn. */
#define MAX_EVENTS 64
#define N_SLOTS 256
#define NEVER G_MAXINT64

struct _FerryPollerWatch {
	int fd;
	FerryPollerFunc func;
	gpointer user_data;
};

typedef struct {
	GSource source;
	FerryPoller *poller;
} FerryPollerSource;

struct _FerryPoller {
	gatomicrefcount references;
	GMainContext *context;
	GSource *source;
	gpointer tag;
	int epoll;
	guint8 *scratch;

	/* The events being dispatched; those of a removed watch are blanked. */
	struct epoll_event events[MAX_EVENTS];
	int n_events;

	FerryPollerNode jobs;
	FerryPollerNode slots[N_SLOTS];
	gint64 tick;      /* the last second whose slot was visited */
	gint64 next_tick; /* the next second with something in its slot */
};

G_DEFINE_BOXED_TYPE(FerryPoller, ferry_poller, ferry_poller_ref, ferry_poller_unref)

G_STATIC_ASSERT((int)G_IO_IN == (int)EPOLLIN && (int)G_IO_OUT == (int)EPOLLOUT);
G_STATIC_ASSERT((int)G_IO_ERR == (int)EPOLLERR && (int)G_IO_HUP == (int)EPOLLHUP);

static void
node_init(FerryPollerNode *node)
{
	node->previous = node->next = node;
}

static gboolean
node_is_alone(const FerryPollerNode *node)
{
	return node->next == node;
}

static void
node_remove(FerryPollerNode *node)
{
	if (node->next == NULL)
		return;
	node->previous->next = node->next;
	node->next->previous = node->previous;
	node->previous = node->next = NULL;
}

static void
node_append(FerryPollerNode *ring, FerryPollerNode *node)
{
	node->previous = ring->previous;
	node->next = ring;
	ring->previous->next = node;
	ring->previous = node;
}

/* All nodes of @from go to the empty ring @to. */
static void
node_steal(FerryPollerNode *to, FerryPollerNode *from)
{
	node_init(to);
	if (node_is_alone(from))
		return;
	to->next = from->next;
	to->previous = from->previous;
	to->next->previous = to->previous->next = to;
	node_init(from);
}

static void
ferry_poller_dispatch_events(FerryPoller *self)
{
	self->n_events = epoll_wait(self->epoll, self->events, MAX_EVENTS, 0);
	for (int i = 0; i < self->n_events; i++) {
		FerryPollerWatch *watch = self->events[i].data.ptr;

		if (watch != NULL)
			watch->func((GIOCondition)self->events[i].events, watch->user_data);
	}
	self->n_events = 0;
}

static void
ferry_poller_wake_at(FerryPoller *self, gint64 second)
{
	self->next_tick = second;
	g_source_set_ready_time(self->source, second == NEVER ? -1 : second * G_USEC_PER_SEC);
}

/* Puts a timer into the slot of its second; one that is far away is looked at on the way. */
static void
ferry_poller_place_timer(FerryPoller *self, FerryPollerTimer *timer)
{
	timer->visit = CLAMP(timer->due, self->tick + 1, self->tick + N_SLOTS - 1);
	node_append(&self->slots[timer->visit % N_SLOTS], &timer->node);
	if (timer->visit < self->next_tick)
		ferry_poller_wake_at(self, timer->visit);
}

static void
ferry_poller_visit_slot(FerryPoller *self, gint64 now)
{
	FerryPollerNode ring;

	node_steal(&ring, &self->slots[self->tick % N_SLOTS]);
	while (!node_is_alone(&ring)) {
		FerryPollerTimer *timer = (FerryPollerTimer *)ring.next;

		node_remove(&timer->node);
		if (timer->due <= now)
			timer->func(timer->owner);
		else
			ferry_poller_place_timer(self, timer);
	}
}

static void
ferry_poller_dispatch_timers(FerryPoller *self)
{
	gint64 now = g_source_get_time(self->source) / G_USEC_PER_SEC;
	gint64 next = NEVER;

	if (now < self->next_tick)
		return;
	/* after a long stop every slot is visited once, not once per lost second */
	self->tick = MAX(self->tick, now - N_SLOTS);
	while (self->tick < now) {
		self->tick++;
		ferry_poller_visit_slot(self, now);
	}
	for (gint64 second = now + N_SLOTS - 1; second > now; second--) {
		if (!node_is_alone(&self->slots[second % N_SLOTS]))
			next = second;
	}
	ferry_poller_wake_at(self, next);
}

/* Only what was queued before: work that queues itself again waits for the next turn. */
static void
ferry_poller_dispatch_jobs(FerryPoller *self)
{
	FerryPollerNode ring;

	node_steal(&ring, &self->jobs);
	while (!node_is_alone(&ring)) {
		FerryPollerJob *job = (FerryPollerJob *)ring.next;

		node_remove(&job->node);
		job->func(job->owner);
	}
}

static gboolean
ferry_poller_source_prepare(GSource *source, int *timeout)
{
	*timeout = -1;
	return !node_is_alone(&((FerryPollerSource *)source)->poller->jobs);
}

static gboolean
ferry_poller_source_check(GSource *source)
{
	FerryPoller *self = ((FerryPollerSource *)source)->poller;

	return g_source_query_unix_fd(source, self->tag) != 0 || !node_is_alone(&self->jobs);
}

static gboolean
ferry_poller_source_dispatch(GSource *source, GSourceFunc callback, gpointer user_data)
{
	g_autoptr(FerryPoller) self = ferry_poller_ref(((FerryPollerSource *)source)->poller);

	if (g_source_query_unix_fd(source, self->tag) != 0)
		ferry_poller_dispatch_events(self);
	ferry_poller_dispatch_timers(self);
	ferry_poller_dispatch_jobs(self);
	return G_SOURCE_CONTINUE;
}

static GSourceFuncs ferry_poller_source_funcs = {
	ferry_poller_source_prepare,
	ferry_poller_source_check,
	ferry_poller_source_dispatch,
	NULL,
};

/**
 * ferry_poller_new:
 * @context: (nullable): the main context of a worker; NULL is the thread's default one
 *
 * Makes a poller that works while @context is iterated.
 *
 * Returns: (transfer full): the poller
 */
FerryPoller *
ferry_poller_new(GMainContext *context)
{
	FerryPoller *self = g_new0(FerryPoller, 1);

	g_atomic_ref_count_init(&self->references);
	self->context = context ? g_main_context_ref(context) : g_main_context_ref_thread_default();
	self->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (self->epoll < 0)
		g_error("cannot create an epoll descriptor: %s", g_strerror(errno));
	node_init(&self->jobs);
	for (guint i = 0; i < N_SLOTS; i++)
		node_init(&self->slots[i]);
	self->tick = g_get_monotonic_time() / G_USEC_PER_SEC;
	self->next_tick = NEVER;
	self->source = g_source_new(&ferry_poller_source_funcs, sizeof(FerryPollerSource));
	((FerryPollerSource *)self->source)->poller = self;
	g_source_set_static_name(self->source, "FerryPoller");
	self->tag = g_source_add_unix_fd(self->source, self->epoll, G_IO_IN);
	g_source_attach(self->source, self->context);
	return self;
}

/**
 * ferry_poller_ref:
 * @self: a poller
 *
 * Returns: (transfer full): the same with one reference more
 */
FerryPoller *
ferry_poller_ref(FerryPoller *self)
{
	g_atomic_ref_count_inc(&self->references);
	return self;
}

/**
 * ferry_poller_unref:
 * @self: (transfer full): a poller
 *
 * Drops a reference; the last one takes the poller out of its main context.
 */
void
ferry_poller_unref(FerryPoller *self)
{
	if (!g_atomic_ref_count_dec(&self->references))
		return;
	g_source_destroy(self->source);
	g_source_unref(self->source);
	close(self->epoll);
	g_main_context_unref(self->context);
	g_free(self->scratch);
	g_free(self);
}

/**
 * ferry_poller_get_context:
 * @self: a poller
 *
 * Returns: (transfer none): the main context it works in
 */
GMainContext *
ferry_poller_get_context(FerryPoller *self)
{
	return self->context;
}

/**
 * ferry_poller_add: (skip)
 * @self: a poller
 * @fd: a descriptor, which stays the caller's
 * @condition: %G_IO_IN and %G_IO_OUT as wanted; errors and hang-up are always told
 * @func: what to call
 * @user_data: for @func
 * @error: return location
 *
 * Watches a descriptor.
 *
 * Returns: the watch, owned by the poller until ferry_poller_remove(); NULL where the kernel
 * refuses
 */
FerryPollerWatch *
ferry_poller_add(FerryPoller *self, int fd, GIOCondition condition, FerryPollerFunc func,
		 gpointer user_data, GError **error)
{
	g_autofree FerryPollerWatch *watch = g_new0(FerryPollerWatch, 1);
	struct epoll_event event = {.events = condition, .data.ptr = watch};

	if (epoll_ctl(self->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
		int code = errno;

		g_set_error(error, G_IO_ERROR, g_io_error_from_errno(code),
			    "cannot watch a descriptor: %s", g_strerror(code));
		return NULL;
	}
	watch->fd = fd;
	watch->func = func;
	watch->user_data = user_data;
	return g_steal_pointer(&watch);
}

/**
 * ferry_poller_modify: (skip)
 * @self: a poller
 * @watch: one of its watches
 * @condition: what is wanted from now on; 0 leaves errors and hang-up
 *
 * Changes what a watch waits for.
 */
void
ferry_poller_modify(FerryPoller *self, FerryPollerWatch *watch, GIOCondition condition)
{
	struct epoll_event event = {.events = condition, .data.ptr = watch};

	if (epoll_ctl(self->epoll, EPOLL_CTL_MOD, watch->fd, &event) < 0)
		g_critical("cannot change an epoll watch: %s", g_strerror(errno));
}

/**
 * ferry_poller_remove: (skip)
 * @self: a poller
 * @watch: (transfer full): one of its watches
 *
 * Ends a watch, at once: its function is not called again, not even for what is being dispatched.
 * Call it before closing the descriptor.
 */
void
ferry_poller_remove(FerryPoller *self, FerryPollerWatch *watch)
{
	epoll_ctl(self->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
	for (int i = 0; i < self->n_events; i++) {
		if (self->events[i].data.ptr == watch)
			self->events[i].data.ptr = NULL;
	}
	g_free(watch);
}

void
ferry_poller_queue_job(FerryPoller *self, FerryPollerJob *job)
{
	if (job->node.next == NULL)
		node_append(&self->jobs, &job->node);
}

void
ferry_poller_cancel_job(FerryPollerJob *job)
{
	node_remove(&job->node);
}

/* A timer put off (the usual case: an idle time-out that starts again) stays where it is until its
 * old second comes; then it moves on. So that costs nothing. */
void
ferry_poller_set_timer(FerryPoller *self, FerryPollerTimer *timer, gint64 due_usec)
{
	timer->due = due_usec / G_USEC_PER_SEC + 1;
	if (timer->node.next != NULL && timer->visit <= timer->due)
		return;
	node_remove(&timer->node);
	/* an empty wheel does not turn: bring it to the present first */
	if (self->next_tick == NEVER)
		self->tick = MAX(self->tick, g_get_monotonic_time() / G_USEC_PER_SEC);
	ferry_poller_place_timer(self, timer);
}

void
ferry_poller_cancel_timer(FerryPollerTimer *timer)
{
	node_remove(&timer->node);
}

/* Room to read into, so that idle connections need no buffer of their own. Whoever takes it is done
 * with it when control returns to the main loop. */
guint8 *
ferry_poller_get_scratch(FerryPoller *self)
{
	if (self->scratch == NULL)
		self->scratch = g_malloc(FERRY_POLLER_SCRATCH_SIZE);
	return self->scratch;
}
