/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ferry.h>

gboolean partial_parse(const char *text, gint64 *first, gint64 *last);
gboolean partial_prepare(FerryImapSearch *search, FerryImapValue *arguments, gpointer user_data,
			 GError **error);
void partial_write(FerryImapSearch *search, FerryImapValue *arguments, FerryImapWriter *writer,
		   gpointer user_data);
gboolean partial_fetch(FerryImapCommand *command, FerryImapValue *arguments, gpointer user_data,
		       GError **error);
