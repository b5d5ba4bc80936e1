/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One context: what its client knows of the results, and what has become of them
 *
 * Specification: RFC 5267 §4.3
 * Implementation: what arrived or changed is judged by the program again, in one go for all that
 *   came until then; what comes out waits for a moment at which it may be told. Positions are 0:
 *   results of SEARCH are in the order of the mailbox (§4.3.3).
 */
#include "context.h"

#include <string.h>

Context *
context_new(ContextSession *owner, FerryImapSearch *search)
{
	FerryImapCommand *command = ferry_imap_search_get_command(search);
	Context *self = g_new0(Context, 1);

	self->ref_count = 1;
	self->owner = owner;
	self->search = g_object_ref(search);
	self->tag = g_strdup(ferry_imap_command_get_tag(command));
	self->uid = ferry_imap_command_is_uid(command) ||
		    g_str_equal(ferry_imap_command_get_name(command), "ESEARCH");
	self->results = g_hash_table_new(NULL, NULL);
	self->dirty = g_hash_table_new(NULL, NULL);
	g_ptr_array_add(owner->contexts, self);
	return self;
}

Context *
context_ref(Context *self)
{
	self->ref_count++;
	return self;
}

void
context_unref(Context *self)
{
	if (--self->ref_count > 0)
		return;
	g_object_unref(self->search);
	g_clear_object(&self->command);
	g_hash_table_unref(self->results);
	g_hash_table_unref(self->dirty);
	g_clear_pointer(&self->judged, g_array_unref);
	g_clear_pointer(&self->matches, g_array_unref);
	g_free(self->tag);
	g_free(self);
}

/* The client is told the results just now. Their program lives with the command. */
void
context_activate(Context *self)
{
	gsize n_uids;
	const guint32 *uids = ferry_imap_search_get_uids(self->search, &n_uids);

	self->command = g_object_ref(ferry_imap_search_get_command(self->search));
	for (gsize i = 0; i < n_uids; i++)
		g_hash_table_add(self->results, GUINT_TO_POINTER(uids[i]));
}

void
context_add_dirty(Context *self, const guint32 *uids, gsize n_uids)
{
	for (gsize i = 0; i < n_uids; i++)
		g_hash_table_add(self->dirty, GUINT_TO_POINTER(uids[i]));
}

static int
compare_uids(gconstpointer a, gconstpointer b)
{
	guint32 x = *(const guint32 *)a, y = *(const guint32 *)b;

	return x < y ? -1 : x > y;
}

/* What may be judged now: arrivals only once the client was told of them. */
GArray *
context_take_dirty(Context *self, FerryTold *told)
{
	GArray *uids = g_array_new(FALSE, FALSE, sizeof(guint32));
	GHashTableIter iter;
	gpointer key;

	g_hash_table_iter_init(&iter, self->dirty);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		guint32 uid = GPOINTER_TO_UINT(key);

		if (ferry_told_get_number(told, uid) == 0)
			continue;
		g_array_append_val(uids, uid);
		g_hash_table_iter_remove(&iter);
	}
	g_array_sort(uids, compare_uids);
	return uids;
}

/* An error leaves everything as it was; the next change of these messages tries again. */
static void
judged_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GError) error = NULL;
	Context *self = user_data;
	g_autoptr(FerryImapCommand) command = g_steal_pointer(&self->judging);
	gboolean good = ferry_imap_search_run_finish(self->search, result, &error);
	gsize n_uids;
	const guint32 *uids;

	if (self->owner != NULL && good) {
		uids = ferry_imap_search_get_uids(self->search, &n_uids);
		self->matches = g_array_new(FALSE, FALSE, sizeof(guint32));
		g_array_append_vals(self->matches, uids, (guint)n_uids);
		ferry_imap_session_want_turn(self->owner->session);
	} else if (self->owner != NULL) {
		g_info("a context could not be kept up to date: %s", error->message);
		context_add_dirty(self, (const guint32 *)(gconstpointer)self->judged->data,
				  self->judged->len);
		g_clear_pointer(&self->judged, g_array_unref);
	}
	context_unref(self);
}

/* Begins to judge what may be, unless that goes on already. */
void
context_judge(Context *self)
{
	FerryTold *told = ferry_imap_session_get_told(self->owner->session);
	g_autoptr(GArray) uids = NULL;

	if (self->command == NULL || self->judged != NULL || told == NULL)
		return;
	uids = context_take_dirty(self, told);
	if (uids->len == 0)
		return;
	self->judged = g_steal_pointer(&uids);
	self->judging = g_object_ref(self->command);
	ferry_imap_search_run_again_async(self->search,
					  (const guint32 *)(gconstpointer)self->judged->data,
					  self->judged->len, NULL, judged_cb, context_ref(self));
}

/* In the numbers of the command; not what the client does not know any more. */
static void
add_number(Context *self, FerryUidSet *set, guint32 uid)
{
	guint32 number =
		ferry_told_get_number(ferry_imap_session_get_told(self->owner->session), uid);

	if (number > 0)
		ferry_uid_set_add(set, self->uid ? uid : number);
}

static void
write_item(FerryImapWriter *writer, const char *name, FerryUidSet *set)
{
	g_autofree char *text = ferry_uid_set_to_string(set);

	if (ferry_uid_set_is_empty(set))
		return;
	ferry_imap_writer_write_text(writer, name);
	ferry_imap_writer_write_text(writer, text);
	ferry_imap_writer_write_text(writer, ")");
}

static void
write_response(Context *self, FerryUidSet *removed, FerryUidSet *added)
{
	FerryImapWriter *writer = ferry_imap_session_get_writer(self->owner->session);

	if (ferry_uid_set_is_empty(removed) && ferry_uid_set_is_empty(added))
		return;
	ferry_imap_writer_write_text(writer, "* ESEARCH (TAG ");
	ferry_imap_writer_write_string(writer, self->tag, strlen(self->tag));
	ferry_imap_writer_write_text(writer, self->uid ? ") UID" : ")");
	write_item(writer, " REMOVEFROM (0 ", removed);
	write_item(writer, " ADDTO (0 ", added);
	ferry_imap_writer_end_line(writer);
}

/* Tells what was judged, and goes on with what came meanwhile. */
void
context_write(Context *self)
{
	g_autoptr(FerryUidSet) added = ferry_uid_set_new();
	g_autoptr(FerryUidSet) removed = ferry_uid_set_new();

	if (self->matches == NULL || ferry_imap_session_get_told(self->owner->session) == NULL)
		return;
	for (guint i = 0, next = 0; i < self->judged->len; i++) {
		guint32 uid = g_array_index(self->judged, guint32, i);
		gboolean match = next < self->matches->len &&
				 g_array_index(self->matches, guint32, next) == uid;

		next += match;
		if (!match && g_hash_table_remove(self->results, GUINT_TO_POINTER(uid)))
			add_number(self, removed, uid);
		else if (match && g_hash_table_add(self->results, GUINT_TO_POINTER(uid)))
			add_number(self, added, uid);
	}
	g_clear_pointer(&self->judged, g_array_unref);
	g_clear_pointer(&self->matches, g_array_unref);
	write_response(self, removed, added);
}

/* §4.3.4: before EXPUNGE, in the numbers that were valid until then. */
void
context_write_expunged(Context *self, FerryImapUpdate *update)
{
	gsize n_uids, n_numbers;
	const guint32 *uids = ferry_imap_update_get_told_expunged(update, &n_uids);
	const guint32 *numbers = ferry_imap_update_get_expunged_numbers(update, &n_numbers);
	g_autoptr(FerryUidSet) removed = ferry_uid_set_new();
	g_autoptr(FerryUidSet) added = ferry_uid_set_new();

	for (gsize i = 0; i < n_uids; i++) {
		g_hash_table_remove(self->dirty, GUINT_TO_POINTER(uids[i]));
		if (!g_hash_table_remove(self->results, GUINT_TO_POINTER(uids[i])))
			continue;
		if (self->uid)
			ferry_uid_set_add(removed, uids[i]);
		else if (n_numbers == n_uids)
			ferry_uid_set_add(removed, numbers[i] + (guint32)i);
	}
	write_response(self, removed, added);
}
