/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Slowing down who guesses
 *
 * Specification: none; failures-per-address and connections-per-user of the configuration
 * Implementation: failures leak away at the rate that is allowed. Above it, sign-ins from one
 *   address wait in one queue with a growing gap, so that many connections guess no faster than
 *   one; those for one user wait too, but never in a queue, or anybody could lock the user out. Who
 *   signed in from an address before is not held up by others there.
 */
#include "auth/throttle.h"

#include "auth/lru-private.h"
#include "base/error.h"

#define MAX_REMEMBERED 16384
#define MAX_DELAY_MSEC 15000
/* A command has its answer within 60 seconds; the check itself needs some of them. */
#define MAX_QUEUE_MSEC 40000

typedef struct {
	double failures;
	gint64 updated; /* monotonic µs */
	gint64 next;    /* address: when the last one in the queue gets its turn */
	gboolean good;  /* address and user: has signed in, and not failed since */
} FerryThrottleEntry;

struct _FerryThrottle {
	GObject parent_instance;

	guint failures;
	guint connections_per_user;
	gboolean limit_loopback;

	GMutex mutex; /* for all below */
	FerryLru *entries;
	GHashTable *connections; /* user → count */
};

G_DEFINE_TYPE(FerryThrottle, ferry_throttle, G_TYPE_OBJECT)

static char *
ferry_throttle_make_key(FerryThrottle *self, const FerryAddress *address)
{
	g_autofree char *key = NULL;

	if (address == NULL || self->failures == 0)
		return NULL;
	if (ferry_address_is_loopback(address) && !self->limit_loopback)
		return NULL;
	key = ferry_address_to_key(address);
	return g_strconcat("a:", key, NULL);
}

/* A user name may be long and is hostile: its hash will do. */
static char *
ferry_throttle_make_user_key(const char *address, const char *user)
{
	g_autofree char *text = g_strconcat(address != NULL ? address : "", "\n", user, NULL);
	g_autofree char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);

	return g_strconcat("u:", hash, NULL);
}

/* What the mutex guards; entries appear with the first failure or success. */
static FerryThrottleEntry *
ferry_throttle_get_entry(FerryThrottle *self, const char *key, gint64 now, gboolean create)
{
	FerryThrottleEntry *entry = ferry_lru_lookup(self->entries, key);
	double leaked;

	if (entry == NULL && create) {
		entry = g_new0(FerryThrottleEntry, 1);
		entry->updated = now;
		ferry_lru_insert(self->entries, key, entry);
	}
	if (entry == NULL)
		return NULL;
	leaked = (double)(now - entry->updated) / (60.0 * G_USEC_PER_SEC) * self->failures;
	entry->failures = MAX(0.0, entry->failures - leaked);
	entry->updated = now;
	return entry;
}

/* 1 s for the first failure too many, then twice as long each time. */
static guint
ferry_throttle_entry_get_delay(FerryThrottle *self, const FerryThrottleEntry *entry)
{
	double excess = entry->failures - self->failures;

	if (excess <= 0.0)
		return 0;
	return MIN(1000u << (guint)MIN(excess, 10.0), MAX_DELAY_MSEC);
}

/* How long to wait, in ms; takes a place in the queue where @take. */
static guint
ferry_throttle_find_delay(FerryThrottle *self, const char *address, const char *user, gint64 now,
			  gboolean take)
{
	g_autofree char *pair = user != NULL ? ferry_throttle_make_user_key(address, user) : NULL;
	g_autofree char *anywhere = user != NULL ? ferry_throttle_make_user_key(NULL, user) : NULL;
	FerryThrottleEntry *entry;
	guint delay = 0;
	gint64 turn;

	if (address == NULL)
		return 0;
	entry = pair != NULL ? ferry_throttle_get_entry(self, pair, now, FALSE) : NULL;
	if (entry != NULL && entry->good)
		return 0;
	entry = anywhere != NULL ? ferry_throttle_get_entry(self, anywhere, now, FALSE) : NULL;
	if (entry != NULL)
		delay = ferry_throttle_entry_get_delay(self, entry);
	entry = ferry_throttle_get_entry(self, address, now, FALSE);
	if (entry == NULL || ferry_throttle_entry_get_delay(self, entry) == 0)
		return delay;
	turn = MAX(entry->next, now) + ferry_throttle_entry_get_delay(self, entry) * (gint64)1000;
	delay = MAX(delay, (guint)((turn - now) / 1000));
	if (take && delay <= MAX_QUEUE_MSEC)
		entry->next = turn;
	return delay;
}

/**
 * ferry_throttle_get_delay:
 * @self: the throttle
 * @address: where the client is
 * @user: (nullable): who it claims to be
 *
 * Asks how long a sign-in would have to wait now.
 *
 * Returns: milliseconds
 */
guint
ferry_throttle_get_delay(FerryThrottle *self, const FerryAddress *address, const char *user)
{
	g_autofree char *key = NULL;
	g_autoptr(GMutexLocker) locker = NULL;

	g_return_val_if_fail(FERRY_IS_THROTTLE(self), 0);
	key = ferry_throttle_make_key(self, address);
	locker = g_mutex_locker_new(&self->mutex);
	return ferry_throttle_find_delay(self, key, user, g_get_monotonic_time(), FALSE);
}

static gboolean
ferry_throttle_turn_cb(gpointer user_data)
{
	GTask *task = G_TASK(user_data);

	if (!g_task_return_error_if_cancelled(task))
		g_task_return_boolean(task, TRUE);
	return G_SOURCE_REMOVE;
}

static void
ferry_throttle_wait_for(GTask *task, guint delay)
{
	GCancellable *cancellable = g_task_get_cancellable(task);
	g_autoptr(GSource) source = g_timeout_source_new(delay);
	g_autoptr(GSource) cancelled = NULL;

	if (cancellable != NULL) {
		cancelled = g_cancellable_source_new(cancellable);
		g_source_set_dummy_callback(cancelled);
		g_source_add_child_source(source, cancelled);
	}
	g_task_attach_source(task, source, ferry_throttle_turn_cb);
}

/**
 * ferry_throttle_wait_async:
 * @self: the throttle
 * @address: where the client is
 * @user: (nullable): who it claims to be
 * @cancellable: (nullable): ends the wait, for instance when the connection ends
 * @callback: (scope async): what to call when its turn has come
 * @user_data: for @callback
 *
 * Waits before a credential is checked: not at all, while failures are few.
 */
void
ferry_throttle_wait_async(FerryThrottle *self, const FerryAddress *address, const char *user,
			  GCancellable *cancellable, GAsyncReadyCallback callback,
			  gpointer user_data)
{
	g_autoptr(GTask) task = g_task_new(self, cancellable, callback, user_data);
	g_autofree char *key = NULL;
	guint delay;

	g_return_if_fail(FERRY_IS_THROTTLE(self));
	g_task_set_source_tag(task, ferry_throttle_wait_async);
	key = ferry_throttle_make_key(self, address);
	g_mutex_lock(&self->mutex);
	delay = ferry_throttle_find_delay(self, key, user, g_get_monotonic_time(), TRUE);
	g_mutex_unlock(&self->mutex);
	if (delay > MAX_QUEUE_MSEC)
		g_task_return_new_error(task, FERRY_ERROR, FERRY_ERROR_LIMIT,
					"too many failed sign-ins, try again later");
	else if (delay > 0)
		ferry_throttle_wait_for(task, delay);
	else
		g_task_return_boolean(task, TRUE);
}

/**
 * ferry_throttle_wait_finish:
 * @self: the throttle
 * @result: what the callback was given
 * @error: return location
 *
 * Ends the wait.
 *
 * Returns: FALSE with %FERRY_ERROR_LIMIT where too many wait already, or with %G_IO_ERROR_CANCELLED
 */
gboolean
ferry_throttle_wait_finish(FerryThrottle *self, GAsyncResult *result, GError **error)
{
	g_return_val_if_fail(g_task_is_valid(result, self), FALSE);

	return g_task_propagate_boolean(G_TASK(result), error);
}

/**
 * ferry_throttle_add_failure:
 * @self: the throttle
 * @address: where the client is
 * @user: (nullable): who it claimed to be
 *
 * Counts a wrong credential. What failed for another reason (no backend) is not counted.
 */
void
ferry_throttle_add_failure(FerryThrottle *self, const FerryAddress *address, const char *user)
{
	g_autofree char *key = NULL;
	g_autofree char *pair = NULL;
	g_autofree char *anywhere = NULL;
	g_autoptr(GMutexLocker) locker = NULL;
	gint64 now = g_get_monotonic_time();

	g_return_if_fail(FERRY_IS_THROTTLE(self));
	key = ferry_throttle_make_key(self, address);
	if (key == NULL)
		return;
	locker = g_mutex_locker_new(&self->mutex);
	ferry_throttle_get_entry(self, key, now, TRUE)->failures += 1.0;
	if (user == NULL)
		return;
	pair = ferry_throttle_make_user_key(key, user);
	anywhere = ferry_throttle_make_user_key(NULL, user);
	ferry_throttle_get_entry(self, anywhere, now, TRUE)->failures += 1.0;
	ferry_lru_remove(self->entries, pair);
}

/**
 * ferry_throttle_add_success:
 * @self: the throttle
 * @address: where the client is
 * @user: who signed in
 *
 * Notes that a user has signed in from an address: the failures of others do not hold it up there.
 */
void
ferry_throttle_add_success(FerryThrottle *self, const FerryAddress *address, const char *user)
{
	g_autofree char *key = NULL;
	g_autofree char *pair = NULL;
	g_autoptr(GMutexLocker) locker = NULL;

	g_return_if_fail(FERRY_IS_THROTTLE(self) && user != NULL);
	key = ferry_throttle_make_key(self, address);
	if (key == NULL)
		return;
	pair = ferry_throttle_make_user_key(key, user);
	locker = g_mutex_locker_new(&self->mutex);
	ferry_throttle_get_entry(self, pair, g_get_monotonic_time(), TRUE)->good = TRUE;
}

/**
 * ferry_throttle_acquire_user:
 * @self: the throttle
 * @user: who signs in
 * @error: return location
 *
 * Counts one connection more of a user.
 *
 * Returns: FALSE with %FERRY_ERROR_LIMIT where there may be no more
 */
gboolean
ferry_throttle_acquire_user(FerryThrottle *self, const char *user, GError **error)
{
	g_autoptr(GMutexLocker) locker = NULL;
	guint count;

	g_return_val_if_fail(FERRY_IS_THROTTLE(self) && user != NULL, FALSE);
	locker = g_mutex_locker_new(&self->mutex);
	count = GPOINTER_TO_UINT(g_hash_table_lookup(self->connections, user));
	if (self->connections_per_user != 0 && count >= self->connections_per_user) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_LIMIT,
				    "the limit “connections-per-user” is reached");
		return FALSE;
	}
	g_hash_table_replace(self->connections, g_strdup(user), GUINT_TO_POINTER(count + 1));
	return TRUE;
}

/**
 * ferry_throttle_release_user:
 * @self: the throttle
 * @user: whose connection ended
 *
 * Counts one connection less.
 */
void
ferry_throttle_release_user(FerryThrottle *self, const char *user)
{
	g_autoptr(GMutexLocker) locker = NULL;
	guint count;

	g_return_if_fail(FERRY_IS_THROTTLE(self) && user != NULL);
	locker = g_mutex_locker_new(&self->mutex);
	count = GPOINTER_TO_UINT(g_hash_table_lookup(self->connections, user));
	g_return_if_fail(count > 0);
	if (count == 1)
		g_hash_table_remove(self->connections, user);
	else
		g_hash_table_replace(self->connections, g_strdup(user),
				     GUINT_TO_POINTER(count - 1));
}

static void
ferry_throttle_finalize(GObject *object)
{
	FerryThrottle *self = FERRY_THROTTLE(object);

	ferry_lru_free(self->entries);
	g_hash_table_unref(self->connections);
	g_mutex_clear(&self->mutex);
	G_OBJECT_CLASS(ferry_throttle_parent_class)->finalize(object);
}

static void
ferry_throttle_class_init(FerryThrottleClass *klass)
{
	G_OBJECT_CLASS(klass)->finalize = ferry_throttle_finalize;
}

static void
ferry_throttle_init(FerryThrottle *self)
{
	g_mutex_init(&self->mutex);
	self->entries = ferry_lru_new(MAX_REMEMBERED, g_free);
	self->connections = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

/**
 * ferry_throttle_new:
 * @failures_per_address: how many a minute before answers slow down; also per user; 0 for no limit
 * @connections_per_user: how many connections of one user, 0 for no limit
 * @limit_loopback: whether clients on this machine are slowed down too
 *
 * Makes a throttle that knows nobody yet. Connections per address are counted by
 * [struct@ConnectionLimits].
 *
 * Returns: (transfer full): the throttle
 */
FerryThrottle *
ferry_throttle_new(guint failures_per_address, guint connections_per_user, gboolean limit_loopback)
{
	FerryThrottle *self = g_object_new(FERRY_TYPE_THROTTLE, NULL);

	self->failures = failures_per_address;
	self->connections_per_user = connections_per_user;
	self->limit_loopback = limit_loopback;
	return self;
}
