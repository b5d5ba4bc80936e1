/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "context.h"

/* RFC 5267 §4.1: three return options, of which PARTIAL is another module's. user_data: the command
 * that must be there */
static char *
make_capability(FerryImapSession *session, gpointer user_data)
{
	FerryRegistry *registry = ferry_imap_session_get_registry(session);

	if (ferry_registry_lookup(registry, FERRY_CONTRIBUTION_SEARCH_RETURN, "PARTIAL") == NULL ||
	    ferry_registry_lookup(registry, FERRY_CONTRIBUTION_COMMAND, user_data) == NULL)
		return NULL;
	return g_strconcat("CONTEXT=", (const char *)user_data, NULL);
}

static const FerrySetting settings[] = {
	{.key = "max-updates",
	 .type = FERRY_SETTING_INTEGER,
	 .initial = "16",
	 .check = "1:1000",
	 .description = "Searches of one client whose results are kept up to date."},
};

static gboolean
register_context(FerryRegistry *registry, GError **error)
{
	static const char *const commands[] = {"SEARCH", "SORT"};

	if (!ferry_registry_add_settings(registry, settings, G_N_ELEMENTS(settings), error))
		return FALSE;
	for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
		g_autofree char *name = g_strconcat("CONTEXT=", commands[i], NULL);

		if (!ferry_registry_add_capability(registry, name, FERRY_PHASE_AFTER_LOGIN,
						   make_capability, (gpointer)commands[i], NULL,
						   error))
			return FALSE;
	}
	return ferry_registry_add_search_return(registry, "CONTEXT", NULL, NULL, NULL, NULL, NULL,
						error) &&
	       ferry_registry_add_search_return(registry, "UPDATE", NULL, context_prepare_update,
						NULL, NULL, NULL, error) &&
	       ferry_registry_add_command(registry, "CANCELUPDATE", "string*", FERRY_PHASE_SELECTED,
					  FERRY_ORDERING_ANY, context_cancel, NULL, NULL, error) &&
	       ferry_registry_add_session_data(registry, "CONTEXT", context_session_forget, NULL,
					       NULL, error) &&
	       ferry_registry_add_update_writer(registry, "CONTEXT", context_update, NULL, NULL,
						error) &&
	       ferry_registry_add_account_listener(registry, "CONTEXT", context_listen, NULL, NULL,
						   error);
}

FERRY_PLUGIN_DEFINE(context, register_context)
