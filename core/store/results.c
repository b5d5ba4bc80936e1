/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small records that store operations give */
#include "store/results-private.h"

#include <string.h>

struct _FerryStoreStructures {
	GArray *entries;
	GByteArray *bytes;
};

typedef struct {
	gint64 key;
	gsize offset; /* G_MAXSIZE when the cache does not have it */
	gsize header_length;
	gsize structure_length;
} Entry;

G_DEFINE_BOXED_TYPE(FerryStoreTombstones, ferry_store_tombstones, ferry_store_tombstones_ref,
		    ferry_store_tombstones_unref)
G_DEFINE_BOXED_TYPE(FerryStorePairs, ferry_store_pairs, ferry_store_pairs_ref,
		    ferry_store_pairs_unref)
G_DEFINE_BOXED_TYPE(FerryStoreIntent, ferry_store_intent, ferry_store_intent_ref,
		    ferry_store_intent_unref)
G_DEFINE_BOXED_TYPE(FerryStoreStructures, ferry_store_structures, ferry_store_structures_ref,
		    ferry_store_structures_unref)

/**
 * ferry_store_tombstones_ref:
 * @self: tombstones
 *
 * Returns: (transfer full): @self
 */
FerryStoreTombstones *
ferry_store_tombstones_ref(FerryStoreTombstones *self)
{
	return g_atomic_rc_box_acquire(self);
}

static void
tombstones_clear(gpointer data)
{
	FerryStoreTombstones *self = data;

	g_free(self->uids);
	g_free(self->modseqs);
}

/**
 * ferry_store_tombstones_unref:
 * @self: (transfer full): tombstones
 */
void
ferry_store_tombstones_unref(FerryStoreTombstones *self)
{
	g_atomic_rc_box_release_full(self, tombstones_clear);
}

/**
 * ferry_store_pairs_ref:
 * @self: pairs
 *
 * Returns: (transfer full): @self
 */
FerryStorePairs *
ferry_store_pairs_ref(FerryStorePairs *self)
{
	return g_atomic_rc_box_acquire(self);
}

static void
pairs_clear(gpointer data)
{
	g_free(((FerryStorePairs *)data)->pairs);
}

/**
 * ferry_store_pairs_unref:
 * @self: (transfer full): pairs
 */
void
ferry_store_pairs_unref(FerryStorePairs *self)
{
	g_atomic_rc_box_release_full(self, pairs_clear);
}

/**
 * ferry_store_intent_ref:
 * @self: an intent
 *
 * Returns: (transfer full): @self
 */
FerryStoreIntent *
ferry_store_intent_ref(FerryStoreIntent *self)
{
	return g_atomic_rc_box_acquire(self);
}

static void
intent_clear(gpointer data)
{
	g_bytes_unref(((FerryStoreIntent *)data)->data);
}

/**
 * ferry_store_intent_unref:
 * @self: (transfer full): an intent
 */
void
ferry_store_intent_unref(FerryStoreIntent *self)
{
	g_atomic_rc_box_release_full(self, intent_clear);
}

/**
 * ferry_store_structures_new:
 *
 * Returns: (transfer full): an empty set of headers and structures
 */
FerryStoreStructures *
ferry_store_structures_new(void)
{
	FerryStoreStructures *self = g_atomic_rc_box_new0(FerryStoreStructures);

	self->entries = g_array_new(FALSE, FALSE, sizeof(Entry));
	self->bytes = g_byte_array_new();
	return self;
}

/**
 * ferry_store_structures_ref:
 * @self: structures
 *
 * Returns: (transfer full): @self
 */
FerryStoreStructures *
ferry_store_structures_ref(FerryStoreStructures *self)
{
	return g_atomic_rc_box_acquire(self);
}

static void
structures_clear(gpointer data)
{
	FerryStoreStructures *self = data;

	g_array_unref(self->entries);
	g_byte_array_unref(self->bytes);
}

/**
 * ferry_store_structures_unref:
 * @self: (transfer full): structures
 */
void
ferry_store_structures_unref(FerryStoreStructures *self)
{
	g_atomic_rc_box_release_full(self, structures_clear);
}

/**
 * ferry_store_structures_add:
 * @self: structures
 * @email_key: number of the Email in the store
 * @header: (array length=header_length) (nullable): the raw header block
 * @header_length: octets of @header
 * @structure: (array length=structure_length) (nullable): the structure, as its scanner writes it
 * @structure_length: octets of @structure
 *
 * Adds an entry; both are copied. More than two gigabytes in all are left out.
 */
void
ferry_store_structures_add(FerryStoreStructures *self, gint64 email_key, const guint8 *header,
			   gsize header_length, const guint8 *structure, gsize structure_length)
{
	const gsize room = G_MAXUINT32 / 2 - self->bytes->len;
	Entry entry = {email_key, self->bytes->len, header_length, structure_length};

	if (header_length > room || structure_length > room - header_length)
		return;
	if (header_length > 0)
		g_byte_array_append(self->bytes, header, header_length);
	if (structure_length > 0)
		g_byte_array_append(self->bytes, structure, structure_length);
	g_array_append_val(self->entries, entry);
}

void
ferry_store_structures_add_missing(FerryStoreStructures *self, gint64 email_key)
{
	Entry entry = {email_key, G_MAXSIZE, 0, 0};

	g_array_append_val(self->entries, entry);
}

/**
 * ferry_store_structures_get_length:
 * @self: structures
 *
 * Returns: how many entries
 */
guint
ferry_store_structures_get_length(const FerryStoreStructures *self)
{
	return self->entries->len;
}

/**
 * ferry_store_structures_get_key:
 * @self: structures
 * @index: below the length
 *
 * Returns: number of the Email
 */
gint64
ferry_store_structures_get_key(const FerryStoreStructures *self, guint index)
{
	return g_array_index(self->entries, Entry, index).key;
}

/**
 * ferry_store_structures_get_header:
 * @self: structures
 * @index: below the length
 * @length: (out): octets
 *
 * Returns: (array length=length) (transfer none) (nullable): the header block, or %NULL when the
 *   cache has nothing of this Email
 */
const guint8 *
ferry_store_structures_get_header(const FerryStoreStructures *self, guint index, gsize *length)
{
	const Entry *entry = &g_array_index(self->entries, Entry, index);

	*length = entry->header_length;
	if (entry->offset == G_MAXSIZE)
		return NULL;
	return self->bytes->len > 0 ? self->bytes->data + entry->offset : (const guint8 *)"";
}

/**
 * ferry_store_structures_get_structure:
 * @self: structures
 * @index: below the length
 * @length: (out): octets
 *
 * Returns: (array length=length) (transfer none) (nullable): the structure, or %NULL when the
 *   cache has nothing of this Email
 */
const guint8 *
ferry_store_structures_get_structure(const FerryStoreStructures *self, guint index, gsize *length)
{
	const Entry *entry = &g_array_index(self->entries, Entry, index);
	gsize header_length;
	const guint8 *header = ferry_store_structures_get_header(self, index, &header_length);

	*length = entry->structure_length;
	return header != NULL ? header + header_length : NULL;
}
