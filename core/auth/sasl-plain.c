/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PLAIN: user name and password in one message
 *
 * Specification: RFC 4616
 * Implementation: complete but SASLprep: names and passwords are taken as UTF-8 as they come
 */
#include <string.h>

#include "auth/sasl-mechanism-private.h"
#include "auth/sasl.h"
#include "base/error.h"

/* message = [authzid] NUL authcid NUL passwd */
static FerryCredential *
ferry_sasl_plain_parse(GBytes *response, GError **error)
{
	gsize length;
	const char *data = g_bytes_get_data(response, &length);
	const char *end = data + length;
	const char *first = length > 0 ? memchr(data, '\0', length) : NULL;
	const char *second =
		first != NULL ? memchr(first + 1, '\0', (gsize)(end - first - 1)) : NULL;
	g_autofree char *authzid = NULL;
	g_autofree char *authcid = NULL;
	char *password = NULL;
	FerryCredential *credential = NULL;

	/* neither identity nor password may be empty: an empty password is good with some LDAP
	 * servers */
	if (second == NULL || second == first + 1 || second + 1 == end) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID,
				    "the SASL response is malformed");
		return NULL;
	}
	authzid = ferry_sasl_take_text(data, (gsize)(first - data), error);
	if (authzid != NULL)
		authcid = ferry_sasl_take_text(first + 1, (gsize)(second - first - 1), error);
	if (authcid != NULL)
		password = ferry_sasl_take_text(second + 1, (gsize)(end - second - 1), error);
	if (password != NULL)
		credential = ferry_credential_new_password(authcid, authzid, password);
	ferry_sasl_wipe_free(password);
	return credential;
}

static void
ferry_sasl_plain_step(FerrySaslExchange *exchange, GBytes *response, guint step, gpointer user_data)
{
	g_autoptr(FerryCredential) credential = NULL;
	g_autoptr(GBytes) empty = NULL;
	GError *error = NULL;

	if (response == NULL) {
		empty = g_bytes_new_static("", 0);
		ferry_sasl_exchange_challenge(exchange, empty);
		return;
	}
	credential = ferry_sasl_plain_parse(response, &error);
	if (credential == NULL)
		ferry_sasl_exchange_fail(exchange, error);
	else
		ferry_sasl_exchange_verify(exchange, credential);
}

/**
 * ferry_sasl_mechanism_new_plain:
 *
 * Defines PLAIN (RFC 4616).
 *
 * Returns: (transfer full): the mechanism
 */
FerrySaslMechanism *
ferry_sasl_mechanism_new_plain(void)
{
	return ferry_sasl_mechanism_new("PLAIN", FERRY_SASL_PLAINTEXT, ferry_sasl_plain_step, NULL,
					NULL);
}
