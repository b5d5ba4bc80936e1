/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* APPEND and MULTIAPPEND
 *
 * Specification: RFC 9051 §6.3.12, RFC 3502, RFC 4315; RFC 8620 §6.1, RFC 8621 §4.8
 * Implementation: uploads (upload.c), then an intent, then one Email/import, which takes small
 *   messages along where the backend can make blobs in requests; all or none. \Deleted is put on
 *   the new UID, it is no keyword
 */
#include <string.h>

#include "account/flags-private.h"
#include "account/listing-private.h"
#include "account/op-append-private.h"
#include "account/recover-private.h"
#include "account/rights-private.h"
#include "account/upload-private.h"

typedef struct {
	FerryAccountSession *session;
	FerryMailAccount *account;
	char *name;
	char *mailbox_id;
	GPtrArray *messages;
	GPtrArray *blobs; /* ids; NULL for what goes along with the import */
	gint64 begun_at;  /* monotonic */
	FerryAppendMadeFunc made;
	gpointer data;
	GDestroyNotify destroy;
} Append;

static void
append_free(gpointer data)
{
	Append *append = data;

	if (append->destroy != NULL)
		append->destroy(append->data);
	g_object_unref(append->session);
	g_clear_object(&append->account);
	g_ptr_array_unref(append->messages);
	g_clear_pointer(&append->blobs, g_ptr_array_unref);
	g_free(append->name);
	g_free(append->mailbox_id);
	g_free(append);
}

static void
fail(GTask *task, GError *error)
{
	Append *append = g_task_get_task_data(task);

	ferry_op_note_error(append->session, error);
	g_task_return_error(task, error);
	g_object_unref(task);
}

static void
fill_deleted(FerryStoreBatch *batch, FerryOp *op, gboolean fast)
{
	const guint32 *uids = (const guint32 *)(gconstpointer)op->outcome->target->data;

	for (guint i = 0; i < op->items->len && i < op->outcome->target->len; i++) {
		if (g_array_index(op->items, FerryItem, i).deleted)
			ferry_store_batch_set_deleted(batch, op->target_id, uids[i], TRUE);
	}
}

static gboolean
has_deleted(FerryOp *op)
{
	for (guint i = 0; i < op->items->len; i++) {
		if (g_array_index(op->items, FerryItem, i).deleted)
			return TRUE;
	}
	return FALSE;
}

static void
append_committed(FerryOp *op)
{
	ferry_op_tell_targets(op, FALSE);
	if (!has_deleted(op)) {
		op->after(op);
		return;
	}
	op->fill = fill_deleted;
	op->chained = TRUE;
	op->generation = op->account->generation;
	g_free(op->state);
	op->state = g_strdup(op->account->email_state);
	ferry_op_commit(op, op->after);
}

void
ferry_op_commit_append(FerryOp *op,
		       void (*fill)(FerryStoreBatch *batch, FerryOp *op, gboolean fast),
		       FerryOpFunc next)
{
	op->after = next;
	op->fill = fill;
	op->chained = FALSE;
	ferry_op_commit(op, append_committed);
}

static void
fill_append(FerryStoreBatch *batch, FerryOp *op, gboolean fast)
{
	ferry_op_fill_targets(batch, op);
}

static void
append_adopted(FerryOp *op)
{
	if (op->error != NULL) {
		ferry_op_undo(op);
		return;
	}
	ferry_op_commit_append(op, fill_append, ferry_op_done);
}

static void
append_imported(FerryOp *op)
{
	if (op->error != NULL)
		ferry_op_undo(op);
	else
		ferry_op_adopt(op, append_adopted);
}

static void
append_intended(FerryOp *op)
{
	ferry_op_import(op, append_imported);
}

static void
append_locked(FerryOp *op)
{
	FerryMailboxSlot *slot = ferry_mail_account_find(op->account, op->target_id);

	if (slot == NULL) {
		ferry_op_fail(op, g_error_new_literal(FERRY_ERROR, FERRY_ERROR_TRY_CREATE,
						      "the mailbox does not exist"));
		return;
	}
	ferry_rights_limit_items(slot, op->items);
	ferry_op_intend(op, append_intended, append_locked);
}

static char *
join_keywords(const FerryAppendMessage *message)
{
	GString *joined = g_string_new(NULL);

	for (guint flag = 1; flag < FERRY_MESSAGE_DELETED; flag <<= 1) {
		if ((message->flags & flag) != 0)
			g_string_append_printf(joined, "%s ",
					       ferry_flags_get_keyword((FerryMessageFlags)flag));
	}
	for (guint i = 0; message->keywords != NULL && message->keywords[i] != NULL; i++)
		g_string_append_printf(joined, "%s ", message->keywords[i]);
	return g_string_free(joined, FALSE);
}

static void
import_all(GTask *task)
{
	Append *append = g_task_get_task_data(task);
	FerryOp *op = ferry_op_new(task, append->account, append->session);

	op->target_id = g_strdup(append->mailbox_id);
	g_array_set_size(op->items, append->messages->len);
	for (guint i = 0; i < append->messages->len; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);
		FerryAppendMessage *message = append->messages->pdata[i];

		item->message = message;
		item->import = TRUE;
		item->blob_id = g_strdup(append->blobs->pdata[i]);
		item->size = message->size;
		item->received_at = message->received_at;
		item->keywords = join_keywords(message);
		item->deleted = (message->flags & FERRY_MESSAGE_DELETED) != 0;
	}
	ferry_recover_again(append->account, append->session->jmap);
	append->made(op, append->begun_at, append->data);
}

static void
append_made(FerryOp *op, gint64 begun_at, gpointer data)
{
	ferry_op_lock_since(op, begun_at, append_locked);
}

static void
uploaded_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	Append *append = g_task_get_task_data(task);
	GError *error = NULL;

	append->blobs =
		ferry_upload_finish(FERRY_MAIL_ACCOUNT(source), result, &append->begun_at, &error);
	if (append->blobs != NULL)
		import_all(task);
	else
		fail(task, error);
}

static void
listed_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	Append *append = g_task_get_task_data(task);
	GError *error = NULL;

	if (!ferry_listing_wait_finish(FERRY_MAIL_ACCOUNT(source), result, &error)) {
		ferry_op_explain_target(&error);
		fail(task, error);
		return;
	}
	append->begun_at = g_get_monotonic_time();
	ferry_upload_async(append->account, append->session, append->messages, FERRY_UPLOAD_NONE,
			   append->begun_at, g_task_get_cancellable(task), uploaded_cb, task);
}

static gboolean
check(FerryAccountSession *self, FerryMailboxSlot *slot, GPtrArray *messages, GError **error)
{
	guint64 limit = ferry_account_session_get_max_upload(self);

	if (!ferry_rights_check_virtual(slot, error))
		return FALSE;
	if ((ferry_slot_get_rights(slot) & FERRY_RIGHT_ADD_ITEMS) == 0) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_NO_PERMISSION,
				    "messages may not be put into this mailbox");
		return FALSE;
	}
	for (guint i = 0; i < messages->len; i++) {
		if (((FerryAppendMessage *)messages->pdata[i])->size <= limit)
			continue;
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_TOO_BIG,
				    "the message is larger than the backend takes");
		return FALSE;
	}
	return TRUE;
}

static void
begin_append(GTask *task)
{
	Append *append = g_task_get_task_data(task);
	FerryAccountSession *self = append->session;
	GError *error = NULL;
	FerryMailboxSlot *slot = ferry_account_session_find_slot(self, append->name, TRUE, &error);

	if (slot == NULL || !check(self, slot, append->messages, &error)) {
		fail(task, error);
		return;
	}
	append->account = g_object_ref(slot->owner);
	append->mailbox_id = g_strdup(slot->stored->id);
	ferry_listing_wait_async(slot, self->account->settings->select_timeout_s, NULL, NULL, NULL,
				 g_task_get_cancellable(task), listed_cb, task);
}

static void
names_known_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	GTask *task = user_data;
	GError *error = NULL;
	g_autoptr(FerryMailboxList) list =
		ferry_account_session_list_finish(FERRY_ACCOUNT_SESSION(source), result, &error);

	if (list == NULL)
		fail(task, error);
	else
		begin_append(task);
}

void
ferry_op_begin_append(GTask *task, FerryAccountSession *session, const char *name,
		      GPtrArray *messages, FerryAppendMadeFunc made, gpointer data,
		      GDestroyNotify destroy)
{
	Append *append = g_new0(Append, 1);

	append->session = g_object_ref(session);
	append->name = g_strdup(name);
	append->messages = g_ptr_array_ref(messages);
	append->made = made;
	append->data = data;
	append->destroy = destroy;
	g_task_set_task_data(task, append, append_free);
	/* a name that is not known may have been made by another client a moment ago */
	if (ferry_account_session_find_slot(session, name, TRUE, NULL) != NULL)
		begin_append(task);
	else
		ferry_account_session_list_anew_async(session, g_task_get_cancellable(task),
						      names_known_cb, task);
}

/**
 * ferry_account_session_append_async:
 * @self: a session
 * @name: IMAP name of the mailbox
 * @messages: (element-type FerryAppendMessage): what to append, in this order
 * @cancellable: (nullable): to give up; what was begun is done
 * @callback: called when the backend has them and the store is durable
 * @user_data: for @callback
 *
 * APPEND, MULTIAPPEND: all of @messages or none.
 */
void
ferry_account_session_append_async(FerryAccountSession *self, const char *name, GPtrArray *messages,
				   GCancellable *cancellable, GAsyncReadyCallback callback,
				   gpointer user_data)
{
	GTask *task = g_task_new(self, cancellable, callback, user_data);

	g_task_set_source_tag(task, ferry_account_session_append_async);
	ferry_op_begin_append(task, self, name, messages, append_made, NULL, NULL);
}

/**
 * ferry_account_session_append_finish:
 * @self: a session
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: (transfer full): UIDVALIDITY and target UIDs in the order of the command (APPENDUID);
 *   %FERRY_ERROR_TRY_CREATE where there is no such mailbox
 */
FerryOutcome *
ferry_account_session_append_finish(FerryAccountSession *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}
