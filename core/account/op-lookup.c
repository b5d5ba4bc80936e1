/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking up what a request made whose answer was lost
 *
 * Specification: RFC 8620 §5.2, RFC 8621 §4.3
 * Implementation: what is new in the target (candidates.c) is compared by blob, else by its octets:
 *   one match for one creation counts, none is repeated, what cannot be told is an error
 */
#include <string.h>

#include "account/candidates-private.h"
#include "account/op-private.h"
#include "jmap/error.h"

typedef struct {
	FerryOp *op;
	GArray *candidates;
	gboolean ambiguous;
} Lookup;

static void
finish_lookup(Lookup *lookup)
{
	FerryOp *op = lookup->op;
	gboolean ambiguous = lookup->ambiguous;

	for (guint i = 0; i < op->items->len; i++)
		g_array_index(op->items, FerryItem, i).lost = FALSE;
	g_array_unref(lookup->candidates);
	g_free(lookup);
	if (ambiguous) {
		/* never a silent repeat */
		g_set_error_literal(&op->error, FERRY_ERROR, FERRY_ERROR_UNAVAILABLE,
				    "it is not known whether the message was stored");
		op->next(op);
		return;
	}
	op->after(op);
}

static gboolean
is_same(FerryItem *item, GBytes *bytes)
{
	g_autoptr(GBytes) ours = NULL;

	if (item->message == NULL || g_bytes_get_size(bytes) != item->message->size)
		return FALSE;
	ours = ferry_append_message_dup_bytes(item->message, NULL);
	return ours != NULL && g_bytes_equal(ours, bytes);
}

static void
match(FerryItem *item, FerryCandidate *candidate)
{
	candidate->taken = TRUE;
	ferry_item_take_id(item, candidate->id);
	item->created = TRUE;
	item->lost = FALSE;
	item->state = FERRY_ITEM_DONE;
}

/* By the octets: those whose blob has another id in its Email, or none that we know. */
static void
compare_cb(FerryCandidate *candidate, GBytes *bytes, gpointer user_data)
{
	Lookup *lookup = user_data;
	GArray *items = lookup->op->items;

	for (guint i = 0; i < items->len && !candidate->taken; i++) {
		FerryItem *item = &g_array_index(items, FerryItem, i);

		if (!item->lost || item->size != candidate->size)
			continue;
		/* a copy has nothing here that it could be compared with: whose it is cannot be
		 * told */
		if (bytes == NULL || item->message == NULL)
			lookup->ambiguous = TRUE;
		else if (is_same(item, bytes))
			match(item, candidate);
	}
}

static void
compared_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	ferry_read_candidates_finish(FERRY_MAIL_ACCOUNT(source), result);
	finish_lookup(user_data);
}

static gboolean
is_lost_size(FerryOp *op, guint64 size)
{
	for (guint i = 0; i < op->items->len; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		if (item->lost && item->size == size)
			return TRUE;
	}
	return FALSE;
}

static void
match_blobs(Lookup *lookup)
{
	for (guint i = 0; i < lookup->candidates->len; i++) {
		FerryCandidate *candidate = &g_array_index(lookup->candidates, FerryCandidate, i);

		for (guint j = 0; j < lookup->op->items->len && !candidate->taken; j++) {
			FerryItem *item = &g_array_index(lookup->op->items, FerryItem, j);

			if (item->lost && g_strcmp0(item->blob_id, candidate->blob_id) == 0)
				match(item, candidate);
		}
	}
	for (guint i = 0; i < lookup->candidates->len; i++) {
		FerryCandidate *candidate = &g_array_index(lookup->candidates, FerryCandidate, i);

		candidate->wanted = !candidate->taken && is_lost_size(lookup->op, candidate->size);
	}
}

static void
found_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryOp *op = user_data;
	GError *error = NULL;
	GArray *candidates =
		ferry_find_candidates_finish(FERRY_MAIL_ACCOUNT(source), result, &error);
	Lookup *lookup;

	if (candidates == NULL) {
		g_clear_error(&op->error);
		op->error = error;
		op->next(op);
		return;
	}
	lookup = g_new0(Lookup, 1);
	lookup->op = op;
	lookup->candidates = candidates;
	match_blobs(lookup);
	ferry_read_candidates_async(op->account, op->session, candidates, compare_cb, lookup,
				    compared_cb, lookup);
}

void
ferry_op_look_up(FerryOp *op, FerryOpFunc repeat)
{
	FerryMailboxSlot *slot = ferry_mail_account_find(op->account, op->target_id);
	guint64 min_size = G_MAXUINT64, max_size = 0;

	op->after = repeat;
	for (guint i = 0; i < op->items->len; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		if (!item->lost)
			continue;
		/* that of a copy is not known */
		min_size = item->message != NULL ? MIN(min_size, item->size) : 0;
		max_size = item->message != NULL ? MAX(max_size, item->size) : G_MAXUINT64;
	}
	ferry_find_candidates_async(
		op->account, op->session, op->target_id, op->account->email_state,
		slot != NULL ? slot->stored->uidnext : 1, min_size, max_size, found_cb, op);
}
