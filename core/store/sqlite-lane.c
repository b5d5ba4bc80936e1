/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Threads that run jobs on SQLite connections
 *
 * Implementation: a writing lane has one thread and puts all jobs that wait into one transaction
 *   with a savepoint each, so that many share one sync to the disk; callers hear of it after
 *   COMMIT. The first has none: SQLite copies each page that is changed within a savepoint, and a
 *   large batch mostly comes alone; where the first fails the transaction begins anew.
 * A reading lane runs each job in a read transaction of its own.
 */
#include "store/sqlite-lane.h"

/* jobs that share a transaction: enough for the gain, not so many that the first waits long */
#define GROUP_MAX 256
#define GROUP_TIME (50 * G_TIME_SPAN_MILLISECOND)

struct _FerrySqliteLane {
	GAsyncQueue *queue;
	GPtrArray *threads;
	GPtrArray *connections;
	const FerrySqliteLaneHooks *hooks; /* NULL in a reading lane */
	gpointer owner;
	FerrySqliteLane *writer;
	guint delay_ms;
	guint n_groups;
	int next_connection;
};

/* A job of a group and what came of it. */
typedef struct {
	FerrySqliteJob *job;
	FerrySqliteResult result;
	GError *error;
} Outcome;

static FerrySqliteJob quit_job;
static GPrivate inside;

static void
job_drop_data(FerrySqliteJob *job)
{
	if (job->destroy != NULL)
		job->destroy(job->data);
	job->destroy = NULL;
}

static void
job_free(FerrySqliteJob *job)
{
	job_drop_data(job);
	g_clear_object(&job->task);
	g_free(job);
}

static void
result_clear(FerrySqliteResult *result)
{
	if (result->pointer != NULL && result->destroy != NULL)
		result->destroy(result->pointer);
	result->pointer = NULL;
	g_clear_pointer(&result->forgotten, g_array_unref);
}

/* In the caller's context: its thread drops the task, and perhaps the store with it. */
static gboolean
deliver(gpointer data)
{
	Outcome *outcome = data;
	GTask *task = outcome->job->task;
	FerrySqliteResult *result = &outcome->result;

	if (outcome->error != NULL)
		g_task_return_error(task, g_steal_pointer(&outcome->error));
	else if (result->kind == FERRY_SQLITE_RESULT_POINTER)
		g_task_return_pointer(task, g_steal_pointer(&result->pointer), result->destroy);
	else if (result->kind == FERRY_SQLITE_RESULT_NUMBER)
		g_task_return_int(task, result->number);
	else
		g_task_return_boolean(task, TRUE);
	return G_SOURCE_REMOVE;
}

static void
outcome_free(gpointer data)
{
	Outcome *outcome = data;

	g_clear_error(&outcome->error);
	result_clear(&outcome->result);
	job_free(outcome->job);
	g_free(outcome);
}

static void
answer(FerrySqliteLane *self, const Outcome *given)
{
	Outcome *outcome = g_memdup2(given, sizeof *given);
	g_autoptr(GSource) source = NULL;

	if (outcome->error == NULL && self->hooks != NULL && self->hooks->done != NULL)
		self->hooks->done(self->owner, &outcome->result);
	if (outcome->job->task == NULL) {
		outcome_free(outcome);
		return;
	}
	/* a large batch is freed here, not in a main loop */
	job_drop_data(outcome->job);
	source = g_idle_source_new();
	g_source_set_priority(source, g_task_get_priority(outcome->job->task));
	g_source_set_callback(source, deliver, outcome, outcome_free);
	g_source_attach(source, g_task_get_context(outcome->job->task));
}

/* Whoever cancelled before the work began does not get it done. */
static gboolean
was_cancelled(FerrySqliteLane *self, FerrySqliteJob *job)
{
	Outcome outcome = {job};
	GCancellable *cancellable = job->task != NULL ? g_task_get_cancellable(job->task) : NULL;

	if (!g_cancellable_set_error_if_cancelled(cancellable, &outcome.error))
		return FALSE;
	answer(self, &outcome);
	return TRUE;
}

static void
pause_for_test(FerrySqliteLane *self)
{
	guint delay = g_atomic_int_get(&self->delay_ms);

	if (delay > 0)
		g_usleep((gulong)delay * 1000);
}

/* The first job of a transaction: on failure there is nothing else to undo. */
static void
run_first(FerrySqliteDb *db, Outcome *outcome)
{
	FerrySqliteJob *job = outcome->job;

	if (job->func(db, job->data, &outcome->result, &outcome->error))
		return;
	if (!sqlite3_get_autocommit(db->handle))
		ferry_sqlite_db_script(db, "ROLLBACK", NULL);
	if (!ferry_sqlite_db_script(db, "BEGIN IMMEDIATE", NULL))
		g_prefix_error(&outcome->error, "(the transaction was lost) ");
}

/* Runs one job of a group; whether it wrote is found out by the count of changed rows. */
static void
run_in_savepoint(FerrySqliteDb *db, Outcome *outcome)
{
	FerrySqliteJob *job = outcome->job;

	if (!ferry_sqlite_db_script(db, "SAVEPOINT job", &outcome->error))
		return;
	if (job->func(db, job->data, &outcome->result, &outcome->error)) {
		ferry_sqlite_db_script(db, "RELEASE job", &outcome->error);
		return;
	}
	if (!ferry_sqlite_db_script(db, "ROLLBACK TO job; RELEASE job", NULL))
		g_prefix_error(&outcome->error, "(the transaction was lost) ");
}

static gboolean
commit_group(FerrySqliteLane *self, FerrySqliteDb *db, gboolean wrote, GError **error)
{
	if (!wrote)
		return ferry_sqlite_db_script(db, "ROLLBACK", error);
	if (self->hooks->before_commit != NULL &&
	    !self->hooks->before_commit(db, self->owner, error))
		return FALSE;
	if (!ferry_sqlite_db_script(db, "COMMIT", error))
		return FALSE;
	if (self->hooks->after_commit != NULL)
		self->hooks->after_commit(self->owner);
	g_atomic_int_inc(&self->n_groups);
	return TRUE;
}

static void
fail_group(FerrySqliteDb *db, GArray *group, const GError *error)
{
	if (!sqlite3_get_autocommit(db->handle))
		ferry_sqlite_db_script(db, "ROLLBACK", NULL);
	for (guint i = 0; i < group->len; i++) {
		Outcome *outcome = &g_array_index(group, Outcome, i);

		if (outcome->error == NULL)
			outcome->error = g_error_copy(error);
	}
}

/* Takes jobs until none waits; returns TRUE when the lane is to end. */
static gboolean
run_jobs(FerrySqliteLane *self, FerrySqliteDb *db, FerrySqliteJob *first, GArray *group,
	 gboolean *wrote)
{
	const gint64 until = g_get_monotonic_time() + GROUP_TIME;

	for (FerrySqliteJob *job = first; job != NULL; job = g_async_queue_try_pop(self->queue)) {
		Outcome outcome = {job};
		const gint64 before = sqlite3_total_changes64(db->handle);

		if (job == &quit_job)
			return TRUE;
		if (was_cancelled(self, job))
			continue;
		pause_for_test(self);
		/* from here on the caller must hear what was done, not that it was cancelled */
		if (job->task != NULL)
			g_task_set_check_cancellable(job->task, FALSE);
		if (group->len == 0)
			run_first(db, &outcome);
		else
			run_in_savepoint(db, &outcome);
		if (outcome.error == NULL && sqlite3_total_changes64(db->handle) != before)
			*wrote = TRUE;
		g_array_append_val(group, outcome);
		/* a full disk or a lost transaction takes all of the group with it */
		if (sqlite3_get_autocommit(db->handle) || group->len >= GROUP_MAX ||
		    g_get_monotonic_time() > until)
			break;
	}
	return FALSE;
}

static gboolean
run_group(FerrySqliteLane *self, FerrySqliteDb *db, FerrySqliteJob *first)
{
	g_autoptr(GArray) group = g_array_new(FALSE, FALSE, sizeof(Outcome));
	g_autoptr(GError) error = NULL;
	gboolean wrote = FALSE;
	gboolean quit = FALSE;

	if (ferry_sqlite_db_script(db, "BEGIN IMMEDIATE", &error)) {
		quit = run_jobs(self, db, first, group, &wrote);
		if (!commit_group(self, db, wrote, &error))
			fail_group(db, group, error);
	} else {
		Outcome outcome = {first, .error = g_error_copy(error)};

		g_array_append_val(group, outcome);
	}
	for (guint i = 0; i < group->len; i++)
		answer(self, &g_array_index(group, Outcome, i));
	return quit;
}

static void
run_read(FerrySqliteLane *self, FerrySqliteDb *db, FerrySqliteJob *job)
{
	Outcome outcome = {job};

	if (was_cancelled(self, job))
		return;
	pause_for_test(self);
	/* one transaction, so that all its queries see one state */
	if (ferry_sqlite_db_script(db, "BEGIN", &outcome.error)) {
		job->func(db, job->data, &outcome.result, &outcome.error);
		ferry_sqlite_db_script(db, "ROLLBACK", NULL);
	}
	if (outcome.error == NULL && outcome.result.kind == FERRY_SQLITE_RESULT_WRITE_FIRST)
		g_async_queue_push(self->writer->queue, job);
	else
		answer(self, &outcome);
}

static gpointer
lane_thread(gpointer data)
{
	FerrySqliteLane *self = data;
	int number = g_atomic_int_add(&self->next_connection, 1);
	FerrySqliteDb *db = g_ptr_array_index(self->connections, number);

	g_private_set(&inside, self);
	for (;;) {
		FerrySqliteJob *job = g_async_queue_pop(self->queue);

		if (job == &quit_job)
			return NULL;
		if (self->hooks == NULL)
			run_read(self, db, job);
		else if (run_group(self, db, job))
			return NULL;
	}
}

FerrySqliteLane *
ferry_sqlite_lane_new(const char *name, GPtrArray *connections,
		      const FerrySqliteLaneHooks *write_hooks, gpointer owner)
{
	FerrySqliteLane *self = g_new0(FerrySqliteLane, 1);

	self->queue = g_async_queue_new();
	self->connections = g_ptr_array_ref(connections);
	self->hooks = write_hooks;
	self->owner = owner;
	self->threads = g_ptr_array_new();
	for (guint i = 0; i < connections->len; i++)
		g_ptr_array_add(self->threads, g_thread_new(name, lane_thread, self));
	return self;
}

/* Where jobs of a reading lane go that must write. */
void
ferry_sqlite_lane_set_fallback(FerrySqliteLane *self, FerrySqliteLane *writer)
{
	self->writer = writer;
}

/* For tests: every job takes this much longer. */
void
ferry_sqlite_lane_set_delay(FerrySqliteLane *self, guint milliseconds)
{
	g_atomic_int_set(&self->delay_ms, milliseconds);
}

/* For tests: how many transactions were committed. */
guint
ferry_sqlite_lane_get_groups(FerrySqliteLane *self)
{
	return g_atomic_int_get(&self->n_groups);
}

void
ferry_sqlite_lane_push(FerrySqliteLane *self, GTask *task, FerrySqliteFunc func, gpointer data,
		       GDestroyNotify destroy)
{
	FerrySqliteJob *job = g_new0(FerrySqliteJob, 1);

	job->task = task;
	job->func = func;
	job->data = data;
	job->destroy = destroy;
	g_async_queue_push(self->queue, job);
}

gboolean
ferry_sqlite_lane_is_here(void)
{
	return g_private_get(&inside) != NULL;
}

void
ferry_sqlite_lane_free(FerrySqliteLane *self)
{
	for (guint i = 0; i < self->threads->len; i++)
		g_async_queue_push(self->queue, &quit_job);
	for (guint i = 0; i < self->threads->len; i++)
		g_thread_join(g_ptr_array_index(self->threads, i));
	g_ptr_array_unref(self->threads);
	g_ptr_array_unref(self->connections);
	g_async_queue_unref(self->queue);
	g_free(self);
}
