/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands: the table, their arguments, their ends
 *
 * Specification: RFC 5804 §2, §4
 */
#include "sieve-error.h"
#include "sieve-names.h"
#include "sieve-session.h"

static const SieveCommandDef commands[] = {
	{"AUTHENTICATE", "sS", SIEVE_BEFORE_LOGIN, sieve_authenticate},
	{"CAPABILITY", "", SIEVE_ANY, sieve_capability},
	{"CHECKSCRIPT", "s", SIEVE_AFTER_LOGIN, sieve_check_script},
	{"DELETESCRIPT", "s", SIEVE_AFTER_LOGIN, sieve_delete_script},
	{"GETSCRIPT", "s", SIEVE_AFTER_LOGIN, sieve_get_script},
	{"HAVESPACE", "sn", SIEVE_AFTER_LOGIN, sieve_have_space},
	{"LISTSCRIPTS", "", SIEVE_AFTER_LOGIN, sieve_list_scripts},
	{"LOGOUT", "", SIEVE_ANY, sieve_logout},
	{"NOOP", "S", SIEVE_ANY, sieve_noop},
	{"PUTSCRIPT", "ss", SIEVE_AFTER_LOGIN, sieve_put_script},
	{"RENAMESCRIPT", "ss", SIEVE_AFTER_LOGIN, sieve_rename_script},
	{"SETACTIVE", "s", SIEVE_AFTER_LOGIN, sieve_set_active},
	{"STARTTLS", "", SIEVE_BEFORE_LOGIN, sieve_starttls},
	{"UNAUTHENTICATE", "", SIEVE_AFTER_LOGIN, sieve_unauthenticate},
};

/* @name is in capitals. */
const SieveCommandDef *
sieve_command_find(const char *name)
{
	for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
		if (g_str_equal(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static const char *
check_arguments(const SieveCommandDef *def, GPtrArray *tokens)
{
	guint i;

	for (i = 0; def->arguments[i] != '\0'; i++) {
		const SieveToken *token = i + 1 < tokens->len ? tokens->pdata[i + 1] : NULL;
		char kind = def->arguments[i];

		if (token == NULL)
			return g_ascii_isupper(kind) ? NULL : "An argument is missing";
		if (g_ascii_tolower(kind) == 's' && token->type != SIEVE_TOKEN_STRING)
			return "A string is wanted: quoted, or as a literal";
		if (kind == 'n' && token->type != SIEVE_TOKEN_NUMBER)
			return "A number is wanted";
	}
	return tokens->len > i + 1 ? "Too many arguments" : NULL;
}

static const char *
why_not(SieveSession *session, const SieveCommandDef *def, GPtrArray *tokens)
{
	SievePhase phase = session->account != NULL ? SIEVE_AFTER_LOGIN : SIEVE_BEFORE_LOGIN;

	if (def == NULL)
		return "Unknown command";
	if (!(def->phases & phase))
		return phase == SIEVE_BEFORE_LOGIN ? "Sign in first" : "Already signed in";
	return check_arguments(def, tokens);
}

/* Runs the command that @tokens are, or refuses it. */
void
sieve_command_run(SieveSession *session, GPtrArray *tokens)
{
	const SieveToken *first = tokens->len > 0 ? tokens->pdata[0] : NULL;
	const SieveCommandDef *def = NULL;
	const char *reason = "A command begins with its name";
	SieveCommand *self;

	if (first != NULL && first->type == SIEVE_TOKEN_ATOM) {
		def = sieve_command_find(sieve_token_get_text(first));
		reason = why_not(session, def, tokens);
	}
	if (reason != NULL) {
		sieve_session_write_answer(session, "NO", NULL, reason);
		return;
	}
	self = g_new0(SieveCommand, 1);
	self->session = g_object_ref(session);
	self->def = def;
	self->tokens = g_ptr_array_ref(tokens);
	self->cancellable = g_cancellable_new();
	session->running = self;
	def->run(self);
}

static void
finish(SieveCommand *self, const char *status, const char *code, const char *text)
{
	g_autoptr(SieveSession) session = self->session;

	session->running = NULL;
	session->line_func = NULL;
	if (self->data_free != NULL)
		self->data_free(self->data);
	g_object_unref(self->cancellable);
	g_ptr_array_unref(self->tokens);
	g_free(self);
	/* nothing follows a BYE */
	if (session->leaving)
		return;
	if (status != NULL)
		sieve_session_write_answer(session, status, code, text);
	if (ferry_service_is_stopping(session->service))
		sieve_session_bye(session, "TRYLATER", "Server is shutting down");
	sieve_session_next(session);
}

void
sieve_command_ok(SieveCommand *self, const char *code, const char *text)
{
	finish(self, "OK", code, text);
}

/* For a command whose answer is written already. */
void
sieve_command_end(SieveCommand *self)
{
	finish(self, NULL, NULL, NULL);
}

void
sieve_command_no(SieveCommand *self, const char *code, const char *text)
{
	finish(self, "NO", code, text);
}

void
sieve_command_fail(SieveCommand *self, const GError *error)
{
	g_autoptr(SieveAnswer) answer = NULL;

	/* who left is told nothing, and that a command was cancelled for it is no news */
	if (self->session->ended) {
		sieve_command_end(self);
		return;
	}
	answer = sieve_answer_new(error);
	finish(self, "NO", answer->code, answer->text);
}

/* The argument, or NULL. */
const SieveToken *
sieve_command_get_token(SieveCommand *self, guint nth)
{
	return nth + 1 < self->tokens->len ? self->tokens->pdata[nth + 1] : NULL;
}

/* The argument as the name of a script. */
char *
sieve_command_dup_name(SieveCommand *self, guint nth, GError **error)
{
	SieveAccount *account = self->session->account;
	/* none where the client left while the backend was asked */
	guint64 limit = account != NULL ? sieve_account_get_max_name(account) : SIEVE_MAX_NAME;
	gsize length;
	const guint8 *name = g_bytes_get_data(sieve_command_get_token(self, nth)->bytes, &length);

	return sieve_name_check(name, length, limit, error);
}

void
sieve_command_set_data(SieveCommand *self, gpointer data, GDestroyNotify data_free)
{
	self->data = data;
	self->data_free = data_free;
}

/* Sends a string and waits for one. */
void
sieve_command_read_line(SieveCommand *self, const char *challenge, SieveLineFunc func)
{
	SieveSession *session = self->session;

	session->line_func = func;
	sieve_session_write_string(session, challenge != NULL ? challenge : "", -1);
	ferry_connection_write_string(session->connection, "\r\n");
	sieve_session_next(session);
}
