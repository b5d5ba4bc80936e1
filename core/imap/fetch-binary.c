/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* BINARY: parts without their transfer encoding
 *
 * Specification: RFC 9051 §6.4.5 and §7.5.2, RFC 3516
 * Implementation: BINARY[…]<…>, BINARY.PEEK[…]<…>, BINARY.SIZE[…]. A part that holds parts, and the
 *   whole message, go out as they stand: only leaves have an encoding to undo.
 */
#include "imap/fetch-private.h"
#include "message/section.h"
#include "message/transfer-encoding.h"

/* more than this is not undone: an array cannot hold it */
#define MAX_DECODED (G_MAXUINT / 2)

/* NULL with error: the encoding is not known; NULL without: no such part. */
static GBytes *
decode(FerryImapMessage *message, const FerryImapSection *section, GError **error)
{
	FerryMessageStructure *structure = ferry_imap_message_get_structure(message);
	GBytes *raw = ferry_imap_message_get_raw(message);
	g_autoptr(FerryMessageTransferDecoder) decoder = NULL;
	GByteArray *decoded;
	FerryMessagePart part;
	const char *data;
	gsize size;

	if (section->path_length == 0)
		return g_bytes_ref(raw);
	if (!ferry_message_section_find_part(structure, section->path, section->path_length, &part))
		return NULL;
	data = g_bytes_get_data(raw, &size);
	part.body_end = MIN(part.body_end, size);
	part.body_start = MIN(part.body_start, part.body_end);
	if (part.kind != FERRY_MESSAGE_PART_LEAF)
		return g_bytes_new_from_bytes(raw, part.body_start,
					      part.body_end - part.body_start);
	if (part.body_end - part.body_start > MAX_DECODED) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_TOO_BIG,
				    "a part is too big to undo its encoding");
		return NULL;
	}
	decoder = ferry_message_transfer_decoder_new(part.encoding, error);
	if (decoder == NULL)
		return NULL;
	decoded = g_byte_array_sized_new((guint)(part.body_end - part.body_start));
	ferry_message_transfer_decoder_feed(decoder, data + part.body_start,
					    part.body_end - part.body_start, decoded);
	ferry_message_transfer_decoder_finish(decoder, decoded);
	return g_byte_array_free_to_bytes(decoded);
}

/* Clients read a part piece by piece, or ask for its size beside it: it is decoded once, and all
 * items of a FETCH that name it share the octets. */
static GBytes *
decode_part(FerryImapFetch *fetch, FerryImapMessage *message, const FerryImapSection *section,
	    GError **error)
{
	guint32 uid = ferry_imap_message_get_uid(message);
	GBytes *decoded = ferry_imap_fetch_dup_decoded(fetch, uid, section->text);

	if (decoded != NULL)
		return decoded;
	decoded = decode(message, section, error);
	ferry_imap_fetch_set_decoded(fetch, uid, section->text, decoded);
	return decoded;
}

static void
write_octets(FerryImapWriter *writer, GBytes *octets)
{
	gsize size;
	const char *data = g_bytes_get_data(octets, &size);

	/* only a literal8 may hold NUL */
	if (size > 0 && memchr(data, '\0', size) != NULL)
		ferry_imap_writer_write_literal8_bytes(writer, octets);
	else
		ferry_imap_writer_write_literal_bytes(writer, octets);
}

static void
write_binary(FerryImapFetch *fetch, FerryImapMessage *message, FerryImapValue *arguments,
	     FerryImapWriter *writer, gpointer user_data)
{
	const FerryImapSection *section = ferry_imap_section_of(arguments);
	g_autofree char *name = ferry_imap_section_make_name("BINARY", section);
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) decoded = decode_part(fetch, message, section, &error);
	g_autoptr(GBytes) octets = NULL;

	ferry_imap_writer_write_atom(writer, name);
	if (decoded == NULL) {
		if (error != NULL)
			ferry_imap_fetch_set_error(fetch, error);
		ferry_imap_writer_write_nil(writer);
		return;
	}
	octets = ferry_imap_section_cut(decoded, 0, g_bytes_get_size(decoded), section);
	write_octets(writer, octets);
}

static void
write_binary_size(FerryImapFetch *fetch, FerryImapMessage *message, FerryImapValue *arguments,
		  FerryImapWriter *writer, gpointer user_data)
{
	const FerryImapSection *section = ferry_imap_section_of(arguments);
	g_autofree char *name = ferry_imap_section_make_name("BINARY.SIZE", section);
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) decoded = decode_part(fetch, message, section, &error);

	if (error != NULL)
		ferry_imap_fetch_set_error(fetch, error);
	ferry_imap_writer_write_atom(writer, name);
	ferry_imap_writer_write_number(writer, decoded != NULL ? g_bytes_get_size(decoded) : 0);
}

/* user_data: whether it sets \Seen */
static gboolean
prepare_binary(FerryImapFetch *fetch, FerryImapValue *arguments, gpointer user_data, GError **error)
{
	const FerryImapSection *section = ferry_imap_section_of(arguments);

	if (section == NULL || section->kind != FERRY_MESSAGE_SECTION_ALL) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID,
				    "BINARY wants a part number and nothing else in its section");
		return FALSE;
	}
	ferry_imap_fetch_add_need(fetch, FERRY_NEEDS_RAW | FERRY_NEEDS_STRUCTURE);
	if (GPOINTER_TO_INT(user_data))
		ferry_imap_fetch_set_marks_seen(fetch);
	return TRUE;
}

/* A size has no partial (RFC 9051 §9, fetch-att). */
static gboolean
prepare_binary_size(FerryImapFetch *fetch, FerryImapValue *arguments, gpointer user_data,
		    GError **error)
{
	const FerryImapSection *section = ferry_imap_section_of(arguments);

	if (section != NULL && section->has_partial) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID,
				    "BINARY.SIZE takes no partial");
		return FALSE;
	}
	return prepare_binary(fetch, arguments, user_data, error);
}

gboolean
ferry_imap_register_fetch_binary(FerryRegistry *registry, GError **error)
{
	return ferry_registry_add_fetch_item(registry, "BINARY", "section", FERRY_NEEDS_NOTHING,
					     prepare_binary, write_binary, GINT_TO_POINTER(TRUE),
					     NULL, error) &&
	       ferry_registry_add_fetch_item(registry, "BINARY.PEEK", "section",
					     FERRY_NEEDS_NOTHING, prepare_binary, write_binary,
					     GINT_TO_POINTER(FALSE), NULL, error) &&
	       ferry_registry_add_fetch_item(
		       registry, "BINARY.SIZE", "section", FERRY_NEEDS_NOTHING, prepare_binary_size,
		       write_binary_size, GINT_TO_POINTER(FALSE), NULL, error);
}
