/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ESEARCH: a search of several mailboxes
 *
 * Specification: RFC 7377
 * Implementation: a search for each mailbox, one after the other, of the same program; they share
 *   what the backend's index answers. The selected mailbox is searched as its client was told of
 *   it.
 */
#include "multisearch.h"

typedef struct {
	FerryImapCommand *command; /* owns this */
	GPtrArray *sources;        /* (element-type FerryMailboxInfo) */
	guint position;            /* of the next one */
	GHashTable *answers;       /* what the backend answered */
	guint64 n_messages;
	FerryImapSearch *search; /* of the mailbox that is searched now */
} Multi;

static void search_next(Multi *self);

static void
multi_free(gpointer data)
{
	Multi *self = data;

	g_clear_pointer(&self->sources, g_ptr_array_unref);
	g_clear_object(&self->search);
	g_hash_table_unref(self->answers);
	g_free(self);
}

static void
finish(Multi *self, const GError *error)
{
	g_autoptr(FerryImapCommand) command = self->command;

	if (error == NULL)
		ferry_imap_command_finish(command);
	else if (self->search != NULL)
		ferry_imap_search_fail(self->search, error);
	else
		ferry_imap_command_fail(command, error);
}

static void
drained_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Multi *self = user_data;
	g_autoptr(GError) error = NULL;

	if (ferry_imap_writer_wait_finish(FERRY_IMAP_WRITER(source), result, &error))
		search_next(self);
	else
		finish(self, error);
}

/* Mailboxes without a match are not told of (§2.1). */
static void
searched_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Multi *self = user_data;
	FerryImapWriter *writer = ferry_imap_command_get_writer(self->command);
	g_autoptr(GError) error = NULL;
	gsize n_uids;

	if (!ferry_imap_search_run_finish(self->search, result, &error)) {
		finish(self, error);
		return;
	}
	ferry_imap_search_get_uids(self->search, &n_uids);
	if (n_uids > 0 || ferry_imap_search_returns(self->search, "SAVE"))
		ferry_imap_search_write(self->search, "SEARCH");
	if (ferry_imap_writer_is_full(writer))
		ferry_imap_writer_wait_async(writer,
					     ferry_imap_command_get_cancellable(self->command),
					     drained_cb, self);
	else
		search_next(self);
}

static void
search_mailbox(Multi *self, FerryMailbox *mailbox)
{
	FerryMailboxInfo *info = g_ptr_array_index(self->sources, self->position - 1);
	g_autoptr(GError) error = NULL;

	g_clear_object(&self->search);
	self->search = ferry_imap_search_new(self->command);
	ferry_imap_search_set_mailbox(self->search, mailbox, ferry_mailbox_info_get_name(info));
	if (self->sources->len > 1)
		ferry_imap_search_share_answers(self->search, self->answers, self->n_messages);
	if (!ferry_imap_search_prepare(self->search, TRUE,
				       ferry_imap_command_get_argument(self->command, 1), &error)) {
		finish(self, error);
		return;
	}
	ferry_imap_search_run_async(self->search, ferry_imap_command_get_argument(self->command, 2),
				    ferry_imap_command_get_argument(self->command, 3),
				    ferry_imap_command_get_cancellable(self->command), searched_cb,
				    self);
}

/* One that went meanwhile is as if it had not been there. */
static void
opened_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Multi *self = user_data;
	FerryImapSession *session = ferry_imap_command_get_session(self->command);
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryMailbox) mailbox =
		ferry_account_session_open_finish(FERRY_ACCOUNT_SESSION(source), result, &error);

	if (mailbox != NULL && ferry_imap_session_get_account_session(session) != NULL)
		search_mailbox(self, mailbox);
	else if (g_error_matches(error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND) ||
		 g_error_matches(error, FERRY_ERROR, FERRY_ERROR_NO_PERMISSION))
		search_next(self);
	else if (error != NULL)
		finish(self, error);
	else
		search_next(self);
}

static void
search_next(Multi *self)
{
	FerryImapSession *session = ferry_imap_command_get_session(self->command);
	FerryAccountSession *account_session = ferry_imap_session_get_account_session(session);
	FerryMailbox *selected = ferry_imap_session_get_mailbox(session);
	const char *name;

	if (self->position >= self->sources->len || account_session == NULL) {
		finish(self, NULL);
		return;
	}
	name = ferry_mailbox_info_get_name(g_ptr_array_index(self->sources, self->position));
	self->position++;
	if (selected != NULL && g_strcmp0(ferry_imap_session_get_mailbox_name(session), name) == 0)
		search_mailbox(self, selected);
	else
		ferry_account_session_open_async(account_session, name, NULL, NULL, NULL,
						 ferry_imap_command_get_cancellable(self->command),
						 opened_cb, self);
}

static FerryImapValue *
get_filters(FerryImapCommand *command)
{
	FerryImapValue *source = ferry_imap_command_get_argument(command, 0);

	return source != NULL ? ferry_imap_value_get_child(source, 0) : NULL;
}

static void
listed_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Multi *self = user_data;
	FerryImapSession *session = ferry_imap_command_get_session(self->command);
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryMailboxList) list =
		ferry_account_session_list_finish(FERRY_ACCOUNT_SESSION(source), result, &error);

	if (list != NULL)
		self->sources = multisearch_list_sources(
			get_filters(self->command), list,
			ferry_imap_session_get_mailbox_name(session),
			ferry_settings_get_integer(ferry_imap_session_get_settings(session),
						   "extension multisearch", "max-mailboxes"),
			&error);
	if (self->sources == NULL) {
		finish(self, error);
		return;
	}
	for (guint i = 0; i < self->sources->len; i++)
		self->n_messages += ferry_mailbox_info_get_total(self->sources->pdata[i]);
	search_next(self);
}

static gboolean
names_option(FerryImapValue *returns, const char *name)
{
	for (guint i = 0; returns != NULL && i < ferry_imap_value_get_n_children(returns); i++) {
		if (ferry_imap_value_is(ferry_imap_value_get_child(returns, i), name))
			return TRUE;
	}
	return FALSE;
}

/* §2.2: what may not go together. */
const char *
multisearch_find_mistake(FerryImapCommand *command)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);
	FerryImapValue *source = ferry_imap_command_get_argument(command, 0);
	FerryImapValue *filters = get_filters(command);

	if (source != NULL && ferry_imap_value_get_child(source, 1) != NULL)
		return "ESEARCH: no scope options are known";
	if (multisearch_names(filters, "SELECTED") &&
	    ferry_imap_session_get_mailbox(session) == NULL)
		return "ESEARCH: no mailbox is selected";
	/* RFC 9755 §3; rev2 allows it again */
	if (ferry_imap_command_get_argument(command, 2) != NULL &&
	    ferry_imap_session_is_enabled(session, "UTF8=ACCEPT") &&
	    !ferry_imap_session_is_enabled(session, "IMAP4REV2"))
		return "ESEARCH: no CHARSET after ENABLE UTF8=ACCEPT";
	if (!multisearch_is_selected_only(filters) &&
	    names_option(ferry_imap_command_get_argument(command, 1), "SAVE"))
		return "ESEARCH: only a search of the selected mailbox can be saved";
	return NULL;
}

/* Arguments: source, options, charset, program. */
void
multisearch_handle(FerryImapCommand *command, gpointer user_data)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);
	FerryAccountSession *account_session = ferry_imap_session_get_account_session(session);
	const char *mistake = multisearch_find_mistake(command);
	Multi *self;

	if (mistake != NULL) {
		ferry_imap_command_fail_new(command, FERRY_ERROR_INVALID, "%s", mistake);
		return;
	}
	self = g_new0(Multi, 1);
	self->command = g_object_ref(command);
	self->answers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					      (GDestroyNotify)g_hash_table_unref);
	ferry_imap_command_set_data(command, self, multi_free);
	if (multisearch_names(get_filters(command), "SUBSCRIBED"))
		ferry_account_session_list_subscribed_async(
			account_session, ferry_imap_command_get_cancellable(command), listed_cb,
			self);
	else
		ferry_account_session_list_async(account_session,
						 ferry_imap_command_get_cancellable(command),
						 listed_cb, self);
}
