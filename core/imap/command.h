/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "imap/session.h"
#include "imap/value.h"
#include "imap/writer.h"

G_BEGIN_DECLS

#define FERRY_TYPE_IMAP_COMMAND (ferry_imap_command_get_type())

/**
 * FerryImapCommand:
 *
 * One command of a client, with its arguments parsed by the grammar it was registered with. Its
 * handler writes untagged responses and ends it exactly once, at once or later, with
 * ferry_imap_command_finish() or ferry_imap_command_fail(); the tagged line is never the handler's.
 */
G_DECLARE_FINAL_TYPE(FerryImapCommand, ferry_imap_command, FERRY, IMAP_COMMAND, GObject)

/**
 * FerryImapCommandHook:
 * @command: the command
 * @user_data: (closure): as given
 *
 * Called before the tagged line of a command that succeeded, after its own responses; may write.
 */
typedef void (*FerryImapCommandHook)(FerryImapCommand *command, gpointer user_data);

/**
 * FerryImapLineFunc:
 * @command: the command
 * @line: what the client sent, without its line end
 * @user_data: (closure): as given
 *
 * Takes a line that continues a command (AUTHENTICATE, IDLE).
 */
typedef void (*FerryImapLineFunc)(FerryImapCommand *command, const char *line, gpointer user_data);

/**
 * FerryImapCommandStep:
 * @command: the command
 * @user_data: (closure): as given
 *
 * Something that a modifier wants done while a command runs, which may have to wait: it writes what
 * it has to write and calls ferry_imap_command_step_done(), at once or later.
 */
typedef void (*FerryImapCommandStep)(FerryImapCommand *command, gpointer user_data);

FerryImapSession *ferry_imap_command_get_session(FerryImapCommand *self);
FerryImapWriter *ferry_imap_command_get_writer(FerryImapCommand *self);
GCancellable *ferry_imap_command_get_cancellable(FerryImapCommand *self);
const char *ferry_imap_command_get_tag(FerryImapCommand *self);
const char *ferry_imap_command_get_name(FerryImapCommand *self);
const char *ferry_imap_command_get_base_name(FerryImapCommand *self);
gboolean ferry_imap_command_is_uid(FerryImapCommand *self);
const FerryContribution *ferry_imap_command_get_contribution(FerryImapCommand *self);

/* Arguments, in the order of the grammar; NULL where an optional one was left out. */
guint ferry_imap_command_get_n_arguments(FerryImapCommand *self);
FerryImapValue *ferry_imap_command_get_argument(FerryImapCommand *self, guint index);
const char *ferry_imap_command_get_string(FerryImapCommand *self, guint index);

/* The UIDs that a set argument names in the selected mailbox, ascending. */
GArray *ferry_imap_command_resolve_set(FerryImapCommand *self, guint index, GError **error);

/* The end. A response code is without brackets; the first one that is set wins. */
void ferry_imap_command_set_response_code(FerryImapCommand *self, const char *code);
void ferry_imap_command_set_text(FerryImapCommand *self, const char *text);
void ferry_imap_command_finish(FerryImapCommand *self);
void ferry_imap_command_fail(FerryImapCommand *self, const GError *error);
void ferry_imap_command_fail_new(FerryImapCommand *self, FerryError code, const char *format, ...)
	G_GNUC_PRINTF(3, 4);

/* Failures on the way: something that a command calls could not do its part. The command goes on,
 * and its tagged answer is the first of them where its handler knows of none. */
void ferry_imap_command_set_error(FerryImapCommand *self, const GError *error);
const GError *ferry_imap_command_get_error(FerryImapCommand *self);
gboolean ferry_imap_command_is_done(FerryImapCommand *self);

/* How long it runs, and how far it is, for those who listen. */
gint64 ferry_imap_command_get_running_time(FerryImapCommand *self);
void ferry_imap_command_set_progress(FerryImapCommand *self, guint64 done, guint64 total);
gboolean ferry_imap_command_get_progress(FerryImapCommand *self, guint64 *done, guint64 *total);

/* State of a command that waits; destroyed with the command. */
void ferry_imap_command_set_data(FerryImapCommand *self, gpointer data, GDestroyNotify destroy);
gpointer ferry_imap_command_get_data(FerryImapCommand *self);
void ferry_imap_command_set_named_data(FerryImapCommand *self, const char *name, gpointer data,
				       GDestroyNotify destroy);
gpointer ferry_imap_command_get_named_data(FerryImapCommand *self, const char *name);

/* What a FETCH, SEARCH or STORE runs on, so that modifiers can reach it. */
void ferry_imap_command_set_operation(FerryImapCommand *self, GObject *operation);
GObject *ferry_imap_command_get_operation(FerryImapCommand *self);

/* Applies the modifiers in a list argument (LIST of ITEM values; NULL is none). */
gboolean ferry_imap_command_apply_modifiers(FerryImapCommand *self, FerryImapValue *modifiers,
					    GError **error);
void ferry_imap_command_add_hook(FerryImapCommand *self, FerryImapCommandHook hook,
				 gpointer user_data, GDestroyNotify destroy);

/* FETCH and LIST take their steps before the first message or mailbox, SELECT before its tagged
 * line. */
void ferry_imap_command_add_step(FerryImapCommand *self, FerryImapCommandStep step,
				 gpointer user_data, GDestroyNotify destroy);
void ferry_imap_command_step_done(FerryImapCommand *self, const GError *error);

/* No expunge is told while it runs, as with commands of the ordering NUMBERS. */
void ferry_imap_command_use_numbers(FerryImapCommand *self);

/* Lets the next command start while this one runs, where it has the same name: for reads that do
 * not affect each other (RFC 9051 §5.5), so that pipelined ones share requests. */
void ferry_imap_command_allow_next(FerryImapCommand *self);

/**
 * FerryImapTurnFunc:
 * @user_data: (closure): as given
 *
 * Called when those before a command are over, and it may write.
 */
typedef void (*FerryImapTurnFunc)(gpointer user_data);

/* A command that let others start, or was started beside one, writes when those before it are over:
 * answers come in the order of the commands, as clients expect who see no reason to sort them. */
void ferry_imap_command_wait_turn(FerryImapCommand *self, FerryImapTurnFunc func,
				  gpointer user_data);

/* Continuation: `+ text`, then one line of the client. */
void ferry_imap_command_read_line(FerryImapCommand *self, const char *prompt,
				  FerryImapLineFunc func, gpointer user_data);

G_END_DECLS
