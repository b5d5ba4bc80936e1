/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sorted results: the client's list, and the positions of what changes in it
 *
 * Specification: RFC 5267 §4.3.3, §4.3.4: pairs are processed one after the other, positions count
 *   from 1 and are those at that moment; results in one pair are in the requested order
 * Implementation: places are found by comparing, and the list is walked once for all changes that
 *   come together. Neighbours are one pair. Removals are told first, from the front; a position is
 *   less by those before it. What is added is told from the front too, so that its position is the
 *   one it keeps.
 */
#include "context.h"

static guint32
get_uid(GArray *uids, guint index)
{
	return g_array_index(uids, guint32, index);
}

/* How many results stand before the message. */
static guint
find_place(Context *self, guint32 uid)
{
	guint start = 0, end = self->order->len;

	while (start < end) {
		guint middle = start + (end - start) / 2;

		if (ferry_imap_search_compare(self->search, get_uid(self->order, middle), uid) < 0)
			start = middle + 1;
		else
			end = middle;
	}
	return start;
}

static int
compare_changes(gconstpointer a, gconstpointer b)
{
	const ContextChange *left = a, *right = b;

	return left->place < right->place ? -1 : left->place > right->place;
}

static int
compare_messages(gconstpointer a, gconstpointer b, gpointer user_data)
{
	const ContextChange *left = a, *right = b;

	return ferry_imap_search_compare(user_data, left->uid, right->uid);
}

/* `position results` for each run of neighbours; @gone: places close up behind what was told. */
static void
write_pairs(GArray *changes, gboolean gone, GString *text)
{
	g_autoptr(GArray) shown = g_array_new(FALSE, FALSE, sizeof(guint32));

	for (guint i = 0; i < changes->len;) {
		const ContextChange *first = &g_array_index(changes, ContextChange, i);
		guint position = first->place + 1 - (gone ? i : 0);
		g_autofree char *set = NULL;
		guint end = i;

		g_array_set_size(shown, 0);
		for (; end < changes->len && first[end - i].place == first->place + (end - i);
		     end++)
			g_array_append_val(shown, first[end - i].shown);
		set = ferry_uid_array_to_string((const guint32 *)(gconstpointer)shown->data,
						shown->len);
		g_string_append_printf(text, "%s%u %s", i > 0 ? " " : "", position, set);
		i = end;
	}
}

/* Takes messages out of the list; @text: what to tell, empty for nothing. */
void
context_order_remove(Context *self, GArray *changes, GString *text)
{
	guint kept;

	if (changes->len == 0)
		return;
	for (guint i = 0; i < changes->len; i++) {
		ContextChange *change = &g_array_index(changes, ContextChange, i);

		change->place = find_place(self, change->uid);
	}
	g_array_sort(changes, compare_changes);
	kept = g_array_index(changes, ContextChange, 0).place;
	for (guint i = 0, from = kept; from < self->order->len; from++) {
		if (i < changes->len && g_array_index(changes, ContextChange, i).place == from)
			i++;
		else
			g_array_index(self->order, guint32, kept++) = get_uid(self->order, from);
	}
	g_array_set_size(self->order, kept);
	write_pairs(changes, TRUE, text);
	for (guint i = 0; i < changes->len; i++)
		ferry_imap_search_forget(self->search,
					 g_array_index(changes, ContextChange, i).uid);
}

/* Puts messages, which were learnt, into the list. */
void
context_order_add(Context *self, GArray *changes, GString *text)
{
	guint from = self->order->len;

	if (changes->len == 0)
		return;
	g_array_sort_with_data(changes, compare_messages, self->search);
	for (guint i = 0; i < changes->len; i++) {
		ContextChange *change = &g_array_index(changes, ContextChange, i);

		change->place = find_place(self, change->uid) + i;
	}
	g_array_set_size(self->order, from + changes->len);
	for (guint i = changes->len; i > 0; i--) {
		const ContextChange *change = &g_array_index(changes, ContextChange, i - 1);

		/* those behind it give way to it and to the i - 1 before it */
		while (from > change->place + 1 - i) {
			from--;
			g_array_index(self->order, guint32, from + i) = get_uid(self->order, from);
		}
		g_array_index(self->order, guint32, change->place) = change->uid;
	}
	write_pairs(changes, FALSE, text);
}
