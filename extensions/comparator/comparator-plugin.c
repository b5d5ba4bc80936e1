/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "comparator.h"

static gboolean
register_comparator(FerryRegistry *registry, GError **error)
{
	/* the higher level has all of the lower: named for clients that look for that one */
	static const char *const names[] = {"I18NLEVEL=1", "I18NLEVEL=2"};

	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		if (!ferry_registry_add_capability(registry, names[i], FERRY_PHASE_AFTER_LOGIN,
						   NULL, NULL, NULL, error))
			return FALSE;
	return ferry_registry_add_command(registry, "COMPARATOR", "[astring*]",
					  FERRY_PHASE_AFTER_LOGIN, FERRY_ORDERING_ANY,
					  comparator_handle, NULL, NULL, error);
}

FERRY_PLUGIN_DEFINE(comparator, register_comparator)
