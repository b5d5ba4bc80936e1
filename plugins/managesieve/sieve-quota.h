/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sieve-account.h"

G_BEGIN_DECLS

/* Whether the account's quota has room for so many octets of script, which may replace another;
 * FALSE with FERRY_ERROR_OVER_QUOTA where it has not. */
void sieve_account_check_quota_async(SieveAccount *self, guint64 octets, gboolean replaces,
				     GCancellable *cancellable, GAsyncReadyCallback callback,
				     gpointer user_data);
gboolean sieve_account_check_quota_finish(SieveAccount *self, GAsyncResult *result, GError **error);

G_END_DECLS
