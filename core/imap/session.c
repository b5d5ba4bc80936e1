/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One IMAP client
 *
 * Specification: RFC 9051 §3 (states), §5.4 (autologout), §7.1.4, §7.1.5 (greeting, BYE)
 * Implementation: the session object, signing in, what modules keep with it, its end. Input is in
 *   session-input.c, the selected mailbox in session-mailbox.c.
 */
#include "imap/session.h"

#include "base/error.h"
#include "imap/errors.h"
#include "imap/session-private.h"

typedef struct {
	gpointer data;
	GDestroyNotify destroy;
} SessionData;

enum {
	SIGNED_IN,
	SELECTED,
	UNSELECTED,
	ENDED,
	N_SIGNALS
};
static guint signals[N_SIGNALS];

/* what who has not signed in may send as literals: a name and a password */
#define LITERAL_BEFORE_LOGIN 16384

G_DEFINE_FINAL_TYPE(FerryImapSession, ferry_imap_session, G_TYPE_OBJECT)

static void
session_data_free(gpointer data)
{
	SessionData *self = data;

	if (self->destroy != NULL)
		self->destroy(self->data);
	g_free(self);
}

static void
ferry_imap_session_finalize(GObject *object)
{
	FerryImapSession *self = FERRY_IMAP_SESSION(object);

	g_clear_pointer(&self->running, g_ptr_array_unref);
	g_clear_pointer(&self->parser, ferry_imap_parser_free);
	g_clear_pointer(&self->enabled, g_hash_table_unref);
	g_clear_pointer(&self->data, g_hash_table_unref);
	g_clear_pointer(&self->saved_result, ferry_uid_set_unref);
	g_clear_object(&self->told);
	g_clear_object(&self->mailbox);
	g_clear_object(&self->account_session);
	g_clear_object(&self->writer);
	g_clear_object(&self->connection);
	g_clear_object(&self->service);
	g_clear_object(&self->registry);
	g_free(self->mailbox_name);
	g_free(self->user);
	G_OBJECT_CLASS(ferry_imap_session_parent_class)->finalize(object);
}

static void
ferry_imap_session_class_init(FerryImapSessionClass *klass)
{
	static const char *const names[N_SIGNALS] = {"signed-in", "selected", "unselected",
						     "ended"};

	G_OBJECT_CLASS(klass)->finalize = ferry_imap_session_finalize;
	for (guint i = 0; i < N_SIGNALS; i++)
		signals[i] = g_signal_new(names[i], FERRY_TYPE_IMAP_SESSION, G_SIGNAL_RUN_LAST, 0,
					  NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
ferry_imap_session_init(FerryImapSession *self)
{
	self->phase = FERRY_PHASE_BEFORE_LOGIN;
	self->enabled = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	self->data = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, session_data_free);
	self->running = g_ptr_array_new_with_free_func(g_object_unref);
}

/* What a client may send of literals in its phase. */
static void
set_literal_limit(FerryImapSession *self)
{
	guint64 limit = ferry_imap_session_get_limits(self)->literal;

	if (self->phase == FERRY_PHASE_BEFORE_LOGIN)
		limit = MIN(limit, LITERAL_BEFORE_LOGIN);
	ferry_imap_parser_set_literal_limit(self->parser, limit);
}

/**
 * ferry_imap_session_new:
 * @connection: a client, after the handshake of implicit TLS
 * @service: the listener's services
 *
 * Returns: (transfer full): a session that has not said anything yet
 */
FerryImapSession *
ferry_imap_session_new(FerryConnection *connection, FerryService *service)
{
	FerryImapSession *self = g_object_new(FERRY_TYPE_IMAP_SESSION, NULL);

	self->connection = g_object_ref(connection);
	self->service = g_object_ref(service);
	self->registry = g_object_ref(ferry_service_get_registry(service));
	self->writer = ferry_imap_writer_new(connection);
	self->parser = ferry_imap_parser_new(ferry_service_get_limits(service));
	set_literal_limit(self);
	ferry_imap_parser_set_spool_dir(self->parser, ferry_service_get_spool_dir(service));
	return self;
}

static void
closed_cb(FerryConnection *connection, FerryConnectionCloseReason reason, gpointer user_data)
{
	ferry_imap_session_end(user_data);
}

static void
timeout_cb(FerryConnection *connection, gpointer user_data)
{
	FerryImapSession *self = user_data;

	ferry_imap_session_bye(self, NULL,
			       self->phase == FERRY_PHASE_BEFORE_LOGIN
				       ? "Autologout: not signed in in time"
				       : "Autologout: idle for too long");
}

static void
stopping_cb(FerryService *service, gpointer user_data)
{
	FerryImapSession *self = user_data;

	/* a command that does something is finished first; IDLE does nothing */
	if (self->running->len == 0 || self->line_command != NULL)
		ferry_imap_session_bye(self, "UNAVAILABLE", "Server is shutting down");
}

/**
 * ferry_imap_session_start:
 *
 * Greets the client and serves it. The service keeps the session alive until the connection closes.
 */
void
ferry_imap_session_start(FerryImapSession *self)
{
	const FerryLimits *limits = ferry_service_get_limits(self->service);

	ferry_service_add_session(self->service, G_OBJECT(self));
	g_signal_connect_object(self->service, "stopping", G_CALLBACK(stopping_cb), self, 0);
	ferry_connection_set_closed_handler(self->connection, closed_cb, self, NULL);
	ferry_connection_set_timeout(self->connection, limits->idle_timeout, timeout_cb, self,
				     NULL);
	ferry_connection_set_deadline(self->connection, limits->login_timeout);
	ferry_imap_session_write_greeting(self);
	ferry_imap_session_listen(self);
}

static void
reset_modules(FerryImapSession *self)
{
	GPtrArray *list = ferry_registry_list(self->registry, FERRY_CONTRIBUTION_SESSION_DATA);

	for (guint i = 0; i < list->len; i++) {
		const FerryContribution *contribution = list->pdata[i];

		((FerrySessionResetFunc)contribution->func)(self, contribution->user_data);
	}
	g_hash_table_remove_all(self->data);
}

/* What waits for the backend ends by itself when it is cancelled; what waits for a line ends here.
 */
static void
cancel_running(FerryImapSession *self)
{
	g_autoptr(GPtrArray) running = g_ptr_array_new_with_free_func(g_object_unref);
	FerryImapCommand *waiting = self->line_command;

	/* a copy: some end at once and leave the list */
	for (guint i = 0; i < self->running->len; i++)
		g_ptr_array_add(running, g_object_ref(self->running->pdata[i]));
	for (guint i = 0; i < running->len; i++)
		ferry_imap_command_cancel(running->pdata[i]);
	if (waiting != NULL && self->line_command == waiting)
		ferry_imap_command_fail_new(waiting, FERRY_ERROR_UNAVAILABLE, "Connection closed");
}

static void
let_account_go(FerryImapSession *self)
{
	if (self->account_session == NULL)
		return;
	ferry_imap_session_leave_account(self);
	g_signal_handlers_disconnect_by_data(self->account_session, self);
	ferry_account_session_set_idling(self->account_session, FALSE);
	g_clear_object(&self->account_session);
}

/* The connection is gone: what runs is cancelled, and nobody is told anything any more. */
void
ferry_imap_session_end(FerryImapSession *self)
{
	g_autoptr(FerryImapSession) alive = g_object_ref(self);

	if (self->ended)
		return;
	self->ended = self->leaving = TRUE;
	cancel_running(self);
	ferry_imap_session_stop_progress(self);
	ferry_imap_session_release_spool(self);
	ferry_imap_session_unselect(self);
	reset_modules(self);
	let_account_go(self);
	g_signal_emit(self, signals[ENDED], 0);
	ferry_service_remove_session(self->service, G_OBJECT(self));
}

/**
 * ferry_imap_session_get_connection:
 *
 * Returns: (transfer none): the connection
 */
FerryConnection *
ferry_imap_session_get_connection(FerryImapSession *self)
{
	return self->connection;
}

/**
 * ferry_imap_session_get_service:
 *
 * Returns: (transfer none): the listener's services
 */
FerryService *
ferry_imap_session_get_service(FerryImapSession *self)
{
	return self->service;
}

/**
 * ferry_imap_session_get_registry:
 *
 * Returns: (transfer none): the snapshot that this session took
 */
FerryRegistry *
ferry_imap_session_get_registry(FerryImapSession *self)
{
	return self->registry;
}

/**
 * ferry_imap_session_get_settings:
 *
 * What the configuration said to modules when this session began; see
 * ferry_registry_get_settings().
 *
 * Returns: (transfer none): the settings
 */
FerrySettings *
ferry_imap_session_get_settings(FerryImapSession *self)
{
	return ferry_registry_get_settings(self->registry);
}

/**
 * ferry_imap_session_get_limits:
 *
 * Returns: (transfer none): what this client may make grow
 */
const FerryLimits *
ferry_imap_session_get_limits(FerryImapSession *self)
{
	return ferry_service_get_limits(self->service);
}

/**
 * ferry_imap_session_get_append_limit:
 *
 * Returns: how many octets a message may have that APPEND takes (RFC 7889); 0: no limit is known
 */
guint64
ferry_imap_session_get_append_limit(FerryImapSession *self)
{
	guint64 limit = ferry_imap_session_get_limits(self)->append;

	if (limit == 0 && self->account_session != NULL)
		limit = ferry_account_session_get_max_upload(self->account_session);
	return limit;
}

/**
 * ferry_imap_session_get_writer:
 *
 * Returns: (transfer none): where responses go
 */
FerryImapWriter *
ferry_imap_session_get_writer(FerryImapSession *self)
{
	return self->writer;
}

/**
 * ferry_imap_session_get_phase:
 *
 * Returns: the state of RFC 9051 §3
 */
FerryPhase
ferry_imap_session_get_phase(FerryImapSession *self)
{
	return self->phase;
}

/**
 * ferry_imap_session_allows_plaintext:
 *
 * Returns: whether a password may be sent now (LOGINDISABLED, PRIVACYREQUIRED)
 */
gboolean
ferry_imap_session_allows_plaintext(FerryImapSession *self)
{
	return ferry_service_allows_plaintext(self->service, self->connection);
}

/**
 * ferry_imap_session_can_start_tls:
 *
 * Returns: whether STARTTLS is offered now
 */
gboolean
ferry_imap_session_can_start_tls(FerryImapSession *self)
{
	return self->phase == FERRY_PHASE_BEFORE_LOGIN &&
	       ferry_service_get_tls_mode(self->service) == FERRY_LISTENER_TLS_STARTTLS &&
	       ferry_service_get_tls_credentials(self->service) != NULL &&
	       !ferry_connection_is_secure(self->connection);
}

/**
 * ferry_imap_session_is_enabled:
 * @name: a name of ENABLE, in capitals
 *
 * Returns: whether it is enabled
 */
gboolean
ferry_imap_session_is_enabled(FerryImapSession *self, const char *name)
{
	return g_hash_table_contains(self->enabled, name);
}

/**
 * ferry_imap_session_enable:
 * @name: a name of ENABLE, in capitals
 *
 * Remembers that it is enabled.
 */
void
ferry_imap_session_enable(FerryImapSession *self, const char *name)
{
	g_hash_table_add(self->enabled, g_strdup(name));
}

/**
 * ferry_imap_session_get_account_session:
 *
 * Returns: (transfer none) (nullable): who is signed in
 */
FerryAccountSession *
ferry_imap_session_get_account_session(FerryImapSession *self)
{
	return self->account_session;
}

static void
expired_cb(FerryAccountSession *account_session, gpointer user_data)
{
	ferry_imap_session_bye(user_data, "EXPIRED", "The credential is no longer valid");
}

/**
 * ferry_imap_session_sign_in:
 * @account_session: who signed in
 * @user: its user name
 * @error: return location
 *
 * The session is authenticated from now on.
 *
 * Returns: %FALSE with @error where it must not be
 */
gboolean
ferry_imap_session_sign_in(FerryImapSession *self, FerryAccountSession *account_session,
			   const char *user, GError **error)
{
	if (self->ended || self->phase != FERRY_PHASE_BEFORE_LOGIN) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID, "Already signed in");
		return FALSE;
	}
	self->account_session = g_object_ref(account_session);
	ferry_account_session_warm_up(account_session);
	self->user = g_strdup(user);
	self->phase = FERRY_PHASE_AUTHENTICATED;
	g_signal_connect_object(account_session, "expired", G_CALLBACK(expired_cb), self, 0);
	ferry_imap_session_follow_account(self);
	ferry_connection_set_authenticated(self->connection);
	ferry_connection_set_deadline(self->connection, 0);
	set_literal_limit(self);
	g_signal_emit(self, signals[SIGNED_IN], 0);
	return TRUE;
}

/**
 * ferry_imap_session_sign_out:
 *
 * Forgets who is signed in and all that the session was told, for a command of the ordering
 * %FERRY_ORDERING_ALONE that makes place for another user (RFC 8437 §3): the selected mailbox
 * without telling of anything, what was enabled, what modules keep (they are asked to reset their
 * session data). TLS and the filters of the connection stay.
 */
void
ferry_imap_session_sign_out(FerryImapSession *self)
{
	const FerryLimits *limits = ferry_imap_session_get_limits(self);

	if (self->ended || self->phase == FERRY_PHASE_BEFORE_LOGIN)
		return;
	ferry_imap_session_unselect(self);
	reset_modules(self);
	g_hash_table_remove_all(self->enabled);
	ferry_imap_writer_set_utf8(self->writer, FALSE);
	self->fetch_word = NULL;
	self->silent = NULL;
	self->idling = self->detailed = FALSE;
	let_account_go(self);
	g_clear_pointer(&self->user, g_free);
	self->phase = FERRY_PHASE_BEFORE_LOGIN;
	set_literal_limit(self);
	ferry_connection_reset_authenticated(self->connection);
	ferry_connection_set_deadline(self->connection, limits->login_timeout);
}

/**
 * ferry_imap_session_set_data:
 * @name: the module's own
 * @data: (nullable): anything
 * @destroy: (nullable): frees @data
 *
 * Keeps something with the session until it ends or its user signs out; %NULL forgets it.
 */
void
ferry_imap_session_set_data(FerryImapSession *self, const char *name, gpointer data,
			    GDestroyNotify destroy)
{
	SessionData *entry;

	if (data == NULL) {
		g_hash_table_remove(self->data, name);
		return;
	}
	entry = g_new0(SessionData, 1);
	entry->data = data;
	entry->destroy = destroy;
	g_hash_table_replace(self->data, g_strdup(name), entry);
}

/**
 * ferry_imap_session_get_data:
 * @name: the module's own
 *
 * Returns: (transfer none) (nullable): what was kept
 */
gpointer
ferry_imap_session_get_data(FerryImapSession *self, const char *name)
{
	SessionData *entry = g_hash_table_lookup(self->data, name);

	return entry != NULL ? entry->data : NULL;
}

static void
write_bye(FerryImapSession *self, const char *code, const char *text)
{
	g_autofree char *clean = ferry_imap_clean_text(text, FALSE);

	ferry_imap_session_write_response(self, "BYE", code, clean);
	self->leaving = TRUE;
}

/**
 * ferry_imap_session_bye:
 * @code: (nullable): a response code, without brackets
 * @text: why
 *
 * Says goodbye and closes the connection; what runs is cancelled.
 */
void
ferry_imap_session_bye(FerryImapSession *self, const char *code, const char *text)
{
	if (self->leaving)
		return;
	write_bye(self, code, text);
	ferry_imap_writer_flush(self->writer);
	ferry_connection_close(self->connection);
}

/**
 * ferry_imap_session_log_out:
 *
 * LOGOUT: says goodbye; the connection closes behind the tagged answer of the command.
 */
void
ferry_imap_session_log_out(FerryImapSession *self)
{
	if (!self->leaving)
		write_bye(self, NULL, "Logging out");
}
