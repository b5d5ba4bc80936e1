/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names in a change of the tree of mailboxes
 *
 * Specification: RFC 9051 §6.3.4 (CREATE), §6.3.6 (RENAME)
 * Implementation: missing parents are made in the same request, each in the one before by its
 *   creation id (RFC 8620 §5.3).
 */
#include "account/tree-change-private.h"

#include <string.h>

#include "account/all-mail-private.h"
#include "account/names-private.h"
#include "account/rights-private.h"

FerryMailboxInfo *
ferry_tree_change_find(FerryTreeChange *change, const char *name)
{
	FerryMailboxList *list = ferry_account_session_get_list(change->session);
	FerryMailboxInfo *info = ferry_mailbox_list_find(list, name);

	return info != NULL && ferry_mailbox_info_get_id(info) != NULL ? info : NULL;
}

FerryMailboxInfo *
ferry_tree_change_find_or_fail(FerryTreeChange *change, const char *name, GError **error)
{
	FerryMailboxInfo *info = ferry_tree_change_find(change, name);

	if (info == NULL)
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND,
				    "the mailbox does not exist");
	return info;
}

/* Of whatever account: its name is fixed. */
gboolean
ferry_tree_change_is_inbox(FerryTreeChange *change)
{
	FerryMailboxList *list = ferry_account_session_get_list(change->session);
	const char *account_id, *rest;

	ferry_mailbox_list_find_namespace(list, change->name, &account_id, &rest);
	return g_ascii_strcasecmp(rest, "INBOX") == 0;
}

/* The name without "/" at its end, which RFC 9051 §6.3.4 lets clients put there. */
char *
ferry_tree_change_normalize(const char *name)
{
	gsize length = strlen(name);

	while (length > 1 && name[length - 1] == '/')
		length--;
	return g_strndup(name, length);
}

/* Where the last existing mailbox on the way to @name ends; 0: none does. */
static gsize
find_existing(FerryTreeChange *change, const char *name, const char *rest, char **out_id)
{
	gsize offset = (gsize)(rest - name);

	*out_id = NULL;
	for (gsize end = strlen(name); end > offset;) {
		g_autofree char *prefix = g_strndup(name, end);
		FerryMailboxInfo *info = ferry_tree_change_find(change, prefix);
		const char *slash;

		if (info != NULL) {
			*out_id = g_strdup(ferry_mailbox_info_get_id(info));
			return end;
		}
		slash = strrchr(prefix, '/');
		end = slash != NULL ? (gsize)(slash - prefix) : 0;
	}
	return 0;
}

static void
write_creation(FerryTreeChange *change, FerryJmapBuilder *args, const char *name,
	       const char *parent_id, const char *role)
{
	g_autofree char *creation = g_strdup_printf("c%u", change->n_created);
	g_autofree char *parent = change->n_created > 0
					  ? g_strdup_printf("#c%u", change->n_created - 1)
					  : g_strdup(parent_id);

	ferry_jmap_builder_name(args, creation);
	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "name", name);
	if (parent != NULL)
		ferry_jmap_builder_set_string(args, "parentId", parent);
	else
		ferry_jmap_builder_set_null(args, "parentId");
	if (role != NULL)
		ferry_jmap_builder_set_string(args, "role", role);
	ferry_jmap_builder_end_object(args);
	change->n_created++;
}

/* Adds the call that makes mailboxes with these names, each in the one before. */
void
ferry_tree_change_add_creations(FerryTreeChange *change, const char *const *names, guint n_names,
				const char *parent_id, const char *role)
{
	g_autoptr(FerryJmapBuilder) args = ferry_jmap_builder_new();

	ferry_jmap_builder_begin_object(args);
	ferry_jmap_builder_set_string(args, "accountId", change->account->id);
	ferry_jmap_builder_name(args, "create");
	ferry_jmap_builder_begin_object(args);
	for (guint i = 0; i < n_names; i++)
		write_creation(change, args, names[i], parent_id, i + 1 == n_names ? role : NULL);
	ferry_jmap_builder_end_object(args);
	ferry_jmap_builder_end_object(args);
	change->create_call = ferry_jmap_request_add_call(change->request, "Mailbox/set", args);
}

/* What the backend does not have cannot be changed there. */
gboolean
ferry_tree_change_check_virtual(const char *mailbox_id, GError **error)
{
	if (!ferry_all_mail_is_id(mailbox_id))
		return TRUE;
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CANNOT,
			    "the mailbox of all mail is not one that can be changed");
	return FALSE;
}

/* RFC 4314 §4: `k` in the nearest parent that there is. Not every backend says that it is this
 * that it refuses. */
static gboolean
check_parent(FerryTreeChange *change, const char *parent_id, GError **error)
{
	FerryMailboxSlot *slot =
		parent_id != NULL ? ferry_mail_account_find(change->account, parent_id) : NULL;

	if (!ferry_tree_change_check_virtual(parent_id, error))
		return FALSE;
	if (slot == NULL || (ferry_slot_get_rights(slot) & FERRY_RIGHT_CREATE_CHILD) != 0)
		return TRUE;
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_NO_PERMISSION,
			    "mailboxes may not be made there");
	return FALSE;
}

/* The way to a new name: what exists of it, and the names behind that. */
gboolean
ferry_tree_change_plan_path(FerryTreeChange *change, const char *name, char **parent_id,
			    char ***names, GError **error)
{
	FerryMailboxList *list = ferry_account_session_get_list(change->session);
	const char *account_id;
	const char *rest;
	gsize existing;

	if (ferry_mailbox_list_is_reserved(list, name)) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CANNOT,
				    "the name belongs to the mailboxes of other users");
		return FALSE;
	}
	ferry_mailbox_list_find_namespace(list, name, &account_id, &rest);
	if (g_strcmp0(account_id, change->account->id) != 0) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_CANNOT,
				    "a mailbox cannot go to another account");
		return FALSE;
	}
	existing = find_existing(change, name, rest, parent_id);
	if (existing < strlen(name) && !check_parent(change, *parent_id, error))
		return FALSE;
	if (existing == strlen(name)) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_EXISTS,
				    "a mailbox of that name exists");
		return FALSE;
	}
	*names = ferry_names_split(existing > 0 ? name + existing + 1 : rest, error);
	return *names != NULL;
}
