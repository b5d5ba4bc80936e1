/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unauthenticate.h"

static gboolean
register_unauthenticate(FerryRegistry *registry, GError **error)
{
	return ferry_registry_add_capability(registry, "UNAUTHENTICATE", FERRY_PHASE_AFTER_LOGIN,
					     NULL, NULL, NULL, error) &&
	       ferry_registry_add_command(registry, "UNAUTHENTICATE", NULL, FERRY_PHASE_AFTER_LOGIN,
					  FERRY_ORDERING_ALONE, unauthenticate_run, NULL, NULL,
					  error);
}

FERRY_PLUGIN_DEFINE(unauthenticate, register_unauthenticate)
