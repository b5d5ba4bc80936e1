/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whom failures, successes and connections are counted for. */
#include "account/router-private.h"
#include "auth/verifier.h"
#include "engine-fixture.h"

static const char *const options[] = {"--token=alice:tok", NULL};

typedef struct {
	FerryThrottle *throttle;
	FerryRouter *router;
} Fixture;

static Fixture
make_fixture(Engine *engine, guint failures, guint connections)
{
	g_autoptr(FerryAccountSettings) settings =
		ferry_account_settings_new((const char *const[]){engine->url, NULL});
	Fixture fixture;

	fixture.throttle = ferry_throttle_new(failures, connections, TRUE);
	fixture.router = ferry_router_new(engine->manager, fixture.throttle);
	ferry_account_manager_set_backend(engine->manager, "other", settings);
	ferry_router_add_backend(fixture.router, "main", NULL);
	ferry_router_add_backend(fixture.router, "other", NULL);
	return fixture;
}

static void
clear_fixture(Fixture *fixture)
{
	g_object_unref(fixture->router);
	g_object_unref(fixture->throttle);
}

static void
result_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	*(GAsyncResult **)user_data = g_object_ref(result);
}

static GObject *
sign_in(Fixture *fixture, const char *address, const char *backend, FerryCredential *credential,
	GError **error)
{
	g_autoptr(FerryAddress) from = ferry_address_new_from_string(address, 0, NULL);
	g_autoptr(FerryOrigin) origin = ferry_origin_new_for_address(from, TRUE, "imap", backend);
	g_autoptr(GAsyncResult) result = NULL;

	ferry_verifier_verify_async(FERRY_VERIFIER(fixture->router), credential, origin, NULL,
				    result_cb, &result);
	while (result == NULL)
		g_main_context_iteration(NULL, TRUE);
	return ferry_verifier_verify_finish(FERRY_VERIFIER(fixture->router), result, error);
}

static void
fail(Fixture *fixture, const char *address, const char *backend, FerryCredential *credential)
{
	g_autoptr(GError) error = NULL;

	g_assert_null(sign_in(fixture, address, backend, credential, &error));
	g_assert_error(error, FERRY_ERROR, FERRY_ERROR_AUTHENTICATION);
}

static guint
get_delay(Fixture *fixture, const char *address, const char *backend, FerryCredential *credential)
{
	g_autoptr(FerryAddress) from = ferry_address_new_from_string(address, 0, NULL);
	g_autofree char *counted = ferry_router_make_counted(credential, backend);

	return ferry_throttle_get_delay(fixture->throttle, from, counted);
}

/* Three failures are one too many: the fourth would wait. */
static void
fail_thrice(Fixture *fixture, const char *address, const char *backend, FerryCredential *credential)
{
	for (guint i = 0; i < 3; i++)
		fail(fixture, address, backend, credential);
}

static void
test_failures(void)
{
	g_autoptr(Engine) engine = engine_new(options);
	g_autoptr(FerryCredential) alice = ferry_credential_new_password("alice", NULL, "no");
	g_autoptr(FerryCredential) token = ferry_credential_new_bearer(NULL, NULL, "tok");
	g_autoptr(FerryCredential) wrong = ferry_credential_new_bearer(NULL, "alice", "no");
	g_autoptr(FerryCredential) anothers = ferry_credential_new_bearer(NULL, "bob", "tok");
	g_autoptr(FerryCredential) bob = ferry_credential_new_password("bob", NULL, "no");
	Fixture fixture;

	if (engine == NULL)
		return;
	fixture = make_fixture(engine, 2, 0);
	/* tokens that are no good, with alice's name: the address and the token wait, not alice */
	fail_thrice(&fixture, "192.0.2.1", "main", wrong);
	g_assert_cmpuint(get_delay(&fixture, "192.0.2.1", "main", bob), >, 0);
	g_assert_cmpuint(get_delay(&fixture, "192.0.2.9", "main", wrong), >, 0);
	g_assert_cmpuint(get_delay(&fixture, "192.0.2.9", "main", alice), ==, 0);
	/* one of another user, with bob's */
	fail_thrice(&fixture, "192.0.2.2", "main", anothers);
	g_assert_cmpuint(get_delay(&fixture, "192.0.2.2", "main", alice), >, 0);
	g_assert_cmpuint(get_delay(&fixture, "192.0.2.9", "main", bob), ==, 0);
	/* passwords are counted for the name, on this backend */
	fail_thrice(&fixture, "192.0.2.3", "main", alice);
	g_assert_cmpuint(get_delay(&fixture, "192.0.2.9", "main", alice), >, 0);
	g_assert_cmpuint(get_delay(&fixture, "192.0.2.9", "other", alice), ==, 0);
	clear_fixture(&fixture);
}

/* Who has signed in from somewhere is let through there: that user on that backend, or that token.
 */
static void
test_vouching(void)
{
	g_autoptr(Engine) engine = engine_new(options);
	g_autoptr(FerryCredential) guess = ferry_credential_new_password("alice", NULL, "no");
	g_autoptr(FerryCredential) password =
		ferry_credential_new_password("alice", NULL, "secret");
	g_autoptr(FerryCredential) token = ferry_credential_new_bearer(NULL, "alice", "tok");
	g_autoptr(FerryCredential) wrong = ferry_credential_new_bearer(NULL, "alice", "no");
	g_autoptr(GObject) session = NULL;
	Fixture fixture;

	if (engine == NULL)
		return;
	fixture = make_fixture(engine, 2, 0);
	session = sign_in(&fixture, "192.0.2.1", "main", token, NULL);
	g_assert_nonnull(session);
	fail_thrice(&fixture, "192.0.2.1", "main", wrong);
	g_assert_cmpuint(get_delay(&fixture, "192.0.2.1", "main", token), ==, 0);
	g_assert_cmpuint(get_delay(&fixture, "192.0.2.1", "main", guess), >, 0);
	g_clear_object(&session);
	session = sign_in(&fixture, "192.0.2.2", "other", password, NULL);
	g_assert_nonnull(session);
	fail_thrice(&fixture, "192.0.2.2", "main", wrong);
	g_assert_cmpuint(get_delay(&fixture, "192.0.2.2", "other", guess), ==, 0);
	g_assert_cmpuint(get_delay(&fixture, "192.0.2.2", "main", guess), >, 0);
	g_clear_object(&session);
	clear_fixture(&fixture);
}

static void
test_connections(void)
{
	g_autoptr(Engine) engine = engine_new(options);
	g_autoptr(FerryCredential) password =
		ferry_credential_new_password("alice", NULL, "secret");
	g_autoptr(FerryCredential) token = ferry_credential_new_bearer(NULL, NULL, "tok");
	g_autoptr(GObject) first = NULL, second = NULL, elsewhere = NULL;
	g_autoptr(GError) error = NULL;
	Fixture fixture;

	if (engine == NULL)
		return;
	fixture = make_fixture(engine, 0, 1);
	first = sign_in(&fixture, "192.0.2.1", "main", token, &error);
	g_assert_no_error(error);
	g_assert_cmpstr(ferry_account_session_get_username(FERRY_ACCOUNT_SESSION(first)), ==,
			"alice");
	g_assert_null(sign_in(&fixture, "192.0.2.1", "main", password, &error));
	g_assert_error(error, FERRY_ERROR, FERRY_ERROR_LIMIT);
	g_clear_error(&error);
	elsewhere = sign_in(&fixture, "192.0.2.1", "other", password, &error);
	g_assert_no_error(error);
	g_clear_object(&first);
	second = sign_in(&fixture, "192.0.2.1", "main", password, &error);
	g_assert_no_error(error);
	g_clear_object(&second);
	g_clear_object(&elsewhere);
	clear_fixture(&fixture);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/account/router/failures", test_failures);
	g_test_add_func("/account/router/vouching", test_vouching);
	g_test_add_func("/account/router/connections", test_connections);
	return g_test_run();
}
