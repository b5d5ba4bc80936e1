/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "registry/registry.h"

G_BEGIN_DECLS

gboolean ferry_imap_register_base(FerryRegistry *registry, GError **error);

gboolean ferry_imap_describe_base_capability(const char *name, const char **specification,
					     const char **condition);

G_END_DECLS
