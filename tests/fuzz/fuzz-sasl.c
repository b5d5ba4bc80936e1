/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A sign-in with SASL: whatever the client sends, each step ends once, and whoever is let in gave
 * the secret. The first octet says the mechanism, whether the first response comes with the
 * command, and whether the lines behind it are as on the wire or are octets to be encoded. */
#include <string.h>

#include "auth/sasl.h"
#include "base/error.h"
#include "fuzz.h"

#define FUZZ_TYPE_VERIFIER (fuzz_verifier_get_type())
G_DECLARE_FINAL_TYPE(FuzzVerifier, fuzz_verifier, FUZZ, VERIFIER, GObject)

struct _FuzzVerifier {
	GObject parent_instance;
	gboolean bearer;
	gboolean good;
};

static void
check_name(const char *name)
{
	g_assert_true(name == NULL || (*name != '\0' && g_utf8_validate(name, -1, NULL)));
}

static void
fuzz_verifier_verify_async(FerryVerifier *verifier, FerryCredential *credential,
			   FerryOrigin *origin, GCancellable *cancellable,
			   GAsyncReadyCallback callback, gpointer user_data)
{
	FuzzVerifier *self = FUZZ_VERIFIER(verifier);
	g_autoptr(GTask) task = g_task_new(verifier, cancellable, callback, user_data);
	const char *secret = ferry_credential_get_secret(credential);

	check_name(ferry_credential_get_authcid(credential));
	check_name(ferry_credential_get_authzid(credential));
	g_assert_true((ferry_credential_get_authcid(credential) == NULL) == self->bearer);
	g_assert_cmpstr(secret, !=, "");
	for (const char *p = secret; self->bearer && *p != '\0'; p++)
		g_assert_true(g_ascii_isgraph(*p));
	self->good = strcmp(secret, "sesame") == 0;
	if (self->good)
		g_task_return_pointer(task, g_object_new(G_TYPE_OBJECT, NULL), g_object_unref);
	else
		g_task_return_new_error(task, FERRY_ERROR, FERRY_ERROR_AUTHENTICATION, "wrong");
}

static GObject *
fuzz_verifier_verify_finish(FerryVerifier *verifier, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}

static void
fuzz_verifier_iface_init(FerryVerifierInterface *iface)
{
	iface->verify_async = fuzz_verifier_verify_async;
	iface->verify_finish = fuzz_verifier_verify_finish;
}

G_DEFINE_TYPE_WITH_CODE(FuzzVerifier, fuzz_verifier, G_TYPE_OBJECT,
			G_IMPLEMENT_INTERFACE(FERRY_TYPE_VERIFIER, fuzz_verifier_iface_init))

static void
fuzz_verifier_class_init(FuzzVerifierClass *klass)
{
}

static void
fuzz_verifier_init(FuzzVerifier *self)
{
}

static void
step_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GAsyncResult **place = user_data;

	g_assert_null(*place);
	*place = g_object_ref(result);
}

/* FALSE where the exchange has failed. */
static gboolean
run_step(FerrySaslExchange *exchange, gboolean start, const char *response)
{
	g_autoptr(GAsyncResult) result = NULL;
	g_autoptr(GError) error = NULL;
	gboolean ok;

	if (start)
		ferry_sasl_exchange_start_async(exchange, response, NULL, step_cb, &result);
	else
		ferry_sasl_exchange_continue_async(exchange, response, NULL, step_cb, &result);
	while (result == NULL)
		g_main_context_iteration(NULL, TRUE);
	ok = ferry_sasl_exchange_step_finish(exchange, result, &error);
	g_assert_true(ok == (error == NULL));
	if (ok)
		g_assert_true(ferry_sasl_exchange_is_complete(exchange) !=
			      (ferry_sasl_exchange_get_challenge(exchange) != NULL));
	else
		g_assert_null(ferry_sasl_exchange_get_challenge(exchange));
	return ok;
}

/* The next line; NULL at the end. */
static char *
take_line(const char **at, const char *end, gboolean wire)
{
	const char *line = *at;
	const char *stop = line < end ? memchr(line, '\n', (gsize)(end - line)) : NULL;
	gsize length = stop != NULL ? (gsize)(stop - line) : (gsize)(end - line);

	if (line >= end)
		return NULL;
	*at = stop != NULL ? stop + 1 : end;
	return wire ? g_strndup(line, length) : g_base64_encode((const guchar *)line, length);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FerrySaslMechanism *(*const mechanisms[])(void) = {
		ferry_sasl_mechanism_new_plain, ferry_sasl_mechanism_new_login,
		ferry_sasl_mechanism_new_oauthbearer, ferry_sasl_mechanism_new_xoauth2};
	guint which = size > 0 ? data[0] % 4 : 0;
	gboolean initial = size > 0 && (data[0] & 4) != 0;
	gboolean wire = size > 0 && (data[0] & 8) != 0;
	g_autoptr(FerryAddress) address = ferry_address_new_unix();
	g_autoptr(FerryOrigin) origin =
		ferry_origin_new_for_address(address, FALSE, "imap", "main");
	g_autoptr(FerrySaslMechanism) mechanism = mechanisms[which]();
	g_autoptr(FuzzVerifier) verifier = g_object_new(FUZZ_TYPE_VERIFIER, NULL);
	g_autoptr(FerrySaslExchange) exchange =
		ferry_sasl_exchange_new(mechanism, FERRY_VERIFIER(verifier), origin);
	const char *at = (const char *)data + MIN(size, 1);
	const char *end = (const char *)data + size;
	gboolean going = TRUE;
	char *line = initial ? take_line(&at, end, wire) : NULL;

	verifier->bearer = which >= 2;
	going = run_step(exchange, TRUE, line);
	g_free(line);
	while (going && !ferry_sasl_exchange_is_complete(exchange) &&
	       (line = take_line(&at, end, wire)) != NULL) {
		going = run_step(exchange, FALSE, line);
		g_free(line);
	}
	g_assert_true(ferry_sasl_exchange_is_complete(exchange) == (going && verifier->good));
	/* what has ended stays so */
	if (!going || ferry_sasl_exchange_is_complete(exchange))
		g_assert_false(run_step(exchange, FALSE, "AQ=="));
	return 0;
}
