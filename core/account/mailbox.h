/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/mailbox-list.h"
#include "account/message-reader.h"
#include "account/outcome.h"
#include "account/types.h"
#include "account/view.h"
#include "store/results.h"

G_BEGIN_DECLS

typedef struct _FerryJmapValue FerryJmapValue;

#define FERRY_TYPE_MAILBOX_DELTA (ferry_mailbox_delta_get_type())
GType ferry_mailbox_delta_get_type(void);

FerryMailboxDelta *ferry_mailbox_delta_ref(FerryMailboxDelta *self);
void ferry_mailbox_delta_unref(FerryMailboxDelta *self);
const guint32 *ferry_mailbox_delta_get_arrived(FerryMailboxDelta *self, gsize *n_uids);
const guint32 *ferry_mailbox_delta_get_changed(FerryMailboxDelta *self, gsize *n_uids);
const guint32 *ferry_mailbox_delta_get_expunged(FerryMailboxDelta *self, gsize *n_uids);
FerryAccountSession *ferry_mailbox_delta_get_origin(FerryMailboxDelta *self);
const FerryMailboxStatus *ferry_mailbox_delta_get_old_numbers(FerryMailboxDelta *self);
const FerryMailboxStatus *ferry_mailbox_delta_get_new_numbers(FerryMailboxDelta *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryMailboxDelta, ferry_mailbox_delta_unref)

/**
 * FerryMailbox:
 *
 * An open mailbox, shared by every session of its account that looks at it. Holding a reference
 * keeps it live (view in memory, polled where there is no push).
 *
 * Signals: `changed (old: FerryView, new: FerryView, delta: FerryMailboxDelta)`, emitted once per
 * committed change, behind the account's `messages-changed` and before the operation that made it
 * completes; `rights-changed ()`;
 * `gone (reason: FerryGoneReason)`.
 */
#define FERRY_TYPE_MAILBOX (ferry_mailbox_get_type())
G_DECLARE_FINAL_TYPE(FerryMailbox, ferry_mailbox, FERRY, MAILBOX, GObject)

FerryView *ferry_mailbox_get_view(FerryMailbox *self);
FerryMailboxInfo *ferry_mailbox_get_info(FerryMailbox *self);
FerryAccount *ferry_mailbox_get_account(FerryMailbox *self);
const char *ferry_mailbox_get_id(FerryMailbox *self);
const char *ferry_mailbox_get_account_id(FerryMailbox *self);
FerryMailboxRights ferry_mailbox_get_rights(FerryMailbox *self);
gboolean ferry_mailbox_is_gone(FerryMailbox *self);
guint32 ferry_mailbox_claim_recent(FerryMailbox *self);

/* NOOP, CHECK, SELECT, the start of IDLE: brings the view up to date (Freshness rules). */
void ferry_mailbox_refresh_async(FerryMailbox *self, FerryAccountSession *session,
				 GCancellable *cancellable, GAsyncReadyCallback callback,
				 gpointer user_data);
gboolean ferry_mailbox_refresh_finish(FerryMailbox *self, GAsyncResult *result, GError **error);

/* What left the mailbox since @since_modseq, as the store remembers it. */
void ferry_mailbox_load_removed_async(FerryMailbox *self, guint64 since_modseq,
				      GCancellable *cancellable, GAsyncReadyCallback callback,
				      gpointer user_data);
FerryStoreTombstones *ferry_mailbox_load_removed_finish(FerryMailbox *self, GAsyncResult *result,
							GError **error);

void ferry_mailbox_store_flags_async(FerryMailbox *self, FerryAccountSession *session,
				     const guint32 *uids, gsize n_uids, FerryFlagsMode mode,
				     FerryMessageFlags flags, const char *const *keywords,
				     gint64 unchanged_since, FerryView *known,
				     GCancellable *cancellable, GAsyncReadyCallback callback,
				     gpointer user_data);
FerryOutcome *ferry_mailbox_store_flags_finish(FerryMailbox *self, GAsyncResult *result,
					       GError **error);

void ferry_mailbox_copy_async(FerryMailbox *self, FerryAccountSession *session, const guint32 *uids,
			      gsize n_uids, const char *target_name, gboolean strict,
			      GCancellable *cancellable, GAsyncReadyCallback callback,
			      gpointer user_data);
FerryOutcome *ferry_mailbox_copy_finish(FerryMailbox *self, GAsyncResult *result, GError **error);

void ferry_mailbox_move_async(FerryMailbox *self, FerryAccountSession *session, const guint32 *uids,
			      gsize n_uids, const char *target_name, gboolean strict,
			      GCancellable *cancellable, GAsyncReadyCallback callback,
			      gpointer user_data);
FerryOutcome *ferry_mailbox_move_finish(FerryMailbox *self, GAsyncResult *result, GError **error);

/* EXPUNGE (uids NULL: every message with \Deleted) and UID EXPUNGE (only those of the set that
 * have \Deleted). */
void ferry_mailbox_expunge_async(FerryMailbox *self, FerryAccountSession *session,
				 const guint32 *uids, gsize n_uids, GCancellable *cancellable,
				 GAsyncReadyCallback callback, gpointer user_data);
FerryOutcome *ferry_mailbox_expunge_finish(FerryMailbox *self, GAsyncResult *result,
					   GError **error);

/* REPLACE: @message comes into @target_name, then the message @uid leaves this mailbox. */
void ferry_mailbox_replace_async(FerryMailbox *self, FerryAccountSession *session, guint32 uid,
				 const char *target_name, FerryAppendMessage *message,
				 GCancellable *cancellable, GAsyncReadyCallback callback,
				 gpointer user_data);
FerryOutcome *ferry_mailbox_replace_finish(FerryMailbox *self, GAsyncResult *result,
					   GError **error);

/* The UIDs of this mailbox that the backend's Email/query finds with @filter (a FilterCondition or
 * FilterOperator object, without inMailbox, which is added), ascending. */
void ferry_mailbox_query_async(FerryMailbox *self, FerryAccountSession *session,
			       FerryJmapValue *filter, GCancellable *cancellable,
			       GAsyncReadyCallback callback, gpointer user_data);
GArray *ferry_mailbox_query_finish(FerryMailbox *self, GAsyncResult *result, GError **error);

/* The same for all mailboxes of its account at once, and which of the Emails one has. */
void ferry_mailbox_query_account_async(FerryMailbox *self, FerryAccountSession *session,
				       FerryJmapValue *filter, GCancellable *cancellable,
				       GAsyncReadyCallback callback, gpointer user_data);
GHashTable *ferry_mailbox_query_account_finish(FerryMailbox *self, GAsyncResult *result,
					       GError **error);
GArray *ferry_mailbox_find_emails(FerryMailbox *self, GHashTable *ids);

/* Email/get of @properties for many messages in few requests. The array runs beside @uids: a
 * FerryJmapValue object each, or NULL where the message is gone. */
void ferry_mailbox_get_properties_async(FerryMailbox *self, FerryAccountSession *session,
					const guint32 *uids, gsize n_uids,
					const char *const *properties, GCancellable *cancellable,
					GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *ferry_mailbox_get_properties_finish(FerryMailbox *self, GAsyncResult *result,
					       GError **error);

/* Headers, structure, raw octets: see FerryMessageReader. @uids ascending. */
FerryMessageReader *ferry_mailbox_read(FerryMailbox *self, FerryAccountSession *session,
				       const guint32 *uids, gsize n_uids, FerryNeed needs);

G_END_DECLS
