/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of the raw cache while they are written
 *
 * Implementation: a file without a name (O_TMPFILE) that is linked when it is complete, so that a
 *   process that dies leaves nothing. On file systems that have no such files it has a temporary
 *   name beside the later one. Either is locked until it is closed: a temporary name whose file
 *   nobody has locked was left by a process that died, whichever of those that share the cache
 */
#include "account/raw-file-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mapped.h"

struct _FerryRawFile {
	int fd;
	char *path;      /* what it is to be named, NULL for nothing */
	char *temporary; /* its name until then, NULL: it has none */
};

static gboolean
set_errno(GError **error, const char *what)
{
	g_set_error(error, FERRY_ERROR, FERRY_ERROR_FAILED, "%s: %s", what, g_strerror(errno));
	return FALSE;
}

static gboolean
open_beside(FerryRawFile *self, GError **error)
{
	g_autofree char *folder = g_path_get_dirname(self->path);

	self->fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (self->fd < 0) {
		self->temporary = g_strconcat(self->path, ".XXXXXX", NULL);
		self->fd = g_mkstemp_full(self->temporary, O_RDWR | O_CLOEXEC, 0600);
	}
	if (self->fd < 0) {
		g_clear_pointer(&self->temporary, g_free);
		return set_errno(error, "making a cache file");
	}
	/* where there are no locks, what is left stays until the cache is cleared */
	(void)flock(self->fd, LOCK_EX | LOCK_NB);
	return TRUE;
}

FerryRawFile *
ferry_raw_file_new(const char *path, const char *dir, GError **error)
{
	g_autoptr(FerryRawFile) self = g_new0(FerryRawFile, 1);

	self->fd = -1;
	self->path = g_strdup(path);
	if (path != NULL)
		return open_beside(self, error) ? g_steal_pointer(&self) : NULL;
	self->fd = ferry_mapped_open_unlinked(dir, error);
	return self->fd >= 0 ? g_steal_pointer(&self) : NULL;
}

void
ferry_raw_file_free(FerryRawFile *self)
{
	if (self->temporary != NULL)
		(void)unlink(self->temporary);
	if (self->fd >= 0)
		close(self->fd);
	g_free(self->temporary);
	g_free(self->path);
	g_free(self);
}

int
ferry_raw_file_get_fd(FerryRawFile *self)
{
	return self->fd;
}

const char *
ferry_raw_file_get_path(FerryRawFile *self)
{
	return self->path;
}

static gboolean
link_to(FerryRawFile *self, const char *path)
{
	char source[64];

	g_snprintf(source, sizeof source, "/proc/self/fd/%d", self->fd);
	return linkat(AT_FDCWD, source, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0;
}

gboolean
ferry_raw_file_keep(FerryRawFile *self, GError **error)
{
	g_return_val_if_fail(self->path != NULL, FALSE);

	if (self->temporary == NULL) {
		if (link_to(self, self->path))
			return TRUE;
		if (errno != EEXIST)
			return set_errno(error, "naming a cache file");
		/* only a rename takes the place of another file */
		self->temporary = g_strdup_printf("%s.%08x", self->path, g_random_int());
		if (!link_to(self, self->temporary)) {
			set_errno(error, "naming a cache file");
			g_clear_pointer(&self->temporary, g_free);
			return FALSE;
		}
	}
	if (rename(self->temporary, self->path) != 0)
		return set_errno(error, "naming a cache file");
	g_clear_pointer(&self->temporary, g_free);
	return TRUE;
}

gboolean
ferry_raw_file_is_temporary(const char *name)
{
	return strchr(name, '.') != NULL;
}

void
ferry_raw_file_remove_leftover(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		(void)unlink(path);
	close(fd);
}
