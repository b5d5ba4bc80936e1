/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "multisearch.h"

static const char grammar[] = "[\"IN\" (mailbox-filters [list])] [\"RETURN\" search-returns] "
			      "[\"CHARSET\" astring] search-program";

static gboolean
register_multisearch(FerryRegistry *registry, GError **error)
{
	return ferry_registry_add_setting(registry, "max-mailboxes", FERRY_SETTING_INTEGER, "1000",
					  "1:100000", FALSE,
					  "Mailboxes that one search may look at.", error) &&
	       ferry_registry_add_capability(registry, "MULTISEARCH", FERRY_PHASE_AFTER_LOGIN, NULL,
					     NULL, NULL, error) &&
	       ferry_registry_add_command(registry, "ESEARCH", grammar, FERRY_PHASE_AFTER_LOGIN,
					  FERRY_ORDERING_ANY, multisearch_handle, NULL, NULL,
					  error);
}

FERRY_PLUGIN_DEFINE(multisearch, register_multisearch)
