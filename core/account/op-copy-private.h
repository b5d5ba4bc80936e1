/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/op-private.h"

/* COPY and MOVE into another JMAP account. Takes the task. */
void ferry_op_copy_across(GTask *task, FerryMailbox *source, FerryAccountSession *session,
			  FerryMailboxSlot *target, GArray *uids, gboolean move);
