/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

GArray *ferry_handed_over_take(const char *name);

G_END_DECLS
