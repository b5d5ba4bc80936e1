/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ferry plugins --markdown: what is advertised, as the registry has it
 *
 * Implementation: one row for each capability, by name. Specification and condition come from the
 *   module's key file: of the group `Capability NAME` where it has one, else of `Plugin`; those of
 *   the library itself from its own table.
 */
#include <gio/gio.h>

#include "cli/commands.h"
#include "imap/base-module.h"
#include "registry/modules.h"

static const FerryModule *
find_module(GPtrArray *modules, const char *name)
{
	for (guint i = 0; i < modules->len; i++) {
		const FerryModule *module = g_ptr_array_index(modules, i);

		if (g_str_equal(module->name, name))
			return module;
	}
	return NULL;
}

static char *
read_key(const FerryModule *module, const char *capability, const char *key)
{
	g_autoptr(GKeyFile) keys = g_key_file_new();
	g_autofree char *group = g_strconcat("Capability ", capability, NULL);

	if (!g_key_file_load_from_file(keys, module->path, G_KEY_FILE_NONE, NULL))
		return NULL;
	if (g_key_file_has_key(keys, group, key, NULL))
		return g_key_file_get_string(keys, group, key, NULL);
	return g_key_file_get_string(keys, "Plugin", key, NULL);
}

static const char *
describe_phases(guint phases)
{
	if (phases == FERRY_PHASE_ANY)
		return "always";
	if (phases == FERRY_PHASE_BEFORE_LOGIN)
		return "before sign-in";
	return phases & FERRY_PHASE_BEFORE_LOGIN ? "in some states" : "after sign-in";
}

static void
print_row(const FerryContribution *capability, GPtrArray *modules)
{
	const FerryModule *module = find_module(modules, capability->module);
	g_autofree char *specification = NULL;
	g_autofree char *condition = NULL;
	const char *base_specification = NULL;
	const char *base_condition = NULL;

	if (module != NULL) {
		specification = read_key(module, capability->name, "Specification");
		condition = read_key(module, capability->name, "Condition");
	} else if (ferry_imap_describe_base_capability(capability->name, &base_specification,
						       &base_condition)) {
		specification = g_strdup(base_specification);
		condition = g_strdup(base_condition);
	}
	/* who has a function and says nothing of it decides for each session */
	if (condition == NULL && capability->func != NULL && module != NULL)
		condition = g_strdup("decided for each session");
	g_print("| %s | %s | %s | %s%s%s |\n", capability->name,
		specification != NULL ? specification : "", capability->module,
		describe_phases(capability->flags), condition != NULL ? ": " : "",
		condition != NULL ? condition : "");
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
	const FerryContribution *const *left = a;
	const FerryContribution *const *right = b;

	return strcmp((*left)->name, (*right)->name);
}

void
ferry_cli_print_capabilities(FerryRegistry *registry, GPtrArray *modules)
{
	GPtrArray *list = ferry_registry_list(registry, FERRY_CONTRIBUTION_CAPABILITY);
	/* a copy of the array would free what the registry owns */
	g_autoptr(GPtrArray) sorted = g_ptr_array_new();

	g_ptr_array_extend(sorted, list, NULL, NULL);
	g_ptr_array_sort(sorted, compare_names);
	g_print("| capability | specification | module | when |\n| --- | --- | --- | --- |\n");
	for (guint i = 0; i < sorted->len; i++)
		print_row(g_ptr_array_index(sorted, i), modules);
}
