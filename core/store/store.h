/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "base/error.h"
#include "store/batch.h"
#include "store/delta.h"
#include "store/mailbox.h"
#include "store/results.h"
#include "store/rows.h"

G_BEGIN_DECLS

/**
 * FERRY_STORE_DATA_QUOTA:
 *
 * The most octets that a module may keep for one mail account; what is
 * shared counts by itself.
 */
#define FERRY_STORE_DATA_QUOTA (4 * 1024 * 1024)
/**
 * FERRY_STORE_DATA_VALUE_MAX:
 *
 * The most octets of one value that a module keeps.
 */
#define FERRY_STORE_DATA_VALUE_MAX (1024 * 1024)

/**
 * FerryStoreDataPlace:
 * @module: name of the module
 * @account_key: a mail account
 * @mailbox_key: a mailbox of it; 0: the mail account itself
 * @all_mailboxes: to list: the mail account and each of its mailboxes
 * @personal: whether the mail account is the login's own: a JMAP accountId names one account for
 *   all who see it as somebody else's, but nothing keeps a backend from giving the same id to the
 *   own account of each user
 *
 * Where a module keeps data. What is not shared belongs to the login; what is shared belongs to the
 * JMAP account of the backend, so that every login that may see it has the same value.
 */
typedef struct {
	const char *module;
	gint64 account_key;
	gint64 mailbox_key;
	gboolean all_mailboxes;
	gboolean personal;
} FerryStoreDataPlace;

/**
 * FerryStore:
 *
 * What must outlive the process: UIDs, flags, states, what modules keep. ferry_store_apply_async()
 * is the only writer, and nothing is told to a client before it is durable. Calls answer on the
 * thread-default main context of the caller.
 */
#define FERRY_TYPE_STORE (ferry_store_get_type())
G_DECLARE_INTERFACE(FerryStore, ferry_store, FERRY, STORE, GObject)

/**
 * FerryStoreInterface:
 *
 * What must outlive the process. Every `…_async` may be called from any thread; the callback runs
 * in the caller's thread-default main context. The result that a store hands to a callback is a
 * #GTask made with the store as source object; each `…_finish` propagates it, as the type that is
 * named beside the function below. The task of a virtual function is given away (transfer full),
 * its other arguments are borrowed.
 *
 * Errors: %FERRY_ERROR_NOT_FOUND where a key names nothing, %FERRY_ERROR_CONFLICT where the
 * generation moved, %FERRY_ERROR_IN_USE where another process holds the store for too long,
 * %FERRY_ERROR_OVER_QUOTA and %FERRY_ERROR_LIMIT for modules' data, and %FERRY_ERROR_FAILED where
 * the medium fails. What failed wrote nothing.
 */
struct _FerryStoreInterface {
	GTypeInterface parent_iface;

	guint64 (*get_ticket)(FerryStore *self);

	/* FerryStoreAccount */
	void (*load_account_async)(FerryStore *self, const char *backend, const char *username,
				   const char *const *account_ids, GTask *task);
	/* boolean */
	void (*remove_account_async)(FerryStore *self, const char *backend, const char *username,
				     GTask *task);
	/* FerryStoreRows */
	void (*load_mailbox_async)(FerryStore *self, gint64 mailbox_key, FerryStoreFields fields,
				   GTask *task);
	/* FerryStoreRows */
	void (*load_emails_async)(FerryStore *self, gint64 account_key, const gint64 *email_keys,
				  guint n_keys, FerryStoreFields fields, GTask *task);
	/* FerryStoreDelta */
	void (*load_delta_async)(FerryStore *self, gint64 account_key, guint64 since, GTask *task);
	/* int */
	void (*read_generation_async)(FerryStore *self, gint64 account_key, GTask *task);
	/* int */
	void (*count_async)(FerryStore *self, gint64 mailbox_key, GTask *task);
	/* FerryStorePairs */
	void (*find_pairs_async)(FerryStore *self, gint64 account_key, const char *const *email_ids,
				 GTask *task);
	/* FerryStoreTombstones */
	void (*load_tombstones_async)(FerryStore *self, gint64 mailbox_key, guint64 since_modseq,
				      GTask *task);
	/* FerryStoreDelta */
	void (*apply_async)(FerryStore *self, gint64 account_key, guint64 expected_generation,
			    FerryStoreBatch *batch, GTask *task);
	/* int */
	void (*put_intent_async)(FerryStore *self, gint64 account_key, guint64 expected_generation,
				 gint64 replaced, GBytes *data, GTask *task);
	/* GPtrArray of FerryStoreIntent */
	void (*claim_intents_async)(FerryStore *self, gint64 account_key, GTask *task);
	/* GArray of gint64 */
	void (*find_abandoned_async)(FerryStore *self, GTask *task);
	/* FerryStoreIntent or NULL */
	void (*read_intent_async)(FerryStore *self, gint64 intent, GTask *task);
	/* boolean */
	void (*remove_intent_async)(FerryStore *self, gint64 intent, GTask *task);
	/* GBytes */
	void (*get_data_async)(FerryStore *self, const FerryStoreDataPlace *place, gboolean shared,
			       const char *key, GTask *task);
	/* boolean */
	void (*put_data_async)(FerryStore *self, const FerryStoreDataPlace *place, GPtrArray *data,
			       guint max_keys, GTask *task);
	/* GPtrArray of FerryStoreDatum */
	void (*list_data_async)(FerryStore *self, const FerryStoreDataPlace *place,
				const char *const *prefixes, GTask *task);
	/* FerryStoreStructures */
	void (*get_structures_async)(FerryStore *self, gint64 account_key, const gint64 *email_keys,
				     guint n_keys, FerryStoreStructureParts parts, GTask *task);
	/* boolean */
	void (*put_structures_async)(FerryStore *self, gint64 account_key,
				     FerryStoreStructures *structures, GTask *task);
};

guint64 ferry_store_get_ticket(FerryStore *self);

/* logins */
void ferry_store_load_account_async(FerryStore *self, const char *backend, const char *username,
				    const char *const *account_ids, GCancellable *cancellable,
				    GAsyncReadyCallback callback, gpointer user_data);
FerryStoreAccount *ferry_store_load_account_finish(FerryStore *self, GAsyncResult *result,
						   GError **error);
void ferry_store_remove_account_async(FerryStore *self, const char *backend, const char *username,
				      GCancellable *cancellable, GAsyncReadyCallback callback,
				      gpointer user_data);
gboolean ferry_store_remove_account_finish(FerryStore *self, GAsyncResult *result, GError **error);

/* reading mail */
void ferry_store_load_mailbox_async(FerryStore *self, gint64 mailbox_key, FerryStoreFields fields,
				    GCancellable *cancellable, GAsyncReadyCallback callback,
				    gpointer user_data);
FerryStoreRows *ferry_store_load_mailbox_finish(FerryStore *self, GAsyncResult *result,
						GError **error);
void ferry_store_load_emails_async(FerryStore *self, gint64 account_key, const gint64 *email_keys,
				   guint n_keys, FerryStoreFields fields, GCancellable *cancellable,
				   GAsyncReadyCallback callback, gpointer user_data);
FerryStoreRows *ferry_store_load_emails_finish(FerryStore *self, GAsyncResult *result,
					       GError **error);
void ferry_store_load_delta_async(FerryStore *self, gint64 account_key, guint64 since,
				  GCancellable *cancellable, GAsyncReadyCallback callback,
				  gpointer user_data);
FerryStoreDelta *ferry_store_load_delta_finish(FerryStore *self, GAsyncResult *result,
					       GError **error);
void ferry_store_read_generation_async(FerryStore *self, gint64 account_key,
				       GCancellable *cancellable, GAsyncReadyCallback callback,
				       gpointer user_data);
guint64 ferry_store_read_generation_finish(FerryStore *self, GAsyncResult *result, GError **error);
void ferry_store_count_async(FerryStore *self, gint64 mailbox_key, GCancellable *cancellable,
			     GAsyncReadyCallback callback, gpointer user_data);
gint64 ferry_store_count_finish(FerryStore *self, GAsyncResult *result, GError **error);
void ferry_store_find_pairs_async(FerryStore *self, gint64 account_key,
				  const char *const *email_ids, GCancellable *cancellable,
				  GAsyncReadyCallback callback, gpointer user_data);
FerryStorePairs *ferry_store_find_pairs_finish(FerryStore *self, GAsyncResult *result,
					       GError **error);
void ferry_store_load_tombstones_async(FerryStore *self, gint64 mailbox_key, guint64 since_modseq,
				       GCancellable *cancellable, GAsyncReadyCallback callback,
				       gpointer user_data);
FerryStoreTombstones *ferry_store_load_tombstones_finish(FerryStore *self, GAsyncResult *result,
							 GError **error);

/* writing mail */
void ferry_store_apply_async(FerryStore *self, gint64 account_key, guint64 expected_generation,
			     FerryStoreBatch *batch, GCancellable *cancellable,
			     GAsyncReadyCallback callback, gpointer user_data);
FerryStoreDelta *ferry_store_apply_finish(FerryStore *self, GAsyncResult *result, GError **error);

/* intents */
void ferry_store_put_intent_async(FerryStore *self, gint64 account_key, guint64 expected_generation,
				  gint64 replaced, GBytes *data, GCancellable *cancellable,
				  GAsyncReadyCallback callback, gpointer user_data);
gint64 ferry_store_put_intent_finish(FerryStore *self, GAsyncResult *result, GError **error);
void ferry_store_claim_intents_async(FerryStore *self, gint64 account_key,
				     GCancellable *cancellable, GAsyncReadyCallback callback,
				     gpointer user_data);
GPtrArray *ferry_store_claim_intents_finish(FerryStore *self, GAsyncResult *result, GError **error);
void ferry_store_find_abandoned_async(FerryStore *self, GCancellable *cancellable,
				      GAsyncReadyCallback callback, gpointer user_data);
GArray *ferry_store_find_abandoned_finish(FerryStore *self, GAsyncResult *result, GError **error);
void ferry_store_read_intent_async(FerryStore *self, gint64 intent, GCancellable *cancellable,
				   GAsyncReadyCallback callback, gpointer user_data);
FerryStoreIntent *ferry_store_read_intent_finish(FerryStore *self, GAsyncResult *result,
						 GError **error);
void ferry_store_remove_intent_async(FerryStore *self, gint64 intent, GCancellable *cancellable,
				     GAsyncReadyCallback callback, gpointer user_data);
gboolean ferry_store_remove_intent_finish(FerryStore *self, GAsyncResult *result, GError **error);

/* durable data of modules */
void ferry_store_get_data_async(FerryStore *self, const FerryStoreDataPlace *place, gboolean shared,
				const char *key, GCancellable *cancellable,
				GAsyncReadyCallback callback, gpointer user_data);
GBytes *ferry_store_get_data_finish(FerryStore *self, GAsyncResult *result, GError **error);
void ferry_store_put_data_async(FerryStore *self, const FerryStoreDataPlace *place, GPtrArray *data,
				guint max_keys, GCancellable *cancellable,
				GAsyncReadyCallback callback, gpointer user_data);
gboolean ferry_store_put_data_finish(FerryStore *self, GAsyncResult *result, GError **error);
void ferry_store_list_data_async(FerryStore *self, const FerryStoreDataPlace *place,
				 const char *const *prefixes, GCancellable *cancellable,
				 GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *ferry_store_list_data_finish(FerryStore *self, GAsyncResult *result, GError **error);

/* structure cache */
void ferry_store_get_structures_async(FerryStore *self, gint64 account_key,
				      const gint64 *email_keys, guint n_keys,
				      FerryStoreStructureParts parts, GCancellable *cancellable,
				      GAsyncReadyCallback callback, gpointer user_data);
FerryStoreStructures *ferry_store_get_structures_finish(FerryStore *self, GAsyncResult *result,
							GError **error);
void ferry_store_put_structures_async(FerryStore *self, gint64 account_key,
				      FerryStoreStructures *structures, GCancellable *cancellable,
				      GAsyncReadyCallback callback, gpointer user_data);
gboolean ferry_store_put_structures_finish(FerryStore *self, GAsyncResult *result, GError **error);

G_END_DECLS
