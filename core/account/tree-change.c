/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a change of the tree of mailboxes runs
 *
 * Specification: RFC 8621 §2.5 (Mailbox/set), RFC 8620 §3.3
 * Implementation: one request, with the first calls of the sync that brings list and store along at
 *   its end, under the account's lock. A change whose answer was lost is looked for in the newest
 *   list before it is made again.
 */
#include "account/tree-change-private.h"

#include "account/op-private.h"
#include "jmap/error.h"

/* how often a change whose answer was lost is looked up and made again */
#define MAX_TRIES 3

static void run(GTask *task);

static void
change_free(gpointer data)
{
	FerryTreeChange *change = data;

	g_clear_object(&change->account);
	g_clear_object(&change->session);
	g_clear_pointer(&change->sync, ferry_sync_free);
	g_clear_object(&change->request);
	g_clear_pointer(&change->batch, ferry_store_batch_unref);
	g_free(change->name);
	g_free(change->new_name);
	g_free(change->role);
	g_free(change->subject_id);
	g_free(change->result_id);
	g_free(change);
}

static void
fail(GTask *task, GError *error)
{
	FerryTreeChange *change = g_task_get_task_data(task);

	ferry_mail_account_unlock(change->account);
	ferry_op_note_error(change->session, error);
	g_task_return_error(task, error);
	g_object_unref(task);
}

static void
succeed(GTask *task)
{
	FerryTreeChange *change = g_task_get_task_data(task);

	ferry_mail_account_unlock(change->account);
	g_task_return_pointer(task, g_strdup(change->result_id != NULL ? change->result_id : ""),
			      g_free);
	g_object_unref(task);
}

static void
applied_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	GError *error = NULL;
	g_autoptr(FerryStoreDelta) delta =
		ferry_mail_account_apply_finish(FERRY_MAIL_ACCOUNT(source), result, &error);

	if (delta == NULL)
		fail(task, error);
	else
		succeed(task);
}

static void
apply(GTask *task)
{
	FerryTreeChange *change = g_task_get_task_data(task);

	ferry_mail_account_apply_async(change->account, change->batch, change->session, applied_cb,
				       task);
}

static void
synced_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	FerryTreeChange *change = g_task_get_task_data(task);
	GError *error = NULL;
	g_autoptr(FerryStoreDelta) delta = ferry_sync_run_finish(change->account, result, &error);

	if (delta == NULL)
		fail(task, error);
	else if (change->batch != NULL)
		apply(task);
	else
		succeed(task);
}

static gboolean
check_created(FerryTreeChange *change, FerryJmapReply *reply, GError **error)
{
	g_autoptr(FerryJmapSetResult) set = NULL;

	if (change->create_call == NULL)
		return TRUE;
	set = ferry_jmap_reply_parse_set(reply, change->create_call, error);
	if (set == NULL)
		return FALSE;
	for (guint i = 0; i < change->n_created; i++) {
		g_autofree char *creation = g_strdup_printf("c%u", i);
		const char *id = ferry_jmap_set_result_get_created_id(set, creation, error);

		if (id == NULL)
			return FALSE;
		g_free(change->result_id);
		change->result_id = g_strdup(id);
	}
	return TRUE;
}

static gboolean
check_other(FerryTreeChange *change, FerryJmapReply *reply, GError **error)
{
	g_autoptr(FerryJmapSetResult) set = NULL;

	if (change->other_call == NULL)
		return TRUE;
	set = ferry_jmap_reply_parse_set(reply, change->other_call, error);
	if (set == NULL)
		return FALSE;
	if (!change->destroys)
		return ferry_jmap_set_result_was_updated(set, change->subject_id, error);
	/* it is gone as well where the request was repeated, since its first answer was lost */
	if (ferry_jmap_set_result_was_destroyed(set, change->subject_id, error))
		return TRUE;
	if (error == NULL || !g_error_matches(*error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND))
		return FALSE;
	g_clear_error(error);
	return TRUE;
}

/* Whether the newest list shows that a change whose answer was lost was made. */
static gboolean
was_made(FerryTreeChange *change)
{
	FerryMailboxList *list = ferry_account_session_get_list(change->session);
	const char *name = change->new_name != NULL ? change->new_name : change->name;
	FerryMailboxInfo *info = list != NULL ? ferry_mailbox_list_find(list, name) : NULL;
	const char *id = info != NULL ? ferry_mailbox_info_get_id(info) : NULL;

	if (id == NULL || (change->subject_id != NULL && g_strcmp0(id, change->subject_id) != 0))
		return FALSE;
	g_free(change->result_id);
	change->result_id = g_strdup(id);
	return TRUE;
}

static void
looked_up_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	FerryTreeChange *change = g_task_get_task_data(task);
	GError *error = NULL;
	g_autoptr(FerryStoreDelta) delta = ferry_sync_run_finish(change->account, result, &error);

	if (delta == NULL) {
		fail(task, error);
		return;
	}
	if (was_made(change)) {
		succeed(task);
		return;
	}
	g_clear_pointer(&change->sync, ferry_sync_free);
	g_clear_object(&change->request);
	g_clear_pointer(&change->subject_id, g_free);
	g_clear_pointer(&change->batch, ferry_store_batch_unref);
	change->create_call = NULL;
	change->other_call = NULL;
	change->n_created = 0;
	run(task);
}

/* A request that makes mailboxes may have done so although nobody learnt it. */
static gboolean
look_up(GTask *task, const GError *error)
{
	FerryTreeChange *change = g_task_get_task_data(task);
	FerrySync *sync;

	if (!g_error_matches(error, FERRY_JMAP_ERROR, FERRY_JMAP_ERROR_LOST_ANSWER) ||
	    change->n_lost++ >= MAX_TRIES)
		return FALSE;
	sync = ferry_sync_new(change->account, change->session->jmap);
	ferry_sync_run_async(sync, looked_up_cb, task);
	return TRUE;
}

static void
sent_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	FerryTreeChange *change = g_task_get_task_data(task);
	GError *error = NULL;
	g_autoptr(FerryJmapReply) reply =
		ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &error);

	if (reply == NULL || !check_created(change, reply, &error) ||
	    !check_other(change, reply, &error)) {
		if (look_up(task, error)) {
			g_error_free(error);
		} else if (change->subscribes && change->subscribe &&
			   g_error_matches(error, FERRY_ERROR, FERRY_ERROR_NO_PERMISSION)) {
			/* everybody's subscriptions are his own: then the name is kept here */
			g_error_free(error);
			ferry_tree_change_subscribe_name(change);
			apply(task);
		} else {
			fail(task, error);
		}
		return;
	}
	ferry_sync_take_reply(change->sync, reply);
	ferry_sync_run_async(g_steal_pointer(&change->sync), synced_cb, task);
}

static void
send_change(GTask *task)
{
	FerryTreeChange *change = g_task_get_task_data(task);

	change->sync = ferry_sync_new(change->account, change->session->jmap);
	if (change->subscribes)
		ferry_sync_set_all_mailboxes(change->sync);
	ferry_sync_add_calls(change->sync, change->request);
	ferry_mail_account_send_async(change->account, change->session->jmap, change->request,
				      FERRY_JMAP_SEND_NONE, NULL, sent_cb, task);
}

static void
run(GTask *task)
{
	FerryTreeChange *change = g_task_get_task_data(task);
	GError *error = NULL;

	change->request = ferry_jmap_request_new();
	if (!change->build(change, &error)) {
		fail(task, error);
		return;
	}
	if (change->create_call == NULL && change->other_call == NULL)
		apply(task);
	else
		send_change(task);
}

static void
locked_cb(FerryMailAccount *account, gpointer user_data)
{
	GTask *task = user_data;
	FerryTreeChange *change = g_task_get_task_data(task);
	GError *error = NULL;

	if (ferry_mail_account_is_late(account, change->session->jmap, &error))
		fail(task, error);
	else
		run(task);
}

/* Takes the lock of the account that the name lies in. */
static void
listed_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	FerryTreeChange *change = g_task_get_task_data(task);
	FerryAccountSession *self = FERRY_ACCOUNT_SESSION(source);
	GError *error = NULL;
	const char *account_id = NULL;
	const char *rest;
	g_autoptr(FerryMailboxList) list = ferry_account_session_list_finish(self, result, &error);

	if (list != NULL) {
		ferry_mailbox_list_find_namespace(list, change->name, &account_id, &rest);
		if (account_id != NULL)
			change->account = ferry_account_find(self->account, account_id);
		if (change->account == NULL)
			error = g_error_new_literal(FERRY_ERROR, FERRY_ERROR_NOT_FOUND,
						    "no account has such names");
	}
	if (error != NULL) {
		g_task_return_error(task, error);
		g_object_unref(task);
		return;
	}
	g_object_ref(change->account);
	ferry_mail_account_lock_since(change->account, change->begun_at, locked_cb, task);
}

void
ferry_tree_change_start(FerryTreeChange *change, FerryAccountSession *session, GTask *task)
{
	change->session = g_object_ref(session);
	change->begun_at = g_get_monotonic_time();
	g_task_set_task_data(task, change, change_free);
	ferry_account_session_list_anew_async(session, g_task_get_cancellable(task), listed_cb,
					      task);
}

gboolean
ferry_tree_change_propagate(GAsyncResult *result, GError **error)
{
	g_autofree char *id = g_task_propagate_pointer(G_TASK(result), error);

	return id != NULL;
}
