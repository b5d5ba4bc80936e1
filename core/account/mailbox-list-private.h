/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/mailbox-list.h"
#include "store/mailbox.h"

/* Gathers the mailboxes of one session's accounts, then makes the list. */
FerryMailboxList *ferry_mailbox_list_new(const char *shared_prefix);
/* @namespace_name: "" for the session's own account, else "Shared Folders/NAME". */
void ferry_mailbox_list_add_account(FerryMailboxList *self, const char *account_id,
				    const char *namespace_name, GPtrArray *mailboxes,
				    gboolean read_only, const char *const *subscriptions);
void ferry_mailbox_list_seal(FerryMailboxList *self);
gboolean ferry_mailbox_list_is_reserved(FerryMailboxList *self, const char *name);
/* "Shared Folders/NAME" of the account that a name lies in; NULL for the session's own. */
const char *ferry_mailbox_list_find_namespace(FerryMailboxList *self, const char *name,
					      const char **out_account_id, const char **out_rest);
