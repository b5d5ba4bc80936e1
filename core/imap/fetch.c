/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plan of a FETCH: items, what they need, which messages
 *
 * Specification: RFC 9051 §6.4.5, RFC 3501 §6.4.5, RFC 4466 §2.4 (modifiers)
 * Implementation: items come from the registry and say themselves what they need; nothing here
 *   knows one by name but UID, which UID FETCH implies, and FLAGS, which setting \Seen does.
 */
#include "imap/fetch-private.h"
#include "imap/session-private.h"
#include "imap/window-private.h"

struct _FerryImapFetch {
	GObject parent_instance;
	FerryImapCommand *command; /* not owned: it owns us; NULL when it is gone */
	GArray *uids;
	GArray *items;         /* (element-type FerryImapFetchItem) */
	GPtrArray *properties; /* NULL-terminated once planned */
	GArray *filters;       /* (element-type Filter) */
	FerryNeeds needs;
	gboolean only_changed;
	guint64 changed_since;
	FerryImapWindow window;
	gboolean marks_seen;
	gboolean has_flags;
	GError *error; /* the first message that could not be had */
	guint32 decoded_uid;
	char *decoded_section;
	GBytes *decoded;
};

typedef struct {
	FerryImapFetchFilter func;
	gpointer user_data;
	GDestroyNotify destroy;
} Filter;

G_DEFINE_FINAL_TYPE(FerryImapFetch, ferry_imap_fetch, G_TYPE_OBJECT)

/* a client that asks for more is not reading mail */
#define MAX_ITEMS 256

static void
clear_item(gpointer data)
{
	FerryImapFetchItem *item = data;

	g_clear_pointer(&item->arguments, ferry_imap_value_unref);
}

static void
clear_filter(gpointer data)
{
	Filter *filter = data;

	if (filter->destroy != NULL)
		filter->destroy(filter->user_data);
}

static void
ferry_imap_fetch_finalize(GObject *object)
{
	FerryImapFetch *self = FERRY_IMAP_FETCH(object);

	g_clear_weak_pointer(&self->command);
	g_clear_pointer(&self->uids, g_array_unref);
	g_array_unref(self->items);
	g_array_unref(self->filters);
	g_ptr_array_unref(self->properties);
	g_clear_error(&self->error);
	g_free(self->decoded_section);
	g_clear_pointer(&self->decoded, g_bytes_unref);
	G_OBJECT_CLASS(ferry_imap_fetch_parent_class)->finalize(object);
}

static void
ferry_imap_fetch_class_init(FerryImapFetchClass *klass)
{
	G_OBJECT_CLASS(klass)->finalize = ferry_imap_fetch_finalize;
}

static void
ferry_imap_fetch_init(FerryImapFetch *self)
{
	self->items = g_array_new(FALSE, FALSE, sizeof(FerryImapFetchItem));
	g_array_set_clear_func(self->items, clear_item);
	self->filters = g_array_new(FALSE, FALSE, sizeof(Filter));
	g_array_set_clear_func(self->filters, clear_filter);
	self->properties = g_ptr_array_new_with_free_func(g_free);
}

FerryImapFetch *
ferry_imap_fetch_new(FerryImapCommand *command)
{
	FerryImapFetch *self = g_object_new(FERRY_TYPE_IMAP_FETCH, NULL);

	g_set_weak_pointer(&self->command, command);
	return self;
}

/**
 * ferry_imap_fetch_of:
 * @command: a command
 *
 * For fetch modifiers.
 *
 * Returns: (transfer none) (nullable): the FETCH that @command runs; %NULL where it is another one
 */
FerryImapFetch *
ferry_imap_fetch_of(FerryImapCommand *command)
{
	GObject *operation = ferry_imap_command_get_operation(command);

	return FERRY_IS_IMAP_FETCH(operation) ? FERRY_IMAP_FETCH(operation) : NULL;
}

/**
 * ferry_imap_fetch_get_command:
 *
 * Returns: (transfer none): the command; %NULL when it is gone, for who kept the FETCH longer
 */
FerryImapCommand *
ferry_imap_fetch_get_command(FerryImapFetch *self)
{
	return self->command;
}

/**
 * ferry_imap_fetch_get_session:
 *
 * Returns: (transfer none): the session
 */
FerryImapSession *
ferry_imap_fetch_get_session(FerryImapFetch *self)
{
	return self->command != NULL ? ferry_imap_command_get_session(self->command) : NULL;
}

/**
 * ferry_imap_fetch_add_need:
 * @needs: what must be at hand about each message
 *
 * For prepare functions and modifiers.
 */
void
ferry_imap_fetch_add_need(FerryImapFetch *self, FerryNeeds needs)
{
	self->needs |= needs;
}

/**
 * ferry_imap_fetch_add_property:
 * @property: a property of JMAP's Email object (RFC 8621 §4.1)
 *
 * Asks for a property of each message; all properties of a FETCH are fetched together, for many
 * messages in one request. Read it with ferry_imap_message_get_property().
 */
void
ferry_imap_fetch_add_property(FerryImapFetch *self, const char *property)
{
	for (guint i = 0; i < self->properties->len; i++) {
		if (g_strcmp0(g_ptr_array_index(self->properties, i), property) == 0)
			return;
	}
	g_ptr_array_add(self->properties, g_strdup(property));
}

/**
 * ferry_imap_fetch_set_marks_seen:
 *
 * Says that this FETCH sets \Seen, as `BODY[]` does and `BODY.PEEK[]` does not.
 */
void
ferry_imap_fetch_set_marks_seen(FerryImapFetch *self)
{
	self->marks_seen = TRUE;
}

/**
 * ferry_imap_fetch_add_filter:
 * @filter: (scope notified) (closure user_data) (destroy destroy): whether a message is answered
 *
 * For modifiers that leave messages out.
 */
void
ferry_imap_fetch_add_filter(FerryImapFetch *self, FerryImapFetchFilter filter, gpointer user_data,
			    GDestroyNotify destroy)
{
	Filter entry = {filter, user_data, destroy};

	g_array_append_val(self->filters, entry);
}

/**
 * ferry_imap_fetch_set_changed_since:
 * @modseq: a MODSEQ
 *
 * Leaves out messages whose MODSEQ is not higher. Unlike with a filter the work follows how many
 * messages are left.
 */
void
ferry_imap_fetch_set_changed_since(FerryImapFetch *self, guint64 modseq)
{
	self->only_changed = TRUE;
	self->changed_since = modseq;
}

/**
 * ferry_imap_fetch_set_window:
 * @first: the position of the first message of the set that is answered, from 1; from -1 backwards
 *   it counts from the end
 * @last: the position of the last one, counted from the same end
 *
 * Leaves out the messages of the set before and behind these (RFC 9394 §3.3). With
 * ferry_imap_fetch_set_changed_since() positions count unchanged messages too.
 */
void
ferry_imap_fetch_set_window(FerryImapFetch *self, gint64 first, gint64 last)
{
	g_return_if_fail((first > 0 && last > 0) || (first < 0 && last < 0));
	self->window = (FerryImapWindow){first, last};
}

/**
 * ferry_imap_fetch_get_uids:
 * @n_uids: (out): how many
 *
 * Returns: (array length=n_uids): the messages that the command names, ascending; none before the
 *   modifiers were applied
 */
const guint32 *
ferry_imap_fetch_get_uids(FerryImapFetch *self, gsize *n_uids)
{
	*n_uids = self->uids != NULL ? self->uids->len : 0;
	return self->uids != NULL ? (const guint32 *)(gconstpointer)self->uids->data : NULL;
}

/**
 * ferry_imap_fetch_has_item:
 * @name: an item, in capitals
 *
 * Returns: whether the item was asked for
 */
gboolean
ferry_imap_fetch_has_item(FerryImapFetch *self, const char *name)
{
	for (guint i = 0; i < self->items->len; i++) {
		const FerryImapFetchItem *item = &g_array_index(self->items, FerryImapFetchItem, i);

		if (g_str_equal(item->contribution->name, name))
			return TRUE;
	}
	return FALSE;
}

static gboolean
add(FerryImapFetch *self, const FerryContribution *contribution, FerryImapValue *arguments,
    GError **error)
{
	FerryFetchPrepareFunc prepare = (FerryFetchPrepareFunc)contribution->prepare;
	FerryImapFetchItem item = {contribution, NULL};

	/* naming an item twice is one answer */
	if ((arguments == NULL || ferry_imap_value_get_n_children(arguments) == 0) &&
	    ferry_imap_fetch_has_item(self, contribution->name))
		return TRUE;
	if (self->items->len >= MAX_ITEMS) {
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_LIMIT,
			    "more than %d fetch items in a command", MAX_ITEMS);
		return FALSE;
	}
	if (arguments != NULL)
		item.arguments = ferry_imap_value_ref(arguments);
	g_array_append_val(self->items, item);
	self->needs |= contribution->flags;
	return prepare == NULL || prepare(self, arguments, contribution->user_data, error);
}

/**
 * ferry_imap_fetch_add_item:
 * @name: an item that takes no arguments
 *
 * For modifiers that want an item told in every answer.
 *
 * Returns: %FALSE with @error set where there is no such item
 */
gboolean
ferry_imap_fetch_add_item(FerryImapFetch *self, const char *name, GError **error)
{
	FerryRegistry *registry =
		ferry_imap_session_get_registry(ferry_imap_fetch_get_session(self));
	const FerryContribution *contribution =
		ferry_registry_lookup(registry, FERRY_CONTRIBUTION_FETCH_ITEM, name);

	if (contribution == NULL) {
		g_set_error(error, FERRY_ERROR, FERRY_ERROR_INVALID, "there is no fetch item %s",
			    name);
		return FALSE;
	}
	return add(self, contribution, NULL, error);
}

/* ALL, FAST and FULL stand alone (RFC 9051 §6.4.5). */
static gboolean
add_macro(FerryImapFetch *self, FerryImapValue *macro, GError **error)
{
	static const struct {
		const char *name;
		const char *items[6];
	} macros[] = {
		{"ALL", {"FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE"}},
		{"FAST", {"FLAGS", "INTERNALDATE", "RFC822.SIZE"}},
		{"FULL", {"FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY"}},
	};

	for (guint i = 0; i < G_N_ELEMENTS(macros); i++) {
		if (!ferry_imap_value_is(macro, macros[i].name))
			continue;
		for (guint j = 0; macros[i].items[j] != NULL; j++) {
			if (!ferry_imap_fetch_add_item(self, macros[i].items[j], error))
				return FALSE;
		}
		return TRUE;
	}
	g_set_error(error, FERRY_ERROR, FERRY_ERROR_INVALID, "there is no fetch item %s",
		    ferry_imap_value_get_text(macro));
	return FALSE;
}

static gboolean
add_items(FerryImapFetch *self, FerryImapValue *items, GError **error)
{
	for (guint i = 0; i < ferry_imap_value_get_n_children(items); i++) {
		FerryImapValue *item = ferry_imap_value_get_child(items, i);
		gboolean good;

		if (ferry_imap_value_get_kind(item) == FERRY_IMAP_VALUE_ATOM)
			good = add_macro(self, item, error);
		else
			good = add(self, ferry_imap_value_get_contribution(item), item, error);
		if (!good)
			return FALSE;
	}
	return TRUE;
}

/* RFC 4314 §4: without the right to set \Seen a FETCH does not set it, and does not fail. */
static gboolean
may_mark_seen(FerryImapSession *session)
{
	FerryMailbox *mailbox = ferry_imap_session_get_mailbox(session);

	return !ferry_imap_session_is_read_only(session) &&
	       (mailbox == NULL || (ferry_mailbox_get_rights(mailbox) & FERRY_RIGHT_SET_SEEN) != 0);
}

static void
drop_unchanged(GArray *uids, FerryView *view, guint64 since)
{
	guint kept = 0;

	for (guint i = 0; i < uids->len; i++) {
		const FerryMessageRow *row =
			ferry_view_lookup(view, g_array_index(uids, guint32, i));

		if (row != NULL && row->modseq > since)
			g_array_index(uids, guint32, kept++) = row->uid;
	}
	g_array_set_size(uids, kept);
}

static GArray *
resolve_window(FerryImapFetch *self, FerryTold *told, GError **error)
{
	GArray *uids = ferry_imap_command_resolve_set(self->command, 0, error);
	gsize start, n;

	if (uids == NULL)
		return NULL;
	ferry_imap_window_clip(&self->window, uids->len, &start, &n);
	g_array_set_size(uids, (guint)(start + n));
	if (start > 0)
		g_array_remove_range(uids, 0, (guint)start);
	if (self->only_changed && told != NULL)
		drop_unchanged(uids, ferry_told_get_view(told), self->changed_since);
	return uids;
}

/* Modifiers can say that few of the messages matter. */
static GArray *
resolve(FerryImapFetch *self, GError **error)
{
	FerryImapSession *session = ferry_imap_fetch_get_session(self);
	FerryTold *told = ferry_imap_session_get_told(session);
	FerryImapValue *set = ferry_imap_command_get_argument(self->command, 0);

	if (self->window.first != 0)
		return resolve_window(self, told, error);
	if (!self->only_changed || told == NULL)
		return ferry_imap_command_resolve_set(self->command, 0, error);
	return ferry_told_resolve_changed(
		told, ferry_imap_value_get_set(set), ferry_imap_command_is_uid(self->command),
		ferry_imap_session_get_saved_result(session), self->changed_since, error);
}

/* Reads the command's arguments: set, items, modifiers. */
gboolean
ferry_imap_fetch_plan(FerryImapFetch *self, GError **error)
{
	FerryImapSession *session = ferry_imap_fetch_get_session(self);

	if (ferry_imap_command_is_uid(self->command) &&
	    ferry_imap_session_get_fetch_word(session) == NULL &&
	    !ferry_imap_fetch_add_item(self, "UID", error))
		return FALSE;
	if (!add_items(self, ferry_imap_command_get_argument(self->command, 1), error) ||
	    !ferry_imap_command_apply_modifiers(
		    self->command, ferry_imap_command_get_argument(self->command, 2), error))
		return FALSE;
	self->uids = resolve(self, error);
	if (self->uids == NULL)
		return FALSE;
	g_ptr_array_add(self->properties, NULL);
	self->has_flags = ferry_imap_fetch_has_item(self, "FLAGS");
	if (!may_mark_seen(ferry_imap_fetch_get_session(self)))
		self->marks_seen = FALSE;
	return TRUE;
}

FerryNeeds
ferry_imap_fetch_get_needs(FerryImapFetch *self)
{
	return self->needs;
}

/* NULL-terminated, and perhaps empty. */
const char *const *
ferry_imap_fetch_get_properties(FerryImapFetch *self)
{
	return (const char *const *)self->properties->pdata;
}

gboolean
ferry_imap_fetch_get_marks_seen(FerryImapFetch *self)
{
	return self->marks_seen;
}

gboolean
ferry_imap_fetch_has_flags(FerryImapFetch *self)
{
	return self->has_flags;
}

gboolean
ferry_imap_fetch_accepts(FerryImapFetch *self, FerryImapMessage *message)
{
	for (guint i = 0; i < self->filters->len; i++) {
		const Filter *filter = &g_array_index(self->filters, Filter, i);

		if (!filter->func(self, message, filter->user_data))
			return FALSE;
	}
	return TRUE;
}

/* What the client is not told elsewhere of a change: the UID and what told items say. */
static void
write_details(FerryImapFetch *self, FerryImapMessage *message, FerryImapWriter *writer)
{
	FerryImapSession *session = ferry_imap_fetch_get_session(self);

	if (!ferry_imap_fetch_has_item(self, "UID") &&
	    ferry_imap_session_get_fetch_word(session) == NULL) {
		ferry_imap_writer_write_atom(writer, "UID");
		ferry_imap_writer_write_number(writer, ferry_imap_message_get_uid(message));
	}
	ferry_imap_session_write_details(session, message, self);
}

/* tells_change: the answer tells of a change too: this command has just set \Seen (RFC 9051
 * §6.4.5), or the flags that were asked for are news. */
void
ferry_imap_fetch_write_message(FerryImapFetch *self, FerryImapMessage *message,
			       FerryImapWriter *writer, gboolean tells_change)
{
	ferry_imap_message_begin_response(message, writer);
	for (guint i = 0; i < self->items->len; i++) {
		const FerryImapFetchItem *item = &g_array_index(self->items, FerryImapFetchItem, i);
		FerryFetchWriteFunc write = (FerryFetchWriteFunc)item->contribution->func;

		write(self, message, item->arguments, writer, item->contribution->user_data);
	}
	if (tells_change && !self->has_flags)
		ferry_imap_message_write_flags(message, writer);
	if (tells_change && ferry_imap_session_tells_details(ferry_imap_fetch_get_session(self)))
		write_details(self, message, writer);
	ferry_imap_message_end_response(message, writer);
}

/* Remembers why a message, or an item of one, could not be had: the tagged answer. That a message
 * is gone is still OK, so any other reason goes before it. */
void
ferry_imap_fetch_set_error(FerryImapFetch *self, const GError *error)
{
	if (self->error != NULL && !g_error_matches(self->error, FERRY_ERROR, FERRY_ERROR_EXPUNGED))
		return;
	g_clear_error(&self->error);
	self->error = g_error_copy(error);
}

const GError *
ferry_imap_fetch_get_error(FerryImapFetch *self)
{
	return self->error;
}

GBytes *
ferry_imap_fetch_dup_decoded(FerryImapFetch *self, guint32 uid, const char *section)
{
	if (self->decoded == NULL || self->decoded_uid != uid ||
	    g_strcmp0(self->decoded_section, section) != 0)
		return NULL;
	return g_bytes_ref(self->decoded);
}

void
ferry_imap_fetch_set_decoded(FerryImapFetch *self, guint32 uid, const char *section, GBytes *octets)
{
	g_clear_pointer(&self->decoded, g_bytes_unref);
	g_free(self->decoded_section);
	self->decoded_uid = uid;
	self->decoded_section = g_strdup(section);
	self->decoded = octets != NULL ? g_bytes_ref(octets) : NULL;
}
