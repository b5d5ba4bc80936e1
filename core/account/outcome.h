/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/types.h"

G_BEGIN_DECLS

/**
 * FerryOutcome:
 *
 * What became of an operation on many messages. An operation that could do nothing at all fails
 * with an error instead; one that did a part has an outcome with the rest in `refused`, `missing`
 * or `modified` and the first reason in `error`.
 */
typedef struct _FerryOutcome FerryOutcome;

#define FERRY_TYPE_OUTCOME (ferry_outcome_get_type())
GType ferry_outcome_get_type(void);

FerryOutcome *ferry_outcome_ref(FerryOutcome *self);
void ferry_outcome_unref(FerryOutcome *self);

guint32 ferry_outcome_get_uidvalidity(FerryOutcome *self);
const guint32 *ferry_outcome_get_source_uids(FerryOutcome *self, gsize *n_uids);
const guint32 *ferry_outcome_get_target_uids(FerryOutcome *self, gsize *n_uids);
const guint32 *ferry_outcome_get_done(FerryOutcome *self, gsize *n_uids);
const guint32 *ferry_outcome_get_modified(FerryOutcome *self, gsize *n_uids);
const guint32 *ferry_outcome_get_missing(FerryOutcome *self, gsize *n_uids);
const guint32 *ferry_outcome_get_refused(FerryOutcome *self, gsize *n_uids);
const GError *ferry_outcome_get_error(FerryOutcome *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryOutcome, ferry_outcome_unref)

/**
 * FerryMailboxStatus:
 * @messages: how many messages
 * @unseen: how many without \Seen
 * @recent: how many no session has been told of yet
 * @deleted: how many with \Deleted
 * @uidnext: the next UID; 0 where only the backend's counts were asked for
 * @uidvalidity: the UIDVALIDITY
 * @highest_modseq: the highest generation of any change in it, expunges included
 * @size: sum of all sizes, octets
 * @deleted_size: sum of the sizes of those with \Deleted, octets
 *
 * The numbers that STATUS tells.
 */
typedef struct {
	guint64 messages;
	guint64 unseen;
	guint64 recent;
	guint64 deleted;
	guint32 uidnext;
	guint32 uidvalidity;
	guint64 highest_modseq;
	guint64 size;
	guint64 deleted_size;
} FerryMailboxStatus;

#define FERRY_TYPE_MAILBOX_STATUS (ferry_mailbox_status_get_type())
GType ferry_mailbox_status_get_type(void);
FerryMailboxStatus *ferry_mailbox_status_copy(const FerryMailboxStatus *self);
void ferry_mailbox_status_free(FerryMailboxStatus *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryMailboxStatus, ferry_mailbox_status_free)

/**
 * FerryStatusItems:
 * @FERRY_STATUS_COUNTS: MESSAGES and UNSEEN, which the backend's own counts can answer at once
 * @FERRY_STATUS_ALL: anything else; waits until the mailbox is listed
 *
 * What a STATUS wants to know of a mailbox, as far as it makes a difference to what it costs.
 */
typedef enum { /*< flags >*/
	FERRY_STATUS_COUNTS = 1 << 0,
	FERRY_STATUS_ALL = 1 << 1,
} FerryStatusItems;

/**
 * FerryAppendMessage:
 *
 * One message to be appended: its octets (spooled to a file, or small in memory), flags and date.
 */
typedef struct _FerryAppendMessage FerryAppendMessage;

#define FERRY_TYPE_APPEND_MESSAGE (ferry_append_message_get_type())
GType ferry_append_message_get_type(void);

FerryAppendMessage *ferry_append_message_new_bytes(GBytes *bytes);
FerryAppendMessage *ferry_append_message_new_fd(int fd, guint64 size);
FerryAppendMessage *ferry_append_message_ref(FerryAppendMessage *self);
void ferry_append_message_unref(FerryAppendMessage *self);
void ferry_append_message_set_flags(FerryAppendMessage *self, FerryMessageFlags flags,
				    const char *const *keywords);
void ferry_append_message_set_received_at(FerryAppendMessage *self, gint64 received_at);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryAppendMessage, ferry_append_message_unref)

G_END_DECLS
