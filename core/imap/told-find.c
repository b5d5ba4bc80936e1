/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which message of the told list has a number or a UID
 *
 * Specification: RFC 9051 §2.3.1
 * Implementation: searches in the view and among the expunged, whose places are counted. Commands
 *   go through messages in order: the row that was found last is remembered, and one of the next
 *   few costs no search.
 */
#include "imap/told-private.h"

FerryImapLastRow *
ferry_told_nth_expunged(FerryTold *self, guint index)
{
	return self->expunged->pdata[index];
}

static guint32
uid_of_expunged(FerryTold *self, guint index)
{
	return ferry_told_nth_expunged(self, index)->row.uid;
}

/* The number of an expunged message. Its place in the view is where it was; those that are gone
 * before it count too. */
guint32
ferry_told_number_of_expunged(FerryTold *self, guint index)
{
	return ferry_view_lower_bound(self->view, uid_of_expunged(self, index)) + index + 1;
}

/* The first expunged message whose number is not below @number. */
static guint
find_expunged_number(FerryTold *self, guint32 number)
{
	guint low = 0, high = self->expunged->len;

	while (low < high) {
		guint middle = low + (high - low) / 2;

		if (ferry_told_number_of_expunged(self, middle) < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static guint
find_expunged_uid(FerryTold *self, guint32 uid)
{
	guint low = 0, high = self->expunged->len;

	while (low < high) {
		guint middle = low + (high - low) / 2;

		if (uid_of_expunged(self, middle) < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static gboolean
is_expunged(FerryTold *self, guint index, guint32 uid)
{
	return index < self->expunged->len && uid_of_expunged(self, index) == uid;
}

/* A told message of the view; NULL without one. */
static const FerryMessageRow *
find_row(FerryTold *self, guint32 uid)
{
	return uid < self->next ? ferry_view_seek(self->view, &self->place, uid) : NULL;
}

/**
 * ferry_told_get_uid:
 * @number: a message sequence number
 *
 * Returns: its UID; 0 where there is no such number
 */
guint32
ferry_told_get_uid(FerryTold *self, guint32 number)
{
	guint index;

	if (number == 0 || number > ferry_told_get_count(self))
		return 0;
	if (self->expunged->len == 0)
		return ferry_view_get_uid(self->view, number - 1);
	index = find_expunged_number(self, number);
	if (index < self->expunged->len && ferry_told_number_of_expunged(self, index) == number)
		return uid_of_expunged(self, index);
	return ferry_view_get_uid(self->view, number - 1 - index);
}

/* Adds the UIDs of the numbers from @first to @last, which there must be. */
void
ferry_told_add_uids(FerryTold *self, guint32 first, guint32 last, GArray *uids)
{
	guint place = uids->len;
	guint gone = find_expunged_number(self, first);
	guint32 index = first - 1 - gone;
	guint32 n_rows = 0, row = 0;
	const FerryMessageRow *rows = NULL;

	g_return_if_fail(first > 0 && first <= last && last <= ferry_told_get_count(self));
	g_array_set_size(uids, place + last - first + 1);
	for (; place < uids->len; place++) {
		guint32 *uid = &g_array_index(uids, guint32, place);

		if (row == n_rows) {
			rows = ferry_view_get_rows(self->view, index, &n_rows);
			index += n_rows;
			row = 0;
		}
		if (gone < self->expunged->len &&
		    (n_rows == 0 || uid_of_expunged(self, gone) < rows[row].uid))
			*uid = uid_of_expunged(self, gone++);
		else
			*uid = rows[row++].uid;
	}
}

/**
 * ferry_told_get_number:
 * @uid: a UID
 *
 * Returns: its message sequence number; 0 where the client does not know the message
 */
guint32
ferry_told_get_number(FerryTold *self, guint32 uid)
{
	guint index = find_expunged_uid(self, uid);

	if (is_expunged(self, index, uid))
		return ferry_told_number_of_expunged(self, index);
	return find_row(self, uid) != NULL ? self->place.index + index + 1 : 0;
}

/**
 * ferry_told_get_row:
 * @uid: a UID
 *
 * Returns: (transfer none) (nullable): the newest metadata of the message, or its last; %NULL where
 *   the client does not know it. Good until something is told or happens.
 */
const FerryMessageRow *
ferry_told_get_row(FerryTold *self, guint32 uid)
{
	guint index = find_expunged_uid(self, uid);

	if (is_expunged(self, index, uid))
		return &ferry_told_nth_expunged(self, index)->row;
	return find_row(self, uid);
}

/* Like ferry_told_get_message(), by UID; NULL where the client does not know the message. @before
 * is one that was looked at before: it is used up. */
FerryImapMessage *
ferry_told_next_message(FerryTold *self, FerryImapMessage *before, guint32 uid)
{
	guint index = find_expunged_uid(self, uid);
	const FerryMessageRow *row;
	FerryImapMessage *message;
	guint32 number;

	if (is_expunged(self, index, uid)) {
		message = ferry_imap_message_new_expunged(before,
							  ferry_told_nth_expunged(self, index));
		number = ferry_told_number_of_expunged(self, index);
	} else if ((row = find_row(self, uid)) != NULL) {
		message = ferry_imap_message_new(before, self->view, self->place.index, row);
		number = self->place.index + index + 1;
	} else {
		g_clear_pointer(&before, ferry_imap_message_unref);
		return NULL;
	}
	ferry_imap_message_set_told(message, number, ferry_told_is_recent(self, uid),
				    self->fetch_word);
	return message;
}

/**
 * ferry_told_get_message:
 * @number: a message sequence number
 *
 * Returns: (transfer full) (nullable): the message with its newest metadata, or its last
 */
FerryImapMessage *
ferry_told_get_message(FerryTold *self, guint32 number)
{
	return ferry_told_next_message(self, NULL, ferry_told_get_uid(self, number));
}
