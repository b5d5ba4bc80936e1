/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "jmap/blob.h"

G_BEGIN_DECLS

/* The capability whose Blob methods the server has for an account; NULL for none. */
const char *ferry_jmap_choose_blob_capability(FerryJmapSession *session, const char *account_id);

G_END_DECLS
