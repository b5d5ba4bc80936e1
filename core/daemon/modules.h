/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/settings.h"
#include "registry/modules.h"

G_BEGIN_DECLS

FerryRegistry *ferry_daemon_make_registry(FerrySettings *settings, FerryModules *modules,
					  GError **error);
FerryRegistry *ferry_daemon_load_registry(FerrySettings *settings, FerryModules *modules,
					  GError **error);
gboolean ferry_daemon_check_still_loaded(FerryModules *now, FerryModules *then, GError **error);

G_END_DECLS
