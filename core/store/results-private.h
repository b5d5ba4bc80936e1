/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "store/results.h"

G_BEGIN_DECLS

void ferry_store_structures_add_missing(FerryStoreStructures *self, gint64 email_key);

G_END_DECLS
