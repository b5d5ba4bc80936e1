/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sieve-session.h"

static gboolean
register_managesieve(FerryRegistry *registry, GError **error)
{
	return ferry_registry_add_protocol(registry, "managesieve", sieve_session_serve, NULL, NULL,
					   error);
}

FERRY_PLUGIN_DEFINE(managesieve, register_managesieve)
