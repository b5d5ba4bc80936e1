/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "store/batch.h"

G_BEGIN_DECLS

/* An Email of a batch; strings belong to the batch. */
typedef struct {
	const char *email_id;
	const char *blob_id; /* NULL: only mailboxes and keywords are known */
	const char *thread_id;
	gint64 size;
	gint64 received_at;
	gboolean has_sent;
	gint64 sent_at;
	int sent_offset;
	const char **mailbox_ids; /* ends with NULL */
	const char *keywords;     /* lower case, sorted, no duplicate, one space between */
} FerryBatchEmail;

typedef struct {
	const char *mailbox_id;
	const char *imap_name;
} FerryBatchName;

typedef struct {
	const char *mailbox_id;
	FerryStoreListing listing;
	const char *email_state;
	const char *anchor;
} FerryBatchListing;

typedef struct {
	const char *mailbox_id;
	guint64 number; /* watermark, token or UID */
	gboolean flag;  /* \Deleted, subscribed */
} FerryBatchNumber;

typedef struct {
	const char *mailbox_id;
	const char *email_id;
	gboolean renew;
} FerryBatchPair;

struct _FerryStoreBatch {
	GStringChunk *strings;
	char *email_state;
	char *mailbox_state;
	const char *page_of;
	GPtrArray *mailboxes;    /* FerryStoreMailbox */
	GPtrArray *removed;      /* mailbox ids */
	GArray *names;           /* FerryBatchName */
	GArray *listings;        /* FerryBatchListing */
	GArray *recents;         /* FerryBatchNumber */
	GArray *subscriptions;   /* FerryBatchNumber: name and flag */
	GArray *emails;          /* FerryBatchEmail */
	GHashTable *email_index; /* id to index + 1 */
	GPtrArray *destroyed;    /* email ids */
	GArray *removed_uids;    /* FerryBatchNumber */
	GArray *removed_pairs;   /* FerryBatchPair */
	GArray *deleted;         /* FerryBatchNumber */
	GArray *asked;           /* FerryBatchPair */
	GArray *epochs;          /* FerryBatchNumber; mailbox NULL is the account */
	GArray *sweeps;          /* FerryBatchNumber */
	GArray *intents;         /* gint64 */
};

G_END_DECLS
