/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/outcome.h"
#include "imap/assembly.h"
#include "imap/session.h"

G_BEGIN_DECLS

/* @error: (nullable): why there is no message */
typedef void (*FerryImapAssemblyDoneFunc)(FerryImapAssembly *self, const GError *error,
					  gpointer user_data);

FerryImapAssembly *ferry_imap_assembly_new(FerryImapSession *session,
					   FerryImapAssemblyDoneFunc done, gpointer user_data);
/* Of one that is done. */
FerryAppendMessage *ferry_imap_assembly_make_message(FerryImapAssembly *self, GError **error);

G_END_DECLS
