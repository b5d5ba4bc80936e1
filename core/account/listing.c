/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The first listing of a mailbox
 *
 * Specification: RFC 8621 §4.4 (Email/query), RFC 8620 §5.5 (anchors)
 * Implementation: the state is taken before, pages by receivedAt with back-referenced Email/get are
 *   committed one by one while the next is asked for, the delta from the first state is applied
 *   after the last. State and anchor are in the store, so that a restart goes on where it was
 */
#include "account/listing-private.h"

#include <string.h>

#include "account/sync-private.h"
#include "jmap/email.h"
#include "jmap/error.h"

/* a page is about a MB; the backend sorts the mailbox anew for each */
#define PAGE_SIZE 4000
/* So many mailboxes are listed at the same time; their requests share HTTP requests. */
#define MAX_LISTINGS 4
#define MAX_ANCHORS 8
#define RETRY_SECONDS 5

struct _FerryListing {
	FerryMailAccount *account;
	char *mailbox_id;
	char *since;        /* Email state before the listing began */
	GPtrArray *anchors; /* ids that can be gone on from, newest last */
	FerryJmapRequest *request;
	const char *query_call;
	const char *get_call;
	GQueue pages; /* FerryJmapEmailList to be committed, one ahead of the writing */
	gboolean fetching;
	gboolean fetched_all;
	gboolean committing;
	gboolean dead; /* the slot let go of it; freed when nothing is under way */
	guint limit;
	guint64 done;
	guint64 total;
	GPtrArray *waiters; /* GTask */
};

static void fetch_page(FerryListing *self);
static void start_next(FerryMailAccount *account);
static void go_on(FerryListing *self);

static FerryMailboxSlot *
get_slot(FerryListing *self)
{
	return ferry_mail_account_find(self->account, self->mailbox_id);
}

static void
really_free(FerryListing *self)
{
	g_queue_clear_full(&self->pages,
			   (GDestroyNotify)(void (*)(void))ferry_jmap_email_list_unref);
	g_clear_object(&self->request);
	g_ptr_array_unref(self->anchors);
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

static gboolean
is_idle(FerryListing *self)
{
	return !self->fetching && !self->committing;
}

/* The slot lets go. */
void
ferry_listing_free(FerryListing *self)
{
	g_autoptr(GError) error =
		g_error_new_literal(FERRY_ERROR, FERRY_ERROR_NOT_FOUND, "the mailbox is gone");

	self->dead = TRUE;
	g_queue_remove(&self->account->listings, self);
	end_waiters(self, error);
	if (is_idle(self))
		really_free(self);
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
	self->anchors = g_ptr_array_new_with_free_func(g_free);
	self->waiters = g_ptr_array_new_with_free_func(g_object_unref);
	self->total = slot->stored->total_emails;
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
	*total = slot->stored->total_emails;
}

/* Takes the mailbox off the list of those under way. */
static void
leave(FerryListing *self)
{
	g_queue_remove(&self->account->listings, self);
	start_next(self->account);
}

static void
fail(FerryListing *self, const GError *error)
{
	g_autoptr(GSource) source = NULL;
	FerryMailboxSlot *slot = get_slot(self);

	if (self->dead) {
		if (is_idle(self))
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
	self->dead = TRUE;
	if (is_idle(self))
		really_free(self);
}

/* the end: the delta since the listing began */

static void
fill_listed(FerryStoreBatch *batch, gpointer user_data)
{
	FerryListing *self = user_data;

	ferry_store_batch_set_listing(batch, self->mailbox_id, FERRY_STORE_LISTED, NULL, NULL);
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
	self->dead = TRUE;
	end_waiters(self, NULL);
	leave(self);
	if (is_idle(self))
		really_free(self);
}

static void
finalize_locked(FerryMailAccount *account, gpointer user_data)
{
	FerryListing *self = user_data;
	FerrySync *sync;

	if (self->dead) {
		self->committing = FALSE;
		ferry_mail_account_unlock(account);
		if (is_idle(self))
			really_free(self);
		return;
	}
	sync = ferry_sync_new(account, ferry_mail_account_pick_jmap(account, NULL));
	ferry_sync_set_since(sync, self->since);
	ferry_sync_set_fill(sync, fill_listed, self);
	ferry_sync_run_async(sync, final_cb, self);
}

/* committing pages */

static void
page_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryListing *self = user_data;
	FerryMailAccount *account = FERRY_MAIL_ACCOUNT(source);
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryStoreDelta) delta = ferry_mail_account_apply_finish(account, result, &error);
	g_autoptr(FerryJmapEmailList) page = NULL;

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
	page = g_queue_pop_head(&self->pages);
	self->done += ferry_jmap_email_list_get_length(page);
	go_on(self);
}

static void
commit_locked(FerryMailAccount *account, gpointer user_data)
{
	FerryListing *self = user_data;
	FerryJmapEmailList *page = g_queue_peek_head(&self->pages);
	FerryStoreBatch *batch;
	guint n;

	if (self->dead || account->account == NULL) {
		self->committing = FALSE;
		ferry_mail_account_unlock(account);
		if (is_idle(self))
			really_free(self);
		return;
	}
	batch = ferry_store_batch_new();
	n = ferry_jmap_email_list_get_length(page);
	ferry_store_batch_set_page_of(batch, self->mailbox_id);
	ferry_store_batch_set_listing(batch, self->mailbox_id, FERRY_STORE_LISTING, self->since,
				      n > 0 ? ferry_jmap_email_list_get(page, n - 1)->id : NULL);
	for (guint i = 0; i < n; i++)
		ferry_sync_put_email(batch, ferry_jmap_email_list_get(page, i));
	ferry_mail_account_apply_async(account, batch, NULL, page_cb, self);
	ferry_store_batch_unref(batch);
}

/* Does what can be done now: commit the page that is here, end. */
static void
go_on(FerryListing *self)
{
	if (self->dead) {
		if (is_idle(self))
			really_free(self);
		return;
	}
	/* the next page comes while this one is written */
	if (!self->fetched_all && !self->fetching && g_queue_get_length(&self->pages) < 2)
		fetch_page(self);
	if (self->committing || self->dead)
		return;
	if (!g_queue_is_empty(&self->pages)) {
		self->committing = TRUE;
		ferry_mail_account_lock(self->account, commit_locked, self);
	} else if (self->fetched_all) {
		self->committing = TRUE;
		ferry_mail_account_lock(self->account, finalize_locked, self);
	}
}

/* fetching pages */

static void
anchor_lost(FerryListing *self)
{
	if (self->anchors->len > 0)
		g_ptr_array_remove_index(self->anchors, self->anchors->len - 1);
	/* without any anchor it begins again; what is there already keeps its UIDs */
	fetch_page(self);
}

static gboolean
read_page(FerryListing *self, FerryJmapReply *reply, GError **error)
{
	g_autoptr(FerryJmapQueryPage) query =
		ferry_jmap_reply_parse_query(reply, self->query_call, error);
	FerryJmapEmailList *page;

	if (query == NULL)
		return FALSE;
	if (query->n_ids == 0) {
		self->fetched_all = TRUE;
		return TRUE;
	}
	page = ferry_jmap_reply_parse_emails(reply, self->get_call, error);
	if (page == NULL)
		return FALSE;
	g_queue_push_tail(&self->pages, page);
	self->fetched_all = query->n_ids < self->limit;
	g_ptr_array_add(self->anchors, g_strdup(query->ids[query->n_ids - 1]));
	if (self->anchors->len > MAX_ANCHORS)
		g_ptr_array_remove_index(self->anchors, 0);
	return TRUE;
}

static void
fetched_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryListing *self = user_data;
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryJmapReply) reply =
		ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &error);

	self->fetching = FALSE;
	if (self->dead) {
		if (is_idle(self))
			really_free(self);
		return;
	}
	if (reply != NULL && read_page(self, reply, &error)) {
		go_on(self);
		return;
	}
	if (g_error_matches(error, FERRY_JMAP_ERROR, FERRY_JMAP_ERROR_ANCHOR_NOT_FOUND) &&
	    self->anchors->len > 0)
		anchor_lost(self);
	else
		fail(self, error);
}

static const char *
add_query(FerryListing *self, guint limit)
{
	g_autoptr(FerryJmapBuilder) args = ferry_jmap_builder_new();

	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "accountId", self->account->id);
	ferry_jmap_builder_name(args, "filter");
	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "inMailbox", self->mailbox_id);
	ferry_jmap_builder_end_object(args);
	ferry_jmap_builder_name(args, "sort");
	ferry_jmap_builder_begin_array(args);
	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "property", "receivedAt");
	ferry_jmap_builder_set_bool(args, "isAscending", TRUE);
	ferry_jmap_builder_end_object(args);
	ferry_jmap_builder_end_array(args);
	if (self->anchors->len > 0) {
		ferry_jmap_builder_set_string(args, "anchor",
					      self->anchors->pdata[self->anchors->len - 1]);
		ferry_jmap_builder_set_int(args, "anchorOffset", 1);
	}
	ferry_jmap_builder_set_uint(args, "limit", limit);
	ferry_jmap_builder_end_object(args);
	return ferry_jmap_request_add_call(self->request, "Email/query", args);
}

static void
fetch_page(FerryListing *self)
{
	FerryJmapSession *jmap = ferry_mail_account_pick_jmap(self->account, NULL);
	guint64 limit;

	if (jmap == NULL) {
		g_autoptr(GError) error = g_error_new_literal(FERRY_ERROR, FERRY_ERROR_UNAVAILABLE,
							      "nobody is signed in");
		fail(self, error);
		return;
	}
	limit = ferry_jmap_session_get_limit(jmap, FERRY_JMAP_LIMIT_OBJECTS_IN_GET);
	g_clear_object(&self->request);
	self->request = ferry_jmap_request_new();
	self->limit = (guint)CLAMP(limit, 1, PAGE_SIZE);
	self->query_call = add_query(self, self->limit);
	self->get_call = ferry_jmap_request_add_get_reference(
		self->request, "Email/get", self->account->id, self->query_call, "Email/query",
		"/ids", ferry_jmap_email_get_view_properties());
	self->fetching = TRUE;
	ferry_jmap_session_send_async(jmap, self->request, FERRY_JMAP_SEND_NONE,
				      self->account->background, fetched_cb, self);
}

static void
start(FerryMailboxSlot *slot)
{
	FerryListing *self = ensure_listing(slot);

	g_queue_push_tail(&slot->owner->listings, self);
	/* what an earlier run committed is taken up, unless its state is missing */
	if (slot->stored->listing == FERRY_STORE_LISTING &&
	    slot->stored->listing_email_state != NULL) {
		self->since = g_strdup(slot->stored->listing_email_state);
		self->done = slot->stored->n_messages;
		if (slot->stored->listing_anchor != NULL)
			g_ptr_array_add(self->anchors, g_strdup(slot->stored->listing_anchor));
	} else {
		self->since = g_strdup(slot->owner->email_state);
	}
	fetch_page(self);
}

static void
start_next(FerryMailAccount *account)
{
	while (g_queue_get_length(&account->listings) < MAX_LISTINGS &&
	       !g_queue_is_empty(&account->list_queue) && account->email_state != NULL &&
	       account->account != NULL && !account->account->closed) {
		g_autofree char *id = g_queue_pop_head(&account->list_queue);
		FerryMailboxSlot *slot = ferry_mail_account_find(account, id);

		if (slot != NULL && slot->stored->listing != FERRY_STORE_LISTED)
			start(slot);
	}
}

/* Takes the task; it ends when the mailbox is listed, or cannot be. */
void
ferry_listing_add_waiter(FerryMailboxSlot *slot, GTask *task)
{
	g_ptr_array_add(ensure_listing(slot)->waiters, task);
	ferry_listing_queue(slot, TRUE);
}
