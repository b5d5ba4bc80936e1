/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "jmap/value.h"
#include "store/store.h"

/* An intent of this process whose command is over, and which is still to be undone. */
typedef struct {
	gint64 intent;
	FerryJmapValue *value;
	gboolean busy; /* an undoing waits for the lock, or is under way */
	guint tries;
	gint64 retry_at; /* monotonic */
} FerryLeftover;

void ferry_leftovers_keep(FerryStore *store, gint64 account_key, gint64 intent, GBytes *data);
/* NULL where it was undone or overtaken. */
FerryLeftover *ferry_leftovers_find(FerryStore *store, gint64 account_key, gint64 intent);
/* (nullable): FerryLeftover, borrowed */
GPtrArray *ferry_leftovers_list(FerryStore *store, gint64 account_key);
void ferry_leftovers_forget(FerryStore *store, gint64 account_key, gint64 intent);
