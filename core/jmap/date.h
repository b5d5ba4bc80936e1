/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

gboolean ferry_jmap_date_parse(const char *text, gint64 *unix_time, int *offset_minutes);
char *ferry_jmap_date_format_utc(gint64 unix_time);
char *ferry_jmap_date_format(gint64 unix_time, int offset_minutes);

G_END_DECLS
