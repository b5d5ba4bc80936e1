/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Responses that no command asked for
 *
 * Specification: RFC 9051 §7.3.1, §7.3.4, §7.5.2; RFC 5465 §5
 * Implementation: STATUS and LIST are written at once from what is known. FETCH runs as a command
 *   without a tag: others wait for it as for any, and it for the client to read.
 */
#include "imap/announce.h"

#include <string.h>

#include "imap/commands/commands-private.h"
#include "imap/value-private.h"

static FerryMailboxInfo *
find_info(FerryImapSession *self, const char *name)
{
	FerryAccountSession *account = ferry_imap_session_get_account_session(self);
	FerryMailboxList *list = account != NULL ? ferry_account_session_get_list(account) : NULL;

	return list != NULL ? ferry_mailbox_list_find(list, name) : NULL;
}

/**
 * ferry_imap_session_write_status:
 * @name: a mailbox
 * @numbers: its numbers
 * @items: (array zero-terminated=1): names of STATUS items, in capitals; those that no module knows
 *   are left out
 *
 * Writes a STATUS response.
 */
void
ferry_imap_session_write_status(FerryImapSession *self, const char *name,
				const FerryMailboxStatus *numbers, const char *const *items)
{
	FerryRegistry *registry = ferry_imap_session_get_registry(self);
	g_autoptr(FerryImapValue) list = ferry_imap_value_new_list();

	for (; *items != NULL; items++) {
		const FerryContribution *item =
			ferry_registry_lookup(registry, FERRY_CONTRIBUTION_STATUS_ITEM, *items);

		if (item != NULL)
			ferry_imap_value_add_child(list, ferry_imap_value_new_item(*items, item));
	}
	ferry_imap_write_status(self, NULL, name, numbers, list);
}

/**
 * ferry_imap_session_write_list:
 * @name: a mailbox, or a name that is none (any more)
 * @attributes: (array zero-terminated=1) (nullable): more attributes to say
 * @old_name: (nullable): what it was called before (OLDNAME)
 *
 * Writes a LIST response with all attributes; \\Subscribed too where that holds.
 */
void
ferry_imap_session_write_list(FerryImapSession *self, const char *name,
			      const char *const *attributes, const char *old_name)
{
	FerryAccountSession *account = ferry_imap_session_get_account_session(self);
	FerryMailboxList *list = account != NULL ? ferry_account_session_get_list(account) : NULL;
	FerryMailboxInfo *info = find_info(self, name);
	gboolean subscribed =
		info != NULL ? ferry_mailbox_info_is_subscribed(info)
			     : list != NULL && ferry_mailbox_list_is_subscribed(list, name);

	if (info != NULL)
		ferry_imap_write_list_with(self->writer, info, subscribed, attributes);
	else
		ferry_imap_write_missing_list(self->writer, name,
					      subscribed ? "\\NonExistent \\Subscribed"
							 : "\\NonExistent");
	if (old_name != NULL)
		ferry_imap_write_oldname(self->writer, old_name);
	ferry_imap_writer_end_line(self->writer);
}

/**
 * ferry_imap_session_write_fetch:
 * @uids: (array length=n_uids): messages of the selected mailbox, ascending
 * @n_uids: how many
 * @items: what to tell of each: the LIST that the grammar terms fetch-items and fetch-list make
 *
 * Writes FETCH responses as soon as what they need is at hand; the UID is always told. Messages
 * that are gone by then are left out.
 */
void
ferry_imap_session_write_fetch(FerryImapSession *self, const guint32 *uids, gsize n_uids,
			       FerryImapValue *items)
{
	const FerryContribution *fetch =
		ferry_registry_lookup(self->registry, FERRY_CONTRIBUTION_COMMAND, "UID FETCH");
	g_autoptr(GPtrArray) arguments =
		g_ptr_array_new_with_free_func((GDestroyNotify)ferry_imap_value_unref);
	g_autofree char *text = NULL;

	if (fetch == NULL || n_uids == 0 || self->told == NULL)
		return;
	text = ferry_uid_array_to_string(uids, n_uids);
	g_ptr_array_add(arguments,
			ferry_imap_value_new_set(ferry_imap_set_parse(text, strlen(text), NULL)));
	g_ptr_array_add(arguments, ferry_imap_value_ref(items));
	ferry_imap_session_run_unasked(self, fetch, arguments);
}
