/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small records that store operations give */
#include "store/results-private.h"

#include <string.h>

/* what is known of a message mostly takes less, and so many are asked for at once */
#define USUAL_OCTETS 1024
#define MANY 1024

struct _FerryStoreStructures {
	GArray *entries;
	GByteArray *bytes;
	GBytes *whole; /* the same, once somebody asked: from then on nothing is added */
};

/* Where octets are in those of all entries. */
typedef struct {
	guint32 offset;
	guint32 length;
} Place;

typedef struct {
	gint64 key;
	gboolean known; /* FALSE when the cache has nothing of it */
	Place header;
	Place structure;
} Entry;

G_DEFINE_BOXED_TYPE(FerryStoreTombstones, ferry_store_tombstones, ferry_store_tombstones_ref,
		    ferry_store_tombstones_unref)
G_DEFINE_BOXED_TYPE(FerryStorePairs, ferry_store_pairs, ferry_store_pairs_ref,
		    ferry_store_pairs_unref)
G_DEFINE_BOXED_TYPE(FerryStoreIntent, ferry_store_intent, ferry_store_intent_ref,
		    ferry_store_intent_unref)
G_DEFINE_BOXED_TYPE(FerryStoreDatum, ferry_store_datum, ferry_store_datum_ref,
		    ferry_store_datum_unref)
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
 *
 * Drops a reference; the last one frees it.
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
 *
 * Drops a reference; the last one frees it.
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
	FerryStoreIntent *self = data;

	g_bytes_unref(self->data);
	g_strfreev(self->spared);
}

/**
 * ferry_store_intent_unref:
 * @self: (transfer full): an intent
 *
 * Drops a reference; the last one frees it.
 */
void
ferry_store_intent_unref(FerryStoreIntent *self)
{
	g_atomic_rc_box_release_full(self, intent_clear);
}

/**
 * ferry_store_datum_new:
 * @shared: whether other logins have it too
 * @key: its name
 * @value: (nullable): its octets; %NULL to remove it
 *
 * Returns: (transfer full): a value to put
 */
FerryStoreDatum *
ferry_store_datum_new(gboolean shared, const char *key, GBytes *value)
{
	FerryStoreDatum *self = g_atomic_rc_box_new0(FerryStoreDatum);

	self->shared = shared;
	self->key = g_strdup(key);
	self->value = value != NULL ? g_bytes_ref(value) : NULL;
	return self;
}

/**
 * ferry_store_datum_ref:
 * @self: a value
 *
 * Returns: (transfer full): @self
 */
FerryStoreDatum *
ferry_store_datum_ref(FerryStoreDatum *self)
{
	return g_atomic_rc_box_acquire(self);
}

static void
datum_clear(gpointer data)
{
	FerryStoreDatum *self = data;

	g_free(self->key);
	g_clear_pointer(&self->value, g_bytes_unref);
}

/**
 * ferry_store_datum_unref:
 * @self: (transfer full): a value
 */
void
ferry_store_datum_unref(FerryStoreDatum *self)
{
	g_atomic_rc_box_release_full(self, datum_clear);
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
	g_clear_pointer(&self->whole, g_bytes_unref);
}

/**
 * ferry_store_structures_unref:
 * @self: (transfer full): structures
 *
 * Drops a reference; the last one frees it.
 */
void
ferry_store_structures_unref(FerryStoreStructures *self)
{
	g_atomic_rc_box_release_full(self, structures_clear);
}

/* FALSE where there is no room: more than two gigabytes in all are left out. */
static gboolean
put_octets(FerryStoreStructures *self, Place *place, const guint8 *octets, gsize length)
{
	if (length > G_MAXUINT32 / 2 - self->bytes->len)
		return FALSE;
	place->offset = self->bytes->len;
	place->length = (guint32)length;
	if (length > 0)
		g_byte_array_append(self->bytes, octets, place->length);
	return TRUE;
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
	Entry entry = {email_key, TRUE};

	g_return_if_fail(self->whole == NULL);
	if (put_octets(self, &entry.header, header, header_length) &&
	    put_octets(self, &entry.structure, structure, structure_length))
		g_array_append_val(self->entries, entry);
}

FerryStoreStructures *
ferry_store_structures_new_for_keys(const gint64 *email_keys, guint n_keys)
{
	FerryStoreStructures *self = ferry_store_structures_new();

	/* room for most, so that little is moved while they come */
	g_byte_array_unref(self->bytes);
	self->bytes = g_byte_array_sized_new(MIN(n_keys, MANY) * USUAL_OCTETS);
	g_array_set_size(self->entries, n_keys);
	for (guint i = 0; i < n_keys; i++)
		g_array_index(self->entries, Entry, i) = (Entry){email_keys[i], FALSE};
	return self;
}

void
ferry_store_structures_set_header(FerryStoreStructures *self, guint index, const guint8 *header,
				  gsize length)
{
	Entry *entry = &g_array_index(self->entries, Entry, index);

	if (put_octets(self, &entry->header, header, length))
		entry->known = TRUE;
}

void
ferry_store_structures_set_structure(FerryStoreStructures *self, guint index,
				     const guint8 *structure, gsize length)
{
	Entry *entry = &g_array_index(self->entries, Entry, index);

	if (put_octets(self, &entry->structure, structure, length))
		entry->known = TRUE;
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

static const guint8 *
get_octets(const FerryStoreStructures *self, const Entry *entry, const Place *place, gsize *length)
{
	*length = place->length;
	if (!entry->known)
		return NULL;
	return place->length > 0 ? self->bytes->data + place->offset : (const guint8 *)"";
}

/**
 * ferry_store_structures_get_header:
 * @self: structures
 * @index: below the length
 * @length: (out): octets
 *
 * Returns: (array length=length) (transfer none) (nullable): the header block, empty where it is
 *   not known or was not asked for; %NULL when the cache has nothing of this Email
 */
const guint8 *
ferry_store_structures_get_header(const FerryStoreStructures *self, guint index, gsize *length)
{
	const Entry *entry = &g_array_index(self->entries, Entry, index);

	return get_octets(self, entry, &entry->header, length);
}

/**
 * ferry_store_structures_get_structure:
 * @self: structures
 * @index: below the length
 * @length: (out): octets
 *
 * Returns: (array length=length) (transfer none) (nullable): the structure, empty where it is not
 *   known or was not asked for; %NULL when the cache has nothing of this Email
 */
const guint8 *
ferry_store_structures_get_structure(const FerryStoreStructures *self, guint index, gsize *length)
{
	const Entry *entry = &g_array_index(self->entries, Entry, index);

	return get_octets(self, entry, &entry->structure, length);
}

/**
 * ferry_store_structures_get_bytes:
 * @self: structures
 *
 * What the headers and structures are pieces of, for those who keep some of them: one reference
 * for each costs less than a copy. Nothing can be added from here on.
 *
 * Returns: (transfer none): the octets of all entries
 */
GBytes *
ferry_store_structures_get_bytes(FerryStoreStructures *self)
{
	if (self->whole == NULL)
		self->whole = g_bytes_new_with_free_func(self->bytes->data, self->bytes->len,
							 (GDestroyNotify)g_byte_array_unref,
							 g_byte_array_ref(self->bytes));
	return self->whole;
}
