/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* LSUB
 *
 * Specification: RFC 3501 §6.3.9
 * Implementation: a subscribed name that `%` does not reach shows its parent as \Noselect
 */
#include "imap/commands/commands-private.h"
#include "imap/names.h"

static void
write_name(FerryImapWriter *writer, const char *name, const char *attribute)
{
	ferry_imap_writer_begin_untagged(writer, "LSUB");
	ferry_imap_writer_begin_list(writer);
	if (attribute != NULL)
		ferry_imap_writer_write_atom(writer, attribute);
	ferry_imap_writer_end_list(writer);
	ferry_imap_writer_write_string(writer, "/", 1);
	ferry_imap_writer_write_mailbox(writer, name);
	ferry_imap_writer_end_line(writer);
}

/* The lowest parent that matches, each told once. */
static void
write_parent(FerryImapWriter *writer, FerryMailboxList *list, const char *pattern, const char *name,
	     GHashTable *told)
{
	g_autofree char *parent = g_strdup(name);
	char *slash;

	while ((slash = strrchr(parent, FERRY_IMAP_DELIMITER)) != NULL) {
		*slash = '\0';
		if (!ferry_imap_name_matches(pattern, parent))
			continue;
		if (!ferry_mailbox_list_is_subscribed(list, parent) &&
		    g_hash_table_add(told, g_strdup(parent)))
			write_name(writer, parent, "\\Noselect");
		return;
	}
}

static void
write_subscribed(FerryImapWriter *writer, FerryMailboxList *list, const char *pattern)
{
	g_autoptr(GHashTable) told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	const char *const *missing = ferry_mailbox_list_get_missing_subscriptions(list);
	gboolean parents = strchr(pattern, '%') != NULL;
	guint count = ferry_mailbox_list_get_count(list);

	for (guint i = 0; i < count; i++) {
		FerryMailboxInfo *info = ferry_mailbox_list_get_nth(list, i);
		const char *name = ferry_mailbox_info_get_name(info);

		if (!ferry_mailbox_info_is_subscribed(info))
			continue;
		if (ferry_imap_name_matches(pattern, name))
			write_name(writer, name,
				   ferry_mailbox_info_is_selectable(info) ? NULL : "\\Noselect");
		else if (parents)
			write_parent(writer, list, pattern, name, told);
	}
	for (; missing != NULL && *missing != NULL; missing++) {
		if (ferry_imap_name_matches(pattern, *missing))
			write_name(writer, *missing, NULL);
		else if (parents)
			write_parent(writer, list, pattern, *missing, told);
	}
}

static void
list_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryImapCommand *command = user_data;
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryMailboxList) list =
		ferry_account_session_list_finish(FERRY_ACCOUNT_SESSION(source), result, &error);
	g_autofree char *pattern = NULL;

	if (list == NULL) {
		ferry_imap_command_fail(command, error);
		return;
	}
	pattern = g_strconcat(ferry_imap_command_get_string(command, 0),
			      ferry_imap_command_get_string(command, 1), NULL);
	write_subscribed(ferry_imap_command_get_writer(command), list, pattern);
	ferry_imap_command_finish(command);
}

void
ferry_imap_lsub(FerryImapCommand *command, gpointer user_data)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);

	ferry_account_session_list_subscribed_async(ferry_imap_session_get_account_session(session),
						    ferry_imap_command_get_cancellable(command),
						    list_cb, command);
}
