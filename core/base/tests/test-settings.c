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

/* a group whose keys are declared once the file is read; the rows it gets, and what is wrong then
 */
static const FerrySetting late[] = {
	{"extension x", "count", FERRY_SETTING_INTEGER, "3", "1:9", FALSE, "A number."},
	{"extension x", "name", FERRY_SETTING_STRING, NULL, NULL, FALSE, "A name."},
	{"extension needy", "url", FERRY_SETTING_STRING, NULL, NULL, TRUE, "Must be there."},
};
static const struct {
	const char *text;
	const char *group;
	gint64 count;
	const char *wanted;
} deferred[] = {
	{"", "extension x", 3, NULL},
	{"[extension x]\ncount=5 # five\nname=\n", "extension x", 5, NULL},
	{"[extension x]\ncount=10\n", "extension x", 3, "f: [extension x] count = 10: is outside"},
	{"[extension x]\ncount=5\nsize=1\n", "extension x", 5,
	 "f: [extension x] size is not a known"},
	{"[extension x]\ncount=5\ncount=a\nsise=1\n", "extension x", 3,
	 "a: is not a number\nf: [extension x] sise is not"},
	{"[extension xx]\ncount=5\n", "extension xx", 3,
	 "f: [extension xx] count is not a known key"},
	{"", "extension needy", 3, "f: [extension needy] url is missing"},
	{"[extension needy]\nurl=u\n", "extension needy", 3, NULL},
};

static void
test_deferred(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(deferred); i++) {
		g_autoptr(FerrySettings) settings = ferry_settings_new();
		g_autoptr(GError) error = NULL;
		gboolean good;

		g_test_message("row %u", i);
		ferry_settings_add_table(settings, table, G_N_ELEMENTS(table));
		ferry_settings_defer(settings, "extension");
		ferry_settings_load_data(settings, "f", deferred[i].text, &error);
		g_assert_no_error(error);
		ferry_settings_add_table(settings, late, G_N_ELEMENTS(late));
		g_assert_cmpint(ferry_settings_get_integer(settings, "extension x", "count"), ==,
				deferred[i].count);
		good = ferry_settings_check_group(settings, deferred[i].group, &error);
		g_assert_cmpint(good, ==, deferred[i].wanted == NULL);
		if (good)
			continue;
		g_assert_error(error, FERRY_ERROR, FERRY_ERROR_CONFIGURATION);
		g_test_message("%s", error->message);
		g_assert_nonnull(strstr(error->message, deferred[i].wanted));
	}
}

/* what was said of one group goes, and nothing else */
static void
test_remove_group(void)
{
	static const FerrySetting other = {
		"extension xx", "count", FERRY_SETTING_INTEGER, "1", NULL, FALSE, "A number."};
	g_autoptr(FerrySettings) settings = ferry_settings_new();
	g_autoptr(GError) error = NULL;
	g_autofree char *sample = NULL;

	ferry_settings_defer(settings, "extension");
	ferry_settings_load_data(settings, "f", "[extension x]\ncount=5\n[extension xx]\ncount=6\n",
				 &error);
	g_assert_no_error(error);
	ferry_settings_add_table(settings, late, G_N_ELEMENTS(late));
	ferry_settings_add_table(settings, &other, 1);
	ferry_settings_remove_group(settings, "extension x");
	sample = ferry_settings_make_sample(settings);
	g_assert_null(strstr(sample, "[extension x]"));
	g_assert_nonnull(strstr(sample, "[extension needy]"));
	g_assert_false(ferry_settings_has(settings, "extension x", "count"));
	g_assert_cmpint(ferry_settings_get_integer(settings, "extension xx", "count"), ==, 6);
}

static const struct {
	FerrySetting row;
	const char *wanted;
} rows[] = {
	{{.key = "plain", .description = "Text."}, NULL},
	{{.key = "Loud", .description = "Text."}, "small letters"},
	{{.key = "", .description = "Text."}, "small letters"},
	{{.key = "a=b", .description = "Text."}, "small letters"},
	{{.key = "silent"}, "describes"},
	{{.key = "type", .type = 99, .description = "Text."}, "no such type"},
	{{.key = "pick", .type = FERRY_SETTING_CHOICE, .description = "Text."}, "words"},
	{{.key = "n",
	  .type = FERRY_SETTING_INTEGER,
	  .initial = "0",
	  .check = "1:",
	  .description = "N."},
	 "outside"},
	{{.key = "n",
	  .type = FERRY_SETTING_SIZE,
	  .initial = "4k",
	  .check = "1:",
	  .description = "N."},
	 NULL},
	{{.key = "file", .type = FERRY_SETTING_FILE, .initial = "/nowhere/x", .description = "F."},
	 NULL},
};

static void
test_rows(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *mistake = ferry_setting_find_mistake(&rows[i].row);

		g_test_message("row %u: %s", i, mistake != NULL ? mistake : "good");
		if (rows[i].wanted == NULL)
			g_assert_null(mistake);
		else
			g_assert_nonnull(mistake != NULL ? strstr(mistake, rows[i].wanted) : NULL);
	}
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
	g_test_add_func("/base/settings/deferred", test_deferred);
	g_test_add_func("/base/settings/remove-group", test_remove_group);
	g_test_add_func("/base/settings/rows", test_rows);
	g_test_add_func("/base/log/escape", test_escape);
	return g_test_run();
}
