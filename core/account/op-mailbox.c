/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changing mailboxes: CREATE, RENAME, DELETE
 *
 * Specification: RFC 9051 §6.3.4-§6.3.6; RFC 8621 §2.5 (Mailbox/set)
 * Implementation: what is asked for; tree-change.c does it. DELETE takes the messages out of the
 *   mailbox: one that is in others too stays there (onDestroyRemoveEmails). RENAME of INBOX moves
 *   its messages (RFC 9051 §6.3.6).
 */
#include <string.h>

#include "account/mailbox.h"
#include "account/op-private.h"
#include "account/tree-change-private.h"
#include "jmap/mailbox.h"

/* CREATE */

static gboolean
build_create(FerryTreeChange *change, GError **error)
{
	g_autofree char *parent_id = NULL;
	g_auto(GStrv) names = NULL;

	if (!ferry_tree_change_plan_path(change, change->name, &parent_id, &names, error))
		return FALSE;
	if (change->role != NULL && !change->account->own) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CANNOT,
				    "special uses are for one's own mailboxes");
		return FALSE;
	}
	ferry_tree_change_add_creations(change, (const char *const *)names, g_strv_length(names),
					parent_id, change->role);
	return TRUE;
}

/**
 * ferry_account_session_create_async:
 * @self: a session
 * @name: the new IMAP name, UTF-8
 * @role: (nullable): a JMAP role
 * @cancellable: (nullable): to give up waiting; what was begun is done
 * @callback: called with the new mailbox's id
 * @user_data: for @callback
 *
 * CREATE (RFC 9051 §6.3.4); parents that do not exist are made too.
 */
void
ferry_account_session_create_async(FerryAccountSession *self, const char *name, const char *role,
				   GCancellable *cancellable, GAsyncReadyCallback callback,
				   gpointer user_data)
{
	GTask *task = g_task_new(self, cancellable, callback, user_data);
	FerryTreeChange *change = g_new0(FerryTreeChange, 1);

	g_task_set_source_tag(task, ferry_account_session_create_async);
	change->name = ferry_tree_change_normalize(name);
	change->role = g_strdup(role);
	change->build = build_create;
	ferry_tree_change_start(change, self, task);
}

/**
 * ferry_account_session_create_finish:
 * @self: a session
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: (transfer full): the new mailbox's JMAP id
 */
char *
ferry_account_session_create_finish(FerryAccountSession *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}

/* RENAME */

static gboolean
check_rename(FerryTreeChange *change, GError **error)
{
	gsize length = strlen(change->name);

	if (strncmp(change->new_name, change->name, length) == 0 &&
	    change->new_name[length] == '/') {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CANNOT,
				    "a mailbox cannot go into itself");
		return FALSE;
	}
	return TRUE;
}

static gboolean
build_rename(FerryTreeChange *change, GError **error)
{
	FerryMailboxInfo *info = ferry_tree_change_find_or_fail(change, change->name, error);
	g_autoptr(FerryJmapBuilder) args = NULL;
	g_autofree char *parent_id = NULL;
	g_auto(GStrv) names = NULL;
	guint n_names;

	if (info != NULL && ferry_tree_change_is_inbox(change)) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CANNOT,
				    "another's INBOX cannot be renamed");
		return FALSE;
	}
	if (info == NULL ||
	    !ferry_tree_change_check_virtual(ferry_mailbox_info_get_id(info), error) ||
	    !check_rename(change, error) ||
	    !ferry_tree_change_plan_path(change, change->new_name, &parent_id, &names, error))
		return FALSE;
	n_names = g_strv_length(names);
	if (n_names > 1) {
		ferry_tree_change_add_creations(change, (const char *const *)names, n_names - 1,
						parent_id, NULL);
		g_free(parent_id);
		parent_id = g_strdup_printf("#c%u", change->n_created - 1);
	}
	change->subject_id = g_strdup(ferry_mailbox_info_get_id(info));
	change->other_call = ferry_jmap_request_add_mailbox_rename(
		change->request, change->account->id, change->subject_id, names[n_names - 1],
		parent_id);
	return TRUE;
}

/* RENAME of INBOX: a new mailbox, and everything in it goes there. */

static void
inbox_moved_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	GError *error = NULL;
	g_autoptr(FerryOutcome) outcome =
		ferry_mailbox_move_finish(FERRY_MAILBOX(source), result, &error);

	if (outcome != NULL && ferry_outcome_get_error(outcome) != NULL)
		error = g_error_copy(ferry_outcome_get_error(outcome));
	if (error != NULL)
		g_task_return_error(task, error);
	else
		g_task_return_pointer(task, g_strdup(""), g_free);
	g_object_unref(task);
}

static void
inbox_opened_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	FerryAccountSession *self = FERRY_ACCOUNT_SESSION(source);
	GError *error = NULL;
	g_autoptr(FerryMailbox) inbox = ferry_account_session_open_finish(self, result, &error);
	g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(guint32));
	FerryView *view;

	if (inbox == NULL) {
		g_task_return_error(task, error);
		g_object_unref(task);
		return;
	}
	view = ferry_mailbox_get_view(inbox);
	for (guint32 i = 0; i < ferry_view_get_count(view); i++) {
		guint32 uid = ferry_view_get_uid(view, i);

		g_array_append_val(uids, uid);
	}
	ferry_mailbox_move_async(inbox, self, (const guint32 *)uids->data, uids->len,
				 g_task_get_task_data(task), FALSE, g_task_get_cancellable(task),
				 inbox_moved_cb, task);
}

static void
inbox_target_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	FerryAccountSession *self = FERRY_ACCOUNT_SESSION(source);
	GError *error = NULL;
	g_autofree char *id = ferry_account_session_create_finish(self, result, &error);

	if (id == NULL) {
		g_task_return_error(task, error);
		g_object_unref(task);
		return;
	}
	ferry_account_session_open_async(self, "INBOX", NULL, NULL, NULL,
					 g_task_get_cancellable(task), inbox_opened_cb, task);
}

/**
 * ferry_account_session_rename_async:
 * @self: a session
 * @old_name: an IMAP name, UTF-8
 * @new_name: another
 * @cancellable: (nullable): to give up waiting; what was begun is done
 * @callback: called at the end
 * @user_data: for @callback
 *
 * RENAME (RFC 9051 §6.3.6): the mailboxes in it go along, missing parents are made. INBOX stays and
 * its messages go.
 */
void
ferry_account_session_rename_async(FerryAccountSession *self, const char *old_name,
				   const char *new_name, GCancellable *cancellable,
				   GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = g_task_new(self, cancellable, callback, user_data);
	FerryTreeChange *change;

	g_task_set_source_tag(task, ferry_account_session_rename_async);
	if (g_ascii_strcasecmp(old_name, "INBOX") == 0) {
		g_task_set_task_data(task, ferry_tree_change_normalize(new_name), g_free);
		ferry_account_session_create_async(self, new_name, NULL, cancellable,
						   inbox_target_cb, task);
		return;
	}
	change = g_new0(FerryTreeChange, 1);
	change->name = ferry_tree_change_normalize(old_name);
	change->new_name = ferry_tree_change_normalize(new_name);
	change->build = build_rename;
	ferry_tree_change_start(change, self, task);
}

/**
 * ferry_account_session_rename_finish:
 * @self: a session
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: whether it was renamed
 */
gboolean
ferry_account_session_rename_finish(FerryAccountSession *self, GAsyncResult *result, GError **error)
{
	return ferry_tree_change_propagate(result, error);
}

/* DELETE */

static gboolean
build_delete(FerryTreeChange *change, GError **error)
{
	FerryMailboxInfo *info = ferry_tree_change_find_or_fail(change, change->name, error);

	if (info == NULL ||
	    !ferry_tree_change_check_virtual(ferry_mailbox_info_get_id(info), error))
		return FALSE;
	if (ferry_tree_change_is_inbox(change)) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CANNOT,
				    "INBOX cannot be deleted");
		return FALSE;
	}
	change->subject_id = g_strdup(ferry_mailbox_info_get_id(info));
	change->destroys = TRUE;
	change->other_call = ferry_jmap_request_add_mailbox_destroy(
		change->request, change->account->id, change->subject_id, TRUE, NULL);
	return TRUE;
}

/**
 * ferry_account_session_delete_async:
 * @self: a session
 * @name: an IMAP name, UTF-8
 * @cancellable: (nullable): to give up waiting; what was begun is done
 * @callback: called at the end
 * @user_data: for @callback
 *
 * DELETE (RFC 9051 §6.3.5). A message that is in other mailboxes too stays there.
 */
void
ferry_account_session_delete_async(FerryAccountSession *self, const char *name,
				   GCancellable *cancellable, GAsyncReadyCallback callback,
				   gpointer user_data)
{
	GTask *task = g_task_new(self, cancellable, callback, user_data);
	FerryTreeChange *change = g_new0(FerryTreeChange, 1);

	g_task_set_source_tag(task, ferry_account_session_delete_async);
	change->name = ferry_tree_change_normalize(name);
	change->build = build_delete;
	ferry_tree_change_start(change, self, task);
}

/**
 * ferry_account_session_delete_finish:
 * @self: a session
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: whether it was deleted
 */
gboolean
ferry_account_session_delete_finish(FerryAccountSession *self, GAsyncResult *result, GError **error)
{
	return ferry_tree_change_propagate(result, error);
}
