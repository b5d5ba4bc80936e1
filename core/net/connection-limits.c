/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How many connections may exist
 *
 * Specification: none; the [limits] group of the configuration
 * Implementation: in all, per address (IPv6: per /64), not signed in. The table of addresses has
 *   one entry per address that is connected now, so the first limit bounds it.
 */
#include "net/connection-limits.h"

#include "base/error.h"

struct _FerryConnectionLimits {
	gatomicrefcount references;
	guint max_connections;
	guint max_per_address;
	guint max_unauthenticated;
	gboolean limit_loopback;

	GMutex mutex; /* for all below */
	guint connections;
	guint unauthenticated;
	GHashTable *per_address; /* key of the address → count */
};

G_DEFINE_BOXED_TYPE(FerryConnectionLimits, ferry_connection_limits, ferry_connection_limits_ref,
		    ferry_connection_limits_unref)

/**
 * ferry_connection_limits_new:
 * @connections: how many connections in all, 0 for no limit
 * @per_address: how many from one address, 0 for no limit
 * @unauthenticated: how many that have not signed in, 0 for no limit
 * @limit_loopback: whether @per_address counts for this machine too
 *
 * Makes a set of limits with nothing counted yet.
 *
 * Returns: (transfer full): the limits
 */
FerryConnectionLimits *
ferry_connection_limits_new(guint connections, guint per_address, guint unauthenticated,
			    gboolean limit_loopback)
{
	FerryConnectionLimits *self = g_new0(FerryConnectionLimits, 1);

	g_atomic_ref_count_init(&self->references);
	g_mutex_init(&self->mutex);
	self->max_connections = connections;
	self->max_per_address = per_address;
	self->max_unauthenticated = unauthenticated;
	self->limit_loopback = limit_loopback;
	self->per_address = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return self;
}

/**
 * ferry_connection_limits_ref:
 * @self: limits
 *
 * Returns: (transfer full): the same with one reference more
 */
FerryConnectionLimits *
ferry_connection_limits_ref(FerryConnectionLimits *self)
{
	g_atomic_ref_count_inc(&self->references);
	return self;
}

/**
 * ferry_connection_limits_unref:
 * @self: (transfer full): limits
 *
 * Drops a reference.
 */
void
ferry_connection_limits_unref(FerryConnectionLimits *self)
{
	if (!g_atomic_ref_count_dec(&self->references))
		return;
	g_hash_table_unref(self->per_address);
	g_mutex_clear(&self->mutex);
	g_free(self);
}

static char *
ferry_connection_limits_key(FerryConnectionLimits *self, const FerryAddress *peer)
{
	if (self->max_per_address == 0)
		return NULL;
	if (ferry_address_is_loopback(peer) && !self->limit_loopback)
		return NULL;
	return ferry_address_to_key(peer);
}

static const char *
ferry_connection_limits_find_exceeded(FerryConnectionLimits *self, const char *key)
{
	if (self->max_connections != 0 && self->connections >= self->max_connections)
		return "connections";
	if (self->max_unauthenticated != 0 && self->unauthenticated >= self->max_unauthenticated)
		return "unauthenticated";
	if (key != NULL &&
	    GPOINTER_TO_UINT(g_hash_table_lookup(self->per_address, key)) >= self->max_per_address)
		return "connections-per-address";
	return NULL;
}

/**
 * ferry_connection_limits_acquire:
 * @self: limits
 * @peer: who connects
 * @error: return location
 *
 * Counts one connection more, not signed in.
 *
 * Returns: FALSE with %FERRY_ERROR_LIMIT, which names the limit, where there may be no more
 */
gboolean
ferry_connection_limits_acquire(FerryConnectionLimits *self, const FerryAddress *peer,
				GError **error)
{
	g_autofree char *key = ferry_connection_limits_key(self, peer);
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->mutex);
	const char *exceeded = ferry_connection_limits_find_exceeded(self, key);
	guint count;

	if (exceeded != NULL) {
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_LIMIT, "the limit “%s” is reached",
			    exceeded);
		return FALSE;
	}
	self->connections++;
	self->unauthenticated++;
	if (key != NULL) {
		count = GPOINTER_TO_UINT(g_hash_table_lookup(self->per_address, key)) + 1;
		g_hash_table_replace(self->per_address, g_steal_pointer(&key),
				     GUINT_TO_POINTER(count));
	}
	return TRUE;
}

/**
 * ferry_connection_limits_set_authenticated:
 * @self: limits
 *
 * One connection that was counted has signed in.
 */
void
ferry_connection_limits_set_authenticated(FerryConnectionLimits *self)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->mutex);

	g_return_if_fail(self->unauthenticated > 0);
	self->unauthenticated--;
}

/**
 * ferry_connection_limits_reset_authenticated:
 * @self: limits
 *
 * One connection that had signed in has signed out and stays.
 */
void
ferry_connection_limits_reset_authenticated(FerryConnectionLimits *self)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->mutex);

	self->unauthenticated++;
}

/**
 * ferry_connection_limits_release:
 * @self: limits
 * @peer: whose connection ended
 * @authenticated: whether it had signed in
 *
 * Counts one connection less.
 */
void
ferry_connection_limits_release(FerryConnectionLimits *self, const FerryAddress *peer,
				gboolean authenticated)
{
	g_autofree char *key = ferry_connection_limits_key(self, peer);
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->mutex);
	guint count;

	g_return_if_fail(self->connections > 0);
	self->connections--;
	if (!authenticated)
		self->unauthenticated--;
	if (key == NULL)
		return;
	count = GPOINTER_TO_UINT(g_hash_table_lookup(self->per_address, key));
	if (count <= 1)
		g_hash_table_remove(self->per_address, key);
	else
		g_hash_table_replace(self->per_address, g_steal_pointer(&key),
				     GUINT_TO_POINTER(count - 1));
}

/**
 * ferry_connection_limits_get_count:
 * @self: limits
 *
 * Returns: how many connections there are now
 */
guint
ferry_connection_limits_get_count(FerryConnectionLimits *self)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->mutex);

	return self->connections;
}
