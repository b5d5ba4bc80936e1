/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* COPY, MOVE and their UID forms
 *
 * Specification: RFC 9051 §6.4.7, §6.4.8; RFC 4315 (COPYUID), RFC 6851
 */
#include "imap/commands/commands-private.h"

/* `COPYUID validity source target`; the pairs keep their order. */
static char *
make_copyuid(FerryImapCommand *command, FerryOutcome *outcome)
{
	gsize n_source, n_target;
	const guint32 *source = ferry_outcome_get_source_uids(outcome, &n_source);
	const guint32 *target = ferry_outcome_get_target_uids(outcome, &n_target);
	g_autofree char *from = ferry_uid_array_to_string(source, n_source);
	g_autofree char *to = ferry_uid_array_to_string(target, n_target);

	ferry_imap_session_note_own(ferry_imap_command_get_session(command), outcome);
	if (n_source == 0 || n_source != n_target)
		return NULL;
	return g_strdup_printf("COPYUID %u %s %s", ferry_outcome_get_uidvalidity(outcome), from,
			       to);
}

static void
copy_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryImapCommand *command = user_data;
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryOutcome) outcome =
		ferry_mailbox_copy_finish(FERRY_MAILBOX(source), result, &error);
	g_autofree char *code = outcome != NULL ? make_copyuid(command, outcome) : NULL;

	if (outcome == NULL) {
		ferry_imap_command_fail(command, error);
	} else if (ferry_outcome_get_error(outcome) != NULL) {
		ferry_imap_command_fail(command, ferry_outcome_get_error(outcome));
	} else {
		if (code != NULL)
			ferry_imap_command_set_response_code(command, code);
		ferry_imap_command_finish(command);
	}
}

static void
move_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryImapCommand *command = user_data;
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryOutcome) outcome =
		ferry_mailbox_move_finish(FERRY_MAILBOX(source), result, &error);
	g_autofree char *code = outcome != NULL ? make_copyuid(command, outcome) : NULL;

	/* RFC 6851 §4.3: COPYUID comes in an untagged OK, before the EXPUNGEs */
	if (code != NULL)
		ferry_imap_session_write_response(ferry_imap_command_get_session(command), "OK",
						  code, "Moved");
	if (outcome == NULL)
		ferry_imap_command_fail(command, error);
	else if (ferry_outcome_get_error(outcome) != NULL)
		ferry_imap_command_fail(command, ferry_outcome_get_error(outcome));
	else
		ferry_imap_command_finish(command);
}

gboolean
ferry_imap_check_present(FerryImapCommand *command, GArray *uids)
{
	FerryView *view = ferry_imap_session_get_view(ferry_imap_command_get_session(command));

	for (guint i = 0; i < uids->len && !ferry_imap_command_is_uid(command); i++) {
		if (ferry_view_find_uid(view, g_array_index(uids, guint32, i), NULL))
			continue;
		ferry_imap_command_fail_new(command, FERRY_ERROR_EXPUNGED,
					    "Some of these messages are gone");
		return FALSE;
	}
	return TRUE;
}

/* The messages to work on; NULL where the command is at its end. */
static GArray *
get_uids(FerryImapCommand *command)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GArray) uids = ferry_imap_command_resolve_set(command, 0, &error);

	if (uids == NULL)
		ferry_imap_command_fail(command, error);
	else if (uids->len == 0)
		ferry_imap_command_finish(command);
	else if (ferry_imap_check_present(command, uids))
		return g_steal_pointer(&uids);
	return NULL;
}

void
ferry_imap_copy(FerryImapCommand *command, gpointer user_data)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);
	g_autoptr(GArray) uids = get_uids(command);

	if (uids != NULL)
		ferry_mailbox_copy_async(ferry_imap_session_get_mailbox(session),
					 ferry_imap_session_get_account_session(session),
					 (guint32 *)(gpointer)uids->data, uids->len,
					 ferry_imap_command_get_string(command, 1),
					 !ferry_imap_command_is_uid(command),
					 ferry_imap_command_get_cancellable(command), copy_cb,
					 command);
}

void
ferry_imap_move(FerryImapCommand *command, gpointer user_data)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);
	g_autoptr(GArray) uids = NULL;

	if (!ferry_imap_check_writable(command))
		return;
	uids = get_uids(command);
	if (uids != NULL)
		ferry_mailbox_move_async(ferry_imap_session_get_mailbox(session),
					 ferry_imap_session_get_account_session(session),
					 (guint32 *)(gpointer)uids->data, uids->len,
					 ferry_imap_command_get_string(command, 1),
					 !ferry_imap_command_is_uid(command),
					 ferry_imap_command_get_cancellable(command), move_cb,
					 command);
}
