/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "acl.h"

static const struct {
	const char *name, *grammar;
	FerryCommandFunc func;
} commands[] = {
	{"MYRIGHTS", "mailbox", acl_my_rights},
	{"GETACL", "mailbox", acl_get},
	{"SETACL", "mailbox astring astring", acl_set},
	{"DELETEACL", "mailbox astring", acl_delete},
	{"LISTRIGHTS", "mailbox astring", acl_list_rights},
};

/* The letters depend on how the account shares. Where it does not nobody has the right `a`, which
 * all but MYRIGHTS wants (RFC 4314 §4). */
static char *
make_rights(FerryImapSession *session, gpointer user_data)
{
	FerryAccountSession *account = ferry_imap_session_get_account_session(session);
	AclForm form;

	if (account == NULL)
		return NULL;
	form = acl_find_form(account, ferry_account_session_get_account_id(account));
	return g_strconcat("RIGHTS=", acl_form_get_new_letters(form), NULL);
}

static gboolean
register_capabilities(FerryRegistry *registry, GError **error)
{
	return ferry_registry_add_capability(registry, "ACL", FERRY_PHASE_AFTER_LOGIN, NULL, NULL,
					     NULL, error) &&
	       ferry_registry_add_capability(registry, "RIGHTS", FERRY_PHASE_AFTER_LOGIN,
					     make_rights, NULL, NULL, error) &&
	       ferry_registry_add_capability(registry, "LIST-MYRIGHTS", FERRY_PHASE_AFTER_LOGIN,
					     NULL, NULL, NULL, error);
}

static gboolean
register_acl(FerryRegistry *registry, GError **error)
{
	for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
		if (!ferry_registry_add_command(registry, commands[i].name, commands[i].grammar,
						FERRY_PHASE_AFTER_LOGIN, FERRY_ORDERING_ANY,
						commands[i].func, NULL, NULL, error))
			return FALSE;
	return register_capabilities(registry, error) &&
	       ferry_registry_add_list_return(registry, "MYRIGHTS", NULL, acl_list_my_rights, NULL,
					      NULL, error);
}

FERRY_PLUGIN_DEFINE(acl, register_acl)
