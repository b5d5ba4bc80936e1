/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cache of raw messages
 *
 * Implementation: a file per message in 256 folders; it is named when it is complete, so that it
 * is whole or not there; the time of change is the time of last use, to the hour. Files are never
 * shortened: a process that trims the cache removes names, and who has mapped a file keeps it
 */
#include "account/raw-cache-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mapped.h"

/* Small ones are read, big ones mapped. */
#define MAP_FROM (256 * 1024)
#define TOUCH_SECONDS 3600

struct _FerryRawCache {
	gatomicrefcount ref_count;
	GMutex mutex;
	char *directory;
	guint64 max_size;
	guint64 size;
	gboolean counted;
};

typedef struct {
	char *path;
	guint64 size;
	gint64 used;
} CacheFile;

FerryRawCache *
ferry_raw_cache_new(const char *directory, guint64 max_size)
{
	FerryRawCache *self = g_new0(FerryRawCache, 1);

	g_atomic_ref_count_init(&self->ref_count);
	g_mutex_init(&self->mutex);
	self->directory = g_strdup(directory);
	self->max_size = max_size;
	return self;
}

FerryRawCache *
ferry_raw_cache_ref(FerryRawCache *self)
{
	g_atomic_ref_count_inc(&self->ref_count);
	return self;
}

void
ferry_raw_cache_unref(FerryRawCache *self)
{
	if (!g_atomic_ref_count_dec(&self->ref_count))
		return;
	g_mutex_clear(&self->mutex);
	g_free(self->directory);
	g_free(self);
}

static char *
make_path(FerryRawCache *self, const char *account, const char *blob_id, char **folder)
{
	g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
	const char *digest;
	char first[3];

	g_checksum_update(checksum, (const guchar *)account, (gssize)strlen(account) + 1);
	g_checksum_update(checksum, (const guchar *)blob_id, (gssize)strlen(blob_id));
	digest = g_checksum_get_string(checksum);
	g_strlcpy(first, digest, sizeof first);
	if (folder != NULL)
		*folder = g_build_filename(self->directory, first, NULL);
	return g_build_filename(self->directory, first, digest + 2, NULL);
}

static GBytes *
read_small(int fd, gsize size)
{
	g_autofree char *data = g_malloc(size + 1);
	gsize done = 0;

	while (done < size) {
		gssize n = read(fd, data + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return NULL;
		done += (gsize)n;
	}
	return g_bytes_new_take(g_steal_pointer(&data), size);
}

/* The octets of a message, or NULL where they are not cached. A file that is mapped may be removed
 * from the cache; its octets stay. */
GBytes *
ferry_raw_cache_get(FerryRawCache *self, const char *account, const char *blob_id)
{
	g_autofree char *path = make_path(self, account, blob_id, NULL);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	GBytes *bytes = NULL;
	struct stat st;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		bytes = st.st_size < MAP_FROM ? read_small(fd, (gsize)st.st_size)
					      : ferry_mapped_new(fd, NULL);
		if (st.st_mtime + TOUCH_SECONDS < g_get_real_time() / G_USEC_PER_SEC)
			(void)futimens(fd, NULL);
	}
	close(fd);
	return bytes;
}

/* making room */

static void
cache_file_clear(gpointer data)
{
	g_free(((CacheFile *)data)->path);
}

static void
collect_folder(const char *folder, GArray *files, guint64 *size)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
		CacheFile file = {.path = g_build_filename(folder, name, NULL)};
		struct stat st;

		if (ferry_raw_file_is_temporary(name)) {
			ferry_raw_file_remove_leftover(file.path);
			g_free(file.path);
			continue;
		}
		if (lstat(file.path, &st) != 0 || !S_ISREG(st.st_mode)) {
			g_free(file.path);
			continue;
		}
		file.size = (guint64)st.st_size;
		file.used = st.st_mtime;
		*size += file.size;
		g_array_append_val(files, file);
	}
}

static int
compare_files(gconstpointer a, gconstpointer b)
{
	const CacheFile *first = a;
	const CacheFile *second = b;

	return first->used < second->used ? -1 : first->used > second->used;
}

/* Counts what is there, and removes the oldest until a tenth of the cap is free. Other processes
 * count for themselves; each looks at the disk again when it believes the cap is passed. */
static void
count_and_trim(FerryRawCache *self)
{
	g_autoptr(GArray) files = g_array_new(FALSE, FALSE, sizeof(CacheFile));
	guint64 size = 0;

	g_array_set_clear_func(files, cache_file_clear);
	for (guint i = 0; i < 256; i++) {
		char name[3];
		g_autofree char *folder = NULL;

		g_snprintf(name, sizeof name, "%02x", i);
		folder = g_build_filename(self->directory, name, NULL);
		collect_folder(folder, files, &size);
	}
	if (size > self->max_size) {
		g_array_sort(files, compare_files);
		for (guint i = 0; i < files->len && size > self->max_size / 10 * 9; i++) {
			CacheFile *file = &g_array_index(files, CacheFile, i);

			if (unlink(file->path) == 0)
				size -= file->size;
		}
	}
	self->size = size;
	self->counted = TRUE;
}

static gboolean
set_errno(GError **error, const char *what)
{
	g_set_error(error, FERRY_ERROR, FERRY_ERROR_FAILED, "%s: %s", what, g_strerror(errno));
	return FALSE;
}

static gboolean
write_all(int fd, GBytes *bytes)
{
	gsize size;
	const char *data = g_bytes_get_data(bytes, &size);

	while (size > 0) {
		gssize n = write(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return FALSE;
		data += n;
		size -= (gsize)n;
	}
	return TRUE;
}

FerryRawFile *
ferry_raw_cache_begin(FerryRawCache *self, const char *account, const char *blob_id, guint64 size,
		      gboolean elsewhere, GError **error)
{
	g_autofree char *folder = NULL;
	g_autofree char *path = make_path(self, account, blob_id, &folder);

	if (elsewhere)
		return ferry_raw_file_new(NULL, g_get_tmp_dir(), error);
	if (g_mkdir_with_parents(folder, 0700) != 0) {
		set_errno(error, "making a cache folder");
		return NULL;
	}
	/* one that would push everything else out is not worth it */
	return ferry_raw_file_new(size > self->max_size / 2 ? NULL : path, folder, error);
}

gboolean
ferry_raw_cache_keep(FerryRawCache *self, FerryRawFile *file, GError **error)
{
	const char *path = ferry_raw_file_get_path(file);
	struct stat before, st;
	gboolean kept;

	if (path == NULL)
		return TRUE;
	if (fstat(ferry_raw_file_get_fd(file), &st) != 0)
		return set_errno(error, "looking at a cache file");
	if ((guint64)st.st_size > self->max_size / 2)
		return TRUE;
	/* under the lock, so that nobody counts a file that is about to be added */
	g_mutex_lock(&self->mutex);
	if (lstat(path, &before) == 0)
		self->size -= MIN(self->size, (guint64)before.st_size);
	kept = ferry_raw_file_keep(file, error);
	self->size += kept ? (guint64)st.st_size : 0;
	if (!self->counted || self->size > self->max_size)
		count_and_trim(self);
	g_mutex_unlock(&self->mutex);
	return kept;
}

gboolean
ferry_raw_cache_put(FerryRawCache *self, const char *account, const char *blob_id, GBytes *bytes,
		    GError **error)
{
	guint64 size = g_bytes_get_size(bytes);
	g_autoptr(FerryRawFile) file = NULL;

	if (size > self->max_size / 2)
		return TRUE;
	file = ferry_raw_cache_begin(self, account, blob_id, size, FALSE, error);
	if (file == NULL)
		return FALSE;
	if (!write_all(ferry_raw_file_get_fd(file), bytes))
		return set_errno(error, "writing a cache file");
	return ferry_raw_cache_keep(self, file, error);
}

guint64
ferry_raw_cache_get_size(FerryRawCache *self)
{
	guint64 size;

	g_mutex_lock(&self->mutex);
	if (!self->counted)
		count_and_trim(self);
	size = self->size;
	g_mutex_unlock(&self->mutex);
	return size;
}

static void
start_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
	(void)ferry_raw_cache_get_size(task_data);
	g_task_return_boolean(task, TRUE);
}

void
ferry_raw_cache_start(FerryRawCache *self)
{
	g_autoptr(GTask) task = g_task_new(NULL, NULL, NULL, NULL);

	g_task_set_source_tag(task, ferry_raw_cache_start);
	g_task_set_task_data(task, ferry_raw_cache_ref(self),
			     (GDestroyNotify)(void (*)(void))ferry_raw_cache_unref);
	g_task_run_in_thread(task, start_thread);
}
