/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands that change scripts, and those that ask before
 *
 * Specification: RFC 5804 §2.5, §2.6, §2.8, §2.10–§2.12
 * Implementation: an empty script is valid, but not stored (§2.6 wants it so). The backend checks a
 *   script before it stores it; what it says stands in the answer.
 */
#include "sieve-change.h"
#include "sieve-error.h"
#include "sieve-quota.h"
#include "sieve-session.h"
#include "sieve-warnings.h"

static gboolean
check_content(GBytes *content, GError **error)
{
	if (g_bytes_get_size(content) > 0)
		return TRUE;
	g_set_error_literal(error, SIEVE_ERROR, SIEVE_ERROR_INVALID_SCRIPT,
			    "line 1: the script is empty");
	return FALSE;
}

/* Ends a command with what its writer should know of the script. */
static void
accept_script(SieveCommand *command, GBytes *content, const char *text)
{
	gint64 limit = command->session->account != NULL
			       ? sieve_account_get_max_redirects(command->session->account)
			       : -1;
	g_autofree char *warning = NULL;
	gsize length;
	const char *script = g_bytes_get_data(content, &length);

	if (limit >= 0)
		warning = sieve_warnings_find(script, length, (guint64)limit);
	sieve_command_ok(command, warning != NULL ? "WARNINGS" : NULL,
			 warning != NULL ? warning : text);
}

static void
put_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	SieveCommand *command = user_data;
	g_autoptr(GError) error = NULL;

	if (sieve_account_change_finish(SIEVE_ACCOUNT(source), result, &error))
		accept_script(command, sieve_command_get_token(command, 1)->bytes, "Stored");
	else
		sieve_command_fail(command, error);
}

void
sieve_put_script(SieveCommand *command)
{
	GBytes *content = sieve_command_get_token(command, 1)->bytes;
	g_autoptr(GError) error = NULL;
	g_autofree char *name = sieve_command_dup_name(command, 0, &error);

	if (name == NULL || !check_content(content, &error))
		sieve_command_fail(command, error);
	else
		sieve_account_put_async(command->session->account, name, content,
					command->cancellable, put_cb, command);
}

static void
checked_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	SieveCommand *command = user_data;
	g_autoptr(GError) error = NULL;

	if (sieve_account_check_finish(SIEVE_ACCOUNT(source), result, &error))
		accept_script(command, sieve_command_get_token(command, 0)->bytes, "Valid");
	else
		sieve_command_fail(command, error);
}

void
sieve_check_script(SieveCommand *command)
{
	GBytes *content = sieve_command_get_token(command, 0)->bytes;

	/* no command is a valid script, and not every backend takes an empty upload */
	if (g_bytes_get_size(content) == 0)
		sieve_command_ok(command, NULL, "Valid");
	else
		sieve_account_check_async(command->session->account, content, command->cancellable,
					  checked_cb, command);
}

/* the changes without content */

static void
changed_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	SieveCommand *command = user_data;
	g_autoptr(GError) error = NULL;

	if (sieve_account_change_finish(SIEVE_ACCOUNT(source), result, &error))
		sieve_command_ok(command, NULL, "Done");
	else
		sieve_command_fail(command, error);
}

void
sieve_set_active(SieveCommand *command)
{
	SieveAccount *account = command->session->account;
	g_autoptr(GError) error = NULL;
	g_autofree char *name = NULL;

	if (g_bytes_get_size(sieve_command_get_token(command, 0)->bytes) > 0) {
		name = sieve_command_dup_name(command, 0, &error);
		if (name == NULL) {
			sieve_command_fail(command, error);
			return;
		}
	}
	sieve_account_activate_async(account, name, command->cancellable, changed_cb, command);
}

void
sieve_delete_script(SieveCommand *command)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *name = sieve_command_dup_name(command, 0, &error);

	if (name == NULL)
		sieve_command_fail(command, error);
	else
		sieve_account_delete_async(command->session->account, name, command->cancellable,
					   changed_cb, command);
}

void
sieve_rename_script(SieveCommand *command)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *name = sieve_command_dup_name(command, 0, &error);
	g_autofree char *new_name =
		name != NULL ? sieve_command_dup_name(command, 1, &error) : NULL;

	if (new_name == NULL)
		sieve_command_fail(command, error);
	else
		sieve_account_rename_async(command->session->account, name, new_name,
					   command->cancellable, changed_cb, command);
}

/* HAVESPACE */

static void
quota_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	SieveCommand *command = user_data;
	g_autoptr(GError) error = NULL;

	if (sieve_account_check_quota_finish(SIEVE_ACCOUNT(source), result, &error))
		sieve_command_ok(command, NULL, "There is room");
	else
		sieve_command_fail(command, error);
}

static void
room_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	SieveCommand *command = user_data;
	SieveAccount *account = SIEVE_ACCOUNT(source);
	guint32 size = sieve_command_get_token(command, 1)->number;
	g_autoptr(GError) error = NULL;
	g_autoptr(SieveList) list = sieve_account_list_finish(account, result, &error);
	g_autofree char *name = list != NULL ? sieve_command_dup_name(command, 0, &error) : NULL;

	if (name == NULL || !sieve_list_check_room(list, account, name, size, &error))
		sieve_command_fail(command, error);
	else
		sieve_account_check_quota_async(account, size, sieve_list_find(list, name) != NULL,
						command->cancellable, quota_cb, command);
}

void
sieve_have_space(SieveCommand *command)
{
	const FerryLimits *limits = ferry_service_get_limits(command->session->service);
	guint32 size = sieve_command_get_token(command, 1)->number;
	g_autoptr(GError) error = NULL;
	g_autofree char *name = sieve_command_dup_name(command, 0, &error);

	if (name != NULL && size > limits->literal)
		g_set_error(&error, FERRY_ERROR, FERRY_ERROR_TOO_BIG,
			    "A script may have %" G_GSIZE_FORMAT " octets", limits->literal);
	if (error != NULL)
		sieve_command_fail(command, error);
	else
		sieve_account_list_async(command->session->account, command->cancellable, room_cb,
					 command);
}
