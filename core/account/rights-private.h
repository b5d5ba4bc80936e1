/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/op-private.h"

/* What may be done in a mailbox now: its rights, as far as its account may be written to. */
FerryMailboxRights ferry_slot_get_rights(const FerryMailboxSlot *slot);
/* In a mailbox that only shows what the others hold nothing can be put or removed: sets CANNOT. */
gboolean ferry_rights_check_virtual(const FerryMailboxSlot *slot, GError **error);
/* Whether these may change the keyword of an Email. */
gboolean ferry_rights_may_set(FerryMailboxRights rights, const char *keyword);
/* Of what a message brings along, all that may not be set in @slot is left out. */
void ferry_rights_limit_items(const FerryMailboxSlot *slot, GArray *items);
