/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "partial.h"

static gboolean
register_partial(FerryRegistry *registry, GError **error)
{
	return ferry_registry_add_capability(registry, "PARTIAL", FERRY_PHASE_AFTER_LOGIN, NULL,
					     NULL, NULL, error) &&
	       ferry_registry_add_search_return(registry, "PARTIAL", "atom", partial_prepare,
						partial_write, NULL, NULL, error) &&
	       ferry_registry_add_fetch_modifier(registry, "PARTIAL", "atom", partial_fetch, NULL,
						 NULL, error);
}

FERRY_PLUGIN_DEFINE(partial, register_partial)
