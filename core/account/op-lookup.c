/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking up what a request made whose answer was lost
 *
 * Specification: RFC 8620 §5.2, RFC 8621 §4.3
 * Implementation: what is new since the state before and in the target is compared by blob, else by
 *   its octets: one match for one creation counts, none is repeated, more is an error
 */
#include <string.h>
#include <sys/mman.h>

#include "account/op-private.h"
#include "jmap/blob.h"
#include "jmap/error.h"
#include "jmap/method.h"

#define MAX_CANDIDATES 64

typedef struct {
	char *id;
	char *blob_id;
	guint64 size;
	gboolean taken;
	gboolean unread; /* its octets could not be got */
} Candidate;

typedef struct {
	FerryOp *op;
	GArray *candidates;
	guint index; /* of the candidate that is compared */
	FerryItem *item;
} Lookup;

static void
clear_candidate(gpointer data)
{
	Candidate *candidate = data;

	g_free(candidate->id);
	g_free(candidate->blob_id);
}

static void
lookup_free(Lookup *lookup)
{
	g_array_unref(lookup->candidates);
	g_free(lookup);
}

static void compare_next(Lookup *lookup);

/* More Emails of one size than creations that were lost: whose they are cannot be told. */
static gboolean
is_ambiguous(Lookup *lookup, const FerryItem *item)
{
	for (guint i = 0; i < lookup->candidates->len; i++) {
		const Candidate *candidate = &g_array_index(lookup->candidates, Candidate, i);

		if (!candidate->taken && candidate->unread && candidate->size == item->size)
			return TRUE;
	}
	return FALSE;
}

static void
finish_lookup(Lookup *lookup)
{
	FerryOp *op = lookup->op;
	gboolean ambiguous = FALSE;

	for (guint i = 0; i < op->items->len; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		ambiguous |= item->lost && is_ambiguous(lookup, item);
		item->lost = FALSE;
	}
	lookup_free(lookup);
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
	gsize size;
	const void *data = g_bytes_get_data(bytes, &size);
	gboolean same;
	void *mapped;

	if (item->message == NULL || size != item->message->size)
		return FALSE;
	if (size == 0)
		return TRUE;
	if (item->message->bytes != NULL)
		return g_bytes_equal(item->message->bytes, bytes);
	mapped = mmap(NULL, size, PROT_READ, MAP_PRIVATE, item->message->fd, 0);
	if (mapped == MAP_FAILED)
		return FALSE;
	same = memcmp(mapped, data, size) == 0;
	munmap(mapped, size);
	return same;
}

static void
match(FerryItem *item, Candidate *candidate)
{
	candidate->taken = TRUE;
	ferry_item_take_id(item, candidate->id);
	item->created = TRUE;
	item->lost = FALSE;
	item->state = FERRY_ITEM_DONE;
}

static void
compared_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	Lookup *lookup = user_data;
	Candidate *candidate = &g_array_index(lookup->candidates, Candidate, lookup->index);
	g_autoptr(GBytes) bytes =
		ferry_jmap_session_download_finish(FERRY_JMAP_SESSION(source), result, NULL);

	candidate->unread = bytes == NULL;
	if (bytes != NULL && is_same(lookup->item, bytes))
		match(lookup->item, candidate);
	lookup->index++;
	compare_next(lookup);
}

static FerryItem *
find_lost_of_size(FerryOp *op, guint64 size)
{
	for (guint i = 0; i < op->items->len; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		if (item->lost && item->size == size)
			return item;
	}
	return NULL;
}

/* By the octets: those whose blob has another id in its Email. */
static void
compare_next(Lookup *lookup)
{
	for (; lookup->index < lookup->candidates->len; lookup->index++) {
		Candidate *candidate = &g_array_index(lookup->candidates, Candidate, lookup->index);

		lookup->item = find_lost_of_size(lookup->op, candidate->size);
		if (candidate->taken || lookup->item == NULL)
			continue;
		ferry_jmap_session_download_async(lookup->op->session->jmap,
						  lookup->op->account->id, candidate->blob_id,
						  candidate->size, NULL, compared_cb, lookup);
		return;
	}
	finish_lookup(lookup);
}

static void
match_blobs(Lookup *lookup)
{
	for (guint i = 0; i < lookup->candidates->len; i++) {
		Candidate *candidate = &g_array_index(lookup->candidates, Candidate, i);

		for (guint j = 0; j < lookup->op->items->len && !candidate->taken; j++) {
			FerryItem *item = &g_array_index(lookup->op->items, FerryItem, j);

			if (item->lost && strcmp(item->blob_id, candidate->blob_id) == 0)
				match(item, candidate);
		}
	}
}

static void
collect_candidates(Lookup *lookup, FerryJmapValue *got)
{
	FerryJmapValueIter iter;
	FerryJmapValue *email;

	if (!ferry_jmap_value_iter_init(&iter, got, "list"))
		return;
	while (ferry_jmap_value_iter_next(&iter, NULL, &email)) {
		g_autoptr(FerryJmapValue) owned = email;
		g_autoptr(FerryJmapValue) places = ferry_jmap_value_get_member(email, "mailboxIds");
		g_autoptr(FerryJmapValue) here =
			places != NULL ? ferry_jmap_value_get_member(places, lookup->op->target_id)
				       : NULL;
		Candidate candidate = {0};

		if (here == NULL || lookup->candidates->len >= MAX_CANDIDATES)
			continue;
		candidate.id = g_strdup(ferry_jmap_value_get_string(email, "id"));
		candidate.blob_id = g_strdup(ferry_jmap_value_get_string(email, "blobId"));
		candidate.size = ferry_jmap_value_get_uint64(email, "size", 0);
		if (candidate.id == NULL || candidate.blob_id == NULL)
			clear_candidate(&candidate);
		else
			g_array_append_val(lookup->candidates, candidate);
	}
}

static void
looked_up_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	FerryOp *op = user_data;
	g_autoptr(GError) error = NULL;
	g_autoptr(FerryJmapReply) reply =
		ferry_jmap_session_send_finish(FERRY_JMAP_SESSION(source), result, &error);
	g_autoptr(FerryJmapValue) got = NULL;
	Lookup *lookup;

	if (reply != NULL)
		got = ferry_jmap_reply_get_result(reply, op->call_id, &error);
	if (got == NULL) {
		g_clear_error(&op->error);
		op->error = g_steal_pointer(&error);
		op->next(op);
		return;
	}
	lookup = g_new0(Lookup, 1);
	lookup->op = op;
	lookup->candidates = g_array_new(FALSE, TRUE, sizeof(Candidate));
	g_array_set_clear_func(lookup->candidates, clear_candidate);
	collect_candidates(lookup, got);
	match_blobs(lookup);
	compare_next(lookup);
}

void
ferry_op_look_up(FerryOp *op, FerryOpFunc repeat)
{
	static const char *const properties[] = {"id", "blobId", "size", "mailboxIds", NULL};
	const char *changes;

	op->after = repeat;
	g_clear_object(&op->request);
	op->request = ferry_jmap_request_new();
	changes = ferry_jmap_request_add_changes(op->request, "Email/changes", op->account->id,
						 op->account->email_state, 0);
	op->call_id = ferry_jmap_request_add_get_reference(op->request, "Email/get",
							   op->account->id, changes,
							   "Email/changes", "/created", properties);
	ferry_mail_account_send_async(op->account, op->session->jmap, op->request,
				      FERRY_JMAP_SEND_NONE, NULL, looked_up_cb, op);
}
