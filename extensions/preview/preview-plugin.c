/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "preview.h"

static gboolean
register_preview(FerryRegistry *registry, GError **error)
{
	return ferry_registry_add_capability(registry, "PREVIEW", FERRY_PHASE_AFTER_LOGIN, NULL,
					     NULL, NULL, error) &&
	       ferry_registry_add_session_data(registry, "PREVIEW", preview_forget, NULL, NULL,
					       error) &&
	       ferry_registry_add_fetch_item(registry, "PREVIEW", "[list]", FERRY_NEEDS_NOTHING,
					     preview_prepare, preview_write, NULL, NULL, error);
}

FERRY_PLUGIN_DEFINE(preview, register_preview)
