/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Applying a batch: mailboxes
 *
 * Implementation: a mailbox is read when it is first named and written once at the end, with its
 *   counts. Specification of UIDVALIDITY: RFC 9051 section 2.3.1.1.
 */
#include "store/sqlite-apply-private.h"

static FerryApplyMailbox *
take_row(FerryApply *self, sqlite3_stmt *query)
{
	FerryApplyMailbox *mailbox = g_new0(FerryApplyMailbox, 1);

	mailbox->mailbox = ferry_sqlite_read_mailbox(query);
	mailbox->tombstones = sqlite3_column_int64(query, FERRY_SQLITE_MAILBOX_N_COLUMNS);
	sqlite3_reset(query);
	g_hash_table_insert(self->by_id, mailbox->mailbox->id, mailbox);
	g_hash_table_insert(self->by_key, &mailbox->mailbox->key, mailbox);
	return mailbox;
}

/* NULL without error: no such mailbox. */
FerryApplyMailbox *
ferry_apply_find_mailbox(FerryApply *self, const char *id, GError **error)
{
	FerryApplyMailbox *mailbox = g_hash_table_lookup(self->by_id, id);
	sqlite3_stmt *query;

	if (mailbox != NULL)
		return mailbox->removed ? NULL : mailbox;
	query = ferry_sqlite_db_query(self->db,
				      "SELECT " FERRY_SQLITE_MAILBOX_COLUMNS ", tombstones"
				      " FROM mailbox WHERE account = ?1 AND id = ?2",
				      ARGS(INT(self->account), TEXT(id)), error);
	if (query == NULL || !ferry_sqlite_db_step(self->db, query, error))
		return NULL;
	return take_row(self, query);
}

/* The mailbox of a pair, which exists. */
FerryApplyMailbox *
ferry_apply_find_key(FerryApply *self, gint64 key, GError **error)
{
	FerryApplyMailbox *mailbox = g_hash_table_lookup(self->by_key, &key);
	GError *failure = NULL;
	sqlite3_stmt *query;

	if (mailbox != NULL)
		return mailbox;
	query = ferry_sqlite_db_query(self->db,
				      "SELECT " FERRY_SQLITE_MAILBOX_COLUMNS ", tombstones"
				      " FROM mailbox WHERE key = ?1",
				      ARGS(INT(key)), error);
	if (query == NULL)
		return NULL;
	if (ferry_sqlite_db_step(self->db, query, &failure))
		return take_row(self, query);
	if (failure == NULL)
		ferry_sqlite_not_found(&failure, "mailbox", key);
	g_propagate_error(error, failure);
	return NULL;
}

static gboolean
insert_mailbox(FerryApply *self, const FerryStoreMailbox *mailbox, GError **error)
{
	guint32 uidvalidity;

	self->changed = TRUE;
	return ferry_sqlite_schema_next_uidvalidity(self->db, &uidvalidity, error) &&
	       ferry_sqlite_db_run(self->db,
				   "INSERT INTO mailbox (account, id, name, parent_id, role,"
				   " sort_order, subscribed, rights, total, unread, uidvalidity,"
				   " highest_modseq, created_at, changed_at)"
				   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
				   " ?12, ?12)",
				   ARGS(INT(self->account), TEXT(mailbox->id), TEXT(mailbox->name),
					TEXT(mailbox->parent_id), TEXT(mailbox->role),
					INT(mailbox->sort_order), INT(mailbox->subscribed),
					INT(mailbox->rights), INT(mailbox->total_emails),
					INT(mailbox->unread_emails), INT(uidvalidity),
					INT(self->generation)),
				   error);
}

static gboolean
replace_text(char **field, const char *value)
{
	if (g_strcmp0(*field, value) == 0)
		return FALSE;
	g_free(*field);
	*field = g_strdup(value);
	return TRUE;
}

static void
update_mailbox(FerryApplyMailbox *self, const FerryStoreMailbox *new)
{
	FerryStoreMailbox *old = self->mailbox;

	self->touched |= replace_text(&old->name, new->name);
	self->touched |= replace_text(&old->parent_id, new->parent_id);
	self->touched |= replace_text(&old->role, new->role);
	if (old->sort_order == new->sort_order && !old->subscribed == !new->subscribed &&
	    old->rights == new->rights && old->total_emails == new->total_emails &&
	    old->unread_emails == new->unread_emails)
		return;
	self->touched = TRUE;
	old->sort_order = new->sort_order;
	old->subscribed = new->subscribed;
	old->rights = new->rights;
	old->total_emails = new->total_emails;
	old->unread_emails = new->unread_emails;
}

static gboolean
put_mailbox(FerryApply *self, const FerryStoreMailbox *mailbox, GError **error)
{
	GError *failure = NULL;
	FerryApplyMailbox *known = ferry_apply_find_mailbox(self, mailbox->id, &failure);

	if (failure != NULL) {
		g_propagate_error(error, failure);
		return FALSE;
	}
	if (known == NULL)
		return insert_mailbox(self, mailbox, error);
	update_mailbox(known, mailbox);
	return TRUE;
}

/* Emails that were only here go too. */
static gboolean
remove_mailbox(FerryApply *self, FerryApplyMailbox *mailbox, GError **error)
{
	static const char *const statements[] = {
		"DELETE FROM message WHERE mailbox = ?1",
		"DELETE FROM tombstone WHERE mailbox = ?1",
		"DELETE FROM data WHERE account = ?2 AND mailbox = ?1",
		"DELETE FROM epoch WHERE account = ?2 AND mailbox = ?1",
		"DELETE FROM seen WHERE account = ?2 AND mailbox = ?1",
		"DELETE FROM mailbox WHERE key = ?1 AND account = ?2",
		"INSERT INTO gone_mailbox VALUES (?2, ?3, ?1)",
	};
	const gint64 key = mailbox->mailbox->key;
	GError *failure = NULL;
	sqlite3_stmt *query = ferry_sqlite_db_query(
		self->db, "SELECT email FROM message WHERE mailbox = ?1", ARGS(INT(key)), error);

	if (query == NULL)
		return FALSE;
	while (ferry_sqlite_db_step(self->db, query, &failure)) {
		gint64 email = sqlite3_column_int64(query, 0);

		g_hash_table_add(self->loose, g_memdup2(&email, sizeof email));
	}
	if (failure != NULL) {
		g_propagate_error(error, failure);
		return FALSE;
	}
	for (guint i = 0; i < G_N_ELEMENTS(statements); i++) {
		if (!ferry_sqlite_db_run(
			    self->db, statements[i],
			    i == 0 || i == 1 ? ARGS(INT(key))
			    : i == 6 ? ARGS(INT(key), INT(self->account), INT(self->generation))
				     : ARGS(INT(key), INT(self->account)),
			    error))
			return FALSE;
	}
	mailbox->removed = TRUE;
	self->changed = TRUE;
	return TRUE;
}

static gboolean
remove_mailboxes(FerryApply *self, GError **error)
{
	for (guint i = 0; i < self->batch->removed->len; i++) {
		GError *failure = NULL;
		FerryApplyMailbox *mailbox = ferry_apply_find_mailbox(
			self, g_ptr_array_index(self->batch->removed, i), &failure);

		if (failure == NULL && mailbox != NULL)
			remove_mailbox(self, mailbox, &failure);
		if (failure != NULL) {
			g_propagate_error(error, failure);
			return FALSE;
		}
	}
	return TRUE;
}

/* Like find, but a mailbox that is not there is an error. */
static FerryApplyMailbox *
need_mailbox(FerryApply *self, const char *id, GError **error)
{
	GError *failure = NULL;
	FerryApplyMailbox *mailbox = ferry_apply_find_mailbox(self, id, &failure);

	if (mailbox == NULL && failure == NULL)
		g_set_error(&failure, FERRY_ERROR, FERRY_ERROR_NOT_FOUND,
			    "the store has no mailbox \"%s\"", id);
	if (failure != NULL)
		g_propagate_error(error, failure);
	return mailbox;
}

static gboolean
set_names_and_listings(FerryApply *self, GError **error)
{
	for (guint i = 0; i < self->batch->names->len; i++) {
		FerryBatchName *name = &g_array_index(self->batch->names, FerryBatchName, i);
		FerryApplyMailbox *mailbox = need_mailbox(self, name->mailbox_id, error);

		if (mailbox == NULL)
			return FALSE;
		mailbox->touched |= replace_text(&mailbox->mailbox->imap_name, name->imap_name);
	}
	for (guint i = 0; i < self->batch->listings->len; i++) {
		FerryBatchListing *listing =
			&g_array_index(self->batch->listings, FerryBatchListing, i);
		FerryApplyMailbox *mailbox = need_mailbox(self, listing->mailbox_id, error);

		if (mailbox == NULL)
			return FALSE;
		mailbox->touched |= mailbox->mailbox->listing != listing->listing;
		mailbox->mailbox->listing = listing->listing;
		mailbox->touched |=
			replace_text(&mailbox->mailbox->listing_email_state, listing->email_state);
		mailbox->touched |=
			replace_text(&mailbox->mailbox->listing_anchor, listing->anchor);
	}
	return TRUE;
}

gboolean
ferry_apply_mailboxes(FerryApply *self, GError **error)
{
	for (guint i = 0; i < self->batch->mailboxes->len; i++) {
		if (!put_mailbox(self, g_ptr_array_index(self->batch->mailboxes, i), error))
			return FALSE;
	}
	return remove_mailboxes(self, error) && set_names_and_listings(self, error);
}

gboolean
ferry_apply_recents(FerryApply *self, GError **error)
{
	for (guint i = 0; i < self->batch->recents->len; i++) {
		FerryBatchNumber *recent =
			&g_array_index(self->batch->recents, FerryBatchNumber, i);
		FerryApplyMailbox *mailbox = need_mailbox(self, recent->mailbox_id, error);
		guint64 value;

		if (mailbox == NULL)
			return FALSE;
		value = MIN(recent->number, mailbox->mailbox->uidnext);
		if (value <= mailbox->mailbox->recent)
			continue;
		mailbox->mailbox->recent = value;
		mailbox->touched = TRUE;
	}
	return TRUE;
}

/* No UID is left: the mailbox starts anew under another UIDVALIDITY (RFC 9051 section 2.3.1.1). */
gboolean
ferry_apply_renumber(FerryApply *self, FerryApplyMailbox *mailbox, GError **error)
{
	FerryStoreMailbox *record = mailbox->mailbox;
	g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(guint32));
	GError *failure = NULL;
	sqlite3_stmt *query = ferry_sqlite_db_query(
		self->db, "SELECT uid FROM message WHERE mailbox = ?1 ORDER BY uid",
		ARGS(INT(record->key)), error);

	if (query == NULL)
		return FALSE;
	while (ferry_sqlite_db_step(self->db, query, &failure)) {
		guint32 uid = sqlite3_column_int64(query, 0);

		g_array_append_val(uids, uid);
	}
	if (failure != NULL) {
		g_propagate_error(error, failure);
		return FALSE;
	}
	g_warning("mailbox %s has no UID left: it gets a new UIDVALIDITY", record->id);
	/* upwards, so that a new UID is never one that is still in use */
	for (guint i = 0; i < uids->len; i++) {
		if (!ferry_sqlite_db_run(self->db,
					 "UPDATE message SET uid = ?3, modseq = ?4, created_at = ?4"
					 " WHERE mailbox = ?1 AND uid = ?2",
					 ARGS(INT(record->key),
					      INT(g_array_index(uids, guint32, i)), INT(i + 1),
					      INT(self->generation)),
					 error))
			return FALSE;
	}
	if (!ferry_sqlite_db_run(self->db, "DELETE FROM tombstone WHERE mailbox = ?1",
				 ARGS(INT(record->key)), error) ||
	    !ferry_sqlite_schema_next_uidvalidity(self->db, &record->uidvalidity, error))
		return FALSE;
	record->uidnext = (guint64)uids->len + 1;
	record->recent = record->uidnext;
	record->prune_modseq = self->generation;
	mailbox->tombstones = 0;
	mailbox->moved = TRUE;
	mailbox->renumbered = TRUE;
	return TRUE;
}

/* Keeps the newest tombstones; in steps, so that not every removal has to prune. */
static gboolean
prune(FerryApply *self, FerryApplyMailbox *mailbox, GError **error)
{
	const gint64 key = mailbox->mailbox->key;
	gint64 modseq;
	gboolean found;

	if (mailbox->tombstones <= self->tombstone_limit + self->tombstone_limit / 4)
		return TRUE;
	if (!ferry_sqlite_db_get_int(self->db,
				     "SELECT modseq FROM tombstone WHERE mailbox = ?1"
				     " ORDER BY modseq DESC LIMIT 1 OFFSET ?2",
				     ARGS(INT(key), INT(self->tombstone_limit)), &modseq, &found,
				     error))
		return FALSE;
	if (!found)
		return TRUE;
	if (!ferry_sqlite_db_run(self->db,
				 "DELETE FROM tombstone WHERE mailbox = ?1 AND modseq <= ?2",
				 ARGS(INT(key), INT(modseq)), error))
		return FALSE;
	mailbox->tombstones -= sqlite3_changes64(self->db->handle);
	mailbox->mailbox->prune_modseq = modseq;
	return TRUE;
}

static gboolean
flush_mailbox(FerryApply *self, FerryApplyMailbox *mailbox, GError **error)
{
	const FerryStoreMailbox *m = mailbox->mailbox;

	return ferry_sqlite_db_run(
		self->db,
		"UPDATE mailbox SET name = ?2, parent_id = ?3, role = ?4, sort_order = ?5,"
		" subscribed = ?6, rights = ?7, total = ?8, unread = ?9, imap_name = ?10,"
		" uidvalidity = ?11, uidnext = ?12, highest_modseq = ?13, prune_modseq = ?14,"
		" recent = ?15, listing = ?16, listing_email_state = ?17, listing_anchor = ?18,"
		" messages = ?19, unseen = ?20, deleted = ?21, octets = ?22, tombstones = ?23,"
		" changed_at = ?24, reload_at = CASE WHEN ?25 THEN ?24 ELSE reload_at END,"
		" deleted_octets = ?26"
		" WHERE key = ?1",
		ARGS(INT(m->key), TEXT(m->name), TEXT(m->parent_id), TEXT(m->role),
		     INT(m->sort_order), INT(m->subscribed), INT(m->rights), INT(m->total_emails),
		     INT(m->unread_emails), TEXT(m->imap_name), INT(m->uidvalidity),
		     INT(m->uidnext), INT(mailbox->moved ? self->generation : m->highest_modseq),
		     INT(m->prune_modseq), INT(m->recent), INT(m->listing),
		     TEXT(m->listing_email_state), TEXT(m->listing_anchor), INT(m->n_messages),
		     INT(m->n_unseen), INT(m->n_deleted), INT(m->n_octets),
		     INT(mailbox->tombstones), INT(self->generation), INT(mailbox->renumbered),
		     INT(m->n_deleted_octets)),
		error);
}

gboolean
ferry_apply_flush_mailboxes(FerryApply *self, GError **error)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, self->by_id);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		FerryApplyMailbox *mailbox = value;

		if (mailbox->removed || !(mailbox->touched || mailbox->moved))
			continue;
		self->changed = TRUE;
		if (!prune(self, mailbox, error) || !flush_mailbox(self, mailbox, error))
			return FALSE;
	}
	return TRUE;
}
