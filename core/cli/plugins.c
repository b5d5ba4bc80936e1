/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ferry plugins: every module, what it provides and why any is left out
 *
 * Implementation: the list comes from key files and from loading as ferryd does; --check loads each
 *   module in a child process beside the base commands, so that one that crashes is named and not
 *   more.
 */
#include <gio/gio.h>
#include <glib/gi18n.h>
#include <sys/wait.h>

#include "base/error.h"
#include "cli/commands.h"
#include "daemon/config.h"
#include "daemon/server.h"
#include "imap/base-module.h"

/* The configuration decides which modules are on; without one, the defaults do. */
static FerrySettings *
load_settings_or_defaults(FerryCli *cli, GError **error)
{
	g_autofree char *found = ferry_config_find();

	if (cli->config == NULL && found == NULL)
		return ferry_config_new();
	return ferry_cli_load_settings(cli, error);
}

/* In the child: the library's own commands and one module, nothing else. */
static int
load_one(FerryCli *cli, FerrySettings *settings)
{
	g_autoptr(FerryModules) modules = ferry_modules_new();
	g_autoptr(FerryRegistry) registry = ferry_registry_new();
	g_auto(GStrv) dirs = ferry_settings_get_list(settings, "ferry", "plugin-dir");
	g_autoptr(GError) error = NULL;

	for (guint i = 0; dirs[i] != NULL; i++)
		ferry_modules_add_dir(modules, dirs[i]);
	ferry_modules_add_default_dirs(modules);
	if (!ferry_imap_register_base(registry, &error) ||
	    !ferry_modules_load_one(modules, registry, cli->load, &error))
		return ferry_cli_fail(error);
	return 0;
}

static gboolean
check_in_child(FerryCli *cli, const FerryModule *module)
{
	const char *argv[] = {cli->program, "plugins", "--load", module->name, NULL, NULL, NULL};
	g_autofree char *errors = NULL;
	g_autofree char *reason = NULL;
	g_autoptr(GError) error = NULL;
	int status = 0;

	if (cli->config != NULL) {
		argv[4] = "--config";
		argv[5] = cli->config;
	}
	if (!g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL,
			  &errors, &status, &error))
		reason = g_strdup(error->message);
	else if (WIFSIGNALED(status))
		reason = g_strdup_printf(_("crashes while it is loaded (%s)"),
					 g_strsignal(WTERMSIG(status)));
	else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		reason = g_strdup(g_strstrip(errors));
	g_print("%-16s %s\n", module->name, reason != NULL ? reason : _("good"));
	return reason == NULL;
}

static int
check_all(FerryCli *cli, FerrySettings *settings)
{
	g_autoptr(FerryModules) modules = ferry_modules_new();
	g_auto(GStrv) dirs = ferry_settings_get_list(settings, "ferry", "plugin-dir");
	gboolean good = TRUE;
	GPtrArray *list;

	for (guint i = 0; dirs[i] != NULL; i++)
		ferry_modules_add_dir(modules, dirs[i]);
	ferry_modules_add_default_dirs(modules);
	list = ferry_modules_list(modules);
	for (guint i = 0; i < list->len; i++)
		good &= check_in_child(cli, g_ptr_array_index(list, i));
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

int
ferry_cli_plugins(FerryCli *cli)
{
	g_autoptr(FerryModules) modules = ferry_modules_new();
	g_autoptr(FerryRegistry) registry = NULL;
	g_autoptr(FerrySettings) settings = NULL;
	g_autoptr(GError) error = NULL;
	GPtrArray *list;

	settings = load_settings_or_defaults(cli, &error);
	if (settings == NULL)
		return ferry_cli_fail(error);
	if (cli->load != NULL)
		return load_one(cli, settings);
	if (cli->check)
		return check_all(cli, settings);
	registry = ferry_server_make_registry(settings, modules, &error);
	if (registry == NULL)
		return ferry_cli_fail(error);
	list = ferry_modules_list(modules);
	for (guint i = 0; i < list->len; i++)
		print_module(g_ptr_array_index(list, i));
	return 0;
}
