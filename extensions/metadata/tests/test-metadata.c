/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of entries, and what DEPTH reaches */
#include "metadata.h"

static void
test_names(void)
{
	static const struct {
		const char *name;
		const char *key; /* NULL: it is none */
	} cases[] = {
		{"/private/comment", "/private/comment"},
		{"/Shared/COMMENT", "/shared/comment"},
		{"/private/vendor/acme/x", "/private/vendor/acme/x"},
		{"/private/vendors", "/private/vendors"},
		{"/private/a b", "/private/a b"},
		{"/private", NULL},
		{"/private/", NULL},
		{"/private//a", NULL},
		{"/private/a/", NULL},
		{"/private/vendor", NULL},
		{"/private/vendor/acme", NULL},
		{"/privateer/a", NULL},
		{"/public/a", NULL},
		{"private/a", NULL},
		{"", NULL},
		{"/", NULL},
		{"/private/a*", NULL},
		{"/private/%", NULL},
		{"/private/\x01", NULL},
		{"/private/\xc3\xa4", NULL},
		{"/private/\x7f", NULL},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *key = metadata_make_key(cases[i].name, &error);

		if (g_strcmp0(key, cases[i].key) != 0)
			g_error("case %u: %s", i, key != NULL ? key : error->message);
		g_assert_true((key == NULL) == (error != NULL));
	}
}

static void
test_depth(void)
{
	static const struct {
		const char *entry;
		guint depth;
		const char *key;
		gboolean matches;
	} cases[] = {
		{"/private/a", 0, "/private/a", TRUE},
		{"/private/a", 0, "/private/a/b", FALSE},
		{"/private/a", 1, "/private/a", TRUE},
		{"/private/a", 1, "/private/a/b", TRUE},
		{"/private/a", 1, "/private/a/b/c", FALSE},
		{"/private/a", 1, "/private/ab", FALSE},
		{"/private/a", METADATA_ALL_LEVELS, "/private/a/b/c", TRUE},
		{"/private/a", METADATA_ALL_LEVELS, "/private/ab/c", FALSE},
		{"/private/a/b", METADATA_ALL_LEVELS, "/private/a", FALSE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
		if (metadata_matches(cases[i].entry, cases[i].depth, cases[i].key) !=
		    cases[i].matches)
			g_error("case %u", i);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/metadata/names", test_names);
	g_test_add_func("/metadata/depth", test_depth);
	return g_test_run();
}
