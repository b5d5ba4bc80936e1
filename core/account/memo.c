/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A mailbox's memory of what was made of its messages
 *
 * Implementation: a table by UID for each name, kept with the mailbox. All of them together hold no
 *   more than MEMO_OCTETS; what comes then is not remembered. One that nobody asked for during
 *   MEMO_SECONDS is forgotten, and so is one of an old UIDVALIDITY.
 */
#include "account/mailbox.h"
#include "account/memo.h"

#define MEMO_OCTETS (128 * 1024 * 1024)
#define MEMO_SECONDS 600
/* of one entry beside its value, about */
#define ENTRY_OCTETS 48

struct _FerryMemo {
	GHashTable *values;
	GDestroyNotify destroy;
	GSource *timer;
	gsize octets;
	guint32 uidvalidity;
	gboolean used; /* since the timer looked */
};

/* of every worker */
static gssize all_octets;

static void
forget(FerryMemo *self)
{
	g_hash_table_remove_all(self->values);
	g_atomic_pointer_add(&all_octets, -(gssize)self->octets);
	self->octets = 0;
}

static void
stop_timer(FerryMemo *self)
{
	if (self->timer == NULL)
		return;
	g_source_destroy(self->timer);
	g_clear_pointer(&self->timer, g_source_unref);
}

static void
memo_free(gpointer data)
{
	FerryMemo *self = data;

	stop_timer(self);
	forget(self);
	g_hash_table_unref(self->values);
	g_free(self);
}

static gboolean
timer_cb(gpointer user_data)
{
	FerryMemo *self = user_data;

	if (self->used) {
		self->used = FALSE;
		return G_SOURCE_CONTINUE;
	}
	forget(self);
	stop_timer(self);
	return G_SOURCE_REMOVE;
}

static void
start_timer(FerryMemo *self)
{
	self->used = TRUE;
	if (self->timer != NULL)
		return;
	self->timer = g_timeout_source_new_seconds(MEMO_SECONDS);
	g_source_set_callback(self->timer, timer_cb, self, NULL);
	g_source_attach(self->timer, g_main_context_get_thread_default());
}

/**
 * ferry_memo_get_for_mailbox: (skip)
 * @mailbox: an open mailbox
 * @name: what is remembered; each module uses names of its own
 * @destroy: (nullable): frees a value
 *
 * Returns: (transfer none): the mailbox's memory under that name, which lives as long as @mailbox.
 *   Each command asks for it anew.
 */
FerryMemo *
ferry_memo_get_for_mailbox(FerryMailbox *mailbox, const char *name, GDestroyNotify destroy)
{
	g_autofree char *key = g_strconcat("ferry-memo:", name, NULL);
	FerryMemo *self = g_object_get_data(G_OBJECT(mailbox), key);
	guint32 uidvalidity = ferry_view_get_uidvalidity(ferry_mailbox_get_view(mailbox));

	if (self == NULL) {
		self = g_new0(FerryMemo, 1);
		self->values = g_hash_table_new_full(NULL, NULL, NULL, destroy);
		self->destroy = destroy;
		g_object_set_data_full(G_OBJECT(mailbox), key, self, memo_free);
	} else if (self->uidvalidity != uidvalidity) {
		forget(self);
	}
	self->uidvalidity = uidvalidity;
	start_timer(self);
	return self;
}

/**
 * ferry_memo_lookup: (skip)
 * @self: a memo
 * @uid: a message
 *
 * Returns: (transfer none) (nullable): what is remembered of it
 */
gpointer
ferry_memo_lookup(FerryMemo *self, guint32 uid)
{
	return g_hash_table_lookup(self->values, GUINT_TO_POINTER(uid));
}

/**
 * ferry_memo_insert: (skip)
 * @self: a memo
 * @uid: a message
 * @value: (transfer full): what shall be remembered of it
 * @octets: how large that is, about
 *
 * Remembers @value where there is room and nothing is remembered yet; else it is freed.
 */
void
ferry_memo_insert(FerryMemo *self, guint32 uid, gpointer value, gsize octets)
{
	octets += ENTRY_OCTETS;
	if ((gsize)g_atomic_pointer_get(&all_octets) + octets > MEMO_OCTETS ||
	    ferry_memo_lookup(self, uid) != NULL) {
		if (self->destroy != NULL)
			self->destroy(value);
		return;
	}
	g_hash_table_insert(self->values, GUINT_TO_POINTER(uid), value);
	self->octets += octets;
	g_atomic_pointer_add(&all_octets, (gssize)octets);
}
