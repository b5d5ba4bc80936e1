/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Header blocks
 *
 * Specification: RFC 5322 §2.2, §4.5 (obsolete fields)
 * Implementation: every octet of a block belongs to a field; a line that is no field is a field
 *   without a name, so that nothing is lost when a block is filtered
 */
#include <string.h>

#include "message/header.h"
#include "message/quote-private.h"

/**
 * ferry_message_header_iter_init: (skip)
 * @iter: an iterator
 * @block: (array length=length): a header block, with or without its blank line
 * @length: its octets
 *
 * Starts a walk over the fields of @block, which must outlive it.
 */
void
ferry_message_header_iter_init(FerryMessageHeaderIter *iter, const char *block, gsize length)
{
	iter->position = block;
	iter->end = length > 0 ? block + length : block;
}

static gboolean
at_blank_line(const char *p, const char *end)
{
	return *p == '\n' || (*p == '\r' && (p + 1 == end || p[1] == '\n'));
}

/* where the field that starts at p ends: after the last of its folded lines */
static const char *
find_field_end(const char *p, const char *end)
{
	while (p < end) {
		const char *newline = memchr(p, '\n', end - p);

		if (newline == NULL)
			return end;
		p = newline + 1;
		if (p < end && *p != ' ' && *p != '\t')
			return p;
	}
	return end;
}

/* octets of the name before the colon, 0 if this is no field */
static gsize
measure_name(const char *start, const char *colon)
{
	while (colon > start && (colon[-1] == ' ' || colon[-1] == '\t'))
		colon--;
	for (const char *p = start; p < colon; p++) {
		if (*p <= ' ' || *p == 0x7f)
			return 0;
	}
	return colon - start;
}

/**
 * ferry_message_header_iter_next: (skip)
 * @iter: an iterator
 * @field: (out): the field
 *
 * Takes the next field. A line that has no name and colon comes as a field whose name_length is 0.
 *
 * Returns: %FALSE at the blank line or at the end of the block
 */
gboolean
ferry_message_header_iter_next(FerryMessageHeaderIter *iter, FerryMessageHeaderField *field)
{
	const char *start = iter->position;
	const char *stop;
	const char *colon;

	if (start >= iter->end || at_blank_line(start, iter->end))
		return FALSE;
	stop = find_field_end(start, iter->end);
	iter->position = stop;
	field->start = start;
	field->length = stop - start;
	if (stop[-1] == '\n')
		stop -= stop - start >= 2 && stop[-2] == '\r' ? 2 : 1;
	colon = memchr(start, ':', stop - start);
	field->name_length = colon != NULL ? measure_name(start, colon) : 0;
	field->value = field->name_length > 0 ? colon + 1 : start;
	field->value_length = stop - field->value;
	return TRUE;
}

/**
 * ferry_message_header_field_is: (skip)
 * @field: a field
 * @name: a field name
 *
 * Returns: whether @field is called @name, in any case
 */
gboolean
ferry_message_header_field_is(const FerryMessageHeaderField *field, const char *name)
{
	return g_ascii_strncasecmp(field->start, name, field->name_length) == 0 &&
	       name[field->name_length] == '\0' && field->name_length > 0;
}

/**
 * ferry_message_header_iter_find: (skip)
 * @iter: an iterator
 * @name: a field name
 * @field: (out): the field
 *
 * Takes fields up to and with the next one called @name. The others cost no more than finding
 * their ends.
 *
 * Returns: %FALSE where none is left
 */
gboolean
ferry_message_header_iter_find(FerryMessageHeaderIter *iter, const char *name,
			       FerryMessageHeaderField *field)
{
	const char initial = g_ascii_tolower(*name);

	while (iter->position < iter->end && !at_blank_line(iter->position, iter->end)) {
		if (g_ascii_tolower(*iter->position) != initial) {
			iter->position = find_field_end(iter->position, iter->end);
			continue;
		}
		if (ferry_message_header_iter_next(iter, field) &&
		    ferry_message_header_field_is(field, name))
			return TRUE;
	}
	return FALSE;
}

/**
 * ferry_message_header_find: (skip)
 * @block: (array length=length): a header block
 * @length: its octets
 * @name: a field name
 * @field: (out): the field
 *
 * Looks for the first field called @name.
 *
 * Returns: whether there is one
 */
gboolean
ferry_message_header_find(const char *block, gsize length, const char *name,
			  FerryMessageHeaderField *field)
{
	FerryMessageHeaderIter iter;

	ferry_message_header_iter_init(&iter, block, length);
	return ferry_message_header_iter_find(&iter, name, field);
}

/**
 * ferry_message_header_unfold:
 * @value: (array length=length): a raw header value
 * @length: its octets
 *
 * Undoes folding (RFC 5322 §2.2.3) and drops the white space before the text. The result is raw
 * otherwise and need not be UTF-8; NUL octets are left out.
 *
 * Returns: (transfer full): the text
 */
char *
ferry_message_header_unfold(const char *value, gsize length)
{
	GString *text = g_string_sized_new(length + 1);

	ferry_message_unfold_append(text, value, length);
	return g_string_free(text, FALSE);
}
