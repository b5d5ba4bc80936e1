/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

gsize ferry_message_casemap_append(GString *out, const char *text, gsize length, gboolean more);

G_END_DECLS
