/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/sync-private.h"

/* The inside of a sync, for the files it is made of. */
typedef struct {
	FerryJmapEmailList *list;
	guint index;
} EmailRef;

struct _FerrySync {
	FerryMailAccount *account;
	FerryJmapSession *jmap;
	FerryAccountSession *origin;
	GTask *task;
	FerrySyncFill fill;
	gpointer fill_data;
	char *since; /* Email state to begin with, where not the account's */
	gint64 started;
	guint64 generation; /* that the news of the mailboxes lead from */

	/* what the run has gathered */
	char *email_state;
	char *mailbox_state;
	gboolean more_emails;
	gboolean more_mailboxes;
	gboolean complete_mailboxes; /* @mailboxes is all there are */
	gboolean lacks_mailboxes;    /* some that changed were not shown */
	gboolean mailboxes_moved;    /* more than their counts changed */
	gboolean all_mailboxes;      /* asked for, whatever their state says */
	gboolean emails_only;        /* the mailboxes are left to the next sync */
	gboolean first;              /* nothing was known before */
	GHashTable *emails;          /* borrowed id → EmailRef */
	GPtrArray *lists;            /* FerryJmapEmailList that own the strings */
	GHashTable *destroyed;       /* ids */
	GHashTable *missing;         /* ids told of, not yet got */
	GHashTable *mailboxes;       /* id → FerryJmapMailbox */
	GHashTable *removed;         /* ids */
	GError *error;
	gboolean lost_state;

	/* the calls under way; their ids live as long as the request */
	FerryJmapRequest *request;
	char *missing_call;
	const char *email_changes;
	const char *email_created;
	const char *email_updated;
	const char *mailbox_changes;
	const char *mailbox_created;
	const char *mailbox_updated;
	const char *state_call;
	char *totals_call;
	GHashTable *not_found; /* ids of open mailboxes that the backend does not have */
	GHashTable *totals;    /* mailbox id → count, of open mailboxes */
	FerryStoreDelta *delta;
	char *relisted; /* the mailbox whose count differed */
	guint rounds;
	guint conflicts;
	guint relists;
};

/* sync-read.c: what the replies say. */
void ferry_sync_take_emails(FerrySync *self, FerryJmapEmailList *list);
void ferry_sync_take_mailboxes(FerrySync *self, FerryJmapReply *reply, const char *call_id);
/* sync-batch.c: what the store is to take over. */
void ferry_sync_fill_batch(FerrySync *self, FerryStoreBatch *batch);
/* sync-totals.c: the counts of open mailboxes. */
void ferry_sync_add_totals_call(FerrySync *self, FerryJmapRequest *request);
void ferry_sync_take_totals(FerrySync *self, FerryJmapReply *reply);
/* A mailbox that the store and the backend count differently for the second time at the same
 * states. */
FerryMailboxSlot *ferry_sync_find_differing(FerrySync *self);
