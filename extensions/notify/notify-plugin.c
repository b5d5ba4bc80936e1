/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "notify.h"

/* SET or NONE, STATUS, event groups; what a group holds in set.c */
#define GRAMMAR                                                                                    \
	"atom [atom] "                                                                             \
	"[{([\"MAILBOXES\" mailboxes] [\"SUBTREE\" mailboxes] [atom] [atom] "                      \
	"[({atom [fetch-list]})])}]"

/* Commands that change names: who gives them is not told of what they did. */
static gboolean
register_rules(FerryRegistry *registry, GError **error)
{
	static const char *const commands[] = {"CREATE", "DELETE", "RENAME", "SUBSCRIBE",
					       "UNSUBSCRIBE"};

	for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
		if (!ferry_registry_add_argument_rule(registry, commands[i], notify_note_own_names,
						      NULL, NULL, error))
			return FALSE;
	return TRUE;
}

static gboolean
register_notify(FerryRegistry *registry, GError **error)
{
	return ferry_registry_add_capability(registry, "NOTIFY", FERRY_PHASE_AFTER_LOGIN, NULL,
					     NULL, NULL, error) &&
	       ferry_registry_add_command(registry, "NOTIFY", GRAMMAR, FERRY_PHASE_AFTER_LOGIN,
					  FERRY_ORDERING_ANY, notify_run, NULL, NULL, error) &&
	       ferry_registry_add_session_data(registry, "NOTIFY", notify_forget, NULL, NULL,
					       error) &&
	       ferry_registry_add_account_listener(registry, "NOTIFY", notify_hear, NULL, NULL,
						   error) &&
	       ferry_registry_add_announcement_policy(registry, "NOTIFY", notify_choose, NULL, NULL,
						      error) &&
	       ferry_registry_add_event_policy(registry, "NOTIFY", notify_choose_event, NULL, NULL,
					       error) &&
	       ferry_registry_add_update_writer(registry, "NOTIFY", notify_update, NULL, NULL,
						error) &&
	       register_rules(registry, error);
}

FERRY_PLUGIN_DEFINE(notify, register_notify)
