/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What must not lose or mix up mail, against the sample server: each rule of the design once. */
#include <string.h>

#include "engine-fixture.h"

static const char *const plain[] = {"--generate=alice:INBOX:6:3", "--generate=alice:Work:2:5",
				    NULL};
static const char *const one_per_content[] = {
	"--generate=alice:INBOX:6:3", "--generate=alice:Work:2:5", "--one-email-per-content", NULL};
static const char *const small_pages[] = {
	"--generate=alice:INBOX:6:3", "--generate=alice:Work:2:5",  "--no-blob",
	"--limit=maxObjectsInGet=30", "--limit=maxObjectsInSet=40", NULL};

static guint32
count(Engine *engine)
{
	return ferry_view_get_count(ferry_mailbox_get_view(engine->mailbox));
}

static void
mark_deleted(Engine *engine, guint32 uid)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryOutcome) outcome =
		engine_store(engine, &uid, 1, FERRY_FLAGS_ADD, "\\Deleted", -1, &error);

	g_assert_no_error(error);
}

static void
expunge(Engine *engine)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryOutcome) outcome = engine_expunge(engine, &error);

	g_assert_no_error(error);
}

static guint32
copy_one(Engine *engine, guint32 uid, const char *target, gboolean move)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryOutcome) outcome = engine_copy(engine, &uid, 1, target, move, &error);
	const guint32 *uids;
	gsize n;

	g_assert_no_error(error);
	uids = ferry_outcome_get_source_uids(outcome, &n);
	g_assert_cmpuint(n, ==, 1);
	g_assert_cmpuint(uids[0], ==, uid);
	uids = ferry_outcome_get_target_uids(outcome, &n);
	g_assert_cmpuint(n, ==, 1);
	return uids[0];
}

/* another client files the Email elsewhere between our last sync and EXPUNGE */
static void
test_filed_elsewhere(void)
{
	g_autoptr(Engine) engine = engine_new(plain);
	g_autofree char *id = NULL;
	g_autofree char *json = NULL;

	if (engine == NULL)
		return;
	engine_sign_in(engine);
	engine_select(engine, "INBOX");
	mark_deleted(engine, 2);
	id = g_strdup(ferry_view_get_email_id(ferry_mailbox_get_view(engine->mailbox), 1));
	json = g_strdup_printf("{\"user\":\"alice\",\"ids\":[\"%s\"],\"to\":\"Work\"}", id);
	g_free(engine_admin(engine, "move", json));
	expunge(engine);
	g_assert_cmpuint(count(engine), ==, 5);
	engine_select(engine, "Work");
	g_assert_true(ferry_view_find_email(ferry_mailbox_get_view(engine->mailbox), id, NULL));
}

static void
check_copy_onto_itself(const char *const *options)
{
	g_autoptr(Engine) engine = engine_new(options);
	guint32 uid;

	if (engine == NULL)
		return;
	engine_sign_in(engine);
	engine_select(engine, "INBOX");
	uid = copy_one(engine, 3, "INBOX", FALSE);
	g_assert_cmpuint(uid, >, 6);
	if (ferry_view_find_uid(ferry_mailbox_get_view(engine->mailbox), 3, NULL)) {
		mark_deleted(engine, 3);
		expunge(engine);
	}
	g_assert_cmpuint(count(engine), ==, 6);
	g_assert_nonnull(ferry_view_lookup(ferry_mailbox_get_view(engine->mailbox), uid));
	engine_restart(engine);
	engine_sign_in(engine);
	engine_select(engine, "INBOX");
	g_assert_cmpuint(count(engine), ==, 6);
	g_assert_nonnull(ferry_view_lookup(ferry_mailbox_get_view(engine->mailbox), uid));
}

/* COPY into the selected mailbox, then \Deleted and EXPUNGE of the source */
static void
test_copy_onto_itself(void)
{
	check_copy_onto_itself(plain);
	check_copy_onto_itself(one_per_content);
}

static void
test_move_onto_itself(void)
{
	g_autoptr(Engine) engine = engine_new(plain);
	guint32 uid;

	if (engine == NULL)
		return;
	engine_sign_in(engine);
	engine_select(engine, "INBOX");
	uid = copy_one(engine, 3, "INBOX", TRUE);
	g_assert_cmpuint(uid, ==, 7);
	g_assert_cmpuint(count(engine), ==, 6);
	g_assert_null(ferry_view_lookup(ferry_mailbox_get_view(engine->mailbox), 3));
}

/* another client takes the Email from the target between our last sync and the MOVE there: the
 * MOVE must not take it from the only mailbox that is left */
static void
test_move_to_where_it_was(void)
{
	g_autoptr(Engine) engine = engine_new(plain);
	g_autofree char *id = NULL;
	g_autofree char *json = NULL;
	FerryView *view;

	if (engine == NULL)
		return;
	engine_sign_in(engine);
	engine_select(engine, "INBOX");
	copy_one(engine, 1, "Work", FALSE);
	id = g_strdup(ferry_view_get_email_id(ferry_mailbox_get_view(engine->mailbox), 0));
	json = g_strdup_printf("{\"user\":\"alice\",\"ids\":[\"%s\"],\"from\":\"Work\"}", id);
	g_free(engine_admin(engine, "mute-push", "{}"));
	g_free(engine_admin(engine, "move", json));
	copy_one(engine, 1, "Work", TRUE);
	g_assert_cmpuint(count(engine), ==, 5);
	engine_select(engine, "Work");
	view = ferry_mailbox_get_view(engine->mailbox);
	g_assert_cmpuint(count(engine), ==, 3);
	g_assert_true(ferry_view_find_email(view, id, NULL));
}

static void
test_copy_move(void)
{
	static const guint32 uids[] = {1, 4, 6};
	g_autoptr(Engine) engine = engine_new(plain);
	g_autoptr(FerryOutcome) copied = NULL;
	g_autoptr(FerryOutcome) moved = NULL;
	g_autoptr(GError) error = NULL;
	const guint32 *targets;
	gsize n;

	if (engine == NULL)
		return;
	engine_sign_in(engine);
	engine_select(engine, "INBOX");
	copied = engine_copy(engine, uids, 3, "Nowhere", FALSE, &error);
	g_assert_error(error, FERRY_ERROR, FERRY_ERROR_TRY_CREATE);
	g_clear_error(&error);
	copied = engine_copy(engine, uids, 3, "Work", FALSE, &error);
	g_assert_no_error(error);
	targets = ferry_outcome_get_target_uids(copied, &n);
	g_assert_cmpuint(n, ==, 3);
	for (guint i = 0; i < 3; i++)
		g_assert_cmpuint(targets[i], ==, 3 + i);
	/* what is there already gets new UIDs */
	moved = engine_copy(engine, uids, 2, "Work", TRUE, &error);
	g_assert_no_error(error);
	targets = ferry_outcome_get_target_uids(moved, &n);
	g_assert_cmpuint(n, ==, 2);
	g_assert_cmpuint(targets[0], ==, 6);
	g_assert_cmpuint(count(engine), ==, 4);
	engine_select(engine, "Work");
	g_assert_cmpuint(count(engine), ==, 5);
	engine_refresh(engine);
	g_assert_cmpuint(count(engine), ==, 5);
}

/* an Email that is in as many mailboxes as the backend allows is imported as another one */
static void
test_copy_to_many(void)
{
	static const char *const options[] = {"--generate=alice:INBOX:6:3",
					      "--generate=alice:Work:2:5",
					      "--max-mailboxes-per-email=1", NULL};
	g_autoptr(Engine) engine = engine_new(options);
	guint32 uid;

	if (engine == NULL)
		return;
	engine_sign_in(engine);
	engine_select(engine, "INBOX");
	uid = copy_one(engine, 2, "Work", FALSE);
	g_assert_cmpuint(count(engine), ==, 6);
	engine_select(engine, "Work");
	g_assert_cmpuint(count(engine), ==, 3);
	g_assert_nonnull(ferry_view_lookup(ferry_mailbox_get_view(engine->mailbox), uid));
}

/* a copy of which the backend refuses a part leaves nothing */
static void
test_copy_refused(void)
{
	static const guint32 uids[] = {1, 2, 3};
	g_autoptr(Engine) engine = engine_new(plain);
	g_autoptr(FerryOutcome) outcome = NULL;
	g_autoptr(GError) error = NULL;

	if (engine == NULL)
		return;
	engine_sign_in(engine);
	engine_select(engine, "INBOX");
	g_free(engine_admin(engine, "faults",
			    "[{\"on\":\"method\",\"method\":\"Email/set\",\"do\":\"set-error\","
			    "\"object\":2,\"type\":\"forbidden\"}]"));
	outcome = engine_copy(engine, uids, 3, "Work", FALSE, &error);
	g_assert_null(outcome);
	g_assert_error(error, FERRY_ERROR, FERRY_ERROR_NO_PERMISSION);
	g_assert_cmpuint(count(engine), ==, 6);
	engine_select(engine, "Work");
	g_assert_cmpuint(count(engine), ==, 2);
}

/* nor where a part of them was in the target already: the second Emails made for those go again,
 * what was there stays */
static void
test_copy_refused_again(void)
{
	static const guint32 uids[] = {1, 2, 3};
	g_autoptr(Engine) engine = engine_new(plain);
	g_autoptr(FerryOutcome) outcome = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(GArray) there = NULL;
	guint32 uid;

	if (engine == NULL)
		return;
	engine_sign_in(engine);
	engine_select(engine, "INBOX");
	uid = copy_one(engine, 1, "Work", FALSE);
	g_free(engine_admin(engine, "faults",
			    "[{\"on\":\"method\",\"method\":\"Email/set\",\"do\":\"set-error\","
			    "\"object\":1,\"type\":\"forbidden\"}]"));
	outcome = engine_copy(engine, uids, 3, "Work", FALSE, &error);
	g_assert_null(outcome);
	g_assert_error(error, FERRY_ERROR, FERRY_ERROR_NO_PERMISSION);
	engine_select(engine, "Work");
	there = engine_uids(engine);
	g_assert_cmpuint(there->len, ==, 3);
	g_assert_cmpuint(g_array_index(there, guint32, 2), ==, uid);
}

static const char *const texts[] = {"Subject: one\r\n\r\nfirst\r\n",
				    "Subject: two\r\n\r\nsecond\r\n",
				    "Subject: three\r\n\r\nthird\r\n", NULL};

static void
test_append(void)
{
	g_autoptr(Engine) engine = engine_new(plain);
	g_autoptr(FerryOutcome) outcome = NULL;
	g_autoptr(GPtrArray) messages = NULL;
	g_autoptr(GError) error = NULL;
	const guint32 *uids;
	gsize n;

	if (engine == NULL)
		return;
	engine_sign_in(engine);
	engine_select(engine, "Work");
	outcome = engine_append(engine, "Work", texts, &error);
	g_assert_no_error(error);
	uids = ferry_outcome_get_target_uids(outcome, &n);
	g_assert_cmpuint(n, ==, 3);
	g_assert_cmpuint(uids[0], ==, 3);
	g_assert_cmpuint(uids[2], ==, 5);
	g_assert_cmpuint(count(engine), ==, 5);
	messages = engine_read(engine, FERRY_NEED_RAW);
	for (guint i = 0; i < 3; i++) {
		GBytes *raw = ferry_message_data_get_raw(messages->pdata[2 + i]);

		g_assert_cmpmem(g_bytes_get_data(raw, NULL), g_bytes_get_size(raw), texts[i],
				strlen(texts[i]));
	}
}

/* APPEND of identical bytes, then deletion of the first */
static void
test_append_again(void)
{
	static const char *const text[] = {"Subject: same\r\n\r\nsame\r\n", NULL};
	g_autoptr(Engine) engine = engine_new(one_per_content);
	g_autoptr(FerryOutcome) first = NULL;
	g_autoptr(FerryOutcome) second = NULL;
	g_autoptr(GError) error = NULL;
	guint32 uids[2];
	gsize n;

	if (engine == NULL)
		return;
	engine_sign_in(engine);
	engine_select(engine, "Work");
	first = engine_append(engine, "Work", text, &error);
	g_assert_no_error(error);
	uids[0] = ferry_outcome_get_target_uids(first, &n)[0];
	second = engine_append(engine, "Work", text, &error);
	g_assert_no_error(error);
	uids[1] = ferry_outcome_get_target_uids(second, &n)[0];
	g_assert_cmpuint(uids[1], >, uids[0]);
	if (ferry_view_find_uid(ferry_mailbox_get_view(engine->mailbox), uids[0], NULL)) {
		mark_deleted(engine, uids[0]);
		expunge(engine);
	}
	g_assert_cmpuint(count(engine), ==, 3);
	g_assert_nonnull(ferry_view_lookup(ferry_mailbox_get_view(engine->mailbox), uids[1]));
}

static guint32
count_on_backend(Engine *engine)
{
	engine_restart(engine);
	engine_sign_in(engine);
	engine_select(engine, "Work");
	return count(engine);
}

/* a MULTIAPPEND whose third message the backend refuses */
static void
test_append_refused(void)
{
	g_autoptr(Engine) engine = engine_new(plain);
	g_autoptr(FerryOutcome) outcome = NULL;
	g_autoptr(GError) error = NULL;

	if (engine == NULL)
		return;
	engine_sign_in(engine);
	engine_select(engine, "Work");
	g_free(engine_admin(engine, "faults",
			    "[{\"on\":\"method\",\"method\":\"Email/import\",\"do\":\"set-error\","
			    "\"object\":3,\"type\":\"overQuota\"}]"));
	outcome = engine_append(engine, "Work", texts, &error);
	g_assert_null(outcome);
	g_assert_error(error, FERRY_ERROR, FERRY_ERROR_OVER_QUOTA);
	g_assert_cmpuint(count(engine), ==, 2);
	g_assert_cmpuint(count_on_backend(engine), ==, 2);
}

/* a lost answer to an import: exactly one message */
static void
test_lost_answer(void)
{
	static const char *const faults[] = {"cut-after", "cut-before", "cut-middle"};
	static const char *const text[] = {"Subject: lost\r\n\r\nlost\r\n", NULL};

	for (guint i = 0; i < G_N_ELEMENTS(faults); i++) {
		g_autoptr(Engine) engine = engine_new(plain);
		g_autoptr(FerryOutcome) outcome = NULL;
		g_autoptr(GError) error = NULL;
		g_autofree char *json = NULL;
		gsize n;

		if (engine == NULL)
			return;
		engine_sign_in(engine);
		engine_select(engine, "Work");
		json = g_strdup_printf("[{\"on\":\"method\",\"method\":\"Email/import\","
				       "\"do\":\"%s\"}]",
				       faults[i]);
		g_free(engine_admin(engine, "faults", json));
		outcome = engine_append(engine, "Work", text, &error);
		g_assert_no_error(error);
		g_assert_cmpuint(ferry_outcome_get_target_uids(outcome, &n)[0], ==, 3);
		g_assert_cmpuint(count(engine), ==, 3);
		g_assert_cmpuint(count_on_backend(engine), ==, 3);
	}
}

/* as many as no page has, and a backend that cannot say what changed: each is there once */
static void
test_many_lost(void)
{
	static const char *const faults[] = {
		"[{\"on\":\"method\",\"method\":\"Email/import\",\"do\":\"cut-after\"}]",
		"[{\"on\":\"method\",\"method\":\"Email/import\",\"do\":\"cut-after\"},"
		"{\"on\":\"method\",\"method\":\"Email/changes\",\"do\":\"method-error\","
		"\"type\":\"cannotCalculateChanges\"}]",
	};
	static const char *const *const servers[] = {plain, small_pages};

	for (guint i = 0; i < 2 * G_N_ELEMENTS(faults); i++) {
		g_autoptr(Engine) engine = engine_new(servers[i / 2]);
		g_auto(GStrv) many = g_new0(char *, 101);
		g_autoptr(FerryOutcome) outcome = NULL;
		g_autoptr(GError) error = NULL;
		gsize n;

		if (engine == NULL)
			return;
		for (guint j = 0; j < 100; j++)
			many[j] = g_strdup_printf("Subject: many %03u\r\n\r\nmany\r\n", j / 2);
		engine_sign_in(engine);
		engine_select(engine, "Work");
		g_free(engine_admin(engine, "faults", faults[i % 2]));
		outcome = engine_append(engine, "Work", (const char *const *)many, &error);
		g_assert_no_error(error);
		ferry_outcome_get_target_uids(outcome, &n);
		g_assert_cmpuint(n, ==, 100);
		g_assert_cmpuint(count(engine), ==, 102);
		g_assert_cmpuint(count_on_backend(engine), ==, 102);
	}
}

/* the other process: begins a command whose answer does not come before it is killed */
static int
be_victim(char **argv)
{
	Engine *engine = engine_new_at(argv[2], argv[3]);
	static const guint32 uids[] = {1, 2};

	engine_sign_in(engine);
	engine_select(engine, "INBOX");
	if (strcmp(argv[4], "append") == 0)
		ferry_outcome_unref(engine_append(engine, "Work", texts, NULL));
	else
		ferry_outcome_unref(engine_copy(engine, uids, 2, "Work", FALSE, NULL));
	return 0;
}

static gboolean
was_hit(gpointer data)
{
	g_autofree char *faults = engine_get(data, "faults");

	return strstr(faults, "\"hits\":1") != NULL;
}

static gboolean
has_two(gpointer data)
{
	Engine *engine = data;

	return count(engine) == 2;
}

/* The second message is refused, and the first cannot be taken away again, @blocked times. */
static void
leave_first(Engine *engine, int blocked)
{
	const char *messages[] = {texts[0], texts[1], NULL};
	g_autoptr(FerryOutcome) outcome = NULL;
	g_autoptr(GError) error = NULL;
	g_autofree char *json = g_strdup_printf(
		"[{\"on\":\"method\",\"method\":\"Email/import\",\"do\":\"set-error\",\"object\":2,"
		"\"type\":\"overQuota\"},{\"on\":\"method\",\"method\":\"Email/set\","
		"\"do\":\"set-error\",\"type\":\"forbidden\",\"times\":%d}]",
		blocked);

	g_free(engine_admin(engine, "faults", json));
	outcome = engine_append(engine, "Work", messages, &error);
	g_assert_null(outcome);
	g_assert_error(error, FERRY_ERROR, FERRY_ERROR_OVER_QUOTA);
}

/* an APPEND that could not be undone is repeated with success: what was acknowledged stays */
static void
check_append_overtakes(const char *const *options, int blocked, guint32 expected)
{
	g_autoptr(Engine) engine = engine_new(options);
	const char *first[] = {texts[0], NULL};
	g_autoptr(FerryOutcome) outcome = NULL;
	g_autoptr(GError) error = NULL;
	guint32 uid;
	gsize n;

	if (engine == NULL)
		return;
	engine_sign_in(engine);
	engine_select(engine, "Work");
	leave_first(engine, blocked);
	outcome = engine_append(engine, "Work", first, &error);
	g_assert_no_error(error);
	uid = ferry_outcome_get_target_uids(outcome, &n)[0];
	g_free(engine_admin(engine, "faults", "[]"));
	for (guint i = 0; i < 2; i++) {
		engine_restart(engine);
		engine_sign_in(engine);
		engine_select(engine, "Work");
		engine_refresh(engine);
		/* behind whatever is to be undone */
		g_clear_pointer(&outcome, ferry_outcome_unref);
		outcome = engine_copy(engine, &uid, 1, "INBOX", FALSE, &error);
		g_assert_no_error(error);
		engine_refresh(engine);
		g_assert_nonnull(ferry_view_lookup(ferry_mailbox_get_view(engine->mailbox), uid));
		g_assert_cmpuint(count(engine), ==, expected);
	}
}

static GLogLevelFlags
allow_warnings(void)
{
	return g_log_set_always_fatal((GLogLevelFlags)(G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL));
}

static void
test_append_overtakes(void)
{
	GLogLevelFlags fatal = allow_warnings();

	/* undone before it is repeated, or later: then all but what was acknowledged */
	for (int blocked = 1; blocked <= 2; blocked++) {
		check_append_overtakes(one_per_content, blocked, 3);
		check_append_overtakes(plain, blocked, 3);
	}
	g_log_set_always_fatal(fatal);
}

/* what could not be undone is as soon as the backend lets us, without a restart */
static void
test_undone_later(void)
{
	GLogLevelFlags fatal = allow_warnings();
	g_autoptr(Engine) engine = engine_new(plain);

	if (engine != NULL) {
		engine_sign_in(engine);
		engine_select(engine, "Work");
		leave_first(engine, 2);
		engine_refresh(engine);
		engine_wait(has_two, engine);
	}
	g_log_set_always_fatal(fatal);
}

/* kill -9 between the backend's doing and ours */
static void
test_killed(void)
{
	static const char *const commands[] = {"append", "copy"};
	static const char *const methods[] = {"Email/import", "Email/set"};

	for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
		g_autoptr(Engine) engine = engine_new(plain);
		g_autoptr(GSubprocess) victim = NULL;
		g_autofree char *json = NULL;

		if (engine == NULL)
			return;
		engine_sign_in(engine);
		engine_select(engine, "Work");
		json = g_strdup_printf("[{\"on\":\"method\",\"method\":\"%s\",\"do\":\"delay\","
				       "\"delay\":20000}]",
				       methods[i]);
		g_free(engine_admin(engine, "faults", json));
		victim = g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_SILENCE |
						  G_SUBPROCESS_FLAGS_STDERR_SILENCE,
					  NULL, "/proc/self/exe", "--victim", engine->url,
					  engine->directory, commands[i], NULL);
		engine_wait(was_hit, engine);
		g_subprocess_force_exit(victim);
		g_subprocess_wait(victim, NULL, NULL);
		engine_restart(engine);
		engine_sign_in(engine);
		engine_select(engine, "Work");
		engine_refresh(engine);
		engine_wait(has_two, engine);
		engine_refresh(engine);
		g_assert_cmpuint(count(engine), ==, 2);
	}
}

static gboolean
has_seven(gpointer data)
{
	FerryView *view = ferry_mailbox_get_view(((Engine *)data)->mailbox);

	return ferry_view_lookup(view, 7) != NULL && ferry_view_lookup(view, 3) == NULL;
}

/* the backend has forgotten our state: only real differences take a mod-sequence */
static void
test_lost_state(void)
{
	g_autoptr(Engine) engine = engine_new(plain);
	g_autofree char *id = NULL;
	g_autofree char *json = NULL;
	guint64 modseq;
	FerryView *view;

	if (engine == NULL)
		return;
	engine_sign_in(engine);
	engine_select(engine, "INBOX");
	mark_deleted(engine, 5);
	view = ferry_mailbox_get_view(engine->mailbox);
	modseq = ferry_view_lookup(view, 1)->modseq;
	id = g_strdup(ferry_view_get_email_id(view, 2));
	g_free(engine_admin(engine, "faults",
			    "[{\"on\":\"method\",\"method\":\"Email/changes\","
			    "\"do\":\"method-error\",\"type\":\"cannotCalculateChanges\"}]"));
	json = g_strdup_printf("{\"user\":\"alice\",\"ids\":[\"%s\"]}", id);
	g_free(engine_admin(engine, "expunge", json));
	g_free(engine_admin(engine, "deliver",
			    "{\"user\":\"alice\",\"mailbox\":\"INBOX\","
			    "\"message\":\"Subject: new\\r\\n\\r\\nhello\\r\\n\"}"));
	engine_wait(has_seven, engine);
	view = ferry_mailbox_get_view(engine->mailbox);
	g_assert_cmpuint(ferry_view_get_count(view), ==, 6);
	g_assert_null(ferry_view_lookup(view, 3));
	g_assert_nonnull(ferry_view_lookup(view, 7));
	g_assert_cmpuint(ferry_view_lookup(view, 1)->modseq, ==, modseq);
	g_assert_true((ferry_view_lookup(view, 5)->flags & FERRY_MESSAGE_DELETED) != 0);
}

int
main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "--victim") == 0)
		return be_victim(argv);
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/account/mail/filed-elsewhere", test_filed_elsewhere);
	g_test_add_func("/account/mail/copy-onto-itself", test_copy_onto_itself);
	g_test_add_func("/account/mail/move-onto-itself", test_move_onto_itself);
	g_test_add_func("/account/mail/move-to-where-it-was", test_move_to_where_it_was);
	g_test_add_func("/account/mail/copy-move", test_copy_move);
	g_test_add_func("/account/mail/copy-to-many", test_copy_to_many);
	g_test_add_func("/account/mail/copy-refused", test_copy_refused);
	g_test_add_func("/account/mail/copy-refused-again", test_copy_refused_again);
	g_test_add_func("/account/mail/append", test_append);
	g_test_add_func("/account/mail/append-again", test_append_again);
	g_test_add_func("/account/mail/append-refused", test_append_refused);
	g_test_add_func("/account/mail/append-overtakes", test_append_overtakes);
	g_test_add_func("/account/mail/undone-later", test_undone_later);
	g_test_add_func("/account/mail/lost-answer", test_lost_answer);
	g_test_add_func("/account/mail/killed", test_killed);
	g_test_add_func("/account/mail/many-lost", test_many_lost);
	g_test_add_func("/account/mail/lost-state", test_lost_state);
	return g_test_run();
}
