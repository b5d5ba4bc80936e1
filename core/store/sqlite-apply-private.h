/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "store/batch-private.h"
#include "store/sqlite-read.h"
#include "store/sqlite-schema.h"

G_BEGIN_DECLS

/* A mailbox while a batch is applied: read once, written once. */
typedef struct {
	FerryStoreMailbox *mailbox;
	gint64 tombstones;
	gboolean touched; /* something of it must be written */
	gboolean moved;   /* messages changed: its highest MODSEQ is the new generation */
	gboolean renumbered;
	gboolean removed;
} FerryApplyMailbox;

/* A pair that waits for its UID. */
typedef struct {
	FerryApplyMailbox *mailbox;
	gint64 email;
	gint64 received_at;
	gint64 size;
	const char *email_id;
	gboolean seen;
	guint order; /* G_MAXUINT when nobody asked */
} FerryApplyPair;

/* Rows that wait to be written together. */
typedef struct {
	gint64 key;
	const FerryBatchEmail *email;
} FerryApplyEmail;

typedef struct {
	gint64 mailbox;
	guint32 uid;
	gint64 email;
	gint64 savedate;
} FerryApplyMessage;

typedef struct {
	FerrySqliteDb *db;
	FerryStoreBatch *batch;
	gint64 account;
	guint64 generation; /* the new one */
	gint64 now;
	gboolean changed;
	gint64 tombstone_limit;
	GHashTable *by_id;  /* mailbox id to FerryApplyMailbox, owned */
	GHashTable *by_key; /* the same by key */
	GHashTable *loose;  /* keys of Emails that lost a pair */
	GArray *epochs;     /* mailbox keys of the epochs under way, 0 is the account */
	GArray *pairs;      /* FerryApplyPair */
	GArray *forgotten;  /* keys of Emails that are gone */
	GArray *fresh;      /* FerryApplyEmail */
	GArray *messages;   /* FerryApplyMessage */
	gint64 next_email;  /* the next new Email's key; 0: not looked up */
} FerryApply;

/* sqlite-apply.c: CONFLICT where the account is not at @expected */
gboolean ferry_sqlite_check_generation(FerrySqliteDb *db, gint64 account_key, guint64 expected,
				       GError **error);

/* sqlite-intent.c */
gboolean ferry_apply_intents(FerryApply *self, GError **error);

/* sqlite-apply-mailbox.c */
FerryApplyMailbox *ferry_apply_find_mailbox(FerryApply *self, const char *id, GError **error);
FerryApplyMailbox *ferry_apply_find_key(FerryApply *self, gint64 key, GError **error);
gboolean ferry_apply_mailboxes(FerryApply *self, GError **error);
gboolean ferry_apply_recents(FerryApply *self, GError **error);
gboolean ferry_apply_flush_mailboxes(FerryApply *self, GError **error);
gboolean ferry_apply_renumber(FerryApply *self, FerryApplyMailbox *mailbox, GError **error);

/* sqlite-apply-email.c */
gboolean ferry_apply_removals(FerryApply *self, GError **error);
gboolean ferry_apply_deleted(FerryApply *self, GError **error);
gboolean ferry_apply_emails(FerryApply *self, GError **error);
gboolean ferry_apply_destroy(FerryApply *self, gint64 email, GError **error);
gboolean ferry_apply_remove_message(FerryApply *self, FerryApplyMailbox *mailbox, guint32 uid,
				    GError **error);
gboolean ferry_apply_drop_loose(FerryApply *self, GError **error);
gboolean ferry_apply_find_email(FerryApply *self, const char *email_id, gint64 *key,
				GError **error);

/* sqlite-apply-bulk.c: new rows; what was added must be flushed before it is looked for */
gboolean ferry_apply_add_email(FerryApply *self, const FerryBatchEmail *email, gint64 *key,
			       GError **error);
gboolean ferry_apply_flush_emails(FerryApply *self, GError **error);
gboolean ferry_apply_add_message(FerryApply *self, const FerryApplyMessage *message,
				 GError **error);
gboolean ferry_apply_flush_messages(FerryApply *self, GError **error);

/* sqlite-apply-uid.c */
gboolean ferry_apply_renewals(FerryApply *self, GError **error);
gboolean ferry_apply_allocate(FerryApply *self, GError **error);
guint32 *ferry_apply_answers(FerryApply *self, GError **error);

/* sqlite-apply-epoch.c */
gboolean ferry_apply_begin_epochs(FerryApply *self, GError **error);
gboolean ferry_apply_mark_seen(FerryApply *self, gint64 email, GError **error);
gboolean ferry_apply_sweeps(FerryApply *self, GError **error);

/* the job */
typedef struct {
	gint64 account_key;
	guint64 expected;
	FerryStoreBatch *batch;
	gint64 tombstone_limit;
} FerrySqliteApply;

void ferry_sqlite_apply_free(gpointer data);
gboolean ferry_sqlite_apply(FerrySqliteDb *db, gpointer data, FerrySqliteResult *result,
			    GError **error);

G_END_DECLS
