/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The LIST response
 *
 * Specification: RFC 9051 §7.3.1 (attributes), §6.3.9.7 (OLDNAME); RFC 6154
 * Implementation: \HasChildren, \HasNoChildren and special uses are always told. A level that is no
 *   mailbox is \NonExistent, and \Noselect for clients that do not know that word.
 */
#include <string.h>

#include "imap/commands/commands-private.h"
#include "imap/names.h"

static void
write_attributes(FerryImapWriter *writer, FerryMailboxInfo *info, gboolean subscribed,
		 const char *const *more)
{
	const char *use = ferry_mailbox_info_get_special_use(info);

	ferry_imap_writer_begin_list(writer);
	if (ferry_mailbox_info_get_id(info) == NULL)
		ferry_imap_writer_write_atom(writer, "\\NonExistent");
	if (!ferry_mailbox_info_is_selectable(info))
		ferry_imap_writer_write_atom(writer, "\\Noselect");
	if (ferry_mailbox_info_is_virtual(info))
		ferry_imap_writer_write_atom(writer, "\\NoInferiors");
	ferry_imap_writer_write_atom(writer, ferry_mailbox_info_has_children(info)
						     ? "\\HasChildren"
						     : "\\HasNoChildren");
	if (subscribed)
		ferry_imap_writer_write_atom(writer, "\\Subscribed");
	if (use != NULL)
		ferry_imap_writer_write_atom(writer, use);
	for (; more != NULL && *more != NULL; more++)
		ferry_imap_writer_write_atom(writer, *more);
	ferry_imap_writer_end_list(writer);
}

void
ferry_imap_write_list_with(FerryImapWriter *writer, FerryMailboxInfo *info, gboolean subscribed,
			   const char *const *more)
{
	ferry_imap_writer_begin_untagged(writer, "LIST");
	write_attributes(writer, info, subscribed, more);
	ferry_imap_writer_write_string(writer, "/", 1);
	ferry_imap_writer_write_mailbox(writer, ferry_mailbox_info_get_name(info));
}

void
ferry_imap_write_list(FerryImapWriter *writer, FerryMailboxInfo *info, gboolean subscribed)
{
	ferry_imap_write_list_with(writer, info, subscribed, NULL);
}

void
ferry_imap_write_missing_list(FerryImapWriter *writer, const char *name, const char *attributes)
{
	ferry_imap_writer_begin_untagged(writer, "LIST");
	ferry_imap_writer_begin_list(writer);
	ferry_imap_writer_write_atom(writer, attributes);
	ferry_imap_writer_end_list(writer);
	ferry_imap_writer_write_string(writer, "/", 1);
	ferry_imap_writer_write_mailbox(writer, name);
}

void
ferry_imap_write_oldname(FerryImapWriter *writer, const char *written)
{
	ferry_imap_writer_begin_list(writer);
	ferry_imap_writer_write_string(writer, "OLDNAME", strlen("OLDNAME"));
	ferry_imap_writer_begin_list(writer);
	ferry_imap_writer_write_mailbox(writer, written);
	ferry_imap_writer_end_list(writer);
	ferry_imap_writer_end_list(writer);
}

const char *
ferry_imap_get_other_name(FerryImapCommand *command, guint index, const char *name)
{
	FerryImapSession *session = ferry_imap_command_get_session(command);
	const char *written =
		ferry_imap_value_get_written(ferry_imap_command_get_argument(command, index));
	gsize length = strlen(name);

	/* other clients do not know the item */
	if (!ferry_imap_session_is_enabled(session, "IMAP4REV2"))
		return NULL;
	/* the delimiter behind a name is no part of it (RFC 9051 §6.3.4) */
	if (strncmp(written, name, length) == 0 &&
	    (written[length] == '\0' ||
	     (written[length] == FERRY_IMAP_DELIMITER && written[length + 1] == '\0')))
		return NULL;
	return written;
}

char *
ferry_imap_dup_real_name(FerryImapCommand *command, guint index)
{
	FerryAccountSession *account =
		ferry_imap_session_get_account_session(ferry_imap_command_get_session(command));
	FerryMailboxList *list = account != NULL ? ferry_account_session_get_list(account) : NULL;
	const char *name = ferry_imap_command_get_string(command, index);
	FerryMailboxInfo *info = list != NULL ? ferry_mailbox_list_find(list, name) : NULL;

	if (info != NULL)
		return g_strdup(ferry_mailbox_info_get_name(info));
	/* nobody has asked for the list yet; names are mostly NFC */
	return g_utf8_normalize(name, -1, G_NORMALIZE_NFC);
}

void
ferry_imap_tell_new_name(FerryImapCommand *command, const char *name, const char *written)
{
	FerryImapWriter *writer = ferry_imap_command_get_writer(command);
	FerryAccountSession *account =
		ferry_imap_session_get_account_session(ferry_imap_command_get_session(command));
	FerryMailboxList *list = account != NULL ? ferry_account_session_get_list(account) : NULL;
	FerryMailboxInfo *info = list != NULL ? ferry_mailbox_list_find(list, name) : NULL;

	if (info == NULL)
		return;
	ferry_imap_write_list(writer, info, ferry_mailbox_info_is_subscribed(info));
	ferry_imap_write_oldname(writer, written);
	ferry_imap_writer_end_line(writer);
}
