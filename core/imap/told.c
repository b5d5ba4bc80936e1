/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a client was told of its selected mailbox
 *
 * Specification: RFC 9051 §2.3.1.2, §5.2, §7.5.1: numbers change only when EXPUNGE is told
 * Implementation: the told messages are the rows of the newest view below `next`, and `expunged`
 *   between them. UIDs only grow, so arrivals are all at the end. Work and memory follow what
 *   changed, not the size of the mailbox.
 */
#include "imap/told.h"

#include <string.h>

#include "imap/message-private.h"
#include "imap/told-private.h"

G_DEFINE_FINAL_TYPE(FerryTold, ferry_told, G_TYPE_OBJECT)

static void
ferry_told_finalize(GObject *object)
{
	FerryTold *self = FERRY_TOLD(object);

	ferry_view_unref(self->view);
	g_ptr_array_unref(self->expunged);
	g_hash_table_unref(self->changed);
	g_clear_pointer(&self->quiet, g_hash_table_unref);
	g_clear_pointer(&self->known, ferry_view_unref);
	ferry_uid_set_unref(self->recent);
	G_OBJECT_CLASS(ferry_told_parent_class)->finalize(object);
}

static void
ferry_told_class_init(FerryToldClass *klass)
{
	G_OBJECT_CLASS(klass)->finalize = ferry_told_finalize;
}

static void
ferry_told_init(FerryTold *self)
{
	self->expunged = g_ptr_array_new_with_free_func((GDestroyNotify)ferry_imap_last_row_unref);
	self->changed = g_hash_table_new(NULL, NULL);
	self->recent = ferry_uid_set_new();
}

/**
 * ferry_told_new:
 * @view: what SELECT tells
 *
 * Returns: (transfer full): a client that was told of all of @view
 */
FerryTold *
ferry_told_new(FerryView *view)
{
	FerryTold *self = g_object_new(FERRY_TYPE_TOLD, NULL);

	self->view = ferry_view_ref(view);
	self->next = ferry_view_get_uidnext(view);
	self->n_in_view = ferry_view_get_count(view);
	return self;
}

void
ferry_told_set_fetch_word(FerryTold *self, const char *word)
{
	self->fetch_word = g_intern_string(word);
}

/**
 * ferry_told_get_count:
 *
 * Returns: how many messages the client knows of: its highest number
 */
guint32
ferry_told_get_count(FerryTold *self)
{
	return self->n_in_view + self->expunged->len;
}

/**
 * ferry_told_get_highest_uid:
 *
 * Returns: what `*` stands for in UID commands; 0 in an empty mailbox
 */
guint32
ferry_told_get_highest_uid(FerryTold *self)
{
	guint32 count = ferry_told_get_count(self);

	return count > 0 ? ferry_told_get_uid(self, count) : 0;
}

/**
 * ferry_told_get_view:
 *
 * Returns: (transfer none): the newest view of the mailbox
 */
FerryView *
ferry_told_get_view(FerryTold *self)
{
	return self->view;
}

/**
 * ferry_told_add_recent:
 * @first_uid: lowest
 * @last_uid: highest; below @first_uid: none
 *
 * Makes messages \Recent in this session.
 */
void
ferry_told_add_recent(FerryTold *self, guint32 first_uid, guint32 last_uid)
{
	if (first_uid > 0 && first_uid <= last_uid)
		ferry_uid_set_add_range(self->recent, first_uid, last_uid);
}

/**
 * ferry_told_is_recent:
 * @uid: a UID
 *
 * Returns: whether the message is \Recent in this session
 */
gboolean
ferry_told_is_recent(FerryTold *self, guint32 uid)
{
	return !ferry_uid_set_is_empty(self->recent) && ferry_uid_set_contains(self->recent, uid);
}

/**
 * ferry_told_count_recent:
 *
 * Returns: how many of the messages are \Recent
 */
guint32
ferry_told_count_recent(FerryTold *self)
{
	guint n_ranges;
	const FerryUidRange *ranges = ferry_uid_set_get_ranges(self->recent, &n_ranges);
	guint32 count = 0;

	for (guint i = 0; i < n_ranges; i++) {
		guint32 end = ranges[i].last == G_MAXUINT32
				      ? ferry_view_get_count(self->view)
				      : ferry_view_lower_bound(self->view, ranges[i].last + 1);

		end = MIN(end, self->n_in_view);
		count += end - MIN(end, ferry_view_lower_bound(self->view, ranges[i].first));
	}
	return count;
}

static int
compare_rows(gconstpointer a, gconstpointer b)
{
	const FerryImapLastRow *x = *(FerryImapLastRow *const *)a;
	const FerryImapLastRow *y = *(FerryImapLastRow *const *)b;

	return x->row.uid < y->row.uid ? -1 : x->row.uid > y->row.uid;
}

static void
keep_expunged(FerryTold *self, const guint32 *uids, gsize n_uids)
{
	gboolean sorted = TRUE;

	for (gsize i = 0; i < n_uids; i++) {
		guint32 row;

		/* what the client never heard of simply is not there */
		if (uids[i] >= self->next || !ferry_view_find_uid(self->view, uids[i], &row))
			continue;
		if (self->expunged->len > 0 &&
		    ferry_told_nth_expunged(self, self->expunged->len - 1)->row.uid > uids[i])
			sorted = FALSE;
		g_ptr_array_add(self->expunged, ferry_imap_last_row_new(self->view, row));
		ferry_told_remove_changed(self, uids[i]);
	}
	if (!sorted)
		g_ptr_array_sort(self->expunged, compare_rows);
}

/**
 * ferry_told_apply_changes:
 * @view: the newest view
 * @changed: (array length=n_changed): UIDs whose flags are different
 * @n_changed: how many
 * @expunged: (array length=n_expunged): UIDs that are gone
 * @n_expunged: how many
 *
 * Takes a new view. Nothing is told by this.
 */
void
ferry_told_apply_changes(FerryTold *self, FerryView *view, const guint32 *changed, gsize n_changed,
			 const guint32 *expunged, gsize n_expunged)
{
	FerryView *old = self->view;

	if (self->known == NULL)
		self->known = ferry_view_ref(old);
	keep_expunged(self, expunged, n_expunged);
	self->view = ferry_view_ref(view);
	self->place = (FerryViewPlace){0};
	ferry_view_unref(old);
	self->n_in_view = ferry_view_lower_bound(view, self->next);
	for (gsize i = 0; i < n_changed; i++)
		ferry_told_add_changed(self, changed[i]);
	ferry_told_drop_known(self);
}

/**
 * ferry_told_apply:
 * @view: the newest view
 * @delta: what is different from the one before
 *
 * Takes a new view. Nothing is told by this.
 */
void
ferry_told_apply(FerryTold *self, FerryView *view, FerryMailboxDelta *delta)
{
	gsize n_changed, n_expunged;
	const guint32 *changed = ferry_mailbox_delta_get_changed(delta, &n_changed);
	const guint32 *expunged = ferry_mailbox_delta_get_expunged(delta, &n_expunged);

	ferry_told_apply_changes(self, view, changed, n_changed, expunged, n_expunged);
}

/**
 * ferry_told_add_changed:
 * @uid: a UID
 *
 * The flags of a message are to be told with the next update.
 */
void
ferry_told_add_changed(FerryTold *self, guint32 uid)
{
	if (uid < self->next && ferry_view_find_uid(self->view, uid, NULL))
		g_hash_table_add(self->changed, GUINT_TO_POINTER(uid));
}

/**
 * ferry_told_remove_changed:
 * @uid: a UID
 *
 * The flags of a message have just been told.
 */
void
ferry_told_remove_changed(FerryTold *self, guint32 uid)
{
	if (g_hash_table_size(self->changed) > 0)
		g_hash_table_remove(self->changed, GUINT_TO_POINTER(uid));
	if (self->quiet != NULL)
		g_hash_table_remove(self->quiet, GUINT_TO_POINTER(uid));
	ferry_told_drop_known(self);
}

/**
 * ferry_told_add_quiet:
 * @uid: a UID
 *
 * The client knows the flags of a message, but what told items say of it is to be told with the
 * next update.
 */
void
ferry_told_add_quiet(FerryTold *self, guint32 uid)
{
	if (uid >= self->next || !ferry_view_find_uid(self->view, uid, NULL))
		return;
	if (self->quiet == NULL)
		self->quiet = g_hash_table_new(NULL, NULL);
	g_hash_table_add(self->quiet, GUINT_TO_POINTER(uid));
}

static gboolean
has_quiet(FerryTold *self)
{
	return self->quiet != NULL && g_hash_table_size(self->quiet) > 0;
}

/**
 * ferry_told_is_changed:
 * @uid: a UID
 *
 * Returns: whether the message changed and that is not told yet
 */
gboolean
ferry_told_is_changed(FerryTold *self, guint32 uid)
{
	return g_hash_table_contains(self->changed, GUINT_TO_POINTER(uid)) ||
	       (self->quiet != NULL && g_hash_table_contains(self->quiet, GUINT_TO_POINTER(uid)));
}

/* Whether there is anything of these kinds to tell. */
gboolean
ferry_told_has_some_news(FerryTold *self, FerryNews news)
{
	if ((news & FERRY_NEWS_EXPUNGES) && self->expunged->len > 0)
		return TRUE;
	if ((news & FERRY_NEWS_ARRIVALS) && ferry_told_has_arrivals(self))
		return TRUE;
	return (news & FERRY_NEWS_CHANGES) &&
	       (g_hash_table_size(self->changed) > 0 || has_quiet(self));
}

/**
 * ferry_told_has_news:
 *
 * Returns: whether there is anything to tell
 */
gboolean
ferry_told_has_news(FerryTold *self)
{
	return ferry_told_has_some_news(self, FERRY_NEWS_ALL);
}

/**
 * ferry_told_get_modseq:
 *
 * Returns: the highest MODSEQ up to which the client was told of everything, expunges included
 */
guint64
ferry_told_get_modseq(FerryTold *self)
{
	return ferry_view_get_highest_modseq(ferry_told_get_known_view(self));
}

/**
 * ferry_told_get_known_view:
 *
 * Returns: (transfer none): the newest view that the client was told of in full; the newest one
 *   where there is no news
 */
FerryView *
ferry_told_get_known_view(FerryTold *self)
{
	return self->known != NULL ? self->known : self->view;
}

/* Once the last news is told. */
void
ferry_told_drop_known(FerryTold *self)
{
	if (self->known != NULL && !ferry_told_has_news(self))
		g_clear_pointer(&self->known, ferry_view_unref);
}

/**
 * ferry_told_get_n_expunged:
 *
 * Returns: how many messages are gone without the client knowing
 */
gsize
ferry_told_get_n_expunged(FerryTold *self)
{
	return self->expunged->len;
}

/**
 * ferry_told_get_lag:
 *
 * Returns: how many things are kept for the client to be told
 */
gsize
ferry_told_get_lag(FerryTold *self)
{
	return self->expunged->len + g_hash_table_size(self->changed) +
	       (self->quiet != NULL ? g_hash_table_size(self->quiet) : 0);
}

gboolean
ferry_told_has_arrivals(FerryTold *self)
{
	return ferry_view_get_count(self->view) > self->n_in_view;
}

/* The expunged messages, which from now on are told: UIDs, and the numbers for `* n EXPUNGE` in
 * this order, each counted after those before it. */
void
ferry_told_take_expunged(FerryTold *self, GArray *uids, GArray *numbers)
{
	for (guint i = 0; i < self->expunged->len; i++) {
		guint32 number = ferry_told_number_of_expunged(self, i) - i;

		g_array_append_val(uids, ferry_told_nth_expunged(self, i)->row.uid);
		g_array_append_val(numbers, number);
	}
	g_ptr_array_set_size(self->expunged, 0);
}

/* The arrivals, which from now on are told. */
void
ferry_told_take_arrived(FerryTold *self, GArray *uids)
{
	guint32 count = ferry_view_get_count(self->view);

	for (guint32 row = self->n_in_view; row < count; row++) {
		guint32 uid = ferry_view_get_uid(self->view, row);

		g_array_append_val(uids, uid);
	}
	self->n_in_view = count;
	self->next = MAX(self->next, ferry_view_get_uidnext(self->view));
}

static int
compare_uids(gconstpointer a, gconstpointer b)
{
	guint32 x = *(const guint32 *)a, y = *(const guint32 *)b;

	return x < y ? -1 : x > y;
}

static void
take_uids(GHashTable *table, GArray *uids)
{
	GHashTableIter iter;
	gpointer key;

	g_hash_table_iter_init(&iter, table);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		guint32 uid = GPOINTER_TO_UINT(key);

		g_array_append_val(uids, uid);
	}
	g_hash_table_remove_all(table);
	g_array_sort(uids, compare_uids);
}

/* The messages with changed flags, which from now on are told. */
void
ferry_told_take_changed(FerryTold *self, GArray *uids)
{
	GHashTableIter iter;
	gpointer key;

	g_hash_table_iter_init(&iter, self->changed);
	while (self->quiet != NULL && g_hash_table_iter_next(&iter, &key, NULL))
		g_hash_table_remove(self->quiet, key);
	take_uids(self->changed, uids);
}

/* Those with known flags, once the changed ones were taken. */
void
ferry_told_take_quiet(FerryTold *self, GArray *uids)
{
	if (self->quiet != NULL)
		take_uids(self->quiet, uids);
	g_clear_pointer(&self->quiet, g_hash_table_unref);
}
