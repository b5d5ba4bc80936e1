/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The first listing of a mailbox
 *
 * Implementation: the state is taken before, pages by receivedAt are committed one by one while the
 *   next are asked for, the delta from the first state is applied after the last. State and anchor
 *   are in the store, so that a restart goes on where it was. Mailboxes that nobody waits for share
 *   one last delta
 */
#include "account/listing-private.h"

#include <string.h>

#include "account/all-mail-private.h"
#include "account/listing-pages-private.h"
#include "account/sync-private.h"

/* So many mailboxes are listed at the same time; their requests share HTTP requests. */
#define MAX_LISTINGS 4

struct _FerryListing {
	FerryMailAccount *account;
	char *mailbox_id;
	char *since; /* Email state before the listing began */
	FerryListingPages *pages;
	GPtrArray *ending; /* ids of the mailboxes that the delta under way ends the listing of */
	gboolean committing;
	gboolean resting; /* all is here; the last delta is left to those still under way */
	gboolean dead;    /* the slot let go of it; freed when nothing is under way */
	GError *error;    /* of the pages, while one is being written */
	guint64 done;
	guint64 total;
	GPtrArray *waiters; /* GTask */
};

static void start_next(FerryMailAccount *account);
static void end_resting(FerryMailAccount *account);
static void end(FerryListing *self);
static void go_on(FerryListing *self);

static FerryMailboxSlot *
get_slot(FerryListing *self)
{
	return ferry_mail_account_find(self->account, self->mailbox_id);
}

static void
really_free(FerryListing *self)
{
	g_clear_pointer(&self->pages, ferry_listing_pages_free);
	g_clear_pointer(&self->ending, g_ptr_array_unref);
	g_clear_error(&self->error);
	g_ptr_array_unref(self->waiters);
	g_free(self->since);
	g_free(self->mailbox_id);
	g_object_unref(self->account);
	g_free(self);
}

static void
end_waiters(FerryListing *self, const GError *error)
{
	g_autoptr(GPtrArray) waiters = g_steal_pointer(&self->waiters);

	self->waiters = g_ptr_array_new_with_free_func(g_object_unref);
	for (guint i = 0; i < waiters->len; i++)
		ferry_listing_end_wait(waiters->pdata[i], error);
}

/* Nothing comes of it any more. */
static void
die(FerryListing *self)
{
	self->dead = TRUE;
	g_clear_pointer(&self->pages, ferry_listing_pages_free);
	if (!self->committing)
		really_free(self);
}

/* The slot lets go. */
void
ferry_listing_free(FerryListing *self)
{
	g_autoptr(GError) error =
		g_error_new_literal(FERRY_ERROR, FERRY_ERROR_NOT_FOUND, "the mailbox is gone");

	g_queue_remove(&self->account->listings, self);
	end_waiters(self, error);
	die(self);
}

/* The backend's count; an upper bound where it does not count. */
static guint64
get_total(FerryMailboxSlot *slot)
{
	if (ferry_all_mail_is_id(slot->stored->id))
		return ferry_all_mail_estimate(slot->owner);
	return slot->stored->total_emails;
}

static FerryListing *
ensure_listing(FerryMailboxSlot *slot)
{
	FerryListing *self = slot->listing;

	if (self != NULL)
		return self;
	self = g_new0(FerryListing, 1);
	self->account = g_object_ref(slot->owner);
	self->mailbox_id = g_strdup(slot->stored->id);
	self->waiters = g_ptr_array_new_with_free_func(g_object_unref);
	self->total = get_total(slot);
	slot->listing = self;
	return self;
}

static void
queue_id(FerryMailAccount *account, const char *id, gboolean soon)
{
	GList *found = g_queue_find_custom(&account->list_queue, id, (GCompareFunc)strcmp);

	if (found != NULL && !soon)
		return;
	if (found != NULL) {
		g_free(found->data);
		g_queue_delete_link(&account->list_queue, found);
	}
	if (soon)
		g_queue_push_head(&account->list_queue, g_strdup(id));
	else
		g_queue_push_tail(&account->list_queue, g_strdup(id));
}

void
ferry_listing_queue(FerryMailboxSlot *slot, gboolean soon)
{
	FerryListing *listing = slot->listing;

	if (slot->stored->listing == FERRY_STORE_LISTED ||
	    (slot->stored->rights & FERRY_STORE_RIGHT_READ_ITEMS) == 0)
		return;
	if (listing != NULL && g_queue_find(&slot->owner->listings, listing) != NULL)
		return;
	queue_id(slot->owner, slot->stored->id, soon);
	if (soon)
		start_next(slot->owner);
}

void
ferry_listing_start_all(FerryMailAccount *account)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, account->slots);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		FerryMailboxSlot *slot = value;

		ferry_listing_queue(slot, FALSE);
	}
	start_next(account);
}

void
ferry_listing_get_progress(FerryMailboxSlot *slot, guint64 *done, guint64 *total)
{
	*done = slot->listing != NULL ? slot->listing->done : slot->stored->n_messages;
	*total = get_total(slot);
}

/* Takes the mailbox off the list of those under way. */
static void
leave(FerryListing *self)
{
	g_queue_remove(&self->account->listings, self);
	start_next(self->account);
}

/* Whether the next in the queue is one that a client waits for. */
static gboolean
is_next_awaited(FerryMailAccount *account)
{
	const char *id = g_queue_peek_head(&account->list_queue);
	FerryMailboxSlot *slot = id != NULL ? ferry_mail_account_find(account, id) : NULL;

	return slot != NULL && slot->listing != NULL && slot->listing->waiters->len > 0;
}

static void
fail(FerryListing *self, const GError *error)
{
	g_autoptr(GSource) source = NULL;
	FerryMailboxSlot *slot = get_slot(self);

	if (self->dead) {
		really_free(self);
		return;
	}
	end_waiters(self, error);
	g_queue_remove(&self->account->listings, self);
	if (self->account->account != NULL)
		g_message("account: listing a mailbox failed: %s", error->message);
	/* what was committed stays; the next sync or SELECT takes it up again */
	if (slot != NULL)
		slot->listing = NULL;
	/* … but a SELECT that found all places taken has its answer now */
	if (is_next_awaited(self->account))
		start_next(self->account);
	else
		end_resting(self->account);
	die(self);
}

/* the end: the delta since the listing began */

static gboolean
is_complete(FerryListing *self)
{
	return !self->dead && self->pages != NULL && ferry_listing_pages_is_ended(self->pages);
}

static void
fill_listed(FerryStoreBatch *batch, gpointer user_data)
{
	FerryListing *self = user_data;

	for (guint i = 0; i < self->ending->len; i++) {
		const char *id = self->ending->pdata[i];

		if (ferry_mail_account_find(self->account, id) != NULL)
			ferry_store_batch_set_listing(batch, id, FERRY_STORE_LISTED, NULL, NULL);
	}
}

/* One delta serves all that are read to their end and began at the same state. */
static void
find_ending(FerryListing *self)
{
	g_clear_pointer(&self->ending, g_ptr_array_unref);
	self->ending = g_ptr_array_new_with_free_func(g_free);
	for (GList *link = self->account->listings.head; link != NULL; link = link->next) {
		FerryListing *other = link->data;

		if (is_complete(other) && strcmp(other->since, self->since) == 0)
			g_ptr_array_add(self->ending, g_strdup(other->mailbox_id));
	}
}

static void
final_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryListing *self = user_data;
	FerryMailAccount *account = FERRY_MAIL_ACCOUNT(source);
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryStoreDelta) delta = ferry_sync_run_finish(account, result, &error);

	self->committing = FALSE;
	ferry_mail_account_unlock(account);
	if (delta == NULL) {
		fail(self, error);
		return;
	}
	/* ferry_listing_note_listed() let it go when the delta was taken over */
	if (self->dead)
		really_free(self);
}

void
ferry_listing_note_listed(FerryMailboxSlot *slot)
{
	FerryListing *self = g_steal_pointer(&slot->listing);

	if (self == NULL)
		return;
	end_waiters(self, NULL);
	leave(self);
	die(self);
}

static void
finalize_locked(FerryMailAccount *account, gpointer user_data)
{
	FerryListing *self = user_data;
	FerrySync *sync;

	if (self->dead) {
		ferry_mail_account_unlock(account);
		really_free(self);
		return;
	}
	find_ending(self);
	sync = ferry_sync_new(account, ferry_mail_account_pick_jmap(account, NULL));
	ferry_sync_set_since(sync, self->since);
	ferry_sync_set_fill(sync, fill_listed, self);
	ferry_sync_run_async(sync, final_cb, self);
}

static void
finalize(FerryListing *self)
{
	self->resting = FALSE;
	self->committing = TRUE;
	ferry_mail_account_lock(self->account, finalize_locked, self);
}

/* committing pages */

static void
page_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryListing *self = user_data;
	FerryMailAccount *account = FERRY_MAIL_ACCOUNT(source);
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryStoreDelta) delta = ferry_mail_account_apply_finish(account, result, &error);

	self->committing = FALSE;
	ferry_mail_account_unlock(account);
	if (g_error_matches(error, FERRY_ERROR, FERRY_ERROR_CONFLICT)) {
		/* the page says what the backend holds now: it is as good as before */
		go_on(self);
		return;
	}
	if (delta == NULL) {
		fail(self, error);
		return;
	}
	if (!self->dead) {
		self->done +=
			ferry_jmap_email_list_get_length(ferry_listing_pages_peek(self->pages));
		ferry_listing_pages_drop(self->pages);
	}
	go_on(self);
}

static void
commit_locked(FerryMailAccount *account, gpointer user_data)
{
	FerryListing *self = user_data;
	FerryJmapEmailList *page;
	FerryStoreBatch *batch;
	guint n;

	if (self->dead || account->account == NULL) {
		self->committing = FALSE;
		ferry_mail_account_unlock(account);
		if (self->dead)
			really_free(self);
		return;
	}
	page = ferry_listing_pages_peek(self->pages);
	batch = ferry_store_batch_new();
	n = ferry_jmap_email_list_get_length(page);
	ferry_store_batch_set_page_of(batch, self->mailbox_id);
	ferry_store_batch_set_listing(batch, self->mailbox_id, FERRY_STORE_LISTING, self->since,
				      ferry_listing_pages_peek_anchor(self->pages));
	for (guint i = 0; i < n; i++)
		ferry_sync_put_email(account, batch, ferry_jmap_email_list_get(page, i));
	ferry_mail_account_apply_async(account, batch, NULL, page_cb, self);
	ferry_store_batch_unref(batch);
}

/* Does what can be done now: commit the page that is here, end. */
static void
go_on(FerryListing *self)
{
	if (self->dead) {
		if (!self->committing)
			really_free(self);
		return;
	}
	if (self->committing)
		return;
	if (self->error != NULL) {
		fail(self, self->error);
		return;
	}
	if (ferry_listing_pages_peek(self->pages) != NULL) {
		self->committing = TRUE;
		ferry_mail_account_lock(self->account, commit_locked, self);
	} else if (ferry_listing_pages_is_ended(self->pages)) {
		end(self);
	}
}

static void
pages_cb(const GError *error, gpointer user_data)
{
	FerryListing *self = user_data;

	if (error != NULL && self->committing) {
		/* the page that is being written is good: it fails when that is done */
		self->error = g_error_copy(error);
	} else if (error != NULL) {
		fail(self, error);
	} else {
		go_on(self);
	}
}

static void
start(FerryMailboxSlot *slot)
{
	FerryListing *self = ensure_listing(slot);
	const char *anchor = NULL;

	g_queue_push_tail(&slot->owner->listings, self);
	/* what an earlier run committed is taken up, unless its state is missing */
	if (slot->stored->listing == FERRY_STORE_LISTING &&
	    slot->stored->listing_email_state != NULL) {
		self->since = g_strdup(slot->stored->listing_email_state);
		self->done = slot->stored->n_messages;
		anchor = slot->stored->listing_anchor;
	} else {
		self->since = g_strdup(slot->owner->email_state);
	}
	self->pages =
		ferry_listing_pages_new(self->account, self->mailbox_id, anchor,
					self->total - MIN(self->total, self->done), pages_cb, self);
	ferry_listing_pages_start(self->pages);
}

static guint
count_under_way(FerryMailAccount *account)
{
	guint n = 0;

	for (GList *link = account->listings.head; link != NULL; link = link->next)
		n += !((FerryListing *)link->data)->resting;
	return n;
}

static void
start_next(FerryMailAccount *account)
{
	while (count_under_way(account) < MAX_LISTINGS && !g_queue_is_empty(&account->list_queue) &&
	       account->email_state != NULL && account->account != NULL &&
	       !account->account->closed) {
		g_autofree char *id = g_queue_pop_head(&account->list_queue);
		FerryMailboxSlot *slot = ferry_mail_account_find(account, id);

		if (slot != NULL && slot->stored->listing != FERRY_STORE_LISTED)
			start(slot);
	}
	end_resting(account);
}

/* Where none is under way any more, those that rest get their last delta. */
static void
end_resting(FerryMailAccount *account)
{
	FerryListing *first = g_queue_peek_head(&account->listings);

	if (first != NULL && first->resting && count_under_way(account) == 0)
		finalize(first);
}

/* Everything is read. The last delta can wait for others as long as nobody waits for this one. */
static void
end(FerryListing *self)
{
	self->resting = TRUE;
	if (self->waiters->len > 0)
		finalize(self);
	else
		start_next(self->account);
}

/* Takes the task; it ends when the mailbox is listed, or cannot be. */
void
ferry_listing_add_waiter(FerryMailboxSlot *slot, GTask *task)
{
	FerryListing *self = ensure_listing(slot);

	g_ptr_array_add(self->waiters, task);
	if (self->resting && !self->committing)
		finalize(self);
	ferry_listing_queue(slot, TRUE);
}
