/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The example attachments.py once more, in C, under another name: what tests/cost.py measures
 * Python against. It is not installed. */
#include <ferry.h>

static gboolean
prepare_item(FerryImapFetch *fetch, FerryImapValue *arguments, gpointer user_data, GError **error)
{
	ferry_imap_fetch_add_property(fetch, "attachments");
	return TRUE;
}

static void
write_item(FerryImapFetch *fetch, FerryImapMessage *message, FerryImapValue *arguments,
	   FerryImapWriter *writer, gpointer user_data)
{
	g_autoptr(FerryJmapValue) attachments =
		ferry_imap_message_get_property(message, "attachments");
	guint n = attachments != NULL ? ferry_jmap_value_get_size(attachments, NULL) : 0;

	ferry_imap_writer_write_atom(writer, "XTWIN");
	ferry_imap_writer_begin_list(writer);
	for (guint i = 0; i < n; i++) {
		g_autoptr(FerryJmapValue) part = ferry_jmap_value_get_item(attachments, i);

		ferry_imap_writer_begin_list(writer);
		ferry_imap_writer_write_nstring(writer, ferry_jmap_value_get_string(part, "name"));
		ferry_imap_writer_write_nstring(writer, ferry_jmap_value_get_string(part, "type"));
		ferry_imap_writer_write_number(
			writer, (guint64)ferry_jmap_value_get_int64(part, "size", 0));
		ferry_imap_writer_end_list(writer);
	}
	ferry_imap_writer_end_list(writer);
}

static void
write_plain(FerryImapFetch *fetch, FerryImapMessage *message, FerryImapValue *arguments,
	    FerryImapWriter *writer, gpointer user_data)
{
	ferry_imap_writer_write_atom(writer, "XPLAINTWIN");
	ferry_imap_writer_write_number(writer, ferry_imap_message_get_uid(message));
}

static gboolean
register_twin(FerryRegistry *registry, GError **error)
{
	return ferry_registry_add_fetch_item(registry, "XTWIN", NULL, FERRY_NEEDS_NOTHING,
					     prepare_item, write_item, NULL, NULL, error) &&
	       ferry_registry_add_fetch_item(registry, "XPLAINTWIN", NULL, FERRY_NEEDS_NOTHING,
					     NULL, write_plain, NULL, NULL, error);
}

FERRY_PLUGIN_DEFINE(twin, register_twin)
