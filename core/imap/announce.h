/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/mailbox-list.h"
#include "account/outcome.h"
#include "imap/session.h"
#include "imap/value.h"

G_BEGIN_DECLS

/* Responses that no command asked for, for account listeners whose turn it is. */
void ferry_imap_session_write_status(FerryImapSession *self, const char *name,
				     const FerryMailboxStatus *numbers, const char *const *items);
void ferry_imap_session_write_list(FerryImapSession *self, const char *name,
				   const char *const *attributes, const char *old_name);
void ferry_imap_session_write_fetch(FerryImapSession *self, const guint32 *uids, gsize n_uids,
				    FerryImapValue *items);

/* Events of modules (ferry_registry_add_event_name()): who is told, and what cannot be. */
gboolean ferry_imap_session_wants_event(FerryImapSession *self, const char *event,
					FerryMailboxInfo *info, gboolean by_default);
void ferry_imap_session_lose_events(FerryImapSession *self);

G_END_DECLS
