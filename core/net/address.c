/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses of peers
 *
 * Specification: none; socket addresses as Linux gives them
 * Implementation: IPv4, IPv6 (IPv4-mapped ones count as IPv4), Unix sockets
 * Not mapped: IPv6 scope ids, names of Unix peers
 */
#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/error.h"

struct _FerryAddress {
	guint16 family;
	guint16 port;
	guint8 octets[16];
};

G_DEFINE_BOXED_TYPE(FerryAddress, ferry_address, ferry_address_copy, ferry_address_free)

static FerryAddress *
ferry_address_new(int family, guint16 port, const void *octets, gsize length)
{
	FerryAddress *self = g_new0(FerryAddress, 1);

	self->family = (guint16)family;
	self->port = port;
	memcpy(self->octets, octets, length);
	return self;
}

/* A socket bound to :: shows IPv4 clients as ::ffff:a.b.c.d; limits and logs want one form. */
static FerryAddress *
ferry_address_new_ipv6(const struct in6_addr *address, guint16 port)
{
	if (IN6_IS_ADDR_V4MAPPED(address))
		return ferry_address_new(AF_INET, port, address->s6_addr + 12, 4);
	return ferry_address_new(AF_INET6, port, address->s6_addr, 16);
}

/**
 * ferry_address_new_from_string:
 * @text: an IPv4 or IPv6 address in numbers, without brackets
 * @port: the port, or 0
 * @error: return location
 *
 * Reads an address. Names are not looked up.
 *
 * Returns: (transfer full): the address, or NULL with %FERRY_ERROR_INVALID
 */
FerryAddress *
ferry_address_new_from_string(const char *text, guint16 port, GError **error)
{
	struct in_addr v4;
	struct in6_addr v6;

	g_return_val_if_fail(text != NULL, NULL);
	if (inet_pton(AF_INET, text, &v4) == 1)
		return ferry_address_new(AF_INET, port, &v4, 4);
	if (inet_pton(AF_INET6, text, &v6) == 1)
		return ferry_address_new_ipv6(&v6, port);
	g_set_error(error, FERRY_ERROR, FERRY_ERROR_INVALID, "“%s” is not an IP address", text);
	return NULL;
}

/**
 * ferry_address_new_from_native: (skip)
 * @native: a socket address
 * @length: its size in octets
 *
 * Takes an address from the kernel; every family that is not IP counts as a Unix socket.
 *
 * Returns: (transfer full): the address
 */
FerryAddress *
ferry_address_new_from_native(const struct sockaddr *native, gsize length)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (length >= sizeof v4 && native->sa_family == AF_INET) {
		memcpy(&v4, native, sizeof v4);
		return ferry_address_new(AF_INET, ntohs(v4.sin_port), &v4.sin_addr, 4);
	}
	if (length >= sizeof v6 && native->sa_family == AF_INET6) {
		memcpy(&v6, native, sizeof v6);
		return ferry_address_new_ipv6(&v6.sin6_addr, ntohs(v6.sin6_port));
	}
	return ferry_address_new_unix();
}

/**
 * ferry_address_new_unix:
 *
 * Stands for a peer on a Unix socket.
 *
 * Returns: (transfer full): the address
 */
FerryAddress *
ferry_address_new_unix(void)
{
	return ferry_address_new(AF_UNIX, 0, "", 0);
}

/**
 * ferry_address_copy:
 * @self: an address
 *
 * Returns: (transfer full): a copy
 */
FerryAddress *
ferry_address_copy(const FerryAddress *self)
{
	return g_memdup2(self, sizeof *self);
}

/**
 * ferry_address_free:
 * @self: (transfer full): an address
 *
 * Frees it.
 */
void
ferry_address_free(FerryAddress *self)
{
	g_free(self);
}

static char *
ferry_address_format(int family, const guint8 *octets)
{
	char text[INET6_ADDRSTRLEN];

	if (family == AF_UNIX || inet_ntop(family, octets, text, sizeof text) == NULL)
		return g_strdup("unix");
	return g_strdup(text);
}

/**
 * ferry_address_to_string:
 * @self: an address
 *
 * Writes the address without its port, as the log shows it; “unix” for a Unix socket.
 *
 * Returns: (transfer full): the text
 */
char *
ferry_address_to_string(const FerryAddress *self)
{
	return ferry_address_format(self->family, self->octets);
}

/**
 * ferry_address_to_key:
 * @self: an address
 *
 * Names what limits count as one peer: an IPv4 address, the /64 of an IPv6 address (who has one
 * address of it has them all), or all Unix sockets.
 *
 * Returns: (transfer full): the key
 */
char *
ferry_address_to_key(const FerryAddress *self)
{
	guint8 prefix[16] = {0};

	if (self->family != AF_INET6)
		return ferry_address_to_string(self);
	memcpy(prefix, self->octets, 8);
	return ferry_address_format(AF_INET6, prefix);
}

/**
 * ferry_address_get_port:
 * @self: an address
 *
 * Returns: the port, 0 where there is none
 */
guint16
ferry_address_get_port(const FerryAddress *self)
{
	return self->port;
}

/**
 * ferry_address_is_loopback:
 * @self: an address
 *
 * Returns: whether the peer is on this machine: 127.0.0.0/8, ::1 or a Unix socket
 */
gboolean
ferry_address_is_loopback(const FerryAddress *self)
{
	if (self->family == AF_INET)
		return self->octets[0] == 127;
	if (self->family == AF_INET6)
		return memcmp(self->octets, &in6addr_loopback, 16) == 0;
	return TRUE;
}

/**
 * ferry_address_is_unix:
 * @self: an address
 *
 * Returns: whether the peer came over a Unix socket
 */
gboolean
ferry_address_is_unix(const FerryAddress *self)
{
	return self->family == AF_UNIX;
}
