/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ferry.h>

#define QUOTA_CYRUS "https://cyrusimap.org/ns/jmap/quota"

gboolean quota_is_offered(FerryAccountSession *session, const char *account_id, gboolean *draft);
void quota_ask_async(FerryAccountSession *session, const char *account_id,
		     GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *quota_ask_finish(GAsyncResult *result, GError **error);

void quota_get(FerryImapCommand *command, gpointer user_data);
void quota_get_root(FerryImapCommand *command, gpointer user_data);
void quota_set(FerryImapCommand *command, gpointer user_data);
void quota_write_deleted_storage(FerryImapStatus *status, FerryImapWriter *writer,
				 gpointer user_data);
