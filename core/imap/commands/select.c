/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SELECT, EXAMINE
 *
 * Specification: RFC 9051 §6.3.2, §6.3.3; RFC 3501 §6.3.1 (RECENT, UNSEEN); RFC 4466 (parameters)
 * Implementation: the answers of both revisions, each in its sessions. The mailbox that was
 *   selected before is left even where the new one cannot be selected.
 */
#include "imap/commands/commands-private.h"

static void
write_flags(FerryImapWriter *writer, FerryView *view)
{
	ferry_imap_writer_begin_untagged(writer, "FLAGS");
	ferry_imap_writer_begin_list(writer);
	ferry_imap_writer_write_atom(writer, "\\Answered \\Flagged \\Deleted \\Seen \\Draft");
	ferry_imap_write_keywords(writer, view);
	ferry_imap_writer_end_list(writer);
	ferry_imap_writer_end_line(writer);
}

static void
write_number(FerryImapSession *session, const char *name, guint32 number, const char *text)
{
	g_autofree char *code = g_strdup_printf("%s %u", name, number);

	ferry_imap_session_write_response(session, "OK", code, text);
}

static void
write_first_unseen(FerryImapSession *session, FerryView *view)
{
	guint32 count = ferry_view_get_count(view);

	for (guint32 i = 0; i < count; i++) {
		if (ferry_view_get_row(view, i)->flags & FERRY_MESSAGE_SEEN)
			continue;
		write_number(session, "UNSEEN", i + 1, "First unseen");
		return;
	}
}

/* What modules tell of a mailbox when it is selected. */
static void
write_module_codes(FerryImapCommand *command)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);
	GPtrArray *list = ferry_registry_list(ferry_imap_session_get_registry(session),
					      FERRY_CONTRIBUTION_RESPONSE_CODE);

	for (guint i = 0; i < list->len; i++) {
		const FerryContribution *contribution = list->pdata[i];
		g_autofree char *code = NULL;

		if (g_strcmp0(contribution->name, "SELECT") != 0)
			continue;
		code = ((FerryResponseCodeFunc)contribution->func)(command,
								   contribution->user_data);
		if (code != NULL)
			ferry_imap_session_write_response(session, "OK", code, "Ok");
	}
}

static void
claim_recent(FerryImapSession *session, FerryMailbox *mailbox, gboolean read_only)
{
	FerryView *view = ferry_imap_session_get_view(session);
	guint32 first = read_only ? ferry_view_get_recent_watermark(view)
				  : ferry_mailbox_claim_recent(mailbox);

	ferry_told_add_recent(ferry_imap_session_get_told(session), MAX(first, 1),
			      ferry_view_get_uidnext(view) - 1);
}

static void
write_name(FerryImapCommand *command, FerryImapWriter *writer, FerryMailboxInfo *info)
{
	const char *written =
		ferry_imap_get_other_name(command, 0, ferry_mailbox_info_get_name(info));

	ferry_imap_write_list(writer, info, ferry_mailbox_info_is_subscribed(info));
	if (written != NULL)
		ferry_imap_write_oldname(writer, written);
	ferry_imap_writer_end_line(writer);
}

static void
write_answers(FerryImapCommand *command, FerryMailbox *mailbox)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);
	FerryImapWriter *writer = ferry_imap_command_get_writer(command);
	FerryTold *told = ferry_imap_session_get_told(session);
	FerryView *view = ferry_told_get_view(told);
	FerryMailboxInfo *info = ferry_mailbox_get_info(mailbox);

	write_flags(writer, view);
	ferry_imap_writer_writef(writer, "* %u EXISTS\r\n", ferry_told_get_count(told));
	if (ferry_imap_session_shows_recent(session)) {
		ferry_imap_writer_writef(writer, "* %u RECENT\r\n", ferry_told_count_recent(told));
		if (ferry_imap_session_get_fetch_word(session) == NULL)
			write_first_unseen(session, view);
	}
	ferry_imap_session_write_permanent_flags(session);
	write_number(session, "UIDVALIDITY", ferry_view_get_uidvalidity(view), "UIDs are valid");
	write_number(session, "UIDNEXT", ferry_view_get_uidnext(view), "Next UID");
	/* RFC 9051 §6.3.2: rev2 also tells the name, as LIST does */
	if (!ferry_imap_session_shows_recent(session))
		write_name(command, writer, info);
	write_module_codes(command);
}

static void
finish_cb(gpointer user_data)
{
	ferry_imap_command_finish(user_data);
}

static void
open_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryImapCommand *command = user_data;
	FerryImapSession *session = ferry_imap_command_get_session(command);
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryMailbox) mailbox =
		ferry_account_session_open_finish(FERRY_ACCOUNT_SESSION(source), result, &error);
	gboolean examine = g_strcmp0(ferry_imap_command_get_name(command), "EXAMINE") == 0;
	gboolean read_only;

	if (mailbox == NULL) {
		ferry_imap_command_fail(command, error);
		return;
	}
	if (session->ended || session->leaving) {
		ferry_imap_command_fail_new(command, FERRY_ERROR_UNAVAILABLE, "Connection closed");
		return;
	}
	ferry_imap_session_select(session, mailbox, ferry_imap_command_get_string(command, 0),
				  examine);
	read_only = ferry_imap_session_is_read_only(session);
	if (ferry_imap_session_shows_recent(session))
		claim_recent(session, mailbox, read_only);
	write_answers(command, mailbox);
	ferry_imap_command_set_response_code(command, read_only ? "READ-ONLY" : "READ-WRITE");
	ferry_imap_command_take_steps(command, finish_cb, command);
}

static void
progress_cb(guint64 done, guint64 total, gpointer user_data)
{
	ferry_imap_command_set_progress(user_data, done, total);
}

void
ferry_imap_select(FerryImapCommand *command, gpointer user_data)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);
	g_autoptr(GError) error = NULL;

	/* what is BAD changes nothing */
	if (!ferry_imap_command_apply_modifiers(
		    command, ferry_imap_command_get_argument(command, 1), &error)) {
		ferry_imap_command_fail(command, error);
		return;
	}
	if (ferry_imap_session_get_mailbox(session) != NULL) {
		ferry_imap_session_write_response(session, "OK", "CLOSED",
						  "Previous mailbox is closed");
		ferry_imap_session_unselect(session);
	}
	ferry_account_session_open_async(ferry_imap_session_get_account_session(session),
					 ferry_imap_command_get_string(command, 0), progress_cb,
					 command, NULL, ferry_imap_command_get_cancellable(command),
					 open_cb, command);
}
