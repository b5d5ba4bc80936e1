/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Applying a batch: UIDs
 *
 * Specification: RFC 9051 section 2.3.1.1; COPYUID and APPENDUID (RFC 4315) want the order of the
 *   command for what the command made.
 */
#include "store/sqlite-apply-private.h"

/* What was asked, resolved; key 0 where it does not exist. */
static gboolean
resolve(FerryApply *self, const FerryBatchPair *asked, FerryApplyMailbox **mailbox, gint64 *email,
	GError **error)
{
	GError *failure = NULL;

	*email = 0;
	*mailbox = ferry_apply_find_mailbox(self, asked->mailbox_id, &failure);
	if (failure != NULL) {
		g_propagate_error(error, failure);
		return FALSE;
	}
	return *mailbox == NULL || ferry_apply_find_email(self, asked->email_id, email, error);
}

static gboolean
find_uid(FerryApply *self, gint64 mailbox, gint64 email, guint32 *uid, GError **error)
{
	gint64 value;

	if (!ferry_sqlite_db_get_int(self->db,
				     "SELECT uid FROM message WHERE email = ?1 AND mailbox = ?2",
				     ARGS(INT(email), INT(mailbox)), &value, NULL, error))
		return FALSE;
	*uid = value;
	return TRUE;
}

/* Lets a pair wait for a UID that has one already. */
static gboolean
add_renewed(FerryApply *self, FerryApplyMailbox *mailbox, gint64 email, const char *email_id,
	    GError **error)
{
	FerryApplyPair pair = {mailbox, email, .email_id = email_id, .order = G_MAXUINT};
	sqlite3_stmt *query = ferry_sqlite_db_query(
		self->db,
		"SELECT received_at, size, instr(' ' || keywords || ' ', ' $seen ') > 0"
		" FROM email WHERE key = ?1",
		ARGS(INT(email)), error);

	if (query == NULL || !ferry_sqlite_db_step(self->db, query, error))
		return FALSE;
	pair.received_at = sqlite3_column_int64(query, 0);
	pair.size = sqlite3_column_int64(query, 1);
	pair.seen = sqlite3_column_int(query, 2);
	sqlite3_reset(query);
	g_array_append_val(self->pairs, pair);
	return TRUE;
}

static gboolean
renew(FerryApply *self, const FerryBatchPair *asked, GError **error)
{
	FerryApplyMailbox *mailbox;
	gint64 email;
	guint32 uid = 0;

	if (!resolve(self, asked, &mailbox, &email, error))
		return FALSE;
	if (email == 0 || mailbox == NULL)
		return TRUE;
	if (!find_uid(self, mailbox->mailbox->key, email, &uid, error))
		return FALSE;
	/* none: it is new in this batch, or was renewed by an earlier question */
	if (uid == 0)
		return TRUE;
	return ferry_apply_remove_message(self, mailbox, uid, error) &&
	       add_renewed(self, mailbox, email, asked->email_id, error);
}

gboolean
ferry_apply_renewals(FerryApply *self, GError **error)
{
	for (guint i = 0; i < self->batch->asked->len; i++) {
		FerryBatchPair *asked = &g_array_index(self->batch->asked, FerryBatchPair, i);

		if (asked->renew && !renew(self, asked, error))
			return FALSE;
	}
	return TRUE;
}

static guint
pair_hash(gconstpointer data)
{
	const FerryApplyPair *pair = data;

	return g_direct_hash(pair->mailbox) ^ g_int64_hash(&pair->email);
}

static gboolean
pair_equal(gconstpointer a, gconstpointer b)
{
	const FerryApplyPair *left = a, *right = b;

	return left->mailbox == right->mailbox && left->email == right->email;
}

/* Notes with each new pair the first question that names it. */
static gboolean
note_order(FerryApply *self, GError **error)
{
	g_autoptr(GHashTable) waiting = g_hash_table_new(pair_hash, pair_equal);

	for (guint i = 0; i < self->pairs->len; i++)
		g_hash_table_add(waiting, &g_array_index(self->pairs, FerryApplyPair, i));
	for (guint i = 0; i < self->batch->asked->len; i++) {
		FerryApplyPair wanted = {0};
		FerryApplyPair *pair;

		if (!resolve(self, &g_array_index(self->batch->asked, FerryBatchPair, i),
			     &wanted.mailbox, &wanted.email, error))
			return FALSE;
		pair = g_hash_table_lookup(waiting, &wanted);
		if (pair != NULL)
			pair->order = MIN(pair->order, i);
	}
	return TRUE;
}

static int
compare_pairs(gconstpointer a, gconstpointer b)
{
	const FerryApplyPair *left = a, *right = b;
	const gboolean left_asked = left->order != G_MAXUINT;
	const gboolean right_asked = right->order != G_MAXUINT;

	if (left_asked != right_asked)
		return left_asked ? 1 : -1;
	if (left_asked)
		return left->order < right->order ? -1 : left->order > right->order;
	if (left->received_at != right->received_at)
		return left->received_at < right->received_at ? -1 : 1;
	return g_strcmp0(left->email_id, right->email_id);
}

static gboolean
give_uid(FerryApply *self, const FerryApplyPair *pair, GError **error)
{
	FerryStoreMailbox *record = pair->mailbox->mailbox;
	const gboolean listing = g_strcmp0(self->batch->page_of, record->id) == 0;

	FerryApplyMessage message = {.mailbox = record->key,
				     .email = pair->email,
				     .savedate = listing ? 0 : self->now};

	if (record->uidnext > G_MAXUINT32 && (!ferry_apply_flush_messages(self, error) ||
					      !ferry_apply_renumber(self, pair->mailbox, error)))
		return FALSE;
	message.uid = (guint32)record->uidnext;
	if (!ferry_apply_add_message(self, &message, error))
		return FALSE;
	record->uidnext++;
	record->n_messages++;
	record->n_unseen += !pair->seen;
	record->n_octets += pair->size;
	pair->mailbox->moved = TRUE;
	return TRUE;
}

gboolean
ferry_apply_allocate(FerryApply *self, GError **error)
{
	if (self->batch->asked->len > 0 && self->pairs->len > 0 && !note_order(self, error))
		return FALSE;
	g_array_sort(self->pairs, compare_pairs);
	for (guint i = 0; i < self->pairs->len; i++) {
		if (!give_uid(self, &g_array_index(self->pairs, FerryApplyPair, i), error))
			return FALSE;
	}
	return ferry_apply_flush_messages(self, error);
}

/* The UIDs asked for; never NULL without error. */
guint32 *
ferry_apply_answers(FerryApply *self, GError **error)
{
	const guint n = self->batch->asked->len;
	g_autofree guint32 *uids = g_new0(guint32, n + 1);

	for (guint i = 0; i < n; i++) {
		FerryApplyMailbox *mailbox;
		gint64 email;

		if (!resolve(self, &g_array_index(self->batch->asked, FerryBatchPair, i), &mailbox,
			     &email, error))
			return NULL;
		if (mailbox != NULL && email != 0 &&
		    !find_uid(self, mailbox->mailbox->key, email, &uids[i], error))
			return NULL;
	}
	return g_steal_pointer(&uids);
}
