/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Event groups: which events a client wants of which mailboxes
 *
 * Specification: RFC 5465 §3.1, §5, §6, §8
 * Implementation: all groups that match a mailbox add their events. INBOXES is PERSONAL, since a
 *   Sieve script delivers anywhere (§6.3 allows it). Names are compared as mailboxes are listed:
 *   INBOX in any case, everything in Unicode's normal form C. Events that other modules tell are
 *   known by the names that they registered.
 */
#include "notify.h"

#include <string.h>

/* what one command may name; more is refused as too much to watch */
#define MAX_GROUPS 64
#define MAX_NAMES 1000

typedef enum {
	FILTER_SELECTED,
	FILTER_SELECTED_DELAYED,
	FILTER_PERSONAL,
	FILTER_SUBSCRIBED,
	FILTER_SUBTREE,
	FILTER_MAILBOXES,
} Filter;

typedef struct {
	Filter filter;
	GHashTable *names; /* of SUBTREE and MAILBOXES */
	NotifyEvents events;
	FerryImapValue *items; /* of MessageNew; NULL: none */
} Group;

struct _NotifySet {
	GArray *groups;
	char **others; /* names of other modules' events */
	guint n_names;
};

static void
clear_group(gpointer data)
{
	Group *group = data;

	g_clear_pointer(&group->names, g_hash_table_unref);
	g_clear_pointer(&group->items, ferry_imap_value_unref);
}

void
notify_set_free(NotifySet *self)
{
	g_array_unref(self->groups);
	g_strfreev(self->others);
	g_free(self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(NotifySet, notify_set_free)

static gboolean
fail(GError **error, FerryError code, const char *text)
{
	g_set_error_literal(error, FERRY_ERROR, (int)code, text);
	return FALSE;
}

static const struct {
	const char *name;
	NotifyEvents event;
} events[] = {
	{"MessageNew", NOTIFY_MESSAGE_NEW},
	{"MessageExpunge", NOTIFY_MESSAGE_EXPUNGE},
	{"FlagChange", NOTIFY_FLAG_CHANGE},
	{"MailboxName", NOTIFY_MAILBOX_NAME},
	{"SubscriptionChange", NOTIFY_SUBSCRIPTION_CHANGE},
	{"AnnotationChange", NOTIFY_ANNOTATION_CHANGE},
};

#define N_SUPPORTED 5

/* All events that are supported (§3.1: BADEVENT MUST list them). */
char *
notify_make_bad_event(const char *const *others)
{
	GString *code = g_string_new("BADEVENT (");

	for (guint i = 0; i < N_SUPPORTED; i++)
		g_string_append_printf(code, "%s%s", i > 0 ? " " : "", events[i].name);
	for (guint i = 0; i < NOTIFY_MAX_OTHERS && others[i] != NULL; i++)
		g_string_append_printf(code, " %s", others[i]);
	g_string_append_c(code, ')');
	return g_string_free(code, FALSE);
}

static NotifyEvents
find_other(const NotifySet *self, const char *name)
{
	for (guint i = 0; i < NOTIFY_MAX_OTHERS && self->others[i] != NULL; i++)
		if (g_ascii_strcasecmp(name, self->others[i]) == 0)
			return (NotifyEvents)((guint)NOTIFY_FIRST_OTHER << i);
	return NOTIFY_UNKNOWN;
}

static NotifyEvents
find_event(const NotifySet *self, const char *name)
{
	for (guint i = 0; i < G_N_ELEMENTS(events); i++)
		if (g_ascii_strcasecmp(name, events[i].name) == 0)
			return events[i].event;
	return find_other(self, name);
}

static gboolean
is_for_selected(const Group *group)
{
	return group->filter == FILTER_SELECTED || group->filter == FILTER_SELECTED_DELAYED;
}

/* @entry: LIST of a name and perhaps fetch items */
static gboolean
add_event(const NotifySet *self, Group *group, FerryImapValue *entry, GError **error)
{
	FerryImapValue *name = ferry_imap_value_get_child(entry, 0);
	NotifyEvents event = find_event(self, ferry_imap_value_get_text(name));
	FerryImapValue *items = ferry_imap_value_get_child(entry, 1);

	group->events |= event;
	if (items == NULL)
		return TRUE;
	if (event != NOTIFY_MESSAGE_NEW || !is_for_selected(group))
		return fail(error, FERRY_ERROR_INVALID,
			    "Fetch items are for MessageNew of the selected mailbox");
	g_clear_pointer(&group->items, ferry_imap_value_unref);
	group->items = ferry_imap_value_ref(items);
	return TRUE;
}

/* §5: which events go together */
static gboolean
check_events(const Group *group, GError **error)
{
	NotifyEvents both = NOTIFY_MESSAGE_NEW | NOTIFY_MESSAGE_EXPUNGE;
	NotifyEvents some = group->events & NOTIFY_MESSAGE_EVENTS;

	if (some != 0 && (some & both) != both)
		return fail(
			error, FERRY_ERROR_INVALID,
			"MessageNew and MessageExpunge go together, and other events of messages "
			"with them");
	if (is_for_selected(group) &&
	    (group->events & ~(guint)(NOTIFY_MESSAGE_EVENTS | NOTIFY_UNKNOWN)) != 0)
		return fail(error, FERRY_ERROR_INVALID,
			    "The selected mailbox has events of messages only");
	return TRUE;
}

/* @list: events in parentheses; @word: NONE */
static gboolean
read_events(const NotifySet *self, Group *group, FerryImapValue *word, FerryImapValue *list,
	    GError **error)
{
	FerryImapValue *entries = list != NULL ? ferry_imap_value_get_child(list, 0) : NULL;

	if ((word == NULL) == (list == NULL) ||
	    (word != NULL && !ferry_imap_value_is(word, "NONE")))
		return fail(error, FERRY_ERROR_INVALID, "Expected events in parentheses, or NONE");
	for (guint i = 0; entries != NULL && i < ferry_imap_value_get_n_children(entries); i++)
		if (!add_event(self, group, ferry_imap_value_get_child(entries, i), error))
			return FALSE;
	return check_events(group, error);
}

static char *
normalize(const char *name)
{
	char *normal = g_utf8_normalize(name, -1, G_NORMALIZE_NFC);

	return normal != NULL ? normal : g_strdup(name);
}

static gboolean
read_names(NotifySet *self, Group *group, FerryImapValue *names, GError **error)
{
	guint n = ferry_imap_value_get_n_children(names);

	self->n_names += n;
	if (self->n_names > MAX_NAMES)
		return fail(error, FERRY_ERROR_LIMIT, "More than 1000 mailbox names");
	group->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (guint i = 0; i < n; i++)
		g_hash_table_add(group->names, normalize(ferry_imap_value_get_text(
						       ferry_imap_value_get_child(names, i))));
	return TRUE;
}

static gboolean
read_word(Group *group, FerryImapValue *word, GError **error)
{
	static const struct {
		const char *name;
		Filter filter;
	} filters[] = {
		{"SELECTED", FILTER_SELECTED},     {"SELECTED-DELAYED", FILTER_SELECTED_DELAYED},
		{"INBOXES", FILTER_PERSONAL},      {"PERSONAL", FILTER_PERSONAL},
		{"SUBSCRIBED", FILTER_SUBSCRIBED},
	};

	for (guint i = 0; word != NULL && i < G_N_ELEMENTS(filters); i++) {
		if (!ferry_imap_value_is(word, filters[i].name))
			continue;
		group->filter = filters[i].filter;
		return TRUE;
	}
	return fail(error, FERRY_ERROR_INVALID, "Expected which mailboxes to watch");
}

/* @list: names after MAILBOXES, names after SUBTREE, a word, another word, events */
static gboolean
read_group(NotifySet *self, Group *group, FerryImapValue *list, GError **error)
{
	FerryImapValue *mailboxes = ferry_imap_value_get_child(list, 0);
	FerryImapValue *subtree = ferry_imap_value_get_child(list, 1);
	FerryImapValue *word = ferry_imap_value_get_child(list, 2);
	FerryImapValue *second = ferry_imap_value_get_child(list, 3);
	FerryImapValue *list_of_events = ferry_imap_value_get_child(list, 4);
	FerryImapValue *names = mailboxes != NULL ? mailboxes : subtree;

	if ((mailboxes != NULL && subtree != NULL) || (names != NULL && second != NULL))
		return fail(error, FERRY_ERROR_INVALID, "Expected events in parentheses, or NONE");
	if (names == NULL)
		return read_word(group, word, error) &&
		       read_events(self, group, second, list_of_events, error);
	group->filter = mailboxes != NULL ? FILTER_MAILBOXES : FILTER_SUBTREE;
	return read_names(self, group, names, error) &&
	       read_events(self, group, word, list_of_events, error);
}

static gboolean
check_groups(const NotifySet *self, GError **error)
{
	guint n_selected = 0;

	for (guint i = 0; i < self->groups->len; i++)
		n_selected += is_for_selected(&g_array_index(self->groups, Group, i)) ? 1 : 0;
	if (n_selected > 1)
		return fail(error, FERRY_ERROR_INVALID,
			    "SELECTED and SELECTED-DELAYED may stand once, and not both");
	if (notify_set_get_all_events(self) & (NOTIFY_UNKNOWN | NOTIFY_ANNOTATION_CHANGE))
		return fail(error, FERRY_ERROR_CANNOT, "There are other events only");
	return TRUE;
}

/* @groups: what the command's grammar made; @others: names of other modules' events.
 * FERRY_ERROR_CANNOT: events that are not supported. */
NotifySet *
notify_set_new(FerryImapValue *groups, const char *const *others, GError **error)
{
	g_autoptr(NotifySet) self = g_new0(NotifySet, 1);
	guint n = ferry_imap_value_get_n_children(groups);

	self->groups = g_array_new(FALSE, TRUE, sizeof(Group));
	g_array_set_clear_func(self->groups, clear_group);
	self->others = g_strdupv((char **)others);
	if (n > MAX_GROUPS) {
		fail(error, FERRY_ERROR_LIMIT, "More than 64 groups of events");
		return NULL;
	}
	g_array_set_size(self->groups, n);
	for (guint i = 0; i < n; i++) {
		FerryImapValue *list =
			ferry_imap_value_get_child(ferry_imap_value_get_child(groups, i), 0);

		if (!read_group(self, &g_array_index(self->groups, Group, i), list, error))
			return NULL;
	}
	return check_groups(self, error) ? g_steal_pointer(&self) : NULL;
}

/* Whether @name or a level above it is among the names. */
static gboolean
is_in_subtree(GHashTable *names, const char *name)
{
	g_autofree char *path = g_strdup(name);
	char *slash;

	while (!g_hash_table_contains(names, path)) {
		slash = strrchr(path, '/');
		if (slash == NULL)
			return FALSE;
		*slash = '\0';
	}
	return TRUE;
}

static gboolean
matches(const Group *group, const NotifyPlace *place)
{
	switch (group->filter) {
	case FILTER_PERSONAL:
		return place->personal;
	case FILTER_SUBSCRIBED:
		return place->subscribed;
	case FILTER_SUBTREE:
		return is_in_subtree(group->names, place->name);
	case FILTER_MAILBOXES:
		return g_hash_table_contains(group->names, place->name);
	case FILTER_SELECTED:
	case FILTER_SELECTED_DELAYED:
		break;
	}
	return FALSE;
}

/* The events of a mailbox that is not selected, and those of names of any. */
NotifyEvents
notify_set_get_events(const NotifySet *self, const NotifyPlace *place)
{
	NotifyEvents found = NOTIFY_NOTHING;

	for (guint i = 0; i < self->groups->len; i++) {
		const Group *group = &g_array_index(self->groups, Group, i);

		if (matches(group, place))
			found |= group->events;
	}
	return found;
}

/* Whether an event of another module is watched. @place: NULL: it is no mailbox's, and which one a
 * group names does not matter. */
gboolean
notify_set_wants(const NotifySet *self, const char *other, const NotifyPlace *place)
{
	NotifyEvents event = find_other(self, other);
	NotifyEvents wanted = place != NULL ? notify_set_get_events(self, place)
					    : notify_set_get_all_events(self);

	return event != NOTIFY_UNKNOWN && (wanted & event) != 0;
}

NotifyEvents
notify_set_get_all_events(const NotifySet *self)
{
	NotifyEvents all = NOTIFY_NOTHING;

	for (guint i = 0; i < self->groups->len; i++)
		all |= g_array_index(self->groups, Group, i).events;
	return all;
}

static const Group *
find_selected(const NotifySet *self)
{
	for (guint i = 0; i < self->groups->len; i++)
		if (is_for_selected(&g_array_index(self->groups, Group, i)))
			return &g_array_index(self->groups, Group, i);
	return NULL;
}

/* The events of the selected mailbox; delayed: expunges wait for a command. */
NotifyEvents
notify_set_get_selected(const NotifySet *self, gboolean *delayed)
{
	const Group *group = find_selected(self);

	*delayed = group != NULL && group->filter == FILTER_SELECTED_DELAYED;
	return group != NULL ? group->events : NOTIFY_NOTHING;
}

/* What is told of messages that arrive in the selected mailbox; NULL: nothing. */
FerryImapValue *
notify_set_get_items(const NotifySet *self)
{
	const Group *group = find_selected(self);

	return group != NULL ? group->items : NULL;
}

/* The names that were given, of mailboxes or of subtrees. Borrowed. */
GPtrArray *
notify_set_list_names(const NotifySet *self)
{
	GPtrArray *list = g_ptr_array_new();

	for (guint i = 0; i < self->groups->len; i++) {
		const Group *group = &g_array_index(self->groups, Group, i);
		GHashTableIter iter;
		gpointer name;

		if (group->names == NULL || group->events == NOTIFY_NOTHING)
			continue;
		g_hash_table_iter_init(&iter, group->names);
		while (g_hash_table_iter_next(&iter, &name, NULL))
			g_ptr_array_add(list, name);
	}
	return list;
}

/* Whether a mailbox is watched by its name. */
gboolean
notify_set_names(const NotifySet *self, const char *name)
{
	for (guint i = 0; i < self->groups->len; i++) {
		const Group *group = &g_array_index(self->groups, Group, i);

		if (group->names != NULL && group->events != NOTIFY_NOTHING &&
		    g_hash_table_contains(group->names, name))
			return TRUE;
	}
	return FALSE;
}

static gboolean
reaches(const Group *group, const char *prefix)
{
	gsize length = strlen(prefix);
	GHashTableIter iter;
	gpointer name;

	if (group->names == NULL)
		return group->filter == FILTER_SUBSCRIBED;
	g_hash_table_iter_init(&iter, group->names);
	while (g_hash_table_iter_next(&iter, &name, NULL)) {
		gsize common = MIN(length, strlen(name));

		if (strncmp(name, prefix, common) == 0)
			return TRUE;
	}
	return FALSE;
}

/* What must be kept fresh for it. */
FerryWatch
notify_set_get_watch(const NotifySet *self, const char *shared_prefix)
{
	FerryWatch watch = FERRY_WATCH_NOTHING;

	for (guint i = 0; i < self->groups->len; i++) {
		const Group *group = &g_array_index(self->groups, Group, i);

		if (group->events == NOTIFY_NOTHING || is_for_selected(group))
			continue;
		/* what other modules tell does not come from the backend */
		if (group->events & (NOTIFY_MESSAGE_EVENTS | NOTIFY_NAME_EVENTS)) {
			watch |= FERRY_WATCH_OWN;
			if (shared_prefix != NULL && reaches(group, shared_prefix))
				watch |= FERRY_WATCH_SHARED;
		}
		if (group->filter == FILTER_SUBSCRIBED ||
		    (group->events & NOTIFY_SUBSCRIPTION_CHANGE) != 0)
			watch |= FERRY_WATCH_SUBSCRIPTIONS;
	}
	return watch;
}
