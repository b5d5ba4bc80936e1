/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a command waits for, and what waits for it
 *
 * Specification: RFC 9051 §5.5 (several commands in progress)
 * Implementation: modifiers add hooks, called before the tagged OK, and steps, which may take their
 *   time; commands of one session that are in progress together have their turns.
 */
#include "imap/command-private.h"

static void
hook_clear(gpointer data)
{
	FerryImapHook *self = data;

	if (self->destroy != NULL)
		self->destroy(self->user_data);
}

static void
step_clear(gpointer data)
{
	FerryImapStep *self = data;

	if (self->destroy != NULL)
		self->destroy(self->user_data);
}

void
ferry_imap_command_run_hooks(FerryImapCommand *self)
{
	for (guint i = 0; self->hooks != NULL && i < self->hooks->len; i++) {
		FerryImapHook *hook = &g_array_index(self->hooks, FerryImapHook, i);

		hook->hook(self, hook->user_data);
	}
}

/**
 * ferry_imap_command_apply_modifiers:
 * @modifiers: (nullable): a LIST of ITEM
 * @error: return location
 *
 * Calls the function of each modifier or parameter.
 *
 * Returns: %FALSE where one refuses
 */
gboolean
ferry_imap_command_apply_modifiers(FerryImapCommand *self, FerryImapValue *modifiers,
				   GError **error)
{
	for (guint i = 0; modifiers != NULL && i < ferry_imap_value_get_n_children(modifiers);
	     i++) {
		FerryImapValue *item = ferry_imap_value_get_child(modifiers, i);
		const FerryContribution *contribution = ferry_imap_value_get_contribution(item);
		FerryModifierFunc func = (FerryModifierFunc)contribution->func;

		if (!func(self, item, contribution->user_data, error))
			return FALSE;
	}
	return TRUE;
}

/**
 * ferry_imap_command_add_hook:
 * @hook: (scope notified) (closure user_data) (destroy destroy): what to call
 * @user_data: for @hook
 * @destroy: (nullable): frees @user_data
 *
 * Has a function called before the tagged OK.
 */
void
ferry_imap_command_add_hook(FerryImapCommand *self, FerryImapCommandHook hook, gpointer user_data,
			    GDestroyNotify destroy)
{
	FerryImapHook entry = {hook, user_data, destroy};

	if (self->hooks == NULL) {
		self->hooks = g_array_new(FALSE, FALSE, sizeof(FerryImapHook));
		g_array_set_clear_func(self->hooks, hook_clear);
	}
	g_array_append_val(self->hooks, entry);
}

/**
 * ferry_imap_command_add_step:
 * @step: (scope notified) (closure user_data) (destroy destroy): what to do
 * @user_data: for @step
 * @destroy: (nullable): frees @user_data
 *
 * For modifiers: has something done that may take its time. FETCH takes its steps before it answers
 * the first message, LIST before it tells the first mailbox, SELECT and EXAMINE after their own
 * answers and before the tagged line. Steps
 * are taken one after the other, in the order they were added.
 */
void
ferry_imap_command_add_step(FerryImapCommand *self, FerryImapCommandStep step, gpointer user_data,
			    GDestroyNotify destroy)
{
	FerryImapStep entry = {step, user_data, destroy};

	if (self->steps == NULL) {
		self->steps = g_array_new(FALSE, FALSE, sizeof(FerryImapStep));
		g_array_set_clear_func(self->steps, step_clear);
	}
	g_array_append_val(self->steps, entry);
}

/* For handlers: takes the steps, then calls @func, unless one of them failed and so did the
 * command. */
void
ferry_imap_command_take_steps(FerryImapCommand *self, FerryImapTurnFunc func, gpointer user_data)
{
	self->steps_func = func;
	self->steps_data = user_data;
	ferry_imap_command_step_done(self, NULL);
}

/**
 * ferry_imap_command_step_done:
 * @error: (nullable): why the command cannot go on
 *
 * Ends a step: the next one is taken, or the command goes on.
 */
void
ferry_imap_command_step_done(FerryImapCommand *self, const GError *error)
{
	if (error != NULL) {
		ferry_imap_command_fail(self, error);
	} else if (self->steps != NULL && self->n_steps_done < self->steps->len) {
		const FerryImapStep *step =
			&g_array_index(self->steps, FerryImapStep, self->n_steps_done++);

		step->step(self, step->user_data);
	} else {
		self->steps_func(self->steps_data);
	}
}

gboolean
ferry_imap_command_lets_next(FerryImapCommand *self)
{
	return self->lets_next;
}

/**
 * ferry_imap_command_allow_next:
 *
 * Lets commands of the same name start while this one runs.
 */
void
ferry_imap_command_allow_next(FerryImapCommand *self)
{
	self->lets_next = TRUE;
	ferry_imap_session_next(self->session);
}

static gboolean
turn_cb(gpointer user_data)
{
	FerryImapCommand *self = user_data;
	FerryImapTurnFunc func = self->turn_func;

	self->turn_func = NULL;
	if (func != NULL)
		func(self->turn_data);
	return G_SOURCE_REMOVE;
}

/* The commands before it are over. Not at once: a hundred of them must not nest. */
void
ferry_imap_command_give_turn(FerryImapCommand *self)
{
	g_autoptr(GSource) source = NULL;

	if (self->turn_func == NULL)
		return;
	source = g_idle_source_new();
	g_source_set_priority(source, G_PRIORITY_DEFAULT);
	g_source_set_callback(source, turn_cb, g_object_ref(self), g_object_unref);
	g_source_attach(source, g_main_context_get_thread_default());
}

/**
 * ferry_imap_command_use_numbers:
 *
 * Says that an argument of this command is a message number, although its name does not show it:
 * no expunge is told while it runs (RFC 9051 §7.5.1, RFC 7162 §3.2.10.2).
 */
void
ferry_imap_command_use_numbers(FerryImapCommand *self)
{
	self->uses_numbers = TRUE;
}

gboolean
ferry_imap_command_uses_numbers(FerryImapCommand *self)
{
	return self->uses_numbers || self->contribution->ordering == FERRY_ORDERING_NUMBERS;
}

/**
 * ferry_imap_command_wait_turn: (skip)
 * @func: called once, at once where no command is before this one
 * @user_data: for @func
 *
 * Waits until the commands that came before are over.
 */
void
ferry_imap_command_wait_turn(FerryImapCommand *self, FerryImapTurnFunc func, gpointer user_data)
{
	GPtrArray *running = self->session->running;
	guint first = 0;

	/* IDLE writes nothing */
	if (running->len > 1 && running->pdata[0] == self->session->line_command)
		first = 1;
	if (running->len > first && running->pdata[first] != self) {
		self->turn_func = func;
		self->turn_data = user_data;
	} else {
		func(user_data);
	}
}

/**
 * ferry_imap_command_read_line:
 * @prompt: (nullable): the text of the continuation request
 * @func: (scope async) (closure user_data): takes the line
 * @user_data: for @func
 *
 * Asks for one line of the client that belongs to this command.
 */
void
ferry_imap_command_read_line(FerryImapCommand *self, const char *prompt, FerryImapLineFunc func,
			     gpointer user_data)
{
	ferry_imap_session_read_line(self->session, self, prompt, func, user_data);
}
