/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imap/command.h"
#include "imap/parser.h"
#include "imap/session.h"
#include "imap/silent-private.h"

G_BEGIN_DECLS

struct _FerryImapSession {
	GObject parent_instance;
	FerryConnection *connection;
	FerryService *service;
	FerryRegistry *registry;
	FerryImapParser *parser;
	FerryImapWriter *writer;
	FerryPhase phase;
	gboolean ended;      /* the connection is closed */
	gboolean leaving;    /* BYE was written: nothing is read any more */
	GHashTable *enabled; /* names, a set */
	GHashTable *data;    /* name to SessionData */

	FerryAccountSession *account_session;
	char *user;

	FerryMailbox *mailbox;
	char *mailbox_name;
	gboolean examined;
	gboolean read_only;        /* examined, or nothing may be changed */
	FerryMailboxRights rights; /* as told */
	FerryTold *told;
	FerryUidSet *saved_result;
	const char *fetch_word;
	const FerryImapSilent *silent; /* STORE .SILENT runs: what it does need not be told */
	gboolean idling;               /* IDLE runs */
	gboolean detailed;             /* changes are told with what told items say */

	GPtrArray *running;             /* FerryImapCommand */
	GSource *ticker;                /* while commands take their time; see session-progress.c */
	guint64 reserved;               /* octets of the spool for the command being read or run */
	gboolean held;                  /* a complete command waits in the parser */
	FerryImapCommand *line_command; /* borrowed: it is running */
	FerryImapLineFunc line_func;
	gpointer line_data;

	gboolean wants_turn; /* a listener has something to write */
	GSource *turn;
	GCancellable *drain; /* not NULL: what was written waits for the client, and the turn too */
	FerryNews own_news;  /* what the command that runs did itself: it is told with its end */
	GArray *own; /* (element-type Own): what the command that runs added; NULL: nothing */
};

/* session-input.c */
void ferry_imap_session_listen(FerryImapSession *self);
void ferry_imap_session_read_line(FerryImapSession *self, FerryImapCommand *command,
				  const char *prompt, FerryImapLineFunc func, gpointer user_data);
void ferry_imap_session_command_done(FerryImapSession *self, FerryImapCommand *command,
				     const GError *error);
void ferry_imap_session_next(FerryImapSession *self);
gboolean ferry_imap_session_reserve_spool(FerryImapSession *self, guint64 octets, GError **error);
void ferry_imap_session_run_unasked(FerryImapSession *self, const FerryContribution *contribution,
				    GPtrArray *arguments);
void ferry_imap_session_release_spool(FerryImapSession *self);

/* session-progress.c */
void ferry_imap_session_watch_progress(FerryImapSession *self);
void ferry_imap_session_stop_progress(FerryImapSession *self);

/* session-text.c: what people read */
char *ferry_imap_session_dup_translation(FerryImapSession *self, const char *text);
void ferry_imap_session_write_text(FerryImapSession *self, const char *text);
void ferry_imap_session_write_answer(FerryImapSession *self, const char *tag, const char *status,
				     const char *code, const char *text);

/* session-mailbox.c */
/* Keywords that a client can name, in the list that is being written. */
void ferry_imap_write_keywords(FerryImapWriter *writer, FerryView *view);
void ferry_imap_session_write_permanent_flags(FerryImapSession *self);
void ferry_imap_session_set_silent(FerryImapSession *self, const FerryImapSilent *silent);
void ferry_imap_session_set_idling(FerryImapSession *self, gboolean idling);
void ferry_imap_session_tell_news(FerryImapSession *self, FerryNews news, gboolean with_uid);
char *ferry_imap_session_dup_response_code(FerryImapSession *self, FerryImapCommand *command,
					   const char *place);
void ferry_imap_session_write_details(FerryImapSession *self, FerryImapMessage *message,
				      FerryImapFetch *asked);
gboolean ferry_imap_session_shows_recent(FerryImapSession *self);

/* session-news.c: what is told when */
void ferry_imap_session_follow_account(FerryImapSession *self);
void ferry_imap_session_leave_account(FerryImapSession *self);
FerryNews ferry_imap_session_choose_news(FerryImapSession *self, FerryMoment moment,
					 FerryNews news);
/* Tells what may be told now that something happened, or is over. */
void ferry_imap_session_tell_now(FerryImapSession *self);
/* Before a tagged line: what listeners wait for. */
void ferry_imap_session_give_turn(FerryImapSession *self);
void ferry_imap_session_note_told(FerryImapSession *self, FerryImapUpdate *update);
void ferry_imap_session_forget_own(FerryImapSession *self);

/* session.c */
void ferry_imap_session_end(FerryImapSession *self);
void ferry_imap_session_write_greeting(FerryImapSession *self);

/* command.c */
FerryImapCommand *ferry_imap_command_new(FerryImapSession *session,
					 const FerryContribution *contribution, const char *tag,
					 GPtrArray *arguments);
void ferry_imap_command_run(FerryImapCommand *self);
void ferry_imap_command_cancel(FerryImapCommand *self);
void ferry_imap_command_give_turn(FerryImapCommand *self);
gboolean ferry_imap_command_lets_next(FerryImapCommand *self);
gboolean ferry_imap_command_uses_numbers(FerryImapCommand *self);
void ferry_imap_command_take_steps(FerryImapCommand *self, FerryImapTurnFunc func,
				   gpointer user_data);
void ferry_imap_command_run_hooks(FerryImapCommand *self);
const char *ferry_imap_command_get_response_code(FerryImapCommand *self);
const char *ferry_imap_command_get_text(FerryImapCommand *self);

G_END_DECLS
