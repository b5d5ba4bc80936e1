/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "language.h"

static gboolean
register_language(FerryRegistry *registry, GError **error)
{
	return ferry_registry_add_capability(registry, "LANGUAGE", FERRY_PHASE_ANY, NULL, NULL,
					     NULL, error) &&
	       ferry_registry_add_command(registry, "LANGUAGE", "[astring*]", FERRY_PHASE_ANY,
					  FERRY_ORDERING_ALONE, language_run, NULL, NULL, error) &&
	       ferry_registry_add_text_translator(registry, "language", language_translate_for,
						  NULL, NULL, error);
}

FERRY_PLUGIN_DEFINE(language, register_language)
