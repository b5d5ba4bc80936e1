/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A mailbox whose rights are asked for, and how its account shares
 *
 * Specification: RFC 4314 §4 (who may); RFC 9670 §1.5.2 (owner), draft-ietf-jmap-mail-sharing-02
 */
#include "acl.h"

static FerryJmapValue *
get_capabilities(FerryAccountSession *session, const char *account_id)
{
	const FerryJmapAccountInfo *info =
		account_id != NULL ? ferry_jmap_session_find_account(
					     ferry_account_session_get_jmap(session), account_id)
				   : NULL;

	return info != NULL ? info->capabilities : NULL;
}

/* How an account of these capabilities shares its mailboxes. */
AclForm
acl_form_choose(FerryJmapValue *capabilities)
{
	g_autoptr(FerryJmapValue) share =
		ferry_jmap_value_get_member(capabilities, FERRY_JMAP_CAPABILITY_MAIL_SHARE);
	g_autoptr(FerryJmapValue) owner =
		ferry_jmap_value_get_member(capabilities, FERRY_JMAP_CAPABILITY_PRINCIPALS_OWNER);
	g_autoptr(FerryJmapValue) cyrus = ferry_jmap_value_get_member(capabilities, ACL_CYRUS_MAIL);

	if (share != NULL && owner != NULL &&
	    ferry_jmap_value_get_string(owner, "accountIdForPrincipal") != NULL)
		return ACL_FORM_STANDARD;
	return cyrus != NULL ? ACL_FORM_CYRUS : ACL_FORM_NONE;
}

/* How an account shares its mailboxes. */
AclForm
acl_find_form(FerryAccountSession *session, const char *account_id)
{
	FerryJmapValue *capabilities = get_capabilities(session, account_id);

	return capabilities != NULL ? acl_form_choose(capabilities) : ACL_FORM_NONE;
}

static AclPlace *
make_place(FerryAccountSession *session, FerryMailboxInfo *info)
{
	AclPlace *self = g_new0(AclPlace, 1);

	self->info = ferry_mailbox_info_ref(info);
	self->account_id = g_strdup(ferry_mailbox_info_get_account_id(info));
	self->form = acl_find_form(session, self->account_id);
	if (self->form == ACL_FORM_STANDARD) {
		g_autoptr(FerryJmapValue) owner =
			ferry_jmap_value_get_member(get_capabilities(session, self->account_id),
						    FERRY_JMAP_CAPABILITY_PRINCIPALS_OWNER);

		self->principals_id =
			g_strdup(ferry_jmap_value_get_string(owner, "accountIdForPrincipal"));
		self->owner_id = g_strdup(ferry_jmap_value_get_string(owner, "principalId"));
	} else if (self->form == ACL_FORM_CYRUS) {
		/* there a user's account has the user's name */
		self->owner_id = g_strdup(self->account_id);
	}
	return self;
}

/* The mailbox of that name; NULL where there is none, or one that the session has no right in. */
FerryMailboxInfo *
acl_find_mailbox(FerryMailboxList *list, const char *name)
{
	FerryMailboxInfo *info = ferry_mailbox_list_find(list, name);

	return info != NULL && ferry_mailbox_info_get_id(info) != NULL &&
			       acl_rights_from_mailbox(ferry_mailbox_info_get_rights(info)) != 0
		       ? info
		       : NULL;
}

/* The mailbox of that name; NULL with an error where the session sees none. */
AclPlace *
acl_place_new(FerryAccountSession *session, const char *name, GError **error)
{
	FerryMailboxList *list = ferry_account_session_get_list(session);
	FerryMailboxInfo *info = list != NULL ? acl_find_mailbox(list, name) : NULL;

	if (info != NULL)
		return make_place(session, info);
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND,
			    "the mailbox does not exist");
	return NULL;
}

void
acl_place_free(AclPlace *self)
{
	ferry_mailbox_info_unref(self->info);
	g_free(self->account_id);
	g_free(self->principals_id);
	g_free(self->owner_id);
	g_free(self);
}

/* Whether the session may see and change who shares the mailbox. */
gboolean
acl_place_check(const AclPlace *self, GError **error)
{
	if (self->form == ACL_FORM_NONE || ferry_mailbox_info_is_virtual(self->info)) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CANNOT,
				    "the backend does not share this mailbox");
		return FALSE;
	}
	if ((ferry_mailbox_info_get_rights(self->info) & FERRY_RIGHT_SHARE) != 0)
		return TRUE;
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_NO_PERMISSION,
			    "the right to administer the mailbox is missing");
	return FALSE;
}

/* Whether the identifier is the owner's by its name.
 *
 * @username: who is signed in, and owns the own account */
gboolean
acl_place_is_owner(const AclPlace *self, const char *username, const char *identifier)
{
	if (!ferry_mailbox_info_is_shared(self->info) && g_strcmp0(identifier, username) == 0)
		return TRUE;
	return self->form == ACL_FORM_CYRUS && g_strcmp0(identifier, self->owner_id) == 0;
}
