/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imap/uid-set.h"
#include "message/section.h"
#include "registry/registry.h"

G_BEGIN_DECLS

/**
 * FerryImapValueKind:
 * @FERRY_IMAP_VALUE_NIL: NIL where the grammar allows it
 * @FERRY_IMAP_VALUE_ATOM: an atom, a flag, a keyword: text without quotes
 * @FERRY_IMAP_VALUE_STRING: an astring, string or mailbox name; mailbox names are in UTF-8, with
 *   INBOX in capitals, whatever the client wrote
 * @FERRY_IMAP_VALUE_NUMBER: a number of up to 64 bits
 * @FERRY_IMAP_VALUE_LIST: a parenthesized list, or the repetitions of an argument
 * @FERRY_IMAP_VALUE_SET: a sequence-set
 * @FERRY_IMAP_VALUE_DATE: a date, as days since 1970-01-01
 * @FERRY_IMAP_VALUE_DATE_TIME: a date-time
 * @FERRY_IMAP_VALUE_ITEM: a name that the registry knows, with its own arguments as children
 * @FERRY_IMAP_VALUE_SECTION: what stands between `[` and `]`, and the partial behind it
 * @FERRY_IMAP_VALUE_DATA: message data of an APPEND: octets in memory or in a spool file
 *
 * What a parsed argument is.
 */
typedef enum {
	FERRY_IMAP_VALUE_NIL,
	FERRY_IMAP_VALUE_ATOM,
	FERRY_IMAP_VALUE_STRING,
	FERRY_IMAP_VALUE_NUMBER,
	FERRY_IMAP_VALUE_LIST,
	FERRY_IMAP_VALUE_SET,
	FERRY_IMAP_VALUE_DATE,
	FERRY_IMAP_VALUE_DATE_TIME,
	FERRY_IMAP_VALUE_ITEM,
	FERRY_IMAP_VALUE_SECTION,
	FERRY_IMAP_VALUE_DATA,
} FerryImapValueKind;

/**
 * FerryImapSection:
 * @path: (array length=path_length): part numbers; none for the whole message
 * @path_length: how many
 * @kind: HEADER, TEXT, MIME or none
 * @fields: (nullable) (array zero-terminated=1): the names of HEADER.FIELDS
 * @exclude: HEADER.FIELDS.NOT
 * @has_brackets: whether there were brackets at all (`BODY[]` against `BODY`)
 * @has_partial: whether `<offset.length>` followed
 * @offset: first octet wanted
 * @length: octets wanted
 * @text: the section as it goes back into the response, without brackets and partial, with the
 *   header list as the client wrote it
 *
 * A section of RFC 9051 §6.4.5 with its partial.
 */
typedef struct {
	guint32 *path;
	gsize path_length;
	FerryMessageSectionKind kind;
	char **fields;
	gboolean exclude;
	gboolean has_brackets;
	gboolean has_partial;
	guint64 offset;
	guint64 length;
	char *text;
} FerryImapSection;

/**
 * FerryImapValue:
 *
 * One parsed argument. Immutable once the command runs.
 */
#define FERRY_TYPE_IMAP_VALUE (ferry_imap_value_get_type())
GType ferry_imap_value_get_type(void);
FerryImapValue *ferry_imap_value_ref(FerryImapValue *self);
void ferry_imap_value_unref(FerryImapValue *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryImapValue, ferry_imap_value_unref)

FerryImapValueKind ferry_imap_value_get_kind(FerryImapValue *self);
const char *ferry_imap_value_get_text(FerryImapValue *self);
const char *ferry_imap_value_get_written(FerryImapValue *self);
gboolean ferry_imap_value_is(FerryImapValue *self, const char *word);
guint64 ferry_imap_value_get_number(FerryImapValue *self);
gint32 ferry_imap_value_get_day(FerryImapValue *self);
gint64 ferry_imap_value_get_time(FerryImapValue *self, gint32 *zone);
FerryImapSet *ferry_imap_value_get_set(FerryImapValue *self);
const FerryImapSection *ferry_imap_value_get_section(FerryImapValue *self);
guint ferry_imap_value_get_n_children(FerryImapValue *self);
FerryImapValue *ferry_imap_value_get_child(FerryImapValue *self, guint index);
const FerryContribution *ferry_imap_value_get_contribution(FerryImapValue *self);
char **ferry_imap_value_dup_strv(FerryImapValue *self);
guint64 ferry_imap_value_get_size(FerryImapValue *self);
gboolean ferry_imap_value_is_binary(FerryImapValue *self);
int ferry_imap_value_get_fd(FerryImapValue *self);
GBytes *ferry_imap_value_dup_bytes(FerryImapValue *self, GError **error);

G_END_DECLS
