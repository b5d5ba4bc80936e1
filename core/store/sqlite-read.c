/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading mailboxes and messages from SQLite
 *
 * Implementation: one query per question, in the thread of a lane; what is read is put straight
 *   into the record that the caller gets.
 */
#include "store/sqlite-read.h"

/* messages of a mailbox that fill the page cache of a connection */
#define MANY_MESSAGES 4096

FerrySqliteQuestion *
ferry_sqlite_question_new(gint64 account_key, gint64 mailbox_key)
{
	FerrySqliteQuestion *self = g_new0(FerrySqliteQuestion, 1);

	self->account_key = account_key;
	self->mailbox_key = mailbox_key;
	return self;
}

void
ferry_sqlite_question_free(gpointer data)
{
	FerrySqliteQuestion *self = data;

	g_free(self->backend);
	g_free(self->username);
	g_strfreev(self->ids);
	g_clear_pointer(&self->keys, g_array_unref);
	g_free(self);
}

void
ferry_sqlite_answer(FerrySqliteResult *result, gpointer pointer, GDestroyNotify destroy)
{
	result->kind = FERRY_SQLITE_RESULT_POINTER;
	result->pointer = pointer;
	result->destroy = destroy;
}

gboolean
ferry_sqlite_not_found(GError **error, const char *what, gint64 key)
{
	g_set_error(error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND,
		    "the store has no %s %" G_GINT64_FORMAT, what, key);
	return FALSE;
}

/* Reads FERRY_SQLITE_MAILBOX_COLUMNS. */
FerryStoreMailbox *
ferry_sqlite_read_mailbox(sqlite3_stmt *row)
{
	FerryStoreMailbox *self = ferry_store_mailbox_new(ferry_sqlite_peek_text(row, 1),
							  ferry_sqlite_peek_text(row, 2));

	self->key = sqlite3_column_int64(row, 0);
	self->parent_id = ferry_sqlite_dup_text(row, 3);
	self->role = ferry_sqlite_dup_text(row, 4);
	self->sort_order = sqlite3_column_int64(row, 5);
	self->subscribed = sqlite3_column_int(row, 6) != 0;
	self->rights = sqlite3_column_int(row, 7);
	self->total_emails = sqlite3_column_int64(row, 8);
	self->unread_emails = sqlite3_column_int64(row, 9);
	self->imap_name = ferry_sqlite_dup_text(row, 10);
	self->uidvalidity = sqlite3_column_int64(row, 11);
	self->uidnext = sqlite3_column_int64(row, 12);
	self->highest_modseq = sqlite3_column_int64(row, 13);
	self->prune_modseq = sqlite3_column_int64(row, 14);
	self->recent = sqlite3_column_int64(row, 15);
	self->listing = sqlite3_column_int(row, 16);
	self->listing_email_state = ferry_sqlite_dup_text(row, 17);
	self->listing_anchor = ferry_sqlite_dup_text(row, 18);
	self->n_messages = sqlite3_column_int64(row, 19);
	self->n_unseen = sqlite3_column_int64(row, 20);
	self->n_deleted = sqlite3_column_int64(row, 21);
	self->n_octets = sqlite3_column_int64(row, 22);
	self->n_deleted_octets = sqlite3_column_int64(row, 23);
	return self;
}

#define EMAIL_COLUMNS                                                                              \
	"e.key, e.size, e.received_at, e.sent_at, e.sent_offset, e.email_id, e.keywords,"          \
	" e.blob_id, e.thread_id"
#define MESSAGE_COLUMNS EMAIL_COLUMNS ", m.uid, m.modseq, m.deleted, m.savedate, m.created_at"

/* Reads EMAIL_COLUMNS, and what follows when they come from a pair. */
static gboolean
add_row(FerryStoreRows *rows, sqlite3_stmt *row, FerryStoreFields fields, gboolean pair,
	GError **error)
{
	FerryStoreRow entry = {
		.email_key = sqlite3_column_int64(row, 0),
		.size = CLAMP(sqlite3_column_int64(row, 1), 0, G_MAXUINT32),
		.received_at = sqlite3_column_int64(row, 2),
	};

	if (sqlite3_column_type(row, 3) != SQLITE_NULL) {
		entry.sent_at = sqlite3_column_int64(row, 3);
		entry.sent_offset = sqlite3_column_int(row, 4);
		entry.flags |= FERRY_STORE_ROW_SENT;
	}
	if (pair) {
		entry.uid = sqlite3_column_int64(row, 9);
		entry.modseq = sqlite3_column_int64(row, 10);
		entry.flags |= sqlite3_column_int(row, 11) ? FERRY_STORE_ROW_DELETED : 0;
		entry.savedate = sqlite3_column_int64(row, 12);
	}
	return ferry_store_rows_add(
		rows, &entry, ferry_sqlite_peek_text(row, 5),
		fields & FERRY_STORE_FIELD_BLOB_ID ? ferry_sqlite_peek_text(row, 7) : NULL,
		fields & FERRY_STORE_FIELD_THREAD_ID ? ferry_sqlite_peek_text(row, 8) : NULL,
		ferry_sqlite_peek_text(row, 6), error);
}

gboolean
ferry_sqlite_load_mailbox(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result,
			  GError **error)
{
	FerrySqliteQuestion *question = data;
	g_autoptr(FerryStoreRows) rows = NULL;
	GError *failure = NULL;
	gint64 messages;
	gboolean found;
	sqlite3_stmt *query;

	if (!ferry_sqlite_db_get_int(db, "SELECT messages FROM mailbox WHERE key = ?1",
				     ARGS(INT(question->mailbox_key)), &messages, &found, error))
		return FALSE;
	if (!found)
		return ferry_sqlite_not_found(error, "mailbox", question->mailbox_key);
	rows = ferry_store_rows_new(CLAMP(messages, 0, 1 << 24));
	query = ferry_sqlite_db_query(db,
				      "SELECT " MESSAGE_COLUMNS
				      " FROM message m CROSS JOIN email e ON e.key = m.email"
				      " WHERE m.mailbox = ?1 ORDER BY m.uid",
				      ARGS(INT(question->mailbox_key)), error);
	if (query == NULL)
		return FALSE;
	while (failure == NULL && ferry_sqlite_db_step(db, query, &failure))
		add_row(rows, query, question->fields, TRUE, &failure);
	sqlite3_reset(query);
	if (failure != NULL) {
		g_propagate_error(error, failure);
		return FALSE;
	}
	ferry_store_rows_seal(rows);
	/* the pages of a big mailbox fill the cache, and nobody asks for them again soon */
	if (messages > MANY_MESSAGES)
		sqlite3_db_release_memory(db->handle);
	ferry_sqlite_answer(result, g_steal_pointer(&rows), (GDestroyNotify)ferry_store_rows_unref);
	return TRUE;
}

gboolean
ferry_sqlite_load_emails(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result,
			 GError **error)
{
	FerrySqliteQuestion *question = data;
	g_autoptr(FerryStoreRows) rows = ferry_store_rows_new(question->keys->len);
	const FerryStoreRow nothing = {0};
	GError *failure = NULL;

	for (guint i = 0; i < question->keys->len && failure == NULL; i++) {
		sqlite3_stmt *query = ferry_sqlite_db_query(
			db, "SELECT " EMAIL_COLUMNS " FROM email e WHERE key = ?1 AND account = ?2",
			ARGS(INT(g_array_index(question->keys, gint64, i)),
			     INT(question->account_key)),
			error);

		if (query == NULL)
			return FALSE;
		if (ferry_sqlite_db_step(db, query, &failure))
			add_row(rows, query, question->fields, FALSE, &failure);
		else if (failure == NULL)
			ferry_store_rows_add(rows, &nothing, NULL, NULL, NULL, NULL, &failure);
		sqlite3_reset(query);
	}
	if (failure != NULL) {
		g_propagate_error(error, failure);
		return FALSE;
	}
	ferry_store_rows_seal(rows);
	ferry_sqlite_answer(result, g_steal_pointer(&rows), (GDestroyNotify)ferry_store_rows_unref);
	return TRUE;
}

gboolean
ferry_sqlite_read_generation(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result,
			     GError **error)
{
	FerrySqliteQuestion *question = data;
	gboolean found;

	result->kind = FERRY_SQLITE_RESULT_NUMBER;
	if (!ferry_sqlite_db_get_int(db, "SELECT generation FROM account WHERE key = ?1",
				     ARGS(INT(question->account_key)), &result->number, &found,
				     error))
		return FALSE;
	return found || ferry_sqlite_not_found(error, "mail account", question->account_key);
}

gboolean
ferry_sqlite_count(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result, GError **error)
{
	FerrySqliteQuestion *question = data;
	gboolean found;

	result->kind = FERRY_SQLITE_RESULT_NUMBER;
	if (!ferry_sqlite_db_get_int(
		    db,
		    "SELECT (SELECT count(*) FROM message WHERE mailbox = mailbox.key)"
		    " FROM mailbox WHERE key = ?1",
		    ARGS(INT(question->mailbox_key)), &result->number, &found, error))
		return FALSE;
	return found || ferry_sqlite_not_found(error, "mailbox", question->mailbox_key);
}

gboolean
ferry_sqlite_find_pairs(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result, GError **error)
{
	FerrySqliteQuestion *question = data;
	g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(FerryStorePair));
	FerryStorePairs *pairs;

	for (guint i = 0; question->ids[i] != NULL; i++) {
		GError *failure = NULL;
		sqlite3_stmt *query = ferry_sqlite_db_query(
			db,
			"SELECT m.uid, m.mailbox, e.key FROM email e CROSS JOIN message m"
			" ON m.email = e.key WHERE e.account = ?1 AND e.email_id = ?2"
			" ORDER BY m.mailbox",
			ARGS(INT(question->account_key), TEXT(question->ids[i])), error);

		if (query == NULL)
			return FALSE;
		while (ferry_sqlite_db_step(db, query, &failure)) {
			FerryStorePair pair = {i, sqlite3_column_int64(query, 0),
					       sqlite3_column_int64(query, 1),
					       sqlite3_column_int64(query, 2)};

			g_array_append_val(found, pair);
		}
		if (failure != NULL) {
			g_propagate_error(error, failure);
			return FALSE;
		}
	}
	pairs = g_atomic_rc_box_new0(FerryStorePairs);
	pairs->n = found->len;
	pairs->pairs = (FerryStorePair *)g_array_free(g_steal_pointer(&found), FALSE);
	ferry_sqlite_answer(result, pairs, (GDestroyNotify)ferry_store_pairs_unref);
	return TRUE;
}

gboolean
ferry_sqlite_load_tombstones(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result,
			     GError **error)
{
	FerrySqliteQuestion *question = data;
	g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(guint32));
	g_autoptr(GArray) modseqs = g_array_new(FALSE, FALSE, sizeof(guint64));
	FerryStoreTombstones *tombstones;
	GError *failure = NULL;
	sqlite3_stmt *query;
	gint64 prune;
	gboolean found;

	if (!ferry_sqlite_db_get_int(db, "SELECT prune_modseq FROM mailbox WHERE key = ?1",
				     ARGS(INT(question->mailbox_key)), &prune, &found, error))
		return FALSE;
	if (!found)
		return ferry_sqlite_not_found(error, "mailbox", question->mailbox_key);
	query = ferry_sqlite_db_query(db,
				      "SELECT uid, modseq FROM tombstone WHERE mailbox = ?1"
				      " AND modseq > ?2 ORDER BY uid",
				      ARGS(INT(question->mailbox_key), INT(question->since)),
				      error);
	if (query == NULL)
		return FALSE;
	while (ferry_sqlite_db_step(db, query, &failure)) {
		guint32 uid = sqlite3_column_int64(query, 0);
		guint64 modseq = sqlite3_column_int64(query, 1);

		g_array_append_val(uids, uid);
		g_array_append_val(modseqs, modseq);
	}
	if (failure != NULL) {
		g_propagate_error(error, failure);
		return FALSE;
	}
	tombstones = g_atomic_rc_box_new0(FerryStoreTombstones);
	tombstones->prune_modseq = prune;
	tombstones->n = uids->len;
	tombstones->uids = (guint32 *)g_array_free(g_steal_pointer(&uids), FALSE);
	tombstones->modseqs = (guint64 *)g_array_free(g_steal_pointer(&modseqs), FALSE);
	ferry_sqlite_answer(result, tombstones, (GDestroyNotify)ferry_store_tombstones_unref);
	return TRUE;
}

/* Pairs touched since, apart by whether they are new since. */
static gboolean
read_messages(FerrySqliteDb *db, FerryStoreMailboxDelta *delta, guint64 since, GError **error)
{
	GError *failure = NULL;
	sqlite3_stmt *query = ferry_sqlite_db_query(
		db,
		"SELECT " MESSAGE_COLUMNS
		" FROM message m INDEXED BY message_modseq CROSS JOIN email e ON e.key = m.email"
		" WHERE m.mailbox = ?1 AND m.modseq > ?2 ORDER BY m.uid",
		ARGS(INT(delta->mailbox->key), INT(since)), error);

	if (query == NULL)
		return FALSE;
	while (failure == NULL && ferry_sqlite_db_step(db, query, &failure)) {
		gboolean arrived = (guint64)sqlite3_column_int64(query, 13) > since;

		add_row(arrived ? delta->arrived : delta->changed, query, FERRY_STORE_FIELD_ALL,
			TRUE, &failure);
	}
	sqlite3_reset(query);
	if (failure == NULL)
		return TRUE;
	g_propagate_error(error, failure);
	return FALSE;
}

static gboolean
read_expunged(FerrySqliteDb *db, FerryStoreMailboxDelta *delta, guint64 since, GError **error)
{
	g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(guint32));
	GError *failure = NULL;
	sqlite3_stmt *query = ferry_sqlite_db_query(
		db, "SELECT uid FROM tombstone WHERE mailbox = ?1 AND modseq > ?2 ORDER BY uid",
		ARGS(INT(delta->mailbox->key), INT(since)), error);

	if (query == NULL)
		return FALSE;
	while (ferry_sqlite_db_step(db, query, &failure)) {
		guint32 uid = sqlite3_column_int64(query, 0);

		g_array_append_val(uids, uid);
	}
	if (failure != NULL) {
		g_propagate_error(error, failure);
		return FALSE;
	}
	delta->n_expunged = uids->len;
	delta->expunged = (guint32 *)g_array_free(g_steal_pointer(&uids), FALSE);
	return TRUE;
}

static gboolean
read_mailbox_deltas(FerrySqliteDb *db, FerryStoreDelta *self, GArray *mailboxes, GError **error)
{
	GError *failure = NULL;
	sqlite3_stmt *query = ferry_sqlite_db_query(
		db,
		"SELECT " FERRY_SQLITE_MAILBOX_COLUMNS ", created_at, reload_at FROM mailbox"
		" WHERE account = ?1 AND changed_at > ?2 ORDER BY key",
		ARGS(INT(self->account_key), INT(self->since)), error);

	if (query == NULL)
		return FALSE;
	while (ferry_sqlite_db_step(db, query, &failure)) {
		FerryStoreMailboxDelta delta = {ferry_sqlite_read_mailbox(query)};
		guint64 created = sqlite3_column_int64(query, FERRY_SQLITE_MAILBOX_N_COLUMNS);
		guint64 reload = sqlite3_column_int64(query, FERRY_SQLITE_MAILBOX_N_COLUMNS + 1);

		delta.added = created > self->since;
		delta.reload = !delta.added &&
			       (reload > self->since || delta.mailbox->prune_modseq > self->since);
		/* nobody looks into a mailbox before it is listed, and its pages are many rows */
		delta.reload |= !delta.added && delta.mailbox->listing == FERRY_STORE_LISTING;
		delta.arrived = ferry_store_rows_new(0);
		delta.changed = ferry_store_rows_new(0);
		g_array_append_val(mailboxes, delta);
	}
	if (failure == NULL)
		return TRUE;
	g_propagate_error(error, failure);
	return FALSE;
}

static gboolean
read_removed(FerrySqliteDb *db, FerryStoreDelta *self, GError **error)
{
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(gint64));
	GError *failure = NULL;
	sqlite3_stmt *query = ferry_sqlite_db_query(
		db,
		"SELECT key FROM gone_mailbox WHERE account = ?1 AND generation > ?2 ORDER BY key",
		ARGS(INT(self->account_key), INT(self->since)), error);

	if (query == NULL)
		return FALSE;
	while (ferry_sqlite_db_step(db, query, &failure)) {
		gint64 key = sqlite3_column_int64(query, 0);

		g_array_append_val(keys, key);
	}
	if (failure != NULL) {
		g_propagate_error(error, failure);
		return FALSE;
	}
	self->n_removed = keys->len;
	self->removed = (gint64 *)g_array_free(g_steal_pointer(&keys), FALSE);
	return TRUE;
}

char **
ferry_sqlite_read_subscriptions(FerrySqliteDb *db, gint64 account_key, GError **error)
{
	g_autoptr(GStrvBuilder) names = g_strv_builder_new();
	GError *failure = NULL;
	sqlite3_stmt *query =
		ferry_sqlite_db_query(db,
				      "SELECT name FROM subscription WHERE account = ?1"
				      " ORDER BY name",
				      ARGS(INT(account_key)), error);

	if (query == NULL)
		return NULL;
	while (ferry_sqlite_db_step(db, query, &failure))
		g_strv_builder_add(names, ferry_sqlite_peek_text(query, 0));
	if (failure != NULL) {
		g_propagate_error(error, failure);
		return NULL;
	}
	return g_strv_builder_end(names);
}

static gboolean
read_account_row(FerrySqliteDb *db, FerryStoreDelta *self, guint64 *subscriptions_at,
		 GError **error)
{
	GError *failure = NULL;
	sqlite3_stmt *query = ferry_sqlite_db_query(db,
						    "SELECT generation, email_state, mailbox_state,"
						    " subscriptions_at FROM account WHERE key = ?1",
						    ARGS(INT(self->account_key)), error);

	if (query == NULL)
		return FALSE;
	if (!ferry_sqlite_db_step(db, query, &failure)) {
		if (failure == NULL)
			ferry_sqlite_not_found(&failure, "mail account", self->account_key);
		g_propagate_error(error, failure);
		return FALSE;
	}
	self->generation = sqlite3_column_int64(query, 0);
	self->email_state = ferry_sqlite_dup_text(query, 1);
	self->mailbox_state = ferry_sqlite_dup_text(query, 2);
	*subscriptions_at = sqlite3_column_int64(query, 3);
	sqlite3_reset(query);
	if (self->generation >= self->since)
		return TRUE;
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CONFLICT,
			    "that generation is yet to come");
	return FALSE;
}

FerryStoreDelta *
ferry_sqlite_read_delta(FerrySqliteDb *db, gint64 account_key, guint64 since, GError **error)
{
	g_autoptr(FerryStoreDelta) self = ferry_store_delta_new(account_key, since);
	g_autoptr(GArray) mailboxes = g_array_new(FALSE, FALSE, sizeof(FerryStoreMailboxDelta));
	guint64 subscriptions_at;
	gboolean ok;

	if (!read_account_row(db, self, &subscriptions_at, error) || !read_removed(db, self, error))
		return NULL;
	if (subscriptions_at > since) {
		self->subscriptions = ferry_sqlite_read_subscriptions(db, account_key, error);
		if (self->subscriptions == NULL)
			return NULL;
	}
	ok = read_mailbox_deltas(db, self, mailboxes, error);
	self->n_mailboxes = mailboxes->len;
	self->mailboxes =
		(FerryStoreMailboxDelta *)g_array_free(g_steal_pointer(&mailboxes), FALSE);
	for (guint i = 0; i < self->n_mailboxes && ok; i++) {
		FerryStoreMailboxDelta *delta = &self->mailboxes[i];

		if (!delta->reload && delta->mailbox->highest_modseq > since)
			ok = read_messages(db, delta, since, error) &&
			     read_expunged(db, delta, since, error);
		ferry_store_rows_seal(delta->arrived);
		ferry_store_rows_seal(delta->changed);
	}
	return ok ? g_steal_pointer(&self) : NULL;
}

gboolean
ferry_sqlite_load_delta(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result, GError **error)
{
	FerrySqliteQuestion *question = data;
	FerryStoreDelta *delta =
		ferry_sqlite_read_delta(db, question->account_key, question->since, error);

	if (delta == NULL)
		return FALSE;
	ferry_sqlite_answer(result, delta, (GDestroyNotify)ferry_store_delta_unref);
	return TRUE;
}
