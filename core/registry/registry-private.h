/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "registry/registry.h"

G_BEGIN_DECLS

/* Takes over @proto's destroy duty also where it fails, so that callers need not care. */
gboolean ferry_registry_add(FerryRegistry *self, const FerryContribution *proto, GError **error);
void ferry_registry_forget_module(FerryRegistry *self, const char *module);
const char *ferry_registry_get_module(FerryRegistry *self);
char *ferry_registry_make_settings_group(const char *module);

G_END_DECLS
