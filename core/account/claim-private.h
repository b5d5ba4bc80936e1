/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "auth/credential.h"
#include "jmap/session.h"

G_BEGIN_DECLS

gboolean ferry_claim_may_be_good(FerryCredential *credential);
gboolean ferry_claim_fits(const char *claim, FerryJmapSession *jmap, const char *const *domains);
gboolean ferry_claim_fits_username(const char *claim, const char *username,
				   const char *const *domains);

G_END_DECLS
