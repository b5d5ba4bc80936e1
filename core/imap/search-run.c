/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The run of a SEARCH: from what costs nothing to what must be read
 *
 * Implementation: first what view rows decide; then, where many messages would have to be read for
 *   their text, the backend's index; then headers or structures of what is left; then whole
 *   messages. Each step sees only the messages that the former left undecided. The loop gets its
 *   turn between slices.
 */
#include "imap/search-private.h"
#include "imap/told-private.h"

/* messages judged by their rows in one go; well below 10 ms */
#define SLICE 4000
/* how long contents are judged in one go, in microseconds: a big message takes what it takes */
#define TURN 8000

typedef struct {
	FerryMailbox *mailbox;
	FerryAccountSession
		*account_session; /* the session forgets it when its connection is gone */
	FerryTold *told;
	GArray *candidates; /* UIDs still undecided, ascending */
	guint n_undecided;  /* those that this step leaves, at the front of the candidates */
	GArray *matches;    /* UIDs, in the order they were found; has room for all candidates */
	guint n_matches;
	GArray *doubtful; /* UIDs that the backend does not find */
	GError *not_found;
	FerryMessageReader *reader;
	GPtrArray *chunk;          /* (element-type FerryMessageData) */
	FerryImapMessage *message; /* the last that was looked at */
	FerryNeeds have;
	guint n_to_read; /* messages that had to be read when that began */
	guint n_read;    /* in this step */
	guint position;  /* of the next one in the candidates, or in the chunk */
	gboolean asked_server;
	FerryImapSearchMessageFunc look; /* nullable: judges */
	gpointer look_data;
	GDestroyNotify look_destroy;
	FerryNeeds look_needs;
	gsize n_before; /* matches before they were looked at */
} Run;

static void step(GTask *task);

static GArray *
new_uids(void)
{
	return g_array_new(FALSE, FALSE, sizeof(guint32));
}

static void
run_free(Run *run)
{
	g_clear_object(&run->mailbox);
	g_clear_object(&run->account_session);
	g_clear_object(&run->told);
	g_clear_object(&run->reader);
	g_clear_pointer(&run->candidates, g_array_unref);
	g_clear_pointer(&run->matches, g_array_unref);
	g_clear_pointer(&run->doubtful, g_array_unref);
	g_clear_pointer(&run->chunk, g_ptr_array_unref);
	g_clear_pointer(&run->message, ferry_imap_message_unref);
	g_clear_error(&run->not_found);
	if (run->look_destroy != NULL)
		run->look_destroy(run->look_data);
	g_free(run);
}

static void
fail(GTask *task, GError *error)
{
	g_task_return_error(task, error);
	g_object_unref(task);
}

static int
compare_numbers(gconstpointer a, gconstpointer b)
{
	guint32 left = *(const guint32 *)a;
	guint32 right = *(const guint32 *)b;

	return left < right ? -1 : left > right;
}

/* They are in order already where one step decided all of them. */
static void
sort_matches(Run *run)
{
	const guint32 *uids = (const guint32 *)run->matches->data;

	g_array_set_size(run->matches, run->n_matches);
	for (guint i = 1; i < run->n_matches; i++) {
		if (uids[i - 1] > uids[i]) {
			g_array_sort(run->matches, compare_numbers);
			return;
		}
	}
}

/* Numbers are those of now: a UID command may have been told of EXPUNGE while it ran. */
static void
succeed(GTask *task)
{
	Run *run = g_task_get_task_data(task);
	g_autoptr(GArray) numbers = new_uids();
	guint n_known = 0;

	/* nothing left the result: it stays as it is */
	if (run->look != NULL && run->n_matches == run->n_before) {
		g_task_return_boolean(task, TRUE);
		g_object_unref(task);
		return;
	}
	sort_matches(run);
	g_array_set_size(numbers, run->n_matches);
	for (guint i = 0; i < run->n_matches; i++) {
		guint32 uid = g_array_index(run->matches, guint32, i);
		guint32 number = ferry_told_get_number(run->told, uid);

		if (number == 0)
			continue;
		g_array_index(run->matches, guint32, n_known) = uid;
		g_array_index(numbers, guint32, n_known++) = number;
	}
	g_array_set_size(run->matches, n_known);
	g_array_set_size(numbers, n_known);
	ferry_imap_search_set_result(g_task_get_source_object(task), run->matches, numbers);
	g_task_return_boolean(task, TRUE);
	g_object_unref(task);
}

static void
refreshed_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	Run *run = g_task_get_task_data(task);
	FerryView *view = ferry_mailbox_get_view(run->mailbox);
	GError *error = NULL;

	if (!ferry_mailbox_refresh_finish(FERRY_MAILBOX(object), result, &error)) {
		fail(task, error);
		return;
	}
	for (guint i = 0; i < run->doubtful->len; i++) {
		if (ferry_view_lookup(view, g_array_index(run->doubtful, guint32, i)) != NULL) {
			fail(task, g_steal_pointer(&run->not_found));
			return;
		}
	}
	ferry_imap_search_set_lost(g_task_get_source_object(task));
	succeed(task);
}

/* What the backend did not find was deleted a moment ago, or should be there: a sync tells. */
/* A key that failed gave no verdicts: what they would lead to, under NOT above all, is no answer.
 */
static void
finish(GTask *task)
{
	Run *run = g_task_get_task_data(task);
	const GError *problem = ferry_imap_command_get_error(
		ferry_imap_search_get_command(g_task_get_source_object(task)));

	if (problem != NULL)
		fail(task, g_error_copy(problem));
	else if (run->doubtful == NULL)
		succeed(task);
	else
		ferry_mailbox_refresh_async(run->mailbox, run->account_session,
					    g_task_get_cancellable(task), refreshed_cb, task);
}

static void
add_match(Run *run, guint32 uid)
{
	g_array_index(run->matches, guint32, run->n_matches++) = uid;
}

static void
judge_message(FerryImapSearch *search, Run *run, guint32 uid, FerryMessageData *data)
{
	FerryImapMessage *message;

	run->message = message = ferry_told_next_message(run->told, run->message, uid);
	if (message == NULL)
		return;
	if (data != NULL)
		ferry_imap_message_set_data(message, data);
	if (run->look != NULL) {
		run->look(search, message, run->look_data);
		add_match(run, uid);
		return;
	}
	switch (ferry_imap_search_judge(search, message, run->have)) {
	case SEARCH_TRUE:
		add_match(run, uid);
		break;
	case SEARCH_UNKNOWN:
		g_array_index(run->candidates, guint32, run->n_undecided++) = uid;
		break;
	case SEARCH_FALSE:
		break;
	}
}

/* FALSE with the error where the search cannot be answered. */
static gboolean
judge_data(FerryImapSearch *search, Run *run, FerryMessageData *data, GError **error)
{
	const GError *problem = ferry_message_data_get_error(data);
	guint32 uid = ferry_message_data_get_uid(data);

	if (problem == NULL) {
		judge_message(search, run, uid, data);
	} else if (g_error_matches(problem, FERRY_ERROR, FERRY_ERROR_EXPUNGED)) {
		ferry_imap_search_set_lost(search);
	} else if (g_error_matches(problem, FERRY_ERROR, FERRY_ERROR_NOT_FOUND)) {
		if (run->doubtful == NULL)
			run->doubtful = new_uids();
		g_array_append_val(run->doubtful, uid);
		if (run->not_found == NULL)
			run->not_found = g_error_copy(problem);
	} else {
		g_propagate_error(error, g_error_copy(problem));
		return FALSE;
	}
	return TRUE;
}

static void
begin_step(Run *run, FerryNeeds have)
{
	run->have = have;
	run->position = 0;
	run->n_undecided = 0;
}

/* Another session gets its turn before @func is called. */
static void
call_later(GTask *task, GSourceFunc func)
{
	g_autoptr(GSource) source = g_idle_source_new();

	g_source_set_priority(source, G_PRIORITY_DEFAULT);
	g_source_set_callback(source, func, task, NULL);
	g_source_attach(source, g_task_get_context(task));
}

static void
end_step(GTask *task)
{
	Run *run = g_task_get_task_data(task);

	g_clear_object(&run->reader);
	g_array_set_size(run->candidates, run->n_undecided);
	step(task);
}

static gboolean
judge_slice_cb(gpointer user_data)
{
	GTask *task = user_data;
	Run *run = g_task_get_task_data(task);
	FerryImapSearch *search = g_task_get_source_object(task);
	guint end = MIN(run->candidates->len, run->position + SLICE);

	if (g_task_return_error_if_cancelled(task)) {
		g_object_unref(task);
		return G_SOURCE_REMOVE;
	}
	for (; run->position < end; run->position++)
		judge_message(search, run, g_array_index(run->candidates, guint32, run->position),
			      NULL);
	if (end < run->candidates->len)
		return G_SOURCE_CONTINUE;
	end_step(task);
	return G_SOURCE_REMOVE;
}

/* Judges every candidate by what its view row and the backend's answers tell. */
static void
judge_rows(GTask *task)
{
	Run *run = g_task_get_task_data(task);

	begin_step(run, FERRY_NEEDS_METADATA);
	if (run->candidates->len <= SLICE)
		judge_slice_cb(task);
	else
		call_later(task, judge_slice_cb);
}

/* Of the messages that have to be read; those that a step leaves undecided are still to be done. */
static void
tell_progress(GTask *task)
{
	Run *run = g_task_get_task_data(task);
	guint open =
		run->candidates->len - MIN(run->n_read, run->candidates->len) + run->n_undecided;

	ferry_imap_command_set_progress(
		ferry_imap_search_get_command(g_task_get_source_object(task)),
		run->n_to_read - MIN(open, run->n_to_read), run->n_to_read);
}

static void read_chunk(GTask *task);

static gboolean
judge_chunk_cb(gpointer user_data)
{
	GTask *task = user_data;
	Run *run = g_task_get_task_data(task);
	gint64 deadline = g_get_monotonic_time() + TURN;
	GError *error = NULL;

	if (g_task_return_error_if_cancelled(task)) {
		g_object_unref(task);
		return G_SOURCE_REMOVE;
	}
	while (run->position < run->chunk->len) {
		FerryMessageData *data = g_ptr_array_index(run->chunk, run->position++);

		if (!judge_data(g_task_get_source_object(task), run, data, &error)) {
			fail(task, error);
			return G_SOURCE_REMOVE;
		}
		if (run->position < run->chunk->len && g_get_monotonic_time() > deadline)
			return G_SOURCE_CONTINUE;
	}
	run->n_read += run->chunk->len;
	tell_progress(task);
	g_clear_pointer(&run->chunk, g_ptr_array_unref);
	g_clear_pointer(&run->message, ferry_imap_message_unref);
	read_chunk(task);
	return G_SOURCE_REMOVE;
}

static void
chunk_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	Run *run = g_task_get_task_data(task);
	GError *error = NULL;

	run->chunk = ferry_message_reader_next_finish(FERRY_MESSAGE_READER(object), result, &error);
	if (error != NULL) {
		fail(task, error);
	} else if (run->chunk == NULL) {
		end_step(task);
	} else {
		run->position = 0;
		call_later(task, judge_chunk_cb);
	}
}

static void
read_chunk(GTask *task)
{
	Run *run = g_task_get_task_data(task);

	ferry_message_reader_next_async(run->reader, g_task_get_cancellable(task), chunk_cb, task);
}

static FerryNeed
map_needs(FerryNeeds needs)
{
	return (needs & FERRY_NEEDS_HEADERS ? FERRY_NEED_HEADERS : 0) |
	       (needs & FERRY_NEEDS_ENVELOPE ? FERRY_NEED_ENVELOPE : 0) |
	       (needs & FERRY_NEEDS_STRUCTURE ? FERRY_NEED_STRUCTURE : 0) |
	       (needs & FERRY_NEEDS_RAW ? FERRY_NEED_RAW : 0);
}

/* Reads what is needed of every candidate and judges it. */
static void
judge_contents(GTask *task, FerryNeeds needs)
{
	Run *run = g_task_get_task_data(task);

	begin_step(run, FERRY_NEEDS_METADATA | needs);
	run->n_to_read = MAX(run->n_to_read, run->candidates->len);
	run->n_read = 0;
	tell_progress(task);
	/* a structure has the ENVELOPE */
	if (needs & FERRY_NEEDS_STRUCTURE)
		run->have |= FERRY_NEEDS_ENVELOPE;
	run->reader = ferry_mailbox_read(run->mailbox, run->account_session,
					 (const guint32 *)run->candidates->data,
					 run->candidates->len, map_needs(needs));
	read_chunk(task);
}

static void
asked_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;

	ferry_imap_search_ask_finish(FERRY_IMAP_SEARCH(source), result);
	judge_rows(task);
}

/* What to do with the messages that are still undecided. */
static void
step(GTask *task)
{
	Run *run = g_task_get_task_data(task);
	FerryImapSearch *search = g_task_get_source_object(task);
	FerryNeeds needs = ferry_imap_search_get_needs(search);
	FerryNeeds light = ferry_imap_search_get_light_needs(search);

	if (run->candidates->len == 0) {
		finish(task);
	} else if (g_task_return_error_if_cancelled(task)) {
		g_object_unref(task);
	} else if (run->look_needs & ~FERRY_NEEDS_METADATA) {
		judge_contents(task, run->look_needs);
	} else if (run->have == FERRY_NEEDS_NOTHING) {
		judge_rows(task);
	} else if (!run->asked_server && ferry_imap_search_should_ask(search, run->account_session,
								      run->candidates->len)) {
		run->asked_server = TRUE;
		ferry_imap_search_ask_async(search, run->mailbox, run->account_session,
					    run->candidates->len, g_task_get_cancellable(task),
					    asked_cb, task);
	} else if (light & ~run->have) {
		judge_contents(task, light);
	} else if (needs & ~run->have) {
		judge_contents(task, needs | FERRY_NEEDS_RAW | FERRY_NEEDS_STRUCTURE);
	} else {
		fail(task, g_error_new_literal(FERRY_ERROR, FERRY_ERROR_FAILED,
					       "a search key needs what nobody has"));
	}
}

static void
begin(GTask *task)
{
	Run *run = g_task_get_task_data(task);

	g_array_set_size(run->matches, run->candidates->len);
	step(task);
}

/* NULL with the task failed where the mailbox went away under the session. */
static Run *
run_new(FerryImapSearch *self, GTask *task)
{
	FerryMailbox *mailbox = ferry_imap_search_get_mailbox(self);
	Run *run;

	if (mailbox == NULL) {
		fail(task, g_error_new_literal(FERRY_ERROR, FERRY_ERROR_NOT_FOUND,
					       "the mailbox is gone"));
		return NULL;
	}
	run = g_new0(Run, 1);
	run->mailbox = g_object_ref(mailbox);
	run->account_session = g_object_ref(
		ferry_imap_session_get_account_session(ferry_imap_search_get_session(self)));
	run->told = g_object_ref(ferry_imap_search_get_told(self));
	run->matches = new_uids();
	run->candidates = new_uids();
	g_task_set_task_data(task, run, (GDestroyNotify)run_free);
	return run;
}

/* Finds the messages that match. BODY and TEXT are answered by the backend's index where that is
 * allowed and many messages would have to be read, never under NOT. */
void
ferry_imap_search_find_async(FerryImapSearch *self, GCancellable *cancellable,
			     GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = g_task_new(self, cancellable, callback, user_data);
	Run *run;
	guint32 count;

	g_task_set_source_tag(task, ferry_imap_search_find_async);
	run = run_new(self, task);
	if (run == NULL)
		return;
	count = ferry_told_get_count(run->told);
	if (count > 0)
		ferry_told_add_uids(run->told, 1, count, run->candidates);
	begin(task);
}

/**
 * ferry_imap_search_run_again_async:
 * @self: a search that ran, with its command
 * @uids: (array length=n_uids): messages that arrived or changed since, ascending
 * @n_uids: how many
 * @cancellable: (nullable): to give up
 * @callback: (scope async): called when the results are those of @uids that match now
 * @user_data: for @callback
 *
 * Judges messages anew, for who keeps results up to date (RFC 5267 §4.3). What the backend's index
 * answered stays as it was; messages that came later are read. Ends with
 * ferry_imap_search_run_finish().
 */
void
ferry_imap_search_run_again_async(FerryImapSearch *self, const guint32 *uids, gsize n_uids,
				  GCancellable *cancellable, GAsyncReadyCallback callback,
				  gpointer user_data)
{
	GTask *task = g_task_new(self, cancellable, callback, user_data);
	Run *run;

	g_task_set_source_tag(task, ferry_imap_search_run_again_async);
	run = run_new(self, task);
	if (run == NULL)
		return;
	run->asked_server = TRUE;
	g_array_append_vals(run->candidates, uids, (guint)n_uids);
	begin(task);
}

gboolean
ferry_imap_search_find_finish(FerryImapSearch *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_boolean(G_TASK(result), error);
}

/* The matches that are to be looked at, and the others, which stay what they are. */
static void
split_matches(FerryImapSearch *self, Run *run, const guint32 *uids, gsize n_uids)
{
	gsize n_all, next = 0, n_looked_at = 0;
	const guint32 *all = ferry_imap_search_get_uids(self, &n_all);

	g_array_set_size(run->candidates, (guint)n_all);
	g_array_set_size(run->matches, (guint)n_all);
	for (gsize i = 0; i < n_all; i++) {
		while (next < n_uids && uids[next] < all[i])
			next++;
		if (next < n_uids && uids[next] == all[i])
			g_array_index(run->candidates, guint32, n_looked_at++) = all[i];
		else
			add_match(run, all[i]);
	}
	g_array_set_size(run->candidates, (guint)n_looked_at);
	run->n_before = n_all;
}

/**
 * ferry_imap_search_read_async:
 * @self: a search that ran and has no order yet
 * @uids: (array length=n_uids): which of the matches, ascending
 * @n_uids: how many
 * @needs: what @func wants to have of each; with %FERRY_NEEDS_METADATA nothing is read
 * @func: (scope notified) (closure func_data) (destroy destroy): called for each that is still
 * there, ascending
 * @func_data: for @func
 * @destroy: (nullable): frees @func_data
 * @cancellable: (nullable): to give up
 * @callback: (scope async): called when all were looked at
 * @user_data: for @callback
 *
 * Looks at messages that were found: a command that orders its results learns what to order them
 * by. They come from the account's caches, else from the backend in few requests, a chunk at a
 * time; other sessions get their turn between. Messages that are gone leave the result, as in the
 * search itself.
 */
void
ferry_imap_search_read_async(FerryImapSearch *self, const guint32 *uids, gsize n_uids,
			     FerryNeeds needs, FerryImapSearchMessageFunc func, gpointer func_data,
			     GDestroyNotify destroy, GCancellable *cancellable,
			     GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = g_task_new(self, cancellable, callback, user_data);
	Run *run;

	g_task_set_source_tag(task, ferry_imap_search_read_async);
	run = run_new(self, task);
	if (run == NULL) {
		if (destroy != NULL)
			destroy(func_data);
		return;
	}
	run->look = func;
	run->look_data = func_data;
	run->look_destroy = destroy;
	run->look_needs = needs;
	split_matches(self, run, uids, n_uids);
	step(task);
}

/**
 * ferry_imap_search_read_finish:
 * @self: a search
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: %FALSE with @error set where a message could not be read
 */
gboolean
ferry_imap_search_read_finish(FerryImapSearch *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_boolean(G_TASK(result), error);
}
