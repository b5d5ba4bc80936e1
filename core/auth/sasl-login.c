/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* LOGIN: user name and password, asked one after the other
 *
 * Specification: none was published; draft-murchison-sasl-login describes what clients do
 * Implementation: complete; a user name as initial response, which some clients send, is taken
 */
#include <string.h>

#include "auth/sasl-mechanism-private.h"
#include "auth/sasl.h"
#include "base/error.h"

static char *
ferry_sasl_login_take(GBytes *response, GError **error)
{
	gsize length;
	const char *data = g_bytes_get_data(response, &length);

	if (length > 0)
		return ferry_sasl_take_text(data, length, error);
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID, "the SASL response is empty");
	return NULL;
}

static void
ferry_sasl_login_ask(FerrySaslExchange *exchange, const char *what)
{
	g_autoptr(GBytes) challenge = g_bytes_new_static(what, strlen(what));

	ferry_sasl_exchange_challenge(exchange, challenge);
}

static void
ferry_sasl_login_step(FerrySaslExchange *exchange, GBytes *response, guint step, gpointer user_data)
{
	const char *user = ferry_sasl_exchange_get_state(exchange);
	g_autoptr(FerryCredential) credential = NULL;
	char *text = NULL;
	GError *error = NULL;

	if (response == NULL) {
		ferry_sasl_login_ask(exchange, "Username:");
		return;
	}
	text = ferry_sasl_login_take(response, &error);
	if (text == NULL) {
		ferry_sasl_exchange_fail(exchange, error);
	} else if (user == NULL) {
		ferry_sasl_exchange_set_state(exchange, text, g_free);
		ferry_sasl_login_ask(exchange, "Password:");
	} else {
		credential = ferry_credential_new_password(user, NULL, text);
		explicit_bzero(text, strlen(text));
		g_free(text);
		ferry_sasl_exchange_verify(exchange, credential);
	}
}

/**
 * ferry_sasl_mechanism_new_login:
 *
 * Defines LOGIN, for clients that know nothing better.
 *
 * Returns: (transfer full): the mechanism
 */
FerrySaslMechanism *
ferry_sasl_mechanism_new_login(void)
{
	return ferry_sasl_mechanism_new("LOGIN", FERRY_SASL_PLAINTEXT, ferry_sasl_login_step, NULL,
					NULL);
}
