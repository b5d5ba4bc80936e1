/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/account-private.h"
#include "jmap/email.h"

/* The Emails of a mailbox by receivedAt, in pages. @func is called when the first page has come,
 * when there is nothing more, or with an error, which ends it; never from inside a call to this. */
typedef struct _FerryListingPages FerryListingPages;
typedef void (*FerryListingPagesFunc)(const GError *error, gpointer user_data);

/* @anchor: (nullable): the Email that the pages begin behind; @expected: about how many there are.
 */
FerryListingPages *ferry_listing_pages_new(FerryMailAccount *account, const char *mailbox_id,
					   const char *anchor, guint64 expected,
					   FerryListingPagesFunc func, gpointer user_data);
/* Lets go of it: @func is not called any more. */
void ferry_listing_pages_free(FerryListingPages *self);
void ferry_listing_pages_start(FerryListingPages *self);
/* NULL: not there yet, or at the end. */
FerryJmapEmailList *ferry_listing_pages_peek(FerryListingPages *self);
/* The id that the listing can go on behind after the first page. */
const char *ferry_listing_pages_peek_anchor(FerryListingPages *self);
void ferry_listing_pages_drop(FerryListingPages *self);
gboolean ferry_listing_pages_is_ended(FerryListingPages *self);
