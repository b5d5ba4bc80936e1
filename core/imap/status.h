/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/outcome.h"
#include "imap/session.h"

G_BEGIN_DECLS

/**
 * FerryImapStatus:
 *
 * The numbers of one mailbox, for the functions that write STATUS items.
 */
#define FERRY_TYPE_IMAP_STATUS (ferry_imap_status_get_type())
GType ferry_imap_status_get_type(void);
FerryImapStatus *ferry_imap_status_ref(FerryImapStatus *self);
void ferry_imap_status_unref(FerryImapStatus *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryImapStatus, ferry_imap_status_unref)

FerryImapCommand *ferry_imap_status_get_command(FerryImapStatus *self);
FerryImapSession *ferry_imap_status_get_session(FerryImapStatus *self);
const char *ferry_imap_status_get_mailbox_name(FerryImapStatus *self);
FerryMailboxInfo *ferry_imap_status_get_info(FerryImapStatus *self);
const FerryMailboxStatus *ferry_imap_status_get_numbers(FerryImapStatus *self);

G_END_DECLS
