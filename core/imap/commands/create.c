/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CREATE
 *
 * Specification: RFC 9051 §6.3.4, RFC 6154 §3 (CREATE-SPECIAL-USE)
 * Implementation: names are made NFC; one special use becomes the JMAP role. The id of the new
 *   mailbox is the command's named data "mailbox-id", for who adds a response code.
 */
#include "imap/commands/commands-private.h"
#include "imap/names.h"

static void
create_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryImapCommand *command = user_data;
	g_autoptr(GError) error = NULL;
	char *id =
		ferry_account_session_create_finish(FERRY_ACCOUNT_SESSION(source), result, &error);
	const char *name = ferry_imap_command_get_data(command);
	const char *written;

	if (id == NULL) {
		ferry_imap_command_fail(command, error);
		return;
	}
	ferry_imap_command_set_named_data(command, "mailbox-id", id, g_free);
	written = ferry_imap_get_other_name(command, 0, name);
	if (written != NULL)
		ferry_imap_tell_new_name(command, name, written);
	ferry_imap_command_finish(command);
}

static const char *
find_role(const char *use)
{
	static const char *const roles[][2] = {
		{"\\Drafts", "drafts"},       {"\\Sent", "sent"},       {"\\Trash", "trash"},
		{"\\Junk", "junk"},           {"\\Archive", "archive"}, {"\\Flagged", "flagged"},
		{"\\Important", "important"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(roles); i++)
		if (g_ascii_strcasecmp(use, roles[i][0]) == 0)
			return roles[i][1];
	return NULL;
}

/* `(USE (\Name))`: LIST of LIST of LIST. RFC 6154 §6 lets the inner one be empty. */
static gboolean
get_role(FerryImapCommand *command, const char **role)
{
	FerryImapValue *value = ferry_imap_command_get_argument(command, 1);

	*role = NULL;
	if (value == NULL)
		return TRUE;
	value = ferry_imap_value_get_child(ferry_imap_value_get_child(value, 0), 0);
	if (value == NULL)
		return TRUE;
	if (ferry_imap_value_get_n_children(value) == 1)
		*role = find_role(ferry_imap_value_get_text(ferry_imap_value_get_child(value, 0)));
	return *role != NULL;
}

void
ferry_imap_create(FerryImapCommand *command, gpointer user_data)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);
	g_autoptr(GError) error = NULL;
	char *name = ferry_imap_name_for_create(ferry_imap_command_get_string(command, 0), &error);
	const char *role;

	if (name == NULL) {
		ferry_imap_command_fail(command, error);
		return;
	}
	ferry_imap_command_set_data(command, name, g_free);
	if (!get_role(command, &role)) {
		ferry_imap_command_set_response_code(command, "USEATTR");
		ferry_imap_command_fail_new(command, FERRY_ERROR_CANNOT,
					    "A mailbox cannot be made for this use");
		return;
	}
	ferry_account_session_create_async(ferry_imap_session_get_account_session(session), name,
					   role, ferry_imap_command_get_cancellable(command),
					   create_cb, command);
}
