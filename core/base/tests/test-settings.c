/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/error.h"
#include "base/log.h"
#include "base/settings.h"

static const FerrySetting table[] = {
	{"ferry", "workers", FERRY_SETTING_INTEGER, "1", "1:64", FALSE, "How many threads."},
	{"ferry", "level", FERRY_SETTING_CHOICE, "info", "info;debug", FALSE,
	 "How much is logged."},
	{"ferry", "quiet", FERRY_SETTING_BOOLEAN, "no", NULL, FALSE, "Whether to be quiet."},
	{"ferry", "dir", FERRY_SETTING_FOLDER, NULL, NULL, FALSE, "A folder."},
	{"ferry", "size", FERRY_SETTING_SIZE, "1k", "1:", FALSE, "A size."},
	{"tls", "certificate", FERRY_SETTING_FILE, NULL, NULL, FALSE, "A file."},
	{"backend *", "url", FERRY_SETTING_LIST, NULL, NULL, TRUE, "Where it is."},
};

static const struct {
	const char *text;
	const char *wanted; /* a part of the error; NULL: it is good */
} files[] = {
	{"", NULL},
	{"[ferry]\nworkers=2   # two of them\n", NULL},
	{"[ferry]\nworkers=\n", NULL},
	{"[ferry]\nworkers=0\n", "f: [ferry] workers = 0: is outside 1:64"},
	{"[ferry]\nworkers=many\n", "f: [ferry] workers = many: is not a number"},
	{"[ferry]\nworkers=1k\nlevel=loud\n", "level = loud: must be one of info;debug"},
	{"[ferry]\nworker=1\n", "f: [ferry] worker is not a known key"},
	{"[fery]\nworkers=1\n", "f: [fery] is not a known group"},
	{"[ferry]\nquiet=maybe\n", "must be yes or no"},
	{"[ferry]\ndir=here\n", "must be an absolute path"},
	{"[ferry]\nsize=12q\n", "is not a number"},
	{"[ferry]\nsize=9223372036854775807G\n", "is not a number"},
	{"[tls]\ncertificate=/nowhere/at/all.pem\n", "cannot be read: No such file"},
	{"[backend main]\nurl=https://a;https://b\n", NULL},
	{"[backend main]\n", "f: [backend main] url is missing"},
	{"[backend ]\nurl=x\n", "f: "},
	{"workers=1\n", "f: "},
	{"[ferry\n", "f: "},
};

static void
test_files(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autoptr(FerrySettings) settings = ferry_settings_new();
		g_autoptr(GError) error = NULL;

		g_test_message("row %u", i);
		ferry_settings_add_table(settings, table, G_N_ELEMENTS(table));
		if (files[i].wanted == NULL) {
			ferry_settings_load_data(settings, "f", files[i].text, &error);
			g_assert_no_error(error);
			continue;
		}
		g_assert_false(ferry_settings_load_data(settings, "f", files[i].text, &error));
		g_assert_error(error, FERRY_ERROR, FERRY_ERROR_CONFIGURATION);
		g_test_message("%s", error->message);
		g_assert_nonnull(strstr(error->message, files[i].wanted));
	}
}

static void
test_values(void)
{
	g_autoptr(FerrySettings) settings = ferry_settings_new();
	g_autoptr(GError) error = NULL;
	g_auto(GStrv) groups = NULL;
	g_auto(GStrv) urls = NULL;

	ferry_settings_add_table(settings, table, G_N_ELEMENTS(table));
	ferry_settings_load_data(settings, "f",
				 "[ferry]\nquiet=Yes\nsize=2M # two\n[backend b]\nurl= x ; y;\n"
				 "[backend a]\nurl=z\n",
				 &error);
	g_assert_no_error(error);
	g_assert_true(ferry_settings_get_boolean(settings, "ferry", "quiet"));
	g_assert_cmpint(ferry_settings_get_integer(settings, "ferry", "workers"), ==, 1);
	g_assert_cmpint(ferry_settings_get_integer(settings, "ferry", "size"), ==, 2 << 20);
	g_assert_null(ferry_settings_get_string(settings, "ferry", "dir"));
	groups = ferry_settings_list_groups(settings, "backend");
	g_assert_cmpstrv(groups, ((const char *const[]){"b", "a", NULL}));
	urls = ferry_settings_get_list(settings, "backend b", "url");
	g_assert_cmpstrv(urls, ((const char *const[]){"x", "y", NULL}));
}

/* what the table says must be what a file may say */
static void
test_sample(void)
{
	g_autoptr(FerrySettings) settings = ferry_settings_new();
	g_autoptr(GError) error = NULL;
	g_autofree char *sample = NULL;

	ferry_settings_add_table(settings, table, G_N_ELEMENTS(table) - 1);
	sample = ferry_settings_make_sample(settings);
	/* a setting is commented out without a blank, a sentence with one */
	for (char *c = sample; *c != '\0'; c++) {
		if (c[0] == '\n' && c[1] == '#' && c[2] != ' ')
			c[1] = '\n';
	}
	g_assert_nonnull(strstr(sample, "\nworkers=1\n"));
	ferry_settings_load_data(settings, "sample", sample, &error);
	g_assert_no_error(error);
}

static const struct {
	const char *text;
	const char *wanted;
} escapes[] = {
	{"plain", "plain"},
	{"two\r\nlines", "two\\x0d\\x0alines"},
	{"\xff", "\\xff"},
	{"a\\b", "a\\x5cb"},
	{"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
	{"\x1b[2J", "\\x1b[2J"},
	{"\xc2\x9b", "\\xc2\\x9b"},
};

static void
test_escape(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(escapes); i++) {
		g_autofree char *got = ferry_log_escape(escapes[i].text, -1);

		g_assert_cmpstr(got, ==, escapes[i].wanted);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/base/settings/files", test_files);
	g_test_add_func("/base/settings/values", test_values);
	g_test_add_func("/base/settings/sample", test_sample);
	g_test_add_func("/base/log/escape", test_escape);
	return g_test_run();
}
