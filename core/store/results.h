/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

#define FERRY_TYPE_STORE_TOMBSTONES (ferry_store_tombstones_get_type())
#define FERRY_TYPE_STORE_PAIRS (ferry_store_pairs_get_type())
#define FERRY_TYPE_STORE_INTENT (ferry_store_intent_get_type())
#define FERRY_TYPE_STORE_STRUCTURES (ferry_store_structures_get_type())
#define FERRY_TYPE_STORE_DATUM (ferry_store_datum_get_type())

/**
 * FerryStoreTombstones:
 * @prune_modseq: what went at or before this value may be missing
 * @n: how many
 * @uids: (array length=n): the UIDs, ascending
 * @modseqs: (array length=n): when each went
 *
 * What left a mailbox (RFC 7162 needs it).
 */
typedef struct {
	guint64 prune_modseq;
	guint n;
	guint32 *uids;
	guint64 *modseqs;
} FerryStoreTombstones;

GType ferry_store_tombstones_get_type(void);
FerryStoreTombstones *ferry_store_tombstones_ref(FerryStoreTombstones *self);
void ferry_store_tombstones_unref(FerryStoreTombstones *self);

/**
 * FerryStorePair:
 * @asked: index of the Email id in the question
 * @uid: the UID
 * @mailbox_key: the mailbox
 * @email_key: the Email
 *
 * An Email in a mailbox, as the answer to a question about several Emails.
 */
typedef struct {
	guint asked;
	guint32 uid;
	gint64 mailbox_key;
	gint64 email_key;
} FerryStorePair;

/**
 * FerryStorePairs:
 * @n: how many
 * @pairs: (array length=n): the pairs, by question, then mailbox
 *
 * Where some Emails are. An Email without any pair is not known to the store.
 */
typedef struct {
	guint n;
	FerryStorePair *pairs;
} FerryStorePairs;

GType ferry_store_pairs_get_type(void);
FerryStorePairs *ferry_store_pairs_ref(FerryStorePairs *self);
void ferry_store_pairs_unref(FerryStorePairs *self);

/**
 * FerryStoreIntent:
 * @id: number of the intent
 * @account_key: the mail account
 * @data: what the writer of the intent noted
 * @spared: (array zero-terminated=1) (nullable): ids of Emails that were acknowledged to somebody
 *   while it stood; %NULL where it was not asked for
 *
 * Something that must be undone unless it was completed.
 */
typedef struct {
	gint64 id;
	gint64 account_key;
	GBytes *data;
	char **spared;
} FerryStoreIntent;

GType ferry_store_intent_get_type(void);
FerryStoreIntent *ferry_store_intent_ref(FerryStoreIntent *self);
void ferry_store_intent_unref(FerryStoreIntent *self);

/**
 * FerryStoreDatum:
 * @mailbox_key: the mailbox it belongs to; 0: the mail account. Read from the store only
 * @shared: whether other logins have it too
 * @key: its name
 * @value: (nullable): its octets; %NULL to remove it
 *
 * One value that a module keeps.
 */
typedef struct {
	gint64 mailbox_key;
	gboolean shared;
	char *key;
	GBytes *value;
} FerryStoreDatum;

GType ferry_store_datum_get_type(void);
FerryStoreDatum *ferry_store_datum_new(gboolean shared, const char *key, GBytes *value);
FerryStoreDatum *ferry_store_datum_ref(FerryStoreDatum *self);
void ferry_store_datum_unref(FerryStoreDatum *self);

/**
 * FerryStoreStructures:
 *
 * Headers and structures of many Emails, by index: what the structure cache was asked for or is
 * given. Reference counted; frozen once it was handed to or by the store.
 */
typedef struct _FerryStoreStructures FerryStoreStructures;

/**
 * FerryStoreStructureParts:
 * @FERRY_STORE_STRUCTURE_HEADER: the header
 * @FERRY_STORE_STRUCTURE_SHAPE: the structure
 * @FERRY_STORE_STRUCTURE_ELSE_HEADER: the header of those that have no structure
 *
 * What is read from the structure cache; what nobody asks for is not touched.
 */
typedef enum { /*< flags >*/
	FERRY_STORE_STRUCTURE_HEADER = 1 << 0,
	FERRY_STORE_STRUCTURE_SHAPE = 1 << 1,
	FERRY_STORE_STRUCTURE_ELSE_HEADER = 1 << 2,
} FerryStoreStructureParts;

GType ferry_store_structures_get_type(void);
FerryStoreStructures *ferry_store_structures_new(void);
FerryStoreStructures *ferry_store_structures_ref(FerryStoreStructures *self);
void ferry_store_structures_unref(FerryStoreStructures *self);
void ferry_store_structures_add(FerryStoreStructures *self, gint64 email_key, const guint8 *header,
				gsize header_length, const guint8 *structure,
				gsize structure_length);
guint ferry_store_structures_get_length(const FerryStoreStructures *self);
gint64 ferry_store_structures_get_key(const FerryStoreStructures *self, guint index);
/* NULL when the cache does not have it */
const guint8 *ferry_store_structures_get_header(const FerryStoreStructures *self, guint index,
						gsize *length);
const guint8 *ferry_store_structures_get_structure(const FerryStoreStructures *self, guint index,
						   gsize *length);
GBytes *ferry_store_structures_get_bytes(FerryStoreStructures *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryStoreTombstones, ferry_store_tombstones_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryStorePairs, ferry_store_pairs_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryStoreIntent, ferry_store_intent_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryStoreDatum, ferry_store_datum_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryStoreStructures, ferry_store_structures_unref)

G_END_DECLS
