/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One ManageSieve client
 *
 * Specification: RFC 5804 §1.1, §1.7, §1.8, §2 (states, pipelining)
 * Implementation: the session's life and its input. One command runs at a time; what is pipelined
 *   behind it waits in the kernel, and the client with it.
 */
#include "sieve-session.h"

#include <string.h>

#include "sieve-error.h"

/* what who has not signed in may send as literals: names, passwords, tokens */
#define LITERAL_BEFORE_LOGIN 16384

G_DEFINE_FINAL_TYPE(SieveSession, sieve_session, G_TYPE_OBJECT)

static void
sieve_session_finalize(GObject *object)
{
	SieveSession *self = SIEVE_SESSION(object);

	sieve_parser_free(self->parser);
	g_clear_object(&self->account);
	g_clear_object(&self->connection);
	g_clear_object(&self->service);
	g_free(self->user);
	G_OBJECT_CLASS(sieve_session_parent_class)->finalize(object);
}

static void
sieve_session_class_init(SieveSessionClass *klass)
{
	G_OBJECT_CLASS(klass)->finalize = sieve_session_finalize;
}

static void
sieve_session_init(SieveSession *self)
{
}

/* The connection is gone: nobody is told anything any more. */
static void
end(SieveSession *self)
{
	g_autoptr(SieveSession) alive = g_object_ref(self);

	if (self->ended)
		return;
	self->ended = self->leaving = TRUE;
	if (self->running != NULL) {
		g_cancellable_cancel(self->running->cancellable);
		/* what waits for the client, and not for the backend, ends here */
		if (self->line_func != NULL || self->running->waits)
			sieve_command_end(self->running);
	}
	sieve_session_sign_out(self);
	ferry_service_remove_session(self->service, G_OBJECT(self));
}

static void
closed_cb(FerryConnection *connection, FerryConnectionCloseReason reason, gpointer user_data)
{
	end(user_data);
}

static void
timeout_cb(FerryConnection *connection, gpointer user_data)
{
	SieveSession *self = user_data;

	sieve_session_bye(self, NULL,
			  self->account == NULL ? "Not signed in in time" : "Idle for too long");
}

static void
stopping_cb(FerryService *service, gpointer user_data)
{
	SieveSession *self = user_data;

	/* a command that does something is finished first */
	if (self->running == NULL || self->line_func != NULL)
		sieve_session_bye(self, "TRYLATER", "Server is shutting down");
}

/* Says goodbye, once, and closes; what runs is cancelled. */
void
sieve_session_bye(SieveSession *self, const char *code, const char *text)
{
	if (self->leaving)
		return;
	/* inside a literal it would be taken for the script */
	if (self->running == NULL || !self->running->in_literal)
		sieve_session_write_answer(self, "BYE", code, text);
	sieve_session_close(self);
}

void
sieve_session_close(SieveSession *self)
{
	self->leaving = TRUE;
	ferry_connection_flush(self->connection);
	ferry_connection_close(self->connection);
}

gboolean
sieve_session_can_start_tls(SieveSession *self)
{
	return self->account == NULL &&
	       ferry_service_get_tls_mode(self->service) == FERRY_LISTENER_TLS_STARTTLS &&
	       ferry_service_get_tls_credentials(self->service) != NULL &&
	       !ferry_connection_is_secure(self->connection);
}

/* signing in and out */

static void
expired_cb(FerryAccountSession *account_session, gpointer user_data)
{
	sieve_session_bye(user_data, NULL, "The credential is no longer valid");
}

/* FALSE with FERRY_ERROR_CANNOT where the account has no scripts. */
gboolean
sieve_session_sign_in(SieveSession *self, GObject *identity, GError **error)
{
	const FerryLimits *limits = ferry_service_get_limits(self->service);

	if (!FERRY_IS_ACCOUNT_SESSION(identity)) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_FAILED,
				    "the verifier's identity is no account");
		return FALSE;
	}
	self->account = sieve_account_new(FERRY_ACCOUNT_SESSION(identity), error);
	if (self->account == NULL)
		return FALSE;
	/* whatever name was typed, the owner is who the account says */
	self->user = g_strdup(ferry_account_session_get_username(FERRY_ACCOUNT_SESSION(identity)));
	g_signal_connect_object(identity, "expired", G_CALLBACK(expired_cb), self, 0);
	ferry_connection_set_authenticated(self->connection);
	ferry_connection_set_deadline(self->connection, 0);
	sieve_parser_set_literal_limit(self->parser, limits->literal);
	return TRUE;
}

void
sieve_session_sign_out(SieveSession *self)
{
	const FerryLimits *limits = ferry_service_get_limits(self->service);

	if (self->account == NULL)
		return;
	g_signal_handlers_disconnect_by_data(sieve_account_get_session(self->account), self);
	g_clear_object(&self->account);
	g_clear_pointer(&self->user, g_free);
	sieve_parser_set_literal_limit(self->parser, MIN(limits->literal, LITERAL_BEFORE_LOGIN));
	if (self->ended)
		return;
	ferry_connection_reset_authenticated(self->connection);
	ferry_connection_set_deadline(self->connection, limits->login_timeout);
}

/* input */

static void
take_line(SieveSession *self, GPtrArray *tokens)
{
	SieveLineFunc func = self->line_func;
	const SieveToken *token = tokens != NULL && tokens->len == 1 ? tokens->pdata[0] : NULL;

	self->line_func = NULL;
	func(self->running, token != NULL && token->type == SIEVE_TOKEN_STRING
				    ? sieve_token_get_text(token)
				    : NULL);
}

static void
refuse(SieveSession *self, const GError *error)
{
	g_autoptr(SieveAnswer) answer = sieve_answer_new(error);

	/* before the login nothing is a matter of quotas */
	sieve_session_write_answer(self, "NO", self->account != NULL ? answer->code : NULL,
				   answer->text);
}

static void
take_command(SieveSession *self)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) tokens = sieve_parser_take(self->parser, &error);

	if (self->line_func != NULL)
		take_line(self, tokens);
	else if (tokens == NULL)
		refuse(self, error);
	else
		sieve_command_run(self, tokens);
}

static gboolean
is_blocked(SieveSession *self)
{
	return self->running != NULL && self->line_func == NULL;
}

static gsize
input_cb(FerryConnection *connection, const guint8 *data, gsize length, gpointer user_data)
{
	g_autoptr(SieveSession) self = g_object_ref(user_data);
	SieveParseResult result;
	gsize taken;

	if (self->leaving)
		return length;
	if (is_blocked(self)) {
		ferry_connection_pause_input(connection);
		return 0;
	}
	taken = sieve_parser_feed(self->parser, data, length, &result);
	if (result == SIEVE_PARSE_FATAL)
		sieve_session_bye(self, NULL, "A literal of that size is never read");
	else if (result == SIEVE_PARSE_DONE)
		take_command(self);
	if (self->leaving)
		return taken;
	sieve_session_next(self);
	return taken;
}

/* Reading follows what runs. */
void
sieve_session_next(SieveSession *self)
{
	if (self->leaving)
		return;
	if (is_blocked(self))
		ferry_connection_pause_input(self->connection);
	else
		ferry_connection_resume_input(self->connection);
	ferry_connection_flush(self->connection);
}

void
sieve_session_listen(SieveSession *self)
{
	const FerryLimits *limits = ferry_service_get_limits(self->service);

	ferry_connection_set_input_limit(self->connection, limits->pipeline);
	ferry_connection_set_input_handler(self->connection, input_cb, self, NULL);
}

static void
start(SieveSession *self)
{
	const FerryLimits *limits = ferry_service_get_limits(self->service);

	ferry_service_add_session(self->service, G_OBJECT(self));
	g_signal_connect_object(self->service, "stopping", G_CALLBACK(stopping_cb), self, 0);
	ferry_connection_set_closed_handler(self->connection, closed_cb, self, NULL);
	ferry_connection_set_timeout(self->connection, limits->idle_timeout, timeout_cb, self,
				     NULL);
	ferry_connection_set_deadline(self->connection, limits->login_timeout);
	sieve_session_write_capabilities(self);
	sieve_session_write_answer(self, "OK", NULL, "Ferry is ready");
	ferry_connection_flush(self->connection);
	sieve_session_listen(self);
}

/* Serves a connection; the service keeps the session alive until the connection closes. */
void
sieve_session_serve(FerryConnection *connection, GObject *context, gpointer user_data)
{
	g_autoptr(SieveSession) self = g_object_new(SIEVE_TYPE_SESSION, NULL);
	const FerryLimits *limits;

	self->connection = g_object_ref(connection);
	self->service = g_object_ref(FERRY_SERVICE(context));
	limits = ferry_service_get_limits(self->service);
	self->parser = sieve_parser_new(limits->line, MIN(limits->literal, LITERAL_BEFORE_LOGIN));
	start(self);
}
