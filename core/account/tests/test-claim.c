/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names beside tokens: which belong to the user whose token it is. */
#include "account/claim-private.h"

static const char *const domains[] = {"example.org", "example.net", NULL};

static void
test_username(void)
{
	static const struct {
		const char *claim;
		const char *username;
		gboolean routed; /* the backend has domains */
		gboolean fits;
	} cases[] = {
		{"alice", "alice", FALSE, TRUE},
		{"Alice", "alice", FALSE, TRUE},
		{"alice@example.org", "ALICE@example.org", FALSE, TRUE},
		{"alice@example.org", "alice", TRUE, TRUE},
		{"alice@EXAMPLE.net", "alice", TRUE, TRUE},
		{"alice", "alice@example.org", TRUE, TRUE},
		{"a@b@example.org", "a@b", TRUE, FALSE},
		{"alice@example.org", "alice", FALSE, FALSE},
		{"alice", "alice@example.org", FALSE, FALSE},
		{"alice@example.com", "alice", TRUE, FALSE},
		{"alice@example.org", "alice@example.net", TRUE, FALSE},
		{"alice@", "alice", TRUE, FALSE},
		{"@example.org", "", TRUE, TRUE}, /* an empty user name gets nowhere */
		{"bob", "alice", TRUE, FALSE},
		{"alic", "alice", TRUE, FALSE},
		{"alice2@example.org", "alice", TRUE, FALSE},
		{"alic@example.org", "alice", TRUE, FALSE},
		{"\xc3\x84nne", "\xc3\xa4nne", FALSE, FALSE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_test_message("case %u", i);
		g_assert_cmpint(ferry_claim_fits_username(cases[i].claim, cases[i].username,
							  cases[i].routed ? domains : NULL),
				==, cases[i].fits);
	}
}

static void
test_credential(void)
{
	static const struct {
		gboolean bearer;
		const char *name, *authzid, *secret;
		gboolean may_be_good;
	} cases[] = {
		{FALSE, "alice", NULL, "secret", TRUE},   {FALSE, "alice", "alice", "secret", TRUE},
		{FALSE, "alice", "bob", "secret", FALSE}, {FALSE, "", NULL, "secret", FALSE},
		{FALSE, "alice", NULL, "", FALSE},        {TRUE, NULL, NULL, "token", TRUE},
		{TRUE, NULL, "alice", "token", TRUE},     {TRUE, "alice", NULL, "token", TRUE},
		{TRUE, "alice", "bob", "token", FALSE},   {TRUE, NULL, "alice", "", FALSE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(FerryCredential) credential =
			cases[i].bearer
				? ferry_credential_new_bearer(cases[i].name, cases[i].authzid,
							      cases[i].secret)
				: ferry_credential_new_password(cases[i].name, cases[i].authzid,
								cases[i].secret);

		g_test_message("case %u", i);
		g_assert_cmpint(ferry_claim_may_be_good(credential), ==, cases[i].may_be_good);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/account/claim/username", test_username);
	g_test_add_func("/account/claim/credential", test_credential);
	return g_test_run();
}
