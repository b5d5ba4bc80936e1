/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading a mailbox page by page
 *
 * Specification: RFC 8621 §4.4 (Email/query), RFC 8620 §5.5 (anchors)
 * Implementation: the ids of many Emails in one query, since the backend sorts the mailbox anew for
 *   each; then their Emails in calls of a page, of which the next are under way while one is read
 *   and written. A mailbox that fits into a page is one request
 */
#include "account/listing-pages-private.h"

#include "account/all-mail-private.h"
#include "jmap/error.h"
#include "jmap/method.h"

/* about half a MB of answer: small enough that reading, writing and asking go on side by side */
#define PAGE_SIZE 2000
#define QUERY_SIZE 50000
#define MAX_AHEAD 3
#define MAX_ANCHORS 8

/* Emails that were asked for, or that are here. */
typedef struct {
	FerryListingPages *owner;
	FerryJmapRequest *request;
	char *call_id;
	char *last_id;
	FerryJmapEmailList *emails;
} Page;

struct _FerryListingPages {
	guint ref_count;
	FerryMailAccount *account;
	char *mailbox_id;
	guint64 expected;
	FerryListingPagesFunc func; /* NULL: let go of, or failed */
	gpointer user_data;
	GPtrArray *anchors; /* ids that can be gone on from, newest last */
	GPtrArray *ids;     /* told by the last query */
	guint next;         /* the first of them that was not asked for */
	guint64 n_told;
	GQueue pages; /* Page, oldest first */
	FerryJmapRequest *query;
	const char *query_call;
	const char *get_call; /* where the query brings the Emails too */
	guint limit;
	gboolean querying;
	gboolean told_all;
};

static void go_on(FerryListingPages *self);

static void
page_free(gpointer data)
{
	Page *page = data;

	g_clear_pointer(&page->emails, ferry_jmap_email_list_unref);
	g_clear_object(&page->request);
	g_free(page->call_id);
	g_free(page->last_id);
	g_free(page);
}

static FerryListingPages *
ref(FerryListingPages *self)
{
	self->ref_count++;
	return self;
}

static void
unref(FerryListingPages *self)
{
	if (--self->ref_count > 0)
		return;
	g_queue_clear_full(&self->pages, page_free);
	g_ptr_array_unref(self->anchors);
	g_ptr_array_unref(self->ids);
	g_clear_object(&self->query);
	g_object_unref(self->account);
	g_free(self->mailbox_id);
	g_free(self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryListingPages, unref)

FerryListingPages *
ferry_listing_pages_new(FerryMailAccount *account, const char *mailbox_id, const char *anchor,
			guint64 expected, FerryListingPagesFunc func, gpointer user_data)
{
	FerryListingPages *self = g_new0(FerryListingPages, 1);

	self->ref_count = 1;
	self->account = g_object_ref(account);
	self->mailbox_id = g_strdup(mailbox_id);
	self->expected = expected;
	self->func = func;
	self->user_data = user_data;
	self->anchors = g_ptr_array_new_with_free_func(g_free);
	self->ids = g_ptr_array_new_with_free_func(g_free);
	g_queue_init(&self->pages);
	if (anchor != NULL)
		g_ptr_array_add(self->anchors, g_strdup(anchor));
	return self;
}

void
ferry_listing_pages_free(FerryListingPages *self)
{
	self->func = NULL;
	unref(self);
}

static void
tell(FerryListingPages *self, const GError *error)
{
	FerryListingPagesFunc func = self->func;

	if (error != NULL)
		self->func = NULL;
	if (func != NULL)
		func(error, self->user_data);
}

/* the Emails of a page */

static void
page_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Page *page = user_data;
	g_autoptr(FerryListingPages) self = page->owner;
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryJmapReply) reply =
		ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &error);

	if (self->func == NULL)
		return;
	if (reply != NULL)
		page->emails = ferry_jmap_reply_parse_emails(reply, page->call_id, &error);
	g_clear_object(&page->request);
	if (page->emails == NULL)
		tell(self, error);
	else if (page == g_queue_peek_head(&self->pages))
		tell(self, NULL);
}

static void
get_page(FerryListingPages *self, FerryJmapSession *jmap, guint n)
{
	Page *page = g_new0(Page, 1);
	g_auto(GStrv) calls = NULL;

	page->owner = ref(self);
	page->request = ferry_jmap_request_new();
	page->last_id = g_strdup(self->ids->pdata[self->next + n - 1]);
	calls = ferry_jmap_request_add_get(page->request, "Email/get", self->account->id,
					   (const char *const *)self->ids->pdata + self->next, n,
					   ferry_jmap_email_get_view_properties(), n);
	page->call_id = g_strdup(calls[0]);
	self->next += n;
	g_queue_push_tail(&self->pages, page);
	/* alone: one answer each, so that the first can be read while the next is made */
	ferry_jmap_session_send_async(jmap, page->request, FERRY_JMAP_SEND_ALONE,
				      self->account->background, page_cb, page);
}

/* the ids */

/* Whether a query that brought @n ids came to the end: a backend may give fewer than it was asked
 * for, and ought to say so. */
static gboolean
is_last_query(FerryListingPages *self, FerryJmapReply *reply, guint n)
{
	g_autoptr(FerryJmapValue) value =
		ferry_jmap_reply_get_result(reply, self->query_call, NULL);
	guint64 limit = self->limit;

	if (value != NULL)
		limit = MIN(limit, ferry_jmap_value_get_uint64(value, "limit", limit));
	return n == 0 || (n < limit && self->n_told >= self->expected);
}

static void
take_anchor(FerryListingPages *self, const char *id)
{
	g_ptr_array_add(self->anchors, g_strdup(id));
	if (self->anchors->len > MAX_ANCHORS)
		g_ptr_array_remove_index(self->anchors, 0);
}

/* The Emails came with their ids. */
static gboolean
take_only_page(FerryListingPages *self, FerryJmapReply *reply, const char *last_id, GError **error)
{
	FerryJmapEmailList *emails = ferry_jmap_reply_parse_emails(reply, self->get_call, error);
	Page *page;

	if (emails == NULL)
		return FALSE;
	page = g_new0(Page, 1);
	page->emails = emails;
	page->last_id = g_strdup(last_id);
	g_queue_push_tail(&self->pages, page);
	return TRUE;
}

static gboolean
take_query(FerryListingPages *self, FerryJmapReply *reply, GError **error)
{
	g_autoptr(FerryJmapQueryPage) query =
		ferry_jmap_reply_parse_query(reply, self->query_call, error);
	const char *last;

	if (query == NULL)
		return FALSE;
	self->n_told += query->n_ids;
	self->told_all = is_last_query(self, reply, query->n_ids);
	g_ptr_array_set_size(self->ids, 0);
	self->next = 0;
	if (query->n_ids == 0)
		return TRUE;
	last = query->ids[query->n_ids - 1];
	take_anchor(self, last);
	if (self->get_call != NULL)
		return take_only_page(self, reply, last, error);
	for (guint i = 0; i < query->n_ids; i++)
		g_ptr_array_add(self->ids, g_strdup(query->ids[i]));
	return TRUE;
}

static void
query_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(FerryListingPages) self = user_data;
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryJmapReply) reply =
		ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &error);

	self->querying = FALSE;
	if (self->func == NULL)
		return;
	if (reply != NULL && take_query(self, reply, &error)) {
		go_on(self);
		if (self->told_all || ferry_listing_pages_peek(self) != NULL)
			tell(self, NULL);
		return;
	}
	if (!g_error_matches(error, FERRY_JMAP_ERROR, FERRY_JMAP_ERROR_ANCHOR_NOT_FOUND) ||
	    self->anchors->len == 0) {
		tell(self, error);
		return;
	}
	/* without any anchor it begins again; what is there already keeps its UIDs */
	g_ptr_array_remove_index(self->anchors, self->anchors->len - 1);
	go_on(self);
}

static void
send_query(FerryListingPages *self, FerryJmapSession *jmap, guint page_size)
{
	const gboolean only = self->n_told == 0 && self->expected <= page_size;
	const char *anchor = NULL;

	g_clear_object(&self->query);
	self->query = ferry_jmap_request_new();
	self->limit = only ? page_size : QUERY_SIZE;
	if (self->anchors->len > 0)
		anchor = self->anchors->pdata[self->anchors->len - 1];
	self->query_call = ferry_jmap_request_add_email_query(
		self->query, self->account->id, ferry_all_mail_get_query_id(self->mailbox_id),
		anchor, 0, self->limit, FALSE);
	self->get_call = NULL;
	if (only)
		self->get_call = ferry_jmap_request_add_get_reference(
			self->query, "Email/get", self->account->id, self->query_call,
			"Email/query", "/ids", ferry_jmap_email_get_view_properties());
	self->querying = TRUE;
	ferry_jmap_session_send_async(jmap, self->query, FERRY_JMAP_SEND_NONE,
				      self->account->background, query_cb, ref(self));
}

static gboolean
no_session_cb(gpointer user_data)
{
	g_autoptr(FerryListingPages) self = user_data;
	g_autoptr(GError) error =
		g_error_new_literal(FERRY_ERROR, FERRY_ERROR_UNAVAILABLE, "nobody is signed in");

	tell(self, error);
	return G_SOURCE_REMOVE;
}

static void
fail_later(FerryListingPages *self)
{
	g_autoptr(GSource) source = g_idle_source_new();

	g_source_set_callback(source, no_session_cb, ref(self), NULL);
	g_source_attach(source, g_main_context_get_thread_default());
}

/* Asks for what may be asked for now. */
static void
go_on(FerryListingPages *self)
{
	FerryJmapSession *jmap = ferry_mail_account_pick_jmap(self->account, NULL);
	guint page_size;

	if (self->func == NULL)
		return;
	if (jmap == NULL) {
		fail_later(self);
		return;
	}
	page_size = (guint)CLAMP(
		ferry_jmap_session_get_limit(jmap, FERRY_JMAP_LIMIT_OBJECTS_IN_GET), 1, PAGE_SIZE);
	while (self->next < self->ids->len && g_queue_get_length(&self->pages) < MAX_AHEAD)
		get_page(self, jmap, MIN(page_size, self->ids->len - self->next));
	if (self->next == self->ids->len && !self->told_all && !self->querying &&
	    g_queue_get_length(&self->pages) < MAX_AHEAD)
		send_query(self, jmap, page_size);
}

void
ferry_listing_pages_start(FerryListingPages *self)
{
	go_on(self);
}

FerryJmapEmailList *
ferry_listing_pages_peek(FerryListingPages *self)
{
	Page *page = g_queue_peek_head(&self->pages);

	return page != NULL ? page->emails : NULL;
}

const char *
ferry_listing_pages_peek_anchor(FerryListingPages *self)
{
	Page *page = g_queue_peek_head(&self->pages);

	return page != NULL ? page->last_id : NULL;
}

void
ferry_listing_pages_drop(FerryListingPages *self)
{
	page_free(g_queue_pop_head(&self->pages));
	go_on(self);
}

gboolean
ferry_listing_pages_is_ended(FerryListingPages *self)
{
	return self->told_all && self->next == self->ids->len && g_queue_is_empty(&self->pages);
}
