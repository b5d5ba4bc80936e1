/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Extensions in Python
 *
 * Implementation: a loader for key files with `Loader=python`. The interpreter starts with the
 *   first of them.
 */
#include <ferry.h>

#include "interpreter.h"

static gboolean
load(FerryRegistry *registry, const char *name, const char *path, gpointer user_data,
     GError **error)
{
	return python_interpreter_start(error) &&
	       python_interpreter_load(registry, name, path, error);
}

static gboolean
register_python(FerryRegistry *registry, GError **error)
{
	return ferry_registry_add_loader(registry, "python", load, NULL, NULL, error);
}

FERRY_PLUGIN_DEFINE(python, register_python)
