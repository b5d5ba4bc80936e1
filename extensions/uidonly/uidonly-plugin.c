/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "uidonly.h"

static gboolean
register_uidonly(FerryRegistry *registry, GError **error)
{
	return ferry_registry_add_capability(registry, "UIDONLY", FERRY_PHASE_AFTER_LOGIN, NULL,
					     NULL, NULL, error) &&
	       ferry_registry_add_enable(registry, "UIDONLY", uidonly_enable, NULL, NULL, error) &&
	       ferry_registry_add_argument_rule(registry, "*", uidonly_check, NULL, NULL, error) &&
	       ferry_registry_add_update_writer(registry, "UIDONLY", uidonly_update, NULL, NULL,
						error);
}

FERRY_PLUGIN_DEFINE(uidonly, register_uidonly)
