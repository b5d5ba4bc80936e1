/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Sources of the thread's own main context: ids alone would name those of the default one. */
static inline GSource *
ferry_timer_new(guint milliseconds, GSourceFunc func, gpointer user_data)
{
	GSource *source =
		milliseconds > 0 ? g_timeout_source_new(milliseconds) : g_idle_source_new();

	g_source_set_priority(source, G_PRIORITY_DEFAULT);
	g_source_set_callback(source, func, user_data, NULL);
	g_source_attach(source, g_main_context_get_thread_default());
	return source;
}

static inline void
ferry_timer_clear(GSource **source)
{
	if (*source == NULL)
		return;
	g_source_destroy(*source);
	g_source_unref(*source);
	*source = NULL;
}
