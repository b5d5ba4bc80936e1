/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making the next view out of the one before
 *
 * Implementation: chunks that nothing touches are shared with the base; a chunk is copied the first
 *   time it is touched, and the ids of its rows only when rows come
 */
#include "account/view-private.h"

#include <string.h>

struct _FerryViewBuilder {
	GPtrArray *chunks;
	GArray *own; /* gboolean: whether the chunk is ours alone and may be written to */
	FerryKeywordTable *keywords;
	guint32 uidvalidity;
	guint32 uidnext;
	guint32 recent;
	guint64 highest_modseq;
};

static FerryViewChunk *
chunk_new(guint capacity, FerryViewIds *ids)
{
	FerryViewChunk *chunk = g_new0(FerryViewChunk, 1);

	g_atomic_ref_count_init(&chunk->ref_count);
	chunk->capacity = capacity;
	chunk->rows = g_new(FerryMessageRow, capacity);
	chunk->ids = ids;
	return chunk;
}

FerryViewBuilder *
ferry_view_builder_new(FerryView *base, FerryKeywordTable *keywords)
{
	FerryViewBuilder *self = g_new0(FerryViewBuilder, 1);
	gboolean own = FALSE;

	self->chunks = g_ptr_array_new_with_free_func(
		(GDestroyNotify)(void (*)(void))ferry_view_chunk_unref);
	self->own = g_array_new(FALSE, FALSE, sizeof(gboolean));
	self->keywords = ferry_keyword_table_ref(keywords);
	if (base == NULL)
		return self;
	for (guint i = 0; i < base->chunks->len; i++) {
		g_ptr_array_add(self->chunks, ferry_view_chunk_ref(base->chunks->pdata[i]));
		g_array_append_val(self->own, own);
	}
	ferry_view_builder_set_mailbox(self, base->uidvalidity, base->uidnext, base->highest_modseq,
				       base->recent);
	return self;
}

void
ferry_view_builder_free(FerryViewBuilder *self)
{
	g_ptr_array_unref(self->chunks);
	g_array_unref(self->own);
	ferry_keyword_table_unref(self->keywords);
	g_free(self);
}

void
ferry_view_builder_set_mailbox(FerryViewBuilder *self, guint32 uidvalidity, guint32 uidnext,
			       guint64 highest_modseq, guint32 recent)
{
	self->uidvalidity = uidvalidity;
	self->uidnext = uidnext;
	self->highest_modseq = highest_modseq;
	self->recent = recent;
}

/* The chunk as one that may be written to; its ids are still shared. */
static FerryViewChunk *
own_chunk(FerryViewBuilder *self, guint index)
{
	FerryViewChunk *chunk = self->chunks->pdata[index];
	FerryViewChunk *copy;

	if (g_array_index(self->own, gboolean, index))
		return chunk;
	g_atomic_ref_count_inc(&chunk->ids->ref_count);
	copy = chunk_new(chunk->n_rows + 16, chunk->ids);
	copy->n_rows = chunk->n_rows;
	memcpy(copy->rows, chunk->rows, chunk->n_rows * sizeof(FerryMessageRow));
	self->chunks->pdata[index] = copy;
	g_array_index(self->own, gboolean, index) = TRUE;
	ferry_view_chunk_unref(chunk);
	return copy;
}

static guint32
add_ids(FerryViewChunk *chunk, const char *email_id, const char *blob_id, const char *thread_id)
{
	/* others may read them at this moment, and growing moves them */
	if (!g_atomic_ref_count_compare(&chunk->ids->ref_count, 1)) {
		FerryViewIds *ids = ferry_view_ids_new(chunk->ids);

		ferry_view_ids_unref(chunk->ids);
		chunk->ids = ids;
	}
	return ferry_view_ids_add(chunk->ids, email_id, blob_id, thread_id);
}

/* The chunk that holds @uid, or in which it would be. */
static guint
find_chunk(FerryViewBuilder *self, guint32 uid)
{
	guint low = 0;
	guint high = self->chunks->len;

	while (high - low > 1) {
		guint middle = low + (high - low) / 2;
		FerryViewChunk *chunk = self->chunks->pdata[middle];

		if (chunk->n_rows > 0 && chunk->rows[0].uid <= uid)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static guint32
find_row(const FerryViewChunk *chunk, guint32 uid)
{
	guint32 low = 0;
	guint32 high = chunk->n_rows;

	if (high > 0 && chunk->rows[high - 1].uid < uid)
		return high;
	while (low < high) {
		guint32 middle = low + (high - low) / 2;

		if (chunk->rows[middle].uid < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void
insert_chunk(FerryViewBuilder *self, guint index, FerryViewChunk *chunk)
{
	gboolean own = TRUE;

	g_ptr_array_insert(self->chunks, (int)index, chunk);
	g_array_insert_val(self->own, index, own);
}

/* Makes room in a full chunk: a new one after it takes what is behind @row. */
static void
split_chunk(FerryViewBuilder *self, guint index, guint32 row)
{
	FerryViewChunk *chunk = own_chunk(self, index);
	FerryViewChunk *tail;

	if (row == chunk->n_rows) {
		insert_chunk(self, index + 1, chunk_new(16, ferry_view_ids_new(NULL)));
		return;
	}
	g_atomic_ref_count_inc(&chunk->ids->ref_count);
	tail = chunk_new(chunk->n_rows - row + 16, chunk->ids);
	tail->n_rows = chunk->n_rows - row;
	memcpy(tail->rows, chunk->rows + row, tail->n_rows * sizeof(FerryMessageRow));
	chunk->n_rows = row;
	insert_chunk(self, index + 1, tail);
}

static void
insert_row(FerryViewBuilder *self, guint index, guint32 at, const FerryMessageRow *row,
	   const char *email_id, const char *blob_id, const char *thread_id)
{
	FerryViewChunk *chunk = self->chunks->pdata[index];

	if (chunk->n_rows == FERRY_VIEW_CHUNK_ROWS) {
		split_chunk(self, index, at);
		if (at == ((FerryViewChunk *)self->chunks->pdata[index])->n_rows &&
		    at == FERRY_VIEW_CHUNK_ROWS) {
			index++;
			at = 0;
		}
	}
	chunk = own_chunk(self, index);
	if (chunk->n_rows == chunk->capacity) {
		chunk->capacity = MIN(chunk->capacity * 2, FERRY_VIEW_CHUNK_ROWS + 16);
		chunk->rows = g_renew(FerryMessageRow, chunk->rows, chunk->capacity);
	}
	memmove(chunk->rows + at + 1, chunk->rows + at,
		(chunk->n_rows - at) * sizeof(FerryMessageRow));
	chunk->rows[at] = *row;
	chunk->rows[at].ids =
		add_ids(chunk, email_id != NULL ? email_id : "", blob_id != NULL ? blob_id : "",
			thread_id != NULL ? thread_id : "");
	chunk->n_rows++;
}

void
ferry_view_builder_set(FerryViewBuilder *self, const FerryMessageRow *row, const char *email_id,
		       const char *blob_id, const char *thread_id)
{
	FerryViewChunk *chunk;
	guint32 ids;
	guint32 at;
	guint index;

	if (self->chunks->len == 0)
		insert_chunk(self, 0, chunk_new(16, ferry_view_ids_new(NULL)));
	index = find_chunk(self, row->uid);
	chunk = self->chunks->pdata[index];
	at = find_row(chunk, row->uid);
	if (at == chunk->n_rows || chunk->rows[at].uid != row->uid) {
		insert_row(self, index, at, row, email_id, blob_id, thread_id);
		return;
	}
	chunk = own_chunk(self, index);
	ids = chunk->rows[at].ids;
	chunk->rows[at] = *row;
	chunk->rows[at].ids = ids;
}

static void
remove_from_chunk(FerryViewBuilder *self, guint index, const guint32 *uids, gsize n_uids)
{
	FerryViewChunk *chunk = self->chunks->pdata[index];
	guint32 at = find_row(chunk, uids[0]);
	guint32 kept = at;
	gsize next = 0;

	chunk = own_chunk(self, index);
	for (; at < chunk->n_rows; at++) {
		while (next < n_uids && uids[next] < chunk->rows[at].uid)
			next++;
		if (next < n_uids && uids[next] == chunk->rows[at].uid)
			continue;
		chunk->rows[kept++] = chunk->rows[at];
	}
	chunk->n_rows = kept;
}

static void
drop_empty_chunks(FerryViewBuilder *self)
{
	for (guint i = self->chunks->len; i > 0; i--) {
		FerryViewChunk *chunk = self->chunks->pdata[i - 1];

		if (chunk->n_rows > 0)
			continue;
		g_ptr_array_remove_index(self->chunks, i - 1);
		g_array_remove_index(self->own, i - 1);
	}
}

void
ferry_view_builder_remove(FerryViewBuilder *self, const guint32 *uids, gsize n_uids)
{
	for (guint i = 0; i < self->chunks->len && n_uids > 0; i++) {
		FerryViewChunk *chunk = self->chunks->pdata[i];
		guint32 last = chunk->rows[chunk->n_rows - 1].uid;
		gsize n = 0;

		while (n_uids > 0 && uids[0] < chunk->rows[0].uid) {
			uids++;
			n_uids--;
		}
		while (n < n_uids && uids[n] <= last)
			n++;
		if (n == 0)
			continue;
		remove_from_chunk(self, i, uids, n);
		uids += n;
		n_uids -= n;
	}
	drop_empty_chunks(self);
}

static void
note_modseqs(FerryViewChunk *chunk)
{
	memset(chunk->block_modseq, 0, sizeof chunk->block_modseq);
	chunk->highest_modseq = 0;
	for (guint i = 0; i < chunk->n_rows; i++) {
		guint64 *block = &chunk->block_modseq[i / FERRY_VIEW_BLOCK_ROWS];

		*block = MAX(*block, chunk->rows[i].modseq);
		chunk->highest_modseq = MAX(chunk->highest_modseq, *block);
	}
}

/* Gives back what growing took too much. */
static void
trim_chunk(FerryViewChunk *chunk)
{
	ferry_view_ids_trim(chunk->ids);
	if (chunk->capacity < chunk->n_rows + 32)
		return;
	chunk->capacity = chunk->n_rows;
	chunk->rows = g_renew(FerryMessageRow, chunk->rows, chunk->capacity);
}

/* Frees the builder. */
FerryView *
ferry_view_builder_end(FerryViewBuilder *self)
{
	FerryView *view = g_new0(FerryView, 1);

	g_atomic_ref_count_init(&view->ref_count);
	view->uidvalidity = self->uidvalidity;
	view->uidnext = self->uidnext;
	view->recent = self->recent;
	view->highest_modseq = self->highest_modseq;
	view->chunks = g_ptr_array_ref(self->chunks);
	view->first_index = g_new(guint32, MAX(self->chunks->len, 1));
	view->keywords = ferry_keyword_table_ref(self->keywords);
	for (guint i = 0; i < view->chunks->len; i++) {
		view->first_index[i] = view->count;
		if (g_array_index(self->own, gboolean, i)) {
			trim_chunk(view->chunks->pdata[i]);
			note_modseqs(view->chunks->pdata[i]);
		}
		view->count += ((FerryViewChunk *)view->chunks->pdata[i])->n_rows;
	}
	ferry_view_builder_free(self);
	return view;
}
