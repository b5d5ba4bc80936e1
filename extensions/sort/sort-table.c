/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keys of many messages, and their order
 *
 * Specification: RFC 5256 §3 (SORT): criteria in their order, REVERSE for its own only, then the
 *   order of the mailbox
 * Implementation: a column for each criterion. Of a text the first eight octets stand in the column
 *   as a number, which decides nearly always. Rows are put into the order of the first number by
 *   its octets (radix sort, which keeps rows of one number as they were); only rows of the same
 *   number are compared, and merged.
 */
#include "sort.h"

#include <string.h>

#define PREFIX 8
/* values that an octet may have */
#define N_OCTETS 256

typedef struct {
	gint64 *numbers;
	GRefString **texts; /* NULL: the criterion is a number; else room for one at least */
	gboolean reverse;
} Column;

struct _SortTable {
	Column columns[SORT_MAX_CRITERIA];
	guint n_columns;
	gsize n_messages;
	gsize n_allocated;
};

/* A table for @n_messages, whose places are to be set before it sorts. */
SortTable *
sort_table_new(const SortCriteria *criteria, gsize n_messages)
{
	SortTable *self = g_new0(SortTable, 1);

	self->n_columns = criteria->n;
	self->n_messages = self->n_allocated = n_messages;
	for (guint i = 0; i < criteria->n; i++) {
		Column *column = &self->columns[i];

		column->numbers = g_new0(gint64, n_messages);
		column->reverse = criteria->list[i].reverse;
		if (sort_key_is_text(criteria->list[i].key))
			column->texts = g_new0(GRefString *, n_messages + 1);
	}
	return self;
}

static void
free_texts(Column *column, gsize n_messages)
{
	for (gsize i = 0; i < n_messages; i++)
		g_clear_pointer(&column->texts[i], g_ref_string_release);
	g_free(column->texts);
}

void
sort_table_free(SortTable *self)
{
	for (guint i = 0; i < self->n_columns; i++) {
		g_free(self->columns[i].numbers);
		if (self->columns[i].texts != NULL)
			free_texts(&self->columns[i], self->n_messages);
	}
	g_free(self);
}

static void
grow(SortTable *self)
{
	gsize n_allocated = self->n_allocated + self->n_allocated / 4 + 16;

	for (guint i = 0; i < self->n_columns; i++) {
		Column *column = &self->columns[i];

		column->numbers = g_renew(gint64, column->numbers, n_allocated);
		if (column->texts != NULL)
			column->texts = g_renew(GRefString *, column->texts, n_allocated);
	}
	self->n_allocated = n_allocated;
}

/* A place for one more message. */
guint32
sort_table_add_row(SortTable *self)
{
	if (self->n_messages == self->n_allocated)
		grow(self);
	for (guint i = 0; i < self->n_columns; i++) {
		self->columns[i].numbers[self->n_messages] = 0;
		if (self->columns[i].texts != NULL)
			self->columns[i].texts[self->n_messages] = NULL;
	}
	return (guint32)self->n_messages++;
}

/* Forgets the texts of a message; its place may be set again. */
void
sort_table_clear_row(SortTable *self, gsize index)
{
	for (guint i = 0; i < self->n_columns; i++)
		if (self->columns[i].texts != NULL)
			g_clear_pointer(&self->columns[i].texts[index], g_ref_string_release);
}

void
sort_table_set_number(SortTable *self, guint column, gsize index, gint64 number)
{
	self->columns[column].numbers[index] = number;
}

/* The first octets as a number of the same order: earlier ones weigh more, what is missing is 0. */
static gint64
get_prefix(const char *text)
{
	guint64 number = 0;

	for (guint i = 0; i < PREFIX; i++) {
		number = number << 8 | (guchar)*text;
		text += *text != '\0';
	}
	return (gint64)(number ^ G_GUINT64_CONSTANT(1) << 63);
}

/* @text is in the form to compare; the table keeps a reference. A place may be set again: one key
 * of a message was remembered, and another was not. */
void
sort_table_set_text(SortTable *self, guint column, gsize index, GRefString *text)
{
	GRefString **place = &self->columns[column].texts[index];

	g_clear_pointer(place, g_ref_string_release);
	*place = g_ref_string_acquire(text);
	self->columns[column].numbers[index] = get_prefix(text);
}

static int
compare_texts(const char *left, const char *right)
{
	int order;

	if (left == right || strnlen(left, PREFIX) < PREFIX)
		return 0;
	order = strcmp(left + PREFIX, right + PREFIX);
	return order < 0 ? -1 : order > 0;
}

static int
compare_column(const Column *column, guint32 left, guint32 right)
{
	if (column->numbers[left] != column->numbers[right])
		return column->numbers[left] < column->numbers[right] ? -1 : 1;
	if (column->texts == NULL)
		return 0;
	return compare_texts(column->texts[left], column->texts[right]);
}

/* By the keys alone. */
int
sort_table_compare(const SortTable *self, guint32 left, guint32 right)
{
	for (guint i = 0; i < self->n_columns; i++) {
		const Column *column = &self->columns[i];
		int order = compare_column(column, left, right);

		if (order != 0)
			return column->reverse ? -order : order;
	}
	return 0;
}

typedef struct {
	guint64 first; /* of the first column, so that it ascends */
	guint32 row;
} Item;

/* Whether @left stands behind @right. */
static gboolean
is_behind(const SortTable *self, guint32 left, guint32 right)
{
	int order = sort_table_compare(self, left, right);

	return order != 0 ? order > 0 : left > right;
}

/* Merges two neighbours, from @start and from @middle to @end, into the same place of @out. */
static void
merge(const SortTable *self, const Item *items, Item *out, gsize start, gsize middle, gsize end)
{
	gsize left = start, right = middle;

	for (gsize i = start; i < end; i++) {
		if (right == end ||
		    (left < middle && !is_behind(self, items[left].row, items[right].row)))
			out[i] = items[left++];
		else
			out[i] = items[right++];
	}
}

/* Sorts what has the same first number; @spare has as much room. */
static void
sort_equal(const SortTable *self, Item *items, Item *spare, gsize n_items)
{
	Item *from = items, *to = spare;

	for (gsize width = 1; width < n_items; width *= 2) {
		Item *sorted = to;

		for (gsize start = 0; start < n_items; start += 2 * width)
			merge(self, from, to, start, MIN(start + width, n_items),
			      MIN(start + 2 * width, n_items));
		to = from;
		from = sorted;
	}
	if (from != items)
		memcpy(items, from, n_items * sizeof(Item));
}

/* Puts @items in the order of one octet of their numbers into @out; of the same octet in that in
 * which they stand. @counts: how many have each octet. */
static void
sort_by_octet(const Item *items, Item *out, gsize n_items, guint shift, const guint32 *counts)
{
	gsize places[N_OCTETS];
	gsize place = 0;

	for (guint i = 0; i < N_OCTETS; i++) {
		places[i] = place;
		place += counts[i];
	}
	for (gsize i = 0; i < n_items; i++)
		out[places[items[i].first >> shift & 0xff]++] = items[i];
}

/* Sorts by the first numbers; gives the array of the two that has the result. Octets that are the
 * same everywhere, as most of dates are, cost nothing more. */
static Item *
sort_by_first(Item *items, Item *spare, gsize n_items)
{
	guint32 counts[sizeof(guint64)][N_OCTETS] = {{0}};

	for (gsize i = 0; i < n_items; i++) {
		for (guint octet = 0; octet < sizeof(guint64); octet++)
			counts[octet][items[i].first >> octet * 8 & 0xff]++;
	}
	for (guint octet = 0; octet < sizeof(guint64); octet++) {
		Item *sorted = spare;

		if (counts[octet][items[0].first >> octet * 8 & 0xff] == n_items)
			continue;
		sort_by_octet(items, sorted, n_items, octet * 8, counts[octet]);
		spare = items;
		items = sorted;
	}
	return items;
}

/* The number as one without sign that has its place in the order. */
static guint64
get_first(const Column *column, guint32 row)
{
	guint64 number = (guint64)column->numbers[row] ^ G_GUINT64_CONSTANT(1) << 63;

	return column->reverse ? ~number : number;
}

/* Sorts rows, which ascend, by their keys and then by themselves. May run on any thread while
 * nobody else uses the table. */
void
sort_table_sort(SortTable *self, guint32 *order, gsize n_messages)
{
	const Column *column = &self->columns[0];
	g_autofree Item *items = g_new(Item, n_messages + 1);
	g_autofree Item *spare = g_new(Item, n_messages + 1);
	gboolean decided = self->n_columns == 1 && column->texts == NULL;
	Item *sorted = items;

	for (gsize i = 0; i < n_messages; i++)
		items[i] = (Item){get_first(column, order[i]), order[i]};
	if (n_messages > 0)
		sorted = sort_by_first(items, spare, n_messages);
	for (gsize start = 0, end; start < n_messages && !decided; start = end) {
		for (end = start + 1; end < n_messages && sorted[end].first == sorted[start].first;)
			end++;
		sort_equal(self, sorted + start, (sorted == items ? spare : items) + start,
			   end - start);
	}
	for (gsize i = 0; i < n_messages; i++)
		order[i] = sorted[i].row;
}
