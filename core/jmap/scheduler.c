/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Joining requests and keeping the limits that the session states
 *
 * Specification: RFC 8620 §2 (core limits), §3.6.1 (request-level errors)
 * Implementation: requests of one turn of the main loop, and those that wait for a free slot, leave
 *   together where they are of one kind: same account and flags, and repeatable or not. A request
 *   is parted only between calls that do not refer to each other, and its parts go one after the
 *   other. An account that is not the user's own may hang by itself: it gets its own requests, and
 *   never all the slots. When a joint request is refused, its parts are sent once more, each by
 * itself
 */
#include <string.h>

#include "jmap/builder-private.h"
#include "jmap/error.h"
#include "jmap/http-private.h"
#include "jmap/reply-private.h"
#include "jmap/request-private.h"
#include "jmap/scheduler-private.h"
#include "jmap/session-private.h"

/* octets around the calls: using, methodCalls; capability URIs are counted apart */
#define ENVELOPE_SIZE 256

typedef struct _Batch Batch;

typedef struct {
	gatomicrefcount refs;
	FerryJmapScheduler *scheduler;
	Batch *batch; /* while it is on its way */
	GTask *task;  /* NULL when answered */
	FerryJmapRequest *request;
	FerryJmapSendFlags flags;
	GArray *units;
	guint next_unit;
	gboolean by_itself; /* one unit to an HTTP request, joined with nothing */
	FerryJmapReply *reply;
	GSource *cancel_source;
} Job;

typedef struct {
	Job *job;
	guint n_units;
} Entry;

struct _Batch {
	FerryJmapSession *session;
	GArray *entries;
	GCancellable *cancellable;
	char *other; /* the account that it is about, where that is not the user's own */
	guint n_calls;
	gsize size;
	gboolean background;
};

struct _FerryJmapScheduler {
	FerryJmapSession *session;
	GQueue waiting[2]; /* Job: interactive, background */
	GSource *turn;
	guint n_running;
	guint n_background;
	guint n_others;      /* of n_running, about accounts that are not the user's own */
	GHashTable *running; /* the same by account */
};

static void dispatch(FerryJmapScheduler *self);

static void
job_unref(gpointer data)
{
	Job *job = data;

	if (!g_atomic_ref_count_dec(&job->refs))
		return;
	g_clear_object(&job->task);
	g_object_unref(job->request);
	g_object_unref(job->reply);
	g_array_unref(job->units);
	g_free(job);
}

/* ends a job with its reply or with @error (transfer full) */
static void
job_end(Job *job, GError *error)
{
	g_autoptr(GTask) task = g_steal_pointer(&job->task);

	if (job->cancel_source != NULL) {
		g_source_destroy(job->cancel_source);
		g_clear_pointer(&job->cancel_source, g_source_unref);
	}
	if (task == NULL)
		g_clear_error(&error);
	else if (error != NULL)
		g_task_return_error(task, error);
	else
		g_task_return_pointer(task, g_object_ref(job->reply), g_object_unref);
}

static void
entry_clear(gpointer data)
{
	Entry *entry = data;

	entry->job->batch = NULL;
	job_unref(entry->job);
}

static void
batch_free(Batch *batch)
{
	g_array_unref(batch->entries);
	g_object_unref(batch->cancellable);
	g_object_unref(batch->session);
	g_free(batch->other);
	g_free(batch);
}

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
	g_queue_clear_full(&self->waiting[0], job_unref);
	g_queue_clear_full(&self->waiting[1], job_unref);
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

/* an answer that nobody waits for any more must not hold a slot */
static void
batch_cancel_if_unwanted(Batch *batch)
{
	for (guint i = 0; i < batch->entries->len; i++)
		if (g_array_index(batch->entries, Entry, i).job->task != NULL)
			return;
	g_cancellable_cancel(batch->cancellable);
}

/* the caller is told at once; what is on its way is of use to the others in the batch */
static gboolean
job_cancelled_cb(GCancellable *cancellable, gpointer user_data)
{
	Job *job = user_data;
	g_autoptr(GError) error = NULL;

	g_cancellable_set_error_if_cancelled(cancellable, &error);
	job_end(job, g_steal_pointer(&error));
	if (job->batch != NULL)
		batch_cancel_if_unwanted(job->batch);
	return G_SOURCE_REMOVE;
}

static void
expect_answers(Job *job)
{
	for (guint i = 0; i < ferry_jmap_request_get_n_calls(job->request); i++) {
		const char *method = NULL;
		const char *id = ferry_jmap_request_get_call(job->request, i, &method);

		ferry_jmap_reply_expect(job->reply, id, method);
	}
}

static void
watch_cancellable(Job *job)
{
	GCancellable *cancellable = g_task_get_cancellable(job->task);

	if (cancellable == NULL)
		return;
	g_atomic_ref_count_inc(&job->refs);
	job->cancel_source = g_cancellable_source_new(cancellable);
	g_source_set_callback(job->cancel_source, G_SOURCE_FUNC(job_cancelled_cb), job, job_unref);
	g_source_attach(job->cancel_source, g_main_context_get_thread_default());
}

/* Takes @task, whose source is the session, and ends it with a FerryJmapReply. */
void
ferry_jmap_scheduler_send(FerryJmapScheduler *self, FerryJmapRequest *request,
			  FerryJmapSendFlags flags, GTask *task)
{
	Job *job = g_new0(Job, 1);

	g_atomic_ref_count_init(&job->refs);
	job->scheduler = self;
	job->task = task;
	job->request = g_object_ref(request);
	job->flags = flags;
	job->units = ferry_jmap_request_get_units(request);
	job->reply = ferry_jmap_reply_new();
	expect_answers(job);
	watch_cancellable(job);
	g_queue_push_tail(&self->waiting[flags & FERRY_JMAP_SEND_BACKGROUND ? 1 : 0], job);
	dispatch_soon(self);
}

static gboolean
jobs_match(const Job *a, const Job *b)
{
	return !a->by_itself && !b->by_itself && !((a->flags | b->flags) & FERRY_JMAP_SEND_ALONE) &&
	       g_strcmp0(ferry_jmap_request_get_account(a->request),
			 ferry_jmap_request_get_account(b->request)) == 0 &&
	       a->flags == b->flags &&
	       ferry_jmap_request_get_repeatable(a->request) ==
		       ferry_jmap_request_get_repeatable(b->request);
}

static gsize
envelope_size(Job *job)
{
	GPtrArray *capabilities = ferry_jmap_request_get_capabilities(job->request);
	gsize size = ENVELOPE_SIZE;

	for (guint i = 0; i < capabilities->len; i++)
		size += strlen(g_ptr_array_index(capabilities, i)) + 3;
	return size;
}

/* Adds as much of the job as the limits allow. Returns how many units. */
static guint
batch_add(Batch *batch, Job *job)
{
	FerryJmapSession *session = batch->session;
	guint64 max_calls =
		ferry_jmap_session_get_limit(session, FERRY_JMAP_LIMIT_CALLS_IN_REQUEST);
	guint64 max_size = ferry_jmap_session_get_limit(session, FERRY_JMAP_LIMIT_SIZE_REQUEST);
	gsize size = batch->size + envelope_size(job);
	Entry entry = {job, 0};

	for (guint i = job->next_unit; i < job->units->len; i++) {
		const FerryJmapUnit *unit = &g_array_index(job->units, FerryJmapUnit, i);

		if (batch->n_calls + unit->n_calls > max_calls || size + unit->size > max_size)
			break;
		batch->n_calls += unit->n_calls;
		size += unit->size;
		batch->size = size;
		entry.n_units++;
		if (job->by_itself)
			break;
	}
	if (entry.n_units > 0) {
		g_atomic_ref_count_inc(&job->refs);
		job->batch = batch;
		g_array_append_val(batch->entries, entry);
	}
	return entry.n_units;
}

/* The account that the job is about, where that is not the user's own. */
static const char *
get_other(FerryJmapScheduler *self, Job *job)
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
is_crowded(FerryJmapScheduler *self, Job *job)
{
	guint64 limit =
		ferry_jmap_session_get_limit(self->session, FERRY_JMAP_LIMIT_CONCURRENT_REQUESTS);
	const char *other = get_other(self, job);

	return other != NULL && (self->n_others >= MAX(limit - 1, 1) ||
				 get_n_running(self, other) >= MAX(limit / 2, 1));
}

/* Takes the first job off the queue that may be sent. */
static Job *
pop_job(FerryJmapScheduler *self, GQueue *waiting)
{
	for (GList *link = waiting->head; link != NULL; link = link->next) {
		Job *job = link->data;

		if (is_crowded(self, job))
			continue;
		g_queue_delete_link(waiting, link);
		return job;
	}
	return NULL;
}

static Batch *
batch_new(FerryJmapScheduler *self, gboolean background)
{
	Batch *batch = g_new0(Batch, 1);

	batch->session = g_object_ref(self->session);
	batch->entries = g_array_new(FALSE, FALSE, sizeof(Entry));
	g_array_set_clear_func(batch->entries, entry_clear);
	batch->cancellable = g_cancellable_new();
	batch->background = background;
	return batch;
}

/* others of the same kind join */
static void
batch_fill(Batch *batch, GQueue *waiting)
{
	Job *first = g_array_index(batch->entries, Entry, 0).job;
	GList *link = waiting->head;

	while (link != NULL) {
		GList *next = link->next;
		Job *job = link->data;

		if (job->task != NULL && jobs_match(first, job)) {
			if (batch_add(batch, job) == 0)
				return;
			g_queue_delete_link(waiting, link);
			job_unref(job);
		}
		link = next;
	}
}

/* Takes the next batch off a queue; NULL where there is none. */
static Batch *
next_batch(FerryJmapScheduler *self, gboolean background)
{
	GQueue *waiting = &self->waiting[background ? 1 : 0];
	Job *job = NULL;

	while ((job = pop_job(self, waiting)) != NULL) {
		Batch *batch = batch_new(self, background);

		if (job->task == NULL) {
			/* cancelled meanwhile */
		} else if (job->units->len == 0) {
			job_end(job, NULL);
		} else if (batch_add(batch, job) == 0) {
			job_end(job, g_error_new_literal(
					     FERRY_JMAP_ERROR, FERRY_JMAP_ERROR_REQUEST_TOO_LARGE,
					     "a call exceeds the limits of the backend"));
		} else {
			batch->other = g_strdup(get_other(self, job));
			batch_fill(batch, waiting);
			job_unref(job);
			return batch;
		}
		job_unref(job);
		batch_free(batch);
	}
	return NULL;
}

static void
append_using(GString *out, Batch *batch)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < batch->entries->len; i++) {
		Job *job = g_array_index(batch->entries, Entry, i).job;
		GPtrArray *capabilities = ferry_jmap_request_get_capabilities(job->request);

		for (guint j = 0; j < capabilities->len; j++) {
			const char *capability = g_ptr_array_index(capabilities, j);

			if (!g_hash_table_add(seen, (gpointer)capability))
				continue;
			if (g_hash_table_size(seen) > 1)
				g_string_append_c(out, ',');
			ferry_jmap_append_string(out, capability);
		}
	}
}

static GBytes *
batch_to_bytes(Batch *batch)
{
	GString *out = g_string_sized_new(batch->size + ENVELOPE_SIZE);
	gboolean first = TRUE;

	g_string_append(out, "{\"using\":[");
	append_using(out, batch);
	g_string_append(out, "],\"methodCalls\":[");
	for (guint i = 0; i < batch->entries->len; i++) {
		const Entry *entry = &g_array_index(batch->entries, Entry, i);

		for (guint j = 0; j < entry->n_units; j++) {
			if (!first)
				g_string_append_c(out, ',');
			first = FALSE;
			ferry_jmap_request_append_calls(entry->job->request,
							&g_array_index(entry->job->units,
								       FerryJmapUnit,
								       entry->job->next_unit + j),
							out);
		}
	}
	g_string_append(out, "]}");
	return g_string_free_to_bytes(out);
}

static void
batch_end(FerryJmapScheduler *self, Batch *batch)
{
	self->n_running--;
	if (batch->background)
		self->n_background--;
	count_other(self, batch->other, -1);
	batch_free(batch);
	dispatch(self);
}

static void
batch_fail(FerryJmapScheduler *self, Batch *batch, const GError *error)
{
	for (guint i = 0; i < batch->entries->len; i++)
		job_end(g_array_index(batch->entries, Entry, i).job, g_error_copy(error));
	batch_end(self, batch);
}

static void
requeue(FerryJmapScheduler *self, Job *job)
{
	g_atomic_ref_count_inc(&job->refs);
	g_queue_push_head(&self->waiting[job->flags & FERRY_JMAP_SEND_BACKGROUND ? 1 : 0], job);
}

/* Whether one bad call may have spoilt it for the others; then all parts are queued again. */
static gboolean
batch_split(FerryJmapScheduler *self, Batch *batch, guint status)
{
	Entry *first = &g_array_index(batch->entries, Entry, 0);

	if (status == 401 || status == 403 || status == 404 || status == 429 || status == 503)
		return FALSE;
	if (batch->entries->len == 1 && first->n_units == 1)
		return FALSE;
	for (guint i = batch->entries->len; i > 0; i--) {
		Job *job = g_array_index(batch->entries, Entry, i - 1).job;

		job->by_itself = TRUE;
		requeue(self, job);
	}
	return TRUE;
}

static void
batch_refused(FerryJmapScheduler *self, Batch *batch, FerryJmapHttpResponse *response)
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

/* Whether each call that was sent got an answer. */
static gboolean
entry_is_answered(const Entry *entry)
{
	Job *job = entry->job;
	const FerryJmapUnit *first = &g_array_index(job->units, FerryJmapUnit, job->next_unit);
	const FerryJmapUnit *last = first + entry->n_units - 1;

	for (guint i = first->first; i < last->first + last->n_calls; i++) {
		const char *method = NULL;
		const char *id = ferry_jmap_request_get_call(job->request, i, &method);

		if (ferry_jmap_reply_get_n_results(job->reply, id) == 0)
			return FALSE;
	}
	return TRUE;
}

/* An answer that cannot be understood to calls that must not be made twice: they may have been
 * executed. */
static void
batch_garbled(FerryJmapScheduler *self, Batch *batch, const GError *error)
{
	Job *first = g_array_index(batch->entries, Entry, 0).job;
	g_autoptr(GError) lost = NULL;

	if (!ferry_jmap_request_get_repeatable(first->request))
		lost = g_error_new(FERRY_JMAP_ERROR, FERRY_JMAP_ERROR_LOST_ANSWER,
				   "the request may have been executed: %s", error->message);
	batch_fail(self, batch, lost != NULL ? lost : error);
}

/* Takes what the document has for one job; what it owes decides how the job goes on. */
static void
entry_take(FerryJmapScheduler *self, const Entry *entry, gboolean answered)
{
	Job *job = entry->job;

	job->next_unit += entry->n_units;
	if (!answered && !ferry_jmap_request_get_repeatable(job->request))
		job_end(job, g_error_new_literal(FERRY_JMAP_ERROR, FERRY_JMAP_ERROR_LOST_ANSWER,
						 "the backend does not say what it did"));
	else if (job->next_unit >= job->units->len)
		job_end(job, NULL);
	else
		requeue(self, job);
}

static void
batch_parsed_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Batch *batch = user_data;
	FerryJmapScheduler *self = g_array_index(batch->entries, Entry, 0).job->scheduler;
	g_autoptr(FerryJmapSession) session = g_object_ref(batch->session);
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryJmapValue) document = ferry_jmap_parse_finish(result, &error);

	if (document == NULL) {
		batch_garbled(self, batch, error);
		return;
	}
	for (guint i = 0; i < batch->entries->len; i++) {
		const Entry *entry = &g_array_index(batch->entries, Entry, i);

		if (!ferry_jmap_reply_add_document(entry->job->reply, document, &error)) {
			batch_garbled(self, batch, error);
			return;
		}
		entry_take(self, entry, entry_is_answered(entry));
	}
	ferry_jmap_session_saw_state(session,
				     ferry_jmap_value_get_string(document, "sessionState"));
	batch_end(self, batch);
}

static void
batch_sent_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Batch *batch = user_data;
	FerryJmapScheduler *self = g_array_index(batch->entries, Entry, 0).job->scheduler;
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

/* The time of the work that began first; 0: all begin now. */
static gint64
batch_get_begun_at(Batch *batch)
{
	gint64 first = 0;

	for (guint i = 0; i < batch->entries->len; i++) {
		Job *job = g_array_index(batch->entries, Entry, i).job;
		gint64 begun_at = ferry_jmap_request_get_begun_at(job->request);

		if (begun_at != 0 && (first == 0 || begun_at < first))
			first = begun_at;
	}
	return first;
}

static void
batch_send(FerryJmapScheduler *self, Batch *batch)
{
	FerryJmapSession *session = batch->session;
	FerryJmapHttpRequest *http = ferry_jmap_http_request_new(
		"POST", NULL, ferry_jmap_session_get_credential(session));
	Job *first = g_array_index(batch->entries, Entry, 0).job;

	http->accept = "application/json";
	http->content_type = g_strdup("application/json");
	http->body = batch_to_bytes(batch);
	http->repeatable = ferry_jmap_request_get_repeatable(first->request);
	http->no_retry = (first->flags & FERRY_JMAP_SEND_NO_RETRY) != 0;
	http->begun_at = batch_get_begun_at(batch);
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
		Batch *batch = next_batch(self, FALSE);

		if (batch == NULL && self->n_background < MAX(limit - 1, 1))
			batch = next_batch(self, TRUE);
		if (batch == NULL)
			return;
		batch_send(self, batch);
	}
}
