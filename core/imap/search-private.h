/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imap/search.h"
#include "imap/window-private.h"
#include "jmap/value.h"

G_BEGIN_DECLS

typedef enum {
	SEARCH_AND,
	SEARCH_OR,
	SEARCH_NOT,
	SEARCH_SET,
	SEARCH_KEY,
} SearchNodeKind;

/* One node of a search program. */
typedef struct {
	SearchNodeKind kind;
	GPtrArray *children; /* (element-type SearchNode) */
	FerryUidSet *uids;   /* of a set */
	const FerryContribution *contribution;
	FerryImapValue *arguments;
	FerryNeeds needs;
	FerryJmapValue *filter;   /* nullable: what Email/query would answer this key with */
	FerryUidSet *server_uids; /* nullable: what it did answer */
	guint32 server_uidnext;   /* messages from here on were not there when it was asked */
	gboolean exact;           /* under NOT: an index must not decide */
	gboolean fuzzy;           /* an index is to decide */
} SearchNode;

typedef enum {
	SEARCH_FALSE,
	SEARCH_TRUE,
	SEARCH_UNKNOWN, /* needs more than is at hand */
} SearchVerdict;

/* search-run.c: finds the matches */
void ferry_imap_search_find_async(FerryImapSearch *self, GCancellable *cancellable,
				  GAsyncReadyCallback callback, gpointer user_data);
gboolean ferry_imap_search_find_finish(FerryImapSearch *self, GAsyncResult *result, GError **error);

/* search.c: the plan and the verdicts */
gboolean ferry_imap_search_plan(FerryImapSearch *self, FerryImapValue *charset,
				FerryImapValue *program, GError **error);
SearchVerdict ferry_imap_search_judge(FerryImapSearch *self, FerryImapMessage *message,
				      FerryNeeds have);
FerryNeeds ferry_imap_search_get_needs(FerryImapSearch *self);
FerryNeeds ferry_imap_search_get_light_needs(FerryImapSearch *self);
GPtrArray *ferry_imap_search_get_server_keys(FerryImapSearch *self);
void ferry_imap_search_set_result(FerryImapSearch *self, GArray *uids, GArray *numbers);
void ferry_imap_search_set_lost(FerryImapSearch *self);
void ferry_imap_search_set_returns(FerryImapSearch *self, gboolean extended,
				   FerryImapValue *returns);
gboolean ferry_imap_search_has_lost(FerryImapSearch *self);
FerryImapValue *ferry_imap_search_get_returns(FerryImapSearch *self);
FerryImapWindow *ferry_imap_search_peek_window(FerryImapSearch *self);

/* search-server.c: what the backend's index answers */
gboolean ferry_imap_search_should_ask(FerryImapSearch *self, FerryAccountSession *session,
				      guint n_candidates);
void ferry_imap_search_ask_async(FerryImapSearch *self, FerryMailbox *mailbox,
				 FerryAccountSession *session, guint n_candidates,
				 GCancellable *cancellable, GAsyncReadyCallback callback,
				 gpointer user_data);
void ferry_imap_search_ask_finish(FerryImapSearch *self, GAsyncResult *result);

/* search-scope.c: the mailbox */
GHashTable *ferry_imap_search_peek_answers(FerryImapSearch *self, guint64 *n_messages);
const char *ferry_imap_search_get_mailbox_name(FerryImapSearch *self);
gboolean ferry_imap_search_tells_uids(FerryImapSearch *self);
FerryUidSet *ferry_imap_search_resolve(FerryImapSearch *self, FerryImapSet *set, gboolean uids,
				       GError **error);

/* commands/search.c: the return option ALL */
void ferry_imap_search_write_all(FerryImapSearch *search, FerryImapValue *arguments,
				 FerryImapWriter *writer, gpointer user_data);

/* for the base keys */
void ferry_imap_search_set_key_data(FerryImapSearch *self, FerryImapValue *arguments, gpointer data,
				    GDestroyNotify destroy);
gpointer ferry_imap_search_get_key_data(FerryImapSearch *self, FerryImapValue *arguments);
void ferry_imap_search_set_filter(FerryImapSearch *self, FerryImapValue *arguments,
				  FerryJmapValue *filter);

/* search-keys.c, search-text.c, search-command.c */
gboolean ferry_imap_register_search_keys(FerryRegistry *registry, GError **error);
gboolean ferry_imap_register_search_text(FerryRegistry *registry, GError **error);
gboolean ferry_imap_register_search_returns(FerryRegistry *registry, GError **error);
gboolean ferry_imap_register_search(FerryRegistry *registry, GError **error);

G_END_DECLS
