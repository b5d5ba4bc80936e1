/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * FerryMessageHeaderField:
 * @start: the field as it stands, its name first
 * @length: octets of the whole field with its folded lines and the last line end
 * @name_length: octets of the name, without white space before the colon
 * @value: what follows the colon, raw: white space and folding included
 * @value_length: octets of @value, without the last line end
 *
 * One field of a header block. Pointers are into the block.
 */
typedef struct {
	const char *start;
	gsize length;
	gsize name_length;
	const char *value;
	gsize value_length;
} FerryMessageHeaderField;

/**
 * FerryMessageHeaderIter: (skip)
 *
 * Where a walk over a header block stands. Lives on the stack.
 */
typedef struct {
	/*< private >*/
	const char *position;
	const char *end;
} FerryMessageHeaderIter;

void ferry_message_header_iter_init(FerryMessageHeaderIter *iter, const char *block, gsize length);
gboolean ferry_message_header_iter_next(FerryMessageHeaderIter *iter,
					FerryMessageHeaderField *field);
gboolean ferry_message_header_field_is(const FerryMessageHeaderField *field, const char *name);
gboolean ferry_message_header_iter_find(FerryMessageHeaderIter *iter, const char *name,
					FerryMessageHeaderField *field);
gboolean ferry_message_header_find(const char *block, gsize length, const char *name,
				   FerryMessageHeaderField *field);

char *ferry_message_header_unfold(const char *value, gsize length);
char *ferry_message_header_decode_utf8(const char *value, gsize length);

G_END_DECLS
