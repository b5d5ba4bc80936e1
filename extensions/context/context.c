/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One context: what its client knows of the results, and what has become of them
 *
 * Specification: RFC 5267 §4.3
 * Implementation: what arrived or changed is judged by the program again, in one go for all that
 *   came until then; where results are sorted, what is new among them is then read as far as that
 *   takes. What comes out waits for a moment at which it may be told.
 */
#include "context.h"

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
	g_clear_pointer(&self->order, g_array_unref);
	g_hash_table_unref(self->dirty);
	g_clear_pointer(&self->judged, g_array_unref);
	g_clear_pointer(&self->matches, g_array_unref);
	g_free(self->tag);
	g_free(self);
}

/* What the client was told, in that order. FALSE: it cannot be kept, and the context ended. */
static gboolean
take_order(Context *self, const guint32 *uids, gsize n_uids)
{
	ContextSession *owner = self->owner;
	const char *problem = NULL;

	if (!ferry_imap_search_is_ranked(self->search))
		problem = "These sort keys are not updated";
	else if (context_session_count_sorted(owner) + n_uids > CONTEXT_MAX_SORTED)
		problem = "Too many sorted results";
	if (problem != NULL) {
		context_write_refusal(owner->session, self->tag, problem);
		context_session_remove(owner, self);
		return FALSE;
	}
	self->order = g_array_sized_new(FALSE, FALSE, sizeof(guint32), (guint)n_uids);
	g_array_append_vals(self->order, uids, (guint)n_uids);
	return TRUE;
}

/* The client is told the results just now. Their program lives with the command. FALSE: they are
 * not updated. */
gboolean
context_activate(Context *self)
{
	FerryImapCommand *command = ferry_imap_search_get_command(self->search);
	gsize n_uids;
	const guint32 *uids = ferry_imap_search_get_uids(self->search, &n_uids);

	if (g_str_equal(ferry_imap_command_get_base_name(command), "SORT") &&
	    !take_order(self, uids, n_uids))
		return FALSE;
	self->command = g_object_ref(command);
	for (gsize i = 0; i < n_uids; i++)
		g_hash_table_add(self->results, GUINT_TO_POINTER(uids[i]));
	return TRUE;
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

static void
take_matches(Context *self)
{
	gsize n_uids;
	const guint32 *uids = ferry_imap_search_get_uids(self->search, &n_uids);

	self->matches = g_array_new(FALSE, FALSE, sizeof(guint32));
	g_array_append_vals(self->matches, uids, (guint)n_uids);
	ferry_imap_session_want_turn(self->owner->session);
}

/* An error leaves everything as it was; the next change of these messages tries again. */
static void
give_up(Context *self, const GError *error)
{
	g_info("a context could not be kept up to date: %s", error->message);
	context_add_dirty(self, (const guint32 *)(gconstpointer)self->judged->data,
			  self->judged->len);
	g_clear_pointer(&self->judged, g_array_unref);
}

static void
learned_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Context) self = user_data;
	g_autoptr(FerryImapCommand) command = g_steal_pointer(&self->judging);
	gboolean good = ferry_imap_search_read_finish(self->search, result, &error);

	if (self->owner != NULL && good)
		take_matches(self);
	else if (self->owner != NULL)
		give_up(self, error);
}

/* What joins sorted results has to be compared with them. */
static void
learn(Context *self)
{
	g_autoptr(GArray) joins = g_array_new(FALSE, FALSE, sizeof(guint32));
	gsize n_uids;
	const guint32 *uids = ferry_imap_search_get_uids(self->search, &n_uids);

	for (gsize i = 0; i < n_uids; i++)
		if (!g_hash_table_contains(self->results, GUINT_TO_POINTER(uids[i])))
			g_array_append_val(joins, uids[i]);
	if (joins->len == 0) {
		take_matches(self);
		return;
	}
	self->judging = g_object_ref(self->command);
	ferry_imap_search_learn_async(self->search, (const guint32 *)(gconstpointer)joins->data,
				      joins->len, NULL, learned_cb, context_ref(self));
}

static void
judged_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Context) self = user_data;
	g_autoptr(FerryImapCommand) command = g_steal_pointer(&self->judging);
	gboolean good = ferry_imap_search_run_finish(self->search, result, &error);

	if (self->owner == NULL)
		return;
	if (!good)
		give_up(self, error);
	else if (self->order != NULL)
		learn(self);
	else
		take_matches(self);
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
