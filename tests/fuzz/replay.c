/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs a fuzz target over directories of seeds, as a test: one TAP line per file. */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

static guint n_files;

static void
replay_file(const char *path)
{
	g_autofree char *data = NULL;
	g_autofree uint8_t *exact = NULL;
	gsize length;

	if (!g_file_get_contents(path, &data, &length, NULL)) {
		printf("Bail out! cannot read %s\n", path);
		exit(1);
	}
	/* a block of just this size, so that a sanitizer sees what reads on */
	exact = g_memdup2(data, length);
	LLVMFuzzerTestOneInput(exact, length);
	printf("ok %u - %s\n", ++n_files, path);
}

static void
replay_directory(const char *path)
{
	g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
	const char *name;

	if (directory == NULL) {
		printf("Bail out! cannot open %s\n", path);
		exit(1);
	}
	while ((name = g_dir_read_name(directory)) != NULL) {
		g_autofree char *file = g_build_filename(path, name, NULL);

		replay_file(file);
	}
}

int
main(int argc, char *argv[])
{
	/* no input is the one seed that every target has */
	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	printf("ok %u - empty input\n", ++n_files);
	for (int i = 1; i < argc; i++)
		replay_directory(argv[i]);
	printf("1..%u\n", n_files);
	return 0;
}
