/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/types.h"

G_BEGIN_DECLS

/**
 * FerryMemo:
 *
 * What was made of the messages of an open mailbox and would have to be made again: sort keys,
 * references. Shared by all sessions that look at the mailbox. It is memory only, may be forgotten
 * at any time, and lives and is used on the account's thread.
 */
typedef struct _FerryMemo FerryMemo;

FerryMemo *ferry_memo_get_for_mailbox(FerryMailbox *mailbox, const char *name,
				      GDestroyNotify destroy);
gpointer ferry_memo_lookup(FerryMemo *self, guint32 uid);
void ferry_memo_insert(FerryMemo *self, guint32 uid, gpointer value, gsize octets);

G_END_DECLS
