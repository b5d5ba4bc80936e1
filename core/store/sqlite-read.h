/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "store/sqlite-lane.h"
#include "store/store.h"

G_BEGIN_DECLS

/* What read jobs are asked; not every field is used by each. */
typedef struct {
	char *backend;
	char *username;
	char **ids;
	gint64 account_key;
	gint64 mailbox_key;
	guint64 since;
	FerryStoreFields fields;
	GArray *keys;
} FerrySqliteQuestion;

FerrySqliteQuestion *ferry_sqlite_question_new(gint64 account_key, gint64 mailbox_key);
void ferry_sqlite_question_free(gpointer data);

/* jobs: data is a FerrySqliteQuestion */
gboolean ferry_sqlite_load_account(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result,
				   GError **error);
gboolean ferry_sqlite_load_mailbox(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result,
				   GError **error);
gboolean ferry_sqlite_load_emails(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result,
				  GError **error);
gboolean ferry_sqlite_load_delta(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result,
				 GError **error);
gboolean ferry_sqlite_read_generation(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result,
				      GError **error);
gboolean ferry_sqlite_count(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result,
			    GError **error);
gboolean ferry_sqlite_find_pairs(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result,
				 GError **error);
gboolean ferry_sqlite_load_tombstones(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result,
				      GError **error);

/* for other rooms of the SQLite store */
FerryStoreDelta *ferry_sqlite_read_delta(FerrySqliteDb *db, gint64 account_key, guint64 since,
					 GError **error);
char **ferry_sqlite_read_subscriptions(FerrySqliteDb *db, gint64 account_key, GError **error);
#define FERRY_SQLITE_MAILBOX_COLUMNS                                                               \
	"key, id, name, parent_id, role, sort_order, subscribed, rights, total, unread,"           \
	" imap_name, uidvalidity, uidnext, highest_modseq, prune_modseq, recent, listing,"         \
	" listing_email_state, listing_anchor, messages, unseen, deleted, octets,"                 \
	" deleted_octets"
#define FERRY_SQLITE_MAILBOX_N_COLUMNS 24
FerryStoreMailbox *ferry_sqlite_read_mailbox(sqlite3_stmt *statement);
void ferry_sqlite_answer(FerrySqliteResult *result, gpointer pointer, GDestroyNotify destroy);
gboolean ferry_sqlite_not_found(GError **error, const char *what, gint64 key);

G_END_DECLS
