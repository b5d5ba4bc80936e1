/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands that take their time
 *
 * Implementation: one timer a session, from the first command that does not end at once until a
 *   second in which none runs; commands that wait for the client (IDLE) do not count, so idle
 *   sessions cost nothing, nor do those that sign in. Without a progress listener there is no
 *   timer.
 */
#include "imap/session-private.h"

static GPtrArray *
list_listeners(FerryImapSession *self)
{
	return ferry_registry_list(self->registry, FERRY_CONTRIBUTION_PROGRESS_LISTENER);
}

static void
tell_listeners(FerryImapSession *self, FerryImapCommand *command)
{
	GPtrArray *listeners = list_listeners(self);

	for (guint i = 0; i < listeners->len; i++) {
		const FerryContribution *listener = listeners->pdata[i];

		((FerryProgressListenerFunc)listener->func)(command, listener->user_data);
	}
}

static gboolean
tick_cb(gpointer user_data)
{
	FerryImapSession *self = user_data;
	guint n_working = 0;

	for (guint i = 0; i < self->running->len; i++) {
		if (self->running->pdata[i] == self->line_command ||
		    self->phase == FERRY_PHASE_BEFORE_LOGIN)
			continue;
		n_working++;
		tell_listeners(self, self->running->pdata[i]);
	}
	if (n_working > 0) {
		ferry_imap_writer_flush(self->writer);
		return G_SOURCE_CONTINUE;
	}
	g_clear_pointer(&self->ticker, g_source_unref);
	return G_SOURCE_REMOVE;
}

/* A command was started and runs still. */
void
ferry_imap_session_watch_progress(FerryImapSession *self)
{
	if (self->ticker != NULL || self->ended || self->leaving ||
	    self->phase == FERRY_PHASE_BEFORE_LOGIN || self->line_command != NULL ||
	    list_listeners(self)->len == 0)
		return;
	self->ticker = g_timeout_source_new_seconds(1);
	g_source_set_callback(self->ticker, tick_cb, self, NULL);
	g_source_attach(self->ticker, g_main_context_get_thread_default());
}

void
ferry_imap_session_stop_progress(FerryImapSession *self)
{
	if (self->ticker == NULL)
		return;
	g_source_destroy(self->ticker);
	g_clear_pointer(&self->ticker, g_source_unref);
}
