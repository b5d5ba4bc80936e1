/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/settings.h"
#include "registry/registry.h"

G_BEGIN_DECLS

/* What every command is given: options, and the arguments behind its own words. */
typedef struct {
	const char *program;
	const char *config;
	const char *load;
	const char *directory;
	const char *plugin_dir;
	char **arguments;
	gboolean json;
	gboolean check;
	gboolean markdown;
} FerryCli;

FerrySettings *ferry_cli_load_settings(FerryCli *cli, GError **error);
int ferry_cli_fail(const GError *error);

/* Each returns the exit status: 0, 1 for a failure, 2 for wrong usage. */
int ferry_cli_config_check(FerryCli *cli);
int ferry_cli_config_sample(FerryCli *cli);
int ferry_cli_plugins(FerryCli *cli);
int ferry_cli_plugins_new(FerryCli *cli);
int ferry_cli_status(FerryCli *cli);
int ferry_cli_store_restored(FerryCli *cli);

/* The table of all capabilities that are registered. */
void ferry_cli_print_capabilities(FerryRegistry *registry, GPtrArray *modules);

G_END_DECLS
