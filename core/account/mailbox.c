/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An open mailbox
 *
 * Specification: RFC 9051 §6.3.2, §7.3, §7.5; RFC 7162 §3.1 (mod-sequences)
 * Implementation: one object and one view for all sessions that look at a mailbox
 */
#include "account/mailbox-private.h"

#include <malloc.h>
#include <string.h>

#include "account/flags-private.h"
#include "account/rights-private.h"

/* rows that are worth a look through the heap, about a millisecond */
#define MANY_ROWS 4096

G_DEFINE_TYPE(FerryMailbox, ferry_mailbox, G_TYPE_OBJECT)

enum {
	SIGNAL_CHANGED,
	SIGNAL_GONE,
	SIGNAL_RIGHTS_CHANGED,
	N_SIGNALS
};
static guint signals[N_SIGNALS];

static void
ferry_mailbox_finalize(GObject *object)
{
	FerryMailbox *self = FERRY_MAILBOX(object);

	g_clear_pointer(&self->view, ferry_view_unref);
	g_clear_pointer(&self->info, ferry_mailbox_info_unref);
	g_clear_object(&self->owner);
	g_clear_object(&self->account);
	g_free(self->id);
	G_OBJECT_CLASS(ferry_mailbox_parent_class)->finalize(object);
}

static void
ferry_mailbox_class_init(FerryMailboxClass *klass)
{
	G_OBJECT_CLASS(klass)->finalize = ferry_mailbox_finalize;
	/**
	 * FerryMailbox::changed:
	 * @self: the mailbox
	 * @old_view: (type FerryView): what it held
	 * @new_view: (type FerryView): what it holds
	 * @delta: what is different
	 */
	signals[SIGNAL_CHANGED] = g_signal_new("changed", FERRY_TYPE_MAILBOX, G_SIGNAL_RUN_LAST, 0,
					       NULL, NULL, NULL, G_TYPE_NONE, 3, FERRY_TYPE_VIEW,
					       FERRY_TYPE_VIEW, FERRY_TYPE_MAILBOX_DELTA);
	/**
	 * FerryMailbox::gone:
	 * @self: the mailbox
	 * @reason: (type FerryGoneReason): why
	 */
	signals[SIGNAL_GONE] = g_signal_new("gone", FERRY_TYPE_MAILBOX, G_SIGNAL_RUN_LAST, 0, NULL,
					    NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT);
	/**
	 * FerryMailbox::rights-changed:
	 * @self: the mailbox
	 *
	 * What ferry_mailbox_get_rights() says is another now.
	 */
	signals[SIGNAL_RIGHTS_CHANGED] =
		g_signal_new("rights-changed", FERRY_TYPE_MAILBOX, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
			     NULL, G_TYPE_NONE, 0);
}

static void
ferry_mailbox_init(FerryMailbox *self)
{
}

/**
 * ferry_mailbox_get_view:
 * @self: a mailbox
 *
 * Returns: (transfer none): its newest view
 */
FerryView *
ferry_mailbox_get_view(FerryMailbox *self)
{
	return self->view;
}

/**
 * ferry_mailbox_get_info:
 * @self: a mailbox
 *
 * Returns: (transfer none) (nullable): what the list of mailboxes said when it was opened last
 */
FerryMailboxInfo *
ferry_mailbox_get_info(FerryMailbox *self)
{
	return self->info;
}

/**
 * ferry_mailbox_get_account:
 * @self: a mailbox
 *
 * Returns: (transfer none): the account it is in
 */
FerryAccount *
ferry_mailbox_get_account(FerryMailbox *self)
{
	return self->account;
}

/**
 * ferry_mailbox_get_id:
 * @self: a mailbox
 *
 * Returns: its JMAP Mailbox id
 */
const char *
ferry_mailbox_get_id(FerryMailbox *self)
{
	return self->id;
}

/**
 * ferry_mailbox_get_account_id:
 * @self: a mailbox
 *
 * Returns: the JMAP account that it is in
 */
const char *
ferry_mailbox_get_account_id(FerryMailbox *self)
{
	return self->owner->id;
}

/**
 * ferry_mailbox_get_rights:
 * @self: a mailbox
 *
 * Returns: what this login may do in it now; nothing where it is gone
 */
FerryMailboxRights
ferry_mailbox_get_rights(FerryMailbox *self)
{
	return self->slot != NULL ? ferry_slot_get_rights(self->slot) : 0;
}

/**
 * ferry_mailbox_is_gone:
 * @self: a mailbox
 *
 * Returns: whether `gone` was emitted: nothing can be done with it any more
 */
gboolean
ferry_mailbox_is_gone(FerryMailbox *self)
{
	return self->slot == NULL;
}

static void
recent_applied_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryMailAccount *account = FERRY_MAIL_ACCOUNT(source);
	g_autoptr(FerryMailbox) self = user_data;
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryStoreDelta) delta = ferry_mail_account_apply_finish(account, result, &error);

	/* lost, the messages are \Recent once more: no harm */
	if (delta == NULL)
		g_debug("account: the \\Recent watermark was not stored: %s", error->message);
	ferry_mail_account_unlock(account);
}

static void
recent_locked_cb(FerryMailAccount *account, gpointer user_data)
{
	g_autoptr(FerryMailbox) self = user_data;
	FerryStoreBatch *batch;

	self->recent_dirty = FALSE;
	if (self->slot == NULL || self->slot->stored->recent >= self->recent) {
		ferry_mail_account_unlock(account);
		return;
	}
	batch = ferry_store_batch_new();
	ferry_store_batch_set_recent(batch, self->id, self->recent);
	ferry_mail_account_apply_async(account, batch, NULL, recent_applied_cb,
				       g_steal_pointer(&self));
	ferry_store_batch_unref(batch);
}

/**
 * ferry_mailbox_claim_recent:
 * @self: a mailbox
 *
 * What is new since the last claim is \Recent for the session that claims, and for no other
 * (RFC 3501 §2.3.2). Not for EXAMINE.
 *
 * Returns: the lowest UID that is \Recent for the caller; all above are too
 */
guint32
ferry_mailbox_claim_recent(FerryMailbox *self)
{
	guint32 first = MAX(self->recent, ferry_view_get_recent_watermark(self->view));
	guint32 next = ferry_view_get_uidnext(self->view);

	if (next <= first)
		return first;
	self->recent = next;
	if (!self->recent_dirty && self->slot != NULL) {
		self->recent_dirty = TRUE;
		ferry_mail_account_lock(self->owner, recent_locked_cb, g_object_ref(self));
	}
	return first;
}

void
ferry_mailbox_set_gone(FerryMailbox *self, FerryGoneReason reason)
{
	g_autoptr(FerryMailbox) keep = g_object_ref(self);
	FerryMailboxSlot *slot = g_steal_pointer(&self->slot);

	if (slot == NULL)
		return;
	g_clear_weak_pointer(&slot->open);
	g_clear_object(&slot->kept);
	g_signal_emit(self, signals[SIGNAL_GONE], 0, (int)reason);
}

void
ferry_mailbox_note_rights(FerryMailbox *self)
{
	g_autoptr(FerryMailbox) keep = g_object_ref(self);

	/* what may not be read any more is gone for this login */
	if (self->slot != NULL && (ferry_slot_get_rights(self->slot) & FERRY_RIGHT_READ_ITEMS) == 0)
		ferry_mailbox_set_gone(self, FERRY_GONE_DELETED);
	else if (self->slot != NULL)
		g_signal_emit(self, signals[SIGNAL_RIGHTS_CHANGED], 0);
}

/* views */

static void
put_rows(FerryViewBuilder *builder, FerryKeywordTable *keywords, FerryStoreRows *rows)
{
	guint n_sets = ferry_store_rows_get_n_keyword_sets(rows);
	g_autofree guint32 *sets = g_new(guint32, MAX(n_sets, 1));
	g_autofree guint8 *flags = g_new0(guint8, MAX(n_sets, 1));
	guint n = ferry_store_rows_get_length(rows);

	for (guint i = 0; i < n_sets; i++) {
		const char *joined = ferry_store_rows_get_keyword_set(rows, i);

		sets[i] = ferry_keyword_table_intern_joined(keywords, joined);
		flags[i] = ferry_keyword_flags_from_joined(joined);
	}
	for (guint i = 0; i < n; i++) {
		const FerryStoreRow *stored = ferry_store_rows_get(rows, i);
		FerryMessageRow row = {
			.uid = stored->uid,
			.keyword_set = sets[stored->keywords],
			.modseq = stored->modseq,
			.size = stored->size,
			.received_at = stored->received_at,
			.sent_at = (stored->flags & FERRY_STORE_ROW_SENT) != 0 ? stored->sent_at
									       : G_MININT64,
			.saved_at = stored->savedate,
			.sent_zone = stored->sent_offset,
			.flags = flags[stored->keywords],
			.email_key = stored->email_key,
		};

		if ((stored->flags & FERRY_STORE_ROW_DELETED) != 0)
			row.flags |= FERRY_MESSAGE_DELETED;
		ferry_view_builder_set(builder, &row, ferry_store_rows_get_email_id(rows, i),
				       ferry_store_rows_get_blob_id(rows, i),
				       ferry_store_rows_get_thread_id(rows, i));
	}
}

static void
put_mailbox(FerryViewBuilder *builder, const FerryStoreMailbox *stored)
{
	ferry_view_builder_set_mailbox(
		builder, stored->uidvalidity, (guint32)MIN(stored->uidnext, G_MAXUINT32),
		stored->highest_modseq, (guint32)MIN(stored->recent, G_MAXUINT32));
}

static FerryView *
make_view(FerryMailboxSlot *slot, FerryStoreRows *rows)
{
	FerryViewBuilder *builder = ferry_view_builder_new(NULL, slot->owner->keywords);

	put_rows(builder, slot->owner->keywords, rows);
	put_mailbox(builder, slot->stored);
	return ferry_view_builder_end(builder);
}

/* Takes @delta. Who listens to the whole account hears of it before who looks at this mailbox, and
 * so before its client is told. */
static void
replace_view(FerryMailbox *self, FerryView *view, FerryMailboxDelta *taken,
	     FerryStoreMailbox *before)
{
	g_autoptr(FerryView) old = self->view;
	g_autoptr(FerryMailboxDelta) delta = taken;
	gsize n_arrived, n_changed, n_expunged;

	self->view = view;
	ferry_mailbox_delta_get_arrived(delta, &n_arrived);
	ferry_mailbox_delta_get_changed(delta, &n_changed);
	ferry_mailbox_delta_get_expunged(delta, &n_expunged);
	if (n_arrived + n_changed + n_expunged == 0 && old->uidnext == view->uidnext)
		return;
	if (self->slot != NULL) {
		ferry_mailbox_delta_set_numbers(delta, before, self->slot->stored);
		ferry_account_emit_messages_changed(self->account, self->owner, self->id, delta);
	}
	g_signal_emit(self, signals[SIGNAL_CHANGED], 0, old, view, delta);
}

static void
sort_rows(FerryView *old, FerryStoreRows *rows, GArray *fresh, GArray *known)
{
	guint n = rows != NULL ? ferry_store_rows_get_length(rows) : 0;

	for (guint i = 0; i < n; i++) {
		guint32 uid = ferry_store_rows_get_uid(rows, i);

		g_array_append_val(ferry_view_find_uid(old, uid, NULL) ? known : fresh, uid);
	}
}

static int
compare_uids(gconstpointer a, gconstpointer b)
{
	guint32 first = *(const guint32 *)a;
	guint32 second = *(const guint32 *)b;

	return first < second ? -1 : first > second;
}

/* What was known is void: read all of it again and tell the difference. */
static void
reloaded_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(FerryMailbox) self = user_data;
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryStoreRows) rows =
		ferry_store_load_mailbox_finish(FERRY_STORE(source), result, &error);
	g_autoptr(GArray) arrived = g_array_new(FALSE, FALSE, sizeof(guint32));
	g_autoptr(GArray) changed = g_array_new(FALSE, FALSE, sizeof(guint32));
	g_autoptr(GArray) expunged = g_array_new(FALSE, FALSE, sizeof(guint32));
	FerryView *view;

	if (self->slot == NULL)
		return;
	if (rows == NULL) {
		g_warning("account: a mailbox could not be read again: %s", error->message);
		ferry_mailbox_set_gone(self, FERRY_GONE_RENEWED);
		return;
	}
	view = make_view(self->slot, rows);
	sort_rows(self->view, rows, arrived, changed);
	for (guint32 i = 0; i < self->view->count; i++) {
		guint32 uid = ferry_view_get_uid(self->view, i);

		if (!ferry_view_find_uid(view, uid, NULL))
			g_array_append_val(expunged, uid);
	}
	replace_view(self, view, ferry_mailbox_delta_new(arrived, changed, expunged, NULL), NULL);
}

void
ferry_mailbox_take_delta(FerryMailbox *self, const FerryStoreMailboxDelta *delta,
			 FerryStoreMailbox *before, FerryAccountSession *origin)
{
	g_autoptr(GArray) arrived = NULL;
	g_autoptr(GArray) changed = NULL;
	g_autoptr(GArray) expunged = NULL;
	FerryViewBuilder *builder;

	if (delta->mailbox->uidvalidity != self->view->uidvalidity) {
		ferry_mailbox_set_gone(self, FERRY_GONE_RENEWED);
		return;
	}
	if (delta->reload) {
		ferry_store_load_mailbox_async(self->account->store, delta->mailbox->key,
					       FERRY_STORE_FIELD_ALL, NULL, reloaded_cb,
					       g_object_ref(self));
		return;
	}
	arrived = g_array_new(FALSE, FALSE, sizeof(guint32));
	changed = g_array_new(FALSE, FALSE, sizeof(guint32));
	expunged = g_array_new(FALSE, FALSE, sizeof(guint32));
	for (guint i = 0; i < delta->n_expunged; i++) {
		if (ferry_view_find_uid(self->view, delta->expunged[i], NULL))
			g_array_append_val(expunged, delta->expunged[i]);
	}
	sort_rows(self->view, delta->arrived, arrived, changed);
	sort_rows(self->view, delta->changed, arrived, changed);
	g_array_sort(arrived, compare_uids);
	g_array_sort(changed, compare_uids);
	builder = ferry_view_builder_new(self->view, self->owner->keywords);
	ferry_view_builder_remove(builder, delta->expunged, delta->n_expunged);
	if (delta->changed != NULL)
		put_rows(builder, self->owner->keywords, delta->changed);
	if (delta->arrived != NULL)
		put_rows(builder, self->owner->keywords, delta->arrived);
	put_mailbox(builder, delta->mailbox);
	replace_view(self, ferry_view_builder_end(builder),
		     ferry_mailbox_delta_new(arrived, changed, expunged, origin), before);
}

/* opening */

typedef struct {
	gint64 key;
	guint64 generation;
	guint tries;
} Load;

static void load_rows(GTask *task);

static FerryMailbox *
open_slot(FerryMailboxSlot *slot, FerryStoreRows *rows)
{
	FerryMailbox *self = g_object_new(FERRY_TYPE_MAILBOX, NULL);

	self->owner = g_object_ref(slot->owner);
	self->account = g_object_ref(slot->owner->account);
	self->slot = slot;
	self->id = g_strdup(slot->stored->id);
	self->view = make_view(slot, rows);
	self->recent = self->view->recent;
	g_set_weak_pointer(&slot->open, self);
	return self;
}

/* The rows of a big mailbox are as large as its view, which now lies behind them: the C library
 * would keep the hole for as long as the view is there. */
static void
give_back_memory(FerryStoreRows *rows)
{
	gboolean many = ferry_store_rows_get_length(rows) > MANY_ROWS;

	ferry_store_rows_unref(rows);
#ifdef __GLIBC__
	if (many)
		malloc_trim(0);
#endif
}

static void
loaded_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	Load *load = g_task_get_task_data(task);
	FerryMailAccount *account = g_task_get_source_object(task);
	FerryMailboxSlot *slot = ferry_mail_account_find_key(account, load->key);
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryStoreRows) rows =
		ferry_store_load_mailbox_finish(FERRY_STORE(source), result, &error);
	FerryMailbox *opened;

	if (rows == NULL) {
		g_task_return_error(task, g_steal_pointer(&error));
		return;
	}
	if (slot == NULL || account->account == NULL) {
		g_task_return_new_error(task, FERRY_ERROR, FERRY_ERROR_NOT_FOUND,
					"the mailbox is gone");
		return;
	}
	if (slot->open != NULL) {
		g_task_return_pointer(task, g_object_ref(slot->open), g_object_unref);
		return;
	}
	/* what was committed while the rows were read may or may not be in them */
	if (load->generation != account->generation && load->tries++ < 20) {
		load_rows(g_steal_pointer(&task));
		return;
	}
	opened = open_slot(slot, rows);
	give_back_memory(g_steal_pointer(&rows));
	g_task_return_pointer(task, opened, g_object_unref);
}

static void
load_rows(GTask *task)
{
	Load *load = g_task_get_task_data(task);
	FerryMailAccount *account = g_task_get_source_object(task);

	load->generation = account->generation;
	ferry_store_load_mailbox_async(account->account->store, load->key, FERRY_STORE_FIELD_ALL,
				       NULL, loaded_cb, task);
}

void
ferry_mailbox_load_async(FerryMailboxSlot *slot, GAsyncReadyCallback callback, gpointer user_data)
{
	g_autoptr(GTask) task = g_task_new(slot->owner, NULL, callback, user_data);
	Load *load = g_new0(Load, 1);

	g_task_set_source_tag(task, ferry_mailbox_load_async);
	g_task_set_task_data(task, load, g_free);
	load->key = slot->stored->key;
	if (slot->open != NULL)
		g_task_return_pointer(task, g_object_ref(slot->open), g_object_unref);
	else
		load_rows(g_steal_pointer(&task));
}

FerryMailbox *
ferry_mailbox_load_finish(GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}

/* refreshing */

static void
refreshed_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	g_autoptr(GError) error = NULL;

	if (!ferry_mail_account_refresh_finish(FERRY_MAIL_ACCOUNT(source), result, &error))
		g_task_return_error(task, g_steal_pointer(&error));
	else
		g_task_return_boolean(task, TRUE);
}

/**
 * ferry_mailbox_refresh_async:
 * @self: a mailbox
 * @session: who asks
 * @cancellable: (nullable): to give up
 * @callback: called when the view is up to date
 * @user_data: for @callback
 *
 * Brings the view up to date: NOOP, CHECK, the start of IDLE. With live push and no change told,
 * that is one read of the store; else one request, unless a sync just ended.
 */
void
ferry_mailbox_refresh_async(FerryMailbox *self, FerryAccountSession *session,
			    GCancellable *cancellable, GAsyncReadyCallback callback,
			    gpointer user_data)
{
	GTask *task = g_task_new(self, cancellable, callback, user_data);

	g_task_set_source_tag(task, ferry_mailbox_refresh_async);
	ferry_mail_account_refresh_async(self->owner, session, FERRY_REFRESH_IF_OLD, refreshed_cb,
					 task);
}

/**
 * ferry_mailbox_refresh_finish:
 * @self: a mailbox
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: whether it is up to date; FALSE with %FERRY_ERROR_UNAVAILABLE in an outage, when the
 *   view stays as it was
 */
gboolean
ferry_mailbox_refresh_finish(FerryMailbox *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_boolean(G_TASK(result), error);
}
