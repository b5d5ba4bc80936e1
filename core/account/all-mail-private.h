/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/account-private.h"

/* No JMAP id looks like this (RFC 8620 §1.2), and it sorts behind all of them: among equal names
 * the backend's mailboxes choose first. */
#define FERRY_ALL_MAIL_ID "~all"

gboolean ferry_all_mail_is_id(const char *mailbox_id);
/* What Email/query is to filter by: NULL where every Email of the account is meant. */
const char *ferry_all_mail_get_query_id(const char *mailbox_id);
/* Adds to the ids of all mailboxes that hold an Email the one that holds everything. @storage gets
 * a new array of borrowed strings, or NULL where the account has no such mailbox. */
const char *const *ferry_all_mail_add_id(FerryMailAccount *account, const char *const *mailbox_ids,
					 const char ***storage);
/* How many Emails it has at most, by the counts of the other mailboxes. */
guint64 ferry_all_mail_estimate(FerryMailAccount *account);
/* Makes it or takes it away, as settings and roles will have it once @batch puts and removes the
 * mailboxes of these arrays. */
void ferry_all_mail_review(FerryMailAccount *account, FerryStoreBatch *batch, GPtrArray *put,
			   GPtrArray *removed);
