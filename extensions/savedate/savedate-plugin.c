/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "savedate.h"

static const struct {
	const char *name;
	SavedateKey key;
} keys[] = {
	{"SAVEDBEFORE", SAVEDATE_BEFORE},
	{"SAVEDON", SAVEDATE_ON},
	{"SAVEDSINCE", SAVEDATE_SINCE},
};

static gboolean
register_savedate(FerryRegistry *registry, GError **error)
{
	for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
		if (!ferry_registry_add_search_key(registry, keys[i].name, "date",
						   FERRY_NEEDS_METADATA, NULL, savedate_match,
						   GINT_TO_POINTER(keys[i].key), NULL, error))
			return FALSE;
	}
	return ferry_registry_add_search_key(registry, "SAVEDATESUPPORTED", NULL,
					     FERRY_NEEDS_METADATA, NULL, savedate_match_supported,
					     NULL, NULL, error) &&
	       ferry_registry_add_fetch_item(registry, "SAVEDATE", NULL, FERRY_NEEDS_METADATA, NULL,
					     savedate_write, NULL, NULL, error) &&
	       ferry_registry_add_capability(registry, "SAVEDATE", FERRY_PHASE_AFTER_LOGIN, NULL,
					     NULL, NULL, error);
}

FERRY_PLUGIN_DEFINE(savedate, register_savedate)
