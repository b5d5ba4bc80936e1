/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* LIST of mailboxes that came, went, have another name, or are (un)subscribed
 *
 * Specification: RFC 5465 §5.4, §5.5, §5.9
 * Implementation: two lists are compared by JMAP ids. A mailbox that came or went affects its
 *   parent too; one that was renamed takes its children along, of which nothing is said unless the
 *   client watches them and not their parent. Each name is told once. What the session's own
 *   command did is left out. What may no longer be read but is listed is \NoAccess.
 */
#include "notify.h"

#include <string.h>

/* more at once is too much to tell */
#define MAX_LINES 10000

typedef struct {
	NotifyWatch *watch;
	FerryImapSession *session;
	GHashTable *old_infos; /* key → FerryMailboxInfo */
	GHashTable *new_infos;
	GHashTable *told; /* names */
} Names;

static GHashTable *
make_index(FerryMailboxList *list)
{
	GHashTable *index = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; i < ferry_mailbox_list_get_count(list); i++) {
		FerryMailboxInfo *info = ferry_mailbox_list_get_nth(list, i);

		if (ferry_mailbox_info_get_id(info) != NULL)
			g_hash_table_replace(
				index,
				notify_make_key(ferry_mailbox_info_get_account_id(info),
						ferry_mailbox_info_get_id(info)),
				info);
	}
	return index;
}

static FerryMailboxInfo *
find(GHashTable *infos, FerryMailboxInfo *other)
{
	g_autofree char *key = NULL;

	if (ferry_mailbox_info_get_id(other) == NULL)
		return NULL;
	key = notify_make_key(ferry_mailbox_info_get_account_id(other),
			      ferry_mailbox_info_get_id(other));
	return g_hash_table_lookup(infos, key);
}

static gboolean
is_below(const char *name, const char *parent)
{
	gsize length = strlen(parent);

	return strncmp(name, parent, length) == 0 && (name[length] == '\0' || name[length] == '/');
}

/* What the command of this session named, or what hangs on it. */
static gboolean
is_own(Names *self, const char *name)
{
	GPtrArray *own = self->watch->own_names;

	for (guint i = 0; own != NULL && i < own->len; i++)
		if (is_below(name, own->pdata[i]) || is_below(own->pdata[i], name))
			return TRUE;
	return FALSE;
}

static gboolean
wants(Names *self, FerryMailboxInfo *info, NotifyEvents event, gboolean also_subscribed)
{
	NotifyPlace place;

	notify_get_place(info, &place);
	place.subscribed |= also_subscribed;
	return (notify_set_get_events(self->watch->set, &place) & event) != 0;
}

static void
tell(Names *self, const char *name, const char *old_name)
{
	if (is_own(self, name) || (old_name != NULL && is_own(self, old_name)) ||
	    !g_hash_table_add(self->told, g_strdup(name)))
		return;
	ferry_imap_session_write_list(self->session, name, NULL, old_name);
}

/* The level above, be it a mailbox or not. */
static void
tell_parent(Names *self, FerryMailboxInfo *child)
{
	const char *name = ferry_mailbox_info_get_name(child);
	const char *slash = strrchr(name, '/');
	g_autofree char *parent = slash != NULL ? g_strndup(name, (gsize)(slash - name)) : NULL;
	FerryMailboxList *list = NULL;
	FerryMailboxInfo *info = NULL;
	NotifyPlace place;

	if (parent == NULL || is_own(self, name))
		return;
	list = ferry_account_session_get_list(
		ferry_imap_session_get_account_session(self->session));
	info = ferry_mailbox_list_find(list, parent);
	place = (NotifyPlace){parent, !ferry_mailbox_info_is_shared(child),
			      info != NULL && ferry_mailbox_info_is_subscribed(info)};
	if (notify_set_get_events(self->watch->set, &place) & NOTIFY_MAILBOX_NAME)
		tell(self, parent, NULL);
}

/* Whether a child has its new name only because its parent, of which the client hears, has one. */
static gboolean
follows_parent(Names *self, FerryMailboxInfo *before, FerryMailboxInfo *now)
{
	const char *old_name = ferry_mailbox_info_get_name(before);
	const char *new_name = ferry_mailbox_info_get_name(now);
	const char *old_slash = strrchr(old_name, '/');
	const char *new_slash = strrchr(new_name, '/');
	g_autofree char *parent = NULL;
	FerryMailboxInfo *info, *renamed;

	if (old_slash == NULL || new_slash == NULL || strcmp(old_slash, new_slash) != 0)
		return FALSE;
	parent = g_strndup(old_name, (gsize)(old_slash - old_name));
	info = ferry_mailbox_list_find(self->watch->list, parent);
	renamed = info != NULL ? find(self->new_infos, info) : NULL;
	if (renamed == NULL ||
	    strlen(ferry_mailbox_info_get_name(renamed)) != (gsize)(new_slash - new_name) ||
	    !is_below(new_name, ferry_mailbox_info_get_name(renamed)))
		return FALSE;
	return wants(self, renamed, NOTIFY_MAILBOX_NAME, FALSE) ||
	       wants(self, info, NOTIFY_MAILBOX_NAME, FALSE);
}

static void
compare_access(Names *self, FerryMailboxInfo *before, FerryMailboxInfo *now)
{
	static const char *const no_access[] = {"\\NoAccess", NULL};
	const char *name = ferry_mailbox_info_get_name(now);
	gboolean could = ferry_mailbox_info_is_selectable(before);
	gboolean can = ferry_mailbox_info_is_selectable(now);

	if (could != can && notify_set_names(self->watch->set, name) &&
	    g_hash_table_add(self->told, g_strdup(name)))
		ferry_imap_session_write_list(self->session, name, can ? NULL : no_access, NULL);
}

static void
compare(Names *self, FerryMailboxInfo *before, FerryMailboxInfo *now)
{
	const char *old_name = ferry_mailbox_info_get_name(before);
	const char *new_name = ferry_mailbox_info_get_name(now);
	gboolean was_subscribed = ferry_mailbox_info_is_subscribed(before);
	gboolean renamed = strcmp(old_name, new_name) != 0;

	if (renamed && !follows_parent(self, before, now) &&
	    (wants(self, now, NOTIFY_MAILBOX_NAME, FALSE) ||
	     wants(self, before, NOTIFY_MAILBOX_NAME, FALSE)))
		tell(self, new_name, old_name);
	compare_access(self, before, now);
	if (was_subscribed != ferry_mailbox_info_is_subscribed(now) &&
	    wants(self, now, NOTIFY_SUBSCRIPTION_CHANGE, was_subscribed))
		tell(self, new_name, NULL);
}

static void
tell_gone(Names *self, FerryMailboxInfo *info)
{
	if (wants(self, info, NOTIFY_MAILBOX_NAME, FALSE))
		tell(self, ferry_mailbox_info_get_name(info), NULL);
	tell_parent(self, info);
}

static void
note_new(Names *self, FerryMailboxInfo *info)
{
	g_hash_table_add(self->watch->fresh,
			 notify_make_key(ferry_mailbox_info_get_account_id(info),
					 ferry_mailbox_info_get_id(info)));
	if (wants(self, info, NOTIFY_MAILBOX_NAME, FALSE))
		tell(self, ferry_mailbox_info_get_name(info), NULL);
	tell_parent(self, info);
}

/* Names that are subscribed and no mailboxes. */
static void
compare_missing(Names *self, FerryMailboxList *from, FerryMailboxList *to)
{
	const char *const *names = ferry_mailbox_list_get_missing_subscriptions(from);

	for (; names != NULL && *names != NULL; names++) {
		NotifyPlace place = {*names, TRUE, TRUE};

		if (!ferry_mailbox_list_is_subscribed(to, *names) &&
		    ferry_mailbox_list_find(to, *names) == NULL &&
		    (notify_set_get_events(self->watch->set, &place) & NOTIFY_SUBSCRIPTION_CHANGE))
			tell(self, *names, NULL);
	}
}

static gboolean
is_too_much(Names *self, FerryMailboxList *list)
{
	guint changes = 0;

	for (guint i = 0; i < ferry_mailbox_list_get_count(list); i++) {
		FerryMailboxInfo *now = ferry_mailbox_list_get_nth(list, i);
		FerryMailboxInfo *before = find(self->old_infos, now);

		if (ferry_mailbox_info_get_id(now) != NULL &&
		    (before == NULL || strcmp(ferry_mailbox_info_get_name(before),
					      ferry_mailbox_info_get_name(now)) != 0))
			changes++;
	}
	return changes > MAX_LINES;
}

static void
compare_lists(Names *self, FerryMailboxList *list)
{
	FerryMailboxList *old_list = self->watch->list;

	for (guint i = 0; i < ferry_mailbox_list_get_count(old_list); i++) {
		FerryMailboxInfo *before = ferry_mailbox_list_get_nth(old_list, i);
		FerryMailboxInfo *now = find(self->new_infos, before);

		if (now != NULL)
			compare(self, before, now);
		else if (ferry_mailbox_info_get_id(before) != NULL)
			tell_gone(self, before);
	}
	for (guint i = 0; i < ferry_mailbox_list_get_count(list); i++) {
		FerryMailboxInfo *now = ferry_mailbox_list_get_nth(list, i);

		if (ferry_mailbox_info_get_id(now) != NULL && find(self->old_infos, now) == NULL)
			note_new(self, now);
	}
	compare_missing(self, old_list, list);
	compare_missing(self, list, old_list);
}

/* Tells what is different in @list, which is what the client knows from now on. FALSE: that is too
 * much. */
gboolean
notify_write_names(NotifyWatch *self, FerryImapSession *session, FerryMailboxList *list)
{
	g_autoptr(FerryMailboxList) kept = ferry_mailbox_list_ref(list);
	g_autoptr(GHashTable) old_infos = NULL;
	g_autoptr(GHashTable) new_infos = NULL;
	g_autoptr(GHashTable) told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	gboolean good = TRUE;

	if (self->list != NULL && self->list != list) {
		Names names = {self, session, make_index(self->list), make_index(list), told};

		old_infos = names.old_infos;
		new_infos = names.new_infos;
		good = !is_too_much(&names, list);
		if (good)
			compare_lists(&names, list);
	}
	g_clear_pointer(&self->list, ferry_mailbox_list_unref);
	self->list = g_steal_pointer(&kept);
	return good;
}
