/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/router.h"
#include "auth/credential.h"

G_BEGIN_DECLS

char *ferry_router_make_counted(FerryCredential *credential, const char *backend);

G_END_DECLS
