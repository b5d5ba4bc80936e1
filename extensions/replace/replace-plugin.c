/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "replace.h"

#define GRAMMAR "seq-number mailbox append-message"

/* A number is used before any expunge is told, so that expunges may follow: as with MOVE. */
static gboolean
add_command(FerryRegistry *registry, const char *name, GError **error)
{
	return ferry_registry_add_command(registry, name, GRAMMAR, FERRY_PHASE_SELECTED,
					  FERRY_ORDERING_ANY, replace_run, NULL, NULL, error);
}

static gboolean
register_replace(FerryRegistry *registry, GError **error)
{
	return ferry_registry_add_capability(registry, "REPLACE", FERRY_PHASE_AFTER_LOGIN, NULL,
					     NULL, NULL, error) &&
	       add_command(registry, "REPLACE", error) &&
	       add_command(registry, "UID REPLACE", error);
}

FERRY_PLUGIN_DEFINE(replace, register_replace)
