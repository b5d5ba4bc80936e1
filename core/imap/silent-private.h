/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/flags.h"
#include "account/view.h"

/* A STORE .SILENT that runs; all is borrowed. */
typedef struct {
	GArray *uids; /* ascending */
	FerryFlagsMode mode;
	FerryMessageFlags flags;
	char **keywords; /* lower case; may be NULL */
} FerryImapSilent;

gboolean ferry_imap_silent_covers(const FerryImapSilent *self, FerryView *before, FerryView *after,
				  guint32 uid);
