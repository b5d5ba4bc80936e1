/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The change log of one data type in one account
 *
 * Specification: RFC 8620 section 5.2
 * Implementation: each entry says who could see the object before and after, one bit a user
 * (bit 0 is the owner). What a user is told of a window follows from its first and last entry, so
 * that sharing, unsharing and moving out of sight are exact for everybody.
 */
#include <string.h>

#include "log.h"

typedef struct {
	guint64 modseq;
	guint64 before;
	guint64 after;
	guint32 number;
	gboolean minor;
} JsLogEntry;

typedef struct {
	gboolean before;
	gboolean after;
	gboolean minor;
} JsLogSpan;

void
js_log_init(JsLog *self, guint max_entries)
{
	memset(self, 0, sizeof *self);
	self->entries = g_array_new(FALSE, FALSE, sizeof(JsLogEntry));
	self->max_entries = max_entries;
}

void
js_log_clear(JsLog *self)
{
	g_clear_pointer(&self->entries, g_array_unref);
}

void
js_log_copy(JsLog *self, const JsLog *from)
{
	*self = *from;
	self->entries = g_array_copy(from->entries);
}

void
js_log_add(JsLog *self, guint64 modseq, guint32 number, guint64 before, guint64 after,
	   gboolean minor)
{
	JsLogEntry entry = {modseq, before, after, number, minor};

	g_array_append_val(self->entries, entry);
	self->state = modseq;
	/* trimmed in halves, so that a long run costs linear time */
	if (self->max_entries > 0 && self->entries->len > 2 * self->max_entries) {
		guint drop = self->entries->len - self->max_entries;

		g_array_remove_range(self->entries, 0, drop);
	}
	if (self->max_entries > 0 && self->entries->len > self->max_entries)
		self->floor = g_array_index(self->entries, JsLogEntry,
					    self->entries->len - self->max_entries - 1)
				      .modseq;
}

static guint
js_log_find_after(const JsLog *self, guint64 since)
{
	guint low = 0, high = self->entries->len;

	while (low < high) {
		guint middle = low + (high - low) / 2;

		if (g_array_index(self->entries, JsLogEntry, middle).modseq <= since)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void
js_changes_add(JsChanges *changes, guint32 number, const JsLogSpan *span)
{
	if (span->before && span->after) {
		g_array_append_val(changes->updated, number);
		changes->all_minor = changes->all_minor && span->minor;
	} else if (span->after) {
		g_array_append_val(changes->created, number);
	} else if (span->before) {
		g_array_append_val(changes->destroyed, number);
	}
}

/* Takes one entry into the window; FALSE when it would exceed the number of ids asked for. */
static gboolean
js_log_take(GHashTable *spans, GArray *order, const JsLogEntry *entry, guint max, guint64 bit)
{
	JsLogSpan *span = g_hash_table_lookup(spans, GUINT_TO_POINTER(entry->number));

	if (span == NULL) {
		if (((entry->before | entry->after) & bit) == 0)
			return TRUE;
		if (max > 0 && order->len >= max)
			return FALSE;
		span = g_new(JsLogSpan, 1);
		span->before = (entry->before & bit) != 0;
		span->minor = TRUE;
		g_hash_table_insert(spans, GUINT_TO_POINTER(entry->number), span);
		g_array_append_val(order, entry->number);
	}
	span->after = (entry->after & bit) != 0;
	span->minor = span->minor && entry->minor;
	return TRUE;
}

gboolean
js_log_get_changes(const JsLog *self, guint64 since, guint max, guint slot, JsChanges *changes)
{
	g_autoptr(GHashTable) spans = NULL;
	g_autoptr(GArray) order = g_array_new(FALSE, FALSE, sizeof(guint32));

	memset(changes, 0, sizeof *changes);
	if (since < self->floor || since > self->state)
		return FALSE;
	changes->created = g_array_new(FALSE, FALSE, sizeof(guint32));
	changes->updated = g_array_new(FALSE, FALSE, sizeof(guint32));
	changes->destroyed = g_array_new(FALSE, FALSE, sizeof(guint32));
	changes->all_minor = TRUE;
	changes->new_state = since;
	spans = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	for (guint i = js_log_find_after(self, since); i < self->entries->len; i++) {
		const JsLogEntry *entry = &g_array_index(self->entries, JsLogEntry, i);

		if (!js_log_take(spans, order, entry, max, (guint64)1 << slot)) {
			changes->more = TRUE;
			break;
		}
		changes->new_state = entry->modseq;
	}
	for (guint i = 0; i < order->len; i++) {
		guint32 number = g_array_index(order, guint32, i);

		js_changes_add(changes, number,
			       g_hash_table_lookup(spans, GUINT_TO_POINTER(number)));
	}
	return TRUE;
}

void
js_changes_clear(JsChanges *changes)
{
	g_clear_pointer(&changes->created, g_array_unref);
	g_clear_pointer(&changes->updated, g_array_unref);
	g_clear_pointer(&changes->destroyed, g_array_unref);
}
