/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sockets that systemd opened for us
 *
 * Specification: sd_listen_fds(3)
 * Implementation: LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES, without libsystemd
 */
#include "net/handed-over-private.h"

#include <fcntl.h>
#include <unistd.h>

#define FIRST_FD 3
#define MAX_FDS 1024

static GMutex mutex;
static gboolean taken[MAX_FDS];

static guint
ferry_handed_over_count(void)
{
	const char *pid = g_getenv("LISTEN_PID");
	const char *fds = g_getenv("LISTEN_FDS");
	guint64 value = 0;

	if (pid == NULL || fds == NULL)
		return 0;
	/* inherited by a child: they are not meant for it */
	if (!g_ascii_string_to_unsigned(pid, 10, 1, G_MAXINT, &value, NULL) ||
	    value != (guint64)getpid())
		return 0;
	if (!g_ascii_string_to_unsigned(fds, 10, 1, MAX_FDS, &value, NULL))
		return 0;
	return (guint)value;
}

/* The descriptors of a name, each given away once. */
GArray *
ferry_handed_over_take(const char *name)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&mutex);
	const char *names = g_getenv("LISTEN_FDNAMES");
	g_auto(GStrv) list = g_strsplit(names != NULL ? names : "", ":", MAX_FDS);
	GArray *result = g_array_new(FALSE, FALSE, sizeof(int));
	guint n_names = g_strv_length(list);
	guint n = ferry_handed_over_count();

	for (guint i = 0; i < n; i++) {
		int fd = FIRST_FD + (int)i;

		/* sd_listen_fds_with_names(3) calls those without a name “unknown” */
		if (taken[i] || g_strcmp0(i < n_names ? list[i] : "unknown", name) != 0)
			continue;
		taken[i] = TRUE;
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
		g_array_append_val(result, fd);
	}
	return result;
}
