/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "account/types.h"

G_BEGIN_DECLS

typedef struct _FerryMessageStructure FerryMessageStructure;

/**
 * FerryMessageData:
 *
 * What was asked for of one message. Exactly one of: the things needed, or an error
 * (%FERRY_ERROR_EXPUNGED for a message that is gone, %FERRY_ERROR_UNAVAILABLE in an outage).
 */
typedef struct _FerryMessageData FerryMessageData;

#define FERRY_TYPE_MESSAGE_DATA (ferry_message_data_get_type())
GType ferry_message_data_get_type(void);

FerryMessageData *ferry_message_data_ref(FerryMessageData *self);
void ferry_message_data_unref(FerryMessageData *self);
guint32 ferry_message_data_get_uid(FerryMessageData *self);
GBytes *ferry_message_data_get_headers(FerryMessageData *self);
const char *ferry_message_data_peek_headers(FerryMessageData *self, gsize *length);
FerryMessageStructure *ferry_message_data_get_structure(FerryMessageData *self);
const char *ferry_message_data_get_envelope(FerryMessageData *self, gsize *length);
GBytes *ferry_message_data_get_raw(FerryMessageData *self);
const GError *ferry_message_data_get_error(FerryMessageData *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryMessageData, ferry_message_data_unref)

/**
 * FerryMessageReader:
 *
 * Hands out messages chunk by chunk, in the order of the UIDs: the next chunk is made when it is
 * asked for (one is fetched ahead), so memory is flat whatever the number of messages. Big raw
 * messages are mapped cache files.
 */
#define FERRY_TYPE_MESSAGE_READER (ferry_message_reader_get_type())
G_DECLARE_FINAL_TYPE(FerryMessageReader, ferry_message_reader, FERRY, MESSAGE_READER, GObject)

void ferry_message_reader_next_async(FerryMessageReader *self, GCancellable *cancellable,
				     GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *ferry_message_reader_next_finish(FerryMessageReader *self, GAsyncResult *result,
					    GError **error);

G_END_DECLS
