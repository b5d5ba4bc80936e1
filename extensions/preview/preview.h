/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ferry.h>

gboolean preview_prepare(FerryImapFetch *fetch, FerryImapValue *arguments, gpointer user_data,
			 GError **error);
void preview_write(FerryImapFetch *fetch, FerryImapMessage *message, FerryImapValue *arguments,
		   FerryImapWriter *writer, gpointer user_data);
void preview_forget(FerryImapSession *session, gpointer user_data);
