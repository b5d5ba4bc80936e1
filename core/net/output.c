/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes on their way to a peer
 *
 * Specification: none
 * Implementation: a list of chunks of up to 64 KiB that grow as needed; large GBytes are not
 *   copied, and pages of mapped files let go once they are sent
 */
#include "net/output-private.h"

#include <stdio.h>
#include <string.h>

#include "base/mapped.h"

#define FIRST_CAPACITY 512
/* Below this a copy is cheaper than one more piece to send. */
#define MIN_REFERENCE 4096
#define FORGET_PIECE (256 * 1024)

struct _FerryOutputChunk {
	FerryOutputChunk *next;
	GBytes *bytes; /* whose data it is, or NULL where it owns data itself */
	guint8 *data;
	gsize start;
	gsize end;
	gsize capacity;
	gsize forgotten; /* of bytes: what was sent and needs no memory any more */
};

static FerryOutputChunk *
ferry_output_push(FerryOutput *self)
{
	FerryOutputChunk *chunk = g_new0(FerryOutputChunk, 1);

	if (self->tail == NULL)
		self->head = chunk;
	else
		self->tail->next = chunk;
	self->tail = chunk;
	return chunk;
}

static void
ferry_output_pop(FerryOutput *self)
{
	FerryOutputChunk *chunk = self->head;

	self->head = chunk->next;
	if (self->head == NULL)
		self->tail = NULL;
	if (chunk->bytes != NULL)
		g_bytes_unref(chunk->bytes);
	else
		g_free(chunk->data);
	g_free(chunk);
}

/* The last chunk with room for @wanted octets, or for as many of them as a chunk holds. */
static FerryOutputChunk *
ferry_output_reserve(FerryOutput *self, gsize wanted)
{
	FerryOutputChunk *chunk = self->tail;
	gsize capacity;

	if (chunk == NULL || chunk->bytes != NULL || chunk->end == FERRY_OUTPUT_CHUNK)
		chunk = ferry_output_push(self);
	if (chunk->capacity - chunk->end >= wanted || chunk->capacity == FERRY_OUTPUT_CHUNK)
		return chunk;
	capacity = MAX(chunk->capacity, FIRST_CAPACITY);
	while (capacity < FERRY_OUTPUT_CHUNK && capacity - chunk->end < wanted)
		capacity *= 2;
	chunk->data = g_realloc(chunk->data, capacity);
	chunk->capacity = capacity;
	return chunk;
}

void
ferry_output_append(FerryOutput *self, const void *data, gsize length)
{
	const guint8 *octets = data;

	while (length > 0) {
		FerryOutputChunk *chunk = ferry_output_reserve(self, length);
		gsize n = MIN(length, chunk->capacity - chunk->end);

		memcpy(chunk->data + chunk->end, octets, n);
		chunk->end += n;
		self->length += n;
		octets += n;
		length -= n;
	}
}

void
ferry_output_append_bytes(FerryOutput *self, GBytes *bytes)
{
	gsize length;
	gconstpointer data = g_bytes_get_data(bytes, &length);
	FerryOutputChunk *chunk;

	if (length < MIN_REFERENCE) {
		ferry_output_append(self, data, length);
		return;
	}
	chunk = ferry_output_push(self);
	chunk->bytes = g_bytes_ref(bytes);
	chunk->data = (guint8 *)data;
	chunk->end = chunk->capacity = length;
	self->length += length;
}

void
ferry_output_append_vprintf(FerryOutput *self, const char *format, va_list arguments)
{
	FerryOutputChunk *chunk = ferry_output_reserve(self, 256);
	gsize room = chunk->capacity - chunk->end;
	g_autofree char *text = NULL;
	va_list again;
	int n;

	va_copy(again, arguments);
	n = vsnprintf((char *)chunk->data + chunk->end, room, format, arguments);
	if (n >= 0 && (gsize)n < room) {
		chunk->end += (gsize)n;
		self->length += (gsize)n;
	} else if (n >= 0) {
		text = g_strdup_vprintf(format, again);
		ferry_output_append(self, text, strlen(text));
	}
	va_end(again);
}

/* Up to @max pieces from the front; returns how many. */
guint
ferry_output_peek(const FerryOutput *self, struct iovec *vector, guint max)
{
	guint n = 0;

	for (FerryOutputChunk *chunk = self->head; chunk != NULL && n < max; chunk = chunk->next) {
		if (chunk->start == chunk->end)
			continue;
		vector[n].iov_base = chunk->data + chunk->start;
		vector[n].iov_len = chunk->end - chunk->start;
		n++;
	}
	return n;
}

/* What was sent of a mapped file goes, a piece at a time: a message that nobody reads again would
 * count as memory until its last octet is sent. */
static void
ferry_output_forget(FerryOutputChunk *chunk)
{
	if (chunk->bytes == NULL || chunk->end < FORGET_PIECE)
		return;
	if (chunk->start < chunk->end && chunk->start - chunk->forgotten < FORGET_PIECE)
		return;
	ferry_mapped_forget(chunk->data + chunk->forgotten, chunk->start - chunk->forgotten);
	chunk->forgotten = chunk->start;
}

void
ferry_output_skip(FerryOutput *self, gsize length)
{
	g_return_if_fail(length <= self->length);

	self->length -= length;
	while (self->head != NULL) {
		FerryOutputChunk *chunk = self->head;
		gsize n = MIN(length, chunk->end - chunk->start);

		chunk->start += n;
		length -= n;
		ferry_output_forget(chunk);
		if (chunk->start < chunk->end)
			break;
		ferry_output_pop(self);
	}
}

void
ferry_output_clear(FerryOutput *self)
{
	while (self->head != NULL)
		ferry_output_pop(self);
	self->length = 0;
}
