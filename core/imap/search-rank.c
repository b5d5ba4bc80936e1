/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The order of a search's results, for who keeps it
 *
 * Specification: RFC 5267 §4.3 (positions in sorted results)
 * Implementation: the command that put the results into order says how it compares two messages,
 *   and what it has to know of one; both live as long as the command. Who keeps the results up to
 *   date asks it, and finds the places itself.
 */
#include "imap/search-private.h"

typedef struct {
	FerryNeeds needs;
	FerryImapSearchMessageFunc learn;
	FerryImapSearchCompareFunc compare;
	FerryImapSearchForgetFunc forget;
	gpointer user_data;
} Ranking;

static const Ranking *
peek_ranking(FerryImapSearch *self)
{
	return g_object_get_data(G_OBJECT(self), "ranking");
}

/**
 * ferry_imap_search_set_ranking:
 * @self: a search that ran, and whose results are in order
 * @needs: what @learn wants to have of a message
 * @learn: (scope forever): remembers what a message is ordered by
 * @compare: (scope forever): compares two messages that are results or were learnt
 * @forget: (scope forever): forgets a message
 * @user_data: for all of them; lives as long as the command
 *
 * For commands that order their results by what never changes of a message, so that they can be
 * kept in order when messages join them.
 */
void
ferry_imap_search_set_ranking(FerryImapSearch *self, FerryNeeds needs,
			      FerryImapSearchMessageFunc learn, FerryImapSearchCompareFunc compare,
			      FerryImapSearchForgetFunc forget, gpointer user_data)
{
	Ranking *ranking = g_new0(Ranking, 1);

	*ranking = (Ranking){needs, learn, compare, forget, user_data};
	g_object_set_data_full(G_OBJECT(self), "ranking", ranking, g_free);
}

/**
 * ferry_imap_search_is_ranked:
 * @self: a search
 *
 * Returns: whether its results are in an order that can be kept
 */
gboolean
ferry_imap_search_is_ranked(FerryImapSearch *self)
{
	return peek_ranking(self) != NULL;
}

/**
 * ferry_imap_search_learn_async:
 * @self: a search that is ranked, and ran again
 * @uids: (array length=n_uids): those of the matches that were no results before, ascending
 * @n_uids: how many
 * @cancellable: (nullable): to give up
 * @callback: (scope async): called when they can be compared
 * @user_data: for @callback
 *
 * Reads what messages are ordered by, as ferry_imap_search_read_async() does; those that are gone
 * leave the matches. Ends with ferry_imap_search_read_finish().
 */
void
ferry_imap_search_learn_async(FerryImapSearch *self, const guint32 *uids, gsize n_uids,
			      GCancellable *cancellable, GAsyncReadyCallback callback,
			      gpointer user_data)
{
	const Ranking *ranking = peek_ranking(self);

	ferry_imap_search_read_async(self, uids, n_uids, ranking->needs, ranking->learn,
				     ranking->user_data, NULL, cancellable, callback, user_data);
}

/**
 * ferry_imap_search_compare:
 * @self: a search that is ranked
 * @left: UID of a message that is a result or was learnt
 * @right: UID of another
 *
 * Returns: less than 0 where @left comes first, more than 0 where @right does; 0 for one and the
 *   same
 */
int
ferry_imap_search_compare(FerryImapSearch *self, guint32 left, guint32 right)
{
	const Ranking *ranking = peek_ranking(self);

	return ranking->compare(self, left, right, ranking->user_data);
}

/**
 * ferry_imap_search_forget:
 * @self: a search that is ranked
 * @uid: UID of a message that was a result or was learnt
 *
 * Lets the command forget what the message is ordered by; it may be learnt again.
 */
void
ferry_imap_search_forget(FerryImapSearch *self, guint32 uid)
{
	const Ranking *ranking = peek_ranking(self);

	ranking->forget(self, uid, ranking->user_data);
}
