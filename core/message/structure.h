/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

#include "message/transfer-encoding.h"

G_BEGIN_DECLS

#define FERRY_TYPE_MESSAGE_STRUCTURE (ferry_message_structure_get_type())

/**
 * FerryMessageStructure:
 *
 * What a scan found of a message: ENVELOPE and BODYSTRUCTURE as they are written, and the table of
 * its parts. Immutable.
 */
typedef struct _FerryMessageStructure FerryMessageStructure;

/**
 * FerryMessagePartKind:
 * @FERRY_MESSAGE_PART_LEAF: a part without parts
 * @FERRY_MESSAGE_PART_MULTIPART: a multipart with at least one part
 * @FERRY_MESSAGE_PART_MESSAGE: an enclosed message; its only child is that message
 *
 * How a part goes on. What was too deep to look into is a leaf, whatever its content type.
 */
typedef enum {
	FERRY_MESSAGE_PART_LEAF,
	FERRY_MESSAGE_PART_MULTIPART,
	FERRY_MESSAGE_PART_MESSAGE,
} FerryMessagePartKind;

#define FERRY_MESSAGE_NO_PART G_MAXUINT32

/**
 * FerryMessagePart:
 * @header_start: octet at which the part's header begins
 * @body_start: octet after the header and its blank line
 * @body_end: octet after the body; the line end before a boundary is not in it
 * @lines: lines of the body, as BODYSTRUCTURE gives them
 * @parent: the part this one is in, %FERRY_MESSAGE_NO_PART for the message itself
 * @next: the first part after this one that is not in it: the next sibling, if @parent is equal
 * @kind: how it goes on
 * @encoding: its content transfer encoding
 * @media_type: lower case type and subtype, for example "text/plain"
 * @charset: the charset parameter as it stands, "" without one
 *
 * A row of the part table. Offsets are octets in the raw message; strings belong to the structure.
 * The rows are in the order of the message, so the first child of row i, if any, is row i + 1.
 */
typedef struct {
	guint64 header_start;
	guint64 body_start;
	guint64 body_end;
	guint32 lines;
	guint32 parent;
	guint32 next;
	FerryMessagePartKind kind;
	FerryMessageTransferEncoding encoding;
	const char *media_type;
	const char *charset;
} FerryMessagePart;

GType ferry_message_structure_get_type(void);
FerryMessageStructure *ferry_message_structure_ref(FerryMessageStructure *self);
void ferry_message_structure_unref(FerryMessageStructure *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryMessageStructure, ferry_message_structure_unref)

FerryMessageStructure *ferry_message_structure_new_from_bytes(GBytes *bytes, GError **error);
FerryMessageStructure *ferry_message_structure_new_from_piece(GBytes *owner, const guint8 *data,
							      gsize length, GError **error);
GBytes *ferry_message_structure_serialize(FerryMessageStructure *self);

guint64 ferry_message_structure_get_size(FerryMessageStructure *self);
const char *ferry_message_structure_get_envelope(FerryMessageStructure *self, gsize *length);
const char *ferry_message_structure_get_body(FerryMessageStructure *self, gsize *length);
const char *ferry_message_structure_get_bodystructure(FerryMessageStructure *self, gsize *length);

guint ferry_message_structure_get_n_parts(FerryMessageStructure *self);
gboolean ferry_message_structure_get_part(FerryMessageStructure *self, guint index,
					  FerryMessagePart *part);

G_END_DECLS
