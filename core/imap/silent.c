/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What STORE .SILENT need not tell
 *
 * Specification: RFC 9051 §6.4.6: the client assumes that the flags are what it asked for; what
 *   others changed has to be told all the same
 * Implementation: a message counts as known where its new flags are those it had with the STORE
 *   applied. One change of the store may hold what others did too, so each message is looked at
 */
#include "imap/silent-private.h"

static int
compare_uids(gconstpointer a, gconstpointer b)
{
	guint32 x = *(const guint32 *)a, y = *(const guint32 *)b;

	return x < y ? -1 : x > y;
}

static gboolean
expects_flags(const FerryImapSilent *self, FerryMessageFlags before, FerryMessageFlags after)
{
	switch (self->mode) {
	case FERRY_FLAGS_ADD:
		return after == (before | self->flags);
	case FERRY_FLAGS_REMOVE:
		return after == (before & ~self->flags);
	default:
		return after == self->flags;
	}
}

static gboolean
expects_keyword(const FerryImapSilent *self, FerryView *before, guint32 keyword_set,
		const char *keyword)
{
	gboolean named = self->keywords != NULL &&
			 g_strv_contains((const char *const *)self->keywords, keyword);

	switch (self->mode) {
	case FERRY_FLAGS_ADD:
		return named || ferry_view_keyword_set_contains(before, keyword_set, keyword);
	case FERRY_FLAGS_REMOVE:
		return !named && ferry_view_keyword_set_contains(before, keyword_set, keyword);
	default:
		return named;
	}
}

/* Each keyword that either view or the STORE names is there where it is expected. */
static gboolean
expects_keywords(const FerryImapSilent *self, FerryView *before, guint32 old_set, FerryView *after,
		 guint32 new_set)
{
	const char *const *lists[] = {
		ferry_view_get_keyword_set(before, old_set),
		ferry_view_get_keyword_set(after, new_set),
		(const char *const *)self->keywords,
	};

	for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
		for (guint j = 0; lists[i] != NULL && lists[i][j] != NULL; j++) {
			const char *keyword = lists[i][j];

			if (ferry_view_keyword_set_contains(after, new_set, keyword) !=
			    expects_keyword(self, before, old_set, keyword))
				return FALSE;
		}
	}
	return TRUE;
}

/* Whether the client knows the flags of @uid in @after without being told, having known those in
 * @before. */
gboolean
ferry_imap_silent_covers(const FerryImapSilent *self, FerryView *before, FerryView *after,
			 guint32 uid)
{
	const FerryMessageRow *old_row, *new_row;
	guint32 old_index, new_index;

	if (!g_array_binary_search(self->uids, &uid, compare_uids, NULL) ||
	    !ferry_view_find_uid(before, uid, &old_index) ||
	    !ferry_view_find_uid(after, uid, &new_index))
		return FALSE;
	old_row = ferry_view_get_row(before, old_index);
	new_row = ferry_view_get_row(after, new_index);
	return expects_flags(self, (FerryMessageFlags)old_row->flags,
			     (FerryMessageFlags)new_row->flags) &&
	       expects_keywords(self, before, old_row->keyword_set, after, new_row->keyword_set);
}
