/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ferry.h>

/* Events of RFC 5465 §5. */
typedef enum {
	NOTIFY_NOTHING = 0,
	NOTIFY_MESSAGE_NEW = 1 << 0,
	NOTIFY_MESSAGE_EXPUNGE = 1 << 1,
	NOTIFY_FLAG_CHANGE = 1 << 2,
	NOTIFY_ANNOTATION_CHANGE = 1 << 3, /* not supported, like all that are unknown */
	NOTIFY_MAILBOX_NAME = 1 << 4,
	NOTIFY_SUBSCRIPTION_CHANGE = 1 << 5,
	NOTIFY_UNKNOWN = 1 << 6,
	NOTIFY_FIRST_OTHER = 1 << 8, /* those of other modules, in the order of their names */
} NotifyEvents;

#define NOTIFY_MAX_OTHERS 20

#define NOTIFY_MESSAGE_EVENTS                                                                      \
	(NOTIFY_MESSAGE_NEW | NOTIFY_MESSAGE_EXPUNGE | NOTIFY_FLAG_CHANGE |                        \
	 NOTIFY_ANNOTATION_CHANGE)
#define NOTIFY_NAME_EVENTS (NOTIFY_MAILBOX_NAME | NOTIFY_SUBSCRIPTION_CHANGE)

/* What a client wants to be told of. */
typedef struct _NotifySet NotifySet;

/* What the question which events a mailbox has must know of it. */
typedef struct {
	const char *name;
	gboolean personal;   /* in the user's own account */
	gboolean subscribed; /* before or after the event */
} NotifyPlace;

/* set.c: event groups */
NotifySet *notify_set_new(FerryImapValue *groups, const char *const *others, GError **error);
void notify_set_free(NotifySet *self);
NotifyEvents notify_set_get_events(const NotifySet *self, const NotifyPlace *place);
NotifyEvents notify_set_get_all_events(const NotifySet *self);
NotifyEvents notify_set_get_selected(const NotifySet *self, gboolean *delayed);
FerryImapValue *notify_set_get_items(const NotifySet *self);
FerryWatch notify_set_get_watch(const NotifySet *self, const char *shared_prefix);
GPtrArray *notify_set_list_names(const NotifySet *self);
gboolean notify_set_names(const NotifySet *self, const char *name);
gboolean notify_set_wants(const NotifySet *self, const char *other, const NotifyPlace *place);
char *notify_make_bad_event(const char *const *others);

/* What happened in a mailbox and was not told yet. */
typedef struct {
	char *account_id;
	char *mailbox_id;
	NotifyEvents events;
	gboolean unseen;   /* the number of unseen messages is another */
	gboolean validity; /* UIDVALIDITY is */
	gboolean foreign;  /* others had a part in it, surely */
	GArray *arrived;   /* UIDs that a command of this session may have added; NULL: none */
} NotifyPending;

/* What NOTIFY knows of a session, once it was used. */
typedef struct {
	NotifySet *set;         /* NULL: NOTIFY NONE */
	FerryMailboxList *list; /* what the client knows of mailboxes */
	GHashTable *pending;    /* key → NotifyPending */
	GHashTable *fresh;      /* keys of mailboxes that came since and are not listed yet */
	GPtrArray *own_names;   /* what the session's own command changes; NULL: nothing */
	gboolean names_changed;
	gboolean overflow;
} NotifyWatch;

/* watch.c: sessions, events, turns */
NotifyWatch *notify_get_watch(FerryImapSession *session);
NotifyWatch *notify_start(FerryImapSession *session, NotifySet *set);
void notify_forget(FerryImapSession *session, gpointer user_data);
void notify_hear(FerryImapSession *session, FerryImapEvent *event, gpointer user_data);
FerryNews notify_choose(FerryImapSession *session, FerryMoment moment, FerryNews news,
			gpointer user_data);
gboolean notify_update(FerryImapSession *session, FerryImapUpdate *update, FerryImapWriter *writer,
		       gpointer user_data);

gboolean notify_choose_event(FerryImapSession *session, const char *event, FerryMailboxInfo *info,
			     gboolean wanted, gpointer user_data);

/* pending.c: STATUS of other mailboxes */
char *notify_make_key(const char *account_id, const char *mailbox_id);
void notify_pending_free(gpointer data);
void notify_note_messages(NotifyWatch *self, FerryImapSession *session, FerryImapEvent *event);
gboolean notify_write_pending(NotifyWatch *self, FerryImapSession *session);
gboolean notify_is_selected(FerryImapSession *session, const char *account_id,
			    const char *mailbox_id);
void notify_get_place(FerryMailboxInfo *info, NotifyPlace *place);

/* names.c: LIST of mailboxes that came, went, or are called otherwise */
gboolean notify_write_names(NotifyWatch *self, FerryImapSession *session, FerryMailboxList *list);

/* command.c */
void notify_run(FerryImapCommand *command, gpointer user_data);
gboolean notify_note_own_names(FerryImapCommand *command, gpointer user_data, GError **error);
