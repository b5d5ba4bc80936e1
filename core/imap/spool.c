/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Message data while it arrives
 *
 * Specification: RFC 9051 §6.3.12; lines end with CRLF (RFC 5322 §2.3)
 * Implementation: small messages stay in memory, others go to an unlinked file. Bare LF is mended
 *   where that is wanted, except in a literal8.
 * Not mapped: bare CR and NUL, which nobody can tell the meaning of
 */
#include "imap/spool-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/mapped.h"

/* a message below this never touches the disk */
#define MAX_MEMORY (32 * 1024)
#define MEND_CHUNK 4096

FerryImapSpool *
ferry_imap_spool_new(gsize offset, guint64 size, gboolean literal8, gboolean mends)
{
	FerryImapSpool *self = g_new0(FerryImapSpool, 1);

	self->ref_count = 1;
	self->offset = offset;
	self->size = size;
	self->literal8 = literal8;
	/* octets of a literal8 are what they are */
	self->mends = mends && !literal8;
	self->fd = -1;
	if (size <= MAX_MEMORY)
		self->memory = g_byte_array_new();
	return self;
}

FerryImapSpool *
ferry_imap_spool_ref(FerryImapSpool *self)
{
	self->ref_count++;
	return self;
}

void
ferry_imap_spool_unref(FerryImapSpool *self)
{
	if (--self->ref_count > 0)
		return;
	g_clear_pointer(&self->memory, g_byte_array_unref);
	if (self->fd >= 0)
		close(self->fd);
	g_free(self);
}

static gboolean
set_errno(GError **error, const char *what)
{
	int code = errno;

	g_set_error(error, G_IO_ERROR, g_io_error_from_errno(code), "%s: %s", what,
		    g_strerror(code));
	return FALSE;
}

static gboolean
open_file(FerryImapSpool *self, const char *dir, GError **error)
{
	self->fd = ferry_mapped_open_unlinked(dir != NULL ? dir : g_get_tmp_dir(), error);
	return self->fd >= 0;
}

static gboolean
write_octets(FerryImapSpool *self, const char *dir, const guint8 *data, gsize length,
	     GError **error)
{
	if (self->memory != NULL) {
		g_byte_array_append(self->memory, data, (guint)length);
		return TRUE;
	}
	if (self->fd < 0 && !open_file(self, dir, error))
		return FALSE;
	while (length > 0) {
		ssize_t n = write(self->fd, data, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return set_errno(error, "Spool file");
		data += n;
		length -= (gsize)n;
	}
	return TRUE;
}

/* Copies until @data or @out is full. Returns how many octets of @data were taken. */
static gsize
mend(FerryImapSpool *self, const guint8 *data, gsize length, guint8 *out, gsize *n_out)
{
	gsize taken = 0;

	*n_out = 0;
	while (taken < length && *n_out + 2 <= MEND_CHUNK) {
		guint8 octet = data[taken++];

		if (octet == '\n' && !self->after_cr) {
			out[(*n_out)++] = '\r';
			self->size++;
		}
		out[(*n_out)++] = octet;
		self->after_cr = octet == '\r';
	}
	return taken;
}

gboolean
ferry_imap_spool_write(FerryImapSpool *self, const char *dir, const guint8 *data, gsize length,
		       GError **error)
{
	guint8 out[MEND_CHUNK];

	if (self->literal8 && !self->has_nul)
		self->has_nul = memchr(data, '\0', length) != NULL;
	if (!self->mends)
		return write_octets(self, dir, data, length, error);
	while (length > 0) {
		gsize n_out;
		gsize taken = mend(self, data, length, out, &n_out);

		if (!write_octets(self, dir, out, n_out, error))
			return FALSE;
		data += taken;
		length -= taken;
	}
	return TRUE;
}

GBytes *
ferry_imap_spool_dup_bytes(FerryImapSpool *self, GError **error)
{
	if (self->memory != NULL)
		return g_bytes_new(self->memory->data, self->memory->len);
	return ferry_mapped_new(self->fd, error);
}
