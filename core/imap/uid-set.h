/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * FerryUidRange:
 * @first: lowest number
 * @last: highest number, not below @first
 *
 * Consecutive numbers.
 */
typedef struct {
	guint32 first;
	guint32 last;
} FerryUidRange;

/**
 * FerryUidSet:
 *
 * Numbers from 1 to 4294967295 as sorted ranges that neither touch nor overlap: UIDs or message
 * sequence numbers.
 */
typedef struct _FerryUidSet FerryUidSet;

#define FERRY_TYPE_UID_SET (ferry_uid_set_get_type())
GType ferry_uid_set_get_type(void);
FerryUidSet *ferry_uid_set_new(void);
FerryUidSet *ferry_uid_set_new_from_array(const guint32 *numbers, gsize n_numbers);
FerryUidSet *ferry_uid_set_ref(FerryUidSet *self);
void ferry_uid_set_unref(FerryUidSet *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryUidSet, ferry_uid_set_unref)

void ferry_uid_set_add(FerryUidSet *self, guint32 number);
void ferry_uid_set_add_range(FerryUidSet *self, guint32 first, guint32 last);
gboolean ferry_uid_set_contains(FerryUidSet *self, guint32 number);
gboolean ferry_uid_set_is_empty(FerryUidSet *self);
guint64 ferry_uid_set_get_size(FerryUidSet *self);
guint ferry_uid_set_get_n_ranges(FerryUidSet *self);
const FerryUidRange *ferry_uid_set_get_ranges(FerryUidSet *self, guint *n_ranges);
void ferry_uid_set_append_to(FerryUidSet *self, GString *text);
char *ferry_uid_set_to_string(FerryUidSet *self);
char *ferry_uid_array_to_string(const guint32 *numbers, gsize n_numbers);

/**
 * FerryImapSet:
 *
 * A sequence-set as a client wrote it (RFC 9051 §9): ranges that may name `*`, or `$`. What it
 * stands for is known once the mailbox is: see ferry_told_resolve().
 */
typedef struct _FerryImapSet FerryImapSet;

#define FERRY_TYPE_IMAP_SET (ferry_imap_set_get_type())
GType ferry_imap_set_get_type(void);
FerryImapSet *ferry_imap_set_parse(const char *text, gsize length, GError **error);
FerryImapSet *ferry_imap_set_ref(FerryImapSet *self);
void ferry_imap_set_unref(FerryImapSet *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryImapSet, ferry_imap_set_unref)

gboolean ferry_imap_set_is_saved_result(FerryImapSet *self);
gboolean ferry_imap_set_has_star(FerryImapSet *self);
guint32 ferry_imap_set_get_highest(FerryImapSet *self);
FerryUidSet *ferry_imap_set_resolve(FerryImapSet *self, guint32 star);

G_END_DECLS
