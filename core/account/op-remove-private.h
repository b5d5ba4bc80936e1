/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/op-private.h"

/* Takes every item to do out of the mailbox op->target_id, by the removal rule. */
void ferry_op_remove_emails(FerryOp *op, FerryOpFunc next);
/* A tombstone for each item that is done. */
void ferry_op_fill_removals(FerryStoreBatch *batch, FerryOp *op, gboolean fast);
