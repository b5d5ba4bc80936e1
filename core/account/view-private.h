/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/keyword-table-private.h"
#include "account/view.h"

/* Rows come in chunks of at most this many; a change costs the copy of its chunk. */
#define FERRY_VIEW_CHUNK_ROWS 1024
/* Of so many rows the highest MODSEQ is known, so that finding what changed looks at few. */
#define FERRY_VIEW_BLOCK_ROWS 32
#define FERRY_VIEW_CHUNK_BLOCKS ((FERRY_VIEW_CHUNK_ROWS + 16) / FERRY_VIEW_BLOCK_ROWS + 1)

/* The ids of the rows of a chunk; see view-ids.c for what is at row.ids. */
typedef struct {
	gatomicrefcount ref_count;
	char *text;
	guint32 length;
	guint32 capacity;
} FerryViewIds;

typedef struct {
	gatomicrefcount ref_count;
	guint n_rows;
	guint capacity;
	FerryMessageRow *rows;
	FerryViewIds *ids;
	guint64 highest_modseq;
	guint64 block_modseq[FERRY_VIEW_CHUNK_BLOCKS];
} FerryViewChunk;

struct _FerryView {
	gatomicrefcount ref_count;
	guint32 count;
	guint32 uidvalidity;
	guint32 uidnext;
	guint32 recent;
	guint64 highest_modseq;
	GPtrArray *chunks;    /* FerryViewChunk, none empty */
	guint32 *first_index; /* of each chunk */
	FerryKeywordTable *keywords;
	char **keyword_list; /* made when asked for */
};

/* view-ids.c; @source: (nullable): what to begin with */
FerryViewIds *ferry_view_ids_new(const FerryViewIds *source);
void ferry_view_ids_unref(FerryViewIds *ids);
guint32 ferry_view_ids_add(FerryViewIds *ids, const char *email_id, const char *blob_id,
			   const char *thread_id);
char *ferry_view_ids_dup_blob(const FerryViewIds *ids, guint32 offset);
char *ferry_view_ids_dup_thread(const FerryViewIds *ids, guint32 offset);
void ferry_view_ids_trim(FerryViewIds *ids);

FerryViewChunk *ferry_view_chunk_ref(FerryViewChunk *chunk);
void ferry_view_chunk_unref(FerryViewChunk *chunk);

/* Makes the next view of a mailbox out of the one before. */
typedef struct _FerryViewBuilder FerryViewBuilder;

FerryViewBuilder *ferry_view_builder_new(FerryView *base, FerryKeywordTable *keywords);
void ferry_view_builder_free(FerryViewBuilder *self);
/* Puts a row in, or in place of the one with its UID. NULL ids: those it has. */
void ferry_view_builder_set(FerryViewBuilder *self, const FerryMessageRow *row,
			    const char *email_id, const char *blob_id, const char *thread_id);
/* @uids ascending; unknown ones do not matter. */
void ferry_view_builder_remove(FerryViewBuilder *self, const guint32 *uids, gsize n_uids);
void ferry_view_builder_set_mailbox(FerryViewBuilder *self, guint32 uidvalidity, guint32 uidnext,
				    guint64 highest_modseq, guint32 recent);
FerryView *ferry_view_builder_end(FerryViewBuilder *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryViewBuilder, ferry_view_builder_free)
