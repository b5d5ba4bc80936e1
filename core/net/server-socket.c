/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sockets to listen on
 *
 * Specification: none; ip(7), ipv6(7), unix(7)
 * Implementation: TCP on a numeric address, Unix sockets by path
 */
#include "net/server-socket-private.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"

#define BACKLOG 1024

static void
ferry_server_socket_set_errno(GError **error, int code, const char *what)
{
	g_set_error(error, G_IO_ERROR, g_io_error_from_errno(code), "cannot listen on %s: %s", what,
		    g_strerror(code));
}

static int
ferry_server_socket_bind(const struct sockaddr *address, socklen_t length, const char *what,
			 GError **error)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1;
	gboolean bound;

	if (fd < 0) {
		ferry_server_socket_set_errno(error, errno, what);
		return -1;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	/* so that 0.0.0.0 and :: can be listened on with one port */
	if (address->sa_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	bound = bind(fd, address, length) == 0 && listen(fd, BACKLOG) == 0;
	if (!bound) {
		ferry_server_socket_set_errno(error, errno, what);
		close(fd);
	}
	return bound ? fd : -1;
}

/* A socket that a killed process left is in the way; one where somebody answers is not ours. */
static void
ferry_server_socket_remove_stale(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)address, sizeof *address) < 0 &&
	    errno == ECONNREFUSED)
		g_unlink(address->sun_path);
	close(fd);
}

/* A descriptor, or -1 with @error. */
int
ferry_server_socket_new_unix(const char *path, GError **error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (g_strlcpy(address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path) {
		ferry_server_socket_set_errno(error, ENAMETOOLONG, path);
		return -1;
	}
	ferry_server_socket_remove_stale(&address);
	return ferry_server_socket_bind((struct sockaddr *)&address, sizeof address, path, error);
}

/* A descriptor, or -1 with @error. */
int
ferry_server_socket_new_tcp(const char *address, guint16 port, GError **error)
{
	g_autoptr(GInetAddress) inet = g_inet_address_new_from_string(address);
	g_autoptr(GSocketAddress) where = NULL;
	g_autofree char *what = g_strdup_printf("%s port %u", address, port);
	struct sockaddr_storage native;

	if (inet == NULL) {
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_INVALID,
			    "“%s” is neither an IP address nor an absolute path", address);
		return -1;
	}
	where = g_inet_socket_address_new(inet, port);
	if (!g_socket_address_to_native(where, &native, sizeof native, error))
		return -1;
	return ferry_server_socket_bind((struct sockaddr *)&native,
					(socklen_t)g_socket_address_get_native_size(where), what,
					error);
}
