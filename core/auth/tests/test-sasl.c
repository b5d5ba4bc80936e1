/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "auth/sasl.h"
#include "base/error.h"

#define TEST_TYPE_VERIFIER (test_verifier_get_type())
G_DECLARE_FINAL_TYPE(TestVerifier, test_verifier, TEST, VERIFIER, GObject)

struct _TestVerifier {
	GObject parent_instance;
	guint n_asked;
};

/* Lets in who says “sesame”, and tells as whom. */
static void
test_verifier_verify_async(FerryVerifier *verifier, FerryCredential *credential,
			   FerryOrigin *origin, GCancellable *cancellable,
			   GAsyncReadyCallback callback, gpointer user_data)
{
	g_autoptr(GTask) task = g_task_new(verifier, cancellable, callback, user_data);
	GObject *identity;
	char *name;

	TEST_VERIFIER(verifier)->n_asked++;
	g_assert_cmpstr(ferry_origin_get_service(origin), ==, "imap");
	if (strcmp(ferry_credential_get_secret(credential), "outage") == 0) {
		g_task_return_new_error(task, FERRY_ERROR, FERRY_ERROR_UNAVAILABLE, "outage");
		return;
	}
	if (strcmp(ferry_credential_get_secret(credential), "sesame") != 0) {
		g_task_return_new_error(task, FERRY_ERROR, FERRY_ERROR_AUTHENTICATION,
					"wrong password");
		return;
	}
	identity = g_object_new(G_TYPE_OBJECT, NULL);
	name = g_strdup_printf("%s/%s", ferry_credential_get_authcid(credential),
			       ferry_credential_get_authzid(credential));
	g_object_set_data_full(identity, "name", name, g_free);
	g_task_return_pointer(task, identity, g_object_unref);
}

static GObject *
test_verifier_verify_finish(FerryVerifier *verifier, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}

static void
test_verifier_iface_init(FerryVerifierInterface *iface)
{
	iface->verify_async = test_verifier_verify_async;
	iface->verify_finish = test_verifier_verify_finish;
}

G_DEFINE_TYPE_WITH_CODE(TestVerifier, test_verifier, G_TYPE_OBJECT,
			G_IMPLEMENT_INTERFACE(FERRY_TYPE_VERIFIER, test_verifier_iface_init))

static void
test_verifier_class_init(TestVerifierClass *klass)
{
}

static void
test_verifier_init(TestVerifier *self)
{
}

static void
on_step(GObject *source, GAsyncResult *result, gpointer user_data)
{
	*(GAsyncResult **)user_data = g_object_ref(result);
}

/* One step, and how it ended. */
static gboolean
run_step(FerrySaslExchange *exchange, gboolean start, const char *response, GError **error)
{
	g_autoptr(GAsyncResult) result = NULL;

	if (start)
		ferry_sasl_exchange_start_async(exchange, response, NULL, on_step, &result);
	else
		ferry_sasl_exchange_continue_async(exchange, response, NULL, on_step, &result);
	while (result == NULL)
		g_main_context_iteration(NULL, TRUE);
	return ferry_sasl_exchange_step_finish(exchange, result, error);
}

static FerrySaslExchange *
make_exchange(FerrySaslMechanism *mechanism, TestVerifier **verifier)
{
	g_autoptr(FerryAddress) address = ferry_address_new_unix();
	g_autoptr(FerryOrigin) origin =
		ferry_origin_new_for_address(address, FALSE, "imap", "main");

	*verifier = g_object_new(TEST_TYPE_VERIFIER, NULL);
	return ferry_sasl_exchange_new(mechanism, FERRY_VERIFIER(*verifier), origin);
}

/* The octets of a PLAIN message with “|” for NUL. */
static char *
plain(const char *message)
{
	g_autofree char *octets = g_strdup(message);
	gsize length = strlen(octets);

	for (gsize i = 0; i < length; i++)
		octets[i] = message[i] == '|' ? '\0' : message[i];
	return g_base64_encode((guint8 *)octets, length);
}

static void
test_plain(void)
{
	static const struct {
		const char *message;
		const char *identity; /* or NULL: */
		FerryError code;
	} cases[] = {
		{"|tim|sesame", "tim/(null)", 0},
		{"Ursel|Kurt|sesame", "Kurt/Ursel", 0},
		{"|j\xc3\xb6rg|sesame", "j\xc3\xb6rg/(null)", 0},
		{"|tim|wrong", NULL, FERRY_ERROR_AUTHENTICATION},
		{"", NULL, FERRY_ERROR_INVALID},
		{"|", NULL, FERRY_ERROR_INVALID},
		{"||", NULL, FERRY_ERROR_INVALID},
		{"tim|sesame", NULL, FERRY_ERROR_INVALID},
		{"||sesame", NULL, FERRY_ERROR_INVALID},
		{"|tim|", NULL, FERRY_ERROR_INVALID},
		{"|tim|sesame|", NULL, FERRY_ERROR_INVALID},
		{"|tim|ses|ame", NULL, FERRY_ERROR_INVALID},
		{"|t\xff|sesame", NULL, FERRY_ERROR_INVALID},
		{"|tim|\xc0\xaf", NULL, FERRY_ERROR_INVALID},
		{"\xed\xa0\x80|tim|sesame", NULL, FERRY_ERROR_INVALID},
	};
	g_autoptr(FerrySaslMechanism) mechanism = ferry_sasl_mechanism_new_plain();

	g_assert_cmpstr(ferry_sasl_mechanism_get_name(mechanism), ==, "PLAIN");
	g_assert_true(ferry_sasl_mechanism_get_flags(mechanism) & FERRY_SASL_PLAINTEXT);
	for (guint i = 0; i < 2 * G_N_ELEMENTS(cases); i++) {
		gboolean initial = i % 2 == 0;
		g_autoptr(TestVerifier) verifier = NULL;
		g_autoptr(FerrySaslExchange) exchange = make_exchange(mechanism, &verifier);
		g_autofree char *response = plain(cases[i / 2].message);
		g_autoptr(GError) error = NULL;
		gboolean ok;

		g_test_message("case %u", i / 2);
		if (!initial) {
			g_assert_true(run_step(exchange, TRUE, NULL, NULL));
			g_assert_cmpstr(ferry_sasl_exchange_get_challenge(exchange), ==, "");
		}
		ok = run_step(exchange, initial, response, &error);
		g_assert_cmpint(ok, ==, cases[i / 2].identity != NULL);
		g_assert_cmpint(ferry_sasl_exchange_is_complete(exchange), ==, ok);
		g_assert_null(ferry_sasl_exchange_get_challenge(exchange));
		if (ok)
			g_assert_cmpstr(g_object_get_data(
						ferry_sasl_exchange_get_identity(exchange), "name"),
					==, cases[i / 2].identity);
		else
			g_assert_error(error, FERRY_ERROR, (int)cases[i / 2].code);
		/* nobody is asked about what is malformed */
		g_assert_cmpuint(verifier->n_asked, ==,
				 ok || cases[i / 2].code == FERRY_ERROR_AUTHENTICATION);
		/* and it cannot go on */
		g_clear_error(&error);
		g_assert_false(run_step(exchange, FALSE, response, &error));
		g_assert_error(error, FERRY_ERROR, FERRY_ERROR_INVALID);
	}
}

static void
test_wire(void)
{
	static const struct {
		const char *response;
		FerryError code;
	} cases[] = {
		{"*", FERRY_ERROR_INVALID},
		{"=", FERRY_ERROR_INVALID},
		{"AHRpbQBzZXNhbWU", FERRY_ERROR_INVALID},   /* no padding */
		{"AHRp bQBzZXNhbWU=", FERRY_ERROR_INVALID}, /* a space */
		{"AHRpbQBz=XNhbWU=", FERRY_ERROR_INVALID},
		{"A===", FERRY_ERROR_INVALID},
		{"AHRpbQBzZXNhbWU=\r", FERRY_ERROR_INVALID},
		{"AHRpbQBzZXNhbWU\xc3\xb6", FERRY_ERROR_INVALID},
	};
	g_autoptr(FerrySaslMechanism) mechanism = ferry_sasl_mechanism_new_plain();
	g_autofree char *huge = g_strnfill(32768, 'A');

	for (guint i = 0; i <= G_N_ELEMENTS(cases); i++) {
		const char *response = i < G_N_ELEMENTS(cases) ? cases[i].response : huge;
		FerryError code = i < G_N_ELEMENTS(cases) ? cases[i].code : FERRY_ERROR_TOO_BIG;
		g_autoptr(TestVerifier) verifier = NULL;
		g_autoptr(FerrySaslExchange) exchange = make_exchange(mechanism, &verifier);
		g_autoptr(GError) error = NULL;

		g_test_message("case %u", i);
		g_assert_false(run_step(exchange, TRUE, response, &error));
		g_assert_error(error, FERRY_ERROR, (int)code);
		g_assert_cmpuint(verifier->n_asked, ==, 0);
	}
}

static void
test_login(void)
{
	g_autoptr(FerrySaslMechanism) mechanism = ferry_sasl_mechanism_new_login();

	for (guint i = 0; i < 2; i++) {
		g_autoptr(TestVerifier) verifier = NULL;
		g_autoptr(FerrySaslExchange) exchange = make_exchange(mechanism, &verifier);

		if (i == 0) {
			g_assert_true(run_step(exchange, TRUE, NULL, NULL));
			g_assert_cmpstr(ferry_sasl_exchange_get_challenge(exchange), ==,
					"VXNlcm5hbWU6");
		}
		g_assert_true(run_step(exchange, i == 1, "dGlt", NULL));
		g_assert_cmpstr(ferry_sasl_exchange_get_challenge(exchange), ==, "UGFzc3dvcmQ6");
		g_assert_true(run_step(exchange, FALSE, "c2VzYW1l", NULL));
		g_assert_true(ferry_sasl_exchange_is_complete(exchange));
		g_assert_cmpstr(ferry_sasl_exchange_get_user(exchange), ==, "tim");
	}
}

/* The octets of a response with “|” for ^A and “$” for NUL. */
static char *
bearer(const char *message)
{
	g_autofree char *octets = g_strdup(message);
	gsize length = strlen(octets);

	for (gsize i = 0; i < length; i++)
		octets[i] = message[i] == '|' ? '\1' : message[i] == '$' ? '\0' : message[i];
	return g_base64_encode((guint8 *)octets, length);
}

typedef struct {
	const char *message;
	const char *identity; /* or NULL: */
	FerryError code;
} BearerCase;

static const BearerCase oauthbearer_cases[] = {
	{"n,a=tim@example.com,|host=server.example.com|port=143|auth=Bearer sesame||",
	 "(null)/tim@example.com", 0},
	{"n,,|auth=Bearer sesame||", "(null)/(null)", 0},
	{"y,,|auth=bEARER sesame||", "(null)/(null)", 0},
	{"n,a=t=2Ci=3Dm,|auth=Bearer   sesame||", "(null)/t,i=m", 0},
	{"n,a=j\xc3\xb6rg,|auth=Bearer sesame||", "(null)/j\xc3\xb6rg", 0},
	{"n,a=tim,|auth=Bearer sesame|mthd=POST|x=\t \r\n|qs=|user=eve||", "(null)/tim", 0},
	/* what the verifier says */
	{"n,,|auth=Bearer wrong||", NULL, FERRY_ERROR_AUTHENTICATION},
	{"n,,|auth=Bearer SESAME||", NULL, FERRY_ERROR_AUTHENTICATION},
	{"n,,|auth=Bearer ses!<>\"'\\ame==||", NULL, FERRY_ERROR_AUTHENTICATION},
	/* no token: nobody is asked, and the client hears what is wanted */
	{"", NULL, FERRY_ERROR_AUTHENTICATION},
	{"n,,||", NULL, FERRY_ERROR_AUTHENTICATION},
	{"n,,|auth=||", NULL, FERRY_ERROR_AUTHENTICATION},
	{"n,,|auth=Bearer||", NULL, FERRY_ERROR_AUTHENTICATION},
	{"n,,|auth=Bearer  ||", NULL, FERRY_ERROR_AUTHENTICATION},
	{"n,,|auth=Bearersesame||", NULL, FERRY_ERROR_AUTHENTICATION},
	{"n,,|auth=Basic dGltOnNlc2FtZQ==||", NULL, FERRY_ERROR_AUTHENTICATION},
	{"n,,|auth=OAuth realm=\"Example\"||", NULL, FERRY_ERROR_AUTHENTICATION},
	{"n,,|host=example.com||", NULL, FERRY_ERROR_AUTHENTICATION},
	/* the frame */
	{"|", NULL, FERRY_ERROR_INVALID},
	{"||", NULL, FERRY_ERROR_INVALID},
	{"n,,", NULL, FERRY_ERROR_INVALID},
	{"n,,|", NULL, FERRY_ERROR_INVALID},
	{"n,,|auth=Bearer sesame", NULL, FERRY_ERROR_INVALID},
	{"n,,|auth=Bearer sesame|", NULL, FERRY_ERROR_INVALID},
	{"n,,|auth=Bearer sesame||\n", NULL, FERRY_ERROR_INVALID},
	{"n,,|auth=Bearer sesame|||", NULL, FERRY_ERROR_INVALID},
	{"n,,||auth=Bearer sesame||", NULL, FERRY_ERROR_INVALID},
	{"n,,|auth=Bearer sesame||auth=Bearer sesame||", NULL, FERRY_ERROR_INVALID},
	{"auth=Bearer sesame||", NULL, FERRY_ERROR_INVALID},
	{"user=tim|auth=Bearer sesame||", NULL, FERRY_ERROR_INVALID},
	/* the header */
	{"n,|auth=Bearer sesame||", NULL, FERRY_ERROR_INVALID},
	{"n|auth=Bearer sesame||", NULL, FERRY_ERROR_INVALID},
	{"N,,|auth=Bearer sesame||", NULL, FERRY_ERROR_INVALID},
	{",,|auth=Bearer sesame||", NULL, FERRY_ERROR_INVALID},
	{"n,a=,|auth=Bearer sesame||", NULL, FERRY_ERROR_INVALID},
	{"n,a,|auth=Bearer sesame||", NULL, FERRY_ERROR_INVALID},
	{"n,a=tim|auth=Bearer sesame||", NULL, FERRY_ERROR_INVALID},
	{"n,tim,|auth=Bearer sesame||", NULL, FERRY_ERROR_INVALID},
	{"n,user=tim,|auth=Bearer sesame||", NULL, FERRY_ERROR_INVALID},
	{"n,,,|auth=Bearer sesame||", NULL, FERRY_ERROR_INVALID},
	{"n,a=t,m,|auth=Bearer sesame||", NULL, FERRY_ERROR_INVALID},
	{"n,a=t=m,|auth=Bearer sesame||", NULL, FERRY_ERROR_INVALID},
	{"n,a=t=2cm,|auth=Bearer sesame||", NULL, FERRY_ERROR_INVALID},
	{"n,a=t=2,|auth=Bearer sesame||", NULL, FERRY_ERROR_INVALID},
	{"n,a=t=,|auth=Bearer sesame||", NULL, FERRY_ERROR_INVALID},
	{"n,a=t$m,|auth=Bearer sesame||", NULL, FERRY_ERROR_INVALID},
	{"n,a=\xff,|auth=Bearer sesame||", NULL, FERRY_ERROR_INVALID},
	{"n,a=\xed\xa0\x80,|auth=Bearer sesame||", NULL, FERRY_ERROR_INVALID},
	{"p=tls-unique,,|auth=Bearer sesame||", NULL, FERRY_ERROR_INVALID},
	{"F,n,,|auth=Bearer sesame||", NULL, FERRY_ERROR_INVALID},
	/* the pairs */
	{"n,,|auth=Bearer sesame|auth=Bearer sesame||", NULL, FERRY_ERROR_INVALID},
	{"n,,|auth|auth=Bearer sesame||", NULL, FERRY_ERROR_INVALID},
	{"n,,|=x|auth=Bearer sesame||", NULL, FERRY_ERROR_INVALID},
	{"n,,|h0st=x|auth=Bearer sesame||", NULL, FERRY_ERROR_INVALID},
	{"n,,|host=x$y|auth=Bearer sesame||", NULL, FERRY_ERROR_INVALID},
	{"n,,|host=x\x7fy|auth=Bearer sesame||", NULL, FERRY_ERROR_INVALID},
	{"n,,|auth=Bearer ses$ame||", NULL, FERRY_ERROR_INVALID},
	{"n,,|auth=Bearer ses ame||", NULL, FERRY_ERROR_INVALID},
	{"n,,|auth=Bearer ses\r\nX-Header:ame||", NULL, FERRY_ERROR_INVALID},
	{"n,,|auth=Bearer sesam\xc3\xa9||", NULL, FERRY_ERROR_INVALID},
};

static const BearerCase xoauth2_cases[] = {
	{"user=tim@example.com|auth=Bearer sesame||", "(null)/tim@example.com", 0},
	{"user=t,i=m|auth=Bearer sesame||", "(null)/t,i=m", 0},
	{"auth=Bearer sesame|user=j\xc3\xb6rg||", "(null)/j\xc3\xb6rg", 0},
	{"auth=Bearer sesame||", "(null)/(null)", 0},
	{"user=|auth=Bearer sesame||", "(null)/(null)", 0},
	{"user=tim|auth=Bearer wrong||", NULL, FERRY_ERROR_AUTHENTICATION},
	{"user=tim||", NULL, FERRY_ERROR_AUTHENTICATION},
	{"|", NULL, FERRY_ERROR_AUTHENTICATION},
	{"user=tim|auth=Bearer sesame|", NULL, FERRY_ERROR_INVALID},
	{"user=tim|user=eve|auth=Bearer sesame||", NULL, FERRY_ERROR_INVALID},
	{"user=\xff|auth=Bearer sesame||", NULL, FERRY_ERROR_INVALID},
	{"user=t$m|auth=Bearer sesame||", NULL, FERRY_ERROR_INVALID},
	{"n,a=tim,|auth=Bearer sesame||", NULL, FERRY_ERROR_INVALID},
};

/* A refusal is told in a challenge; nothing that the client says to it makes it good again. */
static void
check_refused(FerrySaslExchange *exchange, gboolean ok, const char *refusal, const char *answer,
	      GError **error)
{
	g_autofree char *expected = g_base64_encode((const guint8 *)refusal, strlen(refusal));

	g_assert_true(ok);
	g_assert_cmpstr(ferry_sasl_exchange_get_challenge(exchange), ==, expected);
	g_assert_false(ferry_sasl_exchange_is_complete(exchange));
	g_assert_null(ferry_sasl_exchange_get_identity(exchange));
	g_assert_false(run_step(exchange, FALSE, answer, error));
	g_assert_null(ferry_sasl_exchange_get_challenge(exchange));
}

static void
check_bearer_case(FerrySaslMechanism *mechanism, const BearerCase *one, const char *refusal,
		  guint turn)
{
	/* ^A, a line without anything, giving up, another try, rubbish */
	static const char *const answers[] = {"AQ==", "", "*", NULL, "?"};
	g_autoptr(TestVerifier) verifier = NULL;
	g_autoptr(FerrySaslExchange) exchange = make_exchange(mechanism, &verifier);
	g_autofree char *response = bearer(one->message);
	gboolean initial = turn % 2 == 0;
	const char *answer = answers[turn / 2 % G_N_ELEMENTS(answers)];
	g_autoptr(GError) error = NULL;
	gboolean ok;

	if (!initial) {
		g_assert_true(run_step(exchange, TRUE, NULL, NULL));
		g_assert_cmpstr(ferry_sasl_exchange_get_challenge(exchange), ==, "");
	}
	ok = run_step(exchange, initial, initial && *response == '\0' ? "=" : response, &error);
	g_assert_cmpstr(ferry_sasl_exchange_get_user(exchange), ==, NULL);
	if (one->identity != NULL) {
		g_assert_true(ferry_sasl_exchange_is_complete(exchange));
		g_assert_cmpstr(
			g_object_get_data(ferry_sasl_exchange_get_identity(exchange), "name"), ==,
			one->identity);
		g_assert_cmpint(
			ferry_credential_get_kind(ferry_sasl_exchange_get_credential(exchange)), ==,
			FERRY_CREDENTIAL_BEARER);
		return;
	}
	if (one->code == FERRY_ERROR_AUTHENTICATION)
		check_refused(exchange, ok, refusal, answer != NULL ? answer : "bixh", &error);
	else
		g_assert_false(ok);
	g_assert_error(error, FERRY_ERROR, (int)one->code);
	g_assert_cmpuint(verifier->n_asked, ==,
			 ferry_sasl_exchange_get_credential(exchange) != NULL);
	g_clear_error(&error);
	g_assert_false(run_step(exchange, FALSE, "AQ==", &error));
	g_assert_error(error, FERRY_ERROR, FERRY_ERROR_INVALID);
}

static void
check_bearer(FerrySaslMechanism *mechanism, const char *name, const BearerCase *cases, guint n,
	     const char *refusal)
{
	g_assert_cmpstr(ferry_sasl_mechanism_get_name(mechanism), ==, name);
	g_assert_true(ferry_sasl_mechanism_get_flags(mechanism) & FERRY_SASL_PLAINTEXT);
	for (guint i = 0; i < 10 * n; i++) {
		g_test_message("%s case %u, turn %u", name, i / 10, i % 10);
		check_bearer_case(mechanism, &cases[i / 10], refusal, i % 10);
	}
}

static void
test_bearer(void)
{
	g_autoptr(FerrySaslMechanism) oauthbearer = ferry_sasl_mechanism_new_oauthbearer();
	g_autoptr(FerrySaslMechanism) xoauth2 = ferry_sasl_mechanism_new_xoauth2();

	check_bearer(oauthbearer, "OAUTHBEARER", oauthbearer_cases, G_N_ELEMENTS(oauthbearer_cases),
		     "{\"status\":\"invalid_token\"}");
	check_bearer(xoauth2, "XOAUTH2", xoauth2_cases, G_N_ELEMENTS(xoauth2_cases),
		     "{\"status\":\"400\",\"schemes\":\"bearer\"}");
}

static void
test_bearer_limits(void)
{
	static const struct {
		const char *format;
		guint fill;
		FerryError code;
	} cases[] = {
		/* the verifier does not know it, but it is asked */
		{"n,,|auth=Bearer %s||", 12000, FERRY_ERROR_AUTHENTICATION},
		{"n,,|auth=Bearer %s||", 17000, FERRY_ERROR_TOO_BIG},
		{"n,a=%s,|auth=Bearer no||", 1024, FERRY_ERROR_AUTHENTICATION},
		{"n,a=%s,|auth=Bearer no||", 1025, FERRY_ERROR_INVALID},
		{"n,,|%s=x|auth=Bearer no||", 12000, FERRY_ERROR_AUTHENTICATION},
		{"n,,|host=%s|auth=Bearer no||", 12000, FERRY_ERROR_AUTHENTICATION},
		{"n,%s,|auth=Bearer no||", 12000, FERRY_ERROR_INVALID},
		{"%s", 12000, FERRY_ERROR_INVALID},
	};
	g_autoptr(FerrySaslMechanism) mechanism = ferry_sasl_mechanism_new_oauthbearer();

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(TestVerifier) verifier = NULL;
		g_autoptr(FerrySaslExchange) exchange = make_exchange(mechanism, &verifier);
		g_autofree char *fill = g_strnfill(cases[i].fill, 'A');
		g_auto(GStrv) parts = g_strsplit(cases[i].format, "%s", 2);
		g_autofree char *message = g_strconcat(parts[0], fill, parts[1], NULL);
		g_autofree char *response = bearer(message);
		g_autoptr(GError) error = NULL;

		g_test_message("case %u", i);
		if (run_step(exchange, TRUE, response, &error))
			g_assert_false(run_step(exchange, FALSE, "AQ==", &error));
		g_assert_error(error, FERRY_ERROR, (int)cases[i].code);
		g_assert_cmpuint(verifier->n_asked, ==,
				 cases[i].code == FERRY_ERROR_AUTHENTICATION);
	}
}

/* What failed because nobody could be asked is no word against the token. */
static void
test_failure_data(void)
{
	g_autoptr(FerrySaslMechanism) mechanism = ferry_sasl_mechanism_new_oauthbearer();
	g_autoptr(TestVerifier) verifier = NULL;
	g_autoptr(FerrySaslExchange) exchange = make_exchange(mechanism, &verifier);
	g_autofree char *response = bearer("n,,|auth=Bearer outage||");
	g_autoptr(GError) error = NULL;

	g_assert_false(run_step(exchange, TRUE, response, &error));
	g_assert_error(error, FERRY_ERROR, FERRY_ERROR_UNAVAILABLE);
	g_assert_null(ferry_sasl_exchange_get_challenge(exchange));
}

/* A mechanism of a module: says something at the end, as SCRAM does. */
static void
last_word_step(FerrySaslExchange *exchange, GBytes *response, guint step, gpointer user_data)
{
	g_autoptr(GObject) identity = g_object_new(G_TYPE_OBJECT, NULL);
	g_autoptr(GBytes) word = g_bytes_new_static("v=1", 3);

	g_assert_cmpuint(step, ==, 0);
	ferry_sasl_exchange_succeed(exchange, identity, word);
}

static void
test_success_data(void)
{
	g_autoptr(FerrySaslMechanism) mechanism =
		ferry_sasl_mechanism_new("LAST-WORD", FERRY_SASL_NONE, last_word_step, NULL, NULL);

	for (guint i = 0; i < 3; i++) {
		g_autoptr(TestVerifier) verifier = NULL;
		g_autoptr(FerrySaslExchange) exchange = make_exchange(mechanism, &verifier);

		ferry_sasl_exchange_set_success_data(exchange, i == 0);
		g_assert_true(run_step(exchange, TRUE, "=", NULL));
		if (i == 0) {
			g_assert_cmpstr(ferry_sasl_exchange_get_success_data(exchange), ==, "dj0x");
		} else {
			g_assert_false(ferry_sasl_exchange_is_complete(exchange));
			g_assert_null(ferry_sasl_exchange_get_identity(exchange));
			g_assert_cmpstr(ferry_sasl_exchange_get_challenge(exchange), ==, "dj0x");
			/* even then a client may change its mind */
			g_assert_cmpint(run_step(exchange, FALSE, i == 1 ? "" : "*", NULL), ==,
					i == 1);
		}
		g_assert_cmpint(ferry_sasl_exchange_is_complete(exchange), ==, i < 2);
	}
}

static void
test_credential(void)
{
	g_autoptr(FerryCredential) a = ferry_credential_new_password("tim", "", "sesame");
	g_autoptr(FerryCredential) b = ferry_credential_new_password("tim", NULL, "sesame");
	g_autoptr(FerryCredential) c = ferry_credential_new_bearer("tim", NULL, "sesame");
	g_autoptr(FerryCredential) d = ferry_credential_new_password("tim", NULL, "sesamE");

	g_assert_null(ferry_credential_get_authzid(a));
	g_assert_true(ferry_credential_equal(a, b));
	g_assert_false(ferry_credential_equal(a, c));
	g_assert_false(ferry_credential_equal(a, d));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/auth/sasl/plain", test_plain);
	g_test_add_func("/auth/sasl/wire", test_wire);
	g_test_add_func("/auth/sasl/login", test_login);
	g_test_add_func("/auth/sasl/success-data", test_success_data);
	g_test_add_func("/auth/sasl/bearer", test_bearer);
	g_test_add_func("/auth/sasl/bearer-limits", test_bearer_limits);
	g_test_add_func("/auth/sasl/failure-data", test_failure_data);
	g_test_add_func("/auth/credential", test_credential);
	return g_test_run();
}
