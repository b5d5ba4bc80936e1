/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which messages a set names
 *
 * Specification: RFC 9051 §6.4.9, §9 (sequence-set); RFC 5182 (`$`)
 * Implementation: by number what is gone and not told is still there, by UID it is not
 */
#include "base/error.h"
#include "imap/told-private.h"

static int
compare_uids(gconstpointer a, gconstpointer b)
{
	guint32 x = *(const guint32 *)a, y = *(const guint32 *)b;

	return x < y ? -1 : x > y;
}

/* The UIDs of the view that are in @set and told. */
static GArray *
resolve_uids(FerryTold *self, FerryUidSet *set)
{
	GArray *uids = g_array_new(FALSE, FALSE, sizeof(guint32));
	guint n_ranges;
	const FerryUidRange *ranges = ferry_uid_set_get_ranges(set, &n_ranges);

	for (guint i = 0; i < n_ranges; i++) {
		guint32 row = ferry_view_lower_bound(self->view, ranges[i].first);

		for (; row < self->n_in_view; row++) {
			guint32 uid = ferry_view_get_uid(self->view, row);

			if (uid > ranges[i].last)
				break;
			g_array_append_val(uids, uid);
		}
	}
	return uids;
}

static GArray *
resolve_numbers(FerryTold *self, FerryUidSet *set)
{
	GArray *uids = g_array_new(FALSE, FALSE, sizeof(guint32));
	guint n_ranges;
	const FerryUidRange *ranges = ferry_uid_set_get_ranges(set, &n_ranges);

	for (guint i = 0; i < n_ranges; i++)
		ferry_told_add_uids(self, ranges[i].first, ranges[i].last, uids);
	return uids;
}

static gboolean
check_numbers(FerryImapSet *set, guint32 count, GError **error)
{
	if (ferry_imap_set_get_highest(set) <= count &&
	    (count > 0 || !ferry_imap_set_has_star(set)))
		return TRUE;
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID, "No message has that number");
	return FALSE;
}

/**
 * ferry_told_resolve:
 * @set: what a client wrote
 * @uids: whether it names UIDs
 * @saved: (nullable): what `$` stands for
 * @error: return location; %FERRY_ERROR_INVALID for a number that no message has
 *
 * Finds the messages that a set names. UIDs that no message has are left out, as are those of
 * messages that are gone; by number an expunged message is still named.
 *
 * Returns: (transfer full) (element-type guint32): UIDs, ascending
 */
GArray *
ferry_told_resolve(FerryTold *self, FerryImapSet *set, gboolean uids, FerryUidSet *saved,
		   GError **error)
{
	guint32 count = ferry_told_get_count(self);
	g_autoptr(FerryUidSet) resolved = NULL;

	if (ferry_imap_set_is_saved_result(set))
		return saved != NULL ? resolve_uids(self, saved)
				     : g_array_new(FALSE, FALSE, sizeof(guint32));
	if (uids) {
		resolved = ferry_imap_set_resolve(set, ferry_told_get_highest_uid(self));
		return resolve_uids(self, resolved);
	}
	if (!check_numbers(set, count, error))
		return NULL;
	resolved = ferry_imap_set_resolve(set, count);
	return resolve_numbers(self, resolved);
}

/* The changed messages, those that are gone and not told among them. */
static GArray *
list_changed(FerryTold *self, gboolean with_expunged, guint64 since_modseq)
{
	GArray *uids = ferry_view_list_changed(self->view, since_modseq);

	for (guint i = uids->len; i > 0 && g_array_index(uids, guint32, i - 1) >= self->next; i--)
		g_array_set_size(uids, i - 1);
	if (!with_expunged || self->expunged->len == 0)
		return uids;
	for (guint i = 0; i < self->expunged->len; i++) {
		const FerryMessageRow *row = &((FerryImapLastRow *)self->expunged->pdata[i])->row;

		if (row->modseq > since_modseq)
			g_array_append_val(uids, row->uid);
	}
	g_array_sort(uids, compare_uids);
	return uids;
}

/**
 * ferry_told_resolve_changed:
 * @set: what a client wrote
 * @uids: whether it names UIDs
 * @saved: (nullable): what `$` stands for
 * @since_modseq: a MODSEQ
 * @error: return location; %FERRY_ERROR_INVALID for a number that no message has
 *
 * Finds those of the messages that a set names whose MODSEQ is higher. The work follows how many
 * messages have such a one, not how many there are.
 *
 * Returns: (transfer full) (element-type guint32): UIDs, ascending
 */
GArray *
ferry_told_resolve_changed(FerryTold *self, FerryImapSet *set, gboolean uids, FerryUidSet *saved,
			   guint64 since_modseq, GError **error)
{
	gboolean is_saved = ferry_imap_set_is_saved_result(set);
	guint32 count = ferry_told_get_count(self);
	guint32 star = uids ? ferry_told_get_highest_uid(self) : count;
	g_autoptr(FerryUidSet) resolved = NULL;
	GArray *changed;
	guint n_kept = 0;

	if (!is_saved && !uids && !check_numbers(set, count, error))
		return NULL;
	if (!is_saved)
		resolved = ferry_imap_set_resolve(set, star);
	else
		resolved = saved != NULL ? ferry_uid_set_ref(saved) : ferry_uid_set_new();
	changed = list_changed(self, !uids && !is_saved, since_modseq);
	for (guint i = 0; i < changed->len; i++) {
		guint32 uid = g_array_index(changed, guint32, i);
		guint32 key = uids || is_saved ? uid : ferry_told_get_number(self, uid);

		if (ferry_uid_set_contains(resolved, key))
			g_array_index(changed, guint32, n_kept++) = uid;
	}
	g_array_set_size(changed, n_kept);
	return changed;
}
