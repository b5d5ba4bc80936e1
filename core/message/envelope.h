/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * FERRY_MESSAGE_ENVELOPE_N_FIELDS:
 *
 * The fields of an ENVELOPE (RFC 9051 §7.5.2).
 */
#define FERRY_MESSAGE_ENVELOPE_N_FIELDS 10

/**
 * FerryMessageEnvelope: (skip)
 *
 * The fields that make an ENVELOPE, borrowed from a header block or from a JMAP reply. Lives on
 * the stack, starts as { 0 }; what it was given must outlive it.
 */
typedef struct {
	/*< private >*/
	const char *values[FERRY_MESSAGE_ENVELOPE_N_FIELDS];
	gsize lengths[FERRY_MESSAGE_ENVELOPE_N_FIELDS];
} FerryMessageEnvelope;

void ferry_message_envelope_add(FerryMessageEnvelope *envelope, const char *name,
				gssize name_length, const char *value, gssize value_length);
void ferry_message_envelope_add_block(FerryMessageEnvelope *envelope, const char *block,
				      gsize length);
void ferry_message_envelope_write(const FerryMessageEnvelope *envelope, GString *out);

G_END_DECLS
