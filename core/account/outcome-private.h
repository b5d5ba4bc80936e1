/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/outcome.h"

/* no date was given; those before 1970 are negative */
#define FERRY_RECEIVED_NOW G_MININT64

struct _FerryOutcome {
	gatomicrefcount ref_count;
	guint32 uidvalidity;
	GArray *source;
	GArray *target;
	GArray *done;
	GArray *modified;
	GArray *missing;
	GArray *refused;
	GError *error;
};

FerryOutcome *ferry_outcome_new(void);
void ferry_outcome_take_error(FerryOutcome *self, GError *error);

struct _FerryAppendMessage {
	gatomicrefcount ref_count;
	GBytes *bytes;
	int fd;
	guint64 size;
	FerryMessageFlags flags;
	char **keywords;
	gint64 received_at;
};

GBytes *ferry_append_message_dup_bytes(FerryAppendMessage *self, GError **error);
