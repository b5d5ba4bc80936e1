/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* FerryStore: intents, what a command is about to do
 *
 * Implementation: the calls of the interface that note, find and remove them
 */
#include "store/store-private.h"

/**
 * ferry_store_put_intent_async:
 * @self: a store
 * @account_key: a mail account
 * @expected_generation: the generation that @data was worked out from
 * @replaced: 0, or an intent of the caller that @data takes the place of: then the generation does
 *   not matter, and what is noted with it stays
 * @data: what is needed to undo
 * @cancellable: (nullable): a cancellable; what was committed stays
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Notes what a command is about to do. It is durable when the callback runs. Until it is removed,
 * every Email that any batch of the mail account asks a UID for is noted with it: that one has
 * been acknowledged, and must not go when the intent is undone.
 */
void
ferry_store_put_intent_async(FerryStore *self, gint64 account_key, guint64 expected_generation,
			     gint64 replaced, GBytes *data, GCancellable *cancellable,
			     GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = ferry_store_new_task(self, cancellable, callback, user_data,
					   ferry_store_put_intent_async);

	FERRY_STORE_GET_IFACE(self)->put_intent_async(self, account_key, expected_generation,
						      replaced, data, task);
}

/**
 * ferry_store_put_intent_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: number of the intent, or 0 with @error set: %FERRY_ERROR_CONFLICT where the mail account
 *   is at another generation, %FERRY_ERROR_NOT_FOUND where @replaced is no more
 */
gint64
ferry_store_put_intent_finish(FerryStore *self, GAsyncResult *result, GError **error)
{
	gssize number = g_task_propagate_int(G_TASK(result), error);

	return number > 0 ? number : 0;
}

/**
 * ferry_store_claim_intents_async:
 * @self: a store
 * @account_key: a mail account
 * @cancellable: (nullable): a cancellable; what was committed stays
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Takes over the intents whose process is gone: from now on they are the caller's, who undoes what
 * they name and removes them. Those of living processes are left alone.
 */
void
ferry_store_claim_intents_async(FerryStore *self, gint64 account_key, GCancellable *cancellable,
				GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = ferry_store_new_task(self, cancellable, callback, user_data,
					   ferry_store_claim_intents_async);

	FERRY_STORE_GET_IFACE(self)->claim_intents_async(self, account_key, task);
}

/**
 * ferry_store_claim_intents_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: (transfer full) (element-type FerryStoreIntent): the intents, oldest first
 */
GPtrArray *
ferry_store_claim_intents_finish(FerryStore *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}

/**
 * ferry_store_find_abandoned_async:
 * @self: a store
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Looks for intents whose process is gone, of every mail account. A cheap read: mostly there is no
 * intent at all.
 */
void
ferry_store_find_abandoned_async(FerryStore *self, GCancellable *cancellable,
				 GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = ferry_store_new_task(self, cancellable, callback, user_data,
					   ferry_store_find_abandoned_async);

	FERRY_STORE_GET_IFACE(self)->find_abandoned_async(self, task);
}

/**
 * ferry_store_find_abandoned_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: (transfer full) (element-type gint64): keys of the mail accounts that have such intents,
 *   for ferry_store_claim_intents_async(); one may come twice
 */
GArray *
ferry_store_find_abandoned_finish(FerryStore *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}

/**
 * ferry_store_read_intent_async:
 * @self: a store
 * @intent: an intent
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Reads an intent, and what was acknowledged since it was put.
 */
void
ferry_store_read_intent_async(FerryStore *self, gint64 intent, GCancellable *cancellable,
			      GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = ferry_store_new_task(self, cancellable, callback, user_data,
					   ferry_store_read_intent_async);

	FERRY_STORE_GET_IFACE(self)->read_intent_async(self, intent, task);
}

/**
 * ferry_store_read_intent_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: (transfer full) (nullable): the intent; %NULL without @error where it is no more
 */
FerryStoreIntent *
ferry_store_read_intent_finish(FerryStore *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}

/**
 * ferry_store_remove_intent_async:
 * @self: a store
 * @intent: an intent
 * @cancellable: (nullable): a cancellable; what was committed stays
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Forgets an intent. One that is not there is no error.
 */
void
ferry_store_remove_intent_async(FerryStore *self, gint64 intent, GCancellable *cancellable,
				GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = ferry_store_new_task(self, cancellable, callback, user_data,
					   ferry_store_remove_intent_async);

	FERRY_STORE_GET_IFACE(self)->remove_intent_async(self, intent, task);
}

/**
 * ferry_store_remove_intent_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: %TRUE
 */
gboolean
ferry_store_remove_intent_finish(FerryStore *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_boolean(G_TASK(result), error);
}
