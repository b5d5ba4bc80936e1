/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mailboxes of all the accounts that a session sees
 *
 * Implementation: every account is refreshed at a time. The answer waits for the session's own, and
 *   for the others as long as they are prompt: RFC 8621 lets a shared account fail alone, and one
 *   that hangs must not hold up the rest. Of that one it tells what is known
 */
#include "account/account-private.h"
#include "account/timer-private.h"

/* how long others may hold up an answer */
#define OTHERS_MS 2000

typedef struct {
	guint pending;
	gboolean own_pending;
	gboolean late; /* others are not waited for any more */
	gboolean answered;
	GSource *timer;
	GError *error;
} Refresh;

static void
refresh_free(gpointer data)
{
	Refresh *refresh = data;

	g_clear_error(&refresh->error);
	g_free(refresh);
}

static gboolean
sees(FerryAccountSession *self, FerryMailAccount *mail_account)
{
	return ferry_jmap_session_find_account(self->jmap, mail_account->id) != NULL;
}

static void
answer(GTask *task)
{
	FerryAccountSession *self = g_task_get_source_object(task);
	Refresh *refresh = g_task_get_task_data(task);
	FerryMailboxList *list = ferry_account_session_get_list(self);

	refresh->answered = TRUE;
	/* in an outage the names that are known are still told */
	if (list != NULL && (refresh->error == NULL ||
			     g_error_matches(refresh->error, FERRY_ERROR, FERRY_ERROR_UNAVAILABLE)))
		g_task_return_pointer(task, ferry_mailbox_list_ref(list),
				      (GDestroyNotify)(void (*)(void))ferry_mailbox_list_unref);
	else if (refresh->error != NULL)
		g_task_return_error(task, g_steal_pointer(&refresh->error));
	else
		g_task_return_new_error(task, FERRY_ERROR, FERRY_ERROR_UNAVAILABLE,
					"the mailboxes are not known yet");
}

static void
answer_if_enough(GTask *task)
{
	Refresh *refresh = g_task_get_task_data(task);

	if (!refresh->answered && !refresh->own_pending && (refresh->pending == 0 || refresh->late))
		answer(task);
	if (refresh->pending > 0 || refresh->timer == NULL)
		return;
	ferry_timer_clear(&refresh->timer);
	g_object_unref(task);
}

/* Who is still not there is not waited for by the next ones either. */
static gboolean
late_cb(gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	FerryAccountSession *self = g_task_get_source_object(task);
	Refresh *refresh = g_task_get_task_data(task);

	ferry_timer_clear(&refresh->timer);
	refresh->late = TRUE;
	for (guint i = 0; i < self->account->mail_accounts->len; i++) {
		FerryMailAccount *mail_account = self->account->mail_accounts->pdata[i];

		mail_account->slow |= !mail_account->own && mail_account->n_syncing > 0;
	}
	answer_if_enough(task);
	return G_SOURCE_REMOVE;
}

static void
refreshed_one_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	FerryMailAccount *mail_account = FERRY_MAIL_ACCOUNT(source);
	Refresh *refresh = g_task_get_task_data(task);
	g_autoptr(GError) error = NULL;

	refresh->pending--;
	if (!ferry_mail_account_refresh_finish(mail_account, result, &error) && mail_account->own &&
	    refresh->error == NULL)
		refresh->error = g_steal_pointer(&error);
	if (mail_account->own)
		refresh->own_pending = FALSE;
	answer_if_enough(task);
}

static void
list_mailboxes(FerryAccountSession *self, FerryRefresh how, GCancellable *cancellable,
	       GAsyncReadyCallback callback, gpointer user_data)
{
	g_autoptr(GTask) task = g_task_new(self, cancellable, callback, user_data);
	GPtrArray *mail_accounts = self->account->mail_accounts;
	Refresh *refresh = g_new0(Refresh, 1);

	g_task_set_source_tag(task, ferry_account_session_list_async);
	g_task_set_task_data(task, refresh, refresh_free);
	for (guint i = 0; i < mail_accounts->len; i++) {
		FerryMailAccount *mail_account = mail_accounts->pdata[i];

		refresh->pending += sees(self, mail_account);
		refresh->own_pending |= sees(self, mail_account) && mail_account->own;
	}
	if (refresh->pending == 0) {
		answer(task);
		return;
	}
	if (refresh->pending > 1)
		refresh->timer = ferry_timer_new(OTHERS_MS, late_cb, g_object_ref(task));
	for (guint i = 0; i < mail_accounts->len; i++) {
		if (sees(self, mail_accounts->pdata[i]))
			ferry_mail_account_refresh_async(mail_accounts->pdata[i], self, how,
							 refreshed_one_cb, g_object_ref(task));
	}
}

/**
 * ferry_account_session_list_async:
 * @self: a session
 * @cancellable: (nullable): to give up
 * @callback: called with the list
 * @user_data: for @callback
 *
 * The mailboxes that the session may see, brought up to date as the Freshness rules say.
 */
void
ferry_account_session_list_async(FerryAccountSession *self, GCancellable *cancellable,
				 GAsyncReadyCallback callback, gpointer user_data)
{
	list_mailboxes(self, FERRY_REFRESH_IF_OLD, cancellable, callback, user_data);
}

/**
 * ferry_account_session_list_subscribed_async:
 * @self: a session
 * @cancellable: (nullable): to give up
 * @callback: called with the list
 * @user_data: for @callback
 *
 * The same for who asks which mailboxes are subscribed: there are backends that do not tell of
 * that by themselves. Ends with [method@AccountSession.list_finish].
 */
void
ferry_account_session_list_subscribed_async(FerryAccountSession *self, GCancellable *cancellable,
					    GAsyncReadyCallback callback, gpointer user_data)
{
	list_mailboxes(self, FERRY_REFRESH_SUBSCRIPTIONS, cancellable, callback, user_data);
}

/* The same whatever the Freshness rules say: a name that is not known may have been made by another
 * client a moment ago. Ends with ferry_account_session_list_finish(). */
void
ferry_account_session_list_anew_async(FerryAccountSession *self, GCancellable *cancellable,
				      GAsyncReadyCallback callback, gpointer user_data)
{
	list_mailboxes(self, FERRY_REFRESH_ALWAYS, cancellable, callback, user_data);
}

/**
 * ferry_account_session_list_finish:
 * @self: a session
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: (transfer full): the mailboxes
 */
FerryMailboxList *
ferry_account_session_list_finish(FerryAccountSession *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}
