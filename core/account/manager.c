/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signing in, and the accounts of a worker
 *
 * Specification: RFC 7617 (Basic), RFC 6750 (Bearer), RFC 8620 §2
 * Implementation: passthrough: the client's credential opens the JMAP session; one that was good a
 *   moment ago shares the session that is open, one that is being checked waits for that check. Who
 *   signed in is who the session says; with a token the name that the client gave is only compared
 */
#include "account/manager.h"

#include "account/account-private.h"
#include "account/claim-private.h"
#include "account/takeover-private.h"
#include "auth/memory.h"
#include "auth/verifier.h"

#define MEMORY_SECONDS 300
#define MEMORY_ENTRIES 65536

typedef struct {
	FerryJmapBackend *jmap;
	FerryAccountSettings *settings;
} Backend;

struct _FerryAccountManager {
	GObject parent_instance;

	FerryStore *store;
	FerryTakeover *takeover;
	char *cache_dir;
	FerryRawCache *raw_cache;
	GHashTable *backends; /* name → Backend */
	GHashTable *accounts; /* key → FerryAccount */
	FerryCredentialMemory *memory;
	GHashTable *openings; /* key of a credential → Opening */
};

typedef struct {
	char *backend;
	FerryCredential *credential; /* what the backend judges */
	char *claim;                 /* the name beside a token, or NULL */
	FerryJmapSession *jmap;
} SignIn;

/* A credential that is being checked, and the sign-ins that wait for it. */
typedef struct {
	FerryAccountManager *manager;
	char *key;
	char *backend;
	FerryCredential *credential;
	FerryJmapSession *jmap;
	GPtrArray *tasks;
} Opening;

static void verifier_init(FerryVerifierInterface *iface);

G_DEFINE_TYPE_WITH_CODE(FerryAccountManager, ferry_account_manager, G_TYPE_OBJECT,
			G_IMPLEMENT_INTERFACE(FERRY_TYPE_VERIFIER, verifier_init))

static void
backend_free(gpointer data)
{
	Backend *backend = data;

	g_clear_object(&backend->jmap);
	ferry_account_settings_free(backend->settings);
	g_free(backend);
}

static void
account_free(gpointer data)
{
	FerryAccount *account = data;

	account->unload = NULL;
	ferry_account_close(account);
	g_object_unref(account);
}

static void
ferry_account_manager_finalize(GObject *object)
{
	FerryAccountManager *self = FERRY_ACCOUNT_MANAGER(object);

	ferry_takeover_free(self->takeover);
	/* sessions that are remembered know the memory too */
	ferry_credential_memory_forget_all(self->memory);
	g_clear_object(&self->memory);
	g_hash_table_unref(self->openings);
	g_hash_table_unref(self->accounts);
	g_hash_table_unref(self->backends);
	g_clear_pointer(&self->raw_cache, ferry_raw_cache_unref);
	g_clear_object(&self->store);
	g_free(self->cache_dir);
	G_OBJECT_CLASS(ferry_account_manager_parent_class)->finalize(object);
}

static void
ferry_account_manager_class_init(FerryAccountManagerClass *klass)
{
	G_OBJECT_CLASS(klass)->finalize = ferry_account_manager_finalize;
}

static void
ferry_account_manager_init(FerryAccountManager *self)
{
	self->backends = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, backend_free);
	self->accounts = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, account_free);
	self->openings = g_hash_table_new(g_str_hash, g_str_equal);
	self->memory = ferry_credential_memory_new(MEMORY_SECONDS, MEMORY_ENTRIES);
}

/**
 * ferry_account_manager_new:
 * @store: what outlives the process
 * @cache_dir: where raw messages are cached
 *
 * Returns: (transfer full): a manager without backends, for this thread
 */
FerryAccountManager *
ferry_account_manager_new(FerryStore *store, const char *cache_dir)
{
	FerryAccountManager *self = g_object_new(FERRY_TYPE_ACCOUNT_MANAGER, NULL);

	self->store = g_object_ref(store);
	self->takeover = ferry_takeover_new(self, store);
	self->cache_dir = g_build_filename(cache_dir, "raw", NULL);
	return self;
}

static FerryJmapPlaintext
parse_plaintext(const char *text)
{
	if (g_strcmp0(text, "always") == 0)
		return FERRY_JMAP_PLAINTEXT_ALWAYS;
	return g_strcmp0(text, "never") == 0 ? FERRY_JMAP_PLAINTEXT_NEVER
					     : FERRY_JMAP_PLAINTEXT_LOOPBACK;
}

/**
 * ferry_account_manager_set_backend:
 * @self: a manager
 * @backend: its name in the configuration
 * @settings: what the configuration says about it
 *
 * Makes a backend known, or changes it for those who sign in from now on.
 */
void
ferry_account_manager_set_backend(FerryAccountManager *self, const char *backend,
				  const FerryAccountSettings *settings)
{
	Backend *item = g_new0(Backend, 1);

	item->settings = ferry_account_settings_copy(settings);
	item->jmap = ferry_jmap_backend_new(backend, (const char *const *)settings->urls);
	if (settings->trusted_hosts != NULL)
		ferry_jmap_backend_set_trusted_hosts(item->jmap,
						     (const char *const *)settings->trusted_hosts);
	ferry_jmap_backend_set_allow_plaintext(item->jmap,
					       parse_plaintext(settings->allow_plaintext));
	ferry_jmap_backend_set_ca_file(item->jmap, settings->ca_file);
	ferry_jmap_backend_set_timeouts(item->jmap, settings->request_timeout_s,
					MAX(settings->request_timeout_s * 3 / 2, 2), 30);
	g_hash_table_replace(self->backends, g_strdup(backend), item);
	ferry_credential_memory_forget_all(self->memory);
	if (self->raw_cache == NULL) {
		self->raw_cache = ferry_raw_cache_new(self->cache_dir, settings->raw_cache_size);
		ferry_raw_cache_start(self->raw_cache);
	}
}

static void
sign_in_free(gpointer data)
{
	SignIn *sign_in = data;

	g_free(sign_in->backend);
	g_free(sign_in->claim);
	ferry_credential_unref(sign_in->credential);
	g_clear_object(&sign_in->jmap);
	g_free(sign_in);
}

static Opening *
opening_new(FerryAccountManager *self, char *key, SignIn *sign_in)
{
	Opening *opening = g_new0(Opening, 1);

	opening->manager = g_object_ref(self);
	opening->key = key;
	opening->backend = g_strdup(sign_in->backend);
	opening->credential = ferry_credential_ref(sign_in->credential);
	opening->tasks = g_ptr_array_new_with_free_func(g_object_unref);
	return opening;
}

static void
opening_free(Opening *opening)
{
	g_ptr_array_unref(opening->tasks);
	g_clear_object(&opening->jmap);
	ferry_credential_unref(opening->credential);
	g_free(opening->backend);
	g_free(opening->key);
	g_object_unref(opening->manager);
	g_free(opening);
}

static void
unload_cb(FerryAccount *account, gpointer user_data)
{
	FerryAccountManager *self = user_data;

	g_hash_table_remove(self->accounts, account->key);
}

static GPtrArray *
list_peers_cb(FerryAccount *account, gpointer user_data)
{
	GPtrArray *list = ferry_account_manager_list_accounts(user_data);

	for (guint i = list->len; i > 0; i--) {
		FerryAccount *peer = list->pdata[i - 1];

		if (g_strcmp0(peer->backend, account->backend) != 0)
			g_ptr_array_remove_index_fast(list, i - 1);
	}
	return list;
}

static FerryAccount *
ensure_account(FerryAccountManager *self, const char *backend, const char *username)
{
	Backend *item = g_hash_table_lookup(self->backends, backend);
	g_autofree char *key = ferry_account_make_key(backend, username);
	FerryAccount *account = g_hash_table_lookup(self->accounts, key);

	if (account != NULL)
		return account;
	account =
		ferry_account_new(self->store, self->raw_cache, item->settings, backend, username);
	account->unload = unload_cb;
	account->list_peers = list_peers_cb;
	account->manager_data = self;
	/* nobody yet: should loading fail, it goes away by itself */
	account->unused_since = g_get_monotonic_time();
	g_hash_table_insert(self->accounts, account->key, account);
	ferry_takeover_start(self->takeover);
	return account;
}

static void
account_loaded_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	SignIn *sign_in = g_task_get_task_data(task);
	FerryAccount *account = FERRY_ACCOUNT(source);
	g_autoptr(GError) error = NULL;

	if (!ferry_account_load_finish(account, result, &error)) {
		g_task_return_error(task, g_steal_pointer(&error));
		return;
	}
	g_task_return_pointer(task, ferry_account_session_new(account, sign_in->jmap),
			      g_object_unref);
}

/* Who has signed in: who the backend says. A backend may say nothing (RFC 8620 section 2); a
 * password that it took then belongs to the name that came with it, but a token could be anybody's.
 */
static const char *
find_username(SignIn *sign_in, GError **error)
{
	const char *username = ferry_jmap_session_get_username(sign_in->jmap);

	if (username == NULL || *username == '\0')
		username = ferry_credential_get_authcid(sign_in->credential);
	if (username == NULL)
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CANNOT,
				    "the backend does not say whose token this is");
	return username;
}

static FerryAccount *
find_account(FerryAccountManager *self, SignIn *sign_in, GError **error)
{
	Backend *item = g_hash_table_lookup(self->backends, sign_in->backend);
	const char *username = item != NULL ? find_username(sign_in, error) : NULL;

	if (item == NULL) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_AUTHENTICATION,
				    "no such backend");
		return NULL;
	}
	if (username == NULL)
		return NULL;
	if (!ferry_claim_fits(sign_in->claim, sign_in->jmap,
			      (const char *const *)item->settings->domains)) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_AUTHENTICATION,
				    "the token is another user's");
		return NULL;
	}
	return ensure_account(self, sign_in->backend, username);
}

static void
enter_account(GTask *task)
{
	FerryAccountManager *self = g_task_get_source_object(task);
	SignIn *sign_in = g_task_get_task_data(task);
	g_autoptr(GError) error = NULL;
	FerryAccount *account = find_account(self, sign_in, &error);

	if (account == NULL) {
		g_task_return_error(task, g_steal_pointer(&error));
		g_object_unref(task);
		return;
	}
	ferry_account_load_async(account, sign_in->jmap, g_task_get_cancellable(task),
				 account_loaded_cb, task);
}

typedef struct {
	FerryCredentialMemory *memory;
	char *backend;
	FerryCredential *credential;
} Remembered;

static void
remembered_free(gpointer data, GClosure *closure)
{
	Remembered *remembered = data;

	g_object_unref(remembered->memory);
	g_free(remembered->backend);
	ferry_credential_unref(remembered->credential);
	g_free(remembered);
}

static void
forget_cb(FerryJmapSession *jmap, gpointer user_data)
{
	Remembered *remembered = user_data;

	ferry_credential_memory_forget(remembered->memory, remembered->backend,
				       remembered->credential);
}

static void
remember(FerryAccountManager *self, Opening *opening)
{
	Remembered *remembered = g_new0(Remembered, 1);

	remembered->memory = g_object_ref(self->memory);
	remembered->backend = g_strdup(opening->backend);
	remembered->credential = ferry_credential_ref(opening->credential);
	g_signal_connect_data(opening->jmap, "expired", G_CALLBACK(forget_cb), remembered,
			      remembered_free, 0);
	ferry_credential_memory_remember(self->memory, opening->backend, opening->credential,
					 G_OBJECT(opening->jmap));
}

/* Ends the sign-ins that waited for one check of their credential. */
static void
opening_end(Opening *opening, const GError *error)
{
	GPtrArray *tasks = opening->tasks;

	for (guint i = 0; i < tasks->len; i++) {
		GTask *task = tasks->pdata[i];
		SignIn *sign_in = g_task_get_task_data(task);

		if (error != NULL) {
			g_task_return_error(task, g_error_copy(error));
		} else if (!g_task_return_error_if_cancelled(task)) {
			sign_in->jmap = g_object_ref(opening->jmap);
			enter_account(g_object_ref(task));
		}
	}
}

static void
opened_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Opening *opening = user_data;
	FerryAccountManager *self = opening->manager;
	g_autoptr(GError) error = NULL;

	g_hash_table_remove(self->openings, opening->key);
	if (!ferry_jmap_session_open_finish(FERRY_JMAP_SESSION(source), result, &error)) {
		if (g_error_matches(error, FERRY_ERROR, FERRY_ERROR_EXPIRED)) {
			error->code = FERRY_ERROR_AUTHENTICATION;
		}
		ferry_credential_memory_forget(self->memory, opening->backend, opening->credential);
	} else {
		remember(self, opening);
	}
	opening_end(opening, error);
	opening_free(opening);
}

static FerryJmapCredential *
to_jmap_credential(FerryCredential *credential)
{
	const char *user = ferry_credential_get_authcid(credential);
	const char *secret = ferry_credential_get_secret(credential);

	if (ferry_credential_get_kind(credential) == FERRY_CREDENTIAL_BEARER)
		return ferry_jmap_credential_new_bearer(NULL, secret);
	return ferry_jmap_credential_new_basic(user, secret);
}

/* Those who come with one credential at a time, as a client's connections do, are one check. It is
 * nobody's own, so that one of them who leaves does not take it from the others. */
static void
open_session(GTask *task, Backend *backend)
{
	FerryAccountManager *self = g_task_get_source_object(task);
	SignIn *sign_in = g_task_get_task_data(task);
	g_autoptr(FerryJmapCredential) credential = NULL;
	g_autofree char *key = NULL;
	Opening *opening = NULL;
	GObject *known = NULL;

	if (ferry_credential_memory_lookup(self->memory, sign_in->backend, sign_in->credential,
					   &known)) {
		sign_in->jmap = FERRY_JMAP_SESSION(known);
		enter_account(task);
		return;
	}
	key = ferry_credential_memory_dup_key(self->memory, sign_in->backend, sign_in->credential);
	opening = g_hash_table_lookup(self->openings, key);
	if (opening != NULL) {
		g_ptr_array_add(opening->tasks, task);
		return;
	}
	credential = to_jmap_credential(sign_in->credential);
	opening = opening_new(self, g_steal_pointer(&key), sign_in);
	opening->jmap = ferry_jmap_session_new(backend->jmap, credential);
	g_ptr_array_add(opening->tasks, task);
	g_hash_table_insert(self->openings, opening->key, opening);
	ferry_jmap_session_open_async(opening->jmap, NULL, opened_cb, opening);
}

/* A token is one credential whatever name comes with it: one check, one session. The name is held
 * against what the backend says each time. */
static void
take_credential(SignIn *sign_in, FerryCredential *credential)
{
	const char *name = ferry_credential_get_authcid(credential);
	const char *authzid = ferry_credential_get_authzid(credential);

	if (ferry_credential_get_kind(credential) != FERRY_CREDENTIAL_BEARER) {
		sign_in->credential = ferry_credential_ref(credential);
		return;
	}
	sign_in->claim = g_strdup(authzid != NULL ? authzid : name);
	sign_in->credential =
		ferry_credential_new_bearer(NULL, NULL, ferry_credential_get_secret(credential));
}

/**
 * ferry_account_manager_sign_in_async:
 * @self: a manager
 * @backend: the backend's name
 * @credential: what the client gave
 * @cancellable: (nullable): to give up
 * @callback: called with the session
 * @user_data: for @callback
 *
 * Signs in with the client's own credential (passthrough). A name that comes with a bearer token
 * proves nothing: where it is not one of the user whose token the backend says it is, signing in
 * fails.
 */
void
ferry_account_manager_sign_in_async(FerryAccountManager *self, const char *backend,
				    FerryCredential *credential, GCancellable *cancellable,
				    GAsyncReadyCallback callback, gpointer user_data)
{
	g_autoptr(GTask) task = g_task_new(self, cancellable, callback, user_data);
	SignIn *sign_in = g_new0(SignIn, 1);
	Backend *item = backend != NULL ? g_hash_table_lookup(self->backends, backend) : NULL;

	g_task_set_source_tag(task, ferry_account_manager_sign_in_async);
	g_task_set_task_data(task, sign_in, sign_in_free);
	sign_in->backend = g_strdup(backend);
	take_credential(sign_in, credential);
	if (item == NULL || !ferry_claim_may_be_good(credential)) {
		g_task_return_new_error(task, FERRY_ERROR, FERRY_ERROR_AUTHENTICATION,
					"wrong user name or password");
		return;
	}
	open_session(g_steal_pointer(&task), item);
}

/**
 * ferry_account_manager_sign_in_finish:
 * @self: a manager
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: (transfer full): the session; NULL with %FERRY_ERROR_AUTHENTICATION where the backend
 *   does not take the credential, %FERRY_ERROR_UNAVAILABLE where it does not answer
 */
FerryAccountSession *
ferry_account_manager_sign_in_finish(FerryAccountManager *self, GAsyncResult *result,
				     GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}

/**
 * ferry_account_manager_list_accounts:
 * @self: a manager
 *
 * Returns: (transfer container) (element-type FerryAccount): the accounts that are loaded
 */
GPtrArray *
ferry_account_manager_list_accounts(FerryAccountManager *self)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(g_object_unref);
	GHashTableIter iter;
	gpointer account;

	g_hash_table_iter_init(&iter, self->accounts);
	while (g_hash_table_iter_next(&iter, NULL, &account))
		g_ptr_array_add(list, g_object_ref(account));
	return list;
}

/* ending */

typedef struct {
	guint pending;
} Shutdown;

static void
idle_account_cb(FerryMailAccount *mail_account, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	FerryAccountManager *self = g_task_get_source_object(task);
	Shutdown *state = g_task_get_task_data(task);

	ferry_mail_account_unlock(mail_account);
	if (--state->pending > 0)
		return;
	g_hash_table_remove_all(self->accounts);
	g_task_return_boolean(task, TRUE);
}

/**
 * ferry_account_manager_shutdown_async:
 * @self: a manager
 * @cancellable: (nullable): to give up
 * @callback: called when nothing is under way any more
 * @user_data: for @callback
 *
 * Lets every operation that was begun come to its end, then closes the accounts.
 */
void
ferry_account_manager_shutdown_async(FerryAccountManager *self, GCancellable *cancellable,
				     GAsyncReadyCallback callback, gpointer user_data)
{
	g_autoptr(GTask) task = g_task_new(self, cancellable, callback, user_data);
	g_autoptr(GPtrArray) accounts = ferry_account_manager_list_accounts(self);
	Shutdown *state = g_new0(Shutdown, 1);

	g_task_set_source_tag(task, ferry_account_manager_shutdown_async);
	ferry_takeover_stop(self->takeover);
	g_task_set_task_data(task, state, g_free);
	for (guint i = 0; i < accounts->len; i++)
		state->pending += ((FerryAccount *)accounts->pdata[i])->mail_accounts->len;
	if (state->pending == 0) {
		g_hash_table_remove_all(self->accounts);
		g_task_return_boolean(task, TRUE);
		return;
	}
	for (guint i = 0; i < accounts->len; i++) {
		GPtrArray *list = ((FerryAccount *)accounts->pdata[i])->mail_accounts;
		guint n = list->len;

		for (guint j = 0; j < n; j++)
			g_cancellable_cancel(((FerryMailAccount *)list->pdata[j])->background);
		for (guint j = 0; j < n; j++)
			ferry_mail_account_lock(list->pdata[j], idle_account_cb,
						g_object_ref(task));
	}
}

/**
 * ferry_account_manager_shutdown_finish:
 * @self: a manager
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: TRUE
 */
gboolean
ferry_account_manager_shutdown_finish(FerryAccountManager *self, GAsyncResult *result,
				      GError **error)
{
	return g_task_propagate_boolean(G_TASK(result), error);
}

/* FerryVerifier */

static void
verify_async(FerryVerifier *verifier, FerryCredential *credential, FerryOrigin *origin,
	     GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
	ferry_account_manager_sign_in_async(FERRY_ACCOUNT_MANAGER(verifier),
					    ferry_origin_get_backend(origin), credential,
					    cancellable, callback, user_data);
}

static GObject *
verify_finish(FerryVerifier *verifier, GAsyncResult *result, GError **error)
{
	FerryAccountSession *session = ferry_account_manager_sign_in_finish(
		FERRY_ACCOUNT_MANAGER(verifier), result, error);

	return session != NULL ? G_OBJECT(session) : NULL;
}

static void
verifier_init(FerryVerifierInterface *iface)
{
	iface->verify_async = verify_async;
	iface->verify_finish = verify_finish;
}
