/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/types.h"

G_BEGIN_DECLS

/**
 * FerryWatch:
 * @FERRY_WATCH_NOTHING: only what a session has open
 * @FERRY_WATCH_OWN: every mailbox of the login's own account
 * @FERRY_WATCH_SHARED: those of the other accounts that it sees
 * @FERRY_WATCH_SUBSCRIPTIONS: subscriptions, of which a backend's states may be silent
 *
 * What is kept fresh for a session beside its open mailbox. With live push it costs nothing; else
 * it is polled, with one request for an account.
 */
typedef enum { /*< flags >*/
	FERRY_WATCH_NOTHING = 0,
	FERRY_WATCH_OWN = 1 << 0,
	FERRY_WATCH_SHARED = 1 << 1,
	FERRY_WATCH_SUBSCRIPTIONS = 1 << 2,
} FerryWatch;

void ferry_account_session_set_watch(FerryAccountSession *self, FerryWatch watch);

G_END_DECLS
