/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imap/told.h"

G_BEGIN_DECLS

/**
 * FerryImapUpdate:
 *
 * What may be told to a client now. Update writers take what they write out of it; what is left
 * goes to the writers behind them and at last to the base's.
 *
 * The order in which to write: expunges, then arrivals, then changes; numbers of changed messages
 * are those after the expunges.
 */
#define FERRY_TYPE_IMAP_UPDATE (ferry_imap_update_get_type())
GType ferry_imap_update_get_type(void);
FerryImapUpdate *ferry_imap_update_ref(FerryImapUpdate *self);
void ferry_imap_update_unref(FerryImapUpdate *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryImapUpdate, ferry_imap_update_unref)

/* All that it held, whatever writers took: for listeners, once it is written. UIDs ascending. */
const guint32 *ferry_imap_update_get_told_expunged(FerryImapUpdate *self, gsize *n_uids);
const guint32 *ferry_imap_update_get_told_arrived(FerryImapUpdate *self, gsize *n_uids);
const guint32 *ferry_imap_update_get_told_changed(FerryImapUpdate *self, gsize *n_uids);

/* UIDs ascending; the numbers beside them are what `* n EXPUNGE` says, sent in that order. */
const guint32 *ferry_imap_update_get_expunged(FerryImapUpdate *self, gsize *n_uids);
gboolean ferry_imap_update_tells_expunge(FerryImapUpdate *self);
const guint32 *ferry_imap_update_get_expunged_numbers(FerryImapUpdate *self, gsize *n_numbers);
void ferry_imap_update_clear_expunged(FerryImapUpdate *self);

/* The new count, where messages arrived, else 0. */
guint32 ferry_imap_update_get_exists(FerryImapUpdate *self);
guint32 ferry_imap_update_get_recent(FerryImapUpdate *self);
const guint32 *ferry_imap_update_get_arrived(FerryImapUpdate *self, gsize *n_uids);
void ferry_imap_update_clear_arrived(FerryImapUpdate *self);

/* Messages whose flags are to be told; with_uid: the command that runs is a UID command. */
const guint32 *ferry_imap_update_get_changed(FerryImapUpdate *self, gsize *n_uids);
FerryImapMessage *ferry_imap_update_get_changed_message(FerryImapUpdate *self, gsize index);
gboolean ferry_imap_update_get_with_uid(FerryImapUpdate *self);
void ferry_imap_update_set_with_uid(FerryImapUpdate *self);
/* Messages whose flags are known, but not what told items say. */
const guint32 *ferry_imap_update_get_quiet(FerryImapUpdate *self, gsize *n_uids);
void ferry_imap_update_clear_changed(FerryImapUpdate *self);

G_END_DECLS
