/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/mailbox.h"
#include "imap/message.h"
#include "imap/uid-set.h"

G_BEGIN_DECLS

#define FERRY_TYPE_TOLD (ferry_told_get_type())

/**
 * FerryTold:
 *
 * What a client was told of its selected mailbox: message sequence number ↔ UID. It leans on the
 * newest view and holds only what the client does not know yet: expunged messages (with their last
 * metadata), changed flags, arrivals.
 */
G_DECLARE_FINAL_TYPE(FerryTold, ferry_told, FERRY, TOLD, GObject)

FerryTold *ferry_told_new(FerryView *view);

guint32 ferry_told_get_count(FerryTold *self);
guint32 ferry_told_get_highest_uid(FerryTold *self);
guint32 ferry_told_get_uid(FerryTold *self, guint32 number);
guint32 ferry_told_get_number(FerryTold *self, guint32 uid);
const FerryMessageRow *ferry_told_get_row(FerryTold *self, guint32 uid);
FerryView *ferry_told_get_view(FerryTold *self);
FerryImapMessage *ferry_told_get_message(FerryTold *self, guint32 number);
GArray *ferry_told_resolve(FerryTold *self, FerryImapSet *set, gboolean uids, FerryUidSet *saved,
			   GError **error);
GArray *ferry_told_resolve_changed(FerryTold *self, FerryImapSet *set, gboolean uids,
				   FerryUidSet *saved, guint64 since_modseq, GError **error);

/* Recent: what SELECT and telling of arrivals claimed for this session. */
void ferry_told_add_recent(FerryTold *self, guint32 first_uid, guint32 last_uid);
gboolean ferry_told_is_recent(FerryTold *self, guint32 uid);
guint32 ferry_told_count_recent(FerryTold *self);

/* What happened, and what of it is not told yet. */
void ferry_told_apply(FerryTold *self, FerryView *view, FerryMailboxDelta *delta);
void ferry_told_apply_changes(FerryTold *self, FerryView *view, const guint32 *changed,
			      gsize n_changed, const guint32 *expunged, gsize n_expunged);
void ferry_told_add_changed(FerryTold *self, guint32 uid);
void ferry_told_add_quiet(FerryTold *self, guint32 uid);
void ferry_told_remove_changed(FerryTold *self, guint32 uid);
gboolean ferry_told_is_changed(FerryTold *self, guint32 uid);
gboolean ferry_told_has_news(FerryTold *self);
FerryView *ferry_told_get_known_view(FerryTold *self);
guint64 ferry_told_get_modseq(FerryTold *self);
gsize ferry_told_get_n_expunged(FerryTold *self);
gsize ferry_told_get_lag(FerryTold *self);

G_END_DECLS
