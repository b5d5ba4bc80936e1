/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/account-private.h"

/* Undoes what a process that died left half done: claims the intents, one after the other. */
void ferry_recover_async(FerryMailAccount *account, FerryJmapSession *jmap);
