/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Responses
 *
 * Specification: RFC 9051 §4 (data formats), §9; RFC 3501 §5.1.3 (names of rev1 sessions)
 * Implementation: text is collected in 64 KiB buffers; big literals go out as the bytes they are,
 *   without a copy. printf is too slow for a million FETCH lines, so numbers are written by hand.
 */
#include "imap/writer.h"

#include <string.h>

#include "imap/input-private.h"
#include "imap/names.h"

#define BUFFER_SIZE (64 * 1024)
/* the first buffer: most answers are a line */
#define SMALL_BUFFER 1024
/* a literal above this is handed on instead of copied */
#define COPY_LIMIT (16 * 1024)
/* is_full(): so much may wait for a slow client */
#define HIGH_WATER (256 * 1024)
#define LOW_WATER (64 * 1024)

/* where the writer stood when it was held */
typedef struct {
	gsize length;
	gboolean need_space;
} Mark;

struct _FerryImapWriter {
	GObject parent_instance;
	FerryConnection *connection; /* NULL: everything stays in the buffer */
	char *buffer;                /* NULL where it is empty */
	gsize length;                /* of what is in the buffer */
	gsize capacity;
	gsize first_capacity; /* of the next buffer: what writes much gets a whole one at once */
	gboolean utf8;
	gboolean need_space;  /* whether the next value of the list has one before it */
	GPtrArray *waiting;   /* GTask: who waits until less is pending */
	GArray *marks;        /* (element-type Mark) (nullable): one for each hold */
	gboolean wants_flush; /* somebody wanted it while it was held */
};

G_DEFINE_FINAL_TYPE(FerryImapWriter, ferry_imap_writer, G_TYPE_OBJECT)

static void
ferry_imap_writer_finalize(GObject *object)
{
	FerryImapWriter *self = FERRY_IMAP_WRITER(object);

	g_free(self->buffer);
	g_clear_pointer(&self->waiting, g_ptr_array_unref);
	g_clear_pointer(&self->marks, g_array_unref);
	g_clear_object(&self->connection);
	G_OBJECT_CLASS(ferry_imap_writer_parent_class)->finalize(object);
}

static void
ferry_imap_writer_class_init(FerryImapWriterClass *klass)
{
	G_OBJECT_CLASS(klass)->finalize = ferry_imap_writer_finalize;
}

static void
ferry_imap_writer_init(FerryImapWriter *self)
{
	self->waiting = g_ptr_array_new_with_free_func(g_object_unref);
	self->first_capacity = SMALL_BUFFER;
}

static void
drained_cb(FerryConnection *connection, gpointer user_data)
{
	FerryImapWriter *self = user_data;
	g_autoptr(GPtrArray) waiting = g_steal_pointer(&self->waiting);

	self->waiting = g_ptr_array_new_with_free_func(g_object_unref);
	for (guint i = 0; i < waiting->len; i++)
		if (!g_task_get_completed(waiting->pdata[i]))
			g_task_return_boolean(waiting->pdata[i], TRUE);
}

/**
 * ferry_imap_writer_new:
 * @connection: where the responses go
 *
 * Returns: (transfer full): a writer
 */
FerryImapWriter *
ferry_imap_writer_new(FerryConnection *connection)
{
	FerryImapWriter *self = g_object_new(FERRY_TYPE_IMAP_WRITER, NULL);

	self->connection = g_object_ref(connection);
	ferry_connection_set_drained_handler(connection, LOW_WATER, drained_cb, self, NULL);
	return self;
}

/**
 * ferry_imap_writer_new_for_buffer:
 *
 * Returns: (transfer full): a writer that keeps what is written, for tests
 */
FerryImapWriter *
ferry_imap_writer_new_for_buffer(void)
{
	return g_object_new(FERRY_TYPE_IMAP_WRITER, NULL);
}

/**
 * ferry_imap_writer_dup_output:
 * @length: (out) (optional): octets
 *
 * Returns: (transfer full): what was written and not handed on to a connection
 */
char *
ferry_imap_writer_dup_output(FerryImapWriter *self, gsize *length)
{
	if (length != NULL)
		*length = self->length;
	return g_strndup(self->length > 0 ? self->buffer : "", self->length);
}

/**
 * ferry_imap_writer_set_utf8:
 * @utf8: whether strings and mailbox names go out in UTF-8
 *
 * Sessions that enabled IMAP4rev2 or UTF8=ACCEPT.
 */
void
ferry_imap_writer_set_utf8(FerryImapWriter *self, gboolean utf8)
{
	self->utf8 = utf8;
}

/**
 * ferry_imap_writer_get_utf8:
 *
 * Returns: whether strings and mailbox names go out in UTF-8
 */
gboolean
ferry_imap_writer_get_utf8(FerryImapWriter *self)
{
	return self->utf8;
}

static gboolean
is_held(FerryImapWriter *self)
{
	return self->marks != NULL && self->marks->len > 0;
}

/* Whether so many octets go out by themselves, around the buffer. */
static gboolean
goes_around(FerryImapWriter *self, gsize length)
{
	return length > COPY_LIMIT && self->connection != NULL && !is_held(self);
}

/**
 * ferry_imap_writer_hold:
 *
 * Keeps what is written from now on in memory, until ferry_imap_writer_release(). To be used around
 * the writing of one item or response by a function that may fail half-way; holds nest, and never
 * last over a return to the main loop.
 */
void
ferry_imap_writer_hold(FerryImapWriter *self)
{
	Mark mark = {self->length, self->need_space};

	if (self->marks == NULL)
		self->marks = g_array_new(FALSE, FALSE, sizeof(Mark));
	g_array_append_val(self->marks, mark);
}

/**
 * ferry_imap_writer_release:
 * @keep: %FALSE to take back what was written since the hold
 *
 * Ends the last ferry_imap_writer_hold().
 */
void
ferry_imap_writer_release(FerryImapWriter *self, gboolean keep)
{
	Mark mark;

	g_return_if_fail(is_held(self));
	mark = g_array_index(self->marks, Mark, self->marks->len - 1);
	g_array_set_size(self->marks, self->marks->len - 1);
	if (!keep) {
		self->length = mark.length;
		self->need_space = mark.need_space;
	}
	if (self->length == 0) {
		g_clear_pointer(&self->buffer, g_free);
		self->capacity = 0;
	}
	if (self->wants_flush && !is_held(self)) {
		self->wants_flush = FALSE;
		ferry_imap_writer_flush(self);
	}
}

/**
 * ferry_imap_writer_flush:
 *
 * Hands what was written to the connection, which sends it.
 */
void
ferry_imap_writer_flush(FerryImapWriter *self)
{
	char *buffer;

	if (is_held(self)) {
		self->wants_flush = TRUE;
		return;
	}
	buffer = g_steal_pointer(&self->buffer);
	if (self->connection == NULL || buffer == NULL) {
		self->buffer = buffer;
		return;
	}
	if (self->length >= COPY_LIMIT) {
		g_autoptr(GBytes) bytes = g_bytes_new_take(buffer, self->length);

		ferry_connection_write_bytes(self->connection, bytes);
	} else {
		ferry_connection_write(self->connection, buffer, self->length);
		g_free(buffer);
	}
	self->length = self->capacity = 0;
	self->first_capacity = SMALL_BUFFER;
}

/* Room for what the buffer cannot take as it is. */
static void
make_room(FerryImapWriter *self, gsize length)
{
	if (self->connection != NULL && self->length > 0 && self->length + length > BUFFER_SIZE &&
	    !is_held(self)) {
		ferry_imap_writer_flush(self);
		self->first_capacity = BUFFER_SIZE;
	}
	if (self->length + length <= self->capacity)
		return;
	self->capacity = MAX(self->capacity * 2, self->first_capacity);
	if (self->length + length <= BUFFER_SIZE)
		self->capacity = MIN(self->capacity, BUFFER_SIZE);
	self->capacity = MAX(self->capacity, self->length + length);
	self->buffer = g_realloc(self->buffer, self->capacity);
}

static inline char *
reserve(FerryImapWriter *self, gsize length)
{
	char *place;

	if (G_UNLIKELY(self->length + length > self->capacity))
		make_room(self, length);
	place = self->buffer + self->length;
	self->length += length;
	return place;
}

static inline void
put(FerryImapWriter *self, const char *data, gsize length)
{
	if (length > 0)
		memcpy(reserve(self, length), data, length);
}

/* The space before a value. */
static inline void
put_space(FerryImapWriter *self)
{
	if (self->need_space)
		*reserve(self, 1) = ' ';
	self->need_space = TRUE;
}

/**
 * ferry_imap_writer_write_raw:
 * @data: (array length=length) (element-type guint8): octets
 * @length: how many
 *
 * Writes octets as they stand, with no space before them and none due behind.
 */
void
ferry_imap_writer_write_raw(FerryImapWriter *self, const char *data, gsize length)
{
	if (goes_around(self, length)) {
		ferry_imap_writer_flush(self);
		ferry_connection_write(self->connection, data, length);
	} else {
		put(self, data, length);
	}
	self->need_space = FALSE;
}

/**
 * ferry_imap_writer_write_formatted:
 * @text: (array length=length) (element-type guint8): a value as it goes out
 * @length: how many octets
 *
 * Writes a value that was formatted before, such as an ENVELOPE.
 */
void
ferry_imap_writer_write_formatted(FerryImapWriter *self, const char *text, gsize length)
{
	put_space(self);
	ferry_imap_writer_write_raw(self, text, length);
	self->need_space = TRUE;
}

/**
 * ferry_imap_writer_write_text:
 * @text: text
 *
 * Writes text as it stands; it is the caller's that it is good protocol.
 */
void
ferry_imap_writer_write_text(FerryImapWriter *self, const char *text)
{
	ferry_imap_writer_write_raw(self, text, strlen(text));
}

/**
 * ferry_imap_writer_writef: (skip)
 * @format: as for printf
 *
 * Writes formatted text as it stands.
 */
void
ferry_imap_writer_writef(FerryImapWriter *self, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	ferry_imap_writer_write_text(self, text);
}

/**
 * ferry_imap_writer_end_line:
 *
 * Ends a response.
 */
void
ferry_imap_writer_end_line(FerryImapWriter *self)
{
	put(self, "\r\n", 2);
	self->need_space = FALSE;
}

/**
 * ferry_imap_writer_begin_untagged:
 * @name: the response's name
 *
 * Begins `* NAME`; values follow with their spaces.
 */
void
ferry_imap_writer_begin_untagged(FerryImapWriter *self, const char *name)
{
	put(self, "* ", 2);
	put(self, name, strlen(name));
	self->need_space = TRUE;
}

static gsize
format_number(char *end, guint64 number)
{
	char *p = end;

	do {
		*--p = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	return (gsize)(end - p);
}

/**
 * ferry_imap_writer_begin_numbered:
 * @number: of a message
 * @name: the response's name
 *
 * Begins `* 12 NAME`; values follow with their spaces.
 */
void
ferry_imap_writer_begin_numbered(FerryImapWriter *self, guint32 number, const char *name)
{
	char digits[10];
	gsize n = format_number(digits + sizeof(digits), number);
	gsize name_length = strlen(name);
	char *place = reserve(self, n + name_length + 3);

	place[0] = '*';
	place[1] = ' ';
	memcpy(place + 2, digits + sizeof(digits) - n, n);
	place[2 + n] = ' ';
	memcpy(place + 3 + n, name, name_length);
	self->need_space = TRUE;
}

/**
 * ferry_imap_writer_begin_list:
 *
 * Opens a parenthesized list.
 */
void
ferry_imap_writer_begin_list(FerryImapWriter *self)
{
	put_space(self);
	*reserve(self, 1) = '(';
	self->need_space = FALSE;
}

/**
 * ferry_imap_writer_end_list:
 *
 * Closes a parenthesized list.
 */
void
ferry_imap_writer_end_list(FerryImapWriter *self)
{
	*reserve(self, 1) = ')';
	self->need_space = TRUE;
}

/**
 * ferry_imap_writer_write_atom:
 * @atom: an atom, a flag, an item's name
 *
 * Writes a word as it stands, as a value.
 */
void
ferry_imap_writer_write_atom(FerryImapWriter *self, const char *atom)
{
	gsize length = strlen(atom);
	char *place = reserve(self, length + self->need_space);

	if (self->need_space)
		*place++ = ' ';
	memcpy(place, atom, length);
	self->need_space = TRUE;
}

/**
 * ferry_imap_writer_write_number:
 * @number: a number
 *
 * Writes a number as a value.
 */
void
ferry_imap_writer_write_number(FerryImapWriter *self, guint64 number)
{
	char digits[20];
	gsize n = format_number(digits + sizeof(digits), number);

	put_space(self);
	put(self, digits + sizeof(digits) - n, n);
}

/**
 * ferry_imap_writer_write_nil:
 *
 * Writes NIL as a value.
 */
void
ferry_imap_writer_write_nil(FerryImapWriter *self)
{
	ferry_imap_writer_write_atom(self, "NIL");
}

static void
put_literal_head(FerryImapWriter *self, const char *open, gsize length)
{
	char digits[20];
	gsize n = format_number(digits + sizeof(digits), length);

	put(self, open, strlen(open));
	put(self, digits + sizeof(digits) - n, n);
	put(self, "}\r\n", 3);
}

/* Whether a quoted string can hold it: short, no line ends, and 8-bit only as UTF-8 where enabled.
 */
static gboolean
can_quote(FerryImapWriter *self, const char *data, gsize length)
{
	gboolean ascii = TRUE;

	if (length > 1024)
		return FALSE;
	for (gsize i = 0; i < length; i++) {
		if (data[i] == '\r' || data[i] == '\n' || data[i] == '\0')
			return FALSE;
		ascii = ascii && (guint8)data[i] < 0x80;
	}
	return ascii || (self->utf8 && g_utf8_validate_len(data, length, NULL));
}

static void
put_quoted(FerryImapWriter *self, const char *data, gsize length)
{
	char *p;
	gsize escapes = 0;

	for (gsize i = 0; i < length; i++)
		escapes += data[i] == '"' || data[i] == '\\';
	p = reserve(self, length + escapes + 2);
	*p++ = '"';
	for (gsize i = 0; i < length; i++) {
		if (data[i] == '"' || data[i] == '\\')
			*p++ = '\\';
		*p++ = data[i];
	}
	*p = '"';
}

/**
 * ferry_imap_writer_write_string:
 * @data: (array length=length) (element-type guint8): octets
 * @length: how many
 *
 * Writes a string as a value: quoted where that can hold it, else a literal.
 */
void
ferry_imap_writer_write_string(FerryImapWriter *self, const char *data, gsize length)
{
	if (!can_quote(self, data, length)) {
		ferry_imap_writer_write_literal(self, data, length);
		return;
	}
	put_space(self);
	put_quoted(self, data, length);
}

/**
 * ferry_imap_writer_write_nstring:
 * @text: (nullable): text
 *
 * Writes a string, or NIL for %NULL.
 */
void
ferry_imap_writer_write_nstring(FerryImapWriter *self, const char *text)
{
	if (text == NULL)
		ferry_imap_writer_write_nil(self);
	else
		ferry_imap_writer_write_string(self, text, strlen(text));
}

/**
 * ferry_imap_writer_write_astring:
 * @text: text
 *
 * Writes an atom where the text is one (and not NIL), else a string.
 */
void
ferry_imap_writer_write_astring(FerryImapWriter *self, const char *text)
{
	gboolean atom = *text != '\0' && g_ascii_strcasecmp(text, "NIL") != 0;

	for (const char *p = text; *p != '\0' && atom; p++)
		atom = ferry_imap_is_char(FERRY_IMAP_CHARS_ASTRING, (guint8)*p);
	if (atom)
		ferry_imap_writer_write_atom(self, text);
	else
		ferry_imap_writer_write_string(self, text, strlen(text));
}

/**
 * ferry_imap_writer_write_mailbox:
 * @name: a mailbox name in UTF-8
 *
 * Writes a mailbox name as this session reads it: UTF-8, or modified UTF-7.
 */
void
ferry_imap_writer_write_mailbox(FerryImapWriter *self, const char *name)
{
	g_autofree char *encoded = self->utf8 ? NULL : ferry_imap_utf7_encode(name);

	ferry_imap_writer_write_astring(self, encoded != NULL ? encoded : name);
}

/**
 * ferry_imap_writer_write_set:
 * @set: a set that is not empty
 *
 * Writes a sequence-set as a value.
 */
void
ferry_imap_writer_write_set(FerryImapWriter *self, FerryUidSet *set)
{
	g_autofree char *text = ferry_uid_set_to_string(set);

	ferry_imap_writer_write_atom(self, text);
}

/**
 * ferry_imap_writer_write_literal:
 * @data: (array length=length) (element-type guint8): octets
 * @length: how many
 *
 * Writes a literal as a value; the octets are copied.
 */
void
ferry_imap_writer_write_literal(FerryImapWriter *self, const char *data, gsize length)
{
	put_space(self);
	put_literal_head(self, "{", length);
	ferry_imap_writer_write_raw(self, data, length);
	self->need_space = TRUE;
}

static void
write_bytes(FerryImapWriter *self, const char *open, GBytes *bytes)
{
	gsize length;
	const char *data = g_bytes_get_data(bytes, &length);

	put_space(self);
	put_literal_head(self, open, length);
	if (goes_around(self, length)) {
		ferry_imap_writer_flush(self);
		ferry_connection_write_bytes(self->connection, bytes);
	} else {
		put(self, data, length);
	}
}

/**
 * ferry_imap_writer_write_literal_bytes:
 * @bytes: octets
 *
 * Writes a literal as a value; big ones are not copied.
 */
void
ferry_imap_writer_write_literal_bytes(FerryImapWriter *self, GBytes *bytes)
{
	write_bytes(self, "{", bytes);
}

/**
 * ferry_imap_writer_write_literal8_bytes:
 * @bytes: octets, NUL included
 *
 * Writes a literal8 (RFC 9051 §4.3.1) as a value; big ones are not copied.
 */
void
ferry_imap_writer_write_literal8_bytes(FerryImapWriter *self, GBytes *bytes)
{
	write_bytes(self, "~{", bytes);
}

/**
 * ferry_imap_writer_is_full:
 *
 * Returns: whether so much waits for the client that a command shall stop writing and
 *   ferry_imap_writer_wait_async()
 */
gboolean
ferry_imap_writer_is_full(FerryImapWriter *self)
{
	return self->connection != NULL &&
	       ferry_connection_get_pending_output(self->connection) > HIGH_WATER;
}

static void
cancelled_cb(GCancellable *cancellable, gpointer user_data)
{
	GTask *task = user_data;

	if (!g_task_get_completed(task))
		g_task_return_error_if_cancelled(task);
}

/**
 * ferry_imap_writer_wait_async:
 * @cancellable: (nullable): the command's cancellable
 * @callback: called when there is room again
 *
 * Waits until the client has taken most of what was written.
 */
void
ferry_imap_writer_wait_async(FerryImapWriter *self, GCancellable *cancellable,
			     GAsyncReadyCallback callback, gpointer user_data)
{
	g_autoptr(GTask) task = g_task_new(self, cancellable, callback, user_data);

	g_task_set_source_tag(task, ferry_imap_writer_wait_async);
	ferry_imap_writer_flush(self);
	if (!ferry_imap_writer_is_full(self)) {
		g_task_return_boolean(task, TRUE);
		return;
	}
	if (cancellable != NULL)
		g_signal_connect_object(cancellable, "cancelled", G_CALLBACK(cancelled_cb), task,
					0);
	g_ptr_array_add(self->waiting, g_steal_pointer(&task));
}

/**
 * ferry_imap_writer_wait_finish:
 * @error: return location
 *
 * Returns: %TRUE when there is room; %FALSE when the wait was cancelled
 */
gboolean
ferry_imap_writer_wait_finish(FerryImapWriter *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_boolean(G_TASK(result), error);
}
