/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imap/event.h"

G_BEGIN_DECLS

FerryImapEvent *ferry_imap_event_new(FerryImapEventKind kind);
FerryImapEvent *ferry_imap_event_new_messages(const char *account_id, const char *mailbox_id,
					      FerryMailboxDelta *delta);
FerryImapEvent *ferry_imap_event_new_mailboxes(FerryMailboxList *old_list,
					       FerryMailboxList *new_list);
FerryImapEvent *ferry_imap_event_new_told(FerryImapUpdate *update);
FerryImapEvent *ferry_imap_event_new_data(const char *module, const char *account_id,
					  const char *mailbox_id, gboolean shared,
					  const char *const *keys);

G_END_DECLS
