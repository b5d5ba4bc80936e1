/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a protocol needs to serve the connections of one listener on one worker
 *
 * Implementation: the hand-over from daemon to protocol modules, the spool budget and the list of
 *   living sessions. Used on the worker's thread only.
 */
#include "account/service.h"

#include "base/error.h"

struct _FerryService {
	GObject parent_instance;
	char *listener_name;
	char *protocol;
	char *backend;
	char *spool_dir;
	FerryRegistry *registry;
	FerryVerifier *verifier;
	FerryLimits limits;
	FerryListenerTls tls_mode;
	gboolean plaintext_on_loopback;
	FerryTlsCredentials *tls_credentials;
	guint64 spooled;
	GHashTable *sessions; /* a set of GObjects, owned */
	gboolean stopping;
};

enum {
	SIGNAL_STOPPING,
	N_SIGNALS
};
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE(FerryService, ferry_service, G_TYPE_OBJECT)

static void
ferry_service_dispose(GObject *object)
{
	FerryService *self = FERRY_SERVICE(object);

	g_clear_pointer(&self->sessions, g_hash_table_unref);
	g_clear_pointer(&self->tls_credentials, ferry_tls_credentials_unref);
	g_clear_object(&self->verifier);
	g_clear_object(&self->registry);
	g_clear_pointer(&self->listener_name, g_free);
	g_clear_pointer(&self->protocol, g_free);
	g_clear_pointer(&self->backend, g_free);
	g_clear_pointer(&self->spool_dir, g_free);
	G_OBJECT_CLASS(ferry_service_parent_class)->dispose(object);
}

static void
ferry_service_class_init(FerryServiceClass *klass)
{
	G_OBJECT_CLASS(klass)->dispose = ferry_service_dispose;
	/**
	 * FerryService::stopping:
	 *
	 * Sessions finish the command that runs, say goodbye and close.
	 */
	signals[SIGNAL_STOPPING] = g_signal_new("stopping", FERRY_TYPE_SERVICE, G_SIGNAL_RUN_LAST,
						0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
ferry_service_init(FerryService *self)
{
	self->sessions = g_hash_table_new_full(NULL, NULL, g_object_unref, NULL);
	self->plaintext_on_loopback = TRUE;
}

/**
 * ferry_service_new:
 * @listener_name: the listener's name in the configuration
 * @protocol: its protocol
 * @registry: the sealed snapshot that new connections take
 * @verifier: who checks sign-ins; its identities are #FerryAccountSession
 * @limits: what clients may make grow
 *
 * Returns: (transfer full): a service without TLS, for every backend
 */
FerryService *
ferry_service_new(const char *listener_name, const char *protocol, FerryRegistry *registry,
		  FerryVerifier *verifier, const FerryLimits *limits)
{
	FerryService *self = g_object_new(FERRY_TYPE_SERVICE, NULL);

	self->listener_name = g_strdup(listener_name);
	self->protocol = g_strdup(protocol);
	self->registry = g_object_ref(registry);
	self->verifier = g_object_ref(verifier);
	self->limits = *limits;
	self->spool_dir = g_strdup(g_get_tmp_dir());
	return self;
}

/**
 * ferry_service_set_backend:
 * @backend: (nullable): where logins without a domain of their own go
 *
 * Sets the listener's `backend=`.
 */
void
ferry_service_set_backend(FerryService *self, const char *backend)
{
	g_free(self->backend);
	self->backend = g_strdup(backend);
}

/**
 * ferry_service_set_tls:
 * @mode: how TLS starts on this listener
 * @credentials: (nullable): certificate and key
 *
 * Sets what STARTTLS uses.
 */
void
ferry_service_set_tls(FerryService *self, FerryListenerTls mode, FerryTlsCredentials *credentials)
{
	self->tls_mode = mode;
	g_clear_pointer(&self->tls_credentials, ferry_tls_credentials_unref);
	if (credentials != NULL)
		self->tls_credentials = ferry_tls_credentials_ref(credentials);
}

/**
 * ferry_service_set_allow_plaintext:
 * @on_loopback: whether clients of this machine may send passwords without TLS; others never may
 *
 * Sets the listener's `allow-plaintext=`; %TRUE where it is not called.
 */
void
ferry_service_set_allow_plaintext(FerryService *self, gboolean on_loopback)
{
	self->plaintext_on_loopback = on_loopback;
}

/**
 * ferry_service_set_spool_dir:
 * @dir: a folder on a real disk, for messages that arrive
 *
 * Sets where messages are spooled (in unlinked files) until the backend has them.
 */
void
ferry_service_set_spool_dir(FerryService *self, const char *dir)
{
	g_free(self->spool_dir);
	self->spool_dir = g_strdup(dir);
}

/**
 * ferry_service_set_registry:
 * @registry: a sealed snapshot
 *
 * Has connections that begin from now on take another snapshot. Those that are there keep theirs.
 */
void
ferry_service_set_registry(FerryService *self, FerryRegistry *registry)
{
	g_set_object(&self->registry, registry);
}

/**
 * ferry_service_get_listener_name:
 *
 * Returns: the listener's name in the configuration
 */
const char *
ferry_service_get_listener_name(FerryService *self)
{
	return self->listener_name;
}

/**
 * ferry_service_get_protocol:
 *
 * Returns: the listener's protocol
 */
const char *
ferry_service_get_protocol(FerryService *self)
{
	return self->protocol;
}

/**
 * ferry_service_get_registry:
 *
 * Returns: (transfer none): the snapshot that new connections take
 */
FerryRegistry *
ferry_service_get_registry(FerryService *self)
{
	return self->registry;
}

/**
 * ferry_service_get_verifier:
 *
 * Returns: (transfer none): who checks sign-ins
 */
FerryVerifier *
ferry_service_get_verifier(FerryService *self)
{
	return self->verifier;
}

/**
 * ferry_service_get_limits:
 *
 * Returns: (transfer none): what clients may make grow
 */
const FerryLimits *
ferry_service_get_limits(FerryService *self)
{
	return &self->limits;
}

/**
 * ferry_service_get_backend:
 *
 * Returns: (nullable): the listener's `backend=`
 */
const char *
ferry_service_get_backend(FerryService *self)
{
	return self->backend;
}

/**
 * ferry_service_get_tls_mode:
 *
 * Returns: how TLS starts on this listener
 */
FerryListenerTls
ferry_service_get_tls_mode(FerryService *self)
{
	return self->tls_mode;
}

/**
 * ferry_service_get_tls_credentials:
 *
 * Returns: (transfer none) (nullable): certificate and key for STARTTLS
 */
FerryTlsCredentials *
ferry_service_get_tls_credentials(FerryService *self)
{
	return self->tls_credentials;
}

/**
 * ferry_service_get_spool_dir:
 *
 * Returns: the folder in which messages are spooled
 */
const char *
ferry_service_get_spool_dir(FerryService *self)
{
	return self->spool_dir;
}

/**
 * ferry_service_make_origin:
 * @connection: a connection of the service
 *
 * Returns: (transfer full): where a sign-in on @connection comes from
 */
FerryOrigin *
ferry_service_make_origin(FerryService *self, FerryConnection *connection)
{
	return ferry_origin_new(connection, self->protocol, self->backend);
}

/**
 * ferry_service_allows_plaintext:
 * @connection: a connection of the service
 *
 * Returns: whether passwords may be sent on @connection as it is now: under TLS, or on loopback
 *   where the listener allows it (RFC 9051 §6.2.3 LOGINDISABLED, RFC 5530 PRIVACYREQUIRED)
 */
gboolean
ferry_service_allows_plaintext(FerryService *self, FerryConnection *connection)
{
	return ferry_connection_is_secure(connection) ||
	       (self->plaintext_on_loopback && ferry_connection_is_loopback(connection));
}

/**
 * ferry_service_reserve_spool:
 * @octets: size of a message about to arrive
 *
 * Takes a share of the spool; give it back with ferry_service_release_spool().
 *
 * Returns: %FALSE with %FERRY_ERROR_LIMIT where too much is being appended already
 */
gboolean
ferry_service_reserve_spool(FerryService *self, guint64 octets, GError **error)
{
	if (octets > self->limits.append_total ||
	    self->spooled > self->limits.append_total - octets) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_LIMIT,
				    "too much mail is being appended at once (append-total)");
		return FALSE;
	}
	self->spooled += octets;
	return TRUE;
}

/**
 * ferry_service_release_spool:
 * @octets: what was reserved
 *
 * Gives a share of the spool back.
 */
void
ferry_service_release_spool(FerryService *self, guint64 octets)
{
	g_return_if_fail(octets <= self->spooled);
	self->spooled -= octets;
}

/**
 * ferry_service_add_session:
 * @session: a session that begins
 *
 * Keeps a session alive and counts it.
 */
void
ferry_service_add_session(FerryService *self, GObject *session)
{
	g_hash_table_add(self->sessions, g_object_ref(session));
}

/**
 * ferry_service_remove_session:
 * @session: a session that has ended
 *
 * Lets go of a session.
 */
void
ferry_service_remove_session(FerryService *self, GObject *session)
{
	if (self->sessions != NULL)
		g_hash_table_remove(self->sessions, session);
}

/**
 * ferry_service_get_n_sessions:
 *
 * Returns: how many sessions live
 */
guint
ferry_service_get_n_sessions(FerryService *self)
{
	return g_hash_table_size(self->sessions);
}

/**
 * ferry_service_list_sessions:
 *
 * Returns: (transfer container) (element-type GObject): the living sessions, in no order
 */
GPtrArray *
ferry_service_list_sessions(FerryService *self)
{
	GPtrArray *list = g_ptr_array_new();
	GHashTableIter iter;
	gpointer session;

	g_hash_table_iter_init(&iter, self->sessions);
	while (g_hash_table_iter_next(&iter, &session, NULL))
		g_ptr_array_add(list, session);
	return list;
}

/**
 * ferry_service_is_stopping:
 *
 * Returns: whether sessions are to end; commands that have not begun are no longer begun
 */
gboolean
ferry_service_is_stopping(FerryService *self)
{
	return self->stopping;
}

/**
 * ferry_service_stop:
 *
 * Emits #FerryService::stopping, once.
 */
void
ferry_service_stop(FerryService *self)
{
	if (self->stopping)
		return;
	self->stopping = TRUE;
	g_signal_emit(self, signals[SIGNAL_STOPPING], 0);
}
