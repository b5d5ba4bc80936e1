/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Message data of an APPEND while it arrives: in memory while it is small, then in an unlinked
 * file, so that memory stays flat. */
typedef struct {
	guint ref_count;
	gsize offset;       /* of its `{` in the command */
	guint64 size;       /* as announced, and what mending adds */
	GByteArray *memory; /* NULL once there is a file */
	int fd;             /* -1 while in memory */
	gboolean literal8;
	gboolean has_nul; /* of a literal8 */
	gboolean mends;   /* a bare LF becomes CRLF */
	gboolean after_cr;
} FerryImapSpool;

FerryImapSpool *ferry_imap_spool_new(gsize offset, guint64 size, gboolean literal8, gboolean mends);
FerryImapSpool *ferry_imap_spool_ref(FerryImapSpool *self);
void ferry_imap_spool_unref(FerryImapSpool *self);
gboolean ferry_imap_spool_write(FerryImapSpool *self, const char *dir, const guint8 *data,
				gsize length, GError **error);
GBytes *ferry_imap_spool_dup_bytes(FerryImapSpool *self, GError **error);

G_END_DECLS
