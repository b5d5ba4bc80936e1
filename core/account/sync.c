/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Delta sync
 *
 * Specification: RFC 8620 §5.2 (/changes), RFC 8621 §2.2 and §4.3
 * Implementation: Mailbox/changes, Email/changes and the objects behind them in one request; the
 *   whole run, however many requests hasMoreChanges makes of it, is one batch
 */
#include "account/sync-private.h"

#include <string.h>

#include "account/listing-private.h"
#include "jmap/email.h"
#include "jmap/error.h"
#include "jmap/mailbox.h"
#include "jmap/method.h"

#define MAX_CHANGES 1000
#define MAX_TOTALS 16
#define MAX_CONFLICTS 8
/* A run that never ends is the backend's error. */
#define MAX_ROUNDS 10000

typedef struct {
	FerryJmapEmailList *list;
	guint index;
} EmailRef;

struct _FerrySync {
	FerryMailAccount *account;
	FerryJmapSession *jmap;
	FerryAccountSession *origin;
	GTask *task;
	FerrySyncFill fill;
	gpointer fill_data;
	char *since; /* Email state to begin with, where not the account's */
	gint64 started;

	/* what the run has gathered */
	char *email_state;
	char *mailbox_state;
	gboolean more_emails;
	gboolean more_mailboxes;
	gboolean complete_mailboxes; /* @mailboxes is all there are */
	gboolean first;		     /* nothing was known before */
	GHashTable *emails;	     /* borrowed id → EmailRef */
	GPtrArray *lists;	     /* FerryJmapEmailList that own the strings */
	GHashTable *destroyed;	     /* ids */
	GHashTable *missing;	     /* ids told of, not yet got */
	GHashTable *mailboxes;	     /* id → FerryJmapMailbox */
	GHashTable *removed;	     /* ids */
	GError *error;
	gboolean lost_state;

	/* the calls under way; their ids live as long as the request */
	FerryJmapRequest *request;
	char *missing_call;
	const char *email_changes;
	const char *email_created;
	const char *email_updated;
	const char *mailbox_changes;
	const char *mailbox_created;
	const char *mailbox_updated;
	const char *state_call;
	char *totals_call;
	GHashTable *totals; /* mailbox id → count, of open mailboxes */
	FerryStoreDelta *delta;
	char *relisted;	    /* the mailbox whose count differed */
	guint rounds;
	guint conflicts;
};

static void sync_go_on(FerrySync *self);

/* What only brings news ends when the account is closed; what an operation did is told to the end. */
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
	self->mailboxes = g_hash_table_new_full(g_str_hash,
						g_str_equal,
						g_free,
						(GDestroyNotify)(void (*)(void))ferry_jmap_mailbox_free);
	self->removed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
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

static guint
get_page_size(FerrySync *self)
{
	guint64 limit =
		ferry_jmap_session_get_limit(self->jmap, FERRY_JMAP_LIMIT_OBJECTS_IN_GET);

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
	const char *since = self->mailbox_state != NULL ? self->mailbox_state
							: self->account->mailbox_state;
	const char *id = self->account->id;

	self->mailbox_changes =
		ferry_jmap_request_add_changes(request, "Mailbox/changes", id, since, 0);
	self->mailbox_created = ferry_jmap_request_add_get_reference(request,
								     "Mailbox/get",
								     id,
								     self->mailbox_changes,
								     "Mailbox/changes",
								     "/created",
								     NULL);
	self->mailbox_updated = ferry_jmap_request_add_get_reference(request,
								     "Mailbox/get",
								     id,
								     self->mailbox_changes,
								     "Mailbox/changes",
								     "/updated",
								     NULL);
}

/* A backend that was restored from a backup may accept states it never gave, and say that nothing
 * changed since: the counts of the mailboxes that somebody looks at tell. */
static void
add_totals_call(FerrySync *self, FerryJmapRequest *request)
{
	static const char *const properties[] = {"id", "totalEmails", NULL};
	g_autoptr(GPtrArray) ids = g_ptr_array_new();
	g_auto(GStrv) calls = NULL;
	GHashTableIter iter;
	gpointer id, slot;

	g_clear_pointer(&self->totals_call, g_free);
	g_hash_table_iter_init(&iter, self->account->slots);
	while (ids->len < MAX_TOTALS && g_hash_table_iter_next(&iter, &id, &slot)) {
		if (((FerryMailboxSlot *)slot)->open != NULL)
			g_ptr_array_add(ids, id);
	}
	if (ids->len == 0)
		return;
	calls = ferry_jmap_request_add_get(request,
					   "Mailbox/get",
					   self->account->id,
					   (const char *const *)ids->pdata,
					   ids->len,
					   properties,
					   ids->len);
	self->totals_call = g_strdup(calls[0]);
}

static void
take_totals(FerrySync *self, FerryJmapReply *reply)
{
	g_autoptr(FerryJmapValue) got = NULL;
	FerryJmapValueIter iter;
	FerryJmapValue *mailbox;

	if (self->totals_call == NULL)
		return;
	got = ferry_jmap_reply_get_result(reply, self->totals_call, NULL);
	if (got == NULL || !ferry_jmap_value_iter_init(&iter, got, "list"))
		return;
	while (ferry_jmap_value_iter_next(&iter, NULL, &mailbox)) {
		const char *id = ferry_jmap_value_get_string(mailbox, "id");
		gint64 total = ferry_jmap_value_get_int64(mailbox, "totalEmails", -1);

		if (id != NULL && total >= 0)
			g_hash_table_replace(self->totals,
					     g_strdup(id),
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

static FerryMailboxSlot *
find_differing(FerrySync *self)
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
	self->email_changes = ferry_jmap_request_add_changes(request,
							     "Email/changes",
							     id,
							     since,
							     get_page_size(self));
	self->email_created = ferry_jmap_request_add_get_reference(request,
								   "Email/get",
								   id,
								   self->email_changes,
								   "Email/changes",
								   "/created",
								   properties);
	self->email_updated = ferry_jmap_request_add_get_reference(request,
								   "Email/get",
								   id,
								   self->email_changes,
								   "Email/changes",
								   "/updated",
								   properties);
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
	if (self->rounds == 0 || self->more_mailboxes)
		add_mailbox_calls(self, request);
	if (self->rounds == 0 || self->more_emails)
		add_email_calls(self, request);
	add_totals_call(self, request);
}

/* reading */

static void
take_strings(GHashTable *set, const char *const *ids)
{
	for (; ids != NULL && *ids != NULL; ids++)
		g_hash_table_add(set, g_strdup(*ids));
}

static void
forget_strings(GHashTable *set, const char *const *ids)
{
	for (; ids != NULL && *ids != NULL; ids++)
		g_hash_table_remove(set, *ids);
}

/* Takes the list; the newest answer about an Email counts. */
static void
take_emails(FerrySync *self, FerryJmapEmailList *list)
{
	guint n = ferry_jmap_email_list_get_length(list);

	g_ptr_array_add(self->lists, list);
	for (guint i = 0; i < n; i++) {
		const FerryJmapEmail *email = ferry_jmap_email_list_get(list, i);
		EmailRef *ref = g_new0(EmailRef, 1);

		ref->list = list;
		ref->index = i;
		g_hash_table_replace(self->emails, (gpointer)email->id, ref);
		g_hash_table_remove(self->missing, email->id);
	}
	forget_strings(self->missing, ferry_jmap_email_list_get_not_found(list));
}

static void
take_email_reply(FerrySync *self, FerryJmapReply *reply, const char *call_id)
{
	g_autoptr(GError) error = NULL;
	FerryJmapEmailList *list;

	if (call_id == NULL)
		return;
	list = ferry_jmap_reply_parse_emails(reply, call_id, &error);
	/* too many for one call, for example: then they are asked for by id */
	if (list == NULL)
		g_debug("account: Email/get by reference failed: %s", error->message);
	else
		take_emails(self, list);
}

static gboolean
is_lost_state(const GError *error)
{
	/* a backend that was replaced refuses a state that it cannot even read */
	return g_error_matches(error,
			       FERRY_JMAP_ERROR,
			       FERRY_JMAP_ERROR_CANNOT_CALCULATE_CHANGES) ||
	       g_error_matches(error, FERRY_ERROR, FERRY_ERROR_CANNOT);
}

static void
take_email_changes(FerrySync *self, FerryJmapReply *reply)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryJmapChanges) changes =
		ferry_jmap_reply_parse_changes(reply, self->email_changes, &error);

	if (changes == NULL) {
		if (is_lost_state(error))
			self->lost_state = TRUE;
		else
			self->error = g_steal_pointer(&error);
		return;
	}
	/* a run that stands still would never end */
	self->more_emails = changes->has_more &&
			    g_strcmp0(changes->new_state, changes->old_state) != 0;
	g_free(self->email_state);
	self->email_state = g_strdup(changes->new_state);
	forget_strings(self->destroyed, (const char *const *)changes->created);
	forget_strings(self->destroyed, (const char *const *)changes->updated);
	take_strings(self->missing, (const char *const *)changes->created);
	take_strings(self->missing, (const char *const *)changes->updated);
	take_email_reply(self, reply, self->email_created);
	take_email_reply(self, reply, self->email_updated);
	take_strings(self->destroyed, (const char *const *)changes->destroyed);
	forget_strings(self->missing, (const char *const *)changes->destroyed);
	forget_strings(self->emails, (const char *const *)changes->destroyed);
}

static void
take_mailboxes(FerrySync *self, FerryJmapReply *reply, const char *call_id)
{
	g_autoptr(GPtrArray) list = NULL;
	g_autofree char *state = NULL;

	if (call_id == NULL || self->error != NULL)
		return;
	list = ferry_jmap_reply_parse_mailboxes(reply, call_id, &state, NULL, &self->error);
	if (list == NULL)
		return;
	for (guint i = 0; i < list->len; i++) {
		FerryJmapMailbox *mailbox = list->pdata[i];

		if (g_hash_table_size(self->mailboxes) >= FERRY_ACCOUNT_MAX_MAILBOXES) {
			g_warning("account: more than %d mailboxes, the rest is left out",
				  FERRY_ACCOUNT_MAX_MAILBOXES);
			break;
		}
		g_hash_table_remove(self->removed, mailbox->id);
		g_hash_table_replace(self->mailboxes,
				     g_strdup(mailbox->id),
				     ferry_jmap_mailbox_copy(mailbox));
	}
	if (self->complete_mailboxes) {
		g_free(self->mailbox_state);
		self->mailbox_state = g_steal_pointer(&state);
	}
}

static void
take_mailbox_changes(FerrySync *self, FerryJmapReply *reply)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryJmapChanges) changes =
		ferry_jmap_reply_parse_changes(reply, self->mailbox_changes, &error);

	if (changes == NULL) {
		/* then all of them are asked for: they are few */
		if (is_lost_state(error))
			self->complete_mailboxes = TRUE;
		else
			self->error = g_steal_pointer(&error);
		return;
	}
	self->more_mailboxes = changes->has_more &&
			       g_strcmp0(changes->new_state, changes->old_state) != 0;
	g_free(self->mailbox_state);
	self->mailbox_state = g_strdup(changes->new_state);
	take_mailboxes(self, reply, self->mailbox_created);
	take_mailboxes(self, reply, self->mailbox_updated);
	take_strings(self->removed, (const char *const *)changes->destroyed);
	forget_strings(self->mailboxes, (const char *const *)changes->destroyed);
}

static void
take_first(FerrySync *self, FerryJmapReply *reply)
{
	g_autoptr(FerryJmapValue) got =
		ferry_jmap_reply_get_result(reply, self->state_call, &self->error);

	if (got == NULL)
		return;
	self->email_state = g_strdup(ferry_jmap_value_get_string(got, "state"));
	self->complete_mailboxes = TRUE;
	take_mailboxes(self, reply, self->mailbox_created);
	if (self->error == NULL && (self->email_state == NULL || self->mailbox_state == NULL))
		g_set_error_literal(&self->error,
				    FERRY_ERROR,
				    FERRY_ERROR_BACKEND,
				    "the backend gave no state");
}

void
ferry_sync_take_reply(FerrySync *self, FerryJmapReply *reply)
{
	self->rounds++;
	self->more_emails = self->more_mailboxes = FALSE;
	if (self->first) {
		take_first(self, reply);
		return;
	}
	take_totals(self, reply);
	if (self->mailbox_changes != NULL)
		take_mailbox_changes(self, reply);
	if (self->email_changes != NULL && self->error == NULL)
		take_email_changes(self, reply);
}

/* committing */

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
		if (!g_hash_table_contains(self->mailboxes, id))
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
	g_ptr_array_add(removed, NULL);
	if (put->len > 0 || removed->len > 1)
		ferry_mail_account_name_mailboxes(self->account,
						  batch,
						  put,
						  (const char *const *)removed->pdata);
}

void
ferry_sync_put_email(FerryStoreBatch *batch, const FerryJmapEmail *email)
{
	FerryStoreEmail stored = {
		.email_id = email->id,
		.blob_id = email->blob_id,
		.thread_id = email->thread_id,
		.size = email->size,
		.received_at = email->received_at,
		.has_sent = email->has_sent_at,
		.sent_at = email->sent_at,
		.sent_offset = email->sent_offset,
		.mailbox_ids = (const char *const *)email->mailbox_ids,
		.keywords = (const char *const *)email->keywords,
	};

	ferry_store_batch_put_email(batch, &stored);
}

static void
fill_batch(FerrySync *self, FerryStoreBatch *batch)
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

		ferry_sync_put_email(batch, ferry_jmap_email_list_get(ref->list, ref->index));
	}
	if (g_strcmp0(self->email_state, self->account->email_state) != 0)
		ferry_store_batch_set_email_state(batch, self->email_state);
	if (g_strcmp0(self->mailbox_state, self->account->mailbox_state) != 0)
		ferry_store_batch_set_mailbox_state(batch, self->mailbox_state);
	if (self->fill != NULL)
		self->fill(batch, self->fill_data);
}

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

static void
finish(FerrySync *self, FerryStoreDelta *delta, GError *error)
{
	g_autoptr(GTask) task = NULL;
	FerryMailboxSlot *slot = NULL;

	if (error == NULL && self->relisted == NULL)
		slot = find_differing(self);
	if (slot != NULL) {
		self->delta = delta;
		self->relisted = g_strdup(slot->stored->id);
		ferry_relist_async(self->account,
				   self->jmap,
				   self->relisted,
				   mailbox_relisted_cb,
				   self);
		return;
	}
	task = g_steal_pointer(&self->task);
	self->account->n_syncing--;
	if (error == NULL) {
		self->account->sync_started = self->started;
		ferry_listing_start_all(self->account);
	}
	/* what push told is still to be read */
	if (error != NULL)
		self->account->changed_on_backend = TRUE;
	ferry_sync_free(self);
	if (error != NULL)
		g_task_return_error(task, error);
	else
		g_task_return_pointer(task,
				      delta,
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
	g_clear_pointer(&self->email_state, g_free);
	g_clear_pointer(&self->mailbox_state, g_free);
	self->complete_mailboxes = FALSE;
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

	fill_batch(self, batch);
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
	if (++self->conflicts >= MAX_CONFLICTS) {
		finish(self,
		       NULL,
		       g_error_new_literal(FERRY_ERROR,
					   FERRY_ERROR_BACKEND,
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
	take_emails(self, list);
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
	calls = ferry_jmap_request_add_get(request,
					   "Email/get",
					   self->account->id,
					   (const char *const *)ids->pdata,
					   ids->len,
					   ferry_jmap_email_get_view_properties(),
					   ids->len);
	g_free(self->missing_call);
	self->missing_call = g_strdup(calls[0]);
	ferry_jmap_session_send_async(self->jmap,
				      request,
				      FERRY_JMAP_SEND_NONE,
				      get_cancellable(self),
				      missing_cb,
				      self);
}

static void
send_round(FerrySync *self)
{
	g_autoptr(FerryJmapRequest) request = ferry_jmap_request_new();

	ferry_sync_add_calls(self, request);
	ferry_jmap_session_send_async(self->jmap,
				      request,
				      FERRY_JMAP_SEND_NONE,
				      get_cancellable(self),
				      reply_cb,
				      self);
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
	take_mailboxes(self, reply, self->mailbox_created);
	sync_go_on(self);
}

static void
get_all_mailboxes(FerrySync *self)
{
	g_autoptr(FerryJmapRequest) request = ferry_jmap_request_new();

	g_set_object(&self->request, request);
	self->mailbox_created = ferry_jmap_request_add_mailbox_get(request, self->account->id);
	ferry_jmap_session_send_async(self->jmap,
				      request,
				      FERRY_JMAP_SEND_NONE,
				      get_cancellable(self),
				      all_mailboxes_cb,
				      self);
}

/* What is still to be asked, or the commit. */
static void
sync_go_on(FerrySync *self)
{
	if (self->error != NULL) {
		finish(self, NULL, g_steal_pointer(&self->error));
	} else if (self->rounds > MAX_ROUNDS) {
		finish(self,
		       NULL,
		       g_error_new_literal(FERRY_ERROR,
					   FERRY_ERROR_BACKEND,
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
		finish(self,
		       NULL,
		       g_error_new_literal(FERRY_ERROR,
					   FERRY_ERROR_UNAVAILABLE,
					   "nobody is signed in"));
		return;
	}
	self->account->changed_on_backend = FALSE;
	sync_go_on(self);
}

FerryStoreDelta *
ferry_sync_run_finish(FerryMailAccount *account, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}
