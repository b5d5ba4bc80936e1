/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/account-session.h"
#include "account/account.h"
#include "account/keyword-table-private.h"
#include "account/mailbox-list-private.h"
#include "account/manager.h"
#include "account/raw-cache-private.h"
#include "account/watch.h"
#include "jmap/push.h"
#include "jmap/session.h"
#include "store/store.h"

/* What a backend can make grow. */
#define FERRY_ACCOUNT_MAX_MAILBOXES 50000
#define FERRY_ACCOUNT_MAX_MAIL_ACCOUNTS 1000

typedef struct _FerryListing FerryListing;

/* A mailbox of a mail account; lives as long as the store has it. */
typedef struct {
	FerryMailAccount *owner;   /* borrowed */
	FerryStoreMailbox *stored; /* the newest */
	FerryMailbox *open;        /* weak */
	FerryMailbox *kept;        /* the same, for a while after its last session left */
	gint64 kept_until;
	FerryListing *listing;
	char *differing_state; /* states at which totalEmails last differed from the store */
	gint64 tolerated;      /* a difference that a new listing did not mend */
} FerryMailboxSlot;

struct _FerryAccount {
	GObject parent_instance;

	FerryStore *store;
	FerryRawCache *raw_cache;
	FerryAccountSettings *settings;
	char *backend;
	char *username;
	char *key;
	GPtrArray *mail_accounts; /* FerryMailAccount, the own one first */
	GPtrArray *sessions;      /* borrowed, newest last */
	FerryJmapSession *jmap;   /* of the newest session that works */
	FerryJmapPush *push;
	FerryJmapSession *push_jmap; /* borrowed: whose stream it is */
	gulong push_signals[3];
	gboolean push_live;
	gboolean wants_mail; /* some session asked for mail: from now on it is kept up to date */
	gboolean closed;
	GSource *tick;         /* once a second while anybody looks */
	GSource *debounce;     /* a change was told */
	GSource *list_changed; /* sessions are to be told */
	guint n_ticks;
	guint64 polled_generations;
	guint poll_interval; /* seconds */
	gboolean looks;      /* for accounts that are not known */
	gint64 look_at;      /* monotonic; not before */
	gint64 poll_at;      /* monotonic */
	gint64 unused_since; /* monotonic; 0 while there are sessions */
	guint n_idling;
	guint64 list_serial; /* moves whenever a name, right, role or subscription does */
	void (*unload)(FerryAccount *self, gpointer user_data);
	/* (transfer container): the accounts of its backend, itself among them */
	GPtrArray *(*list_peers)(FerryAccount *self, gpointer user_data);
	gpointer manager_data; /* for both */
};

struct _FerryAccountSession {
	GObject parent_instance;

	FerryAccount *account;
	FerryJmapSession *jmap;
	FerryMailboxList *list;
	gint64 signed_in; /* monotonic */
	guint64 list_serial;
	gulong expired_signal;
	gulong changed_signal;
	gboolean idling;
	gboolean expired;
	FerryWatch watch;
};

#define FERRY_TYPE_MAIL_ACCOUNT (ferry_mail_account_get_type())
G_DECLARE_FINAL_TYPE(FerryMailAccount, ferry_mail_account, FERRY, MAIL_ACCOUNT, GObject)

struct _FerryMailAccount {
	GObject parent_instance;

	FerryAccount *account; /* borrowed; NULL once that is gone */
	char *id;
	char *name;
	gboolean own;
	gboolean read_only; /* isReadOnly */
	gint64 key;
	guint64 generation;
	char *email_state;
	char *mailbox_state;
	GHashTable *slots;  /* id → FerryMailboxSlot */
	GHashTable *by_key; /* gint64 → FerryMailboxSlot */
	char **subscriptions;
	FerryKeywordTable *keywords;
	GQueue lock_waiters;
	gboolean locked;
	gboolean recovering;      /* intents of other processes are about to be claimed */
	gint64 lock_asked_at;     /* monotonic; when the one who has the lock asked for it */
	GCancellable *background; /* of requests that nobody's command waits for */
	guint n_syncing;          /* syncs under way */
	gboolean slow;            /* somebody gave up waiting for the sync under way */
	gboolean polling;         /* a refresh in the background is under way */
	gint64 sync_started;      /* monotonic start of the last sync that ended well; 0: none */
	gint64 mailboxes_read;    /* the same, of the last one that read every mailbox */
	gboolean mailboxes_unsettled; /* the next sync shall read them all */
	gboolean no_blob_creation;    /* the backend offered it, and did not know it */
	gboolean changed_on_backend;  /* something is to be read; no sync has begun since */
	char *told_email_state;       /* what push told last, since the last sync began */
	char *told_mailbox_state;
	GHashTable *downloads; /* id of an Email → its download (download.c) */
	GQueue listings;       /* FerryListing under way or ready */
	GQueue list_queue;     /* ids of mailboxes to be listed */
};

/* account.c */
char *ferry_account_make_key(const char *backend, const char *username);
FerryAccount *ferry_account_new(FerryStore *store, FerryRawCache *raw_cache,
				const FerryAccountSettings *settings, const char *backend,
				const char *username);
void ferry_account_load_async(FerryAccount *self, FerryJmapSession *jmap, GCancellable *cancellable,
			      GAsyncReadyCallback callback, gpointer user_data);
gboolean ferry_account_load_finish(FerryAccount *self, GAsyncResult *result, GError **error);
void ferry_account_add_session(FerryAccount *self, FerryAccountSession *session);
void ferry_account_remove_session(FerryAccount *self, FerryAccountSession *session);
void ferry_account_close(FerryAccount *self);
void ferry_account_review(FerryAccount *self);
FerryMailAccount *ferry_account_find(FerryAccount *self, const char *account_id);
FerryJmapSession *ferry_account_pick_jmap(FerryAccount *self);
/* A credential is no good any more: push goes on with another one. */
void ferry_account_note_expired(FerryAccount *self, FerryJmapSession *jmap);
void ferry_account_touch_list(FerryAccount *self);
GPtrArray *ferry_account_list_peers(FerryAccount *self);
void ferry_account_set_idling(FerryAccount *self, gboolean idling);
void ferry_account_emit_messages_changed(FerryAccount *self, FerryMailAccount *mail_account,
					 const char *mailbox_id, FerryMailboxDelta *delta);

/* account-push.c */
void ferry_account_start_push(FerryAccount *self, FerryJmapSession *jmap);
void ferry_account_drop_push(FerryAccount *self);
void ferry_account_want_mail(FerryAccount *self, FerryJmapSession *jmap);
void ferry_account_start_ticking(FerryAccount *self);

/* watch.c: what any of its sessions watches */
FerryWatch ferry_account_get_watch(FerryAccount *self);

/* account-session.c */
FerryAccountSession *ferry_account_session_new(FerryAccount *account, FerryJmapSession *jmap);
void ferry_account_session_lists_changed(FerryAccountSession *self);
void ferry_account_session_tell_data(FerryAccountSession *self, const char *module,
				     const char *account_id, const char *mailbox_id,
				     gboolean shared, const char *const *keys);
void ferry_account_session_expire(FerryAccountSession *self);
void ferry_account_session_list_anew_async(FerryAccountSession *self, GCancellable *cancellable,
					   GAsyncReadyCallback callback, gpointer user_data);
/* The mailbox of a name: sets NOT_FOUND, or TRY_CREATE where @for_adding. */
FerryMailboxSlot *ferry_account_session_find_slot(FerryAccountSession *self, const char *name,
						  gboolean for_adding, GError **error);

/* status.c: UIDNEXT is 0 where the mailbox is not listed yet */
FerryMailboxStatus *ferry_stored_get_numbers(const FerryStoreMailbox *stored);

/* mail-account.c */
FerryMailAccount *ferry_mail_account_new(FerryAccount *account, FerryStoreMailAccount *stored);
void ferry_mail_account_take_info(FerryMailAccount *self, const FerryJmapAccountInfo *info);
void ferry_mail_account_close(FerryMailAccount *self);
FerryMailboxSlot *ferry_mail_account_find(FerryMailAccount *self, const char *mailbox_id);
FerryMailboxSlot *ferry_mail_account_find_key(FerryMailAccount *self, gint64 key);
FerryJmapSession *ferry_mail_account_pick_jmap(FerryMailAccount *self,
					       FerryAccountSession *session);
GPtrArray *ferry_mail_account_list_stored(FerryMailAccount *self);
gboolean ferry_mail_account_is_watched(FerryMailAccount *self);

/* One writer at a time: whoever changes the store or decides by it holds the lock. */
typedef void (*FerryLockFunc)(FerryMailAccount *self, gpointer user_data);
void ferry_mail_account_lock(FerryMailAccount *self, FerryLockFunc func, gpointer user_data);
/* For work that began before it came to need the lock: monotonic microseconds. */
void ferry_mail_account_lock_since(FerryMailAccount *self, gint64 begun_at, FerryLockFunc func,
				   gpointer user_data);
/* For the holder of the lock: before all others who wait. */
void ferry_mail_account_lock_next(FerryMailAccount *self, FerryLockFunc func, gpointer user_data);
void ferry_mail_account_unlock(FerryMailAccount *self);
/* Whether the one who has the lock waited so long for it that there is no time left; sets
 * UNAVAILABLE. */
gboolean ferry_mail_account_is_late(FerryMailAccount *self, FerryJmapSession *jmap, GError **error);
/* Sends for the one who has the lock: the time runs since the lock was asked for. */
void ferry_mail_account_send_async(FerryMailAccount *self, FerryJmapSession *jmap,
				   FerryJmapRequest *request, FerryJmapSendFlags flags,
				   GCancellable *cancellable, GAsyncReadyCallback callback,
				   gpointer user_data);

/* Commits a batch at the generation that is known here, and brings the views along. When another
 * process was first, its changes are taken over and the error is FERRY_ERROR_CONFLICT. */
void ferry_mail_account_apply_async(FerryMailAccount *self, FerryStoreBatch *batch,
				    FerryAccountSession *origin, GAsyncReadyCallback callback,
				    gpointer user_data);
FerryStoreDelta *ferry_mail_account_apply_finish(FerryMailAccount *self, GAsyncResult *result,
						 GError **error);
/* Takes over what other processes committed: one cheap read where there is nothing. */
void ferry_mail_account_catch_up_async(FerryMailAccount *self, GAsyncReadyCallback callback,
				       gpointer user_data);
gboolean ferry_mail_account_catch_up_finish(FerryMailAccount *self, GAsyncResult *result,
					    GError **error);
/* The Freshness rules. @state of @type is what push told; only what differs from what the store
 * stands at is news. A sync that begins answers everything told before. */
void ferry_mail_account_note_told(FerryMailAccount *self, const char *type, const char *state);
void ferry_mail_account_forget_told(FerryMailAccount *self);
gboolean ferry_mail_account_has_news(FerryMailAccount *self);
typedef enum {
	FERRY_REFRESH_IF_OLD,
	FERRY_REFRESH_ALWAYS,        /* whatever was heard before: a poll, a name not known */
	FERRY_REFRESH_SUBSCRIPTIONS, /* if old, and subscriptions too, of which states may be silent
				      */
} FerryRefresh;
void ferry_mail_account_refresh_async(FerryMailAccount *self, FerryAccountSession *session,
				      FerryRefresh how, GAsyncReadyCallback callback,
				      gpointer user_data);
gboolean ferry_mail_account_refresh_finish(FerryMailAccount *self, GAsyncResult *result,
					   GError **error);
/* IMAP names and the like for the mailboxes as @batch leaves them. */
void ferry_mail_account_name_mailboxes(FerryMailAccount *self, FerryStoreBatch *batch,
				       GPtrArray *put, const char *const *removed);
