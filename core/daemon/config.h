/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/manager.h"
#include "base/limits.h"
#include "base/settings.h"

G_BEGIN_DECLS

FerrySettings *ferry_config_new(void);
char *ferry_config_find(void);
gboolean ferry_config_check(FerrySettings *settings, GError **error);

char *ferry_config_dup_state_dir(FerrySettings *settings);
char *ferry_config_dup_cache_dir(FerrySettings *settings);
char *ferry_config_dup_control_path(FerrySettings *settings);
void ferry_config_get_limits(FerrySettings *settings, FerryLimits *limits);
FerryAccountSettings *ferry_config_make_backend(FerrySettings *settings, const char *name);

G_END_DECLS
