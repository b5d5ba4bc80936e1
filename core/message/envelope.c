/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ENVELOPE
 *
 * Specification: RFC 3501 §7.4.2, RFC 9051 §7.5.2, RFC 5322 §3.6 (each of these fields occurs once)
 * Implementation: values as they stand, unfolded; a field that occurs again is not looked at
 */
#include <string.h>

#include "message/address.h"
#include "message/envelope.h"
#include "message/header.h"
#include "message/quote-private.h"

typedef enum {
	FIELD_DATE,
	FIELD_SUBJECT,
	FIELD_FROM,
	FIELD_SENDER,
	FIELD_REPLY_TO,
	FIELD_TO,
	FIELD_CC,
	FIELD_BCC,
	FIELD_IN_REPLY_TO,
	FIELD_MESSAGE_ID,
} Field;

static const char *const field_names[FERRY_MESSAGE_ENVELOPE_N_FIELDS] = {
	"Date", "Subject", "From", "Sender",      "Reply-To",
	"To",   "Cc",      "Bcc",  "In-Reply-To", "Message-ID"};

/**
 * ferry_message_envelope_add: (skip)
 * @envelope: an envelope
 * @name: a field name
 * @name_length: its octets, -1 if it is terminated
 * @value: the raw value, as it follows the colon
 * @value_length: its octets, -1 if it is terminated
 *
 * Offers a field. Fields that are no part of an ENVELOPE, and those that were added before, are
 * passed over. @value is borrowed.
 */
void
ferry_message_envelope_add(FerryMessageEnvelope *envelope, const char *name, gssize name_length,
			   const char *value, gssize value_length)
{
	gsize length = name_length < 0 ? strlen(name) : (gsize)name_length;

	for (guint i = 0; i < FERRY_MESSAGE_ENVELOPE_N_FIELDS; i++) {
		if (strlen(field_names[i]) != length ||
		    g_ascii_strncasecmp(field_names[i], name, length) != 0)
			continue;
		if (envelope->values[i] != NULL)
			return;
		envelope->values[i] = value;
		envelope->lengths[i] = value_length < 0 ? strlen(value) : (gsize)value_length;
		return;
	}
}

/**
 * ferry_message_envelope_add_block: (skip)
 * @envelope: an envelope
 * @block: (array length=length): a header block
 * @length: its octets
 *
 * Offers all fields of a header block, which is borrowed.
 */
void
ferry_message_envelope_add_block(FerryMessageEnvelope *envelope, const char *block, gsize length)
{
	FerryMessageHeaderIter iter;
	FerryMessageHeaderField field;

	ferry_message_header_iter_init(&iter, block, length);
	while (ferry_message_header_iter_next(&iter, &field))
		ferry_message_envelope_add(envelope, field.start, field.name_length, field.value,
					   field.value_length);
}

static void
write_nullable(GString *out, const char *text)
{
	if (text != NULL)
		ferry_message_quote_append(out, text, strlen(text));
	else
		g_string_append(out, "NIL");
}

static void
write_address(const FerryMessageAddress *address, gpointer user_data)
{
	GString *out = user_data;

	g_string_append_c(out, '(');
	write_nullable(out, address->name);
	g_string_append_c(out, ' ');
	write_nullable(out, address->route);
	g_string_append_c(out, ' ');
	write_nullable(out, address->mailbox);
	g_string_append_c(out, ' ');
	write_nullable(out, address->host);
	g_string_append_c(out, ')');
}

/* Writes a list of addresses; FALSE, and nothing written, if there are none. */
static gboolean
write_addresses(const FerryMessageEnvelope *envelope, Field field, GString *out)
{
	gsize start = out->len;

	if (envelope->values[field] == NULL)
		return FALSE;
	g_string_append_c(out, '(');
	ferry_message_address_foreach(envelope->values[field], envelope->lengths[field],
				      write_address, out);
	if (out->len == start + 1) {
		g_string_truncate(out, start);
		return FALSE;
	}
	g_string_append_c(out, ')');
	return TRUE;
}

static void
write_address_fields(const FerryMessageEnvelope *envelope, GString *out)
{
	gsize from = out->len;
	gsize from_length;

	if (!write_addresses(envelope, FIELD_FROM, out))
		g_string_append(out, "NIL");
	from_length = out->len - from;
	for (Field field = FIELD_SENDER; field <= FIELD_BCC; field++) {
		g_string_append_c(out, ' ');
		if (write_addresses(envelope, field, out))
			continue;
		if (field == FIELD_SENDER || field == FIELD_REPLY_TO) {
			/* by length first: appending moves the text */
			g_string_set_size(out, out->len + from_length);
			memcpy(out->str + out->len - from_length, out->str + from, from_length);
		} else {
			g_string_append(out, "NIL");
		}
	}
}

static void
write_text(const FerryMessageEnvelope *envelope, Field field, GString *out)
{
	if (envelope->values[field] != NULL)
		ferry_message_quote_value(out, envelope->values[field], envelope->lengths[field]);
	else
		g_string_append(out, "NIL");
}

/**
 * ferry_message_envelope_write: (skip)
 * @envelope: an envelope
 * @out: where it is appended
 *
 * Writes the parenthesised list that FETCH ENVELOPE gives, for sessions that are not enabled for
 * UTF-8. Sender and Reply-To are From's where they are missing or empty.
 */
void
ferry_message_envelope_write(const FerryMessageEnvelope *envelope, GString *out)
{
	g_string_append_c(out, '(');
	write_text(envelope, FIELD_DATE, out);
	g_string_append_c(out, ' ');
	write_text(envelope, FIELD_SUBJECT, out);
	g_string_append_c(out, ' ');
	write_address_fields(envelope, out);
	g_string_append_c(out, ' ');
	write_text(envelope, FIELD_IN_REPLY_TO, out);
	g_string_append_c(out, ' ');
	write_text(envelope, FIELD_MESSAGE_ID, out);
	g_string_append_c(out, ')');
}
