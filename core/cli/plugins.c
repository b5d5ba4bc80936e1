/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ferry plugins: every module, what it provides and why any is left out
 *
 * Implementation: the list comes from key files and from loading as ferryd does; --check loads each
 *   module in a child process beside the base commands, so that one that crashes is named and not
 *   more, and all of them in one more child, to find those that take each other's names. Arguments
 *   are names of modules; without any, all are meant.
 */
#include <gio/gio.h>
#include <glib/gi18n.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/commands.h"
#include "daemon/config.h"
#include "daemon/modules.h"
#include "imap/base-module.h"

/* what --load is given for all of them; no module is called so */
#define TOGETHER "*"
/* the last word of a child that came to its end */
#define DONE "done\n"
/* seconds; a module registers what it has, and waits for nothing */
#define LOAD_TIMEOUT 20

/* The configuration decides which modules are on; without one, the defaults do. */
static FerrySettings *
load_settings_or_defaults(FerryCli *cli, GError **error)
{
	g_autofree char *found = ferry_config_find();

	if (cli->config == NULL && found == NULL)
		return ferry_config_new();
	return ferry_cli_load_settings(cli, error);
}

/* An empty set, but for what --plugin-dir adds, which comes first. */
static FerryModules *
make_modules(FerryCli *cli)
{
	FerryModules *modules = ferry_modules_new();

	if (cli->plugin_dir != NULL)
		ferry_modules_add_dir(modules, cli->plugin_dir);
	return modules;
}

static FerryModules *
find_modules(FerryCli *cli, FerrySettings *settings)
{
	FerryModules *modules = make_modules(cli);
	g_auto(GStrv) dirs = ferry_settings_get_list(settings, "ferry", "plugin-dir");

	for (guint i = 0; dirs[i] != NULL; i++)
		ferry_modules_add_dir(modules, dirs[i]);
	ferry_modules_add_default_dirs(modules);
	return modules;
}

/* In the child: the library's own commands and one module, nothing else. */
static int
load_one(FerryCli *cli, FerrySettings *settings)
{
	g_autoptr(FerryModules) modules = find_modules(cli, settings);
	g_autoptr(FerryRegistry) registry = ferry_registry_new();
	g_autoptr(GError) error = NULL;

	if (!ferry_imap_register_base(registry, &error) ||
	    !ferry_modules_load_one(modules, registry, cli->load, &error))
		return ferry_cli_fail(error);
	g_print(DONE);
	return 0;
}

/* In the child: all that the configuration selects. Prints `NAME reason` for what is left out. */
static int
load_together(FerryCli *cli, FerrySettings *settings)
{
	g_autoptr(FerryModules) modules = make_modules(cli);
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryRegistry) registry = ferry_daemon_make_registry(settings, modules, &error);
	GPtrArray *list = ferry_modules_list(modules);

	if (registry == NULL)
		return ferry_cli_fail(error);
	for (guint i = 0; i < list->len; i++) {
		const FerryModule *module = g_ptr_array_index(list, i);
		g_autofree char *reason = g_strdup(module->reason);

		if (module->state == FERRY_MODULE_BROKEN || module->state == FERRY_MODULE_NEEDS)
			g_print("%s %s\n", module->name, g_strdelimit(reason, "\n", ' '));
	}
	return 0;
}

/* Runs this program with --load; FALSE where it could not be started. */
static gboolean
run_child(FerryCli *cli, const char *load, char **output, char **errors, int *status,
	  GError **error)
{
	g_autoptr(GStrvBuilder) arguments = g_strv_builder_new();
	g_auto(GStrv) argv = NULL;

	g_strv_builder_add_many(arguments, cli->program, "plugins", "--load", load, NULL);
	if (cli->config != NULL)
		g_strv_builder_add_many(arguments, "--config", cli->config, NULL);
	if (cli->plugin_dir != NULL)
		g_strv_builder_add_many(arguments, "--plugin-dir", cli->plugin_dir, NULL);
	argv = g_strv_builder_end(arguments);
	return g_spawn_sync(NULL, argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, output, errors, status,
			    error);
}

/* What is wrong with a module by itself; NULL for nothing. */
static char *
check_alone(FerryCli *cli, const char *name)
{
	g_autofree char *output = NULL;
	g_autofree char *errors = NULL;
	g_autoptr(GError) error = NULL;
	int status = 0;

	if (!run_child(cli, name, &output, &errors, &status, &error))
		return g_strdup(error->message);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		return g_strdup_printf(_("is not loaded within %d seconds"), LOAD_TIMEOUT);
	if (WIFSIGNALED(status))
		return g_strdup_printf(_("crashes while it is loaded (%s)"),
				       g_strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status) != 0 && *g_strstrip(errors) != '\0')
		return g_strdup(errors);
	if (WEXITSTATUS(status) != 0 || !g_str_has_suffix(output, DONE))
		return g_strdup_printf(_("ends the program while it is loaded (status %d)"),
				       WEXITSTATUS(status));
	return NULL;
}

/* What is wrong with modules beside the others: name to reason. Empty where one of them crashes:
 * check_alone() names that. */
static GHashTable *
check_together(FerryCli *cli)
{
	GHashTable *reasons = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_autofree char *output = NULL;
	g_autofree char *errors = NULL;
	g_auto(GStrv) lines = NULL;
	int status = 0;

	if (!run_child(cli, TOGETHER, &output, &errors, &status, NULL))
		return reasons;
	lines = g_strsplit(output, "\n", -1);
	for (guint i = 0; lines[i] != NULL; i++) {
		g_auto(GStrv) parts = g_strsplit(lines[i], " ", 2);

		if (g_strv_length(parts) == 2)
			g_hash_table_insert(reasons, g_strdup(parts[0]), g_strdup(parts[1]));
	}
	return reasons;
}

static gboolean
check_module(FerryCli *cli, const FerryModule *module, GHashTable *beside)
{
	g_autofree char *reason = check_alone(cli, module->name);

	if (reason == NULL)
		reason = g_strdup(g_hash_table_lookup(beside, module->name));
	g_print("%-16s %s\n", module->name, reason != NULL ? reason : _("good"));
	return reason == NULL;
}

static gboolean
is_meant(FerryCli *cli, const FerryModule *module)
{
	return cli->arguments[0] == NULL ||
	       g_strv_contains((const char *const *)cli->arguments, module->name);
}

/* Every name on the command line has to be a module's. */
static gboolean
check_names(FerryCli *cli, GPtrArray *list)
{
	for (guint i = 0; cli->arguments[i] != NULL; i++) {
		gboolean found = FALSE;

		for (guint j = 0; j < list->len && !found; j++) {
			const FerryModule *module = g_ptr_array_index(list, j);

			found = g_str_equal(module->name, cli->arguments[i]);
		}
		if (!found) {
			g_printerr(_("ferry: no module is called %s\n"), cli->arguments[i]);
			return FALSE;
		}
	}
	return TRUE;
}

static int
check_all(FerryCli *cli, FerrySettings *settings)
{
	g_autoptr(FerryModules) modules = find_modules(cli, settings);
	g_autoptr(GHashTable) beside = NULL;
	gboolean good = TRUE;
	GPtrArray *list = ferry_modules_list(modules);

	if (!check_names(cli, list))
		return 2;
	beside = check_together(cli);
	for (guint i = 0; i < list->len; i++)
		if (is_meant(cli, list->pdata[i]))
			good &= check_module(cli, list->pdata[i], beside);
	return good ? 0 : 1;
}

static void
print_module(const FerryModule *module)
{
	g_autofree char *provides =
		module->provides != NULL ? g_strjoinv(" ", module->provides) : g_strdup("");

	g_print("%-16s %-8s %-24s %s\n", module->name, ferry_module_state_to_string(module->state),
		provides, module->specification != NULL ? module->specification : "");
	if (module->reason != NULL)
		g_print("%-16s          %s\n", "", module->reason);
}

static int
list_all(FerryCli *cli, FerrySettings *settings)
{
	g_autoptr(FerryModules) modules = make_modules(cli);
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryRegistry) registry = ferry_daemon_make_registry(settings, modules, &error);
	GPtrArray *list = ferry_modules_list(modules);

	if (registry == NULL)
		return ferry_cli_fail(error);
	if (!check_names(cli, list))
		return 2;
	if (cli->markdown) {
		ferry_cli_print_capabilities(registry, list);
		return 0;
	}
	for (guint i = 0; i < list->len; i++)
		if (is_meant(cli, list->pdata[i]))
			print_module(list->pdata[i]);
	return 0;
}

int
ferry_cli_plugins(FerryCli *cli)
{
	g_autoptr(FerrySettings) settings = NULL;
	g_autoptr(GError) error = NULL;

	settings = load_settings_or_defaults(cli, &error);
	if (settings == NULL)
		return ferry_cli_fail(error);
	if (cli->load != NULL)
		alarm(LOAD_TIMEOUT);
	if (g_strcmp0(cli->load, TOGETHER) == 0)
		return load_together(cli, settings);
	if (cli->load != NULL)
		return load_one(cli, settings);
	return cli->check ? check_all(cli, settings) : list_all(cli, settings);
}
