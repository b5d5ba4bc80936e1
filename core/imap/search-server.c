/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a search leaves to the backend's index
 *
 * Implementation: one Email/query for each key, in the mailbox; searches that share their answers
 *   ask about all mail of the account, once. A backend that cannot answer is no failure: the
 *   messages are read instead.
 */
#include "imap/search-private.h"

typedef struct {
	FerryMailbox *mailbox;
	FerryAccountSession *session;
	guint n_candidates;
	guint position; /* of the next key */
} Ask;

static void ask_next(GTask *task);

static void
ask_free(gpointer data)
{
	Ask *ask = data;

	g_object_unref(ask->mailbox);
	g_object_unref(ask->session);
	g_free(ask);
}

/* Whether the backend is to be asked about a key: those that want it, and texts where many messages
 * would have to be read for them. */
static gboolean
is_for_server(FerryImapSearch *self, SearchNode *node, FerryAccountSession *session,
	      guint n_candidates)
{
	guint64 n_messages = 0;

	if (node->fuzzy)
		return TRUE;
	if (ferry_imap_search_peek_answers(self, &n_messages) == NULL)
		n_messages = n_candidates;
	return !ferry_account_session_searches_exactly(session) &&
	       n_messages > ferry_account_session_get_text_scan_limit(session);
}

gboolean
ferry_imap_search_should_ask(FerryImapSearch *self, FerryAccountSession *session,
			     guint n_candidates)
{
	GPtrArray *keys = ferry_imap_search_get_server_keys(self);

	for (guint i = 0; i < keys->len; i++) {
		if (is_for_server(self, keys->pdata[i], session, n_candidates))
			return TRUE;
	}
	return FALSE;
}

static SearchNode *
get_node(GTask *task)
{
	Ask *ask = g_task_get_task_data(task);

	return g_ptr_array_index(ferry_imap_search_get_server_keys(g_task_get_source_object(task)),
				 ask->position);
}

static void
keep_answer(Ask *ask, SearchNode *node, GArray *uids)
{
	node->server_uids =
		ferry_uid_set_new_from_array((const guint32 *)(gconstpointer)uids->data, uids->len);
	ask->position++;
}

static void
take_answer(GTask *task, GArray *uids, const GError *error)
{
	Ask *ask = g_task_get_task_data(task);

	if (uids != NULL) {
		keep_answer(ask, get_node(task), uids);
	} else {
		g_info("the backend cannot search, reading messages instead: %s", error->message);
		ask->position++;
	}
	ask_next(task);
}

static void
query_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GArray) uids = ferry_mailbox_query_finish(FERRY_MAILBOX(object), result, &error);

	take_answer(user_data, uids, error);
}

static char *
make_question(Ask *ask, SearchNode *node)
{
	FerryMailboxInfo *info = ferry_mailbox_get_info(ask->mailbox);
	g_autofree char *filter = ferry_jmap_value_to_json(node->filter);

	return g_strconcat(ferry_mailbox_info_get_account_id(info), " ", filter, NULL);
}

static void
query_account_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	Ask *ask = g_task_get_task_data(task);
	guint64 n_messages;
	GHashTable *answers =
		ferry_imap_search_peek_answers(g_task_get_source_object(task), &n_messages);
	g_autoptr(GError) error = NULL;
	g_autoptr(GArray) uids = NULL;
	GHashTable *ids = ferry_mailbox_query_account_finish(FERRY_MAILBOX(object), result, &error);

	if (ids != NULL) {
		uids = ferry_mailbox_find_emails(ask->mailbox, ids);
		g_hash_table_replace(answers, make_question(ask, get_node(task)), ids);
	}
	take_answer(task, uids, error);
}

/* Whether the same was asked for another mailbox. */
static gboolean
remember_answer(Ask *ask, SearchNode *node, GHashTable *answers)
{
	g_autofree char *question = make_question(ask, node);
	GHashTable *ids = g_hash_table_lookup(answers, question);
	g_autoptr(GArray) uids = NULL;

	if (ids == NULL)
		return FALSE;
	uids = ferry_mailbox_find_emails(ask->mailbox, ids);
	keep_answer(ask, node, uids);
	return TRUE;
}

/* The next key that must be asked about; NULL: none is left. */
static SearchNode *
find_next(GTask *task, GHashTable *answers)
{
	Ask *ask = g_task_get_task_data(task);
	FerryImapSearch *self = g_task_get_source_object(task);
	GPtrArray *keys = ferry_imap_search_get_server_keys(self);

	while (ask->position < keys->len) {
		SearchNode *node = get_node(task);

		if (!is_for_server(self, node, ask->session, ask->n_candidates)) {
			ask->position++;
			continue;
		}
		node->server_uidnext = ferry_view_get_uidnext(ferry_mailbox_get_view(ask->mailbox));
		if (answers == NULL || !remember_answer(ask, node, answers))
			return node;
	}
	return NULL;
}

static void
ask_next(GTask *task)
{
	Ask *ask = g_task_get_task_data(task);
	guint64 n_messages;
	GHashTable *answers =
		ferry_imap_search_peek_answers(g_task_get_source_object(task), &n_messages);
	SearchNode *node = find_next(task, answers);

	if (node == NULL) {
		g_task_return_boolean(task, TRUE);
		g_object_unref(task);
	} else if (answers != NULL) {
		ferry_mailbox_query_account_async(ask->mailbox, ask->session, node->filter,
						  g_task_get_cancellable(task), query_account_cb,
						  task);
	} else {
		ferry_mailbox_query_async(ask->mailbox, ask->session, node->filter,
					  g_task_get_cancellable(task), query_cb, task);
	}
}

/* Asks about all keys that are for the index; their nodes keep what it answered. */
void
ferry_imap_search_ask_async(FerryImapSearch *self, FerryMailbox *mailbox,
			    FerryAccountSession *session, guint n_candidates,
			    GCancellable *cancellable, GAsyncReadyCallback callback,
			    gpointer user_data)
{
	GTask *task = g_task_new(self, cancellable, callback, user_data);
	Ask *ask = g_new0(Ask, 1);

	g_task_set_source_tag(task, ferry_imap_search_ask_async);
	g_task_set_check_cancellable(task, FALSE);
	ask->mailbox = g_object_ref(mailbox);
	ask->session = g_object_ref(session);
	ask->n_candidates = n_candidates;
	g_task_set_task_data(task, ask, ask_free);
	ask_next(task);
}

void
ferry_imap_search_ask_finish(FerryImapSearch *self, GAsyncResult *result)
{
	g_task_propagate_boolean(G_TASK(result), NULL);
}
