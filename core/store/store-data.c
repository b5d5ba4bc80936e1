/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* FerryStore: what it keeps for others
 *
 * Implementation: the calls of the interface for modules' data and for the structures of messages
 */
#include "store/store-private.h"

/**
 * ferry_store_get_data_async:
 * @self: a store
 * @place: whose data
 * @shared: which of the two values of that name
 * @key: name of the value
 * @cancellable: (nullable): a cancellable; what was committed stays
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Reads a value that a module put.
 */
void
ferry_store_get_data_async(FerryStore *self, const FerryStoreDataPlace *place, gboolean shared,
			   const char *key, GCancellable *cancellable, GAsyncReadyCallback callback,
			   gpointer user_data)
{
	GTask *task = ferry_store_new_task(self, cancellable, callback, user_data,
					   ferry_store_get_data_async);

	FERRY_STORE_GET_IFACE(self)->get_data_async(self, place, shared, key, task);
}

/**
 * ferry_store_get_data_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: (transfer full): the value; %FERRY_ERROR_NOT_FOUND when there is none
 */
GBytes *
ferry_store_get_data_finish(FerryStore *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}

/**
 * ferry_store_put_data_async:
 * @self: a store
 * @place: whose data
 * @data: (element-type FerryStoreDatum): what to put and what to remove; nothing is done where one
 *   of them cannot be; of two with one name the later counts
 * @max_keys: how many of the place's own, and how many shared values there may be afterwards, where
 *   there are more than before; 0: any number
 * @cancellable: (nullable): a cancellable; what was committed stays
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Keeps values for a module, in one transaction; they go with the mailbox. Fails with
 * %FERRY_ERROR_LIMIT above @max_keys, and with %FERRY_ERROR_OVER_QUOTA above
 * %FERRY_STORE_DATA_VALUE_MAX or, in all, %FERRY_STORE_DATA_QUOTA.
 */
void
ferry_store_put_data_async(FerryStore *self, const FerryStoreDataPlace *place, GPtrArray *data,
			   guint max_keys, GCancellable *cancellable, GAsyncReadyCallback callback,
			   gpointer user_data)
{
	GTask *task = ferry_store_new_task(self, cancellable, callback, user_data,
					   ferry_store_put_data_async);

	FERRY_STORE_GET_IFACE(self)->put_data_async(self, place, data, max_keys, task);
}

/**
 * ferry_store_put_data_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: %TRUE
 */
gboolean
ferry_store_put_data_finish(FerryStore *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_boolean(G_TASK(result), error);
}

/**
 * ferry_store_list_data_async:
 * @self: a store
 * @place: whose data
 * @prefixes: (nullable) (array zero-terminated=1): what the keys begin with, each one of these;
 *   %NULL: anything
 * @cancellable: (nullable): a cancellable; what was committed stays
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Reads the values a module put, its own and the shared ones.
 */
void
ferry_store_list_data_async(FerryStore *self, const FerryStoreDataPlace *place,
			    const char *const *prefixes, GCancellable *cancellable,
			    GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = ferry_store_new_task(self, cancellable, callback, user_data,
					   ferry_store_list_data_async);

	FERRY_STORE_GET_IFACE(self)->list_data_async(self, place, prefixes, task);
}

/**
 * ferry_store_list_data_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: (transfer full) (element-type FerryStoreDatum): the values, by mailbox, those of the
 *   login before shared ones, then by key
 */
GPtrArray *
ferry_store_list_data_finish(FerryStore *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}

/**
 * ferry_store_get_structures_async:
 * @self: a store
 * @account_key: a mail account
 * @email_keys: (array length=n_keys): Emails
 * @n_keys: how many
 * @parts: what of them
 * @cancellable: (nullable): a cancellable; what was committed stays
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Reads headers and structures from the cache.
 */
void
ferry_store_get_structures_async(FerryStore *self, gint64 account_key, const gint64 *email_keys,
				 guint n_keys, FerryStoreStructureParts parts,
				 GCancellable *cancellable, GAsyncReadyCallback callback,
				 gpointer user_data)
{
	GTask *task = ferry_store_new_task(self, cancellable, callback, user_data,
					   ferry_store_get_structures_async);

	FERRY_STORE_GET_IFACE(self)->get_structures_async(self, account_key, email_keys, n_keys,
							  parts, task);
}

/**
 * ferry_store_get_structures_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: (transfer full): one entry for each key, in that order
 */
FerryStoreStructures *
ferry_store_get_structures_finish(FerryStore *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}

/**
 * ferry_store_put_structures_async:
 * @self: a store
 * @account_key: a mail account
 * @structures: headers and structures; not to be changed from here on
 * @cancellable: (nullable): a cancellable; what was committed stays
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Puts headers and structures into the cache, which may forget them.
 */
void
ferry_store_put_structures_async(FerryStore *self, gint64 account_key,
				 FerryStoreStructures *structures, GCancellable *cancellable,
				 GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = ferry_store_new_task(self, cancellable, callback, user_data,
					   ferry_store_put_structures_async);

	FERRY_STORE_GET_IFACE(self)->put_structures_async(self, account_key, structures, task);
}

/**
 * ferry_store_put_structures_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: %TRUE
 */
gboolean
ferry_store_put_structures_finish(FerryStore *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_boolean(G_TASK(result), error);
}
