/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "auth/memory.h"
#include "auth/throttle.h"
#include "base/error.h"

static FerryAddress *
address(const char *text)
{
	g_autoptr(GError) error = NULL;
	FerryAddress *result = ferry_address_new_from_string(text, 1234, &error);

	g_assert_no_error(error);
	return result;
}

static void
fail(FerryThrottle *throttle, const char *from, const char *user, guint times)
{
	g_autoptr(FerryAddress) where = address(from);

	while (times-- > 0)
		ferry_throttle_add_failure(throttle, where, user);
}

static guint
delay(FerryThrottle *throttle, const char *from, const char *user)
{
	g_autoptr(FerryAddress) where = address(from);

	return ferry_throttle_get_delay(throttle, where, user);
}

static void
test_delays(void)
{
	g_autoptr(FerryThrottle) throttle = ferry_throttle_new(10, 0, FALSE);
	g_autoptr(FerryAddress) home = address("192.0.2.7");
	guint last = 0;

	fail(throttle, "192.0.2.1", "tim", 10);
	g_assert_cmpuint(delay(throttle, "192.0.2.1", "tim"), ==, 0);
	for (guint i = 0; i < 8; i++) {
		guint now;

		fail(throttle, "192.0.2.1", "tim", 1);
		now = delay(throttle, "192.0.2.1", "somebody");
		g_assert_cmpuint(now, >=, last);
		last = now;
	}
	g_assert_cmpuint(last, ==, 15000);
	/* the user is slow from everywhere, but not where it signed in before */
	g_assert_cmpuint(delay(throttle, "192.0.2.7", "tim"), >, 0);
	g_assert_cmpuint(delay(throttle, "192.0.2.7", "tom"), ==, 0);
	ferry_throttle_add_success(throttle, home, "tim");
	g_assert_cmpuint(delay(throttle, "192.0.2.7", "tim"), ==, 0);
	fail(throttle, "192.0.2.7", "tim", 1);
	g_assert_cmpuint(delay(throttle, "192.0.2.7", "tim"), >, 0);
}

static void
test_prefixes(void)
{
	static const struct {
		const char *guesser;
		const char *other;
		gboolean slow;
	} cases[] = {
		{"192.0.2.1", "192.0.2.1", TRUE},
		{"192.0.2.1", "192.0.2.2", FALSE},
		{"2001:db8:1:2::1", "2001:db8:1:2:ffff::9", TRUE},
		{"2001:db8:1:2::1", "2001:db8:1:3::1", FALSE},
		{"::ffff:192.0.2.1", "192.0.2.1", TRUE},
		{"127.0.0.1", "127.0.0.1", FALSE},
		{"::1", "::1", FALSE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(FerryThrottle) throttle = ferry_throttle_new(3, 0, FALSE);

		fail(throttle, cases[i].guesser, "tim", 5);
		g_assert_cmpint(delay(throttle, cases[i].other, NULL) > 0, ==, cases[i].slow);
	}
}

static void
on_turn(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GError) error = NULL;
	guint *counts = user_data;

	if (ferry_throttle_wait_finish(FERRY_THROTTLE(source), result, &error))
		counts[0]++;
	else if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		counts[1]++;
	else if (g_error_matches(error, FERRY_ERROR, FERRY_ERROR_LIMIT))
		counts[2]++;
}

/* A hundred connections at once guess no faster than one, and the queue has an end. */
static void
test_queue(void)
{
	g_autoptr(FerryThrottle) throttle = ferry_throttle_new(3, 0, TRUE);
	g_autoptr(FerryAddress) where = address("127.0.0.1");
	g_autoptr(GCancellable) cancellable = g_cancellable_new();
	guint counts[3] = {0};

	fail(throttle, "127.0.0.1", NULL, 4);
	for (guint i = 0; i < 100; i++)
		ferry_throttle_wait_async(throttle, where, "tim", cancellable, on_turn, counts);
	while (counts[2] == 0 || counts[0] == 0)
		g_main_context_iteration(NULL, TRUE);
	g_assert_cmpuint(counts[2], >=, 60);
	g_assert_cmpuint(counts[0], <=, 2);
	g_cancellable_cancel(cancellable);
	while (counts[0] + counts[1] + counts[2] < 100)
		g_main_context_iteration(NULL, TRUE);
	g_assert_cmpuint(counts[0], <=, 2);
}

static void
test_users(void)
{
	g_autoptr(FerryThrottle) throttle = ferry_throttle_new(10, 2, FALSE);
	g_autoptr(GError) error = NULL;

	g_assert_true(ferry_throttle_acquire_user(throttle, "tim", &error));
	g_assert_true(ferry_throttle_acquire_user(throttle, "tim", &error));
	g_assert_false(ferry_throttle_acquire_user(throttle, "tim", &error));
	g_assert_error(error, FERRY_ERROR, FERRY_ERROR_LIMIT);
	g_assert_true(ferry_throttle_acquire_user(throttle, "tom", NULL));
	ferry_throttle_release_user(throttle, "tim");
	g_assert_true(ferry_throttle_acquire_user(throttle, "tim", NULL));
}

static void
test_memory(void)
{
	g_autoptr(FerryCredentialMemory) memory = ferry_credential_memory_new(60, 100);
	g_autoptr(GObject) identity = g_object_new(G_TYPE_OBJECT, NULL);
	g_autoptr(GObject) found = NULL;
	g_autoptr(FerryCredential) good = ferry_credential_new_password("tim", NULL, "sesame");
	g_autoptr(FerryCredential) same = ferry_credential_new_password("tim", "", "sesame");
	g_autoptr(FerryCredential) bad = ferry_credential_new_password("tim", NULL, "sesam");
	g_autoptr(FerryCredential) shifted = ferry_credential_new_password("tims", NULL, "esame");
	g_autoptr(FerryCredential) other = ferry_credential_new_password("tim", "tom", "sesame");
	g_autoptr(FerryCredential) token = ferry_credential_new_bearer("tim", NULL, "sesame");

	ferry_credential_memory_remember(memory, "main", good, identity);
	g_assert_true(ferry_credential_memory_lookup(memory, "main", same, &found));
	g_assert_true(found == identity);
	g_assert_false(ferry_credential_memory_lookup(memory, "second", good, NULL));
	g_assert_false(ferry_credential_memory_lookup(memory, "main", bad, NULL));
	g_assert_false(ferry_credential_memory_lookup(memory, "main", shifted, NULL));
	g_assert_false(ferry_credential_memory_lookup(memory, "main", other, NULL));
	g_assert_false(ferry_credential_memory_lookup(memory, "main", token, NULL));
	ferry_credential_memory_forget(memory, "main", good);
	g_assert_false(ferry_credential_memory_lookup(memory, "main", good, NULL));
	for (guint i = 0; i < 1000; i++) {
		g_autofree char *user = g_strdup_printf("user%u", i);
		g_autoptr(FerryCredential) one = ferry_credential_new_password(user, NULL, "x");

		ferry_credential_memory_remember(memory, "main", one, NULL);
		g_assert_true(ferry_credential_memory_lookup(memory, "main", one, NULL));
	}
	g_assert_cmpuint(ferry_credential_memory_get_size(memory), ==, 100);
	ferry_credential_memory_forget_all(memory);
	g_assert_cmpuint(ferry_credential_memory_get_size(memory), ==, 0);
}

static void
test_memory_time(void)
{
	g_autoptr(FerryCredentialMemory) memory = ferry_credential_memory_new(0, 100);
	g_autoptr(FerryCredential) good = ferry_credential_new_password("tim", NULL, "sesame");

	ferry_credential_memory_remember(memory, NULL, good, NULL);
	g_assert_false(ferry_credential_memory_lookup(memory, NULL, good, NULL));
	g_assert_cmpuint(ferry_credential_memory_get_size(memory), ==, 0);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/auth/throttle/delays", test_delays);
	g_test_add_func("/auth/throttle/prefixes", test_prefixes);
	g_test_add_func("/auth/throttle/queue", test_queue);
	g_test_add_func("/auth/throttle/users", test_users);
	g_test_add_func("/auth/memory/lookup", test_memory);
	g_test_add_func("/auth/memory/time", test_memory_time);
	return g_test_run();
}
