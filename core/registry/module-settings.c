/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings of modules
 *
 * Implementation: a module has one group, `[extension NAME]`. It declares the keys while it
 *   registers, in the rows that the daemon's own settings have, and finds the values as soon as
 *   they are declared. What is wrong with a group is known once all modules are loaded.
 */
#include <glib/gi18n-lib.h>

#include "base/error.h"
#include "registry/modules.h"
#include "registry/registry-private.h"

char *
ferry_registry_make_settings_group(const char *module)
{
	return g_strconcat("extension ", module, NULL);
}

static gboolean
check_row(FerryRegistry *self, const FerrySetting *row, GError **error)
{
	g_autofree char *mistake = ferry_setting_find_mistake(row);

	if (mistake != NULL)
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_INVALID, "module %s, setting %s: %s",
			    ferry_registry_get_module(self), row->key, mistake);
	return mistake == NULL;
}

/**
 * ferry_registry_add_setting:
 * @key: its key in the module's group, `[extension NAME]`
 * @type: how its value is read
 * @initial: (nullable): the value where the configuration has none; %NULL: unset
 * @check: (nullable): what values are good; see #FerrySettingType
 * @required: whether ferryd does not start without it
 * @description: one sentence for the manual and the sample file, in English
 *
 * Adds a setting. From now on its value is in ferry_registry_get_settings(), group
 * `extension NAME`. A bad value is reported by ferryd, which does not start then; here it is the
 * default.
 *
 * Returns: %FALSE with @error set where the module has the key already, or the row makes no sense
 */
gboolean
ferry_registry_add_setting(FerryRegistry *self, const char *key, FerrySettingType type,
			   const char *initial, const char *check, gboolean required,
			   const char *description, GError **error)
{
	const char *module = ferry_registry_get_module(self);
	g_autofree char *group = ferry_registry_make_settings_group(module);
	g_autofree char *name = g_strconcat(module, " ", key, NULL);
	const FerrySetting row = {group, key, type, initial, check, required, description};

	if (!check_row(self, &row, error) ||
	    !ferry_registry_add(
		    self, &(FerryContribution){.kind = FERRY_CONTRIBUTION_SETTING, .name = name},
		    error))
		return FALSE;
	ferry_settings_add_row(ferry_registry_get_settings(self), group, key, type, initial, check,
			       required, description);
	return TRUE;
}

/**
 * ferry_registry_add_settings: (skip)
 * @table: rows, whose group is not looked at
 * @n_rows: how many
 *
 * Adds a table of settings; see ferry_registry_add_setting().
 *
 * Returns: %FALSE with @error set where one could not be added
 */
gboolean
ferry_registry_add_settings(FerryRegistry *self, const FerrySetting *table, gsize n_rows,
			    GError **error)
{
	for (gsize i = 0; i < n_rows; i++) {
		const FerrySetting *row = &table[i];

		if (!ferry_registry_add_setting(self, row->key, row->type, row->initial, row->check,
						row->required, row->description, error))
			return FALSE;
	}
	return TRUE;
}

static const FerryModule *
find_module(FerryModules *self, const char *name)
{
	GPtrArray *list = ferry_modules_list(self);

	for (guint i = 0; i < list->len; i++) {
		const FerryModule *module = g_ptr_array_index(list, i);

		if (g_str_equal(module->name, name))
			return module;
	}
	return NULL;
}

static void
add_problem(GString *problems, GError *error)
{
	if (problems->len > 0)
		g_string_append_c(problems, '\n');
	g_string_append(problems, error->message);
	g_error_free(error);
}

/* A group that no module was asked about: a name that nobody has, or a module that is left out. */
static void
check_owner(FerryModules *self, FerrySettings *settings, const char *name, GStrvBuilder *notes,
	    GString *problems)
{
	const FerryModule *module = find_module(self, name);
	g_autofree char *group = ferry_registry_make_settings_group(name);
	g_autoptr(GError) note = NULL;

	if (module == NULL) {
		add_problem(problems, ferry_settings_make_error(settings, group, NULL,
								_("no module is called %s"), name));
	} else if (module->state != FERRY_MODULE_LOADED) {
		note = ferry_settings_make_error(settings, group, NULL,
						 _("not read, since the module is left out: %s"),
						 module->reason != NULL ? module->reason : "");
		g_strv_builder_add(notes, note->message);
	}
}

/**
 * ferry_modules_check_settings:
 * @settings: the configuration they were loaded with
 * @notes: (out) (transfer full) (array zero-terminated=1) (optional): a line for each group that
 *   was not read, since its module is left out
 *
 * Checks the groups of all modules, once they are loaded: those of loaded modules as every group of
 * the daemon's own, those of modules that are left out not at all, since nobody says what they may
 * have. A group of a module that is not there is an error.
 *
 * Returns: %FALSE with %FERRY_ERROR_CONFIGURATION where anything is wrong, a line for each problem
 */
gboolean
ferry_modules_check_settings(FerryModules *self, FerrySettings *settings, char ***notes,
			     GError **error)
{
	g_autoptr(GStrvBuilder) lines = g_strv_builder_new();
	g_autoptr(GString) problems = g_string_new(NULL);
	g_auto(GStrv) names = ferry_settings_list_groups(settings, "extension");
	GPtrArray *list = ferry_modules_list(self);

	for (guint i = 0; i < list->len; i++) {
		const FerryModule *module = g_ptr_array_index(list, i);
		g_autofree char *group = ferry_registry_make_settings_group(module->name);
		GError *local = NULL;

		if (module->state == FERRY_MODULE_LOADED &&
		    !ferry_settings_check_group(settings, group, &local))
			add_problem(problems, local);
	}
	for (guint i = 0; names[i] != NULL; i++)
		check_owner(self, settings, names[i], lines, problems);
	if (notes != NULL)
		*notes = g_strv_builder_end(lines);
	if (problems->len == 0)
		return TRUE;
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CONFIGURATION, problems->str);
	return FALSE;
}
