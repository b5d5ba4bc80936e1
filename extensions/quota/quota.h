/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ferry.h>

#define QUOTA_CYRUS "https://cyrusimap.org/ns/jmap/quota"

/* quota-jmap.c */
gboolean quota_is_told(FerryJmapValue *capabilities, gboolean *draft);
gboolean quota_is_offered(FerryAccountSession *session, const char *account_id, gboolean *draft);
void quota_ask_async(FerryAccountSession *session, const char *account_id,
		     GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *quota_ask_finish(GAsyncResult *result, GError **error);

/* quota-command.c */
char *quota_resolve_mailbox(FerryMailboxList *list, const char *own, char **name, GError **error);
gboolean quota_is_limit_list(FerryImapValue *list);
void quota_get(FerryImapCommand *command, gpointer user_data);
void quota_get_root(FerryImapCommand *command, gpointer user_data);
void quota_set(FerryImapCommand *command, gpointer user_data);
void quota_write_deleted_storage(FerryImapStatus *status, FerryImapWriter *writer,
				 gpointer user_data);
