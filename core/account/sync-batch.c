/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a sync puts into the store */
#include "account/all-mail-private.h"
#include "account/sync-run-private.h"
#include "jmap/email.h"
#include "jmap/mailbox.h"

static FerryStoreMailbox *
to_stored(const FerryJmapMailbox *mailbox)
{
	FerryStoreMailbox *stored = ferry_store_mailbox_new(mailbox->id, mailbox->name);

	stored->parent_id = g_strdup(mailbox->parent_id);
	stored->role = g_strdup(mailbox->role);
	stored->sort_order = mailbox->sort_order;
	stored->subscribed = mailbox->is_subscribed;
	stored->rights = (guint)mailbox->rights;
	stored->total_emails = mailbox->total_emails;
	stored->unread_emails = mailbox->unread_emails;
	return stored;
}

static void
remove_unnamed(FerrySync *self)
{
	GHashTableIter iter;
	gpointer id;

	g_hash_table_iter_init(&iter, self->account->slots);
	while (g_hash_table_iter_next(&iter, &id, NULL)) {
		if (!g_hash_table_contains(self->mailboxes, id) && !ferry_all_mail_is_id(id))
			g_hash_table_add(self->removed, g_strdup(id));
	}
}

static void
fill_mailboxes(FerrySync *self, FerryStoreBatch *batch)
{
	g_autoptr(GPtrArray) put = g_ptr_array_new_with_free_func(
		(GDestroyNotify)(void (*)(void))ferry_store_mailbox_unref);
	g_autoptr(GPtrArray) removed = g_ptr_array_new();
	GHashTableIter iter;
	gpointer key, value;

	if (self->complete_mailboxes)
		remove_unnamed(self);
	g_hash_table_iter_init(&iter, self->mailboxes);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		g_ptr_array_add(put, to_stored(value));
		ferry_store_batch_put_mailbox(batch, put->pdata[put->len - 1]);
	}
	g_hash_table_iter_init(&iter, self->removed);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		if (ferry_mail_account_find(self->account, key) == NULL)
			continue;
		ferry_store_batch_remove_mailbox(batch, key);
		g_ptr_array_add(removed, key);
	}
	ferry_all_mail_review(self->account, batch, put, removed);
	g_ptr_array_add(removed, NULL);
	if (put->len > 0 || removed->len > 1)
		ferry_mail_account_name_mailboxes(self->account, batch, put,
						  (const char *const *)removed->pdata);
}

void
ferry_sync_put_email(FerryMailAccount *account, FerryStoreBatch *batch, const FerryJmapEmail *email)
{
	g_autofree const char **mailbox_ids = NULL;
	FerryStoreEmail stored = {
		.email_id = email->id,
		.blob_id = email->blob_id,
		.thread_id = email->thread_id,
		.size = email->size,
		.received_at = email->received_at,
		.has_sent = email->has_sent_at,
		.sent_at = email->sent_at,
		.sent_offset = email->sent_offset,
		.keywords = (const char *const *)email->keywords,
	};

	stored.mailbox_ids = (const char *const *)email->mailbox_ids;
	/* an Email that is nowhere is not in the account */
	if (email->mailbox_ids != NULL && email->mailbox_ids[0] != NULL)
		stored.mailbox_ids =
			ferry_all_mail_add_id(account, stored.mailbox_ids, &mailbox_ids);
	ferry_store_batch_put_email(batch, &stored);
}

void
ferry_sync_fill_batch(FerrySync *self, FerryStoreBatch *batch)
{
	GHashTableIter iter;
	gpointer key, value;

	fill_mailboxes(self, batch);
	g_hash_table_iter_init(&iter, self->destroyed);
	while (g_hash_table_iter_next(&iter, &key, NULL))
		ferry_store_batch_destroy_email(batch, key);
	g_hash_table_iter_init(&iter, self->emails);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const EmailRef *ref = value;

		ferry_sync_put_email(self->account, batch,
				     ferry_jmap_email_list_get(ref->list, ref->index));
	}
	if (self->email_state != NULL &&
	    g_strcmp0(self->email_state, self->account->email_state) != 0)
		ferry_store_batch_set_email_state(batch, self->email_state);
	if (self->mailbox_state != NULL &&
	    g_strcmp0(self->mailbox_state, self->account->mailbox_state) != 0)
		ferry_store_batch_set_mailbox_state(batch, self->mailbox_state);
	if (self->fill != NULL)
		self->fill(batch, self->fill_data);
}
