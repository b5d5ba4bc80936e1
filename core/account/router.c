/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which backend a login goes to, and how fast
 *
 * Implementation: a login is routed by its domain, else by the listener's backend, else to the only
 *   backend. What fits none fails like a wrong password, so that nobody learns which domains there
 *   are. Failures slow an address and a user down; connections of one user are counted. What is
 *   counted for a user is counted for one of this backend: another's may have the same name.
 */
#include "account/router-private.h"

#include <string.h>

#include "account/account.h"
#include "base/error.h"

typedef struct {
	char *name;
	char **domains;
} Backend;

struct _FerryRouter {
	GObject parent_instance;
	FerryAccountManager *manager;
	FerryThrottle *throttle;
	GPtrArray *backends; /* (element-type Backend) */
};

static void ferry_router_verifier_init(FerryVerifierInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE(FerryRouter, ferry_router, G_TYPE_OBJECT,
			      G_IMPLEMENT_INTERFACE(FERRY_TYPE_VERIFIER,
						    ferry_router_verifier_init))

static void
backend_free(Backend *self)
{
	g_free(self->name);
	g_strfreev(self->domains);
	g_free(self);
}

static void
ferry_router_dispose(GObject *object)
{
	FerryRouter *self = FERRY_ROUTER(object);

	g_clear_object(&self->manager);
	g_clear_object(&self->throttle);
	g_clear_pointer(&self->backends, g_ptr_array_unref);
	G_OBJECT_CLASS(ferry_router_parent_class)->dispose(object);
}

static void
ferry_router_class_init(FerryRouterClass *klass)
{
	G_OBJECT_CLASS(klass)->dispose = ferry_router_dispose;
}

static void
ferry_router_init(FerryRouter *self)
{
	self->backends = g_ptr_array_new_with_free_func((GDestroyNotify)backend_free);
}

/**
 * ferry_router_new:
 * @manager: the accounts that logins lead to
 * @throttle: counts failures and connections
 *
 * Returns: (transfer full): a router that knows no backend yet
 */
FerryRouter *
ferry_router_new(FerryAccountManager *manager, FerryThrottle *throttle)
{
	FerryRouter *self = g_object_new(FERRY_TYPE_ROUTER, NULL);

	self->manager = g_object_ref(manager);
	self->throttle = g_object_ref(throttle);
	return self;
}

/**
 * ferry_router_add_backend:
 * @name: a backend that the manager knows
 * @domains: (array zero-terminated=1) (nullable): domains whose logins go there
 *
 * Adds a backend.
 */
void
ferry_router_add_backend(FerryRouter *self, const char *name, const char *const *domains)
{
	Backend *backend = g_new0(Backend, 1);

	backend->name = g_strdup(name);
	backend->domains = g_strdupv((char **)domains);
	g_ptr_array_add(self->backends, backend);
}

static gboolean
has_domain(const Backend *backend, const char *domain)
{
	for (guint i = 0; backend->domains != NULL && backend->domains[i] != NULL; i++) {
		if (g_ascii_strcasecmp(backend->domains[i], domain) == 0)
			return TRUE;
	}
	return FALSE;
}

/**
 * ferry_router_choose:
 * @username: (nullable): the login as typed, where there was one
 * @listener_backend: (nullable): the listener's `backend=`
 *
 * Returns: (nullable): the backend that @username signs in to
 */
const char *
ferry_router_choose(FerryRouter *self, const char *username, const char *listener_backend)
{
	const char *at = username != NULL ? strrchr(username, '@') : NULL;

	for (guint i = 0; at != NULL && i < self->backends->len; i++) {
		const Backend *backend = g_ptr_array_index(self->backends, i);

		if (has_domain(backend, at + 1))
			return backend->name;
	}
	if (listener_backend != NULL)
		return listener_backend;
	if (self->backends->len != 1)
		return NULL;
	return ((const Backend *)g_ptr_array_index(self->backends, 0))->name;
}

/* One sign-in on its way: wait, ask the manager, count. */
typedef struct {
	FerryCredential *credential;
	FerryOrigin *origin;
	char *backend; /* or NULL */
	char *counted; /* whose failures are counted */
} SignIn;

static void
sign_in_free(SignIn *self)
{
	ferry_credential_unref(self->credential);
	ferry_origin_unref(self->origin);
	g_free(self->backend);
	g_free(self->counted);
	g_free(self);
}

/* Which name is to be routed by its domain: with a token the only one is who to act as. */
static const char *
get_login(FerryCredential *credential)
{
	const char *authcid = ferry_credential_get_authcid(credential);

	return authcid != NULL ? authcid : ferry_credential_get_authzid(credential);
}

/* Passwords are guessed for a name. The name beside a token proves nothing: neither shall tokens
 * that are no good hold up the user who is named, nor may a good one, of somebody else, let guesses
 * of that user's password through. So a token stands for itself. */
char *
ferry_router_make_counted(FerryCredential *credential, const char *backend)
{
	g_autofree char *hash = NULL;

	if (ferry_credential_get_kind(credential) == FERRY_CREDENTIAL_PASSWORD)
		return g_strjoin("\n", "name", backend != NULL ? backend : "",
				 ferry_credential_get_authcid(credential), NULL);
	hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256,
					     ferry_credential_get_secret(credential), -1);
	return g_strjoin("\n", "token", backend != NULL ? backend : "", hash, NULL);
}

/* The place of a user's connection is held as long as its account session lives. */
typedef struct {
	FerryThrottle *throttle;
	char *user;
} Place;

static void
release_place(gpointer data, GObject *session)
{
	Place *place = data;

	ferry_throttle_release_user(place->throttle, place->user);
	g_object_unref(place->throttle);
	g_free(place->user);
	g_free(place);
}

static gboolean
hold_place(FerryRouter *self, FerryAccountSession *session, GError **error)
{
	FerryAccount *account = ferry_account_session_get_account(session);
	/* backend and user name as the backend says it, whatever name the client gave */
	const char *user = ferry_account_get_key(account);
	Place *place;

	if (!ferry_throttle_acquire_user(self->throttle, user, error))
		return FALSE;
	place = g_new0(Place, 1);
	place->throttle = g_object_ref(self->throttle);
	place->user = g_strdup(user);
	g_object_weak_ref(G_OBJECT(session), release_place, place);
	return TRUE;
}

static void
signed_in_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	FerryRouter *self = g_task_get_source_object(task);
	SignIn *sign_in = g_task_get_task_data(task);
	const FerryAddress *address = ferry_origin_get_address(sign_in->origin);
	g_autoptr(FerryAccountSession) session = NULL;
	g_autoptr(GError) error = NULL;

	session = ferry_account_manager_sign_in_finish(self->manager, result, &error);
	if (session != NULL && hold_place(self, session, &error)) {
		ferry_throttle_add_success(self->throttle, address, sign_in->counted);
		g_task_return_pointer(task, g_steal_pointer(&session), g_object_unref);
		return;
	}
	if (g_error_matches(error, FERRY_ERROR, FERRY_ERROR_AUTHENTICATION))
		ferry_throttle_add_failure(self->throttle, address, sign_in->counted);
	g_task_return_error(task, g_steal_pointer(&error));
}

static void
waited_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	FerryRouter *self = g_task_get_source_object(task);
	SignIn *sign_in = g_task_get_task_data(task);
	/* before the task is handed on: arguments are evaluated in any order */
	GCancellable *cancellable = g_task_get_cancellable(task);
	g_autoptr(GError) error = NULL;

	if (!ferry_throttle_wait_finish(self->throttle, result, &error)) {
		g_task_return_error(task, g_steal_pointer(&error));
		return;
	}
	if (sign_in->backend == NULL) {
		ferry_throttle_add_failure(self->throttle,
					   ferry_origin_get_address(sign_in->origin),
					   sign_in->counted);
		g_task_return_new_error(task, FERRY_ERROR, FERRY_ERROR_AUTHENTICATION,
					"user name or password is wrong");
		return;
	}
	ferry_account_manager_sign_in_async(self->manager, sign_in->backend, sign_in->credential,
					    cancellable, signed_in_cb, g_steal_pointer(&task));
}

static void
ferry_router_verify_async(FerryVerifier *verifier, FerryCredential *credential, FerryOrigin *origin,
			  GCancellable *cancellable, GAsyncReadyCallback callback,
			  gpointer user_data)
{
	FerryRouter *self = FERRY_ROUTER(verifier);
	g_autoptr(GTask) task = g_task_new(self, cancellable, callback, user_data);
	SignIn *sign_in = g_new0(SignIn, 1);

	g_task_set_source_tag(task, ferry_router_verify_async);
	sign_in->credential = ferry_credential_ref(credential);
	sign_in->origin = ferry_origin_ref(origin);
	sign_in->backend = g_strdup(
		ferry_router_choose(self, get_login(credential), ferry_origin_get_backend(origin)));
	sign_in->counted = ferry_router_make_counted(credential, sign_in->backend);
	g_task_set_task_data(task, sign_in, (GDestroyNotify)sign_in_free);
	ferry_throttle_wait_async(self->throttle, ferry_origin_get_address(origin),
				  sign_in->counted, cancellable, waited_cb, g_steal_pointer(&task));
}

static GObject *
ferry_router_verify_finish(FerryVerifier *verifier, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}

static void
ferry_router_verifier_init(FerryVerifierInterface *iface)
{
	iface->verify_async = ferry_router_verify_async;
	iface->verify_finish = ferry_router_verify_finish;
}
