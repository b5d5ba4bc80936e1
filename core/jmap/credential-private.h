/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "jmap/credential.h"

G_BEGIN_DECLS

const char *ferry_jmap_credential_peek_header(FerryJmapCredential *self);

G_END_DECLS
