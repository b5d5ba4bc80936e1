/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* FerryStore: what must outlive the process
 *
 * Specification: doc/architecture.md; what IMAP needs and JMAP does not have
 * Implementation: the calls of the interface; each makes the task that a store answers.
 */
#include "store/store-private.h"

G_DEFINE_INTERFACE(FerryStore, ferry_store, G_TYPE_OBJECT)

static void
ferry_store_default_init(FerryStoreInterface *iface)
{
}

/* The task of a call; a store answers it. */
GTask *
ferry_store_new_task(FerryStore *self, GCancellable *cancellable, GAsyncReadyCallback callback,
		     gpointer user_data, gpointer tag)
{
	GTask *task = g_task_new(self, cancellable, callback, user_data);

	g_task_set_source_tag(task, tag);
	return task;
}

/**
 * ferry_store_get_ticket:
 * @self: a store
 *
 * A number that moves whenever any process commits to this store. While it is what it was before
 * the last ferry_store_read_generation_async() or load, no generation moved. Costs one memory
 * access.
 *
 * Returns: the number, or 0 where the store has no such thing and the generation must be read
 */
guint64
ferry_store_get_ticket(FerryStore *self)
{
	FerryStoreInterface *iface = FERRY_STORE_GET_IFACE(self);

	return iface->get_ticket != NULL ? iface->get_ticket(self) : 0;
}

/**
 * ferry_store_load_account_async:
 * @self: a store
 * @backend: name of the backend in the configuration
 * @username: name of the login there
 * @account_ids: (array zero-terminated=1) (nullable): JMAP accountIds of the session, or
 *   %NULL for those the store knows
 * @cancellable: (nullable): a cancellable; what was committed stays
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Loads a login and its mail accounts, everything but messages. What is not there yet is made.
 */
void
ferry_store_load_account_async(FerryStore *self, const char *backend, const char *username,
			       const char *const *account_ids, GCancellable *cancellable,
			       GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = ferry_store_new_task(self, cancellable, callback, user_data,
					   ferry_store_load_account_async);

	FERRY_STORE_GET_IFACE(self)->load_account_async(self, backend, username, account_ids, task);
}

/**
 * ferry_store_load_account_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: (transfer full): the login
 */
FerryStoreAccount *
ferry_store_load_account_finish(FerryStore *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}

/**
 * ferry_store_remove_account_async:
 * @self: a store
 * @backend: name of the backend
 * @username: name of the login there
 * @cancellable: (nullable): a cancellable; what was committed stays
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Forgets a login and all that belongs to it. One that is not there is no error.
 */
void
ferry_store_remove_account_async(FerryStore *self, const char *backend, const char *username,
				 GCancellable *cancellable, GAsyncReadyCallback callback,
				 gpointer user_data)
{
	GTask *task = ferry_store_new_task(self, cancellable, callback, user_data,
					   ferry_store_remove_account_async);

	FERRY_STORE_GET_IFACE(self)->remove_account_async(self, backend, username, task);
}

/**
 * ferry_store_remove_account_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: %TRUE
 */
gboolean
ferry_store_remove_account_finish(FerryStore *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_boolean(G_TASK(result), error);
}

/**
 * ferry_store_load_mailbox_async:
 * @self: a store
 * @mailbox_key: a mailbox
 * @fields: what rows carry
 * @cancellable: (nullable): a cancellable; what was committed stays
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Loads all pairs of a mailbox.
 */
void
ferry_store_load_mailbox_async(FerryStore *self, gint64 mailbox_key, FerryStoreFields fields,
			       GCancellable *cancellable, GAsyncReadyCallback callback,
			       gpointer user_data)
{
	GTask *task = ferry_store_new_task(self, cancellable, callback, user_data,
					   ferry_store_load_mailbox_async);

	FERRY_STORE_GET_IFACE(self)->load_mailbox_async(self, mailbox_key, fields, task);
}

/**
 * ferry_store_load_mailbox_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: (transfer full): the pairs, in UID order
 */
FerryStoreRows *
ferry_store_load_mailbox_finish(FerryStore *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}

/**
 * ferry_store_load_emails_async:
 * @self: a store
 * @account_key: a mail account
 * @email_keys: (array length=n_keys): Emails
 * @n_keys: how many
 * @fields: what rows carry
 * @cancellable: (nullable): a cancellable; what was committed stays
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Loads some Emails.
 */
void
ferry_store_load_emails_async(FerryStore *self, gint64 account_key, const gint64 *email_keys,
			      guint n_keys, FerryStoreFields fields, GCancellable *cancellable,
			      GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = ferry_store_new_task(self, cancellable, callback, user_data,
					   ferry_store_load_emails_async);

	FERRY_STORE_GET_IFACE(self)->load_emails_async(self, account_key, email_keys, n_keys,
						       fields, task);
}

/**
 * ferry_store_load_emails_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: (transfer full): one row for each key, in that order; with an
 *   Email key of 0 where it is gone
 */
FerryStoreRows *
ferry_store_load_emails_finish(FerryStore *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}

/**
 * ferry_store_load_delta_async:
 * @self: a store
 * @account_key: a mail account
 * @since: generation that the caller knows
 * @cancellable: (nullable): a cancellable; what was committed stays
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Loads what was committed since, also by other processes.
 */
void
ferry_store_load_delta_async(FerryStore *self, gint64 account_key, guint64 since,
			     GCancellable *cancellable, GAsyncReadyCallback callback,
			     gpointer user_data)
{
	GTask *task = ferry_store_new_task(self, cancellable, callback, user_data,
					   ferry_store_load_delta_async);

	FERRY_STORE_GET_IFACE(self)->load_delta_async(self, account_key, since, task);
}

/**
 * ferry_store_load_delta_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: (transfer full): the difference; %FERRY_ERROR_CONFLICT when @since is yet to come
 */
FerryStoreDelta *
ferry_store_load_delta_finish(FerryStore *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}

/**
 * ferry_store_read_generation_async:
 * @self: a store
 * @account_key: a mail account
 * @cancellable: (nullable): a cancellable; what was committed stays
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Reads the generation, cheaply. ferry_store_get_ticket() can spare the call.
 */
void
ferry_store_read_generation_async(FerryStore *self, gint64 account_key, GCancellable *cancellable,
				  GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = ferry_store_new_task(self, cancellable, callback, user_data,
					   ferry_store_read_generation_async);

	FERRY_STORE_GET_IFACE(self)->read_generation_async(self, account_key, task);
}

/**
 * ferry_store_read_generation_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: the generation, or 0 with @error set
 */
guint64
ferry_store_read_generation_finish(FerryStore *self, GAsyncResult *result, GError **error)
{
	gssize number = g_task_propagate_int(G_TASK(result), error);

	return number > 0 ? number : 0;
}

/**
 * ferry_store_count_async:
 * @self: a store
 * @mailbox_key: a mailbox
 * @cancellable: (nullable): a cancellable; what was committed stays
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Counts the pairs of a mailbox.
 */
void
ferry_store_count_async(FerryStore *self, gint64 mailbox_key, GCancellable *cancellable,
			GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = ferry_store_new_task(self, cancellable, callback, user_data,
					   ferry_store_count_async);

	FERRY_STORE_GET_IFACE(self)->count_async(self, mailbox_key, task);
}

/**
 * ferry_store_count_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: how many, or -1 with @error set
 */
gint64
ferry_store_count_finish(FerryStore *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_int(G_TASK(result), error);
}

/**
 * ferry_store_find_pairs_async:
 * @self: a store
 * @account_key: a mail account
 * @email_ids: (array zero-terminated=1): JMAP Email ids
 * @cancellable: (nullable): a cancellable; what was committed stays
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Finds the pairs of some Emails. Those without any are unknown to the store.
 */
void
ferry_store_find_pairs_async(FerryStore *self, gint64 account_key, const char *const *email_ids,
			     GCancellable *cancellable, GAsyncReadyCallback callback,
			     gpointer user_data)
{
	GTask *task = ferry_store_new_task(self, cancellable, callback, user_data,
					   ferry_store_find_pairs_async);

	FERRY_STORE_GET_IFACE(self)->find_pairs_async(self, account_key, email_ids, task);
}

/**
 * ferry_store_find_pairs_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: (transfer full): the pairs
 */
FerryStorePairs *
ferry_store_find_pairs_finish(FerryStore *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}

/**
 * ferry_store_load_tombstones_async:
 * @self: a store
 * @mailbox_key: a mailbox
 * @since_modseq: a MODSEQ
 * @cancellable: (nullable): a cancellable; what was committed stays
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Loads the UIDs that went after a MODSEQ (RFC 7162 section 3.2.10).
 */
void
ferry_store_load_tombstones_async(FerryStore *self, gint64 mailbox_key, guint64 since_modseq,
				  GCancellable *cancellable, GAsyncReadyCallback callback,
				  gpointer user_data)
{
	GTask *task = ferry_store_new_task(self, cancellable, callback, user_data,
					   ferry_store_load_tombstones_async);

	FERRY_STORE_GET_IFACE(self)->load_tombstones_async(self, mailbox_key, since_modseq, task);
}

/**
 * ferry_store_load_tombstones_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: (transfer full): the tombstones
 */
FerryStoreTombstones *
ferry_store_load_tombstones_finish(FerryStore *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}

/**
 * ferry_store_apply_async:
 * @self: a store
 * @account_key: a mail account
 * @expected_generation: generation that @batch was made for
 * @batch: what changes; not to be changed from here on
 * @cancellable: (nullable): a cancellable; what was committed stays
 * @callback: (scope async) (closure user_data): called when done
 * @user_data: data for @callback
 *
 * Changes mail, the only way to: all of @batch, or nothing and %FERRY_ERROR_CONFLICT when the
 * generation has moved. Then load the delta and decide again: data fetched before that delta
 * may be older than what the store has now. When the callback runs, the change is durable.
 */
void
ferry_store_apply_async(FerryStore *self, gint64 account_key, guint64 expected_generation,
			FerryStoreBatch *batch, GCancellable *cancellable,
			GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = ferry_store_new_task(self, cancellable, callback, user_data,
					   ferry_store_apply_async);

	FERRY_STORE_GET_IFACE(self)->apply_async(self, account_key, expected_generation, batch,
						 task);
}

/**
 * ferry_store_apply_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: (transfer full): the difference from @expected_generation, with the UIDs asked for
 */
FerryStoreDelta *
ferry_store_apply_finish(FerryStore *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}
