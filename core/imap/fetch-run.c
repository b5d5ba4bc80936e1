/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The run of a FETCH: the messages, one after the other
 *
 * Implementation: messages come in chunks from the account; of each chunk the properties are
 *   fetched and \Seen is set, for those that could be had, in one request each; writing waits for
 *   the client. So memory is flat, no request is made for a single message, and what was never sent
 *   stays unseen.
 */
#include "imap/fetch-private.h"
#include "imap/session-private.h"
#include "imap/told-private.h"
#include "jmap/value.h"

/* messages that need nothing fetched are written in slices of this many, so that others get a turn
 */
#define SLICE 2000
/* properties are asked for this many messages at once */
#define PROPERTY_CHUNK 500
/* octets of the messages of a FETCH beside which another one may be prepared */
#define MAX_BESIDE (1024 * 1024)

typedef struct {
	FerryImapFetch *fetch; /* owned */
	FerryImapCommand *command;
	FerryMailbox *mailbox; /* the session forgets these two when its connection is gone */
	FerryAccountSession *account_session;
	FerryMessageReader *reader; /* NULL where rows are enough */
	GPtrArray *chunk;           /* (element-type FerryMessageData), NULL: rows are enough */
	GPtrArray *properties;      /* beside the chunk */
	const guint32 *uids;
	gsize n_uids;
	gsize position;  /* of the next message in uids */
	gsize chunk_end; /* behind the last one that can be written now */
	gsize chunk_start;
	GHashTable *seen;          /* UIDs of the chunk that this command marks seen */
	guint pending;             /* what the chunk waits for */
	GArray *doubtful;          /* UIDs that the backend does not find */
	FerryImapMessage *message; /* the last that was looked at */
	GError *not_found;
	GError *error;
} Run;

static void next_chunk(Run *run);
static void write_chunk(Run *run);

static void
run_free(Run *run)
{
	g_clear_object(&run->reader);
	g_clear_object(&run->mailbox);
	g_clear_object(&run->account_session);
	g_clear_pointer(&run->chunk, g_ptr_array_unref);
	g_clear_pointer(&run->properties, g_ptr_array_unref);
	g_clear_pointer(&run->seen, g_hash_table_unref);
	g_clear_pointer(&run->doubtful, g_array_unref);
	g_clear_pointer(&run->message, ferry_imap_message_unref);
	g_clear_error(&run->not_found);
	g_clear_error(&run->error);
	g_object_unref(run->fetch);
	g_object_unref(run->command);
	g_free(run);
}

static FerryNeed
map_needs(FerryNeeds needs)
{
	FerryNeed mapped = FERRY_NEED_NOTHING;

	if (needs & FERRY_NEEDS_ENVELOPE)
		mapped |= FERRY_NEED_ENVELOPE;
	if (needs & FERRY_NEEDS_HEADERS)
		mapped |= FERRY_NEED_HEADERS;
	if (needs & FERRY_NEEDS_STRUCTURE)
		mapped |= FERRY_NEED_STRUCTURE;
	if (needs & FERRY_NEEDS_RAW)
		mapped |= FERRY_NEED_RAW;
	return mapped;
}

/* By number, a message that is gone must not pass unnoticed (RFC 2180 §4.1, RFC 5530). */
static void
finish(Run *run)
{
	const GError *error = run->error;

	if (error == NULL)
		error = ferry_imap_fetch_get_error(run->fetch);
	if (error == NULL) {
		ferry_imap_command_finish(run->command);
	} else if (g_error_matches(error, FERRY_ERROR, FERRY_ERROR_EXPUNGED)) {
		ferry_imap_command_set_response_code(run->command, "EXPUNGEISSUED");
		ferry_imap_command_finish(run->command);
	} else {
		ferry_imap_command_fail(run->command, error);
	}
	run_free(run);
}

static void
note_expunged(Run *run)
{
	g_autoptr(GError) error = NULL;

	if (ferry_imap_command_is_uid(run->command))
		return;
	g_set_error_literal(&error, FERRY_ERROR, FERRY_ERROR_EXPUNGED, "a message is gone");
	ferry_imap_fetch_set_error(run->fetch, error);
}

static void
refreshed_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Run *run = user_data;
	FerryView *view = ferry_mailbox_get_view(run->mailbox);
	gboolean good = ferry_mailbox_refresh_finish(FERRY_MAILBOX(source), result, &run->error);

	for (guint i = 0; good && i < run->doubtful->len; i++) {
		if (ferry_view_lookup(view, g_array_index(run->doubtful, guint32, i)) == NULL)
			note_expunged(run);
		else
			ferry_imap_fetch_set_error(run->fetch, run->not_found);
	}
	finish(run);
}

/* What the backend did not find was deleted a moment ago, or should be there: a sync tells. */
static void
end(Run *run)
{
	if (run->doubtful == NULL || run->error != NULL ||
	    g_cancellable_is_cancelled(ferry_imap_command_get_cancellable(run->command)))
		finish(run);
	else
		ferry_mailbox_refresh_async(run->mailbox, run->account_session,
					    ferry_imap_command_get_cancellable(run->command),
					    refreshed_cb, run);
}

static void
note_failure(Run *run, guint32 uid, const GError *error)
{
	if (g_error_matches(error, FERRY_ERROR, FERRY_ERROR_EXPUNGED)) {
		note_expunged(run);
	} else if (g_error_matches(error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND)) {
		if (run->doubtful == NULL)
			run->doubtful = g_array_new(FALSE, FALSE, sizeof(guint32));
		g_array_append_val(run->doubtful, uid);
		if (run->not_found == NULL)
			run->not_found = g_error_copy(error);
	} else {
		ferry_imap_fetch_set_error(run->fetch, error);
	}
}

static void
write_one(Run *run, FerryTold *told, guint32 uid, gsize offset)
{
	FerryImapMessage *message;
	gboolean tells_change;
	gboolean seen =
		run->seen != NULL && g_hash_table_contains(run->seen, GUINT_TO_POINTER(uid));

	run->message = message = ferry_told_next_message(told, run->message, uid);
	if (message == NULL)
		return;
	if (run->chunk != NULL) {
		FerryMessageData *data = g_ptr_array_index(run->chunk, offset);

		if (ferry_message_data_get_error(data) != NULL) {
			note_failure(run, uid, ferry_message_data_get_error(data));
			return;
		}
		ferry_imap_message_set_data(message, data);
	}
	if (run->properties != NULL && g_ptr_array_index(run->properties, offset) != NULL)
		ferry_imap_message_set_properties(message,
						  g_ptr_array_index(run->properties, offset));
	if (!ferry_imap_fetch_accepts(run->fetch, message))
		return;
	tells_change = seen ||
		       (ferry_imap_fetch_has_flags(run->fetch) && ferry_told_is_changed(told, uid));
	ferry_imap_fetch_write_message(run->fetch, message,
				       ferry_imap_command_get_writer(run->command), tells_change);
	if (tells_change)
		ferry_told_remove_changed(told, uid);
}

static void
drained_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Run *run = user_data;

	if (ferry_imap_writer_wait_finish(FERRY_IMAP_WRITER(source), result, &run->error))
		write_chunk(run);
	else
		end(run);
}

static void
write_chunk(Run *run)
{
	FerryImapSession *session = ferry_imap_command_get_session(run->command);
	FerryImapWriter *writer = ferry_imap_command_get_writer(run->command);
	FerryTold *told = ferry_imap_session_get_told(session);

	/* the mailbox can go away under a session while it waits */
	if (told == NULL) {
		g_set_error_literal(&run->error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND,
				    "the mailbox is gone");
		end(run);
		return;
	}
	while (run->position < run->chunk_end) {
		write_one(run, told, run->uids[run->position], run->position - run->chunk_start);
		run->position++;
		if (ferry_imap_writer_is_full(writer)) {
			g_clear_pointer(&run->message, ferry_imap_message_unref);
			ferry_imap_writer_wait_async(
				writer, ferry_imap_command_get_cancellable(run->command),
				drained_cb, run);
			return;
		}
	}
	next_chunk(run);
}

static void
turn_cb(gpointer user_data)
{
	Run *run = user_data;

	if (run->error != NULL)
		end(run);
	else
		write_chunk(run);
}

/* A chunk is written when everything that it waits for is there, and the commands before this one
 * are over. */
static void
part_done(Run *run)
{
	if (--run->pending == 0)
		ferry_imap_command_wait_turn(run->command, turn_cb, run);
}

static void
properties_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Run *run = user_data;

	run->properties =
		ferry_mailbox_get_properties_finish(FERRY_MAILBOX(source), result, &run->error);
	part_done(run);
}

static void
fetch_properties(Run *run)
{
	const char *const *properties = ferry_imap_fetch_get_properties(run->fetch);

	g_clear_pointer(&run->properties, g_ptr_array_unref);
	if (*properties == NULL)
		return;
	run->pending++;
	ferry_mailbox_get_properties_async(
		run->mailbox, run->account_session, run->uids + run->chunk_start,
		run->chunk_end - run->chunk_start, properties,
		ferry_imap_command_get_cancellable(run->command), properties_cb, run);
}

/* \Seen is a courtesy: where it cannot be set, the messages are told all the same. */
static void
seen_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Run *run = user_data;
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryOutcome) outcome =
		ferry_mailbox_store_flags_finish(FERRY_MAILBOX(source), result, &error);

	if (outcome == NULL)
		g_clear_pointer(&run->seen, g_hash_table_unref);
	part_done(run);
}

/* Whether a message of the chunk will be sent, and is not \Seen yet. */
static gboolean
becomes_seen(Run *run, FerryTold *told, gsize offset)
{
	FerryMessageData *data = run->chunk != NULL ? g_ptr_array_index(run->chunk, offset) : NULL;
	FerryImapMessage *message;

	if (data != NULL && ferry_message_data_get_error(data) != NULL)
		return FALSE;
	run->message = message =
		ferry_told_next_message(told, run->message, run->uids[run->chunk_start + offset]);
	return message != NULL && !ferry_imap_message_is_expunged(message) &&
	       !(ferry_imap_message_get_row(message)->flags & FERRY_MESSAGE_SEEN) &&
	       ferry_imap_fetch_accepts(run->fetch, message);
}

static void
mark_seen(Run *run)
{
	FerryTold *told = ferry_imap_session_get_told(ferry_imap_command_get_session(run->command));
	g_autoptr(GArray) unseen = g_array_new(FALSE, FALSE, sizeof(guint32));

	g_clear_pointer(&run->seen, g_hash_table_unref);
	if (told == NULL || !ferry_imap_fetch_get_marks_seen(run->fetch))
		return;
	for (gsize i = 0; i < run->chunk_end - run->chunk_start; i++) {
		if (becomes_seen(run, told, i))
			g_array_append_val(unseen, run->uids[run->chunk_start + i]);
	}
	if (unseen->len == 0)
		return;
	run->seen = g_hash_table_new(NULL, NULL);
	for (guint i = 0; i < unseen->len; i++)
		g_hash_table_add(run->seen, GUINT_TO_POINTER(g_array_index(unseen, guint32, i)));
	run->pending++;
	ferry_mailbox_store_flags_async(
		run->mailbox, run->account_session, (const guint32 *)unseen->data, unseen->len,
		FERRY_FLAGS_ADD, FERRY_MESSAGE_SEEN, NULL, -1, NULL,
		ferry_imap_command_get_cancellable(run->command), seen_cb, run);
}

/* The contents of a chunk are at hand; the rest of it is asked for. */
static void
complete_chunk(Run *run)
{
	run->pending = 1;
	fetch_properties(run);
	mark_seen(run);
	part_done(run);
}

static void
turn_ended_cb(gpointer user_data)
{
	end(user_data);
}

static void
chunk_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Run *run = user_data;

	g_clear_pointer(&run->chunk, g_ptr_array_unref);
	run->chunk =
		ferry_message_reader_next_finish(FERRY_MESSAGE_READER(source), result, &run->error);
	if (run->chunk == NULL) {
		ferry_imap_command_wait_turn(run->command, turn_ended_cb, run);
		return;
	}
	run->chunk_end = run->chunk_start + run->chunk->len;
	complete_chunk(run);
}

static gboolean
slice_cb(gpointer user_data)
{
	complete_chunk(user_data);
	return G_SOURCE_REMOVE;
}

/* Another command gets its turn between two slices. */
static void
next_slice(Run *run)
{
	gsize slice = *ferry_imap_fetch_get_properties(run->fetch) != NULL ? PROPERTY_CHUNK : SLICE;
	g_autoptr(GSource) source = NULL;

	run->chunk_end = MIN(run->n_uids, run->chunk_start + slice);
	if (run->chunk_start == 0) {
		complete_chunk(run);
		return;
	}
	source = g_idle_source_new();
	g_source_set_priority(source, G_PRIORITY_DEFAULT);
	g_source_set_callback(source, slice_cb, run, NULL);
	g_source_attach(source, g_main_context_get_thread_default());
}

static void
next_chunk(Run *run)
{
	run->chunk_start = run->position;
	ferry_imap_command_set_progress(run->command, run->position, run->n_uids);
	/* what it holds on to is the chunk's */
	g_clear_pointer(&run->message, ferry_imap_message_unref);
	if (run->position >= run->n_uids ||
	    g_cancellable_is_cancelled(ferry_imap_command_get_cancellable(run->command)))
		ferry_imap_command_wait_turn(run->command, turn_ended_cb, run);
	else if (run->reader != NULL)
		ferry_message_reader_next_async(run->reader,
						ferry_imap_command_get_cancellable(run->command),
						chunk_cb, run);
	else
		next_slice(run);
}

/* Whether the next FETCH may be prepared while this one runs. Messages that it reads ahead are in
 * memory then, so those must be few and small: MAX_BESIDE octets. */
static gboolean
lets_next(Run *run, FerryView *view)
{
	guint64 octets = 0;

	if (ferry_imap_fetch_get_marks_seen(run->fetch))
		return FALSE;
	if (!(ferry_imap_fetch_get_needs(run->fetch) & FERRY_NEEDS_RAW))
		return TRUE;
	for (gsize i = 0; i < run->n_uids && octets <= MAX_BESIDE; i++) {
		const FerryMessageRow *row = ferry_view_lookup(view, run->uids[i]);

		octets += row != NULL ? row->size : 0;
	}
	return octets <= MAX_BESIDE;
}

static void
run_cb(gpointer user_data)
{
	FerryImapFetch *self = user_data;
	FerryImapCommand *command = ferry_imap_fetch_get_command(self);
	FerryImapSession *session = ferry_imap_command_get_session(command);
	FerryNeed needs = map_needs(ferry_imap_fetch_get_needs(self));
	Run *run;

	/* the mailbox can go away under a session while it waits */
	if (ferry_imap_session_get_mailbox(session) == NULL) {
		ferry_imap_command_fail_new(command, FERRY_ERROR_NOT_FOUND, "the mailbox is gone");
		return;
	}
	run = g_new0(Run, 1);
	run->fetch = g_object_ref(self);
	run->command = g_object_ref(command);
	run->mailbox = g_object_ref(ferry_imap_session_get_mailbox(session));
	run->account_session = g_object_ref(ferry_imap_session_get_account_session(session));
	run->uids = ferry_imap_fetch_get_uids(self, &run->n_uids);
	if (needs != FERRY_NEED_NOTHING)
		run->reader = ferry_mailbox_read(run->mailbox, run->account_session, run->uids,
						 run->n_uids, needs);
	if (lets_next(run, ferry_imap_session_get_view(session)))
		ferry_imap_command_allow_next(command);
	next_chunk(run);
}

/* Answers a planned FETCH and ends its command, which keeps it until then. */
void
ferry_imap_fetch_run(FerryImapFetch *self)
{
	ferry_imap_command_take_steps(ferry_imap_fetch_get_command(self), run_cb, self);
}
