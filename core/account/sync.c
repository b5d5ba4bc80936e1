/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Delta sync
 *
 * Specification: RFC 8620 §5.2 (/changes), RFC 8621 §2.2 and §4.3
 * Implementation: Mailbox/changes, Email/changes and the objects behind them in one request; the
 *   whole run, however many requests hasMoreChanges makes of it, is one batch
 */
#include "account/sync-run-private.h"

#include <string.h>

#include "account/listing-private.h"
#include "jmap/email.h"
#include "jmap/error.h"
#include "jmap/mailbox.h"
#include "jmap/method.h"

#define MAX_CHANGES 1000
/* a process that writes without pause wins most times, but not always */
#define MAX_CONFLICTS 100
#define MAX_RELISTS 8
/* A run that never ends is the backend's error. */
#define MAX_ROUNDS 10000

static void sync_go_on(FerrySync *self);

/* What only brings news ends when the account is closed; what an operation did is told to the end.
 */
static GCancellable *
get_cancellable(FerrySync *self)
{
	return self->origin == NULL ? self->account->background : NULL;
}

FerrySync *
ferry_sync_new(FerryMailAccount *account, FerryJmapSession *jmap)
{
	FerrySync *self = g_new0(FerrySync, 1);

	self->account = g_object_ref(account);
	self->jmap = jmap != NULL ? g_object_ref(jmap) : NULL;
	self->lists = g_ptr_array_new_with_free_func(
		(GDestroyNotify)(void (*)(void))ferry_jmap_email_list_unref);
	self->emails = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
	self->destroyed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	self->missing = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	self->mailboxes =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
				      (GDestroyNotify)(void (*)(void))ferry_jmap_mailbox_free);
	self->removed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	self->not_found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	self->totals = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	self->started = g_get_monotonic_time();
	return self;
}

void
ferry_sync_free(FerrySync *self)
{
	g_hash_table_unref(self->emails);
	g_hash_table_unref(self->destroyed);
	g_hash_table_unref(self->missing);
	g_hash_table_unref(self->mailboxes);
	g_hash_table_unref(self->removed);
	g_hash_table_unref(self->not_found);
	g_hash_table_unref(self->totals);
	g_free(self->totals_call);
	g_free(self->relisted);
	g_ptr_array_unref(self->lists);
	g_clear_object(&self->origin);
	g_clear_object(&self->jmap);
	g_clear_object(&self->task);
	g_clear_object(&self->request);
	g_free(self->missing_call);
	g_clear_error(&self->error);
	g_free(self->since);
	g_free(self->email_state);
	g_free(self->mailbox_state);
	g_object_unref(self->account);
	g_free(self);
}

void
ferry_sync_set_origin(FerrySync *self, FerryAccountSession *origin)
{
	g_set_object(&self->origin, origin);
}

void
ferry_sync_set_fill(FerrySync *self, FerrySyncFill fill, gpointer user_data)
{
	self->fill = fill;
	self->fill_data = user_data;
}

void
ferry_sync_set_since(FerrySync *self, const char *email_state)
{
	g_free(self->since);
	self->since = g_strdup(email_state);
}

void
ferry_sync_set_all_mailboxes(FerrySync *self)
{
	self->all_mailboxes = TRUE;
}

void
ferry_sync_set_emails_only(FerrySync *self)
{
	self->emails_only = TRUE;
}

static guint
get_page_size(FerrySync *self)
{
	guint64 limit = ferry_jmap_session_get_limit(self->jmap, FERRY_JMAP_LIMIT_OBJECTS_IN_GET);

	return (guint)CLAMP(limit, 1, MAX_CHANGES);
}

static void
add_first_calls(FerrySync *self, FerryJmapRequest *request)
{
	g_autoptr(FerryJmapBuilder) args = ferry_jmap_builder_new();

	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "accountId", self->account->id);
	ferry_jmap_builder_set_strings(args, "ids", (const char *const[]){NULL}, 0);
	ferry_jmap_builder_end_object(args);
	/* the state before the mailboxes: what changes in between is asked for again */
	self->state_call = ferry_jmap_request_add_call(request, "Email/get", args);
	self->mailbox_changes = NULL;
	self->mailbox_created = ferry_jmap_request_add_mailbox_get(request, self->account->id);
}

static void
add_mailbox_calls(FerrySync *self, FerryJmapRequest *request)
{
	const char *since =
		self->mailbox_state != NULL ? self->mailbox_state : self->account->mailbox_state;
	const char *id = self->account->id;

	self->mailbox_changes =
		ferry_jmap_request_add_changes(request, "Mailbox/changes", id, since, 0);
	self->mailbox_created = ferry_jmap_request_add_get_reference(
		request, "Mailbox/get", id, self->mailbox_changes, "Mailbox/changes", "/created",
		NULL);
	self->mailbox_updated = ferry_jmap_request_add_get_reference(
		request, "Mailbox/get", id, self->mailbox_changes, "Mailbox/changes", "/updated",
		NULL);
}

static void
add_email_calls(FerrySync *self, FerryJmapRequest *request)
{
	const char *const *properties = ferry_jmap_email_get_view_properties();
	const char *id = self->account->id;
	const char *since = self->since;

	if (self->email_state != NULL)
		since = self->email_state;
	else if (since == NULL)
		since = self->account->email_state;
	self->email_changes = ferry_jmap_request_add_changes(request, "Email/changes", id, since,
							     get_page_size(self));
	self->email_created =
		ferry_jmap_request_add_get_reference(request, "Email/get", id, self->email_changes,
						     "Email/changes", "/created", properties);
	self->email_updated =
		ferry_jmap_request_add_get_reference(request, "Email/get", id, self->email_changes,
						     "Email/changes", "/updated", properties);
}

void
ferry_sync_add_calls(FerrySync *self, FerryJmapRequest *request)
{
	self->email_changes = self->mailbox_changes = self->state_call = NULL;
	self->mailbox_created = self->mailbox_updated = NULL;
	g_set_object(&self->request, request);
	if (self->account->email_state == NULL || self->account->mailbox_state == NULL) {
		self->first = TRUE;
		add_first_calls(self, request);
		return;
	}
	if (self->emails_only) {
		add_email_calls(self, request);
		return;
	}
	if (self->all_mailboxes && self->rounds == 0) {
		self->complete_mailboxes = TRUE;
		self->mailbox_created =
			ferry_jmap_request_add_mailbox_get(request, self->account->id);
	} else if (self->rounds == 0 || self->more_mailboxes) {
		add_mailbox_calls(self, request);
	}
	if (self->rounds == 0 || self->more_emails)
		add_email_calls(self, request);
	ferry_sync_add_totals_call(self, request);
}

void
ferry_sync_add_mailbox_news(FerrySync *self, FerryJmapRequest *request)
{
	if (self->account->mailbox_state == NULL)
		return;
	g_set_object(&self->request, request);
	self->generation = self->account->generation;
	add_mailbox_calls(self, request);
}

void
ferry_sync_fill_mailbox_news(FerrySync *self, FerryStoreBatch *batch)
{
	/* what is not the whole truth, or leads from elsewhere, waits for a sync */
	if (self->generation == self->account->generation && self->error == NULL &&
	    !self->more_mailboxes && !self->complete_mailboxes && self->mailbox_state != NULL)
		ferry_sync_fill_batch(self, batch);
}

/* committing */

static void finish(FerrySync *self, FerryStoreDelta *delta, GError *error);

static void
mailbox_relisted_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerrySync *self = user_data;
	FerryMailboxSlot *slot = ferry_mail_account_find(self->account, self->relisted);
	const gint64 *total = g_hash_table_lookup(self->totals, self->relisted);
	g_autoptr(GError) error = NULL;

	if (!ferry_relist_finish(FERRY_MAIL_ACCOUNT(source), result, &error))
		g_message("account: listing a mailbox again failed: %s", error->message);
	/* what is still different is how this backend counts */
	else if (slot != NULL && total != NULL)
		slot->tolerated = *total - (gint64)slot->stored->n_messages;
	finish(self, g_steal_pointer(&self->delta), NULL);
}

/* Rights that change while they are asked for may be shown as they were, in a state that says that
 * they are new (Cyrus): the mailboxes of others are read once more when something changed. */
static void
note_settled(FerrySync *self)
{
	if (self->all_mailboxes)
		self->account->mailboxes_unsettled = FALSE;
	else if (self->mailboxes_moved && !self->account->own)
		self->account->mailboxes_unsettled = TRUE;
}

static void
finish(FerrySync *self, FerryStoreDelta *delta, GError *error)
{
	g_autoptr(GTask) task = NULL;
	FerryMailboxSlot *slot = NULL;

	if (error == NULL && self->relisted == NULL)
		slot = ferry_sync_find_differing(self);
	if (slot != NULL) {
		self->delta = delta;
		self->relisted = g_strdup(slot->stored->id);
		ferry_relist_async(self->account, self->jmap, self->relisted, mailbox_relisted_cb,
				   self);
		return;
	}
	task = g_steal_pointer(&self->task);
	self->account->n_syncing--;
	self->account->slow = FALSE;
	if (error == NULL) {
		/* whoever wants to know all that is new has to ask yet */
		if (!self->emails_only)
			self->account->sync_started = self->started;
		if (self->complete_mailboxes)
			self->account->mailboxes_read = self->started;
		note_settled(self);
		ferry_listing_start_all(self->account);
	}
	/* what push told is still to be read */
	if (error != NULL)
		self->account->changed_on_backend = TRUE;
	ferry_sync_free(self);
	if (error != NULL)
		g_task_return_error(task, error);
	else
		g_task_return_pointer(task, delta,
				      (GDestroyNotify)(void (*)(void))ferry_store_delta_unref);
}

/* Another process moved the store: what we gathered led from a state that is gone. */
static void
start_over(FerrySync *self)
{
	g_hash_table_remove_all(self->emails);
	g_ptr_array_set_size(self->lists, 0);
	g_hash_table_remove_all(self->destroyed);
	g_hash_table_remove_all(self->missing);
	g_hash_table_remove_all(self->mailboxes);
	g_hash_table_remove_all(self->removed);
	g_hash_table_remove_all(self->not_found);
	g_clear_pointer(&self->email_state, g_free);
	g_clear_pointer(&self->mailbox_state, g_free);
	self->complete_mailboxes = FALSE;
	self->lacks_mailboxes = FALSE;
	self->mailboxes_moved = FALSE;
	self->first = FALSE;
	self->rounds = 0;
}

static void
apply_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerrySync *self = user_data;
	g_autoptr(GError) error = NULL;
	FerryStoreDelta *delta =
		ferry_mail_account_apply_finish(FERRY_MAIL_ACCOUNT(source), result, &error);

	if (g_error_matches(error, FERRY_ERROR, FERRY_ERROR_CONFLICT) &&
	    ++self->conflicts < MAX_CONFLICTS) {
		start_over(self);
		sync_go_on(self);
		return;
	}
	finish(self, delta, g_steal_pointer(&error));
}

static void
commit(FerrySync *self)
{
	FerryStoreBatch *batch = ferry_store_batch_new();

	ferry_sync_fill_batch(self, batch);
	if (ferry_store_batch_is_empty(batch)) {
		FerryStoreDelta *nothing =
			ferry_store_delta_new(self->account->key, self->account->generation);

		nothing->generation = self->account->generation;
		finish(self, nothing, NULL);
	} else {
		ferry_mail_account_apply_async(self->account, batch, self->origin, apply_cb, self);
	}
	ferry_store_batch_unref(batch);
}

static void
relist_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerrySync *self = user_data;
	GError *error = NULL;

	if (!ferry_relist_finish(FERRY_MAIL_ACCOUNT(source), result, &error)) {
		finish(self, NULL, error);
		return;
	}
	/* from the state the listing began with, and with what @fill has to add */
	g_clear_pointer(&self->since, g_free);
	self->lost_state = FALSE;
	if (++self->relists >= MAX_RELISTS) {
		finish(self, NULL,
		       g_error_new_literal(FERRY_ERROR, FERRY_ERROR_BACKEND,
					   "the backend forgets every state it gives"));
		return;
	}
	start_over(self);
	sync_go_on(self);
}

static void
reply_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerrySync *self = user_data;
	GError *error = NULL;
	g_autoptr(FerryJmapReply) reply =
		ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &error);

	if (reply == NULL) {
		finish(self, NULL, error);
		return;
	}
	ferry_sync_take_reply(self, reply);
	sync_go_on(self);
}

static void
missing_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerrySync *self = user_data;
	GError *error = NULL;
	g_autoptr(FerryJmapReply) reply =
		ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &error);
	FerryJmapEmailList *list = NULL;
	guint before = g_hash_table_size(self->missing);

	if (reply != NULL)
		list = ferry_jmap_reply_parse_emails(reply, self->missing_call, &error);
	if (list == NULL) {
		finish(self, NULL, error);
		return;
	}
	ferry_sync_take_emails(self, list);
	/* neither found nor not found: gone, as far as anybody can tell */
	if (g_hash_table_size(self->missing) == before)
		g_hash_table_remove_all(self->missing);
	sync_go_on(self);
}

static void
get_missing(FerrySync *self)
{
	g_autoptr(FerryJmapRequest) request = ferry_jmap_request_new();
	g_autoptr(GPtrArray) ids = g_ptr_array_new();
	g_auto(GStrv) calls = NULL;
	GHashTableIter iter;
	gpointer id;

	g_hash_table_iter_init(&iter, self->missing);
	while (ids->len < get_page_size(self) && g_hash_table_iter_next(&iter, &id, NULL))
		g_ptr_array_add(ids, id);
	calls = ferry_jmap_request_add_get(request, "Email/get", self->account->id,
					   (const char *const *)ids->pdata, ids->len,
					   ferry_jmap_email_get_view_properties(), ids->len);
	g_free(self->missing_call);
	self->missing_call = g_strdup(calls[0]);
	ferry_mail_account_send_async(self->account, self->jmap, request, FERRY_JMAP_SEND_NONE,
				      get_cancellable(self), missing_cb, self);
}

static void
send_round(FerrySync *self)
{
	g_autoptr(FerryJmapRequest) request = ferry_jmap_request_new();

	ferry_sync_add_calls(self, request);
	ferry_mail_account_send_async(self->account, self->jmap, request, FERRY_JMAP_SEND_NONE,
				      get_cancellable(self), reply_cb, self);
}

static void
all_mailboxes_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerrySync *self = user_data;
	GError *error = NULL;
	g_autoptr(FerryJmapReply) reply =
		ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &error);

	if (reply == NULL) {
		finish(self, NULL, error);
		return;
	}
	/* what was told of them before is less than all, and older */
	g_hash_table_remove_all(self->mailboxes);
	ferry_sync_take_mailboxes(self, reply, self->mailbox_created);
	sync_go_on(self);
}

static void
get_all_mailboxes(FerrySync *self)
{
	g_autoptr(FerryJmapRequest) request = ferry_jmap_request_new();

	g_set_object(&self->request, request);
	self->mailbox_created = ferry_jmap_request_add_mailbox_get(request, self->account->id);
	ferry_mail_account_send_async(self->account, self->jmap, request, FERRY_JMAP_SEND_NONE,
				      get_cancellable(self), all_mailboxes_cb, self);
}

/* What is still to be asked, or the commit. */
static void
sync_go_on(FerrySync *self)
{
	if (self->error != NULL) {
		finish(self, NULL, g_steal_pointer(&self->error));
	} else if (self->rounds > MAX_ROUNDS) {
		finish(self, NULL,
		       g_error_new_literal(FERRY_ERROR, FERRY_ERROR_BACKEND,
					   "the backend's changes never end"));
	} else if (self->lost_state) {
		ferry_relist_async(self->account, self->jmap, NULL, relist_cb, self);
	} else if (self->rounds == 0 || self->more_emails || self->more_mailboxes) {
		send_round(self);
	} else if (self->complete_mailboxes && self->mailbox_state == NULL) {
		get_all_mailboxes(self);
	} else if (g_hash_table_size(self->missing) > 0) {
		get_missing(self);
	} else {
		commit(self);
	}
}

void
ferry_sync_run_async(FerrySync *self, GAsyncReadyCallback callback, gpointer user_data)
{
	self->task = g_task_new(self->account, NULL, callback, user_data);
	g_task_set_source_tag(self->task, ferry_sync_run_async);
	self->account->n_syncing++;
	if (self->jmap == NULL || self->account->account == NULL) {
		finish(self, NULL,
		       g_error_new_literal(FERRY_ERROR, FERRY_ERROR_UNAVAILABLE,
					   "nobody is signed in"));
		return;
	}
	/* where the first answer is here already, what was told may have come after it */
	if (self->rounds == 0)
		ferry_mail_account_forget_told(self->account);
	sync_go_on(self);
}

FerryStoreDelta *
ferry_sync_run_finish(FerryMailAccount *account, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}
