/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/types.h"

G_BEGIN_DECLS

/**
 * FerryMessageRow:
 * @uid: the UID
 * @keyword_set: index of the interned set of keywords; see ferry_view_get_keyword_set()
 * @modseq: the generation of the last change of this message in this mailbox
 * @received_at: INTERNALDATE, Unix seconds UTC
 * @sent_at: Date header, Unix seconds UTC; G_MININT64 where there is none
 * @size: Email.size, octets (RFC822.SIZE); 4294967295 for more
 * @saved_at: when the UID was given, Unix seconds; 0 for those of the first listing (SAVEDATE NIL)
 * @sent_zone: the Date header's zone, minutes east of UTC
 * @flags: #FerryMessageFlags
 *
 * One message in a mailbox. Borrowed from its view, and valid while that lives.
 */
typedef struct {
	guint32 uid;
	guint32 keyword_set;
	guint64 modseq;
	gint64 received_at;
	gint64 sent_at;
	guint32 size;
	guint32 saved_at;
	gint16 sent_zone;
	guint16 flags;
	/*< private >*/
	guint32 ids;
	gint64 email_key;
} FerryMessageRow;

/**
 * FerryViewPlace: (skip)
 * @row: the row that was found last
 * @index: its index
 * @n_rows: how many rows lie side by side from it on; 0: none was found yet
 *
 * Where somebody is who goes through a view by UID: all zeros in the beginning. Good for one view.
 */
typedef struct {
	const FerryMessageRow *row;
	guint32 index;
	guint32 n_rows;
} FerryViewPlace;

#define FERRY_TYPE_VIEW (ferry_view_get_type())
GType ferry_view_get_type(void);

FerryView *ferry_view_ref(FerryView *self);
void ferry_view_unref(FerryView *self);

guint32 ferry_view_get_count(FerryView *self);
guint32 ferry_view_get_uidvalidity(FerryView *self);
guint32 ferry_view_get_uidnext(FerryView *self);
guint64 ferry_view_get_highest_modseq(FerryView *self);
guint32 ferry_view_get_recent_watermark(FerryView *self);

const FerryMessageRow *ferry_view_get_row(FerryView *self, guint32 index);
const FerryMessageRow *ferry_view_get_rows(FerryView *self, guint32 index, guint32 *n_rows);
guint32 ferry_view_get_uid(FerryView *self, guint32 index);
gboolean ferry_view_find_uid(FerryView *self, guint32 uid, guint32 *out_index);
guint32 ferry_view_lower_bound(FerryView *self, guint32 uid);
const FerryMessageRow *ferry_view_lookup(FerryView *self, guint32 uid);
const FerryMessageRow *ferry_view_seek(FerryView *self, FerryViewPlace *place, guint32 uid);
GArray *ferry_view_list_changed(FerryView *self, guint64 since_modseq);
gboolean ferry_view_find_email(FerryView *self, const char *email_id, guint32 *out_uid);

const char *ferry_view_get_email_id(FerryView *self, guint32 index);
char *ferry_view_dup_blob_id(FerryView *self, guint32 index);
char *ferry_view_dup_thread_id(FerryView *self, guint32 index);

const char *const *ferry_view_get_keyword_set(FerryView *self, guint32 keyword_set);
gboolean ferry_view_keyword_set_contains(FerryView *self, guint32 keyword_set, const char *keyword);
const char *const *ferry_view_list_keywords(FerryView *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryView, ferry_view_unref)

G_END_DECLS
