/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Joining requests and keeping the limits that the session states
 *
 * Specification: RFC 8620 §2 (core limits), §3.6.1 (request-level errors)
 * Implementation: requests of one turn of the main loop, and those that wait for a free slot, leave
 *   together where they are of one kind: same account and flags, and repeatable or not. A request
 *   is parted only between calls that do not refer to each other, and its parts go one after the
 *   other. An account that is not the user's own may hang by itself: it gets its own requests, and
 *   never all the slots. When a joint request is refused, its parts are sent once more, each by
 *   itself
 */
#include "jmap/batch-private.h"
#include "jmap/error.h"
#include "jmap/http-private.h"
#include "jmap/reply-private.h"
#include "jmap/request-private.h"
#include "jmap/scheduler-private.h"
#include "jmap/session-private.h"

struct _FerryJmapScheduler {
	FerryJmapSession *session;
	GQueue waiting[2]; /* FerryJmapJob: interactive, background */
	GSource *turn;
	guint n_running;
	guint n_background;
	guint n_others;      /* of n_running, about accounts that are not the user's own */
	GHashTable *running; /* the same by account */
};

static void dispatch(FerryJmapScheduler *self);

FerryJmapScheduler *
ferry_jmap_scheduler_new(FerryJmapSession *session)
{
	FerryJmapScheduler *self = g_new0(FerryJmapScheduler, 1);

	self->session = session;
	g_queue_init(&self->waiting[0]);
	g_queue_init(&self->waiting[1]);
	self->running = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return self;
}

void
ferry_jmap_scheduler_free(FerryJmapScheduler *self)
{
	if (self->turn != NULL) {
		g_source_destroy(self->turn);
		g_source_unref(self->turn);
	}
	g_queue_clear_full(&self->waiting[0], ferry_jmap_job_unref);
	g_queue_clear_full(&self->waiting[1], ferry_jmap_job_unref);
	g_hash_table_unref(self->running);
	g_free(self);
}

static gboolean
turn_cb(gpointer user_data)
{
	FerryJmapScheduler *self = user_data;
	g_autoptr(FerryJmapSession) session = g_object_ref(self->session);

	g_clear_pointer(&self->turn, g_source_unref);
	dispatch(self);
	return G_SOURCE_REMOVE;
}

/* what is sent until the loop comes round is sent together */
static void
dispatch_soon(FerryJmapScheduler *self)
{
	if (self->turn != NULL)
		return;
	self->turn = g_idle_source_new();
	g_source_set_priority(self->turn, G_PRIORITY_DEFAULT);
	g_source_set_callback(self->turn, turn_cb, self, NULL);
	g_source_attach(self->turn, g_main_context_get_thread_default());
}

/* Takes @task, whose source is the session, and ends it with a FerryJmapReply. */
void
ferry_jmap_scheduler_send(FerryJmapScheduler *self, FerryJmapRequest *request,
			  FerryJmapSendFlags flags, GTask *task)
{
	FerryJmapJob *job = ferry_jmap_job_new(self, request, flags, task);

	g_queue_push_tail(&self->waiting[flags & FERRY_JMAP_SEND_BACKGROUND ? 1 : 0], job);
	dispatch_soon(self);
}

/* The account that the job is about, where that is not the user's own. */
static const char *
get_other(FerryJmapScheduler *self, FerryJmapJob *job)
{
	const char *account = ferry_jmap_request_get_account(job->request);
	const char *own =
		ferry_jmap_session_get_primary_account(self->session, FERRY_JMAP_CAPABILITY_MAIL);

	return g_strcmp0(account, own) == 0 ? NULL : account;
}

static guint
get_n_running(FerryJmapScheduler *self, const char *other)
{
	return GPOINTER_TO_UINT(g_hash_table_lookup(self->running, other));
}

static void
count_other(FerryJmapScheduler *self, const char *other, int step)
{
	guint n;

	if (other == NULL)
		return;
	self->n_others += (guint)step;
	n = get_n_running(self, other) + (guint)step;
	if (n == 0)
		g_hash_table_remove(self->running, other);
	else
		g_hash_table_insert(self->running, g_strdup(other), GUINT_TO_POINTER(n));
}

/* Whether the job has to wait although a slot is free: half of them are as many as one other
 * account may have, and one is for the user's own. */
static gboolean
is_crowded(FerryJmapScheduler *self, FerryJmapJob *job)
{
	guint64 limit =
		ferry_jmap_session_get_limit(self->session, FERRY_JMAP_LIMIT_CONCURRENT_REQUESTS);
	const char *other = get_other(self, job);

	return other != NULL && (self->n_others >= MAX(limit - 1, 1) ||
				 get_n_running(self, other) >= MAX(limit / 2, 1));
}

/* Takes the first job off the queue that may be sent. */
static FerryJmapJob *
pop_job(FerryJmapScheduler *self, GQueue *waiting)
{
	for (GList *link = waiting->head; link != NULL; link = link->next) {
		FerryJmapJob *job = link->data;

		if (is_crowded(self, job))
			continue;
		g_queue_delete_link(waiting, link);
		return job;
	}
	return NULL;
}

/* Takes the next batch off a queue; NULL where there is none. */
static FerryJmapBatch *
next_batch(FerryJmapScheduler *self, gboolean background)
{
	GQueue *waiting = &self->waiting[background ? 1 : 0];
	FerryJmapJob *job = NULL;

	while ((job = pop_job(self, waiting)) != NULL) {
		FerryJmapBatch *batch = ferry_jmap_batch_new(self->session, background);

		if (job->task == NULL) {
			/* cancelled meanwhile */
		} else if (job->units->len == 0) {
			ferry_jmap_job_end(job, NULL);
		} else if (ferry_jmap_batch_add(batch, job) == 0) {
			ferry_jmap_job_end(
				job, g_error_new_literal(
					     FERRY_JMAP_ERROR, FERRY_JMAP_ERROR_REQUEST_TOO_LARGE,
					     "a call exceeds the limits of the backend"));
		} else {
			batch->other = g_strdup(get_other(self, job));
			ferry_jmap_batch_fill(batch, waiting);
			ferry_jmap_job_unref(job);
			return batch;
		}
		ferry_jmap_job_unref(job);
		ferry_jmap_batch_free(batch);
	}
	return NULL;
}

static void
batch_end(FerryJmapScheduler *self, FerryJmapBatch *batch)
{
	self->n_running--;
	if (batch->background)
		self->n_background--;
	count_other(self, batch->other, -1);
	ferry_jmap_batch_free(batch);
	dispatch(self);
}

static void
batch_fail(FerryJmapScheduler *self, FerryJmapBatch *batch, const GError *error)
{
	for (guint i = 0; i < batch->entries->len; i++)
		ferry_jmap_job_end(g_array_index(batch->entries, FerryJmapBatchEntry, i).job,
				   g_error_copy(error));
	batch_end(self, batch);
}

static void
requeue(FerryJmapScheduler *self, FerryJmapJob *job)
{
	g_atomic_ref_count_inc(&job->refs);
	g_queue_push_head(&self->waiting[job->flags & FERRY_JMAP_SEND_BACKGROUND ? 1 : 0], job);
}

/* Whether one bad call may have spoilt it for the others; then all parts are queued again. */
static gboolean
batch_split(FerryJmapScheduler *self, FerryJmapBatch *batch, guint status)
{
	FerryJmapBatchEntry *first = &g_array_index(batch->entries, FerryJmapBatchEntry, 0);

	if (status == 401 || status == 403 || status == 404 || status == 429 || status == 503)
		return FALSE;
	if (batch->entries->len == 1 && first->n_units == 1)
		return FALSE;
	for (guint i = batch->entries->len; i > 0; i--) {
		FerryJmapJob *job = g_array_index(batch->entries, FerryJmapBatchEntry, i - 1).job;

		job->by_itself = TRUE;
		requeue(self, job);
	}
	return TRUE;
}

static void
batch_refused(FerryJmapScheduler *self, FerryJmapBatch *batch, FerryJmapHttpResponse *response)
{
	g_autoptr(GError) error = NULL;

	if (batch_split(self, batch, response->status)) {
		batch_end(self, batch);
		return;
	}
	if (response->status == 401)
		error = ferry_jmap_session_saw_rejection(batch->session);
	else
		error = ferry_jmap_http_response_to_error(response);
	/* the API's own URL is gone: what the session object says may have changed */
	if (response->status == 404 || response->status >= 500)
		ferry_jmap_session_saw_outage(batch->session);
	g_prefix_error(&error, "backend %s: ",
		       ferry_jmap_backend_get_name(ferry_jmap_session_get_backend(batch->session)));
	batch_fail(self, batch, error);
}

/* An answer that cannot be understood to calls that must not be made twice: they may have been
 * executed. */
static void
batch_garbled(FerryJmapScheduler *self, FerryJmapBatch *batch, const GError *error)
{
	FerryJmapJob *first = g_array_index(batch->entries, FerryJmapBatchEntry, 0).job;
	g_autoptr(GError) lost = NULL;

	if (!ferry_jmap_request_get_repeatable(first->request))
		lost = g_error_new(FERRY_JMAP_ERROR, FERRY_JMAP_ERROR_LOST_ANSWER,
				   "the request may have been executed: %s", error->message);
	batch_fail(self, batch, lost != NULL ? lost : error);
}

/* Takes what the document has for one job; what it owes decides how the job goes on. */
static void
entry_take(FerryJmapScheduler *self, const FerryJmapBatchEntry *entry, gboolean answered)
{
	FerryJmapJob *job = entry->job;

	job->next_unit += entry->n_units;
	if (!answered && !ferry_jmap_request_get_repeatable(job->request))
		ferry_jmap_job_end(
			job, g_error_new_literal(FERRY_JMAP_ERROR, FERRY_JMAP_ERROR_LOST_ANSWER,
						 "the backend does not say what it did"));
	else if (job->next_unit >= job->units->len)
		ferry_jmap_job_end(job, NULL);
	else
		requeue(self, job);
}

static void
batch_parsed_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryJmapBatch *batch = user_data;
	FerryJmapScheduler *self =
		g_array_index(batch->entries, FerryJmapBatchEntry, 0).job->scheduler;
	g_autoptr(FerryJmapSession) session = g_object_ref(batch->session);
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryJmapValue) document = ferry_jmap_parse_finish(result, &error);

	if (document == NULL) {
		batch_garbled(self, batch, error);
		return;
	}
	for (guint i = 0; i < batch->entries->len; i++) {
		const FerryJmapBatchEntry *entry =
			&g_array_index(batch->entries, FerryJmapBatchEntry, i);

		if (!ferry_jmap_reply_add_document(entry->job->reply, document, &error)) {
			batch_garbled(self, batch, error);
			return;
		}
		entry_take(self, entry, ferry_jmap_batch_entry_is_answered(entry));
	}
	ferry_jmap_session_saw_state(session,
				     ferry_jmap_value_get_string(document, "sessionState"));
	batch_end(self, batch);
}

static void
batch_sent_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryJmapBatch *batch = user_data;
	FerryJmapScheduler *self =
		g_array_index(batch->entries, FerryJmapBatchEntry, 0).job->scheduler;
	g_autoptr(FerryJmapSession) session = g_object_ref(batch->session);
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryJmapHttpResponse) response =
		ferry_jmap_session_exchange_finish(result, &error);

	if (response == NULL) {
		batch_fail(self, batch, error);
		return;
	}
	if (response->status < 200 || response->status > 299) {
		batch_refused(self, batch, response);
		return;
	}
	ferry_jmap_parse_async(response->body, NULL, batch_parsed_cb, batch);
}

static void
batch_send(FerryJmapScheduler *self, FerryJmapBatch *batch)
{
	FerryJmapSession *session = batch->session;
	FerryJmapHttpRequest *http = ferry_jmap_http_request_new(
		"POST", NULL, ferry_jmap_session_get_credential(session));
	FerryJmapJob *first = g_array_index(batch->entries, FerryJmapBatchEntry, 0).job;

	http->accept = "application/json";
	http->content_type = g_strdup("application/json");
	http->body = ferry_jmap_batch_to_bytes(batch);
	http->repeatable = ferry_jmap_request_get_repeatable(first->request);
	http->no_retry = (first->flags & FERRY_JMAP_SEND_NO_RETRY) != 0;
	http->begun_at = ferry_jmap_batch_get_begun_at(batch);
	self->n_running++;
	if (batch->background)
		self->n_background++;
	count_other(self, batch->other, 1);
	ferry_jmap_session_exchange_async(session, http, FERRY_JMAP_URL_API, NULL,
					  batch->cancellable, batch_sent_cb, batch);
}

/* Sends what waits as far as slots are free; the background leaves one to who waits. */
static void
dispatch(FerryJmapScheduler *self)
{
	guint64 limit =
		ferry_jmap_session_get_limit(self->session, FERRY_JMAP_LIMIT_CONCURRENT_REQUESTS);

	while (self->n_running < limit) {
		FerryJmapBatch *batch = next_batch(self, FALSE);

		if (batch == NULL && self->n_background < MAX(limit - 1, 1))
			batch = next_batch(self, TRUE);
		if (batch == NULL)
			return;
		batch_send(self, batch);
	}
}
