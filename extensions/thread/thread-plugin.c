/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "thread.h"

static const char grammar[] = "atom astring search-program";

static gboolean
register_thread(FerryRegistry *registry, GError **error)
{
	return ferry_registry_add_capability(registry, "THREAD=REFERENCES", FERRY_PHASE_AFTER_LOGIN,
					     NULL, NULL, NULL, error) &&
	       ferry_registry_add_capability(registry, "THREAD=REFS", FERRY_PHASE_AFTER_LOGIN, NULL,
					     NULL, NULL, error) &&
	       ferry_registry_add_capability(registry, "THREAD=ORDEREDSUBJECT",
					     FERRY_PHASE_AFTER_LOGIN, NULL, NULL, NULL, error) &&
	       ferry_registry_add_command(registry, "THREAD", grammar, FERRY_PHASE_SELECTED,
					  FERRY_ORDERING_NUMBERS, thread_handle, NULL, NULL,
					  error) &&
	       ferry_registry_add_command(registry, "UID THREAD", grammar, FERRY_PHASE_SELECTED,
					  FERRY_ORDERING_ANY, thread_handle, NULL, NULL, error);
}

FERRY_PLUGIN_DEFINE(thread, register_thread)
