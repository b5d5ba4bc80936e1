/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "store/store.h"

G_BEGIN_DECLS

/* What a store's tests give to the suite: opens the store in a directory, again and again. */
typedef FerryStore *(*StoreFactory)(const char *dir);

/* adds the tests that any store must pass, as /NAME/... */
void store_suite_add(const char *name, StoreFactory factory);

/* for tests of one store: the operations, waited for */
char *store_suite_make_dir(void);
void store_suite_remove_dir(char *dir);
GAsyncResult *store_suite_wait(GAsyncResult **result);
void store_suite_done_cb(GObject *source, GAsyncResult *result, gpointer user_data);
FerryStoreAccount *store_suite_load(FerryStore *store, const char *username);
FerryStoreMailAccount *store_suite_mail_account(FerryStoreAccount *login);
FerryStoreDelta *store_suite_apply(FerryStore *store, gint64 account_key, guint64 generation,
				   FerryStoreBatch *batch, GError **error);
FerryStoreDelta *store_suite_delta(FerryStore *store, gint64 account_key, guint64 since);
FerryStoreRows *store_suite_rows(FerryStore *store, gint64 mailbox_key);
FerryStoreMailbox *store_suite_mailbox(FerryStore *store, const char *username, const char *id);
/* a batch from text; see the table in store-suite.c */
FerryStoreBatch *store_suite_batch(const char *text);

G_END_DECLS
