/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/mailbox-private.h"
#include "account/outcome-private.h"
#include "account/sync-private.h"
#include "jmap/method.h"

/* What an operation that changes mail is made of: it takes the account's lock, patches Emails in
 * few calls, commits what the backend acknowledged, and gives the lock back. It always runs to its
 * end, whoever went away meanwhile. */
typedef struct _FerryOp FerryOp;
typedef void (*FerryOpFunc)(FerryOp *op);

typedef enum {
	FERRY_ITEM_TODO,
	FERRY_ITEM_DONE,
	FERRY_ITEM_MISSING,
	FERRY_ITEM_REFUSED,
} FerryItemState;

/* What has no blob goes along with its import, if that works. */
typedef enum {
	FERRY_ALONG_NOT,
	FERRY_ALONG_SENT,
	FERRY_ALONG_REFUSED,
} FerryAlong;

/* How an Email comes into another account. */
typedef enum {
	FERRY_WAY_COPY,
	FERRY_WAY_BLOB,
	FERRY_WAY_OCTETS,
} FerryWay;

typedef struct {
	guint32 uid;
	FerryItemState state;
	FerryAlong along;
	FerryWay way;
	gboolean made; /* the backend made the blob that went along */
	char *email_id;
	char *blob_id;
	char *keywords;       /* joined, system keywords included: what the Email has afterwards */
	GPtrArray *mailboxes; /* ids of the mailboxes that the store has it in; owned strings */
	gint64 received_at;
	gboolean deleted;   /* \Deleted afterwards */
	GPtrArray *dropped; /* keywords that a partial REPLACE takes away; owned strings */
	gboolean in_target; /* it was there before */
	gboolean found;     /* the backend has the Email */
	gboolean destroy;
	gboolean copied; /* it was elsewhere before: taking it back never destroys */
	char *new_id;    /* the Email in the target, where it is another one */
	guint64 size;
	FerryAppendMessage *message; /* what is appended; borrowed */
	char *digest;                /* of a message that has no blob yet */
	gboolean import;             /* its blob is to become an Email of the target */
	gboolean created;            /* an Email was made for it */
	gboolean existing;           /* the backend has this content already, as that Email */
	gboolean lost;               /* it is not known whether it was made */
	guint asked;                 /* which of the delta's UIDs is its new one */
} FerryItem;

struct _FerryOp {
	GTask *task;
	FerryMailAccount *account;
	FerryAccountSession *session;
	FerryMailbox *mailbox;
	FerryOutcome *outcome;
	gboolean locked;
	GArray *items; /* FerryItem */
	FerryJmapRequest *request;
	FerryJmapSendFlags send_flags;
	char *state;          /* Email state after the last call, as far as it is only ours */
	gboolean chained;     /* nothing but our own calls moved the state */
	guint64 generation;   /* what the operation was worked out from */
	gboolean conditional; /* ifInState */
	gboolean conflict;
	guint tries;
	gint64 intent; /* 0 once what removes it is committed */
	GBytes *intent_data;
	GBytes *intent_draft;   /* on its way to the store */
	char *intent_state;     /* Email state that was known when it began */
	guint64 intent_uidnext; /* of the target, likewise */
	guint n_overtaken; /* how often another process changed the account before the intent */
	GError *error;
	FerryOpFunc next;
	FerryOpFunc after;
	GError *undo_error;
	const char *call_id;   /* of the call under way */
	const char *blob_call; /* that makes blobs for it; or NULL */
	char *kept_call;
	gsize from, to; /* the items of the call under way */
	void (*write_patch)(FerryOp *op, const FerryItem *item, FerryJmapBuilder *patch);
	void (*fill)(FerryStoreBatch *batch, FerryOp *op, gboolean fast);
	void (*write_condition)(FerryOp *op, FerryJmapBuilder *intent); /* nullable */
	FerryStoreDelta *delta;
	FerrySync *sync;   /* begun in the request of the operation itself */
	FerrySync *counts; /* what the operation's request told of the mailboxes */
	/* the operations' own */
	FerryMailAccount *target_account;
	char *target_id;
	FerryFlagsMode mode;
	FerryMessageFlags flags;
	char **keywords;
	FerryMailboxRights may; /* of the rights to change flags */
	gboolean partial;       /* not all of them are there */
	gint64 unchanged_since;
	FerryView *known; /* nullable; what the condition may compare with */
	gboolean move;
	gboolean strict; /* each of the messages has to be there */
	gpointer extra;
	GDestroyNotify extra_free;
};

FerryOp *ferry_op_new(GTask *task, FerryMailAccount *account, FerryAccountSession *session);
void ferry_op_set_mailbox(FerryOp *op, FerryMailbox *mailbox);
void ferry_op_lock(FerryOp *op, FerryOpFunc next);
/* @begun_at: monotonic, since when whoever asked waits. */
void ferry_op_lock_since(FerryOp *op, gint64 begun_at, FerryOpFunc next);
/* Whether a command that asked for the lock may begin something more for it. */
gboolean ferry_op_has_time(FerryOp *op);
/* The caller has the lock: before all others who wait for it. */
void ferry_op_lock_next(FerryOp *op, FerryOpFunc next);
void ferry_op_unlock(FerryOp *op);
void ferry_op_fail(FerryOp *op, GError *error);
void ferry_op_done(FerryOp *op);
FerryJmapSession *ferry_op_get_jmap(FerryOp *op);
guint ferry_op_get_set_limit(FerryOp *op);
guint ferry_op_get_get_limit(FerryOp *op);
FerryItem *ferry_op_add_item(FerryOp *op, FerryView *view, guint32 index);
/* Items for those of @uids that there are; the others are missing. */
void ferry_op_add_uids(FerryOp *op, const guint32 *uids, gsize n_uids);
guint ferry_op_count(FerryOp *op, FerryItemState state);
void ferry_op_sync(FerryOp *op, FerryOpFunc next);
/* Reads where the Emails are, as the store knows it. */
void ferry_op_find_mailboxes(FerryOp *op, FerryOpFunc next);
/* Email/set for every item to do: op->write_patch writes the patch; results go into the items. */
void ferry_op_send_patches(FerryOp *op, FerryOpFunc next);
/* Where push is live: the mailboxes after the call that ends the request, in the same request; or
 * push would tell of them and cost another one. */
void ferry_op_add_counts(FerryOp *op);
void ferry_op_take_counts(FerryOp *op, FerryJmapReply *reply);
/* For ids that do not belong to the request. */
const char *ferry_op_keep_call(FerryOp *op, const char *call_id);
void ferry_op_note_set(FerryOp *op, FerryJmapSetResult *set);
/* Commits what op->fill says. */
void ferry_op_commit(FerryOp *op, FerryOpFunc next);
/* In the place of the one that the op has, if any; @again: where it has none, and another process
 * changed the account since @data was worked out. */
void ferry_op_put_intent(FerryOp *op, GBytes *data, FerryOpFunc next, FerryOpFunc again);
void ferry_op_put_item(FerryOp *op, FerryStoreBatch *batch, const FerryItem *item,
		       const char *added, const char *removed);
void ferry_op_tell_items(FerryOp *op);
void ferry_op_note_error(FerryAccountSession *session, const GError *error);

/* op-create.c: Email/import of every item that has `import`, into op->target_id. Afterwards each is
 * done (and `created`), `existing` (its Email in email_id or new_id), or refused. */
/* op-import.c */
void ferry_op_import(FerryOp *op, FerryOpFunc next);
/* Puts Emails that exist already into the target too, with the keywords that were given added. */
void ferry_op_adopt(FerryOp *op, FerryOpFunc next);
/* Takes back what was made for the items, then fails with op->error. */
void ferry_op_undo(FerryOp *op);
/* Where each of the messages has to be there: ends the op where the view lacks one; notes it as the
 * error where the backend did. */
gboolean ferry_op_fail_if_gone(FerryOp *op);
void ferry_op_note_gone(FerryOp *op);
/* Says what a refusal means where what the command names went away meanwhile. */
void ferry_op_explain(FerryOp *op, GError **error);
/* The same for the error with which waiting for the target's listing ended. */
void ferry_op_explain_target(GError **error);
/* Writes down what is about to appear in op->target_id. @again: works out anew what that is, since
 * another process changed the account. */
void ferry_op_intend(FerryOp *op, FerryOpFunc next, FerryOpFunc again);
/* In its place, where blobs have become others. */
void ferry_op_intend_again(FerryOp *op, FerryOpFunc next);
char *ferry_op_make_digest(GBytes *bytes);
const char *ferry_item_get_target_email(const FerryItem *item);
/* Asks for the UIDs of the items in the target, in their order. */
void ferry_op_fill_targets(FerryStoreBatch *batch, FerryOp *op);
void ferry_op_tell_targets(FerryOp *op, gboolean with_sources);
void ferry_item_take_id(FerryItem *item, const char *id);
/* op-lookup.c: finds what the items that are `lost` became, then calls @repeat for the others; with
 * op->error set it goes on to op->next instead. */
void ferry_op_look_up(FerryOp *op, FerryOpFunc repeat);
