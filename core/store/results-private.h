/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "store/results.h"

G_BEGIN_DECLS

/* One entry for each key, in that order, of which nothing is known yet; for stores that answer. */
FerryStoreStructures *ferry_store_structures_new_for_keys(const gint64 *email_keys, guint n_keys);
void ferry_store_structures_set_header(FerryStoreStructures *self, guint index,
				       const guint8 *header, gsize length);
void ferry_store_structures_set_structure(FerryStoreStructures *self, guint index,
					  const guint8 *structure, gsize length);

G_END_DECLS
