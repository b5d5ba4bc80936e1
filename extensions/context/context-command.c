/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* RETURN (UPDATE), CANCELUPDATE, and when contexts move
 *
 * Specification: RFC 5267 §4.3, §4.3.1, §4.3.5; RFC 7377 §2.2 (ESEARCH)
 * Implementation: a context begins to collect changes before its search runs, so that none is
 *   missed, and is dropped with its command unless that comes to tell results. Sorted results are
 *   updated where the command can say where a message belongs, and not without limit; else the
 *   update is refused with NOUPDATE.
 */
#include "context.h"

#include <string.h>

#define PENDING "UPDATE"

/* The command is gone; without results there is nothing to update. */
static void
drop_pending(gpointer data)
{
	Context *context = data;

	if (context->owner != NULL && context->command == NULL)
		context_session_remove(context->owner, context);
	context_unref(context);
}

static void
refuse_cb(FerryImapCommand *command, gpointer user_data)
{
	context_write_refusal(ferry_imap_command_get_session(command),
			      ferry_imap_command_get_tag(command), "Too many contexts");
}

static gboolean
fail(GError **error, const char *text)
{
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID, text);
	return FALSE;
}

/* The client was told the results, or that there are none. */
static void
activate(FerryImapCommand *command, gpointer user_data)
{
	Context *context = user_data;

	if (context->owner == NULL)
		return;
	if (!context_activate(context))
		return;
	ferry_imap_session_want_turn(context->owner->session);
}

static guint
get_max_updates(FerryImapSession *session)
{
	return (guint)ferry_settings_get_integer(ferry_imap_session_get_settings(session),
						 CONTEXT_SETTINGS, "max-updates");
}

gboolean
context_prepare_update(FerryImapSearch *search, FerryImapValue *arguments, gpointer user_data,
		       GError **error)
{
	FerryImapCommand *command = ferry_imap_search_get_command(search);
	FerryImapSession *session = ferry_imap_command_get_session(command);
	ContextSession *owner = context_session_ensure(session);
	Context *context;

	if (ferry_imap_session_get_told(session) == NULL)
		return fail(error, "UPDATE: no mailbox is selected");
	/* named twice, or already decided for this command */
	if (ferry_imap_command_get_named_data(command, PENDING) != NULL)
		return TRUE;
	if (context_session_find(owner, ferry_imap_command_get_tag(command)) != NULL)
		return fail(error, "Tag reuse: a search with this tag is still updated");
	if (ferry_imap_search_get_told(search) != ferry_imap_session_get_told(session))
		return TRUE;
	if (owner->contexts->len >= get_max_updates(session)) {
		ferry_imap_command_set_named_data(command, PENDING, command, NULL);
		ferry_imap_command_add_hook(command, refuse_cb, NULL, NULL);
		return TRUE;
	}
	context = context_new(owner, search);
	ferry_imap_command_set_named_data(command, PENDING, context_ref(context), drop_pending);
	ferry_imap_command_add_hook(command, activate, context_ref(context),
				    (GDestroyNotify)context_unref);
	return TRUE;
}

/* Arguments: tags. */
void
context_cancel(FerryImapCommand *command, gpointer user_data)
{
	ContextSession *owner = context_session_get(ferry_imap_command_get_session(command));
	FerryImapValue *tags = ferry_imap_command_get_argument(command, 0);
	guint n_tags = ferry_imap_value_get_n_children(tags);

	for (guint i = 0; i < n_tags; i++) {
		const char *tag = ferry_imap_value_get_text(ferry_imap_value_get_child(tags, i));

		if (context_session_find(owner, tag) == NULL) {
			ferry_imap_command_fail_new(command, FERRY_ERROR_INVALID,
						    "No search with that tag is updated");
			return;
		}
	}
	for (guint i = 0; i < n_tags; i++) {
		const char *tag = ferry_imap_value_get_text(ferry_imap_value_get_child(tags, i));
		Context *context = context_session_find(owner, tag);

		/* one tag may stand twice */
		if (context != NULL)
			context_session_remove(owner, context);
	}
	ferry_imap_command_finish(command);
}

static gboolean
is_selected(FerryImapSession *session, FerryImapEvent *event)
{
	FerryMailbox *mailbox = ferry_imap_session_get_mailbox(session);

	return mailbox != NULL && !ferry_mailbox_is_gone(mailbox) &&
	       g_strcmp0(ferry_mailbox_get_id(mailbox), ferry_imap_event_get_mailbox_id(event)) ==
		       0 &&
	       g_strcmp0(ferry_mailbox_info_get_account_id(ferry_mailbox_get_info(mailbox)),
			 ferry_imap_event_get_account_id(event)) == 0;
}

static void
take_changes(ContextSession *self, FerryMailboxDelta *delta)
{
	gsize n_arrived, n_changed;
	const guint32 *arrived = ferry_mailbox_delta_get_arrived(delta, &n_arrived);
	const guint32 *changed = ferry_mailbox_delta_get_changed(delta, &n_changed);

	for (guint i = 0; i < self->contexts->len; i++) {
		context_add_dirty(self->contexts->pdata[i], arrived, n_arrived);
		context_add_dirty(self->contexts->pdata[i], changed, n_changed);
	}
	if (self->contexts->len > 0 && n_arrived + n_changed > 0)
		ferry_imap_session_want_turn(self->session);
}

void
context_listen(FerryImapSession *session, FerryImapEvent *event, gpointer user_data)
{
	ContextSession *self = context_session_get(session);
	FerryImapEventKind kind = ferry_imap_event_get_kind(event);

	if (self == NULL)
		return;
	if (kind == FERRY_IMAP_EVENT_MESSAGES && is_selected(session, event))
		take_changes(self, ferry_imap_event_get_delta(event));
	if (kind != FERRY_IMAP_EVENT_TOLD && kind != FERRY_IMAP_EVENT_TURN)
		return;
	for (guint i = 0; i < self->contexts->len;) {
		g_autoptr(Context) context = context_ref(self->contexts->pdata[i]);

		context_write(context);
		/* one that grew too large has ended */
		if (context->owner == NULL)
			continue;
		context_judge(context);
		i++;
	}
}

gboolean
context_update(FerryImapSession *session, FerryImapUpdate *update, FerryImapWriter *writer,
	       gpointer user_data)
{
	ContextSession *self = context_session_get(session);

	for (guint i = 0; self != NULL && i < self->contexts->len; i++)
		context_write_expunged(self->contexts->pdata[i], update);
	return FALSE;
}
