/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "quota.h"

typedef struct {
	const char *name;
	gboolean standard_only; /* Cyrus's form knows octets only */
} Capability;

static const Capability capabilities[] = {
	{"QUOTA", FALSE},
	{"QUOTA=RES-STORAGE", FALSE},
	{"QUOTA=RES-MESSAGE", TRUE},
	{"QUOTA=RES-MAILBOX", TRUE},
};

static const struct {
	const char *name, *grammar;
	FerryCommandFunc func;
} commands[] = {
	{"GETQUOTA", "astring", quota_get},
	{"GETQUOTAROOT", "mailbox", quota_get_root},
	{"SETQUOTA", "astring list", quota_set},
};

/* Only where the backend tells quotas of the session's own account. */
static char *
make_capability(FerryImapSession *session, gpointer user_data)
{
	FerryAccountSession *account = ferry_imap_session_get_account_session(session);
	const Capability *capability = user_data;
	gboolean draft;

	if (account == NULL ||
	    !quota_is_offered(account, ferry_account_session_get_account_id(account), &draft) ||
	    (draft && capability->standard_only))
		return NULL;
	return g_strdup(capability->name);
}

static gboolean
register_quota(FerryRegistry *registry, GError **error)
{
	for (guint i = 0; i < G_N_ELEMENTS(capabilities); i++)
		if (!ferry_registry_add_capability(registry, capabilities[i].name,
						   FERRY_PHASE_AFTER_LOGIN, make_capability,
						   (gpointer)&capabilities[i], NULL, error))
			return FALSE;
	for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
		if (!ferry_registry_add_command(registry, commands[i].name, commands[i].grammar,
						FERRY_PHASE_AFTER_LOGIN, FERRY_ORDERING_ANY,
						commands[i].func, NULL, NULL, error))
			return FALSE;
	return ferry_registry_add_status_item(registry, "DELETED-STORAGE", FERRY_NEEDS_METADATA,
					      quota_write_deleted_storage, NULL, NULL, error);
}

FERRY_PLUGIN_DEFINE(quota, register_quota)
