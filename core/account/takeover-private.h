/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/manager.h"

/* Ends what processes left half done that shared the store and are gone, for the accounts that are
 * loaded; the others do so when they are. */
typedef struct _FerryTakeover FerryTakeover;

/* @manager is borrowed, and has to outlive it. */
FerryTakeover *ferry_takeover_new(FerryAccountManager *manager, FerryStore *store);
void ferry_takeover_free(FerryTakeover *self);
/* Looks from now on, as long as there are accounts. */
void ferry_takeover_start(FerryTakeover *self);
void ferry_takeover_stop(FerryTakeover *self);
