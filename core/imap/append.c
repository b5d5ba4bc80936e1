/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages that commands bring
 *
 * Specification: RFC 9051 §6.3.12, RFC 3502 §3 (empty messages), RFC 4315 (APPENDUID), RFC 3516
 *   §4.4, RFC 4466 §2.2
 * Implementation: what was spooled is handed on as it is; append data elements make their messages
 *   one after the other
 */
#include "imap/append.h"

#include <errno.h>
#include <fcntl.h>

#include "account/flags.h"
#include "base/error.h"
#include "imap/assembly-private.h"
#include "imap/commands/commands-private.h"

typedef struct {
	FerryImapValue *values; /* LIST of messages, or one message */
	gboolean single;
	guint index;
	GPtrArray *messages;
	gboolean looping;
	gboolean waiting; /* for the assembly */
	GError *error;
} Making;

static void
making_free(gpointer data)
{
	Making *self = data;

	ferry_imap_value_unref(self->values);
	g_ptr_array_unref(self->messages);
	g_clear_error(&self->error);
	g_free(self);
}

static guint
count_messages(Making *self)
{
	return self->single ? 1 : ferry_imap_value_get_n_children(self->values);
}

/* LIST of flags, date-time, data */
static FerryImapValue *
get_message(Making *self)
{
	return self->single ? self->values : ferry_imap_value_get_child(self->values, self->index);
}

static gboolean
add_message(Making *self, FerryAppendMessage *message, GError **error)
{
	FerryImapValue *value = get_message(self);
	FerryImapValue *flag_list = ferry_imap_value_get_child(value, 0);
	FerryImapValue *date = ferry_imap_value_get_child(value, 1);
	FerryMessageFlags flags = 0;
	g_auto(GStrv) keywords = NULL;

	g_ptr_array_add(self->messages, message);
	if (flag_list != NULL) {
		g_auto(GStrv) names = ferry_imap_value_dup_strv(flag_list);

		if (!ferry_flags_parse((const char *const *)names, &flags, &keywords, error))
			return FALSE;
	}
	ferry_append_message_set_flags(message, flags, (const char *const *)keywords);
	if (date != NULL)
		ferry_append_message_set_received_at(message,
						     ferry_imap_value_get_time(date, NULL));
	return TRUE;
}

static gboolean
check_size(FerryImapSession *session, guint64 size, GError **error)
{
	guint64 limit = ferry_imap_session_get_append_limit(session);

	/* RFC 3502 §3: an empty message is how a client takes the command back */
	if (size == 0) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CANNOT,
				    "A message has at least one octet");
		return FALSE;
	}
	/* it was not larger when it was announced, but its lines were mended */
	if (limit != 0 && size > limit) {
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_TOO_BIG,
			    "Message with CRLF exceeds the limit append=%" G_GUINT64_FORMAT, limit);
		return FALSE;
	}
	return TRUE;
}

static FerryAppendMessage *
make_message(FerryImapValue *data, GError **error)
{
	int fd = ferry_imap_value_get_fd(data);
	g_autoptr(GBytes) bytes = NULL;

	if (fd >= 0) {
		fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		if (fd >= 0)
			return ferry_append_message_new_fd(fd, ferry_imap_value_get_size(data));
		g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "Spool file: %s",
			    g_strerror(errno));
		return NULL;
	}
	bytes = ferry_imap_value_dup_bytes(data, error);
	return bytes != NULL ? ferry_append_message_new_bytes(bytes) : NULL;
}

static gboolean
make_literal(FerryImapSession *session, Making *self, FerryImapValue *data, GError **error)
{
	FerryAppendMessage *message;

	if (!check_size(session, ferry_imap_value_get_size(data), error))
		return FALSE;
	message = make_message(data, error);
	return message != NULL && add_message(self, message, error);
}

static void make_next(GTask *task);

static void
assembled_cb(FerryImapAssembly *assembly, const GError *error, gpointer user_data)
{
	GTask *task = user_data;
	Making *self = g_task_get_task_data(task);
	FerryAppendMessage *message = NULL;

	if (error != NULL)
		self->error = g_error_copy(error);
	else
		message = ferry_imap_assembly_make_message(assembly, &self->error);
	if (message != NULL)
		add_message(self, message, &self->error);
	self->waiting = FALSE;
	self->index++;
	/* a module that ends at once must not nest */
	if (!self->looping)
		make_next(task);
	g_object_unref(task);
}

static void
assemble(GTask *task, FerryImapValue *element)
{
	FerryImapCommand *command = g_task_get_source_object(task);
	Making *self = g_task_get_task_data(task);
	const FerryContribution *contribution = ferry_imap_value_get_contribution(element);
	g_autoptr(FerryImapAssembly) assembly = ferry_imap_assembly_new(
		ferry_imap_command_get_session(command), assembled_cb, g_object_ref(task));

	self->waiting = TRUE;
	((FerryAppendDataFunc)contribution->func)(command, element, assembly,
						  contribution->user_data);
}

static void
make_next(GTask *task)
{
	FerryImapCommand *command = g_task_get_source_object(task);
	FerryImapSession *session = ferry_imap_command_get_session(command);
	Making *self = g_task_get_task_data(task);

	self->looping = TRUE;
	while (self->error == NULL && !self->waiting && self->index < count_messages(self)) {
		FerryImapValue *data = ferry_imap_value_get_child(get_message(self), 2);

		if (ferry_imap_value_get_contribution(data) != NULL)
			assemble(task, data);
		else if (make_literal(session, self, data, &self->error))
			self->index++;
	}
	self->looping = FALSE;
	if (self->waiting)
		return;
	if (self->error != NULL)
		g_task_return_error(task, g_steal_pointer(&self->error));
	else
		g_task_return_pointer(task, g_ptr_array_ref(self->messages),
				      (GDestroyNotify)g_ptr_array_unref);
}

/* Of the grammar's append-message, LIST of three, or append-messages, LIST of these. */
static gboolean
is_single(FerryImapValue *value)
{
	FerryImapValue *data = ferry_imap_value_get_child(value, 2);

	return data != NULL && ferry_imap_value_get_kind(data) != FERRY_IMAP_VALUE_LIST;
}

/**
 * ferry_imap_append_make_async:
 * @command: a command
 * @messages: an argument of the grammar term `append-message` or `append-messages`
 * @callback: called when the messages are complete
 * @user_data: for @callback
 *
 * Makes what the account can append of what a client sent, be it literals or append data elements
 * of modules (CATENATE).
 */
void
ferry_imap_append_make_async(FerryImapCommand *command, FerryImapValue *messages,
			     GAsyncReadyCallback callback, gpointer user_data)
{
	g_autoptr(GTask) task = g_task_new(command, NULL, callback, user_data);
	Making *self = g_new0(Making, 1);

	g_task_set_source_tag(task, ferry_imap_append_make_async);
	self->values = ferry_imap_value_ref(messages);
	self->single = is_single(messages);
	self->messages = g_ptr_array_new_with_free_func((GDestroyNotify)ferry_append_message_unref);
	g_task_set_task_data(task, self, making_free);
	make_next(task);
}

/**
 * ferry_imap_append_make_finish:
 * @command: a command
 * @result: what the callback was given
 * @error: return location; for ferry_imap_append_fail()
 *
 * Returns: (transfer full) (element-type FerryAppendMessage): the messages, in the order of the
 *   command
 */
GPtrArray *
ferry_imap_append_make_finish(FerryImapCommand *command, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}

/**
 * ferry_imap_append_make_code:
 * @outcome: of an operation that put messages into a mailbox
 *
 * Returns: (transfer full) (nullable): `APPENDUID validity uids` (RFC 4315 §3), without brackets;
 *   %NULL where no UIDs are known
 */
char *
ferry_imap_append_make_code(FerryOutcome *outcome)
{
	gsize n_uids;
	const guint32 *uids = ferry_outcome_get_target_uids(outcome, &n_uids);
	g_autofree char *set = NULL;

	if (n_uids == 0)
		return NULL;
	set = ferry_uid_array_to_string(uids, n_uids);
	return g_strdup_printf("APPENDUID %u %s", ferry_outcome_get_uidvalidity(outcome), set);
}

/**
 * ferry_imap_append_tell_name:
 * @command: a command that put something into a mailbox
 * @index: the argument that names it
 *
 * Tells the name of the mailbox, where the client called it otherwise (RFC 9051 §6.3.12).
 */
void
ferry_imap_append_tell_name(FerryImapCommand *command, guint index)
{
	g_autofree char *name = ferry_imap_dup_real_name(command, index);
	const char *written = ferry_imap_get_other_name(command, index, name);

	if (written != NULL)
		ferry_imap_tell_new_name(command, name, written);
}

/* The tree is as deep as a grammar says, whoever sent it. */
static gboolean
has_binary(FerryImapValue *value)
{
	if (value == NULL)
		return FALSE;
	for (guint i = 0; i < ferry_imap_value_get_n_children(value); i++)
		if (has_binary(ferry_imap_value_get_child(value, i)))
			return TRUE;
	return ferry_imap_value_is_binary(value);
}

/**
 * ferry_imap_append_fail:
 * @command: a command
 * @messages: its argument with the messages
 * @error: why they were not appended
 *
 * Ends the command. Content that the backend does not take has a code of its own where it came as
 * binary (UNKNOWN-CTE, RFC 3516 §4.4).
 */
void
ferry_imap_append_fail(FerryImapCommand *command, FerryImapValue *messages, const GError *error)
{
	g_autoptr(GError) copy = g_error_copy(error);

	if (g_error_matches(error, FERRY_ERROR, FERRY_ERROR_CANNOT) && has_binary(messages))
		copy->code = FERRY_ERROR_UNKNOWN_CTE;
	ferry_imap_command_fail(command, copy);
}
