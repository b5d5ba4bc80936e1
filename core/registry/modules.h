/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "registry/plugin.h"

G_BEGIN_DECLS

/**
 * FerryModuleState:
 * @FERRY_MODULE_FOUND: its key file was read; nothing else has happened yet
 * @FERRY_MODULE_LOADED: registered
 * @FERRY_MODULE_OFF: the configuration, or its own default, leaves it out
 * @FERRY_MODULE_NEEDS: something it needs is not there
 * @FERRY_MODULE_BROKEN: it could not be loaded or registered
 *
 * What became of a module.
 */
typedef enum {
	FERRY_MODULE_FOUND,
	FERRY_MODULE_LOADED,
	FERRY_MODULE_OFF,
	FERRY_MODULE_NEEDS,
	FERRY_MODULE_BROKEN,
} FerryModuleState;

/**
 * FerryModule:
 * @name: what configuration and messages call it
 * @path: its key file
 * @library: its shared object; where there is a loader, what that is handed
 * @loader: (nullable): the module that loads it, where it is not a shared object
 * @abi: the ABI its key file names
 * @provides: (array zero-terminated=1): capabilities and services, for people
 * @needs: (array zero-terminated=1): names of modules it needs
 * @specification: (nullable): the RFCs
 * @description: (nullable): one sentence
 * @by_default: whether `*` selects it
 * @state: what became of it
 * @reason: (nullable): why it is not loaded
 *
 * What is known of a module, from its `.plugin` key file and from loading it.
 */
typedef struct {
	char *name;
	char *path;
	char *library;
	char *loader;
	guint abi;
	char **provides;
	char **needs;
	char *specification;
	char *description;
	gboolean by_default;
	FerryModuleState state;
	char *reason;
} FerryModule;

const char *ferry_module_state_to_string(FerryModuleState state);

/**
 * FerryModules:
 *
 * The modules that were found, those that were chosen, and what became of each. Once loaded, a
 * module stays.
 */
#define FERRY_TYPE_MODULES (ferry_modules_get_type())
G_DECLARE_FINAL_TYPE(FerryModules, ferry_modules, FERRY, MODULES, GObject)

FerryModules *ferry_modules_new(void);
void ferry_modules_add_dir(FerryModules *self, const char *dir);
void ferry_modules_add_default_dirs(FerryModules *self);
void ferry_modules_select(FerryModules *self, const char *const *selection);
guint ferry_modules_load(FerryModules *self, FerryRegistry *registry);
gboolean ferry_modules_load_one(FerryModules *self, FerryRegistry *registry, const char *name,
				GError **error);
gboolean ferry_modules_check_settings(FerryModules *self, FerrySettings *settings, char ***notes,
				      GError **error);
GPtrArray *ferry_modules_list(FerryModules *self);

G_END_DECLS
