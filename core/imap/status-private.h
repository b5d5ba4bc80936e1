/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imap/status.h"

G_BEGIN_DECLS

/* @command: (nullable): who asks */
FerryImapStatus *ferry_imap_status_new(FerryImapSession *session, FerryImapCommand *command,
				       const char *name, FerryMailboxInfo *info,
				       const FerryMailboxStatus *numbers);

G_END_DECLS
