/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gmodule.h>

#include "registry/registry.h"

G_BEGIN_DECLS

/**
 * FERRY_PLUGIN_ABI:
 *
 * The binary interface that modules are built against. A module with another number is left out.
 */
#define FERRY_PLUGIN_ABI 1

/**
 * FerryPluginRegisterFunc:
 * @registry: an open registry
 *
 * Registers everything a module contributes. Module globals are read-only afterwards.
 *
 * Returns: %FALSE with @error set where the module cannot work; what it had registered is forgotten
 */
typedef gboolean (*FerryPluginRegisterFunc)(FerryRegistry *registry, GError **error);

/**
 * FerryPlugin: (skip)
 * @abi: %FERRY_PLUGIN_ABI at the time of compilation
 * @name: the module's name, equal to `Name` in its key file
 * @register_func: registers what it contributes
 *
 * The one symbol that a module exports; made by %FERRY_PLUGIN_DEFINE.
 */
typedef struct {
	guint abi;
	const char *name;
	FerryPluginRegisterFunc register_func;
} FerryPlugin;

/**
 * FERRY_PLUGIN_SYMBOL:
 *
 * The name of the symbol that every module exports.
 */
#define FERRY_PLUGIN_SYMBOL "ferry_plugin"

/**
 * FERRY_PLUGIN_DEFINE: (skip)
 * @name: the module's name, without quotes
 * @register_func: a #FerryPluginRegisterFunc
 *
 * Makes a shared object a Ferry module.
 */
#define FERRY_PLUGIN_DEFINE(name, register_func)                                                   \
	G_MODULE_EXPORT extern const FerryPlugin ferry_plugin;                                     \
	const FerryPlugin ferry_plugin = {FERRY_PLUGIN_ABI, #name, register_func};

G_END_DECLS
