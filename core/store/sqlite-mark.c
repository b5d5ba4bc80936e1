/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counters shared by the processes on a store
 *
 * Implementation: one mapped page of 64-bit numbers, changed by atomic operations; a byte range
 *   lock (open file description) behind it says which start numbers are alive. Beside the store it
 *   spares reading the generation; in the cache directory it outlives a store put back from backup.
 */
#include "store/sqlite-mark.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

#define MARK_SIZE 4096
#define MARK_MAGIC G_GUINT64_CONSTANT(0x466572727931)
#define OWNER_BASE (1 << 16)

struct _FerrySqliteMark {
	int fd;
	guint64 *fields;
};

static FerrySqliteMark *
fail(const char *path, GError **error)
{
	g_set_error(error, FERRY_ERROR, FERRY_ERROR_FAILED, "cannot use %s: %s", path,
		    g_strerror(errno));
	return NULL;
}

FerrySqliteMark *
ferry_sqlite_mark_open(const char *path, GError **error)
{
	g_autoptr(FerrySqliteMark) self = g_new0(FerrySqliteMark, 1);
	struct stat status;
	void *memory;

	self->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (self->fd < 0 || fstat(self->fd, &status) < 0)
		return fail(path, error);
	/* written, not only sized: a full disk must fail here and not when the page is touched */
	if (status.st_size < MARK_SIZE && (errno = posix_fallocate(self->fd, 0, MARK_SIZE)) != 0)
		return fail(path, error);
	memory = mmap(NULL, MARK_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd, 0);
	if (memory == MAP_FAILED)
		return fail(path, error);
	self->fields = memory;
	__atomic_store_n(&self->fields[0], MARK_MAGIC, __ATOMIC_RELAXED);
	return g_steal_pointer(&self);
}

void
ferry_sqlite_mark_close(FerrySqliteMark *self)
{
	if (self->fields != NULL)
		munmap(self->fields, MARK_SIZE);
	if (self->fd >= 0)
		close(self->fd);
	g_free(self);
}

guint64
ferry_sqlite_mark_get(FerrySqliteMark *self, FerrySqliteMarkField field)
{
	return __atomic_load_n(&self->fields[field], __ATOMIC_ACQUIRE);
}

void
ferry_sqlite_mark_raise(FerrySqliteMark *self, FerrySqliteMarkField field, guint64 value)
{
	guint64 old = ferry_sqlite_mark_get(self, field);

	while (old < value && !__atomic_compare_exchange_n(&self->fields[field], &old, value, FALSE,
							   __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		continue;
}

void
ferry_sqlite_mark_increment(FerrySqliteMark *self, FerrySqliteMarkField field)
{
	__atomic_add_fetch(&self->fields[field], 1, __ATOMIC_ACQ_REL);
}

gboolean
ferry_sqlite_mark_lock_owner(FerrySqliteMark *self, guint64 owner, GError **error)
{
	struct flock lock = {.l_type = F_WRLCK,
			     .l_whence = SEEK_SET,
			     .l_start = OWNER_BASE + owner,
			     .l_len = 1};

	if (fcntl(self->fd, F_OFD_SETLK, &lock) == 0)
		return TRUE;
	fail("the store's lock", error);
	return FALSE;
}

gboolean
ferry_sqlite_mark_owner_is_alive(FerrySqliteMark *self, guint64 owner)
{
	struct flock lock = {.l_type = F_WRLCK,
			     .l_whence = SEEK_SET,
			     .l_start = OWNER_BASE + owner,
			     .l_len = 1};

	/* in doubt it lives: undoing another's work would lose mail */
	return fcntl(self->fd, F_OFD_GETLK, &lock) < 0 || lock.l_type != F_UNLCK;
}
