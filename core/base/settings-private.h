/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/settings.h"

G_BEGIN_DECLS

gboolean ferry_setting_parse_boolean(const char *value, gboolean *out);
gboolean ferry_setting_parse_number(const char *value, gboolean size, gint64 *out);
char *ferry_setting_find_fault(const FerrySetting *setting, const char *value);

G_END_DECLS
