/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One message of the selected mailbox as a session sees it
 *
 * Specification: RFC 9051 §2.3, §7.5.2 (FETCH responses, flags)
 * Implementation: a row of a view, or the last row of an expunged message, with what was fetched
 */
#include "imap/message.h"

#include <string.h>

#include "imap/input-private.h"
#include "imap/message-private.h"
#include "jmap/value.h"

struct _FerryImapMessage {
	gatomicrefcount ref_count;
	FerryView *view; /* NULL where there is a last row */
	FerryImapLastRow *last_row;
	const FerryMessageRow *row;
	guint32 index;
	guint32 number;
	gboolean recent;
	const char *fetch_word; /* interned */
	FerryMessageData *data;
	FerryJmapValue *properties;
	char *thread_id; /* these two once somebody asked */
	char *blob_id;
};

G_DEFINE_BOXED_TYPE(FerryImapMessage, ferry_imap_message, ferry_imap_message_ref,
		    ferry_imap_message_unref)

FerryImapLastRow *
ferry_imap_last_row_new(FerryView *view, guint32 index)
{
	FerryImapLastRow *self = g_new0(FerryImapLastRow, 1);

	self->ref_count = 1;
	self->row = *ferry_view_get_row(view, index);
	self->email_id = g_strdup(ferry_view_get_email_id(view, index));
	self->thread_id = ferry_view_dup_thread_id(view, index);
	self->blob_id = ferry_view_dup_blob_id(view, index);
	self->keywords =
		g_strdupv((char **)ferry_view_get_keyword_set(view, self->row.keyword_set));
	return self;
}

FerryImapLastRow *
ferry_imap_last_row_ref(FerryImapLastRow *self)
{
	self->ref_count++;
	return self;
}

void
ferry_imap_last_row_unref(FerryImapLastRow *self)
{
	if (--self->ref_count > 0)
		return;
	g_free(self->email_id);
	g_free(self->thread_id);
	g_free(self->blob_id);
	g_strfreev(self->keywords);
	g_free(self);
}

static void
forget_contents(FerryImapMessage *self)
{
	g_clear_pointer(&self->last_row, ferry_imap_last_row_unref);
	g_clear_pointer(&self->data, ferry_message_data_unref);
	g_clear_pointer(&self->properties, ferry_jmap_value_unref);
	g_clear_pointer(&self->thread_id, g_free);
	g_clear_pointer(&self->blob_id, g_free);
}

/* Commands look at one message after the other, and one of these will do. */
static FerryImapMessage *
take_spare(FerryImapMessage *spare)
{
	FerryImapMessage *self;

	if (spare != NULL && g_atomic_ref_count_compare(&spare->ref_count, 1)) {
		forget_contents(spare);
		return spare;
	}
	g_clear_pointer(&spare, ferry_imap_message_unref);
	self = g_new0(FerryImapMessage, 1);
	g_atomic_ref_count_init(&self->ref_count);
	return self;
}

FerryImapMessage *
ferry_imap_message_new(FerryImapMessage *spare, FerryView *view, guint32 index,
		       const FerryMessageRow *row)
{
	FerryImapMessage *self = take_spare(spare);

	if (self->view != view) {
		g_clear_pointer(&self->view, ferry_view_unref);
		self->view = ferry_view_ref(view);
	}
	self->row = row;
	self->index = index;
	return self;
}

FerryImapMessage *
ferry_imap_message_new_expunged(FerryImapMessage *spare, FerryImapLastRow *last_row)
{
	FerryImapMessage *self = take_spare(spare);

	g_clear_pointer(&self->view, ferry_view_unref);
	self->last_row = ferry_imap_last_row_ref(last_row);
	self->row = &last_row->row;
	return self;
}

void
ferry_imap_message_set_told(FerryImapMessage *self, guint32 number, gboolean recent,
			    const char *fetch_word)
{
	self->number = number;
	self->recent = recent;
	self->fetch_word = fetch_word;
}

/**
 * ferry_imap_message_ref:
 *
 * Returns: (transfer full): @self
 */
FerryImapMessage *
ferry_imap_message_ref(FerryImapMessage *self)
{
	g_atomic_ref_count_inc(&self->ref_count);
	return self;
}

/**
 * ferry_imap_message_unref:
 *
 * Gives back a reference.
 */
void
ferry_imap_message_unref(FerryImapMessage *self)
{
	if (!g_atomic_ref_count_dec(&self->ref_count))
		return;
	g_clear_pointer(&self->view, ferry_view_unref);
	forget_contents(self);
	g_free(self);
}

/**
 * ferry_imap_message_get_number:
 *
 * Returns: its message sequence number when it was looked up
 */
guint32
ferry_imap_message_get_number(FerryImapMessage *self)
{
	return self->number;
}

/**
 * ferry_imap_message_get_uid:
 *
 * Returns: its UID
 */
guint32
ferry_imap_message_get_uid(FerryImapMessage *self)
{
	return self->row->uid;
}

/**
 * ferry_imap_message_get_row:
 *
 * Returns: (transfer none): its metadata: flags, dates, size, MODSEQ
 */
const FerryMessageRow *
ferry_imap_message_get_row(FerryImapMessage *self)
{
	return self->row;
}

/**
 * ferry_imap_message_get_email_id:
 *
 * Returns: the id of its JMAP Email
 */
const char *
ferry_imap_message_get_email_id(FerryImapMessage *self)
{
	if (self->last_row != NULL)
		return self->last_row->email_id;
	return ferry_view_get_email_id(self->view, self->index);
}

/**
 * ferry_imap_message_get_thread_id:
 *
 * Returns: (nullable): the id of its JMAP Thread
 */
const char *
ferry_imap_message_get_thread_id(FerryImapMessage *self)
{
	if (self->last_row != NULL)
		return self->last_row->thread_id;
	if (self->thread_id == NULL)
		self->thread_id = ferry_view_dup_thread_id(self->view, self->index);
	return self->thread_id;
}

/**
 * ferry_imap_message_get_blob_id:
 *
 * Returns: the id of the blob with its octets
 */
const char *
ferry_imap_message_get_blob_id(FerryImapMessage *self)
{
	if (self->last_row != NULL)
		return self->last_row->blob_id;
	if (self->blob_id == NULL)
		self->blob_id = ferry_view_dup_blob_id(self->view, self->index);
	return self->blob_id;
}

/**
 * ferry_imap_message_get_keywords:
 *
 * Returns: (array zero-terminated=1) (transfer none): its keywords, system flags not among them
 */
const char *const *
ferry_imap_message_get_keywords(FerryImapMessage *self)
{
	if (self->last_row != NULL)
		return (const char *const *)self->last_row->keywords;
	return ferry_view_get_keyword_set(self->view, self->row->keyword_set);
}

/**
 * ferry_imap_message_has_keyword:
 * @keyword: a keyword, in any case
 *
 * Returns: whether it has @keyword
 */
gboolean
ferry_imap_message_has_keyword(FerryImapMessage *self, const char *keyword)
{
	const char *const *keywords = ferry_imap_message_get_keywords(self);

	for (; keywords != NULL && *keywords != NULL; keywords++)
		if (g_ascii_strcasecmp(*keywords, keyword) == 0)
			return TRUE;
	return FALSE;
}

/**
 * ferry_imap_message_is_recent:
 *
 * Returns: whether it is \Recent in this session
 */
gboolean
ferry_imap_message_is_recent(FerryImapMessage *self)
{
	return self->recent;
}

/**
 * ferry_imap_message_is_expunged:
 *
 * Returns: whether it is gone and the client was not told yet
 */
gboolean
ferry_imap_message_is_expunged(FerryImapMessage *self)
{
	return self->last_row != NULL;
}

/**
 * ferry_imap_message_get_headers:
 *
 * Returns: (transfer none) (nullable): its header block, where that was asked for
 */
GBytes *
ferry_imap_message_get_headers(FerryImapMessage *self)
{
	return self->data != NULL ? ferry_message_data_get_headers(self->data) : NULL;
}

/**
 * ferry_imap_message_get_structure:
 *
 * Returns: (transfer none) (nullable): its structure, where that was asked for
 */
FerryMessageStructure *
ferry_imap_message_get_structure(FerryImapMessage *self)
{
	return self->data != NULL ? ferry_message_data_get_structure(self->data) : NULL;
}

/**
 * ferry_imap_message_get_raw:
 *
 * Returns: (transfer none) (nullable): its octets, where they were asked for
 */
GBytes *
ferry_imap_message_get_raw(FerryImapMessage *self)
{
	return self->data != NULL ? ferry_message_data_get_raw(self->data) : NULL;
}

/**
 * ferry_imap_message_get_error:
 *
 * Returns: (nullable): why what was asked for is not there
 */
const GError *
ferry_imap_message_get_error(FerryImapMessage *self)
{
	return self->data != NULL ? ferry_message_data_get_error(self->data) : NULL;
}

/**
 * ferry_imap_message_get_property:
 * @name: a property of the JMAP Email
 *
 * Returns: (transfer full) (nullable): its value, where it was asked for
 */
FerryJmapValue *
ferry_imap_message_get_property(FerryImapMessage *self, const char *name)
{
	if (self->properties == NULL)
		return NULL;
	return ferry_jmap_value_get_member(self->properties, name);
}

/**
 * ferry_imap_message_get_data:
 *
 * Returns: (transfer none) (nullable): what was fetched for it
 */
FerryMessageData *
ferry_imap_message_get_data(FerryImapMessage *self)
{
	return self->data;
}

/**
 * ferry_imap_message_set_data:
 * @data: (nullable) (transfer none): what was fetched for it
 *
 * Gives the message what its item functions and keys will ask for.
 */
void
ferry_imap_message_set_data(FerryImapMessage *self, FerryMessageData *data)
{
	g_clear_pointer(&self->data, ferry_message_data_unref);
	self->data = data != NULL ? ferry_message_data_ref(data) : NULL;
}

/**
 * ferry_imap_message_set_properties:
 * @properties: (nullable) (transfer none): the object of Email/get
 *
 * Gives the message the JMAP properties that ferry_imap_message_get_property() looks in.
 */
void
ferry_imap_message_set_properties(FerryImapMessage *self, FerryJmapValue *properties)
{
	g_clear_pointer(&self->properties, ferry_jmap_value_unref);
	self->properties = properties != NULL ? ferry_jmap_value_ref(properties) : NULL;
}

/**
 * ferry_imap_message_begin_response:
 * @writer: where it is written
 *
 * Begins `* number FETCH (`, or what the session says instead; items follow.
 */
void
ferry_imap_message_begin_response(FerryImapMessage *self, FerryImapWriter *writer)
{
	if (self->fetch_word != NULL)
		ferry_imap_writer_begin_numbered(writer, self->row->uid, self->fetch_word);
	else
		ferry_imap_writer_begin_numbered(writer, self->number, "FETCH");
	ferry_imap_writer_begin_list(writer);
}

/* Whether the response says the UID in place of the number. */
gboolean
ferry_imap_message_begins_with_uid(FerryImapMessage *self)
{
	return self->fetch_word != NULL;
}

/**
 * ferry_imap_message_end_response:
 * @writer: where it is written
 *
 * Ends what ferry_imap_message_begin_response() began.
 */
void
ferry_imap_message_end_response(FerryImapMessage *self, FerryImapWriter *writer)
{
	ferry_imap_writer_end_list(writer);
	ferry_imap_writer_end_line(writer);
}

/* The backend decides what keywords look like; one that is no atom would break the response. */
static gboolean
is_atom(const char *text)
{
	for (const char *p = text; *p != '\0'; p++)
		if (!ferry_imap_is_char(FERRY_IMAP_CHARS_ATOM, (guint8)*p))
			return FALSE;
	return *text != '\0';
}

/**
 * ferry_imap_message_write_flags:
 * @writer: where it is written
 *
 * Writes the item `FLAGS (…)`.
 */
void
ferry_imap_message_write_flags(FerryImapMessage *self, FerryImapWriter *writer)
{
	static const struct {
		FerryMessageFlags flag;
		const char *name;
	} flags[] = {{FERRY_MESSAGE_ANSWERED, "\\Answered"},
		     {FERRY_MESSAGE_FLAGGED, "\\Flagged"},
		     {FERRY_MESSAGE_DELETED, "\\Deleted"},
		     {FERRY_MESSAGE_SEEN, "\\Seen"},
		     {FERRY_MESSAGE_DRAFT, "\\Draft"}};
	const char *const *keywords = ferry_imap_message_get_keywords(self);

	ferry_imap_writer_write_atom(writer, "FLAGS");
	ferry_imap_writer_begin_list(writer);
	for (guint i = 0; i < G_N_ELEMENTS(flags); i++)
		if (self->row->flags & flags[i].flag)
			ferry_imap_writer_write_atom(writer, flags[i].name);
	if (self->recent)
		ferry_imap_writer_write_atom(writer, "\\Recent");
	for (; keywords != NULL && *keywords != NULL; keywords++)
		if (is_atom(*keywords))
			ferry_imap_writer_write_atom(writer, *keywords);
	ferry_imap_writer_end_list(writer);
}
