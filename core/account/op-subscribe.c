/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SUBSCRIBE and UNSUBSCRIBE
 *
 * Specification: RFC 9051 §6.3.7, §6.3.8; RFC 8621 §2 (isSubscribed)
 * Implementation: isSubscribed of the mailbox; a name that no mailbox has, or whose mailbox may not
 *   be changed, is kept in the store.
 */
#include <string.h>

#include "account/all-mail-private.h"
#include "account/names-private.h"
#include "account/tree-change-private.h"
#include "jmap/mailbox.h"

/* Remembers (or forgets) the name itself, beside what JMAP knows of the mailbox. */
void
ferry_tree_change_subscribe_name(FerryTreeChange *change)
{
	FerryMailboxList *list = ferry_account_session_get_list(change->session);
	const char *account_id;
	const char *rest;

	ferry_mailbox_list_find_namespace(list, change->name, &account_id, &rest);
	change->batch = ferry_store_batch_new();
	ferry_store_batch_set_subscription(change->batch, rest, change->subscribe);
}

static gboolean
is_name_kept(FerryTreeChange *change)
{
	FerryMailboxList *list = ferry_account_session_get_list(change->session);
	const char *account_id;
	const char *rest;

	ferry_mailbox_list_find_namespace(list, change->name, &account_id, &rest);
	return change->account->subscriptions != NULL &&
	       g_strv_contains((const char *const *)change->account->subscriptions, rest);
}

/* A name that no mailbox has is remembered here; JMAP has no place for it. */
static gboolean
build_subscribe(FerryTreeChange *change, GError **error)
{
	FerryMailboxInfo *info = ferry_tree_change_find(change, change->name);
	gboolean kept = is_name_kept(change);
	/* whether the backend can be told */
	gboolean there = info != NULL && !change->account->read_only &&
			 !ferry_all_mail_is_id(ferry_mailbox_info_get_id(info));

	if (!change->subscribe && info == NULL && !kept) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND,
				    "the name is not subscribed");
		return FALSE;
	}
	if (strlen(change->name) > FERRY_NAMES_MAX_PATH) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_LIMIT, "the name is too long");
		return FALSE;
	}
	if (change->subscribe ? !there : kept)
		ferry_tree_change_subscribe_name(change);
	if (there) {
		change->subject_id = g_strdup(ferry_mailbox_info_get_id(info));
		change->other_call = ferry_jmap_request_add_mailbox_subscribe(
			change->request, change->account->id, change->subject_id,
			change->subscribe);
	}
	if (change->batch == NULL && change->other_call == NULL)
		change->batch = ferry_store_batch_new();
	return TRUE;
}

/**
 * ferry_account_session_subscribe_async:
 * @self: a session
 * @name: an IMAP name, UTF-8; need not be a mailbox
 * @subscribe: to subscribe or to unsubscribe
 * @cancellable: (nullable): to give up waiting; what was begun is done
 * @callback: called at the end
 * @user_data: for @callback
 *
 * SUBSCRIBE and UNSUBSCRIBE (RFC 9051 §6.3.7, §6.3.8): isSubscribed of the mailbox, or a name that
 * the store keeps.
 */
void
ferry_account_session_subscribe_async(FerryAccountSession *self, const char *name,
				      gboolean subscribe, GCancellable *cancellable,
				      GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = g_task_new(self, cancellable, callback, user_data);
	FerryTreeChange *change = g_new0(FerryTreeChange, 1);

	g_task_set_source_tag(task, ferry_account_session_subscribe_async);
	change->name = ferry_tree_change_normalize(name);
	change->subscribe = subscribe;
	change->subscribes = TRUE;
	change->build = build_subscribe;
	ferry_tree_change_start(change, self, task);
}

/**
 * ferry_account_session_subscribe_finish:
 * @self: a session
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: whether it was done
 */
gboolean
ferry_account_session_subscribe_finish(FerryAccountSession *self, GAsyncResult *result,
				       GError **error)
{
	return ferry_tree_change_propagate(result, error);
}
