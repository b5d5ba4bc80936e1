/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one apply changes
 *
 * Implementation: a builder that copies everything it is given into one string chunk, so that it
 *   can go to the store's thread. Keywords are brought into the one form that the store compares.
 */
#include "store/batch-private.h"

#include <string.h>

/* Far above what any backend allows; keeps one Email from filling memory. */
#define KEYWORDS_MAX 1024

G_DEFINE_BOXED_TYPE(FerryStoreBatch, ferry_store_batch, ferry_store_batch_ref,
		    ferry_store_batch_unref)

/**
 * ferry_store_batch_new:
 *
 * Returns: (transfer full): a batch that changes nothing
 */
FerryStoreBatch *
ferry_store_batch_new(void)
{
	FerryStoreBatch *self = g_atomic_rc_box_new0(FerryStoreBatch);

	self->strings = g_string_chunk_new(4096);
	self->mailboxes = g_ptr_array_new_with_free_func((GDestroyNotify)ferry_store_mailbox_unref);
	self->removed = g_ptr_array_new();
	self->names = g_array_new(FALSE, FALSE, sizeof(FerryBatchName));
	self->listings = g_array_new(FALSE, FALSE, sizeof(FerryBatchListing));
	self->recents = g_array_new(FALSE, FALSE, sizeof(FerryBatchNumber));
	self->subscriptions = g_array_new(FALSE, FALSE, sizeof(FerryBatchNumber));
	self->emails = g_array_new(FALSE, FALSE, sizeof(FerryBatchEmail));
	self->email_index = g_hash_table_new(g_str_hash, g_str_equal);
	self->destroyed = g_ptr_array_new();
	self->removed_uids = g_array_new(FALSE, FALSE, sizeof(FerryBatchNumber));
	self->removed_pairs = g_array_new(FALSE, FALSE, sizeof(FerryBatchPair));
	self->deleted = g_array_new(FALSE, FALSE, sizeof(FerryBatchNumber));
	self->asked = g_array_new(FALSE, FALSE, sizeof(FerryBatchPair));
	self->epochs = g_array_new(FALSE, FALSE, sizeof(FerryBatchNumber));
	self->sweeps = g_array_new(FALSE, FALSE, sizeof(FerryBatchNumber));
	self->intents = g_array_new(FALSE, FALSE, sizeof(gint64));
	return self;
}

/**
 * ferry_store_batch_ref:
 * @self: a batch
 *
 * Returns: (transfer full): @self
 */
FerryStoreBatch *
ferry_store_batch_ref(FerryStoreBatch *self)
{
	return g_atomic_rc_box_acquire(self);
}

static void
batch_clear(gpointer data)
{
	FerryStoreBatch *self = data;
	GArray *arrays[] = {
		self->names,        self->listings,      self->recents, self->subscriptions,
		self->removed_uids, self->removed_pairs, self->deleted, self->asked,
		self->epochs,       self->sweeps,        self->intents,
	};

	for (guint i = 0; i < self->emails->len; i++)
		g_free(g_array_index(self->emails, FerryBatchEmail, i).mailbox_ids);
	for (guint i = 0; i < G_N_ELEMENTS(arrays); i++)
		g_array_unref(arrays[i]);
	g_array_unref(self->emails);
	g_hash_table_unref(self->email_index);
	g_ptr_array_unref(self->mailboxes);
	g_ptr_array_unref(self->removed);
	g_ptr_array_unref(self->destroyed);
	g_free(self->email_state);
	g_free(self->mailbox_state);
	g_string_chunk_free(self->strings);
}

/**
 * ferry_store_batch_unref:
 * @self: (transfer full): a batch
 *
 * Drops a reference; the last one frees it.
 */
void
ferry_store_batch_unref(FerryStoreBatch *self)
{
	g_atomic_rc_box_release_full(self, batch_clear);
}

/**
 * ferry_store_batch_is_empty:
 * @self: a batch
 *
 * Returns: whether applying it can change nothing and answers nothing
 */
gboolean
ferry_store_batch_is_empty(const FerryStoreBatch *self)
{
	return self->email_state == NULL && self->mailbox_state == NULL &&
	       self->mailboxes->len + self->removed->len + self->names->len + self->listings->len +
			       self->recents->len + self->subscriptions->len + self->emails->len +
			       self->destroyed->len + self->removed_uids->len +
			       self->removed_pairs->len + self->deleted->len + self->asked->len +
			       self->epochs->len + self->sweeps->len + self->intents->len ==
		       0;
}

static const char *
keep(FerryStoreBatch *self, const char *string)
{
	return string != NULL ? g_string_chunk_insert(self->strings, string) : NULL;
}

/* for what repeats, like mailbox ids */
static const char *
keep_once(FerryStoreBatch *self, const char *string)
{
	return string != NULL ? g_string_chunk_insert_const(self->strings, string) : NULL;
}

/**
 * ferry_store_batch_set_email_state:
 * @self: a batch
 * @state: Email state that the store stands at after this batch
 *
 * Notes how far the Emails are known.
 */
void
ferry_store_batch_set_email_state(FerryStoreBatch *self, const char *state)
{
	g_free(self->email_state);
	self->email_state = g_strdup(state);
}

/**
 * ferry_store_batch_set_mailbox_state:
 * @self: a batch
 * @state: Mailbox state that the store stands at after this batch
 *
 * Notes how far the mailboxes are known.
 */
void
ferry_store_batch_set_mailbox_state(FerryStoreBatch *self, const char *state)
{
	g_free(self->mailbox_state);
	self->mailbox_state = g_strdup(state);
}

/**
 * ferry_store_batch_put_mailbox:
 * @self: a batch
 * @mailbox: a mailbox; only what JMAP says of it is read. It must not change afterwards
 *
 * Adds a mailbox, which is unlisted and gets its UIDVALIDITY, or changes what JMAP says of it.
 */
void
ferry_store_batch_put_mailbox(FerryStoreBatch *self, const FerryStoreMailbox *mailbox)
{
	g_return_if_fail(mailbox->id != NULL && mailbox->name != NULL);
	g_ptr_array_add(self->mailboxes, ferry_store_mailbox_ref((FerryStoreMailbox *)mailbox));
}

/**
 * ferry_store_batch_remove_mailbox:
 * @self: a batch
 * @mailbox_id: JMAP id
 *
 * Forgets a mailbox, its messages and the modules' data of it. Its UIDVALIDITY is never used again.
 */
void
ferry_store_batch_remove_mailbox(FerryStoreBatch *self, const char *mailbox_id)
{
	g_ptr_array_add(self->removed, (gpointer)keep(self, mailbox_id));
}

/**
 * ferry_store_batch_set_imap_name:
 * @self: a batch
 * @mailbox_id: JMAP id
 * @imap_name: (nullable): the IMAP path it is known by from now on
 *
 * Notes the name of a mailbox, which stays its own until this is called again.
 */
void
ferry_store_batch_set_imap_name(FerryStoreBatch *self, const char *mailbox_id,
				const char *imap_name)
{
	FerryBatchName name = {keep(self, mailbox_id), keep(self, imap_name)};

	g_array_append_val(self->names, name);
}

/**
 * ferry_store_batch_set_listing:
 * @self: a batch
 * @mailbox_id: JMAP id
 * @listing: how far its messages are known after this batch
 * @email_state: (nullable): Email state taken before the listing began
 * @anchor: (nullable): where the listing goes on
 *
 * A mailbox may be called listed only when everything since a state taken before its listing is
 * in the store too: Emails put while it was not listed made no pair in it.
 */
void
ferry_store_batch_set_listing(FerryStoreBatch *self, const char *mailbox_id,
			      FerryStoreListing listing, const char *email_state,
			      const char *anchor)
{
	FerryBatchListing entry = {keep(self, mailbox_id), listing, keep(self, email_state),
				   keep(self, anchor)};

	g_array_append_val(self->listings, entry);
}

/**
 * ferry_store_batch_set_page_of:
 * @self: a batch
 * @mailbox_id: JMAP id
 *
 * Says that the Emails put are a page of the first listing of this mailbox: they make pairs in it
 * although it is not listed yet, and these have no save date.
 */
void
ferry_store_batch_set_page_of(FerryStoreBatch *self, const char *mailbox_id)
{
	self->page_of = keep(self, mailbox_id);
}

static void
add_number(FerryStoreBatch *self, GArray *array, const char *name, guint64 number, gboolean flag)
{
	FerryBatchNumber entry = {keep_once(self, name), number, flag};

	g_array_append_val(array, entry);
}

/**
 * ferry_store_batch_set_recent:
 * @self: a batch
 * @mailbox_id: JMAP id
 * @recent: UIDs below this one were announced as \Recent; the mark only rises
 *
 * Raises the mark below which no message is \Recent to anybody (RFC 3501 §2.3.2).
 */
void
ferry_store_batch_set_recent(FerryStoreBatch *self, const char *mailbox_id, guint64 recent)
{
	add_number(self, self->recents, mailbox_id, recent, FALSE);
}

/**
 * ferry_store_batch_set_subscription:
 * @self: a batch
 * @imap_name: a name that needs no mailbox
 * @subscribed: whether it is subscribed to
 *
 * Notes a subscription that the backend does not keep.
 */
void
ferry_store_batch_set_subscription(FerryStoreBatch *self, const char *imap_name,
				   gboolean subscribed)
{
	add_number(self, self->subscriptions, imap_name, 0, subscribed);
}

static int
compare_strings(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static gboolean
is_keyword(const char *keyword)
{
	for (const char *p = keyword; *p != '\0'; p++) {
		if (*p <= ' ' || *p == 0x7f)
			return FALSE;
	}
	return *keyword != '\0';
}

static const char *
join_keywords(FerryStoreBatch *self, const char *const *keywords)
{
	g_autoptr(GPtrArray) sorted = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GString) joined = g_string_new(NULL);

	for (guint i = 0; keywords != NULL && keywords[i] != NULL && i < KEYWORDS_MAX; i++) {
		if (is_keyword(keywords[i]))
			g_ptr_array_add(sorted, g_ascii_strdown(keywords[i], -1));
	}
	g_ptr_array_sort(sorted, compare_strings);
	for (guint i = 0; i < sorted->len; i++) {
		const char *keyword = g_ptr_array_index(sorted, i);

		if (i > 0 && strcmp(keyword, g_ptr_array_index(sorted, i - 1)) == 0)
			continue;
		if (joined->len > 0)
			g_string_append_c(joined, ' ');
		g_string_append(joined, keyword);
	}
	return keep_once(self, joined->str);
}

static const char **
keep_mailbox_ids(FerryStoreBatch *self, const char *const *mailbox_ids)
{
	guint n = mailbox_ids != NULL ? g_strv_length((char **)mailbox_ids) : 0;
	const char **kept = g_new0(const char *, n + 1);

	for (guint i = 0; i < n; i++)
		kept[i] = keep_once(self, mailbox_ids[i]);
	return kept;
}

/**
 * ferry_store_batch_put_email: (skip)
 * @self: a batch
 * @email: the Email, copied
 *
 * Says where an Email is and what keywords it has. Put twice, the last one counts, with what the
 * first one knew beyond it. An Email that the store does not know, that belongs into a listed
 * mailbox and has no @blob_id makes the apply fail with %FERRY_ERROR_NOT_FOUND.
 */
void
ferry_store_batch_put_email(FerryStoreBatch *self, const FerryStoreEmail *email)
{
	guint index = GPOINTER_TO_UINT(g_hash_table_lookup(self->email_index, email->email_id));
	FerryBatchEmail *entry;

	if (index == 0) {
		FerryBatchEmail empty = {.email_id = keep(self, email->email_id)};

		g_array_append_val(self->emails, empty);
		index = self->emails->len;
		g_hash_table_insert(self->email_index, (gpointer)empty.email_id,
				    GUINT_TO_POINTER(index));
	}
	entry = &g_array_index(self->emails, FerryBatchEmail, index - 1);
	if (email->blob_id != NULL) {
		entry->blob_id = keep(self, email->blob_id);
		entry->thread_id = keep(self, email->thread_id);
		entry->size = MIN(email->size, G_MAXINT64);
		entry->received_at = email->received_at;
		entry->has_sent = email->has_sent;
		entry->sent_at = email->sent_at;
		entry->sent_offset = CLAMP(email->sent_offset, G_MININT16, G_MAXINT16);
	}
	g_free(entry->mailbox_ids);
	entry->mailbox_ids = keep_mailbox_ids(self, email->mailbox_ids);
	entry->keywords = join_keywords(self, email->keywords);
}

/**
 * ferry_store_batch_destroy_email:
 * @self: a batch
 * @email_id: JMAP Email id
 *
 * Removes an Email from every mailbox, and from this batch if it was put before. Put afterwards,
 * it comes back with new UIDs.
 */
void
ferry_store_batch_destroy_email(FerryStoreBatch *self, const char *email_id)
{
	guint index = GPOINTER_TO_UINT(g_hash_table_lookup(self->email_index, email_id));

	if (index > 0) {
		/* without mailboxes it is skipped if the store does not know it */
		FerryBatchEmail *entry = &g_array_index(self->emails, FerryBatchEmail, index - 1);

		g_hash_table_remove(self->email_index, email_id);
		entry->mailbox_ids[0] = NULL;
	}
	g_ptr_array_add(self->destroyed, (gpointer)keep(self, email_id));
}

/**
 * ferry_store_batch_remove_uid:
 * @self: a batch
 * @mailbox_id: JMAP id
 * @uid: UID
 *
 * An own removal that the backend acknowledged: the UID gets its tombstone even if the Email is
 * put in this mailbox again, which then gives it a new UID.
 */
void
ferry_store_batch_remove_uid(FerryStoreBatch *self, const char *mailbox_id, guint32 uid)
{
	add_number(self, self->removed_uids, mailbox_id, uid, FALSE);
}

/**
 * ferry_store_batch_remove_pair:
 * @self: a batch
 * @mailbox_id: JMAP id
 * @email_id: JMAP Email id
 *
 * Like ferry_store_batch_remove_uid(), for whatever UID the pair has.
 */
void
ferry_store_batch_remove_pair(FerryStoreBatch *self, const char *mailbox_id, const char *email_id)
{
	FerryBatchPair pair = {keep_once(self, mailbox_id), keep(self, email_id), FALSE};

	g_array_append_val(self->removed_pairs, pair);
}

/**
 * ferry_store_batch_set_deleted:
 * @self: a batch
 * @mailbox_id: JMAP id
 * @uid: UID
 * @deleted: whether it has \Deleted
 *
 * A UID that does not exist is skipped.
 */
void
ferry_store_batch_set_deleted(FerryStoreBatch *self, const char *mailbox_id, guint32 uid,
			      gboolean deleted)
{
	add_number(self, self->deleted, mailbox_id, uid, deleted);
}

static guint
ask(FerryStoreBatch *self, const char *mailbox_id, const char *email_id, gboolean renew)
{
	FerryBatchPair pair = {keep_once(self, mailbox_id), keep(self, email_id), renew};

	g_array_append_val(self->asked, pair);
	return self->asked->len - 1;
}

/**
 * ferry_store_batch_ask:
 * @self: a batch
 * @mailbox_id: JMAP id
 * @email_id: JMAP Email id
 *
 * Asks for the UID that this pair has after the batch. New pairs that were asked for get their
 * UIDs in the order of asking, as COPY and MULTIAPPEND need it.
 *
 * Returns: the index of the answer in #FerryStoreDelta.uids
 */
guint
ferry_store_batch_ask(FerryStoreBatch *self, const char *mailbox_id, const char *email_id)
{
	return ask(self, mailbox_id, email_id, FALSE);
}

/**
 * ferry_store_batch_renew:
 * @self: a batch
 * @mailbox_id: JMAP id
 * @email_id: JMAP Email id
 *
 * Like ferry_store_batch_ask(), but if the pair has a UID already, that one gets a tombstone and
 * the pair a new UID without \Deleted.
 *
 * Returns: the index of the answer in #FerryStoreDelta.uids
 */
guint
ferry_store_batch_renew(FerryStoreBatch *self, const char *mailbox_id, const char *email_id)
{
	return ask(self, mailbox_id, email_id, TRUE);
}

/**
 * ferry_store_batch_begin_epoch:
 * @self: a batch
 * @mailbox_id: (nullable): JMAP id, or %NULL for all Emails of the mail account
 * @token: a random number
 *
 * Begins to list again what the store has already. From here on every Email put counts as seen.
 * An epoch of the same scope that is under way ends without a sweep.
 */
void
ferry_store_batch_begin_epoch(FerryStoreBatch *self, const char *mailbox_id, guint64 token)
{
	add_number(self, self->epochs, mailbox_id, token, FALSE);
}

/**
 * ferry_store_batch_sweep:
 * @self: a batch
 * @mailbox_id: (nullable): as in ferry_store_batch_begin_epoch()
 * @token: the number given there
 *
 * Ends an epoch: what was not put since it began is removed, from the mailbox or altogether.
 * The apply fails with %FERRY_ERROR_CONFLICT when the epoch under way is another one.
 */
void
ferry_store_batch_sweep(FerryStoreBatch *self, const char *mailbox_id, guint64 token)
{
	add_number(self, self->sweeps, mailbox_id, token, FALSE);
}

/**
 * ferry_store_batch_remove_intent:
 * @self: a batch
 * @intent: what ferry_store_put_intent_finish() gave
 *
 * Removes an intent together with the changes that complete it.
 */
void
ferry_store_batch_remove_intent(FerryStoreBatch *self, gint64 intent)
{
	g_array_append_val(self->intents, intent);
}
