/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which mailboxes an ESEARCH is about
 *
 * Specification: RFC 7377 §2.2, RFC 5465 §6
 * Implementation: in the order of the list of mailboxes, each once, whatever names it how often.
 *   Names only get longer down the tree, so there are no loops.
 */
#include "multisearch.h"

#include <string.h>

/* Whether a choice is among them; without any it is "selected". */
gboolean
multisearch_names(FerryImapValue *filters, const char *name)
{
	if (filters == NULL)
		return g_str_equal(name, "SELECTED");
	for (guint i = 0; i < ferry_imap_value_get_n_children(filters); i++) {
		if (ferry_imap_value_is(ferry_imap_value_get_child(filters, i), name))
			return TRUE;
	}
	return FALSE;
}

gboolean
multisearch_is_selected_only(FerryImapValue *filters)
{
	for (guint i = 0; filters != NULL && i < ferry_imap_value_get_n_children(filters); i++) {
		if (!ferry_imap_value_is(ferry_imap_value_get_child(filters, i), "SELECTED"))
			return FALSE;
	}
	return TRUE;
}

/* Whether @name is @root or below it. */
static gboolean
is_below(const char *name, const char *root, gboolean children_only)
{
	gsize length = strlen(root);

	if (strncmp(name, root, length) != 0)
		return FALSE;
	if (name[length] == '\0')
		return TRUE;
	return name[length] == '/' && (!children_only || strchr(name + length + 1, '/') == NULL);
}

static gboolean
names_mailbox(FerryImapValue *filter, const char *name)
{
	gboolean subtree = ferry_imap_value_is(filter, "SUBTREE");
	gboolean one = ferry_imap_value_is(filter, "SUBTREE-ONE");

	for (guint i = 0; i < ferry_imap_value_get_n_children(filter); i++) {
		const char *named =
			ferry_imap_value_get_text(ferry_imap_value_get_child(filter, i));

		if (subtree || one ? is_below(name, named, one) : g_str_equal(name, named))
			return TRUE;
	}
	return FALSE;
}

static gboolean
is_meant(FerryImapValue *filter, FerryMailboxList *list, FerryMailboxInfo *info,
	 const char *selected)
{
	const char *name = ferry_mailbox_info_get_name(info);

	if (ferry_imap_value_is(filter, "SELECTED"))
		return g_strcmp0(name, selected) == 0;
	if (ferry_imap_value_is(filter, "MAILBOXES"))
		return names_mailbox(filter, name);
	/* it would tell every message once more */
	if (ferry_mailbox_info_is_virtual(info))
		return FALSE;
	if (ferry_imap_value_is(filter, "SUBSCRIBED"))
		return ferry_mailbox_list_is_subscribed(list, name);
	if (ferry_imap_value_is(filter, "PERSONAL") || ferry_imap_value_is(filter, "INBOXES"))
		return !ferry_mailbox_info_is_shared(info);
	return names_mailbox(filter, name);
}

static gboolean
is_wanted(FerryImapValue *filters, FerryMailboxList *list, FerryMailboxInfo *info,
	  const char *selected)
{
	if (!ferry_mailbox_info_is_selectable(info))
		return FALSE;
	if (filters == NULL)
		return g_strcmp0(ferry_mailbox_info_get_name(info), selected) == 0;
	for (guint i = 0; i < ferry_imap_value_get_n_children(filters); i++) {
		if (is_meant(ferry_imap_value_get_child(filters, i), list, info, selected))
			return TRUE;
	}
	return FALSE;
}

/* Mailboxes (FerryMailboxInfo) to search, @max at most. What is not there is left out, so that
 * nobody learns what there is that they may not see (RFC 7377 §5). */
GPtrArray *
multisearch_list_sources(FerryImapValue *filters, FerryMailboxList *list, const char *selected,
			 gint64 max, GError **error)
{
	g_autoptr(GPtrArray) sources =
		g_ptr_array_new_with_free_func((GDestroyNotify)ferry_mailbox_info_unref);

	for (guint i = 0; i < ferry_mailbox_list_get_count(list); i++) {
		FerryMailboxInfo *info = ferry_mailbox_list_get_nth(list, i);

		if (is_wanted(filters, list, info, selected))
			g_ptr_array_add(sources, ferry_mailbox_info_ref(info));
	}
	if (sources->len <= max)
		return g_steal_pointer(&sources);
	g_set_error(error, FERRY_ERROR, FERRY_ERROR_LIMIT,
		    "more than %" G_GINT64_FORMAT " mailboxes in a search", max);
	return NULL;
}
