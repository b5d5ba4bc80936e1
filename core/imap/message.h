/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/message-reader.h"
#include "account/view.h"
#include "imap/writer.h"

G_BEGIN_DECLS

typedef struct _FerryJmapValue FerryJmapValue;

/**
 * FerryImapMessage:
 *
 * One message of the selected mailbox as a session sees it: its number, its newest metadata (or its
 * last, where it is expunged and the client was not told yet), and what was fetched for the
 * command.
 */
#define FERRY_TYPE_IMAP_MESSAGE (ferry_imap_message_get_type())
GType ferry_imap_message_get_type(void);
FerryImapMessage *ferry_imap_message_ref(FerryImapMessage *self);
void ferry_imap_message_unref(FerryImapMessage *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryImapMessage, ferry_imap_message_unref)

guint32 ferry_imap_message_get_number(FerryImapMessage *self);
guint32 ferry_imap_message_get_uid(FerryImapMessage *self);
const FerryMessageRow *ferry_imap_message_get_row(FerryImapMessage *self);
const char *ferry_imap_message_get_email_id(FerryImapMessage *self);
const char *ferry_imap_message_get_thread_id(FerryImapMessage *self);
const char *ferry_imap_message_get_blob_id(FerryImapMessage *self);
const char *const *ferry_imap_message_get_keywords(FerryImapMessage *self);
gboolean ferry_imap_message_has_keyword(FerryImapMessage *self, const char *keyword);
gboolean ferry_imap_message_is_recent(FerryImapMessage *self);
gboolean ferry_imap_message_is_expunged(FerryImapMessage *self);

/* What was asked for with needs and properties. */
GBytes *ferry_imap_message_get_headers(FerryImapMessage *self);
FerryMessageStructure *ferry_imap_message_get_structure(FerryImapMessage *self);
GBytes *ferry_imap_message_get_raw(FerryImapMessage *self);
const GError *ferry_imap_message_get_error(FerryImapMessage *self);
FerryJmapValue *ferry_imap_message_get_property(FerryImapMessage *self, const char *name);
FerryMessageData *ferry_imap_message_get_data(FerryImapMessage *self);
void ferry_imap_message_set_data(FerryImapMessage *self, FerryMessageData *data);
void ferry_imap_message_set_properties(FerryImapMessage *self, FerryJmapValue *properties);

/* `* n FETCH (` and the flags inside it. */
void ferry_imap_message_begin_response(FerryImapMessage *self, FerryImapWriter *writer);
void ferry_imap_message_end_response(FerryImapMessage *self, FerryImapWriter *writer);
void ferry_imap_message_write_flags(FerryImapMessage *self, FerryImapWriter *writer);

G_END_DECLS
