/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string.h>

#include "imap/writer.h"

G_BEGIN_DECLS

struct _FerryImapWriter {
	GObject parent_instance;
	FerryConnection *connection; /* NULL: everything stays in the buffer */
	char *buffer;                /* NULL where it is empty */
	gsize length;                /* of what is in the buffer */
	gsize capacity;
	gsize first_capacity; /* of the next buffer: what writes much gets a whole one at once */
	gboolean utf8;
	gboolean need_space;  /* whether the next value of the list has one before it */
	GPtrArray *waiting;   /* GTask: who waits until less is pending */
	GArray *marks;        /* where it stood at each hold; NULL before the first */
	gboolean wants_flush; /* somebody wanted it while it was held */
};

/* writer-buffer.c */
void ferry_imap_writer_make_room(FerryImapWriter *self, gsize length);
gboolean ferry_imap_writer_goes_around(FerryImapWriter *self, gsize length);

static inline char *
ferry_imap_writer_reserve(FerryImapWriter *self, gsize length)
{
	char *place;

	if (G_UNLIKELY(self->length + length > self->capacity))
		ferry_imap_writer_make_room(self, length);
	place = self->buffer + self->length;
	self->length += length;
	return place;
}

static inline void
ferry_imap_writer_put(FerryImapWriter *self, const char *data, gsize length)
{
	if (length > 0)
		memcpy(ferry_imap_writer_reserve(self, length), data, length);
}

G_END_DECLS
