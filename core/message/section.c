/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sections: which octets BODY[…] and BINARY[…] name
 *
 * Specification: RFC 3501 §6.4.5, RFC 9051 §6.4.5.1
 * Implementation: everything. Part 1 of a message that is no multipart is its body; what an
 *   enclosed message holds is numbered from 1 inside it. HEADER and TEXT of a part that is no
 *   message, and any part that is not there, are NIL
 */
#include <string.h>

#include "message/header.h"
#include "message/section.h"

/* Goes from a part to one of its children, counted from 1. */
static gboolean
find_child(FerryMessageStructure *structure, guint32 *row, FerryMessagePart *part, guint32 number)
{
	guint32 end = part->next;

	for (guint32 child = *row + 1; child < end; child = part->next) {
		ferry_message_structure_get_part(structure, child, part);
		if (--number == 0) {
			*row = child;
			return TRUE;
		}
	}
	return FALSE;
}

static gboolean
find_row(FerryMessageStructure *structure, const guint32 *path, gsize path_length, guint32 *row,
	 FerryMessagePart *part)
{
	/* whether *row stands for the message that it is the root of, or for its body */
	gboolean is_message = TRUE;

	*row = 0;
	ferry_message_structure_get_part(structure, 0, part);
	for (gsize i = 0; i < path_length; i++) {
		if (path[i] == 0)
			return FALSE;
		if (!is_message && part->kind == FERRY_MESSAGE_PART_MESSAGE) {
			ferry_message_structure_get_part(structure, ++*row, part);
			is_message = TRUE;
		}
		if (part->kind == FERRY_MESSAGE_PART_MULTIPART) {
			if (!find_child(structure, row, part, path[i]))
				return FALSE;
		} else if (!is_message || path[i] != 1) {
			return FALSE;
		}
		is_message = FALSE;
	}
	return TRUE;
}

/**
 * ferry_message_section_find_part: (skip)
 * @structure: a structure
 * @path: (array length=path_length): part numbers from the outside in
 * @path_length: how many; 0 names the message itself
 * @part: (out): the row of the part
 *
 * Looks for a part, for example to undo its encoding in BINARY.
 *
 * Returns: whether there is such a part
 */
gboolean
ferry_message_section_find_part(FerryMessageStructure *structure, const guint32 *path,
				gsize path_length, FerryMessagePart *part)
{
	guint32 row;

	return find_row(structure, path, path_length, &row, part);
}

static void
set_range(guint64 from, guint64 to, guint64 *offset, guint64 *length)
{
	*offset = from;
	*length = to - from;
}

/**
 * ferry_message_section_resolve: (skip)
 * @structure: a structure
 * @path: (array length=path_length): part numbers from the outside in
 * @path_length: how many; 0 names the message itself
 * @kind: the text specifier
 * @offset: (out): where the section begins in the raw message, in octets
 * @length: (out): its octets, which may be none
 *
 * Finds the octets of a section. For HEADER.FIELDS and HEADER.FIELDS.NOT, take
 * %FERRY_MESSAGE_SECTION_HEADER and ferry_message_section_filter_header().
 *
 * Returns: %FALSE where the answer is NIL
 */
gboolean
ferry_message_section_resolve(FerryMessageStructure *structure, const guint32 *path,
			      gsize path_length, FerryMessageSectionKind kind, guint64 *offset,
			      guint64 *length)
{
	FerryMessagePart part;
	guint32 row;

	if (!find_row(structure, path, path_length, &row, &part))
		return FALSE;
	if (kind == FERRY_MESSAGE_SECTION_MIME) {
		set_range(part.header_start, part.body_start, offset, length);
		return path_length > 0;
	}
	if (kind == FERRY_MESSAGE_SECTION_ALL) {
		set_range(path_length > 0 ? part.body_start : 0, part.body_end, offset, length);
		return TRUE;
	}
	if (path_length > 0) {
		if (part.kind != FERRY_MESSAGE_PART_MESSAGE)
			return FALSE;
		ferry_message_structure_get_part(structure, row + 1, &part);
	}
	if (kind == FERRY_MESSAGE_SECTION_HEADER)
		set_range(part.header_start, part.body_start, offset, length);
	else
		set_range(part.body_start, part.body_end, offset, length);
	return TRUE;
}

static gboolean
is_listed(const FerryMessageHeaderField *field, const char *const *names)
{
	for (; *names != NULL; names++) {
		if (ferry_message_header_field_is(field, *names))
			return TRUE;
	}
	return FALSE;
}

/**
 * ferry_message_section_filter_header: (skip)
 * @block: (array length=length): a header block
 * @length: its octets
 * @names: (array zero-terminated=1): field names, in any case
 * @exclude: %FALSE for HEADER.FIELDS, %TRUE for HEADER.FIELDS.NOT
 * @out: where the fields are appended
 *
 * Picks fields as they stand, in their order, and adds the blank line. Lines that are no field are
 * in HEADER.FIELDS.NOT only.
 */
void
ferry_message_section_filter_header(const char *block, gsize length, const char *const *names,
				    gboolean exclude, GString *out)
{
	FerryMessageHeaderIter iter;
	FerryMessageHeaderField field;

	ferry_message_header_iter_init(&iter, block, length);
	while (ferry_message_header_iter_next(&iter, &field)) {
		if (is_listed(&field, names) == exclude)
			continue;
		g_string_append_len(out, field.start, field.length);
		/* the header may have been cut off, or ended by a boundary line */
		if (field.start[field.length - 1] != '\n')
			g_string_append(out, "\r\n");
	}
	g_string_append(out, "\r\n");
}
