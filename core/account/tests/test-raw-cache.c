/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <string.h>

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

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/account/raw-cache/cap", test_cap);
	g_test_add_func("/account/raw-cache/big", test_big);
	return g_test_run();
}
