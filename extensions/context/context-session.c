/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The contexts of a session
 *
 * Specification: RFC 5267 §4.3: updates cease when the mailbox is no longer selected
 */
#include "context.h"

#define SESSION_DATA "CONTEXT"

ContextSession *
context_session_get(FerryImapSession *session)
{
	return ferry_imap_session_get_data(session, SESSION_DATA);
}

/* Each that ended is still held by what it waits for. */
static void
end_all(ContextSession *self)
{
	while (self->contexts->len > 0)
		context_session_remove(self, self->contexts->pdata[self->contexts->len - 1]);
}

static void
unselected_cb(FerryImapSession *session, gpointer user_data)
{
	end_all(user_data);
}

static void
session_data_free(gpointer data)
{
	ContextSession *self = data;

	g_signal_handler_disconnect(self->session, self->unselected);
	end_all(self);
	g_ptr_array_unref(self->contexts);
	g_free(self);
}

ContextSession *
context_session_ensure(FerryImapSession *session)
{
	ContextSession *self = context_session_get(session);

	if (self != NULL)
		return self;
	self = g_new0(ContextSession, 1);
	self->session = session;
	self->contexts = g_ptr_array_new_with_free_func((GDestroyNotify)context_unref);
	self->unselected = g_signal_connect(session, "unselected", G_CALLBACK(unselected_cb), self);
	ferry_imap_session_set_data(session, SESSION_DATA, self, session_data_free);
	return self;
}

void
context_session_forget(FerryImapSession *session, gpointer user_data)
{
	ferry_imap_session_set_data(session, SESSION_DATA, NULL, NULL);
}

Context *
context_session_find(ContextSession *self, const char *tag)
{
	for (guint i = 0; self != NULL && i < self->contexts->len; i++) {
		Context *context = self->contexts->pdata[i];

		if (g_str_equal(context->tag, tag))
			return context;
	}
	return NULL;
}

void
context_session_remove(ContextSession *self, Context *context)
{
	g_autoptr(FerryImapCommand) command = g_steal_pointer(&context->command);

	/* the command may hold it too */
	context->owner = NULL;
	g_ptr_array_remove(self->contexts, context);
}

/* The sorted results of all contexts. */
gsize
context_session_count_sorted(ContextSession *self)
{
	gsize count = 0;

	for (guint i = 0; i < self->contexts->len; i++) {
		const Context *context = self->contexts->pdata[i];

		count += context->order != NULL ? context->order->len : 0;
	}
	return count;
}
