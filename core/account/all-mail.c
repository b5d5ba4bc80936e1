/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All Mail: a mailbox that the backend does not have
 *
 * Specification: RFC 6154 §2 (\All)
 * Implementation: to the store it is a mailbox like any other, in which every Email of the account
 *   is; so UIDs, mod-sequences and tombstones come of themselves. Whatever says in the store where
 *   an Email is names it too. It is there as long as `all-mail=yes` and no mailbox of the backend
 *   has the role `all`
 * Not mapped: the accounts of others have none
 */
#include "account/all-mail-private.h"

#include <string.h>

#define NAME "All Mail"

gboolean
ferry_all_mail_is_id(const char *mailbox_id)
{
	return g_strcmp0(mailbox_id, FERRY_ALL_MAIL_ID) == 0;
}

const char *
ferry_all_mail_get_query_id(const char *mailbox_id)
{
	return ferry_all_mail_is_id(mailbox_id) ? NULL : mailbox_id;
}

const char *const *
ferry_all_mail_add_id(FerryMailAccount *account, const char *const *mailbox_ids,
		      const char ***storage)
{
	guint n = mailbox_ids != NULL ? g_strv_length((char **)mailbox_ids) : 0;

	*storage = NULL;
	if (ferry_mail_account_find(account, FERRY_ALL_MAIL_ID) == NULL)
		return mailbox_ids;
	*storage = g_new0(const char *, n + 2);
	for (guint i = 0; i < n; i++)
		(*storage)[i] = mailbox_ids[i];
	(*storage)[n] = FERRY_ALL_MAIL_ID;
	return *storage;
}

guint64
ferry_all_mail_estimate(FerryMailAccount *account)
{
	GHashTableIter iter;
	gpointer value;
	guint64 total = 0;

	g_hash_table_iter_init(&iter, account->slots);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		total += ((FerryMailboxSlot *)value)->stored->total_emails;
	return total;
}

static gboolean
has_id(GPtrArray *mailboxes, const char *id)
{
	for (guint i = 0; i < mailboxes->len; i++) {
		if (strcmp(((FerryStoreMailbox *)mailboxes->pdata[i])->id, id) == 0)
			return TRUE;
	}
	return FALSE;
}

static gboolean
is_all(const FerryStoreMailbox *mailbox)
{
	return !ferry_all_mail_is_id(mailbox->id) && g_strcmp0(mailbox->role, "all") == 0;
}

/* Whether the backend will have such a mailbox of its own. */
static gboolean
is_made_by_backend(FerryMailAccount *account, GPtrArray *put, GPtrArray *removed)
{
	GHashTableIter iter;
	gpointer value;

	for (guint i = 0; i < put->len; i++) {
		if (is_all(put->pdata[i]))
			return TRUE;
	}
	g_hash_table_iter_init(&iter, account->slots);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const FerryStoreMailbox *stored = ((FerryMailboxSlot *)value)->stored;

		if (is_all(stored) && !has_id(put, stored->id) &&
		    !g_ptr_array_find_with_equal_func(removed, stored->id, g_str_equal, NULL))
			return TRUE;
	}
	return FALSE;
}

static FerryStoreMailbox *
make(void)
{
	FerryStoreMailbox *mailbox = ferry_store_mailbox_new(FERRY_ALL_MAIL_ID, NAME);

	mailbox->role = g_strdup("all");
	/* nothing can be put there, nor taken away */
	mailbox->rights = FERRY_STORE_RIGHT_READ_ITEMS | FERRY_STORE_RIGHT_SET_SEEN |
			  FERRY_STORE_RIGHT_SET_KEYWORDS;
	return mailbox;
}

void
ferry_all_mail_review(FerryMailAccount *account, FerryStoreBatch *batch, GPtrArray *put,
		      GPtrArray *removed)
{
	gboolean here = ferry_mail_account_find(account, FERRY_ALL_MAIL_ID) != NULL;
	gboolean wanted = account->own && account->account != NULL &&
			  account->account->settings->all_mail &&
			  !is_made_by_backend(account, put, removed);

	if (wanted && !here) {
		g_ptr_array_add(put, make());
		ferry_store_batch_put_mailbox(batch, put->pdata[put->len - 1]);
	} else if (here && !wanted && account->account != NULL) {
		g_ptr_array_add(removed, (gpointer)FERRY_ALL_MAIL_ID);
		ferry_store_batch_remove_mailbox(batch, FERRY_ALL_MAIL_ID);
	}
}
