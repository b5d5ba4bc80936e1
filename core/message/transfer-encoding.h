/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * FerryMessageTransferEncoding:
 * @FERRY_MESSAGE_ENCODING_7BIT: lines of US-ASCII, as they stand
 * @FERRY_MESSAGE_ENCODING_8BIT: lines, as they stand
 * @FERRY_MESSAGE_ENCODING_BINARY: octets, as they stand
 * @FERRY_MESSAGE_ENCODING_QUOTED_PRINTABLE: RFC 2045 §6.7
 * @FERRY_MESSAGE_ENCODING_BASE64: RFC 2045 §6.8
 * @FERRY_MESSAGE_ENCODING_UNKNOWN: anything else; cannot be undone
 *
 * The content transfer encodings of MIME (RFC 2045 §6).
 */
typedef enum {
	FERRY_MESSAGE_ENCODING_7BIT,
	FERRY_MESSAGE_ENCODING_8BIT,
	FERRY_MESSAGE_ENCODING_BINARY,
	FERRY_MESSAGE_ENCODING_QUOTED_PRINTABLE,
	FERRY_MESSAGE_ENCODING_BASE64,
	FERRY_MESSAGE_ENCODING_UNKNOWN,
} FerryMessageTransferEncoding;

#define FERRY_TYPE_MESSAGE_TRANSFER_DECODER (ferry_message_transfer_decoder_get_type())

/**
 * FerryMessageTransferDecoder:
 *
 * Undoes a content transfer encoding, chunk by chunk.
 */
typedef struct _FerryMessageTransferDecoder FerryMessageTransferDecoder;

GType ferry_message_transfer_decoder_get_type(void);
FerryMessageTransferDecoder *
ferry_message_transfer_decoder_new(FerryMessageTransferEncoding encoding, GError **error);
FerryMessageTransferDecoder *ferry_message_transfer_decoder_ref(FerryMessageTransferDecoder *self);
void ferry_message_transfer_decoder_unref(FerryMessageTransferDecoder *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FerryMessageTransferDecoder, ferry_message_transfer_decoder_unref)

void ferry_message_transfer_decoder_feed(FerryMessageTransferDecoder *self, const char *data,
					 gsize length, GByteArray *out);
void ferry_message_transfer_decoder_finish(FerryMessageTransferDecoder *self, GByteArray *out);

FerryMessageTransferEncoding ferry_message_transfer_encoding_parse(const char *value, gsize length);

G_END_DECLS
