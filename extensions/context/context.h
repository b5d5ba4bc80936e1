/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ferry.h>

#define CONTEXT_SETTINGS "extension context"
/* the results of all contexts of a session that are sorted */
#define CONTEXT_MAX_SORTED 50000

typedef struct _ContextSession ContextSession;

/* A search whose results are kept up to date. */
typedef struct {
	guint ref_count;
	ContextSession *owner;     /* NULL once it ended */
	FerryImapCommand *command; /* nullable: until it is active its command keeps it */
	FerryImapCommand *judging; /* nullable: the same, while messages are judged */
	FerryImapSearch *search;   /* the command's, or one of several */
	char *tag;
	gboolean uid;
	GHashTable *results; /* UIDs that the client knows to match */
	GArray *order;       /* nullable: the same in the client's order; NULL: the mailbox's */
	GHashTable *dirty;   /* UIDs to be judged */
	GArray *judged;      /* nullable: UIDs that are being judged, or were */
	GArray *matches;     /* nullable: those of them that match; waits to be told */
} Context;

/* A message that joins the results or leaves them. */
typedef struct {
	guint32 uid;
	guint32 shown; /* in what the client is told: the UID or the number */
	guint place;   /* in the list, from 0 */
} ContextChange;

struct _ContextSession {
	FerryImapSession *session; /* borrowed: it owns this */
	GPtrArray *contexts;       /* (element-type Context) */
	gulong unselected;
};

/* context-session.c */
ContextSession *context_session_get(FerryImapSession *session);
ContextSession *context_session_ensure(FerryImapSession *session);
void context_session_forget(FerryImapSession *session, gpointer user_data);
Context *context_session_find(ContextSession *self, const char *tag);
void context_session_remove(ContextSession *self, Context *context);
gsize context_session_count_sorted(ContextSession *self);

/* context-order.c: sorted results */
void context_order_remove(Context *self, GArray *changes, GString *text);
void context_order_add(Context *self, GArray *changes, GString *text);

/* context.c */
Context *context_new(ContextSession *owner, FerryImapSearch *search);
Context *context_ref(Context *self);
void context_unref(Context *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Context, context_unref)
gboolean context_activate(Context *self);
void context_add_dirty(Context *self, const guint32 *uids, gsize n_uids);
GArray *context_take_dirty(Context *self, FerryTold *told);
void context_judge(Context *self);

/* context-tell.c */
void context_write(Context *self);
void context_write_expunged(Context *self, FerryImapUpdate *update);

/* context-command.c */
gboolean context_prepare_update(FerryImapSearch *search, FerryImapValue *arguments,
				gpointer user_data, GError **error);
void context_cancel(FerryImapCommand *command, gpointer user_data);
void context_listen(FerryImapSession *session, FerryImapEvent *event, gpointer user_data);
void context_write_refusal(FerryImapSession *session, const char *tag, const char *why);
gboolean context_update(FerryImapSession *session, FerryImapUpdate *update, FerryImapWriter *writer,
			gpointer user_data);
