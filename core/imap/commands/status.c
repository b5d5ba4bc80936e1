/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* STATUS
 *
 * Specification: RFC 9051 §6.3.11, RFC 3501 §6.3.10 (RECENT), RFC 8438 (SIZE), RFC 7889
 *   (APPENDLIMIT)
 */
#include "imap/commands/commands-private.h"

static void
write_number(FerryImapWriter *writer, const char *name, guint64 number)
{
	ferry_imap_writer_write_atom(writer, name);
	ferry_imap_writer_write_number(writer, number);
}

/* One limit holds for all mailboxes; NIL: there is none (RFC 7889 §5). */
static void
write_append_limit(FerryImapStatus *status, FerryImapWriter *writer)
{
	guint64 limit = ferry_imap_session_get_append_limit(ferry_imap_status_get_session(status));

	if (limit > 0) {
		write_number(writer, "APPENDLIMIT", limit);
		return;
	}
	ferry_imap_writer_write_atom(writer, "APPENDLIMIT");
	ferry_imap_writer_write_nil(writer);
}

static void
write_item(FerryImapStatus *status, FerryImapWriter *writer, gpointer user_data)
{
	const FerryMailboxStatus *numbers = ferry_imap_status_get_numbers(status);
	const char *name = user_data;

	if (g_strcmp0(name, "MESSAGES") == 0)
		write_number(writer, name, numbers->messages);
	else if (g_strcmp0(name, "UNSEEN") == 0)
		write_number(writer, name, numbers->unseen);
	else if (g_strcmp0(name, "UIDNEXT") == 0)
		write_number(writer, name, numbers->uidnext);
	else if (g_strcmp0(name, "UIDVALIDITY") == 0)
		write_number(writer, name, numbers->uidvalidity);
	else if (g_strcmp0(name, "RECENT") == 0)
		write_number(writer, name, numbers->recent);
	else if (g_strcmp0(name, "APPENDLIMIT") == 0)
		write_append_limit(status, writer);
	else if (g_strcmp0(name, "DELETED") == 0)
		write_number(writer, name, numbers->deleted);
	else
		write_number(writer, name, numbers->size);
}

gboolean
ferry_imap_register_status_items(FerryRegistry *registry, GError **error)
{
	static const struct {
		const char *name;
		FerryNeeds needs;
	} items[] = {
		{"MESSAGES", FERRY_NEEDS_NOTHING}, {"UNSEEN", FERRY_NEEDS_NOTHING},
		{"UIDNEXT", FERRY_NEEDS_METADATA}, {"UIDVALIDITY", FERRY_NEEDS_METADATA},
		{"RECENT", FERRY_NEEDS_METADATA},  {"DELETED", FERRY_NEEDS_METADATA},
		{"SIZE", FERRY_NEEDS_METADATA},    {"APPENDLIMIT", FERRY_NEEDS_NOTHING},
	};

	for (guint i = 0; i < G_N_ELEMENTS(items); i++)
		if (!ferry_registry_add_status_item(registry, items[i].name, items[i].needs,
						    write_item, (gpointer)items[i].name, NULL,
						    error))
			return FALSE;
	return TRUE;
}

/* Counts can come from the backend at once; all else waits until the mailbox is listed. */
FerryStatusItems
ferry_imap_status_needs(FerryImapValue *items)
{
	for (guint i = 0; i < ferry_imap_value_get_n_children(items); i++) {
		FerryImapValue *item = ferry_imap_value_get_child(items, i);

		if (ferry_imap_value_get_contribution(item)->flags != FERRY_NEEDS_NOTHING)
			return FERRY_STATUS_COUNTS | FERRY_STATUS_ALL;
	}
	return FERRY_STATUS_COUNTS;
}

void
ferry_imap_write_status(FerryImapSession *session, FerryImapCommand *command, const char *name,
			const FerryMailboxStatus *numbers, FerryImapValue *items)
{
	FerryImapWriter *writer = ferry_imap_session_get_writer(session);
	FerryMailboxList *list =
		ferry_account_session_get_list(ferry_imap_session_get_account_session(session));
	FerryMailboxInfo *info = list != NULL ? ferry_mailbox_list_find(list, name) : NULL;
	g_autoptr(FerryImapStatus) status =
		ferry_imap_status_new(session, command, name, info, numbers);

	ferry_imap_writer_begin_untagged(writer, "STATUS");
	ferry_imap_writer_write_mailbox(writer,
					info != NULL ? ferry_mailbox_info_get_name(info) : name);
	ferry_imap_writer_begin_list(writer);
	for (guint i = 0; i < ferry_imap_value_get_n_children(items); i++) {
		const FerryContribution *contribution =
			ferry_imap_value_get_contribution(ferry_imap_value_get_child(items, i));

		((FerryStatusFunc)contribution->func)(status, writer, contribution->user_data);
	}
	ferry_imap_writer_end_list(writer);
	ferry_imap_writer_end_line(writer);
}

static void
status_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryImapCommand *command = user_data;
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryMailboxStatus) numbers =
		ferry_account_session_status_finish(FERRY_ACCOUNT_SESSION(source), result, &error);

	if (numbers == NULL || ferry_imap_session_get_account_session(
				       ferry_imap_command_get_session(command)) == NULL) {
		if (error == NULL)
			error = g_error_new_literal(FERRY_ERROR, FERRY_ERROR_UNAVAILABLE,
						    "Connection closed");
		ferry_imap_command_fail(command, error);
		return;
	}
	ferry_imap_write_status(ferry_imap_command_get_session(command), command,
				ferry_imap_command_get_string(command, 0), numbers,
				ferry_imap_command_get_argument(command, 1));
	ferry_imap_command_finish(command);
}

void
ferry_imap_status(FerryImapCommand *command, gpointer user_data)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);

	ferry_account_session_status_async(
		ferry_imap_session_get_account_session(session),
		ferry_imap_command_get_string(command, 0),
		ferry_imap_status_needs(ferry_imap_command_get_argument(command, 1)),
		ferry_imap_command_get_cancellable(command), status_cb, command);
}
