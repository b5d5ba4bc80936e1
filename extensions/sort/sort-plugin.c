/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sort.h"

static const char grammar[] = "[\"RETURN\" search-returns] list astring search-program";
static const char *const capabilities[] = {"SORT", "SORT=DISPLAY", "ESORT"};

static gboolean
register_sort(FerryRegistry *registry, GError **error)
{
	for (guint i = 0; i < G_N_ELEMENTS(capabilities); i++) {
		if (!ferry_registry_add_capability(registry, capabilities[i],
						   FERRY_PHASE_AFTER_LOGIN, NULL, NULL, NULL,
						   error))
			return FALSE;
	}
	return ferry_registry_add_command(registry, "SORT", grammar, FERRY_PHASE_SELECTED,
					  FERRY_ORDERING_NUMBERS, sort_handle, NULL, NULL, error) &&
	       ferry_registry_add_command(registry, "UID SORT", grammar, FERRY_PHASE_SELECTED,
					  FERRY_ORDERING_ANY, sort_handle, NULL, NULL, error);
}

FERRY_PLUGIN_DEFINE(sort, register_sort)
