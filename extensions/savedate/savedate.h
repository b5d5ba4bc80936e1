/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ferry.h>

typedef enum {
	SAVEDATE_BEFORE,
	SAVEDATE_ON,
	SAVEDATE_SINCE,
} SavedateKey;

char *savedate_format(gint64 seconds);
gboolean savedate_matches(SavedateKey key, gint64 seconds, gint64 day);
void savedate_write(FerryImapFetch *fetch, FerryImapMessage *message, FerryImapValue *arguments,
		    FerryImapWriter *writer, gpointer user_data);
gboolean savedate_match(FerryImapSearch *search, FerryImapMessage *message,
			FerryImapValue *arguments, gpointer user_data);
gboolean savedate_match_supported(FerryImapSearch *search, FerryImapMessage *message,
				  FerryImapValue *arguments, gpointer user_data);
