/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * FerryMessageEnvelopeField:
 * @FERRY_MESSAGE_ENVELOPE_DATE: env-date
 * @FERRY_MESSAGE_ENVELOPE_SUBJECT: env-subject
 * @FERRY_MESSAGE_ENVELOPE_FROM: env-from
 * @FERRY_MESSAGE_ENVELOPE_SENDER: env-sender
 * @FERRY_MESSAGE_ENVELOPE_REPLY_TO: env-reply-to
 * @FERRY_MESSAGE_ENVELOPE_TO: env-to
 * @FERRY_MESSAGE_ENVELOPE_CC: env-cc
 * @FERRY_MESSAGE_ENVELOPE_BCC: env-bcc
 * @FERRY_MESSAGE_ENVELOPE_IN_REPLY_TO: env-in-reply-to
 * @FERRY_MESSAGE_ENVELOPE_MESSAGE_ID: env-message-id
 *
 * The places of an ENVELOPE (RFC 9051 §7.5.2).
 */
typedef enum {
	FERRY_MESSAGE_ENVELOPE_DATE,
	FERRY_MESSAGE_ENVELOPE_SUBJECT,
	FERRY_MESSAGE_ENVELOPE_FROM,
	FERRY_MESSAGE_ENVELOPE_SENDER,
	FERRY_MESSAGE_ENVELOPE_REPLY_TO,
	FERRY_MESSAGE_ENVELOPE_TO,
	FERRY_MESSAGE_ENVELOPE_CC,
	FERRY_MESSAGE_ENVELOPE_BCC,
	FERRY_MESSAGE_ENVELOPE_IN_REPLY_TO,
	FERRY_MESSAGE_ENVELOPE_MESSAGE_ID,
} FerryMessageEnvelopeField;

char *ferry_message_envelope_dup_text(const char *envelope, gsize length,
				      FerryMessageEnvelopeField field);
gboolean ferry_message_envelope_get_first_address(const char *envelope, gsize length,
						  FerryMessageEnvelopeField field, char **name,
						  char **mailbox, char **host);

G_END_DECLS
