/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* LIST
 *
 * Specification: RFC 9051 §6.3.9; RFC 5258 (extended LIST), RFC 5819 (STATUS), RFC 6154
 * Implementation: there are no remote mailboxes, so REMOTE changes nothing. A parent that does not
 *   match the selection is told only where RECURSIVEMATCH asks for it and some descendant that does
 *   is not told itself (RFC 9051 §6.3.9.6).
 */
#include "imap/commands/commands-private.h"
#include "imap/names.h"

typedef struct {
	FerryMailboxList *list;
	GPtrArray *patterns; /* with the reference before them */
	FerryImapValue *selections;
	FerryImapValue *returns;
	FerryImapValue *status; /* items of RETURN (STATUS (…)) */
	gboolean subscribed;    /* only what is subscribed */
	gboolean recursive;     /* … and parents of that */
	gboolean special;       /* only what has a special use */
	gboolean tell_subscribed;
	guint next;          /* where the walk over the list goes on */
	GHashTable *parents; /* names that have a descendant that the selection names */
	GHashTable *hidden;  /* … one that no pattern names */
} List;

static void
list_free(gpointer data)
{
	List *self = data;

	g_clear_pointer(&self->list, ferry_mailbox_list_unref);
	g_clear_pointer(&self->patterns, g_ptr_array_unref);
	g_clear_pointer(&self->parents, g_hash_table_unref);
	g_clear_pointer(&self->hidden, g_hash_table_unref);
	g_free(self);
}

static gboolean
matches(List *self, const char *name)
{
	for (guint i = 0; i < self->patterns->len; i++)
		if (ferry_imap_name_matches(self->patterns->pdata[i], name))
			return TRUE;
	return FALSE;
}

/* What modules say to a mailbox: selection options that they added. */
static gboolean
module_selects(FerryImapCommand *command, List *self, const char *name)
{
	for (guint i = 0;
	     self->selections != NULL && i < ferry_imap_value_get_n_children(self->selections);
	     i++) {
		FerryImapValue *item = ferry_imap_value_get_child(self->selections, i);
		const FerryContribution *contribution = ferry_imap_value_get_contribution(item);

		if (!((FerryListFunc)contribution->func)(command, name, item,
							 ferry_imap_command_get_writer(command),
							 contribution->user_data))
			return FALSE;
	}
	return TRUE;
}

/* Whether a mailbox is one that the selection options name, whatever the patterns say. */
static gboolean
is_selected(FerryImapCommand *command, List *self, FerryMailboxInfo *info)
{
	if (self->subscribed && !ferry_mailbox_info_is_subscribed(info))
		return FALSE;
	if (self->special && ferry_mailbox_info_get_special_use(info) == NULL)
		return FALSE;
	return module_selects(command, self, ferry_mailbox_info_get_name(info));
}

static void
add_parents(GHashTable *parents, const char *name)
{
	g_autofree char *parent = g_strdup(name);
	char *slash;

	while ((slash = strrchr(parent, FERRY_IMAP_DELIMITER)) != NULL) {
		*slash = '\0';
		if (!g_hash_table_add(parents, g_strdup(parent)))
			break;
	}
}

static void
add_selected(List *self, const char *name)
{
	add_parents(self->parents, name);
	if (!matches(self, name))
		add_parents(self->hidden, name);
}

/* Names that are subscribed and do not exist (any more); NULL where none of them is selected. */
static const char *const *
get_missing(List *self)
{
	if (!self->subscribed || self->special)
		return NULL;
	return ferry_mailbox_list_get_missing_subscriptions(self->list);
}

static void
collect_parents(FerryImapCommand *command, List *self)
{
	const char *const *missing = get_missing(self);
	guint count = ferry_mailbox_list_get_count(self->list);

	self->parents = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	self->hidden = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (guint i = 0; i < count; i++) {
		FerryMailboxInfo *info = ferry_mailbox_list_get_nth(self->list, i);

		if (is_selected(command, self, info))
			add_selected(self, ferry_mailbox_info_get_name(info));
	}
	for (; missing != NULL && *missing != NULL; missing++)
		add_selected(self, *missing);
}

static gboolean
has_hidden_child(List *self, const char *name)
{
	return self->recursive && g_hash_table_contains(self->hidden, name);
}

static void
end_response(FerryImapWriter *writer, List *self, const char *name)
{
	if (self->recursive && g_hash_table_contains(self->parents, name))
		ferry_imap_writer_write_atom(writer, "(\"CHILDINFO\" (\"SUBSCRIBED\"))");
	ferry_imap_writer_end_line(writer);
}

static void
write_mailbox(FerryImapCommand *command, List *self, FerryMailboxInfo *info)
{
	FerryImapWriter *writer = ferry_imap_command_get_writer(command);

	ferry_imap_write_list(writer, info,
			      self->tell_subscribed && ferry_mailbox_info_is_subscribed(info));
	end_response(writer, self, ferry_mailbox_info_get_name(info));
}

static void
write_module_returns(FerryImapCommand *command, List *self, const char *name)
{
	for (guint i = 0;
	     self->returns != NULL && i < ferry_imap_value_get_n_children(self->returns); i++) {
		FerryImapValue *item = ferry_imap_value_get_child(self->returns, i);
		const FerryContribution *contribution = ferry_imap_value_get_contribution(item);

		((FerryListFunc)contribution->func)(command, name, item,
						    ferry_imap_command_get_writer(command),
						    contribution->user_data);
	}
}

/* A parent of what the selection names that is there as little as that. */
static gboolean
is_missing_parent(List *self, const char *name)
{
	return matches(self, name) && ferry_mailbox_list_find(self->list, name) == NULL &&
	       !ferry_mailbox_list_is_subscribed(self->list, name);
}

static void
write_missing(FerryImapCommand *command, List *self)
{
	FerryImapWriter *writer = ferry_imap_command_get_writer(command);
	const char *const *names = get_missing(self);
	GHashTableIter iter;
	gpointer parent;

	for (; names != NULL && *names != NULL; names++) {
		if (!matches(self, *names))
			continue;
		ferry_imap_write_missing_list(writer, *names,
					      "\\NonExistent \\HasNoChildren \\Subscribed");
		end_response(writer, self, *names);
	}
	if (!self->recursive)
		return;
	g_hash_table_iter_init(&iter, self->hidden);
	while (g_hash_table_iter_next(&iter, &parent, NULL)) {
		if (!is_missing_parent(self, parent))
			continue;
		ferry_imap_write_missing_list(writer, parent, "\\NonExistent \\HasNoChildren");
		end_response(writer, self, parent);
	}
}

static void walk(FerryImapCommand *command);

static void
status_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryImapCommand *command = user_data;
	List *self = ferry_imap_command_get_data(command);
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryMailboxStatus) numbers =
		ferry_account_session_status_finish(FERRY_ACCOUNT_SESSION(source), result, &error);
	FerryMailboxInfo *info = ferry_mailbox_list_get_nth(self->list, self->next - 1);

	if (ferry_imap_session_get_account_session(ferry_imap_command_get_session(command)) ==
	    NULL) {
		ferry_imap_command_fail_new(command, FERRY_ERROR_UNAVAILABLE, "Connection closed");
		return;
	}
	/* RFC 5819 §2: without its STATUS the mailbox is still told */
	if (numbers != NULL)
		ferry_imap_write_status(ferry_imap_command_get_session(command), command,
					ferry_mailbox_info_get_name(info), numbers, self->status);
	walk(command);
}

static void
ask_status(FerryImapCommand *command, List *self, FerryMailboxInfo *info)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);

	ferry_account_session_status_async(
		ferry_imap_session_get_account_session(session), ferry_mailbox_info_get_name(info),
		ferry_imap_status_needs(self->status), ferry_imap_command_get_cancellable(command),
		status_cb, command);
}

/* Tells one mailbox after the other; waits only for STATUS. */
static void
walk(FerryImapCommand *command)
{
	List *self = ferry_imap_command_get_data(command);
	guint count = ferry_mailbox_list_get_count(self->list);

	while (self->next < count) {
		FerryMailboxInfo *info = ferry_mailbox_list_get_nth(self->list, self->next++);
		const char *name = ferry_mailbox_info_get_name(info);
		gboolean selected;

		if (!matches(self, name))
			continue;
		selected = is_selected(command, self, info);
		if (!selected && !has_hidden_child(self, name))
			continue;
		write_mailbox(command, self, info);
		/* of a parent that is only on the way no more is told (RFC 9051 §6.3.9.8, RFC 9590
		 * §4) */
		if (!selected)
			continue;
		write_module_returns(command, self, name);
		if (self->status != NULL && ferry_mailbox_info_is_selectable(info)) {
			ask_status(command, self, info);
			return;
		}
	}
	write_missing(command, self);
	ferry_imap_command_finish(command);
}

static void
begin_cb(gpointer user_data)
{
	FerryImapCommand *command = user_data;
	List *self = ferry_imap_command_get_data(command);

	if (self->recursive)
		collect_parents(command, self);
	walk(command);
}

static void
list_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryImapCommand *command = user_data;
	List *self = ferry_imap_command_get_data(command);
	g_autoptr(GError) error = NULL;

	self->list =
		ferry_account_session_list_finish(FERRY_ACCOUNT_SESSION(source), result, &error);
	if (self->list == NULL) {
		ferry_imap_command_fail(command, error);
		return;
	}
	ferry_imap_command_take_steps(command, begin_cb, command);
}

static gboolean
has_option(FerryImapValue *list, const char *name)
{
	for (guint i = 0; list != NULL && i < ferry_imap_value_get_n_children(list); i++)
		if (ferry_imap_value_is(ferry_imap_value_get_child(list, i), name))
			return TRUE;
	return FALSE;
}

static void
read_options(List *self)
{
	self->subscribed = has_option(self->selections, "SUBSCRIBED");
	self->recursive = has_option(self->selections, "RECURSIVEMATCH");
	self->special = has_option(self->selections, "SPECIAL-USE");
	self->tell_subscribed = self->subscribed || has_option(self->returns, "SUBSCRIBED");
	for (guint i = 0;
	     self->returns != NULL && i < ferry_imap_value_get_n_children(self->returns); i++) {
		FerryImapValue *item = ferry_imap_value_get_child(self->returns, i);

		if (ferry_imap_value_is(item, "STATUS"))
			self->status = ferry_imap_value_get_child(item, 0);
	}
}

void
ferry_imap_list(FerryImapCommand *command, gpointer user_data)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);
	const char *reference = ferry_imap_command_get_string(command, 1);
	FerryImapValue *patterns = ferry_imap_command_get_argument(command, 2);
	List *self = g_new0(List, 1);

	ferry_imap_command_set_data(command, self, list_free);
	self->selections = ferry_imap_command_get_argument(command, 0);
	self->returns = ferry_imap_command_get_argument(command, 3);
	self->patterns = g_ptr_array_new_with_free_func(g_free);
	read_options(self);
	if (self->recursive && !self->subscribed) {
		ferry_imap_command_fail_new(command, FERRY_ERROR_INVALID,
					    "RECURSIVEMATCH needs SUBSCRIBED");
		return;
	}
	for (guint i = 0; i < ferry_imap_value_get_n_children(patterns); i++)
		g_ptr_array_add(self->patterns,
				g_strconcat(reference,
					    ferry_imap_value_get_text(
						    ferry_imap_value_get_child(patterns, i)),
					    NULL));
	/* RFC 9051 §6.3.9: an empty pattern asks for the delimiter, in the basic syntax only */
	if (self->selections == NULL && self->returns == NULL && self->patterns->len == 1 &&
	    *ferry_imap_value_get_text(ferry_imap_value_get_child(patterns, 0)) == '\0') {
		ferry_imap_writer_write_text(ferry_imap_command_get_writer(command),
					     "* LIST (\\Noselect) \"/\" \"\"\r\n");
		ferry_imap_command_finish(command);
		return;
	}
	if (self->tell_subscribed)
		ferry_account_session_list_subscribed_async(
			ferry_imap_session_get_account_session(session),
			ferry_imap_command_get_cancellable(command), list_cb, command);
	else
		ferry_account_session_list_async(ferry_imap_session_get_account_session(session),
						 ferry_imap_command_get_cancellable(command),
						 list_cb, command);
}

/* The base's own options are read above; to the registry they say yes. */
static gboolean
always(FerryImapCommand *command, const char *name, FerryImapValue *arguments,
       FerryImapWriter *writer, gpointer user_data)
{
	return TRUE;
}

gboolean
ferry_imap_register_list_options(FerryRegistry *registry, GError **error)
{
	static const char *const selections[] = {"SUBSCRIBED", "REMOTE", "RECURSIVEMATCH",
						 "SPECIAL-USE"};
	static const char *const returns[] = {"SUBSCRIBED", "CHILDREN", "SPECIAL-USE"};

	for (guint i = 0; i < G_N_ELEMENTS(selections); i++)
		if (!ferry_registry_add_list_selection(registry, selections[i], always, NULL, NULL,
						       error))
			return FALSE;
	for (guint i = 0; i < G_N_ELEMENTS(returns); i++)
		if (!ferry_registry_add_list_return(registry, returns[i], NULL, always, NULL, NULL,
						    error))
			return FALSE;
	return ferry_registry_add_list_return(registry, "STATUS", "status-items", always, NULL,
					      NULL, error);
}
