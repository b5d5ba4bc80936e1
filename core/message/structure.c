/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the scanner found out about a message
 *
 * Specification: none outside this file: the octets are a cache of our own, versioned
 * Implementation: a structure is its serialized form, checked once, so that loading one from the
 * cache copies nothing and writing an ENVELOPE of it is one memcpy. All numbers are little-endian:
 *
 *     0  "FMS", version
 *     4  number of rows              u32
 *     8  size of the message         u64
 *    16  octets of ENVELOPE, BODY, BODYSTRUCTURE, strings   4 × u32
 *    32  rows of 48 octets: header start, body start, body end (u64); lines, parent, next,
 *        media type, charset (u32, the last two offsets into the strings); kind, encoding (u8)
 *        then the four texts
 */
#include <string.h>

#include "base/error.h"
#include "message/structure-private.h"

#define MAGIC "FMS\002"
#define HEAD_SIZE 32
#define ROW_SIZE 48
#define N_TEXTS 4

enum {
	TEXT_ENVELOPE,
	TEXT_BODY,
	TEXT_BODYSTRUCTURE,
	TEXT_STRINGS
};

struct _FerryMessageStructure {
	gatomicrefcount refs;
	GBytes *bytes; /* what data is a piece of */
	const guint8 *data;
	gsize length;
	const guint8 *rows;
	guint32 n_parts;
	guint64 size;
	const char *texts[N_TEXTS];
	guint32 lengths[N_TEXTS];
};

G_DEFINE_BOXED_TYPE(FerryMessageStructure, ferry_message_structure, ferry_message_structure_ref,
		    ferry_message_structure_unref)

/**
 * ferry_message_structure_ref:
 * @self: a structure
 *
 * Returns: (transfer full): @self
 */
FerryMessageStructure *
ferry_message_structure_ref(FerryMessageStructure *self)
{
	g_atomic_ref_count_inc(&self->refs);
	return self;
}

/**
 * ferry_message_structure_unref:
 * @self: (transfer full): a structure
 *
 * Gives a reference back.
 */
void
ferry_message_structure_unref(FerryMessageStructure *self)
{
	if (!g_atomic_ref_count_dec(&self->refs))
		return;
	g_bytes_unref(self->bytes);
	g_free(self);
}

static guint32
get_u32(const guint8 *p)
{
	guint32 value;

	memcpy(&value, p, sizeof value);
	return GUINT32_FROM_LE(value);
}

static guint64
get_u64(const guint8 *p)
{
	guint64 value;

	memcpy(&value, p, sizeof value);
	return GUINT64_FROM_LE(value);
}

static void
put_u32(GByteArray *out, guint32 value)
{
	value = GUINT32_TO_LE(value);
	g_byte_array_append(out, (const guint8 *)&value, sizeof value);
}

static void
put_u64(GByteArray *out, guint64 value)
{
	value = GUINT64_TO_LE(value);
	g_byte_array_append(out, (const guint8 *)&value, sizeof value);
}

static void
read_row(FerryMessageStructure *self, guint index, FerryMessagePart *part)
{
	const guint8 *row = self->rows + (gsize)index * ROW_SIZE;

	part->header_start = get_u64(row);
	part->body_start = get_u64(row + 8);
	part->body_end = get_u64(row + 16);
	part->lines = get_u32(row + 24);
	part->parent = get_u32(row + 28);
	part->next = get_u32(row + 32);
	part->media_type = self->texts[TEXT_STRINGS] + get_u32(row + 36);
	part->charset = self->texts[TEXT_STRINGS] + get_u32(row + 40);
	part->kind = (FerryMessagePartKind)row[44];
	part->encoding = (FerryMessageTransferEncoding)row[45];
}

static gboolean
check_row_alone(FerryMessageStructure *self, guint index)
{
	const guint8 *row = self->rows + (gsize)index * ROW_SIZE;
	FerryMessagePart part;

	if (get_u32(row + 36) >= self->lengths[TEXT_STRINGS] ||
	    get_u32(row + 40) >= self->lengths[TEXT_STRINGS] ||
	    row[44] > FERRY_MESSAGE_PART_MESSAGE || row[45] > FERRY_MESSAGE_ENCODING_UNKNOWN)
		return FALSE;
	read_row(self, index, &part);
	return part.header_start <= part.body_start && part.body_start <= part.body_end &&
	       part.body_end <= self->size && part.next > index && part.next <= self->n_parts &&
	       (part.kind == FERRY_MESSAGE_PART_LEAF) == (part.next == index + 1);
}

/* The part that row @index must be in, if all rows before it are good. */
static guint32
find_parent(FerryMessageStructure *self, guint index)
{
	guint32 row = index - 1;
	FerryMessagePart part;

	read_row(self, row, &part);
	while (part.next <= index) {
		row = part.parent;
		read_row(self, row, &part);
	}
	return row;
}

/* Whether a row lies in the row it names as its parent, in the table and in the message. */
static gboolean
check_row_in_tree(FerryMessageStructure *self, guint index)
{
	FerryMessagePart part;
	FerryMessagePart parent;

	read_row(self, index, &part);
	if (index == 0)
		return part.parent == FERRY_MESSAGE_NO_PART && part.next == self->n_parts;
	/* row 0 spans the table, so the search ends there at the latest */
	if (part.parent != find_parent(self, index))
		return FALSE;
	read_row(self, part.parent, &parent);
	return part.next <= parent.next && part.header_start >= parent.body_start &&
	       part.body_end <= parent.body_end &&
	       (parent.kind != FERRY_MESSAGE_PART_MESSAGE || part.next == parent.next);
}

static gboolean
check_texts(FerryMessageStructure *self)
{
	for (guint i = TEXT_ENVELOPE; i < TEXT_STRINGS; i++) {
		const char *text = self->texts[i];
		guint32 length = self->lengths[i];

		if (length < 2 || text[0] != '(' || text[length - 1] != ')')
			return FALSE;
	}
	return self->lengths[TEXT_STRINGS] > 0 &&
	       self->texts[TEXT_STRINGS][self->lengths[TEXT_STRINGS] - 1] == '\0';
}

static gboolean
check(FerryMessageStructure *self)
{
	const guint8 *data = self->data;
	gsize length = self->length;
	guint64 offset;

	if (length < HEAD_SIZE || memcmp(data, MAGIC, 4) != 0)
		return FALSE;
	self->n_parts = get_u32(data + 4);
	self->size = get_u64(data + 8);
	self->rows = data + HEAD_SIZE;
	offset = HEAD_SIZE + (guint64)self->n_parts * ROW_SIZE;
	for (guint i = 0; i < N_TEXTS; i++) {
		self->lengths[i] = get_u32(data + 16 + 4 * i);
		if (offset > length || self->lengths[i] > length - offset)
			return FALSE;
		self->texts[i] = (const char *)data + offset;
		offset += self->lengths[i];
	}
	if (offset != length || self->n_parts == 0 || !check_texts(self))
		return FALSE;
	for (guint i = 0; i < self->n_parts; i++) {
		if (!check_row_alone(self, i) || !check_row_in_tree(self, i))
			return FALSE;
	}
	return TRUE;
}

/**
 * ferry_message_structure_new_from_bytes:
 * @bytes: what ferry_message_structure_serialize() gave; it is referenced, not copied
 * @error: return location
 *
 * Loads a structure. Everything is checked, so that what was damaged or comes from another
 * version is %FERRY_ERROR_INVALID and the message can be scanned again.
 *
 * Returns: (transfer full): a structure, %NULL on error
 */
FerryMessageStructure *
ferry_message_structure_new_from_bytes(GBytes *bytes, GError **error)
{
	gsize length;
	const guint8 *data = g_bytes_get_data(bytes, &length);

	return ferry_message_structure_new_from_piece(bytes, data, length, error);
}

/**
 * ferry_message_structure_new_from_piece: (skip)
 * @owner: octets; referenced
 * @data: (array length=length): the structure, somewhere in @owner
 * @length: its octets
 * @error: return location
 *
 * Like ferry_message_structure_new_from_bytes(), for many that lie together.
 *
 * Returns: (transfer full): a structure, %NULL on error
 */
FerryMessageStructure *
ferry_message_structure_new_from_piece(GBytes *owner, const guint8 *data, gsize length,
				       GError **error)
{
	g_autoptr(FerryMessageStructure) self = g_new0(FerryMessageStructure, 1);

	g_atomic_ref_count_init(&self->refs);
	self->bytes = g_bytes_ref(owner);
	self->data = data;
	self->length = length;
	if (!check(self)) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID,
				    "the cached message structure is damaged");
		return NULL;
	}
	return g_steal_pointer(&self);
}

static guint32
add_string(GByteArray *strings, const char *string)
{
	guint32 offset = strings->len;

	g_byte_array_append(strings, (const guint8 *)string, strlen(string) + 1);
	return offset;
}

static void
put_row(GByteArray *out, GByteArray *strings, const FerryMessagePart *part)
{
	const guint8 last[4] = {part->kind, part->encoding, 0, 0};

	put_u64(out, part->header_start);
	put_u64(out, part->body_start);
	put_u64(out, part->body_end);
	put_u32(out, part->lines);
	put_u32(out, part->parent);
	put_u32(out, part->next);
	put_u32(out, add_string(strings, part->media_type));
	put_u32(out, add_string(strings, part->charset));
	g_byte_array_append(out, last, sizeof last);
}

/* Makes a structure of what the scanner has: rows, and the texts that were rendered from them. */
FerryMessageStructure *
ferry_message_structure_assemble(guint64 size, const FerryMessagePart *parts, guint n_parts,
				 const char *envelope, const GString *body,
				 const GString *bodystructure)
{
	g_autoptr(GByteArray) strings = g_byte_array_new();
	g_autoptr(GByteArray) rows = g_byte_array_sized_new(n_parts * ROW_SIZE);
	g_autoptr(GBytes) bytes = NULL;
	gsize envelope_length = strlen(envelope);
	GByteArray *out;

	for (guint i = 0; i < n_parts; i++)
		put_row(rows, strings, &parts[i]);
	out = g_byte_array_sized_new(HEAD_SIZE + rows->len + envelope_length + body->len +
				     bodystructure->len + strings->len);
	g_byte_array_append(out, (const guint8 *)MAGIC, 4);
	put_u32(out, n_parts);
	put_u64(out, size);
	put_u32(out, envelope_length);
	put_u32(out, body->len);
	put_u32(out, bodystructure->len);
	put_u32(out, strings->len);
	g_byte_array_append(out, rows->data, rows->len);
	g_byte_array_append(out, (const guint8 *)envelope, envelope_length);
	g_byte_array_append(out, (const guint8 *)body->str, body->len);
	g_byte_array_append(out, (const guint8 *)bodystructure->str, bodystructure->len);
	g_byte_array_append(out, strings->data, strings->len);
	bytes = g_byte_array_free_to_bytes(out);
	return ferry_message_structure_new_from_bytes(bytes, NULL);
}

/**
 * ferry_message_structure_serialize:
 * @self: a structure
 *
 * Returns: (transfer full): octets for ferry_message_structure_new_from_bytes(), on any machine
 */
GBytes *
ferry_message_structure_serialize(FerryMessageStructure *self)
{
	const guint8 *start = g_bytes_get_data(self->bytes, NULL);

	return g_bytes_new_from_bytes(self->bytes, (gsize)(self->data - start), self->length);
}

/**
 * ferry_message_structure_get_size:
 * @self: a structure
 *
 * Returns: octets of the message
 */
guint64
ferry_message_structure_get_size(FerryMessageStructure *self)
{
	return self->size;
}

static const char *
get_text(FerryMessageStructure *self, guint which, gsize *length)
{
	*length = self->lengths[which];
	return self->texts[which];
}

/**
 * ferry_message_structure_get_envelope: (skip)
 * @self: a structure
 * @length: (out): its octets
 *
 * The value of FETCH ENVELOPE for sessions that are not enabled for UTF-8, literals included.
 *
 * Returns: (transfer none): the text, not terminated
 */
const char *
ferry_message_structure_get_envelope(FerryMessageStructure *self, gsize *length)
{
	return get_text(self, TEXT_ENVELOPE, length);
}

/**
 * ferry_message_structure_get_body: (skip)
 * @self: a structure
 * @length: (out): its octets
 *
 * The value of FETCH BODY, like ferry_message_structure_get_envelope().
 *
 * Returns: (transfer none): the text, not terminated
 */
const char *
ferry_message_structure_get_body(FerryMessageStructure *self, gsize *length)
{
	return get_text(self, TEXT_BODY, length);
}

/**
 * ferry_message_structure_get_bodystructure: (skip)
 * @self: a structure
 * @length: (out): its octets
 *
 * The value of FETCH BODYSTRUCTURE, like ferry_message_structure_get_envelope().
 *
 * Returns: (transfer none): the text, not terminated
 */
const char *
ferry_message_structure_get_bodystructure(FerryMessageStructure *self, gsize *length)
{
	return get_text(self, TEXT_BODYSTRUCTURE, length);
}

/**
 * ferry_message_structure_get_n_parts:
 * @self: a structure
 *
 * Returns: rows of the part table, at least one: the message itself
 */
guint
ferry_message_structure_get_n_parts(FerryMessageStructure *self)
{
	return self->n_parts;
}

/**
 * ferry_message_structure_get_part:
 * @self: a structure
 * @index: a row
 * @part: (out caller-allocates): what it says; strings belong to @self
 *
 * Returns: whether there is such a row
 */
gboolean
ferry_message_structure_get_part(FerryMessageStructure *self, guint index, FerryMessagePart *part)
{
	if (index >= self->n_parts)
		return FALSE;
	read_row(self, index, part);
	return TRUE;
}
