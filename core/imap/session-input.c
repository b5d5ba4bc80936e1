/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands of a session: in, run, answered
 *
 * Specification: RFC 9051 §2.2, §5.5 (pipelining), §7 (tagged and continuation responses)
 * Implementation: commands run one after the other, in the order they came in. Those of one name
 *   whose handler allows it run side by side. While a command runs nothing is read: what is
 *   pipelined behind it waits in the kernel, and the client with it.
 */
#include <string.h>

#include "base/error.h"
#include "imap/errors.h"
#include "imap/session-private.h"

/* commands that may run side by side */
#define MAX_RUNNING 32

static void
write_error(FerryImapSession *self, const char *tag, const char *code, const GError *error)
{
	g_autoptr(FerryImapAnswer) answer =
		ferry_imap_answer_new(error, ferry_imap_writer_get_utf8(self->writer));

	ferry_imap_session_write_answer(self, tag, answer->status,
					code != NULL ? code : answer->code, answer->text);
}

static void
refuse(FerryImapSession *self, const char *name, const char *reason)
{
	g_autoptr(GError) error =
		g_error_new(FERRY_ERROR, FERRY_ERROR_INVALID, "%s%s%s", name != NULL ? name : "",
			    name != NULL ? ": " : "", reason);

	write_error(self, ferry_imap_parser_get_tag(self->parser), NULL, error);
}

static const FerryContribution *
find_command(FerryImapSession *self)
{
	const char *name = ferry_imap_parser_get_name(self->parser);

	if (name == NULL || *name == '\0' || strlen(name) > 64)
		return NULL;
	return ferry_registry_lookup(self->registry, FERRY_CONTRIBUTION_COMMAND, name);
}

static gboolean
check_rules(FerryImapSession *self, FerryImapCommand *command, GError **error)
{
	GPtrArray *rules = ferry_registry_list(self->registry, FERRY_CONTRIBUTION_ARGUMENT_RULE);

	for (guint i = 0; i < rules->len; i++) {
		const FerryContribution *rule = rules->pdata[i];

		if (g_strcmp0(rule->name, ferry_imap_command_get_name(command)) != 0 &&
		    g_strcmp0(rule->name, "*") != 0)
			continue;
		if (!((FerryArgumentRuleFunc)rule->func)(command, rule->user_data, error))
			return FALSE;
	}
	return TRUE;
}

static void
run_command(FerryImapSession *self, const FerryContribution *contribution, GPtrArray *arguments)
{
	g_autoptr(FerryImapCommand) command = ferry_imap_command_new(
		self, contribution, ferry_imap_parser_get_tag(self->parser), arguments);
	g_autoptr(GError) error = NULL;

	ferry_imap_parser_reset(self->parser);
	g_ptr_array_add(self->running, g_object_ref(command));
	if (check_rules(self, command, &error))
		ferry_imap_command_run(command);
	else
		ferry_imap_command_fail(command, error);
	if (self->running->len > 0)
		ferry_imap_session_watch_progress(self);
}

static const char *
why_not(FerryImapSession *self, const FerryContribution *contribution)
{
	if (ferry_imap_parser_get_tag(self->parser) == NULL)
		return "Invalid tag";
	if (contribution == NULL)
		return "Unknown command";
	if (self->phase == FERRY_PHASE_BEFORE_LOGIN)
		return "Sign in first";
	if (contribution->flags & FERRY_PHASE_SELECTED)
		return "No mailbox is selected";
	return "Not allowed now";
}

/* The parser holds a complete command. */
static void
start_command(FerryImapSession *self)
{
	const FerryContribution *contribution = find_command(self);
	const char *name = ferry_imap_parser_get_name(self->parser);
	FerryImapGrammarContext context = {
		.registry = self->registry,
		.utf8 = ferry_imap_writer_get_utf8(self->writer),
		.nesting = ferry_imap_session_get_limits(self)->nesting,
	};
	g_autoptr(GPtrArray) arguments = NULL;
	g_autoptr(GError) error = NULL;

	self->held = FALSE;
	if (ferry_imap_parser_get_tag(self->parser) == NULL || contribution == NULL ||
	    !(contribution->flags & self->phase)) {
		refuse(self, name, why_not(self, contribution));
		ferry_imap_session_release_spool(self);
		return;
	}
	arguments = ferry_imap_parser_parse_arguments(self->parser, contribution->grammar, &context,
						      &error);
	/* answers come in the order of the commands: it is looked at again when those before are
	 * over */
	if (arguments == NULL && self->running->len > 0) {
		self->held = TRUE;
		return;
	}
	if (arguments == NULL) {
		g_prefix_error(&error, "%s: ", name);
		ferry_imap_session_release_spool(self);
		write_error(self, ferry_imap_parser_get_tag(self->parser), NULL, error);
		return;
	}
	run_command(self, contribution, arguments);
}

/* Whether the complete command in the parser may start beside what runs. */
static gboolean
may_start(FerryImapSession *self)
{
	const char *name = ferry_imap_parser_get_name(self->parser);

	if (self->running->len >= MAX_RUNNING)
		return FALSE;
	for (guint i = 0; i < self->running->len; i++) {
		FerryImapCommand *command = self->running->pdata[i];

		if (!ferry_imap_command_lets_next(command) ||
		    g_strcmp0(ferry_imap_command_get_name(command), name) != 0)
			return FALSE;
	}
	return TRUE;
}

/* Whether nothing shall be read before a command ends. */
static gboolean
is_blocked(FerryImapSession *self)
{
	if (self->held)
		return TRUE;
	if (self->line_command != NULL)
		return FALSE;
	for (guint i = 0; i < self->running->len; i++)
		if (!ferry_imap_command_lets_next(self->running->pdata[i]))
			return TRUE;
	return self->running->len >= MAX_RUNNING;
}

/* Reading follows what runs. */
void
ferry_imap_session_next(FerryImapSession *self)
{
	if (self->ended || self->leaving)
		return;
	if (self->held && may_start(self)) {
		start_command(self);
		ferry_imap_writer_flush(self->writer);
	}
	if (is_blocked(self))
		ferry_connection_pause_input(self->connection);
	else
		ferry_connection_resume_input(self->connection);
}

static void
take_line(FerryImapSession *self)
{
	g_autoptr(FerryImapCommand) command = g_object_ref(self->line_command);
	g_autofree char *line = g_strdup(ferry_imap_parser_get_line(self->parser));
	FerryImapLineFunc func = self->line_func;

	self->line_command = NULL;
	ferry_imap_parser_reset(self->parser);
	ferry_imap_parser_set_line_mode(self->parser, FALSE);
	func(command, line, self->line_data);
	/* it may have been a password */
	explicit_bzero(line, strlen(line));
}

static void
take_result(FerryImapSession *self, FerryImapParseResult result, GError *error)
{
	switch (result) {
	case FERRY_IMAP_PARSE_MORE:
		break;
	case FERRY_IMAP_PARSE_CONTINUE:
		ferry_imap_writer_write_text(self->writer, "+ Go on\r\n");
		break;
	case FERRY_IMAP_PARSE_MALFORMED:
		ferry_imap_session_release_spool(self);
		write_error(self, ferry_imap_parser_get_tag(self->parser), NULL, error);
		break;
	case FERRY_IMAP_PARSE_FATAL:
		ferry_imap_session_bye(self, NULL, error->message);
		break;
	case FERRY_IMAP_PARSE_DONE:
		if (self->line_command != NULL)
			take_line(self);
		else if (may_start(self))
			start_command(self);
		else
			self->held = TRUE;
		break;
	}
}

static gsize
input_cb(FerryConnection *connection, const guint8 *data, gsize length, gpointer user_data)
{
	g_autoptr(FerryImapSession) self = g_object_ref(user_data);
	g_autoptr(GError) error = NULL;
	FerryImapParseResult result;
	gsize taken;

	if (self->leaving)
		return length;
	if (is_blocked(self)) {
		ferry_connection_pause_input(connection);
		return 0;
	}
	taken = ferry_imap_parser_feed(self->parser, data, length, &result, &error);
	take_result(self, result, error);
	if (self->ended || self->leaving)
		return taken;
	if (is_blocked(self))
		ferry_connection_pause_input(connection);
	if (taken == length || is_blocked(self))
		ferry_imap_writer_flush(self->writer);
	return taken;
}

/* Literals of other commands are not messages. */
static gboolean
mends_data(FerryImapSession *self, const FerryContribution *contribution)
{
	FerryAccountSession *account = ferry_imap_session_get_account_session(self);

	return account != NULL && ferry_account_session_mends_line_ends(account) &&
	       strstr(contribution->grammar, "append-message") != NULL;
}

static FerryImapLiteralUse
literal_cb(FerryImapParser *parser, guint64 size, gpointer user_data, GError **error)
{
	FerryImapSession *self = user_data;
	const FerryContribution *contribution = find_command(self);
	guint64 limit;
	gboolean mends;

	if (contribution == NULL || !(contribution->flags & self->phase) ||
	    !ferry_imap_parser_announces_data(parser, self->registry, contribution->grammar))
		return FERRY_IMAP_LITERAL_STRING;
	limit = ferry_imap_session_get_append_limit(self);
	if (limit != 0 && size > limit) {
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_TOO_BIG,
			    "Message exceeds the limit append=%" G_GUINT64_FORMAT, limit);
		return FERRY_IMAP_LITERAL_REFUSED;
	}
	mends = mends_data(self, contribution);
	/* nothing but LF would become twice as much */
	if (mends)
		size *= 2;
	if (!ferry_imap_session_reserve_spool(self, size, error))
		return FERRY_IMAP_LITERAL_REFUSED;
	return mends ? FERRY_IMAP_LITERAL_MENDED : FERRY_IMAP_LITERAL_DATA;
}

/* Until the command ends. */
gboolean
ferry_imap_session_reserve_spool(FerryImapSession *self, guint64 octets, GError **error)
{
	if (self->ended) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_UNAVAILABLE,
				    "Connection closed");
		return FALSE;
	}
	if (!ferry_service_reserve_spool(self->service, octets, error))
		return FALSE;
	self->reserved += octets;
	return TRUE;
}

void
ferry_imap_session_release_spool(FerryImapSession *self)
{
	if (self->reserved > 0)
		ferry_service_release_spool(self->service, self->reserved);
	self->reserved = 0;
}

void
ferry_imap_session_listen(FerryImapSession *self)
{
	const FerryLimits *limits = ferry_imap_session_get_limits(self);

	ferry_imap_parser_set_literal_func(self->parser, literal_cb, self);
	ferry_connection_set_input_limit(self->connection, limits->pipeline);
	ferry_connection_set_input_handler(self->connection, input_cb, self, NULL);
}

void
ferry_imap_session_read_line(FerryImapSession *self, FerryImapCommand *command, const char *prompt,
			     FerryImapLineFunc func, gpointer user_data)
{
	if (self->ended || self->leaving)
		return;
	self->line_command = command;
	self->line_func = func;
	self->line_data = user_data;
	ferry_imap_parser_set_line_mode(self->parser, TRUE);
	if (prompt != NULL) {
		ferry_imap_writer_write_text(self->writer, "+ ");
		ferry_imap_writer_write_text(self->writer, prompt);
		ferry_imap_writer_end_line(self->writer);
	}
	ferry_imap_writer_flush(self->writer);
	ferry_connection_resume_input(self->connection);
}

/* Whoever is the first that runs now writes; IDLE writes nothing. */
static void
give_next_turn(FerryImapSession *self)
{
	for (guint i = 0; i < self->running->len; i++) {
		if (self->running->pdata[i] == self->line_command)
			continue;
		ferry_imap_command_give_turn(self->running->pdata[i]);
		return;
	}
}

/* A command that no client sent has no answer but what it wrote. */
static void
unasked_done(FerryImapSession *self, const GError *error)
{
	if (error != NULL)
		g_debug("session: what nobody asked for failed: %s", error->message);
	if (self->ended || self->leaving)
		return;
	ferry_imap_session_next(self);
	ferry_imap_session_tell_now(self);
	ferry_imap_writer_flush(self->writer);
}

/* Runs a command of the session's own: without a tag. */
void
ferry_imap_session_run_unasked(FerryImapSession *self, const FerryContribution *contribution,
			       GPtrArray *arguments)
{
	g_autoptr(FerryImapCommand) command =
		ferry_imap_command_new(self, contribution, NULL, arguments);

	g_ptr_array_add(self->running, g_object_ref(command));
	ferry_imap_command_run(command);
}

/* EXPUNGE may follow a command that does not use numbers, while none that does is running. */
static gboolean
may_expunge_after(FerryImapSession *self, FerryImapCommand *command)
{
	if (ferry_imap_command_uses_numbers(command))
		return FALSE;
	for (guint i = 0; i < self->running->len; i++) {
		if (ferry_imap_command_uses_numbers(self->running->pdata[i]))
			return FALSE;
	}
	return TRUE;
}

static void
write_success(FerryImapSession *self, FerryImapCommand *command)
{
	const char *text = ferry_imap_command_get_text(command);
	g_autofree char *code = g_strdup(ferry_imap_command_get_response_code(command));
	g_autofree char *completed = NULL;

	if (code == NULL)
		code = ferry_imap_session_dup_response_code(
			self, command, ferry_imap_command_get_base_name(command));
	if (code == NULL)
		code = ferry_imap_session_dup_response_code(self, command, "*");
	if (text == NULL)
		text = completed =
			g_strconcat(ferry_imap_command_get_name(command), " completed", NULL);
	ferry_imap_session_write_answer(self, ferry_imap_command_get_tag(command), "OK", code,
					text);
}

/* The tagged answer, and what comes next. */
void
ferry_imap_session_command_done(FerryImapSession *self, FerryImapCommand *command,
				const GError *error)
{
	g_autoptr(FerryImapSession) alive = g_object_ref(self);
	g_autoptr(FerryImapCommand) kept = g_object_ref(command);

	if (self->line_command == command) {
		self->line_command = NULL;
		ferry_imap_parser_set_line_mode(self->parser, FALSE);
	}
	g_ptr_array_remove(self->running, command);
	give_next_turn(self);
	if (ferry_imap_command_get_tag(command) == NULL) {
		unasked_done(self, error);
		return;
	}
	ferry_imap_session_release_spool(self);
	if (self->ended)
		return;
	if (error == NULL)
		ferry_imap_command_run_hooks(command);
	ferry_imap_session_tell(self, may_expunge_after(self, command),
				ferry_imap_command_is_uid(command));
	ferry_imap_session_give_turn(self);
	ferry_imap_session_forget_own(self);
	if (error == NULL)
		write_success(self, command);
	else
		write_error(self, ferry_imap_command_get_tag(command),
			    ferry_imap_command_get_response_code(command), error);
	if (self->leaving) {
		ferry_imap_writer_flush(self->writer);
		ferry_connection_close(self->connection);
		return;
	}
	if (ferry_service_is_stopping(self->service) && self->running->len == 0) {
		ferry_imap_session_bye(self, "UNAVAILABLE", "Server is shutting down");
		return;
	}
	ferry_imap_session_next(self);
	ferry_imap_session_tell_now(self);
	ferry_imap_writer_flush(self->writer);
}
