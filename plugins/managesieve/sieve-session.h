/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <ferry-protocol.h>

#include "sieve-account.h"
#include "sieve-parser.h"

G_BEGIN_DECLS

#define SIEVE_TYPE_SESSION (sieve_session_get_type())
G_DECLARE_FINAL_TYPE(SieveSession, sieve_session, SIEVE, SESSION, GObject)

typedef struct _SieveCommand SieveCommand;
typedef void (*SieveCommandFunc)(SieveCommand *command);
/* @line is NULL where what came is no string */
typedef void (*SieveLineFunc)(SieveCommand *command, const char *line);

typedef enum {
	SIEVE_BEFORE_LOGIN = 1 << 0,
	SIEVE_AFTER_LOGIN = 1 << 1,
	SIEVE_ANY = SIEVE_BEFORE_LOGIN | SIEVE_AFTER_LOGIN,
} SievePhase;

typedef struct {
	const char *name;
	const char *arguments; /* s: string, n: number; in capitals where it may be missing */
	SievePhase phases;
	SieveCommandFunc run;
} SieveCommandDef;

/* One client. */
struct _SieveSession {
	GObject parent_instance;
	FerryService *service;       /* owned */
	FerryConnection *connection; /* owned */
	SieveParser *parser;
	SieveAccount *account; /* owned; NULL before login */
	char *user;
	SieveCommand *running;   /* NULL: none */
	SieveLineFunc line_func; /* the running command waits for a line */
	gboolean ended, leaving;
};

void sieve_session_serve(FerryConnection *connection, GObject *context, gpointer user_data);
gboolean sieve_session_can_start_tls(SieveSession *self);
gboolean sieve_session_sign_in(SieveSession *self, GObject *identity, GError **error);
void sieve_session_sign_out(SieveSession *self);
void sieve_session_bye(SieveSession *self, const char *code, const char *text);
void sieve_session_close(SieveSession *self);
void sieve_session_listen(SieveSession *self);
void sieve_session_next(SieveSession *self);
void sieve_session_write_capabilities(SieveSession *self);

/* what is written */
void sieve_session_write_string(SieveSession *self, const char *text, gssize length);
void sieve_session_write_answer(SieveSession *self, const char *status, const char *code,
				const char *text);

/* one command */
const SieveCommandDef *sieve_command_find(const char *name);
struct _SieveCommand {
	SieveSession *session; /* owned */
	const SieveCommandDef *def;
	GPtrArray *tokens; /* the command's name and its arguments */
	GCancellable *cancellable;
	gboolean waits;      /* for the client to take what was written */
	gboolean in_literal; /* which is not written to its end yet */
	gpointer data;       /* the handler's */
	GDestroyNotify data_free;
};

void sieve_command_run(SieveSession *session, GPtrArray *tokens);
const SieveToken *sieve_command_get_token(SieveCommand *self, guint nth);
char *sieve_command_dup_name(SieveCommand *self, guint nth, GError **error);
void sieve_command_set_data(SieveCommand *self, gpointer data, GDestroyNotify data_free);
void sieve_command_read_line(SieveCommand *self, const char *challenge, SieveLineFunc func);
/* Each ends the command. */
void sieve_command_ok(SieveCommand *self, const char *code, const char *text);
void sieve_command_end(SieveCommand *self);
void sieve_command_no(SieveCommand *self, const char *code, const char *text);
void sieve_command_fail(SieveCommand *self, const GError *error);

void sieve_authenticate(SieveCommand *command);
void sieve_capability(SieveCommand *command);
void sieve_check_script(SieveCommand *command);
void sieve_delete_script(SieveCommand *command);
void sieve_get_script(SieveCommand *command);
void sieve_have_space(SieveCommand *command);
void sieve_list_scripts(SieveCommand *command);
void sieve_logout(SieveCommand *command);
void sieve_noop(SieveCommand *command);
void sieve_put_script(SieveCommand *command);
void sieve_rename_script(SieveCommand *command);
void sieve_set_active(SieveCommand *command);
void sieve_starttls(SieveCommand *command);
void sieve_unauthenticate(SieveCommand *command);

G_END_DECLS
