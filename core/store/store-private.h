/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "store/store.h"

G_BEGIN_DECLS

GTask *ferry_store_new_task(FerryStore *self, GCancellable *cancellable,
			    GAsyncReadyCallback callback, gpointer user_data, gpointer tag);

G_END_DECLS
