/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages, chunk by chunk
 *
 * Implementation: one chunk is made ahead while the caller writes the one it has, two where they
 *   are small, so that the backend works on the next while we read what it said of the last. Memory
 *   is that of two or three chunks, however many messages are asked for
 */
#include "account/message-reader-private.h"

/* How much a chunk may hold. */
#define CHUNK_MESSAGES 1000
#define CHUNK_ENVELOPES 500
#define CHUNK_RAW_MESSAGES 100
#define CHUNK_OCTETS (8 * 1024 * 1024)

G_DEFINE_BOXED_TYPE(FerryMessageData, ferry_message_data, ferry_message_data_ref,
		    ferry_message_data_unref)

/* Reference counted: whoever makes it may outlive the reader. */
typedef struct {
	GPtrArray *messages;
	GWeakRef reader;
	gboolean made;
} Chunk;

struct _FerryMessageReader {
	GObject parent_instance;

	FerryMailbox *mailbox;
	FerryAccountSession *session;
	GArray *uids;
	guint next;
	FerryNeed needs;
	GQueue ahead; /* Chunk: being made, or ready */
	GTask *waiting;
	GCancellable *cancellable; /* of what is made ahead */
};

G_DEFINE_TYPE(FerryMessageReader, ferry_message_reader, G_TYPE_OBJECT)

/**
 * ferry_message_data_ref: (skip)
 * @self: a message
 *
 * Returns: (transfer full): @self
 */
FerryMessageData *
ferry_message_data_ref(FerryMessageData *self)
{
	g_atomic_ref_count_inc(&self->ref_count);
	return self;
}

/**
 * ferry_message_data_unref: (skip)
 * @self: (transfer full): a message
 *
 * Drops a reference; the last one frees it.
 */
void
ferry_message_data_unref(FerryMessageData *self)
{
	if (!g_atomic_ref_count_dec(&self->ref_count))
		return;
	g_clear_pointer(&self->headers, g_bytes_unref);
	g_clear_pointer(&self->structure, ferry_message_structure_unref);
	g_clear_pointer(&self->raw, g_bytes_unref);
	g_clear_error(&self->error);
	g_clear_pointer(&self->cached, g_bytes_unref);
	g_clear_pointer(&self->view, ferry_view_unref);
	g_free(self->own_envelope);
	g_free(self);
}

/**
 * ferry_message_data_get_uid:
 * @self: a message
 *
 * Returns: its UID
 */
guint32
ferry_message_data_get_uid(FerryMessageData *self)
{
	return self->uid;
}

/**
 * ferry_message_data_get_headers:
 * @self: a message
 *
 * Returns: (transfer none) (nullable): its header block, exact octets, with the empty line
 */
GBytes *
ferry_message_data_get_headers(FerryMessageData *self)
{
	if (self->headers == NULL && self->block != NULL)
		self->headers = g_bytes_new_from_bytes(
			self->cached,
			(gsize)(self->block - (const char *)g_bytes_get_data(self->cached, NULL)),
			self->block_length);
	return self->headers;
}

/**
 * ferry_message_data_peek_headers: (skip)
 * @self: a message
 * @length: (out): octets
 *
 * The octets of ferry_message_data_get_headers(), for those who only look.
 *
 * Returns: (nullable): its header block
 */
const char *
ferry_message_data_peek_headers(FerryMessageData *self, gsize *length)
{
	if (self->headers != NULL)
		return g_bytes_get_data(self->headers, length);
	*length = self->block_length;
	return self->block;
}

/**
 * ferry_message_data_get_structure:
 * @self: a message
 *
 * Returns: (transfer none) (nullable): its structure
 */
FerryMessageStructure *
ferry_message_data_get_structure(FerryMessageData *self)
{
	return self->structure;
}

/**
 * ferry_message_data_get_envelope:
 * @self: a message
 * @length: (out): octets
 *
 * Returns: (nullable): its ENVELOPE as IMAP writes it (RFC 9051 §7.5.2)
 */
const char *
ferry_message_data_get_envelope(FerryMessageData *self, gsize *length)
{
	if (self->structure != NULL)
		return ferry_message_structure_get_envelope(self->structure, length);
	*length = self->envelope_length;
	return self->envelope;
}

/**
 * ferry_message_data_get_raw:
 * @self: a message
 *
 * Returns: (transfer none) (nullable): all its octets; for a big one a mapped file
 */
GBytes *
ferry_message_data_get_raw(FerryMessageData *self)
{
	return self->raw;
}

/**
 * ferry_message_data_get_error:
 * @self: a message
 *
 * Returns: (transfer none) (nullable): why there is nothing of it
 */
const GError *
ferry_message_data_get_error(FerryMessageData *self)
{
	return self->error;
}

static void
chunk_clear(gpointer data)
{
	Chunk *chunk = data;

	g_weak_ref_clear(&chunk->reader);
	g_ptr_array_unref(chunk->messages);
}

static void
chunk_unref(gpointer chunk)
{
	g_rc_box_release_full(chunk, chunk_clear);
}

static void
ferry_message_reader_finalize(GObject *object)
{
	FerryMessageReader *self = FERRY_MESSAGE_READER(object);

	g_cancellable_cancel(self->cancellable);
	g_clear_object(&self->cancellable);
	g_queue_clear_full(&self->ahead, chunk_unref);
	g_array_unref(self->uids);
	g_clear_object(&self->mailbox);
	g_clear_object(&self->session);
	G_OBJECT_CLASS(ferry_message_reader_parent_class)->finalize(object);
}

static void
ferry_message_reader_class_init(FerryMessageReaderClass *klass)
{
	G_OBJECT_CLASS(klass)->finalize = ferry_message_reader_finalize;
}

static void
ferry_message_reader_init(FerryMessageReader *self)
{
	self->cancellable = g_cancellable_new();
}

/* Takes @uids. */
FerryMessageReader *
ferry_message_reader_new(FerryMailbox *mailbox, FerryAccountSession *session, GArray *uids,
			 FerryNeed needs)
{
	FerryMessageReader *self = g_object_new(FERRY_TYPE_MESSAGE_READER, NULL);

	self->mailbox = g_object_ref(mailbox);
	self->session = g_object_ref(session);
	self->uids = uids;
	self->needs = needs;
	return self;
}

static FerryMessageData *
make_data(FerryView *view, FerryViewPlace *place, guint32 uid)
{
	FerryMessageData *data = g_new0(FerryMessageData, 1);
	const FerryMessageRow *row = ferry_view_seek(view, place, uid);

	g_atomic_ref_count_init(&data->ref_count);
	data->uid = uid;
	if (row == NULL) {
		data->error = g_error_new_literal(FERRY_ERROR, FERRY_ERROR_EXPUNGED,
						  "the message is gone");
		return data;
	}
	data->email_key = row->email_key;
	data->size = row->size;
	data->view = ferry_view_ref(view);
	data->index = place->index;
	return data;
}

const char *
ferry_message_data_get_email_id(const FerryMessageData *data)
{
	return ferry_view_get_email_id(data->view, data->index);
}

char *
ferry_message_data_dup_blob_id(const FerryMessageData *data)
{
	return ferry_view_dup_blob_id(data->view, data->index);
}

static guint
get_limit(FerryMessageReader *self)
{
	if ((self->needs & FERRY_NEED_RAW) != 0)
		return CHUNK_RAW_MESSAGES;
	return self->needs == FERRY_NEED_ENVELOPE ? CHUNK_ENVELOPES : CHUNK_MESSAGES;
}

static Chunk *
make_chunk(FerryMessageReader *self)
{
	guint limit = get_limit(self);
	Chunk *chunk = g_rc_box_new0(Chunk);
	FerryViewPlace place = {0};
	guint64 octets = 0;

	g_weak_ref_init(&chunk->reader, self);
	chunk->messages = g_ptr_array_new_with_free_func(
		(GDestroyNotify)(void (*)(void))ferry_message_data_unref);
	while (self->next < self->uids->len && chunk->messages->len < limit &&
	       octets < CHUNK_OCTETS) {
		FerryMessageData *data = make_data(self->mailbox->view, &place,
						   g_array_index(self->uids, guint32, self->next));

		/* one big message does not come in the company of others */
		if (chunk->messages->len > 0 && octets + data->size > CHUNK_OCTETS) {
			ferry_message_data_unref(data);
			break;
		}
		self->next++;
		octets += data->size;
		g_ptr_array_add(chunk->messages, data);
	}
	return chunk;
}

static void make_ahead(FerryMessageReader *self);

/* Hands over what is ready, and goes on with the next. */
static void
deliver(FerryMessageReader *self)
{
	g_autoptr(GTask) task = NULL;
	Chunk *chunk = g_queue_peek_head(&self->ahead);

	if (self->waiting == NULL || !chunk->made)
		return;
	task = g_steal_pointer(&self->waiting);
	g_queue_pop_head(&self->ahead);
	make_ahead(self);
	g_task_return_pointer(task, g_ptr_array_ref(chunk->messages),
			      (GDestroyNotify)(void (*)(void))g_ptr_array_unref);
	chunk_unref(chunk);
}

static void
made_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Chunk *chunk = user_data;
	g_autoptr(FerryMessageReader) self = g_weak_ref_get(&chunk->reader);

	ferry_needs_fetch_finish(FERRY_MAIL_ACCOUNT(source), result);
	chunk->made = TRUE;
	if (self != NULL)
		deliver(self);
	chunk_unref(chunk);
}

/* The octets of messages are asked for many at once already. */
static guint
get_most_ahead(FerryMessageReader *self)
{
	return self->needs == FERRY_NEED_ENVELOPE ? 3 : 1;
}

static void
make_ahead(FerryMessageReader *self)
{
	while (self->ahead.length < get_most_ahead(self) && self->next < self->uids->len) {
		Chunk *chunk = make_chunk(self);

		g_queue_push_tail(&self->ahead, chunk);
		ferry_needs_fetch_async(self->mailbox->owner, self->session->jmap, chunk->messages,
					self->needs, self->cancellable, made_cb,
					g_rc_box_acquire(chunk));
	}
}

/**
 * ferry_message_reader_next_async:
 * @self: a reader
 * @cancellable: (nullable): to give up
 * @callback: called with the next messages
 * @user_data: for @callback
 *
 * Asks for the next chunk. One call at a time.
 */
void
ferry_message_reader_next_async(FerryMessageReader *self, GCancellable *cancellable,
				GAsyncReadyCallback callback, gpointer user_data)
{
	g_autoptr(GTask) task = g_task_new(self, cancellable, callback, user_data);

	g_task_set_source_tag(task, ferry_message_reader_next_async);
	g_return_if_fail(self->waiting == NULL);
	make_ahead(self);
	if (self->ahead.length == 0) {
		g_task_return_pointer(task, NULL, NULL);
		return;
	}
	self->waiting = g_steal_pointer(&task);
	deliver(self);
}

/**
 * ferry_message_reader_next_finish:
 * @self: a reader
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: (transfer full) (nullable) (element-type FerryMessageData): the next messages, in the
 *   order of the UIDs; NULL without error at the end
 */
GPtrArray *
ferry_message_reader_next_finish(FerryMessageReader *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}

/**
 * ferry_mailbox_read:
 * @self: a mailbox
 * @session: who asks
 * @uids: (array length=n_uids): which messages, ascending
 * @n_uids: how many
 * @needs: what of them
 *
 * Returns: (transfer full): what hands them out
 */
FerryMessageReader *
ferry_mailbox_read(FerryMailbox *self, FerryAccountSession *session, const guint32 *uids,
		   gsize n_uids, FerryNeed needs)
{
	GArray *copy = g_array_sized_new(FALSE, FALSE, sizeof(guint32), (guint)n_uids);

	g_array_append_vals(copy, uids, (guint)n_uids);
	return ferry_message_reader_new(self, session, copy, needs);
}
