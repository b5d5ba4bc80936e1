/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making Emails: what APPEND and COPY have in common
 *
 * Specification: RFC 8621 §4.8 (Email/import)
 * Implementation: an intent first. What the backend has already, because it holds one Email per
 *   content, is put into the target too. A creation whose answer was lost is looked up
 */
#include <string.h>

#include "account/leftovers-private.h"
#include "account/op-private.h"
#include "account/op-remove-private.h"
#include "jmap/date.h"
#include "jmap/error.h"

#define MAX_IMPORT_TRIES 3

static void send_import(FerryOp *op);

/* The Email that stands for the item in the target. */
const char *
ferry_item_get_target_email(const FerryItem *item)
{
	return item->new_id != NULL ? item->new_id : item->email_id;
}

/* intents */

static gboolean
has_imports(FerryOp *op)
{
	for (guint i = 0; i < op->items->len; i++) {
		if (g_array_index(op->items, FerryItem, i).import)
			return TRUE;
	}
	return FALSE;
}

static GBytes *
write_intent(FerryOp *op)
{
	g_autoptr(FerryJmapBuilder) json = ferry_jmap_builder_new();
	char *text;

	ferry_jmap_builder_begin_object(json);
	ferry_jmap_builder_set_string(json, "mailbox", op->target_id);
	ferry_jmap_builder_name(json, "emails");
	ferry_jmap_builder_begin_array(json);
	for (guint i = 0; i < op->items->len; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		if (!item->import && !item->in_target && item->email_id != NULL)
			ferry_jmap_builder_string(json, item->email_id);
	}
	ferry_jmap_builder_end_array(json);
	if (has_imports(op)) {
		ferry_jmap_builder_set_string(json, "state", op->account->email_state);
		ferry_jmap_builder_name(json, "blobs");
		ferry_jmap_builder_begin_array(json);
		for (guint i = 0; i < op->items->len; i++) {
			FerryItem *item = &g_array_index(op->items, FerryItem, i);

			if (item->import)
				ferry_jmap_builder_string(json, item->blob_id);
		}
		ferry_jmap_builder_end_array(json);
	}
	ferry_jmap_builder_end_object(json);
	text = ferry_jmap_builder_to_json(json);
	return g_bytes_new_take(text, strlen(text));
}

void
ferry_op_intend(FerryOp *op, FerryOpFunc next)
{
	g_autoptr(GBytes) intent = write_intent(op);

	ferry_op_put_intent(op, intent, next);
}

/* importing */

void
ferry_item_take_id(FerryItem *item, const char *id)
{
	if (item->email_id == NULL)
		item->email_id = g_strdup(id);
	else if (strcmp(item->email_id, id) != 0)
		item->new_id = g_strdup(id);
}

static void
read_import(FerryOp *op, FerryItem *item, guint index, FerryJmapSetResult *set)
{
	g_autofree char *creation = g_strdup_printf("i%u", index);
	g_autoptr(GError) error = NULL;
	const char *id = ferry_jmap_set_result_get_created_id(set, creation, &error);

	item->lost = FALSE;
	if (id != NULL) {
		ferry_item_take_id(item, id);
		item->created = TRUE;
		item->state = FERRY_ITEM_DONE;
		return;
	}
	id = ferry_jmap_error_get_existing_id(error);
	if (id != NULL) {
		ferry_item_take_id(item, id);
		item->existing = TRUE;
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
	ferry_jmap_builder_set_string(args, "blobId", item->blob_id);
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
	if (item->received_at >= 0) {
		g_autofree char *date = ferry_jmap_date_format_utc(item->received_at);

		ferry_jmap_builder_set_string(args, "receivedAt", date);
	}
	ferry_jmap_builder_end_object(args);
}

static void
import_failed(FerryOp *op, GError *error)
{
	g_clear_pointer(&op->sync, ferry_sync_free);
	if (g_error_matches(error, FERRY_JMAP_ERROR, FERRY_JMAP_ERROR_LOST_ANSWER) &&
	    op->tries++ < MAX_IMPORT_TRIES) {
		g_error_free(error);
		for (gsize i = op->from; i < op->to; i++) {
			FerryItem *item = &g_array_index(op->items, FerryItem, i);

			item->lost = is_waiting(item);
		}
		ferry_op_look_up(op, send_import);
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
	if (set == NULL) {
		import_failed(op, error);
		return;
	}
	op->chained = FALSE;
	for (gsize i = op->from; i < op->to; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		if (is_waiting(item))
			read_import(op, item, (guint)i, set);
	}
	/* the delta came along in the same request */
	if (op->sync != NULL)
		ferry_sync_take_reply(op->sync, reply);
	op->from = op->to;
	send_import(op);
}

static void
send_import(FerryOp *op)
{
	g_autoptr(FerryJmapBuilder) args = ferry_jmap_builder_new();
	guint limit = ferry_op_get_set_limit(op);
	guint n = 0;

	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "accountId", op->account->id);
	ferry_jmap_builder_name(args, "emails");
	ferry_jmap_builder_begin_object(args);
	while (op->from < op->items->len &&
	       !is_waiting(&g_array_index(op->items, FerryItem, op->from)))
		op->from++;
	for (op->to = op->from; op->to < op->items->len && n < limit; op->to++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, op->to);

		if (!is_waiting(item))
			continue;
		write_import(args, op, item, (guint)op->to);
		n++;
	}
	ferry_jmap_builder_end_object(args);
	ferry_jmap_builder_end_object(args);
	if (n == 0 || op->error != NULL) {
		op->next(op);
		return;
	}
	g_clear_object(&op->request);
	op->request = ferry_jmap_request_new();
	op->call_id = ferry_jmap_request_add_call(op->request, "Email/import", args);
	g_clear_pointer(&op->sync, ferry_sync_free);
	if (op->to == op->items->len) {
		op->sync = ferry_sync_new(op->account, op->session->jmap);
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

/* adopting what exists */

static void
write_adoption(FerryOp *op, const FerryItem *item, FerryJmapBuilder *patch)
{
	g_auto(GStrv) keywords = g_strsplit(item->keywords, " ", -1);

	ferry_jmap_builder_set_patch(patch, "mailboxIds", op->target_id, TRUE);
	/* added, never removed: the Email may be read elsewhere already */
	for (guint i = 0; keywords[i] != NULL; i++) {
		if (*keywords[i] != '\0')
			ferry_jmap_builder_set_patch(patch, "keywords", keywords[i], TRUE);
	}
}

static void
places_known(FerryOp *op)
{
	for (guint i = 0; i < op->items->len; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		for (guint j = 0; item->existing && j < item->mailboxes->len; j++)
			item->in_target |= strcmp(item->mailboxes->pdata[j], op->target_id) == 0;
	}
	op->write_patch = write_adoption;
	g_clear_pointer(&op->sync, ferry_sync_free);
	ferry_op_send_patches(op, op->after);
}

void
ferry_op_adopt(FerryOp *op, FerryOpFunc next)
{
	gboolean any = FALSE;

	for (guint i = 0; i < op->items->len; i++)
		any |= g_array_index(op->items, FerryItem, i).existing;
	if (!any || op->error != NULL) {
		next(op);
		return;
	}
	op->after = next;
	ferry_op_find_mailboxes(op, places_known);
}

/* undoing */

static void
fill_undone(FerryStoreBatch *batch, FerryOp *op, gboolean fast)
{
	if (op->intent != 0)
		ferry_store_batch_remove_intent(batch, op->intent);
}

static void
undo_told(FerryOp *op)
{
	ferry_op_fail(op, g_steal_pointer(&op->undo_error));
}

static void
undo_removed(FerryOp *op)
{
	/* what could not be undone now is tried again, by the intent */
	if (op->error != NULL) {
		g_warning("account: an incomplete command was not undone yet: %s",
			  op->error->message);
		ferry_op_fail(op, g_steal_pointer(&op->undo_error));
		return;
	}
	op->fill = fill_undone;
	op->chained = FALSE;
	ferry_op_commit(op, undo_told);
}

void
ferry_op_undo(FerryOp *op)
{
	g_clear_pointer(&op->sync, ferry_sync_free);
	op->undo_error = g_steal_pointer(&op->error);
	for (guint i = 0; i < op->items->len; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);
		gboolean ours = (item->state == FERRY_ITEM_DONE || item->lost) &&
				!item->in_target && ferry_item_get_target_email(item) != NULL;

		/* only what we did ourselves, or may have done: not what was in the mailbox before
		 */
		item->state = ours ? FERRY_ITEM_TODO : FERRY_ITEM_REFUSED;
		if (item->new_id != NULL) {
			g_free(item->email_id);
			item->email_id = g_steal_pointer(&item->new_id);
		}
	}
	ferry_op_remove_emails(op, undo_removed);
}

/* overtaking */

static gboolean
names_any(FerryJmapValue *value, const char *member, GHashTable *set)
{
	g_auto(GStrv) names = ferry_jmap_value_dup_strings(value, member);

	for (guint i = 0; names != NULL && names[i] != NULL; i++) {
		if (g_hash_table_contains(set, names[i]))
			return TRUE;
	}
	return FALSE;
}

static gboolean
names_imports(FerryJmapValue *value)
{
	g_auto(GStrv) blobs = ferry_jmap_value_dup_strings(value, "blobs");

	return blobs != NULL && blobs[0] != NULL;
}

/* An older command failed and could not be undone; now the same is there by right. To undo that
 * one later would take away what this one is about to acknowledge. */
static void
remove_overtaken(FerryStoreBatch *batch, FerryOp *op)
{
	GPtrArray *list = ferry_leftovers_list(op->session->account->store, op->account->key);
	g_autoptr(GHashTable) ours = g_hash_table_new(g_str_hash, g_str_equal);
	gboolean adopted = FALSE;

	g_clear_pointer(&op->overtaken, g_array_unref);
	if (list == NULL)
		return;
	op->overtaken = g_array_new(FALSE, FALSE, sizeof(gint64));
	for (guint i = 0; i < op->items->len; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		if (item->blob_id != NULL)
			g_hash_table_add(ours, item->blob_id);
		if (item->email_id != NULL)
			g_hash_table_add(ours, item->email_id);
		if (item->new_id != NULL)
			g_hash_table_add(ours, item->new_id);
		adopted |= item->existing;
	}
	for (guint i = 0; i < list->len; i++) {
		FerryLeftover *leftover = list->pdata[i];
		const char *mailbox = ferry_jmap_value_get_string(leftover->value, "mailbox");

		/* the blob of an Email that was there already may have another id than ours */
		if (leftover->intent == op->intent || g_strcmp0(mailbox, op->target_id) != 0 ||
		    !(names_any(leftover->value, "blobs", ours) ||
		      names_any(leftover->value, "emails", ours) ||
		      (adopted && names_imports(leftover->value))))
			continue;
		ferry_store_batch_remove_intent(batch, leftover->intent);
		g_array_append_val(op->overtaken, leftover->intent);
	}
}

/* UIDs */

void
ferry_op_fill_targets(FerryStoreBatch *batch, FerryOp *op)
{
	for (guint i = 0; i < op->items->len; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);
		const char *id = ferry_item_get_target_email(item);

		if (item->state != FERRY_ITEM_DONE || id == NULL)
			continue;
		/* it was there before: the old UID goes, so that whoever removes that one does not
		 * remove what was just put here */
		if (item->in_target && item->new_id == NULL)
			item->asked = ferry_store_batch_renew(batch, op->target_id, id);
		else
			item->asked = ferry_store_batch_ask(batch, op->target_id, id);
	}
	if (op->intent != 0)
		ferry_store_batch_remove_intent(batch, op->intent);
	remove_overtaken(batch, op);
}

void
ferry_op_tell_targets(FerryOp *op, gboolean with_sources)
{
	FerryMailboxSlot *slot = ferry_mail_account_find(op->account, op->target_id);

	if (slot != NULL)
		op->outcome->uidvalidity = slot->stored->uidvalidity;
	for (guint i = 0; i < op->items->len; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);
		guint32 uid = 0;

		if (item->state != FERRY_ITEM_DONE)
			continue;
		if (item->asked < op->delta->n_uids)
			uid = op->delta->uids[item->asked];
		if (uid == 0)
			continue;
		if (with_sources)
			g_array_append_val(op->outcome->source, item->uid);
		g_array_append_val(op->outcome->target, uid);
	}
}
