/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Taking over from processes that are gone
 *
 * Implementation: one cheap read of the store now and then, for all accounts of the manager; where
 *   it finds intents whose process is gone, the account claims and undoes them (recover.c). Which
 *   of several processes does so is the store's to decide: a claim is had by one
 */
#include "account/takeover-private.h"

#include "account/account-private.h"
#include "account/recover-private.h"
#include "account/timer-private.h"

#define LOOK_MS 2000

struct _FerryTakeover {
	FerryAccountManager *manager;
	FerryStore *store;
	GSource *timer;
	gboolean looking;
};

FerryTakeover *
ferry_takeover_new(FerryAccountManager *manager, FerryStore *store)
{
	FerryTakeover *self = g_new0(FerryTakeover, 1);

	self->manager = manager;
	self->store = g_object_ref(store);
	return self;
}

void
ferry_takeover_stop(FerryTakeover *self)
{
	ferry_timer_clear(&self->timer);
}

void
ferry_takeover_free(FerryTakeover *self)
{
	ferry_takeover_stop(self);
	g_object_unref(self->store);
	g_free(self);
}

static gboolean
has_key(GArray *keys, gint64 key)
{
	for (guint i = 0; i < keys->len; i++) {
		if (g_array_index(keys, gint64, i) == key)
			return TRUE;
	}
	return FALSE;
}

static void
take_over(FerryAccount *account, GArray *keys)
{
	FerryJmapSession *jmap = ferry_account_pick_jmap(account);

	for (guint i = 0; jmap != NULL && i < account->mail_accounts->len; i++) {
		FerryMailAccount *mail_account = account->mail_accounts->pdata[i];

		if (has_key(keys, mail_account->key))
			ferry_recover_async(mail_account, jmap);
	}
}

static void
found_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryTakeover *self = user_data;
	g_autoptr(FerryAccountManager) manager = self->manager;
	g_autoptr(GPtrArray) accounts = ferry_account_manager_list_accounts(manager);
	g_autoptr(GError) error = NULL;
	g_autoptr(GArray) keys =
		ferry_store_find_abandoned_finish(FERRY_STORE(source), result, &error);

	self->looking = FALSE;
	if (keys == NULL) {
		g_debug("account: looking for interrupted commands failed: %s", error->message);
		return;
	}
	for (guint i = 0; keys->len > 0 && self->timer != NULL && i < accounts->len; i++)
		take_over(accounts->pdata[i], keys);
}

static gboolean
look_cb(gpointer user_data)
{
	FerryTakeover *self = user_data;
	g_autoptr(GPtrArray) accounts = ferry_account_manager_list_accounts(self->manager);

	if (accounts->len == 0) {
		ferry_takeover_stop(self);
		return G_SOURCE_REMOVE;
	}
	if (self->looking)
		return G_SOURCE_CONTINUE;
	self->looking = TRUE;
	/* the manager stays until the answer is here */
	g_object_ref(self->manager);
	ferry_store_find_abandoned_async(self->store, NULL, found_cb, self);
	return G_SOURCE_CONTINUE;
}

void
ferry_takeover_start(FerryTakeover *self)
{
	if (self->timer == NULL)
		self->timer = ferry_timer_new(LOOK_MS, look_cb, self);
}
