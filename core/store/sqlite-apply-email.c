/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Applying a batch: Emails and their pairs
 *
 * Implementation: each Email put is compared with what is there; only differences write. New pairs
 *   are collected and get their UIDs when all is known. An Email without pairs is not kept.
 */
#include "store/sqlite-apply-private.h"

#include <string.h>

/* An Email as the store has it. */
typedef struct {
	gint64 key; /* 0: not known */
	gint64 size;
	gint64 received_at;
	gboolean same_keywords;
	gboolean seen;
	gboolean same_blob;
	gboolean same_ids; /* blob and thread */
} Known;

typedef struct {
	gint64 mailbox;
	guint32 uid;
} Place;

static gboolean
has_seen(const char *keywords)
{
	const char *found = strstr(keywords, "$seen");

	/* a whole word of the list */
	while (found != NULL) {
		if ((found == keywords || found[-1] == ' ') &&
		    (found[5] == '\0' || found[5] == ' '))
			return TRUE;
		found = strstr(found + 5, "$seen");
	}
	return FALSE;
}

/* Key 0 without error: not known. */
gboolean
ferry_apply_find_email(FerryApply *self, const char *email_id, gint64 *key, GError **error)
{
	return ferry_sqlite_db_get_int(self->db,
				       "SELECT key FROM email WHERE account = ?1 AND email_id = ?2",
				       ARGS(INT(self->account), TEXT(email_id)), key, NULL, error);
}

/* Takes a pair away; its UID gets a tombstone. One that is not there is skipped. */
gboolean
ferry_apply_remove_message(FerryApply *self, FerryApplyMailbox *mailbox, guint32 uid,
			   GError **error)
{
	FerryStoreMailbox *record = mailbox->mailbox;
	GError *failure = NULL;
	gint64 email;
	sqlite3_stmt *query = ferry_sqlite_db_query(
		self->db,
		"SELECT m.email, m.deleted, e.size, e.keywords FROM message m CROSS JOIN email e"
		" ON e.key = m.email WHERE m.mailbox = ?1 AND m.uid = ?2",
		ARGS(INT(record->key), INT(uid)), error);

	if (query == NULL)
		return FALSE;
	if (!ferry_sqlite_db_step(self->db, query, &failure)) {
		if (failure != NULL)
			g_propagate_error(error, failure);
		return failure == NULL;
	}
	email = sqlite3_column_int64(query, 0);
	record->n_messages--;
	record->n_deleted -= sqlite3_column_int(query, 1);
	record->n_octets -= sqlite3_column_int64(query, 2);
	if (sqlite3_column_int(query, 1) != 0)
		record->n_deleted_octets -= sqlite3_column_int64(query, 2);
	record->n_unseen -= !has_seen(ferry_sqlite_peek_text(query, 3));
	sqlite3_reset(query);
	g_hash_table_add(self->loose, g_memdup2(&email, sizeof email));
	mailbox->tombstones++;
	mailbox->moved = TRUE;
	return ferry_sqlite_db_run(self->db, "DELETE FROM message WHERE mailbox = ?1 AND uid = ?2",
				   ARGS(INT(record->key), INT(uid)), error) &&
	       ferry_sqlite_db_run(self->db, "INSERT INTO tombstone VALUES (?1, ?2, ?3)",
				   ARGS(INT(record->key), INT(self->generation), INT(uid)), error);
}

/* Where an Email is. */
static GArray *
find_places(FerryApply *self, gint64 email, GError **error)
{
	g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(Place));
	GError *failure = NULL;
	sqlite3_stmt *query =
		ferry_sqlite_db_query(self->db, "SELECT mailbox, uid FROM message WHERE email = ?1",
				      ARGS(INT(email)), error);

	if (query == NULL)
		return NULL;
	while (ferry_sqlite_db_step(self->db, query, &failure)) {
		Place place = {sqlite3_column_int64(query, 0), sqlite3_column_int64(query, 1)};

		g_array_append_val(places, place);
	}
	if (failure == NULL)
		return g_steal_pointer(&places);
	g_propagate_error(error, failure);
	return NULL;
}

static gboolean
remove_place(FerryApply *self, const Place *place, GError **error)
{
	FerryApplyMailbox *mailbox = ferry_apply_find_key(self, place->mailbox, error);

	return mailbox != NULL && ferry_apply_remove_message(self, mailbox, place->uid, error);
}

/* Takes an Email out of every mailbox and forgets it. */
gboolean
ferry_apply_destroy(FerryApply *self, gint64 email, GError **error)
{
	g_autoptr(GArray) places = find_places(self, email, error);

	if (places == NULL)
		return FALSE;
	for (guint i = 0; i < places->len; i++) {
		if (!remove_place(self, &g_array_index(places, Place, i), error))
			return FALSE;
	}
	g_hash_table_remove(self->loose, &email);
	g_array_append_val(self->forgotten, email);
	self->changed = TRUE;
	return ferry_sqlite_db_run(self->db, "DELETE FROM email WHERE key = ?1", ARGS(INT(email)),
				   error);
}

static gboolean
remove_pair(FerryApply *self, const FerryBatchPair *pair, GError **error)
{
	GError *failure = NULL;
	FerryApplyMailbox *mailbox = ferry_apply_find_mailbox(self, pair->mailbox_id, &failure);
	gint64 email, uid;
	gboolean found;

	if (mailbox == NULL) {
		if (failure != NULL)
			g_propagate_error(error, failure);
		return failure == NULL;
	}
	if (!ferry_apply_find_email(self, pair->email_id, &email, error) ||
	    !ferry_sqlite_db_get_int(
		    self->db, "SELECT uid FROM message WHERE email = ?1 AND mailbox = ?2",
		    ARGS(INT(email), INT(mailbox->mailbox->key)), &uid, &found, error))
		return FALSE;
	return !found || ferry_apply_remove_message(self, mailbox, uid, error);
}

static gboolean
remove_uid(FerryApply *self, const FerryBatchNumber *removal, GError **error)
{
	GError *failure = NULL;
	FerryApplyMailbox *mailbox = ferry_apply_find_mailbox(self, removal->mailbox_id, &failure);

	if (mailbox != NULL)
		return ferry_apply_remove_message(self, mailbox, removal->number, error);
	if (failure != NULL)
		g_propagate_error(error, failure);
	return failure == NULL;
}

gboolean
ferry_apply_removals(FerryApply *self, GError **error)
{
	FerryStoreBatch *batch = self->batch;

	for (guint i = 0; i < batch->removed_uids->len; i++) {
		if (!remove_uid(self, &g_array_index(batch->removed_uids, FerryBatchNumber, i),
				error))
			return FALSE;
	}
	for (guint i = 0; i < batch->removed_pairs->len; i++) {
		if (!remove_pair(self, &g_array_index(batch->removed_pairs, FerryBatchPair, i),
				 error))
			return FALSE;
	}
	for (guint i = 0; i < batch->destroyed->len; i++) {
		gint64 email;

		if (!ferry_apply_find_email(self, g_ptr_array_index(batch->destroyed, i), &email,
					    error) ||
		    (email != 0 && !ferry_apply_destroy(self, email, error)))
			return FALSE;
	}
	return TRUE;
}

/* \Deleted of one pair; nothing where it is as wanted. */
static gboolean
set_deleted(FerryApply *self, FerryApplyMailbox *mailbox, guint64 uid, gboolean deleted,
	    GError **error)
{
	FerryStoreMailbox *record = mailbox->mailbox;
	GError *failure = NULL;
	gint64 size;
	sqlite3_stmt *query = ferry_sqlite_db_query(
		self->db,
		"UPDATE message SET deleted = ?3, modseq = ?4 WHERE mailbox = ?1 AND uid = ?2"
		" AND deleted <> ?3 RETURNING (SELECT size FROM email WHERE key = message.email)",
		ARGS(INT(record->key), INT(uid), INT(deleted ? 1 : 0), INT(self->generation)),
		error);

	if (query == NULL)
		return FALSE;
	if (!ferry_sqlite_db_step(self->db, query, &failure)) {
		if (failure != NULL)
			g_propagate_error(error, failure);
		return failure == NULL;
	}
	size = sqlite3_column_int64(query, 0);
	sqlite3_reset(query);
	record->n_deleted += deleted ? 1 : -1;
	record->n_deleted_octets += deleted ? size : -size;
	mailbox->moved = TRUE;
	return TRUE;
}

gboolean
ferry_apply_deleted(FerryApply *self, GError **error)
{
	for (guint i = 0; i < self->batch->deleted->len; i++) {
		FerryBatchNumber *flag = &g_array_index(self->batch->deleted, FerryBatchNumber, i);
		GError *failure = NULL;
		FerryApplyMailbox *mailbox =
			ferry_apply_find_mailbox(self, flag->mailbox_id, &failure);

		if (failure != NULL) {
			g_propagate_error(error, failure);
			return FALSE;
		}
		if (mailbox != NULL && !set_deleted(self, mailbox, flag->number, flag->flag, error))
			return FALSE;
	}
	return TRUE;
}

static void
read_known(sqlite3_stmt *query, const FerryBatchEmail *email, Known *known)
{
	known->key = sqlite3_column_int64(query, 0);
	known->size = sqlite3_column_int64(query, 1);
	known->received_at = sqlite3_column_int64(query, 2);
	known->same_keywords = strcmp(ferry_sqlite_peek_text(query, 3), email->keywords) == 0;
	known->seen = has_seen(ferry_sqlite_peek_text(query, 3));
	known->same_blob = g_strcmp0(ferry_sqlite_peek_text(query, 4), email->blob_id) == 0;
	known->same_ids = known->same_blob &&
			  g_strcmp0(ferry_sqlite_peek_text(query, 5), email->thread_id) == 0;
}

/* The Email and where it is, in one query: this is asked of every Email put. */
static gboolean
find_known(FerryApply *self, const FerryBatchEmail *email, Known *known, GArray *places,
	   GError **error)
{
	GError *failure = NULL;
	sqlite3_stmt *query = ferry_sqlite_db_query(
		self->db,
		"SELECT e.key, e.size, e.received_at, e.keywords, e.blob_id, e.thread_id,"
		" m.mailbox, m.uid FROM email e LEFT JOIN message m ON m.email = e.key"
		" WHERE e.account = ?1 AND e.email_id = ?2",
		ARGS(INT(self->account), TEXT(email->email_id)), error);

	*known = (Known){0};
	g_array_set_size(places, 0);
	if (query == NULL)
		return FALSE;
	while (ferry_sqlite_db_step(self->db, query, &failure)) {
		Place place = {sqlite3_column_int64(query, 6), sqlite3_column_int64(query, 7)};

		if (known->key == 0)
			read_known(query, email, known);
		if (sqlite3_column_type(query, 6) != SQLITE_NULL)
			g_array_append_val(places, place);
	}
	if (failure != NULL)
		g_propagate_error(error, failure);
	return failure == NULL;
}

static gboolean
insert_email(FerryApply *self, const FerryBatchEmail *email, Known *known, GError **error)
{
	if (email->blob_id == NULL) {
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND,
			    "the store does not know Email \"%s\"", email->email_id);
		return FALSE;
	}
	if (!ferry_apply_add_email(self, email, &known->key, error))
		return FALSE;
	known->size = email->size;
	known->received_at = email->received_at;
	return TRUE;
}

/* A keyword belongs to the Email: every pair of it changes. They are named by their keys, which is
 * cheaper than to have SQLite collect them by the Email. */
static gboolean
change_keywords(FerryApply *self, const FerryBatchEmail *email, const Known *known, GArray *places,
		GError **error)
{
	const int unseen = (int)known->seen - (int)has_seen(email->keywords);

	if (!ferry_sqlite_db_run(self->db, "UPDATE email SET keywords = ?2 WHERE key = ?1",
				 ARGS(INT(known->key), TEXT(email->keywords)), error))
		return FALSE;
	for (guint i = 0; i < places->len; i++) {
		const Place *place = &g_array_index(places, Place, i);
		FerryApplyMailbox *mailbox = ferry_apply_find_key(self, place->mailbox, error);

		if (mailbox == NULL ||
		    !ferry_sqlite_db_run(
			    self->db,
			    "UPDATE message SET modseq = ?3 WHERE mailbox = ?1 AND uid = ?2",
			    ARGS(INT(place->mailbox), INT(place->uid), INT(self->generation)),
			    error))
			return FALSE;
		mailbox->mailbox->n_unseen += unseen;
		mailbox->moved = TRUE;
	}
	return TRUE;
}

static gboolean
takes_pairs(FerryApply *self, const FerryApplyMailbox *mailbox)
{
	return mailbox->mailbox->listing == FERRY_STORE_LISTED ||
	       g_strcmp0(self->batch->page_of, mailbox->mailbox->id) == 0;
}

static gboolean
has_place(GArray *places, gint64 mailbox)
{
	for (guint i = 0; i < places->len; i++) {
		if (g_array_index(places, Place, i).mailbox == mailbox)
			return TRUE;
	}
	return FALSE;
}

/* The mailboxes named by the Email: those to get a pair go to *wanted, all to *named. */
static gboolean
sort_mailboxes(FerryApply *self, const FerryBatchEmail *email, GArray *places, GPtrArray *named,
	       GPtrArray *wanted, GError **error)
{
	for (guint i = 0; email->mailbox_ids[i] != NULL; i++) {
		GError *failure = NULL;
		FerryApplyMailbox *mailbox =
			ferry_apply_find_mailbox(self, email->mailbox_ids[i], &failure);

		if (failure != NULL) {
			g_propagate_error(error, failure);
			return FALSE;
		}
		if (mailbox == NULL || g_ptr_array_find(named, mailbox, NULL))
			continue;
		g_ptr_array_add(named, mailbox);
		if (!has_place(places, mailbox->mailbox->key) && takes_pairs(self, mailbox))
			g_ptr_array_add(wanted, mailbox);
	}
	return TRUE;
}

/* Takes away the pairs in mailboxes that are not named any more, and their places. */
static gboolean
leave_mailboxes(FerryApply *self, GArray *places, GPtrArray *named, GError **error)
{
	for (guint i = places->len; i > 0; i--) {
		Place *place = &g_array_index(places, Place, i - 1);
		FerryApplyMailbox *mailbox = ferry_apply_find_key(self, place->mailbox, error);

		if (mailbox == NULL)
			return FALSE;
		if (g_ptr_array_find(named, mailbox, NULL))
			continue;
		if (!ferry_apply_remove_message(self, mailbox, place->uid, error))
			return FALSE;
		g_array_remove_index(places, i - 1);
	}
	return TRUE;
}

/* Metadata never changes (RFC 8621 section 4.1.1). An id that names something else now, which a
 * backend put back from backup may do, must not keep the UID. A blob id may be spelled anew, and a
 * backend that holds one Email for several copies may show the date of another copy: neither alone
 * makes it another message. */
static gboolean
compare_metadata(FerryApply *self, const FerryBatchEmail *email, Known *known, GArray *places,
		 GError **error)
{
	if (known->key == 0 || email->blob_id == NULL)
		return TRUE;
	if (known->size != email->size ||
	    (known->received_at != email->received_at && !known->same_blob)) {
		const gint64 key = known->key;

		*known = (Known){0};
		g_array_set_size(places, 0);
		return ferry_apply_destroy(self, key, error);
	}
	return known->same_ids ||
	       ferry_sqlite_db_run(
		       self->db, "UPDATE email SET blob_id = ?2, thread_id = ?3 WHERE key = ?1",
		       ARGS(INT(known->key), TEXT(email->blob_id), TEXT(email->thread_id)), error);
}

static void
add_pairs(FerryApply *self, const FerryBatchEmail *email, const Known *known, GPtrArray *wanted)
{
	for (guint i = 0; i < wanted->len; i++) {
		FerryApplyPair pair = {
			.mailbox = g_ptr_array_index(wanted, i),
			.email = known->key,
			.received_at = known->received_at,
			.size = known->size,
			.email_id = email->email_id,
			.seen = has_seen(email->keywords),
			.order = G_MAXUINT,
		};

		g_array_append_val(self->pairs, pair);
	}
}

static gboolean
put_email(FerryApply *self, const FerryBatchEmail *email, GArray *places, GPtrArray *named,
	  GPtrArray *wanted, GError **error)
{
	Known known;

	if (!find_known(self, email, &known, places, error) ||
	    !compare_metadata(self, email, &known, places, error) ||
	    !sort_mailboxes(self, email, places, named, wanted, error) ||
	    !leave_mailboxes(self, places, named, error))
		return FALSE;
	/* nowhere that messages are known of: nothing to keep */
	if (known.key == 0 && wanted->len == 0)
		return TRUE;
	if (known.key == 0) {
		if (!insert_email(self, email, &known, error))
			return FALSE;
	} else if (!known.same_keywords && !change_keywords(self, email, &known, places, error)) {
		return FALSE;
	}
	add_pairs(self, email, &known, wanted);
	return ferry_apply_mark_seen(self, known.key, error);
}

gboolean
ferry_apply_emails(FerryApply *self, GError **error)
{
	g_autoptr(GPtrArray) named = g_ptr_array_new();
	g_autoptr(GPtrArray) wanted = g_ptr_array_new();
	g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(Place));

	for (guint i = 0; i < self->batch->emails->len; i++) {
		FerryBatchEmail *email = &g_array_index(self->batch->emails, FerryBatchEmail, i);

		g_ptr_array_set_size(named, 0);
		g_ptr_array_set_size(wanted, 0);
		if (!put_email(self, email, places, named, wanted, error))
			return FALSE;
	}
	return ferry_apply_flush_emails(self, error);
}

/* Forgets the Emails that have no pair left. */
gboolean
ferry_apply_drop_loose(FerryApply *self, GError **error)
{
	GHashTableIter iter;
	gpointer key;

	g_hash_table_iter_init(&iter, self->loose);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		const gint64 email = *(gint64 *)key;

		if (!ferry_sqlite_db_run(self->db,
					 "DELETE FROM email WHERE key = ?1 AND NOT EXISTS"
					 " (SELECT 1 FROM message WHERE email = ?1)",
					 ARGS(INT(email)), error))
			return FALSE;
		if (sqlite3_changes(self->db->handle) > 0)
			g_array_append_val(self->forgotten, email);
	}
	return TRUE;
}
