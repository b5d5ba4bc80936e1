/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Everything that runs in ferryd
 *
 * Implementation: in this order: registry and modules, listeners bound (which may need privileges),
 *   store and accounts (which must not have them), listeners started. Stopping goes the other way:
 *   no new clients, sessions finish what runs, accounts finish what was acknowledged.
 */
#include "daemon/server.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <unistd.h>

#include "account/account.h"
#include "account/router.h"
#include "account/service.h"
#include "auth/sasl-mechanism.h"
#include "base/error.h"
#include "daemon/config.h"
#include "daemon/modules.h"
#include "net/listener.h"
#include "store/sqlite.h"

/* sessions that have not ended by then are cut, in seconds */
#define STOP_TIME 20

/* one listener of the configuration */
typedef struct {
	char *name;
	char *group;
	FerryListener *listener;
	FerryService *service;
	const FerryContribution *protocol;
} Door;

struct _FerryServer {
	GObject parent_instance;
	FerrySettings *settings;
	FerryLimits limits;
	FerryModules *modules;
	FerryRegistry *registry;
	FerryPoller *poller;
	FerryConnectionLimits *connection_limits;
	FerryTlsCredentials *tls_credentials;
	FerryStore *store;
	FerryAccountManager *manager;
	FerryRouter *router;
	GPtrArray *doors; /* (element-type Door) */
	gint64 started_at;
	guint stop_timer;
	gint64 stop_deadline;
	gboolean stopping;
};

enum {
	SIGNAL_STOPPED,
	N_SIGNALS
};
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE(FerryServer, ferry_server, G_TYPE_OBJECT)

static void
door_free(Door *self)
{
	g_clear_object(&self->listener);
	g_clear_object(&self->service);
	g_free(self->name);
	g_free(self->group);
	g_free(self);
}

static void
ferry_server_dispose(GObject *object)
{
	FerryServer *self = FERRY_SERVER(object);

	g_clear_handle_id(&self->stop_timer, g_source_remove);
	g_clear_pointer(&self->doors, g_ptr_array_unref);
	g_clear_object(&self->router);
	g_clear_object(&self->manager);
	g_clear_object(&self->store);
	g_clear_pointer(&self->tls_credentials, ferry_tls_credentials_unref);
	g_clear_pointer(&self->connection_limits, ferry_connection_limits_unref);
	g_clear_pointer(&self->poller, ferry_poller_unref);
	g_clear_object(&self->registry);
	g_clear_object(&self->modules);
	g_clear_object(&self->settings);
	G_OBJECT_CLASS(ferry_server_parent_class)->dispose(object);
}

static void
ferry_server_class_init(FerryServerClass *klass)
{
	G_OBJECT_CLASS(klass)->dispose = ferry_server_dispose;
	signals[SIGNAL_STOPPED] = g_signal_new("stopped", FERRY_TYPE_SERVER, G_SIGNAL_RUN_LAST, 0,
					       NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
ferry_server_init(FerryServer *self)
{
	self->doors = g_ptr_array_new_with_free_func((GDestroyNotify)door_free);
}

/**
 * ferry_server_new:
 * @settings: a configuration that was loaded and checked
 *
 * Returns: (transfer full): a server that does nothing yet
 */
FerryServer *
ferry_server_new(FerrySettings *settings)
{
	FerryServer *self = g_object_new(FERRY_TYPE_SERVER, NULL);

	self->settings = g_object_ref(settings);
	ferry_config_get_limits(settings, &self->limits);
	return self;
}

static gboolean
load_tls(FerryServer *self, GError **error)
{
	const char *certificate = ferry_settings_get_string(self->settings, "tls", "certificate");
	const char *key = ferry_settings_get_string(self->settings, "tls", "private-key");
	g_autoptr(GError) local = NULL;

	if (certificate == NULL || key == NULL)
		return TRUE;
	self->tls_credentials = ferry_tls_credentials_new_from_files(certificate, key, &local);
	if (self->tls_credentials != NULL)
		return TRUE;
	g_propagate_error(error, ferry_settings_make_error(self->settings, "tls", "certificate",
							   "%s", local->message));
	return FALSE;
}

static void
accept_cb(FerryListener *listener, FerryConnection *connection, gpointer user_data)
{
	Door *door = user_data;
	FerryProtocolFunc serve = (FerryProtocolFunc)door->protocol->func;

	serve(connection, G_OBJECT(door->service), door->protocol->user_data);
}

static FerryListenerTls
parse_tls_mode(const char *word)
{
	if (g_str_equal(word, "starttls"))
		return FERRY_LISTENER_TLS_STARTTLS;
	return g_str_equal(word, "implicit") ? FERRY_LISTENER_TLS_IMPLICIT
					     : FERRY_LISTENER_TLS_NONE;
}

static gboolean
bind_addresses(FerryServer *self, Door *door, GError **error)
{
	g_auto(GStrv) addresses = ferry_settings_get_list(self->settings, door->group, "address");
	guint16 port = (guint16)ferry_settings_get_integer(self->settings, door->group, "port");
	g_autoptr(GError) first = NULL;

	for (guint i = 0; addresses[i] != NULL; i++) {
		g_autoptr(GError) local = NULL;

		if (ferry_listener_add_address(door->listener, addresses[i], port, &local)) {
			/* all addresses of a listener share the port that the first was given */
			if (port == 0)
				port = ferry_listener_get_port(door->listener);
		} else if (first == NULL) {
			first = g_steal_pointer(&local);
		}
	}
	if (first == NULL)
		return TRUE;
	/* a default that names IPv6 must not keep a machine without IPv6 from starting */
	if (ferry_listener_get_n_sockets(door->listener) > 0 &&
	    !ferry_settings_has(self->settings, door->group, "address")) {
		g_message("listener %s: %s", door->name, first->message);
		return TRUE;
	}
	g_propagate_error(error, ferry_settings_make_error(self->settings, door->group, "address",
							   "%s", first->message));
	return FALSE;
}

static gboolean
open_door(FerryServer *self, const char *name, GError **error)
{
	Door *door = g_new0(Door, 1);
	const char *protocol;
	const char *tls;

	g_ptr_array_add(self->doors, door);
	door->name = g_strdup(name);
	door->group = g_strdup_printf("listener %s", name);
	protocol = ferry_settings_get_string(self->settings, door->group, "protocol");
	tls = ferry_settings_get_string(self->settings, door->group, "tls");
	door->protocol =
		ferry_registry_lookup(self->registry, FERRY_CONTRIBUTION_PROTOCOL, protocol);
	if (door->protocol == NULL) {
		g_propagate_error(error,
				  ferry_settings_make_error(self->settings, door->group, "protocol",
							    _("no module provides %s"), protocol));
		return FALSE;
	}
	door->listener = ferry_listener_new(self->poller);
	ferry_listener_set_limits(door->listener, self->connection_limits);
	ferry_listener_set_tls(door->listener, parse_tls_mode(tls), self->tls_credentials);
	ferry_listener_set_handler(door->listener, accept_cb, door, NULL);
	return bind_addresses(self, door, error);
}

/**
 * ferry_server_bind:
 *
 * Loads modules and certificate and binds every port: the part of starting that may need the rights
 * of root.
 *
 * Returns: %FALSE with @error set where the configuration cannot be followed
 */
gboolean
ferry_server_bind(FerryServer *self, GError **error)
{
	g_auto(GStrv) names = ferry_settings_list_groups(self->settings, "listener");

	self->modules = ferry_modules_new();
	self->registry = ferry_daemon_load_registry(self->settings, self->modules, error);
	if (self->registry == NULL || !load_tls(self, error))
		return FALSE;
	self->poller = ferry_poller_new(g_main_context_default());
	self->connection_limits = ferry_connection_limits_new(
		self->limits.connections, self->limits.connections_per_address,
		self->limits.unauthenticated, self->limits.limit_loopback);
	for (guint i = 0; names[i] != NULL; i++) {
		if (!open_door(self, names[i], error))
			return FALSE;
	}
	return TRUE;
}

static gboolean
make_private_dir(const char *dir, GError **error)
{
	if (g_mkdir_with_parents(dir, 0700) == 0)
		return TRUE;
	g_set_error(error, FERRY_ERROR, FERRY_ERROR_CONFIGURATION, _("cannot make %s: %s"), dir,
		    g_strerror(errno));
	return FALSE;
}

static void
add_backend(FerryServer *self, const char *name)
{
	g_autoptr(FerryAccountSettings) backend = ferry_config_make_backend(self->settings, name);
	g_autofree char *group = g_strdup_printf("backend %s", name);
	g_auto(GStrv) domains = ferry_settings_get_list(self->settings, group, "domains");

	ferry_account_manager_set_backend(self->manager, name, backend);
	ferry_router_add_backend(self->router, name, (const char *const *)domains);
}

static gboolean
open_accounts(FerryServer *self, GError **error)
{
	g_autofree char *state_dir = ferry_config_dup_state_dir(self->settings);
	g_autofree char *cache_dir = ferry_config_dup_cache_dir(self->settings);
	g_auto(GStrv) backends = ferry_settings_list_groups(self->settings, "backend");
	g_autoptr(FerryThrottle) throttle = NULL;
	FerryStoreSqlite *store;

	if (!make_private_dir(state_dir, error) || !make_private_dir(cache_dir, error))
		return FALSE;
	store = ferry_store_sqlite_new(state_dir, cache_dir, error);
	if (store == NULL)
		return FALSE;
	self->store = FERRY_STORE(store);
	self->manager = ferry_account_manager_new(self->store, cache_dir);
	throttle =
		ferry_throttle_new(self->limits.failures_per_address,
				   self->limits.connections_per_user, self->limits.limit_loopback);
	self->router = ferry_router_new(self->manager, throttle);
	for (guint i = 0; backends[i] != NULL; i++)
		add_backend(self, backends[i]);
	return TRUE;
}

static gboolean
start_door(FerryServer *self, Door *door, GError **error)
{
	g_autofree char *cache_dir = ferry_config_dup_cache_dir(self->settings);
	const char *protocol = ferry_settings_get_string(self->settings, door->group, "protocol");

	door->service = ferry_service_new(door->name, protocol, self->registry,
					  FERRY_VERIFIER(self->router), &self->limits);
	ferry_service_set_backend(
		door->service, ferry_settings_get_string(self->settings, door->group, "backend"));
	ferry_service_set_tls(door->service, ferry_listener_get_tls_mode(door->listener),
			      self->tls_credentials);
	ferry_service_set_allow_plaintext(
		door->service,
		g_strcmp0(ferry_settings_get_string(self->settings, door->group, "allow-plaintext"),
			  "never") != 0);
	ferry_service_set_spool_dir(door->service, cache_dir);
	if (!ferry_listener_start(door->listener, error)) {
		g_prefix_error(error, "[%s]: ", door->group);
		return FALSE;
	}
	g_message("listener %s: %s on port %u", door->name, protocol,
		  ferry_listener_get_port(door->listener));
	return TRUE;
}

/**
 * ferry_server_start:
 *
 * Opens store and accounts and begins to serve.
 *
 * Returns: %FALSE with @error set where it cannot
 */
gboolean
ferry_server_start(FerryServer *self, GError **error)
{
	if (!open_accounts(self, error))
		return FALSE;
	for (guint i = 0; i < self->doors->len; i++) {
		if (!start_door(self, g_ptr_array_index(self->doors, i), error))
			return FALSE;
	}
	self->started_at = g_get_real_time() / G_USEC_PER_SEC;
	return TRUE;
}

/* Of every listener; NULL where one would have none. */
static GPtrArray *
find_protocols(FerryServer *self, FerryRegistry *registry, GError **error)
{
	g_autoptr(GPtrArray) protocols = g_ptr_array_new();

	for (guint i = 0; i < self->doors->len; i++) {
		Door *door = g_ptr_array_index(self->doors, i);
		const char *name = door->protocol->name;
		const FerryContribution *protocol =
			ferry_registry_lookup(registry, FERRY_CONTRIBUTION_PROTOCOL, name);

		if (protocol == NULL) {
			g_set_error(error, FERRY_ERROR, FERRY_ERROR_CONFIGURATION,
				    _("listener %s: no module provides %s"), door->name, name);
			return NULL;
		}
		g_ptr_array_add(protocols, (gpointer)protocol);
	}
	return g_steal_pointer(&protocols);
}

/**
 * ferry_server_reload:
 * @settings: a configuration that was loaded and checked
 *
 * Has new connections served as another configuration says of modules: which are on, and what their
 * settings are. Connections that are there keep what they began with. Nothing else of the server
 * changes.
 *
 * Returns: %FALSE with @error set where it cannot be followed; nothing has changed then
 */
gboolean
ferry_server_reload(FerryServer *self, FerrySettings *settings, GError **error)
{
	g_autoptr(FerryModules) modules = ferry_modules_new();
	g_autoptr(FerryRegistry) registry = ferry_daemon_load_registry(settings, modules, error);
	g_autoptr(GPtrArray) protocols = NULL;

	if (registry == NULL || !ferry_daemon_check_still_loaded(self->modules, modules, error))
		return FALSE;
	protocols = find_protocols(self, registry, error);
	if (protocols == NULL)
		return FALSE;
	for (guint i = 0; i < self->doors->len; i++) {
		Door *door = g_ptr_array_index(self->doors, i);

		door->protocol = g_ptr_array_index(protocols, i);
		ferry_service_set_registry(door->service, registry);
	}
	g_set_object(&self->registry, registry);
	g_set_object(&self->modules, modules);
	return TRUE;
}

static guint
count_sessions(FerryServer *self)
{
	guint count = 0;

	for (guint i = 0; i < self->doors->len; i++) {
		Door *door = g_ptr_array_index(self->doors, i);

		if (door->service != NULL)
			count += ferry_service_get_n_sessions(door->service);
	}
	return count;
}

static void
accounts_ended_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(FerryServer) self = user_data;
	g_autoptr(GError) error = NULL;

	if (!ferry_account_manager_shutdown_finish(self->manager, result, &error))
		g_warning("while stopping: %s", error->message);
	g_signal_emit(self, signals[SIGNAL_STOPPED], 0);
}

static gboolean
wait_for_sessions_cb(gpointer user_data)
{
	FerryServer *self = user_data;
	guint left = count_sessions(self);

	if (left > 0 && g_get_monotonic_time() < self->stop_deadline)
		return G_SOURCE_CONTINUE;
	if (left > 0)
		g_warning("%u sessions did not end within %d seconds and are cut", left, STOP_TIME);
	self->stop_timer = 0;
	ferry_account_manager_shutdown_async(self->manager, NULL, accounts_ended_cb,
					     g_object_ref(self));
	return G_SOURCE_REMOVE;
}

/**
 * ferry_server_stop:
 *
 * Begins to stop: no new clients; sessions finish the command that runs and say goodbye; what was
 * acknowledged is finished. `stopped` is emitted when nothing is left.
 */
void
ferry_server_stop(FerryServer *self)
{
	if (self->stopping)
		return;
	self->stopping = TRUE;
	for (guint i = 0; i < self->doors->len; i++) {
		Door *door = g_ptr_array_index(self->doors, i);

		ferry_listener_stop(door->listener);
		ferry_service_stop(door->service);
	}
	self->stop_deadline = g_get_monotonic_time() + STOP_TIME * G_USEC_PER_SEC;
	self->stop_timer = g_timeout_add(20, wait_for_sessions_cb, self);
}

static GVariant *
make_listener_status(Door *door)
{
	GVariantDict dict;

	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert(&dict, "name", "s", door->name);
	g_variant_dict_insert(&dict, "protocol", "s", ferry_service_get_protocol(door->service));
	g_variant_dict_insert(&dict, "port", "u", (guint32)ferry_listener_get_port(door->listener));
	g_variant_dict_insert(&dict, "sessions", "u", ferry_service_get_n_sessions(door->service));
	return g_variant_dict_end(&dict);
}

static GVariant *
make_account_status(FerryAccount *account)
{
	GVariantDict dict;
	guint64 done = 0;
	guint64 total = 0;
	gboolean listing = ferry_account_get_progress(account, &done, &total);

	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert(&dict, "backend", "s", ferry_account_get_backend(account));
	g_variant_dict_insert(&dict, "username", "s", ferry_account_get_username(account));
	g_variant_dict_insert(&dict, "sessions", "u", ferry_account_get_n_sessions(account));
	g_variant_dict_insert(&dict, "push", "b", ferry_account_is_push_live(account));
	g_variant_dict_insert(&dict, "busy", "b", ferry_account_is_busy(account));
	g_variant_dict_insert(&dict, "listing", "b", listing);
	g_variant_dict_insert(&dict, "listed", "t", done);
	g_variant_dict_insert(&dict, "total", "t", total);
	g_variant_dict_insert(&dict, "requests", "t", ferry_account_get_n_requests(account));
	return g_variant_dict_end(&dict);
}

/**
 * ferry_server_make_status:
 *
 * Returns: (transfer floating): what `ferry status` shows, an `a{sv}`
 */
GVariant *
ferry_server_make_status(FerryServer *self)
{
	g_autoptr(GPtrArray) accounts = ferry_account_manager_list_accounts(self->manager);
	GVariantBuilder listeners;
	GVariantBuilder logins;
	GVariantDict dict;

	g_variant_builder_init(&listeners, G_VARIANT_TYPE("aa{sv}"));
	for (guint i = 0; i < self->doors->len; i++)
		g_variant_builder_add_value(
			&listeners, make_listener_status(g_ptr_array_index(self->doors, i)));
	g_variant_builder_init(&logins, G_VARIANT_TYPE("aa{sv}"));
	for (guint i = 0; i < accounts->len; i++)
		g_variant_builder_add_value(&logins,
					    make_account_status(g_ptr_array_index(accounts, i)));
	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert(&dict, "version", "s", FERRY_VERSION);
	g_variant_dict_insert(&dict, "pid", "i", (gint32)getpid());
	g_variant_dict_insert(&dict, "started-at", "x", self->started_at);
	g_variant_dict_insert(&dict, "connections", "u",
			      ferry_connection_limits_get_count(self->connection_limits));
	g_variant_dict_insert(&dict, "stopping", "b", self->stopping);
	g_variant_dict_insert_value(&dict, "listeners", g_variant_builder_end(&listeners));
	g_variant_dict_insert_value(&dict, "accounts", g_variant_builder_end(&logins));
	return g_variant_dict_end(&dict);
}
