/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Positions in a list: 1 is its first element, -1 its last; 0: no window. Which end comes first
 * does not matter (RFC 9394 §4). */
typedef struct {
	gint64 first;
	gint64 last;
} FerryImapWindow;

/* The part of a list of @length elements that is in the window: none where the window is beyond
 * its end. */
static inline void
ferry_imap_window_clip(const FerryImapWindow *self, gsize length, gsize *start, gsize *n)
{
	gint64 total = (gint64)length;
	gint64 low = MIN(self->first, self->last), high = MAX(self->first, self->last);

	if (high < 0) {
		low += total + 1;
		high += total + 1;
	}
	low = MAX(low, 1);
	high = MIN(high, total);
	*n = low <= high ? (gsize)(high - low + 1) : 0;
	*start = *n > 0 ? (gsize)(low - 1) : 0;
}

G_END_DECLS
