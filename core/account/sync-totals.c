/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counts that tell of a backend that went back
 *
 * Implementation: totalEmails of open mailboxes with each sync; what differs twice at the same
 *   states is listed again, once
 */
#include "account/all-mail-private.h"
#include "account/sync-run-private.h"
#include "jmap/method.h"

#define MAX_TOTALS 16

/* A backend that was restored from a backup may accept states it never gave, and say that nothing
 * changed since: the counts of the mailboxes that somebody looks at tell. */
void
ferry_sync_add_totals_call(FerrySync *self, FerryJmapRequest *request)
{
	static const char *const properties[] = {"id", "totalEmails", NULL};
	g_autoptr(GPtrArray) ids = g_ptr_array_new();
	g_auto(GStrv) calls = NULL;
	GHashTableIter iter;
	gpointer id, slot;

	g_clear_pointer(&self->totals_call, g_free);
	g_hash_table_iter_init(&iter, self->account->slots);
	while (ids->len < MAX_TOTALS && g_hash_table_iter_next(&iter, &id, &slot)) {
		if (((FerryMailboxSlot *)slot)->open != NULL && !ferry_all_mail_is_id(id))
			g_ptr_array_add(ids, id);
	}
	if (ids->len == 0)
		return;
	calls = ferry_jmap_request_add_get(request, "Mailbox/get", self->account->id,
					   (const char *const *)ids->pdata, ids->len, properties,
					   ids->len);
	self->totals_call = g_strdup(calls[0]);
}

void
ferry_sync_take_totals(FerrySync *self, FerryJmapReply *reply)
{
	g_autoptr(FerryJmapValue) got = NULL;
	g_auto(GStrv) not_found = NULL;
	FerryJmapValueIter iter;
	FerryJmapValue *mailbox;

	if (self->totals_call == NULL)
		return;
	got = ferry_jmap_reply_get_result(reply, self->totals_call, NULL);
	if (got != NULL)
		not_found = ferry_jmap_value_dup_strings(got, "notFound");
	for (guint i = 0; not_found != NULL && not_found[i] != NULL; i++) {
		if (ferry_mail_account_find(self->account, not_found[i]) != NULL)
			g_hash_table_add(self->not_found, g_strdup(not_found[i]));
	}
	if (got == NULL || !ferry_jmap_value_iter_init(&iter, got, "list"))
		return;
	while (ferry_jmap_value_iter_next(&iter, NULL, &mailbox)) {
		const char *id = ferry_jmap_value_get_string(mailbox, "id");
		gint64 total = ferry_jmap_value_get_int64(mailbox, "totalEmails", -1);

		if (id != NULL && total >= 0)
			g_hash_table_replace(self->totals, g_strdup(id),
					     g_memdup2(&total, sizeof total));
		ferry_jmap_value_unref(mailbox);
	}
}

/* Whether the store and the backend count differently for the second time at the same states. */
static gboolean
differs_twice(FerrySync *self, FerryMailboxSlot *slot)
{
	const gint64 *total = g_hash_table_lookup(self->totals, slot->stored->id);
	g_autofree char *states = NULL;
	gint64 difference;

	if (slot->stored->listing != FERRY_STORE_LISTED || total == NULL)
		return FALSE;
	difference = *total - (gint64)slot->stored->n_messages;
	states = g_strconcat(self->account->email_state, "/", self->account->mailbox_state, NULL);
	if (difference == 0 || difference == slot->tolerated) {
		g_clear_pointer(&slot->differing_state, g_free);
		return FALSE;
	}
	if (g_strcmp0(states, slot->differing_state) == 0)
		return TRUE;
	g_free(slot->differing_state);
	slot->differing_state = g_steal_pointer(&states);
	return FALSE;
}

FerryMailboxSlot *
ferry_sync_find_differing(FerrySync *self)
{
	GHashTableIter iter;
	gpointer id;

	g_hash_table_iter_init(&iter, self->totals);
	while (g_hash_table_iter_next(&iter, &id, NULL)) {
		FerryMailboxSlot *slot = ferry_mail_account_find(self->account, id);

		if (slot != NULL && differs_twice(self, slot))
			return slot;
	}
	return NULL;
}
