/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ferry.h>

char *objectid_make_mailbox_id(const char *id);
void objectid_write_email(FerryImapFetch *fetch, FerryImapMessage *message,
			  FerryImapValue *arguments, FerryImapWriter *writer, gpointer user_data);
void objectid_write_thread(FerryImapFetch *fetch, FerryImapMessage *message,
			   FerryImapValue *arguments, FerryImapWriter *writer, gpointer user_data);
gboolean objectid_prepare_search(FerryImapSearch *search, FerryImapValue *arguments,
				 gpointer user_data, GError **error);
gboolean objectid_match_email(FerryImapSearch *search, FerryImapMessage *message,
			      FerryImapValue *arguments, gpointer user_data);
gboolean objectid_match_thread(FerryImapSearch *search, FerryImapMessage *message,
			       FerryImapValue *arguments, gpointer user_data);
void objectid_write_status(FerryImapStatus *status, FerryImapWriter *writer, gpointer user_data);
char *objectid_make_select_code(FerryImapCommand *command, gpointer user_data);
char *objectid_make_create_code(FerryImapCommand *command, gpointer user_data);
