/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/op-private.h"

/* What a command between accounts knows beyond its items: FerryOp.extra. */
typedef struct {
	FerryMailbox *source;
	FerryOpFunc imported;
	FerryMessageReader *reader;
	GPtrArray *messages; /* FerryAppendMessage, of the chunk that is being imported */
	gboolean other_ids;  /* blobs have got other ids in the target's account */
} FerryAcross;

/* Whether another way to make the copies may work. */
gboolean ferry_op_is_refused_copy(const GError *error);
/* op-across-blobs.c: makes the copies of the items that go by their blobs. Afterwards these are as
 * after ferry_op_import(). */
void ferry_op_import_across(FerryOp *op, FerryOpFunc next);

/* COPY and MOVE into another JMAP account. Takes the task. */
void ferry_op_copy_across(GTask *task, FerryMailbox *source, FerryAccountSession *session,
			  FerryMailboxSlot *target, GArray *uids, gboolean move, gboolean strict);
