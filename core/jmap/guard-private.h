/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

gboolean ferry_jmap_guard(GByteArray *json, guint max_nesting, GError **error);

G_END_DECLS
