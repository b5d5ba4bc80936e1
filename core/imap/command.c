/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One command of a client
 *
 * Specification: RFC 9051 §2.2, §6
 * Implementation: arguments, what handlers and modules keep with it, and the one end. Its tagged
 *   answer is written by session-input.c; what it waits for is in command-steps.c.
 */
#include "imap/command-private.h"

#include <string.h>

G_DEFINE_FINAL_TYPE(FerryImapCommand, ferry_imap_command, G_TYPE_OBJECT)

static void
ferry_imap_command_finalize(GObject *object)
{
	FerryImapCommand *self = FERRY_IMAP_COMMAND(object);

	if (self->destroy != NULL)
		self->destroy(self->data);
	g_clear_object(&self->operation);
	g_clear_pointer(&self->hooks, g_array_unref);
	g_clear_pointer(&self->steps, g_array_unref);
	g_ptr_array_unref(self->arguments);
	g_clear_object(&self->cancellable);
	g_clear_object(&self->session);
	g_clear_error(&self->error);
	g_free(self->response_code);
	g_free(self->text);
	g_free(self->tag);
	G_OBJECT_CLASS(ferry_imap_command_parent_class)->finalize(object);
}

static void
ferry_imap_command_class_init(FerryImapCommandClass *klass)
{
	G_OBJECT_CLASS(klass)->finalize = ferry_imap_command_finalize;
}

static void
ferry_imap_command_init(FerryImapCommand *self)
{
	self->cancellable = g_cancellable_new();
}

FerryImapCommand *
ferry_imap_command_new(FerryImapSession *session, const FerryContribution *contribution,
		       const char *tag, GPtrArray *arguments)
{
	FerryImapCommand *self = g_object_new(FERRY_TYPE_IMAP_COMMAND, NULL);

	self->session = g_object_ref(session);
	self->contribution = contribution;
	self->tag = g_strdup(tag);
	self->arguments = g_ptr_array_ref(arguments);
	return self;
}

void
ferry_imap_command_run(FerryImapCommand *self)
{
	FerryCommandFunc handler = (FerryCommandFunc)self->contribution->func;

	/* until it ends, whatever the handler waits for: see end() */
	self->started = TRUE;
	self->started_at = g_get_monotonic_time();
	g_object_ref(self);
	handler(self, self->contribution->user_data);
}

/* The connection is gone. The handler still ends the command; nobody hears of it. */
void
ferry_imap_command_cancel(FerryImapCommand *self)
{
	g_autoptr(FerryImapCommand) alive = g_object_ref(self);

	g_cancellable_cancel(self->cancellable);
}

const char *
ferry_imap_command_get_response_code(FerryImapCommand *self)
{
	return self->response_code;
}

const char *
ferry_imap_command_get_text(FerryImapCommand *self)
{
	return self->text;
}

/**
 * ferry_imap_command_get_session:
 *
 * Returns: (transfer none): the session
 */
FerryImapSession *
ferry_imap_command_get_session(FerryImapCommand *self)
{
	return self->session;
}

/**
 * ferry_imap_command_get_writer:
 *
 * Returns: (transfer none): where its responses go
 */
FerryImapWriter *
ferry_imap_command_get_writer(FerryImapCommand *self)
{
	return ferry_imap_session_get_writer(self->session);
}

/**
 * ferry_imap_command_get_cancellable:
 *
 * Returns: (transfer none): cancelled when the connection is gone
 */
GCancellable *
ferry_imap_command_get_cancellable(FerryImapCommand *self)
{
	return self->cancellable;
}

/**
 * ferry_imap_command_get_tag:
 *
 * Returns: (nullable): the tag; %NULL where no client sent it (ferry_imap_session_write_fetch())
 */
const char *
ferry_imap_command_get_tag(FerryImapCommand *self)
{
	return self->tag;
}

/**
 * ferry_imap_command_get_name:
 *
 * Returns: the name as registered: `UID FETCH`
 */
const char *
ferry_imap_command_get_name(FerryImapCommand *self)
{
	return self->contribution->name;
}

/**
 * ferry_imap_command_get_base_name:
 *
 * Returns: the name without `UID`
 */
const char *
ferry_imap_command_get_base_name(FerryImapCommand *self)
{
	return self->contribution->name + (ferry_imap_command_is_uid(self) ? strlen("UID ") : 0);
}

/**
 * ferry_imap_command_is_uid:
 *
 * Returns: whether it is a UID command
 */
gboolean
ferry_imap_command_is_uid(FerryImapCommand *self)
{
	return g_str_has_prefix(self->contribution->name, "UID ");
}

/**
 * ferry_imap_command_get_contribution:
 *
 * Returns: (transfer none): how it was registered
 */
const FerryContribution *
ferry_imap_command_get_contribution(FerryImapCommand *self)
{
	return self->contribution;
}

/**
 * ferry_imap_command_get_n_arguments:
 *
 * Returns: how many slots its grammar has
 */
guint
ferry_imap_command_get_n_arguments(FerryImapCommand *self)
{
	return self->arguments->len;
}

/**
 * ferry_imap_command_get_argument:
 * @index: from 0, in the order of the grammar
 *
 * Returns: (transfer none) (nullable): an argument; %NULL where it was left out
 */
FerryImapValue *
ferry_imap_command_get_argument(FerryImapCommand *self, guint index)
{
	return index < self->arguments->len ? self->arguments->pdata[index] : NULL;
}

/**
 * ferry_imap_command_get_string:
 * @index: from 0, in the order of the grammar
 *
 * Returns: (nullable): the text of an argument
 */
const char *
ferry_imap_command_get_string(FerryImapCommand *self, guint index)
{
	FerryImapValue *value = ferry_imap_command_get_argument(self, index);

	return value != NULL ? ferry_imap_value_get_text(value) : NULL;
}

/**
 * ferry_imap_command_resolve_set:
 * @index: of a sequence-set
 * @error: return location; %FERRY_ERROR_INVALID
 *
 * Returns: (transfer full) (element-type guint32): the UIDs in the selected mailbox that it names,
 *   ascending
 */
GArray *
ferry_imap_command_resolve_set(FerryImapCommand *self, guint index, GError **error)
{
	FerryImapValue *value = ferry_imap_command_get_argument(self, index);
	FerryTold *told = ferry_imap_session_get_told(self->session);

	if (told == NULL || value == NULL || ferry_imap_value_get_set(value) == NULL) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID,
				    "No mailbox is selected");
		return NULL;
	}
	return ferry_told_resolve(told, ferry_imap_value_get_set(value),
				  ferry_imap_command_is_uid(self),
				  ferry_imap_session_get_saved_result(self->session), error);
}

/**
 * ferry_imap_command_set_response_code:
 * @code: without brackets
 *
 * Sets the response code of the tagged answer, whatever that says otherwise; the first one stays.
 */
void
ferry_imap_command_set_response_code(FerryImapCommand *self, const char *code)
{
	if (self->response_code == NULL)
		self->response_code = g_strdup(code);
}

/**
 * ferry_imap_command_set_text:
 * @text: printable text
 *
 * Sets the text of the tagged OK.
 */
void
ferry_imap_command_set_text(FerryImapCommand *self, const char *text)
{
	g_free(self->text);
	self->text = g_strdup(text);
}

static void
end(FerryImapCommand *self, const GError *error)
{
	g_return_if_fail(!self->done);
	self->done = TRUE;
	ferry_imap_session_command_done(self->session, self, error != NULL ? error : self->error);
	if (self->started)
		g_object_unref(self);
}

/**
 * ferry_imap_command_set_error:
 * @error: why
 *
 * Notes that an item, a key or an option of the command could not do its part. The command goes on
 * and is then answered as ferry_imap_command_fail() would, whatever its handler says; the first
 * error stays. A search that has one tells no results, since NOT would make the wrong ones.
 */
void
ferry_imap_command_set_error(FerryImapCommand *self, const GError *error)
{
	if (self->error == NULL)
		self->error = g_error_copy(error);
}

/**
 * ferry_imap_command_get_error:
 *
 * Returns: (transfer none) (nullable): what ferry_imap_command_set_error() noted
 */
const GError *
ferry_imap_command_get_error(FerryImapCommand *self)
{
	return self->error;
}

/**
 * ferry_imap_command_is_done:
 *
 * Returns: whether its handler ended it; it must not be ended again
 */
gboolean
ferry_imap_command_is_done(FerryImapCommand *self)
{
	return self->done;
}

/**
 * ferry_imap_command_finish:
 *
 * Ends the command with OK, or with the error that was noted with ferry_imap_command_set_error().
 */
void
ferry_imap_command_finish(FerryImapCommand *self)
{
	end(self, NULL);
}

/**
 * ferry_imap_command_fail:
 * @error: why
 *
 * Ends the command with what the table of errors says of @error.
 */
void
ferry_imap_command_fail(FerryImapCommand *self, const GError *error)
{
	end(self, error);
}

/**
 * ferry_imap_command_fail_new: (skip)
 * @code: what kind of failure
 * @format: as for printf
 *
 * Ends the command with an error made here.
 */
void
ferry_imap_command_fail_new(FerryImapCommand *self, FerryError code, const char *format, ...)
{
	g_autoptr(GError) error = NULL;
	va_list args;

	va_start(args, format);
	error = g_error_new_valist(FERRY_ERROR, (int)code, format, args);
	va_end(args);
	end(self, error);
}

/**
 * ferry_imap_command_get_running_time:
 *
 * Returns: for how many microseconds it has run
 */
gint64
ferry_imap_command_get_running_time(FerryImapCommand *self)
{
	return self->started ? g_get_monotonic_time() - self->started_at : 0;
}

/**
 * ferry_imap_command_set_progress:
 * @done: messages (or whatever the command counts) handled so far
 * @total: how many there are in all; 0: not known
 *
 * For handlers that take their time: says how far the command is.
 */
void
ferry_imap_command_set_progress(FerryImapCommand *self, guint64 done, guint64 total)
{
	self->has_progress = TRUE;
	self->progress_done = done;
	self->progress_total = total;
}

/**
 * ferry_imap_command_get_progress:
 * @done: (out): what is handled
 * @total: (out): of how many; 0: not known
 *
 * Returns: %FALSE where the command does not say how far it is
 */
gboolean
ferry_imap_command_get_progress(FerryImapCommand *self, guint64 *done, guint64 *total)
{
	*done = self->progress_done;
	*total = self->progress_total;
	return self->has_progress;
}

/**
 * ferry_imap_command_set_data: (skip)
 * @data: the handler's state
 * @destroy: (nullable): frees it, with the command
 *
 * Keeps the state of a handler that waits.
 */
void
ferry_imap_command_set_data(FerryImapCommand *self, gpointer data, GDestroyNotify destroy)
{
	if (self->destroy != NULL)
		self->destroy(self->data);
	self->data = data;
	self->destroy = destroy;
}

/**
 * ferry_imap_command_get_data: (skip)
 *
 * Returns: (nullable): the handler's state
 */
gpointer
ferry_imap_command_get_data(FerryImapCommand *self)
{
	return self->data;
}

/**
 * ferry_imap_command_set_named_data:
 * @name: the module's own
 * @data: (nullable): anything
 * @destroy: (nullable): frees it, with the command
 *
 * Keeps what a modifier says until somebody asks.
 */
void
ferry_imap_command_set_named_data(FerryImapCommand *self, const char *name, gpointer data,
				  GDestroyNotify destroy)
{
	g_object_set_data_full(G_OBJECT(self), name, data, destroy);
}

/**
 * ferry_imap_command_get_named_data:
 * @name: the module's own
 *
 * Returns: (transfer none) (nullable): what was kept
 */
gpointer
ferry_imap_command_get_named_data(FerryImapCommand *self, const char *name)
{
	return g_object_get_data(G_OBJECT(self), name);
}

/**
 * ferry_imap_command_set_operation:
 * @operation: what the command runs on
 *
 * Makes the operation known to modifiers.
 */
void
ferry_imap_command_set_operation(FerryImapCommand *self, GObject *operation)
{
	g_set_object(&self->operation, operation);
}

/**
 * ferry_imap_command_get_operation:
 *
 * Returns: (transfer none) (nullable): what the command runs on
 */
GObject *
ferry_imap_command_get_operation(FerryImapCommand *self)
{
	return self->operation;
}
