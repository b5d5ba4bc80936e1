/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/types.h"

G_BEGIN_DECLS

#define FERRY_TYPE_ACCOUNT_DATUM (ferry_account_datum_get_type())

/**
 * FerryAccountDatum:
 * @account_id: the JMAP account it belongs to
 * @mailbox_id: (nullable): the mailbox; %NULL: the account as a whole
 * @shared: whether every login that sees the mailbox has it; else it is this login's own
 * @key: its name
 * @value: (nullable): its octets; %NULL to remove it
 *
 * One value that a module keeps. Whoever puts values leaves the ids out.
 */
typedef struct {
	char *account_id;
	char *mailbox_id;
	gboolean shared;
	char *key;
	GBytes *value;
} FerryAccountDatum;

GType ferry_account_datum_get_type(void);
FerryAccountDatum *ferry_account_datum_new(gboolean shared, const char *key, GBytes *value);
FerryAccountDatum *ferry_account_datum_ref(FerryAccountDatum *self);
void ferry_account_datum_unref(FerryAccountDatum *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryAccountDatum, ferry_account_datum_unref)

/* Durable data of modules, in the store's transactions, with its quota: see FerryStore. It follows
 * its mailbox when that is renamed, and goes with it. @info is the mailbox, or NULL for the login's
 * own mail account as a whole. Who may read and write is the caller's to decide. */
void ferry_account_session_list_data_async(FerryAccountSession *self, const char *module,
					   FerryMailboxInfo *info, const char *const *prefixes,
					   GCancellable *cancellable, GAsyncReadyCallback callback,
					   gpointer user_data);
void ferry_account_session_list_all_data_async(FerryAccountSession *self, const char *module,
					       const char *const *prefixes,
					       GCancellable *cancellable,
					       GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *ferry_account_session_list_data_finish(FerryAccountSession *self, GAsyncResult *result,
						  GError **error);
void ferry_account_session_put_data_async(FerryAccountSession *self, const char *module,
					  FerryMailboxInfo *info, GPtrArray *data, guint max_keys,
					  GCancellable *cancellable, GAsyncReadyCallback callback,
					  gpointer user_data);
gboolean ferry_account_session_put_data_finish(FerryAccountSession *self, GAsyncResult *result,
					       GError **error);

G_END_DECLS
