/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The MIME fields of a part
 *
 * Specification: RFC 2045 §5 and §6, RFC 2183 (disposition), RFC 3282 (language), RFC 2557
 *   (location), RFC 1864 (MD5), RFC 2046 §5.1.5 (what a part of a digest is by default)
 * Implementation: the first field of each name counts; one that is malformed counts as missing
 */
#include <string.h>

#include "message/content-private.h"
#include "message/header.h"
#include "message/quote-private.h"

#define CHARSET_MAX 64

static const char *
keep(GStringChunk *strings, const GString *text)
{
	return g_string_chunk_insert_len(strings, text->str, text->len);
}

static const char *
keep_upper(GStringChunk *strings, GString *text)
{
	g_string_ascii_up(text);
	return keep(strings, text);
}

static void
note_parameter(FerryMessageContent *content, const char *name, GString *value,
	       GStringChunk *strings)
{
	if (strcmp(name, "CHARSET") == 0 && content->charset == NULL && value->len <= CHARSET_MAX)
		content->charset = keep(strings, value);
	if (strcmp(name, "BOUNDARY") != 0 || content->boundary != NULL)
		return;
	/* transport adds and drops white space at line ends: none can be part of a boundary */
	while (value->len > 0 && g_ascii_isspace(value->str[value->len - 1]))
		g_string_truncate(value, value->len - 1);
	if (value->len == 0 || value->len > FERRY_MESSAGE_BOUNDARY_MAX)
		return;
	g_string_prepend(value, "--");
	content->boundary = keep(strings, value);
}

typedef struct {
	GString *list;
	FerryMessageContent *content; /* NULL: of a disposition */
	GStringChunk *strings;
} Rendering;

static void
render_parameter(GString *name, GString *value, gpointer user_data)
{
	Rendering *self = user_data;

	if (self->list->len > 1)
		g_string_append_c(self->list, ' ');
	ferry_message_quote_append(self->list, name->str, name->len);
	g_string_append_c(self->list, ' ');
	ferry_message_quote_append(self->list, value->str, value->len);
	if (self->content != NULL)
		note_parameter(self->content, name->str, value, self->strings);
}

/* Renders the parameters from the cursor on as a list; NULL if there are none. */
static const char *
render_parameters(FerryMimeCursor *cursor, FerryMessageContent *content, GStringChunk *strings)
{
	g_autoptr(GString) list = g_string_new("(");
	Rendering rendering = {list, content, strings};

	ferry_message_parameters_parse(cursor, render_parameter, &rendering);
	if (list->len == 1)
		return NULL;
	g_string_append_c(list, ')');
	return keep(strings, list);
}

static gboolean
at_parameters(FerryMimeCursor *cursor)
{
	ferry_mime_cursor_skip_blanks(cursor);
	return cursor->p == cursor->end || *cursor->p == ';';
}

static void
parse_type(FerryMessageContent *content, FerryMimeCursor cursor, GStringChunk *strings)
{
	g_autoptr(GString) type = g_string_new(NULL);
	g_autoptr(GString) subtype = g_string_new(NULL);

	if (!ferry_mime_cursor_read_token(&cursor, type) || !ferry_mime_cursor_take(&cursor, '/') ||
	    !ferry_mime_cursor_read_token(&cursor, subtype) || !at_parameters(&cursor))
		return;
	content->type = keep_upper(strings, type);
	content->subtype = keep_upper(strings, subtype);
	content->parameters = render_parameters(&cursor, content, strings);
}

static void
parse_encoding(FerryMessageContent *content, FerryMimeCursor cursor, GStringChunk *strings)
{
	g_autoptr(GString) token = g_string_new(NULL);

	if (!ferry_mime_cursor_read_token(&cursor, token))
		return;
	ferry_mime_cursor_skip_blanks(&cursor);
	if (cursor.p != cursor.end)
		return;
	content->transfer_encoding = ferry_message_transfer_encoding_parse(token->str, token->len);
	content->encoding = keep_upper(strings, token);
}

static void
parse_disposition(FerryMessageContent *content, FerryMimeCursor cursor, GStringChunk *strings)
{
	g_autoptr(GString) text = g_string_new(NULL);
	const char *parameters;

	if (!ferry_mime_cursor_read_token(&cursor, text) || !at_parameters(&cursor))
		return;
	g_string_ascii_up(text);
	g_string_prepend(text, "(\"");
	g_string_append(text, "\" ");
	parameters = render_parameters(&cursor, NULL, strings);
	g_string_append(text, parameters != NULL ? parameters : "NIL");
	g_string_append_c(text, ')');
	content->disposition = keep(strings, text);
}

static void
parse_language(FerryMessageContent *content, FerryMimeCursor cursor, GStringChunk *strings)
{
	g_autoptr(GString) list = g_string_new("(");
	g_autoptr(GString) tag = g_string_new(NULL);

	do {
		if (!ferry_mime_cursor_read_token(&cursor, tag))
			break;
		if (list->len > 1)
			g_string_append_c(list, ' ');
		g_string_ascii_up(tag);
		ferry_message_quote_append(list, tag->str, tag->len);
	} while (ferry_mime_cursor_take(&cursor, ','));
	if (list->len == 1)
		return;
	g_string_append_c(list, ')');
	content->language = keep(strings, list);
}

static const char *
render_text(FerryMimeCursor cursor, GStringChunk *strings)
{
	g_autoptr(GString) text = g_string_new(NULL);

	ferry_message_quote_value(text, cursor.p, cursor.end - cursor.p);
	return keep(strings, text);
}

static void
parse_id(FerryMessageContent *content, FerryMimeCursor cursor, GStringChunk *strings)
{
	content->id = render_text(cursor, strings);
}

static void
parse_description(FerryMessageContent *content, FerryMimeCursor cursor, GStringChunk *strings)
{
	content->description = render_text(cursor, strings);
}

static void
parse_md5(FerryMessageContent *content, FerryMimeCursor cursor, GStringChunk *strings)
{
	content->md5 = render_text(cursor, strings);
}

static void
parse_location(FerryMessageContent *content, FerryMimeCursor cursor, GStringChunk *strings)
{
	content->location = render_text(cursor, strings);
}

static const struct {
	const char *name;
	void (*parse)(FerryMessageContent *content, FerryMimeCursor cursor, GStringChunk *strings);
} fields[] = {
	{"Content-Type", parse_type},
	{"Content-Transfer-Encoding", parse_encoding},
	{"Content-Disposition", parse_disposition},
	{"Content-Language", parse_language},
	{"Content-ID", parse_id},
	{"Content-Description", parse_description},
	{"Content-MD5", parse_md5},
	{"Content-Location", parse_location},
};

/* What a part is that does not say so, or says it so that it cannot be understood. */
static void
set_default_type(FerryMessageContent *content, gboolean is_message)
{
	content->type = is_message ? "MESSAGE" : "TEXT";
	content->subtype = is_message ? "RFC822" : "PLAIN";
	content->parameters = is_message ? NULL : "(\"CHARSET\" \"us-ascii\")";
}

static const char *
make_media_type(const FerryMessageContent *content, GStringChunk *strings)
{
	g_autofree char *type = g_strdup_printf("%s/%s", content->type, content->subtype);
	g_autofree char *lower = g_ascii_strdown(type, -1);

	return g_string_chunk_insert(strings, lower);
}

/* Reads the fields of the header block @header into @content, which is overwritten. */
void
ferry_message_content_parse(FerryMessageContent *content, const char *header, gsize length,
			    gboolean in_digest, GStringChunk *strings)
{
	FerryMessageHeaderIter iter;
	FerryMessageHeaderField field;
	guint seen = 0;

	memset(content, 0, sizeof *content);
	ferry_message_header_iter_init(&iter, header, length);
	while (ferry_message_header_iter_next(&iter, &field)) {
		if (field.name_length < 8 || g_ascii_strncasecmp(field.start, "Content-", 8) != 0)
			continue;
		for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
			if ((seen & 1u << i) != 0 ||
			    !ferry_message_header_field_is(&field, fields[i].name))
				continue;
			seen |= 1u << i;
			fields[i].parse(
				content,
				(FerryMimeCursor){field.value, field.value + field.value_length},
				strings);
		}
	}
	if (content->type == NULL)
		set_default_type(content, in_digest && (seen & 1) == 0);
	if (content->encoding == NULL)
		content->encoding = "7BIT";
	if (content->charset == NULL)
		content->charset = "";
	content->media_type = make_media_type(content, strings);
}

/* Whether the part consists of parts, if boundary lines are found in it. */
gboolean
ferry_message_content_is_multipart(const FerryMessageContent *content)
{
	return strcmp(content->type, "MULTIPART") == 0;
}

/* Whether the part is a message with a header and a body of its own. */
gboolean
ferry_message_content_is_message(const FerryMessageContent *content)
{
	return strcmp(content->media_type, "message/rfc822") == 0 ||
	       strcmp(content->media_type, "message/global") == 0;
}
