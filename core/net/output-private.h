/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdarg.h>
#include <sys/uio.h>

G_BEGIN_DECLS

/* What is collected before it is sent at once. */
#define FERRY_OUTPUT_CHUNK 65536

typedef struct _FerryOutputChunk FerryOutputChunk;

/* A queue of bytes to send. Zeroed is empty, and empty owns nothing. */
typedef struct {
	FerryOutputChunk *head;
	FerryOutputChunk *tail;
	gsize length;
} FerryOutput;

void ferry_output_append(FerryOutput *self, const void *data, gsize length);
void ferry_output_append_bytes(FerryOutput *self, GBytes *bytes);
void ferry_output_append_vprintf(FerryOutput *self, const char *format, va_list arguments)
	G_GNUC_PRINTF(2, 0);
guint ferry_output_peek(const FerryOutput *self, struct iovec *vector, guint max);
void ferry_output_skip(FerryOutput *self, gsize length);
void ferry_output_clear(FerryOutput *self);

G_END_DECLS
