/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a message is sorted by
 *
 * Specification: RFC 5256 §2, §3; RFC 5957 §3, §4; RFC 5051 (i;unicode-casemap)
 * Implementation: numbers come from the view, texts from the ENVELOPE, as RFC 5957 has it. FROM, TO
 *   and CC are the addr-mailbox of the first address structure; of a group that is its name. Texts
 *   are kept in the form in which i;unicode-casemap compares them.
 */
#include "sort.h"

/* The sent date of §2.2: INTERNALDATE where there is no Date that can be read. */
static gint64
get_sent_date(const FerryMessageRow *row)
{
	return row->sent_at != G_MININT64 ? row->sent_at : row->received_at;
}

gint64
sort_key_get_number(SortKey key, const FerryMessageRow *row)
{
	switch (key) {
	case SORT_ARRIVAL:
		return row->received_at;
	case SORT_SIZE:
		return (gint64)row->size;
	default:
		return get_sent_date(row);
	}
}

static char *
make_subject(const char *envelope, gsize length)
{
	g_autofree char *raw =
		ferry_message_envelope_dup_text(envelope, length, FERRY_MESSAGE_ENVELOPE_SUBJECT);
	g_autofree char *decoded = NULL;

	if (raw == NULL)
		return g_strdup("");
	decoded = ferry_message_header_decode_utf8(raw, strlen(raw));
	return ferry_message_base_subject(decoded, -1, NULL);
}

static char *
make_mailbox(const char *envelope, gsize length, FerryMessageEnvelopeField field)
{
	char *mailbox = NULL;

	ferry_message_envelope_get_first_address(envelope, length, field, NULL, &mailbox, NULL);
	return mailbox;
}

/* RFC 5957 §3: the name, else the address. */
static char *
make_display(const char *envelope, gsize length, FerryMessageEnvelopeField field)
{
	g_autofree char *name = NULL;
	g_autofree char *mailbox = NULL;
	g_autofree char *host = NULL;

	if (!ferry_message_envelope_get_first_address(envelope, length, field, &name, &mailbox,
						      &host))
		return NULL;
	if (name != NULL) {
		g_autofree char *decoded = ferry_message_header_decode_utf8(name, strlen(name));

		if (*decoded != '\0')
			return g_steal_pointer(&decoded);
	}
	if (mailbox != NULL && host != NULL)
		return g_strconcat(mailbox, "@", host, NULL);
	return g_steal_pointer(&mailbox);
}

/* Returns: (transfer full): the text to compare; "" for what is not there */
char *
sort_key_make_text(SortKey key, const char *envelope, gsize length)
{
	g_autofree char *text = NULL;

	switch (key) {
	case SORT_SUBJECT:
		text = make_subject(envelope, length);
		break;
	case SORT_FROM:
		text = make_mailbox(envelope, length, FERRY_MESSAGE_ENVELOPE_FROM);
		break;
	case SORT_TO:
		text = make_mailbox(envelope, length, FERRY_MESSAGE_ENVELOPE_TO);
		break;
	case SORT_CC:
		text = make_mailbox(envelope, length, FERRY_MESSAGE_ENVELOPE_CC);
		break;
	case SORT_DISPLAYFROM:
		text = make_display(envelope, length, FERRY_MESSAGE_ENVELOPE_FROM);
		break;
	default:
		text = make_display(envelope, length, FERRY_MESSAGE_ENVELOPE_TO);
		break;
	}
	return ferry_message_casemap(text != NULL ? text : "", -1);
}
