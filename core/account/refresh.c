/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Freshness: when the backend is asked, and when what is known is new enough
 *
 * Implementation: one cheap read of the store's generation always; then nothing while push is live
 *   and silent, else one request unless a sync that began less than `freshness` ago ended well. A
 *   new session sees all that happened before it signed in: who was told of mail elsewhere and
 *   connects to fetch it must find it. What push tells is a state: once an operation of ours has
 *   led the store to that very state, it was only the echo. Subscriptions that another client
 *   changed may not move the state (Cyrus): who asks for them reads every mailbox, in the same
 *   request, unless push is live
 */
#include <string.h>

#include "account/account-private.h"
#include "account/sync-private.h"

void
ferry_mail_account_note_told(FerryMailAccount *self, const char *type, const char *state)
{
	char **told = NULL;

	if (strcmp(type, "Email") == 0)
		told = &self->told_email_state;
	else if (strcmp(type, "Mailbox") == 0)
		told = &self->told_mailbox_state;
	if (told == NULL)
		return;
	g_free(*told);
	*told = g_strdup(state);
}

void
ferry_mail_account_forget_told(FerryMailAccount *self)
{
	self->changed_on_backend = FALSE;
	g_clear_pointer(&self->told_email_state, g_free);
	g_clear_pointer(&self->told_mailbox_state, g_free);
}

gboolean
ferry_mail_account_has_news(FerryMailAccount *self)
{
	if (self->changed_on_backend)
		return TRUE;
	return (self->told_email_state != NULL &&
		g_strcmp0(self->told_email_state, self->email_state) != 0) ||
	       (self->told_mailbox_state != NULL &&
		g_strcmp0(self->told_mailbox_state, self->mailbox_state) != 0);
}

static gboolean
is_fresh(FerryMailAccount *self, FerryAccountSession *session, FerryRefresh how)
{
	gint64 read =
		how == FERRY_REFRESH_SUBSCRIPTIONS ? self->mailboxes_read : self->sync_started;
	gint64 age;

	/* what push told may be on its way into the store at this moment */
	if (self->sync_started == 0 || ferry_mail_account_has_news(self) || self->n_syncing > 0)
		return FALSE;
	if (self->account->push_live)
		return TRUE;
	if (read == 0 || (session != NULL && read < session->signed_in))
		return FALSE;
	age = g_get_monotonic_time() - read;
	return age < (gint64)self->account->settings->freshness_ms * 1000;
}

static void
synced_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	FerryMailAccount *self = FERRY_MAIL_ACCOUNT(source);
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryStoreDelta) delta = ferry_sync_run_finish(self, result, &error);

	ferry_mail_account_unlock(self);
	if (delta == NULL)
		g_task_return_error(task, g_steal_pointer(&error));
	else
		g_task_return_boolean(task, TRUE);
}

static FerryRefresh
get_how(GTask *task)
{
	return (FerryRefresh)GPOINTER_TO_INT(g_object_get_data(G_OBJECT(task), "how"));
}

static void
locked_cb(FerryMailAccount *self, gpointer user_data)
{
	GTask *task = user_data;
	FerryAccountSession *session = g_task_get_task_data(task);
	FerryRefresh how = get_how(task);
	FerrySync *sync = NULL;
	FerryJmapSession *jmap = ferry_mail_account_pick_jmap(self, session);
	GError *error = NULL;

	/* the one who had the lock before may have asked already */
	if (self->account == NULL ||
	    (how != FERRY_REFRESH_ALWAYS && is_fresh(self, session, how))) {
		ferry_mail_account_unlock(self);
		g_task_return_boolean(task, TRUE);
		g_object_unref(task);
		return;
	}
	if (jmap != NULL && ferry_mail_account_is_late(self, jmap, &error)) {
		ferry_mail_account_unlock(self);
		g_task_return_error(task, error);
		g_object_unref(task);
		return;
	}
	sync = ferry_sync_new(self, jmap);
	if (how == FERRY_REFRESH_SUBSCRIPTIONS || self->mailboxes_unsettled)
		ferry_sync_set_all_mailboxes(sync);
	ferry_sync_run_async(sync, synced_cb, task);
}

static void
caught_up_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	FerryAccountSession *session = g_task_get_task_data(task);
	FerryMailAccount *self = FERRY_MAIL_ACCOUNT(source);
	g_autoptr(GError) error = NULL;

	if (!ferry_mail_account_catch_up_finish(self, result, &error)) {
		g_task_return_error(task, g_steal_pointer(&error));
		return;
	}
	if (self->account == NULL || is_fresh(self, session, get_how(task))) {
		g_task_return_boolean(task, TRUE);
		return;
	}
	ferry_mail_account_lock(self, locked_cb, g_steal_pointer(&task));
}

void
ferry_mail_account_refresh_async(FerryMailAccount *self, FerryAccountSession *session,
				 FerryRefresh how, GAsyncReadyCallback callback, gpointer user_data)
{
	g_autoptr(GTask) task = g_task_new(self, NULL, callback, user_data);

	g_task_set_source_tag(task, ferry_mail_account_refresh_async);
	if (session != NULL) {
		g_task_set_task_data(task, g_object_ref(session), g_object_unref);
		ferry_account_session_warm_up(session);
	}
	g_object_set_data(G_OBJECT(task), "how", GINT_TO_POINTER(how));
	/* as in an outage: what is known has to do */
	if (self->slow && self->n_syncing > 0) {
		g_task_return_new_error(task, FERRY_ERROR, FERRY_ERROR_UNAVAILABLE,
					"account %s does not answer", self->id);
		return;
	}
	if (how == FERRY_REFRESH_ALWAYS)
		ferry_mail_account_lock(self, locked_cb, g_steal_pointer(&task));
	else
		ferry_mail_account_catch_up_async(self, caught_up_cb, g_steal_pointer(&task));
}

gboolean
ferry_mail_account_refresh_finish(FerryMailAccount *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_boolean(G_TASK(result), error);
}
