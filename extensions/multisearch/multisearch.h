/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ferry.h>

/* sources.c: which mailboxes are meant */
gboolean multisearch_names(FerryImapValue *filters, const char *name);
gboolean multisearch_is_selected_only(FerryImapValue *filters);
GPtrArray *multisearch_list_sources(FerryImapValue *filters, FerryMailboxList *list,
				    const char *selected, gint64 max, GError **error);

/* multisearch.c */
const char *multisearch_find_mistake(FerryImapCommand *command);
void multisearch_handle(FerryImapCommand *command, gpointer user_data);
