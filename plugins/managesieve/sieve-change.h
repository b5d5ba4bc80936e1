/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sieve-list.h"

G_BEGIN_DECLS

/* Creates or replaces a script; the old one stays where that fails in any way. */
void sieve_account_put_async(SieveAccount *self, const char *name, GBytes *content,
			     GCancellable *cancellable, GAsyncReadyCallback callback,
			     gpointer user_data);
/* Makes a script the active one; with NULL none is. */
void sieve_account_activate_async(SieveAccount *self, const char *name, GCancellable *cancellable,
				  GAsyncReadyCallback callback, gpointer user_data);
void sieve_account_delete_async(SieveAccount *self, const char *name, GCancellable *cancellable,
				GAsyncReadyCallback callback, gpointer user_data);
void sieve_account_rename_async(SieveAccount *self, const char *name, const char *new_name,
				GCancellable *cancellable, GAsyncReadyCallback callback,
				gpointer user_data);
/* For all of them: FALSE with SIEVE_ERROR or FERRY_ERROR where nothing was changed. */
gboolean sieve_account_change_finish(SieveAccount *self, GAsyncResult *result, GError **error);

/* Whether there is room for a script; reads, changes nothing. */
gboolean sieve_list_check_room(const SieveList *self, SieveAccount *account, const char *name,
			       guint64 size, GError **error);

/* Whether the backend takes a script; FALSE with SIEVE_ERROR_INVALID_SCRIPT where it does not. */
void sieve_account_check_async(SieveAccount *self, GBytes *content, GCancellable *cancellable,
			       GAsyncReadyCallback callback, gpointer user_data);
gboolean sieve_account_check_finish(SieveAccount *self, GAsyncResult *result, GError **error);

G_END_DECLS
