/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzzy.h"

static gboolean
register_fuzzy(FerryRegistry *registry, GError **error)
{
	return ferry_registry_add_capability(registry, "SEARCH=FUZZY", FERRY_PHASE_AFTER_LOGIN,
					     NULL, NULL, NULL, error) &&
	       ferry_registry_add_search_key(registry, "FUZZY", "search-key", FERRY_NEEDS_METADATA,
					     fuzzy_prepare_key, fuzzy_match, NULL, NULL, error) &&
	       ferry_registry_add_search_return(registry, "RELEVANCY", NULL,
						fuzzy_prepare_relevancy, fuzzy_write_relevancy,
						NULL, NULL, error) &&
	       ferry_registry_add_sort_key(registry, "RELEVANCY", fuzzy_prepare_relevancy,
					   fuzzy_sort_key, NULL, NULL, error);
}

FERRY_PLUGIN_DEFINE(fuzzy, register_fuzzy)
