/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "objectid.h"

static gboolean
register_items(FerryRegistry *registry, GError **error)
{
	return ferry_registry_add_fetch_item(registry, "EMAILID", NULL, FERRY_NEEDS_METADATA, NULL,
					     objectid_write_email, NULL, NULL, error) &&
	       ferry_registry_add_fetch_item(registry, "THREADID", NULL, FERRY_NEEDS_METADATA, NULL,
					     objectid_write_thread, NULL, NULL, error) &&
	       ferry_registry_add_status_item(registry, "MAILBOXID", FERRY_NEEDS_NOTHING,
					      objectid_write_status, NULL, NULL, error);
}

static gboolean
register_search_keys(FerryRegistry *registry, GError **error)
{
	return ferry_registry_add_search_key(registry, "EMAILID", "astring", FERRY_NEEDS_METADATA,
					     objectid_prepare_search, objectid_match_email, NULL,
					     NULL, error) &&
	       ferry_registry_add_search_key(registry, "THREADID", "astring", FERRY_NEEDS_METADATA,
					     objectid_prepare_search, objectid_match_thread, NULL,
					     NULL, error);
}

static gboolean
register_objectid(FerryRegistry *registry, GError **error)
{
	return ferry_registry_add_capability(registry, "OBJECTID", FERRY_PHASE_AFTER_LOGIN, NULL,
					     NULL, NULL, error) &&
	       register_items(registry, error) && register_search_keys(registry, error) &&
	       ferry_registry_add_response_code(registry, "SELECT", objectid_make_select_code, NULL,
						NULL, error) &&
	       ferry_registry_add_response_code(registry, "CREATE", objectid_make_create_code, NULL,
						NULL, error);
}

FERRY_PLUGIN_DEFINE(objectid, register_objectid)
