/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A JMAP account of a login: its states, its mailboxes, its one writer
 *
 * Specification: RFC 8620 §5.2 (states), RFC 8621 §2
 * Implementation: everything that changes the store runs under one lock, so the only writers to be
 *   in conflict with are those of other processes
 */
#include "account/account-private.h"

#include <string.h>

#include "account/listing-private.h"
#include "account/mailbox-private.h"
#include "account/names-private.h"
#include "account/sync-private.h"

G_DEFINE_TYPE(FerryMailAccount, ferry_mail_account, G_TYPE_OBJECT)

typedef struct {
	FerryLockFunc func;
	gpointer user_data;
	gint64 asked_at;
	gboolean first; /* before all that do not say so */
} LockWaiter;

static void
slot_free(gpointer data)
{
	FerryMailboxSlot *slot = data;

	g_clear_pointer(&slot->listing, ferry_listing_free);
	if (slot->open != NULL) {
		ferry_mailbox_set_gone(slot->open, FERRY_GONE_ACCOUNT);
		g_clear_weak_pointer(&slot->open);
	}
	g_clear_object(&slot->kept);
	g_clear_pointer(&slot->stored, ferry_store_mailbox_unref);
	g_free(slot->differing_state);
	g_free(slot);
}

static void
ferry_mail_account_finalize(GObject *object)
{
	FerryMailAccount *self = FERRY_MAIL_ACCOUNT(object);

	g_hash_table_unref(self->downloads);
	g_hash_table_unref(self->by_key);
	g_hash_table_unref(self->slots);
	g_queue_clear_full(&self->lock_waiters, g_free);
	g_queue_clear(&self->listings);
	g_queue_clear_full(&self->list_queue, g_free);
	g_strfreev(self->subscriptions);
	ferry_keyword_table_unref(self->keywords);
	g_clear_object(&self->background);
	g_free(self->email_state);
	g_free(self->mailbox_state);
	g_free(self->told_email_state);
	g_free(self->told_mailbox_state);
	g_free(self->id);
	g_free(self->name);
	G_OBJECT_CLASS(ferry_mail_account_parent_class)->finalize(object);
}

static void
ferry_mail_account_class_init(FerryMailAccountClass *klass)
{
	G_OBJECT_CLASS(klass)->finalize = ferry_mail_account_finalize;
}

static void
ferry_mail_account_init(FerryMailAccount *self)
{
	self->slots = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, slot_free);
	self->by_key = g_hash_table_new(g_int64_hash, g_int64_equal);
	self->downloads = g_hash_table_new(g_str_hash, g_str_equal);
	self->keywords = ferry_keyword_table_new();
	self->background = g_cancellable_new();
	g_queue_init(&self->lock_waiters);
	g_queue_init(&self->listings);
	g_queue_init(&self->list_queue);
}

/* Puts the newest state of a mailbox in its slot; makes the slot where there is none. */
static FerryMailboxSlot *
put_slot(FerryMailAccount *self, FerryStoreMailbox *stored)
{
	FerryMailboxSlot *slot = g_hash_table_lookup(self->slots, stored->id);

	if (slot == NULL) {
		slot = g_new0(FerryMailboxSlot, 1);
		slot->owner = self;
	} else {
		g_hash_table_steal(self->slots, stored->id);
		g_hash_table_remove(self->by_key, &slot->stored->key);
		ferry_store_mailbox_unref(slot->stored);
	}
	slot->stored = ferry_store_mailbox_ref(stored);
	g_hash_table_insert(self->slots, stored->id, slot);
	g_hash_table_insert(self->by_key, &stored->key, slot);
	return slot;
}

FerryMailAccount *
ferry_mail_account_new(FerryAccount *account, FerryStoreMailAccount *stored)
{
	FerryMailAccount *self = g_object_new(FERRY_TYPE_MAIL_ACCOUNT, NULL);

	self->account = account;
	self->id = g_strdup(stored->account_id);
	self->key = stored->key;
	self->generation = stored->generation;
	self->email_state = g_strdup(stored->email_state);
	self->mailbox_state = g_strdup(stored->mailbox_state);
	self->subscriptions = g_strdupv(stored->subscriptions);
	for (guint i = 0; i < stored->mailboxes->len; i++)
		put_slot(self, stored->mailboxes->pdata[i]);
	return self;
}

/* What the session object says of it; may be called again. */
void
ferry_mail_account_take_info(FerryMailAccount *self, const FerryJmapAccountInfo *info)
{
	gboolean was_read_only = self->read_only;
	GHashTableIter iter;
	gpointer value;

	g_free(self->name);
	self->name = g_strdup(info->name != NULL ? info->name : info->id);
	self->read_only = info->is_read_only;
	if (self->read_only == was_read_only)
		return;
	g_hash_table_iter_init(&iter, self->slots);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		FerryMailboxSlot *slot = value;

		if (slot->open != NULL)
			ferry_mailbox_note_rights(slot->open);
	}
}

void
ferry_mail_account_close(FerryMailAccount *self)
{
	GHashTableIter iter;
	gpointer value;

	g_cancellable_cancel(self->background);
	self->account = NULL;
	g_hash_table_iter_init(&iter, self->slots);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		FerryMailboxSlot *slot = value;

		if (slot->open != NULL)
			ferry_mailbox_set_gone(slot->open, FERRY_GONE_ACCOUNT);
		g_clear_object(&slot->kept);
		g_clear_pointer(&slot->listing, ferry_listing_free);
	}
}

FerryMailboxSlot *
ferry_mail_account_find(FerryMailAccount *self, const char *mailbox_id)
{
	return g_hash_table_lookup(self->slots, mailbox_id);
}

FerryMailboxSlot *
ferry_mail_account_find_key(FerryMailAccount *self, gint64 key)
{
	return g_hash_table_lookup(self->by_key, &key);
}

/* The session's own credential; in the background the newest that works. */
FerryJmapSession *
ferry_mail_account_pick_jmap(FerryMailAccount *self, FerryAccountSession *session)
{
	if (session != NULL)
		return session->jmap;
	return self->account != NULL ? ferry_account_pick_jmap(self->account) : NULL;
}

/* Gives the array, borrows the mailboxes. */
GPtrArray *
ferry_mail_account_list_stored(FerryMailAccount *self)
{
	GPtrArray *list = g_ptr_array_new();
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, self->slots);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		g_ptr_array_add(list, ((FerryMailboxSlot *)value)->stored);
	return list;
}

gboolean
ferry_mail_account_is_watched(FerryMailAccount *self)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, self->slots);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		if (((FerryMailboxSlot *)value)->open != NULL)
			return TRUE;
	}
	return FALSE;
}

/* the lock */

void
ferry_mail_account_lock(FerryMailAccount *self, FerryLockFunc func, gpointer user_data)
{
	ferry_mail_account_lock_since(self, g_get_monotonic_time(), func, user_data);
}

/* NULL where the lock was free, and @func has been called. */
static LockWaiter *
take_or_wait(FerryMailAccount *self, gint64 begun_at, FerryLockFunc func, gpointer user_data)
{
	LockWaiter *waiter;

	if (!self->locked) {
		self->locked = TRUE;
		self->lock_asked_at = begun_at;
		g_object_ref(self);
		func(self, user_data);
		return NULL;
	}
	waiter = g_new0(LockWaiter, 1);
	waiter->func = func;
	waiter->user_data = user_data;
	waiter->asked_at = begun_at;
	g_object_ref(self);
	return waiter;
}

/* Whether @waiter stays before one that began at @begun_at: who has waited longest, be it for
 * something else before, has the least time left. */
static gboolean
stays_before(const LockWaiter *waiter, gint64 begun_at)
{
	return waiter->first || waiter->asked_at <= begun_at;
}

void
ferry_mail_account_lock_since(FerryMailAccount *self, gint64 begun_at, FerryLockFunc func,
			      gpointer user_data)
{
	LockWaiter *waiter = take_or_wait(self, begun_at, func, user_data);
	GList *link = self->lock_waiters.tail;

	if (waiter == NULL)
		return;
	while (link != NULL && !stays_before(link->data, begun_at))
		link = link->prev;
	g_queue_insert_after(&self->lock_waiters, link, waiter);
}

void
ferry_mail_account_lock_next(FerryMailAccount *self, FerryLockFunc func, gpointer user_data)
{
	LockWaiter *waiter = take_or_wait(self, g_get_monotonic_time(), func, user_data);

	if (waiter == NULL)
		return;
	waiter->first = TRUE;
	g_queue_push_head(&self->lock_waiters, waiter);
}

static gboolean
run_next_waiter(gpointer user_data)
{
	FerryMailAccount *self = user_data;
	g_autofree LockWaiter *waiter = g_queue_pop_head(&self->lock_waiters);

	self->lock_asked_at = waiter->asked_at;
	waiter->func(self, waiter->user_data);
	return G_SOURCE_REMOVE;
}

static void
run_in_context(GSourceFunc func, gpointer data)
{
	g_autoptr(GSource) source = g_idle_source_new();

	g_source_set_priority(source, G_PRIORITY_DEFAULT);
	g_source_set_callback(source, func, data, NULL);
	g_source_attach(source, g_main_context_get_thread_default());
}

void
ferry_mail_account_unlock(FerryMailAccount *self)
{
	/* the lock passes on; through the loop, so that the stack stays flat */
	if (g_queue_is_empty(&self->lock_waiters))
		self->locked = FALSE;
	else
		run_in_context(run_next_waiter, self);
	g_object_unref(self);
}

gboolean
ferry_mail_account_is_late(FerryMailAccount *self, FerryJmapSession *jmap, GError **error)
{
	FerryJmapBackend *backend = ferry_jmap_session_get_backend(jmap);
	gint64 patience = (gint64)ferry_jmap_backend_get_retry_time(backend) * G_USEC_PER_SEC;

	if (g_get_monotonic_time() - self->lock_asked_at < patience * 2 / 3)
		return FALSE;
	g_set_error(error, FERRY_ERROR, FERRY_ERROR_UNAVAILABLE,
		    "backend %s: no answer in time to what came before",
		    ferry_jmap_backend_get_name(backend));
	return TRUE;
}

void
ferry_mail_account_send_async(FerryMailAccount *self, FerryJmapSession *jmap,
			      FerryJmapRequest *request, FerryJmapSendFlags flags,
			      GCancellable *cancellable, GAsyncReadyCallback callback,
			      gpointer user_data)
{
	ferry_jmap_request_set_begun_at(request, self->lock_asked_at);
	ferry_jmap_session_send_async(jmap, request, flags, cancellable, callback, user_data);
}

/* taking over what was committed */

static gboolean
is_structural(FerryStoreMailbox *before, FerryStoreMailbox *after)
{
	return before == NULL || g_strcmp0(before->imap_name, after->imap_name) != 0 ||
	       g_strcmp0(before->role, after->role) != 0 || before->rights != after->rights ||
	       before->subscribed != after->subscribed;
}

/* Of a mailbox without a view, or whose view is void. */
static void
tell_account(FerryMailAccount *self, FerryStoreMailboxDelta *delta, FerryStoreMailbox *before,
	     FerryAccountSession *origin)
{
	g_autoptr(FerryMailboxDelta) summary = ferry_mailbox_delta_new_stored(delta, origin);

	ferry_mailbox_delta_set_numbers(summary, before, delta->mailbox);
	ferry_account_emit_messages_changed(self->account, self, delta->mailbox->id, summary);
}

static gboolean
take_mailbox(FerryMailAccount *self, FerryStoreMailboxDelta *delta, FerryAccountSession *origin)
{
	FerryMailboxSlot *slot = g_hash_table_lookup(self->slots, delta->mailbox->id);
	g_autoptr(FerryStoreMailbox) before = NULL;

	if (slot != NULL)
		before = ferry_store_mailbox_ref(slot->stored);
	slot = put_slot(self, delta->mailbox);
	if (slot->open != NULL) {
		g_autoptr(FerryMailbox) open = g_object_ref(slot->open);

		ferry_mailbox_take_delta(open, delta, before, origin);
		if (before != NULL && before->rights != delta->mailbox->rights)
			ferry_mailbox_note_rights(open);
		if (ferry_mailbox_is_gone(open) && self->account != NULL)
			tell_account(self, delta, before, origin);
	} else if (self->account != NULL) {
		tell_account(self, delta, before, origin);
	}
	if (delta->mailbox->listing == FERRY_STORE_LISTED)
		ferry_listing_note_listed(slot);
	else if (delta->mailbox->listing == FERRY_STORE_UNLISTED)
		ferry_listing_queue(slot, FALSE);
	return is_structural(before, delta->mailbox);
}

static void
remove_slot(FerryMailAccount *self, gint64 key)
{
	FerryMailboxSlot *slot = g_hash_table_lookup(self->by_key, &key);

	if (slot == NULL)
		return;
	if (slot->open != NULL)
		ferry_mailbox_set_gone(slot->open, FERRY_GONE_DELETED);
	g_hash_table_remove(self->by_key, &key);
	g_hash_table_remove(self->slots, slot->stored->id);
}

static void
take_delta(FerryMailAccount *self, FerryStoreDelta *delta, FerryAccountSession *origin)
{
	gboolean structural = delta->n_removed > 0;

	self->generation = delta->generation;
	g_free(self->email_state);
	self->email_state = g_strdup(delta->email_state);
	g_free(self->mailbox_state);
	self->mailbox_state = g_strdup(delta->mailbox_state);
	if (delta->subscriptions != NULL) {
		g_strfreev(self->subscriptions);
		self->subscriptions = g_strdupv(delta->subscriptions);
		structural = TRUE;
	}
	for (guint i = 0; i < delta->n_removed; i++)
		remove_slot(self, delta->removed[i]);
	for (guint i = 0; i < delta->n_mailboxes; i++) {
		if (take_mailbox(self, &delta->mailboxes[i], origin))
			structural = TRUE;
	}
	if (structural && self->account != NULL)
		ferry_account_touch_list(self->account);
}

static void
catch_up_delta_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	FerryMailAccount *self = g_task_get_source_object(task);
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryStoreDelta) delta =
		ferry_store_load_delta_finish(FERRY_STORE(source), result, &error);

	if (delta == NULL) {
		g_task_return_error(task, g_steal_pointer(&error));
		return;
	}
	/* a commit of our own may have overtaken this reading */
	if (delta->since == self->generation && delta->generation > self->generation)
		take_delta(self, delta, NULL);
	g_task_return_boolean(task, TRUE);
}

static void
catch_up_generation_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	FerryMailAccount *self = g_task_get_source_object(task);
	g_autoptr(GError) error = NULL;
	guint64 generation =
		ferry_store_read_generation_finish(FERRY_STORE(source), result, &error);

	if (error != NULL) {
		g_task_return_error(task, g_steal_pointer(&error));
		return;
	}
	if (generation <= self->generation) {
		g_task_return_boolean(task, TRUE);
		return;
	}
	ferry_store_load_delta_async(FERRY_STORE(source), self->key, self->generation, NULL,
				     catch_up_delta_cb, g_steal_pointer(&task));
}

static GTask *
new_task(FerryMailAccount *self, GAsyncReadyCallback callback, gpointer user_data, gpointer tag)
{
	GTask *task = g_task_new(self, NULL, callback, user_data);

	g_task_set_source_tag(task, tag);
	return task;
}

static gboolean
check_open(FerryMailAccount *self, GTask *task)
{
	if (self->account != NULL)
		return TRUE;
	g_task_return_new_error(task, FERRY_ERROR, FERRY_ERROR_UNAVAILABLE,
				"the account is being closed");
	return FALSE;
}

void
ferry_mail_account_catch_up_async(FerryMailAccount *self, GAsyncReadyCallback callback,
				  gpointer user_data)
{
	g_autoptr(GTask) task =
		new_task(self, callback, user_data, ferry_mail_account_catch_up_async);

	if (!check_open(self, task))
		return;
	ferry_store_read_generation_async(self->account->store, self->key, NULL,
					  catch_up_generation_cb, g_steal_pointer(&task));
}

gboolean
ferry_mail_account_catch_up_finish(FerryMailAccount *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_boolean(G_TASK(result), error);
}

static void
conflict_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	g_autoptr(GError) error = NULL;

	if (!ferry_mail_account_catch_up_finish(FERRY_MAIL_ACCOUNT(source), result, &error)) {
		g_task_return_error(task, g_steal_pointer(&error));
		return;
	}
	g_task_return_new_error(task, FERRY_ERROR, FERRY_ERROR_CONFLICT,
				"another process changed the account first");
}

static void
apply_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	FerryMailAccount *self = g_task_get_source_object(task);
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryStoreDelta) delta =
		ferry_store_apply_finish(FERRY_STORE(source), result, &error);

	if (g_error_matches(error, FERRY_ERROR, FERRY_ERROR_CONFLICT) && self->account != NULL) {
		ferry_mail_account_catch_up_async(self, conflict_cb, g_steal_pointer(&task));
		return;
	}
	if (delta == NULL) {
		g_task_return_error(task, g_steal_pointer(&error));
		return;
	}
	/* unless a look at the store was quicker and has taken this and more over */
	if (delta->generation > self->generation)
		take_delta(self, delta, g_task_get_task_data(task));
	g_task_return_pointer(task, g_steal_pointer(&delta),
			      (GDestroyNotify)(void (*)(void))ferry_store_delta_unref);
}

void
ferry_mail_account_apply_async(FerryMailAccount *self, FerryStoreBatch *batch,
			       FerryAccountSession *origin, GAsyncReadyCallback callback,
			       gpointer user_data)
{
	g_autoptr(GTask) task = new_task(self, callback, user_data, ferry_mail_account_apply_async);

	if (origin != NULL)
		g_task_set_task_data(task, g_object_ref(origin), g_object_unref);
	if (!check_open(self, task))
		return;
	ferry_store_apply_async(self->account->store, self->key, self->generation, batch, NULL,
				apply_cb, g_steal_pointer(&task));
}

FerryStoreDelta *
ferry_mail_account_apply_finish(FerryMailAccount *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}

/* names */

static void
drop_mailbox(GPtrArray *list, const char *id)
{
	for (guint i = 0; i < list->len; i++) {
		FerryStoreMailbox *mailbox = list->pdata[i];

		if (strcmp(mailbox->id, id) != 0)
			continue;
		g_ptr_array_remove_index_fast(list, i);
		return;
	}
}

void
ferry_mail_account_name_mailboxes(FerryMailAccount *self, FerryStoreBatch *batch, GPtrArray *put,
				  const char *const *removed)
{
	g_autoptr(GPtrArray) list = ferry_mail_account_list_stored(self);
	g_autoptr(GHashTable) paths = NULL;

	for (; removed != NULL && *removed != NULL; removed++)
		drop_mailbox(list, *removed);
	for (guint i = 0; i < put->len; i++) {
		FerryStoreMailbox *mailbox = put->pdata[i];
		FerryMailboxSlot *slot = ferry_mail_account_find(self, mailbox->id);

		if (slot != NULL && mailbox->imap_name == NULL)
			mailbox->imap_name = g_strdup(slot->stored->imap_name);
		drop_mailbox(list, mailbox->id);
		g_ptr_array_add(list, mailbox);
	}
	paths = ferry_names_assign(list, self->own ? self->account->settings->shared_prefix : NULL);
	for (guint i = 0; i < list->len; i++) {
		FerryStoreMailbox *mailbox = list->pdata[i];
		const char *path = g_hash_table_lookup(paths, mailbox->id);

		if (g_strcmp0(mailbox->imap_name, path) != 0)
			ferry_store_batch_set_imap_name(batch, mailbox->id, path);
	}
}
