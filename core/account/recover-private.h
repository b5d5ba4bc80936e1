/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/op-private.h"

/* Undoes what a process that died left half done: claims the intents, one after the other. */
void ferry_recover_async(FerryMailAccount *account, FerryJmapSession *jmap);
/* Tries again what could not be undone and is due: each waits for the lock in its turn, so what
 * asks for the lock afterwards finds it done, or not possible. */
void ferry_recover_again(FerryMailAccount *account, FerryJmapSession *jmap);
/* recover-condition.c: goes on to @undo, or to @keep where @intent says that what it names stays.
 */
void ferry_recover_decide(FerryOp *op, FerryJmapValue *intent, FerryOpFunc undo, FerryOpFunc keep);
