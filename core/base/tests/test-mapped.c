/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mapped files: their octets stay what they are, whatever is forgotten */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mapped.h"

#define SIZE (1024 * 1024 + 17)

static int
make_file(const guint8 *octets, gsize size)
{
	g_autofree char *name = NULL;
	int fd = g_file_open_tmp("ferry-mapped-XXXXXX", &name, NULL);

	g_assert_cmpint(fd, >=, 0);
	g_unlink(name);
	g_assert_cmpint(write(fd, octets, size), ==, (gssize)size);
	return fd;
}

/* pages of @bytes that the process has, by /proc/self/smaps: kB of Rss */
static guint
count_resident(GBytes *bytes)
{
	g_autofree char *head = g_strdup_printf("%" G_GINTPTR_MODIFIER "x-",
						(guintptr)g_bytes_get_data(bytes, NULL));
	g_autofree char *smaps = NULL;
	const char *entry;

	g_assert_true(g_file_get_contents("/proc/self/smaps", &smaps, NULL, NULL));
	entry = strstr(smaps, head);
	g_assert_nonnull(entry);
	entry = strstr(entry, "\nRss:");
	g_assert_nonnull(entry);
	return (guint)g_ascii_strtoull(entry + strlen("\nRss:"), NULL, 10);
}

static void
test_forget(void)
{
	static const struct {
		gsize start;
		gsize length;
		guint most; /* kB that stay */
	} cases[] = {
		{0, SIZE, 0},
		{0, G_MAXSIZE, 0},
		{4096 * 3 + 5, SIZE, 64},
		{SIZE - 1, 1, G_MAXUINT},
		{0, 0, G_MAXUINT},
	};
	g_autofree guint8 *octets = g_malloc(SIZE);

	for (gsize i = 0; i < SIZE; i++)
		octets[i] = (guint8)(i * 7 + i / 4096);
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		int fd = make_file(octets, SIZE);
		g_autoptr(GBytes) bytes = ferry_mapped_new(fd, &error);
		const guint8 *data = g_bytes_get_data(bytes, NULL);

		g_test_message("%" G_GSIZE_FORMAT, i);
		g_assert_no_error(error);
		close(fd);
		g_assert_cmpmem(data, g_bytes_get_size(bytes), octets, SIZE);
		g_assert_cmpuint(count_resident(bytes), >=, SIZE / 1024);
		ferry_mapped_forget(data + cases[i].start, cases[i].length);
		g_assert_cmpuint(count_resident(bytes), <=, cases[i].most);
		g_assert_cmpmem(data, g_bytes_get_size(bytes), octets, SIZE);
	}
}

/* what is in no mapping stays */
static void
test_elsewhere(void)
{
	int fd = make_file((const guint8 *)"x", 1);
	g_autofree guint8 *octets = g_malloc(SIZE);
	g_autoptr(GBytes) before = NULL;

	memset(octets, 'a', SIZE);
	ferry_mapped_forget(octets, SIZE);
	before = ferry_mapped_new(fd, NULL);
	ferry_mapped_forget(octets, SIZE);
	/* behind the mapping's end, in its page and after it */
	ferry_mapped_forget((const guint8 *)g_bytes_get_data(before, NULL) + 1, 1);
	ferry_mapped_forget((const guint8 *)g_bytes_get_data(before, NULL) + 8192, SIZE);
	g_clear_pointer(&before, g_bytes_unref);
	ferry_mapped_forget(octets, SIZE);
	for (gsize i = 0; i < SIZE; i++)
		g_assert_cmpuint(octets[i], ==, 'a');
	close(fd);
}

static void
test_odd_files(void)
{
	g_autoptr(GError) error = NULL;
	int fd = make_file((const guint8 *)"", 0);
	g_autoptr(GBytes) bytes = ferry_mapped_new(fd, &error);

	g_assert_no_error(error);
	g_assert_cmpuint(g_bytes_get_size(bytes), ==, 0);
	close(fd);
	g_assert_null(ferry_mapped_new(-1, &error));
	g_assert_nonnull(error);
}

int
main(int argc, char *argv[])
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/mapped/forget", test_forget);
	g_test_add_func("/mapped/elsewhere", test_elsewhere);
	g_test_add_func("/mapped/odd-files", test_odd_files);
	return g_test_run();
}
