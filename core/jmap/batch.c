/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests that wait for their replies, and what of them travels in one HTTP request
 *
 * Specification: RFC 8620 §2 (core limits), §3.3 (the Request object)
 * Implementation: a job is a request of ours until it is answered; a batch has units of one or of
 *   several jobs, as many as the limits allow. Which, and when, is the scheduler's.
 */
#include "jmap/batch-private.h"

#include <string.h>

#include "jmap/builder-private.h"
#include "jmap/reply-private.h"
#include "jmap/request-private.h"

/* octets around the calls: using, methodCalls; capability URIs are counted apart */
#define ENVELOPE_SIZE 256

void
ferry_jmap_job_unref(gpointer data)
{
	FerryJmapJob *job = data;

	if (!g_atomic_ref_count_dec(&job->refs))
		return;
	g_clear_object(&job->task);
	g_object_unref(job->request);
	g_object_unref(job->reply);
	g_array_unref(job->units);
	g_free(job);
}

/* ends a job with its reply or with @error (transfer full) */
void
ferry_jmap_job_end(FerryJmapJob *job, GError *error)
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
	FerryJmapBatchEntry *entry = data;

	entry->job->batch = NULL;
	ferry_jmap_job_unref(entry->job);
}

void
ferry_jmap_batch_free(FerryJmapBatch *batch)
{
	g_array_unref(batch->entries);
	g_object_unref(batch->cancellable);
	g_object_unref(batch->session);
	g_free(batch->other);
	g_free(batch);
}

/* an answer that nobody waits for any more must not hold a slot */
static void
batch_cancel_if_unwanted(FerryJmapBatch *batch)
{
	for (guint i = 0; i < batch->entries->len; i++)
		if (g_array_index(batch->entries, FerryJmapBatchEntry, i).job->task != NULL)
			return;
	g_cancellable_cancel(batch->cancellable);
}

/* the caller is told at once; what is on its way is of use to the others in the batch */
static gboolean
job_cancelled_cb(GCancellable *cancellable, gpointer user_data)
{
	FerryJmapJob *job = user_data;
	g_autoptr(GError) error = NULL;

	g_cancellable_set_error_if_cancelled(cancellable, &error);
	ferry_jmap_job_end(job, g_steal_pointer(&error));
	if (job->batch != NULL)
		batch_cancel_if_unwanted(job->batch);
	return G_SOURCE_REMOVE;
}

static void
expect_answers(FerryJmapJob *job)
{
	for (guint i = 0; i < ferry_jmap_request_get_n_calls(job->request); i++) {
		const char *method = NULL;
		const char *id = ferry_jmap_request_get_call(job->request, i, &method);

		ferry_jmap_reply_expect(job->reply, id, method);
	}
}

static void
watch_cancellable(FerryJmapJob *job)
{
	GCancellable *cancellable = g_task_get_cancellable(job->task);

	if (cancellable == NULL)
		return;
	g_atomic_ref_count_inc(&job->refs);
	job->cancel_source = g_cancellable_source_new(cancellable);
	g_source_set_callback(job->cancel_source, G_SOURCE_FUNC(job_cancelled_cb), job,
			      ferry_jmap_job_unref);
	g_source_attach(job->cancel_source, g_main_context_get_thread_default());
}

/* Takes @task, and ends it when it is cancelled. */
FerryJmapJob *
ferry_jmap_job_new(FerryJmapScheduler *scheduler, FerryJmapRequest *request,
		   FerryJmapSendFlags flags, GTask *task)
{
	FerryJmapJob *job = g_new0(FerryJmapJob, 1);

	g_atomic_ref_count_init(&job->refs);
	job->scheduler = scheduler;
	job->task = task;
	job->request = g_object_ref(request);
	job->flags = flags;
	job->units = ferry_jmap_request_get_units(request);
	job->reply = ferry_jmap_reply_new();
	expect_answers(job);
	watch_cancellable(job);
	return job;
}

static gboolean
jobs_match(const FerryJmapJob *a, const FerryJmapJob *b)
{
	return !a->by_itself && !b->by_itself && !((a->flags | b->flags) & FERRY_JMAP_SEND_ALONE) &&
	       g_strcmp0(ferry_jmap_request_get_account(a->request),
			 ferry_jmap_request_get_account(b->request)) == 0 &&
	       a->flags == b->flags &&
	       ferry_jmap_request_get_repeatable(a->request) ==
		       ferry_jmap_request_get_repeatable(b->request);
}

static gsize
envelope_size(FerryJmapJob *job)
{
	GPtrArray *capabilities = ferry_jmap_request_get_capabilities(job->request);
	gsize size = ENVELOPE_SIZE;

	for (guint i = 0; i < capabilities->len; i++)
		size += strlen(g_ptr_array_index(capabilities, i)) + 3;
	return size;
}

/* Adds as much of the job as the limits allow. Returns how many units. */
guint
ferry_jmap_batch_add(FerryJmapBatch *batch, FerryJmapJob *job)
{
	FerryJmapSession *session = batch->session;
	guint64 max_calls =
		ferry_jmap_session_get_limit(session, FERRY_JMAP_LIMIT_CALLS_IN_REQUEST);
	guint64 max_size = ferry_jmap_session_get_limit(session, FERRY_JMAP_LIMIT_SIZE_REQUEST);
	gsize size = batch->size + envelope_size(job);
	FerryJmapBatchEntry entry = {job, 0};

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

FerryJmapBatch *
ferry_jmap_batch_new(FerryJmapSession *session, gboolean background)
{
	FerryJmapBatch *batch = g_new0(FerryJmapBatch, 1);

	batch->session = g_object_ref(session);
	batch->entries = g_array_new(FALSE, FALSE, sizeof(FerryJmapBatchEntry));
	g_array_set_clear_func(batch->entries, entry_clear);
	batch->cancellable = g_cancellable_new();
	batch->background = background;
	return batch;
}

/* others of the same kind join */
void
ferry_jmap_batch_fill(FerryJmapBatch *batch, GQueue *waiting)
{
	FerryJmapJob *first = g_array_index(batch->entries, FerryJmapBatchEntry, 0).job;
	GList *link = waiting->head;

	while (link != NULL) {
		GList *next = link->next;
		FerryJmapJob *job = link->data;

		if (job->task != NULL && jobs_match(first, job)) {
			if (ferry_jmap_batch_add(batch, job) == 0)
				return;
			g_queue_delete_link(waiting, link);
			ferry_jmap_job_unref(job);
		}
		link = next;
	}
}

static void
append_using(GString *out, FerryJmapBatch *batch)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < batch->entries->len; i++) {
		FerryJmapJob *job = g_array_index(batch->entries, FerryJmapBatchEntry, i).job;
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

GBytes *
ferry_jmap_batch_to_bytes(FerryJmapBatch *batch)
{
	GString *out = g_string_sized_new(batch->size + ENVELOPE_SIZE);
	gboolean first = TRUE;

	g_string_append(out, "{\"using\":[");
	append_using(out, batch);
	g_string_append(out, "],\"methodCalls\":[");
	for (guint i = 0; i < batch->entries->len; i++) {
		const FerryJmapBatchEntry *entry =
			&g_array_index(batch->entries, FerryJmapBatchEntry, i);

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

/* Whether each call that was sent got an answer. */
gboolean
ferry_jmap_batch_entry_is_answered(const FerryJmapBatchEntry *entry)
{
	FerryJmapJob *job = entry->job;
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

/* The time of the work that began first; 0: all begin now. */
gint64
ferry_jmap_batch_get_begun_at(FerryJmapBatch *batch)
{
	gint64 first = 0;

	for (guint i = 0; i < batch->entries->len; i++) {
		FerryJmapJob *job = g_array_index(batch->entries, FerryJmapBatchEntry, i).job;
		gint64 begun_at = ferry_jmap_request_get_begun_at(job->request);

		if (begun_at != 0 && (first == 0 || begun_at < first))
			first = begun_at;
	}
	return first;
}
