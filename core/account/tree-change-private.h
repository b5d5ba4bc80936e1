/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One change of the tree of mailboxes: what CREATE, RENAME, DELETE and SUBSCRIBE share
 *
 * Specification: RFC 9051 §6.3.4-§6.3.8; RFC 8621 §2.5 (Mailbox/set)
 */
#pragma once

#include "account/account-private.h"
#include "account/sync-private.h"

typedef struct _FerryTreeChange FerryTreeChange;

/* Makes the request from the newest list, under the account's lock. May leave it without calls
 * where a batch for the store says everything. */
typedef gboolean (*FerryTreeChangeFunc)(FerryTreeChange *change, GError **error);

struct _FerryTreeChange {
	FerryMailAccount *account;
	FerryAccountSession *session; /* owned */
	gint64 begun_at;              /* monotonic */
	char *name;
	char *new_name;
	char *role;
	gboolean subscribes; /* SUBSCRIBE or UNSUBSCRIBE */
	gboolean subscribe;
	FerryTreeChangeFunc build;
	FerryJmapRequest *request;
	FerrySync *sync;         /* begun in the request */
	const char *create_call; /* the calls' ids belong to the request */
	const char *other_call;
	char *subject_id; /* the Mailbox that is changed */
	guint n_created;
	gboolean destroys;
	guint n_lost; /* answers */
	char *result_id;
	FerryStoreBatch *batch; /* what the backend does not hear of */
};

/* tree-change.c */

/* Takes @change; the task gets the id of the last mailbox that was made, or "". */
void ferry_tree_change_start(FerryTreeChange *change, FerryAccountSession *session, GTask *task);
gboolean ferry_tree_change_propagate(GAsyncResult *result, GError **error);

/* tree-path.c */

char *ferry_tree_change_normalize(const char *name);
FerryMailboxInfo *ferry_tree_change_find(FerryTreeChange *change, const char *name);
FerryMailboxInfo *ferry_tree_change_find_or_fail(FerryTreeChange *change, const char *name,
						 GError **error);
gboolean ferry_tree_change_is_inbox(FerryTreeChange *change);
gboolean ferry_tree_change_check_virtual(const char *mailbox_id, GError **error);
gboolean ferry_tree_change_plan_path(FerryTreeChange *change, const char *name, char **parent_id,
				     char ***names, GError **error);
void ferry_tree_change_add_creations(FerryTreeChange *change, const char *const *names,
				     guint n_names, const char *parent_id, const char *role);

/* op-subscribe.c */

void ferry_tree_change_subscribe_name(FerryTreeChange *change);
