/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/op-private.h"

/* Called with an operation whose items are the messages, to be imported into op->target_id; it has
 * not asked for the lock yet. @begun_at: from when on the time of the command runs. */
typedef void (*FerryAppendMadeFunc)(FerryOp *op, gint64 begun_at, gpointer data);

/* What comes before every import: the mailbox is looked up and listed, the messages are uploaded.
 * Takes the task, and @data, which is freed with it. */
void ferry_op_begin_append(GTask *task, FerryAccountSession *session, const char *name,
			   GPtrArray *messages, FerryAppendMadeFunc made, gpointer data,
			   GDestroyNotify destroy);
/* What comes after: @fill asks for the UIDs; \Deleted is put on them, then the outcome is told. */
void ferry_op_commit_append(FerryOp *op,
			    void (*fill)(FerryStoreBatch *batch, FerryOp *op, gboolean fast),
			    FerryOpFunc next);
