/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NOTIFY
 *
 * Specification: RFC 5465 §3.1
 * Implementation: mailboxes are brought up to date once for all; STATUS comes from what is known
 *   then, and waits for those that are still being listed. The selected mailbox is brought up to
 *   date as by NOOP, and what happened in it is told with the tagged line.
 */
#include "notify.h"

typedef struct {
	NotifySet *set; /* until it is the session's */
	gboolean status;
	FerryMailboxList *list;
	guint next;      /* where the walk over the list goes on */
	guint n_written; /* since the client was waited for */
} Notify;

static void walk(FerryImapCommand *command);

static void
notify_free(gpointer data)
{
	Notify *self = data;

	g_clear_pointer(&self->set, notify_set_free);
	g_clear_pointer(&self->list, ferry_mailbox_list_unref);
	g_free(self);
}

static gboolean
is_signed_in(FerryImapCommand *command)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);

	return ferry_imap_session_get_account_session(session) != NULL &&
	       notify_get_watch(session) != NULL;
}

static void
give_up(FerryImapCommand *command)
{
	ferry_imap_command_fail_new(command, FERRY_ERROR_UNAVAILABLE, "Connection closed");
}

static void
refreshed_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GError) error = NULL;

	/* an outage is no news */
	if (!ferry_mailbox_refresh_finish(FERRY_MAILBOX(source), result, &error))
		g_debug("NOTIFY: %s", error->message);
	ferry_imap_command_finish(user_data);
}

/* "implies an implicit NOOP" */
static void
refresh_selected(FerryImapCommand *command)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);
	FerryMailbox *mailbox = ferry_imap_session_get_mailbox(session);

	if (mailbox == NULL)
		ferry_imap_command_finish(command);
	else
		ferry_mailbox_refresh_async(
			mailbox, ferry_imap_session_get_account_session(session),
			ferry_imap_command_get_cancellable(command), refreshed_cb, command);
}

/* §3.1: what each kind of event needs to begin with */
static void
write_status(FerryImapSession *session, FerryMailboxInfo *info, const FerryMailboxStatus *numbers,
	     NotifyEvents events)
{
	NotifyWatch *watch = notify_get_watch(session);
	const char *with_flags[] = {"MESSAGES", "UIDNEXT",       "UIDVALIDITY",
				    "UNSEEN",   "HIGHESTMODSEQ", NULL};
	const char *without[] = {"MESSAGES", "UIDNEXT", "UIDVALIDITY",
				 ferry_imap_session_tells_details(session) ? "HIGHESTMODSEQ" : NULL,
				 NULL};
	g_autofree char *key = notify_make_key(ferry_mailbox_info_get_account_id(info),
					       ferry_mailbox_info_get_id(info));

	ferry_imap_session_write_status(session, ferry_mailbox_info_get_name(info), numbers,
					(events & NOTIFY_FLAG_CHANGE) ? with_flags : without);
	g_hash_table_remove(watch->pending, key);
}

static NotifyEvents
find_events(FerryImapSession *session, FerryMailboxInfo *info)
{
	NotifyWatch *watch = notify_get_watch(session);
	NotifyPlace place;

	if (watch->set == NULL || !ferry_mailbox_info_is_selectable(info) ||
	    notify_is_selected(session, ferry_mailbox_info_get_account_id(info),
			       ferry_mailbox_info_get_id(info)))
		return NOTIFY_NOTHING;
	notify_get_place(info, &place);
	return notify_set_get_events(watch->set, &place) & NOTIFY_MESSAGE_EVENTS;
}

static void
status_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryImapCommand *command = user_data;
	FerryImapSession *session = ferry_imap_command_get_session(command);
	Notify *self = ferry_imap_command_get_data(command);
	FerryMailboxInfo *info = ferry_mailbox_list_get_nth(self->list, self->next - 1);
	g_autoptr(FerryMailboxStatus) numbers =
		ferry_account_session_status_finish(FERRY_ACCOUNT_SESSION(source), result, NULL);

	if (!is_signed_in(command)) {
		give_up(command);
		return;
	}
	/* one that cannot be had is as good as not there (§3.1) */
	if (numbers != NULL)
		write_status(session, info, numbers, find_events(session, info));
	walk(command);
}

static void
drained_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryImapCommand *command = user_data;

	ferry_imap_writer_wait_finish(FERRY_IMAP_WRITER(source), result, NULL);
	if (is_signed_in(command))
		walk(command);
	else
		give_up(command);
}

/* Whether the walk has to wait. */
static gboolean
tell_status(FerryImapCommand *command, FerryMailboxInfo *info)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);
	FerryAccountSession *account = ferry_imap_session_get_account_session(session);
	const char *name = ferry_mailbox_info_get_name(info);
	NotifyEvents events = find_events(session, info);
	g_autoptr(FerryMailboxStatus) numbers = NULL;

	if (events == NOTIFY_NOTHING)
		return FALSE;
	numbers = ferry_account_session_get_numbers(account, name);
	if (numbers == NULL)
		return FALSE;
	if (numbers->uidnext == 0) {
		ferry_account_session_status_async(
			account, name, FERRY_STATUS_COUNTS | FERRY_STATUS_ALL,
			ferry_imap_command_get_cancellable(command), status_cb, command);
		return TRUE;
	}
	write_status(session, info, numbers, events);
	return FALSE;
}

static void
walk(FerryImapCommand *command)
{
	Notify *self = ferry_imap_command_get_data(command);
	FerryImapWriter *writer = ferry_imap_command_get_writer(command);

	while (self->status && self->next < ferry_mailbox_list_get_count(self->list)) {
		if (ferry_imap_writer_is_full(writer)) {
			ferry_imap_writer_wait_async(writer,
						     ferry_imap_command_get_cancellable(command),
						     drained_cb, command);
			return;
		}
		if (tell_status(command, ferry_mailbox_list_get_nth(self->list, self->next++)))
			return;
	}
	refresh_selected(command);
}

/* §3.1: names that are listed and may not be read */
static void
tell_no_access(FerryImapSession *session, const NotifySet *set, FerryMailboxList *list)
{
	static const char *const attributes[] = {"\\NoAccess", NULL};
	g_autoptr(GPtrArray) names = notify_set_list_names(set);

	for (guint i = 0; i < names->len; i++) {
		FerryMailboxInfo *info = ferry_mailbox_list_find(list, names->pdata[i]);

		if (info != NULL && ferry_mailbox_info_get_id(info) != NULL &&
		    !ferry_mailbox_info_is_selectable(info))
			ferry_imap_session_write_list(session, ferry_mailbox_info_get_name(info),
						      attributes, NULL);
	}
}

static void
list_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryImapCommand *command = user_data;
	FerryImapSession *session = ferry_imap_command_get_session(command);
	Notify *self = ferry_imap_command_get_data(command);
	g_autoptr(GError) error = NULL;

	self->list =
		ferry_account_session_list_finish(FERRY_ACCOUNT_SESSION(source), result, &error);
	if (self->list == NULL) {
		ferry_imap_command_fail(command, error);
		return;
	}
	if (ferry_imap_session_get_account_session(session) == NULL) {
		give_up(command);
		return;
	}
	tell_no_access(session, self->set, self->list);
	notify_start(session, g_steal_pointer(&self->set));
	walk(command);
}

/* The names of events that other modules tell this client of. */
static char **
list_others(FerryImapSession *session)
{
	GPtrArray *names = ferry_registry_list(ferry_imap_session_get_registry(session),
					       FERRY_CONTRIBUTION_EVENT_NAME);
	g_autoptr(GStrvBuilder) others = g_strv_builder_new();

	for (guint i = 0; i < names->len; i++) {
		const FerryContribution *name = names->pdata[i];

		if (name->func == NULL ||
		    ((FerryEventNameFunc)name->func)(session, name->user_data))
			g_strv_builder_add(others, name->grammar);
	}
	return g_strv_builder_end(others);
}

static void
refuse(FerryImapCommand *command, const char *const *others, const GError *error)
{
	g_autofree char *code = NULL;

	if (g_error_matches(error, FERRY_ERROR, FERRY_ERROR_CANNOT))
		code = notify_make_bad_event(others);
	else if (g_error_matches(error, FERRY_ERROR, FERRY_ERROR_LIMIT))
		code = g_strdup("NOTIFICATIONOVERFLOW");
	if (code != NULL)
		ferry_imap_command_set_response_code(command, code);
	ferry_imap_command_fail(command, error);
}

static void
set(FerryImapCommand *command, FerryImapValue *groups)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);
	FerryAccountSession *account = ferry_imap_session_get_account_session(session);
	Notify *self = ferry_imap_command_get_data(command);
	g_auto(GStrv) others = list_others(session);
	g_autoptr(GError) error = NULL;

	self->set = notify_set_new(groups, (const char *const *)others, &error);
	if (self->set == NULL)
		refuse(command, (const char *const *)others, error);
	else if (notify_set_get_watch(self->set, NULL) & FERRY_WATCH_SUBSCRIPTIONS)
		ferry_account_session_list_subscribed_async(
			account, ferry_imap_command_get_cancellable(command), list_cb, command);
	else
		ferry_account_session_list_async(
			account, ferry_imap_command_get_cancellable(command), list_cb, command);
}

void
notify_run(FerryImapCommand *command, gpointer user_data)
{
	FerryImapValue *word = ferry_imap_command_get_argument(command, 0);
	FerryImapValue *status = ferry_imap_command_get_argument(command, 1);
	FerryImapValue *groups = ferry_imap_command_get_argument(command, 2);
	Notify *self = g_new0(Notify, 1);

	ferry_imap_command_set_data(command, self, notify_free);
	self->status = status != NULL;
	if (ferry_imap_value_is(word, "NONE") && status == NULL && groups == NULL) {
		notify_start(ferry_imap_command_get_session(command), NULL);
		ferry_imap_command_finish(command);
	} else if (ferry_imap_value_is(word, "SET") && groups != NULL &&
		   (status == NULL || ferry_imap_value_is(status, "STATUS"))) {
		set(command, groups);
	} else {
		ferry_imap_command_fail_new(command, FERRY_ERROR_INVALID,
					    "Expected NONE, or SET and groups of events");
	}
}

static void
own_names_cb(FerryImapCommand *command, gpointer user_data)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);
	NotifyWatch *watch = notify_get_watch(session);

	if (watch == NULL || watch->set == NULL)
		return;
	if (watch->own_names == NULL)
		watch->own_names = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < ferry_imap_command_get_n_arguments(command); i++) {
		const char *name = ferry_imap_command_get_string(command, i);

		if (name != NULL)
			g_ptr_array_add(watch->own_names, g_strdup(name));
	}
	watch->names_changed = TRUE;
	ferry_imap_session_want_turn(session);
}

/* §5: a client is not told of what it did itself. */
gboolean
notify_note_own_names(FerryImapCommand *command, gpointer user_data, GError **error)
{
	if (notify_get_watch(ferry_imap_command_get_session(command)) != NULL)
		ferry_imap_command_add_hook(command, own_names_cb, NULL, NULL);
	return TRUE;
}
