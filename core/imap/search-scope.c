/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which mailbox a search is about
 *
 * Specification: RFC 7377 §2: mailboxes that are not selected, and numbers beyond their end
 * Implementation: the selected mailbox as its client was told of it, or any other as it is. Several
 *   searches of one command share what the backend answers, so that it is asked once for all.
 */
#include "imap/search-private.h"

typedef struct {
	FerryMailbox *mailbox;
	FerryTold *told;
	char *name;
	GHashTable *answers; /* nullable: question to a set of Email ids */
	guint64 n_messages;
} Scope;

static void
scope_free(gpointer data)
{
	Scope *self = data;

	g_clear_object(&self->mailbox);
	g_clear_object(&self->told);
	g_clear_pointer(&self->answers, g_hash_table_unref);
	g_free(self->name);
	g_free(self);
}

static Scope *
peek_scope(FerryImapSearch *self)
{
	return g_object_get_data(G_OBJECT(self), "scope");
}

/**
 * ferry_imap_search_set_mailbox:
 * @self: a search that was not run yet
 * @mailbox: an open mailbox
 * @name: its name, as it is told
 *
 * Makes the search one of @mailbox, which need not be the selected one. The answer is then told in
 * UIDs, with the mailbox's name and UIDVALIDITY (RFC 7377 §2.1).
 */
void
ferry_imap_search_set_mailbox(FerryImapSearch *self, FerryMailbox *mailbox, const char *name)
{
	FerryImapSession *session = ferry_imap_search_get_session(self);
	Scope *scope = g_new0(Scope, 1);

	scope->mailbox = g_object_ref(mailbox);
	scope->name = g_strdup(name);
	if (mailbox == ferry_imap_session_get_mailbox(session))
		scope->told = g_object_ref(ferry_imap_session_get_told(session));
	else
		scope->told = ferry_told_new(ferry_mailbox_get_view(mailbox));
	g_object_set_data_full(G_OBJECT(self), "scope", scope, scope_free);
}

/**
 * ferry_imap_search_share_answers:
 * @self: a search with a mailbox of its own
 * @answers: (element-type utf8 GHashTable): what the backend answered; empty for the first search
 * @n_messages: how many messages all searches that share it are about
 *
 * Lets searches for the same in several mailboxes ask the backend once for all of an account.
 */
void
ferry_imap_search_share_answers(FerryImapSearch *self, GHashTable *answers, guint64 n_messages)
{
	Scope *scope = peek_scope(self);

	g_return_if_fail(scope != NULL && scope->answers == NULL);
	scope->answers = g_hash_table_ref(answers);
	scope->n_messages = n_messages;
}

GHashTable *
ferry_imap_search_peek_answers(FerryImapSearch *self, guint64 *n_messages)
{
	Scope *scope = peek_scope(self);

	if (scope == NULL || scope->answers == NULL)
		return NULL;
	*n_messages = scope->n_messages;
	return scope->answers;
}

/**
 * ferry_imap_search_get_mailbox:
 *
 * Returns: (transfer none) (nullable): the mailbox that is searched; %NULL where it is gone
 */
FerryMailbox *
ferry_imap_search_get_mailbox(FerryImapSearch *self)
{
	Scope *scope = peek_scope(self);

	return scope != NULL ? scope->mailbox
			     : ferry_imap_session_get_mailbox(ferry_imap_search_get_session(self));
}

/**
 * ferry_imap_search_get_told:
 *
 * Returns: (transfer none) (nullable): numbers and rows of the mailbox that is searched; %NULL
 *   where it is gone
 */
FerryTold *
ferry_imap_search_get_told(FerryImapSearch *self)
{
	Scope *scope = peek_scope(self);

	return scope != NULL ? scope->told
			     : ferry_imap_session_get_told(ferry_imap_search_get_session(self));
}

/* The name of a mailbox that was set; NULL: the selected one is searched. */
const char *
ferry_imap_search_get_mailbox_name(FerryImapSearch *self)
{
	Scope *scope = peek_scope(self);

	return scope != NULL ? scope->name : NULL;
}

/* Whether results are UIDs. */
gboolean
ferry_imap_search_tells_uids(FerryImapSearch *self)
{
	return peek_scope(self) != NULL ||
	       ferry_imap_command_is_uid(ferry_imap_search_get_command(self));
}

/* Numbers of another mailbox may be beyond its end (RFC 7377 §2). */
static GArray *
resolve_numbers(FerryTold *told, FerryImapSet *set)
{
	guint32 count = ferry_told_get_count(told);
	g_autoptr(FerryUidSet) numbers = ferry_imap_set_resolve(set, count);
	GArray *uids = g_array_new(FALSE, FALSE, sizeof(guint32));
	guint n_ranges;
	const FerryUidRange *ranges = ferry_uid_set_get_ranges(numbers, &n_ranges);

	for (guint i = 0; i < n_ranges; i++) {
		for (guint64 n = ranges[i].first; n <= MIN(ranges[i].last, count); n++) {
			guint32 uid = ferry_told_get_uid(told, (guint32)n);

			g_array_append_val(uids, uid);
		}
	}
	return uids;
}

/* The UIDs that a set of the program stands for. */
FerryUidSet *
ferry_imap_search_resolve(FerryImapSearch *self, FerryImapSet *set, gboolean uids, GError **error)
{
	FerryImapSession *session = ferry_imap_search_get_session(self);
	FerryTold *told = ferry_imap_search_get_told(self);
	gboolean selected = told == ferry_imap_session_get_told(session);
	gboolean saved = ferry_imap_set_is_saved_result(set);
	g_autoptr(GArray) resolved = NULL;

	if (saved && !selected) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID,
				    "$ stands for messages of the selected mailbox");
		return NULL;
	}
	if (!uids && !saved && selected)
		ferry_imap_command_use_numbers(ferry_imap_search_get_command(self));
	if (!uids && !saved && peek_scope(self) != NULL)
		resolved = resolve_numbers(told, set);
	else
		resolved = ferry_told_resolve(told, set, uids,
					      ferry_imap_session_get_saved_result(session), error);
	if (resolved == NULL)
		return NULL;
	return ferry_uid_set_new_from_array((const guint32 *)(gconstpointer)resolved->data,
					    resolved->len);
}
