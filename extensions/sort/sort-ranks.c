/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of a SORT that lives on: messages join the sorted results, and leave them
 *
 * Specification: RFC 5267 §4.3.3 (results are maintained in the requested order)
 * Implementation: what messages are sorted by never changes, so the rows of the first results stay
 *   as they are. Those of messages that joined later are found by a table of their own; rows of
 *   messages that left are used again.
 */
#include "sort.h"

#define NO_ROW G_MAXUINT32

struct _SortRanks {
	SortTable *table;
	const SortCriteria *criteria; /* the command's */
	GArray *uids;                 /* of the first rows, ascending */
	GHashTable *joined;           /* UID → row + 1 */
	GArray *unused;               /* rows */
};

/* @criteria must live as long; takes over @table, whose rows are those of @uids and one more. */
SortRanks *
sort_ranks_new(const SortCriteria *criteria, SortTable *table, GArray *uids)
{
	SortRanks *self = g_new0(SortRanks, 1);

	self->criteria = criteria;
	self->table = table;
	self->uids = g_array_ref(uids);
	self->joined = g_hash_table_new(NULL, NULL);
	self->unused = g_array_new(FALSE, FALSE, sizeof(guint32));
	return self;
}

void
sort_ranks_free(SortRanks *self)
{
	sort_table_free(self->table);
	g_array_unref(self->uids);
	g_hash_table_unref(self->joined);
	g_array_unref(self->unused);
	g_free(self);
}

static guint32
find_row(const SortRanks *self, guint32 uid)
{
	gpointer row = g_hash_table_lookup(self->joined, GUINT_TO_POINTER(uid));
	guint start = 0, end = self->uids->len;

	if (row != NULL)
		return GPOINTER_TO_UINT(row) - 1;
	while (start < end) {
		guint middle = start + (end - start) / 2;

		if (g_array_index(self->uids, guint32, middle) < uid)
			start = middle + 1;
		else
			end = middle;
	}
	return start < self->uids->len && g_array_index(self->uids, guint32, start) == uid ? start
											   : NO_ROW;
}

static guint32
make_row(SortRanks *self, guint32 uid)
{
	guint32 row = find_row(self, uid);

	if (row != NO_ROW)
		return row;
	if (self->unused->len > 0) {
		row = g_array_index(self->unused, guint32, self->unused->len - 1);
		g_array_set_size(self->unused, self->unused->len - 1);
	} else {
		row = sort_table_add_row(self->table);
	}
	g_hash_table_insert(self->joined, GUINT_TO_POINTER(uid), GUINT_TO_POINTER(row + 1));
	return row;
}

/* What the new message has to be compared by. */
void
sort_ranks_learn(FerryImapSearch *search, FerryImapMessage *message, gpointer user_data)
{
	SortRanks *self = user_data;
	guint32 row = make_row(self, ferry_imap_message_get_uid(message));

	for (guint i = 0; i < self->criteria->n; i++) {
		SortKey key = self->criteria->list[i].key;

		if (sort_key_is_text(key)) {
			gsize length = 0;
			const char *envelope = ferry_message_data_get_envelope(
				ferry_imap_message_get_data(message), &length);
			g_autofree char *text = sort_key_make_text(key, envelope, length);
			GRefString *kept = g_ref_string_new(text);

			sort_table_set_text(self->table, i, row, kept);
			g_ref_string_release(kept);
		} else {
			sort_table_set_number(
				self->table, i, row,
				sort_key_get_number(key, ferry_imap_message_get_row(message)));
		}
	}
}

int
sort_ranks_compare(FerryImapSearch *search, guint32 left, guint32 right, gpointer user_data)
{
	SortRanks *self = user_data;
	guint32 left_row = find_row(self, left), right_row = find_row(self, right);
	int order = 0;

	g_return_val_if_fail(left_row != NO_ROW && right_row != NO_ROW, 0);
	order = sort_table_compare(self->table, left_row, right_row);
	if (order != 0)
		return order;
	return left < right ? -1 : left > right;
}

void
sort_ranks_forget(FerryImapSearch *search, guint32 uid, gpointer user_data)
{
	SortRanks *self = user_data;
	guint32 row = find_row(self, uid);

	if (row == NO_ROW)
		return;
	sort_table_clear_row(self->table, row);
	if (g_hash_table_remove(self->joined, GUINT_TO_POINTER(uid)))
		g_array_append_val(self->unused, row);
}
