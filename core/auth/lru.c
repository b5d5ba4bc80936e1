/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A table of bounded size
 *
 * Specification: none
 * Implementation: a hash table and a queue in order of use
 */
#include "auth/lru-private.h"

typedef struct {
	char *key;
	gpointer value;
	GList link;
	FerryLru *table;
} FerryLruEntry;

struct _FerryLru {
	GHashTable *entries; /* by their own key */
	GQueue order;        /* the newest in front */
	guint max;
	GDestroyNotify destroy;
};

static void
ferry_lru_entry_free(gpointer data)
{
	FerryLruEntry *entry = data;

	g_queue_unlink(&entry->table->order, &entry->link);
	entry->table->destroy(entry->value);
	g_free(entry->key);
	g_free(entry);
}

FerryLru *
ferry_lru_new(guint max, GDestroyNotify destroy)
{
	FerryLru *self = g_new0(FerryLru, 1);

	self->entries = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, ferry_lru_entry_free);
	g_queue_init(&self->order);
	self->max = max;
	self->destroy = destroy;
	return self;
}

void
ferry_lru_free(FerryLru *self)
{
	g_hash_table_unref(self->entries);
	g_free(self);
}

gpointer
ferry_lru_lookup(FerryLru *self, const char *key)
{
	FerryLruEntry *entry = g_hash_table_lookup(self->entries, key);

	if (entry == NULL)
		return NULL;
	g_queue_unlink(&self->order, &entry->link);
	g_queue_push_head_link(&self->order, &entry->link);
	return entry->value;
}

/* Takes @value, in place of the old one. */
void
ferry_lru_insert(FerryLru *self, const char *key, gpointer value)
{
	FerryLruEntry *entry = g_new0(FerryLruEntry, 1);

	entry->key = g_strdup(key);
	entry->value = value;
	entry->table = self;
	entry->link.data = entry;
	g_queue_push_head_link(&self->order, &entry->link);
	g_hash_table_replace(self->entries, entry->key, entry);
	while (g_hash_table_size(self->entries) > self->max)
		ferry_lru_remove(self, ((FerryLruEntry *)g_queue_peek_tail(&self->order))->key);
}

void
ferry_lru_remove(FerryLru *self, const char *key)
{
	g_hash_table_remove(self->entries, key);
}

void
ferry_lru_remove_all(FerryLru *self)
{
	g_hash_table_remove_all(self->entries);
}

guint
ferry_lru_get_size(FerryLru *self)
{
	return g_hash_table_size(self->entries);
}
