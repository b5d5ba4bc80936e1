/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mapped files whose pages can be let go
 *
 * Implementation: pages that were read count as memory of the process until the mapping ends, a
 *   whole message of them. Who goes through one from start to end says what it is done with; the
 *   kernel still has these pages, and gives them again where they are read again. Mappings are kept
 *   by their addresses, so that the same can be said of octets that are in no mapping
 */
#include "base/mapped.h"

#include <gio/gio.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
	guintptr start;
	gsize length;
} Mapping;

G_LOCK_DEFINE_STATIC(mappings);
static GTree *mappings; /* of themselves, by start */

static int
compare_mappings(gconstpointer a, gconstpointer b)
{
	const Mapping *first = a;
	const Mapping *second = b;

	return first->start < second->start ? -1 : first->start > second->start;
}

static void
unmap(gpointer data)
{
	Mapping *mapping = data;

	/* nobody else may be given the addresses while they are known */
	G_LOCK(mappings);
	g_tree_remove(mappings, mapping);
	munmap((void *)mapping->start, mapping->length); /* NOLINT(performance-no-int-to-ptr) */
	G_UNLOCK(mappings);
	g_free(mapping);
}

static gboolean
set_errno(GError **error, int code)
{
	g_set_error(error, G_IO_ERROR, g_io_error_from_errno(code), "Mapping a file: %s",
		    g_strerror(code));
	return FALSE;
}

/**
 * ferry_mapped_open_unlinked:
 * @dir: where there is room
 * @error: return location for a %G_IO_ERROR
 *
 * Opens a new file that has no name, for reading and writing: whatever happens to the process,
 * nothing of it is left. Blocks as long as the file system does.
 *
 * Returns: a descriptor, or -1
 */
int
ferry_mapped_open_unlinked(const char *dir, GError **error)
{
	g_autofree char *name = g_build_filename(dir, "ferry-XXXXXX", NULL);
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	/* a file system without O_TMPFILE */
	fd = g_mkstemp_full(name, O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0) {
		int code = errno;

		g_set_error(error, G_IO_ERROR, g_io_error_from_errno(code),
			    "Making a file in %s: %s", dir, g_strerror(code));
		return -1;
	}
	(void)unlink(name);
	return fd;
}

/**
 * ferry_mapped_new:
 * @fd: a regular file, which nobody may shorten; it stays the caller's and may be closed at once
 * @error: return location for a %G_IO_ERROR
 *
 * Maps a file. It is read when and where the octets are looked at.
 *
 * Returns: (transfer full) (nullable): its octets
 */
GBytes *
ferry_mapped_new(int fd, GError **error)
{
	struct stat st;
	Mapping *mapping;
	void *start;

	if (fstat(fd, &st) != 0) {
		set_errno(error, errno);
		return NULL;
	}
	if (st.st_size == 0)
		return g_bytes_new_static("", 0);
	start = mmap(NULL, (gsize)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (start == MAP_FAILED) {
		set_errno(error, errno);
		return NULL;
	}
	mapping = g_new(Mapping, 1);
	mapping->start = (guintptr)start;
	mapping->length = (gsize)st.st_size;
	G_LOCK(mappings);
	if (mappings == NULL)
		mappings = g_tree_new(compare_mappings);
	g_tree_insert(mappings, mapping, mapping);
	G_UNLOCK(mappings);
	return g_bytes_new_with_free_func(start, mapping->length, unmap, mapping);
}

/* The last mapping that begins at @address or before. */
static const Mapping *
find(guintptr address)
{
	Mapping key = {.start = address};
	GTreeNode *node = g_tree_upper_bound(mappings, &key);

	node = node != NULL ? g_tree_node_previous(node) : g_tree_node_last(mappings);
	return node != NULL ? g_tree_node_key(node) : NULL;
}

/**
 * ferry_mapped_forget:
 * @data: where the octets are
 * @length: how many
 *
 * Says that octets are not looked at soon, so that they need not take memory. They stay what they
 * are, and may be looked at. Where they are no octets of [func@mapped_new] nothing is done.
 */
void
ferry_mapped_forget(gconstpointer data, gsize length)
{
	guintptr page = (guintptr)sysconf(_SC_PAGESIZE);
	guintptr first = (guintptr)data;
	const Mapping *mapping;

	G_LOCK(mappings);
	mapping = mappings != NULL ? find(first) : NULL;
	if (mapping != NULL && first - mapping->start < mapping->length) {
		guintptr last = first + MIN(length, mapping->length - (first - mapping->start));

		/* the mapping begins with a page; what is beside the octets may go too, it is
		 * read again where it is needed */
		first -= first % page;
		/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
		(void)madvise((void *)first, last - first, MADV_DONTNEED);
	}
	G_UNLOCK(mappings);
}
