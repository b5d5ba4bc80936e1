/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What modules keep of a login and its mailboxes
 *
 * Implementation: the store keeps it; who changes something tells all sessions of this process that
 *   see it, the other ones of the login and, where it is shared, those of other logins.
 * Not mapped: sessions of other processes on the same store read the new values and are not told.
 */
#include "account/data.h"

#include "account/account-private.h"

G_DEFINE_BOXED_TYPE(FerryAccountDatum, ferry_account_datum, ferry_account_datum_ref,
		    ferry_account_datum_unref)

/**
 * ferry_account_datum_new:
 * @shared: whether every login that sees the mailbox is to have it
 * @key: its name
 * @value: (nullable): its octets; %NULL to remove it
 *
 * Returns: (transfer full): a value to put
 */
FerryAccountDatum *
ferry_account_datum_new(gboolean shared, const char *key, GBytes *value)
{
	FerryAccountDatum *self = g_atomic_rc_box_new0(FerryAccountDatum);

	self->shared = shared;
	self->key = g_strdup(key);
	self->value = value != NULL ? g_bytes_ref(value) : NULL;
	return self;
}

/**
 * ferry_account_datum_ref:
 * @self: a value
 *
 * Returns: (transfer full): @self
 */
FerryAccountDatum *
ferry_account_datum_ref(FerryAccountDatum *self)
{
	return g_atomic_rc_box_acquire(self);
}

static void
datum_clear(gpointer data)
{
	FerryAccountDatum *self = data;

	g_free(self->account_id);
	g_free(self->mailbox_id);
	g_free(self->key);
	g_clear_pointer(&self->value, g_bytes_unref);
}

/**
 * ferry_account_datum_unref:
 * @self: (transfer full): a value
 */
void
ferry_account_datum_unref(FerryAccountDatum *self)
{
	g_atomic_rc_box_release_full(self, datum_clear);
}

static gboolean
is_personal(FerryAccountSession *self, FerryMailAccount *mail_account)
{
	const FerryJmapAccountInfo *info =
		ferry_jmap_session_find_account(self->jmap, mail_account->id);

	return mail_account->own || (info != NULL && info->is_personal);
}

/* Where the data of a mailbox, or of the login, is; the mail account, or NULL with NOT_FOUND. */
static FerryMailAccount *
find_place(FerryAccountSession *self, FerryMailboxInfo *info, FerryStoreDataPlace *place,
	   GError **error)
{
	const char *account_id = info != NULL ? ferry_mailbox_info_get_account_id(info)
					      : ferry_account_session_get_account_id(self);
	const char *mailbox_id = info != NULL ? ferry_mailbox_info_get_id(info) : NULL;
	FerryMailAccount *mail_account =
		account_id != NULL ? ferry_account_find(self->account, account_id) : NULL;
	FerryMailboxSlot *slot = mail_account != NULL && mailbox_id != NULL
					 ? ferry_mail_account_find(mail_account, mailbox_id)
					 : NULL;

	if (mail_account == NULL || (info != NULL && slot == NULL)) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND, "No such mailbox");
		return NULL;
	}
	place->account_key = mail_account->key;
	place->mailbox_key = slot != NULL ? slot->stored->key : 0;
	place->personal = is_personal(self, mail_account);
	return mail_account;
}

/* listing */

typedef struct {
	char *module;
	char **prefixes;
	GPtrArray *accounts; /* ids still to be read */
	GPtrArray *found;    /* FerryAccountDatum */
	FerryStoreDataPlace place;
	char *account_id; /* being read */
} Listing;

static void
listing_free(gpointer data)
{
	Listing *self = data;

	g_free(self->module);
	g_strfreev(self->prefixes);
	g_clear_pointer(&self->accounts, g_ptr_array_unref);
	g_clear_pointer(&self->found, g_ptr_array_unref);
	g_free(self->account_id);
	g_free(self);
}

static GTask *
listing_new(FerryAccountSession *self, const char *module, const char *const *prefixes,
	    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = g_task_new(self, cancellable, callback, user_data);
	Listing *listing = g_new0(Listing, 1);

	g_task_set_source_tag(task, ferry_account_session_list_data_async);
	g_task_set_task_data(task, listing, listing_free);
	listing->module = g_strdup(module);
	listing->place.module = listing->module;
	listing->prefixes = g_strdupv((char **)prefixes);
	listing->accounts = g_ptr_array_new_with_free_func(g_free);
	listing->found = g_ptr_array_new_with_free_func((GDestroyNotify)ferry_account_datum_unref);
	return task;
}

/* What the store has, by the ids of what can still be seen. */
static void
add_found(Listing *listing, FerryMailAccount *mail_account, GPtrArray *data)
{
	for (guint i = 0; i < data->len; i++) {
		FerryStoreDatum *stored = data->pdata[i];
		FerryMailboxSlot *slot =
			ferry_mail_account_find_key(mail_account, stored->mailbox_key);
		FerryAccountDatum *datum;

		if (stored->mailbox_key != 0 && slot == NULL)
			continue;
		datum = ferry_account_datum_new(stored->shared, stored->key, stored->value);
		datum->account_id = g_strdup(mail_account->id);
		datum->mailbox_id = slot != NULL ? g_strdup(slot->stored->id) : NULL;
		g_ptr_array_add(listing->found, datum);
	}
}

static void list_next(GTask *task);

static void
listed_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	FerryAccountSession *self = g_task_get_source_object(task);
	Listing *listing = g_task_get_task_data(task);
	FerryMailAccount *mail_account;
	GError *error = NULL;
	g_autoptr(GPtrArray) data =
		ferry_store_list_data_finish(FERRY_STORE(source), result, &error);

	if (data == NULL) {
		g_task_return_error(task, error);
		g_object_unref(task);
		return;
	}
	mail_account = ferry_account_find(self->account, listing->account_id);
	if (mail_account != NULL)
		add_found(listing, mail_account, data);
	list_next(task);
}

static void
list_place(GTask *task, FerryMailAccount *mail_account)
{
	FerryAccountSession *self = g_task_get_source_object(task);
	Listing *listing = g_task_get_task_data(task);

	g_free(listing->account_id);
	listing->account_id = g_strdup(mail_account->id);
	ferry_store_list_data_async(self->account->store, &listing->place,
				    (const char *const *)listing->prefixes,
				    g_task_get_cancellable(task), listed_cb, task);
}

static void
list_next(GTask *task)
{
	FerryAccountSession *self = g_task_get_source_object(task);
	Listing *listing = g_task_get_task_data(task);

	while (listing->accounts->len > 0) {
		g_autofree char *id =
			g_ptr_array_steal_index(listing->accounts, listing->accounts->len - 1);
		FerryMailAccount *mail_account = ferry_account_find(self->account, id);

		if (mail_account == NULL)
			continue;
		listing->place.account_key = mail_account->key;
		listing->place.all_mailboxes = TRUE;
		listing->place.personal = is_personal(self, mail_account);
		list_place(task, mail_account);
		return;
	}
	g_task_return_pointer(task, g_steal_pointer(&listing->found),
			      (GDestroyNotify)g_ptr_array_unref);
	g_object_unref(task);
}

/**
 * ferry_account_session_list_data_async:
 * @self: a session
 * @module: name of the module
 * @info: (nullable): a mailbox; %NULL: the login's own mail account as a whole
 * @prefixes: (nullable) (array zero-terminated=1): what the names begin with, each with one of
 *   these; %NULL: all
 * @cancellable: (nullable): to give up
 * @callback: called with the values
 * @user_data: for @callback
 *
 * Reads what a module keeps of one place: this login's own values, and those it shares.
 */
void
ferry_account_session_list_data_async(FerryAccountSession *self, const char *module,
				      FerryMailboxInfo *info, const char *const *prefixes,
				      GCancellable *cancellable, GAsyncReadyCallback callback,
				      gpointer user_data)
{
	GTask *task = listing_new(self, module, prefixes, cancellable, callback, user_data);
	Listing *listing = g_task_get_task_data(task);
	GError *error = NULL;
	FerryMailAccount *mail_account = find_place(self, info, &listing->place, &error);

	if (mail_account != NULL) {
		list_place(task, mail_account);
		return;
	}
	g_task_return_error(task, error);
	g_object_unref(task);
}

/**
 * ferry_account_session_list_all_data_async:
 * @self: a session
 * @module: name of the module
 * @prefixes: (nullable) (array zero-terminated=1): what the names begin with, each with one of
 *   these; %NULL: all
 * @cancellable: (nullable): to give up
 * @callback: called with the values
 * @user_data: for @callback
 *
 * Reads what a module keeps of every account and mailbox that the session sees, with one read for
 * each mail account.
 */
void
ferry_account_session_list_all_data_async(FerryAccountSession *self, const char *module,
					  const char *const *prefixes, GCancellable *cancellable,
					  GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = listing_new(self, module, prefixes, cancellable, callback, user_data);
	Listing *listing = g_task_get_task_data(task);

	for (guint i = 0; i < self->account->mail_accounts->len; i++) {
		FerryMailAccount *mail_account = self->account->mail_accounts->pdata[i];

		if (ferry_jmap_session_find_account(self->jmap, mail_account->id) != NULL)
			g_ptr_array_add(listing->accounts, g_strdup(mail_account->id));
	}
	list_next(task);
}

/**
 * ferry_account_session_list_data_finish:
 * @self: a session
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: (transfer full) (element-type FerryAccountDatum): the values: those of one mailbox
 *   together, own ones before shared ones, by name
 */
GPtrArray *
ferry_account_session_list_data_finish(FerryAccountSession *self, GAsyncResult *result,
				       GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}

/* putting */

typedef struct {
	char *module;
	char *account_id;
	char *mailbox_id;
	gboolean personal;
	GPtrArray *data; /* FerryStoreDatum */
} Change;

static void
change_free(gpointer data)
{
	Change *self = data;

	g_free(self->module);
	g_free(self->account_id);
	g_free(self->mailbox_id);
	g_ptr_array_unref(self->data);
	g_free(self);
}

static char **
list_keys(Change *change, gboolean shared)
{
	g_autoptr(GStrvBuilder) keys = g_strv_builder_new();

	for (guint i = 0; i < change->data->len; i++) {
		FerryStoreDatum *datum = change->data->pdata[i];

		if (datum->shared == shared)
			g_strv_builder_add(keys, datum->key);
	}
	return g_strv_builder_end(keys);
}

static gboolean
hears(FerryAccountSession *session, FerryAccountSession *origin, Change *change)
{
	FerryMailAccount *mail_account = ferry_account_find(session->account, change->account_id);

	if (session == origin || mail_account == NULL ||
	    ferry_jmap_session_find_account(session->jmap, change->account_id) == NULL)
		return FALSE;
	return session->account == origin->account || !change->personal ||
	       !is_personal(session, mail_account);
}

/* Everybody but @origin who sees the account; own values concern this login only. */
static void
tell(FerryAccountSession *origin, Change *change, gboolean shared)
{
	g_auto(GStrv) keys = list_keys(change, shared);
	g_autoptr(GPtrArray) accounts = NULL;
	g_autoptr(GPtrArray) sessions = g_ptr_array_new_with_free_func(g_object_unref);

	if (keys[0] == NULL)
		return;
	accounts = shared ? ferry_account_list_peers(origin->account) : g_ptr_array_new();
	if (!shared)
		g_ptr_array_add(accounts, origin->account);
	/* a copy: who hears of it may sign out */
	for (guint i = 0; i < accounts->len; i++) {
		FerryAccount *account = accounts->pdata[i];

		for (guint j = 0; j < account->sessions->len; j++)
			if (hears(account->sessions->pdata[j], origin, change))
				g_ptr_array_add(sessions,
						g_object_ref(account->sessions->pdata[j]));
	}
	for (guint i = 0; i < sessions->len; i++)
		ferry_account_session_tell_data(sessions->pdata[i], change->module,
						change->account_id, change->mailbox_id, shared,
						(const char *const *)keys);
}

static void
put_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	FerryAccountSession *self = g_task_get_source_object(task);
	Change *change = g_task_get_task_data(task);
	GError *error = NULL;

	if (!ferry_store_put_data_finish(FERRY_STORE(source), result, &error)) {
		g_task_return_error(task, error);
		return;
	}
	tell(self, change, FALSE);
	tell(self, change, TRUE);
	g_task_return_boolean(task, TRUE);
}

/**
 * ferry_account_session_put_data_async:
 * @self: a session
 * @module: name of the module
 * @info: (nullable): a mailbox; %NULL: the login's own mail account as a whole
 * @data: (element-type FerryAccountDatum): what to put and what to remove: all of it or nothing
 * @max_keys: how many values of this login's own, and how many shared ones, the place may have
 *   where there are more afterwards than before; 0: any number
 * @cancellable: (nullable): to give up
 * @callback: called when it is durable
 * @user_data: for @callback
 *
 * Keeps values for a module. Other sessions hear of it: #FerryAccountSession::data-changed. Fails
 * with %FERRY_ERROR_LIMIT above @max_keys, with %FERRY_ERROR_OVER_QUOTA above the quota of
 * the store, and with %FERRY_ERROR_NOT_FOUND where the mailbox is gone.
 */
void
ferry_account_session_put_data_async(FerryAccountSession *self, const char *module,
				     FerryMailboxInfo *info, GPtrArray *data, guint max_keys,
				     GCancellable *cancellable, GAsyncReadyCallback callback,
				     gpointer user_data)
{
	g_autoptr(GTask) task = g_task_new(self, cancellable, callback, user_data);
	FerryStoreDataPlace place = {.module = module};
	GError *error = NULL;
	FerryMailAccount *mail_account = find_place(self, info, &place, &error);
	Change *change;

	g_task_set_source_tag(task, ferry_account_session_put_data_async);
	if (mail_account == NULL) {
		g_task_return_error(task, error);
		return;
	}
	change = g_new0(Change, 1);
	g_task_set_task_data(task, change, change_free);
	change->module = g_strdup(module);
	change->account_id = g_strdup(mail_account->id);
	change->mailbox_id = info != NULL ? g_strdup(ferry_mailbox_info_get_id(info)) : NULL;
	change->personal = place.personal;
	change->data = g_ptr_array_new_with_free_func((GDestroyNotify)ferry_store_datum_unref);
	for (guint i = 0; i < data->len; i++) {
		FerryAccountDatum *datum = data->pdata[i];

		g_ptr_array_add(change->data,
				ferry_store_datum_new(datum->shared, datum->key, datum->value));
	}
	ferry_store_put_data_async(self->account->store, &place, change->data, max_keys,
				   cancellable, put_cb, g_steal_pointer(&task));
}

/**
 * ferry_account_session_put_data_finish:
 * @self: a session
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: whether it was done
 */
gboolean
ferry_account_session_put_data_finish(FerryAccountSession *self, GAsyncResult *result,
				      GError **error)
{
	return g_task_propagate_boolean(G_TASK(result), error);
}
