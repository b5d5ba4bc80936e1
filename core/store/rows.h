/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

#define FERRY_TYPE_STORE_ROWS (ferry_store_rows_get_type())

/**
 * FerryStoreFields:
 * @FERRY_STORE_FIELD_BLOB_ID: rows carry the blob id
 * @FERRY_STORE_FIELD_THREAD_ID: rows carry the thread id
 *
 * What rows carry beside the fixed fields and the Email id. A large view leaves the blob ids out
 * and asks ferry_store_load_emails_async() for those it needs.
 */
typedef enum {
	FERRY_STORE_FIELD_NONE = 0,
	FERRY_STORE_FIELD_BLOB_ID = 1 << 0,
	FERRY_STORE_FIELD_THREAD_ID = 1 << 1,
	FERRY_STORE_FIELD_ALL = 3,
} FerryStoreFields;

/**
 * FerryStoreRowFlags:
 * @FERRY_STORE_ROW_DELETED: \Deleted is set on this pair
 * @FERRY_STORE_ROW_SENT: @sent_at and @sent_offset are known
 *
 * Bits of a row.
 */
typedef enum {
	FERRY_STORE_ROW_DELETED = 1 << 0,
	FERRY_STORE_ROW_SENT = 1 << 1,
} FerryStoreRowFlags;

/**
 * FerryStoreRow:
 * @modseq: value of the last change that touched it
 * @email_key: number of the Email in the store
 * @received_at: receivedAt, Unix seconds
 * @sent_at: sentAt, Unix seconds
 * @uid: UID; 0 where rows are Emails and not pairs
 * @size: Email.size in octets; at most %G_MAXUINT32
 * @savedate: when the pair got its UID, Unix seconds; 0 for those of the first listing
 * @keywords: number of its keyword set among those of the rows
 * @email_id: offset of the Email id in the arena
 * @blob_id: offset of the blob id; 0 when not carried
 * @thread_id: offset of the thread id; 0 when not carried
 * @sent_offset: zone of sentAt, minutes east of UTC
 * @flags: #FerryStoreRowFlags
 *
 * One pair (mailbox, Email), 64 bytes.
 */
typedef struct {
	guint64 modseq;
	gint64 email_key;
	gint64 received_at;
	gint64 sent_at;
	guint32 uid;
	guint32 size;
	guint32 savedate;
	guint32 keywords;
	guint32 email_id;
	guint32 blob_id;
	guint32 thread_id;
	gint16 sent_offset;
	guint16 flags;
} FerryStoreRow;

/**
 * FerryStoreRows:
 *
 * Pairs in UID order as one array, with their strings in one arena. Equal sets of keywords are
 * one number. Reference counted, immutable once the store gave it out.
 */
typedef struct _FerryStoreRows FerryStoreRows;

GType ferry_store_rows_get_type(void);
FerryStoreRows *ferry_store_rows_ref(FerryStoreRows *self);
void ferry_store_rows_unref(FerryStoreRows *self);
guint ferry_store_rows_get_length(const FerryStoreRows *self);
/* reading, by index; strings are borrowed */
const FerryStoreRow *ferry_store_rows_get(const FerryStoreRows *self, guint index);
guint32 ferry_store_rows_get_uid(const FerryStoreRows *self, guint index);
gint64 ferry_store_rows_get_email_key(const FerryStoreRows *self, guint index);
const char *ferry_store_rows_get_email_id(const FerryStoreRows *self, guint index);
const char *ferry_store_rows_get_blob_id(const FerryStoreRows *self, guint index);
const char *ferry_store_rows_get_thread_id(const FerryStoreRows *self, guint index);
/* lower case, sorted, separated by one space; "" when there is none */
const char *ferry_store_rows_get_keywords(const FerryStoreRows *self, guint index);
/* the keyword sets: FerryStoreRow.keywords is a number below the count */
guint ferry_store_rows_get_n_keyword_sets(const FerryStoreRows *self);
const char *ferry_store_rows_get_keyword_set(const FerryStoreRows *self, guint number);
gboolean ferry_store_rows_find_uid(const FerryStoreRows *self, guint32 uid, guint *index);

/* for stores: building */
FerryStoreRows *ferry_store_rows_new(guint expected);
gboolean ferry_store_rows_add(FerryStoreRows *self, const FerryStoreRow *row, const char *email_id,
			      const char *blob_id, const char *thread_id, const char *keywords,
			      GError **error);
void ferry_store_rows_seal(FerryStoreRows *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryStoreRows, ferry_store_rows_unref)

G_END_DECLS
