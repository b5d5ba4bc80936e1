/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/types.h"

/* IMAP names of JMAP mailboxes. One JMAP name is one component; "~" begins an escape:
 *
 *   ~1 is "/"        ~0 is "~" (only written before a digit 0 to 4; any other "~" is itself)
 *   ~2XXXX is the character U+XXXX that no IMAP name may hold (controls, line separators)
 *   ~3 is the empty name
 *   ~4N ends a component: the Nth mailbox whose name is taken (by an equal sibling, by INBOX, by
 *       the other-users namespace); it is no part of the JMAP name
 *
 * A component once given to a mailbox is kept (in the store) until its JMAP name or parent changes.
 */
#define FERRY_NAMES_MAX_DEPTH 64
#define FERRY_NAMES_MAX_COMPONENT 1024
#define FERRY_NAMES_MAX_PATH 4096

char *ferry_names_encode(const char *name);
char *ferry_names_decode(const char *component, GError **error);
/* The JMAP names on a path; NULL where no mailbox can be called so. */
char **ferry_names_split(const char *path, GError **error);
/* @mailboxes: FerryStoreMailbox. Gives a table of id → IMAP path. */
GHashTable *ferry_names_assign(GPtrArray *mailboxes, const char *shared_prefix);
