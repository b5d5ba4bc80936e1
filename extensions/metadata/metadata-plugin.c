/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "metadata.h"

/* RFC 5464 §4.1 wants 1024 octets and 10 entries at least; the store keeps 4 MiB of an account. */
static const FerrySetting settings[] = {
	{.key = "admin",
	 .description = "How users reach who runs this server: a URI such as "
			"mailto:postmaster@example.org."},
	{.key = "max-value",
	 .type = FERRY_SETTING_SIZE,
	 .initial = "64k",
	 .check = "1024:1048576",
	 .description = "Octets of one entry's value."},
	{.key = "max-entries",
	 .type = FERRY_SETTING_INTEGER,
	 .initial = "100",
	 .check = "10:10000",
	 .description = "Entries of a mailbox that are one user's, and as many that are shared."},
};

static gboolean
register_metadata(FerryRegistry *registry, GError **error)
{
	static const char *const names[] = {"METADATA", "METADATA-SERVER", "LIST-METADATA"};
	static const char *const events[] = {METADATA_MAILBOX_EVENT, METADATA_SERVER_EVENT};

	if (!ferry_registry_add_settings(registry, settings, G_N_ELEMENTS(settings), error))
		return FALSE;
	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		if (!ferry_registry_add_capability(registry, names[i], FERRY_PHASE_AFTER_LOGIN,
						   NULL, NULL, NULL, error))
			return FALSE;
	for (guint i = 0; i < 2; i++)
		if (!ferry_registry_add_enable(registry, names[i], metadata_enable, NULL, NULL,
					       error))
			return FALSE;
	for (guint i = 0; i < G_N_ELEMENTS(events); i++)
		if (!ferry_registry_add_event_name(registry, events[i], NULL, NULL, NULL, error))
			return FALSE;
	return ferry_registry_add_command(registry, "GETMETADATA", "[list] mailbox any*",
					  FERRY_PHASE_AFTER_LOGIN, FERRY_ORDERING_ANY, metadata_get,
					  NULL, NULL, error) &&
	       ferry_registry_add_command(registry, "SETMETADATA", "mailbox named-values",
					  FERRY_PHASE_AFTER_LOGIN, FERRY_ORDERING_ANY, metadata_set,
					  NULL, NULL, error) &&
	       ferry_registry_add_list_return(registry, "METADATA", "any", metadata_write_listed,
					      NULL, NULL, error) &&
	       ferry_registry_add_argument_rule(registry, "LIST", metadata_check_list, NULL, NULL,
						error) &&
	       ferry_registry_add_account_listener(registry, "METADATA", metadata_hear, NULL, NULL,
						   error) &&
	       ferry_registry_add_session_data(registry, "METADATA", metadata_forget, NULL, NULL,
					       error);
}

FERRY_PLUGIN_DEFINE(metadata, register_metadata)
