/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What changed in a mailbox between two views, or two states of the store */
#include "account/mailbox-private.h"

struct _FerryMailboxDelta {
	gatomicrefcount ref_count;
	GArray *arrived;
	GArray *changed;
	GArray *expunged;
	FerryAccountSession *origin;
	FerryMailboxStatus *old_numbers; /* NULL: there are none */
	FerryMailboxStatus *new_numbers;
};

G_DEFINE_BOXED_TYPE(FerryMailboxDelta, ferry_mailbox_delta, ferry_mailbox_delta_ref,
		    ferry_mailbox_delta_unref)

static GArray *
ref_or_empty(GArray *uids)
{
	return uids != NULL ? g_array_ref(uids) : g_array_new(FALSE, FALSE, sizeof(guint32));
}

FerryMailboxDelta *
ferry_mailbox_delta_new(GArray *arrived, GArray *changed, GArray *expunged,
			FerryAccountSession *origin)
{
	FerryMailboxDelta *self = g_new0(FerryMailboxDelta, 1);

	g_atomic_ref_count_init(&self->ref_count);
	self->arrived = ref_or_empty(arrived);
	self->changed = ref_or_empty(changed);
	self->expunged = ref_or_empty(expunged);
	self->origin = origin != NULL ? g_object_ref(origin) : NULL;
	return self;
}

static void
add_rows(GArray *uids, FerryStoreRows *rows)
{
	guint n = rows != NULL ? ferry_store_rows_get_length(rows) : 0;

	for (guint i = 0; i < n; i++) {
		guint32 uid = ferry_store_rows_get_uid(rows, i);

		g_array_append_val(uids, uid);
	}
}

FerryMailboxDelta *
ferry_mailbox_delta_new_stored(const FerryStoreMailboxDelta *stored, FerryAccountSession *origin)
{
	FerryMailboxDelta *self = ferry_mailbox_delta_new(NULL, NULL, NULL, origin);

	add_rows(self->arrived, stored->arrived);
	add_rows(self->changed, stored->changed);
	g_array_append_vals(self->expunged, stored->expunged, stored->n_expunged);
	return self;
}

void
ferry_mailbox_delta_set_numbers(FerryMailboxDelta *self, FerryStoreMailbox *before,
				FerryStoreMailbox *after)
{
	if (before != NULL)
		self->old_numbers = ferry_stored_get_numbers(before);
	if (after != NULL)
		self->new_numbers = ferry_stored_get_numbers(after);
}

/**
 * ferry_mailbox_delta_ref: (skip)
 * @self: a delta
 *
 * Returns: (transfer full): @self
 */
FerryMailboxDelta *
ferry_mailbox_delta_ref(FerryMailboxDelta *self)
{
	g_atomic_ref_count_inc(&self->ref_count);
	return self;
}

/**
 * ferry_mailbox_delta_unref: (skip)
 * @self: (transfer full): a delta
 *
 * Drops a reference; the last one frees it.
 */
void
ferry_mailbox_delta_unref(FerryMailboxDelta *self)
{
	if (!g_atomic_ref_count_dec(&self->ref_count))
		return;
	g_array_unref(self->arrived);
	g_array_unref(self->changed);
	g_array_unref(self->expunged);
	g_clear_object(&self->origin);
	g_clear_pointer(&self->old_numbers, ferry_mailbox_status_free);
	g_clear_pointer(&self->new_numbers, ferry_mailbox_status_free);
	g_free(self);
}

static const guint32 *
get_uids(GArray *uids, gsize *n_uids)
{
	*n_uids = uids->len;
	return (const guint32 *)(gconstpointer)uids->data;
}

/**
 * ferry_mailbox_delta_get_arrived:
 * @self: a delta
 * @n_uids: (out): how many
 *
 * Returns: (transfer none) (array length=n_uids): UIDs that are new, ascending
 */
const guint32 *
ferry_mailbox_delta_get_arrived(FerryMailboxDelta *self, gsize *n_uids)
{
	return get_uids(self->arrived, n_uids);
}

/**
 * ferry_mailbox_delta_get_changed:
 * @self: a delta
 * @n_uids: (out): how many
 *
 * Returns: (transfer none) (array length=n_uids): UIDs whose flags changed, ascending
 */
const guint32 *
ferry_mailbox_delta_get_changed(FerryMailboxDelta *self, gsize *n_uids)
{
	return get_uids(self->changed, n_uids);
}

/**
 * ferry_mailbox_delta_get_expunged:
 * @self: a delta
 * @n_uids: (out): how many
 *
 * Returns: (transfer none) (array length=n_uids): UIDs that are gone, ascending
 */
const guint32 *
ferry_mailbox_delta_get_expunged(FerryMailboxDelta *self, gsize *n_uids)
{
	return get_uids(self->expunged, n_uids);
}

/**
 * ferry_mailbox_delta_get_origin:
 * @self: a delta
 *
 * A sync that follows an operation is committed with it, so others may have done a part.
 *
 * Returns: (transfer none) (nullable): the session whose own operation this is
 */
FerryAccountSession *
ferry_mailbox_delta_get_origin(FerryMailboxDelta *self)
{
	return self->origin;
}

/**
 * ferry_mailbox_delta_get_old_numbers:
 * @self: a delta
 *
 * Returns: (transfer none) (nullable): the mailbox's numbers before; UIDNEXT is 0 where it was not
 *   listed yet; %NULL where it is new, or nobody remembers
 */
const FerryMailboxStatus *
ferry_mailbox_delta_get_old_numbers(FerryMailboxDelta *self)
{
	return self->old_numbers;
}

/**
 * ferry_mailbox_delta_get_new_numbers:
 * @self: a delta
 *
 * Returns: (transfer none) (nullable): the mailbox's numbers now; UIDNEXT is 0 where it is not
 *   listed yet; %NULL where nobody knows them
 */
const FerryMailboxStatus *
ferry_mailbox_delta_get_new_numbers(FerryMailboxDelta *self)
{
	return self->new_numbers;
}
