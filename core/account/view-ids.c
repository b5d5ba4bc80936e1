/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ids of a view's rows
 *
 * Specification: RFC 8620 §1.2 (ids are opaque)
 * Implementation: one arena for the rows of a chunk. An Email id is there as it is, because it is
 *   looked at often; behind it the blob id and the Thread id, packed: most servers make ids of a
 *   letter and hexadecimal digits, and often the blob id goes on as the Email id does. Ids of any
 *   other form are kept as well, only in more room.
 *
 * A packed id is three octets and what they count: characters as they stand, characters that are
 * those of the Email id at the same place, and octets of two digits each. 255 instead of the first:
 * the id follows as it is.
 */
#include "account/view-private.h"

#include <string.h>

#define AS_IT_IS 255

FerryViewIds *
ferry_view_ids_new(const FerryViewIds *source)
{
	FerryViewIds *ids = g_new0(FerryViewIds, 1);

	g_atomic_ref_count_init(&ids->ref_count);
	ids->length = source != NULL ? source->length : 0;
	ids->capacity = ids->length + 512;
	ids->text = g_malloc(ids->capacity);
	if (ids->length > 0)
		memcpy(ids->text, source->text, ids->length);
	return ids;
}

void
ferry_view_ids_unref(FerryViewIds *ids)
{
	if (!g_atomic_ref_count_dec(&ids->ref_count))
		return;
	g_free(ids->text);
	g_free(ids);
}

static void
append(FerryViewIds *ids, const void *octets, gsize length)
{
	if (ids->capacity - ids->length < length) {
		ids->capacity += ids->capacity / 2 + (guint32)length;
		ids->text = g_realloc(ids->text, ids->capacity);
	}
	memcpy(ids->text + ids->length, octets, length);
	ids->length += (guint32)length;
}

static gboolean
is_digit(char c)
{
	return g_ascii_isdigit(c) || (c >= 'a' && c <= 'f');
}

/* How many characters an even number of digits ends with. */
static gsize
measure_digits(const char *id, gsize length)
{
	gsize n = 0;

	while (n < length && is_digit(id[length - 1 - n]))
		n++;
	return n & ~(gsize)1;
}

/* How many characters of @digits are those of the Email id at the same place. */
static gsize
measure_shared(const char *digits, gsize start, const char *email_id)
{
	gsize n = 0;

	if (strlen(email_id) < start)
		return 0;
	while (digits[n] != '\0' && digits[n] == email_id[start + n])
		n++;
	return n & ~(gsize)1;
}

static void
append_packed(FerryViewIds *ids, const char *id, const char *email_id)
{
	gsize length = strlen(id);
	gsize n_digits = measure_digits(id, length);
	gsize start = length - n_digits;
	gsize shared = measure_shared(id + start, start, email_id);
	gsize n_octets = (n_digits - shared) / 2;
	const guint8 head[3] = {(guint8)start, (guint8)shared, (guint8)n_octets};
	const guint8 as_it_is = AS_IT_IS;

	if (start >= AS_IT_IS || shared > G_MAXUINT8 || n_octets > G_MAXUINT8) {
		append(ids, &as_it_is, 1);
		append(ids, id, length + 1);
		return;
	}
	append(ids, head, sizeof head);
	append(ids, id, start);
	for (const char *digit = id + start + shared; *digit != '\0'; digit += 2) {
		guint8 octet = (guint8)(g_ascii_xdigit_value(digit[0]) << 4 |
					g_ascii_xdigit_value(digit[1]));

		append(ids, &octet, 1);
	}
}

/* Returns where the ids of the row are. */
guint32
ferry_view_ids_add(FerryViewIds *ids, const char *email_id, const char *blob_id,
		   const char *thread_id)
{
	guint32 offset = ids->length;

	append(ids, email_id, strlen(email_id) + 1);
	append_packed(ids, blob_id, email_id);
	append_packed(ids, thread_id, email_id);
	return offset;
}

static const guint8 *
skip(const guint8 *packed)
{
	if (packed[0] == AS_IT_IS)
		return packed + 1 + strlen((const char *)packed + 1) + 1;
	return packed + 3 + packed[0] + packed[2];
}

static char *
unpack(const guint8 *packed, const char *email_id)
{
	static const char digits[] = "0123456789abcdef";
	gsize start = packed[0];
	gsize shared = packed[1];
	gsize n_octets = packed[2];
	const guint8 *octets = packed + 3 + start;
	char *id;
	char *to;

	if (start == AS_IT_IS)
		return g_strdup((const char *)packed + 1);
	id = g_malloc(start + shared + 2 * n_octets + 1);
	memcpy(id, packed + 3, start);
	memcpy(id + start, email_id + MIN(start, strlen(email_id)), shared);
	to = id + start + shared;
	for (gsize i = 0; i < n_octets; i++) {
		*to++ = digits[octets[i] >> 4];
		*to++ = digits[octets[i] & 15];
	}
	*to = '\0';
	return id;
}

char *
ferry_view_ids_dup_blob(const FerryViewIds *ids, guint32 offset)
{
	const char *email_id = ids->text + offset;

	return unpack((const guint8 *)email_id + strlen(email_id) + 1, email_id);
}

char *
ferry_view_ids_dup_thread(const FerryViewIds *ids, guint32 offset)
{
	const char *email_id = ids->text + offset;

	return unpack(skip((const guint8 *)email_id + strlen(email_id) + 1), email_id);
}

/* Gives back what growing took too much; only where nobody else reads them. */
void
ferry_view_ids_trim(FerryViewIds *ids)
{
	if (!g_atomic_ref_count_compare(&ids->ref_count, 1) || ids->capacity <= ids->length + 1024)
		return;
	ids->capacity = ids->length;
	ids->text = g_realloc(ids->text, ids->capacity);
}
