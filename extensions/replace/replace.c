/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* REPLACE, UID REPLACE
 *
 * Specification: RFC 8508; RFC 4315 §3 (APPENDUID)
 * Implementation: the account puts the new message in and takes the old one out
 *   (ferry_mailbox_replace_async()); the new UID is told before the expunge (RFC 8508 §4.3)
 */
#include "replace.h"

#define MESSAGE 2

static void
replaced_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryImapCommand *command = user_data;
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryOutcome) outcome =
		ferry_mailbox_replace_finish(FERRY_MAILBOX(source), result, &error);
	g_autofree char *code = NULL;

	if (outcome == NULL) {
		ferry_imap_append_fail(command, ferry_imap_command_get_argument(command, MESSAGE),
				       error);
		return;
	}
	ferry_imap_append_tell_name(command, 1);
	ferry_imap_session_note_own(ferry_imap_command_get_session(command), outcome);
	code = ferry_imap_append_make_code(outcome);
	if (code != NULL)
		ferry_imap_session_write_response(ferry_imap_command_get_session(command), "OK",
						  code, "Replacement message is ready");
	ferry_imap_command_finish(command);
}

static void
made_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryImapCommand *command = FERRY_IMAP_COMMAND(source);
	FerryImapSession *session = ferry_imap_command_get_session(command);
	FerryMailbox *mailbox = ferry_imap_session_get_mailbox(session);
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) messages = ferry_imap_append_make_finish(command, result, &error);

	if (messages == NULL)
		ferry_imap_append_fail(command, ferry_imap_command_get_argument(command, MESSAGE),
				       error);
	else if (mailbox == NULL)
		ferry_imap_command_fail_new(command, FERRY_ERROR_UNAVAILABLE, "Connection closed");
	else
		ferry_mailbox_replace_async(
			mailbox, ferry_imap_session_get_account_session(session),
			GPOINTER_TO_UINT(user_data), ferry_imap_command_get_string(command, 1),
			g_ptr_array_index(messages, 0), ferry_imap_command_get_cancellable(command),
			replaced_cb, command);
}

/* A UID that no message has, or none any more. */
static GError *
make_missing_error(FerryImapCommand *command)
{
	FerryImapSet *set = ferry_imap_value_get_set(ferry_imap_command_get_argument(command, 0));
	FerryTold *told = ferry_imap_session_get_told(ferry_imap_command_get_session(command));
	guint32 uid = ferry_imap_set_has_star(set) ? ferry_told_get_highest_uid(told)
						   : ferry_imap_set_get_highest(set);

	if (ferry_told_get_number(told, uid) != 0)
		return g_error_new_literal(FERRY_ERROR, FERRY_ERROR_EXPUNGED,
					   "The message to be replaced is gone");
	return g_error_new_literal(FERRY_ERROR, FERRY_ERROR_NOT_FOUND, "No message has that UID");
}

/* The UID of the message to be replaced, as far as that is known before the new one is there; 0
 * with @error. */
guint32
replace_choose(FerryImapCommand *command, GError **error)
{
	g_autoptr(GArray) uids = NULL;

	if (ferry_imap_session_is_read_only(ferry_imap_command_get_session(command))) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_NO_PERMISSION,
				    "Mailbox is read-only");
		return 0;
	}
	uids = ferry_imap_command_resolve_set(command, 0, error);
	if (uids == NULL)
		return 0;
	if (uids->len > 0)
		return g_array_index(uids, guint32, 0);
	g_propagate_error(error, make_missing_error(command));
	return 0;
}

void
replace_run(FerryImapCommand *command, gpointer user_data)
{
	g_autoptr(GError) error = NULL;
	guint32 uid = replace_choose(command, &error);

	if (uid == 0)
		ferry_imap_command_fail(command, error);
	else
		ferry_imap_append_make_async(command,
					     ferry_imap_command_get_argument(command, MESSAGE),
					     made_cb, GUINT_TO_POINTER(uid));
}
