/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* XWEATHER: an extension that is built against an installed Ferry
 *
 * Implementation: one command with one untagged answer, and its capability.
 */
#include <ferry.h>

static void
weather_run(FerryImapCommand *command, gpointer user_data)
{
	FerryImapWriter *writer = ferry_imap_command_get_writer(command);

	ferry_imap_writer_begin_untagged(writer, "XWEATHER");
	ferry_imap_writer_write_string(writer, "fair", 4);
	ferry_imap_writer_end_line(writer);
	ferry_imap_command_finish(command);
}

static gboolean
register_weather(FerryRegistry *registry, GError **error)
{
	return ferry_registry_add_capability(registry, "XWEATHER", FERRY_PHASE_AFTER_LOGIN, NULL,
					     NULL, NULL, error) &&
	       ferry_registry_add_command(registry, "XWEATHER", NULL, FERRY_PHASE_AFTER_LOGIN,
					  FERRY_ORDERING_ANY, weather_run, NULL, NULL, error);
}

FERRY_PLUGIN_DEFINE(weather, register_weather)
