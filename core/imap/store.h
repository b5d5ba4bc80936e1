/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imap/command.h"

G_BEGIN_DECLS

/* For modifiers of STORE, and for those who add to its answer. */
void ferry_imap_store_set_unchanged_since(FerryImapCommand *command, guint64 modseq);
FerryOutcome *ferry_imap_store_get_outcome(FerryImapCommand *command);

G_END_DECLS
