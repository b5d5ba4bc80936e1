/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * FerryMessageDate:
 * @seconds: since 1970-01-01 00:00 UTC; may be negative
 * @zone: minutes east of UTC that the field states; 0 where it states none
 * @local_day: days since 1970-01-01 of the date that the field shows, in its own zone
 *
 * What a Date field says. SENTBEFORE, SENTON and SENTSINCE compare @local_day (RFC 9051 §6.4.4).
 */
typedef struct {
	gint64 seconds;
	gint32 zone;
	gint32 local_day;
} FerryMessageDate;

gboolean ferry_message_date_parse(const char *value, gsize length, FerryMessageDate *date);
gint32 ferry_message_date_day_number(gint year, guint month, guint day);

G_END_DECLS
