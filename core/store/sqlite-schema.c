/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tables of the SQLite store, and what happens when it is opened
 *
 * Implementation: PRAGMA user_version counts the upgrade steps; the step from nothing makes the
 *   tables. A store older than its mark in the cache directory was put back from a backup: it may
 *   have forgotten UIDs that clients know, so every mailbox gets a new UIDVALIDITY.
 * Not mapped: a file replaced while a process has it open.
 */
#include "store/sqlite-schema.h"

#define APPLICATION_ID 0x46725279 /* "FrRy" */
/* beyond whatever the lost history gave out ahead of the clock: one value per new mailbox */
#define RENEWAL_STEP 100000

static const char schema_1[] =
	"CREATE TABLE meta (id INTEGER PRIMARY KEY CHECK (id = 1), uuid TEXT NOT NULL,"
	" incarnation TEXT NOT NULL, commits INTEGER NOT NULL, starts INTEGER NOT NULL,"
	" uidvalidity INTEGER NOT NULL);"
	"CREATE TABLE login (key INTEGER PRIMARY KEY AUTOINCREMENT, backend TEXT NOT NULL,"
	" username TEXT NOT NULL, UNIQUE (backend, username));"
	"CREATE TABLE account (key INTEGER PRIMARY KEY AUTOINCREMENT, login INTEGER NOT NULL,"
	" account_id TEXT NOT NULL, email_state TEXT, mailbox_state TEXT,"
	" generation INTEGER NOT NULL DEFAULT 1, subscriptions_at INTEGER NOT NULL DEFAULT 0,"
	" UNIQUE (login, account_id));"
	"CREATE TABLE mailbox (key INTEGER PRIMARY KEY AUTOINCREMENT, account INTEGER NOT NULL,"
	" id TEXT NOT NULL, name TEXT NOT NULL, parent_id TEXT, role TEXT,"
	" sort_order INTEGER NOT NULL, subscribed INTEGER NOT NULL, rights INTEGER NOT NULL,"
	" total INTEGER NOT NULL, unread INTEGER NOT NULL, imap_name TEXT,"
	" uidvalidity INTEGER NOT NULL, uidnext INTEGER NOT NULL DEFAULT 1,"
	" highest_modseq INTEGER NOT NULL, prune_modseq INTEGER NOT NULL DEFAULT 0,"
	" recent INTEGER NOT NULL DEFAULT 1, listing INTEGER NOT NULL DEFAULT 0,"
	" listing_email_state TEXT, listing_anchor TEXT, messages INTEGER NOT NULL DEFAULT 0,"
	" unseen INTEGER NOT NULL DEFAULT 0, deleted INTEGER NOT NULL DEFAULT 0,"
	" octets INTEGER NOT NULL DEFAULT 0, tombstones INTEGER NOT NULL DEFAULT 0,"
	" created_at INTEGER NOT NULL, changed_at INTEGER NOT NULL,"
	" reload_at INTEGER NOT NULL DEFAULT 0, UNIQUE (account, id));"
	"CREATE TABLE gone_mailbox (account INTEGER NOT NULL, generation INTEGER NOT NULL,"
	" key INTEGER NOT NULL, PRIMARY KEY (account, generation, key)) WITHOUT ROWID;"
	"CREATE TABLE email (key INTEGER PRIMARY KEY AUTOINCREMENT, account INTEGER NOT NULL,"
	" email_id TEXT NOT NULL, blob_id TEXT NOT NULL, thread_id TEXT, size INTEGER NOT NULL,"
	" received_at INTEGER NOT NULL, sent_at INTEGER, sent_offset INTEGER,"
	" keywords TEXT NOT NULL, UNIQUE (account, email_id));"
	"CREATE TABLE message (mailbox INTEGER NOT NULL, uid INTEGER NOT NULL,"
	" email INTEGER NOT NULL, modseq INTEGER NOT NULL, created_at INTEGER NOT NULL,"
	" deleted INTEGER NOT NULL, savedate INTEGER NOT NULL, PRIMARY KEY (mailbox, uid))"
	" WITHOUT ROWID;"
	"CREATE INDEX message_modseq ON message (mailbox, modseq);"
	"CREATE UNIQUE INDEX message_email ON message (email, mailbox);"
	"CREATE TABLE tombstone (mailbox INTEGER NOT NULL, modseq INTEGER NOT NULL,"
	" uid INTEGER NOT NULL, PRIMARY KEY (mailbox, modseq, uid)) WITHOUT ROWID;"
	"CREATE TABLE subscription (account INTEGER NOT NULL, name TEXT NOT NULL,"
	" PRIMARY KEY (account, name)) WITHOUT ROWID;"
	"CREATE TABLE intent (id INTEGER PRIMARY KEY AUTOINCREMENT, account INTEGER NOT NULL,"
	" owner INTEGER NOT NULL, data BLOB NOT NULL);"
	"CREATE TABLE data (account INTEGER NOT NULL, module TEXT NOT NULL,"
	" mailbox INTEGER NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL,"
	" PRIMARY KEY (account, module, mailbox, key)) WITHOUT ROWID;"
	"CREATE TABLE epoch (account INTEGER NOT NULL, mailbox INTEGER NOT NULL,"
	" token INTEGER NOT NULL, PRIMARY KEY (account, mailbox)) WITHOUT ROWID;"
	"CREATE TABLE seen (account INTEGER NOT NULL, mailbox INTEGER NOT NULL,"
	" email INTEGER NOT NULL, PRIMARY KEY (account, mailbox, email)) WITHOUT ROWID;";

/* what was acknowledged while an intent stood */
static const char schema_2[] = "CREATE TABLE spared (intent INTEGER NOT NULL, email TEXT NOT NULL,"
			       " PRIMARY KEY (intent, email)) WITHOUT ROWID;"
			       "CREATE TRIGGER intent_ends AFTER DELETE ON intent"
			       " BEGIN DELETE FROM spared WHERE intent = OLD.id; END;";

/* how much an expunge would take out of a mailbox */
static const char schema_3[] =
	"ALTER TABLE mailbox ADD COLUMN deleted_octets INTEGER NOT NULL DEFAULT 0;"
	"UPDATE mailbox SET deleted_octets = (SELECT coalesce(sum(e.size), 0) FROM message m"
	" JOIN email e ON e.key = m.email WHERE m.mailbox = mailbox.key AND m.deleted)"
	" WHERE deleted > 0;";

/* what modules keep for every login that sees a JMAP account: "login" is the one whose own account
 * it is, 0 where one to whom it is somebody else's was first */
static const char schema_4[] =
	"CREATE TABLE shared_data (backend TEXT NOT NULL, account_id TEXT NOT NULL,"
	" mailbox_id TEXT NOT NULL, module TEXT NOT NULL, key TEXT NOT NULL,"
	" login INTEGER NOT NULL, value BLOB NOT NULL,"
	" PRIMARY KEY (backend, account_id, mailbox_id, module, key, login)) WITHOUT ROWID;"
	"CREATE INDEX account_id ON account (account_id);"
	"CREATE TRIGGER mailbox_ends AFTER DELETE ON mailbox BEGIN DELETE FROM shared_data"
	" WHERE (backend, account_id) = (SELECT l.backend, a.account_id FROM account a"
	" JOIN login l ON l.key = a.login WHERE a.key = OLD.account) AND mailbox_id = OLD.id"
	" AND (login = (SELECT login FROM account WHERE key = OLD.account)"
	" OR NOT EXISTS (SELECT 1 FROM account a JOIN login l ON l.key = a.login"
	" JOIN mailbox m ON m.account = a.key AND m.id = OLD.id"
	" WHERE a.account_id = shared_data.account_id AND l.backend = shared_data.backend)); END;"
	"CREATE TRIGGER account_ends AFTER DELETE ON account BEGIN DELETE FROM shared_data"
	" WHERE backend = (SELECT backend FROM login WHERE key = OLD.login)"
	" AND account_id = OLD.account_id AND mailbox_id = '' AND (login = OLD.login"
	" OR NOT EXISTS (SELECT 1 FROM account a JOIN login l ON l.key = a.login"
	" WHERE a.account_id = OLD.account_id AND l.backend = shared_data.backend)); END;";

/* Step N leads from version N to N + 1. */
static const char *const steps[] = {schema_1, schema_2, schema_3, schema_4};

void
ferry_sqlite_info_clear(FerrySqliteInfo *self)
{
	g_clear_pointer(&self->uuid, g_free);
	g_clear_pointer(&self->incarnation, g_free);
}

static gboolean
fail(FerrySqliteDb *db, GError **error, const char *what)
{
	g_set_error(error, FERRY_ERROR, FERRY_ERROR_CONFIGURATION, "%s: %s", db->path, what);
	return FALSE;
}

static gboolean
check_application(FerrySqliteDb *db, gint64 version, GError **error)
{
	gint64 application, tables;

	if (!ferry_sqlite_db_get_int(db, "PRAGMA application_id", ARGS(), &application, NULL,
				     error) ||
	    !ferry_sqlite_db_get_int(db, "SELECT count(*) FROM sqlite_schema", ARGS(), &tables,
				     NULL, error))
		return FALSE;
	if (version == 0 ? tables > 0 : application != APPLICATION_ID)
		return fail(db, error, "this is not a Ferry store");
	return TRUE;
}

static gboolean
upgrade(FerrySqliteDb *db, GError **error)
{
	gint64 version;

	if (!ferry_sqlite_db_get_int(db, "PRAGMA user_version", ARGS(), &version, NULL, error) ||
	    !check_application(db, version, error))
		return FALSE;
	if (version < 0 || version > (gint64)G_N_ELEMENTS(steps)) {
		g_autofree char *what = g_strdup_printf(
			"the store has version %" G_GINT64_FORMAT
			", this program knows up to %u: it was written by a newer Ferry",
			version, (guint)G_N_ELEMENTS(steps));

		return fail(db, error, what);
	}
	for (guint i = version; i < G_N_ELEMENTS(steps); i++) {
		g_autofree char *mark =
			g_strdup_printf("PRAGMA application_id = %d; PRAGMA user_version = %u",
					APPLICATION_ID, i + 1);

		if (!ferry_sqlite_db_script(db, steps[i], error) ||
		    !ferry_sqlite_db_script(db, mark, error))
			return FALSE;
	}
	if (version == 0) {
		g_autofree char *uuid = g_uuid_string_random();
		g_autofree char *incarnation = g_uuid_string_random();

		return ferry_sqlite_db_run(db, "INSERT INTO meta VALUES (1, ?1, ?2, 0, 0, 0)",
					   ARGS(TEXT(uuid), TEXT(incarnation)), error);
	}
	return TRUE;
}

/* Ends a transaction that was begun with BEGIN. */
static gboolean
finish(FerrySqliteDb *db, gboolean ok, GError **error)
{
	if (ok && ferry_sqlite_db_script(db, "COMMIT", error))
		return TRUE;
	ferry_sqlite_db_script(db, "ROLLBACK", NULL);
	return FALSE;
}

gboolean
ferry_sqlite_schema_prepare(FerrySqliteDb *db, GError **error)
{
	g_autofree char *mode = NULL;

	/* the new database takes this only before its first table */
	if (!ferry_sqlite_db_get_text(db, "PRAGMA journal_mode = WAL", ARGS(), &mode, error))
		return FALSE;
	if (g_strcmp0(mode, "wal") != 0)
		return fail(db, error, "the file system cannot hold a write-ahead log");
	if (!ferry_sqlite_db_script(db, "PRAGMA synchronous = FULL; BEGIN IMMEDIATE", error))
		return FALSE;
	return finish(db, upgrade(db, error), error);
}

/* UIDVALIDITY is max(last + 1, Unix time), so it rises even if the clock does not. */
gboolean
ferry_sqlite_schema_next_uidvalidity(FerrySqliteDb *db, guint32 *value, GError **error)
{
	gint64 last, next;

	if (!ferry_sqlite_db_get_int(db, "SELECT uidvalidity FROM meta", ARGS(), &last, NULL,
				     error))
		return FALSE;
	next = MAX(last + 1, g_get_real_time() / G_USEC_PER_SEC);
	if (next > G_MAXUINT32)
		return fail(db, error, "no UIDVALIDITY is left");
	*value = next;
	return ferry_sqlite_db_run(db, "UPDATE meta SET uidvalidity = ?1", ARGS(INT(next)), error);
}

/* Every UIDVALIDITY anew: clients must forget all UIDs. Nothing here may be undone afterwards
 * by an intent of the old history. */
gboolean
ferry_sqlite_schema_renew(FerrySqliteDb *db, guint64 floor, GError **error)
{
	g_autofree char *incarnation = g_uuid_string_random();
	const gint64 now = g_get_real_time() / G_USEC_PER_SEC;
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(gint64));
	GError *failure = NULL;
	sqlite3_stmt *query;

	if (!ferry_sqlite_db_run(db,
				 "UPDATE meta SET incarnation = ?1,"
				 " uidvalidity = max(uidvalidity, ?2, ?3) + ?4",
				 ARGS(TEXT(incarnation), INT(floor), INT(now), INT(RENEWAL_STEP)),
				 error) ||
	    !ferry_sqlite_db_script(db,
				    "DELETE FROM tombstone; DELETE FROM epoch; DELETE FROM seen;"
				    "DELETE FROM intent;"
				    "UPDATE account SET generation = generation + 1;",
				    error))
		return FALSE;
	query = ferry_sqlite_db_query(db, "SELECT key FROM mailbox ORDER BY key", ARGS(), error);
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
	for (guint i = 0; i < keys->len; i++) {
		guint32 uidvalidity;

		if (!ferry_sqlite_schema_next_uidvalidity(db, &uidvalidity, error) ||
		    !ferry_sqlite_db_run(
			    db,
			    "UPDATE mailbox SET uidvalidity = ?2, tombstones = 0,"
			    " (highest_modseq, prune_modseq, changed_at, reload_at) ="
			    " (SELECT generation, generation, generation, generation FROM account"
			    " WHERE account.key = mailbox.account) WHERE key = ?1",
			    ARGS(INT(g_array_index(keys, gint64, i)), INT(uidvalidity)), error))
			return FALSE;
	}
	return TRUE;
}

gboolean
ferry_sqlite_schema_count_commit(FerrySqliteDb *db, guint64 *commits, guint64 *uidvalidity,
				 GError **error)
{
	sqlite3_stmt *query = ferry_sqlite_db_query(
		db, "UPDATE meta SET commits = commits + 1 RETURNING commits, uidvalidity", ARGS(),
		error);

	if (query == NULL || !ferry_sqlite_db_step(db, query, error))
		return FALSE;
	*commits = sqlite3_column_int64(query, 0);
	*uidvalidity = sqlite3_column_int64(query, 1);
	sqlite3_reset(query);
	return TRUE;
}

static gboolean
read_meta(FerrySqliteDb *db, FerrySqliteInfo *info, GError **error)
{
	sqlite3_stmt *query = ferry_sqlite_db_query(
		db, "SELECT uuid, incarnation, commits, starts FROM meta", ARGS(), error);

	if (query == NULL)
		return FALSE;
	if (!ferry_sqlite_db_step(db, query, error)) {
		if (error == NULL || *error == NULL)
			fail(db, error, "the store has no meta data");
		return FALSE;
	}
	ferry_sqlite_info_clear(info);
	info->uuid = ferry_sqlite_dup_text(query, 0);
	info->incarnation = ferry_sqlite_dup_text(query, 1);
	info->commits = sqlite3_column_int64(query, 2);
	info->start = sqlite3_column_int64(query, 3);
	sqlite3_reset(query);
	return TRUE;
}

/* The write lock is held, so every commit that the mark knows of is in a store with its history. */
static gboolean
start(FerrySqliteDb *db, const char *cache_dir, FerrySqliteMark **cache_mark, FerrySqliteInfo *info,
      guint64 *uidvalidity, GError **error)
{
	g_autofree char *path = NULL;
	g_autofree char *name = NULL;
	guint64 known, starts;

	if (!read_meta(db, info, error))
		return FALSE;
	name = g_strdup_printf("store-%s.mark", info->uuid);
	path = g_build_filename(cache_dir, name, NULL);
	*cache_mark = ferry_sqlite_mark_open(path, error);
	if (*cache_mark == NULL)
		return FALSE;
	known = ferry_sqlite_mark_get(*cache_mark, FERRY_SQLITE_MARK_COMMITS);
	starts = ferry_sqlite_mark_get(*cache_mark, FERRY_SQLITE_MARK_STARTS);
	if (info->commits < known || info->start < starts) {
		g_warning("%s is older than it was (commit %" G_GUINT64_FORMAT
			  ", %" G_GUINT64_FORMAT " were made): it was put back from a backup. Every"
			  " mailbox gets a new UIDVALIDITY; clients will load their mail again",
			  db->path, info->commits, known);
		if (!ferry_sqlite_schema_renew(
			    db, ferry_sqlite_mark_get(*cache_mark, FERRY_SQLITE_MARK_UIDVALIDITY),
			    error))
			return FALSE;
	}
	return ferry_sqlite_db_run(db,
				   "UPDATE meta SET starts = max(starts, ?1) + 1,"
				   " commits = max(commits, ?2)",
				   ARGS(INT(starts), INT(known)), error) &&
	       ferry_sqlite_schema_count_commit(db, &info->commits, uidvalidity, error) &&
	       read_meta(db, info, error);
}

gboolean
ferry_sqlite_schema_start(FerrySqliteDb *db, const char *cache_dir, FerrySqliteMark **cache_mark,
			  FerrySqliteInfo *info, GError **error)
{
	guint64 uidvalidity;
	gboolean ok;

	if (!ferry_sqlite_db_script(db, "BEGIN IMMEDIATE", error))
		return FALSE;
	ok = start(db, cache_dir, cache_mark, info, &uidvalidity, error);
	if (!finish(db, ok, error))
		return FALSE;
	ferry_sqlite_mark_raise(*cache_mark, FERRY_SQLITE_MARK_COMMITS, info->commits);
	ferry_sqlite_mark_raise(*cache_mark, FERRY_SQLITE_MARK_STARTS, info->start);
	ferry_sqlite_mark_raise(*cache_mark, FERRY_SQLITE_MARK_UIDVALIDITY, uidvalidity);
	return TRUE;
}
