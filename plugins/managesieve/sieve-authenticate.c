/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* AUTHENTICATE, STARTTLS, UNAUTHENTICATE, LOGOUT, CAPABILITY, NOOP
 *
 * Specification: RFC 5804 §2.1–§2.4, §2.13, §2.14.1; RFC 4422
 * Implementation: any mechanism of the registry. None of them has a security layer, so the
 *   capabilities do not follow the login by themselves.
 */
#include "sieve-session.h"

static void step_cb(GObject *source, GAsyncResult *result, gpointer user_data);

static void
line_cb(SieveCommand *command, const char *line)
{
	if (line == NULL)
		sieve_command_no(command, NULL, "A string is wanted: quoted, or as a literal");
	else
		ferry_sasl_exchange_continue_async(command->data, line, command->cancellable,
						   step_cb, command);
}

static void
complete(SieveCommand *command, FerrySaslExchange *exchange)
{
	const char *data = ferry_sasl_exchange_get_success_data(exchange);
	g_autofree char *code = data != NULL ? g_strdup_printf("SASL \"%s\"", data) : NULL;
	g_autoptr(GError) error = NULL;

	if (command->session->ended ||
	    sieve_session_sign_in(command->session, ferry_sasl_exchange_get_identity(exchange),
				  &error))
		sieve_command_ok(command, code, "Signed in");
	else
		sieve_command_fail(command, error);
}

static void
step_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerrySaslExchange *exchange = FERRY_SASL_EXCHANGE(source);
	SieveCommand *command = user_data;
	g_autoptr(GError) error = NULL;

	if (!ferry_sasl_exchange_step_finish(exchange, result, &error))
		sieve_command_fail(command, error);
	else if (ferry_sasl_exchange_is_complete(exchange))
		complete(command, exchange);
	else if (command->session->leaving)
		sieve_command_no(command, NULL, NULL);
	else
		sieve_command_read_line(command, ferry_sasl_exchange_get_challenge(exchange),
					line_cb);
}

static FerrySaslMechanism *
find_mechanism(SieveCommand *command)
{
	const char *name = sieve_token_get_text(sieve_command_get_token(command, 0));
	g_autofree char *capital = g_ascii_strup(name != NULL ? name : "", -1);
	const FerryContribution *contribution =
		ferry_registry_lookup(ferry_service_get_registry(command->session->service),
				      FERRY_CONTRIBUTION_SASL_MECHANISM, capital);

	return contribution != NULL ? contribution->user_data : NULL;
}

/* A mechanism that shows the password is refused in the clear: where STARTTLS helps, that is said;
 * elsewhere only a stronger mechanism would do (RFC 5804 §1.3). */
static void
refuse_plaintext(SieveCommand *command)
{
	gboolean helped = sieve_session_can_start_tls(command->session);

	sieve_command_no(command, helped ? "ENCRYPT-NEEDED" : "AUTH-TOO-WEAK",
			 helped ? "Passwords are taken under TLS only"
				: "Passwords are not taken here: this listener has no TLS");
}

void
sieve_authenticate(SieveCommand *command)
{
	SieveSession *session = command->session;
	FerrySaslMechanism *mechanism = find_mechanism(command);
	const SieveToken *initial = sieve_command_get_token(command, 1);
	const char *response = initial != NULL ? sieve_token_get_text(initial) : NULL;
	g_autoptr(FerryOrigin) origin = NULL;
	FerrySaslExchange *exchange;

	if (mechanism == NULL) {
		sieve_command_no(command, NULL, "Unknown mechanism");
		return;
	}
	if ((ferry_sasl_mechanism_get_flags(mechanism) & FERRY_SASL_PLAINTEXT) &&
	    !ferry_service_allows_plaintext(session->service, session->connection)) {
		refuse_plaintext(command);
		return;
	}
	if (initial != NULL && response == NULL) {
		sieve_command_no(command, NULL, "The response is not base64");
		return;
	}
	origin = ferry_service_make_origin(session->service, session->connection);
	exchange = ferry_sasl_exchange_new(mechanism, ferry_service_get_verifier(session->service),
					   origin);
	ferry_sasl_exchange_set_success_data(exchange, TRUE);
	sieve_command_set_data(command, exchange, g_object_unref);
	ferry_sasl_exchange_start_async(exchange, response, command->cancellable, step_cb, command);
}

static void
tls_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(SieveSession) session = user_data;
	g_autoptr(GError) error = NULL;

	if (!ferry_connection_start_tls_finish(FERRY_CONNECTION(source), result, &error)) {
		g_debug("STARTTLS: %s", error->message);
		return;
	}
	sieve_session_write_capabilities(session);
	sieve_session_write_answer(session, "OK", NULL, "TLS is on");
	ferry_connection_flush(session->connection);
}

void
sieve_starttls(SieveCommand *command)
{
	g_autoptr(SieveSession) session = g_object_ref(command->session);

	if (!sieve_session_can_start_tls(session)) {
		sieve_command_no(command, NULL, "STARTTLS is not offered here");
		return;
	}
	sieve_command_ok(command, NULL, "Begin TLS now");
	if (session->leaving)
		return;
	/* the connection throws away what came in clear behind the command */
	ferry_connection_start_tls_async(session->connection,
					 ferry_service_get_tls_credentials(session->service), NULL,
					 tls_cb, g_object_ref(session));
}

void
sieve_unauthenticate(SieveCommand *command)
{
	sieve_session_sign_out(command->session);
	sieve_command_ok(command, NULL, "Signed out");
}

void
sieve_logout(SieveCommand *command)
{
	g_autoptr(SieveSession) session = g_object_ref(command->session);

	sieve_command_ok(command, NULL, "Goodbye");
	if (!session->leaving)
		sieve_session_close(session);
}

void
sieve_capability(SieveCommand *command)
{
	sieve_session_write_capabilities(command->session);
	sieve_command_ok(command, NULL, NULL);
}

void
sieve_noop(SieveCommand *command)
{
	const SieveToken *tag = sieve_command_get_token(command, 0);
	SieveSession *session = command->session;
	gsize length;
	const char *text;

	if (tag == NULL) {
		sieve_command_ok(command, NULL, "NOOP completed");
		return;
	}
	/* the tag may need a literal inside the code */
	text = g_bytes_get_data(tag->bytes, &length);
	ferry_connection_write_string(session->connection, "OK (TAG ");
	sieve_session_write_string(session, text != NULL ? text : "", (gssize)length);
	ferry_connection_write_string(session->connection, ") \"Done\"\r\n");
	sieve_command_end(command);
}
