/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* APPEND
 *
 * Specification: RFC 9051 §6.3.12, RFC 3502 (MULTIAPPEND), RFC 4315 (APPENDUID), RFC 3516
 * (literal8) Implementation: messages are spooled while they arrive and handed on as they were
 * spooled; all are appended or none
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "account/flags.h"
#include "imap/commands/commands-private.h"

/* The name of the mailbox, where the client called it otherwise (RFC 9051 §6.3.12). */
static void
tell_name(FerryImapCommand *command)
{
	g_autofree char *name = ferry_imap_dup_real_name(command, 0);
	const char *written = ferry_imap_get_other_name(command, 0, name);

	if (written != NULL)
		ferry_imap_tell_new_name(command, name, written);
}

/* Content that the backend does not take has a code of its own (RFC 3516 §4.4). */
static void
explain(FerryImapCommand *command, GError *error)
{
	FerryImapValue *messages = ferry_imap_command_get_argument(command, 1);

	for (guint i = 0; i < ferry_imap_value_get_n_children(messages); i++) {
		FerryImapValue *message = ferry_imap_value_get_child(messages, i);

		if (ferry_imap_value_is_binary(ferry_imap_value_get_child(message, 2)) &&
		    g_error_matches(error, FERRY_ERROR, FERRY_ERROR_CANNOT))
			error->code = FERRY_ERROR_UNKNOWN_CTE;
	}
}

static void
append_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryImapCommand *command = user_data;
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryOutcome) outcome =
		ferry_account_session_append_finish(FERRY_ACCOUNT_SESSION(source), result, &error);
	const guint32 *uids;
	gsize n_uids;

	if (outcome == NULL) {
		explain(command, error);
		ferry_imap_command_fail(command, error);
		return;
	}
	tell_name(command);
	ferry_imap_session_note_own(ferry_imap_command_get_session(command), outcome);
	uids = ferry_outcome_get_target_uids(outcome, &n_uids);
	if (n_uids > 0) {
		g_autofree char *set = ferry_uid_array_to_string(uids, n_uids);
		g_autofree char *code = g_strdup_printf(
			"APPENDUID %u %s", ferry_outcome_get_uidvalidity(outcome), set);

		ferry_imap_command_set_response_code(command, code);
	}
	ferry_imap_command_finish(command);
}

static FerryAppendMessage *
make_message(FerryImapValue *data, GError **error)
{
	int fd = ferry_imap_value_get_fd(data);
	g_autoptr(GBytes) bytes = NULL;

	if (fd >= 0) {
		fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		if (fd >= 0)
			return ferry_append_message_new_fd(fd, ferry_imap_value_get_size(data));
		g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "Spool file: %s",
			    g_strerror(errno));
		return NULL;
	}
	bytes = ferry_imap_value_dup_bytes(data, error);
	return bytes != NULL ? ferry_append_message_new_bytes(bytes) : NULL;
}

static gboolean
check_size(FerryImapSession *session, guint64 size, GError **error)
{
	guint64 limit = ferry_imap_session_get_append_limit(session);

	/* RFC 3502 §3: an empty message is how a client takes the command back */
	if (size == 0) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CANNOT,
				    "A message has at least one octet");
		return FALSE;
	}
	/* it was not larger when it was announced, but its lines were mended */
	if (limit != 0 && size > limit) {
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_TOO_BIG,
			    "Message with CRLF exceeds the limit append=%" G_GUINT64_FORMAT, limit);
		return FALSE;
	}
	return TRUE;
}

/* @value: LIST of flags, date-time, data */
static FerryAppendMessage *
parse_message(FerryImapSession *session, FerryImapValue *value, GError **error)
{
	FerryImapValue *flag_list = ferry_imap_value_get_child(value, 0);
	FerryImapValue *date = ferry_imap_value_get_child(value, 1);
	FerryImapValue *data = ferry_imap_value_get_child(value, 2);
	g_autoptr(FerryAppendMessage) message = NULL;
	FerryMessageFlags flags = 0;
	g_auto(GStrv) keywords = NULL;

	if (flag_list != NULL) {
		g_auto(GStrv) names = ferry_imap_value_dup_strv(flag_list);

		if (!ferry_flags_parse((const char *const *)names, &flags, &keywords, error))
			return NULL;
	}
	if (!check_size(session, ferry_imap_value_get_size(data), error))
		return NULL;
	message = make_message(data, error);
	if (message == NULL)
		return NULL;
	ferry_append_message_set_flags(message, flags, (const char *const *)keywords);
	if (date != NULL)
		ferry_append_message_set_received_at(message,
						     ferry_imap_value_get_time(date, NULL));
	return g_steal_pointer(&message);
}

void
ferry_imap_append(FerryImapCommand *command, gpointer user_data)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);
	FerryImapValue *values = ferry_imap_command_get_argument(command, 1);
	g_autoptr(GPtrArray) messages =
		g_ptr_array_new_with_free_func((GDestroyNotify)ferry_append_message_unref);
	g_autoptr(GError) error = NULL;

	for (guint i = 0; i < ferry_imap_value_get_n_children(values); i++) {
		FerryAppendMessage *message =
			parse_message(session, ferry_imap_value_get_child(values, i), &error);

		if (message == NULL) {
			ferry_imap_command_fail(command, error);
			return;
		}
		g_ptr_array_add(messages, message);
	}
	ferry_account_session_append_async(ferry_imap_session_get_account_session(session),
					   ferry_imap_command_get_string(command, 0), messages,
					   ferry_imap_command_get_cancellable(command), append_cb,
					   command);
}
