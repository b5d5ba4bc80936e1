/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What this login may do in a mailbox
 *
 * Specification: RFC 8621 §2 (myRights), RFC 8620 §2 (isReadOnly), RFC 4314 §4 (what a right is
 *   for)
 * Implementation: the rights of Mailbox/get, of which a read-only account leaves reading. Whatever
 *   else stands in the way the backend says, with `forbidden`
 */
#include "account/rights-private.h"

#include <string.h>

#include "account/all-mail-private.h"

FerryMailboxRights
ferry_slot_get_rights(const FerryMailboxSlot *slot)
{
	FerryMailboxRights rights = (FerryMailboxRights)slot->stored->rights;

	return slot->owner->read_only ? rights & FERRY_RIGHT_READ_ITEMS : rights;
}

gboolean
ferry_rights_check_virtual(const FerryMailboxSlot *slot, GError **error)
{
	if (!ferry_all_mail_is_id(slot->stored->id))
		return TRUE;
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CANNOT,
			    "this mailbox shows what the others hold: nothing can be put or "
			    "removed here");
	return FALSE;
}

gboolean
ferry_rights_may_set(FerryMailboxRights rights, const char *keyword)
{
	FerryMailboxRights needed =
		strcmp(keyword, "$seen") == 0 ? FERRY_RIGHT_SET_SEEN : FERRY_RIGHT_SET_KEYWORDS;

	return (rights & needed) != 0;
}

static char *
limit_keywords(const char *joined, FerryMailboxRights rights)
{
	g_auto(GStrv) words = g_strsplit(joined, " ", -1);
	GString *kept = g_string_new(NULL);

	for (guint i = 0; words[i] != NULL; i++) {
		if (*words[i] != '\0' && ferry_rights_may_set(rights, words[i]))
			g_string_append_printf(kept, "%s%s", kept->len > 0 ? " " : "", words[i]);
	}
	return g_string_free(kept, FALSE);
}

/* RFC 4314 §4: COPY and APPEND do not fail for a flag that may not be set. */
void
ferry_rights_limit_items(const FerryMailboxSlot *slot, GArray *items)
{
	FerryMailboxRights rights = ferry_slot_get_rights(slot);

	for (guint i = 0; i < items->len; i++) {
		FerryItem *item = &g_array_index(items, FerryItem, i);
		char *kept = limit_keywords(item->keywords, rights);

		g_free(item->keywords);
		item->keywords = kept;
		if ((rights & FERRY_RIGHT_REMOVE_ITEMS) == 0)
			item->deleted = FALSE;
	}
}
