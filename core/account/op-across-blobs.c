/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copying between JMAP accounts where Email/copy is refused
 *
 * Specification: RFC 8620 §6.3 (Blob/copy), RFC 8621 §4.8 (Email/import)
 * Implementation: the blobs are copied, many in a call, and imported under the target's lock like
 *   those of an APPEND. What cannot be copied as a blob is read and goes to the target as an
 *   appended message does, chunk by chunk. Keywords and receivedAt are those of the copy; either
 *   all arrive or none (op-create.c)
 */
#include <string.h>

#include "account/op-copy-private.h"
#include "account/outcome-private.h"
#include "jmap/error.h"

/* octets in a millisecond; what they need is not the command's time */
#define SLOWEST_LINK 128
/* in a call: Cyrus takes some ms for each */
#define MAX_BLOBS 500

static void copy_blobs(FerryOp *op);
static void read_chunk(FerryOp *op);

gboolean
ferry_op_is_refused_copy(const GError *error)
{
	return ferry_jmap_error_to_ferry(error) == FERRY_ERROR_CANNOT;
}

static gboolean
waits(const FerryItem *item, FerryWay way)
{
	return item->way == way && !item->import && item->state == FERRY_ITEM_TODO;
}

static void
finish(FerryOp *op)
{
	FerryAcross *across = op->extra;

	g_clear_object(&across->reader);
	g_clear_pointer(&across->messages, g_ptr_array_unref);
	across->imported(op);
}

/* by their octets */

static void
release_chunk(FerryOp *op)
{
	FerryAcross *across = op->extra;

	for (guint i = 0; i < op->items->len; i++)
		g_array_index(op->items, FerryItem, i).message = NULL;
	g_clear_pointer(&across->messages, g_ptr_array_unref);
	if (op->error != NULL)
		finish(op);
	else
		read_chunk(op);
}

static void
import_chunk(FerryOp *op)
{
	ferry_op_import(op, release_chunk);
}

static void
take_message(FerryOp *op, FerryItem *item, FerryMessageData *data)
{
	FerryAcross *across = op->extra;
	const GError *error = ferry_message_data_get_error(data);
	FerryAppendMessage *message;

	if (g_error_matches(error, FERRY_ERROR, FERRY_ERROR_EXPUNGED)) {
		item->state = FERRY_ITEM_MISSING;
		return;
	}
	if (error != NULL) {
		item->state = FERRY_ITEM_REFUSED;
		if (op->error == NULL)
			op->error = g_error_copy(error);
		return;
	}
	message = ferry_append_message_new_bytes(ferry_message_data_get_raw(data));
	g_ptr_array_add(across->messages, message);
	item->message = message;
	item->size = message->size;
	item->import = TRUE;
	g_clear_pointer(&item->blob_id, g_free);
	op->account->lock_asked_at =
		MIN(g_get_monotonic_time(),
		    op->account->lock_asked_at +
			    (gint64)(message->size / SLOWEST_LINK) * G_TIME_SPAN_MILLISECOND);
}

static void
take_chunk(FerryOp *op, GPtrArray *chunk)
{
	g_autoptr(GHashTable) by_uid = g_hash_table_new(NULL, NULL);

	for (guint i = 0; i < op->items->len; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		if (waits(item, FERRY_WAY_OCTETS))
			g_hash_table_insert(by_uid, GUINT_TO_POINTER(item->uid), item);
	}
	for (guint i = 0; i < chunk->len; i++) {
		FerryMessageData *data = chunk->pdata[i];
		guint32 uid = ferry_message_data_get_uid(data);
		FerryItem *item = g_hash_table_lookup(by_uid, GUINT_TO_POINTER(uid));

		if (item != NULL)
			take_message(op, item, data);
	}
}

static void
chunk_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryOp *op = user_data;
	FerryAcross *across = op->extra;
	g_autoptr(GPtrArray) chunk =
		ferry_message_reader_next_finish(FERRY_MESSAGE_READER(source), result, &op->error);

	if (chunk == NULL) {
		finish(op);
		return;
	}
	across->messages = g_ptr_array_new_with_free_func(
		(GDestroyNotify)(void (*)(void))ferry_append_message_unref);
	take_chunk(op, chunk);
	if (op->error != NULL)
		finish(op);
	else if (across->messages->len == 0)
		read_chunk(op);
	else
		ferry_op_intend_again(op, import_chunk);
}

static void
read_chunk(FerryOp *op)
{
	FerryAcross *across = op->extra;

	g_clear_pointer(&across->messages, g_ptr_array_unref);
	ferry_message_reader_next_async(across->reader, NULL, chunk_cb, op);
}

static int
compare_uids(gconstpointer a, gconstpointer b)
{
	guint32 first = *(const guint32 *)a;
	guint32 second = *(const guint32 *)b;

	return first < second ? -1 : first > second;
}

static void
read_rest(FerryOp *op)
{
	FerryAcross *across = op->extra;
	g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(guint32));

	for (guint i = 0; i < op->items->len; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		if (waits(item, FERRY_WAY_OCTETS))
			g_array_append_val(uids, item->uid);
	}
	if (uids->len == 0 || op->error != NULL) {
		finish(op);
		return;
	}
	g_array_sort(uids, compare_uids);
	across->reader = ferry_mailbox_read(across->source, op->session,
					    (const guint32 *)(gconstpointer)uids->data, uids->len,
					    FERRY_NEED_RAW);
	read_chunk(op);
}

/* by their blobs */

static void
import_blobs(FerryOp *op)
{
	ferry_op_import(op, read_rest);
}

static void
take_blob(FerryOp *op, FerryItem *item, FerryJmapValue *copied)
{
	FerryAcross *across = op->extra;
	const char *id = copied != NULL && item->blob_id != NULL
				 ? ferry_jmap_value_get_string(copied, item->blob_id)
				 : NULL;

	if (id == NULL) {
		item->way = FERRY_WAY_OCTETS;
		return;
	}
	item->import = TRUE;
	if (strcmp(id, item->blob_id) == 0)
		return;
	across->other_ids = TRUE;
	g_free(item->blob_id);
	item->blob_id = g_strdup(id);
}

static void
blobs_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryOp *op = user_data;
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryJmapReply) reply =
		ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &error);
	g_autoptr(FerryJmapValue) got = NULL;
	g_autoptr(FerryJmapValue) copied = NULL;
	gsize end = op->to;

	if (reply != NULL)
		got = ferry_jmap_reply_get_result(reply, op->call_id, &error);
	if (got == NULL && !ferry_op_is_refused_copy(error)) {
		op->error = g_steal_pointer(&error);
		finish(op);
		return;
	}
	/* refused for one, refused for all */
	if (got == NULL)
		end = op->items->len;
	else
		copied = ferry_jmap_value_get_member(got, "copied");
	for (gsize i = op->from; i < end; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		if (waits(item, FERRY_WAY_BLOB))
			take_blob(op, item, copied);
	}
	op->from = end;
	copy_blobs(op);
}

/* The blobs whose turn it is, each once. */
static GPtrArray *
choose_blobs(FerryOp *op)
{
	guint limit = MIN(ferry_op_get_set_limit(op), MAX_BLOBS);
	g_autoptr(GHashTable) chosen = g_hash_table_new(g_str_hash, g_str_equal);
	GPtrArray *ids = g_ptr_array_new();

	for (op->to = op->from; op->to < op->items->len && ids->len < limit; op->to++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, op->to);

		if (waits(item, FERRY_WAY_BLOB) && item->blob_id != NULL &&
		    g_hash_table_add(chosen, item->blob_id))
			g_ptr_array_add(ids, item->blob_id);
	}
	return ids;
}

static void
copy_blobs(FerryOp *op)
{
	FerryAcross *across = op->extra;
	g_autoptr(GPtrArray) ids = choose_blobs(op);
	g_autoptr(FerryJmapBuilder) args = NULL;

	if (ids->len == 0) {
		/* what is written down must name what will appear */
		if (across->other_ids)
			ferry_op_intend_again(op, import_blobs);
		else
			import_blobs(op);
		return;
	}
	args = ferry_jmap_builder_new();
	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "fromAccountId", across->source->owner->id);
	ferry_jmap_builder_set_string(args, "accountId", op->account->id);
	ferry_jmap_builder_set_strings(args, "blobIds", (const char *const *)ids->pdata, ids->len);
	ferry_jmap_builder_end_object(args);
	g_clear_object(&op->request);
	op->request = ferry_jmap_request_new();
	op->call_id = ferry_jmap_request_add_call(op->request, "Blob/copy", args);
	/* a blob that nobody imports is nothing */
	ferry_jmap_request_set_repeatable(op->request, TRUE);
	ferry_mail_account_send_async(op->account, op->session->jmap, op->request,
				      FERRY_JMAP_SEND_NONE, NULL, blobs_cb, op);
}

void
ferry_op_import_across(FerryOp *op, FerryOpFunc next)
{
	FerryAcross *across = op->extra;

	across->imported = next;
	for (guint i = 0; i < op->items->len; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		if (item->way != FERRY_WAY_BLOB)
			continue;
		/* that of the source, which the new Email has nothing to do with */
		g_clear_pointer(&item->email_id, g_free);
		item->import = FALSE;
		if (item->blob_id == NULL)
			item->way = FERRY_WAY_OCTETS;
	}
	op->from = 0;
	copy_blobs(op);
}
