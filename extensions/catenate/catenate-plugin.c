/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "catenate.h"

/* RFC 4469 §5 (cat-part), RFC 6855 §4 (utf8-literal) */
#define GRAMMAR "({[\"TEXT\" literal] [\"UTF8\" (literal)] [\"URL\" astring]})"

static gboolean
register_catenate(FerryRegistry *registry, GError **error)
{
	return ferry_registry_add_setting(registry, "host-names", FERRY_SETTING_LIST, NULL, NULL,
					  FALSE,
					  "Names by which clients know this server, for the URLs "
					  "that they make of them.",
					  error) &&
	       ferry_registry_add_capability(registry, "CATENATE", FERRY_PHASE_AFTER_LOGIN, NULL,
					     NULL, NULL, error) &&
	       ferry_registry_add_capability(registry, "URL-PARTIAL", FERRY_PHASE_AFTER_LOGIN, NULL,
					     NULL, NULL, error) &&
	       ferry_registry_add_append_data(registry, "CATENATE", GRAMMAR, catenate_run, NULL,
					      NULL, error);
}

FERRY_PLUGIN_DEFINE(catenate, register_catenate)
