/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a sign-in comes from
 *
 * Specification: none
 * Implementation: what can be said when the connection is already gone
 */
#include "auth/origin.h"

struct _FerryOrigin {
	gatomicrefcount references;
	FerryAddress *address;
	char *service;
	char *backend;
	gboolean secure;
};

G_DEFINE_BOXED_TYPE(FerryOrigin, ferry_origin, ferry_origin_ref, ferry_origin_unref)

/**
 * ferry_origin_new:
 * @connection: the client
 * @service: the protocol, as SASL names it: “imap”, “sieve”
 * @backend: (nullable): the backend that the listener is for
 *
 * Notes where a sign-in comes from, as it is now: make it anew after STARTTLS.
 *
 * Returns: (transfer full): the origin
 */
FerryOrigin *
ferry_origin_new(FerryConnection *connection, const char *service, const char *backend)
{
	return ferry_origin_new_for_address(ferry_connection_get_peer(connection),
					    ferry_connection_is_secure(connection), service,
					    backend);
}

/**
 * ferry_origin_new_for_address:
 * @address: the client's address
 * @secure: whether the way to it is encrypted
 * @service: the protocol, as SASL names it
 * @backend: (nullable): the backend that the listener is for
 *
 * Does the same without a connection.
 *
 * Returns: (transfer full): the origin
 */
FerryOrigin *
ferry_origin_new_for_address(const FerryAddress *address, gboolean secure, const char *service,
			     const char *backend)
{
	FerryOrigin *self = g_new0(FerryOrigin, 1);

	g_atomic_ref_count_init(&self->references);
	self->address = ferry_address_copy(address);
	self->secure = secure;
	self->service = g_strdup(service);
	self->backend = g_strdup(backend);
	return self;
}

/**
 * ferry_origin_ref:
 * @self: an origin
 *
 * Returns: (transfer full): the same with one reference more
 */
FerryOrigin *
ferry_origin_ref(FerryOrigin *self)
{
	g_atomic_ref_count_inc(&self->references);
	return self;
}

/**
 * ferry_origin_unref:
 * @self: (transfer full): an origin
 *
 * Drops a reference.
 */
void
ferry_origin_unref(FerryOrigin *self)
{
	if (!g_atomic_ref_count_dec(&self->references))
		return;
	ferry_address_free(self->address);
	g_free(self->service);
	g_free(self->backend);
	g_free(self);
}

/**
 * ferry_origin_get_service:
 * @self: an origin
 *
 * Returns: the protocol
 */
const char *
ferry_origin_get_service(FerryOrigin *self)
{
	return self->service;
}

/**
 * ferry_origin_get_backend:
 * @self: an origin
 *
 * Returns: (nullable): the backend that the listener is for
 */
const char *
ferry_origin_get_backend(FerryOrigin *self)
{
	return self->backend;
}

/**
 * ferry_origin_get_address:
 * @self: an origin
 *
 * Returns: (transfer none): the client's address
 */
const FerryAddress *
ferry_origin_get_address(FerryOrigin *self)
{
	return self->address;
}

/**
 * ferry_origin_is_secure:
 * @self: an origin
 *
 * Returns: whether the way to the client is encrypted
 */
gboolean
ferry_origin_is_secure(FerryOrigin *self)
{
	return self->secure;
}

/**
 * ferry_origin_is_loopback:
 * @self: an origin
 *
 * Returns: whether the client is on this machine
 */
gboolean
ferry_origin_is_loopback(FerryOrigin *self)
{
	return ferry_address_is_loopback(self->address);
}
