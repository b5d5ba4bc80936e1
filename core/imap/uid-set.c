/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sets of UIDs and of message sequence numbers
 *
 * Specification: RFC 9051 §9 (sequence-set, uid-set), RFC 5182 (`$`)
 * Implementation: parsing what clients write, normalised ranges, writing them back
 */
#include "imap/uid-set.h"

#include <string.h>

#include "base/error.h"

struct _FerryUidSet {
	gatomicrefcount ref_count;
	GArray *ranges; /* FerryUidRange: sorted, apart from each other by at least one number */
};

G_DEFINE_BOXED_TYPE(FerryUidSet, ferry_uid_set, ferry_uid_set_ref, ferry_uid_set_unref)

/* a range as written; 0 stands for `*` */
typedef struct {
	guint32 a;
	guint32 b;
} RawRange;

struct _FerryImapSet {
	gatomicrefcount ref_count;
	gboolean saved_result;
	GArray *ranges; /* RawRange */
};

G_DEFINE_BOXED_TYPE(FerryImapSet, ferry_imap_set, ferry_imap_set_ref, ferry_imap_set_unref)

/**
 * ferry_uid_set_new:
 *
 * Returns: (transfer full): an empty set
 */
FerryUidSet *
ferry_uid_set_new(void)
{
	FerryUidSet *self = g_new0(FerryUidSet, 1);

	g_atomic_ref_count_init(&self->ref_count);
	self->ranges = g_array_new(FALSE, FALSE, sizeof(FerryUidRange));
	return self;
}

/**
 * ferry_uid_set_new_from_array:
 * @numbers: (array length=n_numbers): numbers in any order; ascending is fastest
 * @n_numbers: how many
 *
 * Returns: (transfer full): the set of them
 */
FerryUidSet *
ferry_uid_set_new_from_array(const guint32 *numbers, gsize n_numbers)
{
	FerryUidSet *self = ferry_uid_set_new();

	for (gsize i = 0; i < n_numbers; i++)
		ferry_uid_set_add(self, numbers[i]);
	return self;
}

/**
 * ferry_uid_set_ref:
 *
 * Returns: (transfer full): @self
 */
FerryUidSet *
ferry_uid_set_ref(FerryUidSet *self)
{
	g_atomic_ref_count_inc(&self->ref_count);
	return self;
}

/**
 * ferry_uid_set_unref:
 *
 * Gives back a reference.
 */
void
ferry_uid_set_unref(FerryUidSet *self)
{
	if (!g_atomic_ref_count_dec(&self->ref_count))
		return;
	g_array_unref(self->ranges);
	g_free(self);
}

/* The index of the first range that ends at or behind @number. */
static guint
ferry_uid_set_find(FerryUidSet *self, guint32 number)
{
	guint low = 0, high = self->ranges->len;

	while (low < high) {
		guint middle = low + (high - low) / 2;

		if (g_array_index(self->ranges, FerryUidRange, middle).last < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/**
 * ferry_uid_set_add:
 * @number: a number, not 0
 *
 * Adds one number.
 */
void
ferry_uid_set_add(FerryUidSet *self, guint32 number)
{
	ferry_uid_set_add_range(self, number, number);
}

/**
 * ferry_uid_set_add_range:
 * @first: one end, not 0
 * @last: the other end, not 0
 *
 * Adds all numbers between the two, in whatever order the ends stand.
 */
void
ferry_uid_set_add_range(FerryUidSet *self, guint32 first, guint32 last)
{
	FerryUidRange range = {MIN(first, last), MAX(first, last)};
	guint from, to;

	g_return_if_fail(range.first != 0);
	/* a range that ends just below touches, and is merged too */
	from = ferry_uid_set_find(self, range.first - 1);
	for (to = from; to < self->ranges->len; to++) {
		FerryUidRange *other = &g_array_index(self->ranges, FerryUidRange, to);

		if (range.last != G_MAXUINT32 && other->first > range.last + 1)
			break;
		range.first = MIN(range.first, other->first);
		range.last = MAX(range.last, other->last);
	}
	if (to == from) {
		g_array_insert_val(self->ranges, from, range);
		return;
	}
	g_array_index(self->ranges, FerryUidRange, from) = range;
	if (to - from > 1)
		g_array_remove_range(self->ranges, from + 1, to - from - 1);
}

/**
 * ferry_uid_set_contains:
 * @number: a number
 *
 * Returns: whether @number is in the set
 */
gboolean
ferry_uid_set_contains(FerryUidSet *self, guint32 number)
{
	guint i = ferry_uid_set_find(self, number);

	return i < self->ranges->len &&
	       g_array_index(self->ranges, FerryUidRange, i).first <= number;
}

/**
 * ferry_uid_set_is_empty:
 *
 * Returns: whether nothing is in the set
 */
gboolean
ferry_uid_set_is_empty(FerryUidSet *self)
{
	return self->ranges->len == 0;
}

/**
 * ferry_uid_set_get_size:
 *
 * Returns: how many numbers are in the set
 */
guint64
ferry_uid_set_get_size(FerryUidSet *self)
{
	guint64 size = 0;

	for (guint i = 0; i < self->ranges->len; i++) {
		FerryUidRange *range = &g_array_index(self->ranges, FerryUidRange, i);

		size += (guint64)range->last - range->first + 1;
	}
	return size;
}

/**
 * ferry_uid_set_get_n_ranges:
 *
 * Returns: how many ranges the set has
 */
guint
ferry_uid_set_get_n_ranges(FerryUidSet *self)
{
	return self->ranges->len;
}

/**
 * ferry_uid_set_get_ranges: (skip)
 * @n_ranges: (out): how many
 *
 * Returns: (array length=n_ranges) (transfer none): the ranges, ascending
 */
const FerryUidRange *
ferry_uid_set_get_ranges(FerryUidSet *self, guint *n_ranges)
{
	*n_ranges = self->ranges->len;
	return (const FerryUidRange *)(gpointer)self->ranges->data;
}

static void
append_range(GString *text, guint32 first, guint32 last)
{
	if (text->len > 0 && g_ascii_isdigit(text->str[text->len - 1]))
		g_string_append_c(text, ',');
	g_string_append_printf(text, "%u", first);
	if (last != first)
		g_string_append_printf(text, ":%u", last);
}

/**
 * ferry_uid_set_append_to:
 * @text: where to; it must not end in a digit of something else
 *
 * Writes the set as RFC 9051's sequence-set; nothing for an empty one.
 */
void
ferry_uid_set_append_to(FerryUidSet *self, GString *text)
{
	for (guint i = 0; i < self->ranges->len; i++) {
		FerryUidRange *range = &g_array_index(self->ranges, FerryUidRange, i);

		append_range(text, range->first, range->last);
	}
}

/**
 * ferry_uid_set_to_string:
 *
 * Returns: (transfer full): the set as RFC 9051's sequence-set, "" for an empty one
 */
char *
ferry_uid_set_to_string(FerryUidSet *self)
{
	GString *text = g_string_new(NULL);

	ferry_uid_set_append_to(self, text);
	return g_string_free(text, FALSE);
}

/**
 * ferry_uid_array_to_string:
 * @numbers: (array length=n_numbers): numbers, in the order in which they shall stand
 * @n_numbers: how many
 *
 * Writes an ordered uid-set, as COPYUID needs it (RFC 4315 §3): only ascending neighbours are put
 * together, so that the nth number stays the nth.
 *
 * Returns: (transfer full): the text
 */
char *
ferry_uid_array_to_string(const guint32 *numbers, gsize n_numbers)
{
	GString *text = g_string_new(NULL);

	for (gsize i = 0; i < n_numbers;) {
		gsize end = i + 1;

		while (end < n_numbers && numbers[end] == numbers[end - 1] + 1)
			end++;
		append_range(text, numbers[i], numbers[end - 1]);
		i = end;
	}
	return g_string_free(text, FALSE);
}

/* Reads an nz-number or `*` (as 0). */
static gboolean
parse_number(const char **p, const char *end, guint32 *number)
{
	guint64 value = 0;
	const char *start = *p;

	if (*p < end && **p == '*') {
		(*p)++;
		*number = 0;
		return TRUE;
	}
	for (; *p < end && g_ascii_isdigit(**p); (*p)++) {
		value = value * 10 + (guint64)(**p - '0');
		if (value > G_MAXUINT32)
			return FALSE;
	}
	/* RFC 9051 §9: an nz-number does not begin with 0 */
	if (*p == start || *start == '0')
		return FALSE;
	*number = (guint32)value;
	return TRUE;
}

static gboolean
parse_ranges(GArray *ranges, const char *p, const char *end)
{
	for (;;) {
		RawRange range;

		if (!parse_number(&p, end, &range.a))
			return FALSE;
		range.b = range.a;
		if (p < end && *p == ':') {
			p++;
			if (!parse_number(&p, end, &range.b))
				return FALSE;
		}
		g_array_append_val(ranges, range);
		if (p == end)
			return TRUE;
		if (*p++ != ',')
			return FALSE;
	}
}

/**
 * ferry_imap_set_parse:
 * @text: a sequence-set
 * @length: its octets
 * @error: return location; %FERRY_ERROR_INVALID
 *
 * Reads a sequence-set of RFC 9051 §9, `$` included. Numbers are nz-numbers.
 *
 * Returns: (transfer full): the set as written
 */
FerryImapSet *
ferry_imap_set_parse(const char *text, gsize length, GError **error)
{
	g_autoptr(FerryImapSet) self = g_new0(FerryImapSet, 1);

	g_atomic_ref_count_init(&self->ref_count);
	self->ranges = g_array_new(FALSE, FALSE, sizeof(RawRange));
	if (length == 1 && text[0] == '$') {
		self->saved_result = TRUE;
		return g_steal_pointer(&self);
	}
	if (!parse_ranges(self->ranges, text, text + length)) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID, "Invalid message set");
		return NULL;
	}
	return g_steal_pointer(&self);
}

/**
 * ferry_imap_set_ref:
 *
 * Returns: (transfer full): @self
 */
FerryImapSet *
ferry_imap_set_ref(FerryImapSet *self)
{
	g_atomic_ref_count_inc(&self->ref_count);
	return self;
}

/**
 * ferry_imap_set_unref:
 *
 * Gives back a reference.
 */
void
ferry_imap_set_unref(FerryImapSet *self)
{
	if (!g_atomic_ref_count_dec(&self->ref_count))
		return;
	g_array_unref(self->ranges);
	g_free(self);
}

/**
 * ferry_imap_set_is_saved_result:
 *
 * Returns: whether it is `$`, the result of the last SEARCH RETURN (SAVE)
 */
gboolean
ferry_imap_set_is_saved_result(FerryImapSet *self)
{
	return self->saved_result;
}

/**
 * ferry_imap_set_has_star:
 *
 * Returns: whether it names `*`
 */
gboolean
ferry_imap_set_has_star(FerryImapSet *self)
{
	for (guint i = 0; i < self->ranges->len; i++) {
		RawRange *range = &g_array_index(self->ranges, RawRange, i);

		if (range->a == 0 || range->b == 0)
			return TRUE;
	}
	return FALSE;
}

/**
 * ferry_imap_set_get_highest:
 *
 * Returns: the highest number that it names, `*` not counted
 */
guint32
ferry_imap_set_get_highest(FerryImapSet *self)
{
	guint32 highest = 0;

	for (guint i = 0; i < self->ranges->len; i++) {
		RawRange *range = &g_array_index(self->ranges, RawRange, i);

		highest = MAX(highest, MAX(range->a, range->b));
	}
	return highest;
}

static int
compare_ranges(gconstpointer a, gconstpointer b)
{
	const RawRange *x = a, *y = b;

	return x->a < y->a ? -1 : x->a > y->a;
}

/**
 * ferry_imap_set_resolve:
 * @star: what `*` stands for; 0 drops what names it
 *
 * Returns: (transfer full): the numbers that are named
 */
FerryUidSet *
ferry_imap_set_resolve(FerryImapSet *self, guint32 star)
{
	FerryUidSet *set = ferry_uid_set_new();
	g_autoptr(GArray) sorted = g_array_copy(self->ranges);

	for (guint i = 0; i < sorted->len; i++) {
		RawRange *range = &g_array_index(sorted, RawRange, i);
		guint32 a = range->a == 0 ? star : range->a;
		guint32 b = range->b == 0 ? star : range->b;

		range->a = MIN(a, b);
		range->b = MAX(a, b);
	}
	/* sorted first, so that thousands of ranges cost no insertions in the middle */
	g_array_sort(sorted, compare_ranges);
	for (guint i = 0; i < sorted->len; i++) {
		RawRange *range = &g_array_index(sorted, RawRange, i);

		if (range->a != 0)
			ferry_uid_set_add_range(set, range->a, range->b);
	}
	return set;
}
