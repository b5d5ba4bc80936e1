/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* AUTHENTICATE
 *
 * Specification: RFC 9051 §6.2.2 (with SASL-IR), RFC 4422
 * Implementation: drives an exchange of any registered mechanism
 */
#include "auth/sasl.h"
#include "imap/commands/commands-private.h"

static void step_cb(GObject *source, GAsyncResult *result, gpointer user_data);

static void
line_cb(FerryImapCommand *command, const char *line, gpointer user_data)
{
	FerrySaslExchange *exchange = user_data;

	/* also “*”: how a sign-in ends that is cancelled, the exchange knows */
	ferry_sasl_exchange_continue_async(
		exchange, line, ferry_imap_command_get_cancellable(command), step_cb, command);
}

static void
step_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerrySaslExchange *exchange = FERRY_SASL_EXCHANGE(source);
	FerryImapCommand *command = user_data;
	g_autoptr(GError) error = NULL;

	if (!ferry_sasl_exchange_step_finish(exchange, result, &error))
		ferry_imap_command_fail(command, error);
	else if (ferry_sasl_exchange_is_complete(exchange))
		ferry_imap_signed_in(command, ferry_sasl_exchange_get_identity(exchange));
	else if (g_cancellable_is_cancelled(ferry_imap_command_get_cancellable(command)))
		ferry_imap_command_fail_new(command, FERRY_ERROR_UNAVAILABLE, "Connection closed");
	else
		ferry_imap_command_read_line(command, ferry_sasl_exchange_get_challenge(exchange),
					     line_cb, exchange);
}

void
ferry_imap_authenticate(FerryImapCommand *command, gpointer user_data)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);
	FerryService *service = ferry_imap_session_get_service(session);
	const FerryContribution *contribution = ferry_registry_lookup(
		ferry_imap_session_get_registry(session), FERRY_CONTRIBUTION_SASL_MECHANISM,
		ferry_imap_command_get_string(command, 0));
	FerrySaslMechanism *mechanism = contribution != NULL ? contribution->user_data : NULL;
	g_autoptr(FerryOrigin) origin = NULL;
	FerrySaslExchange *exchange;

	if (mechanism == NULL) {
		ferry_imap_command_fail_new(command, FERRY_ERROR_CANNOT, "Unknown mechanism");
		return;
	}
	if ((ferry_sasl_mechanism_get_flags(mechanism) & FERRY_SASL_PLAINTEXT) &&
	    !ferry_imap_session_allows_plaintext(session)) {
		ferry_imap_command_fail_new(command, FERRY_ERROR_PRIVACY_REQUIRED,
					    "Passwords are taken under TLS only");
		return;
	}
	origin = ferry_service_make_origin(service, ferry_imap_session_get_connection(session));
	exchange = ferry_sasl_exchange_new(mechanism, ferry_service_get_verifier(service), origin);
	ferry_imap_command_set_data(command, exchange, g_object_unref);
	ferry_sasl_exchange_start_async(exchange, ferry_imap_command_get_string(command, 1),
					ferry_imap_command_get_cancellable(command), step_cb,
					command);
}
