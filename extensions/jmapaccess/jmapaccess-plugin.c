/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "jmapaccess.h"

static gboolean
register_jmapaccess(FerryRegistry *registry, GError **error)
{
	return ferry_registry_add_capability(registry, "JMAPACCESS", FERRY_PHASE_AFTER_LOGIN,
					     jmapaccess_make_capability, NULL, NULL, error) &&
	       ferry_registry_add_command(registry, "GETJMAPACCESS", NULL, FERRY_PHASE_AFTER_LOGIN,
					  FERRY_ORDERING_ANY, jmapaccess_run, NULL, NULL, error);
}

FERRY_PLUGIN_DEFINE(jmapaccess, register_jmapaccess)
