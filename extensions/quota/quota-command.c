/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* QUOTA: how full an account is
 *
 * Specification: RFC 9208
 * Implementation: GETQUOTA, GETQUOTAROOT, the status item DELETED-STORAGE. SETQUOTA is refused:
 *   JMAP cannot set quotas, and QUOTASET is not offered. Untagged OVERQUOTA for a soft limit, which
 *   RFC 9208 §4.3.1 allows, is not sent
 */
#include "quota.h"

#include "quota-root.h"

#include <string.h>

typedef struct {
	char *name; /* a mailbox, or a quota root */
	gboolean is_root;
} Wanted;

static void
wanted_free(gpointer data)
{
	Wanted *wanted = data;

	g_free(wanted->name);
	g_free(wanted);
}

static void
write_roots(FerryImapCommand *command, const Wanted *wanted, GPtrArray *roots)
{
	FerryImapWriter *writer = ferry_imap_command_get_writer(command);

	ferry_imap_writer_begin_untagged(writer, "QUOTAROOT");
	ferry_imap_writer_write_mailbox(writer, wanted->name);
	for (guint i = 0; i < roots->len; i++)
		ferry_imap_writer_write_astring(writer, ((const QuotaRoot *)roots->pdata[i])->name);
	ferry_imap_writer_end_line(writer);
	for (guint i = 0; i < roots->len; i++)
		quota_root_write(roots->pdata[i], writer);
}

static void
asked_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(FerryImapCommand) command = user_data;
	const Wanted *wanted = ferry_imap_command_get_data(command);
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) roots = quota_ask_finish(result, &error);
	const QuotaRoot *root = NULL;

	if (roots == NULL) {
		ferry_imap_command_fail(command, error);
		return;
	}
	if (!wanted->is_root) {
		write_roots(command, wanted, roots);
		ferry_imap_command_finish(command);
		return;
	}
	root = quota_roots_find(roots, wanted->name);
	if (root == NULL) {
		ferry_imap_command_fail_new(command, FERRY_ERROR_NOT_FOUND,
					    "there is no such quota root");
		return;
	}
	quota_root_write(root, ferry_imap_command_get_writer(command));
	ferry_imap_command_finish(command);
}

/* The account of the mailbox, or of the nearest level above it that there is; @own where there is
 * none. NULL: between accounts. */
static const char *
find_account(FerryMailboxList *list, const char *own, const char *name)
{
	g_autofree char *level = g_strdup(name);
	const char *prefix = ferry_mailbox_list_get_shared_prefix(list);
	char *slash = NULL;

	do {
		FerryMailboxInfo *info = ferry_mailbox_list_find(list, level);

		if (info != NULL && ferry_mailbox_info_get_account_id(info) != NULL)
			return ferry_mailbox_info_get_account_id(info);
		if (g_strcmp0(level, prefix) == 0)
			return NULL;
		slash = strrchr(level, '/');
		if (slash != NULL)
			*slash = '\0';
	} while (slash != NULL);
	return own;
}

/* Whose quotas count for mail that is put there; the mailbox need not be there yet. RFC 9208 §6:
 * what is counted is told to those who may read.
 *
 * @own: the session's own account
 * @name: (inout): as it is really written, afterwards
 */
char *
quota_resolve_mailbox(FerryMailboxList *list, const char *own, char **name, GError **error)
{
	FerryMailboxInfo *info = ferry_mailbox_list_find(list, *name);
	const char *account_id = find_account(list, own, *name);

	if (account_id == NULL) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND,
				    "no account has mailboxes of this name");
		return NULL;
	}
	if (info == NULL || ferry_mailbox_info_get_id(info) == NULL)
		return g_strdup(account_id);
	if (!ferry_mailbox_info_is_selectable(info)) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_NO_PERMISSION,
				    "the mailbox may not be read");
		return NULL;
	}
	g_free(*name);
	*name = g_strdup(ferry_mailbox_info_get_name(info));
	return g_strdup(account_id);
}

static char *
resolve_root(FerryAccountSession *session, Wanted *wanted, GError **error)
{
	g_autofree char *account_id = quota_root_dup_account(wanted->name);
	gboolean draft;

	if (account_id != NULL && quota_is_offered(session, account_id, &draft))
		return g_steal_pointer(&account_id);
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND,
			    "there is no such quota root");
	return NULL;
}

/* The list is asked for so that what other clients did since is known by now (Freshness). */
static void
listed_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(FerryImapCommand) command = user_data;
	FerryAccountSession *session = FERRY_ACCOUNT_SESSION(source);
	Wanted *wanted = ferry_imap_command_get_data(command);
	g_autoptr(GError) error = NULL;
	g_autofree char *account_id = NULL;
	g_autoptr(FerryMailboxList) list =
		ferry_account_session_list_finish(session, result, &error);

	if (list != NULL && wanted->is_root)
		account_id = resolve_root(session, wanted, &error);
	else if (list != NULL)
		account_id = quota_resolve_mailbox(
			list, ferry_account_session_get_account_id(session), &wanted->name, &error);
	if (account_id == NULL) {
		ferry_imap_command_fail(command, error);
		return;
	}
	quota_ask_async(session, account_id, ferry_imap_command_get_cancellable(command), asked_cb,
			g_object_ref(command));
}

/* Whether the account has quotas at all; else the command is answered. */
static gboolean
check_offered(FerryImapCommand *command)
{
	FerryAccountSession *session =
		ferry_imap_session_get_account_session(ferry_imap_command_get_session(command));
	gboolean draft;

	if (quota_is_offered(session, ferry_account_session_get_account_id(session), &draft))
		return TRUE;
	ferry_imap_command_fail_new(command, FERRY_ERROR_CANNOT, "The account tells no quotas");
	return FALSE;
}

static void
begin(FerryImapCommand *command, gboolean is_root)
{
	FerryAccountSession *session =
		ferry_imap_session_get_account_session(ferry_imap_command_get_session(command));
	Wanted *wanted = g_new0(Wanted, 1);

	wanted->name = g_strdup(ferry_imap_command_get_string(command, 0));
	wanted->is_root = is_root;
	ferry_imap_command_set_data(command, wanted, wanted_free);
	if (check_offered(command))
		ferry_account_session_list_async(session,
						 ferry_imap_command_get_cancellable(command),
						 listed_cb, g_object_ref(command));
}

void
quota_get(FerryImapCommand *command, gpointer user_data)
{
	begin(command, TRUE);
}

void
quota_get_root(FerryImapCommand *command, gpointer user_data)
{
	begin(command, FALSE);
}

static gboolean
is_limit(FerryImapValue *value)
{
	const char *text = ferry_imap_value_get_text(value);
	guint64 number;

	return text != NULL && g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT64, &number, NULL);
}

/* Pairs of a resource and its limit, or none. */
gboolean
quota_is_limit_list(FerryImapValue *list)
{
	guint count = ferry_imap_value_get_n_children(list);

	if (count % 2 != 0)
		return FALSE;
	for (guint i = 0; i < count; i += 2) {
		FerryImapValue *name = ferry_imap_value_get_child(list, i);

		if (ferry_imap_value_get_kind(name) != FERRY_IMAP_VALUE_ATOM ||
		    !is_limit(ferry_imap_value_get_child(list, i + 1)))
			return FALSE;
	}
	return TRUE;
}

void
quota_set(FerryImapCommand *command, gpointer user_data)
{
	if (!quota_is_limit_list(ferry_imap_command_get_argument(command, 1)))
		ferry_imap_command_fail_new(command, FERRY_ERROR_INVALID,
					    "limits are names with numbers");
	else if (check_offered(command))
		ferry_imap_command_fail_new(command, FERRY_ERROR_NO_PERMISSION,
					    "Quotas are set at the backend only");
}

void
quota_write_deleted_storage(FerryImapStatus *status, FerryImapWriter *writer, gpointer user_data)
{
	ferry_imap_writer_write_atom(writer, "DELETED-STORAGE");
	ferry_imap_writer_write_number(writer, ferry_imap_status_get_numbers(status)->deleted_size);
}
