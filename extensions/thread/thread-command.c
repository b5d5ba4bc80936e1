/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* THREAD and UID THREAD
 *
 * Specification: RFC 5256 §3
 * Implementation: the search as SEARCH does it; then the headers of matches that the mailbox does
 *   not remember from an earlier THREAD, from the cache or in few requests. Large results are
 *   threaded on another thread.
 */
#include "thread.h"

/* messages threaded at once; well below 10 ms */
#define THREAD_AT_ONCE 2000

typedef struct {
	FerryImapSearch *search; /* the command's operation */
	ThreadAlgorithm algorithm;
	FerryMailbox *mailbox;
	FerryMemo *memo;  /* the mailbox's */
	GArray *uids;     /* of the matches, ascending */
	GArray *messages; /* (element-type ThreadMessage), beside them */
	GArray *missing;  /* UIDs of which nothing is remembered */
	guint row;        /* of the message that was looked at last */
	char *text;
} Thread;

static void
clear_message(gpointer message)
{
	g_clear_pointer(&((ThreadMessage *)message)->record, thread_record_unref);
}

static void
thread_free(gpointer data)
{
	Thread *self = data;

	g_clear_pointer(&self->uids, g_array_unref);
	g_clear_pointer(&self->messages, g_array_unref);
	g_clear_pointer(&self->missing, g_array_unref);
	g_clear_object(&self->mailbox);
	g_object_unref(self->search);
	g_free(self->text);
	g_free(self);
}

static void
fail(FerryImapCommand *command, const GError *error)
{
	Thread *self = ferry_imap_command_get_data(command);

	ferry_imap_search_fail(self->search, error);
	g_object_unref(command);
}

/* Messages come ascending. */
static ThreadMessage *
find_message(Thread *self, FerryImapMessage *message)
{
	guint32 uid = ferry_imap_message_get_uid(message);

	while (g_array_index(self->uids, guint32, self->row) < uid)
		self->row++;
	return &g_array_index(self->messages, ThreadMessage, self->row);
}

static void
answer(FerryImapCommand *command)
{
	Thread *self = ferry_imap_command_get_data(command);
	FerryImapWriter *writer = ferry_imap_command_get_writer(command);

	ferry_imap_writer_write_text(writer, *self->text != '\0' ? "* THREAD " : "* THREAD");
	ferry_imap_writer_write_text(writer, self->text);
	ferry_imap_writer_end_line(writer);
	ferry_imap_search_succeed(self->search);
	g_object_unref(command);
}

static void
make_in_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
	Thread *self = task_data;

	self->text = thread_make(self->algorithm, (ThreadMessage *)self->messages->data,
				 self->messages->len);
	g_task_return_boolean(task, TRUE);
}

static void
made_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryImapCommand *command = user_data;
	g_autoptr(GError) error = NULL;

	if (g_task_propagate_boolean(G_TASK(result), &error))
		answer(command);
	else
		fail(command, error);
}

/* Leaves the messages that are still there, with the numbers that are answered. */
static void
keep_found(Thread *self)
{
	gsize n_uids, n_results;
	const guint32 *uids = ferry_imap_search_get_uids(self->search, &n_uids);
	const guint32 *results = ferry_imap_search_get_results(self->search, &n_results);
	GArray *kept = g_array_sized_new(FALSE, FALSE, sizeof(ThreadMessage), (guint)n_uids);

	g_array_set_clear_func(kept, clear_message);
	for (guint row = 0, next = 0; row < self->uids->len && next < n_uids; row++) {
		ThreadMessage *message = &g_array_index(self->messages, ThreadMessage, row);

		if (g_array_index(self->uids, guint32, row) != uids[next])
			continue;
		message->number = results[next++];
		g_array_append_val(kept, *message);
		message->record = NULL;
	}
	g_array_unref(self->messages);
	self->messages = kept;
}

static void
make(FerryImapCommand *command)
{
	Thread *self = ferry_imap_command_get_data(command);
	g_autoptr(GTask) task = NULL;

	keep_found(self);
	if (self->messages->len <= THREAD_AT_ONCE) {
		self->text = thread_make(self->algorithm, (ThreadMessage *)self->messages->data,
					 self->messages->len);
		answer(command);
		return;
	}
	/* the command owns the data and is kept until the answer; the task does not hold it, since
	 * the thread may be the last to drop the task, and the command belongs to this one */
	task = g_task_new(NULL, ferry_imap_command_get_cancellable(command), made_cb, command);
	g_task_set_task_data(task, self, NULL);
	g_task_run_in_thread(task, make_in_thread);
}

static void
look_at_header(FerryImapSearch *search, FerryImapMessage *message, gpointer user_data)
{
	Thread *self = user_data;
	FerryMessageData *data = ferry_imap_message_get_data(message);
	gsize length = 0;
	const char *block = ferry_message_data_peek_headers(data, &length);
	ThreadRecord *record = thread_record_new(block != NULL ? block : "", length);

	find_message(self, message)->record = g_atomic_rc_box_acquire(record);
	ferry_memo_insert(self->memo, ferry_imap_message_get_uid(message), record, record->octets);
}

static void
headers_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GError) error = NULL;

	if (ferry_imap_search_read_finish(FERRY_IMAP_SEARCH(source), result, &error))
		make(user_data);
	else
		fail(user_data, error);
}

static void
look_at_row(FerryImapSearch *search, FerryImapMessage *message, gpointer user_data)
{
	Thread *self = user_data;
	const FerryMessageRow *row = ferry_imap_message_get_row(message);
	guint32 uid = ferry_imap_message_get_uid(message);
	ThreadMessage *place = find_message(self, message);
	ThreadRecord *record = ferry_memo_lookup(self->memo, uid);

	/* RFC 5256 §2.2 */
	place->received_at = row->received_at;
	place->sent_at = row->sent_at != G_MININT64 ? row->sent_at : row->received_at;
	if (record != NULL)
		place->record = g_atomic_rc_box_acquire(record);
	else
		g_array_append_val(self->missing, uid);
}

static void
rows_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryImapCommand *command = user_data;
	Thread *self = ferry_imap_command_get_data(command);
	g_autoptr(GError) error = NULL;

	if (!ferry_imap_search_read_finish(FERRY_IMAP_SEARCH(source), result, &error)) {
		fail(command, error);
	} else if (self->missing->len == 0) {
		make(command);
	} else {
		self->row = 0;
		ferry_imap_search_read_async(
			self->search, (const guint32 *)self->missing->data, self->missing->len,
			FERRY_NEEDS_HEADERS, look_at_header, self, NULL,
			ferry_imap_command_get_cancellable(command), headers_cb, command);
	}
}

static void
searched_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryImapCommand *command = user_data;
	Thread *self = ferry_imap_command_get_data(command);
	g_autoptr(GError) error = NULL;
	const guint32 *uids;
	gsize n_uids;

	if (!ferry_imap_search_run_finish(FERRY_IMAP_SEARCH(source), result, &error)) {
		fail(command, error);
		return;
	}
	uids = ferry_imap_search_get_uids(self->search, &n_uids);
	self->uids = g_array_new(FALSE, FALSE, sizeof(guint32));
	g_array_append_vals(self->uids, uids, (guint)n_uids);
	self->messages = g_array_new(FALSE, TRUE, sizeof(ThreadMessage));
	g_array_set_clear_func(self->messages, clear_message);
	g_array_set_size(self->messages, (guint)n_uids);
	self->missing = g_array_new(FALSE, FALSE, sizeof(guint32));
	ferry_imap_search_read_async(self->search, (const guint32 *)self->uids->data, n_uids,
				     FERRY_NEEDS_METADATA, look_at_row, self, NULL,
				     ferry_imap_command_get_cancellable(command), rows_cb, command);
}

/* Arguments: algorithm, charset, program. */
void
thread_handle(FerryImapCommand *command, gpointer user_data)
{
	Thread *self = g_new0(Thread, 1);
	FerryImapSession *session = ferry_imap_command_get_session(command);

	self->search = ferry_imap_search_new(command);
	self->algorithm = thread_find_algorithm(ferry_imap_command_get_argument(command, 0));
	ferry_imap_command_set_data(command, self, thread_free);
	ferry_imap_search_prepare(self->search, FALSE, NULL, NULL);
	if (self->algorithm == NULL) {
		ferry_imap_command_fail_new(command, FERRY_ERROR_INVALID,
					    "THREAD: the algorithm is not known");
		return;
	}
	self->mailbox = g_object_ref(ferry_imap_session_get_mailbox(session));
	self->memo = ferry_memo_get_for_mailbox(self->mailbox, "thread", thread_record_unref);
	ferry_imap_search_run_async(self->search, ferry_imap_command_get_argument(command, 1),
				    ferry_imap_command_get_argument(command, 2),
				    ferry_imap_command_get_cancellable(command), searched_cb,
				    g_object_ref(command));
}
