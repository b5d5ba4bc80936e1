/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>

#include "base/error.h"
#include "registry/modules.h"
#include "registry/registry-private.h"

static gboolean
add(FerryRegistry *registry, const char *name, GError **error)
{
	return ferry_registry_add_command(registry, name, NULL, FERRY_PHASE_ANY, FERRY_ORDERING_ANY,
					  NULL, NULL, NULL, error);
}

static void
test_lookup(void)
{
	g_autoptr(FerryRegistry) registry = ferry_registry_new();
	g_autoptr(GError) error = NULL;

	g_assert_true(add(registry, "noop", NULL));
	g_assert_nonnull(ferry_registry_lookup(registry, FERRY_CONTRIBUTION_COMMAND, "NoOp"));
	g_assert_null(ferry_registry_lookup(registry, FERRY_CONTRIBUTION_COMMAND, "NOOPS"));
	g_assert_null(ferry_registry_lookup(registry, FERRY_CONTRIBUTION_FETCH_ITEM, "NOOP"));
	g_assert_false(add(registry, "NOOP", &error));
	g_assert_error(error, FERRY_ERROR, FERRY_ERROR_EXISTS);
	g_clear_error(&error);
	ferry_registry_seal(registry);
	g_assert_false(add(registry, "LATE", &error));
	g_assert_error(error, FERRY_ERROR, FERRY_ERROR_EXISTS);
}

static void
test_forget(void)
{
	g_autoptr(FerryRegistry) registry = ferry_registry_new();

	g_assert_true(add(registry, "ONE", NULL));
	ferry_registry_set_module(registry, "other");
	g_assert_true(add(registry, "TWO", NULL));
	ferry_registry_forget_module(registry, "other");
	g_assert_nonnull(ferry_registry_lookup(registry, FERRY_CONTRIBUTION_COMMAND, "ONE"));
	g_assert_null(ferry_registry_lookup(registry, FERRY_CONTRIBUTION_COMMAND, "TWO"));
	g_assert_cmpuint(ferry_registry_list(registry, FERRY_CONTRIBUTION_COMMAND)->len, ==, 1);
}

/* key files, a selection, and what becomes of the module that is looked at; no shared object exists
 */
static const struct {
	const char *name;
	const char *keys;
	const char *selection;
	FerryModuleState state;
	const char *reason;
} modules[] = {
	{"off", "Name=off\nModule=off\nABI=1\n", "*;!off", FERRY_MODULE_OFF, "configuration"},
	{"shy", "Name=shy\nModule=shy\nABI=1\nDefault=false\n", "*", FERRY_MODULE_OFF,
	 "configuration"},
	{"shy", "Name=shy\nModule=shy\nABI=1\nDefault=false\n", "*;shy", FERRY_MODULE_BROKEN,
	 "shy.so"},
	{"gone", "Name=gone\nModule=gone\nABI=1\n", "*", FERRY_MODULE_BROKEN, "gone.so"},
	{"old", "Name=old\nModule=old\nABI=999\n", "*", FERRY_MODULE_BROKEN, "ABI 999"},
	{"poor", "Name=poor\nModule=poor\nABI=1\nNeeds=rich;\n", "*", FERRY_MODULE_NEEDS, "rich"},
	{"self", "Name=self\nModule=self\nABI=1\nNeeds=self;\n", "*", FERRY_MODULE_NEEDS, "circle"},
	{"foreign", "Name=foreign\nModule=foreign\nABI=1\nLoader=nobody\n", "*", FERRY_MODULE_NEEDS,
	 "needs module nobody, which is not installed"},
	{"itself", "Name=itself\nModule=itself\nABI=1\nLoader=itself\n", "*", FERRY_MODULE_NEEDS,
	 "circle"},
	{"torn", "ABI=1\n", "*", FERRY_MODULE_BROKEN, "torn.plugin"},
	{"base", "Name=base\nModule=base\nABI=1\n", "*", FERRY_MODULE_BROKEN, "called base"},
	{"junk", "Name=junk\nModule=junk\nABI=many\n", "*", FERRY_MODULE_BROKEN, "junk.plugin"},
};

static void
test_modules(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(modules); i++) {
		g_autofree char *dir = g_dir_make_tmp("ferry-modules-XXXXXX", NULL);
		g_autofree char *path = g_strdup_printf("%s/%s.plugin", dir, modules[i].name);
		g_autofree char *text = g_strdup_printf("[Plugin]\n%s", modules[i].keys);
		g_auto(GStrv) selection = g_strsplit(modules[i].selection, ";", -1);
		g_autoptr(FerryModules) found = ferry_modules_new();
		g_autoptr(FerryRegistry) registry = ferry_registry_new();
		const FerryModule *module;

		g_test_message("row %u: %s", i, modules[i].name);
		g_assert_true(g_file_set_contents(path, text, -1, NULL));
		ferry_modules_add_dir(found, dir);
		ferry_modules_select(found, (const char *const *)selection);
		ferry_modules_load(found, registry);
		g_assert_cmpuint(ferry_modules_list(found)->len, ==, 1);
		module = g_ptr_array_index(ferry_modules_list(found), 0);
		g_assert_cmpstr(module->name, ==, modules[i].name);
		g_assert_cmpint(module->state, ==, modules[i].state);
		g_assert_nonnull(strstr(module->reason, modules[i].reason));
		g_assert_cmpint(g_unlink(path), ==, 0);
		g_assert_cmpint(g_rmdir(dir), ==, 0);
	}
}

#define GROUP "extension one"

static FerrySettings *
load(const char *text)
{
	FerrySettings *settings = ferry_settings_new();
	g_autoptr(GError) error = NULL;

	ferry_settings_defer(settings, "extension");
	ferry_settings_load_data(settings, "f", text, &error);
	g_assert_no_error(error);
	return settings;
}

static gboolean
add_setting(FerryRegistry *registry, const char *key, const char *initial, GError **error)
{
	return ferry_registry_add_setting(registry, key, FERRY_SETTING_INTEGER, initial, "1:9",
					  FALSE, "A number.", error);
}

static void
test_settings(void)
{
	g_autoptr(FerryRegistry) registry = ferry_registry_new();
	g_autoptr(FerrySettings) settings = load("[" GROUP "]\ncount=5\n");
	const FerrySetting table[] = {
		{.key = "count",
		 .type = FERRY_SETTING_INTEGER,
		 .initial = "1",
		 .description = "N."},
		{.key = "name", .initial = "none", .description = "A name."},
	};
	g_autoptr(GError) error = NULL;

	ferry_registry_set_settings(registry, settings);
	ferry_registry_set_module(registry, "one");
	g_assert_true(ferry_registry_add_settings(registry, table, G_N_ELEMENTS(table), NULL));
	g_assert_true(ferry_registry_get_settings(registry) == settings);
	g_assert_cmpint(ferry_settings_get_integer(settings, GROUP, "count"), ==, 5);
	g_assert_cmpstr(ferry_settings_get_string(settings, GROUP, "name"), ==, "none");
	g_assert_false(add_setting(registry, "count", "2", &error));
	g_assert_error(error, FERRY_ERROR, FERRY_ERROR_EXISTS);
	g_clear_error(&error);
	g_assert_false(add_setting(registry, "late", "10", &error));
	g_assert_error(error, FERRY_ERROR, FERRY_ERROR_INVALID);
	g_assert_nonnull(strstr(error->message, "module one, setting late: is outside 1:9"));
	g_clear_error(&error);
	/* the same key is another module's too */
	ferry_registry_set_module(registry, "two");
	g_assert_true(add_setting(registry, "count", "2", NULL));
	g_assert_cmpint(ferry_settings_get_integer(settings, "extension two", "count"), ==, 2);
	ferry_registry_forget_module(registry, "two");
	g_assert_null(ferry_registry_lookup(registry, FERRY_CONTRIBUTION_SETTING, "two count"));
	g_assert_nonnull(ferry_registry_lookup(registry, FERRY_CONTRIBUTION_SETTING, "one count"));
	g_assert_cmpint(ferry_settings_get_integer(settings, GROUP, "count"), ==, 5);
	ferry_registry_seal(registry);
	g_assert_false(add_setting(registry, "late", "2", &error));
	g_assert_error(error, FERRY_ERROR, FERRY_ERROR_EXISTS);
}

/* without a configuration there are defaults */
static void
test_default_settings(void)
{
	g_autoptr(FerryRegistry) registry = ferry_registry_new();

	ferry_registry_set_module(registry, "one");
	g_assert_true(add_setting(registry, "count", "2", NULL));
	g_assert_cmpint(
		ferry_settings_get_integer(ferry_registry_get_settings(registry), GROUP, "count"),
		==, 2);
}

/* groups of modules that cannot be asked: what is said of them, as an error or as a note */
static const struct {
	const char *text;
	const char *error;
	const char *note;
} groups[] = {
	{"", NULL, NULL},
	{"[extension one]\nx=1\n", NULL,
	 "f: [extension one]: not read, since the module is left out"},
	{"[extension nobody]\nx=1\n", "f: [extension nobody]: no module is called nobody", NULL},
	{"[extension base]\nx=1\n", "no module is called base", NULL},
	{"[extension one]\nx=1\n[extension no]\n[extension ne]\n",
	 "f: [extension no]: no module is called no\nf: [extension ne]: no module",
	 "[extension one]"},
};

static void
test_groups(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(groups); i++) {
		g_autofree char *dir = g_dir_make_tmp("ferry-modules-XXXXXX", NULL);
		g_autofree char *path = g_build_filename(dir, "one.plugin", NULL);
		g_autoptr(FerryModules) found = ferry_modules_new();
		g_autoptr(FerrySettings) settings = load(groups[i].text);
		g_auto(GStrv) notes = NULL;
		g_autoptr(GError) error = NULL;

		g_test_message("row %u", i);
		g_assert_true(g_file_set_contents(path, "[Plugin]\nName=one\nModule=one\nABI=1\n",
						  -1, NULL));
		ferry_modules_add_dir(found, dir);
		ferry_modules_select(found, (const char *const[]){"*", "!one", NULL});
		g_assert_cmpint(ferry_modules_check_settings(found, settings, &notes, &error), ==,
				groups[i].error == NULL);
		if (groups[i].error != NULL)
			g_assert_nonnull(strstr(error->message, groups[i].error));
		g_assert_cmpuint(g_strv_length(notes), ==, groups[i].note != NULL);
		if (groups[i].note != NULL)
			g_assert_nonnull(strstr(notes[0], groups[i].note));
		g_assert_cmpint(g_unlink(path), ==, 0);
		g_assert_cmpint(g_rmdir(dir), ==, 0);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/registry/lookup", test_lookup);
	g_test_add_func("/registry/forget", test_forget);
	g_test_add_func("/registry/modules", test_modules);
	g_test_add_func("/registry/settings", test_settings);
	g_test_add_func("/registry/default-settings", test_default_settings);
	g_test_add_func("/registry/groups", test_groups);
	return g_test_run();
}
