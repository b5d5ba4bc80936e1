/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What SETACL and DELETEACL make of an entry
 *
 * Specification: RFC 4314 §3.1, §3.2; RFC 6901 §3 (paths)
 * Implementation: Cyrus writes all entries anew, rounded, when one is changed, and does not tell
 *   what they were: there an entry is set only where there is no other, and not changed by + and -.
 */
#include "acl.h"

static gboolean
fail(GError **error, const char *why)
{
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CANNOT, why);
	return FALSE;
}

/* What Cyrus would do to others, or does not tell of whom is meant. */
static gboolean
check_rounding(const AclPlace *place, const AclShares *shares, const AclWish *wish,
	       FerryJmapValue *entry, GError **error)
{
	guint n = shares->share_with != NULL ? ferry_jmap_value_get_size(shares->share_with, NULL)
					     : 0;

	if (acl_form_is_exact(place->form))
		return TRUE;
	if (n > (entry != NULL ? 1u : 0u))
		return fail(error, "the backend would change the rights of others, too, who share "
				   "this mailbox");
	return entry == NULL || wish->remove || wish->change.mode == ACL_MODE_REPLACE ||
	       fail(error, "the backend does not tell all rights that there are: name those that "
			   "shall be");
}

/* Decides what the entry of @shares->id shall be. @entry: (nullable): what it is */
gboolean
acl_decide(const AclPlace *place, const AclShares *shares, const AclWish *wish,
	   FerryJmapValue *entry, AclDecision *decision, GError **error)
{
	AclRights before = entry != NULL ? acl_form_read(place->form, entry) : 0;

	if (g_strcmp0(place->owner_id, shares->id) == 0)
		return fail(error, "the owner's rights cannot be changed");
	decision->after = wish->remove ? 0 : acl_change_apply(&wish->change, before);
	decision->removes =
		wish->remove || (decision->after == 0 && wish->change.mode == ACL_MODE_REPLACE);
	decision->nothing = entry == NULL && decision->after == 0;
	if (decision->nothing)
		return TRUE;
	return check_rounding(place, shares, wish, entry, error) &&
	       acl_form_can_express(place->form, decision->after, error);
}

/* shareWith/KEY, with KEY as RFC 6901 writes it */
char *
acl_make_path(const char *id)
{
	GString *path = g_string_new("shareWith/");

	for (; *id != '\0'; id++) {
		if (*id == '~' || *id == '/')
			g_string_append(path, *id == '~' ? "~0" : "~1");
		else
			g_string_append_c(path, *id);
	}
	return g_string_free(path, FALSE);
}
