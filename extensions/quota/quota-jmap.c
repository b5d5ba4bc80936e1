/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Quota/get, and its answers for a while
 *
 * Specification: RFC 9425 §4, §5.1
 * Implementation: the answer for an account is kept with the JMAP session, for all that have the
 *   same credential: until messages of the login come, go or change, and ANSWER_SECONDS at most,
 *   since limits and what else is counted change unseen.
 */
#include "quota.h"

#include "quota-root.h"

#define ANSWER_SECONDS 10
#define DATA_NAME "ferry-quota"

/* What is known with one credential. */
typedef struct {
	FerryAccount *account; /* weak */
	gulong handler;
	guint64 serial; /* counts changes */
	GHashTable *answers;
} Cache;

typedef struct {
	GPtrArray *roots;
	guint64 serial;
	gint64 until;
} Answer;

typedef struct {
	char *account_id, *call_id;
	gboolean draft;
	guint64 serial;
} Question;

static void
answer_free(gpointer data)
{
	Answer *answer = data;

	g_ptr_array_unref(answer->roots);
	g_free(answer);
}

static void
question_free(gpointer data)
{
	Question *question = data;

	g_free(question->account_id);
	g_free(question->call_id);
	g_free(question);
}

static void
cache_free(gpointer data)
{
	Cache *cache = data;

	if (cache->account != NULL)
		g_signal_handler_disconnect(cache->account, cache->handler);
	g_clear_weak_pointer(&cache->account);
	g_hash_table_unref(cache->answers);
	g_free(cache);
}

static void
changed_cb(FerryAccount *account, const char *account_id, const char *mailbox_id,
	   FerryMailboxDelta *delta, gpointer user_data)
{
	Cache *cache = user_data;

	cache->serial++;
}

static Cache *
ensure_cache(FerryAccountSession *session)
{
	GObject *jmap = G_OBJECT(ferry_account_session_get_jmap(session));
	FerryAccount *account = ferry_account_session_get_account(session);
	Cache *cache = g_object_get_data(jmap, DATA_NAME);

	if (cache != NULL && cache->account == account)
		return cache;
	cache = g_new0(Cache, 1);
	g_set_weak_pointer(&cache->account, account);
	cache->answers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, answer_free);
	cache->handler =
		g_signal_connect(account, "messages-changed", G_CALLBACK(changed_cb), cache);
	g_object_set_data_full(jmap, DATA_NAME, cache, cache_free);
	return cache;
}

/* Whether quotas are told of an account with these capabilities; @draft: in Cyrus's form only. */
gboolean
quota_is_told(FerryJmapValue *capabilities, gboolean *draft)
{
	g_autoptr(FerryJmapValue) standard =
		ferry_jmap_value_get_member(capabilities, FERRY_JMAP_CAPABILITY_QUOTA);
	g_autoptr(FerryJmapValue) cyrus = ferry_jmap_value_get_member(capabilities, QUOTA_CYRUS);

	*draft = standard == NULL;
	return standard != NULL || cyrus != NULL;
}

/* Whether the backend tells quotas of an account. */
gboolean
quota_is_offered(FerryAccountSession *session, const char *account_id, gboolean *draft)
{
	const FerryJmapAccountInfo *info =
		account_id != NULL ? ferry_jmap_session_find_account(
					     ferry_account_session_get_jmap(session), account_id)
				   : NULL;

	return info != NULL && info->capabilities != NULL &&
	       quota_is_told(info->capabilities, draft);
}

static GPtrArray *
look_up(Cache *cache, const char *account_id)
{
	Answer *answer = g_hash_table_lookup(cache->answers, account_id);

	if (answer == NULL || answer->serial != cache->serial ||
	    answer->until < g_get_monotonic_time())
		return NULL;
	return g_ptr_array_ref(answer->roots);
}

static void
remember(FerryAccountSession *session, const Question *question, GPtrArray *roots)
{
	Answer *answer = g_new0(Answer, 1);

	answer->roots = g_ptr_array_ref(roots);
	/* what changed since the question was sent may be missing in the answer */
	answer->serial = question->serial;
	answer->until = g_get_monotonic_time() + ANSWER_SECONDS * (gint64)G_USEC_PER_SEC;
	g_hash_table_replace(ensure_cache(session)->answers, g_strdup(question->account_id),
			     answer);
}

static void
replied_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	FerryAccountSession *session = g_task_get_source_object(task);
	Question *question = g_task_get_task_data(task);
	GError *error = NULL;
	g_autoptr(FerryJmapReply) reply =
		ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &error);
	g_autoptr(FerryJmapValue) value =
		reply != NULL ? ferry_jmap_reply_get_result(reply, question->call_id, &error)
			      : NULL;
	GPtrArray *roots;

	if (value == NULL) {
		g_task_return_error(task, error);
		return;
	}
	roots = quota_roots_parse(value, question->account_id, question->draft);
	remember(session, question, roots);
	g_task_return_pointer(task, roots, (GDestroyNotify)g_ptr_array_unref);
}

static FerryJmapRequest *
make_request(Question *question)
{
	FerryJmapRequest *request = ferry_jmap_request_new();
	g_autoptr(FerryJmapBuilder) args = ferry_jmap_builder_new();

	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "accountId", question->account_id);
	ferry_jmap_builder_set_null(args, "ids");
	ferry_jmap_builder_end_object(args);
	ferry_jmap_request_use(request,
			       question->draft ? QUOTA_CYRUS : FERRY_JMAP_CAPABILITY_QUOTA);
	/* types of capabilities that are not used are not shown (RFC 9425 §4) */
	ferry_jmap_request_use(request, FERRY_JMAP_CAPABILITY_MAIL);
	question->call_id = g_strdup(ferry_jmap_request_add_call(request, "Quota/get", args));
	ferry_jmap_request_set_repeatable(request, TRUE);
	return request;
}

/* The quota roots of an account (QuotaRoot); none where the backend tells no quotas of it. */
void
quota_ask_async(FerryAccountSession *session, const char *account_id, GCancellable *cancellable,
		GAsyncReadyCallback callback, gpointer user_data)
{
	g_autoptr(GTask) task = g_task_new(session, cancellable, callback, user_data);
	Cache *cache = ensure_cache(session);
	GPtrArray *known = look_up(cache, account_id);
	g_autoptr(FerryJmapRequest) request = NULL;
	Question *question;
	gboolean draft;

	g_task_set_source_tag(task, quota_ask_async);
	if (known == NULL && !quota_is_offered(session, account_id, &draft))
		known = g_ptr_array_new();
	if (known != NULL) {
		g_task_return_pointer(task, known, (GDestroyNotify)g_ptr_array_unref);
		return;
	}
	question = g_new0(Question, 1);
	question->account_id = g_strdup(account_id);
	question->draft = draft;
	question->serial = cache->serial;
	g_task_set_task_data(task, question, question_free);
	request = make_request(question);
	ferry_jmap_session_send_async(ferry_account_session_get_jmap(session), request,
				      FERRY_JMAP_SEND_NONE, cancellable, replied_cb,
				      g_steal_pointer(&task));
}

GPtrArray *
quota_ask_finish(GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}
