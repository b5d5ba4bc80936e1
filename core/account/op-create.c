/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making Emails: what APPEND and COPY have in common
 *
 * Specification: RFC 8621 §4.8 (Email/import)
 * Implementation: an intent first. What the backend has already, because it holds one Email per
 *   content, is put into the target too. A creation whose answer was lost is looked up
 */
#include <string.h>

#include "account/op-private.h"
#include "account/op-remove-private.h"
#include "jmap/error.h"

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
		ferry_jmap_builder_set_string(json, "state", op->intent_state);
		if (op->intent_uidnext != 0)
			ferry_jmap_builder_set_uint(json, "uidnext", op->intent_uidnext);
		ferry_jmap_builder_name(json, "blobs");
		ferry_jmap_builder_begin_array(json);
		for (guint i = 0; i < op->items->len; i++) {
			FerryItem *item = &g_array_index(op->items, FerryItem, i);

			if (item->import && item->blob_id != NULL)
				ferry_jmap_builder_string(json, item->blob_id);
		}
		ferry_jmap_builder_end_array(json);
		ferry_jmap_builder_name(json, "digests");
		ferry_jmap_builder_begin_array(json);
		for (guint i = 0; i < op->items->len; i++) {
			FerryItem *item = &g_array_index(op->items, FerryItem, i);

			if (item->import && item->digest != NULL)
				ferry_jmap_builder_string(json, item->digest);
		}
		ferry_jmap_builder_end_array(json);
	}
	if (op->write_condition != NULL)
		op->write_condition(op, json);
	ferry_jmap_builder_end_object(json);
	text = ferry_jmap_builder_to_json(json);
	return g_bytes_new_take(text, strlen(text));
}

/* What has no blob yet is known by its octets. */
static gboolean
make_digests(FerryOp *op, GError **error)
{
	for (guint i = 0; i < op->items->len; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);
		g_autoptr(GBytes) bytes = NULL;

		if (!item->import || item->blob_id != NULL)
			continue;
		bytes = ferry_append_message_dup_bytes(item->message, error);
		if (bytes == NULL)
			return FALSE;
		g_free(item->digest);
		item->digest = ferry_op_make_digest(bytes);
	}
	return TRUE;
}

/* Size and SHA-256, as intents have it. */
char *
ferry_op_make_digest(GBytes *bytes)
{
	g_autofree char *sum = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes);

	return g_strdup_printf("%" G_GSIZE_FORMAT ":%s", g_bytes_get_size(bytes), sum);
}

static void
put(FerryOp *op, FerryOpFunc next, FerryOpFunc again)
{
	g_autoptr(GBytes) intent = NULL;
	GError *error = NULL;

	if (!make_digests(op, &error)) {
		ferry_op_fail(op, error);
		return;
	}
	intent = write_intent(op);
	ferry_op_put_intent(op, intent, next, again);
}

void
ferry_op_intend(FerryOp *op, FerryOpFunc next, FerryOpFunc again)
{
	FerryMailboxSlot *slot = ferry_mail_account_find(op->account, op->target_id);

	g_free(op->intent_state);
	op->intent_state = g_strdup(op->account->email_state);
	op->intent_uidnext = slot != NULL ? slot->stored->uidnext : 0;
	put(op, next, again);
}

void
ferry_op_intend_again(FerryOp *op, FerryOpFunc next)
{
	put(op, next, NULL);
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

/* why it was refused */

static gboolean
has_lost_source(FerryOp *op)
{
	guint32 row;

	if (op->mailbox == NULL || op->mailbox->view == NULL)
		return FALSE;
	for (guint i = 0; i < op->items->len; i++) {
		guint32 uid = g_array_index(op->items, FerryItem, i).uid;

		if (uid != 0 && !ferry_view_find_uid(op->mailbox->view, uid, &row))
			return TRUE;
	}
	return FALSE;
}

/* Where the target of a command is gone when it is looked for. */
void
ferry_op_explain_target(GError **error)
{
	if (!g_error_matches(*error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND))
		return;
	g_clear_error(error);
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_TRY_CREATE,
			    "the mailbox does not exist");
}

/* A backend finds the arguments wrong where somebody removed what they name before it got to know
 * of it: the mailbox, or the message whose blob was to be imported. Called when the account is up
 * to date again. */
void
ferry_op_explain(FerryOp *op, GError **error)
{
	if (*error == NULL || ferry_jmap_error_to_ferry(*error) != FERRY_ERROR_CANNOT)
		return;
	if (ferry_mail_account_find(op->account, op->target_id) == NULL) {
		g_clear_error(error);
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_TRY_CREATE,
				    "the mailbox does not exist");
	} else if (has_lost_source(op)) {
		g_clear_error(error);
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_EXPUNGED,
				    "some of these messages are gone");
	}
}

/* Where each of the messages has to be there: */

static GError *
gone_error(void)
{
	return g_error_new_literal(FERRY_ERROR, FERRY_ERROR_EXPUNGED,
				   "some of these messages are gone");
}

gboolean
ferry_op_fail_if_gone(FerryOp *op)
{
	if (!op->strict || op->outcome->missing->len == 0)
		return FALSE;
	ferry_op_fail(op, gone_error());
	return TRUE;
}

void
ferry_op_note_gone(FerryOp *op)
{
	if (op->strict && op->error == NULL && ferry_op_count(op, FERRY_ITEM_MISSING) > 0)
		op->error = gone_error();
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
	ferry_op_explain(op, &op->undo_error);
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

/* Of what was made without an answer nobody knows even the id: looking it up failed too. */
static gboolean
has_unknown(FerryOp *op)
{
	for (guint i = 0; i < op->items->len; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		if (item->lost && ferry_item_get_target_email(item) == NULL)
			return TRUE;
	}
	return FALSE;
}

void
ferry_op_undo(FerryOp *op)
{
	g_clear_pointer(&op->sync, ferry_sync_free);
	op->undo_error = g_steal_pointer(&op->error);
	if (has_unknown(op)) {
		ferry_op_fail(op, g_steal_pointer(&op->undo_error));
		return;
	}
	for (guint i = 0; i < op->items->len; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);
		gboolean ours = (item->state == FERRY_ITEM_DONE || item->lost) &&
				(!item->in_target || item->new_id != NULL) &&
				ferry_item_get_target_email(item) != NULL;

		/* only what we did ourselves, or may have done: not what was in the mailbox before,
		 * but the second Email that was made beside it
		 */
		item->state = ours ? FERRY_ITEM_TODO : FERRY_ITEM_REFUSED;
		if (item->new_id != NULL) {
			g_free(item->email_id);
			item->email_id = g_steal_pointer(&item->new_id);
		}
	}
	/* the client has waited for long enough: the intent stands for it */
	if (!ferry_op_has_time(op))
		ferry_op_fail(op, g_steal_pointer(&op->undo_error));
	else
		ferry_op_remove_emails(op, undo_removed);
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
