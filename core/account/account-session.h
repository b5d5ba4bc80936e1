/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/mailbox-list.h"
#include "account/mailbox.h"
#include "account/outcome.h"
#include "account/types.h"

G_BEGIN_DECLS

typedef struct _FerryJmapSession FerryJmapSession;

/**
 * FerryAccountSession:
 *
 * One signed-in client: its credential, its account, and the mail accounts that the backend's
 * session object lists for that credential. Dropping the last reference signs it out.
 *
 * Signals: `mailboxes-changed (old: FerryMailboxList, new: FerryMailboxList)`; `expired ()` when
 * the backend no longer takes the credential (the client is told BYE); `data-changed (module,
 * account_id, mailbox_id, shared, keys)` when another session changed what a module keeps.
 */
#define FERRY_TYPE_ACCOUNT_SESSION (ferry_account_session_get_type())
G_DECLARE_FINAL_TYPE(FerryAccountSession, ferry_account_session, FERRY, ACCOUNT_SESSION, GObject)

FerryAccount *ferry_account_session_get_account(FerryAccountSession *self);
FerryJmapSession *ferry_account_session_get_jmap(FerryAccountSession *self);
const char *ferry_account_session_get_username(FerryAccountSession *self);
const char *ferry_account_session_get_account_id(FerryAccountSession *self);
gboolean ferry_account_session_has_capability(FerryAccountSession *self, const char *urn);
guint64 ferry_account_session_get_max_upload(FerryAccountSession *self);
gboolean ferry_account_session_mends_line_ends(FerryAccountSession *self);
gboolean ferry_account_session_searches_exactly(FerryAccountSession *self);
guint ferry_account_session_get_text_scan_limit(FerryAccountSession *self);

/* This session is about mail: the account is read in the background from now on. */
void ferry_account_session_warm_up(FerryAccountSession *self);

/* While a client idles, the account is kept fresh even where no mailbox is open. */
void ferry_account_session_set_idling(FerryAccountSession *self, gboolean idling);

/* The mailboxes this session may see, brought up to date by the Freshness rules. */
void ferry_account_session_list_async(FerryAccountSession *self, GCancellable *cancellable,
				      GAsyncReadyCallback callback, gpointer user_data);
void ferry_account_session_list_subscribed_async(FerryAccountSession *self,
						 GCancellable *cancellable,
						 GAsyncReadyCallback callback, gpointer user_data);
FerryMailboxList *ferry_account_session_list_finish(FerryAccountSession *self, GAsyncResult *result,
						    GError **error);

/* The list as last seen; NULL before the first sync. */
FerryMailboxList *ferry_account_session_get_list(FerryAccountSession *self);

/* SELECT, EXAMINE: waits for the first listing of the mailbox (select-timeout), then refreshes. */
void ferry_account_session_open_async(FerryAccountSession *self, const char *name,
				      FerryProgressFunc progress, gpointer progress_data,
				      GDestroyNotify progress_destroy, GCancellable *cancellable,
				      GAsyncReadyCallback callback, gpointer user_data);
FerryMailbox *ferry_account_session_open_finish(FerryAccountSession *self, GAsyncResult *result,
						GError **error);

void ferry_account_session_status_async(FerryAccountSession *self, const char *name,
					FerryStatusItems items, GCancellable *cancellable,
					GAsyncReadyCallback callback, gpointer user_data);
FerryMailboxStatus *ferry_account_session_status_finish(FerryAccountSession *self,
							GAsyncResult *result, GError **error);
FerryMailboxStatus *ferry_account_session_get_numbers(FerryAccountSession *self, const char *name);

/* CREATE: missing parents are made too; @role is a JMAP role or NULL. Gives the new mailbox's id.
 */
void ferry_account_session_create_async(FerryAccountSession *self, const char *name,
					const char *role, GCancellable *cancellable,
					GAsyncReadyCallback callback, gpointer user_data);
char *ferry_account_session_create_finish(FerryAccountSession *self, GAsyncResult *result,
					  GError **error);

void ferry_account_session_rename_async(FerryAccountSession *self, const char *old_name,
					const char *new_name, GCancellable *cancellable,
					GAsyncReadyCallback callback, gpointer user_data);
gboolean ferry_account_session_rename_finish(FerryAccountSession *self, GAsyncResult *result,
					     GError **error);

void ferry_account_session_delete_async(FerryAccountSession *self, const char *name,
					GCancellable *cancellable, GAsyncReadyCallback callback,
					gpointer user_data);
gboolean ferry_account_session_delete_finish(FerryAccountSession *self, GAsyncResult *result,
					     GError **error);

void ferry_account_session_subscribe_async(FerryAccountSession *self, const char *name,
					   gboolean subscribe, GCancellable *cancellable,
					   GAsyncReadyCallback callback, gpointer user_data);
gboolean ferry_account_session_subscribe_finish(FerryAccountSession *self, GAsyncResult *result,
						GError **error);

/* APPEND, MULTIAPPEND: all of @messages (FerryAppendMessage) or none. The outcome's target UIDs are
 * in the order of the command. */
void ferry_account_session_append_async(FerryAccountSession *self, const char *name,
					GPtrArray *messages, GCancellable *cancellable,
					GAsyncReadyCallback callback, gpointer user_data);
FerryOutcome *ferry_account_session_append_finish(FerryAccountSession *self, GAsyncResult *result,
						  GError **error);

G_END_DECLS
