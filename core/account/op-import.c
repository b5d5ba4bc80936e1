/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Email/import
 *
 * Specification: RFC 8621 §4.8, RFC 9404 §4.1
 * Implementation: one call for as many as the backend takes, behind a call that makes the blobs of
 *   those that have none yet; the delta comes along with the last. What could not be made that way
 *   is uploaded, and imported then. A creation whose answer was lost is looked up
 */
#include <string.h>

#include "account/op-private.h"
#include "account/upload-private.h"
#include "jmap/blob.h"
#include "jmap/date.h"
#include "jmap/error.h"

#define MAX_IMPORT_TRIES 3
/* octets of blobs in one request, encoded: it is in memory several times over */
#define CHUNK_SIZE (1024 * 1024)

static void send_import(FerryOp *op);

void
ferry_item_take_id(FerryItem *item, const char *id)
{
	if (item->email_id == NULL)
		item->email_id = g_strdup(id);
	else if (strcmp(item->email_id, id) != 0)
		item->new_id = g_strdup(id);
}

static void
take_created(FerryItem *item, const char *id)
{
	ferry_item_take_id(item, id);
	item->created = TRUE;
	item->state = FERRY_ITEM_DONE;
}

static void
read_import(FerryOp *op, FerryItem *item, guint index, FerryJmapSetResult *set)
{
	g_autofree char *creation = g_strdup_printf("i%u", index);
	g_autoptr(GError) error = NULL;
	const char *id = ferry_jmap_set_result_get_created_id(set, creation, &error);

	item->lost = FALSE;
	if (id != NULL) {
		take_created(item, id);
		return;
	}
	id = ferry_jmap_error_get_existing_id(error);
	if (id != NULL) {
		ferry_item_take_id(item, id);
		item->existing = TRUE;
		return;
	}
	/* a blob that was not made, or is not known by that name: once more, the plain way */
	if (item->along == FERRY_ALONG_SENT && ferry_jmap_set_result_lacks_blob(set, creation)) {
		op->account->no_blob_creation |= item->made;
		item->along = FERRY_ALONG_REFUSED;
		return;
	}
	item->state = FERRY_ITEM_REFUSED;
	if (op->error == NULL)
		op->error = g_steal_pointer(&error);
}

static gboolean
is_waiting(const FerryItem *item)
{
	return item->import && item->state == FERRY_ITEM_TODO && !item->existing;
}

static void
write_import(FerryJmapBuilder *args, FerryOp *op, FerryItem *item, guint index)
{
	g_autofree char *creation = g_strdup_printf("i%u", index);
	g_auto(GStrv) keywords = g_strsplit(item->keywords, " ", -1);

	ferry_jmap_builder_name(args, creation);
	ferry_jmap_builder_begin_object(args);
	if (item->along == FERRY_ALONG_SENT) {
		g_autofree char *blob = g_strdup_printf("b%u", index);

		ferry_jmap_builder_set_creation_reference(args, "blobId", blob);
	} else {
		ferry_jmap_builder_set_string(args, "blobId", item->blob_id);
	}
	ferry_jmap_builder_name(args, "mailboxIds");
	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_bool(args, op->target_id, TRUE);
	ferry_jmap_builder_end_object(args);
	ferry_jmap_builder_name(args, "keywords");
	ferry_jmap_builder_begin_object(args);
	for (guint i = 0; keywords[i] != NULL; i++) {
		if (*keywords[i] != '\0')
			ferry_jmap_builder_set_bool(args, keywords[i], TRUE);
	}
	ferry_jmap_builder_end_object(args);
	if (item->received_at != FERRY_RECEIVED_NOW) {
		g_autofree char *date = ferry_jmap_date_format_utc(item->received_at);

		ferry_jmap_builder_set_string(args, "receivedAt", date);
	}
	ferry_jmap_builder_end_object(args);
}

/* the blobs that go along */

static gboolean
add_blobs(FerryOp *op, GError **error)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) blobs = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);

	op->blob_call = NULL;
	for (gsize i = op->from; i < op->to; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);
		GBytes *bytes;

		if (!is_waiting(item) || item->along != FERRY_ALONG_SENT)
			continue;
		bytes = ferry_append_message_dup_bytes(item->message, error);
		if (bytes == NULL)
			return FALSE;
		g_ptr_array_add(blobs, bytes);
		g_ptr_array_add(names, g_strdup_printf("b%u", (guint)i));
	}
	g_ptr_array_add(names, NULL);
	if (blobs->len > 0)
		op->blob_call = ferry_jmap_request_add_blob_creations(
			op->request, op->session->jmap, op->account->id,
			(const char *const *)names->pdata, blobs);
	return TRUE;
}

static void
read_blobs(FerryOp *op, FerryJmapReply *reply)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryJmapSetResult) set = NULL;

	if (op->blob_call == NULL)
		return;
	set = ferry_jmap_reply_parse_set(reply, op->blob_call, &error);
	if (set == NULL)
		ferry_upload_note_refusal(op->account, error);
	for (gsize i = op->from; set != NULL && i < op->to; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);
		g_autofree char *name = g_strdup_printf("b%u", (guint)i);
		g_autofree char *id = NULL;

		if (!is_waiting(item) || item->along != FERRY_ALONG_SENT)
			continue;
		/* its id is not kept: the blob may be gone with the request */
		id = ferry_jmap_set_result_dup_created_blob(set, name, item->size, NULL);
		item->made = id != NULL;
	}
}

/* What was imported from a blob that is not what we sent must go again. */
static void
check_blobs(FerryOp *op, const FerryItem *item)
{
	if (op->blob_call == NULL || item->message == NULL || item->along != FERRY_ALONG_SENT ||
	    item->made || item->state != FERRY_ITEM_DONE || op->error != NULL)
		return;
	g_set_error_literal(&op->error, FERRY_ERROR, FERRY_ERROR_BACKEND,
			    "the backend did not take a message as it was sent");
}

static void
uploaded_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryOp *op = user_data;
	g_autoptr(GPtrArray) blobs =
		ferry_upload_finish(FERRY_MAIL_ACCOUNT(source), result, NULL, &op->error);
	guint n = 0;

	if (blobs == NULL) {
		op->next(op);
		return;
	}
	for (guint i = 0; i < op->items->len; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		if (is_waiting(item) && item->along == FERRY_ALONG_REFUSED && item->blob_id == NULL)
			item->blob_id = g_strdup(blobs->pdata[n++]);
	}
	op->from = 0;
	send_import(op);
}

/* Those that could not go along are uploaded. Returns FALSE where there are none. */
static gboolean
upload_rest(FerryOp *op)
{
	g_autoptr(GPtrArray) messages = g_ptr_array_new_with_free_func(
		(GDestroyNotify)(void (*)(void))ferry_append_message_unref);

	for (guint i = 0; i < op->items->len; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		if (is_waiting(item) && item->blob_id == NULL)
			g_ptr_array_add(messages, ferry_append_message_ref(item->message));
	}
	if (messages->len == 0)
		return FALSE;
	ferry_upload_async(op->account, op->session, messages, FERRY_UPLOAD_STREAM,
			   op->account->lock_asked_at, NULL, uploaded_cb, op);
	return TRUE;
}

/* A request or an import that was refused whole: the blobs in it may be why. */
static gboolean
refuse_along(FerryOp *op, const GError *error)
{
	gboolean any = FALSE;

	if (ferry_upload_is_away(error) ||
	    g_error_matches(error, FERRY_JMAP_ERROR, FERRY_JMAP_ERROR_LOST_ANSWER))
		return FALSE;
	for (gsize i = op->from; i < op->to; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		if (!is_waiting(item) || item->along != FERRY_ALONG_SENT)
			continue;
		item->along = FERRY_ALONG_REFUSED;
		any = TRUE;
	}
	return any;
}

static void
import_failed(FerryOp *op, GError *error)
{
	g_clear_pointer(&op->sync, ferry_sync_free);
	if (g_error_matches(error, FERRY_JMAP_ERROR, FERRY_JMAP_ERROR_LOST_ANSWER) &&
	    op->tries++ < MAX_IMPORT_TRIES && ferry_op_has_time(op)) {
		g_error_free(error);
		for (gsize i = op->from; i < op->to; i++) {
			FerryItem *item = &g_array_index(op->items, FerryItem, i);

			item->lost = is_waiting(item);
		}
		ferry_op_look_up(op, send_import);
		return;
	}
	if (op->blob_call != NULL && refuse_along(op, error)) {
		g_error_free(error);
		op->from = op->to;
		send_import(op);
		return;
	}
	if (op->error == NULL)
		op->error = error;
	else
		g_error_free(error);
	op->next(op);
}

static void
imported_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryOp *op = user_data;
	GError *error = NULL;
	g_autoptr(FerryJmapReply) reply =
		ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &error);
	g_autoptr(FerryJmapSetResult) set = NULL;

	if (reply != NULL)
		set = ferry_jmap_reply_parse_set(reply, op->call_id, &error);
	if (reply != NULL)
		read_blobs(op, reply);
	if (set == NULL) {
		import_failed(op, error);
		return;
	}
	op->chained = FALSE;
	for (gsize i = op->from; i < op->to; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		if (is_waiting(item))
			read_import(op, item, (guint)i, set);
		check_blobs(op, item);
	}
	/* the delta came along in the same request */
	if (op->sync != NULL)
		ferry_sync_take_reply(op->sync, reply);
	op->from = op->to;
	send_import(op);
}

static guint64
get_octets(const FerryItem *item)
{
	return item->blob_id == NULL ? ferry_jmap_blob_get_encoded_size(item->size) : 0;
}

/* Whose turn it is: @to is behind the last. */
static guint
choose_items(FerryOp *op)
{
	guint limit = ferry_op_get_set_limit(op);
	guint64 size = MIN(
		CHUNK_SIZE,
		ferry_jmap_session_get_limit(op->session->jmap, FERRY_JMAP_LIMIT_SIZE_REQUEST) / 2);
	guint64 total = 0;
	guint n = 0;

	while (op->from < op->items->len &&
	       !is_waiting(&g_array_index(op->items, FerryItem, op->from)))
		op->from++;
	for (op->to = op->from; op->to < op->items->len && n < limit; op->to++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, op->to);

		if (!is_waiting(item))
			continue;
		total += get_octets(item);
		if (n > 0 && total > size)
			break;
		if (item->blob_id == NULL && item->along == FERRY_ALONG_NOT)
			item->along = FERRY_ALONG_SENT;
		n++;
	}
	return n;
}

static FerryJmapBuilder *
write_imports(FerryOp *op)
{
	FerryJmapBuilder *args = ferry_jmap_builder_new();

	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "accountId", op->account->id);
	ferry_jmap_builder_name(args, "emails");
	ferry_jmap_builder_begin_object(args);
	for (gsize i = op->from; i < op->to; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		if (is_waiting(item))
			write_import(args, op, item, (guint)i);
	}
	ferry_jmap_builder_end_object(args);
	ferry_jmap_builder_end_object(args);
	return args;
}

static void
send_import(FerryOp *op)
{
	g_autoptr(FerryJmapBuilder) args = NULL;
	guint n = choose_items(op);

	if (op->error != NULL || (n == 0 && !upload_rest(op))) {
		op->next(op);
		return;
	}
	if (n == 0)
		return;
	g_clear_object(&op->request);
	op->request = ferry_jmap_request_new();
	if (!add_blobs(op, &op->error)) {
		op->next(op);
		return;
	}
	args = write_imports(op);
	op->call_id = ferry_jmap_request_add_call(op->request, "Email/import", args);
	g_clear_pointer(&op->sync, ferry_sync_free);
	if (op->to == op->items->len) {
		op->sync = ferry_sync_new(op->account, op->session->jmap);
		/* push would tell of the mailboxes, and cost another request */
		if (op->account->account == NULL || !op->account->account->push_live)
			ferry_sync_set_emails_only(op->sync);
		ferry_sync_add_calls(op->sync, op->request);
	}
	ferry_jmap_request_set_repeatable(op->request, FALSE);
	ferry_mail_account_send_async(op->account, op->session->jmap, op->request,
				      FERRY_JMAP_SEND_ALONE, NULL, imported_cb, op);
}

void
ferry_op_import(FerryOp *op, FerryOpFunc next)
{
	op->next = next;
	op->from = 0;
	op->tries = 0;
	send_import(op);
}
