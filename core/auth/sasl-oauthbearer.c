/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OAUTHBEARER, and XOAUTH2: a bearer token instead of a password
 *
 * Specification: RFC 7628, RFC 5801 section 4 (the GS2 header), RFC 6750 (bearer tokens); XOAUTH2
 *   is older, published by Google, the same without the header
 * Implementation: the token and the identity to act as are taken out and verified. A token that is
 *   refused is answered with a JSON challenge, then the exchange fails. The keys host and port are
 *   passed over: a proxy does not know by which name clients reached it
 * Not mapped: scope and openid-configuration of the challenge, which only the backend knows;
 *   OAUTH10A, whose signatures cover a request to a host that the backend is not
 */
#include <string.h>

#include "auth/sasl-mechanism-private.h"
#include "auth/sasl.h"
#include "base/error.h"

#define KVSEP '\001'
/* RFC 4616 asks for 255; what is longer is no name of anybody. */
#define MAX_NAME 1024

typedef struct {
	const char *name;
	gboolean header;      /* begins with a GS2 header, which has the name */
	const char *user_key; /* else the key that has it */
	const char *refusal;  /* what the client of a token that is no good is told */
} Dialect;

static const Dialect oauthbearer = {"OAUTHBEARER", TRUE, NULL, "{\"status\":\"invalid_token\"}"};
/* Gmail's status for a token that has expired: at others K-9 gets no new one and tries again */
static const Dialect xoauth2 = {"XOAUTH2", FALSE, "user",
				"{\"status\":\"400\",\"schemes\":\"bearer\"}"};

/* What a response says; all of it but @authzid is borrowed from the response. */
typedef struct {
	char *authzid; /* or NULL */
	const char *auth;
	gsize auth_length;
} Response;

static gboolean
malformed(GError **error)
{
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID,
			    "the SASL response is malformed");
	return FALSE;
}

/* A name; nothing stands for none. */
static gboolean
take_name(Response *self, const char *text, gsize length, GError **error)
{
	if (length > MAX_NAME || self->authzid != NULL)
		return malformed(error);
	if (length == 0)
		return TRUE;
	self->authzid = ferry_sasl_take_text(text, length, error);
	return self->authzid != NULL;
}

/* saslname = 1*(value-safe-char / "=2C" / "=3D") */
static gboolean
take_saslname(Response *self, const char *text, gsize length, GError **error)
{
	g_autoptr(GString) name = g_string_new(NULL);

	if (length == 0 || length > 3 * MAX_NAME)
		return malformed(error);
	for (gsize i = 0; i < length; i++) {
		if (text[i] == ',')
			return malformed(error);
		if (text[i] != '=') {
			g_string_append_c(name, text[i]);
			continue;
		}
		if (length - i >= 3 && memcmp(text + i, "=2C", 3) == 0)
			g_string_append_c(name, ',');
		else if (length - i >= 3 && memcmp(text + i, "=3D", 3) == 0)
			g_string_append_c(name, '=');
		else
			return malformed(error);
		i += 2;
	}
	return take_name(self, name->str, name->len, error);
}

/* gs2-header = ("n" / "y") "," ["a=" saslname] ",": no channel is bound, since no mechanism here
 * has a -PLUS; “y” says that the client could have */
static gboolean
take_header(Response *self, const char *text, gsize length, GError **error)
{
	if (length < 3 || (text[0] != 'n' && text[0] != 'y') || text[1] != ',' ||
	    text[length - 1] != ',')
		return malformed(error);
	if (length == 3)
		return TRUE;
	if (length < 5 || memcmp(text + 2, "a=", 2) != 0)
		return malformed(error);
	return take_saslname(self, text + 4, length - 5, error);
}

static gboolean
is_key(const char *text, gsize length)
{
	for (gsize i = 0; i < length; i++)
		if (!g_ascii_isalpha(text[i]))
			return FALSE;
	return length > 0;
}

/* value = *(VCHAR / SP / HTAB / CR / LF); names in UTF-8 are taken too */
static gboolean
is_value(const char *text, gsize length)
{
	for (gsize i = 0; i < length; i++)
		if (g_ascii_iscntrl(text[i]) && text[i] != '\t' && text[i] != '\r' &&
		    text[i] != '\n')
			return FALSE;
	return TRUE;
}

/* kvpair = key "=" value, without its kvsep; unknown keys mean nothing (RFC 7628 section 3.1) */
static gboolean
take_pair(Response *self, const Dialect *dialect, const char *text, gsize length, GError **error)
{
	const char *equals = memchr(text, '=', length);
	gsize key = equals != NULL ? (gsize)(equals - text) : 0;
	const char *value = text + key + 1;
	gsize rest;

	if (equals == NULL || !is_key(text, key))
		return malformed(error);
	rest = length - key - 1;
	if (!is_value(value, rest))
		return malformed(error);
	if (key == strlen("auth") && memcmp(text, "auth", key) == 0) {
		if (self->auth != NULL)
			return malformed(error);
		self->auth = value;
		self->auth_length = rest;
	} else if (dialect->user_key != NULL && key == strlen(dialect->user_key) &&
		   memcmp(text, dialect->user_key, key) == 0) {
		return take_name(self, value, rest, error);
	}
	return TRUE;
}

/* client-resp = [gs2-header kvsep] *(kvpair kvsep) kvsep */
static gboolean
take_response(Response *self, const Dialect *dialect, const char *text, const char *end,
	      GError **error)
{
	gboolean header = dialect->header;

	for (;;) {
		const char *separator =
			text < end ? memchr(text, KVSEP, (gsize)(end - text)) : NULL;
		gsize length;

		if (separator == NULL)
			return malformed(error);
		length = (gsize)(separator - text);
		if (header) {
			if (!take_header(self, text, length, error))
				return FALSE;
			header = FALSE;
		} else if (length == 0) {
			return separator + 1 == end || malformed(error);
		} else if (!take_pair(self, dialect, text, length, error)) {
			return FALSE;
		}
		text = separator + 1;
	}
}

/* credentials = "Bearer" 1*SP token; the token may be anything that a header line holds as one
 * word: which are good is the backend's business. NULL with AUTHENTICATION where there is none: so
 * clients ask what is wanted (RFC 7628 section 4.3). */
static char *
dup_token(const Response *self, GError **error)
{
	const char *scheme = "bearer";
	gsize at = strlen(scheme);

	if (self->auth_length <= at || g_ascii_strncasecmp(self->auth, scheme, at) != 0 ||
	    self->auth[at] != ' ') {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_AUTHENTICATION,
				    "a bearer token is wanted");
		return NULL;
	}
	while (at < self->auth_length && self->auth[at] == ' ')
		at++;
	for (gsize i = at; i < self->auth_length; i++)
		if (!g_ascii_isgraph(self->auth[i])) {
			malformed(error);
			return NULL;
		}
	if (at == self->auth_length) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_AUTHENTICATION,
				    "a bearer token is wanted");
		return NULL;
	}
	return g_strndup(self->auth + at, self->auth_length - at);
}

/* The name is what the client wants to act as: whose the token is, only the backend can say. */
static FerryCredential *
parse(const Dialect *dialect, GBytes *bytes, GError **error)
{
	gsize length;
	const char *text = g_bytes_get_data(bytes, &length);
	Response response = {NULL, NULL, 0};
	FerryCredential *credential = NULL;
	char *token = NULL;

	/* a response “may be empty”, which asks what is wanted too */
	if (length == 0 || take_response(&response, dialect, text, text + length, error))
		token = dup_token(&response, error);
	if (token != NULL)
		credential = ferry_credential_new_bearer(NULL, response.authzid, token);
	ferry_sasl_wipe_free(token);
	g_free(response.authzid);
	return credential;
}

static void
step(FerrySaslExchange *exchange, GBytes *response, guint number, gpointer user_data)
{
	const Dialect *dialect = user_data;
	g_autoptr(FerryCredential) credential = NULL;
	g_autoptr(GBytes) bytes = NULL;
	GError *error = NULL;

	if (response == NULL) {
		bytes = g_bytes_new_static("", 0);
		ferry_sasl_exchange_challenge(exchange, bytes);
		return;
	}
	bytes = g_bytes_new_static(dialect->refusal, strlen(dialect->refusal));
	ferry_sasl_exchange_set_failure_data(exchange, bytes);
	credential = parse(dialect, response, &error);
	if (credential == NULL)
		ferry_sasl_exchange_fail(exchange, error);
	else
		ferry_sasl_exchange_verify(exchange, credential);
}

/* A token is a secret that anybody may use: it is sent under TLS, or not off this machine. */
static FerrySaslMechanism *
mechanism_new(const Dialect *dialect)
{
	return ferry_sasl_mechanism_new(dialect->name, FERRY_SASL_PLAINTEXT, step,
					(gpointer)dialect, NULL);
}

/**
 * ferry_sasl_mechanism_new_oauthbearer:
 *
 * Defines OAUTHBEARER (RFC 7628). The credentials that it has verified are bearer tokens without an
 * authentication identity.
 *
 * Returns: (transfer full): the mechanism
 */
FerrySaslMechanism *
ferry_sasl_mechanism_new_oauthbearer(void)
{
	return mechanism_new(&oauthbearer);
}

/**
 * ferry_sasl_mechanism_new_xoauth2:
 *
 * Defines XOAUTH2, for clients that have not learnt OAUTHBEARER.
 *
 * Returns: (transfer full): the mechanism
 */
FerrySaslMechanism *
ferry_sasl_mechanism_new_xoauth2(void)
{
	return mechanism_new(&xoauth2);
}
