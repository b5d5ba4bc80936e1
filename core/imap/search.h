/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imap/command.h"
#include "imap/message.h"
#include "imap/uid-set.h"

G_BEGIN_DECLS

#define FERRY_TYPE_IMAP_SEARCH (ferry_imap_search_get_type())

/**
 * FerryImapSearch:
 *
 * One search while it is planned and evaluated; SORT and THREAD use it for their program.
 */
G_DECLARE_FINAL_TYPE(FerryImapSearch, ferry_imap_search, FERRY, IMAP_SEARCH, GObject)

FerryImapSearch *ferry_imap_search_new(FerryImapCommand *command);
FerryImapCommand *ferry_imap_search_get_command(FerryImapSearch *self);
FerryImapSession *ferry_imap_search_get_session(FerryImapSearch *self);

/* For prepare functions of keys. */
void ferry_imap_search_add_need(FerryImapSearch *self, FerryNeeds needs);
char *ferry_imap_search_dup_text(FerryImapSearch *self, FerryImapValue *text, GError **error);
gboolean ferry_imap_search_stand_for(FerryImapSearch *self, FerryImapValue *key, gboolean fuzzy,
				     GError **error);
gboolean ferry_imap_search_is_fuzzy(FerryImapSearch *self);

/* Which mailbox: the selected one, or another. */
void ferry_imap_search_set_mailbox(FerryImapSearch *self, FerryMailbox *mailbox, const char *name);
void ferry_imap_search_share_answers(FerryImapSearch *self, GHashTable *answers,
				     guint64 n_messages);
FerryMailbox *ferry_imap_search_get_mailbox(FerryImapSearch *self);
FerryTold *ferry_imap_search_get_told(FerryImapSearch *self);

/* For contributors to the answer: what it looks like. */
gboolean ferry_imap_search_is_extended(FerryImapSearch *self);
gboolean ferry_imap_search_returns(FerryImapSearch *self, const char *name);

/* For commands that search: options first, then run, then the answer, which ends the command. */
gboolean ferry_imap_search_prepare(FerryImapSearch *self, gboolean extended,
				   FerryImapValue *options, GError **error);
void ferry_imap_search_write(FerryImapSearch *self, const char *name);
void ferry_imap_search_answer(FerryImapSearch *self, const char *name);
void ferry_imap_search_succeed(FerryImapSearch *self);
void ferry_imap_search_fail(FerryImapSearch *self, const GError *error);

/* Finds the messages: @charset may be NULL, @program is the search-program argument. */
void ferry_imap_search_run_async(FerryImapSearch *self, FerryImapValue *charset,
				 FerryImapValue *program, GCancellable *cancellable,
				 GAsyncReadyCallback callback, gpointer user_data);
gboolean ferry_imap_search_run_finish(FerryImapSearch *self, GAsyncResult *result, GError **error);

/* Once more, for messages that arrived or changed since. */
void ferry_imap_search_run_again_async(FerryImapSearch *self, const guint32 *uids, gsize n_uids,
				       GCancellable *cancellable, GAsyncReadyCallback callback,
				       gpointer user_data);

/**
 * FerryImapSearchMessageFunc:
 * @search: the search
 * @message: a match, with what was asked for of it; lives only during the call
 * @user_data: (closure): as given
 *
 * Looks at one match.
 */
typedef void (*FerryImapSearchMessageFunc)(FerryImapSearch *search, FerryImapMessage *message,
					   gpointer user_data);

/**
 * FerryImapSearchCheckFunc:
 * @search: a search whose program was read
 * @user_data: (closure): as given
 * @error: return location
 *
 * Looks whether what was asked for fits together.
 *
 * Returns: %FALSE with @error set where it does not
 */
typedef gboolean (*FerryImapSearchCheckFunc)(FerryImapSearch *search, gpointer user_data,
					     GError **error);

/* Before it runs, for prepare functions of options and sort keys: looks at all matches once they
 * are found, before anything is told of them. */
void ferry_imap_search_add_look(FerryImapSearch *self, FerryNeeds needs,
				FerryImapSearchCheckFunc check, FerryImapSearchMessageFunc func,
				gpointer user_data);

/* Once it ran: looks at matches, ascending. Those that are gone leave the result. */
void ferry_imap_search_read_async(FerryImapSearch *self, const guint32 *uids, gsize n_uids,
				  FerryNeeds needs, FerryImapSearchMessageFunc func,
				  gpointer func_data, GDestroyNotify destroy,
				  GCancellable *cancellable, GAsyncReadyCallback callback,
				  gpointer user_data);
gboolean ferry_imap_search_read_finish(FerryImapSearch *self, GAsyncResult *result, GError **error);

/* The order in which the results are told; ascending without it. */
void ferry_imap_search_set_order(FerryImapSearch *self, const guint32 *order, gsize n_matches);

/**
 * FerryImapSearchCompareFunc:
 * @search: a search whose results are in order
 * @left: UID of a message
 * @right: UID of another
 * @user_data: (closure): as given
 *
 * Compares two messages of the order.
 *
 * Returns: less than 0 where @left comes first, more than 0 where @right does
 */
typedef int (*FerryImapSearchCompareFunc)(FerryImapSearch *search, guint32 left, guint32 right,
					  gpointer user_data);

/**
 * FerryImapSearchForgetFunc:
 * @search: a search whose results are in order
 * @uid: UID of a message
 * @user_data: (closure): as given
 *
 * Forgets what a message is ordered by.
 */
typedef void (*FerryImapSearchForgetFunc)(FerryImapSearch *search, guint32 uid, gpointer user_data);

/* An order that can be kept: the command that made it says how it compares. */
void ferry_imap_search_set_ranking(FerryImapSearch *self, FerryNeeds needs,
				   FerryImapSearchMessageFunc learn,
				   FerryImapSearchCompareFunc compare,
				   FerryImapSearchForgetFunc forget, gpointer user_data);
gboolean ferry_imap_search_is_ranked(FerryImapSearch *self);
void ferry_imap_search_learn_async(FerryImapSearch *self, const guint32 *uids, gsize n_uids,
				   GCancellable *cancellable, GAsyncReadyCallback callback,
				   gpointer user_data);
int ferry_imap_search_compare(FerryImapSearch *self, guint32 left, guint32 right);
void ferry_imap_search_forget(FerryImapSearch *self, guint32 uid);

/* Of the results only those from one place to another are told: 1 is the first, -1 the last. */
void ferry_imap_search_set_window(FerryImapSearch *self, gint64 first, gint64 last);
gboolean ferry_imap_search_has_window(FerryImapSearch *self);
const guint32 *ferry_imap_search_get_window(FerryImapSearch *self, gsize *n_results);
/* Once it ran: the UIDs that the return options name. */
GArray *ferry_imap_search_list_named(FerryImapSearch *self);

/* Once it ran: the matches and their numbers, in the order of the answer. */
const guint32 *ferry_imap_search_get_uids(FerryImapSearch *self, gsize *n_uids);
const guint32 *ferry_imap_search_get_numbers(FerryImapSearch *self, gsize *n_numbers);
/* What the result is told in: UIDs for UID SEARCH, else numbers. */
const guint32 *ferry_imap_search_get_results(FerryImapSearch *self, gsize *n_results);

G_END_DECLS
