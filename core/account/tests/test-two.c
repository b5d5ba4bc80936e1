/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two processes on one store, sharing, an expired credential, a restored backend. */
#include <string.h>

#include "account/mailbox-private.h"
#include "engine-fixture.h"

static const char *const plain[] = {"--generate=alice:INBOX:300:3", NULL};

static void
deliver(Engine *engine, guint number)
{
	g_autofree char *json =
		g_strdup_printf("{\"user\":\"alice\",\"mailbox\":\"INBOX\",\"message\":"
				"\"Subject: %u\\r\\n\\r\\nhello %u\\r\\n\"}",
				number, number);

	g_free(engine_admin(engine, "deliver", json));
}

static void
check_equal(FerryView *first, FerryView *second)
{
	g_assert_cmpuint(ferry_view_get_count(first), ==, ferry_view_get_count(second));
	g_assert_cmpuint(ferry_view_get_uidvalidity(first), ==, ferry_view_get_uidvalidity(second));
	g_assert_cmpuint(ferry_view_get_uidnext(first), ==, ferry_view_get_uidnext(second));
	for (guint32 i = 0; i < ferry_view_get_count(first); i++) {
		const FerryMessageRow *a = ferry_view_get_row(first, i);
		const FerryMessageRow *b = ferry_view_get_row(second, i);

		g_assert_cmpuint(a->uid, ==, b->uid);
		g_assert_cmpuint(a->modseq, ==, b->modseq);
		g_assert_cmpuint(a->flags, ==, b->flags);
		g_assert_cmpstr(ferry_view_get_email_id(first, i), ==,
				ferry_view_get_email_id(second, i));
	}
}

static void
append_one(Engine *engine, guint number)
{
	g_autofree char *text =
		g_strdup_printf("Subject: a%u\r\n\r\nappended %u\r\n", number, number);
	const char *const texts[] = {text, NULL};
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryOutcome) outcome = engine_append(engine, "INBOX", texts, &error);
	const guint32 *uids;
	guint32 index;
	gsize n;

	g_assert_no_error(error);
	uids = ferry_outcome_get_target_uids(outcome, &n);
	g_assert_cmpuint(n, ==, 1);
	g_assert_true(
		ferry_view_find_uid(ferry_mailbox_get_view(engine->mailbox), uids[0], &index));
}

static void
flag_one(Engine *engine, guint32 uid)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryOutcome) outcome =
		engine_store(engine, &uid, 1, FERRY_FLAGS_ADD, "\\Flagged \\Deleted", -1, &error);

	g_assert_no_error(error);
}

static void
test_two(void)
{
	g_autoptr(Engine) first = engine_new(plain);
	g_autoptr(Engine) second = NULL;

	if (first == NULL)
		return;
	second = engine_new_beside(first);
	engine_sign_in(first);
	engine_sign_in(second);
	engine_select(first, "INBOX");
	engine_select(second, "INBOX");
	check_equal(ferry_mailbox_get_view(first->mailbox),
		    ferry_mailbox_get_view(second->mailbox));
	for (guint i = 0; i < 20; i++) {
		deliver(first, i);
		append_one(i % 2 == 0 ? first : second, i);
		flag_one(i % 3 == 0 ? first : second, 1 + i);
		if (i % 4 == 0)
			engine_refresh(second);
	}
	engine_refresh(first);
	engine_refresh(second);
	engine_refresh(first);
	check_equal(ferry_mailbox_get_view(first->mailbox),
		    ferry_mailbox_get_view(second->mailbox));
	g_assert_cmpuint(ferry_view_get_count(ferry_mailbox_get_view(first->mailbox)), ==, 340);
}

#define OVERTAKEN (-1) /* what the store knows is newer: somebody wrote meanwhile */

static void
put_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GError) error = NULL;
	gint64 *intent = user_data;

	*intent = ferry_store_put_intent_finish(FERRY_STORE(source), result, &error);
	if (g_error_matches(error, FERRY_ERROR, FERRY_ERROR_CONFLICT)) {
		*intent = OVERTAKEN;
		return;
	}
	g_assert_no_error(error);
}

static gboolean
is_put(gpointer data)
{
	return *(gint64 *)data != 0;
}

typedef struct {
	FerryMailAccount *owner;
	guint64 generation;
} Since;

static gboolean
is_newer(gpointer data)
{
	Since *since = data;

	return since->owner->generation > since->generation;
}

/* what an append of deliver()'s @number would note now */
static GBytes *
intent_of(FerryMailbox *mailbox, guint number)
{
	g_autofree char *text = g_strdup_printf("Subject: %u\r\n\r\nhello %u\r\n", number, number);
	g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
	char *json = g_strdup_printf(
		"{\"mailbox\":\"%s\",\"emails\":[],\"state\":\"%s\",\"uidnext\":%u,\"blobs\":[],"
		"\"digests\":[\"%" G_GSIZE_FORMAT ":%s\"]}",
		mailbox->id, mailbox->owner->email_state,
		ferry_view_get_uidnext(ferry_mailbox_get_view(mailbox)), strlen(text), sum);

	return g_bytes_new_take(json, strlen(json));
}

/* as if @other were about to append what deliver() makes of @number */
static void
intend(Engine *engine, Engine *other, guint number)
{
	FerryMailAccount *owner = engine->mailbox->owner;
	gint64 intent;

	do {
		g_autoptr(GBytes) bytes = intent_of(engine->mailbox, number);
		Since since = {owner, owner->generation};

		intent = 0;
		ferry_store_put_intent_async(other->store, owner->key, owner->generation, 0, bytes,
					     NULL, put_cb, &intent);
		engine_wait(is_put, &intent);
		if (intent == OVERTAKEN)
			engine_wait(is_newer, &since);
	} while (intent == OVERTAKEN);
}

typedef struct {
	Engine *engine;
	guint count;
} Expected;

static gboolean
has_count(gpointer data)
{
	Expected *expected = data;

	return ferry_view_get_count(ferry_mailbox_get_view(expected->engine->mailbox)) ==
	       expected->count;
}

/* what a process left half done that is gone is undone by one that lives, also where it has a UID
 * already; not what was acknowledged meanwhile, though it is the same */
static void
test_takeover(void)
{
	g_autoptr(Engine) engine = engine_new(plain);
	Engine *other = NULL;
	Expected expected = {engine, 301};
	g_autoptr(FerryOutcome) outcome = NULL;
	g_autoptr(GError) error = NULL;
	static const char *const texts[] = {"Subject: 8\r\n\r\nhello 8\r\n", NULL};
	const guint32 *uids;
	guint32 index;
	gsize n;

	if (engine == NULL)
		return;
	engine_sign_in(engine);
	engine_select(engine, "INBOX");
	other = engine_new_beside(engine);
	intend(engine, other, 7);
	deliver(engine, 7);
	engine_wait(has_count, &expected);
	intend(engine, other, 8);
	outcome = engine_append(engine, "INBOX", texts, &error);
	g_assert_no_error(error);
	uids = ferry_outcome_get_target_uids(outcome, &n);
	g_assert_cmpuint(n, ==, 1);
	deliver(engine, 8);
	expected.count = 303;
	engine_wait(has_count, &expected);
	/* while it lives nothing of it is touched */
	for (gint64 end = g_get_monotonic_time() + 3 * G_USEC_PER_SEC;
	     g_get_monotonic_time() < end;)
		g_main_context_iteration(NULL, TRUE);
	g_assert_true(has_count(&expected));
	engine_free(other);
	expected.count = 301;
	engine_wait(has_count, &expected);
	g_assert_true(
		ferry_view_find_uid(ferry_mailbox_get_view(engine->mailbox), uids[0], &index));
}

static void
expired_cb(FerryAccountSession *session, gpointer user_data)
{
	*(gboolean *)user_data = TRUE;
}

static gboolean
is_set(gpointer data)
{
	return *(gboolean *)data;
}

static void
test_expired(void)
{
	g_autoptr(Engine) engine = engine_new(plain);
	g_autoptr(FerryAccountSession) again = NULL;
	g_autoptr(GError) error = NULL;
	gboolean expired = FALSE;

	if (engine == NULL)
		return;
	engine_sign_in(engine);
	engine_select(engine, "INBOX");
	g_signal_connect(engine->session, "expired", G_CALLBACK(expired_cb), &expired);
	g_free(engine_admin(engine, "secret", "{\"user\":\"alice\",\"secret\":\"other\"}"));
	{
		guint32 uid = 3;
		g_autoptr(FerryOutcome) outcome =
			engine_store(engine, &uid, 1, FERRY_FLAGS_ADD, "\\Seen", -1, &error);

		g_assert_null(outcome);
		g_assert_nonnull(error);
		g_clear_error(&error);
	}
	engine_wait(is_set, &expired);
	g_assert_null(engine_sign_in_with(engine, "secret", &error));
	g_assert_error(error, FERRY_ERROR, FERRY_ERROR_AUTHENTICATION);
	again = engine_sign_in_with(engine, "other", NULL);
	g_assert_nonnull(again);
}

/* a backend that accepts states it never gave: the counts tell */
static void
test_restored(void)
{
	static const char *const options[] = {"--generate=alice:INBOX:30:3",
					      "--accept-future-states", "--no-push", NULL};
	g_autoptr(Engine) engine = engine_new(options);

	if (engine == NULL)
		return;
	engine_sign_in(engine);
	engine_select(engine, "INBOX");
	g_free(engine_admin(engine, "snapshot", "{\"name\":\"before\"}"));
	for (guint i = 0; i < 3; i++)
		deliver(engine, i);
	engine_refresh(engine);
	g_assert_cmpuint(ferry_view_get_count(ferry_mailbox_get_view(engine->mailbox)), ==, 33);
	g_free(engine_admin(engine, "restore", "{\"name\":\"before\"}"));
	for (guint i = 0; i < 3; i++)
		engine_refresh(engine);
	g_assert_cmpuint(ferry_view_get_count(ferry_mailbox_get_view(engine->mailbox)), ==, 30);
}

static void
test_shared(void)
{
	static const char *const options[] = {"--generate=bob:Team:20:3",
					      "--share=bob:Team:alice:all",
					      "--generate=alice:INBOX:5:4", NULL};
	g_autoptr(Engine) engine = engine_new(options);
	g_autoptr(FerryMailboxList) list = NULL;
	g_autoptr(FerryOutcome) copied = NULL;
	g_autoptr(FerryOutcome) moved = NULL;
	g_autoptr(GError) error = NULL;
	static const guint32 uids[] = {2, 4};
	const char *name = NULL;
	gsize n;

	if (engine == NULL)
		return;
	engine_sign_in(engine);
	list = engine_list(engine);
	for (guint i = 0; i < ferry_mailbox_list_get_count(list); i++) {
		FerryMailboxInfo *info = ferry_mailbox_list_get_nth(list, i);

		if (g_str_has_suffix(ferry_mailbox_info_get_name(info), "/Team"))
			name = ferry_mailbox_info_get_name(info);
	}
	g_assert_nonnull(name);
	g_assert_true(g_str_has_prefix(name, "Shared Folders/"));
	engine_select(engine, name);
	g_assert_cmpuint(ferry_view_get_count(ferry_mailbox_get_view(engine->mailbox)), ==, 20);
	copied = engine_copy(engine, uids, 2, "INBOX", FALSE, &error);
	g_assert_no_error(error);
	ferry_outcome_get_target_uids(copied, &n);
	g_assert_cmpuint(n, ==, 2);
	engine_select(engine, "INBOX");
	g_assert_cmpuint(ferry_view_get_count(ferry_mailbox_get_view(engine->mailbox)), ==, 7);
	moved = engine_copy(engine, uids, 2, name, TRUE, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(ferry_view_get_count(ferry_mailbox_get_view(engine->mailbox)), ==, 5);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/account/two/processes", test_two);
	g_test_add_func("/account/two/takeover", test_takeover);
	g_test_add_func("/account/two/expired", test_expired);
	g_test_add_func("/account/two/restored", test_restored);
	g_test_add_func("/account/two/shared", test_shared);
	return g_test_run();
}
