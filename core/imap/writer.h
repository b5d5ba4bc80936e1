/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imap/uid-set.h"
#include "net/connection.h"
#include "registry/registry.h"

G_BEGIN_DECLS

#define FERRY_TYPE_IMAP_WRITER (ferry_imap_writer_get_type())

/**
 * FerryImapWriter:
 *
 * Writes IMAP responses into 64 KiB buffers that exist only while there is something in them.
 *
 * Lists and items write their own single spaces: ferry_imap_writer_begin_list() and everything in
 * it put a space where one belongs, so that writers of items need not know what came before. Text
 * outside of lists is the caller's, spaces included.
 *
 * A response is written in one go, without returning to the main loop in between; so two commands
 * that run side by side cannot mix theirs up.
 */
G_DECLARE_FINAL_TYPE(FerryImapWriter, ferry_imap_writer, FERRY, IMAP_WRITER, GObject)

FerryImapWriter *ferry_imap_writer_new(FerryConnection *connection);
FerryImapWriter *ferry_imap_writer_new_for_buffer(void);
char *ferry_imap_writer_dup_output(FerryImapWriter *self, gsize *length);

/* For what may fail half-way: what was written since can be taken back. */
void ferry_imap_writer_hold(FerryImapWriter *self);
void ferry_imap_writer_release(FerryImapWriter *self, gboolean keep);

/* Sessions that enabled IMAP4rev2 or UTF8=ACCEPT. */
void ferry_imap_writer_set_utf8(FerryImapWriter *self, gboolean utf8);
gboolean ferry_imap_writer_get_utf8(FerryImapWriter *self);

/* As it stands. */
void ferry_imap_writer_write_raw(FerryImapWriter *self, const char *data, gsize length);
void ferry_imap_writer_write_formatted(FerryImapWriter *self, const char *text, gsize length);
void ferry_imap_writer_write_text(FerryImapWriter *self, const char *text);
void ferry_imap_writer_writef(FerryImapWriter *self, const char *format, ...) G_GNUC_PRINTF(2, 3);
void ferry_imap_writer_end_line(FerryImapWriter *self);

/* Values; each puts a space before itself where it is not the first in its list. */
void ferry_imap_writer_begin_list(FerryImapWriter *self);
void ferry_imap_writer_end_list(FerryImapWriter *self);
void ferry_imap_writer_write_atom(FerryImapWriter *self, const char *atom);
void ferry_imap_writer_write_number(FerryImapWriter *self, guint64 number);
void ferry_imap_writer_write_numbers(FerryImapWriter *self, const guint32 *numbers,
				     gsize n_numbers);
void ferry_imap_writer_write_nil(FerryImapWriter *self);
void ferry_imap_writer_write_string(FerryImapWriter *self, const char *data, gsize length);
void ferry_imap_writer_write_nstring(FerryImapWriter *self, const char *text);
void ferry_imap_writer_write_astring(FerryImapWriter *self, const char *text);
void ferry_imap_writer_write_mailbox(FerryImapWriter *self, const char *name);
void ferry_imap_writer_write_set(FerryImapWriter *self, FerryUidSet *set);
void ferry_imap_writer_write_literal(FerryImapWriter *self, const char *data, gsize length);
void ferry_imap_writer_write_literal_bytes(FerryImapWriter *self, GBytes *bytes);
void ferry_imap_writer_write_literal8_bytes(FerryImapWriter *self, GBytes *bytes);

/* `* NAME `…, and back-pressure: who writes much asks is_full() between responses and waits. */
void ferry_imap_writer_begin_untagged(FerryImapWriter *self, const char *name);
void ferry_imap_writer_write_set_response(FerryImapWriter *self, const char *name,
					  FerryUidSet *set);
void ferry_imap_writer_begin_numbered(FerryImapWriter *self, guint32 number, const char *name);
void ferry_imap_writer_flush(FerryImapWriter *self);
gboolean ferry_imap_writer_is_full(FerryImapWriter *self);
void ferry_imap_writer_wait_async(FerryImapWriter *self, GCancellable *cancellable,
				  GAsyncReadyCallback callback, gpointer user_data);
gboolean ferry_imap_writer_wait_finish(FerryImapWriter *self, GAsyncResult *result, GError **error);

G_END_DECLS
