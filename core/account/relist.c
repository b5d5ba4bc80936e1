/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Listing everything again, when the backend has forgotten our state
 *
 * Specification: RFC 8620 §5.2 (cannotCalculateChanges)
 * Implementation: the state is taken first, then every mailbox is paged through and compared; what
 *   is the same takes no mod-sequence. An Email that a page did not show is asked for by its id
 *   before it counts as gone, because a list that is paged can miss what moves in it
 */
#include <string.h>

#include "account/all-mail-private.h"
#include "account/listing-private.h"
#include "account/sync-private.h"
#include "jmap/email.h"
#include "jmap/error.h"

#define PAGE_SIZE 1000
#define MAX_RESTARTS 20

typedef struct {
	FerryJmapSession *jmap;
	GQueue todo; /* mailbox ids */
	gboolean whole_account;
	char *state;
	char *mailbox_id;
	guint64 token;
	gboolean begun;
	guint position;
	guint limit;
	guint tries;
	GHashTable *seen; /* ids */
	GPtrArray *unseen;
	FerryJmapEmailList *page;
	gboolean last_page;
	FerryJmapRequest *request;
	char *call_ids[2];
} Relist;

static void next_mailbox(GTask *task);
static void next_page(GTask *task);
static void ask_unseen(GTask *task);

static void
relist_free(gpointer data)
{
	Relist *self = data;

	g_clear_object(&self->jmap);
	g_clear_object(&self->request);
	g_queue_clear_full(&self->todo, g_free);
	g_clear_pointer(&self->seen, g_hash_table_unref);
	g_clear_pointer(&self->unseen, g_ptr_array_unref);
	g_clear_pointer(&self->page, ferry_jmap_email_list_unref);
	g_free(self->call_ids[0]);
	g_free(self->call_ids[1]);
	g_free(self->mailbox_id);
	g_free(self->state);
	g_free(self);
}

static void
fail(GTask *task, GError *error)
{
	g_task_return_error(task, error);
	g_object_unref(task);
}

static void
set_call(Relist *self, guint which, const char *id)
{
	g_free(self->call_ids[which]);
	self->call_ids[which] = g_strdup(id);
}

static void
send(GTask *task, GAsyncReadyCallback callback)
{
	Relist *self = g_task_get_task_data(task);

	ferry_jmap_session_send_async(
		self->jmap, self->request, FERRY_JMAP_SEND_NONE,
		((FerryMailAccount *)g_task_get_source_object(task))->background, callback, task);
}

static void
new_request(Relist *self)
{
	g_clear_object(&self->request);
	self->request = ferry_jmap_request_new();
}

/* the end of a mailbox */

static void
swept_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	Relist *self = g_task_get_task_data(task);
	GError *error = NULL;
	g_autoptr(FerryStoreDelta) delta =
		ferry_mail_account_apply_finish(FERRY_MAIL_ACCOUNT(source), result, &error);

	if (delta == NULL && g_error_matches(error, FERRY_ERROR, FERRY_ERROR_CONFLICT) &&
	    self->tries++ < MAX_RESTARTS) {
		/* what another process put meanwhile was never seen here: begin this mailbox again
		 */
		g_error_free(error);
		g_queue_push_head(&self->todo, g_strdup(self->mailbox_id));
	} else if (delta == NULL) {
		fail(task, error);
		return;
	}
	next_mailbox(task);
}

static void
put_page(FerryMailAccount *account, FerryStoreBatch *batch, Relist *self, FerryJmapEmailList *page)
{
	guint n = ferry_jmap_email_list_get_length(page);

	ferry_store_batch_set_page_of(batch, self->mailbox_id);
	for (guint i = 0; i < n; i++)
		ferry_sync_put_email(account, batch, ferry_jmap_email_list_get(page, i));
}

static void
sweep(GTask *task)
{
	Relist *self = g_task_get_task_data(task);
	g_autoptr(FerryStoreBatch) batch = ferry_store_batch_new();

	ferry_store_batch_sweep(batch, self->mailbox_id, self->token);
	ferry_mail_account_apply_async(g_task_get_source_object(task), batch, NULL, swept_cb, task);
}

static void
unseen_put_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	Relist *self = g_task_get_task_data(task);
	GError *error = NULL;
	g_autoptr(FerryStoreDelta) delta =
		ferry_mail_account_apply_finish(FERRY_MAIL_ACCOUNT(source), result, &error);

	if (delta == NULL && g_error_matches(error, FERRY_ERROR, FERRY_ERROR_CONFLICT) &&
	    self->tries++ < MAX_RESTARTS) {
		g_error_free(error);
		g_queue_push_head(&self->todo, g_strdup(self->mailbox_id));
		next_mailbox(task);
		return;
	}
	if (delta == NULL)
		fail(task, error);
	else
		ask_unseen(task);
}

static void
unseen_got_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	Relist *self = g_task_get_task_data(task);
	GError *error = NULL;
	g_autoptr(FerryJmapReply) reply =
		ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &error);
	g_autoptr(FerryJmapEmailList) emails = NULL;
	g_autoptr(FerryStoreBatch) batch = NULL;

	if (reply != NULL)
		emails = ferry_jmap_reply_parse_emails(reply, self->call_ids[0], &error);
	if (emails == NULL) {
		fail(task, error);
		return;
	}
	batch = ferry_store_batch_new();
	put_page(g_task_get_source_object(task), batch, self, emails);
	ferry_mail_account_apply_async(g_task_get_source_object(task), batch, NULL, unseen_put_cb,
				       task);
}

static void
ask_unseen(GTask *task)
{
	Relist *self = g_task_get_task_data(task);
	FerryMailAccount *account = g_task_get_source_object(task);
	g_autoptr(GPtrArray) ids = NULL;
	g_auto(GStrv) calls = NULL;

	if (self->unseen->len == 0) {
		sweep(task);
		return;
	}
	ids = g_ptr_array_new_with_free_func(g_free);
	while (self->unseen->len > 0 && ids->len < self->limit)
		g_ptr_array_add(ids,
				g_ptr_array_steal_index_fast(self->unseen, self->unseen->len - 1));
	new_request(self);
	calls = ferry_jmap_request_add_get(self->request, "Email/get", account->id,
					   (const char *const *)ids->pdata, ids->len,
					   ferry_jmap_email_get_view_properties(), ids->len);
	set_call(self, 0, calls[0]);
	send(task, unseen_got_cb);
}

static void
rows_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	Relist *self = g_task_get_task_data(task);
	GError *error = NULL;
	g_autoptr(FerryStoreRows) rows =
		ferry_store_load_mailbox_finish(FERRY_STORE(source), result, &error);

	if (rows == NULL) {
		fail(task, error);
		return;
	}
	self->unseen = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < ferry_store_rows_get_length(rows); i++) {
		const char *id = ferry_store_rows_get_email_id(rows, i);

		if (!g_hash_table_contains(self->seen, id))
			g_ptr_array_add(self->unseen, g_strdup(id));
	}
	ask_unseen(task);
}

static void
look_for_unseen(GTask *task)
{
	Relist *self = g_task_get_task_data(task);
	FerryMailAccount *account = g_task_get_source_object(task);
	FerryMailboxSlot *slot = ferry_mail_account_find(account, self->mailbox_id);

	if (slot == NULL || account->account == NULL) {
		next_mailbox(task);
		return;
	}
	ferry_store_load_mailbox_async(account->account->store, slot->stored->key,
				       FERRY_STORE_FIELD_NONE, NULL, rows_cb, task);
}

/* pages */

static void
page_put_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	Relist *self = g_task_get_task_data(task);
	GError *error = NULL;
	g_autoptr(FerryStoreDelta) delta =
		ferry_mail_account_apply_finish(FERRY_MAIL_ACCOUNT(source), result, &error);

	g_clear_pointer(&self->page, ferry_jmap_email_list_unref);
	if (delta == NULL && g_error_matches(error, FERRY_ERROR, FERRY_ERROR_CONFLICT) &&
	    self->tries++ < MAX_RESTARTS) {
		g_error_free(error);
		g_queue_push_head(&self->todo, g_strdup(self->mailbox_id));
		next_mailbox(task);
		return;
	}
	if (delta == NULL)
		fail(task, error);
	else if (self->last_page)
		look_for_unseen(task);
	else
		next_page(task);
}

static void
put_and_go_on(GTask *task)
{
	Relist *self = g_task_get_task_data(task);
	g_autoptr(FerryStoreBatch) batch = ferry_store_batch_new();
	guint n = self->page != NULL ? ferry_jmap_email_list_get_length(self->page) : 0;

	if (!self->begun)
		ferry_store_batch_begin_epoch(batch, self->mailbox_id, self->token);
	self->begun = TRUE;
	for (guint i = 0; i < n; i++)
		g_hash_table_add(self->seen,
				 g_strdup(ferry_jmap_email_list_get(self->page, i)->id));
	if (self->page != NULL)
		put_page(g_task_get_source_object(task), batch, self, self->page);
	ferry_mail_account_apply_async(g_task_get_source_object(task), batch, NULL, page_put_cb,
				       task);
}

static void
page_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	Relist *self = g_task_get_task_data(task);
	GError *error = NULL;
	g_autoptr(FerryJmapReply) reply =
		ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &error);
	g_autoptr(FerryJmapQueryPage) query = NULL;

	if (reply != NULL)
		query = ferry_jmap_reply_parse_query(reply, self->call_ids[0], &error);
	if (query != NULL && query->n_ids > 0)
		self->page = ferry_jmap_reply_parse_emails(reply, self->call_ids[1], &error);
	if (error != NULL) {
		fail(task, error);
		return;
	}
	/* a page repeats the last id of the one before, so that nothing slips between two */
	self->last_page = query->n_ids < self->limit;
	self->position += query->n_ids > 1 ? query->n_ids - 1 : query->n_ids;
	put_and_go_on(task);
}

static void
next_page(GTask *task)
{
	Relist *self = g_task_get_task_data(task);
	FerryMailAccount *account = g_task_get_source_object(task);
	const char *query;

	new_request(self);
	query = ferry_jmap_request_add_email_query(self->request, account->id,
						   ferry_all_mail_get_query_id(self->mailbox_id),
						   NULL, self->position, self->limit, FALSE);
	set_call(self, 0, query);
	set_call(self, 1,
		 ferry_jmap_request_add_get_reference(self->request, "Email/get", account->id,
						      query, "Email/query", "/ids",
						      ferry_jmap_email_get_view_properties()));
	send(task, page_cb);
}

/* mailboxes */

static void
state_set_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GTask) task = user_data;
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryStoreDelta) delta =
		ferry_mail_account_apply_finish(FERRY_MAIL_ACCOUNT(source), result, &error);

	if (delta == NULL && !g_error_matches(error, FERRY_ERROR, FERRY_ERROR_CONFLICT))
		g_task_return_error(task, g_steal_pointer(&error));
	else
		g_task_return_boolean(task, TRUE);
}

static void
next_mailbox(GTask *task)
{
	Relist *self = g_task_get_task_data(task);
	FerryMailAccount *account = g_task_get_source_object(task);

	g_free(self->mailbox_id);
	self->mailbox_id = g_queue_pop_head(&self->todo);
	if (self->mailbox_id == NULL) {
		g_autoptr(FerryStoreBatch) batch = ferry_store_batch_new();

		if (!self->whole_account) {
			g_task_return_boolean(task, TRUE);
			g_object_unref(task);
			return;
		}
		ferry_store_batch_set_email_state(batch, self->state);
		ferry_mail_account_apply_async(account, batch, NULL, state_set_cb, task);
		return;
	}
	self->token = ((guint64)g_random_int() << 31) | g_random_int() | 1;
	self->begun = FALSE;
	self->position = 0;
	g_clear_pointer(&self->seen, g_hash_table_unref);
	g_clear_pointer(&self->unseen, g_ptr_array_unref);
	self->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	next_page(task);
}

/* A query in a mailbox that is gone is an error: the sync that comes after takes those away. */
static void
drop_gone_mailboxes(Relist *self, FerryJmapValue *got)
{
	g_autoptr(GHashTable) ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	FerryJmapValueIter iter;
	FerryJmapValue *mailbox;
	GList *link = self->todo.head;

	if (!ferry_jmap_value_iter_init(&iter, got, "list"))
		return;
	while (ferry_jmap_value_iter_next(&iter, NULL, &mailbox)) {
		const char *id = ferry_jmap_value_get_string(mailbox, "id");

		if (id != NULL)
			g_hash_table_add(ids, g_strdup(id));
		ferry_jmap_value_unref(mailbox);
	}
	while (link != NULL) {
		GList *next = link->next;

		if (!g_hash_table_contains(ids, link->data) && !ferry_all_mail_is_id(link->data)) {
			g_free(link->data);
			g_queue_delete_link(&self->todo, link);
		}
		link = next;
	}
}

static void
state_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	Relist *self = g_task_get_task_data(task);
	GError *error = NULL;
	g_autoptr(FerryJmapReply) reply =
		ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &error);
	g_autoptr(FerryJmapValue) got = NULL;
	g_autoptr(FerryJmapValue) mailboxes = NULL;

	if (reply != NULL)
		got = ferry_jmap_reply_get_result(reply, self->call_ids[0], &error);
	if (got != NULL)
		mailboxes = ferry_jmap_reply_get_result(reply, self->call_ids[1], &error);
	if (mailboxes == NULL) {
		fail(task, error);
		return;
	}
	drop_gone_mailboxes(self, mailboxes);
	self->state = g_strdup(ferry_jmap_value_get_string(got, "state"));
	if (self->state == NULL) {
		fail(task, g_error_new_literal(FERRY_ERROR, FERRY_ERROR_BACKEND,
					       "Email/get gave no state"));
		return;
	}
	next_mailbox(task);
}

static void
ask_state(GTask *task)
{
	Relist *self = g_task_get_task_data(task);
	FerryMailAccount *account = g_task_get_source_object(task);
	g_autoptr(FerryJmapBuilder) emails = ferry_jmap_builder_new();
	g_autoptr(FerryJmapBuilder) mailboxes = ferry_jmap_builder_new();

	ferry_jmap_builder_begin_object(emails);
	ferry_jmap_builder_set_string(emails, "accountId", account->id);
	ferry_jmap_builder_set_strings(emails, "ids", (const char *const[]){NULL}, 0);
	ferry_jmap_builder_end_object(emails);
	ferry_jmap_builder_begin_object(mailboxes);
	ferry_jmap_builder_set_string(mailboxes, "accountId", account->id);
	ferry_jmap_builder_set_null(mailboxes, "ids");
	ferry_jmap_builder_set_strings(mailboxes, "properties", (const char *const[]){"id", NULL},
				       1);
	ferry_jmap_builder_end_object(mailboxes);
	new_request(self);
	set_call(self, 0, ferry_jmap_request_add_call(self->request, "Email/get", emails));
	set_call(self, 1, ferry_jmap_request_add_call(self->request, "Mailbox/get", mailboxes));
	send(task, state_cb);
}

/* What one mailbox holds wrongly, the one that holds everything does too. */
static void
collect_mailboxes(FerryMailAccount *account, Relist *self, const char *mailbox_id)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, account->slots);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		FerryMailboxSlot *slot = value;

		if (slot->stored->listing == FERRY_STORE_UNLISTED ||
		    (mailbox_id != NULL && strcmp(mailbox_id, slot->stored->id) != 0 &&
		     !ferry_all_mail_is_id(slot->stored->id)))
			continue;
		g_queue_push_tail(&self->todo, g_strdup(slot->stored->id));
	}
}

void
ferry_relist_async(FerryMailAccount *account, FerryJmapSession *jmap, const char *mailbox_id,
		   GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = g_task_new(account, NULL, callback, user_data);
	Relist *self = g_new0(Relist, 1);

	g_task_set_source_tag(task, ferry_relist_async);
	g_task_set_task_data(task, self, relist_free);
	self->jmap = g_object_ref(jmap);
	self->whole_account = mailbox_id == NULL;
	self->limit = (guint)CLAMP(
		ferry_jmap_session_get_limit(jmap, FERRY_JMAP_LIMIT_OBJECTS_IN_GET), 2, PAGE_SIZE);
	collect_mailboxes(account, self, mailbox_id);
	g_message("account: listing %u mailboxes again", g_queue_get_length(&self->todo));
	ask_state(task);
}

gboolean
ferry_relist_finish(FerryMailAccount *account, GAsyncResult *result, GError **error)
{
	return g_task_propagate_boolean(G_TASK(result), error);
}
