/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The FETCH items that give octets of the message
 *
 * Specification: RFC 9051 §6.4.5 (BODY[…]<…>, BODY.PEEK[…]), RFC 3501 §6.4.5 (RFC822,
 *   RFC822.HEADER, RFC822.TEXT)
 * Implementation: octets go out as the backend holds them; a section is a slice of the raw message,
 *   never a copy, but for the picked fields of HEADER.FIELDS.
 */
#include "imap/fetch-private.h"
#include "imap/section.h"
#include "message/section.h"

/* The section of an item's arguments; NULL where it had no brackets. */
const FerryImapSection *
ferry_imap_section_of(FerryImapValue *arguments)
{
	FerryImapValue *child;

	if (arguments == NULL || ferry_imap_value_get_n_children(arguments) == 0)
		return NULL;
	child = ferry_imap_value_get_child(arguments, 0);
	if (child == NULL || ferry_imap_value_get_kind(child) != FERRY_IMAP_VALUE_SECTION)
		return NULL;
	return ferry_imap_value_get_section(child);
}

/* `BODY[1.MIME]<0>`: the section as asked for, and where a partial begins. */
char *
ferry_imap_section_make_name(const char *item, const FerryImapSection *section)
{
	if (section->has_partial)
		return g_strdup_printf("%s[%s]<%" G_GUINT64_FORMAT ">", item, section->text,
				       section->offset);
	return g_strdup_printf("%s[%s]", item, section->text);
}

/* A slice of @octets, cut to the partial; past the end it is empty (RFC 9051 §6.4.5.1). */
GBytes *
ferry_imap_section_cut(GBytes *octets, guint64 start, guint64 length,
		       const FerryImapSection *section)
{
	guint64 size = g_bytes_get_size(octets);

	start = MIN(start, size);
	length = MIN(length, size - start);
	if (section->has_partial) {
		guint64 skip = MIN(section->offset, length);

		start += skip;
		length = MIN(length - skip, section->length);
	}
	return g_bytes_new_from_bytes(octets, start, length);
}

static GBytes *
pick_fields(GBytes *headers, guint64 start, guint64 length, const FerryImapSection *section)
{
	GString *picked = g_string_new(NULL);
	const char *block = g_bytes_get_data(headers, NULL);
	g_autoptr(GBytes) all = NULL;

	ferry_message_section_filter_header(block + start, length,
					    (const char *const *)section->fields, section->exclude,
					    picked);
	all = g_string_free_to_bytes(picked);
	return ferry_imap_section_cut(all, 0, g_bytes_get_size(all), section);
}

/* Whether the header block alone answers: BODY[HEADER], BODY[HEADER.FIELDS (…)]. */
static gboolean
is_header_only(const FerryImapSection *section)
{
	return section->path_length == 0 && section->kind == FERRY_MESSAGE_SECTION_HEADER;
}

static gboolean
is_whole(const FerryImapSection *section)
{
	return section->path_length == 0 && section->kind == FERRY_MESSAGE_SECTION_ALL;
}

static GBytes *
cut_section(const FerryImapSection *section, GBytes *octets, guint64 start, guint64 length)
{
	start = MIN(start, g_bytes_get_size(octets));
	length = MIN(length, g_bytes_get_size(octets) - start);
	if (section->fields != NULL)
		return pick_fields(octets, start, length, section);
	return ferry_imap_section_cut(octets, start, length, section);
}

/**
 * ferry_imap_section_read:
 * @section: a section
 * @raw: the octets of the whole message
 * @structure: (nullable): its structure; not needed for a section that is the whole message
 *
 * Returns: (transfer full) (nullable): what FETCH BODY[…] gives, a slice of @raw but for picked
 *   header fields; %NULL where there is no such part
 */
GBytes *
ferry_imap_section_read(const FerryImapSection *section, GBytes *raw,
			FerryMessageStructure *structure)
{
	guint64 start = 0;
	guint64 length = G_MAXUINT64;

	if (!is_whole(section) &&
	    (structure == NULL ||
	     !ferry_message_section_resolve(structure, section->path, section->path_length,
					    section->kind, &start, &length)))
		return NULL;
	return cut_section(section, raw, start, length);
}

/* NULL: there is no such part, which is NIL. */
static GBytes *
read_section(FerryImapMessage *message, const FerryImapSection *section)
{
	GBytes *headers = ferry_imap_message_get_headers(message);
	GBytes *raw = ferry_imap_message_get_raw(message);

	if (is_header_only(section) && headers != NULL)
		return cut_section(section, headers, 0, G_MAXUINT64);
	if (raw == NULL)
		return NULL;
	return ferry_imap_section_read(section, raw, ferry_imap_message_get_structure(message));
}

static void
write_section(FerryImapWriter *writer, const char *name, FerryImapMessage *message,
	      const FerryImapSection *section)
{
	g_autoptr(GBytes) octets = read_section(message, section);

	ferry_imap_writer_write_atom(writer, name);
	if (octets == NULL)
		ferry_imap_writer_write_nil(writer);
	else
		ferry_imap_writer_write_literal_bytes(writer, octets);
}

static void
write_body(FerryImapFetch *fetch, FerryImapMessage *message, FerryImapValue *arguments,
	   FerryImapWriter *writer, gpointer user_data)
{
	const FerryImapSection *section = ferry_imap_section_of(arguments);
	g_autofree char *name = NULL;

	if (section == NULL) {
		gsize length;
		const char *text = ferry_message_structure_get_body(
			ferry_imap_message_get_structure(message), &length);

		ferry_imap_writer_write_atom(writer, "BODY");
		ferry_imap_writer_write_formatted(writer, text, length);
		return;
	}
	name = ferry_imap_section_make_name("BODY", section);
	write_section(writer, name, message, section);
}

static FerryNeeds
needs_of(const FerryImapSection *section)
{
	if (is_whole(section))
		return FERRY_NEEDS_RAW;
	if (is_header_only(section))
		return FERRY_NEEDS_HEADERS;
	return FERRY_NEEDS_RAW | FERRY_NEEDS_STRUCTURE;
}

static gboolean
prepare_peek(FerryImapFetch *fetch, FerryImapValue *arguments, gpointer user_data, GError **error)
{
	const FerryImapSection *section = ferry_imap_section_of(arguments);

	if (section == NULL) {
		g_set_error_literal(error, FERRY_ERROR, FERRY_ERROR_INVALID,
				    "BODY.PEEK wants a section");
		return FALSE;
	}
	ferry_imap_fetch_add_need(fetch, needs_of(section));
	return TRUE;
}

static gboolean
prepare_body(FerryImapFetch *fetch, FerryImapValue *arguments, gpointer user_data, GError **error)
{
	const FerryImapSection *section = ferry_imap_section_of(arguments);

	if (section == NULL) {
		ferry_imap_fetch_add_need(fetch, FERRY_NEEDS_STRUCTURE);
		return TRUE;
	}
	ferry_imap_fetch_add_need(fetch, needs_of(section));
	ferry_imap_fetch_set_marks_seen(fetch);
	return TRUE;
}

/* RFC822, RFC822.HEADER and RFC822.TEXT are BODY[], BODY.PEEK[HEADER] and BODY[TEXT] by older
 * names. */
static const struct {
	const char *name;
	FerryImapSection section;
	gboolean peeks;
} aliases[] = {
	{"RFC822", {.kind = FERRY_MESSAGE_SECTION_ALL}, FALSE},
	{"RFC822.HEADER", {.kind = FERRY_MESSAGE_SECTION_HEADER}, TRUE},
	{"RFC822.TEXT", {.kind = FERRY_MESSAGE_SECTION_TEXT}, FALSE},
};

static void
write_alias(FerryImapFetch *fetch, FerryImapMessage *message, FerryImapValue *arguments,
	    FerryImapWriter *writer, gpointer user_data)
{
	guint i = GPOINTER_TO_UINT(user_data);

	write_section(writer, aliases[i].name, message, &aliases[i].section);
}

static gboolean
prepare_alias(FerryImapFetch *fetch, FerryImapValue *arguments, gpointer user_data, GError **error)
{
	guint i = GPOINTER_TO_UINT(user_data);

	ferry_imap_fetch_add_need(fetch, needs_of(&aliases[i].section));
	if (!aliases[i].peeks)
		ferry_imap_fetch_set_marks_seen(fetch);
	return TRUE;
}

gboolean
ferry_imap_register_fetch_sections(FerryRegistry *registry, GError **error)
{
	for (guint i = 0; i < G_N_ELEMENTS(aliases); i++) {
		if (!ferry_registry_add_fetch_item(registry, aliases[i].name, NULL,
						   FERRY_NEEDS_NOTHING, prepare_alias, write_alias,
						   GUINT_TO_POINTER(i), NULL, error))
			return FALSE;
	}
	return ferry_registry_add_fetch_item(registry, "BODY", "[section]", FERRY_NEEDS_NOTHING,
					     prepare_body, write_body, NULL, NULL, error) &&
	       ferry_registry_add_fetch_item(registry, "BODY.PEEK", "section", FERRY_NEEDS_NOTHING,
					     prepare_peek, write_body, NULL, NULL, error);
}
