/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What became of an operation, and what is given to one */
#include "account/outcome-private.h"

#include <unistd.h>

G_DEFINE_BOXED_TYPE(FerryOutcome, ferry_outcome, ferry_outcome_ref, ferry_outcome_unref)
G_DEFINE_BOXED_TYPE(FerryMailboxStatus, ferry_mailbox_status, ferry_mailbox_status_copy,
		    ferry_mailbox_status_free)
G_DEFINE_BOXED_TYPE(FerryAppendMessage, ferry_append_message, ferry_append_message_ref,
		    ferry_append_message_unref)

FerryOutcome *
ferry_outcome_new(void)
{
	FerryOutcome *self = g_new0(FerryOutcome, 1);
	GArray **arrays[] = {&self->source,   &self->target,  &self->done,
			     &self->modified, &self->missing, &self->refused};

	g_atomic_ref_count_init(&self->ref_count);
	for (guint i = 0; i < G_N_ELEMENTS(arrays); i++)
		*arrays[i] = g_array_new(FALSE, FALSE, sizeof(guint32));
	return self;
}

/* The first error is the one that is told. */
void
ferry_outcome_take_error(FerryOutcome *self, GError *error)
{
	if (self->error == NULL)
		self->error = error;
	else
		g_error_free(error);
}

/**
 * ferry_outcome_ref: (skip)
 * @self: an outcome
 *
 * Returns: (transfer full): @self
 */
FerryOutcome *
ferry_outcome_ref(FerryOutcome *self)
{
	g_atomic_ref_count_inc(&self->ref_count);
	return self;
}

/**
 * ferry_outcome_unref: (skip)
 * @self: (transfer full): an outcome
 *
 * Drops a reference; the last one frees it.
 */
void
ferry_outcome_unref(FerryOutcome *self)
{
	if (!g_atomic_ref_count_dec(&self->ref_count))
		return;
	g_array_unref(self->source);
	g_array_unref(self->target);
	g_array_unref(self->done);
	g_array_unref(self->modified);
	g_array_unref(self->missing);
	g_array_unref(self->refused);
	g_clear_error(&self->error);
	g_free(self);
}

static const guint32 *
get_uids(GArray *uids, gsize *n_uids)
{
	*n_uids = uids->len;
	return (const guint32 *)(gconstpointer)uids->data;
}

/**
 * ferry_outcome_get_uidvalidity:
 * @self: an outcome
 *
 * Returns: UIDVALIDITY of the target mailbox (APPENDUID, COPYUID)
 */
guint32
ferry_outcome_get_uidvalidity(FerryOutcome *self)
{
	return self->uidvalidity;
}

/**
 * ferry_outcome_get_source_uids:
 * @self: an outcome
 * @n_uids: (out): how many
 *
 * Returns: (transfer none) (array length=n_uids): what was copied or moved, in the source's order
 */
const guint32 *
ferry_outcome_get_source_uids(FerryOutcome *self, gsize *n_uids)
{
	return get_uids(self->source, n_uids);
}

/**
 * ferry_outcome_get_target_uids:
 * @self: an outcome
 * @n_uids: (out): how many
 *
 * Returns: (transfer none) (array length=n_uids): the UIDs in the target, beside the source UIDs
 */
const guint32 *
ferry_outcome_get_target_uids(FerryOutcome *self, gsize *n_uids)
{
	return get_uids(self->target, n_uids);
}

/**
 * ferry_outcome_get_done:
 * @self: an outcome
 * @n_uids: (out): how many
 *
 * Returns: (transfer none) (array length=n_uids): those it was done to
 */
const guint32 *
ferry_outcome_get_done(FerryOutcome *self, gsize *n_uids)
{
	return get_uids(self->done, n_uids);
}

/**
 * ferry_outcome_get_modified:
 * @self: an outcome
 * @n_uids: (out): how many
 *
 * Returns: (transfer none) (array length=n_uids): those that failed the unchanged-since condition
 */
const guint32 *
ferry_outcome_get_modified(FerryOutcome *self, gsize *n_uids)
{
	return get_uids(self->modified, n_uids);
}

/**
 * ferry_outcome_get_missing:
 * @self: an outcome
 * @n_uids: (out): how many
 *
 * Returns: (transfer none) (array length=n_uids): those that are gone
 */
const guint32 *
ferry_outcome_get_missing(FerryOutcome *self, gsize *n_uids)
{
	return get_uids(self->missing, n_uids);
}

/**
 * ferry_outcome_get_refused:
 * @self: an outcome
 * @n_uids: (out): how many
 *
 * Returns: (transfer none) (array length=n_uids): those that the backend refused
 */
const guint32 *
ferry_outcome_get_refused(FerryOutcome *self, gsize *n_uids)
{
	return get_uids(self->refused, n_uids);
}

/**
 * ferry_outcome_get_error:
 * @self: an outcome
 *
 * Returns: (transfer none) (nullable): why the first one was refused
 */
const GError *
ferry_outcome_get_error(FerryOutcome *self)
{
	return self->error;
}

/**
 * ferry_mailbox_status_copy: (skip)
 * @self: a status
 *
 * Returns: (transfer full): a copy
 */
FerryMailboxStatus *
ferry_mailbox_status_copy(const FerryMailboxStatus *self)
{
	return g_memdup2(self, sizeof *self);
}

/**
 * ferry_mailbox_status_free: (skip)
 * @self: (transfer full): a status
 *
 * Frees it.
 */
void
ferry_mailbox_status_free(FerryMailboxStatus *self)
{
	g_free(self);
}

static FerryAppendMessage *
append_message_new(GBytes *bytes, int fd, guint64 size)
{
	FerryAppendMessage *self = g_new0(FerryAppendMessage, 1);

	g_atomic_ref_count_init(&self->ref_count);
	self->bytes = bytes != NULL ? g_bytes_ref(bytes) : NULL;
	self->fd = fd;
	self->size = size;
	self->received_at = FERRY_RECEIVED_NOW;
	return self;
}

/**
 * ferry_append_message_new_bytes:
 * @bytes: the octets
 *
 * Returns: (transfer full): a small message
 */
FerryAppendMessage *
ferry_append_message_new_bytes(GBytes *bytes)
{
	return append_message_new(bytes, -1, g_bytes_get_size(bytes));
}

/**
 * ferry_append_message_new_fd:
 * @fd: a file with the octets, from its beginning; taken over
 * @size: how many
 *
 * Returns: (transfer full): a spooled message
 */
FerryAppendMessage *
ferry_append_message_new_fd(int fd, guint64 size)
{
	return append_message_new(NULL, fd, size);
}

/**
 * ferry_append_message_ref: (skip)
 * @self: a message
 *
 * Returns: (transfer full): @self
 */
FerryAppendMessage *
ferry_append_message_ref(FerryAppendMessage *self)
{
	g_atomic_ref_count_inc(&self->ref_count);
	return self;
}

/**
 * ferry_append_message_unref: (skip)
 * @self: (transfer full): a message
 *
 * Drops a reference; the last one frees it.
 */
void
ferry_append_message_unref(FerryAppendMessage *self)
{
	if (!g_atomic_ref_count_dec(&self->ref_count))
		return;
	g_clear_pointer(&self->bytes, g_bytes_unref);
	if (self->fd >= 0)
		close(self->fd);
	g_strfreev(self->keywords);
	g_free(self);
}

/**
 * ferry_append_message_set_flags:
 * @self: a message
 * @flags: system flags
 * @keywords: (array zero-terminated=1) (nullable): other keywords
 *
 * What the message is marked with; see ferry_flags_parse().
 */
void
ferry_append_message_set_flags(FerryAppendMessage *self, FerryMessageFlags flags,
			       const char *const *keywords)
{
	self->flags = flags;
	g_strfreev(self->keywords);
	self->keywords = g_strdupv((char **)keywords);
}

/**
 * ferry_append_message_set_received_at:
 * @self: a message
 * @received_at: INTERNALDATE, Unix seconds
 *
 * Sets the date that APPEND gives (RFC 9051 §6.3.12); without it the message is received now.
 */
void
ferry_append_message_set_received_at(FerryAppendMessage *self, gint64 received_at)
{
	self->received_at = received_at;
}

/* The octets; those of a spooled message are mapped, not read. */
GBytes *
ferry_append_message_dup_bytes(FerryAppendMessage *self, GError **error)
{
	g_autoptr(GMappedFile) file = NULL;

	if (self->bytes != NULL)
		return g_bytes_ref(self->bytes);
	file = g_mapped_file_new_from_fd(self->fd, FALSE, error);
	return file != NULL ? g_mapped_file_get_bytes(file) : NULL;
}
