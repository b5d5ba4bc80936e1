/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "account/raw-cache-private.h"

static void
remove_tree(const char *path)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
		g_autofree char *child = g_build_filename(path, name, NULL);

		remove_tree(child);
	}
	g_remove(path);
}

static void
test_cap(void)
{
	g_autofree char *directory = g_dir_make_tmp("ferry-raw-XXXXXX", NULL);
	g_autoptr(FerryRawCache) cache = ferry_raw_cache_new(directory, 100 * 1024);
	g_autofree char *data = g_malloc0(400 * 1024);
	guint found = 0;

	for (guint i = 0; i < 300; i++) {
		g_autofree char *id = g_strdup_printf("blob%u", i);
		g_autoptr(GBytes) bytes = g_bytes_new(data, 1024 + i);
		g_autoptr(GError) error = NULL;

		g_assert_true(ferry_raw_cache_put(cache, "a", id, bytes, &error));
		g_assert_no_error(error);
		g_assert_cmpuint(ferry_raw_cache_get_size(cache), <=, 100 * 1024);
	}
	for (guint i = 0; i < 300; i++) {
		g_autofree char *id = g_strdup_printf("blob%u", i);
		g_autoptr(GBytes) bytes = ferry_raw_cache_get(cache, "a", id);

		if (bytes == NULL)
			continue;
		found++;
		g_assert_cmpuint(g_bytes_get_size(bytes), ==, 1024 + i);
	}
	g_assert_cmpuint(found, >, 50);
	g_assert_null(ferry_raw_cache_get(cache, "b", "blob299"));
	remove_tree(directory);
}

static void
test_big(void)
{
	g_autofree char *directory = g_dir_make_tmp("ferry-raw-XXXXXX", NULL);
	g_autoptr(FerryRawCache) cache = ferry_raw_cache_new(directory, 4 * 1024 * 1024);
	g_autofree char *data = g_malloc(1024 * 1024);
	g_autoptr(GBytes) bytes = NULL;
	g_autoptr(GBytes) read = NULL;

	memset(data, 'x', 1024 * 1024);
	bytes = g_bytes_new(data, 1024 * 1024);
	g_assert_true(ferry_raw_cache_put(cache, "a", "big/../id", bytes, NULL));
	read = ferry_raw_cache_get(cache, "a", "big/../id");
	remove_tree(directory);
	g_assert_true(g_bytes_equal(bytes, read));
}

static guint
count_files(const char *path)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;
	guint n = 0;

	if (dir == NULL)
		return g_file_test(path, G_FILE_TEST_EXISTS);
	while ((name = g_dir_read_name(dir)) != NULL) {
		g_autofree char *child = g_build_filename(path, name, NULL);

		n += count_files(child);
	}
	return n;
}

/* Sizes: what the cache is told, what is written; and whether it is there when it is to be kept. */
static const struct {
	guint64 max_size;
	guint64 told;
	gsize written;
	gboolean elsewhere;
	gboolean is_kept;
} pieces[] = {
	{1000000, 3000, 3000, FALSE, TRUE},      {1000000, 0, 3000, FALSE, TRUE},
	{1000000, 3000, 3000, TRUE, FALSE},      {0, 3000, 3000, FALSE, FALSE},
	{1000000, 500001, 500001, FALSE, FALSE}, {1000000, 0, 500001, FALSE, FALSE},
};

/* a file is no message before it is kept, and nothing is left of one that is not */
static void
test_file(void)
{
	g_autofree char *octets = g_strnfill(500001, 'x');

	for (guint i = 0; i < G_N_ELEMENTS(pieces); i++) {
		g_autofree char *directory = g_dir_make_tmp("ferry-raw-XXXXXX", NULL);
		g_autoptr(FerryRawCache) cache = ferry_raw_cache_new(directory, pieces[i].max_size);
		g_autoptr(GError) error = NULL;
		g_autoptr(GBytes) bytes = NULL;

		for (guint dropped = 2; dropped > 0; dropped--) {
			g_autoptr(FerryRawFile) file = ferry_raw_cache_begin(
				cache, "a", "id", pieces[i].told, pieces[i].elsewhere, &error);
			int fd;

			g_assert_no_error(error);
			fd = ferry_raw_file_get_fd(file);
			g_assert_cmpint(write(fd, octets, pieces[i].written), ==,
					(gssize)pieces[i].written);
			g_assert_null(ferry_raw_cache_get(cache, "a", "id"));
			if (dropped == 1)
				g_assert_true(ferry_raw_cache_keep(cache, file, &error));
		}
		g_assert_no_error(error);
		g_test_message("case %u", i);
		bytes = ferry_raw_cache_get(cache, "a", "id");
		g_assert_cmpint(bytes != NULL, ==, pieces[i].is_kept);
		g_assert_cmpuint(count_files(directory), ==, pieces[i].is_kept);
		g_assert_cmpuint(ferry_raw_cache_get_size(cache), ==,
				 pieces[i].is_kept ? pieces[i].written : 0);
		remove_tree(directory);
	}
}

/* one that is there, of whatever size, gives way; who has it mapped keeps it */
static void
test_replace(void)
{
	g_autofree char *directory = g_dir_make_tmp("ferry-raw-XXXXXX", NULL);
	g_autoptr(FerryRawCache) cache = ferry_raw_cache_new(directory, 4 * 1024 * 1024);
	g_autoptr(GBytes) first = g_bytes_new_take(g_strnfill(400000, '1'), 400000);
	g_autoptr(GBytes) second = g_bytes_new_take(g_strnfill(300000, '2'), 300000);
	g_autoptr(GBytes) mapped = NULL;
	g_autoptr(GBytes) read = NULL;

	g_assert_true(ferry_raw_cache_put(cache, "a", "id", first, NULL));
	mapped = ferry_raw_cache_get(cache, "a", "id");
	g_assert_true(ferry_raw_cache_put(cache, "a", "id", second, NULL));
	read = ferry_raw_cache_get(cache, "a", "id");
	g_assert_true(g_bytes_equal(read, second));
	g_assert_true(g_bytes_equal(mapped, first));
	g_assert_cmpuint(count_files(directory), ==, 1);
	g_assert_cmpuint(ferry_raw_cache_get_size(cache), ==, 300000);
	remove_tree(directory);
}

/* what a process that died left goes; what somebody writes stays */
static void
test_leftovers(void)
{
	g_autofree char *directory = g_dir_make_tmp("ferry-raw-XXXXXX", NULL);
	g_autoptr(FerryRawCache) cache = ferry_raw_cache_new(directory, 4 * 1024 * 1024);
	g_autofree char *folder = g_build_filename(directory, "ab", NULL);
	g_autofree char *left = g_build_filename(folder, "0123.abcdef", NULL);
	g_autofree char *used = g_build_filename(folder, "4567.abcdef", NULL);
	int fd;

	g_assert_cmpint(g_mkdir(folder, 0700), ==, 0);
	g_assert_true(g_file_set_contents(left, "half", 4, NULL));
	g_assert_true(g_file_set_contents(used, "half", 4, NULL));
	fd = g_open(used, O_RDWR | O_CLOEXEC, 0);
	g_assert_cmpint(flock(fd, LOCK_EX), ==, 0);
	g_assert_cmpuint(ferry_raw_cache_get_size(cache), ==, 0);
	g_assert_false(g_file_test(left, G_FILE_TEST_EXISTS));
	g_assert_true(g_file_test(used, G_FILE_TEST_EXISTS));
	close(fd);
	remove_tree(directory);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/account/raw-cache/cap", test_cap);
	g_test_add_func("/account/raw-cache/big", test_big);
	g_test_add_func("/account/raw-cache/file", test_file);
	g_test_add_func("/account/raw-cache/replace", test_replace);
	g_test_add_func("/account/raw-cache/leftovers", test_leftovers);
	return g_test_run();
}
