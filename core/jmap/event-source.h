/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * FerryJmapEventFunc:
 * @event: the event's name, `message` where it has none
 * @data: its data
 * @id: (nullable): the last event id seen so far
 * @user_data: what was given
 *
 * Called for each complete event.
 */
typedef void (*FerryJmapEventFunc)(const char *event, const char *data, const char *id,
				   gpointer user_data);

/**
 * FerryJmapEventParser:
 *
 * Reads a `text/event-stream` as it arrives.
 */
typedef struct _FerryJmapEventParser FerryJmapEventParser;

#define FERRY_TYPE_JMAP_EVENT_PARSER (ferry_jmap_event_parser_get_type())
GType ferry_jmap_event_parser_get_type(void);

FerryJmapEventParser *ferry_jmap_event_parser_new(gsize max_event_size, FerryJmapEventFunc func,
						  gpointer user_data, GDestroyNotify destroy);
FerryJmapEventParser *ferry_jmap_event_parser_ref(FerryJmapEventParser *self);
void ferry_jmap_event_parser_unref(FerryJmapEventParser *self);
gboolean ferry_jmap_event_parser_feed(FerryJmapEventParser *self, const char *data, gsize length,
				      GError **error);
const char *ferry_jmap_event_parser_get_last_id(FerryJmapEventParser *self);
guint ferry_jmap_event_parser_get_retry(FerryJmapEventParser *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryJmapEventParser, ferry_jmap_event_parser_unref)

G_END_DECLS
