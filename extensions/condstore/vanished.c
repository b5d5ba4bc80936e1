/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which UIDs a client is to forget
 *
 * Specification: RFC 7162 §3.2.5.2 (sequence match data), §3.2.6, §3.2.10, §5.3 (expired history)
 * Implementation: what the store remembers; where its memory begins too late, every UID that the
 *   client asks about and no message has. What the client was told of in this session is left out:
 *   that it is gone comes as VANISHED without EARLIER.
 */
#include "condstore.h"

/* The number at @index of a set, counted from 0. */
static guint32
get_nth(FerryUidSet *set, guint64 index)
{
	guint n_ranges;
	const FerryUidRange *ranges = ferry_uid_set_get_ranges(set, &n_ranges);

	for (guint i = 0; i < n_ranges; i++) {
		guint64 n = (guint64)ranges[i].last - ranges[i].first + 1;

		if (index < n)
			return ranges[i].first + (guint32)index;
		index -= n;
	}
	return 0;
}

/* The highest UID up to which the client knows what is gone: its pairs of number and UID match
 * ours, and no longer behind the first message that it does not know to be gone. 0: none. */
guint32
condstore_find_known(FerryTold *told, FerryUidSet *numbers, FerryUidSet *uids)
{
	guint64 low = 0, high = ferry_uid_set_get_size(numbers);

	while (low < high) {
		guint64 middle = low + (high - low) / 2;

		if (ferry_told_get_uid(told, get_nth(numbers, middle)) == get_nth(uids, middle))
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? get_nth(uids, low - 1) : 0;
}

static FerryUidSet *
list_remembered(FerryTold *told, FerryStoreTombstones *removed, FerryUidSet *wanted, guint32 known)
{
	FerryUidSet *uids = ferry_uid_set_new();

	for (guint i = 0; i < removed->n; i++) {
		guint32 uid = removed->uids[i];

		if (uid > known && ferry_uid_set_contains(wanted, uid) &&
		    ferry_told_get_number(told, uid) == 0)
			ferry_uid_set_add(uids, uid);
	}
	return uids;
}

/* Adds what of @wanted is between two messages; @next is the range to begin with. */
static void
add_between(FerryUidSet *uids, FerryUidSet *wanted, guint *next, guint64 first, guint64 last)
{
	guint n_ranges;
	const FerryUidRange *ranges = ferry_uid_set_get_ranges(wanted, &n_ranges);

	while (*next < n_ranges && ranges[*next].last < first)
		(*next)++;
	for (guint i = *next; i < n_ranges && ranges[i].first <= last; i++) {
		guint64 from = MAX(ranges[i].first, first);
		guint64 to = MIN(ranges[i].last, last);

		if (from <= to)
			ferry_uid_set_add_range(uids, (guint32)from, (guint32)to);
	}
}

static FerryUidSet *
list_absent(FerryTold *told, FerryUidSet *wanted, guint32 known)
{
	FerryUidSet *uids = ferry_uid_set_new();
	guint32 count = ferry_told_get_count(told);
	guint64 from = (guint64)known + 1;
	guint next = 0;

	for (guint32 number = 1; number <= count; number++) {
		guint32 uid = ferry_told_get_uid(told, number);

		if (uid < from)
			continue;
		if (uid > from)
			add_between(uids, wanted, &next, from, (guint64)uid - 1);
		from = (guint64)uid + 1;
	}
	add_between(uids, wanted, &next, from, G_MAXUINT32);
	return uids;
}

/* @wanted: what the client asks about, below UIDNEXT; @known: up to there it needs no answer. */
FerryUidSet *
condstore_list_vanished(FerryTold *told, FerryStoreTombstones *removed, guint64 since_modseq,
			FerryUidSet *wanted, guint32 known)
{
	if (since_modseq >= removed->prune_modseq)
		return list_remembered(told, removed, wanted, known);
	return list_absent(told, wanted, known);
}
