/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What may have come of a creation whose answer was lost
 *
 * Specification: RFC 8620 §5.2 (/changes), RFC 8621 §4.4 (Email/query)
 * Implementation: Email/changes to its end. Where the backend cannot calculate it, or says that too
 *   much changed, every Email of the mailbox that could have the size, less those that had a UID
 *   before. Never a part of the answer: what would be too much is an error
 */
#include "account/candidates-private.h"

#include <string.h>

#include "jmap/blob.h"
#include "jmap/error.h"
#include "jmap/method.h"

#define PAGE 500
#define MAX_PAGES 40
#define QUERY_PAGE 4096
#define MAX_QUERIED (512 * 1024)
#define MAX_CANDIDATES 10000

typedef struct {
	FerryAccountSession *session;
	FerryJmapRequest *request;
	char *mailbox_id;
	char *state;
	guint64 uidnext;
	guint64 min_size, max_size;
	GArray *found;
	guint pages;
	char *changes_call;
	char *call_id;
	GPtrArray *ids; /* by the query; owned strings */
	guint next;     /* of ids */
} Search;

static void send_changes(GTask *task);
static void send_query(GTask *task);
static void send_gets(GTask *task);

static void
clear_candidate(gpointer data)
{
	FerryCandidate *candidate = data;

	g_free(candidate->id);
	g_free(candidate->blob_id);
}

static void
search_free(gpointer data)
{
	Search *self = data;

	g_object_unref(self->session);
	g_clear_object(&self->request);
	g_clear_pointer(&self->found, g_array_unref);
	g_clear_pointer(&self->ids, g_ptr_array_unref);
	g_free(self->mailbox_id);
	g_free(self->state);
	g_free(self->changes_call);
	g_free(self->call_id);
	g_free(self);
}

static void
fail(GTask *task, GError *error)
{
	g_task_return_error(task, error);
	g_object_unref(task);
}

static void
too_many(GTask *task)
{
	fail(task, g_error_new_literal(FERRY_ERROR, FERRY_ERROR_UNAVAILABLE,
				       "it is not known whether the message was stored"));
}

static void
finish(GTask *task)
{
	Search *self = g_task_get_task_data(task);

	g_task_return_pointer(task, g_steal_pointer(&self->found), (GDestroyNotify)g_array_unref);
	g_object_unref(task);
}

static void
begin_request(Search *self)
{
	g_clear_object(&self->request);
	g_clear_pointer(&self->changes_call, g_free);
	g_clear_pointer(&self->call_id, g_free);
	self->request = ferry_jmap_request_new();
}

static void
send(GTask *task, GAsyncReadyCallback callback)
{
	FerryMailAccount *account = g_task_get_source_object(task);
	Search *self = g_task_get_task_data(task);

	ferry_mail_account_send_async(account, self->session->jmap, self->request,
				      FERRY_JMAP_SEND_NONE, NULL, callback, task);
}

static void
collect(Search *self, FerryJmapValue *got)
{
	FerryJmapValueIter iter;
	FerryJmapValue *email;

	if (!ferry_jmap_value_iter_init(&iter, got, "list"))
		return;
	while (ferry_jmap_value_iter_next(&iter, NULL, &email)) {
		g_autoptr(FerryJmapValue) owned = email;
		g_autoptr(FerryJmapValue) places = ferry_jmap_value_get_member(email, "mailboxIds");
		FerryCandidate candidate = {0};

		if (places == NULL ||
		    !ferry_jmap_value_get_boolean(places, self->mailbox_id, FALSE))
			continue;
		candidate.id = g_strdup(ferry_jmap_value_get_string(email, "id"));
		candidate.blob_id = g_strdup(ferry_jmap_value_get_string(email, "blobId"));
		candidate.size = ferry_jmap_value_get_uint64(email, "size", 0);
		candidate.only = ferry_jmap_value_get_size(places, NULL) == 1;
		if (candidate.id == NULL || candidate.blob_id == NULL)
			clear_candidate(&candidate);
		else
			g_array_append_val(self->found, candidate);
	}
}

static const char *const properties[] = {"id", "blobId", "size", "mailboxIds", NULL};

/* by what changed */

static void
changes_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	Search *self = g_task_get_task_data(task);
	GError *error = NULL;
	g_autoptr(FerryJmapReply) reply =
		ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &error);
	g_autoptr(FerryJmapChanges) changes = NULL;
	g_autoptr(FerryJmapValue) got = NULL;

	if (reply != NULL)
		changes = ferry_jmap_reply_parse_changes(reply, self->changes_call, &error);
	if (changes != NULL)
		got = ferry_jmap_reply_get_result(reply, self->call_id, &error);
	if (reply != NULL && changes == NULL &&
	    !g_error_matches(error, FERRY_ERROR, FERRY_ERROR_UNAVAILABLE)) {
		/* the states of another history are refused in many ways */
		g_error_free(error);
		g_array_set_size(self->found, 0);
		self->ids = g_ptr_array_new_with_free_func(g_free);
		send_query(task);
		return;
	}
	if (got == NULL) {
		fail(task, error);
		return;
	}
	collect(self, got);
	if (!changes->has_more) {
		finish(task);
		return;
	}
	if (++self->pages > MAX_PAGES || self->found->len > MAX_CANDIDATES) {
		too_many(task);
		return;
	}
	g_free(self->state);
	self->state = g_strdup(changes->new_state);
	send_changes(task);
}

static guint
get_page_size(Search *self)
{
	return (guint)MIN(PAGE, ferry_jmap_session_get_limit(self->session->jmap,
							     FERRY_JMAP_LIMIT_OBJECTS_IN_GET));
}

static void
send_changes(GTask *task)
{
	FerryMailAccount *account = g_task_get_source_object(task);
	Search *self = g_task_get_task_data(task);

	begin_request(self);
	self->changes_call = g_strdup(ferry_jmap_request_add_changes(
		self->request, "Email/changes", account->id, self->state, get_page_size(self)));
	self->call_id = g_strdup(ferry_jmap_request_add_get_reference(
		self->request, "Email/get", account->id, self->changes_call, "Email/changes",
		"/created", properties));
	send(task, changes_cb);
}

/* by what is there */

static void
got_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	Search *self = g_task_get_task_data(task);
	GError *error = NULL;
	g_autoptr(FerryJmapReply) reply =
		ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &error);
	g_autoptr(FerryJmapValue) got = NULL;

	if (reply != NULL)
		got = ferry_jmap_reply_get_result(reply, self->call_id, &error);
	if (got == NULL) {
		fail(task, error);
		return;
	}
	collect(self, got);
	send_gets(task);
}

static void
send_gets(GTask *task)
{
	FerryMailAccount *account = g_task_get_source_object(task);
	Search *self = g_task_get_task_data(task);
	guint n = MIN(get_page_size(self), self->ids->len - self->next);
	g_auto(GStrv) calls = NULL;

	if (n == 0) {
		finish(task);
		return;
	}
	begin_request(self);
	calls = ferry_jmap_request_add_get(self->request, "Email/get", account->id,
					   (const char *const *)self->ids->pdata + self->next, n,
					   properties, n);
	self->call_id = g_strdup(calls[0]);
	self->next += n;
	send(task, got_cb);
}

static void
known_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	FerryMailAccount *account = g_task_get_source_object(task);
	Search *self = g_task_get_task_data(task);
	FerryMailboxSlot *slot = ferry_mail_account_find(account, self->mailbox_id);
	GError *error = NULL;
	g_autoptr(FerryStorePairs) pairs =
		ferry_store_find_pairs_finish(FERRY_STORE(source), result, &error);
	guint kept = 0;

	if (pairs == NULL) {
		fail(task, error);
		return;
	}
	for (guint i = 0; slot != NULL && i < pairs->n; i++) {
		const FerryStorePair *pair = &pairs->pairs[i];

		if (pair->mailbox_key == slot->stored->key && pair->uid < self->uidnext)
			g_clear_pointer(&self->ids->pdata[pair->asked], g_free);
	}
	for (guint i = 0; i < self->ids->len; i++) {
		char *id = g_steal_pointer(&self->ids->pdata[i]);

		if (id != NULL)
			self->ids->pdata[kept++] = id;
	}
	g_ptr_array_set_size(self->ids, (gint)kept);
	if (kept > MAX_CANDIDATES)
		too_many(task);
	else
		send_gets(task);
}

static void
drop_known(GTask *task)
{
	FerryMailAccount *account = g_task_get_source_object(task);
	Search *self = g_task_get_task_data(task);

	if (account->account == NULL) {
		fail(task, g_error_new_literal(FERRY_ERROR, FERRY_ERROR_UNAVAILABLE,
					       "the account is being closed"));
		return;
	}
	g_ptr_array_add(self->ids, NULL);
	ferry_store_find_pairs_async(account->account->store, account->key,
				     (const char *const *)self->ids->pdata, NULL, known_cb, task);
	g_ptr_array_set_size(self->ids, (gint)self->ids->len - 1);
}

static void
queried_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	Search *self = g_task_get_task_data(task);
	GError *error = NULL;
	g_autoptr(FerryJmapReply) reply =
		ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &error);
	g_autoptr(FerryJmapQueryPage) page = NULL;

	if (reply != NULL)
		page = ferry_jmap_reply_parse_query(reply, self->call_id, &error);
	if (page == NULL) {
		fail(task, error);
		return;
	}
	for (guint i = 0; i < page->n_ids; i++)
		g_ptr_array_add(self->ids, g_strdup(page->ids[i]));
	if (page->n_ids == 0)
		drop_known(task);
	else if (self->ids->len > MAX_QUERIED)
		too_many(task);
	else
		send_query(task);
}

static void
write_filter(Search *self, FerryJmapBuilder *args)
{
	ferry_jmap_builder_name(args, "filter");
	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "inMailbox", self->mailbox_id);
	if (self->min_size > 0)
		ferry_jmap_builder_set_uint(args, "minSize", self->min_size);
	if (self->max_size < G_MAXINT64)
		ferry_jmap_builder_set_uint(args, "maxSize", self->max_size + 1);
	ferry_jmap_builder_end_object(args);
}

static void
send_query(GTask *task)
{
	FerryMailAccount *account = g_task_get_source_object(task);
	Search *self = g_task_get_task_data(task);
	g_autoptr(FerryJmapBuilder) args = ferry_jmap_builder_new();

	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "accountId", account->id);
	write_filter(self, args);
	ferry_jmap_builder_set_uint(args, "position", self->ids->len);
	ferry_jmap_builder_set_uint(args, "limit", QUERY_PAGE);
	ferry_jmap_builder_end_object(args);
	begin_request(self);
	self->call_id = g_strdup(ferry_jmap_request_add_call(self->request, "Email/query", args));
	send(task, queried_cb);
}

void
ferry_find_candidates_async(FerryMailAccount *account, FerryAccountSession *session,
			    const char *mailbox_id, const char *state, guint64 uidnext,
			    guint64 min_size, guint64 max_size, GAsyncReadyCallback callback,
			    gpointer user_data)
{
	GTask *task = g_task_new(account, NULL, callback, user_data);
	Search *self = g_new0(Search, 1);

	g_task_set_source_tag(task, ferry_find_candidates_async);
	self->session = g_object_ref(session);
	self->mailbox_id = g_strdup(mailbox_id);
	self->state = g_strdup(state);
	self->uidnext = uidnext;
	self->min_size = min_size;
	self->max_size = max_size;
	self->found = g_array_new(FALSE, TRUE, sizeof(FerryCandidate));
	g_array_set_clear_func(self->found, clear_candidate);
	g_task_set_task_data(task, self, search_free);
	send_changes(task);
}

GArray *
ferry_find_candidates_finish(FerryMailAccount *account, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}

/* their octets */

typedef struct {
	GArray *candidates;
	GArray *indices; /* guint: of those that are wanted */
	FerryCandidateFunc func;
	gpointer func_data;
} Reading;

static void
reading_free(gpointer data)
{
	Reading *self = data;

	g_array_unref(self->candidates);
	g_array_unref(self->indices);
	g_free(self);
}

static void
blob_cb(FerryJmapSession *session, guint index, GBytes *bytes, const GError *error,
	gpointer user_data)
{
	Reading *self = g_task_get_task_data(user_data);
	guint which = g_array_index(self->indices, guint, index);

	self->func(&g_array_index(self->candidates, FerryCandidate, which), bytes, self->func_data);
}

static void
read_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;

	ferry_jmap_session_fetch_blobs_finish(FERRY_JMAP_SESSION(source), result, NULL);
	g_task_return_boolean(task, TRUE);
}

void
ferry_read_candidates_async(FerryMailAccount *account, FerryAccountSession *session,
			    GArray *candidates, FerryCandidateFunc func, gpointer func_data,
			    GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = g_task_new(account, NULL, callback, user_data);
	Reading *self = g_new0(Reading, 1);
	g_autoptr(GPtrArray) ids = g_ptr_array_new();
	g_autoptr(GArray) sizes = g_array_new(FALSE, FALSE, sizeof(guint64));

	g_task_set_source_tag(task, ferry_read_candidates_async);
	self->candidates = g_array_ref(candidates);
	self->indices = g_array_new(FALSE, FALSE, sizeof(guint));
	self->func = func;
	self->func_data = func_data;
	g_task_set_task_data(task, self, reading_free);
	for (guint i = 0; i < candidates->len; i++) {
		FerryCandidate *candidate = &g_array_index(candidates, FerryCandidate, i);

		if (!candidate->wanted)
			continue;
		g_ptr_array_add(ids, candidate->blob_id);
		g_array_append_val(sizes, candidate->size);
		g_array_append_val(self->indices, i);
	}
	if (ids->len == 0) {
		g_task_return_boolean(task, TRUE);
		g_object_unref(task);
		return;
	}
	ferry_jmap_session_fetch_blobs_async(
		session->jmap, account->id, (const char *const *)ids->pdata,
		(const guint64 *)(gconstpointer)sizes->data, ids->len, FERRY_JMAP_SEND_NONE,
		blob_cb, task, NULL, NULL, read_cb, task);
}

void
ferry_read_candidates_finish(FerryMailAccount *account, GAsyncResult *result)
{
	g_task_propagate_boolean(G_TASK(result), NULL);
}
