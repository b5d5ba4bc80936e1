/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imap/status.h"

G_BEGIN_DECLS

FerryImapStatus *ferry_imap_status_new(FerryImapCommand *command, const char *name,
				       FerryMailboxInfo *info, const FerryMailboxStatus *numbers);

G_END_DECLS
