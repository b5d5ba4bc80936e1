/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inprogress.h"

static gboolean
register_inprogress(FerryRegistry *registry, GError **error)
{
	return ferry_registry_add_capability(registry, "INPROGRESS", FERRY_PHASE_AFTER_LOGIN, NULL,
					     NULL, NULL, error) &&
	       ferry_registry_add_progress_listener(registry, "INPROGRESS", inprogress_listen, NULL,
						    NULL, error);
}

FERRY_PLUGIN_DEFINE(inprogress, register_inprogress)
