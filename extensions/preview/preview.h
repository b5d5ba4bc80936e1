/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ferry.h>

/* previews a session remembers for LAZY; about 1 MiB */
#define PREVIEW_MAX_REMEMBERED 4096

char *preview_shorten(const char *text);
void preview_remember(FerryImapSession *session, const char *email_id, const char *preview);
const char *preview_recall(FerryImapSession *session, const char *email_id);
gboolean preview_prepare(FerryImapFetch *fetch, FerryImapValue *arguments, gpointer user_data,
			 GError **error);
void preview_write(FerryImapFetch *fetch, FerryImapMessage *message, FerryImapValue *arguments,
		   FerryImapWriter *writer, gpointer user_data);
void preview_forget(FerryImapSession *session, gpointer user_data);
