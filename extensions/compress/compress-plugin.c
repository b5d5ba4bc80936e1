/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "compress.h"

static gboolean
register_compress(FerryRegistry *registry, GError **error)
{
	return ferry_registry_add_capability(registry, "COMPRESS=DEFLATE", FERRY_PHASE_AFTER_LOGIN,
					     NULL, NULL, NULL, error) &&
	       ferry_registry_add_command(registry, "COMPRESS", "atom", FERRY_PHASE_AFTER_LOGIN,
					  FERRY_ORDERING_ALONE, compress_run, NULL, NULL, error);
}

FERRY_PLUGIN_DEFINE(compress, register_compress)
