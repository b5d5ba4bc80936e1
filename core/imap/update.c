/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is told of a selected mailbox
 *
 * Specification: RFC 9051 §5.2, §7.4.1, §7.5; RFC 3501 §7.3.2 (RECENT)
 * Implementation: taken out of the told list once, given to each update writer in turn, and the
 *   rest written here
 */
#include "imap/update.h"

#include "imap/message-private.h"
#include "imap/session-private.h"
#include "imap/told-private.h"

struct _FerryImapUpdate {
	gatomicrefcount ref_count;
	FerryTold *told;
	GArray *expunged;
	GArray *numbers;
	GArray *arrived;
	GArray *changed;
	GArray *quiet;
	GArray *told_expunged; /* the same, and never cleared */
	GArray *told_arrived;
	GArray *told_changed;
	FerryImapSession *detailed; /* borrowed: whose told items are written; NULL: none */
	gboolean with_uid;
	gboolean tells_expunge;
};

G_DEFINE_BOXED_TYPE(FerryImapUpdate, ferry_imap_update, ferry_imap_update_ref,
		    ferry_imap_update_unref)

/* Everything that is in it counts as told. */
FerryImapUpdate *
ferry_imap_update_new(FerryTold *told, FerryNews news, gboolean with_uid)
{
	FerryImapUpdate *self = g_new0(FerryImapUpdate, 1);

	g_atomic_ref_count_init(&self->ref_count);
	self->told = g_object_ref(told);
	self->with_uid = with_uid;
	self->expunged = g_array_new(FALSE, FALSE, sizeof(guint32));
	self->numbers = g_array_new(FALSE, FALSE, sizeof(guint32));
	self->arrived = g_array_new(FALSE, FALSE, sizeof(guint32));
	self->changed = g_array_new(FALSE, FALSE, sizeof(guint32));
	self->quiet = g_array_new(FALSE, FALSE, sizeof(guint32));
	if (news & FERRY_NEWS_EXPUNGES)
		ferry_told_take_expunged(told, self->expunged, self->numbers);
	self->tells_expunge = self->expunged->len > 0;
	if (news & FERRY_NEWS_ARRIVALS)
		ferry_told_take_arrived(told, self->arrived);
	if (news & FERRY_NEWS_CHANGES) {
		ferry_told_take_changed(told, self->changed);
		ferry_told_take_quiet(told, self->quiet);
	}
	ferry_told_drop_known(told);
	self->told_expunged = g_array_ref(self->expunged);
	self->told_arrived = g_array_ref(self->arrived);
	self->told_changed = g_array_ref(self->changed);
	return self;
}

/* Changes are told with their UID and what told items say. @session lives while this is written. */
void
ferry_imap_update_set_detailed(FerryImapUpdate *self, FerryImapSession *session)
{
	self->detailed = session;
	self->with_uid = TRUE;
}

/**
 * ferry_imap_update_ref:
 *
 * Returns: (transfer full): @self
 */
FerryImapUpdate *
ferry_imap_update_ref(FerryImapUpdate *self)
{
	g_atomic_ref_count_inc(&self->ref_count);
	return self;
}

/**
 * ferry_imap_update_unref:
 *
 * Gives back a reference.
 */
void
ferry_imap_update_unref(FerryImapUpdate *self)
{
	if (!g_atomic_ref_count_dec(&self->ref_count))
		return;
	g_object_unref(self->told);
	g_array_unref(self->expunged);
	g_array_unref(self->numbers);
	g_array_unref(self->arrived);
	g_array_unref(self->changed);
	g_array_unref(self->quiet);
	g_array_unref(self->told_expunged);
	g_array_unref(self->told_arrived);
	g_array_unref(self->told_changed);
	g_free(self);
}

static const guint32 *
get_array(GArray *array, gsize *n)
{
	*n = array->len;
	return (const guint32 *)(gpointer)array->data;
}

/* Writers took it; listeners still see it. */
static void
clear_array(GArray **array)
{
	g_array_unref(*array);
	*array = g_array_new(FALSE, FALSE, sizeof(guint32));
}

/**
 * ferry_imap_update_get_told_expunged:
 * @n_uids: (out): how many
 *
 * Returns: (array length=n_uids) (transfer none): UIDs of the messages that the client was told are
 *   gone, ascending, whoever told it
 */
const guint32 *
ferry_imap_update_get_told_expunged(FerryImapUpdate *self, gsize *n_uids)
{
	return get_array(self->told_expunged, n_uids);
}

/**
 * ferry_imap_update_get_told_arrived:
 * @n_uids: (out): how many
 *
 * Returns: (array length=n_uids) (transfer none): UIDs of the messages that the client was told
 *   arrived, ascending, whoever told it
 */
const guint32 *
ferry_imap_update_get_told_arrived(FerryImapUpdate *self, gsize *n_uids)
{
	return get_array(self->told_arrived, n_uids);
}

/**
 * ferry_imap_update_get_told_changed:
 * @n_uids: (out): how many
 *
 * Returns: (array length=n_uids) (transfer none): UIDs of the messages whose flags the client was
 *   told, ascending, whoever told it
 */
const guint32 *
ferry_imap_update_get_told_changed(FerryImapUpdate *self, gsize *n_uids)
{
	return get_array(self->told_changed, n_uids);
}

/**
 * ferry_imap_update_get_expunged:
 * @n_uids: (out): how many
 *
 * Returns: (array length=n_uids) (transfer none): UIDs of messages that are gone, ascending; none
 *   while EXPUNGE may not be sent
 */
const guint32 *
ferry_imap_update_get_expunged(FerryImapUpdate *self, gsize *n_uids)
{
	return get_array(self->expunged, n_uids);
}

/**
 * ferry_imap_update_get_expunged_numbers:
 * @n_numbers: (out): how many
 *
 * Returns: (array length=n_numbers) (transfer none): what `* n EXPUNGE` says for each, in this
 *   order
 */
const guint32 *
ferry_imap_update_get_expunged_numbers(FerryImapUpdate *self, gsize *n_numbers)
{
	return get_array(self->numbers, n_numbers);
}

/**
 * ferry_imap_update_tells_expunge:
 *
 * Returns: whether expunges are told with this update, be it that another writer told of them and
 *   cleared them
 */
gboolean
ferry_imap_update_tells_expunge(FerryImapUpdate *self)
{
	return self->tells_expunge;
}

/**
 * ferry_imap_update_clear_expunged:
 *
 * The caller told of the expunges.
 */
void
ferry_imap_update_clear_expunged(FerryImapUpdate *self)
{
	clear_array(&self->expunged);
	clear_array(&self->numbers);
}

/**
 * ferry_imap_update_get_exists:
 *
 * Returns: how many messages there are, where some arrived, else 0
 */
guint32
ferry_imap_update_get_exists(FerryImapUpdate *self)
{
	return self->arrived->len > 0 ? ferry_told_get_count(self->told) : 0;
}

/**
 * ferry_imap_update_get_recent:
 *
 * Returns: how many messages are \Recent
 */
guint32
ferry_imap_update_get_recent(FerryImapUpdate *self)
{
	return ferry_told_count_recent(self->told);
}

/**
 * ferry_imap_update_get_arrived:
 * @n_uids: (out): how many
 *
 * Returns: (array length=n_uids) (transfer none): UIDs of messages that arrived, ascending
 */
const guint32 *
ferry_imap_update_get_arrived(FerryImapUpdate *self, gsize *n_uids)
{
	return get_array(self->arrived, n_uids);
}

/**
 * ferry_imap_update_clear_arrived:
 *
 * The caller told of the arrivals.
 */
void
ferry_imap_update_clear_arrived(FerryImapUpdate *self)
{
	clear_array(&self->arrived);
}

/**
 * ferry_imap_update_get_changed:
 * @n_uids: (out): how many
 *
 * Returns: (array length=n_uids) (transfer none): UIDs of messages with changed flags, ascending
 */
const guint32 *
ferry_imap_update_get_changed(FerryImapUpdate *self, gsize *n_uids)
{
	return get_array(self->changed, n_uids);
}

/**
 * ferry_imap_update_get_changed_message:
 * @index: from 0
 *
 * Returns: (transfer full) (nullable): one of the changed messages; %NULL where it is gone since
 */
FerryImapMessage *
ferry_imap_update_get_changed_message(FerryImapUpdate *self, gsize index)
{
	guint32 uid = g_array_index(self->changed, guint32, index);

	return ferry_told_get_message(self->told, ferry_told_get_number(self->told, uid));
}

/**
 * ferry_imap_update_get_with_uid:
 *
 * Returns: whether FETCH responses must have the UID: a UID command is running (RFC 9051 §6.4.9),
 *   or the session enabled IMAP4rev2 (§7.5.2)
 */
gboolean
ferry_imap_update_get_with_uid(FerryImapUpdate *self)
{
	return self->with_uid;
}

/**
 * ferry_imap_update_set_with_uid:
 *
 * For update writers: has the UID in the FETCH responses that those behind them write.
 */
void
ferry_imap_update_set_with_uid(FerryImapUpdate *self)
{
	self->with_uid = TRUE;
}

/**
 * ferry_imap_update_get_quiet:
 * @n_uids: (out): how many
 *
 * Returns: (array length=n_uids) (transfer none): UIDs of messages whose flags the client knows,
 *   because it set them, but not what told items say of them; ascending
 */
const guint32 *
ferry_imap_update_get_quiet(FerryImapUpdate *self, gsize *n_uids)
{
	return get_array(self->quiet, n_uids);
}

/**
 * ferry_imap_update_clear_changed:
 *
 * The caller told of the changes, the quiet ones too.
 */
void
ferry_imap_update_clear_changed(FerryImapUpdate *self)
{
	clear_array(&self->changed);
	clear_array(&self->quiet);
}

static void
write_changed(FerryImapUpdate *self, FerryImapWriter *writer, guint32 uid, gboolean with_flags)
{
	g_autoptr(FerryImapMessage) message =
		ferry_told_get_message(self->told, ferry_told_get_number(self->told, uid));

	if (message == NULL)
		return;
	ferry_imap_message_begin_response(message, writer);
	if (self->with_uid && !ferry_imap_message_begins_with_uid(message)) {
		ferry_imap_writer_write_atom(writer, "UID");
		ferry_imap_writer_write_number(writer, ferry_imap_message_get_uid(message));
	}
	if (with_flags)
		ferry_imap_message_write_flags(message, writer);
	if (self->detailed != NULL)
		ferry_imap_session_write_details(self->detailed, message, NULL);
	ferry_imap_message_end_response(message, writer);
}

static void
write_count(FerryImapWriter *writer, guint32 count, const char *name)
{
	ferry_imap_writer_write_raw(writer, "* ", 2);
	ferry_imap_writer_write_number(writer, count);
	ferry_imap_writer_write_atom(writer, name);
	ferry_imap_writer_end_line(writer);
}

/* What no update writer took. @recent: whether the session is told of \Recent. */
void
ferry_imap_update_write(FerryImapUpdate *self, FerryImapWriter *writer, gboolean recent)
{
	for (guint i = 0; i < self->numbers->len; i++)
		write_count(writer, g_array_index(self->numbers, guint32, i), "EXPUNGE");
	if (self->arrived->len > 0) {
		write_count(writer, ferry_imap_update_get_exists(self), "EXISTS");
		if (recent)
			write_count(writer, ferry_imap_update_get_recent(self), "RECENT");
	}
	for (guint i = 0; i < self->changed->len; i++)
		write_changed(self, writer, g_array_index(self->changed, guint32, i), TRUE);
	for (guint i = 0; self->detailed != NULL && i < self->quiet->len; i++)
		write_changed(self, writer, g_array_index(self->quiet, guint32, i), FALSE);
}
