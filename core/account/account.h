/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/types.h"

G_BEGIN_DECLS

/**
 * FerryAccount:
 *
 * A login: (backend, `username` of the JMAP session), shared by all its sessions, with one mail
 * account per JMAP accountId.
 *
 * Signals: `messages-changed (account_id: utf8, mailbox_id: utf8, delta: FerryMailboxDelta)` for
 * every committed change in any mailbox, open or not.
 */
#define FERRY_TYPE_ACCOUNT (ferry_account_get_type())
G_DECLARE_FINAL_TYPE(FerryAccount, ferry_account, FERRY, ACCOUNT, GObject)

const char *ferry_account_get_backend(FerryAccount *self);
const char *ferry_account_get_username(FerryAccount *self);
const char *ferry_account_get_key(FerryAccount *self);
guint ferry_account_get_n_sessions(FerryAccount *self);
gboolean ferry_account_is_push_live(FerryAccount *self);
guint64 ferry_account_get_n_requests(FerryAccount *self);
gboolean ferry_account_is_busy(FerryAccount *self);
gboolean ferry_account_get_progress(FerryAccount *self, guint64 *done, guint64 *total);

G_END_DECLS
