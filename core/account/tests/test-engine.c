/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The straight path, against the sample server: sign in, list, open, read, change. */
#include <string.h>

#include "account/data.h"
#include "auth/credential.h"
#include "engine-fixture.h"
#include "jmap/session.h"
#include "message/structure.h"

static const char *const generated[] = {"--generate=alice:INBOX:2500:3",
					"--generate=alice:Archive/2024:10:4", NULL};

static void
test_sign_in(void)
{
	g_autoptr(Engine) engine = engine_new(NULL);
	g_autoptr(FerryAccountSession) second = NULL;
	g_autoptr(GError) error = NULL;

	if (engine == NULL)
		return;
	g_assert_null(engine_sign_in_with(engine, "wrong", &error));
	g_assert_error(error, FERRY_ERROR, FERRY_ERROR_AUTHENTICATION);
	engine_sign_in(engine);
	second = engine_sign_in_with(engine, "secret", NULL);
	g_assert_true(ferry_account_session_get_jmap(second) ==
		      ferry_account_session_get_jmap(engine->session));
	g_assert_cmpuint(
		ferry_account_get_n_sessions(ferry_account_session_get_account(engine->session)),
		==, 2);
}

/* session objects that the server gave */
static guint64
count_sessions(Engine *engine)
{
	g_autofree char *json = engine_get(engine, "stats");
	g_autoptr(FerryJmapValue) stats = ferry_jmap_value_new_from_json(json, -1, NULL);

	return ferry_jmap_value_get_uint64(stats, "sessions", 0);
}

typedef struct {
	guint n_ok;
	guint n_failed;
} SignIns;

static void
signed_in_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	SignIns *counts = user_data;
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryAccountSession) session =
		ferry_account_manager_sign_in_finish(FERRY_ACCOUNT_MANAGER(source), result, &error);

	if (session != NULL)
		counts->n_ok++;
	else
		counts->n_failed++;
}

static gboolean
all_ended(gpointer data)
{
	SignIns *counts = data;

	return counts->n_ok + counts->n_failed == 100;
}

/* a hundred connections that come at once are one check, also when it fails; one that leaves
 * takes it from nobody */
static void
test_sign_in_at_once(void)
{
	static const struct {
		const char *password;
		guint n_ok;
	} cases[] = {{"wrong", 0}, {"secret", 99}};
	g_autoptr(Engine) engine = engine_new(NULL);

	for (guint i = 0; engine != NULL && i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(FerryCredential) credential =
			ferry_credential_new_password("alice", NULL, cases[i].password);
		g_autoptr(GCancellable) leaves = g_cancellable_new();
		SignIns counts = {0};
		guint64 before = count_sessions(engine);

		for (guint j = 0; j < 100; j++)
			ferry_account_manager_sign_in_async(engine->manager, "main", credential,
							    j == 0 ? leaves : NULL, signed_in_cb,
							    &counts);
		g_cancellable_cancel(leaves);
		engine_wait(all_ended, &counts);
		g_assert_cmpuint(counts.n_ok, ==, cases[i].n_ok);
		g_assert_cmpuint(count_sessions(engine) - before, ==, cases[i].n_ok > 0);
	}
}

static void
test_list(void)
{
	g_autoptr(Engine) engine = engine_new(generated);
	g_autoptr(FerryMailboxList) list = NULL;
	FerryMailboxInfo *info;

	if (engine == NULL)
		return;
	engine_sign_in(engine);
	list = engine_list(engine);
	info = ferry_mailbox_list_find(list, "inbox");
	g_assert_nonnull(info);
	g_assert_cmpstr(ferry_mailbox_info_get_name(info), ==, "INBOX");
	g_assert_true(ferry_mailbox_list_get_nth(list, 0) == info);
	info = ferry_mailbox_list_find(list, "Archive");
	g_assert_true(ferry_mailbox_info_has_children(info));
	g_assert_nonnull(ferry_mailbox_list_find(list, "Archive/2024"));
	g_assert_null(ferry_mailbox_list_find(list, "archive/2024"));
}

static void
check_view(FerryView *view, guint32 count)
{
	gint64 received = G_MININT64;

	g_assert_cmpuint(ferry_view_get_count(view), ==, count);
	for (guint32 i = 0; i < count; i++) {
		const FerryMessageRow *row = ferry_view_get_row(view, i);

		g_assert_cmpuint(row->uid, ==, i + 1);
		g_assert_cmpint(row->received_at, >=, received);
		received = row->received_at;
	}
	g_assert_cmpuint(ferry_view_get_uidnext(view), ==, count + 1);
}

static void
test_open(void)
{
	g_autoptr(Engine) engine = engine_new(generated);
	g_autoptr(GError) error = NULL;
	guint32 uidvalidity;
	FerryView *view;

	if (engine == NULL)
		return;
	engine_sign_in(engine);
	g_assert_null(engine_open(engine, "nowhere", &error));
	g_assert_error(error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND);
	engine_select(engine, "INBOX");
	view = ferry_mailbox_get_view(engine->mailbox);
	check_view(view, 2500);
	uidvalidity = ferry_view_get_uidvalidity(view);
	g_assert_cmpuint(ferry_mailbox_claim_recent(engine->mailbox), ==, 1);
	g_assert_cmpuint(ferry_mailbox_claim_recent(engine->mailbox), ==, 2501);
	engine_restart(engine);
	engine_sign_in(engine);
	engine_select(engine, "INBOX");
	view = ferry_mailbox_get_view(engine->mailbox);
	check_view(view, 2500);
	g_assert_cmpuint(ferry_view_get_uidvalidity(view), ==, uidvalidity);
}

static void
check_messages(GPtrArray *messages, gboolean raw)
{
	g_assert_cmpuint(messages->len, ==, 10);
	for (guint i = 0; i < messages->len; i++) {
		FerryMessageData *data = messages->pdata[i];
		gsize length;

		g_assert_no_error(ferry_message_data_get_error(data));
		g_assert_cmpuint(ferry_message_data_get_uid(data), ==, i + 1);
		if (raw) {
			g_assert_nonnull(ferry_message_data_get_raw(data));
			continue;
		}
		g_assert_nonnull(ferry_message_data_get_envelope(data, &length));
		g_assert_cmpuint(length, >, 20);
	}
}

/* writing the files goes on behind the reader's back */
static gboolean
is_raw_cached(gpointer data)
{
	Engine *engine = data;
	FerryView *view = ferry_mailbox_get_view(engine->mailbox);
	guint64 size = 0;

	for (guint32 i = 0; i < ferry_view_get_count(view); i++)
		size += ferry_view_get_row(view, i)->size;
	return ferry_raw_cache_get_size(engine->session->account->raw_cache) == size;
}

static void
test_read(void)
{
	static const FerryNeed needs[] = {
		FERRY_NEED_ENVELOPE, FERRY_NEED_HEADERS, FERRY_NEED_STRUCTURE,
		FERRY_NEED_RAW | FERRY_NEED_STRUCTURE, FERRY_NEED_ENVELOPE};
	g_autoptr(Engine) engine = engine_new(generated);

	if (engine == NULL)
		return;
	engine_sign_in(engine);
	engine_select(engine, "Archive/2024");
	for (guint i = 0; i < G_N_ELEMENTS(needs); i++) {
		g_autoptr(GPtrArray) messages = engine_read(engine, needs[i]);

		if ((needs[i] & (FERRY_NEED_ENVELOPE | FERRY_NEED_STRUCTURE)) != 0)
			check_messages(messages, FALSE);
		if ((needs[i] & FERRY_NEED_RAW) != 0)
			check_messages(messages, TRUE);
	}
	/* all of it is cached now: the backend is not needed */
	engine_wait(is_raw_cached, engine);
	g_free(engine_admin(engine, "faults",
			    "[{\"on\":\"api\",\"do\":\"status\",\"times\":0},"
			    "{\"on\":\"download\",\"do\":\"status\",\"times\":0}]"));
	for (guint i = 0; i < G_N_ELEMENTS(needs); i++) {
		g_autoptr(GPtrArray) messages = engine_read(engine, needs[i]);

		for (guint j = 0; j < messages->len; j++)
			g_assert_no_error(ferry_message_data_get_error(messages->pdata[j]));
	}
}

static void
count_changes_cb(FerryMailbox *mailbox, FerryView *before, FerryView *after,
		 FerryMailboxDelta *delta, gpointer user_data)
{
	gsize *counts = user_data;
	gsize n;

	ferry_mailbox_delta_get_arrived(delta, &n);
	counts[0] += n;
	ferry_mailbox_delta_get_changed(delta, &n);
	counts[1] += n;
	ferry_mailbox_delta_get_expunged(delta, &n);
	counts[2] += n;
}

static void
test_flags(void)
{
	static const guint32 uids[] = {2, 3, 99};
	g_autoptr(Engine) engine = engine_new(generated);
	g_autoptr(FerryOutcome) outcome = NULL;
	g_autoptr(FerryOutcome) second = NULL;
	g_autoptr(GError) error = NULL;
	const FerryMessageRow *row;
	gsize counts[3] = {0}, n;
	FerryView *view;
	guint64 modseq;

	if (engine == NULL)
		return;
	engine_sign_in(engine);
	engine_select(engine, "Archive/2024");
	g_signal_connect(engine->mailbox, "changed", G_CALLBACK(count_changes_cb), counts);
	outcome = engine_store(engine, uids, 3, FERRY_FLAGS_REPLACE, "\\Flagged \\Deleted Work", -1,
			       &error);
	g_assert_no_error(error);
	ferry_outcome_get_done(outcome, &n);
	g_assert_cmpuint(n, ==, 2);
	g_assert_cmpuint(ferry_outcome_get_missing(outcome, &n)[0], ==, 99);
	view = ferry_mailbox_get_view(engine->mailbox);
	row = ferry_view_lookup(view, 2);
	g_assert_cmpuint(row->flags, ==, FERRY_MESSAGE_FLAGGED | FERRY_MESSAGE_DELETED);
	g_assert_true(ferry_view_keyword_set_contains(view, row->keyword_set, "work"));
	g_assert_cmpuint(counts[1], ==, 2);
	modseq = row->modseq;
	engine_refresh(engine);
	view = ferry_mailbox_get_view(engine->mailbox);
	g_assert_cmpuint(ferry_view_lookup(view, 2)->modseq, ==, modseq);
	second = engine_store(engine, uids, 2, FERRY_FLAGS_ADD, "\\Seen", (gint64)modseq - 1,
			      &error);
	g_assert_no_error(error);
	ferry_outcome_get_modified(second, &n);
	g_assert_cmpuint(n, ==, 2);
	ferry_outcome_unref(second);
	second = engine_store(engine, uids, 2, FERRY_FLAGS_ADD, "\\Seen", (gint64)modseq, &error);
	g_assert_no_error(error);
	ferry_outcome_get_done(second, &n);
	g_assert_cmpuint(n, ==, 2);
}

static void
test_expunge(void)
{
	static const guint32 uids[] = {2, 3};
	g_autoptr(Engine) engine = engine_new(generated);
	g_autoptr(FerryOutcome) stored = NULL;
	g_autoptr(FerryOutcome) outcome = NULL;
	g_autoptr(GError) error = NULL;
	gsize n;

	if (engine == NULL)
		return;
	engine_sign_in(engine);
	engine_select(engine, "Archive/2024");
	stored = engine_store(engine, uids, 2, FERRY_FLAGS_ADD, "\\Deleted", -1, &error);
	g_assert_no_error(error);
	outcome = engine_expunge(engine, &error);
	g_assert_no_error(error);
	ferry_outcome_get_done(outcome, &n);
	g_assert_cmpuint(n, ==, 2);
	g_assert_cmpuint(ferry_view_get_count(ferry_mailbox_get_view(engine->mailbox)), ==, 8);
	engine_refresh(engine);
	g_assert_cmpuint(ferry_view_get_count(ferry_mailbox_get_view(engine->mailbox)), ==, 8);
}

static gboolean
has_eleven(gpointer data)
{
	Engine *engine = data;

	return ferry_view_get_count(ferry_mailbox_get_view(engine->mailbox)) == 11;
}

static void
test_push(void)
{
	g_autoptr(Engine) engine = engine_new(generated);

	if (engine == NULL)
		return;
	engine_sign_in(engine);
	engine_select(engine, "Archive/2024");
	g_free(engine_admin(engine, "deliver",
			    "{\"user\":\"alice\",\"mailbox\":\"Archive/2024\","
			    "\"message\":\"Subject: new\\r\\n\\r\\nhello\\r\\n\"}"));
	engine_wait(has_eleven, engine);
	g_assert_cmpuint(ferry_view_get_uid(ferry_mailbox_get_view(engine->mailbox), 10), ==, 11);
}

static void
sent_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GError) error = NULL;

	*(FerryJmapReply **)user_data =
		ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &error);
	g_assert_no_error(error);
}

static gboolean
is_there(gpointer data)
{
	return *(gpointer *)data != NULL;
}

/* as another client would, of whom the engine hears nothing */
static void
subscribe_elsewhere(Engine *engine, const char *mailbox_id, gboolean subscribe)
{
	g_autoptr(FerryJmapRequest) request = ferry_jmap_request_new();
	g_autoptr(FerryJmapReply) reply = NULL;
	g_autofree char *args = g_strdup_printf(
		"{\"accountId\":\"A-alice\",\"update\":{\"%s\":{\"isSubscribed\":%s}}}", mailbox_id,
		subscribe ? "true" : "false");

	ferry_jmap_request_add_call_json(request, "Mailbox/set", args, NULL);
	ferry_jmap_session_send_async(ferry_account_session_get_jmap(engine->session), request, 0,
				      NULL, sent_cb, &reply);
	engine_wait(is_there, &reply);
}

static void
listed_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GError) error = NULL;

	*(FerryMailboxList **)user_data =
		ferry_account_session_list_finish(FERRY_ACCOUNT_SESSION(source), result, &error);
	g_assert_no_error(error);
}

/* what another client subscribes to is seen, where the Mailbox state is silent about it too */
static void
test_subscriptions(void)
{
	static const char *const options[] = {"--generate=alice:Archive/2024:10:4", "--no-push",
					      "--silent-subscriptions", NULL};
	g_autoptr(Engine) engine = engine_new(options);
	g_autoptr(FerryMailboxList) first = NULL;
	g_autofree char *id = NULL;
	gboolean subscribed = FALSE;

	if (engine == NULL)
		return;
	engine_sign_in(engine);
	first = engine_list(engine);
	id = g_strdup(ferry_mailbox_info_get_id(ferry_mailbox_list_find(first, "Archive/2024")));
	subscribed =
		ferry_mailbox_info_is_subscribed(ferry_mailbox_list_find(first, "Archive/2024"));
	for (guint i = 0; i < 2; i++) {
		g_autoptr(FerryMailboxList) list = NULL;

		subscribed = !subscribed;
		subscribe_elsewhere(engine, id, subscribed);
		/* a sync of a moment ago knows nothing of it */
		engine_select(engine, "INBOX");
		ferry_account_session_list_subscribed_async(engine->session, NULL, listed_cb,
							    &list);
		engine_wait(is_there, &list);
		g_assert_true(ferry_mailbox_info_is_subscribed(
				      ferry_mailbox_list_find(list, "Archive/2024")) == subscribed);
		g_usleep(1100 * 1000); /* `freshness` */
	}
}

static void
keep_result_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	*(GAsyncResult **)user_data = g_object_ref(result);
}

static gboolean
put_data(FerryAccountSession *session, FerryMailboxInfo *info, gboolean shared, const char *key,
	 GError **error)
{
	g_autoptr(GPtrArray) data =
		g_ptr_array_new_with_free_func((GDestroyNotify)ferry_account_datum_unref);
	g_autoptr(GBytes) value = g_bytes_new_static("v", 1);
	g_autoptr(GAsyncResult) result = NULL;

	g_ptr_array_add(data, ferry_account_datum_new(shared, key, value));
	ferry_account_session_put_data_async(session, "mod", info, data, 2, NULL, keep_result_cb,
					     &result);
	engine_wait(is_there, &result);
	return ferry_account_session_put_data_finish(session, result, error);
}

/* What is kept, as MAILBOX:KEY, with * where it is shared. */
static char *
list_data(FerryAccountSession *session, FerryMailboxInfo *info, gboolean all)
{
	g_autoptr(GAsyncResult) result = NULL;
	g_autoptr(GPtrArray) data = NULL;
	GString *text = g_string_new(NULL);

	if (all)
		ferry_account_session_list_all_data_async(session, "mod", NULL, NULL,
							  keep_result_cb, &result);
	else
		ferry_account_session_list_data_async(session, "mod", info, NULL, NULL,
						      keep_result_cb, &result);
	engine_wait(is_there, &result);
	data = ferry_account_session_list_data_finish(session, result, NULL);
	for (guint i = 0; data != NULL && i < data->len; i++) {
		FerryAccountDatum *datum = data->pdata[i];

		g_string_append_printf(text, "%s:%s%s ",
				       datum->mailbox_id != NULL ? datum->mailbox_id : "",
				       datum->shared ? "*" : "", datum->key);
	}
	return g_string_free(text, FALSE);
}

static void
data_changed_cb(FerryAccountSession *session, const char *module, const char *account_id,
		const char *mailbox_id, gboolean shared, char **keys, gpointer user_data)
{
	g_assert_cmpstr(module, ==, "mod");
	g_string_append_printf(user_data, "%s%s ", shared ? "*" : "", keys[0]);
	g_assert_null(keys[1]);
}

/* what modules keep goes with its mailbox, and the others hear of it */
static void
test_data(void)
{
	g_autoptr(Engine) engine = engine_new(generated);
	g_autoptr(FerryAccountSession) second = NULL;
	g_autoptr(FerryMailboxList) list = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) heard = g_string_new(NULL);
	g_autoptr(GString) own = g_string_new(NULL);
	g_autofree char *expected = NULL;
	g_autofree char *here = NULL;
	g_autofree char *all = NULL;
	FerryMailboxInfo *info;

	if (engine == NULL)
		return;
	engine_sign_in(engine);
	second = engine_sign_in_with(engine, "secret", NULL);
	list = engine_list(engine);
	info = ferry_mailbox_list_find(list, "Archive/2024");
	g_signal_connect(second, "data-changed", G_CALLBACK(data_changed_cb), heard);
	g_signal_connect(engine->session, "data-changed", G_CALLBACK(data_changed_cb), own);
	g_assert_true(put_data(engine->session, info, FALSE, "a", NULL));
	g_assert_true(put_data(engine->session, info, TRUE, "b", NULL));
	g_assert_true(put_data(engine->session, NULL, FALSE, "c", NULL));
	g_assert_true(put_data(engine->session, info, FALSE, "d", NULL));
	g_assert_false(put_data(engine->session, info, FALSE, "e", &error));
	g_assert_error(error, FERRY_ERROR, FERRY_ERROR_LIMIT);
	g_assert_cmpstr(heard->str, ==, "a *b c d ");
	g_assert_cmpstr(own->str, ==, "");
	here = list_data(second, info, FALSE);
	all = list_data(second, NULL, TRUE);
	expected = g_strdup_printf("%1$s:a %1$s:d %1$s:*b ", ferry_mailbox_info_get_id(info));
	g_assert_cmpstr(here, ==, expected);
	g_assert_true(g_str_has_prefix(all, ":c "));
	g_assert_cmpstr(all + strlen(":c "), ==, expected);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/account/engine/sign-in", test_sign_in);
	g_test_add_func("/account/engine/sign-in-at-once", test_sign_in_at_once);
	g_test_add_func("/account/engine/list", test_list);
	g_test_add_func("/account/engine/open", test_open);
	g_test_add_func("/account/engine/read", test_read);
	g_test_add_func("/account/engine/flags", test_flags);
	g_test_add_func("/account/engine/expunge", test_expunge);
	g_test_add_func("/account/engine/push", test_push);
	g_test_add_func("/account/engine/subscriptions", test_subscriptions);
	g_test_add_func("/account/engine/data", test_data);
	return g_test_run();
}
