/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/manager.h"
#include "auth/throttle.h"
#include "auth/verifier.h"

G_BEGIN_DECLS

/**
 * FerryRouter:
 *
 * Decides which backend a login goes to, and how fast: a #FerryVerifier in front of the accounts of
 * one worker. Its identities are #FerryAccountSession.
 */
#define FERRY_TYPE_ROUTER (ferry_router_get_type())
G_DECLARE_FINAL_TYPE(FerryRouter, ferry_router, FERRY, ROUTER, GObject)

FerryRouter *ferry_router_new(FerryAccountManager *manager, FerryThrottle *throttle);
void ferry_router_add_backend(FerryRouter *self, const char *name, const char *const *domains);
const char *ferry_router_choose(FerryRouter *self, const char *username,
				const char *listener_backend);

G_END_DECLS
