/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SORT and UID SORT
 *
 * Specification: RFC 5256 §3, RFC 5267 §3 (RETURN)
 * Implementation: the search as SEARCH does it; then what view rows tell of the matches; then, for
 *   texts that the mailbox does not remember from an earlier SORT, their ENVELOPEs, from the cache
 *   or in few requests. Large results are put into order on another thread. The order can be kept
 *   (RFC 5267 §4.3), unless other modules' keys are in it: those may tell something else each time.
 */
#include "sort.h"

/* results sorted at once; well below 10 ms */
#define SORT_AT_ONCE 5000

typedef struct {
	FerryImapSearch *search; /* the command's operation */
	SortCriteria criteria;
	FerryMailbox *mailbox;
	FerryMemo *memos[SORT_MAX_CRITERIA]; /* of the criteria; the mailbox's */
	SortTable *table;
	GArray *uids;     /* of the table's rows, ascending */
	GArray *missing;  /* UIDs of which a text is not remembered */
	gsize row;        /* of the message that was looked at last */
	GArray *order;    /* rows */
	SortRanks *ranks; /* once there is an answer; has the table */
} Sort;

static void
sort_free(gpointer data)
{
	Sort *self = data;

	g_clear_pointer(&self->table, sort_table_free);
	g_clear_pointer(&self->uids, g_array_unref);
	g_clear_pointer(&self->missing, g_array_unref);
	g_clear_pointer(&self->order, g_array_unref);
	g_clear_pointer(&self->ranks, sort_ranks_free);
	g_clear_object(&self->mailbox);
	g_object_unref(self->search);
	g_free(self);
}

static void
fail(FerryImapCommand *command, const GError *error)
{
	Sort *self = ferry_imap_command_get_data(command);

	ferry_imap_search_fail(self->search, error);
	g_object_unref(command);
}

/* What the mailbox remembers of each criterion that is a text. */
static void
open_memos(Sort *self)
{
	self->mailbox = g_object_ref(ferry_imap_search_get_mailbox(self->search));
	for (guint i = 0; i < self->criteria.n; i++) {
		SortKey key = self->criteria.list[i].key;
		g_autofree char *name = NULL;

		if (!sort_key_is_text(key))
			continue;
		name = g_strconcat("sort:", sort_key_get_name(key), NULL);
		self->memos[i] = ferry_memo_get_for_mailbox(self->mailbox, name,
							    (GDestroyNotify)g_ref_string_release);
	}
}

/* The row of a message; messages come ascending. */
static gsize
find_row(Sort *self, FerryImapMessage *message)
{
	guint32 uid = ferry_imap_message_get_uid(message);

	while (g_array_index(self->uids, guint32, self->row) < uid)
		self->row++;
	return self->row;
}

/* Whoever keeps the results up to date keeps the command, and with it what is known here. */
static void
offer_ranks(Sort *self)
{
	for (guint i = 0; i < self->criteria.n; i++)
		if (self->criteria.list[i].contribution != NULL)
			return;
	self->ranks = sort_ranks_new(&self->criteria, g_steal_pointer(&self->table), self->uids);
	ferry_imap_search_set_ranking(self->search, sort_criteria_get_needs(&self->criteria),
				      sort_ranks_learn, sort_ranks_compare, sort_ranks_forget,
				      self->ranks);
}

/* The order is known: each place gets the number that its message has among the matches. */
static void
answer(FerryImapCommand *command)
{
	Sort *self = ferry_imap_command_get_data(command);
	g_autofree guint32 *places = g_new0(guint32, self->uids->len + 1);
	gsize n_uids, place = 0;
	const guint32 *uids = ferry_imap_search_get_uids(self->search, &n_uids);

	for (guint row = 0; row < self->uids->len && place < n_uids; row++) {
		if (g_array_index(self->uids, guint32, row) == uids[place])
			places[row] = (guint32)place++;
	}
	for (guint i = 0; i < self->order->len; i++) {
		guint32 *row = &g_array_index(self->order, guint32, i);

		*row = places[*row];
	}
	ferry_imap_search_set_order(self->search, (const guint32 *)self->order->data,
				    self->order->len);
	g_clear_pointer(&self->order, g_array_unref);
	g_clear_pointer(&self->missing, g_array_unref);
	offer_ranks(self);
	ferry_imap_search_answer(self->search, "SORT");
	g_object_unref(command);
}

static void
sort_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
	Sort *self = task_data;

	sort_table_sort(self->table, (guint32 *)self->order->data, self->order->len);
	g_task_return_boolean(task, TRUE);
}

static void
sorted_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryImapCommand *command = user_data;
	g_autoptr(GError) error = NULL;

	if (g_task_propagate_boolean(G_TASK(result), &error))
		answer(command);
	else
		fail(command, error);
}

/* Rows of the messages that are still there. */
static GArray *
list_rows(Sort *self)
{
	gsize n_uids;
	const guint32 *uids = ferry_imap_search_get_uids(self->search, &n_uids);
	GArray *rows = g_array_sized_new(FALSE, FALSE, sizeof(guint32), (guint)n_uids);
	guint next = 0;

	g_array_set_size(rows, (guint)n_uids);
	for (guint32 row = 0; row < self->uids->len && next < n_uids; row++) {
		if (g_array_index(self->uids, guint32, row) == uids[next])
			g_array_index(rows, guint32, next++) = row;
	}
	g_array_set_size(rows, next);
	return rows;
}

static void
put_in_order(FerryImapCommand *command)
{
	Sort *self = ferry_imap_command_get_data(command);
	g_autoptr(GTask) task = NULL;

	self->order = list_rows(self);
	if (self->order->len <= SORT_AT_ONCE) {
		sort_table_sort(self->table, (guint32 *)self->order->data, self->order->len);
		answer(command);
		return;
	}
	/* the command owns the data and is kept until the answer; the task does not hold it, since
	 * the thread may be the last to drop the task, and the command belongs to this one */
	task = g_task_new(NULL, ferry_imap_command_get_cancellable(command), sorted_cb, command);
	g_task_set_task_data(task, self, NULL);
	g_task_run_in_thread(task, sort_thread);
}

static void
look_at_envelope(FerryImapSearch *search, FerryImapMessage *message, gpointer user_data)
{
	Sort *self = user_data;
	FerryMessageData *data = ferry_imap_message_get_data(message);
	gsize row = find_row(self, message);
	gsize length = 0;
	const char *envelope = ferry_message_data_get_envelope(data, &length);

	for (guint i = 0; i < self->criteria.n; i++) {
		g_autofree char *text = NULL;
		GRefString *kept;

		if (self->memos[i] == NULL)
			continue;
		text = sort_key_make_text(self->criteria.list[i].key, envelope, length);
		kept = g_ref_string_new(text);
		sort_table_set_text(self->table, i, row, kept);
		ferry_memo_insert(self->memos[i], ferry_imap_message_get_uid(message), kept,
				  g_ref_string_length(kept));
	}
}

static void
envelopes_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GError) error = NULL;

	if (ferry_imap_search_read_finish(FERRY_IMAP_SEARCH(source), result, &error))
		put_in_order(user_data);
	else
		fail(user_data, error);
}

static gint64
get_number(FerryImapSearch *search, const SortCriterion *criterion, FerryImapMessage *message)
{
	const FerryContribution *contribution = criterion->contribution;

	if (contribution == NULL)
		return sort_key_get_number(criterion->key, ferry_imap_message_get_row(message));
	return ((FerrySortKeyFunc)contribution->func)(search, message, contribution->user_data);
}

/* What the view row and the mailbox's memory tell. */
static void
look_at_row(FerryImapSearch *search, FerryImapMessage *message, gpointer user_data)
{
	Sort *self = user_data;
	guint32 uid = ferry_imap_message_get_uid(message);
	gsize row = find_row(self, message);
	gboolean complete = TRUE;

	for (guint i = 0; i < self->criteria.n; i++) {
		GRefString *text;

		if (self->memos[i] == NULL) {
			sort_table_set_number(self->table, i, row,
					      get_number(search, &self->criteria.list[i], message));
			continue;
		}
		text = ferry_memo_lookup(self->memos[i], uid);
		if (text != NULL)
			sort_table_set_text(self->table, i, row, text);
		else
			complete = FALSE;
	}
	if (!complete)
		g_array_append_val(self->missing, uid);
}

static void
rows_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryImapCommand *command = user_data;
	Sort *self = ferry_imap_command_get_data(command);
	g_autoptr(GError) error = NULL;

	if (!ferry_imap_search_read_finish(FERRY_IMAP_SEARCH(source), result, &error)) {
		fail(command, error);
	} else if (self->missing->len == 0) {
		put_in_order(command);
	} else {
		self->row = 0;
		ferry_imap_search_read_async(
			self->search, (const guint32 *)self->missing->data, self->missing->len,
			FERRY_NEEDS_ENVELOPE, look_at_envelope, self, NULL,
			ferry_imap_command_get_cancellable(command), envelopes_cb, command);
	}
}

static void
searched_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryImapCommand *command = user_data;
	Sort *self = ferry_imap_command_get_data(command);
	g_autoptr(GError) error = NULL;
	const guint32 *uids;
	gsize n_uids;

	if (!ferry_imap_search_run_finish(FERRY_IMAP_SEARCH(source), result, &error)) {
		fail(command, error);
		return;
	}
	uids = ferry_imap_search_get_uids(self->search, &n_uids);
	self->table = sort_table_new(&self->criteria, n_uids);
	self->uids = g_array_sized_new(FALSE, FALSE, sizeof(guint32), (guint)n_uids);
	g_array_append_vals(self->uids, uids, (guint)n_uids);
	self->missing = g_array_new(FALSE, FALSE, sizeof(guint32));
	ferry_imap_search_read_async(self->search, (const guint32 *)self->uids->data, n_uids,
				     FERRY_NEEDS_METADATA, look_at_row, self, NULL,
				     ferry_imap_command_get_cancellable(command), rows_cb, command);
}

/* Arguments: options, criteria, charset, program. */
void
sort_handle(FerryImapCommand *command, gpointer user_data)
{
	Sort *self = g_new0(Sort, 1);
	FerryImapValue *options = ferry_imap_command_get_argument(command, 0);
	g_autoptr(GError) error = NULL;

	self->search = ferry_imap_search_new(command);
	ferry_imap_command_set_data(command, self, sort_free);
	if (!ferry_imap_search_prepare(self->search, options != NULL, options, &error) ||
	    !sort_criteria_parse(
		    &self->criteria,
		    ferry_imap_session_get_registry(ferry_imap_command_get_session(command)),
		    ferry_imap_command_get_argument(command, 1), &error) ||
	    !sort_criteria_prepare(&self->criteria, self->search, &error)) {
		ferry_imap_command_fail(command, error);
		return;
	}
	open_memos(self);
	ferry_imap_search_run_async(self->search, ferry_imap_command_get_argument(command, 2),
				    ferry_imap_command_get_argument(command, 3),
				    ferry_imap_command_get_cancellable(command), searched_cb,
				    g_object_ref(command));
}
