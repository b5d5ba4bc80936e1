/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Views: what a mailbox holds, at one moment
 *
 * Specification: RFC 9051 §2.3 (message attributes), RFC 8474 (object ids)
 * Implementation: immutable; rows sorted by UID in chunks that views share, 56 octets each, ids in
 *   an arena beside them that is as large as they are
 */
#include "account/view-private.h"

#include <string.h>

G_DEFINE_BOXED_TYPE(FerryView, ferry_view, ferry_view_ref, ferry_view_unref)

G_STATIC_ASSERT(sizeof(FerryMessageRow) == 56);

FerryViewChunk *
ferry_view_chunk_ref(FerryViewChunk *chunk)
{
	g_atomic_ref_count_inc(&chunk->ref_count);
	return chunk;
}

void
ferry_view_chunk_unref(FerryViewChunk *chunk)
{
	if (!g_atomic_ref_count_dec(&chunk->ref_count))
		return;
	ferry_view_ids_unref(chunk->ids);
	g_free(chunk->rows);
	g_free(chunk);
}

/**
 * ferry_view_ref: (skip)
 * @self: a view
 *
 * Returns: (transfer full): @self
 */
FerryView *
ferry_view_ref(FerryView *self)
{
	g_atomic_ref_count_inc(&self->ref_count);
	return self;
}

/**
 * ferry_view_unref: (skip)
 * @self: (transfer full): a view
 *
 * Drops a reference; the last one frees it.
 */
void
ferry_view_unref(FerryView *self)
{
	if (!g_atomic_ref_count_dec(&self->ref_count))
		return;
	g_ptr_array_unref(self->chunks);
	g_free(self->first_index);
	g_free(self->keyword_list);
	ferry_keyword_table_unref(self->keywords);
	g_free(self);
}

/**
 * ferry_view_get_count:
 * @self: a view
 *
 * Returns: how many messages it holds
 */
guint32
ferry_view_get_count(FerryView *self)
{
	return self->count;
}

/**
 * ferry_view_get_uidvalidity:
 * @self: a view
 *
 * Returns: the mailbox's UIDVALIDITY
 */
guint32
ferry_view_get_uidvalidity(FerryView *self)
{
	return self->uidvalidity;
}

/**
 * ferry_view_get_uidnext:
 * @self: a view
 *
 * Returns: UIDNEXT
 */
guint32
ferry_view_get_uidnext(FerryView *self)
{
	return self->uidnext;
}

/**
 * ferry_view_get_highest_modseq:
 * @self: a view
 *
 * Returns: the highest generation of any change in this mailbox, expunges included
 */
guint64
ferry_view_get_highest_modseq(FerryView *self)
{
	return self->highest_modseq;
}

/**
 * ferry_view_get_recent_watermark:
 * @self: a view
 *
 * Returns: the lowest UID that no session was told of when the view was made; see
 *   ferry_mailbox_claim_recent()
 */
guint32
ferry_view_get_recent_watermark(FerryView *self)
{
	return self->recent;
}

/* Most chunks of most views are full, so the guess is mostly right. */
static FerryViewChunk *
find_chunk(FerryView *self, guint32 index, guint32 *offset)
{
	guint low = 0;
	guint high = self->chunks->len;
	guint guess = MIN(index / FERRY_VIEW_CHUNK_ROWS, high - 1);

	if (self->first_index[guess] <= index &&
	    (guess + 1 == high || index < self->first_index[guess + 1])) {
		*offset = index - self->first_index[guess];
		return g_ptr_array_index(self->chunks, guess);
	}
	while (high - low > 1) {
		guint middle = low + (high - low) / 2;

		if (self->first_index[middle] <= index)
			low = middle;
		else
			high = middle;
	}
	*offset = index - self->first_index[low];
	return g_ptr_array_index(self->chunks, low);
}

/**
 * ferry_view_get_row:
 * @self: a view
 * @index: which, from 0, in the order of the UIDs
 *
 * Returns: (transfer none) (nullable): the row; NULL beyond the last
 */
const FerryMessageRow *
ferry_view_get_row(FerryView *self, guint32 index)
{
	guint32 offset;
	FerryViewChunk *chunk;

	if (index >= self->count)
		return NULL;
	chunk = find_chunk(self, index, &offset);
	return &chunk->rows[offset];
}

/**
 * ferry_view_get_rows: (skip)
 * @self: a view
 * @index: which, from 0, in the order of the UIDs
 * @n_rows: (out): how many rows lie there side by side; 0 beyond the last
 *
 * For those who go through many: a view is a few such runs.
 *
 * Returns: (array length=n_rows) (transfer none) (nullable): the rows from @index on
 */
const FerryMessageRow *
ferry_view_get_rows(FerryView *self, guint32 index, guint32 *n_rows)
{
	guint32 offset;
	FerryViewChunk *chunk;

	*n_rows = 0;
	if (index >= self->count)
		return NULL;
	chunk = find_chunk(self, index, &offset);
	*n_rows = chunk->n_rows - offset;
	return &chunk->rows[offset];
}

/**
 * ferry_view_get_uid:
 * @self: a view
 * @index: which, from 0
 *
 * Returns: its UID, 0 beyond the last
 */
guint32
ferry_view_get_uid(FerryView *self, guint32 index)
{
	const FerryMessageRow *row = ferry_view_get_row(self, index);

	return row != NULL ? row->uid : 0;
}

static guint32
chunk_lower_bound(const FerryViewChunk *chunk, guint32 uid)
{
	guint32 low = 0;
	guint32 high = chunk->n_rows;

	while (low < high) {
		guint32 middle = low + (high - low) / 2;

		if (chunk->rows[middle].uid < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/**
 * ferry_view_lower_bound:
 * @self: a view
 * @uid: a UID
 *
 * Returns: the index of the first message whose UID is @uid or higher; the count if there is none
 */
guint32
ferry_view_lower_bound(FerryView *self, guint32 uid)
{
	guint low = 0;
	guint high = self->chunks->len;
	FerryViewChunk *chunk;

	while (low < high) {
		guint middle = low + (high - low) / 2;

		chunk = g_ptr_array_index(self->chunks, middle);
		if (chunk->rows[chunk->n_rows - 1].uid < uid)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == self->chunks->len)
		return self->count;
	chunk = g_ptr_array_index(self->chunks, low);
	return self->first_index[low] + chunk_lower_bound(chunk, uid);
}

/**
 * ferry_view_find_uid:
 * @self: a view
 * @uid: a UID
 * @out_index: (out) (optional): where it is
 *
 * Returns: whether a message of the view has that UID
 */
gboolean
ferry_view_find_uid(FerryView *self, guint32 uid, guint32 *out_index)
{
	guint32 index = ferry_view_lower_bound(self, uid);

	if (ferry_view_get_uid(self, index) != uid || uid == 0)
		return FALSE;
	if (out_index != NULL)
		*out_index = index;
	return TRUE;
}

/**
 * ferry_view_lookup:
 * @self: a view
 * @uid: a UID
 *
 * Returns: (transfer none) (nullable): the row of that UID
 */
const FerryMessageRow *
ferry_view_lookup(FerryView *self, guint32 uid)
{
	guint32 index;

	return ferry_view_find_uid(self, uid, &index) ? ferry_view_get_row(self, index) : NULL;
}

/* rows behind the last one that are looked at before a search */
#define NEAR 8

/**
 * ferry_view_seek: (skip)
 * @self: a view
 * @place: where the last row was found; becomes the place of this one
 * @uid: a UID
 *
 * Looks a row up, cheaply where it is one of the next.
 *
 * Returns: (transfer none) (nullable): the row of that UID
 */
const FerryMessageRow *
ferry_view_seek(FerryView *self, FerryViewPlace *place, guint32 uid)
{
	guint32 n_near = MIN(place->n_rows, NEAR);
	guint32 i = 0;

	while (i < n_near && place->row[i].uid < uid)
		i++;
	if (i < n_near && place->row[i].uid == uid) {
		place->row += i;
		place->index += i;
		place->n_rows -= i;
		return place->row;
	}
	if (!ferry_view_find_uid(self, uid, &i))
		return NULL;
	place->row = ferry_view_get_rows(self, i, &place->n_rows);
	place->index = i;
	return place->row;
}

/**
 * ferry_view_get_email_id:
 * @self: a view
 * @index: which, from 0
 *
 * Returns: (nullable): its JMAP Email id (EMAILID)
 */
const char *
ferry_view_get_email_id(FerryView *self, guint32 index)
{
	guint32 offset;
	FerryViewChunk *chunk;

	if (index >= self->count)
		return NULL;
	chunk = find_chunk(self, index, &offset);
	return chunk->ids->text + chunk->rows[offset].ids;
}

/**
 * ferry_view_dup_blob_id:
 * @self: a view
 * @index: which, from 0
 *
 * Returns: (transfer full) (nullable): the id of the blob of its octets
 */
char *
ferry_view_dup_blob_id(FerryView *self, guint32 index)
{
	guint32 offset;
	FerryViewChunk *chunk;

	if (index >= self->count)
		return NULL;
	chunk = find_chunk(self, index, &offset);
	return ferry_view_ids_dup_blob(chunk->ids, chunk->rows[offset].ids);
}

/**
 * ferry_view_dup_thread_id:
 * @self: a view
 * @index: which, from 0
 *
 * Returns: (transfer full) (nullable): its JMAP Thread id (THREADID), empty where the backend gave
 *   none
 */
char *
ferry_view_dup_thread_id(FerryView *self, guint32 index)
{
	guint32 offset;
	FerryViewChunk *chunk;

	if (index >= self->count)
		return NULL;
	chunk = find_chunk(self, index, &offset);
	return ferry_view_ids_dup_thread(chunk->ids, chunk->rows[offset].ids);
}

static void
list_changed_in_chunk(const FerryViewChunk *chunk, guint64 since_modseq, GArray *uids)
{
	for (guint start = 0; start < chunk->n_rows; start += FERRY_VIEW_BLOCK_ROWS) {
		guint end = MIN(chunk->n_rows, start + FERRY_VIEW_BLOCK_ROWS);

		if (chunk->block_modseq[start / FERRY_VIEW_BLOCK_ROWS] <= since_modseq)
			continue;
		for (guint i = start; i < end; i++)
			if (chunk->rows[i].modseq > since_modseq)
				g_array_append_val(uids, chunk->rows[i].uid);
	}
}

/**
 * ferry_view_list_changed:
 * @self: a view
 * @since_modseq: a MODSEQ
 *
 * Finds the messages whose MODSEQ is higher. The work follows how many those are.
 *
 * Returns: (transfer full) (element-type guint32): their UIDs, ascending
 */
GArray *
ferry_view_list_changed(FerryView *self, guint64 since_modseq)
{
	GArray *uids = g_array_new(FALSE, FALSE, sizeof(guint32));

	for (guint i = 0; i < self->chunks->len; i++) {
		const FerryViewChunk *chunk = g_ptr_array_index(self->chunks, i);

		if (chunk->highest_modseq > since_modseq)
			list_changed_in_chunk(chunk, since_modseq, uids);
	}
	return uids;
}

/**
 * ferry_view_find_email:
 * @self: a view
 * @email_id: an Email id
 * @out_uid: (out) (optional): its UID
 *
 * Looks at every row; meant for a few.
 *
 * Returns: whether the view holds that Email
 */
gboolean
ferry_view_find_email(FerryView *self, const char *email_id, guint32 *out_uid)
{
	for (guint i = 0; i < self->chunks->len; i++) {
		FerryViewChunk *chunk = g_ptr_array_index(self->chunks, i);
		const char *ids = chunk->ids->text;

		for (guint j = 0; j < chunk->n_rows; j++) {
			if (strcmp(ids + chunk->rows[j].ids, email_id) != 0)
				continue;
			if (out_uid != NULL)
				*out_uid = chunk->rows[j].uid;
			return TRUE;
		}
	}
	return FALSE;
}

/**
 * ferry_view_get_keyword_set:
 * @self: a view
 * @keyword_set: the number in a row
 *
 * Returns: (transfer none) (array zero-terminated=1): the keywords of the set, lower case, sorted,
 *   without those that are flags
 */
const char *const *
ferry_view_get_keyword_set(FerryView *self, guint32 keyword_set)
{
	return ferry_keyword_table_get(self->keywords, keyword_set);
}

/**
 * ferry_view_keyword_set_contains:
 * @self: a view
 * @keyword_set: the number in a row
 * @keyword: a keyword; case does not matter
 *
 * Returns: whether the set has the keyword
 */
gboolean
ferry_view_keyword_set_contains(FerryView *self, guint32 keyword_set, const char *keyword)
{
	const char *const *keywords = ferry_view_get_keyword_set(self, keyword_set);

	for (; *keywords != NULL; keywords++) {
		if (g_ascii_strcasecmp(*keywords, keyword) == 0)
			return TRUE;
	}
	return FALSE;
}

static int
compare_strings(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
mark_sets(FerryView *self, guint8 *used)
{
	for (guint i = 0; i < self->chunks->len; i++) {
		FerryViewChunk *chunk = g_ptr_array_index(self->chunks, i);

		for (guint j = 0; j < chunk->n_rows; j++)
			used[chunk->rows[j].keyword_set] = 1;
	}
}

/**
 * ferry_view_list_keywords:
 * @self: a view
 *
 * Returns: (transfer none) (array zero-terminated=1): every keyword that any message of the view
 *   has, sorted
 */
const char *const *
ferry_view_list_keywords(FerryView *self)
{
	guint32 n_sets = ferry_keyword_table_get_size(self->keywords);
	g_autofree guint8 *used = NULL;
	g_autoptr(GHashTable) seen = NULL;
	g_autoptr(GPtrArray) list = NULL;

	if (self->keyword_list != NULL)
		return (const char *const *)self->keyword_list;
	used = g_new0(guint8, n_sets);
	seen = g_hash_table_new(NULL, NULL);
	list = g_ptr_array_new();
	mark_sets(self, used);
	for (guint32 set = 1; set < n_sets; set++) {
		const char *const *keywords = ferry_keyword_table_get(self->keywords, set);

		for (; used[set] && *keywords != NULL; keywords++) {
			if (g_hash_table_add(seen, (gpointer)*keywords))
				g_ptr_array_add(list, (gpointer)*keywords);
		}
	}
	g_ptr_array_sort(list, compare_strings);
	g_ptr_array_add(list, NULL);
	self->keyword_list = (char **)g_ptr_array_steal(list, NULL);
	return (const char *const *)self->keyword_list;
}
