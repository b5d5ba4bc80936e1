/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ferry config check, ferry config sample, ferry store restored */
#include <glib/gi18n.h>

#include "base/error.h"
#include "cli/commands.h"
#include "daemon/config.h"
#include "daemon/modules.h"
#include "imap/base-module.h"
#include "store/sqlite.h"

/* The file may also follow the words: ferry config check FILE. */
int
ferry_cli_config_check(FerryCli *cli)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(FerrySettings) settings = NULL;
	g_autoptr(FerryModules) modules = ferry_modules_new();
	g_autoptr(FerryRegistry) registry = NULL;
	g_auto(GStrv) notes = NULL;

	if (cli->arguments[0] != NULL)
		cli->config = cli->arguments[0];
	settings = ferry_cli_load_settings(cli, &error);
	if (settings != NULL)
		registry = ferry_daemon_make_registry(settings, modules, &error);
	if (registry == NULL || !ferry_modules_check_settings(modules, settings, &notes, &error))
		return ferry_cli_fail(error);
	for (guint i = 0; notes[i] != NULL; i++)
		g_print("%s\n", notes[i]);
	g_print(_("%s: good\n"), ferry_settings_get_path(settings));
	return 0;
}

/* Every module that is there declares its settings, also those that are off by default. */
static gboolean
add_settings_of_modules(FerryCli *cli, FerrySettings *settings, GError **error)
{
	g_autoptr(FerryModules) modules = ferry_modules_new();
	g_autoptr(FerryRegistry) registry = ferry_registry_new();

	ferry_registry_set_settings(registry, settings);
	if (!ferry_imap_register_base(registry, error))
		return FALSE;
	if (cli->plugin_dir != NULL)
		ferry_modules_add_dir(modules, cli->plugin_dir);
	ferry_modules_add_default_dirs(modules);
	ferry_modules_load(modules, registry);
	return TRUE;
}

int
ferry_cli_config_sample(FerryCli *cli)
{
	g_autoptr(FerrySettings) settings = ferry_config_new();
	g_autoptr(GError) error = NULL;
	g_autofree char *sample = NULL;

	if (!add_settings_of_modules(cli, settings, &error))
		return ferry_cli_fail(error);
	sample = ferry_settings_make_sample(settings);
	g_print("%s", sample);
	return 0;
}

int
ferry_cli_store_restored(FerryCli *cli)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(FerrySettings) settings = ferry_cli_load_settings(cli, &error);
	g_autofree char *dir = NULL;

	if (settings == NULL)
		return ferry_cli_fail(error);
	dir = ferry_config_dup_state_dir(settings);
	if (!ferry_store_sqlite_mark_restored(dir, &error))
		return ferry_cli_fail(error);
	g_print(_("%s: at its next start ferryd gives every mailbox a new UIDVALIDITY\n"), dir);
	return 0;
}
