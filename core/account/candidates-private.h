/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/account-private.h"

/* An Email that may be what a creation became whose answer nobody has. */
typedef struct {
	char *id;
	char *blob_id;
	guint64 size;
	gboolean only;   /* it is in the target and nowhere else */
	gboolean taken;  /* the caller's */
	gboolean wanted; /* its octets are to be read */
} FerryCandidate;

/* Emails in @mailbox_id that came since @state; where the backend cannot say what came, those
 * without a UID below @uidnext that have between @min_size and @max_size octets. Fails rather than
 * leave any out. */
void ferry_find_candidates_async(FerryMailAccount *account, FerryAccountSession *session,
				 const char *mailbox_id, const char *state, guint64 uidnext,
				 guint64 min_size, guint64 max_size, GAsyncReadyCallback callback,
				 gpointer user_data);
/* Returns: (transfer full): FerryCandidate */
GArray *ferry_find_candidates_finish(FerryMailAccount *account, GAsyncResult *result,
				     GError **error);

/* @bytes: NULL where they could not be got */
typedef void (*FerryCandidateFunc)(FerryCandidate *candidate, GBytes *bytes, gpointer user_data);
/* Reads the octets of those that are wanted. */
void ferry_read_candidates_async(FerryMailAccount *account, FerryAccountSession *session,
				 GArray *candidates, FerryCandidateFunc func, gpointer func_data,
				 GAsyncReadyCallback callback, gpointer user_data);
void ferry_read_candidates_finish(FerryMailAccount *account, GAsyncResult *result);
