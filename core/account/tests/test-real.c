/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine against a real server: FERRY_TEST_URL names it, user alice, password secret. Works in
 * a mailbox of its own and needs no help from the server's side. */
#include <string.h>

#include "engine-fixture.h"

#define N_MESSAGES 40

static char *
make_text(guint run, guint number)
{
	return g_strdup_printf("From: a@example.org\r\nTo: b@example.org\r\nSubject: %u %u\r\n"
			       "Date: Mon, 2 Jan 2023 10:00:%02u +0200\r\n\r\nbody %u %u\r\n",
			       run, number, number % 60, run, number);
}

static const guint32 *
append_texts(Engine *engine, guint run, guint first, guint n, FerryOutcome **outcome)
{
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) error = NULL;
	gsize n_uids;

	for (guint i = 0; i < n; i++)
		g_ptr_array_add(texts, make_text(run, first + i));
	g_ptr_array_add(texts, NULL);
	*outcome = engine_append(engine, "INBOX", (const char *const *)texts->pdata, &error);
	g_assert_no_error(error);
	ferry_outcome_get_target_uids(*outcome, &n_uids);
	g_assert_cmpuint(n_uids, ==, n);
	return ferry_outcome_get_target_uids(*outcome, &n_uids);
}

static guint32
count(Engine *engine)
{
	return ferry_view_get_count(ferry_mailbox_get_view(engine->mailbox));
}

static void
check_read(Engine *engine)
{
	static const FerryNeed needs[] = {
		FERRY_NEED_ENVELOPE, FERRY_NEED_STRUCTURE | FERRY_NEED_HEADERS, FERRY_NEED_RAW};

	for (guint i = 0; i < G_N_ELEMENTS(needs); i++) {
		g_autoptr(GPtrArray) messages = engine_read(engine, needs[i]);

		g_assert_cmpuint(messages->len, ==, count(engine));
		for (guint j = 0; j < messages->len; j++)
			g_assert_no_error(ferry_message_data_get_error(messages->pdata[j]));
	}
}

static void
delete_and_expunge(Engine *engine, const guint32 *uids, gsize n)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryOutcome) marked =
		engine_store(engine, uids, n, FERRY_FLAGS_ADD, "\\Deleted", -1, &error);
	g_autoptr(FerryOutcome) gone = NULL;

	g_assert_no_error(error);
	gone = engine_expunge(engine, &error);
	g_assert_no_error(error);
}

static void
test_round(void)
{
	guint run = g_random_int();
	g_autoptr(Engine) engine = NULL;
	g_autoptr(FerryOutcome) appended = NULL;
	g_autoptr(FerryOutcome) again = NULL;
	g_autoptr(FerryOutcome) copied = NULL;
	g_autoptr(FerryOutcome) flagged = NULL;
	g_autoptr(GArray) all = NULL;
	g_autoptr(GError) error = NULL;
	const guint32 *uids, *targets;
	guint32 before, uid;
	gsize n;

	if (g_getenv("FERRY_TEST_URL") == NULL) {
		g_test_skip("FERRY_TEST_URL names no server");
		return;
	}
	engine = engine_new(NULL);
	engine_sign_in(engine);
	engine_select(engine, "INBOX");
	before = count(engine);
	uids = append_texts(engine, run, 0, N_MESSAGES, &appended);
	g_assert_cmpuint(count(engine), ==, before + N_MESSAGES);
	check_read(engine);
	flagged = engine_store(engine, uids, N_MESSAGES, FERRY_FLAGS_REPLACE,
			       "\\Seen \\Flagged Work", -1, &error);
	g_assert_no_error(error);
	ferry_outcome_get_done(flagged, &n);
	g_assert_cmpuint(n, ==, N_MESSAGES);
	engine_refresh(engine);
	g_assert_true((ferry_view_lookup(ferry_mailbox_get_view(engine->mailbox), uids[3])->flags &
		       FERRY_MESSAGE_SEEN) != 0);
	/* copy into the selected mailbox, then the source goes */
	copied = engine_copy(engine, uids, 2, "INBOX", FALSE, &error);
	g_assert_no_error(error);
	targets = ferry_outcome_get_target_uids(copied, &n);
	g_assert_cmpuint(n, ==, 2);
	g_assert_cmpuint(targets[0], >, uids[N_MESSAGES - 1]);
	delete_and_expunge(engine, uids, 2);
	g_assert_cmpuint(count(engine), ==, before + N_MESSAGES);
	/* identical bytes again, then the first goes */
	uid = uids[5];
	targets = append_texts(engine, run, 5, 1, &again);
	g_assert_cmpuint(targets[0], !=, uid);
	delete_and_expunge(engine, &uid, 1);
	g_assert_true(
		ferry_view_find_uid(ferry_mailbox_get_view(engine->mailbox), targets[0], NULL));
	uid = targets[0];
	engine_restart(engine);
	engine_sign_in(engine);
	engine_select(engine, "INBOX");
	g_assert_true(ferry_view_find_uid(ferry_mailbox_get_view(engine->mailbox), uid, NULL));
	g_assert_cmpuint(count(engine), ==, before + N_MESSAGES);
	all = engine_uids(engine);
	delete_and_expunge(engine, (const guint32 *)(gconstpointer)all->data, all->len);
	g_assert_cmpuint(count(engine), ==, 0);
	engine_refresh(engine);
	g_assert_cmpuint(count(engine), ==, 0);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/account/real/round", test_round);
	return g_test_run();
}
