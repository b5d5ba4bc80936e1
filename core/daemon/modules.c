/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The modules that a configuration wants, and the registry they make
 *
 * Implementation: the library's own contributions first, then those of every module that the
 *   configuration allows; what is left out is said in the log.
 */
#include "daemon/modules.h"

#include "base/error.h"
#include "imap/base-module.h"

/**
 * ferry_daemon_make_registry:
 * @settings: which modules are wanted, and what it says to them; not to be used for another
 *   registry, since they declare their settings there
 * @modules: an empty set, filled here
 *
 * Registers the library's own contributions and those of every module the configuration allows.
 * What is wrong with the settings of modules ferry_modules_check_settings() says.
 *
 * Returns: (transfer full): a sealed registry
 */
FerryRegistry *
ferry_daemon_make_registry(FerrySettings *settings, FerryModules *modules, GError **error)
{
	g_autoptr(FerryRegistry) registry = ferry_registry_new();
	g_auto(GStrv) dirs = ferry_settings_get_list(settings, "ferry", "plugin-dir");
	g_auto(GStrv) selection = ferry_settings_get_list(settings, "ferry", "extensions");

	ferry_registry_set_settings(registry, settings);
	if (!ferry_imap_register_base(registry, error))
		return NULL;
	for (guint i = 0; dirs[i] != NULL; i++)
		ferry_modules_add_dir(modules, dirs[i]);
	ferry_modules_add_default_dirs(modules);
	ferry_modules_select(modules, (const char *const *)selection);
	ferry_modules_load(modules, registry);
	ferry_registry_seal(registry);
	return g_steal_pointer(&registry);
}

static void
log_modules(FerryModules *modules)
{
	GPtrArray *list = ferry_modules_list(modules);

	for (guint i = 0; i < list->len; i++) {
		const FerryModule *module = g_ptr_array_index(list, i);

		if (module->state == FERRY_MODULE_BROKEN)
			g_warning("module %s is left out: %s", module->name, module->reason);
		else if (module->state == FERRY_MODULE_NEEDS)
			g_message("module %s is left out: %s", module->name, module->reason);
		else
			g_debug("module %s: %s", module->name,
				ferry_module_state_to_string(module->state));
	}
}

/**
 * ferry_daemon_load_registry:
 * @settings: as for ferry_daemon_make_registry()
 * @modules: an empty set, filled here
 *
 * Makes the registry that ferryd serves with. What became of each module is logged.
 *
 * Returns: (transfer full): a sealed registry, or %NULL with @error set where the settings of
 * modules are not good
 */
FerryRegistry *
ferry_daemon_load_registry(FerrySettings *settings, FerryModules *modules, GError **error)
{
	g_autoptr(FerryRegistry) registry = ferry_daemon_make_registry(settings, modules, error);
	g_auto(GStrv) notes = NULL;

	if (registry == NULL)
		return NULL;
	log_modules(modules);
	if (!ferry_modules_check_settings(modules, settings, &notes, error))
		return NULL;
	for (guint i = 0; notes[i] != NULL; i++)
		g_message("%s", notes[i]);
	return g_steal_pointer(&registry);
}

/**
 * ferry_daemon_check_still_loaded:
 * @now: what is served with
 * @then: what would be
 *
 * A module that works must not be lost to a mistake in its new version.
 *
 * Returns: %FALSE with @error set where one that is loaded in @now is broken in @then
 */
gboolean
ferry_daemon_check_still_loaded(FerryModules *now, FerryModules *then, GError **error)
{
	GPtrArray *list = ferry_modules_list(then);
	GPtrArray *loaded = ferry_modules_list(now);

	for (guint i = 0; i < list->len; i++) {
		const FerryModule *module = g_ptr_array_index(list, i);

		for (guint j = 0; module->state == FERRY_MODULE_BROKEN && j < loaded->len; j++) {
			const FerryModule *other = g_ptr_array_index(loaded, j);

			if (!g_str_equal(module->name, other->name) ||
			    other->state != FERRY_MODULE_LOADED)
				continue;
			g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CONFIGURATION,
					    module->reason);
			return FALSE;
		}
	}
	return TRUE;
}
