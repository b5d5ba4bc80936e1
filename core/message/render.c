/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* BODY and BODYSTRUCTURE
 *
 * Specification: RFC 3501 §7.4.2, RFC 9051 §7.5.2
 * Implementation: all fields, extension data in BODYSTRUCTURE only; message/global like
 *   message/rfc822 (RFC 9051)
 * Not mapped: a multipart in which no part was found has no form of its own there; it is shown as
 *   the text it is, and an enclosed message that was too deep to look into as octets
 */
#include <string.h>

#include "message/render-private.h"

typedef struct {
	const FerryMessagePart *parts;
	const FerryMessageContent *contents;
	gboolean extended;
	GString *out;
} Renderer;

static void
put_nullable(GString *out, const char *rendered)
{
	g_string_append_c(out, ' ');
	g_string_append(out, rendered != NULL ? rendered : "NIL");
}

static void
put_token(GString *out, const char *token)
{
	g_string_append_c(out, '"');
	g_string_append(out, token);
	g_string_append_c(out, '"');
}

/* writing numbers is most of the work where g_string_append_printf() does it */
static void
put_number(GString *out, guint64 number)
{
	char digits[21];
	guint i = sizeof digits;

	do
		digits[--i] = '0' + number % 10;
	while ((number /= 10) > 0);
	g_string_append_c(out, ' ');
	g_string_append_len(out, digits + i, sizeof digits - i);
}

static void
put_extension(Renderer *renderer, const FerryMessageContent *content)
{
	put_nullable(renderer->out, content->disposition);
	put_nullable(renderer->out, content->language);
	put_nullable(renderer->out, content->location);
}

static void
put_type(Renderer *renderer, const FerryMessagePart *part, const FerryMessageContent *content)
{
	const char *type = content->type;
	const char *subtype = content->subtype;
	const char *parameters = content->parameters;

	if (part->kind == FERRY_MESSAGE_PART_LEAF && ferry_message_content_is_multipart(content)) {
		type = "TEXT";
		subtype = "PLAIN";
		parameters = "(\"CHARSET\" \"us-ascii\")";
	} else if (part->kind == FERRY_MESSAGE_PART_LEAF &&
		   ferry_message_content_is_message(content)) {
		type = "APPLICATION";
		subtype = "OCTET-STREAM";
	}
	put_token(renderer->out, type);
	g_string_append_c(renderer->out, ' ');
	put_token(renderer->out, subtype);
	put_nullable(renderer->out, parameters);
}

static gboolean
has_lines(const FerryMessageContent *content)
{
	return strcmp(content->type, "TEXT") == 0 || ferry_message_content_is_multipart(content);
}

/* What a part says before the parts in it, if it has any. */
static void
open_part(Renderer *renderer, guint index)
{
	const FerryMessagePart *part = &renderer->parts[index];
	const FerryMessageContent *content = &renderer->contents[index];
	GString *out = renderer->out;

	g_string_append_c(out, '(');
	if (part->kind == FERRY_MESSAGE_PART_MULTIPART)
		return;
	put_type(renderer, part, content);
	put_nullable(out, content->id);
	put_nullable(out, content->description);
	g_string_append_c(out, ' ');
	put_token(out, content->encoding);
	put_number(out, part->body_end - part->body_start);
	if (part->kind == FERRY_MESSAGE_PART_MESSAGE) {
		put_nullable(out, renderer->contents[index + 1].envelope);
		g_string_append_c(out, ' ');
	} else if (has_lines(content)) {
		put_number(out, part->lines);
	}
}

/* What a part says after the parts in it. */
static void
close_part(Renderer *renderer, guint index)
{
	const FerryMessagePart *part = &renderer->parts[index];
	const FerryMessageContent *content = &renderer->contents[index];
	GString *out = renderer->out;

	if (part->kind == FERRY_MESSAGE_PART_MULTIPART) {
		g_string_append_c(out, ' ');
		put_token(out, content->subtype);
		if (renderer->extended)
			put_nullable(out, content->parameters);
	} else {
		if (part->kind == FERRY_MESSAGE_PART_MESSAGE)
			put_number(out, part->lines);
		if (renderer->extended)
			put_nullable(out, content->md5);
	}
	if (renderer->extended)
		put_extension(renderer, content);
	g_string_append_c(out, ')');
}

/* Renders the whole message, part after part: how deep they lie costs no stack. */
GString *
ferry_message_render_body(const FerryMessagePart *parts, const FerryMessageContent *contents,
			  guint n_parts, gboolean extended)
{
	Renderer renderer = {parts, contents, extended, g_string_sized_new(256)};

	for (guint i = 0; i < n_parts; i++) {
		guint32 open = i;

		open_part(&renderer, i);
		/* close what ends with this row, from the inside out */
		while (open != FERRY_MESSAGE_NO_PART && parts[open].next == i + 1) {
			close_part(&renderer, open);
			open = parts[open].parent;
		}
	}
	return renderer.out;
}
