/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "registry/registry.h"

G_BEGIN_DECLS

void ferry_registry_forget_module(FerryRegistry *self, const char *module);

G_END_DECLS
