/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef struct {
	GArray *entries;
	guint64 floor;     /* changes up to here are forgotten */
	guint64 state;     /* modseq of the newest change */
	guint max_entries; /* 0: unlimited */
} JsLog;

typedef struct {
	GArray *created, *updated, *destroyed; /* guint32 numbers */
	guint64 new_state;
	gboolean more;
	gboolean all_minor; /* nothing but counts changed in what was updated */
} JsChanges;

void js_log_init(JsLog *self, guint max_entries);
void js_log_clear(JsLog *self);
void js_log_copy(JsLog *self, const JsLog *from);
void js_log_add(JsLog *self, guint64 modseq, guint32 number, guint64 before, guint64 after,
		gboolean minor);
gboolean js_log_get_changes(const JsLog *self, guint64 since, guint max, guint slot,
			    JsChanges *changes);
void js_changes_clear(JsChanges *changes);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(JsChanges, js_changes_clear)
