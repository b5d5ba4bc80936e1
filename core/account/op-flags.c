/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* STORE
 *
 * Specification: RFC 9051 §6.4.6, RFC 7162 §3.1.3 (UNCHANGEDSINCE), RFC 8621 §4.1.1
 * Implementation: keywords are patches `keywords/x`, so that others' changes stay; REPLACE sets the
 *   whole, or where not all may be changed what may be. \Deleted goes into the store only.
 *   UNCHANGEDSINCE syncs first and sets with ifInState
 */
#include "account/rights-private.h"

#include <string.h>

#include "account/flags-private.h"

#define MAX_TRIES 6

static void begin_flags(FerryOp *op);

static gboolean
needs_backend(FerryOp *op)
{
	if (op->mode == FERRY_FLAGS_REPLACE && op->partial)
		return (op->may & (FERRY_RIGHT_SET_SEEN | FERRY_RIGHT_SET_KEYWORDS)) != 0;
	return op->mode == FERRY_FLAGS_REPLACE ||
	       (op->flags & ~(guint)FERRY_MESSAGE_DELETED) != 0 ||
	       (op->keywords != NULL && op->keywords[0] != NULL);
}

/* The keywords that the command names, system ones included. */
static GPtrArray *
list_named(FerryOp *op)
{
	GPtrArray *list = g_ptr_array_new();

	for (guint flag = 1; flag < FERRY_MESSAGE_DELETED; flag <<= 1) {
		if ((op->flags & flag) != 0)
			g_ptr_array_add(list,
					(gpointer)ferry_flags_get_keyword((FerryMessageFlags)flag));
	}
	for (guint i = 0; op->keywords != NULL && op->keywords[i] != NULL; i++)
		g_ptr_array_add(list, op->keywords[i]);
	return list;
}

static void
write_flags(FerryOp *op, const FerryItem *item, FerryJmapBuilder *patch)
{
	g_autoptr(GPtrArray) named = list_named(op);

	if (op->mode != FERRY_FLAGS_REPLACE || op->partial) {
		for (guint i = 0; i < named->len; i++)
			ferry_jmap_builder_set_patch(patch, "keywords", named->pdata[i],
						     op->mode != FERRY_FLAGS_REMOVE);
		for (guint i = 0; item->dropped != NULL && i < item->dropped->len; i++)
			ferry_jmap_builder_set_patch(patch, "keywords", item->dropped->pdata[i],
						     FALSE);
		return;
	}
	ferry_jmap_builder_name(patch, "keywords");
	ferry_jmap_builder_begin_object(patch);
	for (guint i = 0; i < named->len; i++)
		ferry_jmap_builder_set_bool(patch, named->pdata[i], TRUE);
	ferry_jmap_builder_end_object(patch);
}

static gboolean
has_word(GPtrArray *words, const char *word)
{
	for (guint i = 0; i < words->len; i++) {
		if (strcmp(words->pdata[i], word) == 0)
			return TRUE;
	}
	return FALSE;
}

static void
drop_keyword(FerryItem *item, const char *keyword)
{
	if (item->dropped == NULL)
		item->dropped = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(item->dropped, g_strdup(keyword));
}

/* Turns the item's flags into those it has afterwards. */
static void
change_item(FerryOp *op, FerryItem *item, GPtrArray *named)
{
	g_auto(GStrv) before = g_strsplit(item->keywords, " ", -1);
	g_autoptr(GPtrArray) after = g_ptr_array_new();
	gboolean names_deleted = (op->flags & FERRY_MESSAGE_DELETED) != 0;

	for (guint i = 0; before[i] != NULL; i++) {
		if (*before[i] == '\0' || has_word(named, before[i]))
			continue;
		if (op->mode != FERRY_FLAGS_REPLACE || !ferry_rights_may_set(op->may, before[i]))
			g_ptr_array_add(after, before[i]);
		else if (op->partial)
			drop_keyword(item, before[i]);
	}
	for (guint i = 0; op->mode != FERRY_FLAGS_REMOVE && i < named->len; i++)
		g_ptr_array_add(after, named->pdata[i]);
	g_ptr_array_add(after, NULL);
	g_free(item->keywords);
	item->keywords = g_strjoinv(" ", (char **)after->pdata);
	if (op->mode == FERRY_FLAGS_REPLACE && (op->may & FERRY_RIGHT_REMOVE_ITEMS) != 0)
		item->deleted = names_deleted;
	else if (names_deleted)
		item->deleted = op->mode == FERRY_FLAGS_ADD;
}

static void
fill_flags(FerryStoreBatch *batch, FerryOp *op, gboolean fast)
{
	gboolean with_deleted =
		op->mode == FERRY_FLAGS_REPLACE || (op->flags & FERRY_MESSAGE_DELETED) != 0;

	for (guint i = 0; i < op->items->len; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);
		const FerryMessageRow *row = ferry_view_lookup(op->mailbox->view, item->uid);

		if (item->state != FERRY_ITEM_DONE)
			continue;
		if (fast && needs_backend(op))
			ferry_op_put_item(op, batch, item, NULL, NULL);
		if (with_deleted && row != NULL &&
		    ((row->flags & FERRY_MESSAGE_DELETED) != 0) != item->deleted)
			ferry_store_batch_set_deleted(batch, op->mailbox->id, item->uid,
						      item->deleted);
	}
}

static void
flags_committed(FerryOp *op)
{
	/* nothing at all could be done: that is an error, not an outcome */
	if (op->error != NULL && ferry_op_count(op, FERRY_ITEM_DONE) == 0 &&
	    ferry_op_count(op, FERRY_ITEM_REFUSED) + ferry_op_count(op, FERRY_ITEM_TODO) > 0) {
		ferry_op_fail(op, g_steal_pointer(&op->error));
		return;
	}
	for (guint i = 0; i < op->items->len; i++) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i);

		if (item->state == FERRY_ITEM_TODO)
			item->state = FERRY_ITEM_REFUSED;
	}
	ferry_op_tell_items(op);
	ferry_op_done(op);
}

static void
flags_patched(FerryOp *op)
{
	if (op->conflict && op->tries++ < MAX_TRIES) {
		g_clear_error(&op->error);
		ferry_op_sync(op, begin_flags);
		return;
	}
	/* in an outage the store is not asked to learn what nobody can tell it */
	if (g_error_matches(op->error, FERRY_ERROR, FERRY_ERROR_UNAVAILABLE) &&
	    ferry_op_count(op, FERRY_ITEM_DONE) == 0) {
		ferry_op_fail(op, g_steal_pointer(&op->error));
		return;
	}
	ferry_op_commit(op, flags_committed);
}

static void
flags_found(FerryOp *op)
{
	op->fill = fill_flags;
	if (!needs_backend(op)) {
		for (guint i = 0; i < op->items->len; i++)
			g_array_index(op->items, FerryItem, i).state = FERRY_ITEM_DONE;
		ferry_op_commit(op, flags_committed);
		return;
	}
	op->write_patch = write_flags;
	ferry_op_send_patches(op, flags_patched);
}

/* Whether only other flags changed since, which the caller's view still knows as they were: a STORE
 * that adds or removes then has nothing to fear (RFC 7162 §3.1.12). */
static gboolean
changed_elsewhere(FerryOp *op, const FerryMessageRow *row)
{
	FerryView *view = op->mailbox->view;
	guint64 since = (guint64)op->unchanged_since;
	const FerryMessageRow *old;

	if (op->known == NULL || op->mode == FERRY_FLAGS_REPLACE ||
	    since > ferry_view_get_highest_modseq(op->known))
		return FALSE;
	old = ferry_view_lookup(op->known, row->uid);
	if (old == NULL || old->modseq > since || ((old->flags ^ row->flags) & op->flags) != 0)
		return FALSE;
	for (guint i = 0; op->keywords != NULL && op->keywords[i] != NULL; i++) {
		const char *keyword = op->keywords[i];

		if (ferry_view_keyword_set_contains(op->known, old->keyword_set, keyword) !=
		    ferry_view_keyword_set_contains(view, row->keyword_set, keyword))
			return FALSE;
	}
	return TRUE;
}

static void
drop_modified(FerryOp *op)
{
	for (guint i = op->items->len; i > 0; i--) {
		FerryItem *item = &g_array_index(op->items, FerryItem, i - 1);
		const FerryMessageRow *row = ferry_view_lookup(op->mailbox->view, item->uid);

		if (row == NULL || row->modseq <= (guint64)op->unchanged_since ||
		    changed_elsewhere(op, row))
			continue;
		g_array_prepend_val(op->outcome->modified, item->uid);
		g_array_remove_index(op->items, i - 1);
	}
}

/* Under the lock: works out what each message will have. */
static void
begin_flags(FerryOp *op)
{
	g_autoptr(GPtrArray) named = list_named(op);
	GArray *uids = op->extra;

	g_array_set_size(op->items, 0);
	g_array_set_size(op->outcome->missing, 0);
	g_array_set_size(op->outcome->modified, 0);
	ferry_op_add_uids(op, (const guint32 *)(gconstpointer)uids->data, uids->len);
	if (op->unchanged_since >= 0)
		drop_modified(op);
	for (guint i = 0; i < op->items->len; i++)
		change_item(op, &g_array_index(op->items, FerryItem, i), named);
	ferry_op_find_mailboxes(op, flags_found);
}

static void
flags_locked(FerryOp *op)
{
	if (op->unchanged_since >= 0)
		ferry_op_sync(op, begin_flags);
	else
		begin_flags(op);
}

/* Leaves out what may not be changed. RFC 4314 §4: a STORE does not fail where at least one of the
 * flags that it names may be. */
static gboolean
apply_rights(FerryOp *op, GError **error)
{
	const guint keyword_flags =
		FERRY_MESSAGE_ANSWERED | FERRY_MESSAGE_FLAGGED | FERRY_MESSAGE_DRAFT;
	const FerryMailboxRights all =
		FERRY_RIGHT_SET_SEEN | FERRY_RIGHT_SET_KEYWORDS | FERRY_RIGHT_REMOVE_ITEMS;
	gboolean named = op->flags != 0 || (op->keywords != NULL && op->keywords[0] != NULL);

	op->may = ferry_mailbox_get_rights(op->mailbox) & all;
	op->partial = op->may != all;
	if ((op->may & FERRY_RIGHT_SET_SEEN) == 0)
		op->flags &= ~(guint)FERRY_MESSAGE_SEEN;
	if ((op->may & FERRY_RIGHT_REMOVE_ITEMS) == 0)
		op->flags &= ~(guint)FERRY_MESSAGE_DELETED;
	if ((op->may & FERRY_RIGHT_SET_KEYWORDS) == 0) {
		op->flags &= ~keyword_flags;
		g_clear_pointer(&op->keywords, g_strfreev);
	}
	if (op->flags != 0 || (op->keywords != NULL && op->keywords[0] != NULL) ||
	    (!named && op->may != 0))
		return TRUE;
	if (!ferry_rights_check_virtual(op->mailbox->slot, error))
		return FALSE;
	g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_NO_PERMISSION,
			    "these flags may not be changed here");
	return FALSE;
}

/**
 * ferry_mailbox_store_flags_async:
 * @self: a mailbox
 * @session: who asks
 * @uids: (array length=n_uids): which messages
 * @n_uids: how many
 * @mode: what to do with the flags
 * @flags: system flags
 * @keywords: (array zero-terminated=1) (nullable): keywords, lower case
 * @unchanged_since: only where the mod-sequence is not higher; -1 without condition
 * @known: (nullable): an older view; where it shows that since then only flags changed which are
 *   neither added nor removed here, the condition holds
 * @cancellable: (nullable): to stop waiting; what was begun is done
 * @callback: called when the backend acknowledged and the store is durable
 * @user_data: for @callback
 *
 * Changes flags (RFC 9051 §6.4.6). The view has them when @callback is called.
 */
void
ferry_mailbox_store_flags_async(FerryMailbox *self, FerryAccountSession *session,
				const guint32 *uids, gsize n_uids, FerryFlagsMode mode,
				FerryMessageFlags flags, const char *const *keywords,
				gint64 unchanged_since, FerryView *known, GCancellable *cancellable,
				GAsyncReadyCallback callback, gpointer user_data)
{
	GTask *task = g_task_new(self, cancellable, callback, user_data);
	FerryOp *op = ferry_op_new(task, self->owner, session);
	GArray *copy = g_array_new(FALSE, FALSE, sizeof(guint32));
	GError *error = NULL;

	g_task_set_source_tag(task, ferry_mailbox_store_flags_async);
	g_array_append_vals(copy, uids, (guint)n_uids);
	op->extra = copy;
	op->extra_free = (GDestroyNotify)(void (*)(void))g_array_unref;
	op->mode = mode;
	op->flags = flags;
	op->keywords = g_strdupv((char **)keywords);
	op->unchanged_since = unchanged_since;
	op->known = known != NULL ? ferry_view_ref(known) : NULL;
	op->conditional = unchanged_since >= 0;
	ferry_op_set_mailbox(op, self);
	if (self->slot != NULL && !apply_rights(op, &error))
		ferry_op_fail(op, error);
	else
		ferry_op_lock(op, flags_locked);
}

/**
 * ferry_mailbox_store_flags_finish:
 * @self: a mailbox
 * @result: what the callback was given
 * @error: return location
 *
 * Returns: (transfer full): done, modified (the condition failed), missing and refused UIDs; NULL
 *   where nothing could be done
 */
FerryOutcome *
ferry_mailbox_store_flags_finish(FerryMailbox *self, GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}
