/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Modules: finding, choosing and loading them
 *
 * Implementation: `.plugin` key files beside shared objects (or what another module loads, which
 *   `Loader` names) say what can be known without running code; the configuration chooses; needs
 *   decide the order; a module that fails is left out with the reason and nothing of it stays
 *   registered.
 * Modules are resident: once loaded, a shared object is never unloaded.
 */
#include "registry/modules.h"

#include <glib/gi18n-lib.h>

#include "base/error.h"
#include "registry/registry-private.h"

struct _FerryModules {
	GObject parent_instance;
	GPtrArray *modules; /* (element-type FerryModule), sorted by name */
};

G_DEFINE_FINAL_TYPE(FerryModules, ferry_modules, G_TYPE_OBJECT)

#define GROUP "Plugin"

static void
ferry_module_free(FerryModule *self)
{
	g_free(self->name);
	g_free(self->path);
	g_free(self->library);
	g_free(self->loader);
	g_strfreev(self->provides);
	g_strfreev(self->needs);
	g_free(self->specification);
	g_free(self->description);
	g_free(self->reason);
	g_free(self);
}

static void
ferry_modules_finalize(GObject *object)
{
	g_ptr_array_unref(FERRY_MODULES(object)->modules);
	G_OBJECT_CLASS(ferry_modules_parent_class)->finalize(object);
}

static void
ferry_modules_class_init(FerryModulesClass *klass)
{
	G_OBJECT_CLASS(klass)->finalize = ferry_modules_finalize;
}

static void
ferry_modules_init(FerryModules *self)
{
	self->modules = g_ptr_array_new_with_free_func((GDestroyNotify)ferry_module_free);
}

/**
 * ferry_modules_new:
 *
 * Returns: (transfer full): an empty set of modules
 */
FerryModules *
ferry_modules_new(void)
{
	return g_object_new(FERRY_TYPE_MODULES, NULL);
}

/**
 * ferry_modules_list:
 *
 * Returns: (transfer none) (element-type FerryModule): every module that was found, by name
 */
GPtrArray *
ferry_modules_list(FerryModules *self)
{
	return self->modules;
}

/**
 * ferry_module_state_to_string:
 * @state: a state
 *
 * Returns: the state in a word
 */
const char *
ferry_module_state_to_string(FerryModuleState state)
{
	static const char *const words[] = {
		[FERRY_MODULE_FOUND] = "found",   [FERRY_MODULE_LOADED] = "loaded",
		[FERRY_MODULE_OFF] = "off",       [FERRY_MODULE_NEEDS] = "needs",
		[FERRY_MODULE_BROKEN] = "broken",
	};

	g_return_val_if_fail(state < G_N_ELEMENTS(words), NULL);
	return words[state];
}

static void G_GNUC_PRINTF(3, 4)
	ferry_module_leave_out(FerryModule *self, FerryModuleState state, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_free(self->reason);
	self->reason = g_strdup_vprintf(format, arguments);
	self->state = state;
	va_end(arguments);
}

static FerryModule *
find(FerryModules *self, const char *name)
{
	for (guint i = 0; i < self->modules->len; i++) {
		FerryModule *module = g_ptr_array_index(self->modules, i);

		if (g_str_equal(module->name, name))
			return module;
	}
	return NULL;
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
	const FerryModule *const *left = a;
	const FerryModule *const *right = b;

	return strcmp((*left)->name, (*right)->name);
}

/* An unreadable key file still becomes a module, so that somebody is told of it. */
static FerryModule *
read_key_file(const char *path)
{
	g_autoptr(GKeyFile) keys = g_key_file_new();
	g_autoptr(GError) error = NULL;
	g_autofree char *dir = g_path_get_dirname(path);
	g_autofree char *base = g_path_get_basename(path);
	g_autofree char *library = NULL;
	FerryModule *module = g_new0(FerryModule, 1);

	module->path = g_strdup(path);
	base[strlen(base) - strlen(".plugin")] = '\0';
	if (g_key_file_load_from_file(keys, path, G_KEY_FILE_NONE, &error))
		module->name = g_key_file_get_string(keys, GROUP, "Name", &error);
	/* the library's own registrations go by that name; a module must not be able to undo them
	 */
	if (error == NULL && g_str_equal(module->name, "base"))
		g_set_error_literal(&error, FERRY_ERROR, FERRY_ERROR_FAILED,
				    _("no module may be called base"));
	if (error == NULL)
		library = g_key_file_get_string(keys, GROUP, "Module", &error);
	if (error == NULL)
		module->abi = (guint)g_key_file_get_integer(keys, GROUP, "ABI", &error);
	if (error != NULL) {
		if (module->name == NULL)
			module->name = g_steal_pointer(&base);
		ferry_module_leave_out(module, FERRY_MODULE_BROKEN, "%s: %s", path, error->message);
		return module;
	}
	module->loader = g_key_file_get_string(keys, GROUP, "Loader", NULL);
	module->library =
		g_strdup_printf("%s/%s%s", dir, library, module->loader != NULL ? "" : ".so");
	module->provides = g_key_file_get_string_list(keys, GROUP, "Provides", NULL, NULL);
	module->needs = g_key_file_get_string_list(keys, GROUP, "Needs", NULL, NULL);
	module->specification = g_key_file_get_string(keys, GROUP, "Specification", NULL);
	module->description = g_key_file_get_locale_string(keys, GROUP, "Description", NULL, NULL);
	module->by_default = TRUE;
	if (g_key_file_has_key(keys, GROUP, "Default", NULL))
		module->by_default = g_key_file_get_boolean(keys, GROUP, "Default", NULL);
	return module;
}

static void
add_key_file(FerryModules *self, const char *path)
{
	FerryModule *module = read_key_file(path);
	FerryModule *other = find(self, module->name);

	/* the first place wins, as with every search path */
	if (other != NULL) {
		g_debug("module %s: %s is hidden by %s", module->name, path, other->path);
		ferry_module_free(module);
		return;
	}
	g_ptr_array_add(self->modules, module);
	g_ptr_array_sort(self->modules, compare_names);
}

static void
scan_dir(FerryModules *self, const char *dir, guint depth)
{
	g_autoptr(GDir) entries = g_dir_open(dir, 0, NULL);
	const char *name;

	while (entries != NULL && (name = g_dir_read_name(entries)) != NULL) {
		g_autofree char *path = g_build_filename(dir, name, NULL);

		if (g_str_has_suffix(name, ".plugin"))
			add_key_file(self, path);
		else if (depth > 0 && g_file_test(path, G_FILE_TEST_IS_DIR))
			scan_dir(self, path, depth - 1);
	}
}

/**
 * ferry_modules_add_dir:
 * @dir: a folder with `.plugin` files, or with one folder for each module
 *
 * Reads the key files of a folder. What was found before hides what has the same name here.
 */
void
ferry_modules_add_dir(FerryModules *self, const char *dir)
{
	scan_dir(self, dir, 1);
}

/* A program that runs from the build tree uses the modules of that tree. */
static char *
find_build_root(void)
{
	g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *root = NULL;
	g_autofree char *mark = NULL;

	if (program == NULL)
		return NULL;
	root = g_strdup(program);
	for (guint i = 0; i < 3; i++) {
		char *slash = strrchr(root, '/');

		if (slash == NULL)
			return NULL;
		*slash = '\0';
	}
	mark = g_build_filename(root, "meson-info", NULL);
	return g_file_test(mark, G_FILE_TEST_IS_DIR) ? g_steal_pointer(&root) : NULL;
}

/**
 * ferry_modules_add_default_dirs:
 *
 * Adds the folder that modules are installed in, or the build tree's where the program runs from
 * it.
 */
void
ferry_modules_add_default_dirs(FerryModules *self)
{
	g_autofree char *root = find_build_root();

	if (root == NULL) {
		ferry_modules_add_dir(self, FERRY_PLUGIN_DIR);
		return;
	}
	for (guint i = 0; i < 2; i++) {
		g_autofree char *dir =
			g_build_filename(root, i == 0 ? "extensions" : "plugins", NULL);

		ferry_modules_add_dir(self, dir);
	}
}

/**
 * ferry_modules_select:
 * @selection: (array zero-terminated=1): `*` for all that are on by default, a name to switch a
 *   module on, `!name` to switch it off; the last that fits decides
 *
 * Chooses which modules are loaded. A name that no module has is reported in the log.
 */
void
ferry_modules_select(FerryModules *self, const char *const *selection)
{
	for (guint i = 0; i < self->modules->len; i++) {
		FerryModule *module = g_ptr_array_index(self->modules, i);
		gboolean on = FALSE;

		if (module->state != FERRY_MODULE_FOUND)
			continue;
		for (guint j = 0; selection[j] != NULL; j++) {
			if (g_str_equal(selection[j], "*"))
				on = module->by_default;
			else if (g_str_equal(selection[j], module->name))
				on = TRUE;
			else if (selection[j][0] == '!' &&
				 g_str_equal(selection[j] + 1, module->name))
				on = FALSE;
		}
		if (!on)
			ferry_module_leave_out(module, FERRY_MODULE_OFF,
					       _("switched off by the configuration"));
	}
	for (guint j = 0; selection[j] != NULL; j++) {
		const char *name = selection[j] + (selection[j][0] == '!');

		if (!g_str_equal(name, "*") && find(self, name) == NULL)
			g_warning("extensions=: no module is called %s", name);
	}
}

static const FerryPlugin *
open_library(FerryModule *module, GError **error)
{
	const FerryPlugin *plugin = NULL;
	GModule *library;

	library = g_module_open(module->library, G_MODULE_BIND_LOCAL);
	if (library == NULL) {
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_FAILED, "%s: %s", module->library,
			    g_module_error());
		return NULL;
	}
	g_module_make_resident(library);
	if (!g_module_symbol(library, FERRY_PLUGIN_SYMBOL, (gpointer *)&plugin) || plugin == NULL)
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_FAILED,
			    _("%s: has no symbol %s; is it a Ferry module?"), module->library,
			    FERRY_PLUGIN_SYMBOL);
	else if (plugin->abi != FERRY_PLUGIN_ABI)
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_FAILED,
			    _("%s: built for ABI %u, this Ferry has ABI %u"), module->library,
			    plugin->abi, FERRY_PLUGIN_ABI);
	else if (g_strcmp0(plugin->name, module->name) != 0)
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_FAILED,
			    _("%s: calls itself %s, its key file says %s"), module->library,
			    plugin->name != NULL ? plugin->name : "", module->name);
	else
		return plugin;
	return NULL;
}

static gboolean
register_library(FerryModule *module, FerryRegistry *registry, GError **error)
{
	const FerryPlugin *plugin = open_library(module, error);
	GError *local = NULL;

	if (plugin == NULL)
		return FALSE;
	if (plugin->register_func(registry, &local))
		return TRUE;
	if (local == NULL) /* a mistake of the module, which must not become ours */
		local = g_error_new_literal(FERRY_ERROR, FERRY_ERROR_FAILED,
					    _("does not say why it cannot be registered"));
	g_propagate_prefixed_error(error, local, "%s: ", module->library);
	return FALSE;
}

/* The module that Loader names is loaded by now: it is one of the needs. */
static gboolean
call_loader(FerryModule *module, FerryRegistry *registry, GError **error)
{
	const FerryContribution *loader =
		ferry_registry_lookup(registry, FERRY_CONTRIBUTION_LOADER, module->loader);
	GError *local = NULL;

	if (loader == NULL) {
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_FAILED,
			    _("%s: module %s does not load other modules"), module->path,
			    module->loader);
		return FALSE;
	}
	if (((FerryLoaderFunc)loader->func)(registry, module->name, module->library,
					    loader->user_data, &local))
		return TRUE;
	if (local == NULL)
		local = g_error_new_literal(FERRY_ERROR, FERRY_ERROR_FAILED,
					    _("does not say why it cannot be registered"));
	g_propagate_prefixed_error(error, local, "%s: ", module->path);
	return FALSE;
}

static gboolean
load_module(FerryModule *module, FerryRegistry *registry, GError **error)
{
	gboolean good;

	if (module->abi != FERRY_PLUGIN_ABI) {
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_FAILED,
			    _("%s: built for ABI %u, this Ferry has ABI %u"), module->path,
			    module->abi, FERRY_PLUGIN_ABI);
		return FALSE;
	}
	ferry_registry_set_module(registry, module->name);
	good = module->loader != NULL ? call_loader(module, registry, error)
				      : register_library(module, registry, error);
	if (good)
		module->state = FERRY_MODULE_LOADED;
	else
		ferry_registry_forget_module(registry, module->name);
	return good;
}

/* What can never be is said in the module's reason. */
static gboolean
need_is_loaded(FerryModules *self, FerryModule *module, const char *name)
{
	FerryModule *other = find(self, name);

	if (other == NULL)
		ferry_module_leave_out(module, FERRY_MODULE_NEEDS,
				       _("needs module %s, which is not installed"), name);
	else if (other->state != FERRY_MODULE_LOADED && other->state != FERRY_MODULE_FOUND)
		ferry_module_leave_out(module, FERRY_MODULE_NEEDS,
				       _("needs module %s, which is left out: %s"), name,
				       other->reason);
	return other != NULL && other->state == FERRY_MODULE_LOADED;
}

static gboolean
needs_are_loaded(FerryModules *self, FerryModule *module)
{
	for (guint i = 0; module->needs != NULL && module->needs[i] != NULL; i++) {
		if (!need_is_loaded(self, module, module->needs[i]))
			return FALSE;
	}
	return module->loader == NULL || need_is_loaded(self, module, module->loader);
}

/* One round: loads what can be loaded now. Returns whether anything changed. */
static gboolean
load_ready(FerryModules *self, FerryRegistry *registry)
{
	gboolean progress = FALSE;

	for (guint i = 0; i < self->modules->len; i++) {
		FerryModule *module = g_ptr_array_index(self->modules, i);
		g_autoptr(GError) error = NULL;

		if (module->state != FERRY_MODULE_FOUND)
			continue;
		if (needs_are_loaded(self, module) && !load_module(module, registry, &error))
			ferry_module_leave_out(module, FERRY_MODULE_BROKEN, "%s", error->message);
		progress |= module->state != FERRY_MODULE_FOUND;
	}
	return progress;
}

/**
 * ferry_modules_load:
 * @registry: an open registry
 *
 * Loads every selected module, each behind what it needs. Whatever fails is left out; its state and
 * reason say why.
 *
 * Returns: how many selected modules could not be loaded
 */
guint
ferry_modules_load(FerryModules *self, FerryRegistry *registry)
{
	guint failed = 0;

	while (load_ready(self, registry))
		;
	for (guint i = 0; i < self->modules->len; i++) {
		FerryModule *module = g_ptr_array_index(self->modules, i);

		if (module->state == FERRY_MODULE_FOUND)
			ferry_module_leave_out(module, FERRY_MODULE_NEEDS,
					       _("is part of a circle of needs"));
		failed +=
			module->state == FERRY_MODULE_NEEDS || module->state == FERRY_MODULE_BROKEN;
	}
	return failed;
}

/* No further: a loader is a shared object. */
static gboolean
load_loader(FerryModules *self, FerryRegistry *registry, FerryModule *module, GError **error)
{
	FerryModule *loader = find(self, module->loader);

	if (loader != NULL && loader->state == FERRY_MODULE_LOADED)
		return TRUE;
	if (loader != NULL && loader->loader == NULL && loader->state == FERRY_MODULE_FOUND)
		return load_module(loader, registry, error);
	if (loader == NULL)
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_FAILED,
			    _("needs module %s, which is not installed"), module->loader);
	else
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_FAILED,
			    _("%s: module %s does not load other modules"), module->path,
			    module->loader);
	return FALSE;
}

/**
 * ferry_modules_load_one:
 * @registry: an open registry
 * @name: a module's name
 *
 * Loads one module and nothing else, whatever it needs, but for the one that loads it: to find out
 * whether it can be loaded.
 *
 * Returns: %FALSE with @error set where it could not
 */
gboolean
ferry_modules_load_one(FerryModules *self, FerryRegistry *registry, const char *name,
		       GError **error)
{
	FerryModule *module = find(self, name);

	if (module == NULL) {
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND, _("no module is called %s"),
			    name);
		return FALSE;
	}
	if (module->state == FERRY_MODULE_BROKEN) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_FAILED, module->reason);
		return FALSE;
	}
	if (module->loader != NULL && !load_loader(self, registry, module, error))
		return FALSE;
	return load_module(module, registry, error);
}
